package casefile

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a zone file still knows London
)

// A Date is a moment as it was recorded: to the year, the month, the day, the
// minute or the second. It never pretends to more than that. The zero Date is
// "not recorded".
//
// Its text is canonical ISO 8601: "2014", "2014-03", "2014-03-09",
// "2014-03-09T21:40+00:00". A time is kept as London civil time with its offset, so the
// first ten characters are the calendar day in London and texts sort by time.
type Date struct{ text string }

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("casefile: the embedded zone data has no Europe/London: " + err.Error())
	}
	return l
}()

var dateLayouts = []struct {
	layout string
	write  string
}{
	{"2006-01-02", "2006-01-02"},
	{"2006", "2006"},
	{"2006-01", "2006-01"},
	{"2006-01-02T15:04", "2006-01-02T15:04Z07:00"},
	{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00"},
	{"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z07:00"},
	{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z07:00"},
}

// ParseDate reads an ISO 8601 date or time of any of the precisions above, with
// "T" or a space before the time, with or without an offset (without one:
// London), with or without fractions of a second (dropped). Empty is the zero
// Date. Years run from 1850 to 2199.
func ParseDate(s string) (Date, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Date{}, nil
	}
	text := s
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, l := range dateLayouts {
		t, err := time.ParseInLocation(l.layout, text, london)
		if err != nil {
			continue
		}
		t = t.In(london)
		if t.Year() < 1850 || t.Year() > 2199 {
			return Date{}, fmt.Errorf("%q is outside the years 1850 to 2199", s)
		}
		out := t.Format(l.write)
		if strings.HasSuffix(out, "Z") {
			out = out[:len(out)-1] + "+00:00"
		}
		return Date{out}, nil
	}
	return Date{}, fmt.Errorf("%q is not a date; expected 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40", s)
}

// MustDate is ParseDate for constants in code and tests.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// StoredDate returns the date whose canonical text is s, as [Date.String] gave
// it. A value such as "unknown" (see [IsState]) is no date.
func StoredDate(s string) Date {
	if IsState(s) {
		return Date{}
	}
	return Date{s}
}

func (d Date) String() string { return d.text }

// MarshalText gives the canonical text, for JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.text), nil }

// IsZero reports whether nothing was recorded.
func (d Date) IsZero() bool { return d.text == "" }

// A Day is a civil day in London, as days since 1970-01-01.
type Day int32

// DayOf returns the civil day of a year, month and day.
func DayOf(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// InLondon returns a moment as London's clocks show it.
func InLondon(t time.Time) time.Time { return t.In(london) }

// DayAt returns the civil day in London at a moment.
func DayAt(t time.Time) Day {
	y, m, d := t.In(london).Date()
	return DayOf(y, m, d)
}

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day; expected YYYY-MM-DD", s)
	}
	return Day(t.Unix() / 86400), nil
}

func (d Day) String() string {
	return time.Unix(int64(d)*86400, 0).UTC().Format("2006-01-02")
}

// Year returns the recorded year, 0 if none.
func (d Date) Year() int {
	if len(d.text) < 4 {
		return 0
	}
	return atoi(d.text[:4])
}

// Span returns the first and the last civil day that the date may mean: equal
// for a full date, a year apart for a bare year. It must not be called on the
// zero Date.
func (d Date) Span() (first, last Day) {
	y := d.Year()
	switch {
	case len(d.text) >= 10:
		first = DayOf(y, time.Month(atoi(d.text[5:7])), atoi(d.text[8:10]))
		return first, first
	case len(d.text) >= 7:
		m := time.Month(atoi(d.text[5:7]))
		return DayOf(y, m, 1), DayOf(y, m+1, 1) - 1
	default:
		return DayOf(y, time.January, 1), DayOf(y+1, time.January, 1) - 1
	}
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// Known says whether something recorded at d was known on a day.
type Known string

const (
	ByThen  Known = "by then"
	Later   Known = "later"
	Undated Known = "undated" // not recorded, or too coarse to tell
)

// KnownOn says whether what was recorded at d was known at the end of day on.
// A date too coarse to tell ("2014" asked about in May 2014) is undated.
func (d Date) KnownOn(on Day) Known {
	if d.IsZero() {
		return Undated
	}
	first, last := d.Span()
	switch {
	case last <= on:
		return ByThen
	case first > on:
		return Later
	default:
		return Undated
	}
}

// Civil returns the year, month and day.
func (d Day) Civil() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}
