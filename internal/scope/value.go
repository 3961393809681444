package scope

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Value is what is known of one fact of one case. The zero Value is not known.
//
// A date is a span of civil days (days since 1970-01-01), because a record may
// be known to the year only.
type Value struct {
	kind        kind
	first, last int32
	n           int64
	text        string // a text, or why the fact is not known
}

type kind uint8

const (
	notKnown kind = iota
	none
	yesNo
	number
	text
	span
)

// unread is why the zero Value is not known.
const unread = "nothing on record says so"

// NotKnown returns a value that is not known, with the reason in words that can
// follow "it is not known whether …:", such as "the outcome is recorded under a
// scheme whose codes are not verified".
func NotKnown(why string) Value { return Value{text: why} }

// None says that it is known that there is no such thing: no decision, hence no
// day of it. Only a text or a date may be None: every test of it is not met, but for !=.
func None() Value { return Value{kind: none} }

// Bool, Int and Words return a known value.
func Bool(b bool) Value {
	v := Value{kind: yesNo}
	if b {
		v.n = 1
	}
	return v
}
func Int(n int) Value        { return Value{kind: number, n: int64(n)} }
func Words(s string) Value   { return Value{kind: text, text: s} }
func OnDay(day int32) Value  { return Days(day, day) }
func (v Value) Known() bool  { return v.kind != notKnown }
func (v Value) IsNone() bool { return v.kind == none }

// Days returns a date known to lie on one of the days from first to last.
func Days(first, last int32) Value {
	if last < first {
		first, last = last, first
	}
	return Value{kind: span, first: first, last: last}
}

// Why returns the reason why the value is not known, "" if it is.
func (v Value) Why() string {
	switch {
	case v.kind != notKnown:
		return ""
	case v.text == "":
		return unread
	}
	return v.text
}

// A Case holds the value of each fact, indexed by [Fact]. A fact beyond its end
// is not known.
type Case []Value

// NewCase returns a case of which nothing is known.
func NewCase() Case { return make(Case, len(Facts)) }

// at returns the value of a fact; one of the wrong type counts as not known.
func (c Case) at(f Fact) Value {
	if int(f) >= len(c) {
		return Value{}
	}
	v := c[f]
	if err := v.fits(f); err != nil {
		return NotKnown(err.Error())
	}
	return v
}

func (v Value) fits(f Fact) error {
	t := f.info().Type
	switch {
	case v.kind == notKnown, v.kind == want(t), v.kind == none && (t == Text || t == Day):
		return nil
	}
	return fmt.Errorf("the fact %s does not hold a value of type %s", f, t)
}

func want(t Type) kind {
	switch t {
	case YesNo:
		return yesNo
	case Number:
		return number
	case Text:
		return text
	}
	return span
}

// Check returns an error if a value is not of its fact's type. [Program.Evaluate]
// counts such a value as not known.
func (c Case) Check() error {
	if len(c) > len(Facts) {
		return fmt.Errorf("a case has %d facts; expected %d", len(c), len(Facts))
	}
	for f := range c {
		if err := c[f].fits(Fact(f)); err != nil {
			return err
		}
	}
	return nil
}

// says returns the case's value of a fact as a clause.
func (c Case) says(f Fact) string {
	i, v := f.info(), c.at(f)
	switch v.kind {
	case notKnown:
		return "it is not known " + i.asked() + ", because " + v.Why()
	case none:
		if i.none != "" {
			return i.none
		}
		return i.clause("nothing", false)
	case yesNo:
		if v.n != 0 {
			return i.yes
		}
		return i.no
	case number:
		return i.clause(i.counted(v.n), false)
	case text:
		return i.clause(i.said(v.text), false)
	}
	return i.clause(spanWords(v.first, v.last), false)
}

// clause fills the fact's sentence.
func (i *FactInfo) clause(with string, denied bool) string {
	not := ""
	if denied {
		not = " not"
	}
	return strings.Replace(strings.Replace(i.is, "{not}", not, 1), "{}", with, 1)
}

func (i *FactInfo) counted(n int64) string {
	switch n {
	case 0:
		return "no " + i.many
	case 1:
		return "1 " + i.one
	}
	return fmt.Sprintf("%d %s", n, i.many)
}

// spanWords says on which days a date lies: "on 3 May 2014", "in May 2014", "in 2014".
func spanWords(first, last int32) string {
	a, b := civil(first), civil(last)
	after := b.AddDate(0, 0, 1)
	switch {
	case first == last:
		return "on " + dayWords(first)
	case a.Day() == 1 && after.Equal(a.AddDate(0, 1, 0)):
		return "in " + a.Format("January 2006")
	case a.YearDay() == 1 && after.Equal(a.AddDate(1, 0, 0)):
		return "in " + a.Format("2006")
	}
	return "between " + dayWords(first) + " and " + dayWords(last)
}

func dayWords(day int32) string { return civil(day).Format("2 January 2006") }

func civil(day int32) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

// parseDay reads YYYY-MM-DD of the years 1850 to 2199 as days since 1970-01-01.
func parseDay(s string) (int32, error) {
	if t, err := time.Parse("2006-01-02", s); err == nil && t.Year() >= 1850 && t.Year() <= 2199 {
		return int32(t.Unix() / 86400), nil
	}
	return 0, fmt.Errorf("%q is not a day; expected YYYY-MM-DD, such as \"2010-01-01\"", s)
}

// Number returns a known number; Truth a known yes or no.
func (v Value) Number() (n int, ok bool)   { return int(v.n), v.kind == number }
func (v Value) Truth() (yes bool, ok bool) { return v.n != 0 && v.kind == yesNo, v.kind == yesNo }

// Span returns the first and the last day on which a known date may lie.
func (v Value) Span() (first, last int32, ok bool) { return v.first, v.last, v.kind == span }

// String returns the value for a cell of a table: a number, yes or no, a text, a
// day or the first and last of several, "unknown", or nothing where there is none.
func (v Value) String() string {
	switch v.kind {
	case notKnown:
		return "unknown"
	case yesNo:
		if v.n != 0 {
			return "y"
		}
		return "n"
	case number:
		return strconv.FormatInt(v.n, 10)
	case text:
		return v.text
	case span:
		if v.first == v.last {
			return civil(v.first).Format(time.DateOnly)
		}
		return civil(v.first).Format(time.DateOnly) + "/" + civil(v.last).Format(time.DateOnly)
	}
	return ""
}
