package extract

import (
	"strings"
	"unicode"
)

// words cuts a heading into lower-case words: at anything that is no letter or
// digit, where a capital follows a small letter, and between letters and digits. "#" is a word.
func words(s string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	var last rune
	for _, r := range strings.ReplaceAll(s, "#", " number ") {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			last = 0
			continue
		case unicode.IsUpper(r) && unicode.IsLower(last), last != 0 && unicode.IsDigit(r) != unicode.IsDigit(last):
			flush()
		}
		word = append(word, r)
		last = r
	}
	flush()
	return out
}

// likeness compares two names by their letter pairs: 1 for the same, 0 for
// nothing in common (Sørensen–Dice over bigrams).
func likeness(a, b string) float64 {
	a, b = strings.Join(words(a), ""), strings.Join(words(b), "")
	if a == b {
		return 1
	}
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
	pairs := map[string]int{}
	for i := range len(a) - 1 {
		pairs[a[i:i+2]]++
	}
	shared := 0
	for i := range len(b) - 1 {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(len(a)+len(b)-2)
}

// didYouMean returns `; did you mean "x"?` in a form that fits in a sentence, or
// nothing if no candidate is like name.
func didYouMean(name string, candidates []string) string {
	best, most := "", 0.6
	for _, c := range candidates {
		if l := likeness(name, c); l > most {
			best, most = c, l
		}
	}
	if best == "" {
		return ""
	}
	return ` (is it "` + cut(best) + `"?)`
}
