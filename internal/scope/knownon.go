package scope

import (
	"fmt"
	"math/bits"
)

// Combine joins two results for one case as known on a day: one from the facts
// that rows dated by then hold (certain), one from those and the undated rows
// (possible). It works criterion by criterion:
//
//   - met at both ends, or not met at both: that;
//   - met at one and not met at the other: it depends on undated rows;
//   - unknown at either: unknown.
//
// The case is out if a criterion is not met at both ends, in if all are met at
// both, otherwise unknown. [Result.MayBeIn] says whether dating the undated rows
// alone could bring it in. Criterion by criterion, because a row that adds a
// suspect may come with one that takes the case out by another criterion: both
// ends would be out, and a case with only the first row in.
//
// The limit: within one criterion the two ends stand for all that lies between
// only if further rows can move it one way. [Program.Limits] names those where
// they can move it both ways.
func Combine(certain, possible Result) Result {
	r := Result{
		NotMet:  certain.NotMet & possible.NotMet,
		Unknown: certain.Unknown | possible.Unknown,
	}
	r.Undated = (certain.NotMet ^ possible.NotMet) &^ r.Unknown
	switch {
	case r.NotMet != 0:
		r.Status = Out
	case r.Unknown|r.Undated != 0:
		r.Status = Unknown
	default:
		r.ClassMet = certain.ClassMet & possible.ClassMet
		r.ClassUnknown = (certain.ClassMet | certain.ClassUnknown | possible.ClassMet | possible.ClassUnknown) &^ r.ClassMet
	}
	return r
}

// A Tally counts cases by status. Undated are those of Unknown that only undated
// rows keep from being in or out, so that in runs from In to In+Undated.
type Tally struct {
	In      int `json:"in"`
	Out     int `json:"out"`
	Unknown int `json:"unknown"`
	Undated int `json:"unknown_because_undated"`
}

// Add counts one case.
func (t *Tally) Add(r Result) {
	switch r.Status {
	case In:
		t.In++
	case Out:
		t.Out++
	default:
		t.Unknown++
		if r.MayBeIn() {
			t.Undated++
		}
	}
}

// Cases returns how many were counted.
func (t Tally) Cases() int { return t.In + t.Out + t.Unknown }

// PossiblyIn returns the possible end of the count of cases in scope; the
// certain end is In.
func (t Tally) PossiblyIn() int { return t.In + t.Undated }

// Limits names, in words, the criteria whose two ends as known on a day may not
// bound what lies between: undated rows can move a fact of theirs both ways, or
// they are met only by a middle value.
func (p *Program) Limits() []string {
	var all []string
	for i := range p.criteria {
		var m motion
		m.of(&p.criteria[i].tree, false)
		if why := m.why(); why != "" {
			all = append(all, fmt.Sprintf("“%s”: %s", p.terms.Criteria[i].Title, why))
		}
	}
	return all
}

// A motion collects which way further rows can move a criterion.
type motion struct{ up, down, both uint64 }

func (m *motion) of(n *node, denied bool) {
	switch n.op {
	case opAll, opAny, opAtLeast:
		for i := range n.of {
			m.of(&n.of[i], denied)
		}
	case opNot:
		m.of(&n.of[0], !denied)
	case opTrue, opCompare:
		m.atom(n, denied)
	default:
		for _, f := range n.facts() {
			m.both |= 1 << f
		}
	}
}

func (m *motion) atom(n *node, denied bool) {
	bit := uint64(1) << n.fact
	falls := n.how == "<" || n.how == "<=" || n.how == "==" && n.n == 0
	switch {
	case !n.fact.info().Rises, (n.how == "==" || n.how == "!=") && n.n != 0:
		m.both |= bit
	case falls != denied:
		m.down |= bit
	default:
		m.up |= bit
	}
}

func (m *motion) why() string {
	switch {
	case m.both != 0:
		f := Fact(bits.TrailingZeros64(m.both))
		return fmt.Sprintf("undated rows may change %s either way, or past the value asked for", f)
	case m.up != 0 && m.down != 0:
		return fmt.Sprintf("undated rows that raise %s and %s pull in opposite directions",
			Fact(bits.TrailingZeros64(m.up)), Fact(bits.TrailingZeros64(m.down)))
	}
	return ""
}
