package casework

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// Limits of what is typed about an action, in bytes.
const (
	maxActionTitle = 300
	MaxActionText  = 20 << 10
)

// actionMoves says what may be done about an action in each state, and which
// state it is in then. A result goes back to its owner with a reason; what is filed or
// withdrawn stays so: what comes up later is a new action.
var actionMoves = map[casefile.ActionState]map[casefile.ActionMove]casefile.ActionState{
	casefile.ForAllocation: {
		casefile.MoveAllocate: casefile.ActionAllocated,
		casefile.MoveDue:      casefile.ForAllocation,
		casefile.MoveWithdraw: casefile.ActionWithdrawn,
		casefile.MoveNote:     casefile.ForAllocation,
	},
	casefile.ActionAllocated: {
		casefile.MoveAllocate: casefile.ActionAllocated,
		casefile.MoveDue:      casefile.ActionAllocated,
		casefile.MoveResult:   casefile.ActionResulted,
		casefile.MoveWithdraw: casefile.ActionWithdrawn,
		casefile.MoveNote:     casefile.ActionAllocated,
	},
	casefile.ActionResulted: {
		casefile.MoveFile:   casefile.ActionFiled,
		casefile.MoveReturn: casefile.ActionAllocated,
		casefile.MoveNote:   casefile.ActionResulted,
	},
	casefile.ActionFiled:     {casefile.MoveNote: casefile.ActionFiled},
	casefile.ActionWithdrawn: {casefile.MoveNote: casefile.ActionWithdrawn},
}

// moveWords complete the sentence "Nobody can … it now".
var moveWords = map[casefile.ActionMove]string{
	casefile.MoveAllocate: "allocate", casefile.MoveDue: "change the due day of", casefile.MoveResult: "record a result of",
	casefile.MoveFile: "file", casefile.MoveReturn: "return", casefile.MoveWithdraw: "withdraw", casefile.MoveNote: "note something on",
}

// An ActionForm is what somebody types to raise an action.
type ActionForm struct {
	Case     casefile.CaseID
	Line     int64 // the line of enquiry that it follows, 0 for none
	Decision int64 // the decision that it follows, 0 for none
	Title    string
	Detail   string
	High     bool
	Owner    string // an account, "" to leave it for allocation
	Due      string // YYYY-MM-DD, or ""
}

// Faults returns what is wrong with the form, in the order of its fields.
func (f ActionForm) Faults(now time.Time) []casefile.Fault {
	var out []casefile.Fault
	switch {
	case blank(f.Title):
		out = append(out, casefile.Fault{Field: "title", Message: "Say in one line what is to be done."})
	case len(f.Title) > maxActionTitle:
		out = append(out, casefile.Fault{Field: "title", Message: fmt.Sprintf("Say it in at most %d characters, and put the rest into the details.", maxActionTitle)})
	}
	if len(f.Detail) > MaxActionText {
		out = append(out, casefile.Fault{Field: "detail", Message: fmt.Sprintf("These are %s too many: at most %d KB are kept. Shorten the text; what you typed is still here.",
			bytesWords(len(f.Detail)-MaxActionText), MaxActionText>>10)})
	}
	return append(out, dueFaults(f.Due, now)...)
}

// dueFaults checks a due day: a day, not past, within five years.
func dueFaults(due string, now time.Time) []casefile.Fault {
	if due == "" {
		return nil
	}
	day, err := casefile.ParseDay(due)
	today := casefile.DayAt(now)
	switch {
	case err != nil:
		return []casefile.Fault{{Field: "due", Message: "Give the due day as a date, for example " + (today + 14).String() + "."}}
	case day < today:
		return []casefile.Fault{{Field: "due", Message: "That day has passed. Choose today or a later day."}}
	case day > today+5*366:
		return []casefile.Fault{{Field: "due", Message: "That day is more than five years away. Check the year."}}
	}
	return nil
}

// RaiseAction raises an action on a case and returns its number. With an owner it
// is allocated at once, which needs leave to allocate unless the owner is the actor.
func RaiseAction(ctx context.Context, d *desk.Desk, by casefile.Actor, f ActionForm) (id int64, err error) {
	if err := mayRaise(d, by, f.Owner); err != nil {
		return 0, err
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		var events []ledger.Event
		if id, events, err = raiseAction(ctx, d, tx, by, f); err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, f.Case, store.CaseChange{})
		return events, err
	})
	return id, err
}

func mayRaise(d *desk.Desk, by casefile.Actor, owner string) error {
	if err := d.May(by, desk.WorkActions); err != nil {
		return err
	}
	if owner != "" && owner != by.ID {
		return d.May(by, desk.AllocateActions)
	}
	return nil
}

// raiseAction raises an action within a transaction, for verbs that raise some
// along with something else. They ask [mayRaise] first and call TouchCase after.
func raiseAction(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, f ActionForm) (int64, []ledger.Event, error) {
	f.Title, f.Detail = oneLine(f.Title), strings.TrimSpace(casefile.Shown(f.Detail))
	if err := casefile.Refuse(f.Faults(tx.Now)); err != nil {
		return 0, nil, err
	}
	if err := d.Readable(ctx, tx, by, f.Case); err != nil {
		return 0, nil, err
	}
	state, err := tx.CaseState(ctx, f.Case)
	if err != nil {
		return 0, nil, err
	}
	if state.Stage == casefile.StageClosed {
		return 0, nil, casefile.Errorf(casefile.Conflict, "This case is closed, so no action can be raised on it. Have it reopened first; a present risk can be raised at any time.")
	}
	if err := sameCase(ctx, tx, f); err != nil {
		return 0, nil, err
	}
	a := casefile.Action{Case: f.Case, Line: f.Line, Decision: f.Decision, Title: f.Title, Detail: f.Detail, Priority: casefile.PriorityNormal,
		RaisedBy: by.ID, State: casefile.ForAllocation, Due: f.Due}
	if f.High {
		a.Priority = casefile.PriorityHigh
	}
	if a.ID, err = tx.AddAction(ctx, a); err != nil {
		return 0, nil, err
	}
	events := []ledger.Event{{Kind: ledger.ActionRaised, Subject: string(a.Case), Purpose: "review", Body: map[string]any{
		"action": a.ID, "line": a.Line, "decision": a.Decision, "priority": a.Priority, "due": a.Due, "sha256": desk.TextHash(a.Title, a.Detail),
	}}}
	if f.Owner == "" {
		return a.ID, events, nil
	}
	if err := canOwn(ctx, d, tx, f.Owner, a.Case); err != nil {
		return 0, nil, err
	}
	a.State, a.Owner = casefile.ActionAllocated, f.Owner
	e, err := moveAction(ctx, tx, by, a, casefile.ActionStep{Move: casefile.MoveAllocate}, "")
	return a.ID, append(events, e), err
}

// sameCase refuses a line of enquiry or a decision of another case.
func sameCase(ctx context.Context, tx *store.Tx, f ActionForm) error {
	if f.Line != 0 {
		if ok, err := tx.LineOnCase(ctx, f.Line, f.Case); err != nil || !ok {
			return elsewhere(err, "line of enquiry")
		}
	}
	if f.Decision != 0 {
		if ok, err := tx.DecisionOnCase(ctx, f.Decision, f.Case); err != nil || !ok {
			return elsewhere(err, "decision")
		}
	}
	return nil
}

func elsewhere(err error, what string) error {
	if err != nil {
		return err
	}
	return casefile.Errorf(casefile.NotFound, "There is no such %s on this case. Open the case again and choose it there.", what)
}

// canOwn returns an error that says why an account cannot own an action on a case.
func canOwn(ctx context.Context, d *desk.Desk, tx *store.Tx, owner string, id casefile.CaseID) error {
	a, ok, err := tx.Account(ctx, owner)
	if err != nil {
		return err
	}
	if !ok {
		return casefile.Errorf(casefile.Invalid, "There is no account %q. Choose the owner from the list.", owner)
	}
	if !a.DisabledAt.IsZero() {
		return casefile.Errorf(casefile.Invalid, "The account of %s is disabled. Choose another owner.", a.Name)
	}
	who := casefile.Actor{ID: a.ID, Roles: a.Roles}
	if d.May(who, desk.WorkActions) != nil {
		return casefile.Errorf(casefile.Invalid, "The roles of %s do not let them work on actions. Choose another owner, or have an administrator change their roles.", a.Name)
	}
	if d.May(who, desk.ReadCases) != nil {
		return casefile.Errorf(casefile.Invalid, "The roles of %s do not let them read cases. Choose another owner, or have an administrator change their roles.", a.Name)
	}
	if err := d.Readable(ctx, tx, who, id); casefile.KindOf(err) == casefile.NotFound {
		return casefile.Errorf(casefile.Invalid, "This case is restricted and %s is not among its named readers. Choose another owner, or have them named.", a.Name)
	} else if err != nil {
		return err
	}
	return nil
}

// An ActionChange is one move of an action.
type ActionChange struct {
	Move  casefile.ActionMove
	Owner string // for allocate
	Due   string // for allocate and due: a day or "" for none
	Kind  casefile.ResultKind
	Note  string // the result; the reason for return and withdraw; words
}

// Faults returns what is wrong with the change, in the order of its fields.
func (c ActionChange) Faults(now time.Time) []casefile.Fault {
	var out []casefile.Fault
	add := func(bad bool, field, message string) {
		if bad {
			out = append(out, casefile.Fault{Field: field, Message: message})
		}
	}
	switch c.Move {
	case casefile.MoveAllocate:
		add(c.Owner == "", "owner", "Choose who is to do it.")
		out = append(out, dueFaults(c.Due, now)...)
	case casefile.MoveDue:
		out = append(out, dueFaults(c.Due, now)...)
	case casefile.MoveResult:
		add(!slices.Contains(casefile.ResultKinds(), c.Kind), "kind", "Say what came of it: something was found, nothing was found, or it could not be done.")
		add(blank(c.Note), "note", "Write the result: what was looked at, what was found, and where it is kept.")
	case casefile.MoveReturn:
		add(blank(c.Note), "note", "Say what is missing, so that its owner knows what to do.")
	case casefile.MoveWithdraw:
		add(blank(c.Note), "note", "Say why this need not be done any more.")
	case casefile.MoveNote:
		add(blank(c.Note), "note", "Write the note.")
	case casefile.MoveFile:
	default:
		add(true, "move", "Choose what to do.")
	}
	if len(c.Note) > MaxActionText {
		out = append(out, casefile.Fault{Field: "note", Message: fmt.Sprintf("These are %s too many: at most %d KB are kept. Shorten the text; what you typed is still here.",
			bytesWords(len(c.Note)-MaxActionText), MaxActionText>>10)})
	}
	return out
}

// mayMove says who may make a move: whoever allocates actions; but a result is
// its owner's, an unowned action may be taken by whoever works on actions, and
// nobody files or returns their own result.
func mayMove(d *desk.Desk, by casefile.Actor, a casefile.Action, c ActionChange) error {
	allocates := d.May(by, desk.AllocateActions)
	switch c.Move {
	case casefile.MoveAllocate:
		if a.State == casefile.ForAllocation && c.Owner == by.ID {
			return d.May(by, desk.WorkActions)
		}
	case casefile.MoveResult:
		if a.Owner != by.ID {
			return casefile.Errorf(casefile.Forbidden, "Only the owner of an action records its result. If you did the work, have the action allocated to you.")
		}
		return d.May(by, desk.WorkActions)
	case casefile.MoveFile, casefile.MoveReturn:
		if allocates == nil && a.Owner == by.ID {
			return casefile.Errorf(casefile.Forbidden, "This is your own result. Somebody else who allocates actions must file it.")
		}
	case casefile.MoveWithdraw:
		if a.State == casefile.ForAllocation && a.RaisedBy == by.ID {
			return d.May(by, desk.WorkActions)
		}
	case casefile.MoveNote:
		return d.May(by, desk.WorkActions)
	}
	return allocates
}

// MoveAction makes one move. Seen is the action's latest step as the actor saw it
// ([casefile.Action.LastStep]): had somebody else moved it since, the move is refused.
func MoveAction(ctx context.Context, d *desk.Desk, by casefile.Actor, action, seen int64, c ActionChange) error {
	if err := d.May(by, desk.WorkActions); err != nil {
		return err
	}
	c.Note = strings.TrimSpace(casefile.Shown(c.Note))
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		a, err := readableAction(ctx, d, tx, by, action)
		if err != nil {
			return nil, err
		}
		if seen > a.LastStep {
			return nil, casefile.Errorf(casefile.Invalid, "This page does not fit action %d as it stands, so nothing was changed. Open it again.", a.ID)
		}
		if seen < a.LastStep && c.Move != casefile.MoveNote {
			return nil, casefile.Errorf(casefile.Conflict, "Action %d was changed while you had it open: it is %s now. Nothing was changed, and what you typed is below; look at its history first.",
				a.ID, actionStands(a))
		}
		e, err := changeAction(ctx, d, tx, by, a, c, "")
		if err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, a.Case, store.CaseChange{})
		return []ledger.Event{e}, err
	})
}

func actionStands(a casefile.Action) string {
	if a.Owner != "" && a.State == casefile.ActionAllocated {
		return "allocated to " + a.Owner
	}
	return string(a.State)
}

// changeAction checks one move and makes it.
func changeAction(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, a casefile.Action, c ActionChange, batch string) (e ledger.Event, err error) {
	to, ok := actionMoves[a.State][c.Move]
	if !ok && moveWords[c.Move] != "" {
		return e, casefile.Errorf(casefile.Conflict, "Action %d is %s: nobody can %s it now.", a.ID, actionStands(a), moveWords[c.Move])
	}
	if err := casefile.Refuse(c.Faults(tx.Now)); err != nil {
		return e, err
	}
	if err := mayMove(d, by, a, c); err != nil {
		return e, err
	}
	a.State = to
	switch c.Move {
	case casefile.MoveAllocate:
		if err := canOwn(ctx, d, tx, c.Owner, a.Case); err != nil {
			return e, err
		}
		a.Owner, a.Due = c.Owner, c.Due
	case casefile.MoveDue:
		a.Due = c.Due
	case casefile.MoveResult:
		a.ResultKind, a.Result = c.Kind, c.Note
	case casefile.MoveReturn: // the result stays in the step that brought it
		a.ResultKind, a.Result = "", ""
	}
	return moveAction(ctx, tx, by, a, casefile.ActionStep{Move: c.Move, Note: c.Note, Kind: c.Kind}, batch)
}

// moveAction stores what holds of an action now, with its step, and returns the event.
func moveAction(ctx context.Context, tx *store.Tx, by casefile.Actor, a casefile.Action, s casefile.ActionStep, batch string) (ledger.Event, error) {
	s.By, s.Batch = by.ID, batch
	body := map[string]any{"action": a.ID, "move": s.Move, "state": a.State, "owner": a.Owner, "due": a.Due}
	if batch != "" {
		body["batch"] = batch
	}
	switch s.Move {
	case casefile.MoveReturn, casefile.MoveWithdraw:
		body["reason"] = s.Note
	case casefile.MoveResult:
		body["result"], body["sha256"] = a.ResultKind, desk.TextHash(s.Note)
	case casefile.MoveNote:
		body["sha256"] = desk.TextHash(s.Note)
	}
	return ledger.Event{Kind: ledger.ActionMoved, Subject: string(a.Case), Purpose: "review", Body: body}, tx.MoveAction(ctx, a, s)
}

// readableAction returns an action whose case the actor may read. Others are not found.
func readableAction(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, action int64) (casefile.Action, error) {
	a, ok, err := tx.Action(ctx, action)
	if err != nil {
		return a, err
	}
	if ok {
		err = d.Readable(ctx, tx, by, a.Case)
	}
	if !ok || casefile.KindOf(err) == casefile.NotFound {
		err = casefile.Errorf(casefile.NotFound, "There is no action %d here. Check the number, or look in the list of actions.", action)
	}
	return a, err
}

// An ActionView is an action with what a page says about it.
type ActionView struct {
	casefile.Action
	OwnerName string
	Steps     []casefile.ActionStep // oldest first; only on the pages of one action or one case
	Today     casefile.Day          // in London, when it was read
	names     map[string]string
}

// Name is the name of an account.
func (v ActionView) Name(account string) string { return nameOr(v.names, account) }

// Overdue reports whether the action should have been done before today, in London.
func (v ActionView) Overdue() bool {
	return (v.State == casefile.ActionAllocated || v.State == casefile.ForAllocation) && v.Due != "" && v.Due < v.Today.String()
}

// DueWords says how the due day stands to today: "due today", "3 days overdue".
func (v ActionView) DueWords() string {
	day, err := casefile.ParseDay(v.Due)
	if err != nil || !v.State.Open() || v.State == casefile.ActionResulted {
		return ""
	}
	switch n := int(day - v.Today); {
	case n == 0:
		return "due today"
	case n == 1:
		return "due tomorrow"
	case n > 1:
		return fmt.Sprintf("due in %d days", n)
	case n == -1:
		return "1 day overdue"
	default:
		return fmt.Sprintf("%d days overdue", -n)
	}
}

// Movable reports whether the action can be changed together with others.
func (v ActionView) Movable() bool {
	return v.State == casefile.ForAllocation || v.State == casefile.ActionAllocated
}

// Moves returns what may be done about the action, in the order in which a page
// offers it.
func (v ActionView) Moves() []casefile.ActionMove {
	var out []casefile.ActionMove
	for _, m := range []casefile.ActionMove{casefile.MoveResult, casefile.MoveFile, casefile.MoveReturn, casefile.MoveAllocate, casefile.MoveDue, casefile.MoveWithdraw, casefile.MoveNote} {
		if _, ok := actionMoves[v.State][m]; ok {
			out = append(out, m)
		}
	}
	return out
}

// May returns an error unless the actor may make a move of this action; the owner
// is asked about for allocate only.
func (v ActionView) May(d *desk.Desk, by casefile.Actor, m casefile.ActionMove, owner string) error {
	return mayMove(d, by, v.Action, ActionChange{Move: m, Owner: owner})
}

// Actions returns the actions of a case with their history: open ones first, those
// due first on top. Whoever calls it has asked whether the case may be read.
func Actions(ctx context.Context, tx *store.Tx, id casefile.CaseID) ([]ActionView, error) {
	actions, err := tx.CaseActions(ctx, id)
	if err != nil {
		return nil, err
	}
	views, err := actionViews(ctx, tx, actions, true)
	slices.SortStableFunc(views, func(a, b ActionView) int {
		switch {
		case a.State.Open() != b.State.Open():
			if a.State.Open() {
				return -1
			}
			return 1
		case a.State.Open() && a.Due != b.Due && (a.Due == "" || b.Due == ""):
			return strings.Compare(b.Due, a.Due)
		case a.State.Open() && a.Due != b.Due:
			return strings.Compare(a.Due, b.Due)
		}
		return int(a.ID - b.ID)
	})
	return views, err
}

func actionViews(ctx context.Context, tx *store.Tx, actions []casefile.Action, history bool) ([]ActionView, error) {
	names, err := tx.AccountNames(ctx)
	if err != nil {
		return nil, err
	}
	byAction := map[int64][]casefile.ActionStep{}
	if history {
		ids := make([]int64, len(actions))
		for i, a := range actions {
			ids[i] = a.ID
		}
		steps, err := tx.ActionSteps(ctx, ids...)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			byAction[s.Action] = append(byAction[s.Action], s)
		}
	}
	views := make([]ActionView, len(actions))
	for i, a := range actions {
		views[i] = ActionView{Action: a, OwnerName: nameOr(names, a.Owner), Steps: byAction[a.ID], Today: casefile.DayAt(tx.Now), names: names}
	}
	return views, nil
}

func nameOr(names map[string]string, account string) string {
	if name := names[account]; name != "" {
		return name
	}
	return account
}

// ReadAction returns one action with its history. It is a reading of its case.
func ReadAction(ctx context.Context, d *desk.Desk, by casefile.Actor, action int64) (v ActionView, err error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return v, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		a, err := readableAction(ctx, d, tx, by, action)
		if err != nil {
			return err
		}
		views, err := actionViews(ctx, tx, []casefile.Action{a}, true)
		if err == nil {
			v = views[0]
		}
		return err
	})
	if err != nil {
		return v, err
	}
	return v, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(v.Case), Purpose: "action", Body: map[string]any{"action": action}})
}

// An ActionQuery chooses what the list of actions shows.
type ActionQuery struct {
	State    string // a state, "open", "all"; "" is open
	Owner    string // an account; "-" for nobody; "" for anybody
	Overdue  bool
	Case     casefile.CaseID
	Unit     string
	Priority string // high, normal; "" for both
	After    Place
}

// A Place is where in the order of actions a page of the list ends.
type Place = store.Place

// An ActionList is a page of actions.
type ActionList struct {
	Query   ActionQuery
	Actions []ActionView // those due first on top, those without a day last
	More    bool         // there is a next page, after Last
	Last    Place
	Total   int   // what the query chooses, on all pages
	Hidden  int   // of restricted cases that the reader may not open, not in Total
	Seen    int64 // the latest step of any action when the list was made
	Today   casefile.Day
}

// actionPage is how many actions a page of the list shows.
const actionPage = 50

func (q ActionQuery) filter(now time.Time) (store.ActionFilter, error) {
	f := store.ActionFilter{Owner: q.Owner, Case: q.Case, Unit: q.Unit, Priority: q.Priority, After: q.After}
	switch {
	case q.State == "":
		f.State = "open"
	case q.State == "open", slices.Contains(casefile.ActionStates(), casefile.ActionState(q.State)):
		f.State = q.State
	case q.State != "all":
		return f, casefile.Errorf(casefile.Invalid, "There is no state %q. Choose one of the list.", q.State)
	}
	if q.Priority != "" && q.Priority != casefile.PriorityHigh && q.Priority != casefile.PriorityNormal {
		return f, casefile.Errorf(casefile.Invalid, "There is no priority %q. Choose one of the list.", q.Priority)
	}
	if q.Overdue {
		f.Overdue = casefile.DayAt(now).String()
	}
	return f, nil
}

// ListActions returns a page of the actions in the cases that the actor may read.
// Showing it is a reading: one event with the query and the cases shown.
func ListActions(ctx context.Context, d *desk.Desk, by casefile.Actor, q ActionQuery) (*ActionList, error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return nil, err
	}
	l := &ActionList{Query: q}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		l.Today = casefile.DayAt(tx.Now)
		f, err := q.filter(tx.Now)
		if err != nil {
			return err
		}
		f.Limit = actionPage + 1
		actions, err := tx.Actions(ctx, desk.Reader(by), f)
		if err != nil {
			return err
		}
		if len(actions) > actionPage {
			actions, l.More = actions[:actionPage], true
			l.Last = store.Place{Due: actions[actionPage-1].Due, ID: actions[actionPage-1].ID}
		}
		if l.Actions, err = actionViews(ctx, tx, actions, false); err != nil {
			return err
		}
		if l.Total, l.Hidden, err = tx.CountActions(ctx, desk.Reader(by), f); err != nil {
			return err
		}
		l.Seen, err = tx.LastActionStep(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	var cases []casefile.CaseID
	for _, a := range l.Actions {
		cases = append(cases, a.Case)
	}
	slices.Sort(cases)
	return l, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "actions", Purpose: "review", Body: map[string]any{
		"query": q.body(), "ids": slices.Compact(cases),
	}})
}

func (q ActionQuery) body() map[string]any {
	return map[string]any{"state": q.State, "owner": q.Owner, "overdue": q.Overdue, "case": q.Case, "unit": q.Unit, "priority": q.Priority, "after": q.After.ID}
}

// EachAction streams every action that a query chooses in the cases that the actor
// may read, for an export. Whoever calls it keeps permission and event.
func EachAction(ctx context.Context, tx *store.Tx, by casefile.Actor, q ActionQuery, yield func(casefile.Action) error) error {
	f, err := q.filter(tx.Now)
	if err != nil {
		return err
	}
	f.After, f.Limit = store.Place{}, actionChunk
	for {
		actions, err := tx.Actions(ctx, desk.Reader(by), f)
		if err != nil {
			return err
		}
		for _, a := range actions {
			if err := yield(a); err != nil {
				return err
			}
			f.After = store.Place{Due: a.Due, ID: a.ID}
		}
		if len(actions) < actionChunk {
			return nil
		}
	}
}

// actionChunk is how many actions are changed in one transaction, which keeps it
// well under 200 ms.
const actionChunk = 100

// A Chosen says which actions a batch is about: those of Numbers, or if Query is
// set every one that it chooses. Seen is [ActionList.Seen] of the list that was
// on the page: what changed since then is left alone and named.
type Chosen struct {
	Numbers []int64
	Query   *ActionQuery
	Seen    int64
}

// A Batch says what came of changing several actions together.
type Batch struct {
	ID      string
	Done    int
	Refused []Refusal
}

// A Refusal says why one action of a batch stayed as it was.
type Refusal struct {
	Action int64
	Why    string
}

// maxBatch bounds a batch.
const maxBatch = 5000

// ChangeActions allocates the chosen actions, or gives them another due day,
// together. Each is checked by itself; those that cannot be changed are named with
// the reason. The batch can be undone as one: [UndoBatch]. It is written a hundred
// actions at a time.
func ChangeActions(ctx context.Context, d *desk.Desk, by casefile.Actor, chosen Chosen, c ActionChange) (*Batch, error) {
	if err := d.May(by, desk.AllocateActions); err != nil {
		return nil, err
	}
	if c.Move != casefile.MoveAllocate && c.Move != casefile.MoveDue {
		return nil, casefile.Errorf(casefile.Invalid, "Actions can be allocated together, or given a due day together. Anything else is done one by one.")
	}
	numbers, err := chosen.numbers(ctx, d, by, c)
	if err != nil {
		return nil, err
	}
	b := &Batch{ID: newBatch()}
	for part := range slices.Chunk(numbers, actionChunk) {
		if err := changePart(ctx, d, by, b, part, chosen.Seen, c); err != nil {
			return b, err
		}
	}
	return b, nil
}

func newBatch() string { return strings.ToLower(rand.Text()[:12]) }

// numbers returns what is chosen, and refuses what is wrong with all of it.
func (c Chosen) numbers(ctx context.Context, d *desk.Desk, by casefile.Actor, change ActionChange) (numbers []int64, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := casefile.Refuse(change.Faults(tx.Now)); err != nil {
			return err
		}
		if c.Query == nil {
			numbers = slices.Clone(c.Numbers)
			slices.Sort(numbers)
			numbers = slices.Compact(numbers)
			return nil
		}
		return EachAction(ctx, tx, by, *c.Query, func(a casefile.Action) error {
			if _, ok := actionMoves[a.State][change.Move]; ok {
				numbers = append(numbers, a.ID)
			}
			return nil
		})
	})
	switch {
	case err != nil:
	case len(numbers) == 0:
		err = casefile.Errorf(casefile.Invalid, "No action is chosen that this can be done to. Tick at least one.")
	case len(numbers) > maxBatch:
		err = casefile.Errorf(casefile.Invalid, "These are %d actions; at most %d are changed together. Narrow the filter.", len(numbers), maxBatch)
	}
	return numbers, err
}

func changePart(ctx context.Context, d *desk.Desk, by casefile.Actor, b *Batch, part []int64, seen int64, c ActionChange) error {
	var done int
	var refused []Refusal
	err := d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		var events []ledger.Event
		done, refused = 0, nil
		for _, id := range part {
			e, where, err := changeOne(ctx, d, tx, by, id, seen, c, b.ID)
			if casefile.KindOf(err) != "" && casefile.KindOf(err) != casefile.Full && casefile.KindOf(err) != casefile.Broken {
				refused = append(refused, Refusal{id, casefile.Message(err)})
				continue
			}
			if err == nil {
				_, err = tx.TouchCase(ctx, where, store.CaseChange{})
			}
			if err != nil {
				return nil, err
			}
			events = append(events, e)
			done++
		}
		if done == 0 {
			return nil, errNothingDone
		}
		return events, nil
	})
	if err != nil && err != errNothingDone {
		return err
	}
	b.Done, b.Refused = b.Done+done, append(b.Refused, refused...)
	return nil
}

// errNothingDone ends a transaction that has nothing to write.
var errNothingDone = casefile.Errorf(casefile.Conflict, "None of these actions could be changed.")

func changeOne(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, id, seen int64, c ActionChange, batch string) (ledger.Event, casefile.CaseID, error) {
	a, err := readableAction(ctx, d, tx, by, id)
	if err != nil {
		return ledger.Event{}, "", err
	}
	if a.LastStep > seen {
		return ledger.Event{}, "", casefile.Errorf(casefile.Conflict, "It was changed after your list was made: it is %s now.", actionStands(a))
	}
	if c.Move == casefile.MoveAllocate && c.Due == "" {
		c.Due = a.Due // several at once keep their days unless one is given
		if c.Due != "" && c.Due < casefile.DayAt(tx.Now).String() {
			return ledger.Event{}, "", casefile.Errorf(casefile.Invalid, "It was due on %s. Give it a new due day with its owner.", a.Due)
		}
	}
	e, err := changeAction(ctx, d, tx, by, a, c, batch)
	return e, a.Case, err
}

// UndoBatch puts every action of a batch back to what it was before, unless it
// moved on since: those are named and stay. The undoing is a batch of its own.
func UndoBatch(ctx context.Context, d *desk.Desk, by casefile.Actor, batch string) (*Batch, error) {
	if err := d.May(by, desk.AllocateActions); err != nil {
		return nil, err
	}
	var steps []casefile.ActionStep
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		steps, err = tx.BatchSteps(ctx, batch)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(steps) == 0 {
		return nil, casefile.Errorf(casefile.NotFound, "There is no such batch of actions here.")
	}
	b := &Batch{ID: newBatch()}
	for part := range slices.Chunk(steps, actionChunk) {
		if err := undoPart(ctx, d, by, b, part); err != nil {
			return b, err
		}
	}
	return b, nil
}

func undoPart(ctx context.Context, d *desk.Desk, by casefile.Actor, b *Batch, part []casefile.ActionStep) error {
	var done int
	var refused []Refusal
	err := d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		var events []ledger.Event
		done, refused = 0, nil
		for _, s := range part {
			e, where, err := undoOne(ctx, d, tx, by, s, b.ID)
			if kind := casefile.KindOf(err); kind == casefile.Conflict || kind == casefile.NotFound || kind == casefile.Invalid {
				refused = append(refused, Refusal{s.Action, casefile.Message(err)})
				continue
			}
			if err == nil {
				_, err = tx.TouchCase(ctx, where, store.CaseChange{})
			}
			if err != nil {
				return nil, err
			}
			events = append(events, e)
			done++
		}
		if done == 0 {
			return nil, errNothingDone
		}
		return events, nil
	})
	if err != nil && err != errNothingDone {
		return err
	}
	b.Done, b.Refused = b.Done+done, append(b.Refused, refused...)
	return nil
}

func undoOne(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, s casefile.ActionStep, batch string) (ledger.Event, casefile.CaseID, error) {
	a, err := readableAction(ctx, d, tx, by, s.Action)
	if err != nil {
		return ledger.Event{}, "", err
	}
	if a.LastStep != s.ID {
		return ledger.Event{}, "", casefile.Errorf(casefile.Conflict, "It moved on since: it is %s now, and stays so.", actionStands(a))
	}
	before, ok, err := tx.StepBefore(ctx, a.ID, s.ID)
	if err != nil || !ok {
		return ledger.Event{}, "", fmt.Errorf("action %d has no step before %d: %w", a.ID, s.ID, err)
	}
	if before.Owner != "" && before.Owner != a.Owner {
		if err := canOwn(ctx, d, tx, before.Owner, a.Case); err != nil {
			return ledger.Event{}, "", err
		}
	}
	a.State, a.Owner, a.Due = before.State, before.Owner, before.Due
	e, err := moveAction(ctx, tx, by, a, casefile.ActionStep{Move: casefile.MoveUndo, Note: "Undid batch " + s.Batch}, batch)
	return e, a.Case, err
}

// A BatchView is a batch as its page shows it.
type BatchView struct {
	ID     string
	Move   casefile.ActionMove
	By     string
	ByName string
	At     time.Time
	Rows   []BatchRow
	Hidden int // on restricted cases that the reader may not open
}

// CanUndo reports whether any action of the batch can still be put back.
func (v *BatchView) CanUndo() bool {
	return slices.ContainsFunc(v.Rows, func(r BatchRow) bool { return !r.MovedOn })
}

// A BatchRow is one action of a batch: how it stands, and whether it moved on since.
type BatchRow struct {
	ActionView
	MovedOn bool
}

// ReadBatch returns what was changed together, with how each action stands now. It
// is a reading of the list.
func ReadBatch(ctx context.Context, d *desk.Desk, by casefile.Actor, batch string) (*BatchView, error) {
	if err := d.May(by, desk.AllocateActions); err != nil {
		return nil, err
	}
	v := &BatchView{ID: batch}
	var cases []casefile.CaseID
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		steps, err := tx.BatchSteps(ctx, batch)
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			return casefile.Errorf(casefile.NotFound, "There is no such batch of actions here.")
		}
		v.Move, v.By, v.At = steps[0].Move, steps[0].By, steps[0].At
		names, err := tx.AccountNames(ctx)
		if err != nil {
			return err
		}
		v.ByName = nameOr(names, v.By)
		hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
		if err != nil {
			return err
		}
		for _, s := range steps {
			a, ok, err := tx.Action(ctx, s.Action)
			switch {
			case err != nil:
				return err
			case !ok || hidden[a.Case]:
				v.Hidden++
				continue
			}
			cases = append(cases, a.Case)
			v.Rows = append(v.Rows, BatchRow{ActionView{Action: a, OwnerName: nameOr(names, a.Owner), Today: casefile.DayAt(tx.Now)}, a.LastStep != s.ID})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(cases)
	return v, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "actions", Purpose: "review", Body: map[string]any{
		"query": map[string]any{"batch": batch}, "ids": slices.Compact(cases),
	}})
}

// A WorkloadTable is who has how many actions. It holds no personal data: all
// cases count, restricted ones among them.
type WorkloadTable struct {
	Today, Until casefile.Day // due soon is from today to Until
	Rows         []WorkloadRow
}

// A WorkloadRow is the load of one person, or of nobody.
type WorkloadRow struct {
	casefile.Workload
	Name string // "" for nobody
}

// soon is how many days ahead "due soon" looks, today among them.
const soon = 7

// ActionWorkload returns the load of everybody who owns an open action or could,
// and of nobody, by name.
func ActionWorkload(ctx context.Context, d *desk.Desk, by casefile.Actor) (*WorkloadTable, error) {
	if err := d.May(by, desk.ReadWorkload); err != nil {
		return nil, err
	}
	t := &WorkloadTable{}
	return t, d.DB.View(ctx, func(tx *store.Tx) error {
		t.Today = casefile.DayAt(tx.Now)
		t.Until = t.Today + soon - 1
		loads, err := tx.ActionLoads(ctx, t.Today.String(), t.Until.String())
		if err != nil {
			return err
		}
		owners, err := actionOwners(ctx, d, tx)
		if err != nil {
			return err
		}
		names, err := tx.AccountNames(ctx)
		if err != nil {
			return err
		}
		for _, l := range loads {
			t.Rows = append(t.Rows, WorkloadRow{l, nameOr(names, l.Owner)})
		}
		for _, o := range owners {
			if !slices.ContainsFunc(loads, func(l casefile.Workload) bool { return l.Owner == o.Account }) {
				t.Rows = append(t.Rows, WorkloadRow{casefile.Workload{Owner: o.Account}, o.Name})
			}
		}
		slices.SortFunc(t.Rows, func(a, b WorkloadRow) int { return strings.Compare(a.Name+"\x00"+a.Owner, b.Name+"\x00"+b.Owner) })
		return nil
	})
}

// An Owner is somebody who could own an action.
type Owner struct{ Account, Name string }

// ActionOwners returns everybody who works on actions and reads cases, by name.
// Whether they may read a certain case is asked when they are given an action on it.
func ActionOwners(ctx context.Context, d *desk.Desk, by casefile.Actor) (owners []Owner, err error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		owners, err = actionOwners(ctx, d, tx)
		return err
	})
	return owners, err
}

func actionOwners(ctx context.Context, d *desk.Desk, tx *store.Tx) ([]Owner, error) {
	accounts, err := tx.Accounts(ctx)
	var out []Owner
	for _, a := range accounts {
		who := casefile.Actor{ID: a.ID, Roles: a.Roles}
		if a.DisabledAt.IsZero() && d.May(who, desk.WorkActions) == nil && d.May(who, desk.ReadCases) == nil {
			out = append(out, Owner{a.ID, a.Name})
		}
	}
	slices.SortFunc(out, func(a, b Owner) int { return strings.Compare(a.Name+"\x00"+a.Account, b.Name+"\x00"+b.Account) })
	return out, err
}

// A CaseActions is what the page of a case's actions shows.
type CaseActions struct {
	Case    casefile.CaseID
	State   casefile.CaseState
	Actions []ActionView
	Lines   []casefile.Line // that an action may follow
	Last    *casefile.Decision
}

// ReadCaseActions returns the actions of a case with their history. It is a
// reading of the case.
func ReadCaseActions(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*CaseActions, error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return nil, err
	}
	c := &CaseActions{Case: id}
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if c.State, err = tx.CaseState(ctx, id); err != nil {
			return err
		}
		if c.Actions, err = Actions(ctx, tx, id); err != nil {
			return err
		}
		if c.Lines, err = tx.LinesOf(ctx, id); err != nil {
			return err
		}
		decisions, err := tx.Decisions(ctx, id)
		if n := len(decisions); n > 0 {
			c.Last = &decisions[n-1]
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "action"})
}
