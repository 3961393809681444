package cohort

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// A Filter is what a list asks for. Within a facet, a case needs one of the chosen
// values; between facets, all of them.
type Filter struct {
	Chosen map[string][]string // values by name of the facet
	Ref    string              // a part of the reference
	Group  string              // cases of this group
	Sort   string              // see [SortKeys]; a leading "-" turns it round
	After  string              // the page after this cursor, or
	Before string              // the page before it
	Size   int                 // rows a page
}

// ReadFilter reads a filter from a query string, which holds the whole state of a
// list. What it does not know it ignores.
func ReadFilter(q url.Values) Filter {
	f := Filter{Chosen: map[string][]string{}, Ref: strings.TrimSpace(q.Get("ref")), Group: q.Get("group"), Sort: q.Get("sort"),
		After: q.Get("after"), Before: q.Get("before"), Size: 50}
	if n, err := strconv.Atoi(q.Get("size")); err == nil && (n == 25 || n == 100) {
		f.Size = n
	}
	for _, name := range FacetNames() {
		for _, v := range q[name] {
			if !slices.Contains(f.Chosen[name], v) && len(f.Chosen[name]) < maxChosen {
				f.Chosen[name] = append(f.Chosen[name], v)
			}
		}
	}
	if _, ok := sortKeys[strings.TrimPrefix(f.Sort, "-")]; !ok {
		f.Sort = ""
	}
	return f
}

// maxChosen bounds what one facet may be asked.
const maxChosen = 500

// Query writes the filter as a query string, without where in the list it stands:
// what is kept of a search and what an export obeys.
func (f Filter) Query() string {
	q := url.Values{}
	for name, values := range f.Chosen {
		for _, v := range values {
			q.Add(name, v)
		}
	}
	for name, v := range map[string]string{"ref": f.Ref, "group": f.Group, "sort": f.Sort} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q.Encode()
}

// Narrows reports whether the filter leaves anything out.
func (f Filter) Narrows() bool { return len(f.Chosen) > 0 || f.Ref != "" || f.Group != "" }

// A Facet is one question that a list can be narrowed by, with how many cases each
// answer would leave under all other filters.
type Facet struct {
	Name, Title string
	Options     []FacetOption
	Chosen      bool // an option of it is
}

// A FacetOption is one answer.
type FacetOption struct {
	Value  string
	Label  string // as the register or this package has it; a page may say it better
	Count  int
	Chosen bool
}

// Facets by name, in the order in which a page shows them.
const (
	FacetRisk       = "risk"
	FacetScope      = "scope"
	FacetStage      = "stage"
	FacetAssigned   = "assigned"
	FacetSuspects   = "suspects"
	FacetMarks      = "marks"
	FacetOffence    = "offence"
	FacetOutcome    = "outcome"
	FacetGrouped    = "grouped"
	FacetYear       = "year"
	FacetUnit       = "unit"
	FacetArea       = "area"
	FacetSystem     = "system"
	FacetWhy        = "why"
	FacetRestricted = "restricted"
)

// FacetNames returns the names of all facets.
func FacetNames() []string {
	return []string{FacetRisk, FacetScope, FacetStage, FacetAssigned, FacetSuspects, FacetMarks, FacetOffence, FacetOutcome, FacetGrouped,
		FacetYear, FacetUnit, FacetArea, FacetSystem, FacetWhy, FacetRestricted}
}

var facetTitles = map[string]string{
	FacetRisk: "Present risk", FacetScope: "Terms of reference", FacetStage: "Review", FacetAssigned: "Assigned to", FacetSuspects: "Suspects",
	FacetMarks: "On record", FacetOffence: "Offence", FacetOutcome: "Outcome", FacetGrouped: "Group", FacetYear: "Year recorded",
	FacetUnit: "Unit", FacetArea: "Area", FacetSystem: "System", FacetWhy: "What decided", FacetRestricted: "Restriction",
}

// NotRecorded is the value of a facet that is empty in the record.
const NotRecorded = "not recorded"

// A column is one facet over all rows. A single column holds the index of a row's
// one value, a column of bits one bit for each value that is true of it.
type column struct {
	name   string
	values []string
	labels []string // nil: the values
	codes  []uint16
	bits   bool
}

func (c *column) label(i int) string {
	if c.labels == nil {
		return c.values[i]
	}
	return c.labels[i]
}

// singles makes a column of what each row says, with its values in order.
func singles(name string, rows []Row, order func(a, b string) int, value func(*Row) string) column {
	c := column{name: name, codes: make([]uint16, len(rows))}
	seen := map[string]uint16{}
	for i := range rows {
		v := value(&rows[i])
		if _, ok := seen[v]; !ok {
			if len(c.values) == maxValues {
				v = otherValues
			}
			if _, ok := seen[v]; !ok {
				seen[v] = uint16(len(c.values))
				c.values = append(c.values, v)
			}
		}
		c.codes[i] = seen[v]
	}
	sorted := slices.Clone(c.values)
	slices.SortFunc(sorted, order)
	place := map[string]uint16{}
	for i, v := range sorted {
		place[v] = uint16(i)
	}
	for i, code := range c.codes {
		c.codes[i] = place[c.values[code]]
	}
	c.values = sorted
	return c
}

// A register with more units or areas than this has a fault in that column.
const (
	maxValues   = 5000
	otherValues = "all others"
)

func orNotRecorded(s string) string {
	if s == "" {
		return NotRecorded
	}
	return s
}

// inOrder sorts by a list; byName by name, with what is not recorded last.
func inOrder(list []string) func(a, b string) int {
	return func(a, b string) int { return cmp.Compare(slices.Index(list, a), slices.Index(list, b)) }
}

func byName(a, b string) int {
	last := func(s string) int {
		if s == NotRecorded {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a, b))
}

func newestFirst(a, b string) int {
	if a == NotRecorded || b == NotRecorded {
		return byName(a, b)
	}
	return -cmp.Compare(a, b)
}

// A bit is one value of a column of bits.
type bit struct {
	value, label string
	is           func(*Row) bool
}

var suspectBits = []bit{
	{"two", "two or more, counted any one way", func(r *Row) bool { return r.Suspects() >= 2 }},
	{"named", "at least one named", func(r *Row) bool { return r.Named > 0 }},
	{"unidentified", "recorded but unidentified", func(r *Row) bool { return r.Unidentified > 0 }},
	{"stated", "more stated in the text than recorded", func(r *Row) bool { return r.Stated > r.Recordeds() }},
	{"reached", "others reached through links", func(r *Row) bool { return r.Reached > 0 }},
	{"none", "none recorded or stated", func(r *Row) bool { return r.Suspects() == 0 && r.Stated != NoCount }},
	{"unread", "none recorded, and no text to state any", func(r *Row) bool { return r.Recordeds() == 0 && r.Stated == NoCount }},
}

var markBits = []bit{
	{"flagged", "flagged as exploitation", func(r *Row) bool { return r.Flagged == Yes }},
	{"child", "a victim was under 18", func(r *Row) bool { return r.VictimUnder18 == Yes }},
	{"age", "a victim’s age is not recorded", func(r *Row) bool { return r.VictimUnder18 == NotKnown }},
	{"missing", "a victim was reported missing", func(r *Row) bool { return r.Missing == Yes }},
	{"documents", "documents held", func(r *Row) bool { return r.Documents > 0 }},
	{"notext", "no text held", func(r *Row) bool { return !r.Text }},
	{"reviewed", "reviewed before", func(r *Row) bool { return r.PreviouslyReviewed == Yes }},
}

func bits(name string, rows []Row, of []bit) column {
	c := column{name: name, codes: make([]uint16, len(rows)), bits: true}
	for _, b := range of {
		c.values, c.labels = append(c.values, b.value), append(c.labels, b.label)
	}
	for i := range rows {
		for j, b := range of {
			if b.is(&rows[i]) {
				c.codes[i] |= 1 << j
			}
		}
	}
	return c
}

// An index is what a view is filtered and sorted by: a few bytes a case and facet.
type index struct {
	columns []column
	ids     []string // in small letters
	orders  sync.Map // row numbers in the order of a sort key
}

func newIndex(rows []Row) *index {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = strings.ToLower(string(rows[i].ID))
	}
	return &index{ids: ids, columns: []column{
		singles(FacetScope, rows, inOrder([]string{"in", "out", "unknown"}), func(r *Row) string { return r.Scope.String() }),
		bits(FacetSuspects, rows, suspectBits),
		bits(FacetMarks, rows, markBits),
		singles(FacetOffence, rows, inOrder(OffenceGroups()), func(r *Row) string { return r.Offence }),
		singles(FacetOutcome, rows, inOrder(Outcomes()), func(r *Row) string { return r.Outcome }),
		singles(FacetGrouped, rows, inOrder([]string{"y", "n"}), func(r *Row) string {
			if r.Group != "" {
				return "y"
			}
			return "n"
		}),
		singles(FacetYear, rows, newestFirst, func(r *Row) string {
			if r.Year == 0 {
				return NotRecorded
			}
			return strconv.Itoa(r.Year)
		}),
		singles(FacetUnit, rows, byName, func(r *Row) string { return orNotRecorded(r.Unit) }),
		singles(FacetArea, rows, byName, func(r *Row) string { return orNotRecorded(r.Area) }),
		singles(FacetSystem, rows, byName, func(r *Row) string { return r.System }),
		singles(FacetWhy, rows, byName, func(r *Row) string { return r.Why }),
	}}
}

// sortKeys are what a list can be sorted by. Where nothing is recorded comes last,
// whichever way round. A key of nil is the reference.
var sortKeys = map[string]func(*Row) (key int, known bool){
	"ref":      nil,
	"recorded": func(r *Row) (int, bool) { return int(r.Recorded), r.Recorded != NoDay },
	"closed":   func(r *Row) (int, bool) { return int(r.Closed), r.Closed != NoDay },
	"suspects": func(r *Row) (int, bool) { return r.Suspects(), r.Stated != NoCount || r.Recordeds() > 0 },
	"victims":  func(r *Row) (int, bool) { return r.Victims, r.Victims != NoCount },
}

// order returns the numbers of all rows in the order of a sort. It is worked out
// once for each view.
func (v *View) order(sort string) []int32 {
	if o, ok := v.index.orders.Load(sort); ok {
		return o.([]int32)
	}
	o := make([]int32, len(v.Rows))
	for i := range o {
		o[i] = int32(i)
	}
	name, down := strings.CutPrefix(sort, "-")
	switch key := sortKeys[name]; {
	case key != nil:
		keys, known := make([]int, len(o)), make([]bool, len(o))
		for i := range v.Rows {
			keys[i], known[i] = key(&v.Rows[i])
		}
		slices.SortStableFunc(o, func(a, b int32) int {
			switch {
			case known[a] != known[b] && known[a]:
				return -1
			case known[a] != known[b]:
				return 1
			case down:
				return cmp.Compare(keys[b], keys[a])
			}
			return cmp.Compare(keys[a], keys[b])
		})
	case down:
		slices.Reverse(o)
	}
	v.index.orders.Store(sort, o)
	return o
}

// A Standing is where one case stands in its review.
type Standing struct {
	Stage      casefile.Stage
	Verdict    casefile.Verdict
	Assigned   string    // account, "" for nobody
	Risk       time.Time // since when a risk is open; zero if none is
	Restricted bool      // and the reader is among its named readers
}

// standings are where all cases stand, made again whenever something was decided.
// Cost: linear in the cases that anybody has touched.
type standings struct {
	stage, assigned, risk column
	states                map[casefile.CaseID]casefile.CaseState
	owners                map[casefile.CaseID]string
	risks                 map[casefile.CaseID]time.Time
}

// nobody is the value of the facet for a case that is assigned to nobody.
const nobody = "nobody"

var decidedKinds = func() []ledger.Kind {
	return slices.DeleteFunc(ledger.Kinds(), func(k ledger.Kind) bool { return k.Class() != ledger.Decided })
}()

// standings returns where all cases stand now.
func (v *View) standings(ctx context.Context, d *desk.Desk) (*standings, error) {
	var last int64
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		last, err = tx.LastEvent(ctx, decidedKinds)
		return err
	})
	if err != nil {
		return nil, err
	}
	return desk.Memo(d, "standings", fmt.Sprintf("%s/%d", v.key, last), func() (*standings, error) {
		ctx := context.WithoutCancel(ctx)
		s := &standings{}
		err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
			if s.states, err = tx.CaseStates(ctx); err != nil {
				return err
			}
			if s.owners, err = tx.AssignedCases(ctx); err != nil {
				return err
			}
			s.risks, err = tx.CasesAtRisk(ctx)
			return err
		})
		if err == nil {
			s.index(v)
		}
		return s, err
	})
}

func (s *standings) index(v *View) {
	var stages []string
	for _, st := range casefile.Stages() {
		stages = append(stages, string(st))
	}
	s.stage = singles(FacetStage, v.Rows, inOrder(stages), func(r *Row) string { return string(s.stageOf(r.ID)) })
	s.assigned = singles(FacetAssigned, v.Rows, func(a, b string) int {
		return cmp.Or(cmp.Compare(b2i(a != nobody), b2i(b != nobody)), cmp.Compare(a, b))
	}, func(r *Row) string {
		if a := s.owners[r.ID]; a != "" {
			return a
		}
		return nobody
	})
	s.risk = bits(FacetRisk, v.Rows, []bit{{"open", "open, not acknowledged", func(r *Row) bool { return !s.risks[r.ID].IsZero() }}})
}

func (s *standings) stageOf(id casefile.CaseID) casefile.Stage {
	if st, ok := s.states[id]; ok {
		return st.Stage
	}
	return casefile.StageOpen
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A Line is one case of a list, with where it stands.
type Line struct {
	*Row
	Standing
}

// A Listing is one page of a list of cases.
type Listing struct {
	View   *View
	Filter Filter
	Lines  []Line
	Found  int // cases that meet the filter and that the reader may see
	Total  int // cases in the register, the restricted ones among them
	Hidden int // restricted cases that the reader may not see
	First  int // place of the first line in the list, from 1
	Facets []Facet
	Next   string // cursor of the last line if more follow
	Prev   string // cursor of the first line if some come before
}

// List returns one page of the cases that meet a filter. That it was shown is one
// event, with the query and the cases. Cost: one pass over a few bytes a case; the
// register itself is asked a handful of small questions.
func List(ctx context.Context, d *desk.Desk, by casefile.Actor, f Filter) (*Listing, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	p, err := sift(ctx, d, by, f)
	if err != nil {
		return nil, err
	}
	l := &Listing{View: p.view, Filter: f, Total: len(p.view.Rows), Hidden: p.hidden, Found: p.found, Facets: p.facets()}
	p.page(l)
	ids := make([]casefile.CaseID, len(l.Lines))
	for i, line := range l.Lines {
		ids[i] = line.ID
	}
	return l, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Purpose: "review", Subject: "cases", Body: map[string]any{
		"query": f.Query(), "cases": ids, "found": l.Found,
	}})
}

// A sifting is a filter put to all cases.
type sifting struct {
	view    *View
	filter  Filter
	stands  *standings
	columns []column
	meets   []bool // by number of row
	found   int
	hidden  int
	counts  [][]int // by column and value, under all other filters
	open    map[casefile.CaseID]bool
}

// sift puts a filter to all cases that the reader may see.
func sift(ctx context.Context, d *desk.Desk, by casefile.Actor, f Filter) (*sifting, error) {
	v, err := Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	s, err := v.standings(ctx, d)
	if err != nil {
		return nil, err
	}
	p := &sifting{view: v, filter: f, stands: s, open: map[casefile.CaseID]bool{}}
	var hidden, restricted map[casefile.CaseID]bool
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if hidden, err = tx.HiddenCases(ctx, desk.Reader(by)); err == nil {
			restricted, err = tx.HiddenCases(ctx, "")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for id := range restricted {
		if !hidden[id] {
			p.open[id] = true
		}
	}
	p.columns = append([]column{s.risk, s.stage, s.assigned}, v.index.columns...)
	if len(p.open) > 0 {
		p.columns = append(p.columns, bits(FacetRestricted, v.Rows, []bit{{"y", "restricted, open to you", func(r *Row) bool { return p.open[r.ID] }}}))
	}
	p.count(hidden)
	return p, nil
}

// count marks the rows that meet the filter and counts, for each value of each
// facet, those that meet all other facets. A row that fails one facet only counts
// there; one that fails two counts nowhere.
func (p *sifting) count(hidden map[casefile.CaseID]bool) {
	v, f := p.view, p.filter
	p.meets = make([]bool, len(v.Rows))
	p.counts = make([][]int, len(p.columns))
	asks := make([]asked, len(p.columns))
	for i := range p.columns {
		p.counts[i] = make([]int, len(p.columns[i].values))
		asks[i] = p.columns[i].ask(f.Chosen[p.columns[i].name])
	}
	if len(f.Chosen[FacetRestricted]) > 0 && len(p.open) == 0 {
		return // asked for what this reader has none of
	}
	ref := strings.ToLower(f.Ref)
	var asking []int
	for i := range asks {
		if asks[i].any {
			asking = append(asking, i)
		}
	}
	out := p.outOfSight(hidden)
	for i := range v.Rows {
		r := &v.Rows[i]
		if f.Group != "" && r.Group != f.Group || ref != "" && !strings.Contains(v.index.ids[i], ref) || out[int32(i)] {
			continue
		}
		failed := -1
		fails := 0
		for _, j := range asking {
			if !asks[j].met(p.columns[j].codes[i]) {
				failed = j
				if fails++; fails > 1 {
					break
				}
			}
		}
		switch fails {
		case 0:
			p.meets[i] = true
			p.found++
			for j := range p.columns {
				p.tally(j, i)
			}
		case 1:
			p.tally(failed, i)
		}
	}
}

// outOfSight are the numbers of the rows that the reader may not see. There are few.
func (p *sifting) outOfSight(hidden map[casefile.CaseID]bool) map[int32]bool {
	out := map[int32]bool{}
	for id := range hidden {
		if i, ok := p.view.position(id); ok {
			out[int32(i)] = true
		}
	}
	p.hidden = len(out)
	return out
}

func (p *sifting) tally(column, row int) {
	c := &p.columns[column]
	code := c.codes[row]
	if !c.bits {
		p.counts[column][code]++
		return
	}
	for b := range p.counts[column] {
		p.counts[column][b] += int(code >> b & 1)
	}
}

// asked is what a filter asks of one column.
type asked struct {
	any  bool
	bits bool
	set  []bool // by value
	mask uint16
}

func (c *column) ask(chosen []string) asked {
	a := asked{any: len(chosen) > 0, bits: c.bits, set: make([]bool, len(c.values))}
	for i, v := range c.values {
		if slices.Contains(chosen, v) {
			a.set[i] = true
			if c.bits {
				a.mask |= 1 << i
			}
		}
	}
	return a
}

func (a *asked) met(code uint16) bool {
	if a.bits {
		return code&a.mask != 0
	}
	return a.set[code]
}

func (p *sifting) facets() []Facet {
	var out []Facet
	for _, name := range FacetNames() {
		for j := range p.columns {
			if c := &p.columns[j]; c.name == name {
				out = append(out, p.facet(c, p.counts[j]))
			}
		}
	}
	return out
}

// facet lists the values that any case has under the other filters, and those that
// are chosen, also where they are in no case.
func (p *sifting) facet(c *column, counts []int) Facet {
	f := Facet{Name: c.name, Title: facetTitles[c.name]}
	chosen := p.filter.Chosen[c.name]
	for i, v := range c.values {
		is := slices.Contains(chosen, v)
		if counts[i] > 0 || is {
			f.Options = append(f.Options, FacetOption{v, c.label(i), counts[i], is})
		}
	}
	for _, v := range chosen {
		if !slices.Contains(c.values, v) {
			f.Options = append(f.Options, FacetOption{v, v, 0, true})
		}
	}
	f.Chosen = len(chosen) > 0
	return f
}

// page fills in the lines of one page. Cases with an open risk come first unless
// the reader sorts otherwise.
func (p *sifting) page(l *Listing) {
	var rows []int32
	cursor, before := p.filter.After, false
	if p.filter.Before != "" {
		cursor, before = p.filter.Before, true
	}
	at := -1 // place of the cursor's row in rows
	mark, hasMark := p.view.position(casefile.CaseID(cursor))
	for i := range p.ordered() {
		if hasMark && int(i) == mark {
			at = len(rows)
			if !p.meets[i] {
				hasMark = false // the case left the list: go on from where it stood
			}
		}
		if p.meets[i] {
			rows = append(rows, i)
		}
	}
	from := 0
	switch {
	case at < 0:
	case before:
		from = max(0, at-p.filter.Size)
	case hasMark:
		from = at + 1
	default:
		from = at
	}
	from = min(from, len(rows))
	to := min(len(rows), from+p.filter.Size)
	if before && at >= 0 {
		to = min(to, at)
	}
	for _, i := range rows[from:to] {
		l.Lines = append(l.Lines, p.line(i))
	}
	l.First = from + 1
	if n := len(l.Lines); n > 0 {
		if to < len(rows) {
			l.Next = string(l.Lines[n-1].ID)
		}
		if from > 0 {
			l.Prev = string(l.Lines[0].ID)
		}
	}
}

// ordered streams the numbers of all rows in the order of the list.
func (p *sifting) ordered() func(func(int32) bool) {
	order := p.view.order(p.filter.Sort)
	if p.filter.Sort != "" || len(p.stands.risks) == 0 {
		return slices.Values(order)
	}
	return func(yield func(int32) bool) {
		for _, risky := range []bool{true, false} {
			for _, i := range order {
				if (p.stands.risk.codes[i] != 0) == risky && !yield(i) {
					return
				}
			}
		}
	}
}

func (p *sifting) line(i int32) Line {
	r := &p.view.Rows[i]
	return Line{r, Standing{
		Stage: p.stands.stageOf(r.ID), Verdict: p.stands.states[r.ID].Verdict,
		Assigned: p.stands.owners[r.ID], Risk: p.stands.risks[r.ID], Restricted: p.open[r.ID],
	}}
}

// SuspectsInWords says what is known of the suspects without adding up what is
// counted in different ways: what one text states beyond those recorded counts
// once.
func (r *Row) SuspectsInWords() string {
	recorded, total := r.Recordeds(), r.Suspects()
	var parts []string
	if r.Named > 0 {
		parts = append(parts, fmt.Sprintf("%d named", r.Named))
	}
	if r.Unidentified > 0 {
		parts = append(parts, fmt.Sprintf("%d recorded but unidentified", r.Unidentified))
	}
	if r.Stated > recorded {
		parts = append(parts, fmt.Sprintf("%d stated in the text only", r.Stated-recorded))
	}
	noun := "suspects"
	if total == 1 {
		noun = "suspect"
	}
	said := fmt.Sprintf("%d %s: %s", total, noun, strings.Join(parts, ", "))
	switch {
	case total == 0 && r.Stated == NoCount:
		return "none recorded; no text to state any"
	case total == 0:
		return "none recorded, none stated in the text"
	case r.Stated == NoCount:
		return said + "; no text"
	}
	return said
}

// InScope reports whether the terms in force hold the case to be in.
func (r *Row) InScope() bool { return r.Scope == scope.In }

// FacetTitle is the title of a facet; ValueLabel says one of its values.
func FacetTitle(name string) string { return facetTitles[name] }

// ValueLabel says a value of a facet in words: the value itself where the register
// gave it.
func ValueLabel(name, value string) string {
	for _, of := range [][]bit{suspectBits, markBits} {
		for _, b := range of {
			if b.value == value && (name == FacetSuspects || name == FacetMarks) {
				return b.label
			}
		}
	}
	if name == FacetRisk && value == "open" {
		return "open, not acknowledged"
	}
	return value
}
