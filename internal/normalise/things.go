package normalise

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// VehicleMark returns a registration mark in capitals without spaces, and whether
// it can serve as a key: two to ten letters and digits with at least one digit.
// Partial marks (AB12 ???) and fillers (NO VRM, TBC) are refused.
func VehicleMark(s string) (mark string, ok bool) {
	s = norm.NFKC.String(s)
	if strings.ContainsAny(s, "?*_") || !ascii(s) {
		return "", false
	}
	mark = squeeze(s)
	if len(mark) < 2 || len(mark) > 10 || strings.IndexFunc(mark, func(r rune) bool { return r <= '9' }) < 0 {
		return "", false
	}
	if fillerCode(mark) || spokenMark(mark) {
		return "", false
	}
	return mark, true
}

// Postcode returns a British postcode as "AA9A 9AA", and whether it has the shape
// of one. Only the shape is asked, so made-up areas such as ZZ pass; the codes
// that health records use for "no fixed abode" and "not known" do not.
func Postcode(s string) (code string, ok bool) {
	code = squeeze(norm.NFKC.String(s))
	if len(code) < 5 || len(code) > 7 {
		return "", false
	}
	out, in := code[:len(code)-3], code[len(code)-3:]
	if in[0] == 'O' {
		in = "0" + in[1:]
	}
	if !isDigit(in[0]) || !isUpper(in[1]) || !isUpper(in[2]) || !outward(out) {
		return "", false
	}
	if code = out + " " + in; pseudoPostcodes[code] || fillerCode(out+in) {
		return "", false
	}
	return code, true
}

// pseudoPostcodes stand for no fixed abode, not known and not stated. Source: NHS
// Data Dictionary, postcode default values.
var pseudoPostcodes = set("ZZ99 3VZ|ZZ99 3WZ|ZZ99 3CZ|ZZ99 3GZ|ZZ99 3HZ|ZZ99 3ZZ|XX99 9XX")

// outward reports whether s is A9, A99, AA9, AA99, A9A, AA9A or GIR.
func outward(s string) bool {
	shape := make([]byte, len(s))
	for i := range len(s) {
		shape[i] = 'A'
		if isDigit(s[i]) {
			shape[i] = '9'
		}
	}
	switch string(shape) {
	case "A9", "A99", "AA9", "AA99", "A9A", "AA9A":
		return true
	}
	return s == "GIR"
}

// Email returns an address in lower case, and whether it has the shape of one.
// "Name <a@b.test>" and "mailto:" are read; none@none.com and its kind are refused.
func Email(s string) (address string, ok bool) { return settled(email, s) }

func email(s string) (address string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
	if _, inner, found := strings.Cut(s, "<"); found {
		s, _, _ = strings.Cut(inner, ">")
	}
	s = strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "mailto:"), " .,;")
	name, host, found := strings.Cut(s, "@")
	if !found || name == "" || strings.ContainsFunc(s, blank) || strings.ContainsAny(s, "<>,;:") || strings.Contains(host, "@") {
		return "", false
	}
	if dot := strings.LastIndexByte(host, '.'); dot < 1 || dot > len(host)-3 {
		return "", false
	}
	if strings.HasPrefix(name, "mailto") || spokenFiller(name) || name == "noemail" || name == "email" {
		return "", false
	}
	return s, true
}

// Online returns a handle in lower case without "@", web address or the name of
// the service, and whether it can serve as a key. The same handle on two services
// is one text: whether it is one person is for the caller to weigh.
func Online(s string) (handle string, ok bool) { return settled(online, s) }

func online(s string) (handle string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
	s = lastOfAddress(s)
	if before, after, found := strings.Cut(s, ":"); found && len(strings.Fields(before)) <= 2 {
		s = after
	}
	s = strings.TrimFunc(s, func(r rune) bool { return blank(r) || strings.ContainsRune("@/\"'.,;()", r) })
	if len(s) < 2 || strings.ContainsFunc(s, blank) || strings.ContainsAny(s, "@/:") || spokenFiller(s) || fillerCode(strings.ToUpper(s)) {
		return "", false
	}
	return s, true
}

// settled returns the canonical form of s if it is its own canonical form too. A
// text that reads differently the second time, for broken bytes or signs that
// Unicode takes apart, is no key.
func settled(form func(string) (string, bool), s string) (string, bool) {
	key, ok := form(s)
	if again, _ := form(key); !ok || again != key {
		return "", false
	}
	return key, true
}

// blank reports whether a character shows nothing, such as a vertical tab that
// a system left in a cell.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// lastOfAddress returns what names the account in a web address, and any other
// text as it stands.
func lastOfAddress(s string) string {
	_, rest, scheme := strings.Cut(s, "://")
	if !scheme {
		rest = s
	}
	host, path, slash := strings.Cut(rest, "/")
	if !slash || !strings.Contains(host, ".") {
		return s
	}
	if _, id, found := strings.Cut(path, "profile.php?id="); found {
		path = id
	}
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "&")
	path, _, _ = strings.Cut(path, "#")
	path = strings.Trim(path, "/")
	for _, folder := range []string{"add/", "in/", "user/", "u/", "profile/", "people/"} {
		path = strings.TrimPrefix(path, folder)
	}
	path, _, _ = strings.Cut(path, "/")
	return path
}

// spokenFiller reports whether a text says in words that there is no value.
func spokenFiller(s string) bool {
	w := words(s)
	if saysUnknown(w) {
		return true
	}
	key := strings.Join(names(w), " ")
	return fillers[key]
}

var fillers = set("none|null|nil|na|n a|test|blank|anon|no email|no account|various|dummy")

// spokenMark reports whether the letters of a mark are words for "no mark". Three
// letters or fewer may stand on a real plate (NK12 ABC, TBC 1).
func spokenMark(mark string) bool {
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= '9' {
			return -1
		}
		return r
	}, mark))
	return len(letters) > 3 && (lexicon[letters] == unknown || markFillers[letters]) || strings.HasPrefix(mark, "PART")
}

var markFillers = set(`none|null|test|blank|novrm|noreg|noplate|noplates|noregistration|unregistered|nonumber|falseplate|falseplates|cloned
	|clonedplate|pedalcycle|notdisplayed|notknown|notgiven|notseen|various|dummy|vrm|reg|index|vehicle|male|taxi|moped`)

// fillerCode reports whether a code was typed to fill a field: one character only,
// X with one digit (XX00 XXX), or digits that count up from 1.
func fillerCode(code string) bool {
	if allSame(code) || len(code) > 4 && code[0] == '1' && ascendingDigits(code) {
		return true
	}
	letters := strings.Trim(strings.ReplaceAll(code, "X", ""), " ")
	return len(code) > 4 && len(letters) < len(code) && isDigits(letters) && allSame(letters)
}

func isDigits(s string) bool        { return strings.Trim(s, "0123456789") == "" }
func ascendingDigits(s string) bool { return isDigits(s) && ascending(s) }
