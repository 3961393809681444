package casework

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A guarded is a small register whose clock stands still until it is moved, with
// three cases and a team.
type guarded struct {
	*desk.Desk
	t  *testing.T
	mu sync.Mutex
	at time.Time
}

const (
	openCase   casefile.CaseID = "unstated:C1"
	otherCase  casefile.CaseID = "unstated:C2"
	hiddenCase casefile.CaseID = "unstated:C3" // restricted: reviewer.two and supervisor.two may read it
)

var (
	officer    = casefile.Actor{ID: "reviewer.one", Roles: []casefile.Role{casefile.Reviewer}}
	officer2   = casefile.Actor{ID: "reviewer.two", Roles: []casefile.Role{casefile.Reviewer}}
	boss       = casefile.Actor{ID: "supervisor.one", Roles: []casefile.Role{casefile.Supervisor}}
	boss2      = casefile.Actor{ID: "supervisor.two", Roles: []casefile.Role{casefile.Supervisor}}
	disclosing = casefile.Actor{ID: "disclosure", Roles: []casefile.Role{casefile.Disclosure}}
	inspecting = casefile.Actor{ID: "inspector", Roles: []casefile.Role{casefile.Inspector}}
	gone       = casefile.Actor{ID: "gone", Roles: []casefile.Role{casefile.Reviewer}} // disabled
)

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{t: t, at: time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)}
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, desktest.Operator, g.now); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, g.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	g.Desk = &desk.Desk{DB: db, Code: "test"}
	desktest.Import(t, g.Desk, desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref,recorded_at,unit\nC1,2014-03-09,North\nC2,2015-01-01,South\nC3,2016-01-01,North\n",
		casefile.Nominals:       "nominal_ref,surname,forenames\nN1,Marlowe,Avery\nN2,Lindqvist,Robin\nN3,,\n",
		casefile.Involvements:   "crime_ref,nominal_ref,role\nC1,N1,suspect\nC1,N2,victim\nC1,N3,suspect\nC2,N1,suspect\nC3,N1,suspect\n",
		casefile.Log:            "crime_ref,seq,text\nC1,1,The log says so.\n",
	}))
	g.write(func(tx *store.Tx) error {
		for _, a := range []casefile.Actor{officer, officer2, boss, boss2, disclosing, inspecting, gone} {
			if err := tx.AddAccount(t.Context(), store.Account{ID: a.ID, Name: "Name of " + a.ID, Roles: a.Roles}); err != nil {
				return err
			}
		}
		a, _, err := tx.Account(t.Context(), gone.ID)
		if err != nil {
			return err
		}
		a.DisabledAt = g.at
		if err := tx.SaveAccount(t.Context(), a); err != nil {
			return err
		}
		if err := tx.Restrict(t.Context(), store.Restriction{Case: hiddenCase, Kind: "other", Reason: "a test", SetBy: boss2.ID}); err != nil {
			return err
		}
		for _, who := range []string{officer2.ID, boss2.ID, gone.ID} {
			if err := tx.AddCaseReader(t.Context(), store.CaseReader{Case: hiddenCase, Account: who, Reason: "a test", NamedBy: boss2.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return g
}

func (g *guarded) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at
}

func (g *guarded) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = g.at.Add(d)
}

// write puts the register into a state that a test begins with.
func (g *guarded) write(f func(*store.Tx) error) {
	g.t.Helper()
	err := g.DB.Update(g.t.Context(), desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.CaseAssigned, Purpose: "a test's beginning"}}, f(tx)
	})
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *guarded) view(f func(*store.Tx) error) {
	g.t.Helper()
	if err := g.DB.View(g.t.Context(), f); err != nil {
		g.t.Fatal(err)
	}
}

// events returns the bodies of every event of a kind, oldest first.
func (g *guarded) events(kinds ...ledger.Kind) (bodies []string) {
	g.t.Helper()
	g.view(func(tx *store.Tx) error {
		for sealed, err := range tx.Events(g.t.Context()) {
			if err != nil {
				return err
			}
			e, err := ledger.Unseal(sealed)
			if err != nil {
				return err
			}
			if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
				body, _ := json.Marshal(e.Body)
				bodies = append(bodies, fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Actor, e.Subject, e.Purpose, body))
			}
		}
		return nil
	})
	return bodies
}

func (g *guarded) raise(by casefile.Actor, id casefile.CaseID, detail string) int64 {
	g.t.Helper()
	n, err := RaiseRisk(g.t.Context(), g.Desk, by, RiskForm{Case: id, Who: "not known", Kinds: []string{"child.missing"}, Detail: detail})
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

// wants fails unless an error is of the kind wanted; "" wants none.
func wants(t *testing.T, what string, err error, kind casefile.Kind) {
	t.Helper()
	if err == nil && kind == "" {
		return
	}
	if err == nil || casefile.KindOf(err) != kind || kind == "" {
		t.Errorf("%s: %v (%q), want an error of kind %q", what, err, casefile.KindOf(err), kind)
	}
}

func (g *guarded) risk(id int64) (r casefile.Risk, steps []casefile.RiskStep) {
	g.t.Helper()
	g.view(func(tx *store.Tx) (err error) {
		if r, _, err = tx.Risk(g.t.Context(), id); err != nil {
			return err
		}
		steps, err = tx.RiskSteps(g.t.Context(), id)
		return err
	})
	return r, steps
}

// aMove is a step with everything that any step needs.
func aMove(to casefile.RiskState) RiskMove {
	return RiskMove{To: to, Whom: "Duty inspector", How: "By phone", Reference: "R 1", Note: "a note"}
}

// Every state against every step: what is listed here is allowed, all else is
// refused and changes nothing.
func TestStepsOfARisk(t *testing.T) {
	g := newGuarded(t)
	allowed := map[casefile.RiskState]string{
		casefile.RiskRaised:       "told sent acknowledged ended note",
		casefile.RiskTold:         "told sent acknowledged ended note",
		casefile.RiskSent:         "sent acknowledged ended note",
		casefile.RiskAcknowledged: "note",
		casefile.RiskEnded:        "note",
	}
	steps := append(casefile.RiskStates(), casefile.RiskNote, "no such step")
	for _, from := range casefile.RiskStates() {
		for _, to := range steps {
			id := g.raise(boss, openCase, fmt.Sprint(from, to))
			if from != casefile.RiskRaised {
				if err := MoveRisk(t.Context(), g.Desk, boss, id, aMove(from)); err != nil {
					t.Fatal(err)
				}
			}
			_, before := g.risk(id)
			err := MoveRisk(t.Context(), g.Desk, boss, id, aMove(to))
			r, after := g.risk(id)
			if slices.Contains(strings.Fields(allowed[from]), string(to)) {
				want := to
				if to == casefile.RiskNote {
					want = from
				}
				if err != nil || r.State != want || len(after) != len(before)+1 {
					t.Errorf("%s, then %s: %v, it is %s with %d steps after %d", from, to, err, r.State, len(after), len(before))
				}
				continue
			}
			if k := casefile.KindOf(err); k != casefile.Conflict && k != casefile.Invalid || r.State != from || len(after) != len(before) {
				t.Errorf("%s, then %s: %v, it is %s with %d steps after %d; want a refusal", from, to, err, r.State, len(after), len(before))
			}
		}
	}
}

func TestWhatAStepNeeds(t *testing.T) {
	now := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		move  RiskMove
		field string // "" for none
	}{
		{RiskMove{To: casefile.RiskTold}, "whom"},
		{RiskMove{To: casefile.RiskTold, Whom: " \n"}, "whom"},
		{RiskMove{To: casefile.RiskTold, Whom: "Duty inspector"}, ""},
		{RiskMove{To: casefile.RiskSent, Whom: "Children's services"}, "reference"},
		{RiskMove{To: casefile.RiskSent, Reference: "R1"}, "whom"},
		{RiskMove{To: casefile.RiskAcknowledged, Whom: "Children's services"}, "reference"},
		{RiskMove{To: casefile.RiskAcknowledged, Whom: "Children's services", Reference: "none given"}, ""},
		{RiskMove{To: casefile.RiskEnded}, "note"},
		{RiskMove{To: casefile.RiskNote}, "note"},
		{RiskMove{To: "raised"}, "to"},
		{RiskMove{}, "to"},
		{RiskMove{To: casefile.RiskNote, Note: strings.Repeat("x", MaxRiskText+1)}, "note"},
		{RiskMove{To: casefile.RiskTold, Whom: strings.Repeat("x", maxRiskLine+1)}, "whom"},
		{RiskMove{To: casefile.RiskTold, Whom: "x", Happened: "2026-06-30T12:50"}, ""}, // 11:50 in UTC: London keeps summer time
		{RiskMove{To: casefile.RiskTold, Whom: "x", Happened: "2026-06-30T13:10"}, "happened"},
		{RiskMove{To: casefile.RiskTold, Whom: "x", Happened: "2026-06-30"}, "happened"},
		{RiskMove{To: casefile.RiskTold, Whom: "x", Happened: "yesterday"}, "happened"},
	} {
		field := ""
		if f := c.move.Faults(now); len(f) > 0 {
			field = f[0].Field
		}
		if field != c.field {
			t.Errorf("%+v: the fault is in %q, want %q", c.move, field, c.field)
		}
	}
}

func TestWhatRaisingARiskNeeds(t *testing.T) {
	g := newGuarded(t)
	good := RiskForm{Case: openCase, Who: "not known", Kinds: []string{"threat"}}
	for _, c := range []struct {
		what string
		by   casefile.Actor
		f    func(*RiskForm)
		want casefile.Kind
	}{
		{"the least", officer, func(*RiskForm) {}, ""},
		{"by whoever reads for disclosure", disclosing, func(*RiskForm) {}, ""},
		{"by whoever may not raise risks", inspecting, func(*RiskForm) {}, casefile.Forbidden},
		{"nobody named", officer, func(f *RiskForm) { f.Who = " " }, casefile.Invalid},
		{"somebody on the case", officer, func(f *RiskForm) { f.Who, f.Nominal = "", "unstated:N2" }, ""},
		{"somebody on no case", officer, func(f *RiskForm) { f.Nominal = "unstated:N9" }, casefile.Invalid},
		{"no kind", officer, func(f *RiskForm) { f.Kinds = nil }, casefile.Invalid},
		{"a kind that is none", officer, func(f *RiskForm) { f.Kinds = []string{"threat", "<b>"} }, casefile.Invalid},
		{"something else, without words", officer, func(f *RiskForm) { f.Kinds, f.Detail = []string{riskOther}, " " }, casefile.Invalid},
		{"something else", officer, func(f *RiskForm) { f.Kinds, f.Detail = []string{riskOther}, "words" }, ""},
		{"as long as it may be", officer, func(f *RiskForm) { f.Detail = strings.Repeat("x", MaxRiskText) }, ""},
		{"too long", officer, func(f *RiskForm) { f.Detail = strings.Repeat("x", MaxRiskText+1) }, casefile.Invalid},
		{"told nobody", officer, func(f *RiskForm) { f.How = "By phone" }, casefile.Invalid},
		{"no such case", officer, func(f *RiskForm) { f.Case = "unstated:C9" }, casefile.NotFound},
		{"a restricted case", officer, func(f *RiskForm) { f.Case = hiddenCase }, casefile.NotFound},
		{"a restricted case by a named reader", officer2, func(f *RiskForm) { f.Case = hiddenCase }, ""},
	} {
		f := good
		f.Detail = c.what
		c.f(&f)
		id, err := RaiseRisk(t.Context(), g.Desk, c.by, f)
		wants(t, c.what, err, c.want)
		if (err == nil) != (id != 0) {
			t.Errorf("%s: risk %d with error %v", c.what, id, err)
		}
	}
}

// Whatever stage a case is in, whoever has it open, a risk can be raised from it.
func TestARiskCanBeRaisedAtAnyStage(t *testing.T) {
	g := newGuarded(t)
	for _, stage := range casefile.Stages() {
		g.write(func(tx *store.Tx) error {
			if err := tx.TakeLease(t.Context(), casefile.Lease{Case: openCase, Account: officer2.ID, Purpose: "review", Until: g.at.Add(time.Hour)}); err != nil {
				return err
			}
			_, err := tx.TouchCase(t.Context(), openCase, store.CaseChange{Stage: stage})
			return err
		})
		before := g.version(openCase)
		g.raise(officer, openCase, string(stage))
		if v := g.version(openCase); v != before+1 {
			t.Errorf("stage %s: version %d, then %d", stage, before, v)
		}
		g.view(func(tx *store.Tx) error {
			s, err := tx.CaseState(t.Context(), openCase)
			if s.Stage != stage {
				t.Errorf("raising a risk moved the case from %s to %s", stage, s.Stage)
			}
			return err
		})
	}
}

func (g *guarded) version(id casefile.CaseID) (v int) {
	g.view(func(tx *store.Tx) error {
		s, err := tx.CaseState(g.t.Context(), id)
		v = s.Version
		return err
	})
	return v
}

func TestTheSameRiskSentTwiceIsOne(t *testing.T) {
	g := newGuarded(t)
	first := g.raise(officer, openCase, "seen with a child")
	if again := g.raise(officer, openCase, "seen with a child"); again != first {
		t.Errorf("sent again it became risk %d beside %d", again, first)
	}
	if n := len(g.events(ledger.RiskRaised)); n != 1 {
		t.Errorf("%d events of one risk", n)
	}
	if other := g.raise(officer2, openCase, "seen with a child"); other == first {
		t.Error("what another person raised was dropped")
	}
	g.pass(11 * time.Minute)
	if later := g.raise(officer, openCase, "seen with a child"); later == first {
		t.Error("what was raised eleven minutes later was dropped")
	}
}

func TestTwoPeopleAcknowledgeAtOnce(t *testing.T) {
	g := newGuarded(t)
	for round := range 5 {
		id := g.raise(officer, openCase, fmt.Sprint(round))
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				m := aMove(casefile.RiskAcknowledged)
				m.Reference = fmt.Sprint("R ", i)
				errs[i] = MoveRisk(t.Context(), g.Desk, boss, id, m)
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if casefile.KindOf(err) != casefile.Conflict || !strings.Contains(casefile.Message(err), "acknowledged") {
				t.Errorf("the one who was late heard %v", err)
			}
		}
		_, steps := g.risk(id)
		if done != 1 || len(steps) != 2 {
			t.Errorf("%d of %d acknowledged, %d steps", done, len(errs), len(steps))
		}
	}
}

func TestOnlyASupervisorEndsARisk(t *testing.T) {
	g := newGuarded(t)
	id := g.raise(officer, openCase, "x")
	wants(t, "its raiser", MoveRisk(t.Context(), g.Desk, officer, id, aMove(casefile.RiskEnded)), casefile.Forbidden)
	wants(t, "a supervisor without a reason", MoveRisk(t.Context(), g.Desk, boss, id, RiskMove{To: casefile.RiskEnded}), casefile.Invalid)
	wants(t, "a supervisor", MoveRisk(t.Context(), g.Desk, boss, id, aMove(casefile.RiskEnded)), "")
	g.view(func(tx *store.Tx) error {
		views, err := Risks(t.Context(), tx, openCase)
		if len(views) != 1 || views[0].State != casefile.RiskEnded {
			t.Errorf("an ended risk is not visible on its case: %+v", views)
		}
		return err
	})
}

func TestOpenRisksAreOrderedByAgeWithTheirClock(t *testing.T) {
	g := newGuarded(t)
	first := g.raise(officer, openCase, "first")
	g.pass(2*time.Hour + 10*time.Minute)
	second := g.raise(officer2, hiddenCase, "second")
	g.pass(time.Minute)
	third := g.raise(officer, otherCase, "third")
	ended := g.raise(officer, otherCase, "fourth")
	if err := MoveRisk(t.Context(), g.Desk, boss, ended, aMove(casefile.RiskAcknowledged)); err != nil {
		t.Fatal(err)
	}
	// Being told of, or sent, is not being acknowledged.
	if err := MoveRisk(t.Context(), g.Desk, boss, first, aMove(casefile.RiskTold)); err != nil {
		t.Fatal(err)
	}
	if err := MoveRisk(t.Context(), g.Desk, boss, third, aMove(casefile.RiskSent)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by     casefile.Actor
		ids    []int64
		hidden int
	}{
		{boss, []int64{first, third}, 1},
		{boss2, []int64{first, second, third}, 0},
		{desktest.Operator, []int64{first, second, third}, 0},
	} {
		b, err := OpenRisks(t.Context(), g.Desk, c.by)
		if err != nil {
			t.Fatal(err)
		}
		if got := riskNumbers(b.Risks); !slices.Equal(got, c.ids) || len(b.Hidden) != c.hidden {
			t.Errorf("%s sees %v and %d hidden, want %v and %d", c.by.ID, got, len(b.Hidden), c.ids, c.hidden)
		}
		if b.Open != 3 || !b.Oldest.Equal(b.Risks[0].RaisedAt) {
			t.Errorf("%s: %d open since %v, want 3 in all cases", c.by.ID, b.Open, b.Oldest)
		}
		if got, want := b.Risks[0].Clock(), "2 h 11 min unacknowledged"; got != want {
			t.Errorf("the clock says %q, want %q", got, want)
		}
	}
	b, err := OpenRisks(t.Context(), g.Desk, boss)
	if err != nil {
		t.Fatal(err)
	}
	want := []HiddenRisk{{RaisedAt: b.Hidden[0].RaisedAt, State: casefile.RiskRaised, Readers: []string{"1 with the role review officer", "1 with the role supervisor"}, Clock: "1 min unacknowledged"}}
	if fmt.Sprint(b.Hidden) != fmt.Sprint(want) {
		t.Errorf("of the hidden risk it says %v, want %v (a disabled account opens nothing)", b.Hidden, want)
	}
	for _, e := range g.events(ledger.ListRead) {
		if strings.Contains(e, " supervisor.one ") && strings.Contains(e, string(hiddenCase)) {
			t.Errorf("the event says that a case was shown which was not: %s", e)
		}
	}
	if n := len(g.events(ledger.ListRead)); n != 4 {
		t.Errorf("%d lists were read, %d events", 4, n)
	}
}

func TestFiguresHoldNoPersonalDataAndCountWhatIsHidden(t *testing.T) {
	g := newGuarded(t)
	g.raise(officer, openCase, "typed words")
	g.raise(officer2, hiddenCase, "typed words")
	for _, c := range []struct {
		by     casefile.Actor
		q      RiskQuery
		rows   int
		hidden int
	}{
		{boss, RiskQuery{}, 2, 1},
		{boss2, RiskQuery{}, 2, 0},
		{boss, RiskQuery{State: "all"}, 2, 1},
		{boss, RiskQuery{Case: hiddenCase}, 0, 0}, // a filter must not tell where it is
		{boss, RiskQuery{RaisedBy: officer2.ID}, 0, 0},
		{boss, RiskQuery{Kind: "child.missing"}, 1, 0},
	} {
		figures, err := RiskFigures(t.Context(), g.Desk, c.by, c.q)
		if err != nil {
			t.Fatal(err)
		}
		hidden := 0
		for _, f := range figures {
			if f.Hidden {
				hidden++
				if f.Unit != "" || f.Kinds != nil {
					t.Errorf("of a hidden risk it tells %+v", f)
				}
			}
			text, _ := json.Marshal(f)
			for _, word := range []string{"typed", "unstated:", "known", "reviewer"} {
				if strings.Contains(string(text), word) {
					t.Errorf("the figures say %q: %s", word, text)
				}
			}
		}
		if len(figures) != c.rows || hidden != c.hidden {
			t.Errorf("%s, %+v: %d rows, %d hidden, want %d, %d", c.by.ID, c.q, len(figures), hidden, c.rows, c.hidden)
		}
	}
}

func TestWhoMayNotReadACaseFindsNoneOfItsRisks(t *testing.T) {
	g := newGuarded(t)
	id := g.raise(officer2, hiddenCase, "x")
	_, err := ReadRisk(t.Context(), g.Desk, boss, id)
	wants(t, "reading it", err, casefile.NotFound)
	_, unknown := ReadRisk(t.Context(), g.Desk, boss, 999)
	if a, b := casefile.Message(err), strings.ReplaceAll(casefile.Message(unknown), "999", fmt.Sprint(id)); a != b {
		t.Errorf("a hidden risk is told from none: %q, %q", a, b)
	}
	wants(t, "moving it", MoveRisk(t.Context(), g.Desk, boss, id, aMove(casefile.RiskTold)), casefile.NotFound)
	_, err = ReadRiskPage(t.Context(), g.Desk, boss, hiddenCase)
	wants(t, "the page to raise one", err, casefile.NotFound)
	wants(t, "keeping a draft", SaveRiskDraft(t.Context(), g.Desk, boss, RiskForm{Case: hiddenCase, Who: "x"}), casefile.NotFound)
	if _, err = ReadRisk(t.Context(), g.Desk, boss2, id); err != nil {
		t.Error(err)
	}
}

func TestWhatWasTypedIsKept(t *testing.T) {
	g := newGuarded(t)
	f := RiskForm{Case: openCase, Kinds: []string{"threat"}, Detail: "half a sen", Whom: "Duty inspector"}
	if err := SaveRiskDraft(t.Context(), g.Desk, officer, f); err != nil {
		t.Fatal(err)
	}
	page := func(by casefile.Actor, id casefile.CaseID) *RiskPage {
		t.Helper()
		p, err := ReadRiskPage(t.Context(), g.Desk, by, id)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := page(officer, openCase)
	if p.Form.Detail != f.Detail || !slices.Equal(p.Form.Kinds, f.Kinds) || p.Form.Whom != f.Whom || p.Saved.IsZero() {
		t.Errorf("back on the page there is %+v, saved %v", p.Form, p.Saved)
	}
	if p := page(officer2, openCase); p.Form.Detail != "" {
		t.Error("somebody else sees what was typed")
	}
	if p := page(officer, otherCase); p.Form.Detail != "" {
		t.Error("it is on the page of another case")
	}
	f.Who = "not known"
	if _, err := RaiseRisk(t.Context(), g.Desk, officer, f); err != nil {
		t.Fatal(err)
	}
	if p := page(officer, openCase); p.Form.Detail != "" || !p.Saved.IsZero() {
		t.Errorf("what was raised is still a draft: %+v", p.Form)
	}
	if err := SaveRiskDraft(t.Context(), g.Desk, officer, f); err != nil {
		t.Fatal(err)
	}
	if err := SaveRiskDraft(t.Context(), g.Desk, officer, RiskForm{Case: openCase}); err != nil {
		t.Fatal(err)
	}
	if p := page(officer, openCase); !p.Saved.IsZero() {
		t.Error("an emptied form is still a draft")
	}
	wants(t, "a draft of 2 MB", SaveRiskDraft(t.Context(), g.Desk, officer, RiskForm{Case: openCase, Detail: strings.Repeat("x", 2<<20)}), casefile.Invalid)
}

func TestThePageShowsWhoIsOnTheCase(t *testing.T) {
	g := newGuarded(t)
	p, err := ReadRiskPage(t.Context(), g.Desk, officer, openCase)
	if err != nil || len(p.People) != 3 {
		t.Fatalf("%d people, %v", len(p.People), err)
	}
	id, err := RaiseRisk(t.Context(), g.Desk, officer, RiskForm{Case: openCase, Nominal: "unstated:N1", Who: "and a brother", Kinds: []string{"siblings"}})
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := g.risk(id); r.Who != "Avery Marlowe; and a brother" {
		t.Errorf("the risk is about %q", r.Who)
	}
	if id, err = RaiseRisk(t.Context(), g.Desk, officer, RiskForm{Case: openCase, Nominal: "unstated:N3", Kinds: []string{"siblings"}}); err != nil {
		t.Fatal(err)
	}
	if r, _ := g.risk(id); r.Who != "Not named, record N3" {
		t.Errorf("a risk about somebody without a name is about %q", r.Who)
	}
}

func TestCasesAtRiskAreThoseNobodyHasAcknowledged(t *testing.T) {
	g := newGuarded(t)
	first := g.raise(officer, openCase, "a")
	g.pass(time.Hour)
	g.raise(officer, openCase, "b")
	g.raise(officer2, hiddenCase, "c")
	done := g.raise(officer, otherCase, "d")
	if err := MoveRisk(t.Context(), g.Desk, boss, done, aMove(casefile.RiskAcknowledged)); err != nil {
		t.Fatal(err)
	}
	r, _ := g.risk(first)
	g.view(func(tx *store.Tx) error {
		at, err := tx.CasesAtRisk(t.Context())
		if ids := slices.Sorted(maps.Keys(at)); !slices.Equal(ids, []casefile.CaseID{openCase, hiddenCase}) || !at[openCase].Equal(r.RaisedAt) {
			t.Errorf("at risk are %v", at)
		}
		return err
	})
}

// The events say everything but the words that were typed; the reason for ending
// a risk is among them.
func TestEventsOfRisksHoldNoTypedWords(t *testing.T) {
	g := newGuarded(t)
	id, err := RaiseRisk(t.Context(), g.Desk, officer, RiskForm{Case: openCase, Nominal: "unstated:N1", Who: "Zenobia", Kinds: []string{"threat"}, Detail: "Quixotic words", Whom: "Inspector Voss"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []RiskMove{{To: casefile.RiskSent, Whom: "Office of Voss", Reference: "Voss 12", Note: "Quixotic"}, {To: casefile.RiskEnded, Note: "raised in error"}} {
		if err := MoveRisk(t.Context(), g.Desk, boss, id, m); err != nil {
			t.Fatal(err)
		}
	}
	events := g.events(ledger.RiskRaised, ledger.RiskMoved)
	if len(events) != 4 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	for _, e := range events {
		for _, word := range []string{"Zenobia", "Quixotic", "Voss", "Avery", "Marlowe"} {
			if strings.Contains(e, word) {
				t.Errorf("the ledger holds %q: %s", word, e)
			}
		}
	}
	for i, want := range []string{`"kinds":["threat"]`, `"to":"told"`, `"to":"sent"`, `"reason":"raised in error"`} {
		if !strings.Contains(events[i], want) || !strings.Contains(events[i], string(openCase)) {
			t.Errorf("event %d does not say %s: %s", i, want, events[i])
		}
	}
}

func TestDurationsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                               "less than a minute",
		59 * time.Second:                "less than a minute",
		time.Minute:                     "1 min",
		59*time.Minute + 59*time.Second: "59 min",
		time.Hour:                       "1 h",
		2*time.Hour + 10*time.Minute:    "2 h 10 min",
		24 * time.Hour:                  "1 day",
		50*time.Hour + time.Minute:      "2 days 2 h",
		100 * 24 * time.Hour:            "100 days",
	} {
		if got := DurationWords(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
