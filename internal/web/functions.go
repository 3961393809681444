package web

import (
	"fmt"
	"html/template"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a zone file still knows London

	"lookback/internal/casefile"
	"lookback/internal/reading"
)

// functions are what templates may call. How they are used stands in
// templates/components/README.md.
var functions = template.FuncMap{
	"asset":   asset,
	"browser": browserName,
	"caseAt":  func(id casefile.CaseID) string { return caseAddress(id) },
	"ref":     func(id casefile.CaseID) string { _, ref := id.Split(); return ref },

	"roleWord":    reading.RoleWord,
	"kindWord":    kindWord,
	"fieldWord":   fieldWord,
	"underscores": underscores,
	"yesNo":       keptAs,
	"decider":     decider,

	"dict": dict,
	"list": func(items ...any) []any { return items },
	"add":  func(a, b int) int { return a + b },

	"upper":    strings.ToUpper,
	"sentence": sentence,

	"num":     number,
	"plural":  plural,
	"percent": percent,

	"day":    day,
	"when":   when,
	"ago":    func(t any) (template.HTML, error) { return ago(t, time.Now()) },
	"period": period,

	"tag":   tag,
	"state": state,
	"field": newField,
	"meter": meter,
}

// dict is a map made of names and values, to hand several things to a component.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// number writes a whole number with thousands: 12,345.
func number(n any) (string, error) {
	v := reflect.ValueOf(n)
	switch {
	case v.CanInt():
		return thousands(v.Int()), nil
	case v.CanUint() && v.Uint() <= math.MaxInt64:
		return thousands(int64(v.Uint())), nil
	case v.CanFloat():
		return thousands(int64(math.Round(v.Float()))), nil
	}
	return "", fmt.Errorf("num: %T is not a number", n)
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes a count with its noun: "1 case", "2,345 cases". Without a plural,
// the noun takes an s.
func plural(n any, one string, many ...string) (string, error) {
	text, err := number(n)
	switch {
	case err != nil:
		return "", err
	case text == "1":
		return "1 " + one, nil
	case len(many) > 0:
		return text + " " + many[0], nil
	}
	return text + " " + one + "s", nil
}

// percent writes a share with its base, "34% of 1,200", and never says 0% of what
// is not nothing, nor 100% of what is not all. Of nothing there is no share.
func percent(part, whole any) (string, error) {
	p, err := count(part)
	if err != nil {
		return "", err
	}
	w, err := count(whole)
	if err != nil {
		return "", err
	}
	if w == 0 {
		return "none of 0", nil
	}
	share := 100 * float64(p) / float64(w)
	text := strconv.FormatFloat(math.Round(share), 'f', 0, 64) + "%"
	switch {
	case p > 0 && share < 1:
		text = "under 1%"
	case p < w && share > 99:
		text = "over 99%"
	}
	return text + " of " + thousands(w), nil
}

func count(n any) (int64, error) {
	v := reflect.ValueOf(n)
	switch {
	case v.CanInt():
		return v.Int(), nil
	case v.CanUint():
		return int64(v.Uint()), nil
	}
	return 0, fmt.Errorf("%T is not a count", n)
}

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("web: the embedded zone data has no Europe/London: " + err.Error())
	}
	return l
}()

// A moment is a time and how exactly it is known.
type moment struct {
	time.Time
	layout string // in which to write it for a reader
	stored string // as it is kept, for machines
}

// momentOf reads whatever a template may hold as a date: a time, a day or date of
// casefile, or text as the register keeps it. The zero moment is "not recorded".
func momentOf(v any) (moment, error) {
	switch v := v.(type) {
	case nil:
		return moment{}, nil
	case time.Time:
		if v.IsZero() {
			return moment{}, nil
		}
		return moment{v.In(london), "2 January 2006, 15:04", v.UTC().Format(time.RFC3339)}, nil
	case *time.Time:
		if v == nil {
			return moment{}, nil
		}
		return momentOf(*v)
	}
	text := strings.TrimSpace(fmt.Sprint(v))
	if text == "" {
		return moment{}, nil
	}
	for _, l := range [][2]string{
		{time.RFC3339Nano, "2 January 2006, 15:04"},
		{"2006-01-02T15:04Z07:00", "2 January 2006, 15:04"},
		{"2006-01-02T15:04:05", "2 January 2006, 15:04"},
		{"2006-01-02T15:04", "2 January 2006, 15:04"},
		{"2006-01-02", "2 January 2006"},
		{"2006-01", "January 2006"},
		{"2006", "2006"},
	} {
		if t, err := time.ParseInLocation(l[0], text, london); err == nil {
			return moment{t.In(london), l[1], text}, nil
		}
	}
	return moment{}, fmt.Errorf("%q is not a date", text)
}

const notRecorded template.HTML = `<span class="lb-unknown">not recorded</span>`

func (m moment) html(text string) template.HTML {
	if m.IsZero() {
		return notRecorded
	}
	exact := m.Format(m.layout)
	title := ""
	if text != exact {
		title = ` title="` + template.HTMLEscapeString(exact) + `"`
	}
	return template.HTML(`<time datetime="` + template.HTMLEscapeString(m.stored) + `"` + title + `>` + template.HTMLEscapeString(text) + `</time>`)
}

// day writes the day of a moment, "14 March 2019", no more exactly than it is
// known: "March 2019", "2019". Text that is no date is shown as it stands.
func day(v any) template.HTML {
	m, err := momentOf(v)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(fmt.Sprint(v)))
	}
	return m.html(m.Format(strings.TrimSuffix(m.layout, ", 15:04")))
}

// when writes a moment with its time of day, if known: "14 March 2019, 21:40".
func when(v any) template.HTML {
	m, err := momentOf(v)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(fmt.Sprint(v)))
	}
	return m.html(m.Format(m.layout))
}

// ago writes how long ago something was, "3 minutes ago", with the exact time to
// be had by pointing at it. From a day on it says the day.
func ago(v any, now time.Time) (template.HTML, error) {
	m, err := momentOf(v)
	if err != nil || m.IsZero() {
		return m.html(""), err
	}
	passed := now.Sub(m.Time)
	switch {
	case passed < -time.Minute || passed >= 24*time.Hour || m.layout != "2 January 2006, 15:04":
		return m.html(m.Format(strings.TrimSuffix(m.layout, ", 15:04"))), nil
	case passed < time.Minute:
		return m.html("just now"), nil
	}
	return m.html(period(passed) + " ago"), nil
}

// period writes a length of time in its largest fitting unit: "3 minutes", "2
// hours", "5 days".
func period(d time.Duration) string {
	n, unit := int64(d/time.Minute), "minute"
	switch {
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "day"
	case d >= time.Hour:
		n, unit = int64(d/time.Hour), "hour"
	}
	text, _ := plural(n, unit)
	return text
}
