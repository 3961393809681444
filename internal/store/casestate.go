package store

import (
	"context"
	"database/sql"
	"errors"

	"lookback/internal/casefile"
)

// CaseState returns where a case stands: version 0 and stage open if nobody has
// touched it.
func (t *Tx) CaseState(ctx context.Context, id casefile.CaseID) (casefile.CaseState, error) {
	s := casefile.CaseState{Case: id}
	var since string
	err := t.tx.QueryRowContext(ctx, `
		SELECT version, stage, reviewer, verdict, since
		FROM case_state
		WHERE case_id = ?1`, id).Scan(&s.Version, &s.Stage, &s.Reviewer, &s.Verdict, &since)
	if errors.Is(err, sql.ErrNoRows) {
		s.Stage, err = casefile.StageOpen, nil
	}
	s.Since = readInstant(since)
	return s, err
}

// CaseAsSeen returns where a case stands, and refuses with a conflict unless its
// version is the one that the actor had on the page.
func (t *Tx) CaseAsSeen(ctx context.Context, id casefile.CaseID, seen int) (casefile.CaseState, error) {
	s, err := t.CaseState(ctx, id)
	switch {
	case err != nil:
	case s.Version > seen:
		err = casefile.Errorf(casefile.Conflict, "This case changed while you had it open, so nothing was decided. Your text is kept: read what changed, then send it again.")
	case s.Version < seen:
		err = casefile.Errorf(casefile.Conflict, "This page does not fit the case as it stands, so nothing was decided. Open the case again.")
	}
	return s, err
}

// A CaseChange is what a decided write does to a case's state. An empty Stage
// leaves stage, reviewer and verdict as they are.
type CaseChange struct {
	Stage    casefile.Stage
	Reviewer string
	Verdict  casefile.Verdict
}

// TouchCase raises the version of a case and moves it to a stage. Everything
// decided about a case calls it, in the transaction of its event.
func (t *Tx) TouchCase(ctx context.Context, id casefile.CaseID, c CaseChange) (version int, err error) {
	stage := c.Stage
	if stage == "" {
		stage = casefile.StageOpen // of a case not touched before
	}
	err = t.tx.QueryRowContext(ctx, `
		INSERT INTO case_state (case_id, version, stage, reviewer, verdict, since, touched_at)
		VALUES (?1, 1, ?2, ?3, ?4, ?5, ?5)
		ON CONFLICT (case_id) DO UPDATE SET
			touched_at = excluded.touched_at,
			version  = version + 1,
			stage    = CASE WHEN ?6 = '' THEN stage ELSE excluded.stage END,
			reviewer = CASE WHEN ?6 = '' THEN reviewer ELSE excluded.reviewer END,
			verdict  = CASE WHEN ?6 = '' THEN verdict ELSE excluded.verdict END,
			since    = CASE WHEN ?6 = '' THEN since ELSE excluded.since END
		RETURNING version`, id, stage, c.Reviewer, c.Verdict, instant(t.Now), c.Stage).Scan(&version)
	return version, err
}
