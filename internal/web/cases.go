package web

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/reading"
	"lookback/internal/store"
)

var caseRoutes = []route{
	{"GET /cases/{id}", desk.ReadCases, (*Site).showCase},
	{"GET /cases/{id}/files/{row}", desk.ReadCases, (*Site).sendFile},
}

// A casePage is a case as its page, and pages that show it beside something else,
// draw it. It is the dot of the components case-*.html.
type casePage struct {
	*reading.File
	Texts    []shownText // of the reader, with what is marked in them
	Timeline reading.Timeline
	Kinds    []momentChoice
	Names    bool // names of victims and other protected people are shown
	Flagged  bool // a flag is set: the log opens when somebody opens it
	Readings []readingLine
	Older    int64 // event before which there are older readings, 0 for none

	site *Site
	r    *request
	path string // of the page that shows the reader
}

// A momentChoice is one kind of moment that the timeline may be limited to.
type momentChoice struct {
	Code, Name string
	Count      int
	Chosen     bool
}

// A readingLine is one time that somebody read the case.
type readingLine struct {
	At, Who, Why, What string
}

func (s *Site) showCase(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	p, err := s.readCase(w, r, id, r.URL.Query().Get("for"), caseAddress(id))
	if err != nil {
		return err
	}
	_, ref := id.Split()
	return s.render(w, r, "case", ref, p)
}

// readCase reads a case for a page at path, as its address asks: which texts,
// which kinds of moment, with names or without. The reading is on record when it
// returns.
func (s *Site) readCase(w http.ResponseWriter, r *request, id casefile.CaseID, purpose, path string) (*casePage, error) {
	q := r.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(q.Get(name), 10, 64); return max(n, 0) }
	f, err := reading.OpenCase(r.Context(), s.Desk, r.By, id, purpose, reading.Look{
		Log: int(min(number("log"), 1<<30)), Entry: number("entry"), Find: strings.TrimSpace(q.Get("find")),
		Paper: number("paper"), Page: int(min(number("page"), 1<<30)),
	})
	if err != nil {
		return nil, err
	}
	p := &casePage{File: f, Names: namesShown(w, r), site: s, r: r, path: path}
	for _, m := range f.Marks {
		p.Flagged = p.Flagged || !m.Cleared
	}
	for _, t := range f.Texts {
		shown := shownText{Row: t.Row, Part: t.Part, Page: t.Page, Label: t.Label, text: t.Text}
		for _, h := range f.Highlights(t) {
			shown.Marks = append(shown.Marks, mark{Start: h.Start, End: h.End, Class: h.Kind, Label: h.Label})
		}
		p.Texts = append(p.Texts, shown)
	}
	p.Timeline = f.Timeline(q["kind"]...)
	for _, k := range reading.MomentKinds {
		if n := p.Timeline.Counts[k.Code]; n > 0 {
			p.Kinds = append(p.Kinds, momentChoice{k.Code, k.Name, n, slices.Contains(q["kind"], k.Code)})
		}
	}
	return p, p.setReadings(number("before"))
}

// namesCookie remembers for a session that somebody wants names shown.
const namesCookie = "names"

// namesShown reports whether names of victims are to be shown, and remembers what
// the address asks.
func namesShown(w http.ResponseWriter, r *request) bool {
	asked := r.URL.Query().Get("names")
	if asked == "show" || asked == "hide" {
		http.SetCookie(w, &http.Cookie{Name: namesCookie, Value: asked, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
		return asked == "show"
	}
	c, err := r.Cookie(namesCookie)
	return err == nil && c.Value == "show"
}

// setReadings says who read the case. While it is under review, who reads it to
// review is not said to others who may: the second reader must not know the first.
func (p *casePage) setReadings(before int64) error {
	const limit = 20
	list := p.File.Readings
	if before > 0 {
		var err error
		if list, err = reading.Readings(p.r.Context(), p.site.Desk, p.r.By, p.ID, before, limit+1); err != nil {
			return err
		}
	}
	if len(list) > limit {
		list = list[:limit]
		p.Older = list[limit-1].Seq
	}
	for _, e := range list {
		line := readingLine{At: e.At, Why: e.Purpose, Who: p.By(e.Actor)}
		if e.Actor != p.r.By.ID && !slices.Contains([]string{"review", "approval", "adjudication"}, e.Purpose) {
			line.Who = p.Account(e.Actor)
		}
		p.Readings = append(p.Readings, line)
	}
	return nil
}

// blind reports whether who works on the case is not to be said: while it is
// under review, except to those who approve.
func (p *casePage) blind() bool {
	return p.State.Stage != casefile.StageDecided && p.State.Stage != casefile.StageClosed && !p.May(string(desk.ApproveReviews))
}

// By is what to call somebody who read the case or worked on it.
func (p *casePage) By(id string) string {
	switch {
	case id == p.r.By.ID:
		return "You"
	case p.blind():
		return "A reviewer"
	}
	return p.Account(id)
}

func (p *casePage) Wide() bool { return true }

// May reports whether to show a link or a button.
func (p *casePage) May(act string) bool { return p.site.can(p.r, desk.Act(act)) }

// Account is what to call somebody who did something here.
func (p *casePage) Account(id string) string {
	if name := p.Accounts[id]; name != "" {
		return name
	}
	return id
}

// System is the system that holds the case.
func (p *casePage) System() string { system, _ := p.ID.Split(); return system }

// At is the address of this page with parameters changed, in pairs, and a part of
// the page to go to; a parameter set to "" goes. Parameters that say which text is
// read go together: whoever asks for another text asks for all of it.
func (p *casePage) At(fragment string, pairs ...any) string {
	q := url.Values{}
	for _, kept := range []string{"for", "kind", "find", "log"} {
		if v := p.r.URL.Query()[kept]; len(v) > 0 {
			q[kept] = v
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
		switch name {
		case "entry":
			q.Del("log")
			q.Del("find")
		case "paper":
			q.Del("log")
		}
	}
	to := address(p.path, q)
	if fragment != "" {
		to += "#" + fragment
	}
	return to
}

// Sub is the address of a part of the case that has a page of its own.
func (p *casePage) Sub(part string) string { return caseAddress(p.ID) + "/" + part }

// Open reports whether the log stands open: not where a flag is set, until
// somebody asks for a part of it.
func (p *casePage) Open() bool {
	return !p.Flagged || p.Look != (reading.Look{})
}

// Called is how to call somebody in the case: by name, or by initials where the
// name is shown only when asked for.
func (p *casePage) Called(w reading.Person) string {
	switch {
	case w.Name() == "":
		_, ref := w.ID.Split()
		return "No name recorded (" + ref + ")"
	case w.Named && !p.Names && protected(w):
		return w.Initials()
	}
	return w.Name()
}

// protected reports whether a name is shown only when asked for: of victims and
// missing people, here or elsewhere, and of children; a suspect's name is what
// the case is about.
func protected(w reading.Person) bool {
	switch {
	case w.Has(casefile.RoleVictim) || w.Has(casefile.RoleMissing):
		return true
	case w.Has(casefile.RoleSuspect):
		return false
	}
	return w.AgeKnown && w.AgeFrom < 18 || slices.ContainsFunc(w.Elsewhere, func(r store.CaseRole) bool {
		return r.Role == casefile.RoleVictim || r.Role == casefile.RoleMissing
	})
}

// HasProtected reports whether anybody in the case is shown by initials.
func (p *casePage) HasProtected() bool {
	return slices.ContainsFunc(p.People, func(w reading.Person) bool { return w.Named && protected(w) })
}

// Who is how to call a record: in words if it is somebody in the case.
func (p *casePage) Who(id casefile.NominalID) string {
	if id == "" {
		return ""
	}
	if w, in := p.Person(id); in {
		return p.Called(w) + ", " + reading.RoleWord(w.Roles()[0])
	}
	_, ref := id.Split()
	return ref
}

// EntryAt is the address at which an entry of the log is shown.
func (p *casePage) EntryAt(row int64) string {
	return p.At("row-"+strconv.FormatInt(row, 10), "entry", row)
}

// MomentAt is where the page has more about a moment.
func (p *casePage) MomentAt(m reading.Moment) string {
	if m.Entry != 0 {
		return p.EntryAt(m.Entry)
	}
	return "#" + m.Anchor
}

// SuggestionAt is where the page shows what a suggestion rests on.
func (p *casePage) SuggestionAt(s reading.Suggestion) string {
	if s.Entry != 0 {
		return caseAddress(p.ID) + "?entry=" + strconv.FormatInt(s.Entry, 10) + "#" + s.Anchor
	}
	return caseAddress(p.ID) + "#" + s.Anchor
}

// Shown is a text of the reader.
func (p *casePage) Shown(row int64, part string) *shownText {
	for i := range p.Texts {
		if t := &p.Texts[i]; t.Row == row && t.Part == part {
			return t
		}
	}
	return nil
}

// Mark adds passages to the texts of the reader, such as those that somebody cited.
func (p *casePage) Mark(cited []casefile.Citation, label string) {
	for i, c := range cited {
		if t := p.Shown(c.Row, c.Part); t != nil && t.Page == c.Page {
			t.Marks = append(t.Marks, mark{Start: c.Start, End: c.End, Class: "cited", Label: label, ID: fmt.Sprintf("cited-%d", i+1)})
		}
	}
}

// fileTypes are the types that a document is sent as; any other is sent as bytes.
// Nothing is shown by the browser: a file is saved, and opened by what is meant
// for it.
var fileTypes = map[string]string{
	".pdf":  "application/pdf",
	".txt":  "text/plain; charset=utf-8",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

func (s *Site) sendFile(w http.ResponseWriter, r *request) error {
	row, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "There is no such document.")
	}
	f, err := reading.ReadFile(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id")), row, r.URL.Query().Get("for"))
	if err != nil {
		return err
	}
	// The name comes from a force's extract: the last part of a path, of either kind.
	name := path.Base(strings.ReplaceAll(casefile.Shown(f.Name), `\`, "/"))
	kind := fileTypes[strings.ToLower(path.Ext(name))]
	if kind == "" {
		kind = "application/octet-stream"
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	if disposition == "" {
		disposition = "attachment"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Length", strconv.Itoa(len(f.Bytes)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, err = w.Write(f.Bytes)
	if err != nil {
		s.Log.Debug("reader gone", "path", r.Pattern)
	}
	return nil
}

// A roleGroup is the people of one role, under its heading.
type roleGroup struct {
	Label  string
	People []reading.Person
}

// PeopleByRole groups people by their first role.
func (p *casePage) PeopleByRole() (groups []roleGroup) {
	labels := map[string]string{
		casefile.RoleVictim: "Victims", casefile.RoleSuspect: "Suspects", casefile.RoleMissing: "Missing people",
		casefile.RoleWitness: "Witnesses", casefile.RoleReporter: "Reporters", casefile.RoleOther: "Others",
	}
	order := []string{casefile.RoleVictim, casefile.RoleSuspect, casefile.RoleMissing, casefile.RoleWitness, casefile.RoleReporter, casefile.RoleOther}
	for _, w := range p.People {
		role := order[slices.IndexFunc(order, func(r string) bool { return w.Has(r) })]
		if n := len(groups); n == 0 || groups[n-1].Label != labels[role] {
			groups = append(groups, roleGroup{Label: labels[role]})
		}
		last := &groups[len(groups)-1]
		last.People = append(last.People, w)
	}
	return groups
}

// PersonPath is the last part of the address of a person's page.
func (p *casePage) PersonPath(w reading.Person) string {
	return personPath(string(w.ID)) + "?for=linked+case"
}

// Age says how old somebody was at the offence, as far as that is known.
func (p *casePage) Age(w reading.Person) string {
	switch {
	case !w.AgeKnown:
		return "age not known"
	case w.AgeFrom < 0:
		return "born after the offence as recorded"
	case w.AgeFrom == w.AgeTo:
		return fmt.Sprintf("%d at the offence", w.AgeFrom)
	}
	return fmt.Sprintf("%d to %d at the offence", w.AgeFrom, w.AgeTo)
}

// RolesElsewhere counts the parts that somebody has in other cases: "suspect in
// 2, witness in 1".
func (p *casePage) RolesElsewhere(w reading.Person) string {
	n := map[string]int{}
	var order []string
	for _, e := range w.Elsewhere {
		if n[e.Role]++; n[e.Role] == 1 {
			order = append(order, e.Role)
		}
	}
	var said []string
	for _, role := range order {
		said = append(said, fmt.Sprintf("%s in %d", reading.RoleWord(role), n[role]))
	}
	return strings.Join(said, ", ")
}

// Episode says what is recorded of a missing episode.
func (p *casePage) Episode(e casefile.Episode) string { return sentence(reading.SayEpisode(e)) + "." }

// Path is the address of the page that shows the reader.
func (p *casePage) Path() string { return p.path }

// A kept parameter goes along with a form of this page.
type kept struct{ Name, Value string }

// Keep lists the parameters of this page that a form must send along, but for
// those that it sets itself.
func (p *casePage) Keep(but ...string) (out []kept) {
	q := p.r.URL.Query()
	for _, name := range []string{"for", "kind", "find", "log", "entry", "paper", "page"} {
		if slices.Contains(but, name) {
			continue
		}
		for _, v := range q[name] {
			out = append(out, kept{name, v})
		}
	}
	return out
}

// KindsChosen reports whether the timeline is limited to some kinds.
func (p *casePage) KindsChosen() bool {
	return slices.ContainsFunc(p.Kinds, func(k momentChoice) bool { return k.Chosen })
}

// Paper is the document that the reader shows, nil for the log.
func (p *casePage) Paper() *casefile.Paper {
	if paper, ok := p.File.Paper(); ok {
		return &paper
	}
	return nil
}

// PageNote says why the page shown has no text.
func (p *casePage) PageNote() string {
	if page := p.paperPage(0); page != nil {
		return page.Note
	}
	return ""
}

// PageBefore and PageAfter are the pages of the document on either side, 0 for none.
func (p *casePage) PageBefore() int { return p.pageNumber(-1) }
func (p *casePage) PageAfter() int  { return p.pageNumber(1) }

func (p *casePage) pageNumber(by int) int {
	if page := p.paperPage(by); page != nil {
		return page.Page
	}
	return 0
}

// paperPage is the page of the document so many pages on.
func (p *casePage) paperPage(by int) *casefile.PaperPage {
	paper := p.Paper()
	if paper == nil {
		return nil
	}
	i := slices.IndexFunc(paper.Pages, func(page casefile.PaperPage) bool { return page.Page == p.Look.Page }) + by
	if i < 0 || i >= len(paper.Pages) {
		return nil
	}
	return &paper.Pages[i]
}

// What the records write in one word, as a reader would say it.

func underscores(s string) string { return strings.ReplaceAll(s, "_", " ") }

func keptAs(value, yes, no string) string {
	switch value {
	case "y":
		return yes
	case "n":
		return no
	case "":
		return "not recorded"
	}
	return value
}

func decider(s string) string {
	switch s {
	case "police":
		return "the police"
	case "cps":
		return "the CPS"
	case "":
		return "not recorded"
	}
	return s
}

func kindWord(kind string) string {
	words := map[string]string{"phone": "Phone", "vehicle": "Vehicle", "online": "Online account", "email": "Email", "bank": "Bank account", "address": "Address"}
	if w := words[kind]; w != "" {
		return w
	}
	return sentence(kind)
}

// fieldWord says which field of which table: "Outcome code of the report".
func fieldWord(table casefile.Table, field string) string {
	of := map[casefile.Table]string{
		casefile.Investigations: "the report", casefile.Nominals: "a person", casefile.Involvements: "a person’s part", casefile.Uses: "a use",
		casefile.Flags: "a flag", casefile.Log: "a log entry", casefile.Outcomes: "an outcome", casefile.Missing: "a missing episode",
		casefile.Exhibits: "an exhibit", casefile.Documents: "a document",
	}[table]
	return sentence(underscores(field)) + " of " + of
}

func personPath(id string) string { return url.PathEscape(id) }
