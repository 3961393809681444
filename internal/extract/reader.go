package extract

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
)

// A Row is one row of a table. A row with problems is for quarantine: Raw is
// kept whole, Values must not be used.
type Row struct {
	Line int // line of a text file, row of a sheet, number of a Parquet row from 1
	// Raw holds the cells as received, as text. In a row without problems they
	// stand under File.Header one by one.
	Raw []string
	// Values holds the canonical cells under the columns of the table's schema;
	// all are empty if the cells of the row could not be told apart.
	Values   []string
	Problems []Problem
}

// A row holds personal data, so it prints and logs as the line it stands on.
func (r Row) String() string       { return fmt.Sprintf("line %d", r.Line) }
func (r Row) LogValue() slog.Value { return slog.StringValue(r.String()) }

// maxCell is the longest cell that an accepted row may hold, in bytes.
const maxCell = 1 << 20

// A Reader turns the cells of one table's rows into canonical values. It is not
// for use by several goroutines at once.
type Reader struct {
	File string // named in sentences

	schema  *casefile.Schema
	header  []string
	order   DateOrder
	sources []source // one for each column of the schema
	unknown []string
	missing []string
	dates   dateReader
	line    string // "line", or "row" where there are no lines
}

// A source says where the cells of one of our columns come from.
type source struct {
	column   *casefile.Column
	from     []int  // indexes in the header; none if the file has no such column
	constant string // instead
	join     string
	values   map[string]string // from their words, lower-case, to ours
}

// NewReader returns a reader for rows under header. It refuses a header in which
// a heading stands twice or a needed column is missing.
func NewReader(table casefile.Table, header []string, m *Mapping) (*Reader, error) {
	return newReader(string(table), table, header, m)
}

func newReader(file string, table casefile.Table, header []string, m *Mapping) (*Reader, error) {
	schema := casefile.SchemaOf(table)
	if schema == nil {
		return nil, refuse("There is no table %q; expected one of %s.", cut(string(table)), tableNames())
	}
	index, err := indexHeader(file, header)
	if err != nil {
		return nil, err
	}
	r := &Reader{File: file, schema: schema, header: header, order: m.dates(table), line: "line"}
	used := r.bind(index, m.table(table))
	for i, h := range header {
		if !used[i] && !isBlank(h) {
			r.unknown = append(r.unknown, strings.TrimSpace(h))
		}
	}
	return r, r.checkColumns(m)
}

// heading is how headings are compared.
func heading(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func indexHeader(file string, header []string) (map[string]int, error) {
	index := make(map[string]int, len(header))
	for i, h := range header {
		h = heading(h)
		if h == "" {
			continue
		}
		if first, twice := index[h]; twice {
			return nil, refuse("%s: the heading %q stands twice, in columns %d and %d; expected each heading once.",
				file, cut(strings.TrimSpace(header[i])), first+1, i+1)
		}
		index[h] = i
	}
	return index, nil
}

// bind finds the source of each column, and returns which headings are used. A
// heading that the mapping uses does not also count under its own name.
func (r *Reader) bind(index map[string]int, t *TableMapping) map[int]bool {
	used := map[int]bool{}
	for i := range r.schema.Columns {
		c := &r.schema.Columns[i]
		s := source{column: c, constant: t.Constants[c.Name], join: " ", values: lowerKeys(t.Values[c.Name])}
		if c.Kind == casefile.List {
			s.join = ";"
		}
		for _, theirs := range t.Columns[c.Name] {
			if at, ok := index[heading(theirs)]; ok {
				s.from = append(s.from, at)
				used[at] = true
			}
		}
		r.sources = append(r.sources, s)
	}
	for i := range r.sources {
		s := &r.sources[i]
		at, ok := index[s.column.Name]
		if _, mapped := t.Columns[s.column.Name]; !mapped && s.constant == "" && ok && !used[at] {
			s.from, used[at] = []int{at}, true
		}
	}
	return used
}

func lowerKeys(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]string, len(values))
	for theirs, ours := range values {
		out[heading(theirs)] = ours
	}
	return out
}

func (s *source) present() bool { return len(s.from) > 0 || s.constant != "" }

// checkColumns refuses a header without a needed column and lists the others
// that are missing.
func (r *Reader) checkColumns(m *Mapping) error {
	for i := range r.sources {
		s := &r.sources[i]
		if s.present() {
			continue
		}
		if s.column.Required {
			return r.missingColumn(s.column.Name, m)
		}
		r.missing = append(r.missing, s.column.Name)
	}
	for _, group := range slices.Concat(r.schema.AnyOf, r.schema.OneOf) {
		if !slices.ContainsFunc(group, func(name string) bool { return r.sources[r.schema.Column(name)].present() }) {
			return refuse("%s has neither a column %s; every row of %s needs one of them. Its headings are %s.",
				r.File, strings.Join(quoted(group), " nor "), r.schema.Table, r.headings())
		}
	}
	return nil
}

func (r *Reader) missingColumn(column string, m *Mapping) error {
	if theirs := m.table(r.schema.Table).Columns[column]; len(theirs) > 0 {
		return refuse("%s has no column %s, from which the mapping %s takes %q%s; every row of %s needs it. Its headings are %s.",
			r.File, oneOf(quoted(theirs)), m.Name, column, didYouMean(theirs[0], r.unknown), r.schema.Table, r.headings())
	}
	return refuse("%s has no column %q%s; every row of %s needs it. Its headings are %s.",
		r.File, column, didYouMean(column, r.unknown), r.schema.Table, r.headings())
}

func (r *Reader) headings() string {
	const most = 40
	names := quoted(r.header[:min(len(r.header), most)])
	if len(r.header) > most {
		names = append(names, fmt.Sprintf("and %d more", len(r.header)-most))
	}
	return strings.Join(names, ", ")
}

// Read returns the row that stands on a line, with its canonical values and its
// problems. It keeps raw.
func (r *Reader) Read(line int, raw []string) Row {
	row := Row{Line: line, Raw: raw, Values: make([]string, len(r.sources))}
	if !r.fits(raw) {
		r.problem(&row, nil, "", fmt.Sprintf("%d cells", len(r.header)),
			fmt.Sprintf("the row has %d cells; expected %d, as in the header", len(raw), len(r.header)))
		return row
	}
	for i, cell := range raw {
		r.checkCell(&row, i, cell)
	}
	if row.Problems != nil {
		return row
	}
	for i := range r.sources {
		r.readColumn(&row, i)
	}
	r.checkGroups(&row)
	return row
}

// fits reports whether raw stands under the header. Empty cells beyond it, which
// a separator at the end of every line leaves, do no harm.
func (r *Reader) fits(raw []string) bool {
	if len(raw) < len(r.header) {
		return false
	}
	return !slices.ContainsFunc(raw[len(r.header):], func(s string) bool { return s != "" })
}

// checkCell finds what no column takes.
func (r *Reader) checkCell(row *Row, i int, cell string) {
	switch {
	case len(cell) > maxCell:
		r.problem(row, []int{i}, cell, "at most 1 MiB",
			fmt.Sprintf("the cell is longer than 1 MiB (%s)", size(int64(len(cell)))))
	case strings.IndexByte(cell, 0) >= 0:
		r.problem(row, []int{i}, strings.ReplaceAll(cell, "\x00", "\ufffd"), "text without NUL bytes",
			"the cell holds a NUL byte; expected text")
	case !utf8.ValidString(cell):
		r.problem(row, []int{i}, cell, "UTF-8 text", "the cell holds bytes that are not UTF-8; expected text")
	}
}

func (r *Reader) readColumn(row *Row, i int) {
	s := &r.sources[i]
	if s.constant != "" {
		row.Values[i] = s.constant
		return
	}
	if len(s.from) == 0 {
		return
	}
	cell := s.cell(row.Raw)
	if s.values != nil {
		if ours, ok := s.values[heading(cell)]; ok {
			cell = ours
		}
	}
	value, want := canonical(s.column, cell, r.order, &r.dates)
	switch {
	case want != "":
		r.problem(row, s.from, cell, want, r.complaint(s.column, cell, want))
	case value == "" && s.column.Required:
		want = expected(s.column, r.order)
		r.problem(row, s.from, "", want, "the cell is empty; expected "+want+", which every row needs")
	default:
		row.Values[i] = value
	}
}

// cell joins the cells that feed a column.
func (s *source) cell(raw []string) string {
	if len(s.from) == 1 {
		return raw[s.from[0]]
	}
	var parts []string
	for _, at := range s.from {
		if part := strings.TrimSpace(raw[at]); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, s.join)
}

// checkGroups applies "at least one of" and "exactly one of". A cell that says
// unknown is not filled.
func (r *Reader) checkGroups(row *Row) {
	for _, group := range r.schema.AnyOf {
		if r.filled(row, group) == 0 {
			r.groupProblem(row, group, "is empty; expected at least one of them to be filled")
		}
	}
	for _, group := range r.schema.OneOf {
		switch n := r.filled(row, group); {
		case n == 0:
			r.groupProblem(row, group, "is empty; expected exactly one of them to be filled")
		case n > 1:
			r.groupProblem(row, group, "is filled; expected exactly one of them to be")
		}
	}
}

func (r *Reader) filled(row *Row, group []string) (n int) {
	for _, name := range group {
		if v := row.Values[r.schema.Column(name)]; v != "" && !casefile.IsState(v) {
			n++
		}
	}
	return n
}

func (r *Reader) groupProblem(row *Row, group []string, what string) {
	_, want, _ := strings.Cut(what, "expected ")
	for _, name := range group {
		if len(r.sources[r.schema.Column(name)].from) > 0 && row.hasProblem(name) {
			return // the cell was filled, wrongly, and that is said already
		}
	}
	row.Problems = append(row.Problems, Problem{
		Column:   strings.Join(group, ", "),
		Expected: want,
		Sentence: fmt.Sprintf("%s, %s %d: each of %s %s.", r.File, r.line, row.Line, strings.Join(quoted(group), " and "), what),
	})
}
