package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/review"
)

var approvalRoutes = []route{
	{"GET /approvals", desk.ApproveReviews, (*Site).listApprovals},
	{"GET /cases/{id}/approval", desk.ApproveReviews, (*Site).showApproval},
	{"POST /cases/{id}/approval", desk.ApproveReviews, (*Site).takeApproval},
	{"POST /cases/{id}/approval/draft", desk.ApproveReviews, (*Site).saveDraft},

	{"POST /cases/{id}/approval/hand-back", desk.ApproveReviews, (*Site).leaveApproval},

	{"GET /cases/{id}/decision", desk.ReadCases, (*Site).showDecision},
	{"POST /cases/{id}/decision/anew", desk.ApproveReviews, (*Site).reviewAnew},
	{"POST /cases/{id}/decision/unsent", desk.ReadCases, (*Site).dropUnsent},

	{"GET /deferred", desk.DeferCases, (*Site).listDeferred},
	{"POST /deferred", desk.DeferCases, (*Site).requeue},
	{"GET /deferred/new", desk.DeferCases, (*Site).askDefer},
	{"POST /deferred/new", desk.DeferCases, (*Site).deferCases},
}

// An approvalsPage is the list of what waits for the reader.
type approvalsPage struct {
	*review.Approvals
	Total int // waiting or disputed, whoever may take them
}

func (approvalsPage) Wide() bool { return true }

// Count is how many cases are at a stage.
func (p approvalsPage) Count(stage string) int { return p.Counts[casefile.Stage(stage)] }

func (s *Site) listApprovals(w http.ResponseWriter, r *request) error {
	a, err := review.ListApprovals(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "approvals", "Approvals", approvalsPage{a, a.Counts[casefile.StageSubmitted] + a.Counts[casefile.StageDisputed]})
}

// An approvalPage is a case beside its review, for a second or third person.
type approvalPage struct {
	Faults
	Case     *casePage
	A        *review.Approval
	Said     []saidView // the last is in question
	Dispute  *casefile.ReviewStep
	Notice   string
	Token    string
	Do       string // approve, return, disagree
	Verdict  string
	Reason   string
	Verdicts []Option
	Until    string
}

func (*approvalPage) Wide() bool { return true }

// Last is the review in question.
func (p *approvalPage) Last() saidView { return p.Said[len(p.Said)-1] }

// Earlier are the reviews before it.
func (p *approvalPage) Earlier() []saidView { return p.Said[:len(p.Said)-1] }

// A saidView is a review as a page shows it.
type saidView struct {
	review.Said
	Sections []formSection
	Names    map[string]string // of accounts; nil where nobody is named
}

// By says who did something, where that may be said.
func (v saidView) By(account string) string {
	if name := v.Names[account]; name != "" {
		return name
	}
	return "another person"
}

// Third reports whether the review is the conclusion of a third person.
func (v saidView) Third() bool { return v.Sections != nil && v.Said.Form.Name == review.ApprovalForm }

func (s *Site) showApproval(w http.ResponseWriter, r *request) error {
	// Opening it takes it, so that two people do not read the same review.
	if _, err := review.Take(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id"))); err != nil {
		return err
	}
	return s.drawApproval(w, r, http.StatusOK, &approvalPage{})
}

func approvalAddress(id casefile.CaseID) string { return caseAddress(id) + "/approval" }

func (s *Site) drawApproval(w http.ResponseWriter, r *request, status int, p *approvalPage) error {
	id := casefile.CaseID(r.PathValue("id"))
	var err error
	if p.Case, err = s.readCase(w, r, id, "approval", approvalAddress(id)); err != nil {
		return err
	}
	if p.A, err = review.OpenApproval(r.Context(), s.Desk, r.By, p.Case.File); err != nil {
		return err
	}
	for _, said := range p.A.Reviews {
		p.Said = append(p.Said, p.Case.said(said, nil))
	}
	last := p.A.Last()
	p.Dispute = last.Dispute()
	p.Case.Mark(allCited(last.Form, last.Body), "Cited in the review")
	p.Token, p.Until = rand.Text(), clock(p.A.Lease.Until)
	if p.Do == "" {
		e := p.A.Body.Entry("verdict")
		p.Reason = e.Text
		if len(e.Chosen) == 1 {
			p.Verdict = e.Chosen[0]
		}
	}
	for _, o := range verdictOptions(p.A.Form) {
		switch {
		case !p.A.Third && o.Value == string(last.Verdict):
			continue // that is what the review says
		case p.A.Third && o.Value == string(last.Verdict):
			o.Hint = "As the review concludes."
		case p.A.Third && p.Dispute != nil && o.Value == string(p.Dispute.Verdict):
			o.Hint = "As the second person concludes."
		case p.A.Third:
			o.Hint = "A third conclusion: it waits for another person to approve it."
		}
		p.Verdicts = append(p.Verdicts, o)
	}
	_, ref := id.Split()
	title := "Approve the review of " + ref
	if p.A.Third {
		title = "Settle the disagreement on " + ref
	}
	return s.renderStatus(w, r, status, "approval", title, p)
}

func (s *Site) leaveApproval(w http.ResponseWriter, r *request) error {
	if err := review.HandBack(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id"))); err != nil {
		return err
	}
	return redirect(w, r, "/approvals", "It is free for somebody else. What you typed is kept.")
}

func verdictOptions(f *review.Form) (out []Option) {
	q, _ := f.Question("verdict")
	for _, o := range q.Options {
		out = append(out, Option{Value: o.Code, Label: o.Title})
	}
	return out
}

// said prepares a review for a page that shows it. Without a case read, passages
// are named by their kind.
func (p *casePage) said(s review.Said, names map[string]string) saidView {
	v := saidView{Said: s, Names: names}
	v.Sections, _, _ = p.sections(s.Form, s.Body, nil)
	return v
}

// takeApproval saves what was typed, then does what the button says.
func (s *Site) takeApproval(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	saved, _, err := s.saveSent(r, id)
	if saved.Kept != 0 {
		err = nil // both texts are kept, and what was sent now is what counts
	}
	p := &approvalPage{Do: r.PostForm.Get("do"), Verdict: r.PostForm.Get("a.verdict"), Reason: r.PostForm.Get("t.verdict")}
	if casefile.KindOf(err) == casefile.Invalid || casefile.KindOf(err) == casefile.Conflict {
		p.Notice = casefile.Message(err)
		return s.drawApproval(w, r, statusOf(err), p)
	}
	if err != nil {
		return err
	}
	seen, verdict := seenOf(r), casefile.Verdict(p.Verdict)
	done := ""
	switch p.Do {
	case "approve":
		err, done = review.Approve(r.Context(), s.Desk, r.By, id, seen, p.Reason), "The review was approved and is a decision now."
	case "return":
		err, done = review.Return(r.Context(), s.Desk, r.By, id, seen, p.Reason), "The review went back to its reviewer with your reason."
	case "disagree":
		err, done = review.Disagree(r.Context(), s.Desk, r.By, id, seen, verdict, p.Reason), "Your conclusion stands against the review's. A third person decides."
	case "settle":
		err, done = review.Adjudicate(r.Context(), s.Desk, r.By, id, seen, verdict, p.Reason), "The disagreement was settled."
	case "":
		p.Add("do", "Choose what you say of the review.")
		return s.drawApproval(w, r, http.StatusUnprocessableEntity, p)
	default:
		return redirect(w, r, approvalAddress(id), "Saved at "+clock(saved.At)+".")
	}
	switch casefile.KindOf(err) {
	case casefile.Invalid:
		field := "t.verdict"
		if p.Do != "return" && !slices.Contains(casefile.Verdicts(), verdict) {
			field = "a.verdict"
		}
		p.Add(field, "%s", casefile.Message(err))
		return s.drawApproval(w, r, http.StatusUnprocessableEntity, p)
	case casefile.Conflict:
		return s.lateApproval(w, r, id, p, err)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/approvals", done)
}

// lateApproval answers somebody who was not first: on the same page if it still
// waits, and otherwise on the page of the decision, where their text stands beside
// what was decided.
func (s *Site) lateApproval(w http.ResponseWriter, r *request, id casefile.CaseID, p *approvalPage, late error) error {
	p.Notice = casefile.Message(late)
	err := s.drawApproval(w, r, http.StatusConflict, p)
	if casefile.KindOf(err) == casefile.Conflict {
		return redirect(w, r, caseAddress(id)+"/decision#unsent", casefile.Message(late))
	}
	return err
}

// A decisionPage is what was decided about a case.
type decisionPage struct {
	*review.DecisionPage
	Case      *casePage
	Decided   []decidedView
	OwnView   *saidView
	UnsentAt  []formSection
	RequeueOf bool
}

type decidedView struct {
	review.Decided
	Views []saidView
}

// Name is that of one of the two people behind the decision.
func (d decidedView) Name(account string) string {
	if n := d.Names[account]; n != "" {
		return n
	}
	return account
}

func (s *Site) showDecision(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	d, err := review.ReadDecisions(r.Context(), s.Desk, r.By, id)
	if err != nil {
		return err
	}
	c := &casePage{File: &reading.File{ID: id, State: d.State}, site: s, r: r, path: caseAddress(id)}
	p := &decisionPage{DecisionPage: d, Case: c, RequeueOf: d.State.Stage == casefile.StageDeferred && s.can(r, desk.DeferCases)}
	for _, one := range d.Decisions {
		v := decidedView{Decided: one}
		for _, said := range one.Said {
			v.Views = append(v.Views, c.said(said, one.Names))
		}
		p.Decided = append(p.Decided, v)
	}
	if d.Own != nil {
		own := c.said(*d.Own, nil)
		p.OwnView = &own
	}
	if d.Unsent != nil {
		p.UnsentAt, _, _ = c.sections(d.UnsentForm, *d.Unsent, nil)
	}
	_, ref := id.Split()
	return s.render(w, r, "decision", "Decision on "+ref, p)
}

func (s *Site) reviewAnew(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := review.ReviewAnew(r.Context(), s.Desk, r.By, id, seenOf(r), r.PostForm.Get("reason")); err != nil {
		return err
	}
	return redirect(w, r, caseAddress(id), "The case is in the queue again. Its decision stands until another one supersedes it.")
}

func (s *Site) dropUnsent(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := review.DropUnsent(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	return redirect(w, r, caseAddress(id)+"/decision", "Your text was put aside.")
}

// A deferredPage lists the cases put off unread.
type deferredPage struct {
	Faults
	List   []casefile.Decision
	All    int
	Names  map[string]string
	From   int
	Newer  string
	Older  string
	Reason string
}

func (*deferredPage) Wide() bool { return true }

// deferredShown is how many cases one page of the list shows.
const deferredShown = 100

func (s *Site) listDeferred(w http.ResponseWriter, r *request) error {
	return s.drawDeferred(w, r, http.StatusOK, &deferredPage{})
}

func (s *Site) drawDeferred(w http.ResponseWriter, r *request, status int, p *deferredPage) (err error) {
	p.From = int(max(number64(r.URL.Query(), "from"), 0))
	if p.List, p.All, err = review.ListDeferred(r.Context(), s.Desk, r.By, p.From, deferredShown+1); err != nil {
		return err
	}
	if p.Names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	if len(p.List) > deferredShown {
		p.List = p.List[:deferredShown]
		p.Older = "/deferred?from=" + strconv.Itoa(p.From+deferredShown)
	}
	if p.From > 0 {
		p.Newer = "/deferred?from=" + strconv.Itoa(max(0, p.From-deferredShown))
	}
	return s.renderStatus(w, r, status, "deferred", "Put off unread", p)
}

func caseIDs(list []string) (ids []casefile.CaseID) {
	for _, id := range list {
		ids = append(ids, casefile.CaseID(id))
	}
	return ids
}

// maxChosenCases bounds what one form may name.
const maxChosenCases = 500

func (s *Site) requeue(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	p := &deferredPage{Reason: r.PostForm.Get("reason")}
	ids := caseIDs(r.PostForm["case"])
	switch {
	case len(ids) == 0:
		p.Add("case", "Choose the cases to take back into the queue.")
	case len(ids) > maxChosenCases:
		p.Add("case", "At most %d cases at a time.", maxChosenCases)
	}
	if len(p.Faults) == 0 {
		b, err := review.Requeue(r.Context(), s.Desk, r.By, ids, p.Reason)
		if err == nil {
			return redirect(w, r, "/deferred", bulkSaid(b, "taken back into the queue"))
		}
		if casefile.KindOf(err) != casefile.Invalid {
			return err
		}
		p.Add("reason", "%s", casefile.Message(err))
	}
	return s.drawDeferred(w, r, http.StatusUnprocessableEntity, p)
}

// bulkSaid says what became of an act on many cases.
func bulkSaid(b review.Bulk, done string) string {
	said := fmt.Sprintf("%d cases were %s.", b.Done, done)
	if b.Done == 1 {
		said = "1 case was " + done + "."
	}
	var whys []string
	for why := range b.Skipped {
		whys = append(whys, why)
	}
	slices.Sort(whys)
	for _, why := range whys {
		said += fmt.Sprintf(" Left as they were, %d: %s", b.Skipped[why], why)
	}
	return said
}

// A deferPage asks before cases are put off unread: those of a filter, or one.
type deferPage struct {
	Faults
	Query  string // of the list of cases
	One    casefile.CaseID
	Found  int
	Hidden int
	Sample []casefile.CaseID
	Reason string
	Words  []string // the filter
}

// deferMost is how many cases are put off at once. Twice that is another decision.
const deferMost = 2000

// readDefer finds the cases that the address or the form names.
func (s *Site) readDefer(r *request, q url.Values) (*deferPage, []casefile.CaseID, error) {
	p := &deferPage{Query: q.Get("query"), One: casefile.CaseID(q.Get("case"))}
	if p.One != "" {
		p.Found = 1
		return p, []casefile.CaseID{p.One}, nil
	}
	values, err := url.ParseQuery(p.Query)
	if err != nil {
		return nil, nil, casefile.Errorf(casefile.Invalid, "That filter cannot be read. Choose it again in the list of cases.")
	}
	f := cohort.ReadFilter(values)
	if !f.Narrows() {
		return nil, nil, casefile.Errorf(casefile.Invalid, "Choose a filter first: putting off every case of the register is not offered. Narrow the list of cases, then come back.")
	}
	m, err := cohort.Matching(r.Context(), s.Desk, r.By, f)
	if err != nil {
		return nil, nil, err
	}
	p.Query = f.Query()
	for name, chosen := range f.Chosen {
		for _, v := range chosen {
			p.Words = append(p.Words, name+": "+v)
		}
	}
	if f.Ref != "" {
		p.Words = append(p.Words, "reference: "+f.Ref)
	}
	if f.Group != "" {
		p.Words = append(p.Words, "group: "+f.Group)
	}
	slices.Sort(p.Words)
	p.Found, p.Hidden = len(m.Lines), m.Hidden
	var ids []casefile.CaseID
	for i, line := range m.Lines {
		if i < 20 {
			p.Sample = append(p.Sample, line.ID)
		}
		ids = append(ids, line.ID)
	}
	return p, ids, nil
}

func (s *Site) askDefer(w http.ResponseWriter, r *request) error {
	p, _, err := s.readDefer(r, r.URL.Query())
	if err != nil {
		return err
	}
	shown := p.Sample
	if p.One != "" {
		shown = []casefile.CaseID{p.One}
	}
	err = s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ListRead, Body: map[string]any{"list": "to be put off", "query": p.Query, "cases": shown}})
	if err != nil {
		return err
	}
	return s.render(w, r, "defer", "Put cases off unread", p)
}

func (s *Site) deferCases(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	p, ids, err := s.readDefer(r, r.PostForm)
	if err != nil {
		return err
	}
	p.Reason = r.PostForm.Get("reason")
	switch found := number64(r.PostForm, "found"); {
	case found != int64(len(ids)):
		p.Add("", "The filter finds %d cases now and not %d. Look once more, then confirm.", len(ids), max(found, 0))
	case len(ids) > deferMost:
		p.Add("", "These are %d cases; at most %d are put off at once. Narrow the filter.", len(ids), deferMost)
	case len(ids) == 0:
		p.Add("", "The filter finds no case.")
	}
	if len(p.Faults) == 0 {
		b, err := review.Defer(r.Context(), s.Desk, r.By, ids, p.Reason)
		if err == nil {
			return redirect(w, r, "/deferred", bulkSaid(b, "put off unread"))
		}
		if casefile.KindOf(err) != casefile.Invalid {
			return err
		}
		p.Add("reason", "%s", casefile.Message(err))
	}
	return s.renderStatus(w, r, http.StatusUnprocessableEntity, "defer", "Put cases off unread", p)
}
