package cohort

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/normalise"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// countTo is how many texts a search finds at a time: beyond it, "more than".
const countTo = 1000

// Found is what a search on the command line shows.
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
	words, err := store.ReadWords(query)
	if err != nil {
		return nil, err
	}
	found, err := d.DB.FindTexts(ctx, words, store.TextFilter{Reader: desk.Reader(by), Want: countTo})
	if err != nil {
		return nil, err
	}
	hits, err := d.DB.HitTexts(ctx, found.Hits[:min(limit, len(found.Hits))])
	if err != nil {
		return nil, err
	}
	hits = append([]store.Hit{}, hits...) // never null
	shown := []casefile.CaseID{}
	for _, h := range hits {
		shown = append(shown, h.Case)
	}
	total := len(found.Hits)
	return &Found{hits, total, found.Next != ""}, d.Record(ctx, by, ledger.Event{Kind: ledger.SearchRun, Purpose: "review", Body: map[string]any{
		"query": query, "cases": shown, "hits": total,
	}})
}

// A Query is a search for texts, people and references.
type Query struct {
	Words       string
	Sources     []string // none: all
	From, Until string   // days; "" is open
	InScope     bool     // cases only that are in under the terms in force
	Order       string   // "" cases with most texts first; "date" the latest text first
	Start       string   // where among the texts to go on
	After       casefile.CaseID
	AllPeople   bool // every person found, not only the first few
}

// Sources are the kinds of text that a search can be narrowed to.
func Sources() []string {
	return []string{store.SourceLog, store.SourceCase, store.SourceDocument}
}

// ReadQuery reads a query from a query string. What it does not know it ignores.
func ReadQuery(q url.Values) Query {
	out := Query{Words: strings.TrimSpace(q.Get("q")), From: q.Get("from"), Until: q.Get("until"), InScope: q.Get("scope") == "in",
		Start: q.Get("start"), After: casefile.CaseID(q.Get("after")), AllPeople: q.Get("people") == "all"}
	if q.Get("order") == "date" {
		out.Order = "date"
	}
	for _, s := range Sources() {
		if slices.Contains(q["source"], s) {
			out.Sources = append(out.Sources, s)
		}
	}
	return out
}

// String writes the query as a query string, without where in the results it stands.
func (q Query) String() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.Words, "from": q.From, "until": q.Until, "order": q.Order} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.InScope {
		v.Set("scope", "in")
	}
	if q.AllPeople {
		v.Set("people", "all")
	}
	for _, s := range q.Sources {
		v.Add("source", s)
	}
	return v.Encode()
}

// filter turns the query into what the store is asked.
func (q Query) filter(v *View, by casefile.Actor) (f store.TextFilter, err error) {
	f = store.TextFilter{Reader: desk.Reader(by), Sources: q.Sources, Start: q.Start, Want: countTo, From: -1 << 31, Until: 1<<31 - 1}
	for _, end := range []struct {
		text string
		to   *casefile.Day
		name string
	}{{q.From, &f.From, "first"}, {q.Until, &f.Until, "last"}} {
		if end.text == "" {
			continue
		}
		if *end.to, err = casefile.ParseDay(end.text); err != nil {
			return f, casefile.Errorf(casefile.Invalid, "The %s day is not a date. Write it as in 2014-03-09.", end.name)
		}
		f.Dated = true
	}
	if f.Dated && f.From > f.Until {
		return f, casefile.Errorf(casefile.Invalid, "The first day is after the last, so nothing can lie between them.")
	}
	if q.InScope {
		f.Keep = func(id casefile.CaseID) bool {
			r, ok := v.Find(id)
			return ok && r.Scope == scope.In
		}
	}
	return f, nil
}

// keys are the forms under which the whole query may be a reference or a number.
func (q Query) keys() []string {
	words, prefix := strings.CutSuffix(q.Words, "*")
	key := store.ReferenceKey(words)
	if len(key) < 3 || len(key) > 100 || !strings.ContainsFunc(key, unicode.IsNumber) && len(key) < 5 {
		return nil
	}
	keys := []string{key}
	if phone := store.PhoneKey(words); phone != "" && phone != key {
		keys = append(keys, phone)
	}
	if prefix && len(key) >= 4 {
		keys = append(keys, key+"*")
		if national, zero := strings.CutPrefix(key, "0"); zero { // telephones are kept without it
			keys = append(keys, national+"*")
		}
	}
	return keys
}

// Results are what a search found, as far as one page shows it.
type Results struct {
	Query Query
	View  *View

	Exact casefile.CaseID // the one case whose reference is exactly what was asked for

	References []store.FoundReference
	People     []store.FoundPerson
	MorePeople int // found and not shown

	Cases      []CaseHits
	Texts      int             // found
	InCases    int             // in so many cases
	MoreThan   bool            // not every text was looked at
	Undated    int             // texts that hold the words, left out because they have no date
	First      int             // place of the first case shown, from 1
	After      casefile.CaseID // cursor of the next page; "" if this is the last
	Next       string          // where the texts go on that were not looked at; "" if all were
	NotIndexed bool            // people and references are not all in the index yet
}

// CaseHits are the texts of one case that a search found.
type CaseHits struct {
	ID    casefile.CaseID // "" for documents of no case
	Row   *Row            // nil if the case came after the last analysis
	Texts []TextHit
	More  int // texts found and not shown
}

// A TextHit is one text with the passage that shows why it was found.
type TextHit struct {
	store.Hit
	Excerpt store.Excerpt
}

// How much of what was found a page shows.
const (
	casesShown  = 20
	textsShown  = 3
	peopleShown = 6
)

// Find searches texts, people and references. One event holds the query and what
// of cases and people was shown. Cost: linear in the texts found, at most 1,000 of
// 10,000 looked at; not in the register.
func Find(ctx context.Context, d *desk.Desk, by casefile.Actor, q Query) (*Results, error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return nil, err
	}
	v, err := Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	words, err := store.ReadWords(q.Words)
	if err != nil {
		return nil, err
	}
	filter, err := q.filter(v, by)
	if err != nil {
		return nil, err
	}
	r := &Results{Query: q, View: v}
	texts, err := d.DB.FindTexts(ctx, words, filter)
	if err != nil {
		return nil, err
	}
	if q.Start == "" && q.After == "" {
		if err := r.findOthers(ctx, d, by, words); err != nil {
			return nil, err
		}
	}
	r.group(texts)
	if err := r.excerpts(ctx, d, words); err != nil {
		return nil, err
	}
	return r, d.Seen(ctx, by, r.event())
}

// findOthers finds people and references.
func (r *Results) findOthers(ctx context.Context, d *desk.Desk, by casefile.Actor, words store.Words) error {
	keys, reader := r.Query.keys(), desk.Reader(by)
	people, err := d.DB.FindPeople(ctx, words, keys, reader)
	if err != nil {
		return err
	}
	// A placeholder is nobody to be found by name, only by its own reference.
	r.People = slices.DeleteFunc(people, func(p store.FoundPerson) bool {
		_, ref := p.ID.Split()
		return normalise.Placeholder(p.Surname, p.Forenames) && p.Aliases == "" && !slices.Contains(keys, store.ReferenceKey(ref))
	})
	if len(r.People) > peopleShown && !r.Query.AllPeople {
		r.MorePeople = len(r.People) - peopleShown
		r.People = r.People[:peopleShown]
	}
	if r.References, err = d.DB.FindReferences(ctx, keys, reader); err != nil {
		return err
	}
	indexed, err := d.DB.PeopleIndexed(ctx)
	r.NotIndexed = !indexed
	r.Exact = exact(r.Query, r.References)
	return err
}

// exact is the case that was asked for by its reference, if there is one only.
func exact(q Query, found []store.FoundReference) (id casefile.CaseID) {
	key := store.ReferenceKey(q.Words)
	if strings.HasSuffix(q.Words, "*") || !strings.ContainsFunc(key, unicode.IsNumber) {
		return ""
	}
	for _, f := range found {
		if f.Kind != "crime" || store.ReferenceKey(f.Value) != key {
			continue
		}
		if id != "" {
			return ""
		}
		id = f.Cases[0]
	}
	return id
}

// group puts the hits of a case together and keeps those of one page.
func (r *Results) group(texts store.Texts) {
	r.Texts, r.Undated, r.Next, r.MoreThan = len(texts.Hits), texts.Undated, texts.Next, texts.Next != ""
	byCase := map[casefile.CaseID][]store.Hit{}
	var ids []casefile.CaseID
	for _, h := range texts.Hits {
		if byCase[h.Case] == nil {
			ids = append(ids, h.Case)
		}
		byCase[h.Case] = append(byCase[h.Case], h)
	}
	for _, hits := range byCase {
		slices.SortStableFunc(hits, func(a, b store.Hit) int { return cmp.Compare(b.At.String(), a.At.String()) })
	}
	slices.SortFunc(ids, func(a, b casefile.CaseID) int {
		byDate := cmp.Compare(byCase[b][0].At.String(), byCase[a][0].At.String())
		if r.Query.Order == "date" {
			return cmp.Or(byDate, cmp.Compare(a, b))
		}
		return cmp.Or(cmp.Compare(len(byCase[b]), len(byCase[a])), byDate, cmp.Compare(a, b))
	})
	r.InCases, r.First = len(ids), 1
	if at := slices.Index(ids, r.Query.After); at >= 0 && r.Query.After != "" {
		ids, r.First = ids[at+1:], at+2
	}
	if len(ids) > casesShown {
		ids = ids[:casesShown]
		r.After = ids[casesShown-1]
	}
	for _, id := range ids {
		c := CaseHits{ID: id}
		c.Row, _ = r.View.Find(id)
		for _, h := range byCase[id][:min(textsShown, len(byCase[id]))] {
			c.Texts = append(c.Texts, TextHit{Hit: h})
		}
		c.More = len(byCase[id]) - len(c.Texts)
		r.Cases = append(r.Cases, c)
	}
}

// excerpts fetches the texts of one page and cuts out what shows why they were found.
func (r *Results) excerpts(ctx context.Context, d *desk.Desk, words store.Words) error {
	var hits []store.Hit
	for _, c := range r.Cases {
		for _, t := range c.Texts {
			hits = append(hits, t.Hit)
		}
	}
	hits, err := d.DB.HitTexts(ctx, hits)
	if err != nil {
		return err
	}
	for i := range r.Cases {
		for j := range r.Cases[i].Texts {
			t := &r.Cases[i].Texts[j]
			t.Excerpt = words.Excerpt(hits[0].Text)
			hits = hits[1:]
		}
	}
	return nil
}

// A searched is what the ledger keeps of a search.
type searched struct {
	Query  string               `json:"query"`
	Filter string               `json:"filter"` // the query string
	Cases  []casefile.CaseID    `json:"cases"`
	People []casefile.NominalID `json:"people,omitempty"`
	Hits   int                  `json:"hits"`
	More   bool                 `json:"more,omitempty"`
}

func (r *Results) event() ledger.Event {
	s := searched{Query: r.Query.Words, Filter: r.Query.String(), Cases: []casefile.CaseID{}, Hits: r.Texts, More: r.MoreThan}
	add := func(ids ...casefile.CaseID) {
		for _, id := range ids {
			if id != "" && !slices.Contains(s.Cases, id) {
				s.Cases = append(s.Cases, id)
			}
		}
	}
	for _, c := range r.Cases {
		add(c.ID)
	}
	for _, f := range r.References {
		add(f.Cases...)
		s.People = append(s.People, f.People...)
	}
	for _, p := range r.People {
		s.People = append(s.People, p.ID)
	}
	return ledger.Event{Kind: ledger.SearchRun, Purpose: "review", Body: s}
}

// A PastSearch is one search that somebody ran.
type PastSearch struct {
	At     time.Time
	Words  string
	Filter string // the query string to run it again
	Hits   int
	More   bool // more than Hits
	Again  int  // how many times it was run in a row, or page by page
}

// historyLength is how many of somebody's searches are listed.
const historyLength = 200

// History returns an actor's own last searches, newest first. Those run again at
// once, and the pages of one, count as one.
func History(ctx context.Context, d *desk.Desk, by casefile.Actor) (out []PastSearch, err error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		events, err := tx.SearchesRun(ctx, by.ID, historyLength)
		if err != nil {
			return err
		}
		for _, logged := range events {
			if logged.Erased() {
				continue
			}
			e, err := ledger.Unseal(logged.Sealed)
			if err != nil {
				return err
			}
			var s searched
			if body, ok := e.Body.(json.RawMessage); !ok || json.Unmarshal(body, &s) != nil {
				continue
			}
			if s.Filter == "" {
				s.Filter = Query{Words: s.Query}.String()
			}
			if n := len(out); n > 0 && out[n-1].Filter == s.Filter {
				out[n-1].Again++
				continue
			}
			out = append(out, PastSearch{e.At, s.Query, s.Filter, s.Hits, s.More, 1})
		}
		return nil
	})
	return out, err
}
