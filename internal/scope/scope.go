// Package scope decides which cases fall under terms of reference.
//
// Terms are data ([Terms]): criteria written in CEL over a documented table of
// facts ([Facts]). A criterion is met, not met or unknown, by Kleene's strong
// three-valued logic (S. C. Kleene, Introduction to Metamathematics, 1952, §64):
// "a || b" is met as soon as one side is, whatever the other. A case is out if any
// criterion is not met, otherwise unknown if any is unknown, otherwise in.
//
// Every criterion reads as plain English; one that cannot is refused.
package scope

import (
	"math/bits"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// A Status says where a case stands under terms of reference.
type Status uint8

const (
	In Status = iota
	Out
	Unknown
)

var statusNames = [...]string{"in", "out", "unknown"}

func (s Status) String() string { return statusNames[s] }

// MarshalText writes the status as a word.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Verdict is what one criterion says of one case.
type Verdict string

const (
	Met        Verdict = "met"
	NotMet     Verdict = "not met"
	CannotTell Verdict = "unknown"
	// DependsOnUndated says that the criterion is met or not, depending on rows
	// of which nobody recorded when they came to be; only [Combine] gives it.
	DependsOnUndated Verdict = "depends on undated rows"
)

// A Result is what a version of terms says of one case. Bit i of a set stands
// for criterion i, or class i; a criterion in no set is met, a class in no set not.
// Classes are only asked of a case that is in.
type Result struct {
	Status       Status
	NotMet       uint64
	Unknown      uint64
	Undated      uint64
	ClassMet     uint64
	ClassUnknown uint64
}

// Verdict returns what criterion i says.
func (r Result) Verdict(i int) Verdict {
	switch bit := uint64(1) << i; {
	case r.NotMet&bit != 0:
		return NotMet
	case r.Unknown&bit != 0:
		return CannotTell
	case r.Undated&bit != 0:
		return DependsOnUndated
	}
	return Met
}

// InClass returns what class i says of a case that is in.
func (r Result) InClass(i int) Verdict {
	switch bit := uint64(1) << i; {
	case r.ClassMet&bit != 0:
		return Met
	case r.ClassUnknown&bit != 0:
		return CannotTell
	}
	return NotMet
}

// First returns the index of the criterion that decided: the first not met of a
// case that is out, the first unknown of one that is unknown, -1 for one that is in.
func (r Result) First() int {
	switch r.Status {
	case Out:
		return bits.TrailingZeros64(r.NotMet)
	case Unknown:
		return bits.TrailingZeros64(r.Unknown | r.Undated)
	}
	return -1
}

// MayBeIn reports whether the case is in, or is unknown only because of undated
// rows: whether it counts at the possible end.
func (r Result) MayBeIn() bool { return r.Status != Out && r.Unknown == 0 }

// A Program is a version of terms, checked and ready. Any number of goroutines
// may use one at the same time.
type Program struct {
	terms     Terms
	print     string
	criteria  []test
	classes   []test
	undecided uint64 // the bit of the undecided class, 0 if there is none
}

type test struct {
	tree    node
	program cel.Program // nil for the undecided class
}

// Compile checks terms of reference. Its error is an [*Error] that names the
// criterion, the place in its test and what was expected.
func Compile(t Terms) (*Program, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	p := &Program{terms: t, print: t.Fingerprint()}
	for _, c := range t.Criteria {
		tree, program, err := compileTest(part("criterion", c.ID), c.Test)
		if err != nil {
			return nil, err
		}
		p.criteria = append(p.criteria, test{tree, program})
	}
	for i, c := range t.Classes {
		if c.Undecided {
			p.undecided = 1 << i
			p.classes = append(p.classes, test{})
			continue
		}
		tree, program, err := compileTest(part("class", c.ID), c.Test)
		if err != nil {
			return nil, err
		}
		p.classes = append(p.classes, test{tree, program})
	}
	return p, nil
}

// Terms returns the terms that the program was made from.
func (p *Program) Terms() Terms { return p.terms }

// Fingerprint returns [Terms.Fingerprint] of those terms.
func (p *Program) Fingerprint() string { return p.print }

// Evaluate says where a case stands. It asks every criterion, not only up to the
// first that is not met, so that reports can say what each one does alone.
func (p *Program) Evaluate(c Case) Result {
	var r Result
	a := &activation{c}
	r.NotMet, r.Unknown = ask(p.criteria, a)
	switch {
	case r.NotMet != 0:
		r.Status = Out
	case r.Unknown != 0:
		r.Status = Unknown
	default:
		r.ClassMet, r.ClassUnknown = p.classify(a)
	}
	return r
}

// ask returns the sets of tests that are not met and that are unknown.
func ask(tests []test, a *activation) (notMet, unknown uint64) {
	for i := range tests {
		if tests[i].program == nil {
			continue
		}
		// Criteria have no operation that can fail. Should CEL fail all the same,
		// the answer is unknown: a case is never in or out by a fault.
		v, _, err := tests[i].program.Eval(a)
		switch {
		case err == nil && v == types.True:
		case err == nil && v == types.False:
			notMet |= 1 << i
		default:
			unknown |= 1 << i
		}
	}
	return notMet, unknown
}

func (p *Program) classify(a *activation) (met, unknown uint64) {
	if len(p.classes) == 0 {
		return 0, 0
	}
	notMet, unknown := ask(p.classes, a)
	all := uint64(1)<<len(p.classes) - 1
	met = all &^ p.undecided &^ notMet &^ unknown
	if met == 0 && unknown != 0 {
		met = p.undecided
	}
	return met, unknown
}

// English returns each criterion as a clause of plain English, in order.
func (p *Program) English() []string { return sayAll(p.criteria) }

// ClassEnglish returns each class as a clause of plain English, in order.
func (p *Program) ClassEnglish() []string { return sayAll(p.classes) }

func sayAll(tests []test) []string {
	said := make([]string, len(tests))
	for i := range tests {
		if tests[i].program == nil {
			said[i] = "no other class is met, and at least one cannot be told"
			continue
		}
		said[i] = tests[i].tree.english()
	}
	return said
}

// Facts returns the facts that the criteria and classes ask, each once, in the
// order of the table: what a caller has to fill.
func (p *Program) Facts() []Fact {
	asked := make([]bool, len(Facts))
	for _, tests := range [][]test{p.criteria, p.classes} {
		for i := range tests {
			if tests[i].program == nil {
				continue
			}
			for _, f := range tests[i].tree.facts() {
				asked[f] = true
			}
		}
	}
	var all []Fact
	for f, yes := range asked {
		if yes {
			all = append(all, Fact(f))
		}
	}
	return all
}
