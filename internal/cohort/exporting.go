package cohort

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/publish"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// Exported says what an export wrote.
type Exported struct {
	File   string `json:"file"`
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

// An exporter writes one kind of list.
type exporter struct {
	act    desk.Act
	about  string // what a row is, in words
	header []string
	write  func(ctx context.Context, x *leaving) error
}

var exporters = map[string]exporter{
	"cohort": {desk.ExportPersonal, "every case with where it stands under the terms of reference, and why",
		[]string{"system", "crime_ref", "in", "reason", "named", "unidentified", "stated", "reached", "recorded", "victims",
			"nfa", "nfa_by", "nfa_on", "offence_code", "unit", "classes"}, exportCohort},
	"suspects": {desk.ExportPersonal, "every case with its suspects counted four ways, and the sentence that states most",
		[]string{"system", "crime_ref", "named", "unidentified", "stated", "stated_at_most", "reached", "source", "sentence"}, exportSuspects},
	"identities": {desk.ExportPersonal, "every record of a person with the identity that it is held to be, and why",
		[]string{"system", "nominal_ref", "identity", "because"}, exportIdentities},
	"networks": {desk.ExportPersonal, "every part that a member of a group has in a case",
		[]string{"network", "identity", "system", "nominal_ref", "crime_ref", "role", "because"}, exportNetworks},
	"quarantine": {desk.ExportPersonal, "every row in quarantine as received, with its fault",
		[]string{"row", "extract", "file", "table", "line", "column", "reason", "cells"}, exportQuarantine},
	"quality": {desk.ReadFigures, "what is missing, invalid or impossible in each table, by year and unit",
		[]string{"table", "field", "finding", "year", "unit", "count", "rows", "share"}, exportQuality},
	"cases": {desk.ExportPersonal, "the cases of a list, in its order and through its filter",
		[]string{"system", "crime_ref", "recorded", "offence_code", "offence", "suspects_named", "suspects_unidentified", "suspects_stated",
			"suspects_reached", "victims", "victim_under_18", "victim_reported_missing", "flagged_exploitation", "outcome", "closed", "unit", "area", "group",
			"scope", "scope_decided_by", "review", "verdict", "assigned_to", "risk_open_since"}, exportCases},
	"actions": {desk.ExportPersonal, "the actions of a list, in its order and through its filter", actionsHeader, exportActions},
	"search": {desk.ExportPersonal, "every text that a search found, with the passage that shows why",
		[]string{"system", "crime_ref", "source", "document", "page", "dated", "passage"}, exportSearch},
}

// fromCommand are the lists that the command line writes.
var fromCommand = []string{"cohort", "identities", "networks", "suspects", "quarantine", "quality"}

// A leaving is one list on its way out of the register. Cases that its reader may
// not see are not in it, nor are people who are in no other case.
type leaving struct {
	d        *desk.Desk
	by       casefile.Actor
	terms    scope.Terms
	query    string // the filter of the page that the list is of
	progress desk.Progress
	to       interface{ Row(cells ...string) error }

	hidden map[casefile.CaseID]bool
	people map[casefile.NominalID]bool
	rows   int
	now    time.Time
}

// begin looks up what must be left out.
func (x *leaving) begin(ctx context.Context) error {
	return x.d.DB.View(ctx, func(tx *store.Tx) (err error) {
		x.now = tx.Now
		if x.hidden, err = tx.HiddenCases(ctx, desk.Reader(x.by)); err != nil || len(x.hidden) == 0 {
			return err
		}
		x.people, err = tx.HiddenPeople(ctx, desk.Reader(x.by))
		return err
	})
}

func (x *leaving) row(cells ...string) error {
	x.rows++
	return x.to.Row(cells...)
}

// redacted takes the ids out of a reason that must not be in the list.
func (x *leaving) redacted(text string) string {
	for id := range x.hidden {
		text = cutID(text, string(id), "a restricted case")
	}
	for id := range x.people {
		text = cutID(text, string(id), "somebody in a restricted case")
	}
	return text
}

// cutID replaces an id where it is not the beginning of a longer one.
func cutID(text, id, with string) string {
	for from := 0; ; {
		at := strings.Index(text[from:], id)
		if at < 0 {
			return text
		}
		at += from
		next, _ := utf8.DecodeRuneInString(text[at+len(id):])
		if unicode.IsLetter(next) || unicode.IsNumber(next) {
			from = at + len(id)
			continue
		}
		text = text[:at] + with + text[at+len(id):]
		from = at + len(with)
	}
}

// Export writes a list to a CSV file. The file appears whole or not at all, and
// the export is an event with the file's hash. Only a cohort needs terms.
func Export(ctx context.Context, d *desk.Desk, by casefile.Actor, what, file string, t scope.Terms, progress desk.Progress) (*Exported, error) {
	e, ok := exporters[what]
	if !ok || !slices.Contains(fromCommand, what) {
		return nil, casefile.Errorf(casefile.Invalid, "There is no export %q: choose cohort, identities, networks, suspects, quarantine or quality.", what)
	}
	if err := d.May(by, e.act); err != nil {
		return nil, err
	}
	if what != "quarantine" {
		if err := analysis.Ensure(ctx, d, by, progress); err != nil {
			return nil, err
		}
	}
	table, err := publish.NewTable(file, e.header...)
	if err != nil {
		return nil, err
	}
	defer table.Discard()
	x := &leaving{d: d, by: by, terms: t, progress: progress, to: table}
	if err := x.begin(ctx); err != nil {
		return nil, err
	}
	if err := e.write(ctx, x); err != nil {
		return nil, err
	}
	out := &Exported{File: file}
	if out.Rows, out.SHA256, err = table.Close(); err != nil {
		return nil, err
	}
	// The event comes first: a file that nobody logged must not exist.
	err = d.Record(ctx, by, ledger.Event{Kind: ledger.ExportWritten, Purpose: "review", Subject: what, Body: map[string]any{
		"file": filepath.Base(file), "rows": out.Rows, "sha256": out.SHA256, "criteria": t.Name,
	}})
	if err != nil {
		return nil, err
	}
	return out, table.Place()
}

func exportCohort(ctx context.Context, x *leaving) error {
	p, err := scope.Compile(x.terms)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s", err)
	}
	_, err = eachCounted(ctx, x.d, []*scope.Program{p}, nil, x.progress, func(s []scoped) error {
		if x.hidden[casefile.CaseID(s[0].id)] {
			return nil
		}
		c, r := s[0].certain, s[0].result
		system, ref := casefile.CaseID(s[0].id).Split()
		row := []string{system, ref, inWord(r.Status), p.Reason(c, r)}
		for _, f := range []scope.Fact{scope.SuspectsNamed, scope.SuspectsUnidentified, scope.SuspectsStated, scope.SuspectsReached,
			scope.SuspectsRecorded, scope.Victims, scope.NFA, scope.NFABy, scope.NFAOn, scope.OffenceCode, scope.Unit} {
			row = append(row, c[f].String())
		}
		return x.row(append(row, classes(p, r))...)
	})
	return err
}

func inWord(s scope.Status) string {
	switch s {
	case scope.In:
		return "y"
	case scope.Out:
		return "n"
	}
	return "unknown"
}

// classes lists the classes of a case that is in; those that cannot be told end
// in a question mark.
func classes(p *scope.Program, r scope.Result) string {
	var out []string
	for i, c := range p.Terms().Classes {
		switch {
		case r.Status != scope.In:
		case r.ClassMet&(1<<i) != 0:
			out = append(out, c.ID)
		case r.ClassUnknown&(1<<i) != 0:
			out = append(out, c.ID+"?")
		}
	}
	return strings.Join(out, ";")
}

func exportSuspects(ctx context.Context, x *leaving) error {
	return WithRun(ctx, x.d, func(tx *store.Tx, run int64) error {
		return analysis.Stated(ctx, tx, run, func(id string, c scope.Case, best casefile.StatedCount) error {
			if x.hidden[casefile.CaseID(id)] {
				return nil
			}
			system, ref := casefile.CaseID(id).Split()
			most := ""
			if best.Hi > 0 {
				most = strconv.Itoa(best.Hi)
			}
			return x.row(system, ref, c[scope.SuspectsNamed].String(), c[scope.SuspectsUnidentified].String(),
				c[scope.SuspectsStated].String(), most, c[scope.SuspectsReached].String(), best.Source, best.Sentence)
		})
	})
}

func exportIdentities(ctx context.Context, x *leaving) error {
	return WithRun(ctx, x.d, func(tx *store.Tx, run int64) error {
		for i, err := range tx.Identities(ctx, run) {
			if err != nil {
				return err
			}
			if x.people[i.Nominal] {
				continue
			}
			system, ref := i.Nominal.Split()
			if err := x.row(system, ref, i.Identity, x.redacted(i.Because)); err != nil {
				return err
			}
		}
		return nil
	})
}

func exportNetworks(ctx context.Context, x *leaving) error {
	q, err := url.ParseQuery(x.query)
	if err != nil {
		return badQuery(err)
	}
	group := q.Get("group") // one only; "" for all
	return WithRun(ctx, x.d, func(tx *store.Tx, run int64) error {
		for m, err := range tx.Memberships(ctx, run) {
			if err != nil {
				return err
			}
			if group != "" && m.Group != group || x.hidden[m.Case] || x.people[m.Nominal] {
				continue
			}
			system, ref := m.Nominal.Split()
			_, crime := m.Case.Split()
			if err := x.row(m.Group, m.Identity, system, ref, crime, m.Role, x.redacted(m.Because)); err != nil {
				return err
			}
		}
		return nil
	})
}

// quarantineFilter reads the filter of the page of rows in quarantine.
func quarantineFilter(query string) (f store.QuarantineFilter, err error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return f, badQuery(err)
	}
	f.Table, f.Fault = casefile.Table(q.Get("table")), store.Fault(q.Get("fault"))
	if c := q.Get("column"); c != "" {
		c = strings.TrimPrefix(c, "(row)") // stands for a fault of no single column
		f.Column = &c
	}
	f.Extract, _ = strconv.ParseInt(q.Get("extract"), 10, 64)
	return f, nil
}

// exportQuarantine writes the rows of a filter, a page of them in a transaction.
func exportQuarantine(ctx context.Context, x *leaving) error {
	f, err := quarantineFilter(x.query)
	if err != nil {
		return err
	}
	const size = 500
	for {
		var page []store.Quarantined
		err := x.d.DB.View(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.QuarantinePage(ctx, f, size)
			return err
		})
		if err != nil {
			return err
		}
		for _, q := range page {
			f.After = q.ID
			if x.names(q.Raw) {
				continue
			}
			cells, err := json.Marshal(cellsByHeading(q.Header, q.Raw))
			if err != nil {
				return err
			}
			err = x.row(strconv.FormatInt(q.ID, 10), strconv.FormatInt(q.Extract, 10), q.File, string(q.Table), strconv.Itoa(q.Line), q.Problem, q.Reason, string(cells))
			if err != nil {
				return err
			}
		}
		if len(page) < size {
			return nil
		}
	}
}

// names reports whether a row in quarantine names a case or a person that must not
// be in the list: a cell is its reference, or a list that holds it.
func (x *leaving) names(cells []string) bool {
	if len(x.hidden) == 0 {
		return false
	}
	refs := map[string]bool{}
	for id := range x.hidden {
		_, ref := id.Split()
		refs[ref] = true
	}
	for id := range x.people {
		_, ref := id.Split()
		refs[ref] = true
	}
	for _, c := range cells {
		for _, part := range strings.Split(c, ";") {
			if refs[strings.TrimSpace(part)] {
				return true
			}
		}
	}
	return false
}

func cellsByHeading(header, raw []string) map[string]string {
	out := map[string]string{}
	for i, v := range raw {
		if i < len(header) {
			out[header[i]] = v
		} else {
			out[fmt.Sprintf("cell %d", i+1)] = v
		}
	}
	return out
}

func exportQuality(ctx context.Context, x *leaving) error {
	type group struct {
		table      casefile.Table
		year, unit string
	}
	return WithRun(ctx, x.d, func(tx *store.Tx, run int64) error {
		rows, total := map[group]int{}, map[casefile.Table]int{}
		for q, err := range tx.Qualities(ctx, run) {
			if err != nil {
				return err
			}
			if q.Finding == "rows" {
				rows[group{q.Table, q.Year, q.Unit}] = q.Count
				total[q.Table] += q.Count
			}
		}
		for q, err := range tx.Qualities(ctx, run) {
			if err != nil {
				return err
			}
			of, ok := rows[group{q.Table, q.Year, q.Unit}]
			if !ok {
				of = total[q.Table]
			}
			share := ""
			if of > 0 && q.Finding != "rows" {
				share = strconv.FormatFloat(float64(q.Count)/float64(of), 'f', 4, 64)
			}
			if err := x.row(string(q.Table), q.Field, q.Finding, q.Year, q.Unit, strconv.Itoa(q.Count), strconv.Itoa(of), share); err != nil {
				return err
			}
		}
		return nil
	})
}

// WithRun runs f on the last analysis. Whether the actor may is for the caller to ask.
func WithRun(ctx context.Context, d *desk.Desk, f func(tx *store.Tx, run int64) error) error {
	return d.DB.View(ctx, func(tx *store.Tx) error {
		run, err := tx.LastRun(ctx, analysis.Kind)
		if err != nil {
			return err
		}
		return f(tx, run.ID)
	})
}
