package cohort

import (
	"context"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// countTo is how far hits are counted: beyond it, "more than".
const countTo = 1000

// Found is what a search shows.
type Found struct {
	Hits  []store.Hit `json:"hits"`
	Total int         `json:"total"`
	More  bool        `json:"more"` // Total is only the first of them
}

// Search finds texts by their words. The search is an event that holds the query
// and the cases shown.
func Search(ctx context.Context, d *desk.Desk, by casefile.Actor, query string, limit int) (*Found, error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return nil, err
	}
	hits, total, err := d.DB.Search(ctx, query, limit, countTo)
	if err != nil {
		return nil, err
	}
	hits = append([]store.Hit{}, hits...) // never null
	shown := []casefile.CaseID{}
	for _, h := range hits {
		shown = append(shown, h.Case)
	}
	return &Found{hits, total, total == countTo}, d.Record(ctx, by, ledger.Event{Kind: ledger.SearchRun, Purpose: "review", Body: map[string]any{
		"query": query, "cases": shown, "hits": total,
	}})
}
