package normalise

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// Phone returns a telephone number in E.164, read as a British one where it does
// not say otherwise, and whether it can serve as a key. An extension is kept as
// RFC 3966 writes it ("+442079460123;ext=4"): two desks behind one switchboard
// are two numbers.
//
// It asks that a number be possible (the right length for its country), not that
// its range is in use: old records hold withdrawn ranges, and made-up data the
// ranges kept for drama. Fillers such as 00000000000 or 07123456789, two numbers
// in one cell and local numbers without their area are refused.
func Phone(s string) (e164 string, ok bool) {
	number, ext := dialled(s)
	nsn, ok := british(number)
	if ok {
		e164 = "+44" + nsn
	} else if e164, nsn, ok = parsed(number); !ok {
		return "", false
	}
	if fillerNumber(nsn) {
		return "", false
	}
	if ext != "" {
		e164 += ";ext=" + ext
	}
	return e164, true
}

// ServiceLine reports whether an E.164 number belongs to a British range that no
// private person is given: freephone, business, shared cost and premium rate
// (03, 05, 08, 09). Source: Ofcom, National Telephone Numbering Plan.
func ServiceLine(e164 string) bool {
	nsn, ok := strings.CutPrefix(e164, "+44")
	return ok && nsn != "" && strings.ContainsRune("3589", rune(nsn[0]))
}

// dialled returns the digits of s with a leading plus where it has one, and the
// extension. Words before and after the number are left out.
func dialled(s string) (number, ext string) {
	if !ascii(s) {
		s = norm.NFKC.String(s)
	}
	s = strings.TrimSuffix(strings.TrimSpace(s), ".0") // a spreadsheet's idea of a number
	start := strings.IndexAny(s, "+0123456789")
	if start < 0 {
		return "", ""
	}
	s = s[start:]
	if end := strings.IndexFunc(s, func(r rune) bool { return isLetter(r) || r == ';' || r == '#' }); end >= 0 {
		s, ext = s[:end], extension(s[end:])
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if isDigit(s[i]) || s[i] == '+' {
			out = append(out, s[i])
		}
	}
	return string(out), ext
}

func isLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= 0x80
}

// extension reads "ext 4", "x4", "#4", ";ext=4" and returns the digits, "" for
// any other words.
func extension(s string) string {
	s = strings.TrimLeft(strings.ToLower(s), "; ")
	for _, word := range []string{"extension", "extn", "ext", "x", "#"} {
		rest, found := strings.CutPrefix(s, word)
		if !found {
			continue
		}
		rest = strings.Trim(rest, " .:=")
		if rest != "" && len(rest) <= 6 && strings.Trim(rest, "0123456789") == "" {
			return rest
		}
		return ""
	}
	return ""
}

// british returns the ten digits after the trunk 0 of an ordinary British number,
// in any of the ways that people write one; false means "ask the library".
func british(number string) (nsn string, ok bool) {
	rest, plus := strings.CutPrefix(number, "+")
	switch {
	case plus && !strings.HasPrefix(rest, "44"):
		return "", false
	case plus:
		rest = rest[2:]
	case strings.HasPrefix(rest, "0044"):
		rest = rest[4:]
	case strings.HasPrefix(rest, "44") && (len(rest) == 12 || len(rest) == 13 && rest[2] == '0'):
		rest = rest[2:]
	}
	rest = strings.TrimPrefix(rest, "0")
	if len(rest) != 10 || !strings.ContainsRune("12378", rune(rest[0])) || strings.Contains(rest, "+") {
		return "", false
	}
	return rest, true
}

// parsed asks the library. It is slow (tens of thousands a second), and everything
// that an extract commonly holds has been answered before.
func parsed(number string) (e164, nsn string, ok bool) {
	if len(number) < 7 || len(number) > 19 || strings.LastIndexByte(number, '+') > 0 {
		return "", "", false
	}
	n, err := phonenumbers.Parse(number, "GB")
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "", "", false
	}
	nsn = phonenumbers.GetNationalSignificantNumber(n)
	if n.GetCountryCode() == 44 && !britishLength(nsn) {
		return "", "", false
	}
	e164 = phonenumbers.Format(n, phonenumbers.E164)
	// The library drops leading zeros of some countries, and more of them each time
	// it is asked: what is not one text when read again is no key.
	again, err := phonenumbers.Parse(e164, "GB")
	if err != nil || phonenumbers.Format(again, phonenumbers.E164) != e164 {
		return "", "", false
	}
	return e164, nsn, true
}

// britishLength refuses what the library's lengths let through: no British number
// starts with 0, 4 or 6, and only some 01, 0500 and 0800 numbers have fewer than ten digits.
func britishLength(nsn string) bool {
	switch nsn[0] {
	case '0', '4', '6':
		return false
	case '1', '5', '8':
		return true
	}
	return len(nsn) == 10
}

// fillerNumber reports whether digits were typed to fill a field: the last seven
// all the same, or everything (after the first digit) counting up.
func fillerNumber(nsn string) bool {
	if len(nsn) < 7 {
		return true
	}
	return allSame(nsn[len(nsn)-7:]) || ascending(nsn) || ascending(nsn[1:])
}
