package store

import (
	"context"
	"iter"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// Officers streams the officer in the case and the supervisor of every
// investigation, by id, as the force writes them.
func (t *Tx) Officers(ctx context.Context) iter.Seq2[CaseOfficers, error] {
	return each(ctx, t.tx, func(s scanner) (o CaseOfficers, err error) {
		return o, s.Scan(&o.Case, &o.OIC, &o.Supervisor)
	}, `
		SELECT case_id, oic, supervisor
		FROM investigation_now
		ORDER BY case_id`)
}

// CaseOfficers are who investigated a case.
type CaseOfficers struct {
	Case            casefile.CaseID
	OIC, Supervisor string
}

// DocumentCounts returns how many documents each case has; a case without any is
// not in it.
func (t *Tx) DocumentCounts(ctx context.Context) (map[casefile.CaseID]int, error) {
	return byCase[int](ctx, t.tx, `
		SELECT case_id, count(*)
		FROM document_now
		WHERE case_id <> ''
		GROUP BY case_id`)
}

// MissingVictims returns the cases of which a victim has been recorded missing,
// with the number of episodes.
func (t *Tx) MissingVictims(ctx context.Context) (map[casefile.CaseID]int, error) {
	return byCase[int](ctx, t.tx, `
		SELECT v.case_id, count(DISTINCT m.row_id)
		FROM missing_episode_now m
		CROSS JOIN involvement_now v ON v.nominal_id = m.nominal_id
		WHERE v.role = 'victim'
		GROUP BY v.case_id`)
}

// CaseGroups returns the group to which suspects of a case belong: the first by
// name where they belong to several. It walks from the members, who are few, to
// their cases; left to itself the database walks all involvements.
func (t *Tx) CaseGroups(ctx context.Context, run int64) (map[casefile.CaseID]string, error) {
	return byCase[string](ctx, t.tx, `
		SELECT v.case_id, min(g.group_id)
		FROM group_member g
		CROSS JOIN identity i ON i.run_id = g.run_id AND i.identity = g.identity
		CROSS JOIN involvement_now v ON v.nominal_id = i.nominal_id
		WHERE g.run_id = ?1 AND v.role = 'suspect'
		GROUP BY v.case_id`, run)
}

// byCase collects one value a case.
func byCase[T any](ctx context.Context, tx querier, query string, args ...any) (map[casefile.CaseID]T, error) {
	type row struct {
		id    casefile.CaseID
		value T
	}
	out := map[casefile.CaseID]T{}
	for r, err := range each(ctx, tx, func(s scanner) (r row, err error) { return r, s.Scan(&r.id, &r.value) }, query, args...) {
		if err != nil {
			return nil, fault(err)
		}
		out[r.id] = r.value
	}
	return out, nil
}

// A ListingKey says which state of the register a table of all cases shows.
type ListingKey struct {
	Run       Run
	Adoption  Adoption // ID 0: no terms are in force
	Watermark int64
}

// ListingKey returns the last run of a kind, the terms in force and the last row
// that can be seen. Cost: three seeks.
func (t *Tx) ListingKey(ctx context.Context, kind string) (k ListingKey, err error) {
	if k.Run, err = t.LastRun(ctx, kind); err != nil {
		return k, err
	}
	if err := t.tx.QueryRowContext(ctx, `SELECT watermark FROM register`).Scan(&k.Watermark); err != nil {
		return k, err
	}
	last, err := all(ctx, t.tx, func(s scanner) (a Adoption, err error) {
		return a, s.Scan(&a.ID, &a.Name, &a.Version, &a.Terms, &a.SHA256, &a.AdoptedAt)
	}, `
		SELECT id, name, version, terms, sha256, adopted_at
		FROM adoption
		ORDER BY id DESC
		LIMIT 1`)
	if err == nil && len(last) > 0 {
		k.Adoption = last[0]
	}
	return k, err
}

// LastEvent returns the place in the ledger of the last event of any of the kinds,
// -1 if there is none. Cost: one seek a kind.
func (t *Tx) LastEvent(ctx context.Context, kinds []ledger.Kind) (last int64, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT coalesce(max((SELECT e.seq FROM ledger_event e WHERE e.kind = j.value ORDER BY e.seq DESC LIMIT 1)), -1)
		FROM json_each(?1) j`, asJSON(kinds)).Scan(&last)
	return last, err
}

// CaseStates returns where every case stands that anybody has touched.
func (t *Tx) CaseStates(ctx context.Context) (map[casefile.CaseID]casefile.CaseState, error) {
	out := map[casefile.CaseID]casefile.CaseState{}
	for s, err := range each(ctx, t.tx, func(s scanner) (c casefile.CaseState, err error) {
		return c, s.Scan(&c.Case, &c.Version, &c.Stage, &c.Reviewer, &c.Verdict, moment{&c.Since})
	}, `
		SELECT case_id, version, stage, reviewer, verdict, since
		FROM case_state`) {
		if err != nil {
			return nil, fault(err)
		}
		out[s.Case] = s
	}
	return out, nil
}

// AssignedCases returns to whom cases are assigned now.
func (t *Tx) AssignedCases(ctx context.Context) (map[casefile.CaseID]string, error) {
	return byCase[string](ctx, t.tx, `
		SELECT case_id, account
		FROM assignment
		WHERE ended_at = ''`)
}

// CountIdentities returns how many records of people have an identity.
func (t *Tx) CountIdentities(ctx context.Context, run int64) (n int, err error) {
	return n, t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM identity
		WHERE run_id = ?1`, run).Scan(&n)
}
