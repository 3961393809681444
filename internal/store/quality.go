package store

import (
	"context"
	"fmt"
	"strings"

	"lookback/internal/casefile"
)

// yearOf is the year that a case is counted under: of its report, else of its
// recording, else of the offence.
const yearOf = `substr(CASE WHEN c.reported_at <> '' THEN c.reported_at WHEN c.recorded_at <> '' THEN c.recorded_at ELSE c.offence_from END, 1, 4)`

// caseOf says how a row of a table finds the case that it is counted under.
var caseOf = map[casefile.Table]string{
	casefile.Nominals: `(SELECT v.case_id FROM involvement v WHERE v.nominal_id = r.nominal_id ORDER BY v.row_id LIMIT 1)`,
	casefile.Missing:  `(SELECT v.case_id FROM involvement v WHERE v.nominal_id = r.nominal_id ORDER BY v.row_id LIMIT 1)`,
}

// Missing counts rows and empty cells of a table by year and unit. Columns apart
// are counted too, as missing or not: their values are not read.
func (t *Tx) Missing(ctx context.Context, table casefile.Table) ([]Quality, error) {
	schema := casefile.SchemaOf(table)
	columns := cells(schema, false)
	var empty, sums, names []string
	add := func(cell, name string) {
		sums = append(sums, fmt.Sprintf("sum(e%d)", len(sums)))
		empty = append(empty, fmt.Sprintf("%s = '' AS e%d", cell, len(empty)))
		names = append(names, name)
	}
	for _, c := range columns {
		add(`r."`+c.column+`"`, schema.Columns[c.from].Name)
	}
	from := sqlTable[table] + "_now r"
	if table == casefile.Nominals {
		from += " JOIN nominal_monitoring m ON m.row_id = r.row_id"
		for _, c := range cells(schema, true) {
			add(`m."`+c.column+`"`, c.column)
		}
	}
	year, unit := yearOf, "c.unit"
	switch of := caseOf[table]; {
	case table == casefile.Addresses || table == casefile.Identifiers:
		year, unit = "''", "''"
	case table == casefile.Investigations:
		year = strings.ReplaceAll(yearOf, "c.", "r.")
		unit = "r.unit"
	case of != "":
		from += joinCase(of)
	default:
		from += joinCase("r.case_id")
	}
	// LIMIT -1 keeps the inner query whole: flattened, the sort for GROUP BY would
	// carry every text of the table through memory.
	query := `
		SELECT year, unit, count(*), ` + strings.Join(sums, ", ") + `
		FROM (
			SELECT coalesce(` + year + `, '') AS year, coalesce(` + unit + `, '') AS unit, ` + strings.Join(empty, ", ") + `
			FROM ` + from + `
			LIMIT -1
		)
		GROUP BY 1, 2
		ORDER BY 1, 2`
	var out []Quality
	for group, err := range each(ctx, t.tx, func(s scanner) ([]Quality, error) { return scanMissing(s, table, names) }, query) {
		if err != nil {
			return nil, err
		}
		out = append(out, group...)
	}
	return out, nil
}

// joinCase finds the case with an id by its index. Joined as a view, below an
// aggregate, it would be searched from end to end for every row.
func joinCase(id string) string {
	return `
		LEFT JOIN investigation c ON c.case_id = ` + id + `
			AND c.row_id <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = c.row_id AND s.new <= (SELECT watermark FROM register))`
}

func scanMissing(s scanner, table casefile.Table, names []string) ([]Quality, error) {
	var year, unit string
	counts := make([]int, len(names)+1)
	to := []any{&year, &unit}
	for i := range counts {
		to = append(to, &counts[i])
	}
	if err := s.Scan(to...); err != nil {
		return nil, err
	}
	out := []Quality{{table, "", year, unit, "rows", counts[0]}}
	for i, name := range names {
		if n := counts[i+1]; n > 0 {
			out = append(out, Quality{table, name, year, unit, "missing", n})
		}
	}
	return out, nil
}

// Shared counts rows whose reference stands on another row too, where it should
// name one thing: a PNC id, a CRO number, a reference from an older system.
func (t *Tx) Shared(ctx context.Context) ([]Quality, error) {
	var out []Quality
	for _, q := range []struct {
		table  casefile.Table
		column string
	}{
		{casefile.Nominals, "pnc_id"},
		{casefile.Nominals, "cro_no"},
		{casefile.Investigations, "legacy_ref"},
	} {
		var n int
		err := t.tx.QueryRowContext(ctx, `
			SELECT coalesce(sum(n), 0)
			FROM (SELECT count(*) AS n FROM `+sqlTable[q.table]+`_now WHERE `+q.column+` <> '' GROUP BY `+q.column+` HAVING count(*) > 1)`).Scan(&n)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, Quality{Table: q.table, Field: q.column, Finding: "shared with another row", Count: n})
		}
	}
	return out, nil
}

// InvalidCells counts quarantined rows by table and the column at fault.
func (t *Tx) InvalidCells(ctx context.Context) ([]Quality, error) {
	return all(ctx, t.tx, func(s scanner) (q Quality, err error) {
		q.Finding = "invalid, in quarantine"
		return q, s.Scan(&q.Table, &q.Field, &q.Count)
	}, `
		SELECT f.table_name, coalesce(r.problem, ''), count(*)
		FROM row r
		JOIN source_file f ON f.id = r.file_id
		WHERE r.reason IS NOT NULL
			AND r.id <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.id AND s.new <= (SELECT watermark FROM register))
		GROUP BY 1, 2
		ORDER BY 1, 2`)
}
