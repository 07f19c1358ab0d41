package accountsiq

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// ours lists the starts, ends and texts of a document as the scanner sees them.
func ours(src io.Reader) (string, error) {
	s := newScanner(src)
	var out strings.Builder
	flush := func() {
		if len(s.text) > 0 {
			fmt.Fprintf(&out, "%q", s.text)
			s.text = s.text[:0]
		}
	}
	for {
		switch s.step(true) {
		case evStart:
			flush()
			fmt.Fprintf(&out, "<%s>", s.local)
		case evEnd:
			flush()
			out.WriteString("</>")
		case evDone:
			return out.String(), nil
		default:
			return "", s.err
		}
	}
}

// theirs does the same with encoding/xml.
func theirs(doc []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var out, text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			fmt.Fprintf(&out, "%q", text.String())
			text.Reset()
		}
	}
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			flush()
			fmt.Fprintf(&out, "<%s>", t.Name.Local)
			depth++
		case xml.EndElement:
			flush()
			out.WriteString("</>")
			depth--
		case xml.CharData:
			if depth > 0 {
				text.Write(t)
			}
		}
	}
}

var scanDocuments = []string{
	`<a/>`,
	`<a></a>`,
	`<a>text</a>`,
	`<?xml version="1.0" encoding="utf-8"?><a><b c="1" d='2'/></a>`,
	"\ufeff<?xml version='1.0' encoding='UTF-8'?>\r\n<a>\r\n</a>\n",
	`<soap:Envelope xmlns:soap="x"><soap:Body><p:Op xmlns:p='y' p:nil="true"/></soap:Body></soap:Envelope>`,
	`<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x20AC;&#x1F600;</a>`,
	`<a>one<![CDATA[<two> & ]] ]>]]>three</a>`,
	`<a><!-- a comment - with -> marks --><b/><?target some data?></a>`,
	"<a>caf\u00e9 \U0001F600 \u20ac</a>",
	"<a>line\r\nline\rline\nend</a>",
	`<a b=">" c='<'/>`,
	`<a b="&lt;&#10;">]] > ]>x</a>`,
	`<a>]]></a>`,
	`<a>&nbsp;</a>`,
	`<a>&#0;</a>`,
	`<a>&#xD800;</a>`,
	`<a>&#x1F;</a>`,
	"<a>\x01</a>",
	"<a>\xff</a>",
	"<a>\xe2\x82</a>",
	`<a><b></a></b>`,
	`<a>`,
	`<a><b></b>`,
	`<a`,
	`<a>&am`,
	`</a>`,
	`<a/><b/>`,
	`text<a/>`,
	`<a/>text`,
	``,
	`<!DOCTYPE a><a/>`,
	`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`,
	`<a b="1"c="2"/>`,
	`<a b="1" b="2"/>`,
	`<a b/>`,
	`<a b=1/>`,
	`<a b="1/>`,
	`<1a/>`,
	`<a:b:c/>`,
	`<:a></:a>`,
	`< a/>`,
	`<a ></a >`,
	`</ a>`,
	`<a/ >`,
	`<a><!-- bad -- comment --></a>`,
	`<a><!bad></a>`,
	`<a></a><!-- after -->`,
	`<a><?xml version="1.0"?></a>`,
	`<?xml version="1.1"?><a/>`,
	`<?xml version="1.0" encoding="iso-8859-1"?><a/>`,
	`<?xml?><a/>`,
	`<??><a/>`,
	`<é>x</é>`,
	`<a><![CDATA[x]]`,
	`<a><![CDAT`,
	`<a b='x
y'>z</a>`,
}

// The scanner takes only what encoding/xml takes and gives the same; what it refuses beyond that is
// refused by a rule of its own.
func compare(t *testing.T, doc []byte) {
	t.Helper()
	got, err := ours(bytes.NewReader(doc))
	want, wantErr := theirs(doc)
	bytewise, bytewiseErr := ours(iotest.OneByteReader(bytes.NewReader(doc)))
	if bytewise != got || fmt.Sprint(bytewiseErr) == "" || (bytewiseErr == nil) != (err == nil) {
		t.Errorf("%q: in one go %q, %v; byte by byte %q, %v", doc, got, err, bytewise, bytewiseErr)
	}
	switch {
	case err == nil && wantErr == nil:
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", doc, got, want)
		}
	case err == nil:
		// Two things are read on purpose: references to control characters, and names of the
		// fifth edition of XML, which encoding/xml does not know.
		if !bytes.Contains(doc, []byte("&#")) && isASCII(doc) {
			t.Errorf("%q: read as %s, but %v", doc, got, wantErr)
		}
	case wantErr == nil:
		var own *syntaxError
		if errors.As(err, &own) && own.rule != ruleWellFormed {
			return
		}
		if errors.Is(err, errCut) && strings.Count(want, "<") == 0 {
			return // no element at all
		}
		if !isASCII(doc) {
			return // names again
		}
		t.Errorf("%q: %v, but encoding/xml reads %s", doc, err, want)
	}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func TestScannerAgreesWithEncodingXML(t *testing.T) {
	for _, doc := range scanDocuments {
		compare(t, []byte(doc))
	}
}

func FuzzScannerAgreesWithEncodingXML(f *testing.F) {
	for _, doc := range scanDocuments {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { compare(t, doc) })
}

func TestScannerText(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`<a>plain</a>`, "plain"},
		{`<a> kept </a>`, " kept "},
		{`<a/>`, ""},
		{`<a></a>`, ""},
		{`<a>&amp;&#233;&#xe9;</a>`, "&éé"},
		{`<a>x<!-- c -->y<?p?>z</a>`, "xyz"},
		{`<a>x<b>not this</b>y</a>`, "xy"},
		{`<a><![CDATA[a < b & c]]></a>`, "a < b & c"},
		{"<a>1\r\n2\r3</a>", "1\n2\n3"},
		{`<a>&#x1F;&#x0B;x</a>`, "  x"},
		{`<a x:nil="true">ignored</a>`, ""},
		{`<a x:nil="1">ignored</a>`, ""},
		{`<a x:nil="false">kept</a>`, "kept"},
		{`<a xsi:nil=" true "/>`, ""},
	} {
		for _, src := range []io.Reader{strings.NewReader(c.doc), iotest.OneByteReader(strings.NewReader(c.doc))} {
			s := newScanner(src)
			s.step(false)
			if got := string(s.value()); got != c.want || s.err != nil {
				t.Errorf("%s: %q, %v; want %q", c.doc, got, s.err, c.want)
			}
			if ev := s.step(false); ev != evDone {
				t.Errorf("%s: event %d after the root", c.doc, ev)
			}
		}
	}
}

func TestScannerPassesOverUnknownElementsAtAnyDepth(t *testing.T) {
	doc := `<r><x><a>no</a><y><a>no</a></y></x><a>1</a><z/><a>2</a></r>`
	s := newScanner(strings.NewReader(doc))
	s.step(false)
	var got []string
	for depth := s.depth; s.more(depth); {
		if string(s.local) == "a" {
			got = append(got, s.string())
		}
	}
	if fmt.Sprint(got) != "[1 2]" || s.err != nil || s.step(false) != evDone {
		t.Errorf("got %v, %v", got, s.err)
	}
}

func TestScannerBounds(t *testing.T) {
	deep := strings.Repeat("<a>", maxDepth+1)
	long := "<a>" + strings.Repeat("x", maxText+1) + "</a>"
	tag := `<a b="` + strings.Repeat("x", maxTag+1) + `"/>`
	instruction := `<?p ` + strings.Repeat("x", maxTag+1) + `?><a/>`
	for _, doc := range []string{deep, long, tag, instruction} {
		_, err := ours(strings.NewReader(doc))
		var syntax *syntaxError
		if !errors.As(err, &syntax) || syntax.rule != ruleBound {
			t.Errorf("%.20s...: %v", doc, err)
		}
	}
	// Text that nobody wants is not bounded by the length of a text.
	s := newScanner(strings.NewReader(`<r>` + long + `<b>1</b></r>`))
	s.step(false)
	last := ""
	for depth := s.depth; s.more(depth); {
		if string(s.local) == "b" {
			last = s.string()
		}
	}
	if last != "1" || s.err != nil {
		t.Errorf("got %q, %v", last, s.err)
	}
}

func TestScannerCutAnywhere(t *testing.T) {
	doc := "\ufeff" + `<?xml version="1.0"?><!-- c --><s:E xmlns:s="é"><b a='1'>é&amp;<![CDATA[x]]>]</b></s:E>`
	for i := range len(doc) {
		if _, err := ours(strings.NewReader(doc[:i])); !errors.Is(err, errCut) {
			t.Errorf("cut after %q: %v", doc[:i], err)
		}
	}
	broken := errors.New("connection lost")
	for i := range len(doc) {
		src := io.MultiReader(strings.NewReader(doc[:i]), iotest.ErrReader(broken))
		if _, err := ours(src); !errors.Is(err, broken) {
			t.Errorf("lost after %q: %v", doc[:i], err)
		}
	}
}
