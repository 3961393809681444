package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"lookback/internal/casefile"
)

// openRisk is the condition that nobody has acknowledged a risk yet. It must
// read as the partial index risk_open does.
const openRisk = `r.state IN ('raised', 'told', 'sent')`

const riskColumns = `r.id, r.case_id, r.nominal_id, r.who, r.kinds, r.detail, r.raised_by, r.raised_at, r.state, r.state_at`

func scanRisk(s scanner) (r casefile.Risk, err error) {
	return r, s.Scan(&r.ID, &r.Case, &r.Nominal, &r.Who, jsonText{&r.Kinds}, &r.Detail, &r.RaisedBy, moment{&r.RaisedAt}, &r.State, moment{&r.StateAt})
}

// RaiseRisk adds a risk with its first step, raised, and returns its number.
func (t *Tx) RaiseRisk(ctx context.Context, r casefile.Risk) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO risk (case_id, nominal_id, who, kinds, detail, raised_by, raised_at, state, state_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'raised', ?7)`, r.Case, r.Nominal, r.Who, toJSON(r.Kinds), r.Detail, r.RaisedBy, instant(t.Now))
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	return id, t.AddRiskStep(ctx, casefile.RiskStep{Risk: id, State: casefile.RiskRaised, By: r.RaisedBy})
}

// AddRiskStep adds a step; any but a note moves the risk to the step's state.
func (t *Tx) AddRiskStep(ctx context.Context, s casefile.RiskStep) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO risk_step (risk_id, state, whom, how, reference, happened_at, note, by, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`, s.Risk, s.State, s.Whom, s.How, s.Reference, optional(s.Happened), s.Note, s.By, instant(t.Now))
	if err != nil || s.State == casefile.RiskNote {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE risk
		SET state = ?2, state_at = ?3
		WHERE id = ?1`, s.Risk, s.State, instant(t.Now))
	return err
}

// Risk returns one risk; ok is false if there is none of that number.
func (t *Tx) Risk(ctx context.Context, id int64) (r casefile.Risk, ok bool, err error) {
	return maybe(scanRisk(t.tx.QueryRowContext(ctx, `
		SELECT `+riskColumns+`
		FROM risk r
		WHERE r.id = ?1`, id)))
}

// CaseRisks returns every risk raised from a case, the latest first.
func (t *Tx) CaseRisks(ctx context.Context, id casefile.CaseID) ([]casefile.Risk, error) {
	return all(ctx, t.tx, scanRisk, `
		SELECT `+riskColumns+`
		FROM risk r
		WHERE r.case_id = ?1
		ORDER BY r.id DESC`, id)
}

// RiskSteps returns the steps of the risks of these numbers, oldest first.
func (t *Tx) RiskSteps(ctx context.Context, risks ...int64) ([]casefile.RiskStep, error) {
	if len(risks) == 0 {
		return nil, nil
	}
	return all(ctx, t.tx, func(s scanner) (r casefile.RiskStep, err error) {
		return r, s.Scan(&r.ID, &r.Risk, &r.State, &r.Whom, &r.How, &r.Reference, moment{&r.Happened}, &r.Note, &r.By, moment{&r.At})
	}, `
		SELECT id, risk_id, state, whom, how, reference, happened_at, note, by, at
		FROM risk_step
		WHERE risk_id IN (SELECT value FROM json_each(?1))
		ORDER BY id`, toJSON(risks))
}

// CasesAtRisk returns the cases from which a risk was raised that nobody has
// acknowledged, restricted ones among them, with when the oldest was raised.
// Every queue puts them first. It costs one step an open risk.
func (t *Tx) CasesAtRisk(ctx context.Context) (map[casefile.CaseID]time.Time, error) {
	type row struct {
		id casefile.CaseID
		at time.Time
	}
	rows, err := all(ctx, t.tx, func(s scanner) (r row, err error) { return r, s.Scan(&r.id, moment{&r.at}) }, `
		SELECT r.case_id, min(r.raised_at)
		FROM risk r
		WHERE `+openRisk+`
		GROUP BY r.case_id`)
	out := make(map[casefile.CaseID]time.Time, len(rows))
	for _, r := range rows {
		out[r.id] = r.at
	}
	return out, err
}

// A RiskFilter chooses risks for a list.
type RiskFilter struct {
	State    string // a state; "open" for raised, told and sent; "" for all
	Kind     string // a code, "" for any
	RaisedBy string
	Case     casefile.CaseID
	After    int64 // the number of the last risk of the page before, 0 for the first page
	Limit    int
}

// Risks returns risks, oldest first, without those of restricted cases that the
// account may not read. Open ones are few and are read through their index.
func (t *Tx) Risks(ctx context.Context, account string, f RiskFilter) ([]casefile.Risk, error) {
	var q question
	id := "r.id"
	if f.State == "open" {
		id = "+r.id" // open ones are found through their index, and few enough to be sorted
	}
	q.where(id+" > "+q.arg(f.After), unrestricted("r.case_id", q.arg(account)))
	switch f.State {
	case "":
	case "open":
		q.where(openRisk)
	default:
		q.where("r.state = " + q.arg(f.State))
	}
	if f.Kind != "" {
		q.where("EXISTS (SELECT 1 FROM json_each(r.kinds) WHERE value = " + q.arg(f.Kind) + ")")
	}
	if f.RaisedBy != "" {
		q.where("r.raised_by = " + q.arg(f.RaisedBy))
	}
	if f.Case != "" {
		q.where("r.case_id = " + q.arg(f.Case))
	}
	return all(ctx, t.tx, scanRisk, `
		SELECT `+riskColumns+`
		FROM risk r
		WHERE `+q.conditions()+`
		ORDER BY `+id+`
		LIMIT `+q.arg(f.Limit), q.args...)
}

// A question gathers the conditions of a filter with the values they speak of.
type question struct {
	terms []string
	args  []any
}

// arg adds a value and returns its place.
func (q *question) arg(v any) string {
	q.args = append(q.args, v)
	return "?" + strconv.Itoa(len(q.args))
}

func (q *question) where(terms ...string) { q.terms = append(q.terms, terms...) }

func (q *question) conditions() string { return strings.Join(q.terms, " AND ") }

// A HiddenRisk is an open risk on a restricted case that an account may not
// read: that it is there and since when, never what or where.
type HiddenRisk struct {
	RaisedAt time.Time
	State    casefile.RiskState
	Readers  map[string]int // enabled named readers of its case, by role
}

// HiddenRisks returns the open risks that an account may not read, oldest first.
func (t *Tx) HiddenRisks(ctx context.Context, account string) ([]HiddenRisk, error) {
	return all(ctx, t.tx, func(s scanner) (h HiddenRisk, err error) {
		var roles []string
		if err := s.Scan(moment{&h.RaisedAt}, &h.State, jsonText{&roles}); err != nil {
			return h, err
		}
		h.Readers = map[string]int{}
		for _, role := range roles {
			h.Readers[role]++
		}
		return h, nil
	}, `
		SELECT r.raised_at, r.state, (
			SELECT json_group_array(role.value)
			FROM restriction_reader xr
			JOIN account a ON a.id = xr.account AND a.disabled_at = ''
			JOIN json_each(a.roles) role
			WHERE xr.case_id = r.case_id AND xr.withdrawn_at = '')
		FROM risk r
		WHERE `+openRisk+` AND NOT `+unrestricted("r.case_id", "?1")+`
		ORDER BY r.raised_at, r.id`, account)
}

// OpenRiskFigures counts the open risks of all cases, restricted ones among them,
// and says when the oldest was raised.
func (t *Tx) OpenRiskFigures(ctx context.Context) (open int, oldest time.Time, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT count(*), coalesce(min(r.raised_at), '')
		FROM risk r
		WHERE `+openRisk).Scan(&open, moment{&oldest})
	return open, oldest, err
}

// readInstant reads what instant wrote; the zero time for "".
func readInstant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}

// Typed returns what an account typed into a form about a case and did not send,
// with when it was kept; ok is false if there is nothing.
func (t *Tx) Typed(ctx context.Context, id casefile.CaseID, account, form string) (text string, at time.Time, ok bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT body, saved_at
		FROM draft
		WHERE case_id = ?1 AND account = ?2 AND form = ?3`, id, account, form).Scan(&text, moment{&at})
	text, ok, err = maybe(text, err)
	return text, at, ok, err
}

// KeepTyped keeps it, in place of what was kept before.
func (t *Tx) KeepTyped(ctx context.Context, id casefile.CaseID, account, form, text string) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO draft (case_id, account, form, body, version, saved_at)
		VALUES (?1, ?2, ?3, ?4, 1, ?5)
		ON CONFLICT (case_id, account, form) DO UPDATE SET
			body = excluded.body, version = version + 1, saved_at = excluded.saved_at`, id, account, form, text, instant(t.Now))
	return err
}

// DropTyped removes it once it was sent.
func (t *Tx) DropTyped(ctx context.Context, id casefile.CaseID, account, form string) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM draft
		WHERE case_id = ?1 AND account = ?2 AND form = ?3`, id, account, form)
	return err
}
