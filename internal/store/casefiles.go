package store

import (
	"context"
	"encoding/json"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// Everything that is held about one case, each kind by an index: the cost grows
// with the case and not with the register.

// Report returns the investigation as its system holds it now.
func (t *Tx) Report(ctx context.Context, id casefile.CaseID) (casefile.Report, error) {
	found, err := all(ctx, t.tx, scanReport, selectReport+`
		FROM investigation_now
		WHERE case_id = ?1`, id)
	if err == nil && len(found) == 0 {
		err = casefile.Errorf(casefile.NotFound, "There is no case %s here. Check the reference, or search for it.", id)
	}
	if err != nil {
		return casefile.Report{}, err
	}
	return found[0], nil
}

const selectReport = `
	SELECT row_id, case_id, recorded_at, reported_at, offence_from, offence_to, offence_code, status,
		outcome_code, outcome_scheme, outcome_at, nfa_by, unit, area, venue_address_id, previously_reviewed,
		legacy_ref, linked_refs, incident_ref, offence_text, mo_text, closing_text, oic, supervisor`

func scanReport(s scanner) (r casefile.Report, err error) {
	var recorded, reported, from, to, outcome, linked string
	err = s.Scan(&r.Row, &r.ID, &recorded, &reported, &from, &to, &r.OffenceCode, &r.Status,
		&r.OutcomeCode, &r.OutcomeScheme, &outcome, &r.NFABy, &r.Unit, &r.Area, &r.VenueAddress, &r.PreviouslyReviewed,
		&r.LegacyRef, &linked, &r.IncidentRef, &r.OffenceText, &r.MOText, &r.ClosingText, &r.OIC, &r.Supervisor)
	r.RecordedAt, r.ReportedAt = casefile.StoredDate(recorded), casefile.StoredDate(reported)
	r.OffenceFrom, r.OffenceTo = casefile.StoredDate(from), casefile.StoredDate(to)
	r.OutcomeAt, r.HasText = casefile.StoredDate(outcome), r.MOText+r.ClosingText != ""
	r.LinkedRefs = listOf(linked)
	return r, err
}

// listOf splits a stored list.
func listOf(s string) (out []string) {
	for _, v := range strings.Split(s, ";") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

const personColumns = `n.row_id, n.nominal_id, n.pnc_id, n.cro_no, n.surname, n.forenames, n.aliases, n.dob, n.dob_estimated,
	n.age_from, n.age_to, n.age_at, n.sex, n.occupation, n.deceased_at, n.recorded_at`

type personScan struct {
	p                                       *casefile.Person
	aliases, dob, ageAt, deceased, recorded string
}

func (s *personScan) to() []any {
	p := s.p
	return []any{&p.Row, &p.ID, &p.PNC, &p.CRO, &p.Surname, &p.Forenames, &s.aliases, &s.dob, &p.DOBEstimated,
		&p.AgeFrom, &p.AgeTo, &s.ageAt, &p.Sex, &p.Occupation, &s.deceased, &s.recorded}
}

func (s *personScan) read() {
	s.p.Aliases = listOf(s.aliases)
	s.p.DOB, s.p.AgeAt = casefile.StoredDate(s.dob), casefile.StoredDate(s.ageAt)
	s.p.Deceased, s.p.RecordedAt = casefile.StoredDate(s.deceased), casefile.StoredDate(s.recorded)
}

// Parts returns who was involved in a case, in the order received.
func (t *Tx) Parts(ctx context.Context, id casefile.CaseID) ([]casefile.Part, error) {
	return all(ctx, t.tx, func(s scanner) (p casefile.Part, err error) {
		var arrested, interviewed, recorded string
		who := personScan{p: &p.Person}
		err = s.Scan(append([]any{&p.Row, &p.Case, &p.Role, &p.Status, &p.Relationship, &p.AgeAtOffence, &arrested, &interviewed, &p.Description, &recorded}, who.to()...)...)
		who.read()
		p.ArrestedAt, p.InterviewedAt, p.RecordedAt = casefile.StoredDate(arrested), casefile.StoredDate(interviewed), casefile.StoredDate(recorded)
		return p, err
	}, `
		SELECT i.row_id, i.case_id, i.role, i.status, i.relationship_to_victim, i.age_at_offence, i.arrested_at, i.interviewed_at, i.description, i.recorded_at,
			`+personColumns+`
		FROM involvement_now i
		JOIN nominal_now n ON n.nominal_id = i.nominal_id
		WHERE i.case_id = ?1
		ORDER BY i.row_id`, id)
}

// Persons returns what is recorded of the given nominals.
func (t *Tx) Persons(ctx context.Context, ids []casefile.NominalID) ([]casefile.Person, error) {
	return all(ctx, t.tx, func(s scanner) (p casefile.Person, err error) {
		who := personScan{p: &p}
		err = s.Scan(who.to()...)
		who.read()
		return p, err
	}, `
		SELECT `+personColumns+`
		FROM json_each(?1) j
		CROSS JOIN nominal_now n ON n.nominal_id = j.value
		ORDER BY n.nominal_id`, toJSON(ids))
}

// LogOf returns the entries of a case's log without their texts, in order.
func (t *Tx) LogOf(ctx context.Context, id casefile.CaseID) ([]casefile.LogEntry, error) {
	return all(ctx, t.tx, func(s scanner) (e casefile.LogEntry, err error) {
		var at string
		err = s.Scan(&e.Row, &e.Seq, &at, &e.Author, &e.Rank, &e.Type, &e.Supervisor, &e.Bytes)
		e.At = casefile.StoredDate(at)
		return e, err
	}, `
		SELECT row_id, seq, at, author, rank, type, supervisor, octet_length(text)
		FROM log_entry_now
		WHERE case_id = ?1
		ORDER BY seq, row_id`, id)
}

// LogTexts returns the texts of entries of a case's log, by row.
func (t *Tx) LogTexts(ctx context.Context, id casefile.CaseID, rows []int64) (map[int64]string, error) {
	type text struct {
		row  int64
		text string
	}
	out := make(map[int64]string, len(rows))
	for v, err := range each(ctx, t.tx, func(s scanner) (v text, err error) { return v, s.Scan(&v.row, &v.text) }, `
		SELECT l.row_id, l.text
		FROM json_each(?2) j
		CROSS JOIN log_entry l ON l.row_id = j.value
		WHERE l.case_id = ?1`, id, toJSON(rows)) {
		if err != nil {
			return nil, err
		}
		out[v.row] = v.text
	}
	return out, nil
}

// Papers returns the documents of a case, with their pages but not their texts.
func (t *Tx) Papers(ctx context.Context, id casefile.CaseID) ([]casefile.Paper, error) {
	type page struct {
		casefile.Paper
		casefile.PaperPage
	}
	pages, err := all(ctx, t.tx, func(s scanner) (p page, err error) {
		var date string
		err = s.Scan(&p.Row, &p.File, &p.Title, &p.Kind, &date, &p.Size, &p.Page, &p.PaperPage.Bytes, &p.Note)
		p.Date = casefile.StoredDate(date)
		return p, err
	}, `
		SELECT d.row_id, d.file, d.title, d.kind, d.date, coalesce((SELECT f.size FROM document_file f WHERE f.row_id = d.row_id), 0),
			coalesce(p.page, 0), coalesce(octet_length(p.text), 0), coalesce(p.note, '')
		FROM document_now d
		LEFT JOIN document_page p ON p.row_id = d.row_id
		WHERE d.case_id = ?1
		ORDER BY d.row_id, p.page`, id)
	var out []casefile.Paper
	for _, p := range pages {
		if len(out) == 0 || out[len(out)-1].Row != p.Row {
			out = append(out, p.Paper)
		}
		last := &out[len(out)-1]
		last.Pages = append(last.Pages, p.PaperPage)
	}
	return out, err
}

// A DocumentBytes is a document's file as received.
type DocumentBytes struct {
	File, SHA256 string
	Bytes        []byte
}

// DocumentBytes returns the file of a document of a case.
func (t *Tx) DocumentBytes(ctx context.Context, id casefile.CaseID, row int64) (DocumentBytes, error) {
	found, err := all(ctx, t.tx, func(s scanner) (d DocumentBytes, err error) { return d, s.Scan(&d.File, &d.SHA256, &d.Bytes) }, `
		SELECT d.file, f.sha256, f.bytes
		FROM document d
		JOIN document_file f ON f.row_id = d.row_id
		WHERE d.row_id = ?2 AND d.case_id = ?1 AND d.row_id <= (SELECT watermark FROM register)`, id, row)
	if err == nil && len(found) == 0 {
		err = casefile.Errorf(casefile.NotFound, "This case has no such document, or its file was not delivered.")
	}
	if err != nil {
		return DocumentBytes{}, err
	}
	return found[0], nil
}

// TextAt returns one text of a case, of whatever version of its row: what was
// once cited can always be read. Part is one of the parts that may be cited; page
// counts for a document only.
func (t *Tx) TextAt(ctx context.Context, id casefile.CaseID, row int64, part string, page int) (string, error) {
	query := map[string]string{
		casefile.PartLog:     `SELECT text FROM log_entry WHERE row_id = ?2 AND case_id = ?1 AND ?3 IS NOT NULL`,
		casefile.PartMO:      `SELECT mo_text FROM investigation WHERE row_id = ?2 AND case_id = ?1 AND ?3 IS NOT NULL`,
		casefile.PartClosing: `SELECT closing_text FROM investigation WHERE row_id = ?2 AND case_id = ?1 AND ?3 IS NOT NULL`,
		casefile.PartDocument: `
			SELECT p.text
			FROM document d
			JOIN document_page p ON p.row_id = d.row_id AND p.page = ?3
			WHERE d.row_id = ?2 AND d.case_id = ?1`,
	}[part]
	var found []string
	var err error
	if query != "" {
		found, err = all(ctx, t.tx, func(s scanner) (text string, err error) { return text, s.Scan(&text) },
			query+` AND ?2 <= (SELECT watermark FROM register)`, id, row, page)
	}
	if err == nil && len(found) == 0 {
		err = casefile.Errorf(casefile.NotFound, "This case has no such text. It may have been cited in another case.")
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// ExhibitsOf returns the exhibits of a case.
func (t *Tx) ExhibitsOf(ctx context.Context, id casefile.CaseID) ([]casefile.Exhibit, error) {
	return all(ctx, t.tx, func(s scanner) (x casefile.Exhibit, err error) {
		var submitted string
		err = s.Scan(&x.Row, &x.Ref, &x.Kind, &submitted, &x.Result, &x.Retained)
		x.SubmittedAt = casefile.StoredDate(submitted)
		return x, err
	}, `
		SELECT row_id, exhibit_ref, kind, submitted_at, result, retained
		FROM exhibit_now
		WHERE case_id = ?1
		ORDER BY row_id`, id)
}

// EndingsOf returns the history of a case's outcomes, in the order received.
func (t *Tx) EndingsOf(ctx context.Context, id casefile.CaseID) ([]casefile.Ending, error) {
	return all(ctx, t.tx, func(s scanner) (o casefile.Ending, err error) {
		var at string
		err = s.Scan(&o.Row, &o.Case, &o.Nominal, &o.Code, &o.Scheme, &at, &o.DecidedBy, &o.Reason)
		o.At = casefile.StoredDate(at)
		return o, err
	}, `
		SELECT row_id, case_id, nominal_id, code, scheme, at, decided_by, reason
		FROM outcome_now
		WHERE case_id = ?1
		ORDER BY row_id`, id)
}

// MarksOf returns the flags on a case, and on the given people.
func (t *Tx) MarksOf(ctx context.Context, id casefile.CaseID, people []casefile.NominalID) ([]casefile.Mark, error) {
	const columns = `f.row_id, f.case_id, f.nominal_id, f.code, f.label, f.set_by, f.set_at, f.cleared_by, f.cleared_at`
	return all(ctx, t.tx, func(s scanner) (m casefile.Mark, err error) {
		var set, cleared string
		err = s.Scan(&m.Row, &m.Case, &m.Nominal, &m.Code, &m.Label, &m.SetBy, &set, &m.ClearedBy, &cleared)
		m.SetAt, m.ClearedAt = casefile.StoredDate(set), casefile.StoredDate(cleared)
		m.Cleared = cleared != "" || m.ClearedBy != ""
		return m, err
	}, `
		SELECT `+columns+`
		FROM flag_now f
		WHERE f.case_id = ?1 AND f.case_id <> ''
		UNION
		SELECT `+columns+`
		FROM json_each(?2) j
		CROSS JOIN flag_now f ON f.nominal_id = j.value AND f.nominal_id <> '' AND f.case_id = ''
		ORDER BY 1`, id, toJSON(people))
}

// EpisodesOf returns when people were missing, by person and time.
func (t *Tx) EpisodesOf(ctx context.Context, people []casefile.NominalID) ([]casefile.Episode, error) {
	return all(ctx, t.tx, func(s scanner) (e casefile.Episode, err error) {
		var from, to string
		err = s.Scan(&e.Row, &e.Nominal, &from, &to, &e.Grade, &e.Placement, &e.Debrief)
		e.From, e.To = casefile.StoredDate(from), casefile.StoredDate(to)
		return e, err
	}, `
		SELECT m.row_id, m.nominal_id, m."from", m."to", m.grade, m.placement, m.debrief
		FROM json_each(?1) j
		CROSS JOIN missing_episode_now m ON m.nominal_id = j.value
		ORDER BY m.nominal_id, m."from", m.row_id`, toJSON(people))
}

const useColumns = `u.row_id, u.case_id, u.nominal_id, u.use, u.source, u."from", u."to", u.address_id, u.identifier_id,
	coalesce(i.kind, 'address'), coalesce(i.value, trim(a.text || ' ' || a.postcode), ''), coalesce(i.description, a.premises_type, '')`

const useJoins = `
	LEFT JOIN identifier_now i ON i.identifier_id = u.identifier_id AND u.identifier_id <> ''
	LEFT JOIN address_now a ON a.address_id = u.address_id AND u.address_id <> ''`

func scanUse(s scanner) (u casefile.Use, err error) {
	var from, to string
	err = s.Scan(&u.Row, &u.Case, &u.Nominal, &u.Use, &u.Source, &from, &to, &u.AddressID, &u.Identifier, &u.Kind, &u.Value, &u.Description)
	u.From, u.To = casefile.StoredDate(from), casefile.StoredDate(to)
	return u, err
}

// UsesOf returns the addresses, phones, vehicles and the like that are recorded
// for a case.
func (t *Tx) UsesOf(ctx context.Context, id casefile.CaseID) ([]casefile.Use, error) {
	return all(ctx, t.tx, scanUse, `
		SELECT `+useColumns+`
		FROM usage_now u`+useJoins+`
		WHERE u.case_id = ?1 AND u.case_id <> ''
		ORDER BY u.row_id`, id)
}

// UsesBy returns those that are recorded for the given people, in any case that
// the account may read or in none.
func (t *Tx) UsesBy(ctx context.Context, account string, people []casefile.NominalID) ([]casefile.Use, error) {
	return all(ctx, t.tx, scanUse, `
		SELECT `+useColumns+`
		FROM json_each(?1) j
		CROSS JOIN usage_now u ON u.nominal_id = j.value AND u.nominal_id <> ''`+useJoins+`
		WHERE u.case_id = '' OR `+unrestricted("u.case_id", "?2")+`
		ORDER BY u.row_id`, toJSON(people), account)
}

// SharedWith returns who else is recorded with the same addresses and
// identifiers, at most limit, leaving out cases that the account may not read.
func (t *Tx) SharedWith(ctx context.Context, account string, things []string, people []casefile.NominalID, limit int) ([]casefile.Use, error) {
	return all(ctx, t.tx, scanUse, `
		SELECT `+useColumns+`
		FROM json_each(?1) j
		CROSS JOIN usage_now u ON u.identifier_id = j.value AND u.identifier_id <> ''`+useJoins+`
		WHERE u.nominal_id NOT IN (SELECT value FROM json_each(?2)) AND (u.case_id = '' OR `+unrestricted("u.case_id", "?3")+`)
		UNION ALL
		SELECT `+useColumns+`
		FROM json_each(?1) j
		CROSS JOIN usage_now u ON u.address_id = j.value AND u.address_id <> ''`+useJoins+`
		WHERE u.nominal_id NOT IN (SELECT value FROM json_each(?2)) AND (u.case_id = '' OR `+unrestricted("u.case_id", "?3")+`)
		LIMIT ?4`, toJSON(things), toJSON(people), account, limit)
}

// StatedIn returns the texts of a case that state a number of suspects, in the
// order received.
func (t *Tx) StatedIn(ctx context.Context, run int64, id casefile.CaseID) ([]casefile.StatedCount, error) {
	return all(ctx, t.tx, func(s scanner) (c casefile.StatedCount, err error) {
		var at string
		err = s.Scan(&c.Case, &c.Row, &c.Source, &at, &c.Lo, &c.Hi, &c.Sentence)
		c.At = casefile.StoredDate(at)
		return c, err
	}, `
		SELECT case_id, row_id, source, at, lo, hi, sentence
		FROM stated
		WHERE run_id = ?1 AND case_id = ?2
		ORDER BY rowid`, run, id)
}

// CaseFact returns the stored facts of one case, "" if the run has none of it.
func (t *Tx) CaseFact(ctx context.Context, run int64, id casefile.CaseID) (string, error) {
	found, err := all(ctx, t.tx, func(s scanner) (f string, err error) { return f, s.Scan(&f) }, `
		SELECT facts
		FROM case_fact
		WHERE run_id = ?1 AND case_id = ?2`, run, id)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// HeldToBe returns which persons nominals are held to be.
func (t *Tx) HeldToBe(ctx context.Context, run int64, people []casefile.NominalID) ([]Identity, error) {
	return all(ctx, t.tx, scanIdentity, `
		SELECT i.nominal_id, i.identity, i.because
		FROM json_each(?2) j
		CROSS JOIN identity i ON i.run_id = ?1 AND i.nominal_id = j.value
		ORDER BY i.nominal_id`, run, toJSON(people))
}

// RecordsOf returns the nominals that an identity is made of. The plus keeps the
// planner from walking all nominals of the run in their order.
func (t *Tx) RecordsOf(ctx context.Context, run int64, identity string) ([]Identity, error) {
	return all(ctx, t.tx, scanIdentity, `
		SELECT nominal_id, identity, because
		FROM identity
		WHERE run_id = ?1 AND identity = ?2
		ORDER BY +nominal_id`, run, identity)
}

func scanIdentity(s scanner) (i Identity, err error) {
	return i, s.Scan(&i.Nominal, &i.Identity, &i.Because)
}

// A CaseRole is a person's part in another case, in one line.
type CaseRole struct {
	Row          int64
	Case         casefile.CaseID
	Nominal      casefile.NominalID
	Role, Status string
	OffenceText  string
	OffenceCode  string
	RecordedAt   casefile.Date
	ReportedAt   casefile.Date
}

// RolesOf returns the parts that nominals have in cases that the account may
// read, but for one case, at most limit.
func (t *Tx) RolesOf(ctx context.Context, account string, people []casefile.NominalID, but casefile.CaseID, limit int) ([]CaseRole, error) {
	return all(ctx, t.tx, func(s scanner) (r CaseRole, err error) {
		var recorded, reported string
		err = s.Scan(&r.Row, &r.Case, &r.Nominal, &r.Role, &r.Status, &r.OffenceText, &r.OffenceCode, &recorded, &reported)
		r.RecordedAt, r.ReportedAt = casefile.StoredDate(recorded), casefile.StoredDate(reported)
		return r, err
	}, `
		SELECT v.row_id, v.case_id, v.nominal_id, v.role, v.status, c.offence_text, c.offence_code, c.recorded_at, c.reported_at
		FROM json_each(?1) j
		CROSS JOIN involvement_now v ON v.nominal_id = j.value
		CROSS JOIN investigation_now c ON c.case_id = v.case_id
		WHERE v.case_id <> ?2 AND `+unrestricted("v.case_id", "?3")+`
		LIMIT ?4`, toJSON(people), but, account, limit)
}

// A GroupPlace is a person's place in a group.
type GroupPlace struct {
	Group, Identity, Because string
}

// GroupsOf returns the groups that identities are in.
func (t *Tx) GroupsOf(ctx context.Context, run int64, identities []string) ([]GroupPlace, error) {
	return all(ctx, t.tx, func(s scanner) (g GroupPlace, err error) { return g, s.Scan(&g.Group, &g.Identity, &g.Because) }, `
		SELECT g.group_id, g.identity, g.because
		FROM json_each(?2) j
		CROSS JOIN group_member g ON g.run_id = ?1 AND g.identity = j.value
		ORDER BY g.group_id, g.identity`, run, toJSON(identities))
}

// HeldCases returns which of the cases are held, and may be read by the account.
func (t *Tx) HeldCases(ctx context.Context, account string, ids []casefile.CaseID) (map[casefile.CaseID]bool, error) {
	out := map[casefile.CaseID]bool{}
	found, err := all(ctx, t.tx, func(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }, `
		SELECT c.case_id
		FROM json_each(?1) j
		CROSS JOIN investigation_now c ON c.case_id = j.value
		WHERE `+unrestricted("c.case_id", "?2"), toJSON(ids), account)
	for _, id := range found {
		out[id] = true
	}
	return out, err
}

// LinkedFrom returns the cases that name this one among their linked references,
// of the same system, where the account may read them. There is no index on words
// within a list, so it asks only the cases that this one's people are in.
func (t *Tx) LinkedFrom(ctx context.Context, account string, id casefile.CaseID, among []casefile.CaseID) ([]casefile.CaseID, error) {
	_, ref := id.Split()
	return all(ctx, t.tx, func(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }, `
		SELECT c.case_id
		FROM json_each(?1) j
		CROSS JOIN investigation_now c ON c.case_id = j.value
		WHERE instr(';' || replace(c.linked_refs, '; ', ';') || ';', ';' || ?2 || ';') > 0 AND `+unrestricted("c.case_id", "?3")+`
		ORDER BY c.case_id`, toJSON(among), ref, account)
}

// Arrivals returns the extracts that brought any of the rows, oldest first.
func (t *Tx) Arrivals(ctx context.Context, rows []int64) ([]casefile.Arrival, error) {
	return all(ctx, t.tx, func(s scanner) (a casefile.Arrival, err error) {
		return a, s.Scan(&a.ID, &a.Name, &a.System, &a.At, &a.FirstRow, &a.LastRow)
	}, `
		SELECT e.id, e.name, e.system, e.imported_at, e.first_row, e.last_row
		FROM extract e
		WHERE e.landed = 'y' AND EXISTS (SELECT 1 FROM json_each(?1) j WHERE j.value BETWEEN e.first_row AND e.last_row)
		ORDER BY e.id`, toJSON(rows))
}

// Renewals returns what later versions changed in the rows of a case and of its
// people, field by field, in the order in which the versions came.
func (t *Tx) Renewals(ctx context.Context, id casefile.CaseID, people []casefile.NominalID) ([]casefile.Renewal, error) {
	var out []casefile.Renewal
	for _, s := range casefile.Schemas {
		var found []casefile.Renewal
		var err error
		switch {
		case s.Column("crime_ref") >= 0:
			// The second condition is that of the index on uses.
			found, err = t.renewed(ctx, &s, `o.case_id = ?1 AND o.case_id <> ''`, id)
		case s.Column("nominal_ref") >= 0:
			found, err = t.renewed(ctx, &s, `o.nominal_id IN (SELECT value FROM json_each(?1))`, toJSON(people))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// renewed compares the cells of every superseded row with those of its successor.
// Columns that stand apart are in neither.
func (t *Tx) renewed(ctx context.Context, schema *casefile.Schema, where string, arg any) ([]casefile.Renewal, error) {
	columns := cells(schema, false)
	var old, now []string
	for _, c := range columns {
		old, now = append(old, `o."`+c.column+`"`), append(now, `n."`+c.column+`"`)
	}
	table := sqlTable[schema.Table]
	pairs, err := all(ctx, t.tx, func(s scanner) (out []casefile.Renewal, err error) {
		var was, is int64
		values := make([]string, 2*len(columns))
		to := []any{&was, &is}
		for i := range values {
			to = append(to, &values[i])
		}
		if err := s.Scan(to...); err != nil {
			return nil, err
		}
		for i, c := range columns {
			if before, after := values[i], values[len(columns)+i]; before != after {
				out = append(out, casefile.Renewal{Table: schema.Table, Old: was, New: is, Field: schema.Columns[c.from].Name, Was: before, Now: after})
			}
		}
		return out, nil
	}, `
		SELECT s.old, s.new, `+strings.Join(append(old, now...), ", ")+`
		FROM `+table+` o
		CROSS JOIN superseded s ON s.old = o.row_id AND s.new <= (SELECT watermark FROM register)
		CROSS JOIN `+table+` n ON n.row_id = s.new
		WHERE `+where+`
		ORDER BY s.new, s.old`, arg)
	var out []casefile.Renewal
	for _, p := range pairs {
		out = append(out, p...)
	}
	return out, err
}

// A Reading is one event about a case or a person: who read it or decided on it,
// when and why.
type Reading struct {
	Seq     int64
	At      string // RFC 3339
	Kind    ledger.Kind
	Actor   string
	Purpose string
	Erased  bool // the opening was erased: only that it happened is left
}

// Readings returns the events of the given kinds about a subject, the newest
// first, before an event (0: from the newest), at most limit.
func (t *Tx) Readings(ctx context.Context, subject string, kinds []ledger.Kind, before int64, limit int) ([]Reading, error) {
	return all(ctx, t.tx, func(s scanner) (r Reading, err error) {
		var leaf, opening []byte
		if err := s.Scan(&r.Seq, &r.Kind, &leaf, &r.Actor, &opening); err != nil {
			return r, err
		}
		l, err := ledger.ParseLeaf(leaf)
		if err != nil {
			return r, err
		}
		r.At = instant(l.At)
		if len(opening) == 0 {
			r.Erased = true
			return r, nil
		}
		var said struct {
			Purpose string `json:"purpose"`
		}
		err = json.Unmarshal(opening, &said)
		r.Purpose = said.Purpose
		return r, err
	}, `
		SELECT seq, kind, leaf, coalesce(actor, ''), opening
		FROM ledger_event
		WHERE subject = ?1 AND subject <> '' AND (?2 = 0 OR seq < ?2) AND kind IN (SELECT value FROM json_each(?3))
		ORDER BY seq DESC
		LIMIT ?4`, subject, before, toJSON(kinds), limit)
}

// IsRestricted reports whether a case is open to named readers only.
func (t *Tx) IsRestricted(ctx context.Context, id casefile.CaseID) (yes bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM restriction WHERE case_id = ?1 AND lifted_at = '')`, id).Scan(&yes)
	return yes, err
}

// HiddenPeople returns the nominals whose every case is restricted and not open
// to the account: for it they do not exist.
func (t *Tx) HiddenPeople(ctx context.Context, account string) (map[casefile.NominalID]bool, error) {
	out := map[casefile.NominalID]bool{}
	if account == EveryCase {
		return out, nil
	}
	ids, err := all(ctx, t.tx, func(s scanner) (id casefile.NominalID, err error) { return id, s.Scan(&id) }, `
		SELECT DISTINCT v.nominal_id
		FROM restriction x
		CROSS JOIN involvement_now v ON v.case_id = x.case_id
		WHERE x.lifted_at = '' AND NOT `+unrestricted("x.case_id", "?1")+`
			AND NOT EXISTS (SELECT 1 FROM involvement_now o WHERE o.nominal_id = v.nominal_id AND `+unrestricted("o.case_id", "?1")+`)`, account)
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// TiesOf returns what a person shares with others.
func (t *Tx) TiesOf(ctx context.Context, run int64, identity string, limit int) ([]Tie, error) {
	return all(ctx, t.tx, scanTie, `
		SELECT a, b, because FROM tie WHERE run_id = ?1 AND a = ?2
		UNION ALL
		SELECT a, b, because FROM tie WHERE run_id = ?1 AND b = ?2
		LIMIT ?3`, run, identity, limit)
}
