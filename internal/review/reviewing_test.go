package review

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// A room is a register with a team, and a clock that a test moves.
type room struct {
	*desk.Desk
	t     *testing.T
	mu    sync.Mutex
	clock time.Time
}

func (r *room) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(time.Millisecond)
	return r.clock
}

func (r *room) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

// The force of these tests: eight cases, all of them in scope but C7, of which it
// is not known, and C8, which is out. Their officers are OFFICER ONE and others;
// SGT TWO supervised C2 in its log. A victim of C5 was missing; C6 is flagged.
var roomTables = desktest.Tables{
	casefile.Investigations: `crime_ref,recorded_at,reported_at,offence_from,offence_to,offence_code,status,outcome_code,outcome_scheme,outcome_at,nfa_by,oic,supervisor,unit,mo_text,closing_text
C1,2012-03-01,2012-03-01,2012-02-01,2012-02-02,19C,closed,15,ho2013,2014-05-01,police,OFFICER ONE,,CID,How it was done.,
C2,2013-03-01,2013-03-01,2013-02-01,2013-02-02,19C,closed,15,ho2013,2014-05-01,police,OFFICER THREE,,CID,,No lines remain.
C3,2014-03-01,2014-03-01,2014-02-01,2014-02-02,19C,closed,15,ho2013,2014-05-01,police,OFFICER THREE,,CID,,
C4,2015-03-01,2015-03-01,2015-02-01,2015-02-02,19C,closed,15,ho2013,2015-05-01,police,OFFICER THREE,,CID,,
C5,2016-03-01,2016-03-01,2016-02-01,2016-02-02,19C,closed,15,ho2013,2016-05-01,police,OFFICER THREE,,CID,,
C6,2017-03-01,2017-03-01,2017-02-01,2017-02-02,19C,closed,15,ho2013,2017-05-01,police,OFFICER THREE,,CID,,
C7,2011-03-01,2011-03-01,2011-02-01,2011-02-02,19C,closed,,,,,OFFICER THREE,,CID,,
C8,2010-03-01,2010-03-01,2010-02-01,2010-02-02,19C,closed,1,ho2013,2010-05-01,,OFFICER THREE,,CID,,
`,
	casefile.Nominals: `nominal_ref,surname,forenames,dob,recorded_at
N1,Alder,Ada,2002-01-01,2012-03-01
N2,Birch,Bea,2003-01-01,2016-03-01
N3,Cedar,Carl,1970-01-01,2012-03-01
`,
	casefile.Involvements: `crime_ref,nominal_ref,role,recorded_at
C1,N1,victim,2012-03-01
C1,N3,suspect,2012-03-01
C5,N2,victim,2016-03-01
`,
	casefile.Missing: `nominal_ref,from,to
N2,2016-01-10,2016-01-12
`,
	casefile.Flags: `crime_ref,code,label,set_at
C6,CSE,Child sexual exploitation,2017-03-02
`,
	casefile.Log: "crime_ref,seq,at,author,rank,type,text,supervisor\n" +
		"C1,1,2012-03-02,PC 1,PC,entry,\"She names two men. A car was seen.\r\nThe car was seen twice.\",n\n" +
		"C1,2,2012-03-03,PC 1,PC,entry,Der Zeuge heißt anders 😀 und schweigt.,n\n" +
		"C2,1,2013-03-02,SGT TWO,Sgt,review,Reviewed and closed.,y\n" +
		"C2,2,2013-03-02,PC 1,PC,entry,Enquiries done.,n\n" +
		"C3,1,2014-03-02,PC 1,PC,entry,Enquiries done.,n\n" +
		"C4,1,2015-03-02,PC 1,PC,entry,Enquiries done.,n\n",
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, clock: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, desktest.Operator, r.now); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, r.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r.Desk = &desk.Desk{DB: db, Code: "test"}
	desktest.Import(t, r.Desk, desktest.Folder(t, roomTables))
	desktest.Analyse(t, r.Desk)
	terms, err := scope.Parse([]byte(`{"name":"nfa","version":1,"title":"NFA","source":"made up for these tests","criteria":[{"id":"nfa","title":"No further action","test":"nfa"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := cohort.Adopt(t.Context(), r.Desk, desktest.Operator, terms, "for the tests"); err != nil {
		t.Fatal(err)
	}
	r.add("one", casefile.Reviewer)
	r.add("two", casefile.Reviewer)
	r.add("officer", casefile.Reviewer, "Officer One", "Sgt  Two")
	r.add("sup", casefile.Supervisor)
	r.add("sup2", casefile.Supervisor)
	r.add("sup3", casefile.Supervisor)
	r.add("suponc1", casefile.Supervisor, "OFFICER ONE")
	return r
}

func (r *room) add(id string, role casefile.Role, knownAs ...string) {
	r.t.Helper()
	err := r.DB.Update(r.t.Context(), desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		err := tx.AddAccount(r.t.Context(), store.Account{ID: id, Name: "Name of " + id, Roles: []casefile.Role{role}, KnownAs: knownAs, CreatedAt: tx.Now})
		return []ledger.Event{{Kind: ledger.AccountAdded, Subject: id}}, err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

var (
	one, two, formerOfficer  = reviewerActor("one"), reviewerActor("two"), reviewerActor("officer")
	sup, sup2, sup3, suponc1 = supervisorActor("sup"), supervisorActor("sup2"), supervisorActor("sup3"), supervisorActor("suponc1")
	analyst                  = casefile.Actor{ID: "analyst", Roles: []casefile.Role{casefile.Analyst}}
	panel                    = casefile.Actor{ID: "panel", Roles: []casefile.Role{casefile.Panel}}
)

func reviewerActor(id string) casefile.Actor {
	return casefile.Actor{ID: id, Roles: []casefile.Role{casefile.Reviewer}}
}

func supervisorActor(id string) casefile.Actor {
	return casefile.Actor{ID: id, Roles: []casefile.Role{casefile.Supervisor}}
}

func caseNo(n int) casefile.CaseID {
	return casefile.NewCaseID(casefile.UnstatedSystem, fmt.Sprintf("C%d", n))
}

// wants fails unless err is of the kind, "" for none, and says the words.
func (r *room) wants(err error, kind casefile.Kind, words string) {
	r.t.Helper()
	if casefile.KindOf(err) != kind || (err != nil) != (kind != "") || err != nil && !strings.Contains(casefile.Message(err), words) {
		r.t.Fatalf("error %v (%s), want %s with %q", err, casefile.KindOf(err), kind, words)
	}
}

func (r *room) view(f func(tx *store.Tx) error) {
	r.t.Helper()
	if err := r.DB.View(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) state(id casefile.CaseID) (s casefile.CaseState) {
	r.t.Helper()
	r.view(func(tx *store.Tx) (err error) { s, err = tx.CaseState(r.t.Context(), id); return err })
	return s
}

// texts returns the texts of a case that may be cited, by part and number.
func (r *room) entries(id casefile.CaseID) (log []casefile.LogEntry) {
	r.t.Helper()
	r.view(func(tx *store.Tx) (err error) { log, err = tx.LogOf(r.t.Context(), id); return err })
	return log
}

func (r *room) open(by casefile.Actor, id casefile.CaseID) (*reading.File, *Desktop) {
	r.t.Helper()
	f, err := reading.OpenCase(r.t.Context(), r.Desk, by, id, "review", reading.Look{})
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := OpenReview(r.t.Context(), r.Desk, by, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return f, d
}

const (
	enoughReason  = "The enquiries that were open then have been read and weighed here."
	fullestReason = enoughReason + " Nothing that could be done today would add to what was done at the time, and the file says why."
)

// filled is a form that may be submitted for a case with this passage.
func filled(v casefile.Verdict, cited ...casefile.Citation) (b Body) {
	f := CurrentForm(ReviewForm)
	for _, q := range []string{"lines", "risk", "safeguarding", "justice"} {
		b.Set(f, q, Entry{Chosen: []string{"no"}, Text: enoughReason})
	}
	b.Set(f, "causes", Entry{Chosen: []string{"no-supervision"}})
	b.Set(f, "ethnicity", Entry{Chosen: []string{"not looked"}})
	b.Set(f, "nationality", Entry{Chosen: []string{"not stated"}})
	b.Set(f, "verdict", Entry{Chosen: []string{string(v)}, Text: fullestReason, Evidence: cited})
	return b
}

// passageOf cites the first words of a case's first log entry.
func (r *room) passageOf(by casefile.Actor, id casefile.CaseID) casefile.Citation {
	r.t.Helper()
	c, err := Cite(r.t.Context(), r.Desk, by, id, casefile.Citation{Row: r.entries(id)[0].Row, Part: casefile.PartLog})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// submit takes a case through to a submitted review.
func (r *room) submit(by casefile.Actor, id casefile.CaseID, v casefile.Verdict) {
	r.t.Helper()
	ctx := r.t.Context()
	if err := Start(ctx, r.Desk, by, id); err != nil {
		r.t.Fatal(err)
	}
	_, d := r.open(by, id)
	b := filled(v, r.passageOf(by, id))
	saved, err := SaveDraft(ctx, r.Desk, by, id, Save{Form: d.Form.ID(), Body: []byte(b.JSON()), Base: d.Draft, Page: "p", N: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	faults, err := Submit(ctx, r.Desk, by, id, Submission{Draft: saved.Version, Seen: d.State.Version, Shown: d.Shown})
	if err != nil || len(faults) > 0 {
		r.t.Fatalf("submit: %v %v", err, faults)
	}
}

func (r *room) events(kind ledger.Kind, subject casefile.CaseID) (n int, last ledger.Event) {
	r.t.Helper()
	r.view(func(tx *store.Tx) error {
		for sealed, err := range tx.Events(r.t.Context()) {
			if err != nil {
				return err
			}
			if e, err := ledger.Unseal(sealed); err != nil {
				return err
			} else if e.Kind == kind && e.Subject == string(subject) {
				n, last = n+1, e
			}
		}
		return nil
	})
	return n, last
}

func TestAReviewBecomesADecisionOfTwoPeople(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(1)
	r.submit(one, id, casefile.Reinvestigate)
	s := r.state(id)
	if s.Stage != casefile.StageSubmitted || s.Reviewer != "one" || s.Verdict != casefile.Reinvestigate {
		t.Fatalf("after submitting: %+v", s)
	}
	if n, e := r.events(ledger.ReviewSubmitted, id); n != 1 || e.Purpose != fullestReason || strings.Contains(string(e.Body.(json.RawMessage)), "ethnicity") {
		t.Errorf("event of the review: %d, %q, %s", n, e.Purpose, e.Body)
	}
	r.wants(Approve(ctx, r.Desk, one, id, s.Version, ""), casefile.Forbidden, "roles")
	r.wants(Approve(ctx, r.Desk, suponc1, id, s.Version, ""), casefile.Forbidden, "name you")
	r.wants(Approve(ctx, r.Desk, sup, id, s.Version-1, ""), casefile.Conflict, "changed")
	r.wants(Approve(ctx, r.Desk, sup, id, s.Version+7, ""), casefile.Conflict, "does not fit")
	r.wants(Approve(ctx, r.Desk, sup, id, s.Version, "Agreed."), "", "")
	r.wants(Approve(ctx, r.Desk, sup2, id, s.Version, ""), casefile.Conflict, "")
	p, err := ReadDecisions(ctx, r.Desk, analyst, id)
	if err != nil || len(p.Decisions) != 1 {
		t.Fatal(err, p)
	}
	d := p.Decisions[0]
	if d.MadeBy != "one" || d.Second != "sup" || d.Verdict != casefile.Reinvestigate || d.Names["one"] != "Name of one" || !strings.Contains(d.Shown, `"rows":[[`) {
		t.Errorf("decision %+v", d.Decision)
	}
	for _, kind := range []ledger.Kind{ledger.ReviewApproved, ledger.DecisionMade} {
		if n, _ := r.events(kind, id); n != 1 {
			t.Errorf("%d events %s", n, kind)
		}
	}
}

// Both roles in one account change nothing: a review is approved by another person.
func TestNobodyApprovesTheirOwnReview(t *testing.T) {
	r := newRoom(t)
	both := casefile.Actor{ID: "both", Roles: []casefile.Role{casefile.Reviewer, casefile.Supervisor}}
	r.submit(both, caseNo(3), casefile.Reinvestigate)
	seen := r.state(caseNo(3)).Version
	r.wants(Approve(t.Context(), r.Desk, both, caseNo(3), seen, ""), casefile.Forbidden, "your own")
	r.wants(Return(t.Context(), r.Desk, both, caseNo(3), seen, enoughReason), casefile.Forbidden, "your own")
	r.wants(Disagree(t.Context(), r.Desk, both, caseNo(3), seen, casefile.ReferNational, enoughReason), casefile.Forbidden, "your own")
	a, err := ListApprovals(t.Context(), r.Desk, both)
	if err != nil || len(a.Waiting) != 0 {
		t.Errorf("waiting for its own maker: %v %v", a, err)
	}
	a, err = ListApprovals(t.Context(), r.Desk, sup)
	if err != nil || len(a.Waiting) != 1 || a.Waiting[0].Reviewer != "" {
		t.Errorf("waiting for another: %+v %v", a, err)
	}
}

func TestAReturnedReviewIsADraftAgain(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.submit(one, id, casefile.Reinvestigate)
	seen := r.state(id).Version
	r.wants(Return(ctx, r.Desk, sup, id, seen, "no"), casefile.Invalid, "too short")
	r.wants(Return(ctx, r.Desk, sup, id, seen, "Say which exhibits were kept, please."), "", "")
	if s := r.state(id); s.Stage != casefile.StageReturned || s.Reviewer != "one" {
		t.Fatalf("%+v", s)
	}
	r.wants(Start(ctx, r.Desk, two, id), casefile.Conflict, "back with the reviewer")
	n, err := NextCase(ctx, r.Desk, one)
	if err != nil || n.Case != id || !strings.Contains(n.Why, "came back") {
		t.Fatalf("next %+v %v", n, err)
	}
	_, d := r.open(one, id)
	if d.Body.Entry("verdict").Text != fullestReason || d.Returned == nil || !strings.Contains(d.Returned.Reason, "exhibits") {
		t.Errorf("the draft does not hold the review: %+v", d)
	}
	faults, err := Submit(ctx, r.Desk, one, id, Submission{Draft: d.Draft, Seen: d.State.Version, Shown: d.Shown})
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	r.wants(Approve(ctx, r.Desk, sup, id, r.state(id).Version, ""), "", "")
	p, err := ReadDecisions(ctx, r.Desk, sup, id)
	if err != nil || len(p.Decisions) != 1 || len(p.Decisions[0].Said) != 2 || p.Decisions[0].Said[1].Supersedes != p.Decisions[0].Said[0].ID {
		t.Errorf("both reviews are to stand behind the decision: %+v %v", p, err)
	}
}

func TestAReviewerTakesAReviewBackAsLongAsNobodyAnswered(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.submit(one, id, casefile.Reinvestigate)
	r.wants(Withdraw(ctx, r.Desk, two, id, r.state(id).Version, ""), casefile.Conflict, "no review of yours")
	r.wants(Withdraw(ctx, r.Desk, one, id, 0, ""), casefile.Conflict, "changed")
	r.wants(Withdraw(ctx, r.Desk, one, id, r.state(id).Version, "a page was missed"), "", "")
	_, d := r.open(one, id)
	if d.Body.Verdict() != casefile.Reinvestigate || d.State.Stage != casefile.StageOpen {
		t.Errorf("%+v", d)
	}
	if n, _ := r.events(ledger.ReviewWithdrawn, id); n != 1 {
		t.Error("no event")
	}
	r.wants(Approve(ctx, r.Desk, sup, id, r.state(id).Version, ""), casefile.Conflict, "to be reviewed")
}

func TestADisagreementGoesToAThirdPerson(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	dispute := func(id casefile.CaseID) int {
		r.submit(one, id, casefile.Reinvestigate)
		seen := r.state(id).Version
		r.wants(Disagree(ctx, r.Desk, sup, id, seen, casefile.Reinvestigate, enoughReason), casefile.Invalid, "conclusion of the review itself")
		r.wants(Disagree(ctx, r.Desk, sup, id, seen, "whatever", enoughReason), casefile.Invalid, "Choose")
		r.wants(Disagree(ctx, r.Desk, sup, id, seen, casefile.SafeguardNow, fullestReason), casefile.Invalid, "present risk")
		r.wants(Disagree(ctx, r.Desk, sup, id, seen, casefile.ReferNational, fullestReason), "", "")
		return r.state(id).Version
	}
	t.Run("for the second", func(t *testing.T) {
		id := caseNo(2)
		seen := dispute(id)
		r.wants(Adjudicate(ctx, r.Desk, sup, id, seen, casefile.ReferNational, fullestReason), casefile.Forbidden, "one of the two")
		r.wants(Adjudicate(ctx, r.Desk, one, id, seen, casefile.ReferNational, fullestReason), casefile.Forbidden, "roles")
		if a, _ := ListApprovals(ctx, r.Desk, sup); len(a.Disputed) != 0 {
			t.Errorf("one of the two sees it as theirs to settle: %+v", a.Disputed)
		}
		if a, _ := ListApprovals(ctx, r.Desk, sup2); len(a.Disputed) != 1 {
			t.Errorf("a third person does not see it: %+v", a)
		}
		r.wants(Adjudicate(ctx, r.Desk, sup2, id, seen, casefile.ReferNational, fullestReason), "", "")
		d := lastDecision(r, id)
		if d.MadeBy != "sup" || d.Second != "sup2" || d.Verdict != casefile.ReferNational {
			t.Errorf("%+v", d)
		}
	})
	t.Run("for the review", func(t *testing.T) {
		id := caseNo(3)
		seen := dispute(id)
		r.wants(Adjudicate(ctx, r.Desk, sup2, id, seen, casefile.Reinvestigate, fullestReason), "", "")
		if d := lastDecision(r, id); d.MadeBy != "one" || d.Second != "sup2" || d.Verdict != casefile.Reinvestigate {
			t.Errorf("%+v", d)
		}
	})
	t.Run("a third conclusion waits for another person", func(t *testing.T) {
		id := caseNo(4)
		seen := dispute(id)
		r.wants(Adjudicate(ctx, r.Desk, sup2, id, seen, casefile.NoFurtherLines, fullestReason), "", "")
		s := r.state(id)
		if s.Stage != casefile.StageSubmitted || s.Reviewer != "sup2" {
			t.Fatalf("%+v", s)
		}
		r.wants(Approve(ctx, r.Desk, sup2, id, s.Version, ""), casefile.Forbidden, "your own")
		r.wants(Return(ctx, r.Desk, sup, id, s.Version, enoughReason), casefile.Conflict, "third person")
		r.wants(Approve(ctx, r.Desk, sup, id, s.Version, ""), "", "")
		if d := lastDecision(r, id); d.MadeBy != "sup2" || d.Second != "sup" || d.Verdict != casefile.NoFurtherLines {
			t.Errorf("%+v", d)
		}
	})
}

func lastDecision(r *room, id casefile.CaseID) (d casefile.Decision) {
	r.t.Helper()
	r.view(func(tx *store.Tx) error {
		all, err := tx.Decisions(r.t.Context(), id)
		if len(all) > 0 {
			d = all[len(all)-1]
		}
		return err
	})
	return d
}

func TestADecisionIsSupersededAndNeverEdited(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.submit(one, id, casefile.Reinvestigate)
	r.wants(Approve(ctx, r.Desk, sup, id, r.state(id).Version, ""), "", "")
	first := lastDecision(r, id)
	r.wants(Start(ctx, r.Desk, two, id), casefile.Conflict, "decided")
	r.wants(ReviewAnew(ctx, r.Desk, two, id, r.state(id).Version, enoughReason), casefile.Forbidden, "")
	r.wants(ReviewAnew(ctx, r.Desk, sup, id, r.state(id).Version, ""), casefile.Invalid, "reason")
	r.wants(ReviewAnew(ctx, r.Desk, sup, id, r.state(id).Version, "New records came from the archive."), "", "")
	r.submit(two, id, casefile.ReferNational)
	r.wants(Approve(ctx, r.Desk, sup2, id, r.state(id).Version, ""), "", "")
	second := lastDecision(r, id)
	if second.Supersedes != first.ID || second.MadeBy != "two" {
		t.Errorf("%+v supersedes %+v", second, first)
	}
	r.view(func(tx *store.Tx) error {
		all, err := tx.Decisions(ctx, id)
		if len(all) != 2 || all[0] != first {
			t.Errorf("the first decision changed: %+v", all)
		}
		return err
	})
}

func TestALeaseKeepsOthersOutAndLapsesByItself(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	r.wants(Start(ctx, r.Desk, two, id), casefile.Conflict, "open now")
	r.wait(20 * time.Minute)
	if s, err := Renew(ctx, r.Desk, one, id); err != nil || !s.Mine {
		t.Fatal(s, err)
	}
	r.wait(20 * time.Minute)
	r.wants(Start(ctx, r.Desk, two, id), casefile.Conflict, "open now") // renewed by activity
	_, d := r.open(one, id)
	saved, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: d.Form.ID(), Body: []byte(`{"answers":{"lines":{"text":"mine"}}}`), Page: "p", N: 1})
	if err != nil || !saved.Lease.Mine {
		t.Fatal(saved, err)
	}
	r.wait(29 * time.Minute)
	r.wants(Start(ctx, r.Desk, two, id), casefile.Conflict, "open now") // a save renews it
	r.wait(2 * time.Minute)
	_, d = r.open(one, id)
	if l := d.Stand.Lease; !l.Lapsed || !strings.Contains(l.Say, "Your lease lapsed at ") || !strings.Contains(l.Say, "nobody else has opened it") {
		t.Errorf("lapsed lease: %+v", l)
	}
	r.wants(Start(ctx, r.Desk, two, id), "", "")
	_, d = r.open(one, id)
	if l := d.Stand.Lease; !l.Others || !strings.Contains(l.Say, "now with another reviewer") || strings.Contains(fmt.Sprint(d.Stand), "two") {
		t.Errorf("lease of another: %+v", d.Stand)
	}
	if d.Body.Entry("lines").Text != "mine" {
		t.Error("the text went with the lease")
	}
	// What is typed is kept all the same, and cannot be submitted over the other's head.
	saved, err = SaveDraft(ctx, r.Desk, one, id, Save{Form: d.Form.ID(), Body: []byte(filled(casefile.Reinvestigate, r.passageOf(one, id)).JSON()), Base: d.Draft, Page: "p", N: 2})
	if err != nil || !saved.Lease.Others {
		t.Fatal(saved, err)
	}
	_, err = Submit(ctx, r.Desk, one, id, Submission{Draft: saved.Version, Seen: d.State.Version, Shown: d.Shown})
	r.wants(err, casefile.Conflict, "Another reviewer has this case open")
	r.wants(HandBack(ctx, r.Desk, two, id), "", "")
	faults, err := Submit(ctx, r.Desk, one, id, Submission{Draft: saved.Version, Seen: d.State.Version, Shown: d.Shown})
	if err != nil || len(faults) > 0 {
		t.Errorf("nobody else has it: %v %v", faults, err)
	}
}

func TestASupervisorTakesACaseBackAndItsHolderIsTold(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(TakeOver(ctx, r.Desk, sup, id, "waits too long"), casefile.Conflict, "Nobody")
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	r.wants(TakeOver(ctx, r.Desk, two, id, "mine"), casefile.Forbidden, "")
	r.wants(TakeOver(ctx, r.Desk, sup, id, " "), casefile.Invalid, "why")
	r.wants(TakeOver(ctx, r.Desk, sup, id, "Needed today by somebody trained"), "", "")
	_, d := r.open(one, id)
	if l := d.Stand.Lease; !strings.Contains(l.Say, "A supervisor took this case back") || !strings.Contains(l.Say, "Needed today") {
		t.Errorf("%+v", l)
	}
	r.wants(Start(ctx, r.Desk, one, id), casefile.Conflict, "supervisor took this case back")
	if n, err := NextCase(ctx, r.Desk, one); err != nil || n.Case == id {
		t.Errorf("it came back at once: %+v %v", n, err)
	}
	r.wants(Start(ctx, r.Desk, two, id), "", "")
	if n, _ := r.events(ledger.LeaseEnded, id); n != 1 {
		t.Error("no event")
	}
}

func TestTwoPagesOfOneReviewBothKeepTheirText(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	save := func(page string, n, base int, text string) (Saved, error) {
		return SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: fmt.Appendf(nil, `{"answers":{"lines":{"text":%q}}}`, text), Base: base, Page: page, N: n})
	}
	must := func(s Saved, err error) Saved {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := must(save("A", 1, 0, "a1"))
	must(save("A", 2, a.Version, "a2"))
	// The answer to the second save was lost: the page sends on from the first.
	a = must(save("A", 3, a.Version, "a3"))
	// A beacon of an earlier text that comes late changes nothing.
	if late := must(save("A", 2, 1, "a2")); late.Version != a.Version {
		t.Errorf("a late save counted: %+v", late)
	}
	b, err := save("B", 1, 1, "b1")
	r.wants(err, casefile.Conflict, "Both texts are kept")
	if b.Kept == 0 {
		t.Fatal("the second text was not kept")
	}
	b2, err := save("B", 2, 1, "b2")
	if r.wants(err, casefile.Conflict, ""); b2.Kept != b.Kept {
		t.Errorf("a page that goes on keeps a second text: %d, %d", b.Kept, b2.Kept)
	}
	_, d := r.open(one, id)
	if d.Body.Entry("lines").Text != "a3" || len(d.Kept) != 1 || !strings.Contains(d.Kept[0].Body, "b2") {
		t.Errorf("draft %+v, kept %+v", d.Body, d.Kept)
	}
	r.wants(PutAside(ctx, r.Desk, one, id, b.Kept), "", "")
	if _, d = r.open(one, id); len(d.Kept) != 0 {
		t.Error("put aside and still there")
	}
	// Page B, which has seen the draft as it stands, saves; A has not, and is refused.
	must(save("B", 3, d.Draft, "b3"))
	_, err = save("A", 4, a.Version, "a4")
	r.wants(err, casefile.Conflict, "")
}

func TestManySavesAtOnceLoseNothing(t *testing.T) {
	r := newRoom(t)
	id := caseNo(3)
	r.wants(Start(t.Context(), r.Desk, one, id), "", "")
	var wg sync.WaitGroup
	var mu sync.Mutex
	sent := map[string]bool{}
	for page := range 8 {
		wg.Go(func() {
			base := 0
			for n := 1; n <= 5; n++ {
				text := fmt.Sprintf("page %d text %d", page, n)
				s, err := SaveDraft(context.Background(), r.Desk, one, id, Save{Form: "review@1", Body: fmt.Appendf(nil, `{"answers":{"lines":{"text":%q}}}`, text), Base: base, Page: fmt.Sprint(page), N: n})
				if err != nil && casefile.KindOf(err) != casefile.Conflict {
					t.Error(err)
				}
				if err == nil {
					base = s.Version
				}
			}
			mu.Lock()
			sent[fmt.Sprintf("page %d text 5", page)] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	_, d := r.open(one, id)
	all := d.Body.JSON()
	for _, k := range d.Kept {
		all += k.Body
	}
	for text := range sent {
		if !strings.Contains(all, text) {
			t.Errorf("%q is lost", text)
		}
	}
}

func TestAStaleOrForgedVersionDecidesNothing(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	_, d := r.open(one, id)
	b := filled(casefile.Reinvestigate, r.passageOf(one, id))
	s, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: []byte(b.JSON()), Page: "p", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what string
		Submission
	}{
		{"draft", Submission{s.Version - 1, d.State.Version, d.Shown}},
		{"draft to come", Submission{s.Version + 1, d.State.Version, d.Shown}},
		{"case to come", Submission{s.Version, d.State.Version + 3, d.Shown}},
		{"no case", Submission{s.Version, -1, d.Shown}},
		{"page", Submission{s.Version, d.State.Version, "0123"}},
	} {
		if faults, err := Submit(ctx, r.Desk, one, id, x.Submission); casefile.KindOf(err) != casefile.Conflict || len(faults) > 0 {
			t.Errorf("%s: %v %v", x.what, faults, err)
		}
	}
	// A risk raised meanwhile is something decided about the case.
	if _, err := casework.RaiseRisk(ctx, r.Desk, two, casework.RiskForm{Case: id, Who: "not known", Kinds: []string{casework.RiskKinds().Kinds[0].Code}}); err != nil {
		t.Fatal(err)
	}
	_, err = Submit(ctx, r.Desk, one, id, Submission{s.Version, d.State.Version, d.Shown})
	r.wants(err, casefile.Conflict, "changed while you had it open")
	if got := r.state(id); got.Stage != casefile.StageOpen {
		t.Errorf("%+v", got)
	}
	_, d = r.open(one, id)
	if faults, err := Submit(ctx, r.Desk, one, id, Submission{s.Version, d.State.Version, d.Shown}); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

func TestNewRecordsWithdrawThePageThatHasNotSeenThem(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	_, d := r.open(one, id)
	s, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: []byte(filled(casefile.Reinvestigate, r.passageOf(one, id)).JSON()), Page: "p", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	more := desktest.Tables{}
	for name, text := range roomTables {
		more[name] = text
	}
	more[casefile.Log] += "C3,2,2014-03-05,PC 1,PC,entry,An entry from the archive.,n\n"
	desktest.Import(t, r.Desk, desktest.Folder(t, more))
	_, err = Submit(ctx, r.Desk, one, id, Submission{s.Version, d.State.Version, d.Shown})
	r.wants(err, casefile.Conflict, "changed since you opened this page")
}

func TestTwoSupervisorsAtOnceMakeOneDecision(t *testing.T) {
	r := newRoom(t)
	id := caseNo(3)
	r.submit(one, id, casefile.Reinvestigate)
	seen := r.state(id).Version
	errs := make(chan error, 12)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			by := []casefile.Actor{sup, sup2, sup3}[i%3]
			switch i % 2 {
			case 0:
				errs <- Approve(context.Background(), r.Desk, by, id, seen, "")
			default:
				errs <- Disagree(context.Background(), r.Desk, by, id, seen, casefile.ReferNational, fullestReason)
			}
		})
	}
	wg.Wait()
	close(errs)
	won := 0
	for err := range errs {
		if err == nil {
			won++
		} else if casefile.KindOf(err) != casefile.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 12 decided", won)
	}
}

func TestARestrictedCaseDoesNotExistForOthers(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.submit(one, id, casefile.Reinvestigate)
	seen := r.state(id).Version
	err := r.DB.Update(ctx, desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		err := tx.Restrict(ctx, store.Restriction{Case: id, Kind: "other", Reason: "for the test", SetBy: "operator:test"})
		return []ledger.Event{{Kind: ledger.CaseRestricted, Subject: string(id)}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	save := Save{Form: "review@1", Body: []byte(`{}`), Page: "p", N: 1}
	for what, err := range map[string]error{
		"start":    Start(ctx, r.Desk, two, id),
		"approve":  Approve(ctx, r.Desk, sup, id, seen, ""),
		"return":   Return(ctx, r.Desk, sup, id, seen, enoughReason),
		"disagree": Disagree(ctx, r.Desk, sup, id, seen, casefile.ReferNational, fullestReason),
		"withdraw": Withdraw(ctx, r.Desk, one, id, seen, ""),
		"anew":     ReviewAnew(ctx, r.Desk, sup, id, seen, enoughReason),
		"recuse":   Recuse(ctx, r.Desk, two, id, "no"),
		"takeover": TakeOver(ctx, r.Desk, sup, id, "why"),
		"handback": HandBack(ctx, r.Desk, two, id),
		"renew":    second1(Renew(ctx, r.Desk, two, id)),
		"save":     second1(SaveDraft(ctx, r.Desk, two, id, save)),
		"take":     second1(Take(ctx, r.Desk, sup, id)),
		"cite":     second1(Cite(ctx, r.Desk, two, id, casefile.Citation{Row: 1, Part: casefile.PartLog})),
		"stand":    second1(Standing(ctx, r.Desk, two, id)),
		"decided":  second1(ReadDecisions(ctx, r.Desk, two, id)),
		"submit":   second1(Submit(ctx, r.Desk, two, id, Submission{})),
	} {
		if casefile.KindOf(err) != casefile.NotFound || strings.Contains(casefile.Message(err), "restrict") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if a, err := ListApprovals(ctx, r.Desk, sup); err != nil || len(a.Waiting) != 0 || a.Counts[casefile.StageSubmitted] != 1 {
		t.Errorf("a list shows it, or a total lacks it: %+v %v", a, err)
	}
	b, err := Requeue(ctx, r.Desk, sup, []casefile.CaseID{id}, "why")
	if err != nil || b.Done != 0 || len(b.Skipped) != 0 {
		t.Errorf("a bulk act tells of it: %+v %v", b, err)
	}
}

func second1[T any](_ T, err error) error { return err }

func TestVerbsAskForLeave(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	for what, err := range map[string]error{
		"next":      second1(NextCase(ctx, r.Desk, sup)),
		"queue":     second1(MyQueue(ctx, r.Desk, panel)),
		"start":     Start(ctx, r.Desk, analyst, id),
		"save":      second1(SaveDraft(ctx, r.Desk, analyst, id, Save{Form: "review@1", Body: []byte(`{}`)})),
		"own words": second1(SaveDraft(ctx, r.Desk, one, id, Save{Form: "approval@1", Body: []byte(`{}`)})),
		"submit":    second1(Submit(ctx, r.Desk, analyst, id, Submission{})),
		"approve":   Approve(ctx, r.Desk, analyst, id, 0, ""),
		"settle":    Adjudicate(ctx, r.Desk, one, id, 0, casefile.Reinvestigate, fullestReason),
		"defer":     second1(Defer(ctx, r.Desk, one, []casefile.CaseID{id}, enoughReason)),
		"requeue":   second1(Requeue(ctx, r.Desk, one, []casefile.CaseID{id}, "why")),
		"decisions": second1(ReadDecisions(ctx, r.Desk, panel, id)),
		"recuse":    Recuse(ctx, r.Desk, panel, id, "why"),
		"list":      second1(ListApprovals(ctx, r.Desk, one)),
	} {
		if casefile.KindOf(err) != casefile.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDeferringIsADecisionOfOnePersonAndCanBeUndone(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	r.submit(one, caseNo(1), casefile.Reinvestigate)
	r.wants(Start(ctx, r.Desk, one, caseNo(2)), "", "")
	if _, err := casework.RaiseRisk(ctx, r.Desk, two, casework.RiskForm{Case: caseNo(3), Who: "not known", Kinds: []string{casework.RiskKinds().Kinds[0].Code}}); err != nil {
		t.Fatal(err)
	}
	if _, err := SaveDraft(ctx, r.Desk, two, caseNo(4), Save{Form: "review@1", Body: []byte(`{"answers":{"lines":{"text":"begun"}}}`), Page: "p", N: 1}); err != nil {
		t.Fatal(err)
	}
	var all []casefile.CaseID
	for n := 1; n <= 6; n++ {
		all = append(all, caseNo(n))
	}
	_, err := Defer(ctx, r.Desk, sup, all, "")
	r.wants(err, casefile.Invalid, "reason")
	b, err := Defer(ctx, r.Desk, sup, all, "Out of the first year of this review.")
	if err != nil || b.Done != 2 || len(b.Skipped) != 4 {
		t.Fatalf("%+v %v", b, err)
	}
	d := lastDecision(r, caseNo(5))
	if d.Verdict != casefile.DeferredUnread || d.Second != "" || d.Review != 0 || !strings.Contains(d.Shown, `"scope":"in"`) {
		t.Errorf("%+v", d)
	}
	r.wants(Start(ctx, r.Desk, two, caseNo(5)), casefile.Conflict, "put off unread")
	list, n, err := ListDeferred(ctx, r.Desk, sup, 0, 10)
	if err != nil || n != 2 || len(list) != 2 {
		t.Errorf("%v %d %v", list, n, err)
	}
	if b, err = Requeue(ctx, r.Desk, sup, all, "The year is over."); err != nil || b.Done != 2 {
		t.Errorf("%+v %v", b, err)
	}
	r.wants(Start(ctx, r.Desk, two, caseNo(5)), "", "")
}

func TestAnOfficerOfTheCaseNeverReviewsIt(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	r.wants(Start(ctx, r.Desk, formerOfficer, caseNo(1)), casefile.Conflict, "records name you") // officer in the case
	r.wants(Start(ctx, r.Desk, formerOfficer, caseNo(2)), casefile.Conflict, "records name you") // supervisor of a log entry
	r.wants(Start(ctx, r.Desk, formerOfficer, caseNo(3)), "", "")
	r.wants(HandBack(ctx, r.Desk, formerOfficer, caseNo(3)), "", "")
	// A later version of the record names another officer; the first stays barred.
	later := desktest.Tables{}
	for name, text := range roomTables {
		later[name] = strings.Replace(text, "OFFICER ONE", "OFFICER NINE", 1)
	}
	desktest.Import(t, r.Desk, desktest.Folder(t, later))
	r.wants(Start(ctx, r.Desk, formerOfficer, caseNo(1)), casefile.Conflict, "records name you")
}

func TestPassagesAreCitedWordForWord(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	log := r.entries(caseNo(1))
	var mo int64
	r.view(func(tx *store.Tx) error {
		report, err := tx.Report(ctx, caseNo(1))
		mo = report.Row
		return err
	})
	cite := func(c casefile.Citation) (casefile.Citation, error) { return Cite(ctx, r.Desk, one, caseNo(1), c) }
	for _, x := range []struct {
		what string
		in   casefile.Citation
		want string // the text cited, or
		says string // why not
	}{
		{"a place", casefile.Citation{Row: log[0].Row, Part: "log", Start: 4, End: 17, Text: "names two men"}, "names two men", ""},
		{"over the end of a line", casefile.Citation{Row: log[0].Row, Part: "log", Start: 31, End: 39, Text: "en.\nThe "}, "en.\nThe ", ""},
		{"beyond the basic plane", casefile.Citation{Row: log[1].Row, Part: "log", Start: 23, End: 28, Text: "😀 und"}, "😀 und", ""},
		{"pasted words", casefile.Citation{Row: log[1].Row, Part: "log", Text: " 😀  und\tschweigt "}, "😀 und schweigt", ""},
		{"pasted over a line", casefile.Citation{Row: log[0].Row, Part: "log", Text: "seen. The car"}, "seen.\nThe car", ""},
		{"the whole text", casefile.Citation{Row: mo, Part: "mo"}, "How it was done.", ""},
		{"other words", casefile.Citation{Row: log[0].Row, Part: "log", Start: 4, End: 17, Text: "names two MEN"}, "", "not in the text"},
		{"another place", casefile.Citation{Row: log[0].Row, Part: "log", Start: 5, End: 18, Text: "names two men"}, "", "not in the text"},
		{"beyond the end", casefile.Citation{Row: log[0].Row, Part: "log", Start: 50, End: 5000, Text: "x"}, "", "not in the text"},
		{"before the beginning", casefile.Citation{Row: log[0].Row, Part: "log", Start: -1, End: 3, Text: "She"}, "", "not in the text"},
		{"nothing", casefile.Citation{Row: log[0].Row, Part: "log", Start: 3, End: 2, Text: ""}, "", "not in the text"},
		{"words that are not there", casefile.Citation{Row: log[0].Row, Part: "log", Text: "three men"}, "", "do not stand"},
		{"words that are there twice", casefile.Citation{Row: log[0].Row, Part: "log", Text: "car was seen"}, "", "more than once"},
		{"white space", casefile.Citation{Row: log[0].Row, Part: "log", Text: " \n"}, "", "Paste the words"},
		{"a text of another case", casefile.Citation{Row: r.entries(caseNo(3))[0].Row, Part: "log"}, "", "no such text"},
		{"another part", casefile.Citation{Row: log[0].Row, Part: "'; --"}, "", "no such text"},
	} {
		got, err := cite(x.in)
		if x.says != "" {
			if err == nil || !strings.Contains(casefile.Message(err), x.says) {
				t.Errorf("%s: %v, want %q", x.what, err, x.says)
			}
			continue
		}
		if err != nil || got.Text != x.want {
			t.Errorf("%s: %q %v, want %q", x.what, got.Text, err, x.want)
			continue
		}
		if again, err := cite(got); err != nil || again != got {
			t.Errorf("%s: what was found is not word for word there: %+v %v", x.what, got, err)
		}
	}
	// A passage forged into a draft is found when the review is submitted.
	r.wants(Start(ctx, r.Desk, one, caseNo(1)), "", "")
	_, d := r.open(one, caseNo(1))
	b := filled(casefile.Reinvestigate, casefile.Citation{Row: log[0].Row, Part: "log", Start: 4, End: 17, Text: "names six men"})
	s, err := SaveDraft(ctx, r.Desk, one, caseNo(1), Save{Form: "review@1", Body: []byte(b.JSON()), Page: "p", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	faults, err := Submit(ctx, r.Desk, one, caseNo(1), Submission{s.Version, d.State.Version, d.Shown})
	if err != nil || len(faults) != 1 || faults[0].Field != "verdict" {
		t.Errorf("%v %v", faults, err)
	}
}

func TestHostileAndHugeText(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	_, d := r.open(one, id)
	n := 0
	save := func(body string) (Saved, error) {
		_, d = r.open(one, id)
		n++
		return SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: []byte(body), Base: d.Draft, Page: "p", N: n})
	}
	big := filled(casefile.Reinvestigate, r.passageOf(one, id))
	e := big.Entry("lines")
	e.Text = strings.Repeat("Δοκιμή ", 2<<20/13)
	big.Set(d.Form, "lines", e)
	s, err := save(big.JSON())
	if err != nil {
		t.Fatalf("2 MB of draft: %v", err)
	}
	faults, err := Submit(ctx, r.Desk, one, id, Submission{s.Version, d.State.Version, d.Shown})
	if err != nil || len(faults) != 1 || faults[0].Field != "lines" || !strings.Contains(faults[0].Message, "2.0 MB") || !strings.Contains(faults[0].Message, "200 KB") {
		t.Errorf("%.300v %v", faults, err)
	}
	if _, d = r.open(one, id); d.Body.Entry("lines").Text != e.Text {
		t.Error("the long text is not whole")
	}
	_, err = save(`{"answers":{"lines":{"text":"` + strings.Repeat("x", MaxDraft) + `"}}}`)
	r.wants(err, casefile.Invalid, "4 MB are kept")
	if _, d = r.open(one, id); d.Body.Entry("lines").Text != e.Text {
		t.Error("a refused save changed the draft")
	}
	for _, body := range []string{`{`, `[]`, `null x`, `{"answers":{"nonsense":{"text":"x"}}}`, `{"answers":{"lines":{"chosen":["maybe"]}}}`,
		`{"answers":{"lines":{"chosen":["yes","no"]}}}`, `{"verdict":"x"}`, `{"answers":{"lines":{"evidence":[{"row":"x"}]}}}`} {
		_, err := save(body)
		r.wants(err, casefile.Invalid, "")
	}
	typed := "before \x00 after \xff\u202e right to left שלום \r\nline"
	if _, err := save(`{"answers":{"lines":{"text":"before \u0000 after ` + "\xff" + `\u202e right to left שלום \r\nline"}}}`); err != nil {
		t.Fatal(err)
	}
	if _, d = r.open(one, id); d.Body.Entry("lines").Text != casefile.Shown(typed) {
		t.Errorf("%q, want %q", d.Body.Entry("lines").Text, casefile.Shown(typed))
	}
	_, err = SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@99", Body: []byte(`{}`)})
	r.wants(err, casefile.Invalid, "not here any more")
}

func TestADeclinedCaseNeverComesAgain(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	first, err := NextCase(ctx, r.Desk, one)
	if err != nil || first.Case == "" {
		t.Fatal(first, err)
	}
	r.wants(Recuse(ctx, r.Desk, one, first.Case, ""), casefile.Invalid, "why")
	r.wants(Recuse(ctx, r.Desk, one, first.Case, "I know somebody in it."), "", "")
	r.wants(Recuse(ctx, r.Desk, one, first.Case, "Again."), casefile.Conflict, "")
	if next, err := NextCase(ctx, r.Desk, one); err != nil || next.Case == first.Case {
		t.Errorf("%+v %v", next, err)
	}
	if other, err := NextCase(ctx, r.Desk, two); err != nil || other.Case != first.Case {
		t.Errorf("for others it is first: %+v %v", other, err)
	}
}

func TestEveryDecidedWriteRaisesTheVersion(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	var versions []int
	note := func(err error) {
		t.Helper()
		r.wants(err, "", "")
		versions = append(versions, r.state(id).Version)
	}
	r.submit(one, id, casefile.Reinvestigate)
	versions = append(versions, r.state(id).Version)
	v := func() int { return versions[len(versions)-1] }
	note(Withdraw(ctx, r.Desk, one, id, v(), ""))
	_, d := r.open(one, id)
	note(second1(Submit(ctx, r.Desk, one, id, Submission{d.Draft, v(), d.Shown})))
	note(Return(ctx, r.Desk, sup, id, v(), enoughReason))
	note(Recuse(ctx, r.Desk, two, id, "I know somebody."))
	_, d = r.open(one, id)
	note(second1(Submit(ctx, r.Desk, one, id, Submission{d.Draft, v(), d.Shown})))
	note(Disagree(ctx, r.Desk, sup, id, v(), casefile.ReferNational, fullestReason))
	note(Adjudicate(ctx, r.Desk, sup2, id, v(), casefile.ReferNational, fullestReason))
	note(ReviewAnew(ctx, r.Desk, sup, id, v(), enoughReason))
	note(Start(ctx, r.Desk, one, id)) // housekeeping: does not
	note(TakeOver(ctx, r.Desk, sup, id, "needed"))
	note(second1(Defer(ctx, r.Desk, sup, []casefile.CaseID{caseNo(4)}, enoughReason)))
	want := versions[0]
	for i, got := range versions {
		if i > 0 && i != 9 && i != 11 {
			want++
		}
		if got != want {
			t.Fatalf("versions %v: the %d. is not %d", versions, i, want)
		}
	}
	if !slices.IsSorted(versions) || r.state(caseNo(4)).Version != 1 {
		t.Errorf("versions %v, and %d", versions, r.state(caseNo(4)).Version)
	}
}

func TestTextSavedWhileAReviewIsSubmittedIsNotLeftBehind(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	f, d := r.open(one, id)
	b := filled(casefile.Reinvestigate, r.passageOf(one, id))
	s, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: []byte(b.JSON()), Page: "p", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	sent := Submission{s.Version, d.State.Version, d.Shown}
	var pending pendingReview
	r.view(func(tx *store.Tx) error {
		faults, err := pending.prepare(ctx, tx, one, f, sent, "test")
		if len(faults) > 0 {
			t.Error(faults)
		}
		return err
	})
	if _, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: "review@1", Body: []byte(`{"answers":{"lines":{"text":"typed at the last moment"}}}`), Base: s.Version, Page: "p", N: 2}); err != nil {
		t.Fatal(err)
	}
	err = r.DB.Update(ctx, one, func(tx *store.Tx) ([]ledger.Event, error) {
		who, err := newReviewer(ctx, tx, one, nil)
		if err != nil {
			return nil, err
		}
		return pending.submit(ctx, tx, one, who, sent)
	})
	r.wants(err, casefile.Conflict, "a moment ago")
	if _, d = r.open(one, id); d.Body.Entry("lines").Text != "typed at the last moment" {
		t.Errorf("%+v", d.Body)
	}
}

func TestSubmittingManyTimesAtOnceMakesOneReview(t *testing.T) {
	r := newRoom(t)
	id := caseNo(3)
	r.wants(Start(t.Context(), r.Desk, one, id), "", "")
	_, d := r.open(one, id)
	s, err := SaveDraft(t.Context(), r.Desk, one, id, Save{Form: "review@1", Body: []byte(filled(casefile.Reinvestigate, r.passageOf(one, id)).JSON()), Page: "p", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := Submit(context.Background(), r.Desk, one, id, Submission{s.Version, d.State.Version, d.Shown})
			if err != nil && casefile.KindOf(err) != casefile.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.view(func(tx *store.Tx) error {
		all, err := tx.Reviews(t.Context(), id)
		if len(all) != 1 {
			t.Errorf("%d reviews", len(all))
		}
		return err
	})
	if n, _ := r.events(ledger.ReviewSubmitted, id); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestANewVersionOfTheFormLeavesOldOnesAlone(t *testing.T) {
	old := CurrentForm(ReviewForm)
	next := *old
	next.Version = old.Version + 1
	next.Sections = slices.Clone(old.Sections)
	next.Sections[0].Questions = slices.Clone(next.Sections[0].Questions)[1:]
	next.Rules = slices.DeleteFunc(slices.Clone(old.Rules), func(rule Rule) bool { _, asks := rule.When["lines"]; return asks })
	text, err := json.Marshal(next)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parseForm(text)
	if err != nil {
		t.Fatal(err)
	}
	shippedForms[parsed.ID()] = parsed
	defer delete(shippedForms, parsed.ID())

	r := newRoom(t)
	ctx := t.Context()
	id := caseNo(3)
	r.wants(Start(ctx, r.Desk, one, id), "", "")
	if _, err := SaveDraft(ctx, r.Desk, one, id, Save{Form: old.ID(), Body: []byte(filled(casefile.Reinvestigate, r.passageOf(one, id)).JSON()), Page: "p", N: 1}); err != nil {
		t.Fatal(err)
	}
	_, d := r.open(one, id) // begun on the old version, and goes on with it
	faults, err := Submit(ctx, r.Desk, one, id, Submission{d.Draft, d.State.Version, d.Shown})
	if err != nil || len(faults) > 0 || d.Form.ID() != old.ID() {
		t.Fatal(d.Form.ID(), faults, err)
	}
	r.wants(Approve(ctx, r.Desk, sup, id, r.state(id).Version, ""), "", "")
	p, err := ReadDecisions(ctx, r.Desk, sup, id)
	if err != nil || p.Decisions[0].Said[0].Form.ID() != old.ID() || p.Decisions[0].Said[0].Body.Entry("lines").Text != enoughReason {
		t.Errorf("%+v %v", p, err)
	}
	r.wants(Start(ctx, r.Desk, one, caseNo(4)), "", "")
	if _, d = r.open(one, caseNo(4)); d.Form.ID() != parsed.ID() {
		t.Errorf("a new review is on %s", d.Form.ID())
	}
}

func TestFormsThatNobodyCouldFillInAreRefused(t *testing.T) {
	good, err := formFiles.ReadFile("forms/review-1.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range [][2]string{
		{`"name": "review"`, `"name": "re@view"`}, {`"version": 1`, `"version": 0`}, {`"id": "verdict"`, `"id": "end"`},
		{`"id": "justice"`, `"id": "lines"`}, {`"code": "reinvestigate"`, `"code": "shelve"`}, {`"need": "risk"`, `"need": "luck"`},
		{`{"risk": "yes"}`, `{"risk": "perhaps"}`}, {`"title": "Four questions"`, `"heading": "Four questions"`},
		{`"help": "Open lines of enquiry can be worked here.", "least": 40`, `"help": ""`},
	} {
		bad := strings.Replace(string(good), x[0], x[1], 1)
		if bad == string(good) {
			t.Fatalf("%s is not in the form", x[0])
		}
		if _, err := parseForm([]byte(bad)); err == nil {
			t.Errorf("with %s it is taken", x[1])
		}
	}
}
