package normalise

import (
	"slices"
	"strings"
)

// Placeholder reports whether a name stands for nobody in particular: UNKNOWN
// MALE 1, N/K, JOHN DOE, DRIVER OF VEHICLE, "?". A placeholder never matches by
// name and never counts as named.
//
// One field that holds a real name is enough for a person, with one exception:
// where the surname itself says that it is not known, a forename does not name
// anybody ("UNKNOWN, Dave" is somebody's first name). A surname with an initial is a
// person; single letters on their own are not. Two empty fields name nobody.
func Placeholder(surname, forenames string) bool {
	sur, fore := words(surname), words(forenames)
	if saysUnknown(sur) || described(sur) {
		return true
	}
	if saysUnknown(fore) { // and so adds nothing
		fore = nil
	} else if len(sur) == 0 && described(fore) {
		return true
	}
	all := slices.Concat(sur, fore)
	return onlyLetters(all) || dummy(sur, fore) || generic(all)
}

// words folds a field and parts letters from digits, so that MALE1 is male, 1.
func words(s string) []string {
	s = Fold(s)
	if s == "" {
		return nil
	}
	if strings.ContainsAny(s, "0123456789") {
		s = partDigits(s)
	}
	return strings.Fields(s)
}

func partDigits(s string) string {
	out := make([]byte, 0, len(s)+4)
	for i := range len(s) {
		if i > 0 && isDigit(s[i]) != isDigit(s[i-1]) && s[i] != ' ' && s[i-1] != ' ' {
			out = append(out, ' ')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// saysUnknown reports whether a field consists of filler and says outright that
// the name is not known.
func saysUnknown(field []string) bool {
	return stated(field) && !slices.ContainsFunc(field, func(w string) bool { return len(w) > 1 && vocabulary(w) == real })
}

// stated reports whether the words say "not known" in one of its many forms.
func stated(field []string) bool {
	for i, w := range field {
		if vocabulary(w) == unknown {
			return true
		}
		if i+1 < len(field) && unknownPairs[w+" "+field[i+1]] {
			return true
		}
	}
	return strings.Contains(" "+strings.Join(field, " ")+" ", " t b ") // t b c, t b a
}

// described reports whether a field describes somebody by what he did or was
// near, instead of naming him: "driver of blue Ford", "mother of victim". "Man
// In" begins a Korean name too, so after "man" the place must be a known word.
func described(field []string) bool {
	for i, w := range field {
		v := vocabulary(w)
		if v == real {
			return false
		}
		if v != noun || i+2 >= len(field) || !slices.Contains(describers, field[i+1]) {
			continue
		}
		if w != "man" || vocabulary(field[i+2]) != real {
			return true
		}
	}
	return false
}

// onlyLetters reports whether no word is longer than one letter. Numbers and titles do not
// count; nor does a letter typed again and again, unless it is a plausible name (Aa).
func onlyLetters(all []string) bool {
	return !slices.ContainsFunc(all, func(w string) bool {
		return !isNumeral(w) && len(w) > 1 && !repeated(w) && !titles[w]
	})
}

var titles = set("mr|mrs|miss|ms|mx")

func repeated(w string) bool { return allSame(w) && (len(w) > 2 || w[0] == 'x') }

// dummies are made-up whole names that people give or type in place of one.
var dummies = map[string]bool{
	"doe john": true, "doe jane": true, "doe j": true, "bloggs joe": true, "bloggs fred": true, "bloggs j": true,
	"mouse mickey": true, "duck donald": true, "other a n": true, "other an": true,
	"regina": true, "rex": true, "hm the king": true, "hm the queen": true, "qwerty": true, "asdf": true, "abc": true,
	"na": true, "na na": true,
}

func dummy(sur, fore []string) bool {
	sur, fore = names(sur), names(fore)
	key := strings.Join(slices.Concat(sur, fore), " ")
	if dummies[key] {
		return len(sur) > 0 || strings.Contains(key, " ")
	}
	switch n := len(sur) + len(fore); {
	case n < 2 || len(sur) > 0 && len(fore) > 0:
		return false
	default: // one field holds the whole name, in either order
		all := slices.Concat(sur, fore)
		return dummies[strings.Join(slices.Concat(all[n-1:], all[:n-1]), " ")]
	}
}

// names leaves out the numbers that tell one dummy from the next.
func names(field []string) []string {
	return slices.DeleteFunc(slices.Clone(field), isNumeral)
}

// generic reports whether every word of a name belongs to the vocabulary of
// placeholders and one of them is the kind that makes one. A number beside a
// word for an unnamed person (POLISH MALE 2) settles it whatever else is said.
func generic(all []string) bool {
	has := map[class]bool{}
	for _, w := range all {
		has[vocabulary(w)] = true
	}
	if has[number] && slices.ContainsFunc(all, func(w string) bool { return counted[w] }) {
		return true
	}
	if has[real] || chineseMan(all) {
		return false
	}
	return has[noun] || has[unknown] || has[filler] || stated(all)
}

// chineseMan keeps "To, Man" and "Man, On": a name in Chinese or Vietnamese may
// consist of short English words.
func chineseMan(all []string) bool {
	return len(all) > 1 && slices.Contains(all, "man") && !slices.ContainsFunc(all, func(w string) bool {
		return len(w) > 3 || w == "the" || isNumeral(w) || vocabulary(w) == unknown || vocabulary(w) == noun && w != "man"
	})
}

// A class says what a word does in a placeholder.
type class int

const (
	real       class = iota // may be somebody's name
	unknown                 // says that the name is not known
	filler                  // does so, but is a surname too (Null, Anon, Uk)
	noun                    // a person, by sex, age, part or trade
	describing              // goes with a noun; alone it may be a name (White, Young)
	number
)

func vocabulary(w string) class {
	if c, ok := lexicon[w]; ok {
		return c
	}
	switch {
	case isNumeral(w):
		return number
	case repeated(w):
		return unknown
	}
	return real
}

func isNumeral(w string) bool {
	return w != "" && strings.Trim(w, "0123456789") == ""
}
