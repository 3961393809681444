package allocation

import (
	"context"
	"slices"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
)

// An Undoing is what taking a batch back would do.
type Undoing struct {
	Batch  store.Batch
	Back   []Step          // From has the case now, Account gets it again; "" for nobody
	Moved  []store.Refusal // what has moved on since and stays as it is
	Hidden int             // restricted cases that the actor may not see: they stay as well
	Names  map[string]string
}

// PlanUndo says what taking a batch back would do, and what has moved on since.
func PlanUndo(ctx context.Context, d *desk.Desk, by casefile.Actor, id string) (u *Undoing, err error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		u, err = planUndo(ctx, tx, d, by, id, view)
		return err
	})
	return u, err
}

func planUndo(ctx context.Context, tx *store.Tx, d *desk.Desk, by casefile.Actor, id string, view *cohort.View) (*Undoing, error) {
	b, ok, err := tx.Batch(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, casefile.Errorf(casefile.NotFound, "There is no batch %q. The page of allocation lists the last ones.", id)
	case b.Kind == "undo":
		return nil, casefile.Errorf(casefile.Conflict, "This batch took another one back. It is not undone again: assign the cases anew.")
	case b.FinishedAt.IsZero() && tx.Now.Sub(b.SetAt) < 10*time.Minute:
		return nil, casefile.Errorf(casefile.Conflict, "This batch is still being written: %d of %d cases so far. Wait until it has ended, then undo it.", b.Done, b.Planned)
	case b.UndoneBy != "":
		return nil, casefile.Errorf(casefile.Conflict, "This batch has been undone already.")
	}
	set, ended, err := tx.AssignedIn(ctx, id, desk.Reader(by), -1)
	if err != nil {
		return nil, err
	}
	c, err := gather(ctx, tx, d, nil)
	if err != nil {
		return nil, err
	}
	u := &Undoing{Batch: b, Names: c.names}
	if u.Hidden, err = tx.HiddenIn(ctx, id, desk.Reader(by)); err != nil {
		return nil, err
	}
	all := append(set, ended...)
	ids := make([]casefile.CaseID, len(all))
	for i, a := range all {
		ids[i] = a.Case
	}
	since, err := sinceThen(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	for i, a := range all {
		if err := u.add(ctx, tx, d, c, a, i < len(set), since, view); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// A since is what has become of some cases.
type since struct {
	states map[casefile.CaseID]store.Candidate
	held   map[casefile.CaseID]store.Assignment
	begun  map[casefile.CaseID][]string // accounts that have begun to write
}

func sinceThen(ctx context.Context, tx *store.Tx, ids ...casefile.CaseID) (s since, err error) {
	list, err := tx.Candidates(ctx, "", ids...)
	if err != nil {
		return s, err
	}
	s.states = make(map[casefile.CaseID]store.Candidate, len(list))
	for _, c := range list {
		s.states[c.Case] = c
	}
	if s.held, err = tx.AssignmentsOf(ctx, ids...); err == nil {
		s.begun, err = tx.DraftsBegun(ctx, ids...)
	}
	return s, err
}

// add works out what becomes of one assignment: one that the batch set, or one
// that it ended.
func (u *Undoing) add(ctx context.Context, tx *store.Tx, d *desk.Desk, c *crew, a store.Assignment, wasSet bool, now since, view *cohort.View) (err error) {
	moved := now.moved(c, a, wasSet)
	step := Step{Case: a.Case}
	before := a // what held before the batch
	if wasSet {
		step.From, step.seen = a.Account, a.ID
		if before = (store.Assignment{}); a.Replaced != 0 && moved == "" {
			if before, _, err = tx.Assignment(ctx, a.Replaced); err != nil {
				return err
			}
		}
	}
	if moved == "" && before.Account != "" {
		why, err := mayHave(ctx, tx, d, before.Account, a.Case, view)
		switch {
		case err != nil:
			return err
		case why == "":
			step.Account, step.Due = before.Account, before.Due
		case !wasSet:
			moved = "it was taken from " + c.name(before.Account) + ", who cannot have it back: " + strings.TrimSuffix(why, ".")
		}
	}
	if moved != "" {
		u.Moved = append(u.Moved, store.Refusal{Case: a.Case, Why: sentence(moved)})
		return nil
	}
	u.Back = append(u.Back, step)
	return nil
}

// mayHave says why an account may not have a case back, "" if it may.
func mayHave(ctx context.Context, tx *store.Tx, d *desk.Desk, account string, id casefile.CaseID, view *cohort.View) (string, error) {
	c, err := gather(ctx, tx, d, []string{account})
	if k := casefile.KindOf(err); k == casefile.Invalid || k == casefile.NotFound {
		return casefile.Message(err), nil
	}
	if err != nil {
		return "", err
	}
	row, _ := view.Find(id)
	officers, err := tx.OfficersOf(ctx, id)
	return c.bars(c.people[0], id, row, officers), err
}

// moved says what has happened to a case since a batch, "" if nothing has that
// undoing would trample on.
func (s since) moved(c *crew, a store.Assignment, wasSet bool) string {
	now, held := s.held[a.Case]
	switch {
	case wasSet && !held:
		return "it was taken from " + c.name(a.Account) + " since"
	case held && now.ID != a.ID:
		return c.name(now.SetBy) + " assigned it to " + c.name(now.Account) + " since"
	}
	state := s.states[a.Case]
	if why := c.fixed(state, ""); why != "" {
		return why
	}
	switch {
	case !wasSet:
		return ""
	case state.Reviewer == a.Account:
		return c.name(a.Account) + " has reviewed it since"
	case slices.Contains(s.begun[a.Case], a.Account):
		return c.name(a.Account) + " has begun to write about it"
	}
	return ""
}

// Undo takes a batch back: what it assigned goes to whoever had it before. What has
// moved on since stays as it is and is listed. It is a batch itself.
func Undo(ctx context.Context, d *desk.Desk, by casefile.Actor, id, reason string, progress desk.Progress) (*store.Batch, error) {
	u, err := PlanUndo(ctx, d, by, id)
	if err != nil {
		return nil, err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return nil, casefile.Errorf(casefile.Invalid, "Say why the batch is undone: those who lose cases will read it.")
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	b := newBatch("undo", reason, by, len(u.Back))
	b.Undoes = id
	b.refuse(u.Moved...)
	w := writer{d: d, by: by, batch: b, progress: progress}
	return w.run(ctx, len(u.Back), func(ctx context.Context, tx *store.Tx, c *crew, i int) (*ledger.Event, error) {
		return undoStep(ctx, tx, d, c, by, b, u.Back[i], view, reason)
	}, nil)
}

func undoStep(ctx context.Context, tx *store.Tx, d *desk.Desk, c *crew, by casefile.Actor, b *batch, s Step, view *cohort.View, reason string) (*ledger.Event, error) {
	now, err := sinceThen(ctx, tx, s.Case)
	if err != nil {
		return nil, err
	}
	a, why := now.held[s.Case], ""
	switch {
	case a.ID != s.seen:
		why = "it changed hands at this moment"
	case a.ID != 0:
		why = now.moved(c, a, true)
	default:
		why = c.fixed(now.states[s.Case], "")
	}
	if why == "" && s.Account != "" {
		if why, err = mayHave(ctx, tx, d, s.Account, s.Case, view); err != nil {
			return nil, err
		}
	}
	if why != "" {
		b.refuse(store.Refusal{Case: s.Case, Why: sentence(why)})
		return nil, nil
	}
	return hand(ctx, tx, by, b.ID, s.Case, a, s.Account, s.Due, reason)
}

// A BatchPage is one batch, as its page shows it.
type BatchPage struct {
	store.Batch
	By     string // the name of whoever did it
	Cases  []BatchCase
	More   int // cases that are not shown
	Hidden int // restricted cases that the reader may not see
	Names  map[string]string
	Undone *store.Batch // the batch that took this one back
}

// A BatchCase is one case of a batch.
type BatchCase struct {
	Case             casefile.CaseID
	From, To, Due    string // accounts, "" for nobody
	Now              string // who has it now
	Stage            casefile.Stage
	Changed, Removed bool // it changed hands since; it was taken away by the batch
}

// batchCases is how many cases of a batch its page shows.
const batchCases = 100

// ReadBatch returns one batch. That its cases were shown is an event.
func ReadBatch(ctx context.Context, d *desk.Desk, by casefile.Actor, id string) (p *BatchPage, err error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		p, err = readBatch(ctx, tx, d, by, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	ids := make([]casefile.CaseID, len(p.Cases))
	for i, c := range p.Cases {
		ids[i] = c.Case
	}
	return p, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Purpose: "allocation", Subject: "assignments", Body: map[string]any{"batch": id, "cases": ids}})
}

func readBatch(ctx context.Context, tx *store.Tx, d *desk.Desk, by casefile.Actor, id string) (*BatchPage, error) {
	b, ok, err := tx.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, casefile.Errorf(casefile.NotFound, "There is no batch %q. The page of allocation lists the last ones.", id)
	}
	c, err := gather(ctx, tx, d, nil)
	if err != nil {
		return nil, err
	}
	hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
	if err != nil {
		return nil, err
	}
	p := &BatchPage{Batch: b, By: c.name(b.SetBy), Names: c.names}
	p.Refused = slices.DeleteFunc(slices.Clone(p.Refused), func(r store.Refusal) bool { return hidden[r.Case] })
	if b.UndoneBy != "" {
		undone, _, err := tx.Batch(ctx, b.UndoneBy)
		if err != nil {
			return nil, err
		}
		p.Undone = &undone
	}
	set, ended, err := tx.AssignedIn(ctx, id, desk.Reader(by), batchCases)
	if err != nil {
		return nil, err
	}
	if p.Hidden, err = tx.HiddenIn(ctx, id, desk.Reader(by)); err != nil {
		return nil, err
	}
	all := append(set, ended...)
	for i, a := range all[:min(len(all), batchCases)] {
		one, err := batchCase(ctx, tx, a, i < len(set))
		if err != nil {
			return nil, err
		}
		p.Cases = append(p.Cases, one)
	}
	p.More = max(0, b.Done-p.Hidden-len(p.Cases))
	return p, nil
}

func batchCase(ctx context.Context, tx *store.Tx, a store.Assignment, wasSet bool) (BatchCase, error) {
	one := BatchCase{Case: a.Case, From: a.Account, Removed: !wasSet}
	if wasSet {
		one.From, one.To, one.Due = "", a.Account, a.Due
		if a.Replaced != 0 {
			before, _, err := tx.Assignment(ctx, a.Replaced)
			if err != nil {
				return one, err
			}
			one.From = before.Account
		}
	}
	state, err := tx.CaseState(ctx, a.Case)
	if err != nil {
		return one, err
	}
	now, _, err := tx.AssignmentOf(ctx, a.Case)
	one.Stage, one.Now, one.Changed = state.Stage, now.Account, now.Account != one.To
	return one, err
}

// Batches returns the last batches, the latest first.
func Batches(ctx context.Context, d *desk.Desk, by casefile.Actor, limit int) (list []store.Batch, err error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Batches(ctx, limit)
		return err
	})
	return list, err
}

// A History is to whom one case was assigned, and what it needs.
type History struct {
	Case   casefile.CaseID
	Past   []store.Assignment // oldest first, the one that holds last
	Holds  bool               // the last one holds
	State  casefile.CaseState
	Needs  []review.Needed
	Checks bool // training was imported, so that it is asked for
	Names  map[string]string
}

// CaseHistory returns the assignments of a case. That they were read is an event.
func CaseHistory(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*History, error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	h := &History{Case: id}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		c, err := gather(ctx, tx, d, nil)
		if err != nil {
			return err
		}
		row, _ := view.Find(id)
		h.Names, h.Needs = c.names, review.TrainingInForce().Needed(row, c.restricted[id])
		if h.Past, err = tx.CaseAssignments(ctx, id); err != nil {
			return err
		}
		h.Holds = len(h.Past) > 0 && h.Past[len(h.Past)-1].EndedAt.IsZero()
		version, _, err := tx.SkillsImported(ctx)
		if err != nil {
			return err
		}
		h.Checks = version > 0
		h.State, err = tx.CaseState(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Purpose: "allocation", Subject: string(id), Body: map[string]string{"shown": "assignments"}})
}

// Mine is what is assigned to somebody, and what was taken from them of late.
type Mine struct {
	Held  []store.OwnAssignment // the latest first
	Taken []store.OwnAssignment // by another, in the last 28 days
	Names map[string]string
	Day   casefile.Day
}

// ownCases is how many of each kind are listed.
const ownCases = 200

// ReadMine returns the actor's own assignments. That they were shown is an event.
func ReadMine(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Mine, error) {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return nil, err
	}
	m := &Mine{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		c, err := gather(ctx, tx, d, nil)
		if err != nil {
			return err
		}
		m.Names, m.Day = c.names, casefile.DayAt(tx.Now)
		held, ended, err := tx.OwnAssignments(ctx, by.ID, tx.Now.AddDate(0, 0, -fourWeeks), ownCases)
		m.Held, m.Taken = held, ended
		return err
	})
	if err != nil {
		return nil, err
	}
	ids := []casefile.CaseID{}
	for _, a := range append(slices.Clone(m.Held), m.Taken...) {
		ids = append(ids, a.Case)
	}
	return m, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Purpose: "review", Subject: "my assignments", Body: map[string]any{"cases": ids}})
}
