package web

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/reading"
	"lookback/internal/review"
)

var reviewRoutes = []route{
	{"GET /queue", desk.ReviewCases, (*Site).showQueue},
	{"POST /queue/next", desk.ReviewCases, (*Site).pullNext},

	{"GET /cases/{id}/review", desk.ReviewCases, (*Site).showReview},
	{"POST /cases/{id}/review", desk.ReviewCases, (*Site).takeReview},
	{"POST /cases/{id}/review/start", desk.ReviewCases, (*Site).startReview},
	{"POST /cases/{id}/review/draft", desk.ReviewCases, (*Site).saveDraft},
	{"POST /cases/{id}/review/ping", desk.ReadCases, (*Site).keepLease},
	{"GET /cases/{id}/review/cite", desk.ReviewCases, (*Site).askCitation},
	{"POST /cases/{id}/review/cite", desk.ReviewCases, (*Site).cite},
	{"GET /cases/{id}/review/compare", desk.ReviewCases, (*Site).showComparison},
	{"POST /cases/{id}/review/compare", desk.ReviewCases, (*Site).merge},
	{"POST /cases/{id}/review/hand-back", desk.ReviewCases, (*Site).handBack},
	{"GET /cases/{id}/review/decline", desk.ReviewCases, (*Site).askDecline},
	{"POST /cases/{id}/review/decline", desk.ReviewCases, (*Site).decline},
	{"POST /cases/{id}/review/withdraw", desk.ReviewCases, (*Site).withdraw},
	{"POST /cases/{id}/take-back", desk.AllocateCases, (*Site).takeBack},
}

// A queuePage is somebody's own queue.
type queuePage struct{ *review.Card }

// Holding reports whether they have a case open now.
func (p queuePage) Holding() bool {
	return slices.ContainsFunc(p.Open, func(o review.Opened) bool { return o.State.Mine })
}

// Stand says where the review of the case stands, for the case's own page.
func (p *casePage) Stand() (review.Stand, error) {
	return review.Standing(p.r.Context(), p.site.Desk, p.r.By, p.ID)
}

// Link is the address of a part of the case: "/review".
func (p *casePage) Link(path string) string { return caseAddress(p.ID) + path }

func (s *Site) showQueue(w http.ResponseWriter, r *request) error {
	c, err := review.MyQueue(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "queue", "My queue", queuePage{c})
}

func (s *Site) pullNext(w http.ResponseWriter, r *request) error {
	n, err := review.NextCase(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	if n.Case == "" {
		return redirect(w, r, "/queue", n.None)
	}
	return redirect(w, r, reviewAddress(n.Case), "Why this case: "+n.Why)
}

func reviewAddress(id casefile.CaseID) string { return caseAddress(id) + "/review" }

// A reviewPage is a case beside the form of its review.
type reviewPage struct {
	Faults
	Case     *casePage
	Desk     *review.Desktop
	Sections []formSection
	Notice   string // why what was sent was not taken, above everything
	Token    string // names this page among those that save the same draft
	Editable bool   // the form can be filled in
	Answered int
	Asked    int
	Until    string // the lease's end, as a clock says it
	Saved    string // when the draft was saved, "" before
}

func (*reviewPage) Wide() bool { return true }

// A formSection and its questions are a form as a page shows it, filled in.
type formSection struct {
	review.Section
	Filled []formQuestion
}

type formQuestion struct {
	review.Question
	Entry    review.Entry
	Error    string
	Cited    []citedView
	Evidence string // JSON
}

// Name is that of the question's inputs, with what they hold: a choice, t text,
// e evidence.
func (q formQuestion) Name(what string) string { return what + "." + q.ID }

// Chosen are the titles of the answers.
func (q formQuestion) Chosen() (titles []string) {
	for _, o := range q.Options {
		if q.Entry.Has(o.Code) {
			titles = append(titles, o.Title)
		}
	}
	return titles
}

// Hint says how much of a reason the chosen answers ask for.
func (q formQuestion) Hint() string {
	least := 0
	for _, o := range q.Options {
		least = max(least, o.Least)
	}
	if least <= 1 {
		return ""
	}
	for _, o := range q.Options {
		if o.Least < least && !o.Alone { // not all ask for the same
			return fmt.Sprintf("At least %d letters for some answers, and enough for somebody else to follow.", least)
		}
	}
	return fmt.Sprintf("At least %d letters.", least)
}

// A citedView is a passage with where it stands.
type citedView struct {
	casefile.Citation
	Label string
	At    string // address
}

// Long reports whether the passage is folded.
func (c citedView) Long() bool { return len(c.Text) > 400 }

// Short is its beginning.
func (c citedView) Short() string {
	r := []rune(c.Text)
	return string(r[:min(len(r), 200)]) + "…"
}

// cited says where the passages of an entry stand.
func (p *casePage) cited(list []casefile.Citation) (out []citedView) {
	for _, c := range list {
		out = append(out, citedView{Citation: c, Label: p.placeOf(c), At: p.passageAt(c)})
	}
	return out
}

// placeOf says in words where a passage stands: "Entry 12, 3 March 2014".
func (p *casePage) placeOf(c casefile.Citation) string {
	switch c.Part {
	case casefile.PartMO:
		return "MO, as recorded"
	case casefile.PartClosing:
		return "Closing text"
	case casefile.PartDocument:
		for _, paper := range p.Papers {
			if paper.Row == c.Row {
				return fmt.Sprintf("%s, page %d", paper.Called(), c.Page)
			}
		}
		return fmt.Sprintf("Document, page %d", c.Page)
	}
	for _, e := range p.Log {
		if e.Row == c.Row {
			if e.At.IsZero() {
				return fmt.Sprintf("Entry %d", e.Seq)
			}
			return fmt.Sprintf("Entry %d, %s", e.Seq, reading.SayDate(e.At))
		}
	}
	return "Log entry"
}

// passageAt is where this page shows the text in which a passage stands.
func (p *casePage) passageAt(c casefile.Citation) string {
	t := shownText{Row: c.Row, Part: c.Part, Page: c.Page}
	switch c.Part {
	case casefile.PartDocument:
		return p.At(t.ID(), "paper", c.Row, "page", c.Page)
	case casefile.PartLog:
		return p.At(t.ID(), "entry", c.Row)
	}
	return "#" + t.ID()
}

// sections fills a form in for a page.
func (p *casePage) sections(f *review.Form, b review.Body, faults Faults) (out []formSection, answered, asked int) {
	for _, s := range f.Sections {
		section := formSection{Section: s}
		for _, q := range s.Questions {
			e := b.Entry(q.ID)
			text, err := json.Marshal(e.Evidence)
			if err != nil || e.Evidence == nil {
				text = []byte("[]")
			}
			if asked++; len(e.Chosen) > 0 {
				answered++
			}
			section.Filled = append(section.Filled, formQuestion{Question: q, Entry: e, Error: faults.Of("q-" + q.ID), Cited: p.cited(e.Evidence), Evidence: string(text)})
		}
		out = append(out, section)
	}
	return out, answered, asked
}

// allCited lists every passage of a form.
func allCited(f *review.Form, b review.Body) (all []casefile.Citation) {
	for _, q := range f.Questions() {
		all = append(all, b.Entry(q.ID).Evidence...)
	}
	return all
}

// Key names the text in a form: row:part:page.
func (t shownText) Key() string {
	return strconv.FormatInt(t.Row, 10) + ":" + t.Part + ":" + strconv.Itoa(t.Page)
}

func (s *Site) showReview(w http.ResponseWriter, r *request) error {
	return s.drawReview(w, r, http.StatusOK, nil, "", nil)
}

// drawReview draws the page of a review. With a body, that is shown in the form
// and not what is saved: what somebody sent is before their eyes again.
func (s *Site) drawReview(w http.ResponseWriter, r *request, status int, faults []casefile.Fault, notice string, typed *review.Body) error {
	id := casefile.CaseID(r.PathValue("id"))
	c, err := s.readCase(w, r, id, "review", reviewAddress(id))
	if err != nil {
		return err
	}
	d, err := review.OpenReview(r.Context(), s.Desk, r.By, c.File)
	if err != nil {
		return err
	}
	if typed != nil {
		d.Body = *typed
	}
	p := &reviewPage{Case: c, Desk: d, Notice: notice, Token: rand.Text()}
	p.Editable = d.Stand.Lease.Mine && d.Stand.Lease.Purpose == casefile.ForReview
	for _, f := range faults {
		p.Add("q-"+f.Field, "%s", f.Message)
	}
	c.Mark(allCited(d.Form, d.Body), "Cited in your review")
	for i := range c.Texts {
		c.Texts[i].Cite = p.Editable
	}
	p.Sections, p.Answered, p.Asked = c.sections(d.Form, d.Body, p.Faults)
	p.Until, p.Saved = clock(d.Stand.Lease.Until), clock(d.SavedAt)
	_, ref := id.Split()
	return s.renderStatus(w, r, status, "review", "Review of "+ref, p)
}

// clock says a moment as the reader's clock does, "" for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return casefile.InLondon(t).Format("15:04")
}

func (s *Site) startReview(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := review.Start(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	return redirect(w, r, reviewAddress(id), "")
}

// maxDraftPost is how much a save may send: a draft, its JSON escapes and the rest.
const maxDraftPost = 3 * review.MaxDraft

// A draftPost is what a page sends as somebody types.
type draftPost struct {
	Form string          `json:"form"`
	Base int             `json:"base"`
	Page string          `json:"page"`
	N    int             `json:"n"`
	Body json.RawMessage `json:"body"`
}

// A draftAnswer is what it hears back.
type draftAnswer struct {
	review.Saved
	Clock   string `json:"clock"`
	Until   string `json:"until,omitempty"`
	Error   string `json:"error,omitempty"`
	Compare string `json:"compare,omitempty"`
}

func (s *Site) saveDraft(w http.ResponseWriter, r *request) error {
	var post draftPost
	r.Body = http.MaxBytesReader(w, r.Body, maxDraftPost)
	if err := json.NewDecoder(r.Body).Decode(&post); err != nil {
		if statusOf(err) == http.StatusRequestEntityTooLarge {
			return err
		}
		return casefile.Errorf(casefile.Invalid, "This page sent something that is no draft. Reload it. (%w)", err)
	}
	id := casefile.CaseID(r.PathValue("id"))
	saved, err := review.SaveDraft(r.Context(), s.Desk, r.By, id, review.Save{Form: post.Form, Body: post.Body, Base: post.Base, Page: post.Page, N: post.N})
	answer := draftAnswer{Saved: saved, Clock: casefile.InLondon(saved.At).Format("15:04:05"), Until: clock(saved.Lease.Until)}
	switch {
	case err == nil:
		return writeJSON(w, http.StatusOK, answer)
	case saved.Kept != 0:
		answer.Error, answer.Compare = casefile.Message(err), compareAddress(id, saved.Kept)
		return writeJSON(w, http.StatusConflict, answer)
	}
	return err
}

func compareAddress(id casefile.CaseID, kept int64) string {
	return reviewAddress(id) + "/compare?kept=" + strconv.FormatInt(kept, 10)
}

func (s *Site) keepLease(w http.ResponseWriter, r *request) error {
	state, err := review.Renew(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, draftAnswer{Saved: review.Saved{Lease: state}, Until: clock(state.Until)})
}

// readForm reads a form as a page without scripts sends it. Body.JSON of what it
// returns is what a script would have sent.
func readForm(f *review.Form, q url.Values) (b review.Body, err error) {
	for _, question := range f.Questions() {
		e := review.Entry{Text: q.Get("t." + question.ID)}
		for _, code := range q["a."+question.ID] {
			if code != "" && !slices.Contains(e.Chosen, code) {
				e.Chosen = append(e.Chosen, code)
			}
		}
		if text := q.Get("e." + question.ID); text != "" {
			if err := json.Unmarshal([]byte(text), &e.Evidence); err != nil {
				return b, casefile.Errorf(casefile.Invalid, "This page sent passages that cannot be read. Nothing was saved of it; reload the page. (%w)", err)
			}
		}
		b.Set(f, question.ID, e)
	}
	return b, nil
}

// number reads a whole number of a form, -1 if it is none: no version fits that.
func number64(q url.Values, name string) int64 {
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil || n < 0 || n > 1<<31 {
		return -1
	}
	return n
}

// saveSent saves the form of a page that a button sent, and returns what it holds.
// What cannot be saved is still returned.
func (s *Site) saveSent(r *request, id casefile.CaseID) (saved review.Saved, b review.Body, err error) {
	if err := r.ParseForm(); err != nil {
		return saved, b, err
	}
	f, err := review.FormOf(r.PostForm.Get("form"))
	if err != nil {
		return saved, b, casefile.Errorf(casefile.Invalid, "This page does not say which form it is. Open the review again.")
	}
	if b, err = readForm(f, r.PostForm); err != nil {
		return saved, b, err
	}
	base, n := number64(r.PostForm, "base"), number64(r.PostForm, "n")
	if base < 0 {
		return saved, b, casefile.Errorf(casefile.Conflict, "This page does not say what it was made from, so nothing was saved of it. Open the review again and compare.")
	}
	saved, err = review.SaveDraft(r.Context(), s.Desk, r.By, id, review.Save{Form: f.ID(), Body: []byte(b.JSON()), Base: int(base),
		Page: r.PostForm.Get("token"), N: int(max(n, 0)) + 1})
	return saved, b, err
}

// takeReview takes the form as a button sends it: save, submit, cite a text, or
// remove a passage. It saves first, whatever comes then.
func (s *Site) takeReview(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	saved, body, err := s.saveSent(r, id)
	switch {
	case saved.Kept != 0:
		return redirect(w, r, compareAddress(id, saved.Kept), casefile.Message(err))
	case casefile.KindOf(err) == casefile.Invalid || casefile.KindOf(err) == casefile.Conflict:
		return s.drawReview(w, r, statusOf(err), nil, casefile.Message(err), &body)
	case err != nil:
		return err
	}
	do, rest, _ := strings.Cut(r.PostForm.Get("do"), ":")
	switch do {
	case "cite":
		return redirect(w, r, reviewAddress(id)+"/cite?text="+url.QueryEscape(rest), "")
	case "uncite":
		return s.uncite(w, r, id, saved, body, rest)
	case "submit":
	default:
		return redirect(w, r, backTo(r, reviewAddress(id)), "Saved at "+clock(saved.At)+".")
	}
	faults, err := review.Submit(r.Context(), s.Desk, r.By, id, review.Submission{
		Draft: saved.Version, Seen: int(number64(r.PostForm, "seen")), Shown: r.PostForm.Get("shown")})
	switch {
	case len(faults) > 0:
		return s.drawReview(w, r, http.StatusUnprocessableEntity, faults, "", nil)
	case casefile.KindOf(err) == casefile.Conflict || casefile.KindOf(err) == casefile.Invalid:
		return s.drawReview(w, r, statusOf(err), nil, casefile.Message(err), nil)
	case err != nil:
		return err
	}
	_, ref := id.Split()
	return redirect(w, r, "/queue", "Your review of "+ref+" was submitted. Another person reads it next.")
}

// backTo is the part of the case that the page showed, so that saving does not
// turn the pages of the log back.
func backTo(r *request, path string) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Path != path || from.RawQuery == "" {
		return path
	}
	return path + "?" + from.RawQuery
}

// uncite removes one passage: "question:place".
func (s *Site) uncite(w http.ResponseWriter, r *request, id casefile.CaseID, saved review.Saved, body review.Body, which string) error {
	f, err := review.FormOf(r.PostForm.Get("form"))
	if err != nil {
		return err
	}
	question, place, _ := strings.Cut(which, ":")
	i, err := strconv.Atoi(place)
	e := body.Entry(question)
	if err != nil || i < 0 || i >= len(e.Evidence) {
		return casefile.Errorf(casefile.Conflict, "That passage is not cited any more. Open the review again.")
	}
	e.Evidence = slices.Delete(slices.Clone(e.Evidence), i, i+1)
	body.Set(f, question, e)
	if _, err = s.saveBody(r, id, f, body, saved.Version); err != nil {
		return err
	}
	return redirect(w, r, backTo(r, reviewAddress(id))+"#q-"+question, "The passage was removed.")
}

// saveBody saves a form changed on the server.
func (s *Site) saveBody(r *request, id casefile.CaseID, f *review.Form, b review.Body, base int) (review.Saved, error) {
	return review.SaveDraft(r.Context(), s.Desk, r.By, id, review.Save{Form: f.ID(), Body: []byte(b.JSON()), Base: base, Page: rand.Text(), N: 1})
}

// A citePage asks which words of a text to cite, and for which question. It is the
// way without a pointer, and without scripts.
type citePage struct {
	Faults
	Case      *casePage
	Text      shownText
	Key       string // row:part:page
	Place     string
	Questions []Option
	Question  string
	Sentences []citedSentence
	Whole     string // sentences, words or whole
	Words     string
}

// A citedSentence is one that can be chosen. Key is start:end, in characters.
type citedSentence struct {
	Key, Text string
	Chosen    bool
}

// maxSentences is how many sentences a page offers to choose from. A longer text is
// cited by its words.
const maxSentences = 80

// sentences cuts a text as shown into what can be chosen: at the ends of lines and
// after a stop that white space follows.
func sentences(text string) (out []citedSentence) {
	runes := []rune(text)
	add := func(from, to int) {
		for from < to && unicode.IsSpace(runes[from]) {
			from++
		}
		for to > from && unicode.IsSpace(runes[to-1]) {
			to--
		}
		if from < to {
			out = append(out, citedSentence{Key: fmt.Sprintf("%d:%d", from, to), Text: string(runes[from:to])})
		}
	}
	from := 0
	for i, r := range runes {
		stop := strings.ContainsRune(".!?", r) && i+1 < len(runes) && unicode.IsSpace(runes[i+1])
		if r == '\n' || stop {
			add(from, i+1)
			from = i + 1
		}
	}
	add(from, len(runes))
	return out
}

// chosenPassages turns chosen sentences into passages: those that stand side by
// side are one.
func chosenPassages(text string, keys []string) (out []casefile.Citation) {
	runes := []rune(text)
	joined := false
	for _, s := range sentences(text) {
		if !slices.Contains(keys, s.Key) {
			joined = false
			continue
		}
		from, to, _ := strings.Cut(s.Key, ":")
		start, _ := strconv.Atoi(from)
		end, _ := strconv.Atoi(to)
		if !joined {
			out = append(out, casefile.Citation{Start: start})
		}
		last := &out[len(out)-1]
		last.End, last.Text = end, string(runes[last.Start:end])
		joined = true
	}
	return out
}

// parseTextKey reads row:part:page.
func parseTextKey(key string) (c casefile.Citation, err error) {
	parts := strings.Split(key, ":")
	if len(parts) == 3 {
		row, err1 := strconv.ParseInt(parts[0], 10, 64)
		page, err2 := strconv.Atoi(parts[2])
		if err1 == nil && err2 == nil {
			return casefile.Citation{Row: row, Part: parts[1], Page: page}, nil
		}
	}
	return c, casefile.Errorf(casefile.NotFound, "There is no such text. Choose one on the page of the review.")
}

func (s *Site) askCitation(w http.ResponseWriter, r *request) error {
	return s.drawCite(w, r, http.StatusOK, &citePage{Key: r.URL.Query().Get("text"), Question: r.URL.Query().Get("for"), Whole: "sentences"})
}

func (s *Site) drawCite(w http.ResponseWriter, r *request, status int, p *citePage) error {
	id := casefile.CaseID(r.PathValue("id"))
	c, err := parseTextKey(p.Key)
	if err != nil {
		return err
	}
	q := url.Values{}
	if c.Part == casefile.PartDocument {
		q.Set("paper", strconv.FormatInt(c.Row, 10))
		q.Set("page", strconv.Itoa(c.Page))
	} else if c.Part == casefile.PartLog {
		q.Set("entry", strconv.FormatInt(c.Row, 10))
	}
	u := *r.URL
	u.RawQuery = q.Encode()
	inner := *r.Request
	inner.URL = &u
	look := *r
	look.Request = &inner
	if p.Case, err = s.readCase(w, &look, id, "review", reviewAddress(id)); err != nil {
		return err
	}
	t := p.Case.Shown(c.Row, c.Part)
	if t == nil || t.Page != c.Page && c.Part == casefile.PartDocument {
		return casefile.Errorf(casefile.NotFound, "This case has no such text. Choose one on the page of the review.")
	}
	p.Text, p.Place = *t, p.Case.placeOf(c)
	if p.Sentences = sentences(t.text); len(p.Sentences) > maxSentences || len(p.Sentences) == 0 {
		p.Sentences = nil
		if p.Whole == "sentences" {
			p.Whole = "words"
		}
	}
	for i := range p.Sentences {
		p.Sentences[i].Chosen = slices.Contains(r.PostForm["s"], p.Sentences[i].Key)
	}
	d, err := review.OpenReview(r.Context(), s.Desk, r.By, p.Case.File)
	if err != nil {
		return err
	}
	for _, question := range d.Form.Questions() {
		p.Questions = append(p.Questions, Option{Value: question.ID, Label: question.Short})
	}
	return s.renderStatus(w, r, status, "review-cite", "Cite from "+p.Place, p)
}

// cite checks a passage for a script, or adds one that a form names to the draft.
func (s *Site) cite(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if wantsJSON(r) {
		return s.checkCitation(w, r, id)
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	p := &citePage{Key: r.PostForm.Get("text"), Question: r.PostForm.Get("question"), Whole: r.PostForm.Get("whole"), Words: r.PostForm.Get("words")}
	c, err := parseTextKey(p.Key)
	if err != nil {
		return err
	}
	list := []casefile.Citation{c}
	switch {
	case p.Whole == "sentences" && len(r.PostForm["s"]) == 0:
		p.Add("s", "Choose the sentences to cite, or another way below.")
	case p.Whole == "sentences":
		if list, err = s.sentencesOf(r, id, c, r.PostForm["s"]); err != nil {
			return err
		}
	case p.Whole == "words" && strings.TrimSpace(p.Words) == "":
		p.Add("words", "Paste the words to cite, or choose the whole text.")
	case p.Whole == "words":
		list[0].Text = p.Words
	}
	for _, one := range list {
		if len(p.Faults) == 0 {
			if err := s.addCitation(r, id, p, one); err != nil {
				return err
			}
		}
	}
	if len(p.Faults) > 0 {
		return s.drawCite(w, r, http.StatusUnprocessableEntity, p)
	}
	to := reviewAddress(id)
	switch c.Part {
	case casefile.PartLog:
		to += "?entry=" + strconv.FormatInt(c.Row, 10)
	case casefile.PartDocument:
		to += fmt.Sprintf("?paper=%d&page=%d", c.Row, c.Page)
	}
	return redirect(w, r, to+"#q-"+p.Question, "The passage was cited.")
}

// sentencesOf are the passages that chosen sentences of a text make.
func (s *Site) sentencesOf(r *request, id casefile.CaseID, at casefile.Citation, keys []string) ([]casefile.Citation, error) {
	whole, err := review.TextOf(r.Context(), s.Desk, r.By, id, at)
	if err != nil {
		return nil, err
	}
	list := chosenPassages(whole, keys)
	if len(list) == 0 {
		return nil, casefile.Errorf(casefile.Conflict, "The text changed since the page was opened. Open it again.")
	}
	for i := range list {
		list[i].Row, list[i].Part, list[i].Page = at.Row, at.Part, at.Page
	}
	return list, nil
}

// addCitation adds a passage to the draft as it stands. Faults are put on the page.
func (s *Site) addCitation(r *request, id casefile.CaseID, p *citePage, c casefile.Citation) error {
	c, err := review.Cite(r.Context(), s.Desk, r.By, id, c)
	if casefile.KindOf(err) == casefile.Invalid {
		p.Add("words", "%s", casefile.Message(err))
		return nil
	}
	if err != nil {
		return err
	}
	err = review.AddCitation(r.Context(), s.Desk, r.By, id, p.Question, c)
	if casefile.KindOf(err) == casefile.Invalid {
		p.Add("question", "%s", casefile.Message(err))
		return nil
	}
	return err
}

func (s *Site) checkCitation(w http.ResponseWriter, r *request, id casefile.CaseID) error {
	var c casefile.Citation
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.End == 0 {
		return casefile.Errorf(casefile.Invalid, "That is no passage. Select it again.")
	}
	if c, err = review.Cite(r.Context(), s.Desk, r.By, id, c); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c)
}

func (s *Site) handBack(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	// The button stands in the form, so that what was typed a moment ago goes along.
	if saved, body, err := s.saveSent(r, id); saved.Kept != 0 {
		return redirect(w, r, compareAddress(id, saved.Kept), casefile.Message(err))
	} else if casefile.KindOf(err) == casefile.Invalid && r.PostForm.Get("form") != "" {
		return s.drawReview(w, r, statusOf(err), nil, casefile.Message(err), &body)
	} else if err != nil && r.PostForm.Get("form") != "" {
		return err
	}
	if err := review.HandBack(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	_, ref := id.Split()
	return redirect(w, r, "/queue", ref+" was handed back. What you typed is kept, and comes back if you open it again.")
}

// A declinePage asks why somebody will not review a case.
type declinePage struct {
	Faults
	Case   casefile.CaseID
	Reason string
}

func (s *Site) askDecline(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if _, err := review.Standing(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	return s.render(w, r, "review-decline", "Decline this case", &declinePage{Case: id})
}

func (s *Site) decline(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	p := &declinePage{Case: id, Reason: r.FormValue("reason")}
	err := review.Recuse(r.Context(), s.Desk, r.By, id, p.Reason)
	if casefile.KindOf(err) == casefile.Invalid {
		p.Add("reason", "%s", casefile.Message(err))
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "review-decline", "Decline this case", p)
	}
	if err != nil {
		return err
	}
	_, ref := id.Split()
	return redirect(w, r, "/queue", ref+" will not come to you again.")
}

func (s *Site) withdraw(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := review.Withdraw(r.Context(), s.Desk, r.By, id, seenOf(r), r.FormValue("reason")); err != nil {
		return err
	}
	return redirect(w, r, "/queue", "Your review was withdrawn. Its text is your draft again.")
}

// seenOf is the version of the case that a page had, -1 if it does not say.
func seenOf(r *request) int {
	if err := r.ParseForm(); err != nil {
		return -1
	}
	return int(number64(r.PostForm, "seen"))
}

func (s *Site) takeBack(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := review.TakeOver(r.Context(), s.Desk, r.By, id, r.FormValue("reason")); err != nil {
		return err
	}
	return redirect(w, r, caseAddress(id), "The case was taken back. Whoever had it open is told so, and keeps what they typed.")
}

// A comparePage shows a kept text beside the one that stands.
type comparePage struct {
	Faults
	Case  *casePage
	Desk  *review.Desktop
	Kept  casefile.KeptDraft
	Pairs []comparePair
	Same  int // questions on which both agree
}

func (*comparePage) Wide() bool { return true }

// A comparePair is one question on which the two differ.
type comparePair struct {
	review.Question
	Saved, Other         review.Entry
	SavedText, OtherText []diffWord
	SavedCited           []citedView
	OtherCited           []citedView
}

// Titles are those of the chosen options.
func (p comparePair) Titles(e review.Entry) string {
	q := formQuestion{Question: p.Question, Entry: e}
	if titles := q.Chosen(); len(titles) > 0 {
		return strings.Join(titles, "; ")
	}
	return "Not answered"
}

func (s *Site) readComparison(w http.ResponseWriter, r *request) (*comparePage, review.Body, error) {
	id := casefile.CaseID(r.PathValue("id"))
	c, err := s.readCase(w, r, id, "review", reviewAddress(id))
	if err != nil {
		return nil, review.Body{}, err
	}
	d, err := review.OpenReview(r.Context(), s.Desk, r.By, c.File)
	if err != nil {
		return nil, review.Body{}, err
	}
	p := &comparePage{Case: c, Desk: d}
	want, _ := strconv.ParseInt(r.URL.Query().Get("kept"), 10, 64)
	i := slices.IndexFunc(d.Kept, func(k casefile.KeptDraft) bool { return k.ID == want })
	if i < 0 {
		return nil, review.Body{}, casefile.Errorf(casefile.NotFound, "There is no such text of yours, or you put it aside already.")
	}
	p.Kept = d.Kept[i]
	var other review.Body
	if err := json.Unmarshal([]byte(p.Kept.Body), &other); err != nil {
		return nil, other, casefile.Errorf(casefile.Broken, "The kept text cannot be read. It stays stored; ask an administrator. (%w)", err)
	}
	for _, q := range d.Form.Questions() {
		saved, theirs := d.Body.Entry(q.ID), other.Entry(q.ID)
		if sameEntry(saved, theirs) {
			p.Same++
			continue
		}
		pair := comparePair{Question: q, Saved: saved, Other: theirs, SavedCited: c.cited(saved.Evidence), OtherCited: c.cited(theirs.Evidence)}
		pair.SavedText, pair.OtherText = diffWords(saved.Text, theirs.Text)
		p.Pairs = append(p.Pairs, pair)
	}
	return p, other, nil
}

func sameEntry(a, b review.Entry) bool {
	return slices.Equal(a.Chosen, b.Chosen) && a.Text == b.Text && slices.Equal(a.Evidence, b.Evidence)
}

func (s *Site) showComparison(w http.ResponseWriter, r *request) error {
	p, _, err := s.readComparison(w, r)
	if err != nil {
		return err
	}
	return s.render(w, r, "review-compare", "Two texts of your review", p)
}

// merge takes, question by question, what stands, the other text, or both.
func (s *Site) merge(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := r.ParseForm(); err != nil {
		return err
	}
	p, _, err := s.readComparison(w, r)
	if err != nil {
		return err
	}
	if int(number64(r.PostForm, "base")) != p.Desk.Draft {
		return casefile.Errorf(casefile.Conflict, "The saved text changed while you compared. Go back and reload the page: both texts are still kept.")
	}
	merged := p.Desk.Body
	for _, pair := range p.Pairs {
		switch r.PostForm.Get("take." + pair.ID) {
		case "other":
			merged.Set(p.Desk.Form, pair.ID, pair.Other)
		case "both":
			merged.Set(p.Desk.Form, pair.ID, bothEntries(pair.Question, pair.Saved, pair.Other))
		case "saved":
		default:
			p.Add("take."+pair.ID, "Choose which text to keep under “%s”.", pair.Short)
		}
	}
	if len(p.Faults) > 0 {
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "review-compare", "Two texts of your review", p)
	}
	if len(p.Pairs) > 0 {
		if _, err := s.saveBody(r, id, p.Desk.Form, merged, p.Desk.Draft); err != nil {
			return err
		}
	}
	if err := review.PutAside(r.Context(), s.Desk, r.By, id, p.Kept.ID); err != nil {
		return err
	}
	return redirect(w, r, reviewAddress(id), "The two texts are one again.")
}

// bothEntries joins two answers: the texts one after the other, every passage once.
// Of two choices where one is allowed, that of the text which stands is kept.
func bothEntries(q review.Question, a, b review.Entry) review.Entry {
	out := review.Entry{Chosen: slices.Clone(a.Chosen), Text: a.Text, Evidence: slices.Clone(a.Evidence)}
	if q.Many || len(out.Chosen) == 0 {
		for _, code := range b.Chosen {
			if !slices.Contains(out.Chosen, code) {
				out.Chosen = append(out.Chosen, code)
			}
		}
	}
	if t := strings.TrimSpace(b.Text); t != "" && !strings.Contains(out.Text, t) {
		out.Text = strings.TrimSpace(out.Text + "\n\n" + b.Text)
	}
	for _, c := range b.Evidence {
		if !slices.Contains(out.Evidence, c) {
			out.Evidence = append(out.Evidence, c)
		}
	}
	return out
}

// A diffWord is a run of words that both texts have, or only one.
type diffWord struct {
	Text string
	Only bool
}

// maxDiffWords bounds the comparison of two texts: its cost is their product.
const maxDiffWords = 2000

// diffWords compares two texts word by word, and returns each with the words that
// the other has not. Very long texts are compared as wholes.
func diffWords(a, b string) (as, bs []diffWord) {
	x, y := words(a), words(b)
	head := 0
	for head < len(x) && head < len(y) && x[head] == y[head] {
		head++
	}
	tail := 0
	for tail < len(x)-head && tail < len(y)-head && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	mx, my := x[head:len(x)-tail], y[head:len(y)-tail]
	inX, inY := make([]bool, len(x)), make([]bool, len(y)) // common
	for i := range head {
		inX[i], inY[i] = true, true
	}
	for i := range tail {
		inX[len(x)-1-i], inY[len(y)-1-i] = true, true
	}
	if len(mx) <= maxDiffWords && len(my) <= maxDiffWords {
		common(mx, my, func(i, j int) { inX[head+i], inY[head+j] = true, true })
	}
	return runs(x, inX), runs(y, inY)
}

// words splits a text so that joining gives it back: each word with the white
// space after it.
func words(s string) (out []string) {
	start, inSpace := 0, false
	for i, r := range s {
		space := r == ' ' || r == '\n' || r == '\t'
		if inSpace && !space {
			out = append(out, s[start:i])
			start = i
		}
		inSpace = space
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// common calls yield for a longest common subsequence.
func common(x, y []string, yield func(i, j int)) {
	longest := make([][]int16, len(x)+1)
	for i := range longest {
		longest[i] = make([]int16, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if strings.TrimSpace(x[i]) == strings.TrimSpace(y[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case strings.TrimSpace(x[i]) == strings.TrimSpace(y[j]):
			yield(i, j)
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
}

func runs(x []string, inBoth []bool) (out []diffWord) {
	for i, w := range x {
		if n := len(out); n > 0 && out[n-1].Only == !inBoth[i] {
			out[n-1].Text += w
			continue
		}
		out = append(out, diffWord{w, !inBoth[i]})
	}
	return out
}
