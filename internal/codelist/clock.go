package codelist

import "slices"

// A Unit is what a clock counts in.
type Unit string

const (
	WorkingDays Unit = "working days"
	Days        Unit = "days"
	Hours       Unit = "hours"
	Weeks       Unit = "weeks"
	Months      Unit = "months"
)

// A Clock is a period that a rule sets, or the span of time in which a rule
// holds. Rules change: which clock ran depends on the day it is asked about.
type Clock struct {
	Row
	ID        string // "vc6-nopros"
	Area      string // Victims' Code, Police VRR, ...
	Rule      string
	Number    int // 0 where the rule sets no period
	Unit      Unit
	Starts    string // what starts it
	Extension string
	AppliesTo string
	From, To  string // first and last day on which it holds, YYYY-MM-DD; empty: not stated
	Force     string // statute, statutory code, national scheme, ...
}

func addClock(s *Set, r record) {
	c := Clock{
		Row: r.row(), ID: r.filled("id"), Area: r.filled("area"), Rule: r.filled("rule"), Number: r.whole("number"),
		Unit:   Unit(r.oneOf("unit", "", string(WorkingDays), string(Days), string(Hours), string(Weeks), string(Months))),
		Starts: r.text("starts_from"), Extension: r.text("extension"), AppliesTo: r.text("applies_to"),
		From: r.day("effective_from"), To: r.day("effective_to"), Force: r.filled("force_of_rule"),
	}
	if (c.Number == 0) != (c.Unit == "") {
		r.refuse("unit", "given with a number, or left out with it")
	}
	if c.From != "" && c.To != "" && c.From > c.To {
		r.refuse("effective_to", "on or after %s", c.From)
	}
	s.clocks = append(s.clocks, c)
}

// Clocks returns every listed clock, in the order of the list.
func (s *Set) Clocks() []Clock { return slices.Clone(s.clocks) }

// Clock returns the clock with an id.
func (s *Set) Clock(id string) (Clock, bool) {
	i := slices.IndexFunc(s.clocks, func(c Clock) bool { return c.ID == id })
	if i < 0 {
		return Clock{}, false
	}
	return s.clocks[i], true
}

// Held says whether the clock's rule held on a day, YYYY-MM-DD. A draft holds on
// no day that is known; an end that the list does not state is open, and a
// start that it does not state is not known.
func (c Clock) Held(day string) Answer {
	a := yes("%s held on %s", c.ID, day)
	switch {
	case c.Force == "draft":
		a = unknown("%s is a draft: whether it was in force on %s is not known", c.ID, day)
	case c.To != "" && day > c.To:
		a = no("%s ended on %s", c.ID, c.To)
	case c.From == "" && c.To != "":
		a = yes("%s covers days to %s", c.ID, c.To)
	case c.From == "":
		a = unknown("the list does not say from when %s held", c.ID)
	case day < c.From:
		a = no("%s began on %s", c.ID, c.From)
	}
	return c.gate("the clock "+c.ID, a)
}
