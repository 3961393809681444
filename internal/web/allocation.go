package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

var allocationRoutes = []route{
	{"GET /allocation", desk.AllocateCases, (*Site).showAllocation},
	{"POST /allocation/propose", desk.AllocateCases, (*Site).proposeAllocation},
	{"POST /allocation", desk.AllocateCases, (*Site).allocate},
	{"GET /allocation/batches", desk.AllocateCases, (*Site).listAllocations},
	{"GET /allocation/batches/{batch}", desk.AllocateCases, (*Site).showAllocated},
	{"GET /allocation/batches/{batch}/undo", desk.AllocateCases, (*Site).askUndoAllocation},
	{"POST /allocation/batches/{batch}/undo", desk.AllocateCases, (*Site).undoAllocation},
	{"GET /assignments", desk.ReviewCases, (*Site).showMine},
	{"GET /cases/{id}/assignments", desk.AllocateCases, (*Site).showAssignments},
	{"POST /cases/{id}/assignments", desk.AllocateCases, (*Site).assignCase},
}

// An allocationPage is the list of cases to choose from, and the people.
type allocationPage struct {
	casesPage
	Faults
	View    *cohort.View
	Lines   []allocationLine
	Found   int
	Total   int
	Hidden  int
	Page    int
	Pages   int
	Due     string // "", overdue, soon, none
	Form    allocationForm
	People  []allocation.Load
	Batches []store.Batch
	Day     casefile.Day
	// Checked is false as long as no training was ever imported.
	Checked bool
}

func (allocationPage) Wide() bool { return true }

// Newer and Older are the neighbouring pages, 0 where there is none.
func (p allocationPage) Newer() int { return p.Page - 1 }
func (p allocationPage) Older() int {
	if p.Page < p.Pages {
		return p.Page + 1
	}
	return 0
}

// First and Last are the places of the lines shown.
func (p allocationPage) First() int { return (p.Page-1)*allocationLines + 1 }
func (p allocationPage) Last() int  { return p.First() + len(p.Lines) - 1 }

// An allocationLine is a case, with whom it is and until when.
type allocationLine struct {
	cohort.Line
	DueOn   string
	Overdue bool
	Ticked  bool
}

// An allocationForm is what a supervisor asks for. It travels from page to page.
type allocationForm struct {
	Filter string   // query string of the list
	Which  string   // ticked, all
	Cases  []string // ticked
	Do     string   // assign, take
	People []string
	When   string // none, day, rate
	Due    string
	PerDay string
	Reason string
	Print  string // of the proposal that was agreed to
}

// Has reports whether a person is chosen.
func (f allocationForm) Has(account string) bool { return slices.Contains(f.People, account) }

// allocationLines is how many cases stand on one page.
const allocationLines = 50

// soonDue is how many days ahead "due soon" looks.
const soonDue = 7

func readAllocationForm(r *request) allocationForm {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := allocationForm{Filter: get("filter"), Which: get("which"), Do: get("do"), When: get("when"), Due: get("due"), PerDay: get("per_day"),
		Reason: get("reason"), Print: get("print")}
	f.Cases, f.People = r.PostForm["case"], r.PostForm["person"]
	return f
}

func (s *Site) showAllocation(w http.ResponseWriter, r *request) error {
	if r.URL.RawQuery == "" {
		// What most want: what is in scope, not read, and nobody's.
		return redirect(w, r, "/allocation?list=y&scope=in&stage=open&assigned=nobody", "")
	}
	return s.renderAllocation(w, r, http.StatusOK, r.URL.Query(), allocationForm{Which: "ticked", Do: "assign", When: "none"}, nil)
}

// renderAllocation draws the list that a query asks for, with the form as filled in.
func (s *Site) renderAllocation(w http.ResponseWriter, r *request, status int, q url.Values, form allocationForm, faults Faults) error {
	m, due, err := s.matching(r.Context(), r.By, q)
	if err != nil {
		return err
	}
	form.Filter = allocationQuery(q)
	p := &allocationPage{Faults: faults, View: m.View, Found: len(m.Lines), Total: m.Total, Hidden: m.Hidden, Due: q.Get("due"), Form: form}
	p.casesPage = casesPage{Listing: &cohort.Listing{View: m.View, Filter: m.Filter, Facets: m.Facets}}
	if p.Names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	for _, f := range m.Facets {
		if slices.Contains(allocationFacets, f.Name) {
			p.Facets = append(p.Facets, p.panel(f))
		}
	}
	p.Chips = p.chips()
	team, err := allocation.TeamOf(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p.People, p.Checked, p.Day = team.People, team.Checked, team.Day
	if p.Batches, err = allocation.Batches(r.Context(), s.Desk, r.By, 5); err != nil {
		return err
	}
	p.lines(m, due, q.Get("page"))
	if err := s.sawCases(r, "allocation", form.Filter, p.ids()); err != nil {
		return err
	}
	return s.renderStatus(w, r, status, "allocation", "Allocation", p)
}

// allocationFacets are the filters that matter for who is to read a case.
var allocationFacets = []string{cohort.FacetRisk, cohort.FacetScope, cohort.FacetStage, cohort.FacetAssigned, cohort.FacetYear, cohort.FacetUnit,
	cohort.FacetMarks, cohort.FacetGrouped, cohort.FacetRestricted}

// allocationQuery is the part of a query string that says which cases are listed.
func allocationQuery(q url.Values) string {
	out, err := url.ParseQuery(cohort.ReadFilter(q).Query())
	if err != nil {
		return ""
	}
	out.Set("list", "y")
	if due := q.Get("due"); due != "" {
		out.Set("due", due)
	}
	return out.Encode()
}

// matching returns every case that a query asks for, with when those that are
// assigned are due.
func (s *Site) matching(ctx context.Context, by casefile.Actor, q url.Values) (*cohort.Match, map[casefile.CaseID]string, error) {
	m, err := cohort.Matching(ctx, s.Desk, by, cohort.ReadFilter(q))
	if err != nil {
		return nil, nil, err
	}
	due, err := allocation.DueDays(ctx, s.Desk, by)
	if err != nil {
		return nil, nil, err
	}
	today := casefile.DayAt(s.now())
	keep := func(day string, held bool) bool { return true }
	switch q.Get("due") {
	case "overdue":
		keep = func(day string, _ bool) bool { return day != "" && day < today.String() }
	case "soon":
		keep = func(day string, _ bool) bool { return day >= today.String() && day <= (today+soonDue).String() }
	case "none":
		keep = func(day string, held bool) bool { return held && day == "" }
	}
	m.Lines = slices.DeleteFunc(m.Lines, func(l cohort.Line) bool {
		day, held := due[l.ID]
		return !keep(day, held)
	})
	return m, due, nil
}

// lines fills in one page of the cases found.
func (p *allocationPage) lines(m *cohort.Match, due map[casefile.CaseID]string, page string) {
	p.Pages = max(1, (len(m.Lines)+allocationLines-1)/allocationLines)
	n, _ := strconv.Atoi(page)
	p.Page = min(max(n, 1), p.Pages)
	from := (p.Page - 1) * allocationLines
	for _, l := range m.Lines[from:min(len(m.Lines), from+allocationLines)] {
		day := due[l.ID]
		p.Lines = append(p.Lines, allocationLine{l, day, day != "" && day < p.Day.String(), slices.Contains(p.Form.Cases, string(l.ID))})
	}
}

func (p *allocationPage) ids() []casefile.CaseID {
	ids := make([]casefile.CaseID, len(p.Lines))
	for i, l := range p.Lines {
		ids[i] = l.ID
	}
	return ids
}

// sawCases records that a list of cases was shown, before it is.
func (s *Site) sawCases(r *request, subject, query string, ids []casefile.CaseID) error {
	return s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ListRead, Purpose: "allocation", Subject: subject, Body: map[string]any{"query": query, "cases": ids}})
}

// wish reads what the form asks for. What is wrong with it is in the faults.
func (s *Site) wish(r *request, f allocationForm) (w allocation.Wish, faults Faults, err error) {
	w.Reason = f.Reason
	if f.Which == "all" {
		q, err := url.ParseQuery(f.Filter)
		if err != nil {
			return w, faults, casefile.Errorf(casefile.Invalid, "The list of cases cannot be read. Go back to it and choose again.")
		}
		m, _, err := s.matching(r.Context(), r.By, q)
		if err != nil {
			return w, faults, err
		}
		if len(m.Lines) > allocation.MaxCases {
			faults.Add("which", "%s fit the filter. Narrow it to %s at most, for instance to a year or a unit.", countOf(len(m.Lines), "case"), thousands(allocation.MaxCases))
			return w, faults, nil
		}
		for _, l := range m.Lines {
			w.Cases = append(w.Cases, l.ID)
		}
	} else {
		for _, id := range f.Cases {
			w.Cases = append(w.Cases, casefile.CaseID(id))
		}
	}
	if len(w.Cases) == 0 {
		faults.Add("which", "Tick the cases in the list, or choose all that fit the filter.")
	}
	if f.Do == "take" {
		return w, faults, nil
	}
	if w.People = f.People; len(w.People) == 0 {
		faults.Add("person", "Tick who is to have the cases.")
	}
	switch f.When {
	case "day":
		if _, err := casefile.ParseDay(f.Due); err != nil {
			faults.Add("due", "Give the day on which the cases are due.")
		}
		w.Due = f.Due
	case "rate":
		n, err := strconv.Atoi(f.PerDay)
		if err != nil || n < 1 || n > 100 {
			faults.Add("per_day", "Give a whole number from 1 to 100: how many cases somebody is to read on a working day.")
		}
		w.PerDay = n
	}
	return w, faults, nil
}

// countOf writes a count with its noun, in words.
func countOf(n int, noun ...string) string {
	text, _ := plural(n, noun[0], noun[1:]...) // whole numbers cannot fail
	return text
}

// A proposalPage shows what would be done, for somebody to decide.
type proposalPage struct {
	*allocation.Proposal
	Faults
	Form    allocationForm
	Shown   []proposalStep
	More    int
	Refuse  []store.Refusal
	Refused int
	Changed bool // since it was last shown
	Take    bool
	names   map[string]string
}

func (proposalPage) Wide() bool { return true }

type proposalStep struct {
	allocation.Step
	Line string
}

// Name is who has an account.
func (p proposalPage) Name(account string) string { return cmp.Or(p.names[account], account) }

// Begin is the list that the form came from.
func (p proposalPage) Begin() string { return "/allocation?" + p.Form.Filter }

// shownSteps is how many steps and refusals of a proposal its page lists.
const shownSteps = 50

func (s *Site) proposeAllocation(w http.ResponseWriter, r *request) error {
	return s.renderProposal(w, r, readAllocationForm(r), false)
}

// renderProposal works out and shows what a form would do.
func (s *Site) renderProposal(w http.ResponseWriter, r *request, f allocationForm, changed bool) error {
	wish, faults, err := s.wish(r, f)
	if err != nil {
		return err
	}
	var p *allocation.Proposal
	if len(faults) == 0 {
		p, err = allocation.Propose(r.Context(), s.Desk, r.By, wish)
		if kind := casefile.KindOf(err); kind == casefile.Invalid || kind == casefile.NotFound {
			faults.Add("person", "%s", casefile.Message(err))
			err = nil
		}
		if err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		q, err := url.ParseQuery(f.Filter)
		if err != nil {
			q = url.Values{"list": {"y"}}
		}
		return s.renderAllocation(w, r, http.StatusUnprocessableEntity, q, f, faults)
	}
	f.Print = p.Print
	return s.showProposal(w, r, http.StatusOK, &proposalPage{Proposal: p, Form: f, Changed: changed, Take: f.Do == "take"})
}

func (s *Site) showProposal(w http.ResponseWriter, r *request, status int, page *proposalPage) error {
	p := page.Proposal
	page.names = p.Names
	view, err := cohort.Snapshot(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	var ids []casefile.CaseID
	for _, step := range p.Steps[:min(len(p.Steps), shownSteps)] {
		line := "not analysed yet"
		if row, ok := view.Find(step.Case); ok {
			line = row.SuspectsInWords()
		}
		page.Shown, ids = append(page.Shown, proposalStep{step, line}), append(ids, step.Case)
	}
	page.More, page.Refused = len(p.Steps)-len(page.Shown), len(p.Refused)
	page.Refuse = p.Refused[:min(len(p.Refused), shownSteps)]
	for _, refusal := range page.Refuse {
		ids = append(ids, refusal.Case)
	}
	if err := s.sawCases(r, "proposal", page.Form.Filter, ids); err != nil {
		return err
	}
	title := "Proposal: assign " + countOf(len(p.Steps), "case")
	if page.Take {
		title = "Take away " + countOf(len(p.Steps), "case")
	}
	return s.renderStatus(w, r, status, "allocation-propose", title, page)
}

func (s *Site) allocate(w http.ResponseWriter, r *request) error {
	f := readAllocationForm(r)
	wish, faults, err := s.wish(r, f)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return s.renderProposal(w, r, f, false)
	}
	p, err := allocation.Propose(r.Context(), s.Desk, r.By, wish)
	if err != nil {
		return err
	}
	if p.Print != f.Print {
		return s.renderProposal(w, r, f, true)
	}
	if p.Loses && p.Reason == "" {
		page := &proposalPage{Proposal: p, Form: f, Take: f.Do == "take"}
		page.Add("reason", "Say why: whoever loses a case will read it.")
		return s.showProposal(w, r, http.StatusUnprocessableEntity, page)
	}
	what := "Assigning " + countOf(len(p.Steps), "case")
	if f.Do == "take" {
		what = "Taking away " + countOf(len(p.Steps), "case")
	}
	return s.do(w, r, task{What: what, Act: desk.AllocateCases, Do: func(ctx context.Context, j *job) (outcome, error) {
		return allocated(allocation.Do(ctx, s.Desk, r.By, p, j.progress))
	}})
}

// allocated is what a batch leaves, whole or cut off.
func allocated(b *store.Batch, err error) (outcome, error) {
	if b == nil {
		return outcome{}, err
	}
	out := outcome{To: allocationAddress(b.ID), Label: "See what was assigned"}
	done := map[string]string{"assign": "was assigned.", "unassign": "was taken away.", "undo": "was put back."}[b.Kind]
	if b.Done != 1 {
		done = strings.Replace(done, "was", "were", 1)
	}
	says := countOf(b.Done, "case") + " " + done
	if b.Refusals > 0 {
		says += " " + countOf(b.Refusals, "case") + " stayed as " + map[bool]string{true: "it was", false: "they were"}[b.Refusals == 1] + ": see why below."
	}
	out.Says = []string{says}
	return out, err
}

func allocationAddress(batch string) string { return "/allocation/batches/" + url.PathEscape(batch) }

// A batchesPage lists what was assigned together of late.
type batchesPage struct {
	Batches []store.Batch
	names   map[string]string
}

// Name is who has an account.
func (p batchesPage) Name(account string) string { return cmp.Or(p.names[account], account) }

func (s *Site) listAllocations(w http.ResponseWriter, r *request) error {
	var p batchesPage
	var err error
	if p.Batches, err = allocation.Batches(r.Context(), s.Desk, r.By, 100); err != nil {
		return err
	}
	if p.names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	return s.render(w, r, "allocation-batches", "Assigned together", p)
}

// An allocatedPage is one batch.
type allocatedPage struct {
	*allocation.BatchPage
	CanUndo bool
}

// Name is who has an account, "nobody" for none.
func (p allocatedPage) Name(account string) string {
	if account == "" {
		return "nobody"
	}
	return cmp.Or(p.Names[account], account)
}

func (s *Site) showAllocated(w http.ResponseWriter, r *request) error {
	b, err := allocation.ReadBatch(r.Context(), s.Desk, r.By, r.PathValue("batch"))
	if err != nil {
		return err
	}
	return s.render(w, r, "allocation-batch", batchTitle(b.Batch), allocatedPage{b, b.Kind != "undo" && b.UndoneBy == ""})
}

func batchTitle(b store.Batch) string {
	title := map[string]string{"assign": "%s assigned", "unassign": "%s taken away", "undo": "%s put back"}[b.Kind]
	return fmt.Sprintf(title, countOf(b.Done, "case"))
}

// An undoPage asks before a batch is taken back.
type undoPage struct {
	*allocation.Undoing
	Faults
	Reason string
	Moves  []store.Refusal // of Moved, those shown
	More   int
}

// Name is who has an account, "nobody" for none.
func (p undoPage) Name(account string) string {
	if account == "" {
		return "nobody"
	}
	return cmp.Or(p.Names[account], account)
}

// Given says to whom the cases go back, with how many each.
func (p undoPage) Given() []allocation.Share {
	var out []allocation.Share
	for _, step := range p.Back {
		i := slices.IndexFunc(out, func(s allocation.Share) bool { return s.Account == step.Account })
		if i < 0 {
			i = len(out)
			out = append(out, allocation.Share{Person: allocation.Person{Account: step.Account, Name: p.Name(step.Account)}})
		}
		out[i].Gets++
	}
	return out
}

func (s *Site) askUndoAllocation(w http.ResponseWriter, r *request) error {
	return s.renderUndo(w, r, http.StatusOK, "", nil)
}

func (s *Site) renderUndo(w http.ResponseWriter, r *request, status int, reason string, faults Faults) error {
	u, err := allocation.PlanUndo(r.Context(), s.Desk, r.By, r.PathValue("batch"))
	if err != nil {
		return err
	}
	p := undoPage{Undoing: u, Faults: faults, Reason: reason, Moves: u.Moved[:min(len(u.Moved), shownSteps)]}
	p.More = len(u.Moved) - len(p.Moves)
	ids := make([]casefile.CaseID, len(p.Moves))
	for i, m := range p.Moves {
		ids[i] = m.Case
	}
	if err := s.sawCases(r, "undo", u.Batch.ID, ids); err != nil {
		return err
	}
	return s.renderStatus(w, r, status, "allocation-undo", "Undo this batch?", p)
}

func (s *Site) undoAllocation(w http.ResponseWriter, r *request) error {
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		var faults Faults
		faults.Add("reason", "Say why: whoever loses a case will read it.")
		return s.renderUndo(w, r, http.StatusUnprocessableEntity, "", faults)
	}
	batch := r.PathValue("batch")
	return s.do(w, r, task{What: "Undoing a batch", Act: desk.AllocateCases, Do: func(ctx context.Context, j *job) (outcome, error) {
		return allocated(allocation.Undo(ctx, s.Desk, r.By, batch, reason, j.progress))
	}})
}

// An assignmentsPage is one case: to whom it was assigned, and to whom it may be.
type assignmentsPage struct {
	*allocation.History
	Faults
	People []Option
	Person string
	Due    string
	Reason string
	Open   bool // it can be assigned now
}

// Name is who has an account.
func (p assignmentsPage) Name(account string) string { return cmp.Or(p.Names[account], account) }

// Now is the assignment that holds, nil for none.
func (p assignmentsPage) Now() *store.Assignment {
	if !p.Holds {
		return nil
	}
	return &p.Past[len(p.Past)-1]
}

func (s *Site) showAssignments(w http.ResponseWriter, r *request) error {
	return s.renderAssignments(w, r, http.StatusOK, assignmentsPage{})
}

func (s *Site) renderAssignments(w http.ResponseWriter, r *request, status int, p assignmentsPage) error {
	var err error
	if p.History, err = allocation.CaseHistory(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id"))); err != nil {
		return err
	}
	team, err := allocation.TeamOf(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p.People = []Option{{Label: "Choose somebody"}}
	for _, one := range team.People {
		p.People = append(p.People, Option{Value: one.Account, Label: fmt.Sprintf("%s (%s now)", one.Name, countOf(one.Assigned, "case"))})
	}
	p.Open = p.State.Stage == casefile.StageOpen || p.State.Stage == casefile.StageReturned
	if p.Holds && status == http.StatusOK {
		p.Person, p.Due = p.Now().Account, p.Now().Due
	}
	_, ref := p.Case.Split()
	return s.renderStatus(w, r, status, "allocation-case", "Assignment of "+ref, p)
}

func (s *Site) assignCase(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	p := assignmentsPage{Person: r.PostFormValue("person"), Due: strings.TrimSpace(r.PostFormValue("due")), Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	take := r.PostFormValue("do") == "take"
	if p.Person == "" && !take {
		p.Add("person", "Choose who is to have the case.")
		return s.renderAssignments(w, r, http.StatusUnprocessableEntity, p)
	}
	var err error
	done := "The case was assigned."
	if take {
		_, err = allocation.Unassign(r.Context(), s.Desk, r.By, []casefile.CaseID{id}, p.Reason)
		done = "The case was taken away. Anybody can pull it from the queue now."
	} else {
		_, err = allocation.Assign(r.Context(), s.Desk, r.By, []casefile.CaseID{id}, p.Person, p.Due, p.Reason)
	}
	switch kind := casefile.KindOf(err); {
	case err == nil:
		return redirect(w, r, caseAddress(id)+"/assignments", done)
	case kind == casefile.Invalid && strings.Contains(casefile.Message(err), "Say why"):
		p.Add("reason", "%s", casefile.Message(err))
	case kind == casefile.Invalid && strings.Contains(casefile.Message(err), "is not a day"):
		p.Add("due", "%s", casefile.Message(err))
	case kind == casefile.Invalid || kind == casefile.Conflict:
		p.Add("person", "%s", casefile.Message(err))
	default:
		return err
	}
	return s.renderAssignments(w, r, statusOf(err), p)
}

// inScopeQuery is the list of what is still to be assigned in a unit.
func inScopeQuery(unit string) string {
	q := url.Values{"list": {"y"}, cohort.FacetScope: {scope.In.String(), scope.Unknown.String()}, cohort.FacetStage: {string(casefile.StageOpen)},
		cohort.FacetAssigned: {"nobody"}, cohort.FacetUnit: {cmp.Or(unit, cohort.NotRecorded)}}
	return q.Encode()
}

// A minePage is what is assigned to whoever looks.
type minePage struct{ *allocation.Mine }

// Name is who has an account.
func (p minePage) Name(account string) string { return cmp.Or(p.Names[account], account) }

// Late reports whether a day has passed.
func (p minePage) Late(due string) bool { return due != "" && due < p.Day.String() }

func (s *Site) showMine(w http.ResponseWriter, r *request) error {
	m, err := allocation.ReadMine(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "allocation-mine", "My assignments", minePage{m})
}
