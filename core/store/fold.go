package store

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// separate holds letters that are not a base letter with a mark in Unicode, and what people type for them.
var separate = strings.NewReplacer("ß", "ss", "ø", "o", "æ", "ae", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "’", "'")

// fold prepares text for searching: lower case, without accents, white space as single blanks.
func fold(parts ...string) string {
	s := strings.Join(strings.Fields(strings.ToLower(strings.Join(parts, " "))), " ")
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return foldMarks(s)
		}
	}
	return s
}

func foldMarks(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return separate.Replace(strings.ToLower(s))
}

// words splits what was typed into a search box. Every word has to be found. An amount may be typed with
// separators of thousands and a currency sign: "€1,230.50" looks for 1230.50.
func words(search string) []string {
	var out []string
	for _, w := range strings.Fields(fold(search)) {
		if plain := plainAmount(w); plain != "" {
			w = plain
		}
		out = append(out, w)
	}
	return out
}

// plainAmount takes signs and commas out of what looks like an amount; "" when it does not.
func plainAmount(w string) string {
	w = strings.TrimFunc(w, func(r rune) bool { return unicode.Is(unicode.Sc, r) })
	whole, cents, _ := strings.Cut(w, ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if g == "" || strings.Trim(g, "0123456789") != "" || (i > 0 && len(g) != 3) {
			return ""
		}
	}
	if strings.Trim(cents, "0123456789") != "" {
		return ""
	}
	return strings.ReplaceAll(w, ",", "")
}
