package scope

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
)

// A Finding is what one criterion says of one case, with the case's own values.
type Finding struct {
	ID      string  `json:"criterion"`
	Title   string  `json:"title"`
	Verdict Verdict `json:"verdict"`
	Because string  `json:"because"`
	Facts   []Fact  `json:"-"` // the facts that the finding rests on
}

// Explain returns what each criterion says of the case, in order. It asks them
// again, so that [Program.Evaluate] need not keep words for a million cases.
func (p *Program) Explain(c Case) []Finding {
	all := make([]Finding, len(p.criteria))
	for i := range p.criteria {
		all[i] = p.finding(i, c)
	}
	return all
}

func (p *Program) finding(i int, c Case) Finding {
	t := &p.criteria[i]
	f := Finding{ID: p.terms.Criteria[i].ID, Title: p.terms.Criteria[i].Title, Verdict: CannotTell, Facts: t.tree.facts()}
	v, _, err := t.program.Eval(&activation{c})
	if err != nil {
		f.Because = "the test failed: " + err.Error()
		return f
	}
	said := f.Facts
	switch v := v.(type) {
	case types.Bool:
		f.Verdict = NotMet
		if v {
			f.Verdict = Met
		}
		f.Facts = c.settled(f.Facts)
		said = f.Facts
	case *types.Unknown:
		f.Facts = factsOf(v)
	}
	f.Because = c.saysAll(said, f)
	return f
}

// settled returns the facts that are known: a verdict rests on these, unless
// the test asks whether a fact is known at all.
func (c Case) settled(facts []Fact) []Fact {
	known := slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return !c.at(f).Known() })
	if len(known) == 0 {
		return facts
	}
	return known
}

// factsOf returns the facts that an unknown result blames.
func factsOf(u *types.Unknown) []Fact {
	var all []Fact
	for _, id := range u.IDs() {
		all = append(all, Fact(id))
	}
	return all
}

func (c Case) saysAll(facts []Fact, because Finding) string {
	said := make([]string, len(facts))
	for i, f := range facts {
		said[i] = c.says(f)
		if because.Verdict == CannotTell && c.at(f).kind == span && slices.Contains(because.Facts, f) {
			said[i] += ", which is not exact enough to tell"
		}
	}
	return strings.Join(said, "; ")
}

// Reason says in one sentence why the case stands where r puts it: every
// criterion that is not met or, for an unknown case, every one that cannot be
// told, each with the case's own values.
func (p *Program) Reason(c Case, r Result) string { return p.ReasonKnownOn(c, c, r) }

// ReasonKnownOn is [Program.Reason] for a combined result, with the two cases
// that it was worked out from (see [Combine]).
func (p *Program) ReasonKnownOn(certain, possible Case, r Result) string {
	var set uint64
	switch r.Status {
	case In:
		return "in: every criterion is met"
	case Out:
		set = r.NotMet
	default:
		set = r.Unknown | r.Undated
	}
	var said []string
	for i := range p.criteria {
		if set&(1<<i) != 0 {
			said = append(said, "“"+p.terms.Criteria[i].Title+"” "+p.because(i, certain, possible, r.Verdict(i)))
		}
	}
	return r.Status.String() + ": " + strings.Join(said, ". ")
}

func (p *Program) because(i int, certain, possible Case, v Verdict) string {
	f := p.finding(i, certain)
	switch v {
	case NotMet:
		return "is not met: " + f.Because
	case DependsOnUndated:
		return "depends on rows that nobody dated. Without them: " + f.Because + ". With them: " + p.finding(i, possible).Because
	}
	if f.Verdict != CannotTell {
		f = p.finding(i, possible)
	}
	return "cannot be told: " + f.Because
}
