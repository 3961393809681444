package allocation

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// A Question is what somebody asks of the forecast: the conditions that they set
// themselves, and for the others what is so now. It travels as a query string.
type Question struct {
	Officers string // how many; "" as many as there are
	Away     string // days in a hundred; "" as observed, or the planning assumption
	PerDay   string // files a day and officer; "" as observed, or the planning assumption
	Week     string // 5, 6 or 7
	Joiners  string
	Joining  string // their first day
	Unknown  string // "n" leaves out cases of which it is not known whether they are in scope
	Deferred string // "y" counts those put off unread
}

// PlannedAway is the planning assumption of the share of working days on which an
// officer is away: leave, bank holidays apart, training and sickness.
const PlannedAway = .2

// ReadQuestion reads a question from a query string.
func ReadQuestion(q url.Values) Question {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return Question{get("officers"), get("away"), get("per_day"), get("week"), get("joiners"), get("joining"), get("unknown"), get("deferred")}
}

// Query writes the question as a query string.
func (q Question) Query() string {
	v := url.Values{}
	for name, s := range map[string]string{"officers": q.Officers, "away": q.Away, "per_day": q.PerDay, "week": q.Week, "joiners": q.Joiners,
		"joining": q.Joining, "unknown": q.Unknown, "deferred": q.Deferred} {
		if s != "" {
			v.Set(name, s)
		}
	}
	return v.Encode()
}

// A FieldError says which field of a question cannot be used, and why.
type FieldError struct{ Field, Message string }

func (e FieldError) Error() string { return e.Message }

// An Outlook is the answer: the forecast, with every assumption in words.
type Outlook struct {
	Forecast
	Question      Question
	Faults        []FieldError // what could not be used; the value of now stands in its place
	Cases         Backlog
	Assumptions   []Assumption
	Sensitivities []Sensitivity
	Workload      *Workload
}

// An Assumption is one figure that a forecast rests on.
type Assumption struct {
	What, Value, From string // From says where the figure is from
}

// Ask answers a question about when the work will be done.
func Ask(ctx context.Context, d *desk.Desk, by casefile.Actor, q Question) (*Outlook, error) {
	w, err := Loads(ctx, d, by)
	if err != nil {
		return nil, err
	}
	o := outlook(w, q)
	if o.Told {
		o.course()
		o.Sensitivities = o.Forecast.Sensitivities()
	}
	return o, nil
}

// outlook answers without the course.
func outlook(w *Workload, q Question) *Outlook {
	o := &Outlook{Question: q, Cases: w.Backlog, Workload: w}
	say := func(what, value, from string) { o.Assumptions = append(o.Assumptions, Assumption{what, value, from}) }
	const mine = "set in the form"
	c := Conditions{From: w.Day, Week: FiveDays}

	c.Backlog = w.Backlog.InScope
	counted := fmt.Sprintf("no review of them was ever submitted: %d in scope", w.Backlog.InScope)
	if q.Unknown != "n" {
		c.Backlog += w.Backlog.Unknown
		counted += fmt.Sprintf(", %d of which it is not known whether they are in scope", w.Backlog.Unknown)
	}
	if q.Deferred == "y" {
		c.Backlog += w.Backlog.Deferred
		counted += fmt.Sprintf(", %d put off unread", w.Backlog.Deferred)
	}
	say("Files to be read", strconv.Itoa(c.Backlog), counted)

	c.Officers = w.Team
	from := "accounts that may review cases and are not disabled"
	if n, ok := o.whole("officers", "The number of officers", q.Officers, 0, 5000); ok {
		c.Officers, from = n, mine
	}
	say("Officers", strconv.Itoa(c.Officers), from)

	c.Away, from = PlannedAway, "planning assumption"
	if w.Seen && w.Days > 0 {
		c.Away = min(.95, 1-float64(w.Present)/float64(w.Days))
		from = fmt.Sprintf("observed: no trace of work on %d of %d working days since each officer’s first", w.Days-w.Present, w.Days)
	}
	if n, ok := o.number("away", "The share of days away", q.Away, 0, 99); ok {
		c.Away, from = n/100, mine
	}
	say("Days away in a hundred working days", decimal(100*c.Away), from)

	if q.Week == "6" || q.Week == "7" {
		c.Week = Week(q.Week[0] - '0')
	}
	days := map[Week]string{FiveDays: "Monday to Friday, without bank holidays", SixDays: "Monday to Saturday, without bank holidays", SevenDays: "every day"}
	say("Working days", days[c.Week], "bank holidays of England and Wales")

	if n, ok := o.whole("joiners", "The number of officers who join", q.Joiners, 0, 5000); ok && n > 0 {
		if day, err := casefile.ParseDay(q.Joining); err == nil {
			c.Joiners, c.Joining = n, day
			say("Officers who join", fmt.Sprintf("%d on %s", n, day), mine)
		} else {
			o.fault("joining", "Give the first day of those who join, as 2026-03-31.")
		}
	}

	p := w.Pace
	if !w.Seen {
		p = AssumePace(PlannedFiles)
		from = fmt.Sprintf("planning assumption, until %d files have been read on %d days at work; so far %d on %d", EnoughFiles, EnoughDays, w.Pace.Files, w.Pace.Days)
	} else {
		from = fmt.Sprintf("observed: %d files on %d days at work of one officer each, in the %d days before today; 8 in 10 chances that it lies between %s and %s",
			p.Files, p.Days, paceDays, decimal(p.Low), decimal(p.High))
	}
	if n, ok := o.number("per_day", "The files read a day", q.PerDay, 0, 200); ok {
		p, from = AssumePace(n), mine
	}
	if p.Assumed && p.Told() {
		from += fmt.Sprintf("; taken to lie between %s and %s, with 8 in 10 chances", decimal(p.Low), decimal(p.High))
	}
	say("Files read by an officer on a day at work", decimal(p.Mean), from)
	o.Forecast = when(c, p)
	return o
}

func (o *Outlook) fault(field, message string) {
	o.Faults = append(o.Faults, FieldError{field, message})
}

func (o *Outlook) whole(field, what, s string, lo, hi int) (int, bool) {
	if s == "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		o.fault(field, fmt.Sprintf("%s must be a whole number from %d to %d.", what, lo, hi))
		return 0, false
	}
	return n, true
}

func (o *Outlook) number(field, what, s string, lo, hi float64) (float64, bool) {
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < lo || n > hi {
		o.fault(field, fmt.Sprintf("%s must be a number from %s to %s.", what, decimal(lo), decimal(hi)))
		return 0, false
	}
	return n, true
}

// decimal writes a number with one decimal, without it where it is zero.
func decimal(n float64) string { return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0") }

// Says answers the question in sentences.
func (o *Outlook) Says() []string {
	if o.Backlog == 0 {
		return []string{"Nothing is left to be read."}
	}
	if !o.Told {
		return []string{o.Why}
	}
	early, middle := longDay(o.Early.Day), longDay(o.Middle.Day)
	said := []string{fmt.Sprintf("An even chance that all %d files have been read by %s.", o.Backlog, middle)}
	if o.Late.Days == 0 {
		said = append(said, fmt.Sprintf("One chance in ten that it is done by %s already, and more than one in ten that it takes longer than 30 years.", early))
	} else {
		said = append(said, fmt.Sprintf("Eight chances in ten that it is done between %s and %s.", early, longDay(o.Late.Day)))
	}
	if o.Pace.Assumed {
		said = append(said, "This rests on a planning assumption about the pace and not on what was observed.")
	}
	return said
}

func longDay(d casefile.Day) string {
	y, m, day := d.Civil()
	return fmt.Sprintf("%d %s %d", day, m, y)
}

// A Brief is the state of the work for a supervisor's home page.
type Brief struct {
	Day           casefile.Day
	ToRead        int // files that the forecast counts
	Read7, Read28 int
	Officers      int
	Assumed       bool // the pace is a planning assumption
	Told          bool
	Says          []string // the forecast in sentences
	Early         casefile.Day
	Middle        casefile.Day
	Late          casefile.Day // 0: beyond the horizon
	Expected28    int          // files that the pace of the forecast would read in 28 days
	OverdueCases  int
	OverdueAction int
	Unassigned    int
	AtRiskNobody  int // cases with an open risk, assigned to nobody and read by nobody
	Returned      int
	Waiting       int
}

// Summary returns the state of the work in short.
func Summary(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Brief, error) {
	w, err := Loads(ctx, d, by)
	if err != nil {
		return nil, err
	}
	o := outlook(w, Question{})
	b := &Brief{Day: w.Day, ToRead: o.Backlog, Read7: w.Read7, Read28: w.Read28, Officers: o.Officers, Assumed: o.Pace.Assumed, Told: o.Told, Says: o.Says(),
		Early: o.Early.Day, Middle: o.Middle.Day, Late: o.Late.Day,
		OverdueCases: w.Backlog.OverdueCases, OverdueAction: w.Backlog.OverdueAction, Unassigned: w.Backlog.Unassigned, AtRiskNobody: w.Backlog.AtRiskNobody,
		Returned: w.Backlog.Returned, Waiting: w.Backlog.Waiting}
	if o.Pace.Told() {
		b.Expected28 = int(math.Round(float64(o.Week.workdays(w.Day-fourWeeks, w.Day)*o.Officers) * (1 - o.Away) * o.Pace.Mean))
	}
	return b, nil
}
