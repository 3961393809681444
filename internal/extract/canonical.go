package extract

import (
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// canonical returns the canonical form of a cell of column c, or what was
// expected instead. Blank cells are "not recorded": the empty text.
func canonical(c *casefile.Column, cell string, order DateOrder, d *dateReader) (value, want string) {
	if c.Kind == casefile.Text {
		return textValue(c, cell)
	}
	s := strings.TrimSpace(cell)
	if s == "" {
		return "", ""
	}
	if state := stateWord(s); state != "" {
		if c.Required {
			return "", expected(c, order)
		}
		return state, ""
	}
	ok := false
	switch c.Kind {
	case casefile.Ref:
		value, ok = refValue(s)
	case casefile.List:
		return listValue(s), ""
	case casefile.When:
		value, ok = d.read(s, order)
	case casefile.Code:
		value, ok = codeValue(c.Values, s)
	case casefile.YesNo:
		value, ok = yesNoValue(s)
	case casefile.Whole:
		value, ok = wholeValue(s)
	case casefile.Number:
		value, ok = numberValue(s)
	}
	if !ok {
		return "", expected(c, order)
	}
	return value, ""
}

// takes reports whether v is a canonical value of column c, or empty.
func takes(c *casefile.Column, v string) bool {
	got, want := canonical(c, v, ISODates, &dateReader{})
	return want == "" && got == v
}

// expected says what a cell of column c should hold.
func expected(c *casefile.Column, order DateOrder) string {
	switch c.Kind {
	case casefile.Ref:
		return "a reference as the system writes it"
	case casefile.When:
		if order == UKDates {
			return "a date such as 09/03/2014, 09/03/2014 21:40 or 2014-03-09"
		}
		return "a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40"
	case casefile.Code:
		return "one of " + strings.Join(c.Values, ", ")
	case casefile.YesNo:
		return "y or n"
	case casefile.Whole:
		return "a whole number, zero or more"
	case casefile.Number:
		return "a number such as 530120 or 530120.5"
	}
	return "text"
}

// stateWord returns the state that a cell says in words, "" if it says none.
func stateWord(s string) string {
	if len(s) > len("not asked") {
		return ""
	}
	switch s[0] {
	case 'u', 'U', 'r', 'R', 'n', 'N':
		if low := strings.ToLower(s); casefile.IsState(low) {
			return low
		}
	}
	return ""
}

// textValue keeps text as it stands; white space alone is nothing.
func textValue(c *casefile.Column, cell string) (value, want string) {
	if c.Required && (isBlank(cell) || isSpreadsheetError(cell)) {
		return "", "text"
	}
	if isBlank(cell) {
		return "", ""
	}
	return cell, ""
}

// refValue refuses what a spreadsheet leaves of a reference: an error, or a
// number shortened to powers of ten, which would make two references one.
func refValue(s string) (string, bool) {
	return s, !isSpreadsheetError(s) && !isShortened(s)
}

func isSpreadsheetError(s string) bool {
	if len(s) < 4 || s[0] != '#' {
		return false
	}
	switch s {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!":
		return true
	}
	return strings.Trim(s, "#") == "" // a column too narrow
}

// isShortened reports whether s is a number such as 1.23457E+11.
func isShortened(s string) bool {
	digits, power, ok := strings.Cut(s, "E+")
	whole, fraction, dotted := strings.Cut(digits, ".")
	return ok && len(whole) == 1 && isDigits(whole) && isDigits(power) && (!dotted || isDigits(fraction))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func listValue(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	var kept []string
	for item := range strings.SplitSeq(s, ";") {
		if item = strings.TrimSpace(item); item != "" {
			kept = append(kept, item)
		}
	}
	return strings.Join(kept, ";")
}

// codeValue finds s among the values of a code, without regard to case, with a
// space or a hyphen for an underscore.
func codeValue(values []string, s string) (string, bool) {
	for _, v := range values {
		if v == s {
			return v, true
		}
	}
	s = strings.NewReplacer(" ", "_", "-", "_").Replace(s)
	for _, v := range values {
		if strings.EqualFold(v, s) {
			return v, true
		}
	}
	return "", false
}

func yesNoValue(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "y", "yes", "true", "1":
		return "y", true
	case "n", "no", "false", "0":
		return "n", true
	}
	return "", false
}

// wholeValue also takes "15.0", which is how data tools write a whole number in
// a column that has gaps.
func wholeValue(s string) (string, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if dotted && (fraction == "" || strings.Trim(fraction, "0") != "") {
		return "", false
	}
	if !isDigits(whole) || len(whole) > 18 {
		return "", false
	}
	return trimZeros(whole), true
}

func trimZeros(digits string) string {
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}

func numberValue(s string) (string, bool) {
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) || len(s) > 40 {
		return "", false
	}
	out := trimZeros(whole)
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		out += "." + fraction
	}
	if s[0] == '-' && out != "0" {
		out = "-" + out
	}
	return out, true
}

// A dateReader reads dates to the same texts as [casefile.ParseDate], faster:
// it remembers the offset of London's clocks on the days that it has met.
type dateReader struct {
	offset map[casefile.Day]string // "" on a day when the clocks change
}

func (d *dateReader) read(s string, order DateOrder) (string, bool) {
	if order == UKDates {
		if iso, ok := fromUK(s); ok {
			s = iso
		}
	}
	if out, ok := d.quick(s); ok {
		return out, true
	}
	if len(s) > 64 {
		return "", false
	}
	date, err := casefile.ParseDate(s)
	return date.String(), err == nil
}

// quick reads a full day, alone or with a time without offset.
func (d *dateReader) quick(s string) (string, bool) {
	if len(s) != 10 && len(s) != 16 && len(s) != 19 {
		return "", false
	}
	day, ok := dayOf(s[:10])
	if !ok || len(s) == 10 {
		return s, ok
	}
	if s[10] != 'T' && s[10] != ' ' || !isClock(s[11:]) {
		return "", false
	}
	offset := d.offsetOn(day, s[:10])
	if offset == "" {
		return "", false
	}
	return s[:10] + "T" + s[11:] + offset, true
}

func (d *dateReader) offsetOn(day casefile.Day, text string) string {
	if o, ok := d.offset[day]; ok {
		return o
	}
	morning, err1 := casefile.ParseDate(text + "T00:00")
	night, err2 := casefile.ParseDate(text + "T23:59")
	offset := ""
	if m, n := morning.String(), night.String(); err1 == nil && err2 == nil && m[16:] == n[16:] {
		offset = m[16:]
	}
	if d.offset == nil {
		d.offset = make(map[casefile.Day]string)
	}
	d.offset[day] = offset
	return offset
}

// dayOf reads YYYY-MM-DD in the years that ParseDate takes.
func dayOf(s string) (casefile.Day, bool) {
	if s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(s[:4])
	m, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1850 || y > 2199 || m < 1 || m > 12 || day < 1 || day > daysIn(y, m) {
		return 0, false
	}
	// The key need only be one per day.
	return casefile.Day((y*12+m)*31 + day), true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// isClock reports whether s is hh:mm or hh:mm:ss.
func isClock(s string) bool {
	h, ok1 := digits(s[:2])
	m, ok2 := digits(s[3:5])
	sec, ok3 := 0, true
	if len(s) == 8 {
		sec, ok3 = digits(s[6:8])
		ok3 = ok3 && s[5] == ':'
	}
	return ok1 && ok2 && ok3 && s[2] == ':' && h < 24 && m < 60 && sec < 60
}

// fromUK turns 9/3/2014, 09/03/2014 21:40[:05], 09-Mar-2014 and 03/2014 into ISO
// 8601, also with "-" or "." between the parts. It does not check the calendar.
func fromUK(s string) (string, bool) {
	day, clock, timed := strings.Cut(s, " ")
	if len(day) > len("30-September-2014") || len(day) < len("3/2014") {
		return "", false
	}
	part := strings.FieldsFunc(day, func(r rune) bool { return r == '/' || r == '-' || r == '.' })
	if len(part) == 2 && !timed && strings.Contains(day, "/") {
		part = []string{"", part[0], part[1]}
	}
	if len(part) != 3 || len(part[0]) > 2 || len(part[2]) != 4 || !isDigits(part[2]) {
		return "", false
	}
	month := monthNumber(part[1])
	if month == "" {
		return "", false
	}
	out := part[2] + "-" + month
	if part[0] != "" {
		if !isDigits(part[0]) {
			return "", false
		}
		out += "-" + twoDigits(part[0])
	}
	if timed {
		if len(clock) > 1 && clock[1] == ':' {
			clock = "0" + clock
		}
		out += "T" + clock
	}
	return out, true
}

func twoDigits(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// monthNumber reads 3, 03, Mar or March.
func monthNumber(s string) string {
	if len(s) <= 2 && isDigits(s) {
		return twoDigits(s)
	}
	const names = "january february march april may june july august september october november december"
	if len(s) < 3 {
		return ""
	}
	for i, name := range strings.Fields(names) {
		if low := strings.ToLower(s); low == name || low == name[:3] {
			return twoDigits(strconv.Itoa(i + 1))
		}
	}
	return ""
}
