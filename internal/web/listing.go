package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"lookback/internal/cohort"
	"lookback/internal/desk"
)

var listingRoutes = []route{
	{"GET /cases", desk.ReadCases, (*Site).listCases},
}

// A casesPage is the list of cases with its filters.
type casesPage struct {
	*cohort.Listing
	Facets []facetPanel
	Chips  []chip
	Names  map[string]string // of accounts
	Query  string            // of the filter, for an export and a saved search
}

func (casesPage) Wide() bool { return true }

// A facetPanel is one facet: the options that are shown, and those folded away.
type facetPanel struct {
	Name, Title string
	Open        bool
	Top, More   []cohort.FacetOption
}

// A chip is one thing that narrows the list, with its remover.
type chip struct{ Name, Value, Label string }

// topOptions is how many options of a facet are shown without unfolding.
const topOptions = 8

// openFacets are unfolded from the start.
var openFacets = []string{cohort.FacetRisk, cohort.FacetScope, cohort.FacetStage, cohort.FacetSuspects}

func (s *Site) listCases(w http.ResponseWriter, r *request) error {
	l, err := cohort.List(r.Context(), s.Desk, r.By, cohort.ReadFilter(r.URL.Query()))
	if err != nil {
		return err
	}
	p := casesPage{Listing: l, Query: l.Filter.Query()}
	if p.Names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	for _, f := range l.Facets {
		if len(f.Options) == 1 && !f.Chosen && f.Options[0].Count == l.Found {
			continue // every case says the same: it narrows nothing
		}
		p.Facets = append(p.Facets, p.panel(f))
	}
	p.Chips = p.chips()
	return s.render(w, r, "cases", "Cases", p)
}

// accountNames are the names of all accounts by id, of those no longer in use too.
func (s *Site) accountNames(ctx context.Context) (map[string]string, error) {
	accounts, err := s.Accounts.List(ctx)
	names := make(map[string]string, len(accounts))
	for _, a := range accounts {
		names[a.ID] = cmp.Or(a.Name, a.ID)
	}
	return names, err
}

func (p *casesPage) panel(f cohort.Facet) facetPanel {
	out := facetPanel{Name: f.Name, Title: f.Title, Open: f.Chosen || slices.Contains(openFacets, f.Name)}
	for i := range f.Options {
		f.Options[i].Label = p.label(f.Name, f.Options[i].Value, f.Options[i].Label)
	}
	if len(f.Options) <= topOptions+2 {
		out.Top = f.Options
		return out
	}
	byCount := slices.Clone(f.Options)
	slices.SortStableFunc(byCount, func(a, b cohort.FacetOption) int { return b.Count - a.Count })
	least := byCount[topOptions-1].Count
	for _, o := range f.Options {
		if o.Chosen || o.Count >= least && len(out.Top) < topOptions {
			out.Top = append(out.Top, o)
		} else {
			out.More = append(out.More, o)
		}
	}
	return out
}

// label says a value of a facet as pages say it.
func (p *casesPage) label(facet, value, label string) string {
	switch facet {
	case cohort.FacetStage, cohort.FacetScope:
		if said, ok := states[value]; ok {
			return said[1]
		}
	case cohort.FacetAssigned:
		return cmp.Or(p.Names[value], label)
	case cohort.FacetGrouped:
		return map[string]string{"y": "suspects belong to a group", "n": "in no group"}[value]
	}
	return label
}

func (p *casesPage) chips() []chip {
	var out []chip
	for _, f := range p.Listing.Facets {
		for _, o := range f.Options {
			if o.Chosen {
				out = append(out, chip{f.Name, o.Value, f.Title + ": " + o.Label})
			}
		}
	}
	for _, v := range p.Filter.Chosen[cohort.FacetRestricted] {
		if !slices.ContainsFunc(out, func(c chip) bool { return c.Name == cohort.FacetRestricted }) {
			out = append(out, chip{cohort.FacetRestricted, v, "Restricted cases"})
		}
	}
	if p.Filter.Ref != "" {
		out = append(out, chip{"ref", p.Filter.Ref, "Reference holds " + strconv.Quote(p.Filter.Ref)})
	}
	if p.Filter.Group != "" {
		out = append(out, chip{"group", p.Filter.Group, "Group " + p.Filter.Group})
	}
	return out
}

// Sorts are the orders that the list can have.
func (casesPage) Sorts() []Option {
	return []Option{{Value: "", Label: "present risk first, then reference"}, {Value: "-recorded", Label: "recorded last"}, {Value: "recorded", Label: "recorded first"},
		{Value: "-closed", Label: "ended last"}, {Value: "closed", Label: "ended first"}, {Value: "-suspects", Label: "most suspects"}, {Value: "-victims", Label: "most victims"},
		{Value: "-ref", Label: "reference, from the end"}}
}

// Last is the place of the last line in the list.
func (p casesPage) Last() int { return p.First + len(p.Lines) - 1 }

// Name is who has an account, or the account itself.
func (p casesPage) Name(account string) string { return cmp.Or(p.Names[account], account) }
