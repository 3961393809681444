package extract

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A cellFormat is what a number format says about the meaning of a number.
type cellFormat struct {
	year, month, day, clock bool
	zeros                   int // digits to which "0000" fills a whole number up
}

// builtInFormats are the formats that a workbook refers to without spelling them
// out and that matter here (ECMA-376, part 1, 18.8.30).
var builtInFormats = map[int]string{
	14: "d/m/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
	20: "h:mm", 21: "h:mm:ss", 22: "d/m/yyyy h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
	27: "yyyy/m", 28: "m/d", 29: "m/d", 30: "m-d-yy", 31: "yyyy/m/d", 32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss",
	36: "yyyy/m/d", 50: "yyyy/m/d", 51: "m/d", 52: "yyyy/m", 53: "m/d", 54: "m/d", 55: "h:mm", 56: "h:mm:ss", 57: "yyyy/m/d", 58: "m/d",
}

// readFormat reads the first section of a number format.
func readFormat(code string) cellFormat {
	var f cellFormat
	if strings.EqualFold(code, "General") {
		return f
	}
	code = formatLetters(code)
	if code != "" && strings.Trim(code, "0") == "" {
		f.zeros = len(code)
	}
	f.clock = strings.ContainsAny(code, "hs")
	f.year = strings.Contains(code, "y")
	f.day = strings.Contains(code, "d")
	// An m beside hours or seconds only is minutes.
	f.month = strings.Contains(code, "m") && (f.year || f.day || !f.clock)
	return f
}

// formatLetters drops what a format only shows: quoted and escaped characters,
// colours, conditions, and all sections but the first.
func formatLetters(code string) string {
	var out strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			return out.String()
		case '\\', '_', '*':
			i++
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return out.String()
			}
			i += end + 1
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return out.String()
			}
			if inner := strings.ToLower(code[i+1 : i+end]); strings.Trim(inner, "hms") == "" {
				out.WriteString(inner)
			}
			i += end
		default:
			out.WriteString(strings.ToLower(string(c)))
		}
	}
	return out.String()
}

// A dateSystem says from which day a workbook counts: true for 1904.
type dateSystem bool

// text writes the number of a cell as the format means it: a date in ISO 8601 at
// the precision that is shown, unless the number says more.
func (f cellFormat) text(value string, system dateSystem) string {
	number := plainNumber(value)
	if !f.year && !f.month && !f.day && !f.clock {
		if f.zeros > len(number) && isDigits(number) {
			return strings.Repeat("0", f.zeros-len(number)) + number
		}
		return number
	}
	serial, err := strconv.ParseFloat(value, 64)
	const lastDay = 2958466 // 10000-01-01
	if err != nil || serial < 0 || serial >= lastDay {
		return number
	}
	t, whole := serialTime(serial, system)
	switch {
	case f.clock && !f.year && !f.month && !f.day && serial < 1:
		return t.Format(clockLayout("", t))
	case f.clock || !whole:
		return t.Format(clockLayout("2006-01-02T", t))
	case f.year && !f.month && !f.day && t.YearDay() == 1:
		return t.Format("2006")
	case f.year && f.month && !f.day && t.Day() == 1:
		return t.Format("2006-01")
	}
	return t.Format("2006-01-02")
}

func clockLayout(day string, t time.Time) string {
	if t.Second() != 0 {
		return day + "15:04:05"
	}
	return day + "15:04"
}

// serialTime returns the moment that a serial number means, to the second, and
// whether it is a whole day. The 1900 system believes in a 29 February 1900, so
// days before March 1900 are one off.
func serialTime(serial float64, system dateSystem) (t time.Time, whole bool) {
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if system {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if serial < 60 {
		base = base.AddDate(0, 0, 1)
	}
	days, fraction := math.Modf(serial)
	seconds := math.Round(fraction * 86400)
	return base.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second), seconds == 0
}
