package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
)

const decisionColumns = `d.id, d.case_id, d.review_id, d.verdict, d.reason, d.made_by, d.second, d.shown, d.decided_at, d.supersedes`

func scanDecision(s scanner) (d casefile.Decision, err error) {
	return d, s.Scan(&d.ID, &d.Case, &d.Review, &d.Verdict, &d.Reason, &d.MadeBy, &d.Second, &d.Shown, moment{&d.DecidedAt}, &d.Supersedes)
}

// AddDecision stores a decision and returns its number. It supersedes the last
// decision of the case, if there is one.
func (t *Tx) AddDecision(ctx context.Context, d casefile.Decision) (id int64, err error) {
	err = t.tx.QueryRowContext(ctx, `
		INSERT INTO decision (case_id, review_id, verdict, reason, made_by, second, shown, decided_at, supersedes)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce((SELECT max(p.id) FROM decision p WHERE p.case_id = ?1), 0))
		RETURNING id`, d.Case, d.Review, d.Verdict, d.Reason, d.MadeBy, d.Second, d.Shown, instant(t.Now)).Scan(&id)
	return id, err
}

// Decisions returns every decision on a case, oldest first.
func (t *Tx) Decisions(ctx context.Context, id casefile.CaseID) ([]casefile.Decision, error) {
	return all(ctx, t.tx, scanDecision, `
		SELECT `+decisionColumns+`
		FROM decision d
		WHERE d.case_id = ?1
		ORDER BY d.id`, id)
}

// A Waiting is a case whose review waits for another person.
type Waiting struct {
	Case     casefile.CaseID
	Stage    casefile.Stage
	Verdict  casefile.Verdict // of its review
	Since    time.Time
	AtRisk   bool   // a risk was raised from it that nobody has acknowledged
	Reviewer string // of the review, for the rule that nobody approves their own
	Open     string // account that has it open now, ""
}

// Waiting returns the cases of a stage that are not restricted for the account,
// those at risk first, then the one that waits longest. Those whose review is the
// account's own are left out, and those of which it has said something already.
func (t *Tx) Waiting(ctx context.Context, stage casefile.Stage, account string, limit int) ([]Waiting, error) {
	return all(ctx, t.tx, func(s scanner) (w Waiting, err error) {
		return w, s.Scan(&w.Case, &w.Stage, &w.Verdict, moment{&w.Since}, &w.AtRisk, &w.Reviewer, &w.Open)
	}, `
		SELECT s.case_id, s.stage, s.verdict, s.since,
			EXISTS (SELECT 1 FROM risk r WHERE r.case_id = s.case_id AND `+openRisk+`) AS at_risk,
			s.reviewer,
			coalesce((SELECT l.account FROM lease l WHERE l.case_id = s.case_id AND l.until > ?4), '')
		FROM case_state s
		WHERE s.stage = ?1
			AND s.reviewer <> ?2
			AND `+unrestricted("s.case_id", "?2")+`
			AND NOT EXISTS (SELECT 1 FROM recusal x WHERE x.case_id = s.case_id AND x.account = ?2)
			AND (s.stage = 'submitted' OR NOT EXISTS (
				SELECT 1 FROM review_step p
				WHERE p.review_id = (SELECT max(v.id) FROM review v WHERE v.case_id = s.case_id) AND p.by = ?2))
		ORDER BY at_risk DESC, s.since, s.case_id
		LIMIT ?3`, stage, account, limit, instant(t.Now))
}

// A Candidate says what keeps a case from being pulled by an account.
type Candidate struct {
	Case     casefile.CaseID
	Stage    casefile.Stage
	Reviewer string // "" for a case nobody has reviewed
	Assigned string // to whom, "" to nobody
	Due      string
	Open     string // account that has it open now
	OpenFor  string
	Recused  bool
	Hidden   bool // restricted, and the account is no named reader
}

// Candidates returns, in the order given, what keeps each of these cases from
// being pulled by an account. It costs four seeks a case.
func (t *Tx) Candidates(ctx context.Context, account string, ids ...casefile.CaseID) ([]Candidate, error) {
	return all(ctx, t.tx, func(s scanner) (c Candidate, err error) {
		return c, s.Scan(&c.Case, &c.Stage, &c.Reviewer, &c.Assigned, &c.Due, &c.Open, &c.OpenFor, &c.Recused, &c.Hidden)
	}, `
		SELECT c.value, coalesce(s.stage, 'open'), coalesce(s.reviewer, ''), coalesce(a.account, ''), coalesce(a.due, ''),
			coalesce(l.account, ''), coalesce(l.purpose, ''),
			EXISTS (SELECT 1 FROM recusal x WHERE x.case_id = c.value AND x.account = ?2),
			NOT `+unrestricted("c.value", "?2")+`
		FROM json_each(?1) c
		LEFT JOIN case_state s ON s.case_id = c.value
		LEFT JOIN assignment a ON a.case_id = c.value AND a.ended_at = ''
		LEFT JOIN lease l ON l.case_id = c.value AND l.until > ?3
		ORDER BY c.key`, toJSON(ids), account, instant(t.Now))
}

// TouchedSince returns the cases about which anything was decided at a time or
// later, and when that last was.
func (t *Tx) TouchedSince(ctx context.Context, at time.Time) (ids []casefile.CaseID, last time.Time, err error) {
	type row struct {
		id casefile.CaseID
		at time.Time
	}
	last = at
	for r, err := range each(ctx, t.tx, func(s scanner) (r row, err error) { return r, s.Scan(&r.id, moment{&r.at}) }, `
		SELECT case_id, touched_at
		FROM case_state
		WHERE touched_at >= ?1
		ORDER BY touched_at`, instant(at)) {
		if err != nil {
			return nil, at, err
		}
		ids, last = append(ids, r.id), r.at
	}
	return ids, last, nil
}

// BackWith returns the cases that are back with a reviewer: returned by another,
// or withdrawn, the one that waits longest first.
func (t *Tx) BackWith(ctx context.Context, account string) ([]casefile.CaseID, error) {
	return all(ctx, t.tx, scanCaseID, `
		SELECT s.case_id
		FROM case_state s
		WHERE s.reviewer = ?1 AND s.stage IN ('returned', 'open')
		ORDER BY s.stage DESC, s.since, s.case_id`, account)
}

// AssignedTo returns the cases that an account is to review and has not submitted:
// the one due first, those without a day last.
func (t *Tx) AssignedTo(ctx context.Context, account string) ([]casefile.CaseID, error) {
	return all(ctx, t.tx, scanCaseID, `
		SELECT a.case_id
		FROM assignment a
		LEFT JOIN case_state s ON s.case_id = a.case_id
		WHERE a.account = ?1 AND a.ended_at = '' AND coalesce(s.stage, 'open') IN ('open', 'returned')
		ORDER BY a.due = '', a.due, a.set_at, a.case_id`, account)
}

func scanCaseID(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }

// CountStages counts the cases of each stage that anybody has touched, restricted
// ones among them.
func (t *Tx) CountStages(ctx context.Context) (map[casefile.Stage]int, error) {
	type row struct {
		stage casefile.Stage
		n     int
	}
	rows, err := all(ctx, t.tx, func(s scanner) (r row, err error) { return r, s.Scan(&r.stage, &r.n) }, `
		SELECT stage, count(*)
		FROM case_state
		GROUP BY stage`)
	out := map[casefile.Stage]int{}
	for _, r := range rows {
		out[r.stage] = r.n
	}
	return out, err
}

// DeferredCases returns the decisions that put cases off unread and hold, the last
// first, without restricted cases that the account may not read.
func (t *Tx) DeferredCases(ctx context.Context, account string, skip, limit int) ([]casefile.Decision, error) {
	return all(ctx, t.tx, scanDecision, `
		SELECT `+decisionColumns+`
		FROM case_state s
		CROSS JOIN decision d ON d.id = (SELECT max(p.id) FROM decision p WHERE p.case_id = s.case_id)
		WHERE s.stage = 'deferred' AND `+unrestricted("s.case_id", "?1")+`
		ORDER BY s.since DESC, s.case_id
		LIMIT ?2 OFFSET ?3`, account, limit, skip)
}

// Begun reports whether anybody has typed anything into a review of a case.
func (t *Tx) Begun(ctx context.Context, id casefile.CaseID) (yes bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM draft WHERE case_id = ?1 AND form GLOB 'review@*')`, id).Scan(&yes)
	return yes, err
}
