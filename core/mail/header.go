package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	foldAt     = 76 // lines are folded to stay within this, RFC 5322 asks for 78 at most
	longestRun = 60 // a run without a space longer than this is encoded, so that it can be folded
	wordBytes  = 42 // text bytes in one encoded word, which may be 75 characters long
)

// headers writes header fields, folded. What is given to it is a list of words: it breaks lines between
// words and nowhere else, and no word may hold a line end.
type headers struct{ strings.Builder }

func (h *headers) field(name string, words ...string) {
	h.WriteString(name)
	h.WriteByte(':')
	width := len(name) + 1
	for i, w := range words {
		if i > 0 && width+1+len(w) > foldAt {
			h.WriteString("\r\n")
			width = 0
		}
		h.WriteByte(' ')
		h.WriteString(w)
		width += 1 + len(w)
	}
	h.WriteString("\r\n")
}

// textWords splits unstructured text (a subject) into words for a header: as it stands where it is plain
// ASCII, as encoded words (RFC 2047) otherwise.
func textWords(s string) []string {
	s = oneLine(s)
	if !needsEncoding(s) {
		return strings.Split(s, " ")
	}
	return encodedWords(s)
}

// phraseWords splits a display name into words for a header: an atom phrase, a quoted string or encoded words.
func phraseWords(s string) []string {
	s = oneLine(s)
	switch {
	case s == "":
		return nil
	case needsEncoding(s) || len(s) > longestRun:
		return encodedWords(s)
	case isPhrase(s):
		return strings.Split(s, " ")
	}
	return []string{`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`}
}

// addressWords gives the words of an address list. The addresses have been checked.
func addressWords(list []Address) []string {
	var words []string
	for i, a := range list {
		words = append(words, phraseWords(a.Name)...)
		w := a.Email
		if len(phraseWords(a.Name)) > 0 {
			w = "<" + w + ">"
		}
		if i < len(list)-1 {
			w += ","
		}
		words = append(words, w)
	}
	return words
}

// needsEncoding reports whether text cannot stand in a header as it is. Text that looks like an encoded
// word is encoded too: it has to be read as what it is.
func needsEncoding(s string) bool {
	if !isASCII(s) || strings.Contains(s, "=?") {
		return true
	}
	for _, run := range strings.Split(s, " ") {
		if len(run) > longestRun {
			return true
		}
	}
	return false
}

func isPhrase(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != ' ' && !isAtext(s[i]) {
			return false
		}
	}
	return true
}

// encodedWords encodes text as RFC 2047 words, none splitting a character.
func encodedWords(s string) []string {
	var words []string
	for len(s) > 0 {
		n := min(wordBytes, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, encodedWord(s[:n]))
		s = s[n:]
	}
	return words
}

func encodedWord(s string) string {
	return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}
