package web

import (
	"fmt"
	"html/template"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/cohort"
	"lookback/internal/desk"
)

var actionRoutes = []route{
	{"GET /actions", desk.WorkActions, (*Site).listActions},
	{"POST /actions/batches", desk.AllocateActions, (*Site).changeActions},
	{"GET /actions/batches/{batch}", desk.AllocateActions, (*Site).showBatch},
	{"POST /actions/batches/{batch}/undo", desk.AllocateActions, (*Site).undoBatch},
	{"GET /actions/workload", desk.ReadWorkload, (*Site).showActionWorkload},
	{"GET /actions/workload/figures", desk.ReadWorkload, (*Site).sendActionWorkload},
	{"GET /actions/{action}", desk.WorkActions, (*Site).showAction},
	{"POST /actions/{action}", desk.WorkActions, (*Site).moveAction},
	{"GET /cases/{id}/actions", desk.WorkActions, (*Site).showCaseActions},
	{"POST /cases/{id}/actions", desk.WorkActions, (*Site).raiseAction},
}

// whose are the special owners of the filter.
const (
	mine    = "me"
	anybody = "any"
	nobody  = "-"
)

// An actionsPage is the list of actions.
type actionsPage struct {
	*casework.ActionList
	Faults
	Whose  string // as asked: me, any, -, or an account
	States []Option
	Owners []Option
	Units  []Option
	Next   string

	May    bool // the reader allocates
	Batch  batchForm
	People []Option // whom actions can be allocated to
}

func (actionsPage) Wide() bool { return true }

// A batchForm is what was chosen for several actions together.
type batchForm struct {
	Do      string // allocate, due
	Scope   string // ticked, all
	Owner   string
	Due     string
	Numbers []int64
	Seen    int64
}

// Ticked reports whether an action is chosen.
func (f batchForm) Ticked(id int64) bool { return slices.Contains(f.Numbers, id) }

// actionQuery reads the filter from values, and whose actions are asked for.
func actionQuery(by casefile.Actor, q url.Values) (query casework.ActionQuery, whose string) {
	id, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	query = casework.ActionQuery{State: q.Get("state"), Overdue: q.Get("overdue") == "y", Case: casefile.CaseID(strings.TrimSpace(q.Get("case"))),
		Unit: q.Get("unit"), Priority: q.Get("priority"), After: casework.Place{Due: q.Get("due"), ID: id}}
	switch whose = q.Get("owner"); whose {
	case "":
		whose, query.Owner = mine, by.ID
		if query.Case != "" {
			whose, query.Owner = anybody, ""
		}
	case mine:
		query.Owner = by.ID
	case anybody:
	default:
		query.Owner = whose
	}
	return query, whose
}

func (s *Site) listActions(w http.ResponseWriter, r *request) error {
	return s.renderActions(w, r, http.StatusOK, r.URL.Query(), batchForm{Do: "allocate", Scope: "ticked"}, nil)
}

func (s *Site) renderActions(w http.ResponseWriter, r *request, status int, filter url.Values, batch batchForm, faults []casefile.Fault) error {
	query, whose := actionQuery(r.By, filter)
	l, err := casework.ListActions(r.Context(), s.Desk, r.By, query)
	if err != nil {
		return err
	}
	owners, err := casework.ActionOwners(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p := actionsPage{ActionList: l, Whose: whose, Batch: batch, May: s.can(r, desk.AllocateActions)}
	p.addAll(faults)
	if p.Batch.Seen == 0 {
		p.Batch.Seen = l.Seen
	}
	p.States = []Option{{Value: "open", Label: "Open"}}
	for _, state := range casefile.ActionStates() {
		p.States = append(p.States, Option{Value: string(state), Label: states[string(state)][1]})
	}
	p.States = append(p.States, Option{Value: "all", Label: "All"})
	p.Owners = []Option{{Value: mine, Label: "Me"}, {Value: anybody, Label: "Anybody"}, {Value: nobody, Label: "Nobody yet"}}
	for _, o := range owners {
		p.Owners = append(p.Owners, Option{Value: o.Account, Label: o.Name})
	}
	p.People = peopleOptions(owners)
	if p.Units, err = s.unitOptions(r); err != nil {
		return err
	}
	if l.More {
		q := url.Values{}
		for k, v := range filter {
			if slices.Contains(filterFields, k) {
				q[k] = v
			}
		}
		q.Set("after", strconv.FormatInt(l.Last.ID, 10))
		q.Set("due", l.Last.Due)
		p.Next = "/actions?" + q.Encode()
	}
	return s.renderStatus(w, r, status, "actions", "Actions", p)
}

// filterFields are the parameters of the list of actions that choose what it shows.
var filterFields = []string{"state", "owner", "overdue", "case", "unit", "priority"}

func peopleOptions(owners []casework.Owner) []Option {
	out := []Option{{Value: "", Label: "Nobody chosen"}}
	for _, o := range owners {
		out = append(out, Option{Value: o.Account, Label: o.Name})
	}
	return out
}

// unitOptions are the units of all cases.
func (s *Site) unitOptions(r *request) ([]Option, error) {
	view, err := cohort.Snapshot(r.Context(), s.Desk, r.By)
	if err != nil {
		return nil, err
	}
	units, err := desk.Memo(s.Desk, "units", fmt.Sprint(view.Run), func() ([]string, error) {
		seen := map[string]bool{}
		for i := range view.Rows {
			seen[view.Rows[i].Unit] = true
		}
		var units []string
		for u := range seen {
			if u != "" {
				units = append(units, u)
			}
		}
		slices.Sort(units)
		return units, nil
	})
	out := []Option{{Value: "", Label: "Any unit"}}
	for _, u := range units {
		out = append(out, Option{Value: u, Label: u})
	}
	return out, err
}

// Filter is what a form hands on of the filter, as names and values.
func (p actionsPage) Filter() [][2]string {
	out := [][2]string{{"owner", p.Whose}}
	for _, f := range [][2]string{{"state", p.Query.State}, {"case", string(p.Query.Case)}, {"unit", p.Query.Unit}, {"priority", p.Query.Priority}} {
		if f[1] != "" {
			out = append(out, f)
		}
	}
	if p.Query.Overdue {
		out = append(out, [2]string{"overdue", "y"})
	}
	return out
}

// FilterQuery is the filter as it stands in an address.
func (p actionsPage) FilterQuery() template.URL {
	q := url.Values{}
	for _, f := range p.Filter() {
		q.Set(f[0], f[1])
	}
	return template.URL(q.Encode())
}

// A batchPage asks before everything that a filter chooses is changed, and says
// what came of a batch.
type batchPage struct {
	*casework.Batch
	Form   batchForm
	Filter [][2]string
	Total  int
	Owner  string // name
	Undone bool
}

func (s *Site) changeActions(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	f := batchForm{Do: r.PostFormValue("do"), Scope: r.PostFormValue("scope"), Owner: r.PostFormValue("to"), Due: r.PostFormValue("newdue")}
	f.Seen, _ = strconv.ParseInt(r.PostFormValue("seen"), 10, 64)
	for _, n := range r.PostForm["action"] {
		if id, err := strconv.ParseInt(n, 10, 64); err == nil {
			f.Numbers = append(f.Numbers, id)
		}
	}
	change := casework.ActionChange{Move: casefile.ActionMove(f.Do), Owner: f.Owner, Due: f.Due}
	chosen := casework.Chosen{Numbers: f.Numbers, Seen: f.Seen}
	filter := url.Values{}
	for _, name := range filterFields {
		if v := r.PostFormValue(name); v != "" {
			filter.Set(name, v)
		}
	}
	query, _ := actionQuery(r.By, filter)
	again := func(err error, field string) error {
		if k := casefile.KindOf(err); k != casefile.Invalid && k != casefile.Conflict {
			return err
		}
		return s.renderActions(w, r, statusOf(err), filter, f, []casefile.Fault{{Field: field, Message: casefile.Message(err)}})
	}
	if faults := change.Faults(s.now()); len(faults) > 0 {
		names := map[string]string{"owner": "to", "due": "newdue", "move": "do"}
		return again(casefile.Errorf(casefile.Invalid, "%s", faults[0].Message), names[faults[0].Field])
	}
	if f.Scope == "all" {
		chosen = casework.Chosen{Query: &query, Seen: f.Seen}
		if r.PostFormValue("sure") != "y" {
			return s.askBatch(w, r, f, query, filter)
		}
	}
	b, err := casework.ChangeActions(r.Context(), s.Desk, r.By, chosen, change)
	if err != nil {
		return again(err, "")
	}
	if len(b.Refused) == 0 {
		return redirect(w, r, "/actions/batches/"+b.ID, batchDone(f.Do, b))
	}
	return s.render(w, r, "actions-done", "Actions changed together", &batchPage{Batch: b, Form: f})
}

// askBatch says what would be changed before all that a filter chooses is.
func (s *Site) askBatch(w http.ResponseWriter, r *request, f batchForm, query casework.ActionQuery, filter url.Values) error {
	l, err := casework.ListActions(r.Context(), s.Desk, r.By, query)
	if err != nil {
		return err
	}
	p := &batchPage{Form: f, Total: l.Total, Owner: f.Owner}
	for _, name := range filterFields {
		if v := filter.Get(name); v != "" {
			p.Filter = append(p.Filter, [2]string{name, v})
		}
	}
	owners, err := casework.ActionOwners(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if o.Account == f.Owner {
			p.Owner = o.Name
		}
	}
	n, _ := plural(p.Total, "action")
	title := "Allocate " + n + " to " + p.Owner + "?"
	if f.Do == string(casefile.MoveDue) {
		title = "Change the due day of " + n + "?"
	}
	return s.render(w, r, "actions-sure", title, p)
}

func batchDone(do string, b *casework.Batch) string {
	n, _ := plural(b.Done, "action")
	what := " allocated."
	if do == string(casefile.MoveDue) {
		what = " given another due day."
	}
	return n + what + " You can undo this as one below."
}

func (s *Site) showBatch(w http.ResponseWriter, r *request) error {
	b, err := casework.ReadBatch(r.Context(), s.Desk, r.By, r.PathValue("batch"))
	if err != nil {
		return err
	}
	return s.render(w, r, "actions-batch", "Actions changed together", b)
}

func (s *Site) undoBatch(w http.ResponseWriter, r *request) error {
	b, err := casework.UndoBatch(r.Context(), s.Desk, r.By, r.PathValue("batch"))
	if err != nil {
		return err
	}
	if len(b.Refused) == 0 {
		n, _ := plural(b.Done, "action")
		return redirect(w, r, "/actions/batches/"+b.ID, n+" put back to what it was before.")
	}
	return s.render(w, r, "actions-done", "Undone as far as possible", &batchPage{Batch: b, Undone: true})
}

// An actionPage is one action with the forms for what may be done about it.
type actionPage struct {
	Faults
	casework.ActionView
	Change casework.ActionChange // as typed
	People []Option
	Kinds  []Option
	Mine   bool

	s  *Site
	by casefile.Actor
}

var resultKinds = []Option{
	{Value: string(casefile.ResultFound), Label: "Done, something was found"},
	{Value: string(casefile.ResultNothing), Label: "Looked, found nothing", Hint: "The work was done and there was nothing to find"},
	{Value: string(casefile.ResultNotPossible), Label: "It could not be done", Hint: "Say why: records destroyed, nobody to ask"},
}

// resultWords says what came of an action.
func resultWords(k casefile.ResultKind) string {
	for _, o := range resultKinds {
		if o.Value == string(k) {
			return o.Label
		}
	}
	return "no result"
}

// ResultWords says what came of the action.
func (p *actionPage) ResultWords(k casefile.ResultKind) string { return resultWords(k) }

// Can reports whether a move may be made and the reader may make it.
func (p *actionPage) Can(move string) bool {
	m := casefile.ActionMove(move)
	return slices.Contains(p.Moves(), m) && p.May(p.s.Desk, p.by, m, "") == nil
}

// CanTake reports whether the reader may take the action.
func (p *actionPage) CanTake() bool {
	return p.State == casefile.ForAllocation && !p.Can("allocate") && p.May(p.s.Desk, p.by, casefile.MoveAllocate, p.by.ID) == nil
}

// Own reports that only its owner's being its owner keeps the reader from filing it.
func (p *actionPage) Own() bool {
	return p.State == casefile.ActionResulted && p.Mine && p.s.Desk.May(p.by, desk.AllocateActions) == nil
}

// Typed is what was typed into the form of a move.
func (p *actionPage) Typed(move, field string) string {
	if string(p.Change.Move) != move {
		if field == "due" {
			return p.Due
		}
		return ""
	}
	return map[string]string{"note": p.Change.Note, "kind": string(p.Change.Kind), "owner": p.Change.Owner, "due": p.Change.Due}[field]
}

// Wrong is what is wrong with a field of the form of a move.
func (p *actionPage) Wrong(move, field string) string {
	if string(p.Change.Move) != move {
		return ""
	}
	return p.Of(move + "-" + field)
}

func (s *Site) showAction(w http.ResponseWriter, r *request) error {
	return s.renderAction(w, r, http.StatusOK, &actionPage{})
}

func (s *Site) renderAction(w http.ResponseWriter, r *request, status int, p *actionPage) error {
	id, err := numberOf(r, "action", "action")
	if err != nil {
		return err
	}
	if p.ActionView, err = casework.ReadAction(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	p.s, p.by, p.Mine, p.Kinds = s, r.By, p.Owner == r.By.ID, resultKinds
	owners, err := casework.ActionOwners(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p.People = peopleOptions(owners)
	return s.renderStatus(w, r, status, "action", fmt.Sprintf("Action %d", id), p)
}

func (s *Site) moveAction(w http.ResponseWriter, r *request) error {
	id, err := numberOf(r, "action", "action")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	c := casework.ActionChange{Move: casefile.ActionMove(r.PostFormValue("move")), Owner: r.PostFormValue("owner"), Due: strings.TrimSpace(r.PostFormValue("due")),
		Kind: casefile.ResultKind(r.PostFormValue("kind")), Note: r.PostFormValue("note")}
	if r.PostFormValue("take") != "" {
		c.Owner = r.By.ID
	}
	seen, _ := strconv.ParseInt(r.PostFormValue("seen"), 10, 64)
	faults, status := c.Faults(s.now()), http.StatusUnprocessableEntity
	if len(faults) == 0 {
		err := casework.MoveAction(r.Context(), s.Desk, r.By, id, seen, c)
		switch casefile.KindOf(err) {
		case casefile.Invalid, casefile.Conflict:
			faults, status = []casefile.Fault{{Message: casefile.Message(err)}}, statusOf(err)
		default:
			if err != nil {
				return err
			}
			return redirect(w, r, fmt.Sprintf("/actions/%d", id), actionDone[c.Move])
		}
	}
	p := &actionPage{Change: c}
	for _, f := range faults {
		if f.Field != "" {
			f.Field = string(c.Move) + "-" + f.Field
		}
		p.Add(f.Field, "%s", f.Message)
	}
	return s.renderAction(w, r, status, p)
}

var actionDone = map[casefile.ActionMove]string{
	casefile.MoveAllocate: "The action is allocated.",
	casefile.MoveDue:      "The due day is changed.",
	casefile.MoveResult:   "The result is recorded. Somebody else who allocates actions files it.",
	casefile.MoveFile:     "The action is filed.",
	casefile.MoveReturn:   "The action is back with its owner, with your reason.",
	casefile.MoveWithdraw: "The action is withdrawn. It stays on the case with your reason.",
	casefile.MoveNote:     "The note is added.",
}

// A caseActionsPage is the actions of one case with the form to raise one.
type caseActionsPage struct {
	Faults
	*casework.CaseActions
	Form   casework.ActionForm
	People []Option
	Lines  []Option
	May    bool // the reader allocates
	Me     string
}

// ResultWords says what came of an action.
func (p *caseActionsPage) ResultWords(k casefile.ResultKind) string { return resultWords(k) }

func (s *Site) showCaseActions(w http.ResponseWriter, r *request) error {
	line, _ := strconv.ParseInt(r.URL.Query().Get("line"), 10, 64)
	decision, _ := strconv.ParseInt(r.URL.Query().Get("decision"), 10, 64)
	return s.renderCaseActions(w, r, http.StatusOK, &caseActionsPage{Form: casework.ActionForm{Line: line, Decision: decision}})
}

func (s *Site) renderCaseActions(w http.ResponseWriter, r *request, status int, p *caseActionsPage) (err error) {
	if p.CaseActions, err = casework.ReadCaseActions(r.Context(), s.Desk, r.By, caseOf(r)); err != nil {
		return err
	}
	p.May, p.Me = s.can(r, desk.AllocateActions), r.By.ID
	if p.May {
		owners, err := casework.ActionOwners(r.Context(), s.Desk, r.By)
		if err != nil {
			return err
		}
		p.People = peopleOptions(owners)
		p.People[0].Label = "Leave it for allocation"
	}
	p.Lines = []Option{{Value: "0", Label: "None"}}
	for _, l := range p.CaseActions.Lines {
		p.Lines = append(p.Lines, Option{Value: strconv.FormatInt(l.ID, 10), Label: fmt.Sprintf("%d: %s", l.ID, shorten(l.Text, 80))})
	}
	_, ref := p.Case.Split()
	return s.renderStatus(w, r, status, "actions-case", "Actions on case "+ref, p)
}

// shorten cuts a text to at most n characters, at a word if it can.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	cut := string(runes[:n-1])
	if i := strings.LastIndex(cut, " "); i > n/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func (s *Site) raiseAction(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	f := casework.ActionForm{Case: caseOf(r), Title: r.PostFormValue("title"), Detail: r.PostFormValue("detail"), High: r.PostFormValue("high") == "y",
		Owner: r.PostFormValue("owner"), Due: strings.TrimSpace(r.PostFormValue("due"))}
	if f.Owner == mine {
		f.Owner = r.By.ID
	}
	f.Line, _ = strconv.ParseInt(r.PostFormValue("line"), 10, 64)
	f.Decision, _ = strconv.ParseInt(r.PostFormValue("decision"), 10, 64)
	faults, status := f.Faults(s.now()), http.StatusUnprocessableEntity
	if len(faults) == 0 {
		id, err := casework.RaiseAction(r.Context(), s.Desk, r.By, f)
		switch casefile.KindOf(err) {
		case casefile.Invalid, casefile.Conflict:
			faults, status = []casefile.Fault{{Message: casefile.Message(err)}}, statusOf(err)
		default:
			if err != nil {
				return err
			}
			return redirect(w, r, fmt.Sprintf("/cases/%s/actions#action-%d", url.PathEscape(string(f.Case)), id), fmt.Sprintf("Action %d was raised.", id))
		}
	}
	p := &caseActionsPage{Form: f}
	p.addAll(faults)
	return s.renderCaseActions(w, r, status, p)
}

// An actionLoadPage is who has how many actions.
type actionLoadPage struct {
	*casework.WorkloadTable
	most int
}

func (actionLoadPage) Wide() bool { return true }

// Draw is the bar of one row: overdue, due soon, the rest.
func (p actionLoadPage) Draw(row casework.WorkloadRow) template.HTML {
	rest := row.Open - row.Overdue - row.DueSoon
	return stripe(int64(p.most), part{int64(row.Overdue), solid}, part{int64(row.DueSoon), dashed}, part{int64(rest), faint})
}

// Total is the sum of all rows.
func (p actionLoadPage) Total() (t casefile.Workload) {
	for _, r := range p.Rows {
		t.Open, t.High, t.DueSoon, t.Overdue = t.Open+r.Open, t.High+r.High, t.DueSoon+r.DueSoon, t.Overdue+r.Overdue
		t.Undated, t.ForFiling = t.Undated+r.Undated, t.ForFiling+r.ForFiling
	}
	return t
}

func (s *Site) showActionWorkload(w http.ResponseWriter, r *request) error {
	t, err := casework.ActionWorkload(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p := actionLoadPage{WorkloadTable: t}
	for _, row := range t.Rows {
		p.most = max(p.most, row.Open)
	}
	return s.render(w, r, "actions-workload", "Actions by person", p)
}

func (s *Site) sendActionWorkload(w http.ResponseWriter, r *request) error {
	t, err := casework.ActionWorkload(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	header := []string{"on", "owner", "open", "of high priority", "due from " + t.Today.String() + " to " + t.Until.String(), "overdue", "without a due day", "resulted, not filed"}
	return s.sendTable(w, r, "actions-by-person", header, workloadRows(t))
}

func workloadRows(t *casework.WorkloadTable) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range t.Rows {
			name := r.Name
			if r.Owner == "" {
				name = "nobody yet"
			}
			row := []string{t.Today.String(), name}
			for _, n := range []int{r.Open, r.High, r.DueSoon, r.Overdue, r.Undated, r.ForFiling} {
				row = append(row, strconv.Itoa(n))
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
