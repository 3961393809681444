package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/store"
)

var searchRoutes = []route{
	{"GET /search", desk.SearchTexts, (*Site).search},
	{"GET /searches", desk.SearchTexts, (*Site).listSearches},
	{"POST /searches", desk.SearchTexts, (*Site).saveSearch},
	{"POST /searches/{id}/remove", desk.SearchTexts, (*Site).removeSearch},
	{"POST /searches/{id}/restore", desk.SearchTexts, (*Site).restoreSearch},
}

// A searchPage is a search with what it found; without words it is the form alone.
type searchPage struct {
	Faults
	*cohort.Results
	Asked    cohort.Query
	Keep     string // the query string without where in the results it stands
	Cohort   bool   // terms of reference are in force
	Sources  []Option
	Searched bool
}

func (searchPage) Wide() bool { return true }

var sourceNames = map[string]string{store.SourceLog: "logs", store.SourceCase: "how it was done, why it was closed", store.SourceDocument: "documents"}

func (s *Site) search(w http.ResponseWriter, r *request) error {
	p := searchPage{Asked: cohort.ReadQuery(r.URL.Query())}
	p.Keep = p.Asked.String()
	for _, source := range cohort.Sources() {
		p.Sources = append(p.Sources, Option{Value: source, Label: sourceNames[source]})
	}
	view, err := cohort.Snapshot(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p.Cohort = view.Terms != ""
	if p.Asked.Words == "" {
		return s.render(w, r, "search", "Search", p)
	}
	p.Results, err = cohort.Find(r.Context(), s.Desk, r.By, p.Asked)
	if casefile.KindOf(err) == casefile.Invalid {
		field := "q"
		if strings.Contains(casefile.Message(err), "day") {
			field = "from"
		}
		p.Faults.Add(field, "%s", casefile.Message(err))
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "search", "Search", p)
	}
	if err != nil {
		return err
	}
	// A reference that is exactly one case's goes there. Whoever wants the texts that
	// hold it asks for them.
	if p.Exact != "" && r.URL.Query().Get("texts") == "" && s.can(r, desk.ReadCases) {
		return redirect(w, r, caseAddress(p.Exact)+"?for=search+result", "")
	}
	p.Searched = true
	return s.render(w, r, "search", "Search: "+p.Asked.Words, p)
}

// Chosen lists what narrows the search, apart from its words.
func (p searchPage) Chosen() []chip {
	var out []chip
	for _, source := range p.Asked.Sources {
		out = append(out, chip{"source", source, sourceNames[source]})
	}
	if p.Asked.From != "" {
		out = append(out, chip{"from", p.Asked.From, "from " + p.Asked.From})
	}
	if p.Asked.Until != "" {
		out = append(out, chip{"until", p.Asked.Until, "until " + p.Asked.Until})
	}
	if p.Asked.InScope {
		out = append(out, chip{"scope", "in", "cases in scope"})
	}
	return out
}

// Shown is the number of the last case on the page.
func (p searchPage) Shown() int { return p.First + len(p.Cases) - 1 }

// Drawn is an excerpt with what was found marked.
func (p searchPage) Drawn(e store.Excerpt) template.HTML {
	var marks []mark
	for _, s := range e.Spans {
		marks = append(marks, mark{Start: s.Start, End: s.End, Class: "found"})
	}
	return markText(e.Text, marks)
}

// SourceName says what kind of text a hit is in.
func (p searchPage) SourceName(h cohort.TextHit) string {
	switch h.Source {
	case store.SourceDocument:
		return fmt.Sprintf("Document %s, page %d", h.Document, h.Page)
	case store.SourceCase:
		return "How it was done, or why it was closed"
	}
	return "Log"
}

var referenceNames = map[string]string{"crime": "Crime reference", "legacy": "Earlier reference", "incident": "Incident reference", "exhibit": "Exhibit",
	"phone": "Telephone", "vehicle": "Vehicle", "online": "Online name", "email": "E-mail address", "bank": "Bank account"}

// ReferenceName says what kind of reference was found.
func (p searchPage) ReferenceName(kind string) string { return cmp.Or(referenceNames[kind], kind) }

// PersonAt is the address of a person's page.
func (p searchPage) PersonAt(id casefile.NominalID) string { return personAddress(id) }

func personAddress(id casefile.NominalID) string { return "/people/" + url.PathEscape(string(id)) }

// PersonRef is a person's reference within their system.
func (p searchPage) PersonRef(id casefile.NominalID) string {
	_, ref := id.Split()
	return ref
}

// Parts says what part a person has in cases.
func (p searchPage) Parts(f store.FoundPerson) string {
	var parts []string
	for _, part := range []struct {
		n    int
		role string
	}{{f.Suspect, "suspect"}, {f.Victim, "victim"}, {f.Other, "another part"}} {
		if part.n > 0 {
			said, _ := plural(part.n, "case")
			parts = append(parts, part.role+" in "+said)
		}
	}
	if len(parts) == 0 {
		return "in no case"
	}
	return strings.Join(parts, ", ")
}

// A searchesPage lists what somebody keeps and what they searched for.
type searchesPage struct {
	Mine, Shared []savedSearch
	History      []cohort.PastSearch
	Removed      *cohort.SavedSearch // just now: it can be taken back
	Names        map[string]string
	Share        bool
}

func (searchesPage) Wide() bool { return true }

// A savedSearch is a saved search as its list shows it.
type savedSearch struct {
	cohort.SavedSearch
	What   string // in words
	May    bool   // it may be removed
	Shares string // whose it is
}

func (s *Site) listSearches(w http.ResponseWriter, r *request) error {
	p := searchesPage{Share: s.can(r, desk.ShareSearches)}
	saved, err := cohort.SavedSearches(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	if p.Names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	for _, v := range saved {
		shown := savedSearch{v, inWords(v.Query), v.Account == r.By.ID || p.Share, cmp.Or(p.Names[v.Account], v.Account)}
		if v.Account == r.By.ID {
			p.Mine = append(p.Mine, shown)
		} else {
			p.Shared = append(p.Shared, shown)
		}
	}
	if p.History, err = cohort.History(r.Context(), s.Desk, r.By); err != nil {
		return err
	}
	if id, err := strconv.ParseInt(r.URL.Query().Get("removed"), 10, 64); err == nil {
		p.Removed, err = cohort.RemovedSearch(r.Context(), s.Desk, r.By, id)
		if err != nil && casefile.KindOf(err) != casefile.NotFound {
			return err
		}
	}
	return s.render(w, r, "searches", "Searches", p)
}

// FilterWords says in words what narrowed a past search.
func (p searchesPage) FilterWords(filter string) string { return inWords("/search?" + filter) }

// inWords says what a kept address asks for.
func inWords(address string) string {
	path, query, _ := strings.Cut(address, "?")
	said := cohort.InWords(strings.TrimPrefix(path, "/"), query)
	if path == "/search" {
		return said
	}
	return "cases: " + strings.Replace(said, "none", "all", 1)
}

func (s *Site) saveSearch(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return casefile.Errorf(casefile.Invalid, "The form could not be read. Go back and send it again. (%w)", err)
	}
	save := cohort.SavedSearch{Name: r.PostForm.Get("name"), Query: r.PostForm.Get("query"), Shared: r.PostForm.Get("shared") == "y"}
	if ref := strings.TrimSpace(r.PostForm.Get("case")); ref != "" {
		id, err := cohort.CaseByReference(r.Context(), s.Desk, r.By, ref)
		if err != nil {
			return err
		}
		save.Case = id
	}
	if _, err := cohort.SaveSearch(r.Context(), s.Desk, r.By, save); err != nil {
		return err
	}
	return redirect(w, r, save.Query, "The search was saved. It stands under Searches.")
}

func (s *Site) removeSearch(w http.ResponseWriter, r *request) error {
	id, err := numberIn(r, "id")
	if err != nil {
		return err
	}
	if _, err := cohort.RemoveSearch(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/searches?removed=%d", id), "")
}

func (s *Site) restoreSearch(w http.ResponseWriter, r *request) error {
	id, err := numberIn(r, "id")
	if err != nil {
		return err
	}
	v, err := cohort.RestoreSearch(r.Context(), s.Desk, r.By, id)
	if err != nil {
		return err
	}
	return redirect(w, r, "/searches", "“"+v.Name+"” is back.")
}

// numberIn reads a number of the path.
func numberIn(r *request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil {
		return 0, casefile.Errorf(casefile.NotFound, "There is no such page. Go back and follow the link again.")
	}
	return n, nil
}

// InScopeChosen is the tick of the box for cases in scope.
func (p searchPage) InScopeChosen() []string {
	if p.Asked.InScope {
		return []string{"in"}
	}
	return nil
}

// Older is the address of what follows: further cases of the texts looked at, or
// further texts.
func (p searchPage) Older() string {
	q, _ := url.ParseQuery(p.Keep)
	switch {
	case p.After != "":
		q.Set("after", string(p.After))
		if p.Asked.Start != "" {
			q.Set("start", p.Asked.Start)
		}
	case p.Next != "":
		q.Set("start", p.Next)
	default:
		return ""
	}
	return address("/search", q)
}

// OlderLabel says what follows.
func (p searchPage) OlderLabel() string {
	if p.After == "" && p.Next != "" {
		return "Look at further texts"
	}
	return "Next"
}

// ShownWords says which of the cases found are on the page.
func (p searchPage) ShownWords() string {
	if len(p.Cases) == 0 {
		return ""
	}
	return fmt.Sprintf("Cases %d to %d of %s", p.First, p.Shown(), thousands(int64(p.InCases)))
}

// Pinned are the searches that are pinned to the case: one's own and those shared.
func (p *casePage) Pinned() (out []savedSearch, err error) {
	if !p.site.can(p.r, desk.SearchTexts) {
		return nil, nil
	}
	err = p.site.Desk.DB.View(p.r.Context(), func(tx *store.Tx) error {
		list, err := cohort.PinnedSearches(p.r.Context(), tx, p.r.By, p.ID)
		for _, v := range list {
			out = append(out, savedSearch{v, inWords(v.Query), false, p.Account(v.Account)})
		}
		return err
	})
	return out, err
}

// TextAt is the address of a text that was found, in its case.
func (p searchPage) TextAt(h cohort.TextHit) string {
	q := url.Values{"for": {"search result"}}
	switch h.Source {
	case store.SourceLog:
		q.Set("entry", strconv.FormatInt(h.Row, 10))
	case store.SourceDocument:
		q.Set("paper", strconv.FormatInt(h.Row, 10))
		q.Set("page", strconv.Itoa(h.Page))
	}
	return address(caseAddress(h.Case), q) + "#log"
}

// MoreAt is the address at which the texts of a case are searched for the same words.
func (p searchPage) MoreAt(id casefile.CaseID) string {
	return address(caseAddress(id), url.Values{"for": {"search result"}, "find": {p.Asked.Words}}) + "#log"
}
