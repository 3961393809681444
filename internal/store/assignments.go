package store

import (
	"context"
	"encoding/json"
	"time"

	"lookback/internal/casefile"
)

// An Assignment says who is to review a case. It is never edited but for its end.
type Assignment struct {
	ID       int64
	Case     casefile.CaseID
	Account  string
	Due      string // a day, or ""
	Reason   string
	Batch    string
	Replaced int64 // the assignment that this one took the place of, 0 for none
	SetBy    string
	SetAt    time.Time
	EndedAt  time.Time // zero: it holds
	EndedBy  string
	EndedIn  string // the batch that ended it
}

const assignmentColumns = `a.id, a.case_id, a.account, a.due, a.reason, a.batch, a.replaced, a.set_by, a.set_at, a.ended_at, a.ended_by, a.ended_in`

func scanAssignment(s scanner) (a Assignment, err error) {
	return a, s.Scan(&a.ID, &a.Case, &a.Account, &a.Due, &a.Reason, &a.Batch, &a.Replaced, &a.SetBy, moment{&a.SetAt}, moment{&a.EndedAt}, &a.EndedBy, &a.EndedIn)
}

// Assign gives a case to an account. Whoever calls it has ended the assignment
// that held.
func (t *Tx) Assign(ctx context.Context, a Assignment) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO assignment (case_id, account, due, reason, batch, replaced, set_by, set_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, a.Case, a.Account, a.Due, a.Reason, a.Batch, a.Replaced, a.SetBy, instant(t.Now))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// EndAssignment ends an assignment that holds; ok is false if it had ended.
func (t *Tx) EndAssignment(ctx context.Context, id int64, by, batch string) (ok bool, err error) {
	return changed(t.tx.ExecContext(ctx, `
		UPDATE assignment
		SET ended_at = ?2, ended_by = ?3, ended_in = ?4
		WHERE id = ?1 AND ended_at = ''`, id, instant(t.Now), by, batch))
}

// AssignmentOf returns the assignment of a case that holds; ok is false if it is
// nobody's.
func (t *Tx) AssignmentOf(ctx context.Context, id casefile.CaseID) (a Assignment, ok bool, err error) {
	return maybe(scanAssignment(t.tx.QueryRowContext(ctx, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.case_id = ?1 AND a.ended_at = ''`, id)))
}

// CaseAssignments returns every assignment of a case, oldest first.
func (t *Tx) CaseAssignments(ctx context.Context, id casefile.CaseID) ([]Assignment, error) {
	return all(ctx, t.tx, scanAssignment, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.case_id = ?1
		ORDER BY a.id`, id)
}

// Assignment returns one assignment, whether it holds or not.
func (t *Tx) Assignment(ctx context.Context, id int64) (a Assignment, ok bool, err error) {
	return maybe(scanAssignment(t.tx.QueryRowContext(ctx, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.id = ?1`, id)))
}

// AssignmentsHeld returns every assignment that holds, restricted cases among
// them, by case. Cost: linear in them.
func (t *Tx) AssignmentsHeld(ctx context.Context) ([]Assignment, error) {
	return all(ctx, t.tx, scanAssignment, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.ended_at = ''
		ORDER BY a.case_id`)
}

// AssignmentsOf returns the assignments of these cases that hold.
func (t *Tx) AssignmentsOf(ctx context.Context, ids ...casefile.CaseID) (map[casefile.CaseID]Assignment, error) {
	list, err := all(ctx, t.tx, scanAssignment, `
		SELECT `+assignmentColumns+`
		FROM json_each(?1) c
		CROSS JOIN assignment a ON a.case_id = c.value AND a.ended_at = ''`, toJSON(ids))
	out := make(map[casefile.CaseID]Assignment, len(list))
	for _, a := range list {
		out[a.Case] = a
	}
	return out, err
}

// OfficersOfEach returns, for each of these cases, what [Tx.OfficersOf] does.
func (t *Tx) OfficersOfEach(ctx context.Context, ids ...casefile.CaseID) (map[casefile.CaseID][]string, error) {
	type officer struct {
		id   casefile.CaseID
		name string
	}
	list, err := all(ctx, t.tx, func(s scanner) (o officer, err error) { return o, s.Scan(&o.id, &o.name) }, `
		WITH asked (id) AS (SELECT value FROM json_each(?1)), visible (last) AS (SELECT watermark FROM register)
		SELECT i.case_id, i.oic FROM asked CROSS JOIN investigation i ON i.case_id = asked.id WHERE i.oic <> '' AND i.row_id <= (SELECT last FROM visible)
		UNION
		SELECT i.case_id, i.supervisor FROM asked CROSS JOIN investigation i ON i.case_id = asked.id WHERE i.supervisor <> '' AND i.row_id <= (SELECT last FROM visible)
		UNION
		SELECT l.case_id, l.author FROM asked CROSS JOIN log_entry l ON l.case_id = asked.id WHERE l.supervisor = 'y' AND l.author <> '' AND l.row_id <= (SELECT last FROM visible)
		ORDER BY 1, 2`, toJSON(ids))
	out := map[casefile.CaseID][]string{}
	for _, o := range list {
		out[o.id] = append(out[o.id], o.name)
	}
	return out, err
}

// DraftsBegun returns which accounts have begun to write about these cases.
func (t *Tx) DraftsBegun(ctx context.Context, ids ...casefile.CaseID) (map[casefile.CaseID][]string, error) {
	type draft struct {
		id      casefile.CaseID
		account string
	}
	list, err := all(ctx, t.tx, func(s scanner) (d draft, err error) { return d, s.Scan(&d.id, &d.account) }, `
		SELECT DISTINCT d.case_id, d.account
		FROM json_each(?1) c
		CROSS JOIN draft d ON d.case_id = c.value`, toJSON(ids))
	out := map[casefile.CaseID][]string{}
	for _, d := range list {
		out[d.id] = append(out[d.id], d.account)
	}
	return out, err
}

// AssignedIn returns what a batch assigned, and what it ended without assigning
// the case anew, by case; at most limit of each, -1 for all. Restricted cases that
// the account may not read are left out.
func (t *Tx) AssignedIn(ctx context.Context, batch, account string, limit int) (set, ended []Assignment, err error) {
	if set, err = all(ctx, t.tx, scanAssignment, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.batch = ?1 AND `+unrestricted("a.case_id", "?2")+`
		ORDER BY a.case_id, a.id
		LIMIT ?3`, batch, account, limit); err != nil {
		return nil, nil, err
	}
	ended, err = all(ctx, t.tx, scanAssignment, `
		SELECT `+assignmentColumns+`
		FROM assignment a
		WHERE a.ended_in = ?1 AND a.ended_in <> '' AND `+unrestricted("a.case_id", "?2")+`
			AND NOT EXISTS (SELECT 1 FROM assignment b WHERE b.batch = ?1 AND b.replaced = a.id)
		ORDER BY a.case_id, a.id
		LIMIT ?3`, batch, account, limit)
	return set, ended, err
}

// HiddenIn counts the cases of a batch that are restricted and that the account
// may not read.
func (t *Tx) HiddenIn(ctx context.Context, batch, account string) (n int, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT count(DISTINCT a.case_id)
		FROM restriction x
		CROSS JOIN assignment a ON a.case_id = x.case_id AND (a.batch = ?1 OR a.ended_in = ?1)
		WHERE x.lifted_at = '' AND NOT `+unrestricted("x.case_id", "?2"), batch, account).Scan(&n)
	return n, err
}

// A Batch is what was assigned or taken away together.
type Batch struct {
	ID         string
	Kind       string // assign, unassign, undo
	Reason     string
	Undoes     string // the batch that this one takes back
	UndoneBy   string // the batch that takes this one back
	Planned    int
	Done       int
	Refused    []Refusal // at most MaxRefusals
	Refusals   int       // how many there were
	SetBy      string
	SetAt      time.Time
	FinishedAt time.Time // zero: under way, or cut off
}

// A Refusal says why a case was left as it was.
type Refusal struct {
	Case casefile.CaseID `json:"case"`
	Why  string          `json:"why"`
}

// MaxRefusals is how many refusals of a batch are kept in words.
const MaxRefusals = 200

func scanBatch(s scanner) (b Batch, err error) {
	return b, s.Scan(&b.ID, &b.Kind, &b.Reason, &b.Undoes, &b.UndoneBy, &b.Planned, &b.Done, jsonText{&b.Refused}, &b.Refusals, &b.SetBy, moment{&b.SetAt}, moment{&b.FinishedAt})
}

const batchQuery = `
		SELECT b.id, b.kind, b.reason, b.undoes, coalesce((SELECT u.id FROM assignment_batch u WHERE u.undoes = b.id AND u.undoes <> ''), ''),
			b.planned, b.done, b.refused, b.refusals, b.set_by, b.set_at, b.finished_at
		FROM assignment_batch b`

// AddBatch begins a batch.
func (t *Tx) AddBatch(ctx context.Context, b Batch) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO assignment_batch (id, kind, reason, undoes, planned, set_by, set_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, b.ID, b.Kind, b.Reason, b.Undoes, b.Planned, b.SetBy, instant(t.Now))
	return err
}

// SaveBatch writes how far a batch has got.
func (t *Tx) SaveBatch(ctx context.Context, b Batch, finished bool) error {
	refused := b.Refused[:min(len(b.Refused), MaxRefusals)]
	text, err := json.Marshal(append([]Refusal{}, refused...))
	if err != nil {
		return err
	}
	end := ""
	if finished {
		end = instant(t.Now)
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE assignment_batch
		SET done = ?2, refused = ?3, refusals = ?4, finished_at = ?5
		WHERE id = ?1`, b.ID, b.Done, string(text), b.Refusals, end)
	return err
}

// Batch returns one batch; ok is false if there is none.
func (t *Tx) Batch(ctx context.Context, id string) (b Batch, ok bool, err error) {
	return maybe(scanBatch(t.tx.QueryRowContext(ctx, batchQuery+`
		WHERE b.id = ?1`, id)))
}

// Batches returns the last batches, the latest first.
func (t *Tx) Batches(ctx context.Context, limit int) ([]Batch, error) {
	return all(ctx, t.tx, scanBatch, batchQuery+`
		ORDER BY b.set_at DESC, b.id
		LIMIT ?1`, limit)
}

// Recusals returns the cases that each account will not review.
func (t *Tx) Recusals(ctx context.Context) (map[string]map[casefile.CaseID]bool, error) {
	type recusal struct {
		account string
		id      casefile.CaseID
	}
	rows, err := all(ctx, t.tx, func(s scanner) (r recusal, err error) { return r, s.Scan(&r.account, &r.id) }, `
		SELECT account, case_id
		FROM recusal`)
	out := map[string]map[casefile.CaseID]bool{}
	for _, r := range rows {
		if out[r.account] == nil {
			out[r.account] = map[casefile.CaseID]bool{}
		}
		out[r.account][r.id] = true
	}
	return out, err
}

// An OwnAssignment is an assignment as whoever has or had the case sees it.
type OwnAssignment struct {
	Assignment
	EndReason string         // of the batch that ended it
	Stage     casefile.Stage // where the case stands now
}

// OwnAssignments returns what is assigned to an account, and what was until it
// ended since a time, the latest first, at most limit of each. Restricted cases
// that the account may not read are left out.
func (t *Tx) OwnAssignments(ctx context.Context, account string, since time.Time, limit int) (held, ended []OwnAssignment, err error) {
	scan := func(s scanner) (o OwnAssignment, err error) {
		a := &o.Assignment
		return o, s.Scan(&a.ID, &a.Case, &a.Account, &a.Due, &a.Reason, &a.Batch, &a.Replaced, &a.SetBy, moment{&a.SetAt}, moment{&a.EndedAt}, &a.EndedBy, &a.EndedIn,
			&o.EndReason, &o.Stage)
	}
	const query = `
		SELECT ` + assignmentColumns + `, coalesce(b.reason, ''), coalesce(s.stage, 'open')
		FROM assignment a
		LEFT JOIN assignment_batch b ON b.id = a.ended_in AND a.ended_in <> ''
		LEFT JOIN case_state s ON s.case_id = a.case_id
		WHERE a.account = ?1 AND `
	if held, err = all(ctx, t.tx, scan, query+`a.ended_at = '' AND `+unrestricted("a.case_id", "?1")+`
		ORDER BY a.set_at DESC, a.id DESC
		LIMIT ?2`, account, limit); err != nil {
		return nil, nil, err
	}
	ended, err = all(ctx, t.tx, scan, query+`a.ended_at <> '' AND a.ended_at >= ?3 AND `+unrestricted("a.case_id", "?1")+`
		ORDER BY a.ended_at DESC, a.id DESC
		LIMIT ?2`, account, limit, instant(since))
	return held, ended, err
}
