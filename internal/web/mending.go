package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/extract"
	"lookback/internal/intake"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

var mendingRoutes = []route{
	{"GET /quarantine", desk.ReadIntake, (*Site).showQuarantine},
	{"GET /quarantine/{row}", desk.MendRows, (*Site).showQuarantined},
	{"POST /quarantine/{row}", desk.MendRows, (*Site).mend},
}

// faultCounts say how many rows lie in quarantine, and why.
type faultCounts []store.FaultCount

// faults counts what lies in quarantine, once for each change of the register.
func (s *Site) faults(r *request) (faultCounts, error) {
	var reg store.Register
	err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		reg, err = tx.Register(r.Context())
		return err
	})
	if err != nil {
		return nil, err
	}
	ctx := detached(r)
	return desk.Memo(s.Desk, "faults", fmt.Sprint(reg.Watermark), func() (counts faultCounts, err error) {
		err = s.Desk.DB.View(ctx, func(tx *store.Tx) error {
			counts, err = tx.FaultCounts(ctx)
			return err
		})
		return counts, err
	})
}

// of counts those of one extract, or of all with 0.
func (f faultCounts) of(extract int64) (n int) {
	for _, c := range f {
		if extract == 0 || c.Extract == extract {
			n += c.Rows
		}
	}
	return n
}

// A reasonRow is one reason for quarantine with its rows.
type reasonRow struct {
	Table  casefile.Table
	Column string
	Fault  store.Fault
	Rows   int
	Says   string
	Do     string
	To     string // the list of these rows
}

// reasons adds up by reason: of one extract, or of all with 0; most rows first.
func (f faultCounts) reasons(extract int64) (out []reasonRow) {
	for _, c := range f {
		if extract != 0 && c.Extract != extract {
			continue
		}
		i := slices.IndexFunc(out, func(r reasonRow) bool { return r.Table == c.Table && r.Column == c.Column && r.Fault == c.Fault })
		if i < 0 {
			i = len(out)
			row := reasonRow{Table: c.Table, Column: c.Column, Fault: c.Fault}
			row.Says, row.Do = sayFault(c)
			q := url.Values{"table": {string(c.Table)}, "column": {cmpOr(c.Column, wholeRow)}, "fault": {string(c.Fault)}}
			if extract != 0 {
				q.Set("extract", fmt.Sprint(extract))
			}
			row.To = "/quarantine?" + q.Encode()
			out = append(out, row)
		}
		out[i].Rows += c.Rows
	}
	slices.SortStableFunc(out, func(a, b reasonRow) int { return b.Rows - a.Rows })
	return out
}

// wholeRow stands in addresses for a fault of no single column.
const wholeRow = "(row)"

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// sayFault says why rows lie in quarantine, without their values, and what to do.
func sayFault(c store.FaultCount) (says, do string) {
	column := c.Column
	switch {
	case c.Fault == store.FaultWaits:
		return fmt.Sprintf("%s names something that is not here", column),
			"Mend the row that it waits for, and it comes in by itself; or ask for an extract that holds it; or correct the reference."
	case c.Fault == store.FaultTwice:
		return "stands twice in one extract with different content", "Ask the force which of the two is right. Mend the reference of the other, or leave it here."
	case strings.Contains(column, ","):
		return column + " do not go together", "Look at the row: either too many or too few of these are filled."
	case column == "":
		return "the row as a whole cannot be read", "Look at the row: it was cut wrongly, most often by a separator or a line break within a cell."
	}
	want := ""
	if schema := casefile.SchemaOf(c.Table); schema != nil {
		if i := schema.Column(column); i >= 0 {
			want = "; expected " + expects(schema.Columns[i])
		}
	}
	return column + " does not hold what it must" + want, "Correct the cell. If many rows have the same fault, a mapping or a new extract is quicker."
}

// expects says what a cell of a column may hold.
func expects(c casefile.Column) string {
	switch c.Kind {
	case casefile.When:
		return "a date such as 2014-03-09, 2014-03 or 2014"
	case casefile.Code:
		return "one of " + strings.Join(c.Values, ", ")
	case casefile.YesNo:
		return "y or n"
	case casefile.Whole:
		return "a whole number"
	case casefile.Number:
		return "a number"
	case casefile.Ref:
		return "a reference"
	case casefile.List:
		return "texts separated by ;"
	}
	return "a text"
}

// A quarantineQuery is what a list of quarantined rows was asked for.
type quarantineQuery struct {
	store.QuarantineFilter
	Values url.Values // as in the address, without the page
}

func readQuarantineQuery(q url.Values) (out quarantineQuery) {
	out.Values = url.Values{}
	keep := func(name string) string {
		v := q.Get(name)
		if v != "" {
			out.Values.Set(name, v)
		}
		return v
	}
	out.Table = casefile.Table(keep("table"))
	if c := keep("column"); c != "" {
		c = strings.TrimPrefix(c, wholeRow)
		out.Column = &c
	}
	out.Fault = store.Fault(keep("fault"))
	out.Extract, _ = strconv.ParseInt(keep("extract"), 10, 64)
	out.After, _ = strconv.ParseInt(q.Get("after"), 10, 64)
	return out
}

// at is the address of a row's page, which keeps the list it was found in.
func (q quarantineQuery) at(row int64) string {
	return address(fmt.Sprintf("/quarantine/%d", row), q.Values)
}

type quarantinePage struct {
	Total   int
	Reasons []reasonRow // of all
	Found   int         // by the filter
	Query   quarantineQuery
	Rows    []quarantinedRow
	Older   int64
	Chosen  []string // the filter in words
	Extract int64
	Stale   bool
	Running []jobView
}

func (quarantinePage) Wide() bool { return true }

type quarantinedRow struct {
	store.Quarantined
	To string
}

const quarantinePerPage = 50

func (s *Site) showQuarantine(w http.ResponseWriter, r *request) error {
	faults, err := s.faults(r)
	if err != nil {
		return err
	}
	p := quarantinePage{Total: faults.of(0), Query: readQuarantineQuery(r.URL.Query()), Running: s.running(r, changesRows)}
	f := p.Query.QuarantineFilter
	p.Extract = f.Extract
	for _, c := range faults {
		if (f.Table == "" || c.Table == f.Table) && (f.Column == nil || c.Column == *f.Column) && (f.Fault == "" || c.Fault == f.Fault) && (f.Extract == 0 || c.Extract == f.Extract) {
			p.Found += c.Rows
		}
	}
	p.Reasons = faults.reasons(f.Extract)
	if r.URL.Query().Get("format") != "" {
		return s.sendTable(w, r, "quarantine", []string{"table", "column", "fault", "rows"}, func(yield func([]string, error) bool) {
			for _, x := range p.Reasons {
				if !yield([]string{string(x.Table), x.Column, x.Says, fmt.Sprint(x.Rows)}, nil) {
					return
				}
			}
		})
	}
	if s.can(r, desk.MendRows) {
		if err := s.quarantineRows(r, &p); err != nil {
			return err
		}
	}
	return s.render(w, r, "quarantine", "Quarantine", p)
}

// quarantineRows reads a page of rows. Showing them is one event.
func (s *Site) quarantineRows(r *request, p *quarantinePage) error {
	rows, err := s.visibleRows(r, p.Query.QuarantineFilter, quarantinePerPage+1)
	if err != nil {
		return err
	}
	var ids []int64
	for i, q := range rows {
		if i == quarantinePerPage {
			p.Older = rows[i-1].ID
			break
		}
		p.Rows = append(p.Rows, quarantinedRow{q, p.Query.at(q.ID)})
		ids = append(ids, q.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	return s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ListRead, Purpose: "review", Subject: "quarantine", Body: map[string]any{
		"query": p.Query.Values.Encode(), "rows": ids,
	}})
}

// visibleRows returns rows in quarantine without those of cases that the reader
// may not see.
func (s *Site) visibleRows(r *request, f store.QuarantineFilter, limit int) (out []store.Quarantined, err error) {
	err = s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		hidden, err := tx.HiddenCases(r.Context(), desk.Reader(r.By))
		if err != nil {
			return err
		}
		for len(out) < limit {
			more, err := tx.QuarantinePage(r.Context(), f, limit)
			if err != nil {
				return err
			}
			for _, q := range more {
				if len(out) < limit && !ofCase(q, hidden) {
					out = append(out, q)
				}
				f.After = q.ID
			}
			if len(more) < limit {
				return nil
			}
		}
		return nil
	})
	return out, err
}

// ofCase reports whether a row as received names one of the cases.
func ofCase(q store.Quarantined, cases map[casefile.CaseID]bool) bool {
	for id := range cases {
		system, ref := id.Split()
		if system != q.System {
			continue
		}
		if q.WaitsFor == string(id) {
			return true
		}
		for _, cell := range q.Raw {
			if !strings.Contains(cell, ref) {
				continue
			}
			for _, part := range strings.Split(cell, ";") {
				if strings.EqualFold(strings.TrimSpace(part), ref) {
					return true
				}
			}
		}
	}
	return false
}

// mendPage is one row beside what may be changed in it.
type mendPage struct {
	Faults
	store.Quarantined
	Query   quarantineQuery
	Cells   []mendCell // at fault first, then those that hold something
	Empty   []mendCell // those that came empty
	Extra   []string   // cells beyond the headings, which cannot be taken in
	Why     string     // of the mending, as typed
	Says    string     // why in general
	Do      string
	Waiting int // rows that wait for what this one describes
	Next    int64
	Back    string
}

func (*mendPage) Wide() bool { return true }

// EmptyWrong says that something is wrong with a cell that came empty, or that one
// was filled.
func (p *mendPage) EmptyWrong() bool {
	return slices.ContainsFunc(p.Empty, func(c mendCell) bool { return c.Value != "" || p.Faults.Of("cell-"+strconv.Itoa(c.Index)) != "" })
}

// NextAt is the address of the next row of the same list.
func (p *mendPage) NextAt() string { return p.Query.at(p.Next) }

type mendCell struct {
	Index   int
	Heading string
	Column  string // ours, if it is called otherwise
	Raw     string // as received, for eyes
	Value   string // to be changed
	Hint    string
	Long    bool
	Wrong   bool // the column at fault
	Twice   bool // another column has the same heading
	Broken  bool // bytes that are no text
}

func (s *Site) showQuarantined(w http.ResponseWriter, r *request) error {
	p, err := s.mendPage(r)
	if err != nil {
		return err
	}
	// What somebody typed before a long mending failed.
	if j := s.ownJob(r, r.URL.Query().Get("typed")); j != nil {
		if typed, ok := j.out.Value.(url.Values); ok {
			p.take(typed)
		}
	}
	err = s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ListRead, Purpose: "review", Subject: fmt.Sprintf("quarantine, row %d", p.ID), Body: map[string]any{"rows": []int64{p.ID}}})
	if err != nil {
		return err
	}
	return s.render(w, r, "mend", p.title(), p)
}

func (p *mendPage) title() string { return fmt.Sprintf("Row %d in quarantine", p.ID) }

// ownJob returns a job of the reader's own that has ended.
func (s *Site) ownJob(r *request, id string) *job {
	s.Work.mu.Lock()
	defer s.Work.mu.Unlock()
	for _, j := range s.Work.jobs {
		if j.id == id && id != "" && j.by.ID == r.By.ID && j.over() {
			return j
		}
	}
	return nil
}

func (s *Site) mendPage(r *request) (*mendPage, error) {
	row, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
	gone := casefile.Errorf(casefile.NotFound, "There is no row %s in quarantine. Somebody mended it, or a later extract brought it right. Look in the list.", clip(r.PathValue("row")))
	if err != nil {
		return nil, gone
	}
	p := &mendPage{Query: readQuarantineQuery(r.URL.Query())}
	p.Back = address("/quarantine", p.Query.Values)
	err = s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		var err error
		if p.Quarantined, err = tx.QuarantinedRow(r.Context(), row); err != nil {
			return err
		}
		hidden, err := tx.HiddenCases(r.Context(), desk.Reader(r.By))
		if err == nil && ofCase(p.Quarantined, hidden) {
			err = gone
		}
		return err
	})
	if casefile.KindOf(err) == casefile.NotFound {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	p.Says, p.Do = sayFault(store.FaultCount{Table: p.Table, Column: p.Problem, Fault: faultOf(p.Quarantined)})
	p.cells()
	f := p.Query.QuarantineFilter
	f.After = row
	next, err := s.visibleRows(r, f, 1)
	if err == nil && len(next) > 0 {
		p.Next = next[0].ID
	}
	if err != nil {
		return nil, err
	}
	return p, s.waiting(r, p)
}

func faultOf(q store.Quarantined) store.Fault {
	switch {
	case q.WaitsFor != "":
		return store.FaultWaits
	case strings.Contains(q.Reason, " stands twice in this extract with different content"):
		return store.FaultTwice
	}
	return store.FaultValue
}

// waiting counts the rows that come in once this one does.
func (s *Site) waiting(r *request, p *mendPage) error {
	schema := casefile.SchemaOf(p.Table)
	if schema == nil || !schema.Single || len(schema.Key) != 1 {
		return nil
	}
	for _, c := range p.Cells {
		if c.Column != schema.Key[0] || c.Raw == "" {
			continue
		}
		return s.Desk.DB.View(r.Context(), func(tx *store.Tx) (err error) {
			p.Waiting, err = tx.WaitingCount(r.Context(), p.System, strings.TrimSpace(c.Raw))
			return err
		})
	}
	return nil
}

// cells lays the row out, what is at fault first.
func (p *mendPage) cells() {
	var m *extract.Mapping
	if p.Mapping != "" {
		m, _ = extract.ParseMapping([]byte(p.Mapping)) // it was read when the row came in
	}
	schema := casefile.SchemaOf(p.Table)
	count := map[string]int{}
	for _, h := range p.Header {
		count[plainHeading(h)]++
	}
	for i, h := range p.Header {
		c := mendCell{Index: i, Heading: strings.TrimSpace(h), Column: ourColumn(h, p.Table, m), Twice: count[plainHeading(h)] > 1}
		if i < len(p.Raw) {
			c.Broken = !utf8.ValidString(p.Raw[i])
			c.Raw = strings.ToValidUTF8(p.Raw[i], "\uFFFD")
		}
		c.Value, c.Long = c.Raw, len(c.Raw) > 60 || strings.Contains(c.Raw, "\n")
		if k := schema.Column(c.Column); k >= 0 {
			c.Hint = expects(schema.Columns[k])
			if schema.Columns[k].Kind == casefile.Text {
				c.Hint = ""
			}
		}
		c.Wrong = p.Problem != "" && (c.Column == p.Problem || plainHeading(h) == plainHeading(p.Problem))
		if c.Raw == "" && !c.Wrong {
			p.Empty = append(p.Empty, c)
		} else {
			p.Cells = append(p.Cells, c)
		}
	}
	if len(p.Raw) > len(p.Header) {
		p.Extra = p.Raw[len(p.Header):]
	}
	slices.SortStableFunc(p.Cells, func(a, b mendCell) int {
		switch {
		case a.Wrong && !b.Wrong:
			return -1
		case b.Wrong && !a.Wrong:
			return 1
		}
		return 0
	})
}

func plainHeading(h string) string { return strings.ToLower(strings.TrimSpace(h)) }

// ourColumn is the column that a heading feeds, "" if none.
func ourColumn(heading string, table casefile.Table, m *extract.Mapping) string {
	if m != nil && m.Tables[table] != nil {
		for column, names := range m.Tables[table].Columns {
			if slices.ContainsFunc(names, func(n string) bool { return plainHeading(n) == plainHeading(heading) }) {
				return column
			}
		}
	}
	schema := casefile.SchemaOf(table)
	if i := schema.Column(strings.ReplaceAll(plainHeading(heading), " ", "_")); i >= 0 {
		return schema.Columns[i].Name
	}
	return ""
}

// take puts what was typed in place of what was received.
func (p *mendPage) take(form url.Values) {
	p.Why = form.Get("reason")
	for _, cells := range [][]mendCell{p.Cells, p.Empty} {
		for i := range cells {
			if typed, ok := form["cell-"+strconv.Itoa(cells[i].Index)]; ok && len(typed) > 0 {
				cells[i].Value = strings.ReplaceAll(typed[0], "\r\n", "\n")
			}
		}
	}
}

// changed returns the cells that were changed, by heading.
func (p *mendPage) changed() map[string]string {
	out := map[string]string{}
	for _, c := range slices.Concat(p.Cells, p.Empty) {
		if c.Value == strings.ReplaceAll(c.Raw, "\r\n", "\n") {
			continue
		}
		if c.Twice {
			p.Add("cell-"+strconv.Itoa(c.Index), "Two columns are called %q, so it cannot be said which one to change. Ask for a new extract.", c.Heading)
		}
		out[c.Heading] = c.Value
	}
	return out
}

func (s *Site) mend(w http.ResponseWriter, r *request) error {
	p, err := s.mendPage(r)
	if casefile.KindOf(err) == casefile.NotFound {
		return casefile.Errorf(casefile.Conflict, "%s Nothing of what you typed was needed.", casefile.Message(err))
	}
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return casefile.Errorf(casefile.Invalid, "The form did not arrive whole. Go back and send it again. (%w)", err)
	}
	p.take(r.PostForm)
	cells := p.changed()
	if strings.TrimSpace(p.Why) == "" {
		p.Add("reason", "Say why this is right: who told you, or where you looked. Mending changes what the review works with.")
	}
	if len(p.Why) > 4000 {
		p.Add("reason", "Keep the reason under 4,000 characters.")
	}
	if len(p.Faults) > 0 {
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "mend", p.title(), p)
	}
	by, form := r.By, r.PostForm
	j, err := s.start(r, task{What: p.title(), Act: desk.MendRows, Turn: changesRows, Do: func(ctx context.Context, j *job) (outcome, error) {
		j.progress("reading the row again as an import does", 0, 0)
		m, err := intake.Mend(ctx, s.Desk, by, p.ID, cells, p.Why)
		if err != nil {
			again := address(fmt.Sprintf("/quarantine/%d", p.ID), withValue(p.Query.Values, "typed", j.id))
			return outcome{To: again, Label: "Go back to the row; what you typed is there", Value: form}, err
		}
		says := fmt.Sprintf("Row %d was mended and taken in.", p.ID)
		if n := len(m.Released); n > 0 {
			text, _ := plural(n, "row")
			says += fmt.Sprintf(" So were %s that had waited for it.", text)
		}
		out := outcome{To: p.Back, Label: "Back to the quarantine", Says: []string{says}}
		if p.Next != 0 && !slices.Contains(m.Released, p.Next) {
			out.To, out.Label = p.NextAt(), "Next row"
		}
		return out, nil
	}})
	if err == nil && !await(r, j) {
		return redirect(w, r, jobAddress(j.id), "")
	}
	var out outcome
	if err == nil {
		out, err = j.result()
	}
	switch kind := casefile.KindOf(err); {
	case err == nil:
		return redirect(w, r, out.To, strings.Join(out.Says, " "))
	case kind == casefile.Invalid, kind == casefile.Conflict:
		field := "reason"
		if kind == casefile.Invalid && len(p.Cells) > 0 {
			field = "cell-" + strconv.Itoa(p.Cells[0].Index)
		}
		p.Add(field, "%s", casefile.Message(err))
		return s.renderStatus(w, r, statusOf(err), "mend", p.title(), p)
	}
	return err
}

func withValue(v url.Values, name, value string) url.Values {
	out := url.Values{}
	for k, x := range v {
		out[k] = x
	}
	out.Set(name, value)
	return out
}
