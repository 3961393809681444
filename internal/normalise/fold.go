// Package normalise turns what a records system holds into forms that compare.
//
// Everything here is pure: the same text gives the same answer everywhere, and
// an answer given back to its own function stays as it is. A form that cannot
// serve as a key (a placeholder, a fragment) comes back with false, so that the
// caller cannot link on it by mistake. Nothing here reads ethnicity, nationality,
// religion or language.
package normalise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as names are compared: compatibility forms unified (NFKD),
// diacritics off, lower case, punctuation and symbols to spaces, spaces
// collapsed. Letters of every script stay.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	if ascii(s) {
		return foldASCII(s)
	}
	return foldRunes(s)
}

// folded reports whether Fold would return s itself, for plain ASCII.
func folded(s string) bool {
	space := true // a leading space is not folded
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			space = false
		case c == ' ' && !space:
			space = true
		default:
			return false
		}
	}
	return !space || s == ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func foldASCII(s string) string {
	out := make([]byte, 0, len(s))
	gap := false
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			gap = len(out) > 0
			continue
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		out = append(out, c)
	}
	return string(out)
}

// plainLetters are letters with a stroke, a hook or a tie, which Unicode does not
// decompose although every keyboard without them writes the plain letter.
var plainLetters = strings.NewReplacer(
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "ŧ", "t", "ŋ", "n", "ĸ", "k",
	"ß", "ss", "æ", "ae", "œ", "oe", "þ", "th", "ə", "e", "ƒ", "f", "ɓ", "b", "ɗ", "d", "ƙ", "k", "ƴ", "y",
)

func foldRunes(s string) string {
	s = norm.NFKD.String(strings.ToLower(norm.NFKD.String(s)))
	s = plainLetters.Replace(s)
	var out strings.Builder
	gap := false
	for _, r := range s {
		if dropped(r) {
			continue
		}
		if !kept(r) {
			gap = out.Len() > 0
			continue
		}
		if gap {
			out.WriteByte(' ')
			gap = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// diacritics are marks that writers leave out at will. The vowel signs of the
// scripts of South and South-East Asia are marks too, and carry the name: they stay.
var diacritics = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0300, Hi: 0x036F, Stride: 1}, // combining diacritical marks
	{Lo: 0x0483, Hi: 0x0487, Stride: 1}, // Cyrillic
	{Lo: 0x0591, Hi: 0x05C7, Stride: 1}, // Hebrew points
	{Lo: 0x0610, Hi: 0x061A, Stride: 1}, // Arabic
	{Lo: 0x064B, Hi: 0x065F, Stride: 1},
	{Lo: 0x0670, Hi: 0x0670, Stride: 1},
	{Lo: 0x06D6, Hi: 0x06ED, Stride: 1},
	{Lo: 0x1AB0, Hi: 0x1AFF, Stride: 1},
	{Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1},
	{Lo: 0x20D0, Hi: 0x20FF, Stride: 1},
	{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1}, // variation selectors
	{Lo: 0xFE20, Hi: 0xFE2F, Stride: 1},
}}

const tatweel = 'ـ' // stretches an Arabic word and means nothing

func dropped(r rune) bool {
	return r == tatweel || unicode.Is(unicode.Cf, r) || (unicode.Is(diacritics, r) && unicode.IsMark(r))
}

func kept(r rune) bool {
	if unicode.Is(unicode.Sk, r) || (r >= 0x02B0 && r <= 0x02FF) { // spacing modifiers: ʻokina, typed apostrophes
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// squeeze returns the ASCII letters and digits of s in upper case, nothing else.
func squeeze(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if isDigit(c) || isUpper(c) {
			out = append(out, c)
		}
	}
	return string(out)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// allSame reports whether s is one byte repeated; the empty text is.
func allSame(s string) bool {
	return s == "" || strings.Count(s, s[:1]) == len(s)
}

// ascending reports whether digits count up one by one, 9 going on to 0.
func ascending(digits string) bool {
	for i := 1; i < len(digits); i++ {
		if (digits[i-1]-'0'+1)%10 != digits[i]-'0' {
			return false
		}
	}
	return len(digits) > 1
}
