package store

import (
	"context"

	"lookback/internal/casefile"
)

const actionColumns = `a.id, a.case_id, a.line_id, a.decision_id, a.title, a.detail, a.priority, a.raised_by, a.raised_at, a.state,
			a.owner, a.due, a.result_kind, a.result, a.state_at, a.last_step`

// openAction is the condition that somebody has still to do something about an
// action. It must read as the partial index action_open does.
const openAction = `a.state IN ('for allocation', 'allocated', 'resulted')`

func scanAction(s scanner) (a casefile.Action, err error) {
	return a, s.Scan(&a.ID, &a.Case, &a.Line, &a.Decision, &a.Title, &a.Detail, &a.Priority, &a.RaisedBy, moment{&a.RaisedAt}, &a.State,
		&a.Owner, &a.Due, &a.ResultKind, &a.Result, moment{&a.StateAt}, &a.LastStep, &a.Unit)
}

// AddAction adds an action with its first step and returns its number.
func (t *Tx) AddAction(ctx context.Context, a casefile.Action) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO action (case_id, line_id, decision_id, title, detail, priority, raised_by, raised_at, state, state_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8)`,
		a.Case, a.Line, a.Decision, a.Title, a.Detail, a.Priority, a.RaisedBy, instant(t.Now), a.State)
	if err != nil {
		return 0, err
	}
	if a.ID, err = res.LastInsertId(); err != nil {
		return 0, err
	}
	return a.ID, t.MoveAction(ctx, a, casefile.ActionStep{Move: casefile.MoveRaise, By: a.RaisedBy})
}

// MoveAction writes what holds of an action now (state, owner, due, result) and
// the step that made it so; the step takes state, owner and due from the action.
func (t *Tx) MoveAction(ctx context.Context, a casefile.Action, s casefile.ActionStep) error {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO action_step (action_id, move, state, owner, due, note, batch, by, at, kind)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`, a.ID, s.Move, a.State, a.Owner, a.Due, s.Note, s.Batch, s.By, instant(t.Now), s.Kind)
	if err != nil {
		return err
	}
	step, err := res.LastInsertId()
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE action
		SET state_at = CASE WHEN state = ?2 THEN state_at ELSE ?7 END, state = ?2, owner = ?3, due = ?4, result_kind = ?5, result = ?6, last_step = ?8
		WHERE id = ?1`, a.ID, a.State, a.Owner, a.Due, a.ResultKind, a.Result, instant(t.Now), step)
	return err
}

// Action returns one action; ok is false if there is none of that number.
func (t *Tx) Action(ctx context.Context, id int64) (a casefile.Action, ok bool, err error) {
	return maybe(scanAction(t.tx.QueryRowContext(ctx, `
		SELECT `+actionColumns+`, ''
		FROM action a
		WHERE a.id = ?1`, id)))
}

// CaseActions returns every action of a case, in the order in which they were raised.
func (t *Tx) CaseActions(ctx context.Context, id casefile.CaseID) ([]casefile.Action, error) {
	return all(ctx, t.tx, scanAction, `
		SELECT `+actionColumns+`, ''
		FROM action a
		WHERE a.case_id = ?1
		ORDER BY a.id`, id)
}

// ActionSteps returns the steps of the actions of these numbers, oldest first.
func (t *Tx) ActionSteps(ctx context.Context, actions ...int64) ([]casefile.ActionStep, error) {
	return all(ctx, t.tx, scanActionStep, `
		SELECT id, action_id, move, state, owner, due, kind, note, batch, by, at
		FROM action_step
		WHERE action_id IN (SELECT value FROM json_each(?1))
		ORDER BY id`, toJSON(actions))
}

// BatchSteps returns the steps that were taken together, in order.
func (t *Tx) BatchSteps(ctx context.Context, batch string) ([]casefile.ActionStep, error) {
	return all(ctx, t.tx, scanActionStep, `
		SELECT id, action_id, move, state, owner, due, kind, note, batch, by, at
		FROM action_step
		WHERE batch = ?1 AND batch <> ''
		ORDER BY id`, batch)
}

func scanActionStep(s scanner) (a casefile.ActionStep, err error) {
	return a, s.Scan(&a.ID, &a.Action, &a.Move, &a.State, &a.Owner, &a.Due, &a.Kind, &a.Note, &a.Batch, &a.By, moment{&a.At})
}

// StepBefore returns what held of an action before one of its steps.
func (t *Tx) StepBefore(ctx context.Context, action, step int64) (s casefile.ActionStep, ok bool, err error) {
	return maybe(scanActionStep(t.tx.QueryRowContext(ctx, `
		SELECT id, action_id, move, state, owner, due, kind, note, batch, by, at
		FROM action_step
		WHERE action_id = ?1 AND id < ?2
		ORDER BY id DESC
		LIMIT 1`, action, step)))
}

// An ActionFilter chooses actions for a list.
type ActionFilter struct {
	State    string // a state; "open" for those that are neither filed nor withdrawn; "" for all
	Owner    string // an account; "-" for nobody
	Overdue  string // the day today: only those not yet done that were due before it
	Case     casefile.CaseID
	Unit     string
	Priority string
	// After is the key of the last action of the page before; the zero Place is the first page.
	After Place
	Limit int
}

// A Place is where in the order of actions a page ends: by due day, those
// without one last, then by number.
type Place struct {
	Due string
	ID  int64
}

// Actions returns actions in order of their due day, without those of restricted
// cases that the account may not read.
func (t *Tx) Actions(ctx context.Context, account string, f ActionFilter) ([]casefile.Action, error) {
	var q question
	q.where(unrestricted("a.case_id", q.arg(account)))
	f.conditions(&q)
	if f.After.ID != 0 {
		due := q.arg(f.After.Due)
		q.where("(a.due = '', a.due, a.id) > (" + due + " = '', " + due + ", " + q.arg(f.After.ID) + ")")
	}
	return all(ctx, t.tx, scanAction, `
		SELECT `+actionColumns+`, coalesce((SELECT i.unit FROM investigation_now i WHERE i.case_id = a.case_id), '')
		FROM action a
		WHERE `+q.conditions()+`
		ORDER BY a.due = '', a.due, a.id
		LIMIT `+q.arg(f.Limit), q.args...)
}

// CountActions counts what Actions would list, and how many of them there are on
// restricted cases that the account may not read. It costs a step an action that
// the filter is about: all open ones, or all of an owner.
func (t *Tx) CountActions(ctx context.Context, account string, f ActionFilter) (shown, hidden int, err error) {
	var all, few question
	all.where("1")
	f.conditions(&all)
	few.where(`a.case_id IN (
			SELECT r.case_id
			FROM restriction r
			WHERE r.lifted_at = '' AND NOT ` + unrestricted("r.case_id", few.arg(account)) + `)`)
	f.conditions(&few)
	err = t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM action a
		WHERE `+all.conditions(), all.args...).Scan(&shown)
	if err == nil {
		err = t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM action a
		WHERE `+few.conditions(), few.args...).Scan(&hidden)
	}
	return shown - hidden, hidden, err
}

func (f ActionFilter) conditions(q *question) {
	switch f.State {
	case "":
	case "open":
		q.where(openAction)
	default:
		q.where("a.state = " + q.arg(f.State))
	}
	switch f.Owner {
	case "":
	case "-":
		q.where("a.owner = ''")
	default:
		q.where("a.owner = " + q.arg(f.Owner))
	}
	if f.Overdue != "" {
		q.where("a.state IN ('for allocation', 'allocated') AND a.due <> '' AND a.due < " + q.arg(f.Overdue))
	}
	if f.Case != "" {
		q.where("a.case_id = " + q.arg(f.Case))
	}
	if f.Priority != "" {
		q.where("a.priority = " + q.arg(f.Priority))
	}
	if f.Unit != "" {
		q.where("EXISTS (SELECT 1 FROM investigation_now i WHERE i.case_id = a.case_id AND i.unit = " + q.arg(f.Unit) + ")")
	}
}

// ActionLoads returns the load of every owner of an open action, by owner. Today
// and last are days in London.
func (t *Tx) ActionLoads(ctx context.Context, today, last string) ([]casefile.Workload, error) {
	return all(ctx, t.tx, func(s scanner) (l casefile.Workload, err error) {
		return l, s.Scan(&l.Owner, &l.Open, &l.High, &l.DueSoon, &l.Overdue, &l.Undated, &l.ForFiling)
	}, `
		SELECT a.owner,
			sum(a.state <> 'resulted'),
			sum(a.state <> 'resulted' AND a.priority = 'high'),
			sum(a.state <> 'resulted' AND a.due >= ?1 AND a.due <= ?2),
			sum(a.state <> 'resulted' AND a.due <> '' AND a.due < ?1),
			sum(a.state <> 'resulted' AND a.due = ''),
			sum(a.state = 'resulted')
		FROM action a
		WHERE `+openAction+`
		GROUP BY a.owner
		ORDER BY a.owner`, today, last)
}

// LastActionStep returns the number of the latest step of any action, 0 before the first.
func (t *Tx) LastActionStep(ctx context.Context) (id int64, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT coalesce(max(id), 0)
		FROM action_step`).Scan(&id)
	return id, err
}

// LineOnCase and DecisionOnCase report whether a line of enquiry, or a decision,
// is one of a case.
func (t *Tx) LineOnCase(ctx context.Context, line int64, id casefile.CaseID) (ok bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM line_of_enquiry WHERE id = ?1 AND case_id = ?2)`, line, id).Scan(&ok)
	return ok, err
}

func (t *Tx) DecisionOnCase(ctx context.Context, decision int64, id casefile.CaseID) (ok bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM decision WHERE id = ?1 AND case_id = ?2)`, decision, id).Scan(&ok)
	return ok, err
}
