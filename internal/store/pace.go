package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
)

// A Done is something that an account did at a moment.
type Done struct {
	Account string
	At      time.Time
}

func scanDone(s scanner) (d Done, err error) { return d, s.Scan(&d.Account, moment{&d.At}) }

// FirstReviews returns who submitted the first review of a case, and when, since a
// time, oldest first. Later reviews of the same case are not in it: a case is read
// once, however often its review comes back.
func (t *Tx) FirstReviews(ctx context.Context, since time.Time) ([]Done, error) {
	return all(ctx, t.tx, scanDone, `
		SELECT r.reviewer, r.submitted_at
		FROM review r
		WHERE r.submitted_at >= ?1 AND NOT EXISTS (SELECT 1 FROM review e WHERE e.case_id = r.case_id AND e.id < r.id)
		ORDER BY r.submitted_at, r.id`, instant(since))
}

// AtWork returns when accounts left a trace of work on cases since a time:
// reviews, what they said of others' reviews, steps of risks, lines and actions.
func (t *Tx) AtWork(ctx context.Context, since time.Time) ([]Done, error) {
	return all(ctx, t.tx, scanDone, `
		SELECT reviewer, submitted_at FROM review WHERE submitted_at >= ?1
		UNION ALL SELECT by, at FROM review_step WHERE at >= ?1
		UNION ALL SELECT by, at FROM risk_step WHERE at >= ?1
		UNION ALL SELECT by, at FROM line_step WHERE at >= ?1
		UNION ALL SELECT by, at FROM action_step WHERE at >= ?1`, instant(since))
}

// ReviewedCases returns the cases of which a review was ever submitted.
func (t *Tx) ReviewedCases(ctx context.Context) (map[casefile.CaseID]bool, error) {
	return byCase[bool](ctx, t.tx, `
		SELECT DISTINCT case_id, 1
		FROM review`)
}

// A StageCount is how many cases whose review is an account's stand at a stage.
type StageCount struct {
	Account string
	Stage   casefile.Stage
	Cases   int
}

// StagesByReviewer counts cases by the reviewer and stage of their review.
func (t *Tx) StagesByReviewer(ctx context.Context) ([]StageCount, error) {
	return all(ctx, t.tx, func(s scanner) (c StageCount, err error) { return c, s.Scan(&c.Account, &c.Stage, &c.Cases) }, `
		SELECT reviewer, stage, count(*)
		FROM case_state
		WHERE reviewer <> ''
		GROUP BY reviewer, stage`)
}

// An AssignmentLoad is what an account has been given and not submitted.
type AssignmentLoad struct {
	Account string
	Cases   int
	Overdue int
	Undated int
	DueBy   int // due on or before the day asked about, the overdue ones among them
	Oldest  string
}

// AssignmentLoads counts by account the assignments that hold of cases that are
// still to be reviewed. Today and by are days in London.
func (t *Tx) AssignmentLoads(ctx context.Context, today, by string) ([]AssignmentLoad, error) {
	return all(ctx, t.tx, func(s scanner) (l AssignmentLoad, err error) {
		return l, s.Scan(&l.Account, &l.Cases, &l.Overdue, &l.Undated, &l.DueBy, &l.Oldest)
	}, `
		SELECT a.account, count(*),
			sum(a.due <> '' AND a.due < ?1),
			sum(a.due = ''),
			sum(a.due <> '' AND a.due <= ?2),
			min(a.set_at)
		FROM assignment a
		LEFT JOIN case_state s ON s.case_id = a.case_id
		WHERE a.ended_at = '' AND coalesce(s.stage, 'open') IN ('open', 'returned')
		GROUP BY a.account
		ORDER BY a.account`, today, by)
}
