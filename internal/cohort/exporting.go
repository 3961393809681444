package cohort

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

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
	header []string
	write  func(ctx context.Context, d *desk.Desk, by casefile.Actor, t scope.Terms, to *publish.Table, progress desk.Progress) error
}

var exporters = map[string]exporter{
	"cohort": {desk.ExportPersonal, []string{"system", "crime_ref", "in", "reason", "named", "unidentified", "stated", "reached", "recorded", "victims",
		"nfa", "nfa_by", "nfa_on", "offence_code", "unit", "classes"}, exportCohort},
	"suspects":   {desk.ExportPersonal, []string{"system", "crime_ref", "named", "unidentified", "stated", "stated_at_most", "reached", "source", "sentence"}, exportSuspects},
	"identities": {desk.ExportPersonal, []string{"system", "nominal_ref", "identity", "because"}, exportIdentities},
	"networks":   {desk.ExportPersonal, []string{"network", "identity", "system", "nominal_ref", "crime_ref", "role", "because"}, exportNetworks},
	"quarantine": {desk.ExportPersonal, []string{"row", "extract", "file", "table", "line", "column", "reason", "cells"}, exportQuarantine},
	"quality":    {desk.ReadFigures, []string{"table", "field", "finding", "year", "unit", "count", "rows", "share"}, exportQuality},
}

// Export writes a list to a CSV file. The file appears whole or not at all, and
// the export is an event with the file's hash. Only a cohort needs terms.
func Export(ctx context.Context, d *desk.Desk, by casefile.Actor, what, file string, t scope.Terms, progress desk.Progress) (*Exported, error) {
	e, ok := exporters[what]
	if !ok {
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
	if err := e.write(ctx, d, by, t, table, progress); err != nil {
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

func exportCohort(ctx context.Context, d *desk.Desk, by casefile.Actor, t scope.Terms, to *publish.Table, progress desk.Progress) error {
	p, err := scope.Compile(t)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s", err)
	}
	_, err = eachScoped(ctx, d, by, []*scope.Program{p}, nil, progress, func(s []scoped) error {
		c, r := s[0].certain, s[0].result
		system, ref := casefile.CaseID(s[0].id).Split()
		row := []string{system, ref, inWord(r.Status), p.Reason(c, r)}
		for _, f := range []scope.Fact{scope.SuspectsNamed, scope.SuspectsUnidentified, scope.SuspectsStated, scope.SuspectsReached,
			scope.SuspectsRecorded, scope.Victims, scope.NFA, scope.NFABy, scope.NFAOn, scope.OffenceCode, scope.Unit} {
			row = append(row, c[f].String())
		}
		return to.Row(append(row, classes(p, r))...)
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

func exportSuspects(ctx context.Context, d *desk.Desk, _ casefile.Actor, _ scope.Terms, to *publish.Table, _ desk.Progress) error {
	return WithRun(ctx, d, func(tx *store.Tx, run int64) error {
		return analysis.Stated(ctx, tx, run, func(id string, c scope.Case, best casefile.StatedCount) error {
			system, ref := casefile.CaseID(id).Split()
			most := ""
			if best.Hi > 0 {
				most = strconv.Itoa(best.Hi)
			}
			return to.Row(system, ref, c[scope.SuspectsNamed].String(), c[scope.SuspectsUnidentified].String(),
				c[scope.SuspectsStated].String(), most, c[scope.SuspectsReached].String(), best.Source, best.Sentence)
		})
	})
}

func exportIdentities(ctx context.Context, d *desk.Desk, _ casefile.Actor, _ scope.Terms, to *publish.Table, _ desk.Progress) error {
	return WithRun(ctx, d, func(tx *store.Tx, run int64) error {
		for i, err := range tx.Identities(ctx, run) {
			if err != nil {
				return err
			}
			system, ref := i.Nominal.Split()
			if err := to.Row(system, ref, i.Identity, i.Because); err != nil {
				return err
			}
		}
		return nil
	})
}

func exportNetworks(ctx context.Context, d *desk.Desk, _ casefile.Actor, _ scope.Terms, to *publish.Table, _ desk.Progress) error {
	return WithRun(ctx, d, func(tx *store.Tx, run int64) error {
		for m, err := range tx.Memberships(ctx, run) {
			if err != nil {
				return err
			}
			system, ref := m.Nominal.Split()
			_, crime := m.Case.Split()
			if err := to.Row(m.Group, m.Identity, system, ref, crime, m.Role, m.Because); err != nil {
				return err
			}
		}
		return nil
	})
}

func exportQuarantine(ctx context.Context, d *desk.Desk, _ casefile.Actor, _ scope.Terms, to *publish.Table, _ desk.Progress) error {
	return d.DB.View(ctx, func(tx *store.Tx) error {
		for q, err := range tx.Quarantine(ctx) {
			if err != nil {
				return err
			}
			cells, err := json.Marshal(cellsByHeading(q.Header, q.Raw))
			if err != nil {
				return err
			}
			err = to.Row(strconv.FormatInt(q.ID, 10), strconv.FormatInt(q.Extract, 10), q.File, string(q.Table), strconv.Itoa(q.Line), q.Problem, q.Reason, string(cells))
			if err != nil {
				return err
			}
		}
		return nil
	})
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

func exportQuality(ctx context.Context, d *desk.Desk, _ casefile.Actor, _ scope.Terms, to *publish.Table, _ desk.Progress) error {
	type group struct {
		table      casefile.Table
		year, unit string
	}
	return WithRun(ctx, d, func(tx *store.Tx, run int64) error {
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
			if err := to.Row(string(q.Table), q.Field, q.Finding, q.Year, q.Unit, strconv.Itoa(q.Count), strconv.Itoa(of), share); err != nil {
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
