package store

import (
	"context"

	"lookback/internal/casefile"
)

const reviewColumns = `id, case_id, form, reviewer, body, verdict, reason, shown, submitted_at, supersedes`

func scanReview(s scanner) (r casefile.Review, err error) {
	return r, s.Scan(&r.ID, &r.Case, &r.Form, &r.Reviewer, &r.Body, &r.Verdict, &r.Reason, &r.Shown, moment{&r.SubmittedAt}, &r.Supersedes)
}

// AddReview stores a review as submitted and returns its number.
func (t *Tx) AddReview(ctx context.Context, r casefile.Review) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO review (case_id, form, reviewer, body, verdict, reason, shown, submitted_at, supersedes)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
		r.Case, r.Form, r.Reviewer, r.Body, r.Verdict, r.Reason, r.Shown, instant(t.Now), r.Supersedes)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// Reviews returns every review of a case, oldest first.
func (t *Tx) Reviews(ctx context.Context, id casefile.CaseID) ([]casefile.Review, error) {
	return all(ctx, t.tx, scanReview, `
		SELECT `+reviewColumns+`
		FROM review
		WHERE case_id = ?1
		ORDER BY id`, id)
}

// LastReview returns the review of a case submitted last; ok is false if there is
// none.
func (t *Tx) LastReview(ctx context.Context, id casefile.CaseID) (r casefile.Review, ok bool, err error) {
	return maybe(scanReview(t.tx.QueryRowContext(ctx, `
		SELECT `+reviewColumns+`
		FROM review
		WHERE case_id = ?1
		ORDER BY id DESC
		LIMIT 1`, id)))
}

// AddStep stores what somebody said of a review.
func (t *Tx) AddStep(ctx context.Context, s casefile.ReviewStep) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO review_step (review_id, case_id, step, verdict, reason, by, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, s.Review, s.Case, s.Step, s.Verdict, s.Reason, s.By, instant(t.Now))
	return err
}

// ReviewSteps returns what others said of these reviews, oldest first.
func (t *Tx) ReviewSteps(ctx context.Context, reviews ...int64) ([]casefile.ReviewStep, error) {
	return all(ctx, t.tx, func(s scanner) (r casefile.ReviewStep, err error) {
		return r, s.Scan(&r.ID, &r.Review, &r.Case, &r.Step, &r.Verdict, &r.Reason, &r.By, moment{&r.At})
	}, `
		SELECT id, review_id, case_id, step, verdict, reason, by, at
		FROM review_step
		WHERE review_id IN (SELECT value FROM json_each(?1))
		ORDER BY id`, toJSON(reviews))
}

// Officers returns how the force's records name those who investigated or
// supervised a case, in any version received: a superseded row names them as well.
func (t *Tx) OfficersOf(ctx context.Context, id casefile.CaseID) ([]string, error) {
	return all(ctx, t.tx, func(s scanner) (name string, err error) { return name, s.Scan(&name) }, `
		SELECT oic FROM investigation WHERE case_id = ?1 AND oic <> '' AND row_id <= (SELECT watermark FROM register)
		UNION
		SELECT supervisor FROM investigation WHERE case_id = ?1 AND supervisor <> '' AND row_id <= (SELECT watermark FROM register)
		UNION
		SELECT author FROM log_entry WHERE case_id = ?1 AND supervisor = 'y' AND author <> '' AND row_id <= (SELECT watermark FROM register)
		ORDER BY 1`, id)
}

// Recused reports whether an account declared that it will not review a case.
func (t *Tx) Recused(ctx context.Context, id casefile.CaseID, account string) (yes bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM recusal WHERE case_id = ?1 AND account = ?2)`, id, account).Scan(&yes)
	return yes, err
}

// Recuse notes that an account may not or will not review a case.
func (t *Tx) Recuse(ctx context.Context, id casefile.CaseID, account, reason, by string) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO recusal (case_id, account, reason, set_by, set_at)
		VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (case_id, account) DO NOTHING`, id, account, reason, by, instant(t.Now))
	return err
}

// A ShownRow is one row of a case as received: its number and the hash of its
// content.
type ShownRow struct {
	Row  int64
	Hash string // hexadecimal
}

// CaseRows returns every row about a case that is current, and the rows of the
// people in it, by number.
func (t *Tx) CaseRows(ctx context.Context, id casefile.CaseID) ([]ShownRow, error) {
	return all(ctx, t.tx, func(s scanner) (r ShownRow, err error) { return r, s.Scan(&r.Row, &r.Hash) }, `
		WITH about (row_id) AS (
			SELECT row_id FROM investigation_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM involvement_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM log_entry_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM outcome_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM exhibit_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM document_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM flag_now WHERE case_id = ?1
			UNION ALL SELECT row_id FROM usage_now WHERE case_id = ?1 AND case_id <> ''
			UNION ALL SELECT n.row_id FROM involvement_now v CROSS JOIN nominal_now n ON n.nominal_id = v.nominal_id WHERE v.case_id = ?1
			UNION ALL SELECT e.row_id FROM involvement_now v CROSS JOIN missing_episode_now e ON e.nominal_id = v.nominal_id WHERE v.case_id = ?1
		)
		SELECT DISTINCT r.id, lower(hex(r.content))
		FROM about a
		CROSS JOIN row r ON r.id = a.row_id
		ORDER BY r.id`, id)
}
