package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/reading"
)

var lineRoutes = []route{
	{"GET /cases/{id}/lines", desk.ReadCases, (*Site).showLines},
	{"POST /cases/{id}/lines", desk.WorkActions, (*Site).addLine},
	{"POST /cases/{id}/lines/suggested", desk.WorkActions, (*Site).judgeSuggestion},
	{"POST /cases/{id}/lines/{line}", desk.WorkActions, (*Site).moveLine},
}

// A linesPage is the lines of enquiry of a case.
type linesPage struct {
	*casePage
	Faults
	Typed map[string]string // what was typed into a form that was refused, by field
	Cited *casefile.Citation
	Kept  string // a reason typed for a suggestion that somebody else has judged meanwhile
}

func (p linesPage) Wide() bool { return true }

// Field asks one question of one of the forms on the page, with what was typed.
func (p linesPage) Field(name string, n any, label, kind, hint string) Field {
	id := fmt.Sprintf("%s-%v", name, n)
	return Field{Name: id, Label: label, Kind: kind, Hint: hint, Value: p.Typed[id], Error: p.Of(id), Rows: 3}
}

// KeyOf is the part of a suggestion's fields that tells them from others.
func (p linesPage) KeyOf(s reading.Suggestion) string { return keyOf(s.Key) }

func keyOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:4])
}

// StateField asks how far a line has got.
func (p linesPage) StateField(l casefile.Line) Field {
	f := p.Field("state", l.ID, "How far has it got?", "select", "")
	f.Options = append([]Option{{"", "Choose one", ""}}, p.States()...)
	return f
}

// Refused reports whether a form of the line was sent back.
func (p linesPage) Refused(l casefile.Line) bool {
	return p.Of(fmt.Sprintf("state-%d", l.ID))+p.Of(fmt.Sprintf("note-%d", l.ID)) != ""
}

// Counts says how many lines stand how.
func (p linesPage) Counts() (out []lineCount) {
	for _, s := range append(casefile.LineStates(), casefile.LineRefused) {
		n := 0
		for _, l := range p.Lines {
			if l.State == s {
				n++
			}
		}
		if n > 0 {
			out = append(out, lineCount{s, n})
		}
	}
	return out
}

type lineCount struct {
	State casefile.LineState
	N     int
}

// States are what may be said of a line.
func (p linesPage) States() (out []Option) {
	for _, s := range casefile.LineStates() {
		out = append(out, Option{Value: string(s), Label: s.Said()})
	}
	return out
}

func (s *Site) showLines(w http.ResponseWriter, r *request) error {
	p, err := s.linesPage(w, r)
	if err != nil {
		return err
	}
	return s.drawLines(w, r, http.StatusOK, p)
}

// linesPage reads the case; the address may say from which passage a new line is
// to come: cite, as a script sends it, or row, part and page.
func (s *Site) linesPage(w http.ResponseWriter, r *request) (*linesPage, error) {
	id := casefile.CaseID(r.PathValue("id"))
	c, err := s.readCase(w, r, id, r.URL.Query().Get("for"), caseAddress(id))
	if err != nil {
		return nil, err
	}
	p := &linesPage{casePage: c, Typed: map[string]string{}}
	q := r.URL.Query()
	if text := q.Get("cite"); text != "" {
		p.Cited, err = readCitation(text)
		return p, err
	}
	if row, err := strconv.ParseInt(q.Get("row"), 10, 64); err == nil {
		page, _ := strconv.Atoi(q.Get("page"))
		p.Cited = &casefile.Citation{Row: row, Part: q.Get("part"), Page: page}
	}
	return p, nil
}

func (s *Site) drawLines(w http.ResponseWriter, r *request, status int, p *linesPage) error {
	_, ref := p.ID.Split()
	return s.renderStatus(w, r, status, "lines", "Lines of enquiry in "+ref, p)
}

// refuseLine shows the page again with what was typed, for what the reader can
// put right; any other error goes on.
func (s *Site) refuseLine(w http.ResponseWriter, r *request, refused error, field string) error {
	if kind := casefile.KindOf(refused); kind != casefile.Invalid && kind != casefile.Conflict {
		return refused
	}
	p, err := s.linesPage(w, r)
	if err != nil {
		return err
	}
	p.Add(field, "%s", casefile.Message(refused))
	for name := range r.PostForm {
		p.Typed[name] = r.PostForm.Get(name)
	}
	if key := r.PostForm.Get("key"); !slices.ContainsFunc(p.Suggested, func(s reading.Suggestion) bool { return s.Key == key }) {
		p.Kept = p.Typed["reason-"+keyOf(key)]
	}
	if p.Cited == nil {
		p.Cited, _ = citedIn(r)
	}
	return s.drawLines(w, r, statusOf(refused), p)
}

func (s *Site) addLine(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id := casefile.CaseID(r.PathValue("id"))
	cited, err := citedIn(r)
	if err != nil {
		return s.refuseLine(w, r, err, "text-new")
	}
	line, err := reading.AddLine(r.Context(), s.Desk, r.By, id, r.PostForm.Get("text-new"), r.PostForm.Get("note-new"), cited)
	if err != nil {
		return s.refuseLine(w, r, err, "text-new")
	}
	return redirect(w, r, lineAddress(id, line), "The line of enquiry was put on record.")
}

// citedIn reads the passage that a form sends along: whole, or a text and words
// that stand in it.
func citedIn(r *request) (*casefile.Citation, error) {
	if text := r.PostForm.Get("citation"); text != "" {
		c, err := readCitation(text)
		if err == nil && c.Text == "" {
			c.Text = r.PostForm.Get("words-new")
		}
		return c, err
	}
	return nil, nil
}

func (s *Site) judgeSuggestion(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id, key := casefile.CaseID(r.PathValue("id")), r.PostForm.Get("key")
	state, said := casefile.LineIdentified, "The suggestion is now a line of enquiry."
	if r.PostForm.Get("judge") == "refuse" {
		state, said = casefile.LineRefused, "The suggestion was refused. It stays on record with your reason."
	}
	field := "reason-" + keyOf(key)
	line, err := reading.JudgeSuggestion(r.Context(), s.Desk, r.By, id, key, state, r.PostForm.Get(field))
	if casefile.KindOf(err) == casefile.Conflict {
		field = "" // there is no such field any more
	}
	if err != nil {
		return s.refuseLine(w, r, err, field)
	}
	return redirect(w, r, lineAddress(id, line), said)
}

func (s *Site) moveLine(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id := casefile.CaseID(r.PathValue("id"))
	line, err := strconv.ParseInt(r.PathValue("line"), 10, 64)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "This case has no such line of enquiry.")
	}
	seen, err := strconv.ParseInt(r.PostForm.Get("seen"), 10, 64)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "This form is not whole. Open the lines of enquiry again.")
	}
	state, note := fmt.Sprintf("state-%d", line), fmt.Sprintf("note-%d", line)
	as := casefile.LineState(r.PostForm.Get(state))
	if err := reading.MoveLine(r.Context(), s.Desk, r.By, id, line, seen, as, r.PostForm.Get(note)); err != nil {
		if !slices.Contains(casefile.LineStates(), as) {
			return s.refuseLine(w, r, err, state)
		}
		return s.refuseLine(w, r, err, note)
	}
	return redirect(w, r, lineAddress(id, line), "The line of enquiry was moved.")
}

func lineAddress(id casefile.CaseID, line int64) string {
	return fmt.Sprintf("%s/lines#line-%d", caseAddress(id), line)
}

func readCitation(text string) (*casefile.Citation, error) {
	var c casefile.Citation
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "The passage cannot be read. Select it again.")
	}
	return &c, nil
}

func badForm(err error) error {
	return casefile.Errorf(casefile.Invalid, "What was sent is not a form, so nothing was done. Open the page again. (%w)", err)
}

// CitedJSON is the passage that a new line comes from, for its form.
func (p linesPage) CitedJSON() (string, error) {
	b, err := json.Marshal(p.Cited)
	return string(b), err
}
