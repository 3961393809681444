package normalise

import (
	"fmt"
	"strings"
)

// checkLetters are the letters of modulus 23, remainder 0 first; I, O and S are
// left out. Source: Criminal Justice Hub, "Police National Computer Id", and
// hmpps-person-record of the Ministry of Justice, which computes both ids so.
const checkLetters = "ZABCDEFGHJKLMNPQRTUVWXY"

// PNC returns the canonical form YYYY/NNNNNNNX of an id of the Police National
// Computer, and whether its check letter is right. The text is "" when s has not
// the shape of one or is a placeholder (serial of zeros, nines or 1234567).
//
// A wrong letter still gives the text: ids are mistyped, and the caller decides
// whether two equal ids with a wrong letter are the same id. A missing letter is
// filled in and counts as unchecked. Read are 4- and 2-digit years (40 to 99 are
// 19xx), missing zeros, other separators or none, O for 0 and I or L for 1.
func PNC(s string) (canonical string, ok bool) {
	parts, letter := idParts(unlabelled(label(s), "PNC", "ID", "NO"))
	if len(parts) == 1 {
		parts = splitPNC(parts[0])
	}
	if len(parts) != 2 {
		return "", false
	}
	year, serial := fullYear(parts[0]), strings.TrimLeft(parts[1], "0")
	if year == "" || len(serial) > 7 || noSerial(serial, 7) {
		return "", false
	}
	canonical = fmt.Sprintf("%s/%07s", year, serial)
	want := checkLetter(canonical[2:4] + canonical[5:])
	if letter == 0 {
		return canonical + string(want), false
	}
	return canonical + string(letter), letter == want
}

// PNCCheck returns the check letter that belongs to a canonical PNC id, and false
// if id is not canonical. The letter is YYNNNNNNN modulo 23.
func PNCCheck(id string) (letter byte, ok bool) {
	if len(id) != 13 || id[4] != '/' || strings.Trim(id[:4]+id[5:12], "0123456789") != "" || !isUpper(id[12]) {
		return 0, false
	}
	return checkLetter(id[2:4] + id[5:12]), true
}

// CRO returns the canonical form of a number of the Criminal Records Office,
// NNNNNN/YYX or SFYY/NX for a file without fingerprints, and whether its check
// letter is right. It answers as [PNC] does.
//
// The letter of an SF number was computed over the serial as written, so for
// those the letter is right if it is right with or without leading zeros.
func CRO(s string) (canonical string, ok bool) {
	rest, sf := strings.CutPrefix(unlabelled(label(s), "CRO", "NO"), "SF")
	parts, letter := idParts(rest)
	if len(parts) == 1 && len(parts[0]) == 8 {
		cut := 6
		if sf {
			cut = 2
		}
		parts = []string{parts[0][:cut], parts[0][cut:]}
	}
	if len(parts) != 2 {
		return "", false
	}
	if sf {
		return sfNumber(parts[0], parts[1], letter)
	}
	return croNumber(parts[0], parts[1], letter)
}

func croNumber(serial, year string, letter byte) (string, bool) {
	serial, year = strings.TrimLeft(serial, "0"), shortYear(year)
	if year == "" || len(serial) > 6 || noSerial(serial, 6) {
		return "", false
	}
	serial = fmt.Sprintf("%06s", serial)
	want := checkLetter(year + serial)
	if letter == 0 {
		return serial + "/" + year + string(want), false
	}
	return serial + "/" + year + string(letter), letter == want
}

func sfNumber(year, written string, letter byte) (string, bool) {
	year = shortYear(year)
	serial := strings.TrimLeft(written, "0")
	if year == "" || len(serial) > 6 || noSerial(serial, 6) {
		return "", false
	}
	want := checkLetter(year + serial)
	if letter == 0 {
		return "SF" + year + "/" + serial + string(want), false
	}
	padded := checkLetter(year + fmt.Sprintf("%06s", serial))
	ok := letter == want || letter == padded || letter == checkLetter(year+written)
	return "SF" + year + "/" + serial + string(letter), ok
}

// checkLetter returns the letter for digits, read as one number, modulo 23.
func checkLetter(digits string) byte {
	rest := 0
	for i := range len(digits) {
		rest = (rest*10 + int(digits[i]-'0')) % 23
	}
	return checkLetters[rest]
}

// label upper-cases s and trims spaces; other scripts' digits become ours.
func label(s string) string {
	if !ascii(s) {
		s = foldRunes(strings.NewReplacer("/", " ", "-", " ").Replace(s))
	}
	return strings.ToUpper(strings.TrimSpace(s))
}

// unlabelled takes the words that name a kind of id off its front, in order.
func unlabelled(s string, words ...string) string {
	for _, w := range words {
		s = strings.TrimLeft(strings.TrimPrefix(s, w), " :#.-")
	}
	return s
}

// idParts parts an id into its runs of digits and the letter that ends it (0 if
// none). Anything else in it gives no parts.
func idParts(s string) (parts []string, letter byte) {
	s = strings.TrimLeft(s, " :#.-")
	if n := len(s); n > 0 && isUpper(s[n-1]) {
		letter, s = s[n-1], s[:n-1]
	}
	parts = strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(`/\-. `, r) })
	for i, p := range parts {
		p = misread.Replace(p)
		if strings.Trim(p, "0123456789") != "" {
			return nil, 0
		}
		parts[i] = p
	}
	return parts, letter
}

var misread = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// splitPNC parts an id written without a separator: eleven digits are a full
// year and seven, nine are a short year and seven; other lengths lack zeros.
func splitPNC(digits string) []string {
	switch n := len(digits); {
	case n == 11 || n == 10 && fullYear(digits[:4]) != "":
		return []string{digits[:4], digits[4:]}
	case n >= 7 && n <= 9:
		return []string{digits[:2], digits[2:]}
	}
	return nil
}

// fullYear returns a year of four digits; two digits are 1940 to 2039.
func fullYear(y string) string {
	switch {
	case len(y) == 4 && (y[:2] == "19" || y[:2] == "20"):
		return y
	case len(y) == 2 && y[0] < '4':
		return "20" + y
	case len(y) == 2:
		return "19" + y
	}
	return ""
}

func shortYear(y string) string {
	if y = fullYear(y); y == "" {
		return ""
	}
	return y[2:]
}

// noSerial reports whether a serial, its leading zeros off, is a filler: nothing,
// nines, or counting up from 1, all over its full width.
func noSerial(serial string, width int) bool {
	if serial == "" {
		return true
	}
	full := len(serial) == width
	return full && (serial[0] == '9' && allSame(serial) || serial[0] == '1' && ascending(serial))
}
