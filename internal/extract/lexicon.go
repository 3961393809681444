package extract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// A lexicon knows what systems call our tables, columns and codes.
type lexicon struct {
	headings map[casefile.Table]map[string][]phrase // by our column
	codes    map[string]map[string]string           // by our column: their word, lower-case, to ours
	files    map[casefile.Table][]string
	keys     map[string]keyColumn // by our column: where this extract keeps it
	names    map[nameKey]named    // what nameScore has worked out
}

type nameKey struct {
	heading string
	table   casefile.Table
	column  string
}

type named struct {
	score float64
	like  phrase
}

// A keyColumn is the heading that tells the rows of a table apart, and what
// stands under it.
type keyColumn struct {
	file, heading string
	values        map[string]bool
}

// learnKeys takes over the keys of the tables as first chosen: other tables
// refer to them, mostly under the same heading.
func (l *lexicon) learnKeys(fits []fit) {
	l.keys = map[string]keyColumn{}
	for _, f := range fits {
		if f.schema == nil || !f.schema.Single || len(f.schema.Key) != 1 {
			continue
		}
		for _, p := range f.pairs {
			if name := f.schema.Columns[p.column].Name; name == f.schema.Key[0] {
				k := keyColumn{f.sample.label, heading(f.sample.header[p.heading]), map[string]bool{}}
				for _, v := range f.sample.cells[p.heading] {
					k.values[v] = true
				}
				l.keys[name] = k
			}
		}
	}
}

// asKey scores a heading as a reference to another table's key.
func (l *lexicon) asKey(s *sample, h int, column string) (score float64, reason string) {
	k, ok := l.keys[column]
	switch {
	case !ok || k.file == s.label:
		return 0, ""
	case heading(s.header[h]) == k.heading:
		return 0.97, "the same heading as the key of " + k.file
	}
	in, cells := 0, s.cells[h][:min(len(s.cells[h]), judgedCells)]
	for _, v := range cells {
		if k.values[v] {
			in++
		}
	}
	if len(cells) >= 5 && 10*in > 8*len(cells) && len(k.values) > 5 {
		return 0.9, "its values are references of " + k.file
	}
	return 0, ""
}

// A phrase is one way to call a column.
type phrase struct {
	words []string // canonical, as canonicalWords gives them
	text  string
	from  string // who calls it that
}

// newLexicon knows our names, the synonyms below, and the shipped mappings
// except one.
func newLexicon(except string) *lexicon {
	l := &lexicon{
		headings: map[casefile.Table]map[string][]phrase{},
		codes:    map[string]map[string]string{},
		files:    map[casefile.Table][]string{},
		names:    map[nameKey]named{},
	}
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		l.headings[s.Table] = map[string][]phrase{}
		l.files[s.Table] = append([]string{string(s.Table)}, tableSynonyms[s.Table]...)
		for _, c := range s.Columns {
			l.add(s.Table, c.Name, c.Name, "our name")
			for _, also := range []string{c.Name, string(s.Table) + "." + c.Name} {
				for synonym := range strings.SplitSeq(columnSynonyms[also], "|") {
					l.add(s.Table, c.Name, synonym, "a usual name")
				}
			}
			for _, v := range slices.Sorted(maps.Keys(codeSynonyms[c.Name])) {
				list := codeSynonyms[c.Name][v]
				for word := range strings.SplitSeq(list, "|") {
					l.addCode(c.Name, word, v)
				}
			}
		}
	}
	for _, name := range Shipped() {
		if m, err := LoadMapping(name); err == nil && name != except {
			l.learn(m)
		}
	}
	return l
}

func (l *lexicon) add(t casefile.Table, column, heading, from string) {
	if heading != "" {
		l.headings[t][column] = append(l.headings[t][column], phrase{canonicalWords(heading), heading, from})
	}
}

func (l *lexicon) addCode(column, theirs, ours string) {
	if l.codes[column] == nil {
		l.codes[column] = map[string]string{}
	}
	if key := heading(theirs); l.codes[column][key] == "" {
		l.codes[column][key] = ours
	}
}

// learn takes over what a mapping calls things.
func (l *lexicon) learn(m *Mapping) {
	for _, t := range slices.Sorted(maps.Keys(m.Tables)) { // in order, since the first to say something is quoted
		part := m.Tables[t]
		l.files[t] = append(l.files[t], part.File...)
		for _, column := range slices.Sorted(maps.Keys(part.Columns)) {
			for _, h := range part.Columns[column] {
				l.add(t, column, h, "the mapping "+m.Name)
			}
		}
		for _, column := range slices.Sorted(maps.Keys(part.Values)) {
			for _, theirs := range slices.Sorted(maps.Keys(part.Values[column])) {
				l.addCode(column, theirs, part.Values[column][theirs])
			}
		}
	}
}

// code returns what a system's word for a code means, "" if that is not known.
func (l *lexicon) code(_ casefile.Table, c *casefile.Column, v string) string {
	if ours := l.codes[c.Name][heading(v)]; takes(c, ours) {
		return ours
	}
	return ""
}

// canonicalWords are the words of a heading with abbreviations written out and
// words that say nothing left out.
func canonicalWords(s string) []string {
	var out []string
	for _, w := range words(s) {
		if full, ok := abbreviations[w]; ok {
			w = full
		}
		for part := range strings.FieldsSeq(w) {
			out = append(out, part)
		}
	}
	return out
}

// judge scores a heading as a column, by its name and by what stands under it.
func (l *lexicon) judge(s *sample, h int, schema *casefile.Schema, c int) pair {
	column := &schema.Columns[c]
	name, like := l.nameScore(s.header[h], schema.Table, column.Name)
	p := pair{column: c, heading: h}
	if score, reason := l.asKey(s, h, column.Name); score > 0 {
		p.score, p.reason = score, reason
		return p
	}
	fits, what := l.valueScore(s.cells[h], s.orders[h], schema, column)
	switch {
	case fits < 0.5:
		return p
	case name < 0.35 && what == "":
		return p
	case what != "": // a pattern that few columns have
		p.score = 0.6*name + 0.4*fits
		if name < 0.35 {
			p.score = 0.55 * fits
		}
	default:
		p.score = 0.9*name + 0.1*fits
	}
	p.reason = reasonFor(name, like, what)
	return p
}

func reasonFor(name float64, like phrase, what string) string {
	var parts []string
	switch {
	case name >= 0.99:
		parts = append(parts, fmt.Sprintf("called so by %s (%q)", like.from, like.text))
	case name >= 0.35:
		parts = append(parts, fmt.Sprintf("like %q, %s", like.text, like.from))
	}
	if what != "" {
		parts = append(parts, "its values look like "+what)
	}
	return strings.Join(parts, "; ")
}

// nameScore compares a heading with the ways to call a column: 1 for the same
// words, less by how many of the words differ.
func (l *lexicon) nameScore(h string, t casefile.Table, column string) (best float64, like phrase) {
	key := nameKey{h, t, column}
	if n, ok := l.names[key]; ok {
		return n.score, n.like
	}
	defer func() { l.names[key] = named{best, like} }()
	mine := canonicalWords(h)
	for _, p := range l.headings[t][column] {
		score := 0.0
		if strings.Join(mine, "") == strings.Join(p.words, "") {
			score = 1
		} else {
			score = 0.95 * max(sharedWords(mine, p.words), 0.9*likeness(strings.Join(mine, " "), strings.Join(p.words, " "))-0.1)
		}
		if score > best {
			best, like = score, p
		}
	}
	return best, like
}

// sharedWords is the share of words that two phrases have in common, each
// weighed by how much it says.
func sharedWords(a, b []string) float64 {
	common, total := 0.0, 0.0
	in := map[string]int{}
	for _, w := range a {
		in[w]++
		total += weight(w)
	}
	for _, w := range b {
		total += weight(w)
		if in[w] > 0 {
			in[w]--
			common += 2 * weight(w)
		}
	}
	if total == 0 {
		return 0
	}
	return common / total
}

// weight is small for words that stand in many headings.
func weight(w string) float64 {
	switch w {
	case "reference", "date", "code", "type", "by", "of", "the", "text", "is", "has", "entry", "in", "description":
		return 0.5
	}
	return 1
}

// fileLikeness compares what a file is called with what tables are.
func (l *lexicon) fileLikeness(stem string, t casefile.Table) float64 {
	best := 0.0
	for _, name := range l.files[t] {
		name = strings.TrimRight(name, "*")
		best = max(best, likeness(stem, name), sharedWords(canonicalWords(stem), canonicalWords(name)))
	}
	return best
}

// patterns are values that say by themselves what they are.
var patterns = map[string]struct {
	re   *regexp.Regexp
	what string
}{
	"postcode":    {regexp.MustCompile(`(?i)^[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}$`), "postcodes"},
	"pnc_id":      {regexp.MustCompile(`(?i)^([0-9]{2}|[0-9]{4})/[0-9]{1,7}[A-Z]$`), "PNC ids"},
	"cro_no":      {regexp.MustCompile(`(?i)^(SF)?[0-9]{1,6}/[0-9]{2}[A-Z]$`), "CRO numbers"},
	"value":       {regexp.MustCompile(`(?i)^((\+44|0)[ 0-9]{9,12}|[A-Z]{2}[0-9]{2} ?[A-Z]{3}|[^@ ]+@[^@ ]+\.[a-z.]+)$`), "phones, registration marks and addresses of e-mail"},
	"easting":     {regexp.MustCompile(`^[1-6][0-9]{5}(\.[0-9]+)?$`), "grid references"},
	"northing":    {regexp.MustCompile(`^[0-9]{5,7}(\.[0-9]+)?$`), "grid references"},
	"uprn":        {regexp.MustCompile(`^[0-9]{8,12}$`), "UPRNs"},
	"file":        {regexp.MustCompile(`(?i)\.(pdf|docx?|txt|html?)$`), "names of files"},
	"linked_refs": {regexp.MustCompile(`;`), ""},
}

// alone are the patterns that mean a column whatever the heading says.
var alone = map[string]bool{"postcode": true, "pnc_id": true, "cro_no": true, "value": true, "file": true}

// judgedCells is how many cells of a column are judged.
const judgedCells = 60

// valueScore says how many of the cells fit a column, 0 to 1, and what they look
// like if that is telling. Without cells it is 0.7: nothing speaks against.
func (l *lexicon) valueScore(cells []string, orders []byte, schema *casefile.Schema, c *casefile.Column) (fits float64, what string) {
	if len(cells) == 0 {
		return 0.7, ""
	}
	p, patterned := patterns[c.Name]
	good, matched, dated, numbers, distinct := 0, 0, 0, 0, map[string]bool{}
	cells = cells[:min(len(cells), judgedCells)]
	for i, v := range cells {
		if orders[i] != 0 && len(v) >= len("9/3/2014") {
			dated++
		}
		if isDigits(v) {
			numbers++
		}
		if l.fits(schema.Table, c, v, orders[i]) {
			good++
		}
		if patterned && p.re.MatchString(v) {
			matched++
		}
		distinct[v] = true
	}
	n := float64(len(cells))
	fits = float64(good) / n
	if c.Kind == casefile.Code && fits < 0.5 && len(distinct) <= 20 && 2*len(distinct) <= len(cells) {
		return 0.5, "" // codes nobody has explained yet
	}
	if c.Kind == casefile.Text && numbers == len(cells) && !patterned {
		fits *= 0.6
	}
	if (c.Kind == casefile.Ref || c.Kind == casefile.Text) && 2*dated > len(cells) {
		return 0.3, ""
	}
	if schema.Single && len(schema.Key) == 1 && schema.Key[0] == c.Name && float64(len(distinct)) < 0.9*n {
		return 0, "" // a key must tell rows apart
	}
	switch {
	case alone[c.Name] && float64(matched) > 0.7*n:
		what = p.what
	case c.Kind == casefile.Code && fits > 0.7:
		what = "its codes"
	case patterned && p.what != "" && !alone[c.Name] && float64(matched) < 0.5*n:
		fits *= 0.4
	}
	return fits, what
}

// fits reports whether a cell could stand in a column.
func (l *lexicon) fits(t casefile.Table, c *casefile.Column, v string, order byte) bool {
	if c.Kind == casefile.When {
		return order != 0 || stateWord(v) != ""
	}
	if c.Kind == casefile.Code && l.code(t, c, v) != "" {
		return true
	}
	if c.Kind == casefile.Ref && (strings.Count(v, " ") > 4 || len(v) > 60) {
		return false
	}
	_, want := canonical(c, v, ISODates, &dateReader{})
	return want == ""
}
