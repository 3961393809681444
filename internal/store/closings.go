package store

import (
	"context"

	"lookback/internal/casefile"
)

const closingColumns = `c.id, c.case_id, c.decision_id, c.reason, c.closed_by, c.closed_at, c.watermark, c.reopened_by, c.reopened_at, c.reopen_reason,
			coalesce((SELECT d.verdict FROM decision d WHERE d.id = c.decision_id), '')`

func scanClosing(s scanner) (c casefile.Closing, err error) {
	return c, s.Scan(&c.ID, &c.Case, &c.Decision, &c.Reason, &c.ClosedBy, moment{&c.ClosedAt}, &c.Watermark,
		&c.ReopenedBy, moment{&c.ReopenedAt}, &c.ReopenReason, &c.Verdict)
}

// CloseCase notes that a case is closed on what the register holds now.
func (t *Tx) CloseCase(ctx context.Context, c casefile.Closing) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO closing (case_id, decision_id, reason, closed_by, closed_at, watermark)
		SELECT ?1, ?2, ?3, ?4, ?5, watermark
		FROM register`, c.Case, c.Decision, c.Reason, c.ClosedBy, instant(t.Now))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// ReopenCase ends the closing that holds.
func (t *Tx) ReopenCase(ctx context.Context, id casefile.CaseID, by, reason string) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE closing
		SET reopened_by = ?2, reopened_at = ?3, reopen_reason = ?4
		WHERE case_id = ?1 AND reopened_at = ''`, id, by, instant(t.Now), reason)
	return err
}

// Closing returns the closing of a case that holds; ok is false if it is not closed.
func (t *Tx) Closing(ctx context.Context, id casefile.CaseID) (c casefile.Closing, ok bool, err error) {
	return maybe(scanClosing(t.tx.QueryRowContext(ctx, `
		SELECT `+closingColumns+`
		FROM closing c
		WHERE c.case_id = ?1 AND c.reopened_at = ''`, id)))
}

// CaseClosings returns every closing of a case, oldest first.
func (t *Tx) CaseClosings(ctx context.Context, id casefile.CaseID) ([]casefile.Closing, error) {
	return all(ctx, t.tx, scanClosing, `
		SELECT `+closingColumns+`
		FROM closing c
		WHERE c.case_id = ?1
		ORDER BY c.id`, id)
}

// Closings returns the closed cases, the last closed first, without restricted
// ones that the account may not read. Before is the number of the last closing of
// the page before, 0 for the first page. With among, only closings of these numbers.
func (t *Tx) Closings(ctx context.Context, account string, before int64, among []int64, limit int) ([]casefile.Closing, error) {
	var q question
	q.where("c.reopened_at = ''", unrestricted("c.case_id", q.arg(account)))
	if before != 0 {
		q.where("c.id < " + q.arg(before))
	}
	if among != nil {
		q.where("c.id IN (SELECT value FROM json_each(" + q.arg(toJSON(among)) + "))")
	}
	return all(ctx, t.tx, scanClosing, `
		SELECT `+closingColumns+`
		FROM closing c
		WHERE `+q.conditions()+`
		ORDER BY c.id DESC
		LIMIT `+q.arg(limit), q.args...)
}

// CountClosings counts the closed cases, restricted ones among them.
func (t *Tx) CountClosings(ctx context.Context) (n int, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM closing
		WHERE reopened_at = ''`).Scan(&n)
	return n, err
}

// A Later counts rows of one table that were received about a case after it was closed.
type Later struct {
	Table casefile.Table
	Rows  int
}

// ReceivedLater returns what was received about a case after a watermark: rows
// that name it, and rows about the people in it that name no case.
func (t *Tx) ReceivedLater(ctx context.Context, id casefile.CaseID, watermark int64) ([]Later, error) {
	var out []Later
	for _, table := range laterTables {
		var n int
		err := t.tx.QueryRowContext(ctx, `
			SELECT count(*)
			FROM (`+table.about("?1")+`) r
			WHERE r.row_id > ?2 AND r.row_id <= (SELECT watermark FROM register)`, id, watermark).Scan(&n)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, Later{table.of, n})
		}
	}
	return out, nil
}

// laterTable is where rows about a case may arrive.
type laterTable struct {
	of    casefile.Table
	sql   string
	names bool // rows name the case; otherwise only a person in it
}

var laterTables = []laterTable{
	{casefile.Investigations, "investigation", true},
	{casefile.Involvements, "involvement", true},
	{casefile.Uses, "usage", true},
	{casefile.Flags, "flag", true},
	{casefile.Log, "log_entry", true},
	{casefile.Outcomes, "outcome", true},
	{casefile.Exhibits, "exhibit", true},
	{casefile.Documents, "document", true},
	{casefile.Nominals, "nominal", false},
	{casefile.Missing, "missing_episode", false},
}

// about selects the row_id of every row about the case.
func (l laterTable) about(id string) string {
	if l.names {
		return "SELECT x.row_id FROM " + l.sql + " x WHERE x.case_id = " + id
	}
	return "SELECT x.row_id FROM " + l.sql + " x WHERE x.nominal_id IN (SELECT v.nominal_id FROM involvement_now v WHERE v.case_id = " + id + ")"
}

// ClosingsChanged returns the numbers of the closings that hold and about whose
// cases rows were received since. It looks at every closed case and costs about a
// tenth of a millisecond each; it changes only when an extract lands or a closing
// is made or ended, and a closing that is new has not changed.
func (t *Tx) ClosingsChanged(ctx context.Context) ([]int64, error) {
	condition := ""
	for i, l := range laterTables {
		if i > 0 {
			condition += " OR "
		}
		condition += "EXISTS (SELECT 1 FROM (" + l.about("c.case_id") + ") r WHERE r.row_id > c.watermark AND r.row_id <= g.watermark)"
	}
	return all(ctx, t.tx, func(s scanner) (id int64, err error) { return id, s.Scan(&id) }, `
		SELECT c.id
		FROM closing c, register g
		WHERE c.reopened_at = '' AND c.watermark < g.watermark AND (`+condition+`)
		ORDER BY c.id`)
}
