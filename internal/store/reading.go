package store

import (
	"context"
	"iter"
	"strings"

	"lookback/internal/casefile"
)

// Investigations streams every investigation, by id.
func (t *Tx) Investigations(ctx context.Context) iter.Seq2[casefile.Investigation, error] {
	return each(ctx, t.tx, scanInvestigation, `
		SELECT case_id, recorded_at, reported_at, offence_from, offence_to, offence_code, status,
			outcome_code, outcome_scheme, outcome_at, nfa_by, unit, area, venue_address_id, previously_reviewed,
			mo_text <> '' OR closing_text <> ''
		FROM investigation_now
		ORDER BY case_id`)
}

func scanInvestigation(s scanner) (c casefile.Investigation, err error) {
	var recorded, reported, from, to, outcome string
	err = s.Scan(&c.ID, &recorded, &reported, &from, &to, &c.OffenceCode, &c.Status,
		&c.OutcomeCode, &c.OutcomeScheme, &outcome, &c.NFABy, &c.Unit, &c.Area, &c.VenueAddress, &c.PreviouslyReviewed, &c.HasText)
	c.RecordedAt, c.ReportedAt = casefile.StoredDate(recorded), casefile.StoredDate(reported)
	c.OffenceFrom, c.OffenceTo = casefile.StoredDate(from), casefile.StoredDate(to)
	c.OutcomeAt = casefile.StoredDate(outcome)
	return c, err
}

// Nominals streams every person as recorded, by id.
func (t *Tx) Nominals(ctx context.Context) iter.Seq2[casefile.Nominal, error] {
	return each(ctx, t.tx, func(s scanner) (n casefile.Nominal, err error) {
		var dob, deceased, recorded string
		err = s.Scan(&n.ID, &n.PNC, &n.CRO, &n.Surname, &n.Forenames, &dob, &deceased, &recorded)
		n.DOB, n.Deceased, n.RecordedAt = casefile.StoredDate(dob), casefile.StoredDate(deceased), casefile.StoredDate(recorded)
		return n, err
	}, `
		SELECT nominal_id, pnc_id, cro_no, surname, forenames, dob, deceased_at, recorded_at
		FROM nominal_now
		ORDER BY nominal_id`)
}

// Involvements streams every part that a person has in an investigation, by case.
func (t *Tx) Involvements(ctx context.Context) iter.Seq2[casefile.Involvement, error] {
	return each(ctx, t.tx, func(s scanner) (i casefile.Involvement, err error) {
		var recorded, dob, deceased, since string
		n := &i.Nominal
		err = s.Scan(&i.Case, &n.ID, &i.Role, &i.Relationship, &i.AgeAtOffence, &recorded, &n.Surname, &n.Forenames, &dob, &deceased, &since)
		i.RecordedAt = casefile.StoredDate(recorded)
		n.DOB, n.Deceased, n.RecordedAt = casefile.StoredDate(dob), casefile.StoredDate(deceased), casefile.StoredDate(since)
		return i, err
	}, `
		SELECT i.case_id, i.nominal_id, i.role, i.relationship_to_victim, i.age_at_offence, i.recorded_at,
			n.surname, n.forenames, n.dob, n.deceased_at, n.recorded_at
		FROM involvement_now i
		JOIN nominal_now n ON n.nominal_id = i.nominal_id
		ORDER BY i.case_id, i.row_id`)
}

// LinkedCases streams pairs of cases of which the first names the second among
// its linked references, where both are held.
func (t *Tx) LinkedCases(ctx context.Context) iter.Seq2[[2]casefile.CaseID, error] {
	return func(yield func([2]casefile.CaseID, error) bool) {
		type row struct {
			id    casefile.CaseID
			links string
		}
		rows := each(ctx, t.tx, func(s scanner) (r row, err error) { return r, s.Scan(&r.id, &r.links) }, `
			SELECT case_id, linked_refs
			FROM investigation_now
			WHERE linked_refs <> ''
			ORDER BY case_id`)
		for r, err := range rows {
			if err != nil {
				yield([2]casefile.CaseID{}, err)
				return
			}
			system, _ := r.id.Split()
			for _, ref := range strings.Split(r.links, ";") {
				if !yield([2]casefile.CaseID{r.id, casefile.NewCaseID(system, ref)}, nil) {
					return
				}
			}
		}
	}
}

// Victims streams who is a victim in which case, by case.
func (t *Tx) Victims(ctx context.Context) iter.Seq2[casefile.Involvement, error] {
	return each(ctx, t.tx, func(s scanner) (i casefile.Involvement, err error) {
		var recorded string
		err = s.Scan(&i.Case, &i.Nominal.ID, &recorded)
		i.Role, i.RecordedAt = casefile.RoleVictim, casefile.StoredDate(recorded)
		return i, err
	}, `
		SELECT case_id, nominal_id, recorded_at
		FROM involvement_now
		WHERE role = 'victim'
		ORDER BY case_id, row_id`)
}

// Outcomes streams the history of outcomes, by case, as received.
func (t *Tx) Outcomes(ctx context.Context) iter.Seq2[casefile.OutcomeEntry, error] {
	return each(ctx, t.tx, func(s scanner) (o casefile.OutcomeEntry, err error) {
		var at string
		err = s.Scan(&o.Case, &o.Nominal, &o.Code, &o.Scheme, &at, &o.DecidedBy)
		o.At = casefile.StoredDate(at)
		return o, err
	}, `
		SELECT case_id, nominal_id, code, scheme, at, decided_by
		FROM outcome_now
		ORDER BY case_id, row_id`)
}

// Flags streams every flag, those on investigations by case first.
func (t *Tx) Flags(ctx context.Context) iter.Seq2[casefile.Flag, error] {
	return each(ctx, t.tx, func(s scanner) (f casefile.Flag, err error) {
		var set, cleared, by string
		err = s.Scan(&f.Case, &f.Nominal, &f.Code, &f.Label, &set, &cleared, &by)
		f.SetAt, f.ClearedAt = casefile.StoredDate(set), casefile.StoredDate(cleared)
		f.Cleared = cleared != "" || by != ""
		return f, err
	}, `
		SELECT case_id, nominal_id, code, label, set_at, cleared_at, cleared_by
		FROM flag_now
		ORDER BY case_id, row_id`)
}

// Identifiers streams every phone, vehicle, handle and the like, by id.
func (t *Tx) Identifiers(ctx context.Context) iter.Seq2[casefile.Identifier, error] {
	return each(ctx, t.tx, func(s scanner) (i casefile.Identifier, err error) {
		return i, s.Scan(&i.ID, &i.Kind, &i.Value, &i.Description)
	}, `
		SELECT identifier_id, kind, value, description
		FROM identifier_now
		ORDER BY identifier_id`)
}

// IdentifierUses streams who used which identifier in which case.
func (t *Tx) IdentifierUses(ctx context.Context) iter.Seq2[casefile.Usage, error] {
	return each(ctx, t.tx, func(s scanner) (u casefile.Usage, err error) {
		return u, s.Scan(&u.Case, &u.Nominal, &u.Identifier)
	}, `
		SELECT case_id, nominal_id, identifier_id
		FROM usage_now
		WHERE identifier_id <> ''
		ORDER BY row_id`)
}

// OnlineCases streams the cases in which an online handle or e-mail was used.
func (t *Tx) OnlineCases(ctx context.Context) iter.Seq2[casefile.CaseID, error] {
	return each(ctx, t.tx, func(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }, `
		SELECT DISTINCT u.case_id
		FROM usage_now u
		JOIN identifier_now i ON i.identifier_id = u.identifier_id
		WHERE u.case_id <> '' AND i.kind IN ('online', 'email')`)
}

// PremisesTypes returns the type of every address that has one.
func (t *Tx) PremisesTypes(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for a, err := range each(ctx, t.tx, func(s scanner) (a [2]string, err error) { return a, s.Scan(&a[0], &a[1]) }, `
		SELECT address_id, premises_type
		FROM address_now
		WHERE premises_type <> ''`) {
		if err != nil {
			return nil, err
		}
		out[a[0]] = a[1]
	}
	return out, nil
}

// Passages streams every text of every case.
func (t *Tx) Passages(ctx context.Context) iter.Seq2[casefile.Passage, error] {
	return each(ctx, t.tx, func(s scanner) (p casefile.Passage, err error) {
		var at string
		err = s.Scan(&p.Case, &p.Row, &p.Source, &at, &p.Text)
		p.At = casefile.StoredDate(at)
		return p, err
	}, `
		SELECT case_id, row_id, 'log', at, text FROM log_entry_now WHERE text <> ''
		UNION ALL
		SELECT case_id, row_id, 'mo', recorded_at, mo_text FROM investigation_now WHERE mo_text <> ''
		UNION ALL
		SELECT case_id, row_id, 'closing', outcome_at, closing_text FROM investigation_now WHERE closing_text <> ''
		UNION ALL
		SELECT d.case_id, d.row_id, 'document', d.date, p.text
		FROM document_now d
		JOIN document_page p ON p.row_id = d.row_id
		WHERE d.case_id <> '' AND p.text <> ''`)
}

// CasesWithText streams the cases that have a log entry or a document, by id.
func (t *Tx) CasesWithText(ctx context.Context) iter.Seq2[casefile.CaseID, error] {
	return each(ctx, t.tx, func(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }, `
		SELECT case_id FROM log_entry_now WHERE text <> ''
		UNION
		SELECT d.case_id FROM document_now d JOIN document_page p ON p.row_id = d.row_id WHERE d.case_id <> '' AND p.text <> ''
		ORDER BY 1`)
}

// Delivered says which tables any extract has brought rows of.
func (t *Tx) Delivered(ctx context.Context) (map[casefile.Table]bool, error) {
	out := map[casefile.Table]bool{}
	tables, err := all(ctx, t.tx, func(s scanner) (name casefile.Table, err error) { return name, s.Scan(&name) }, `
		SELECT DISTINCT f.table_name
		FROM source_file f
		JOIN extract e ON e.id = f.extract_id
		WHERE e.landed = 'y' AND f.accepted > 0`)
	for _, name := range tables {
		out[name] = true
	}
	return out, err
}
