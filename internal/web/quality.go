package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/store"
)

var qualityRoutes = []route{
	{"GET /quality", desk.ReadFigures, (*Site).showQuality},
}

// findings that say how full a field is; all others say what is impossible.
const (
	findingRows    = "rows"
	findingMissing = "missing"
	findingInvalid = "invalid, in quarantine"
)

// A qualityTable is the data-quality report of one analysis, which is the same for
// everybody.
type qualityTable struct {
	list    []store.Quality
	fields  map[fieldKey]*qualityField // each column of each table
	invalid map[casefile.Table]int     // rows in quarantine, whatever the column
}

type fieldKey struct {
	table casefile.Table
	name  string
}

// A share is how many rows of a field are empty, of how many.
type share struct {
	Rows, Missing int
}

// Percent is the share that is missing, 0 to 100.
func (s share) Percent() int {
	switch {
	case s.Rows == 0:
		return 0
	case s.Missing > 0 && s.Missing*100 < s.Rows:
		return 1
	case s.Missing < s.Rows && s.Missing*100 > 99*s.Rows:
		return 99
	}
	return (s.Missing*200 + s.Rows) / (2 * s.Rows)
}

// Words say the share, so that colour is never alone.
func (s share) Words() string {
	switch p := s.Percent(); {
	case s.Rows == 0:
		return "no rows"
	case p == 0:
		return "complete"
	case p <= 10:
		return "few missing"
	case p <= 40:
		return "some missing"
	case p <= 75:
		return "many missing"
	case p < 100:
		return "most missing"
	}
	return "all missing"
}

// Heat is how dark the cell is, 0 to 5.
func (s share) Heat() int {
	return slices.Index([]string{"complete", "few missing", "some missing", "many missing", "most missing", "all missing"}, s.Words())
}

// Have is how many rows hold the field.
func (s share) Have() int { return s.Rows - s.Missing }

type qualityField struct {
	share
	Table      casefile.Table
	Name       string
	Needed     bool
	Invalid    int
	Impossible []qualityFinding
	To         string
}

type qualityFinding struct {
	Table casefile.Table
	Field string
	Says  string
	Count int
}

type qualityPage struct {
	Basis  cohort.Basis
	Tables []qualityOfTable
	Apart  []qualityField // ethnicity and the like: how complete, never what
	Wrong  []qualityFinding
	Table  casefile.Table
	Field  string
	By     string // year, unit, both
	Fields []qualityField
	One    qualityField
	Rows   []qualityRow
	Years  []string
	Cut    int // units that are not shown
}

func (qualityPage) Wide() bool { return true }

type qualityOfTable struct {
	Table   casefile.Table
	Rows    int
	Fields  int
	Worst   qualityField
	Invalid int
	To      string
}

// A qualityRow is one unit or one year of a field.
type qualityRow struct {
	Label string
	Sum   share
	Cells []share // by year
}

func (s *Site) showQuality(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	p := qualityPage{Table: casefile.Table(q.Get("table")), Field: q.Get("field"), By: q.Get("by")}
	var err error
	if p.Basis, err = cohort.LastBasis(r.Context(), s.Desk); err != nil {
		return err
	}
	if p.Basis.Run == 0 {
		return s.render(w, r, "quality", "Data quality", p)
	}
	report, err := s.qualityReport(detached(r))
	if err != nil {
		return err
	}
	schema := casefile.SchemaOf(p.Table)
	if p.Table != "" && schema == nil {
		return casefile.Errorf(casefile.NotFound, "There is no table %q. Choose one from data quality.", clip(string(p.Table)))
	}
	if p.Field != "" && (schema == nil || schema.Column(p.Field) < 0) {
		return casefile.Errorf(casefile.NotFound, "There is no field %q in that table. Choose one from data quality.", clip(p.Field))
	}
	if q.Get("format") != "" {
		return s.sendQuality(w, r, report, p)
	}
	title := "Data quality"
	switch {
	case p.Field != "":
		p.One = report.field(p.Table, p.Field)
		report.breakdown(&p)
		title = fmt.Sprintf("Data quality: %s of %s", p.Field, p.Table)
	case p.Table != "":
		for _, c := range schema.Columns {
			p.Fields = append(p.Fields, report.field(p.Table, c.Name))
		}
		slices.SortStableFunc(p.Fields, func(a, b qualityField) int { return cmp.Compare(b.Missing, a.Missing) })
		p.Wrong = report.wrong(p.Table)
		title = fmt.Sprintf("Data quality: %s", p.Table)
	default:
		report.overview(&p)
	}
	return s.render(w, r, "quality", title, p)
}

// qualityReport reads the report once for each analysis.
func (s *Site) qualityReport(ctx context.Context) (t *qualityTable, err error) {
	var version string
	err = cohort.WithRun(ctx, s.Desk, func(_ *store.Tx, run int64) error {
		version = strconv.FormatInt(run, 10)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return desk.Memo(s.Desk, "quality", version, func() (*qualityTable, error) {
		t := &qualityTable{}
		err := cohort.WithRun(ctx, s.Desk, func(tx *store.Tx, run int64) error {
			for q, err := range tx.Qualities(ctx, run) {
				if err != nil {
					return err
				}
				t.list = append(t.list, q)
			}
			return nil
		})
		t.sum()
		return t, err
	})
}

// sum adds the list up by field.
func (t *qualityTable) sum() {
	t.fields, t.invalid = map[fieldKey]*qualityField{}, map[casefile.Table]int{}
	for i := range casefile.Schemas {
		schema := &casefile.Schemas[i]
		for _, c := range schema.Columns {
			t.fields[fieldKey{schema.Table, c.Name}] = &qualityField{Table: schema.Table, Name: c.Name, Needed: c.Required,
				To: address("/quality", map[string][]string{"table": {string(schema.Table)}, "field": {c.Name}})}
		}
	}
	rows := map[casefile.Table]int{}
	for _, q := range t.list {
		if q.Field == "" && q.Finding == findingRows {
			rows[q.Table] += q.Count
		}
		if q.Finding == findingInvalid {
			t.invalid[q.Table] += q.Count
		}
		f := t.fields[fieldKey{q.Table, q.Field}]
		if f == nil {
			continue
		}
		switch q.Finding {
		case findingMissing:
			f.Missing += q.Count
		case findingInvalid:
			f.Invalid += q.Count
		default:
			i := slices.IndexFunc(f.Impossible, func(x qualityFinding) bool { return x.Says == q.Finding })
			if i < 0 {
				i = len(f.Impossible)
				f.Impossible = append(f.Impossible, qualityFinding{Table: q.Table, Field: q.Field, Says: q.Finding})
			}
			f.Impossible[i].Count += q.Count
		}
	}
	for key, f := range t.fields {
		f.Rows = rows[key.table]
	}
}

func (t *qualityTable) field(table casefile.Table, name string) qualityField {
	return *t.fields[fieldKey{table, name}]
}

// wrong lists what is impossible or not to be believed, of one table or of all
// with "", most rows first.
func (t *qualityTable) wrong(table casefile.Table) (out []qualityFinding) {
	for i := range casefile.Schemas {
		schema := &casefile.Schemas[i]
		for _, c := range schema.Columns {
			if table == "" || table == schema.Table {
				out = append(out, t.field(schema.Table, c.Name).Impossible...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b qualityFinding) int { return b.Count - a.Count })
	return out
}

func (t *qualityTable) overview(p *qualityPage) {
	for i := range casefile.Schemas {
		schema := &casefile.Schemas[i]
		of := qualityOfTable{Table: schema.Table, Fields: len(schema.Columns), To: address("/quality", map[string][]string{"table": {string(schema.Table)}})}
		for _, c := range schema.Columns {
			f := t.field(schema.Table, c.Name)
			of.Rows, of.Invalid = f.Rows, t.invalid[schema.Table]
			if c.Apart {
				p.Apart = append(p.Apart, f)
			}
			if f.Rows > 0 && f.Missing > of.Worst.Missing && f.Missing < f.Rows {
				of.Worst = f
			}
		}
		p.Tables = append(p.Tables, of)
	}
	p.Wrong = t.wrong("")
}

// mostUnits bounds the rows of a breakdown; the largest units are shown.
const mostUnits = 60

// breakdown counts a field by unit and year.
func (t *qualityTable) breakdown(p *qualityPage) {
	type cell struct{ unit, year string }
	rows := map[cell]*share{}
	for _, q := range t.list {
		if q.Table != p.Table || !(q.Field == "" && q.Finding == findingRows) && !(q.Field == p.Field && q.Finding == findingMissing) {
			continue
		}
		c := cell{q.Unit, q.Year}
		if rows[c] == nil {
			rows[c] = &share{}
		}
		if q.Finding == findingRows {
			rows[c].Rows += q.Count
		} else {
			rows[c].Missing += q.Count
		}
	}
	for c := range rows {
		if !slices.Contains(p.Years, c.year) {
			p.Years = append(p.Years, c.year)
		}
	}
	slices.Sort(p.Years)
	byUnit := map[string]int{}
	for c, s := range rows {
		i, ok := byUnit[c.unit]
		if !ok {
			i = len(p.Rows)
			byUnit[c.unit] = i
			p.Rows = append(p.Rows, qualityRow{Label: c.unit, Cells: make([]share, len(p.Years))})
		}
		p.Rows[i].Cells[slices.Index(p.Years, c.year)] = *s
		p.Rows[i].Sum.Rows += s.Rows
		p.Rows[i].Sum.Missing += s.Missing
	}
	slices.SortFunc(p.Rows, func(a, b qualityRow) int {
		return cmp.Or(cmp.Compare(b.Sum.Rows, a.Sum.Rows), cmp.Compare(a.Label, b.Label))
	})
	if len(p.Rows) > mostUnits {
		p.Cut = len(p.Rows) - mostUnits
		p.Rows = p.Rows[:mostUnits]
	}
}

// sendQuality sends the report as it is kept: one count a row, of the table and
// the field on screen.
func (s *Site) sendQuality(w http.ResponseWriter, r *request, t *qualityTable, p qualityPage) error {
	type place struct {
		table      casefile.Table
		year, unit string
	}
	rows := map[place]int{}
	for _, q := range t.list {
		if q.Field == "" && q.Finding == findingRows {
			rows[place{q.Table, q.Year, q.Unit}] = q.Count
		}
	}
	return s.sendTable(w, r, "quality", []string{"table", "field", "finding", "year", "unit", "count", "rows"}, func(yield func([]string, error) bool) {
		for _, q := range t.list {
			if p.Table != "" && q.Table != p.Table || p.Field != "" && q.Field != p.Field && q.Field != "" {
				continue
			}
			if !yield([]string{string(q.Table), q.Field, q.Finding, q.Year, q.Unit, strconv.Itoa(q.Count), strconv.Itoa(rows[place{q.Table, q.Year, q.Unit}])}, nil) {
				return
			}
		}
	})
}
