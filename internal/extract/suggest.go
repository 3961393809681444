package extract

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// A Why says why a heading is proposed for a column, or that it is left over.
type Why struct {
	File    string
	Table   casefile.Table // "" if the file is left over
	Heading string         // "" for the file as a whole
	Column  string         // ours; "" if left over
	Score   float64        // 0 to 1: how sure; a help for the eye, no probability
	Reason  string
}

func (w Why) String() string {
	switch {
	case w.Heading == "" && w.Table == "":
		return fmt.Sprintf("%s: left over: %s", w.File, w.Reason)
	case w.Heading == "":
		return fmt.Sprintf("%s -> %s: %s", w.File, w.Table, w.Reason)
	case w.Column == "":
		return fmt.Sprintf("%s, %q: left over: %s", w.File, w.Heading, w.Reason)
	}
	return fmt.Sprintf("%s, %q -> %s.%s (%.2f): %s", w.File, w.Heading, w.Table, w.Column, w.Score, w.Reason)
}

// sampleRows is how many rows of a file a suggestion looks at.
const sampleRows = 500

// Suggest proposes a mapping for an extract, from its headings and from the
// first rows of its files, with a reason for each heading. It is a proposal for
// somebody who knows the system: nothing is sure.
func Suggest(path string) (*Mapping, []Why, error) {
	return suggest(path, newLexicon(""))
}

func suggest(path string, lex *lexicon) (*Mapping, []Why, error) {
	x, err := openPlace(path, standardLimits)
	if err != nil {
		return nil, nil, err
	}
	defer x.Close()
	candidates, err := x.candidates()
	if err != nil {
		return nil, nil, err
	}
	var whys []Why
	var samples []*sample
	for _, c := range candidates {
		s, err := x.sampleOf(c)
		if err != nil {
			whys = append(whys, Why{File: c.label(), Reason: casefile.Message(err)})
			continue
		}
		samples = append(samples, s)
	}
	m := &Mapping{Version: mappingVersion, Name: "suggested", Tables: map[casefile.Table]*TableMapping{}}
	first := chooseTables(samples, lex)
	lex.learnKeys(first)
	for _, f := range chooseTables(samples, lex) {
		if f.schema == nil {
			whys = append(whys, Why{File: f.sample.label, Reason: "its columns are like those of no table that another file does not feed better"})
			continue
		}
		t, because := f.propose(lex)
		m.Tables[f.schema.Table] = t
		whys = append(whys, because...)
	}
	m.settleDates()
	if len(m.Tables) == 0 {
		return nil, whys, refuse("No file of %s looks like a table of an extract; expected tables of investigations, persons and their roles.", path)
	}
	return m, whys, m.check()
}

// settleDates says once what all tables say.
func (m *Mapping) settleDates() {
	orders := map[DateOrder]bool{}
	for _, t := range m.Tables {
		if t.Dates != "" {
			orders[t.Dates] = true
		}
	}
	if len(orders) != 1 {
		return
	}
	for o := range orders {
		m.Dates = o
	}
	for _, t := range m.Tables {
		t.Dates = ""
	}
}

// A sample is the header and the first rows of a file.
type sample struct {
	label  string
	file   string // as a mapping names it
	stem   string
	header []string
	cells  [][]string // by column, without the empty ones
	orders [][]byte   // orderOf of each cell
}

func (x *Extract) sampleOf(c found) (*sample, error) {
	s := &sample{label: c.label(), file: c.file, stem: c.stem}
	if c.sheet != "" {
		s.file = c.sheet
	}
	var rows [][]string
	var err error
	switch t := x.tableOf(c).(type) {
	case *textTable:
		s.header, rows, err = t.head()
	case *sheetTable:
		if err = t.open(); err == nil {
			s.header = t.head
			rows, err = firstRows(t, x)
		}
	case *parquetTable:
		if err = t.open(); err == nil {
			s.header = t.head
			rows, err = firstRows(t, x)
		}
	}
	if err != nil {
		return nil, err
	}
	s.cells, s.orders = make([][]string, len(s.header)), make([][]byte, len(s.header))
	for _, row := range rows {
		for i := range min(len(row), len(s.header)) {
			if cell := strings.TrimSpace(row[i]); cell != "" {
				s.cells[i] = append(s.cells[i], cell)
				s.orders[i] = append(s.orders[i], orderOf(cell))
			}
		}
	}
	return s, nil
}

func firstRows(t table, x *Extract) (rows [][]string, err error) {
	err = t.each(&x.read, func(r rawRow) bool {
		rows = append(rows, r.cells)
		return len(rows) < sampleRows
	})
	return rows, err
}

// head reads the header and the first rows of a text file.
func (t *textTable) head() (header []string, rows [][]string, err error) {
	r, _, err := t.x.place.open(t.x.prefix + t.name)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, headBytes))
	if err != nil {
		return nil, nil, readFault(t.name, err)
	}
	l := &layout{enc: encodingOf(raw)}
	text, err := io.ReadAll(l.enc.decoder(bytes.NewReader(raw)))
	if err != nil {
		return nil, nil, refuseFor(err, "%s cannot be read as %s.", t.name, l.enc)
	}
	whole := len(raw) < headBytes
	if err := t.findHeader(l, text, whole, nil); err != nil {
		return nil, nil, err
	}
	cen := &census{}
	cen.Write(text)
	t.layout = l
	l.enc, l.mixed = cen.verdict(), cen.invalid
	if err := t.checkEncoding(l, cen); err != nil {
		return nil, nil, err
	}
	s := newSplitter(bytes.NewReader(text), l.delim)
	for len(rows) < sampleRows+l.skip {
		row, err := s.next()
		if err != nil {
			break // the end of the sample; the reader of the whole file says what is wrong
		}
		rows = append(rows, t.rawRow(&row).cells)
	}
	if !whole && len(rows) > l.skip+1 {
		rows = rows[:len(rows)-1] // may be cut
	}
	return l.header, rows[min(l.skip, len(rows)):], nil
}

// A fit is a file as one table.
type fit struct {
	sample *sample
	schema *casefile.Schema // nil if the file is left over
	score  float64
	pairs  []pair
	// lacking are needed columns without a heading; a person must name them.
	lacking []string
}

// A pair is a heading as one column.
type pair struct {
	column, heading int
	score           float64
	reason          string
}

// chooseTables gives each file at most one table and each table at most one
// file, best first; the rest are left over.
func chooseTables(samples []*sample, lex *lexicon) []fit {
	var all []fit
	for _, s := range samples {
		for i := range casefile.Schemas {
			if f := fitTo(s, &casefile.Schemas[i], lex); f.score > 0 {
				all = append(all, f)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
	files, tables := map[*sample]bool{}, map[casefile.Table]bool{}
	var out []fit
	for _, f := range all {
		if !files[f.sample] && !tables[f.schema.Table] {
			files[f.sample], tables[f.schema.Table] = true, true
			out = append(out, f)
		}
	}
	order := func(f fit) int {
		return slices.IndexFunc(casefile.Schemas, func(s casefile.Schema) bool { return s.Table == f.schema.Table })
	}
	slices.SortFunc(out, func(a, b fit) int { return cmp.Compare(order(a), order(b)) })
	for _, s := range samples {
		if !files[s] {
			out = append(out, fit{sample: s})
		}
	}
	return out
}

// worthSaying is the least score at which a heading is proposed for a column.
const worthSaying = 0.5

// fitTo pairs the headings of a file with the columns of a table, best first.
// The score is the share of the headings that is explained, a weak explanation
// counting little, and up to twice that where much of the table is covered; without one needed column it is
// less, without two 0.
func fitTo(s *sample, schema *casefile.Schema, lex *lexicon) fit {
	f := fit{sample: s, schema: schema}
	var all []pair
	for c := range schema.Columns {
		for h := range s.header {
			if p := lex.judge(s, h, schema, c); p.score >= worthSaying {
				all = append(all, p)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return cmp.Compare(b.score, a.score) })
	columns, headings := map[int]bool{}, map[int]bool{}
	for _, p := range all {
		if columns[p.column] || headings[p.heading] {
			continue
		}
		columns[p.column], headings[p.heading] = true, true
		f.pairs = append(f.pairs, p)
		f.score += p.score * p.score
	}
	f.lacking = lackingColumns(schema, columns)
	if len(f.lacking) > 1 {
		f.score = 0
		return f
	}
	if len(f.lacking) == 1 {
		f.score *= 0.6
	}
	f.score /= float64(len(s.header))
	f.score *= 0.5 + 0.5*float64(len(f.pairs))/float64(len(schema.Columns))
	f.score *= 1 + lex.fileLikeness(s.stem, schema.Table)
	return f
}

// lackingColumns returns the needed columns for which there is no heading.
func lackingColumns(schema *casefile.Schema, have map[int]bool) (lacking []string) {
	for c := range schema.Columns {
		if schema.Columns[c].Required && !have[c] {
			lacking = append(lacking, schema.Columns[c].Name)
		}
	}
	for _, group := range slices.Concat(schema.AnyOf, schema.OneOf) {
		if !slices.ContainsFunc(group, func(name string) bool { return have[schema.Column(name)] }) {
			lacking = append(lacking, strings.Join(group, " or "))
		}
	}
	return lacking
}

// propose writes the part of the mapping for the table, and why.
func (f *fit) propose(lex *lexicon) (*TableMapping, []Why) {
	t := &TableMapping{File: Names{f.sample.file}, Columns: map[string]Names{}}
	whys := []Why{{File: f.sample.label, Table: f.schema.Table, Score: f.score,
		Reason: fmt.Sprintf("%d of its %d headings are like columns of this table%s", len(f.pairs), len(f.sample.header), f.lacks())}}
	slices.SortFunc(f.pairs, func(a, b pair) int { return cmp.Compare(a.heading, b.heading) })
	used := map[int]bool{}
	order, orderWhy := f.dateOrder()
	t.Dates = order
	for _, p := range f.pairs {
		c := &f.schema.Columns[p.column]
		used[p.heading] = true
		names := Names{f.sample.header[p.heading]}
		if c.Name == "forenames" {
			names = f.forenames(lex, p, used)
		}
		t.Columns[c.Name] = names
		values, unknown := lex.translate(f.schema.Table, c, f.sample.cells[p.heading])
		if len(values) > 0 {
			if t.Values == nil {
				t.Values = map[string]map[string]string{}
			}
			t.Values[c.Name] = values
		}
		whys = append(whys, Why{File: f.sample.label, Table: f.schema.Table, Heading: strings.Join(names, " + "),
			Column: c.Name, Score: p.score, Reason: p.reason + unknown + dateReason(c, orderWhy)})
	}
	for h, name := range f.sample.header {
		if !used[h] && !isBlank(name) {
			whys = append(whys, Why{File: f.sample.label, Table: f.schema.Table, Heading: name, Reason: "no column of the table is like it"})
		}
	}
	return t, whys
}

func (f *fit) lacks() string {
	if len(f.lacking) == 0 {
		return ""
	}
	return "; say in the mapping which heading is " + strings.Join(f.lacking, " and ")
}

func dateReason(c *casefile.Column, why string) string {
	if c.Kind != casefile.When || why == "" {
		return ""
	}
	return "; " + why
}

// forenames adds further headings for forenames, such as a second one.
func (f *fit) forenames(lex *lexicon, p pair, used map[int]bool) Names {
	taken := map[int]bool{}
	for _, q := range f.pairs {
		taken[q.heading] = true
	}
	var names Names
	for h, name := range f.sample.header {
		if h == p.heading || !taken[h] && lex.judge(f.sample, h, f.schema, p.column).score >= 0.8 {
			names = append(names, name)
			used[h] = true
		}
	}
	return names
}

// dateOrder tells the order of the parts of dates from their values.
func (f *fit) dateOrder() (DateOrder, string) {
	iso, uk, us, unsure := 0, 0, 0, 0
	for _, p := range f.pairs {
		if f.schema.Columns[p.column].Kind != casefile.When {
			continue
		}
		for _, order := range f.sample.orders[p.heading] {
			switch order {
			case 'i':
				iso++
			case 'd':
				uk++
			case 'm':
				us++
			case '?':
				unsure++
			}
		}
	}
	switch {
	case uk+us+unsure == 0:
		return "", ""
	case us > 0 && us >= uk:
		return "", fmt.Sprintf("%d dates have a month above 12 if read day first: this looks like month, day, year, which is not read; export ISO dates", us)
	case uk == 0:
		return UKDates, "dates with slashes taken as day, month, year, which no value proves: check"
	}
	return UKDates, fmt.Sprintf("%d dates can only be day, month, year", uk)
}

// orderOf returns i for ISO, d where only the day can come first, m where only
// the month can, ? where either can, and 0 for what is no date.
func orderOf(v string) byte {
	if v == "" || len(v) > 40 || !strings.ContainsAny(v, "0123456789") {
		return 0
	}
	var d dateReader
	if _, ok := d.read(v, ISODates); ok {
		return 'i'
	}
	iso, ok := fromUK(v)
	if !ok {
		return 0
	}
	if _, ok := d.read(iso, ISODates); !ok {
		if len(iso) >= 10 {
			if _, ok := dayOf(iso[:5] + iso[8:10] + "-" + iso[5:7]); ok {
				return 'm'
			}
		}
		return 0
	}
	if len(iso) >= 10 && iso[8:10] <= "12" && !strings.ContainsAny(v, "abcdefghijlmnopqrstuvyABCDEFGHIJLMNOPQRSTUVY") {
		return '?'
	}
	return 'd'
}

// translate proposes what a system's words for a code mean, from the words that
// other systems use.
func (l *lexicon) translate(t casefile.Table, c *casefile.Column, cells []string) (values map[string]string, unknown string) {
	if c.Kind != casefile.Code {
		return nil, ""
	}
	values = map[string]string{}
	strange := map[string]bool{}
	for _, v := range cells {
		if _, want := canonical(c, v, ISODates, &dateReader{}); want == "" {
			continue
		}
		if ours := l.code(t, c, v); ours != "" {
			values[v] = ours
		} else {
			strange[v] = true
		}
	}
	if len(strange) > 0 {
		list := slices.Sorted(maps.Keys(strange))
		unknown = "; say in the mapping what these mean: " + strings.Join(quoted(list[:min(len(list), 12)]), ", ")
	}
	return values, unknown
}
