package store

import (
	"context"
	"encoding/json"
	"iter"

	"lookback/internal/casefile"
)

// A Tie is what two people share, as a run of the analysis found it.
type Tie struct {
	A, B    string   // identities
	Because []string // "both suspects in SYSTEM:REF", "both used phone …"
}

func scanTie(s scanner) (t Tie, err error) {
	var because string
	if err = s.Scan(&t.A, &t.B, &because); err == nil {
		err = json.Unmarshal([]byte(because), &t.Because)
	}
	return t, err
}

// Ties streams every tie, by the first person.
func (t *Tx) Ties(ctx context.Context, run int64) iter.Seq2[Tie, error] {
	return each(ctx, t.tx, scanTie, `
		SELECT t.a, t.b, t.because
		FROM tie t
		WHERE t.run_id = ?1
		ORDER BY t.a, t.b`, run)
}

// GroupMemberships returns the parts of the members of one group, by member.
func (t *Tx) GroupMemberships(ctx context.Context, run int64, group string) ([]Membership, error) {
	return all(ctx, t.tx, func(s scanner) (m Membership, err error) {
		return m, s.Scan(&m.Group, &m.Identity, &m.Nominal, &m.Case, &m.Role, &m.Because)
	}, `
		SELECT g.group_id, g.identity, i.nominal_id, v.case_id, v.role, g.because
		FROM group_member g
		JOIN identity i ON i.run_id = g.run_id AND i.identity = g.identity
		JOIN involvement_now v ON v.nominal_id = i.nominal_id
		WHERE g.run_id = ?1 AND g.group_id = ?2
		ORDER BY g.identity, i.nominal_id, v.case_id, v.role`, run, group)
}

// GroupTies returns the ties of the members of one group: among themselves, and
// to people who are no members of it.
func (t *Tx) GroupTies(ctx context.Context, run int64, group string) ([]Tie, error) {
	return all(ctx, t.tx, scanTie, `
		SELECT t.a, t.b, t.because
		FROM group_member g
		JOIN tie t ON t.run_id = g.run_id AND t.a = g.identity
		WHERE g.run_id = ?1 AND g.group_id = ?2
		UNION
		SELECT t.a, t.b, t.because
		FROM group_member g
		JOIN tie t ON t.run_id = g.run_id AND t.b = g.identity
		WHERE g.run_id = ?1 AND g.group_id = ?2
		ORDER BY 1, 2`, run, group)
}

// A PlaceUse says that a person used an address.
type PlaceUse struct {
	Nominal  casefile.NominalID
	Address  string // its id
	Premises string // dwelling, care_home …; "" not recorded
	Use      string // home, work, stayed …
}

// PlacesOf returns the addresses that these people used, as far as the account may
// read the cases that say so.
func (t *Tx) PlacesOf(ctx context.Context, account string, ids []casefile.NominalID) ([]PlaceUse, error) {
	return all(ctx, t.tx, func(s scanner) (p PlaceUse, err error) {
		return p, s.Scan(&p.Nominal, &p.Address, &p.Premises, &p.Use)
	}, `
		SELECT DISTINCT u.nominal_id, u.address_id, coalesce(a.premises_type, ''), u.use
		FROM json_each(?1) j
		CROSS JOIN usage_now u ON u.nominal_id = j.value AND u.nominal_id <> ''
		LEFT JOIN address a ON a.address_id = u.address_id
			AND a.row_id <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = a.row_id AND s.new <= (SELECT watermark FROM register))
		WHERE u.address_id <> '' AND (u.case_id = '' OR `+unrestricted("u.case_id", "?2")+`)
		ORDER BY 2, 1, 4`, asJSON(ids), account)
}

// PeopleIn returns everybody who has a part in one of these cases, or is recorded
// there as having used anything. Earlier versions of rows count too.
func (t *Tx) PeopleIn(ctx context.Context, cases map[casefile.CaseID]bool) ([]casefile.NominalID, error) {
	ids := make([]casefile.CaseID, 0, len(cases))
	for id := range cases {
		ids = append(ids, id)
	}
	return all(ctx, t.tx, func(s scanner) (n casefile.NominalID, err error) { return n, s.Scan(&n) }, `
		SELECT u.nominal_id
		FROM json_each(?1) j
		CROSS JOIN usage u ON u.case_id = j.value AND u.case_id <> ''
		WHERE u.nominal_id <> ''
		UNION
		SELECT v.nominal_id
		FROM json_each(?1) j
		CROSS JOIN involvement v ON v.case_id = j.value`, asJSON(ids))
}
