package cohort

import (
	"context"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// A Match is every case that meets a filter, in the order of the list.
type Match struct {
	View   *View
	Filter Filter
	Lines  []Line
	Total  int // cases in the register, the restricted ones among them
	Hidden int // restricted cases that the reader may not see
	Facets []Facet
}

// Matching returns every case that meets a filter and that the reader may see. It
// leaves no event: whoever shows cases of it, or does something with them, does.
// Cost: as [List], and some bytes for each case found.
func Matching(ctx context.Context, d *desk.Desk, by casefile.Actor, f Filter) (*Match, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	p, err := sift(ctx, d, by, f)
	if err != nil {
		return nil, err
	}
	m := &Match{View: p.view, Filter: f, Lines: make([]Line, 0, p.found), Total: len(p.view.Rows), Hidden: p.hidden, Facets: p.facets()}
	for i := range p.ordered() {
		if p.meets[i] {
			m.Lines = append(m.Lines, p.line(i))
		}
	}
	return m, nil
}

// Each calls f with every case, restricted ones among them, and where it stands.
// It is for figures: whoever shows a case uses [Matching] or [List].
func Each(ctx context.Context, d *desk.Desk, v *View, f func(Line)) error {
	s, err := v.standings(ctx, d)
	if err != nil {
		return err
	}
	p := &sifting{view: v, stands: s}
	for i := range v.Rows {
		f(p.line(int32(i)))
	}
	return nil
}
