package casework

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// decided puts a verdict of two people on a case.
func (g *guarded) decided(id casefile.CaseID, v casefile.Verdict) {
	g.t.Helper()
	g.write(func(tx *store.Tx) error {
		if _, err := tx.AddDecision(g.t.Context(), casefile.Decision{Case: id, Verdict: v, Reason: "r", MadeBy: officer.ID, Second: boss.ID}); err != nil {
			return err
		}
		_, err := tx.TouchCase(g.t.Context(), id, store.CaseChange{Stage: casefile.StageDecided, Reviewer: officer.ID, Verdict: v})
		return err
	})
}

func (g *guarded) stage(id casefile.CaseID, s casefile.Stage) {
	g.t.Helper()
	g.write(func(tx *store.Tx) error {
		_, err := tx.TouchCase(g.t.Context(), id, store.CaseChange{Stage: s, Reviewer: officer.ID})
		return err
	})
}

func (g *guarded) blocks(id casefile.CaseID) (blocks []Block) {
	g.t.Helper()
	g.view(func(tx *store.Tx) (err error) {
		blocks, err = Blocks(g.t.Context(), tx, id)
		return err
	})
	return blocks
}

// Each thing that keeps a case open is made the only one: the page lists it and
// nothing else, and the case does not close. Without it, it does.
func TestEachThingThatKeepsACaseOpen(t *testing.T) {
	for _, c := range []struct {
		what string
		make func(*guarded)
		want []BlockKind
	}{
		{"nothing", func(*guarded) {}, nil},
		{"a risk that was raised", func(g *guarded) { g.raise(officer, openCase, "x") }, []BlockKind{BlockRisk}},
		{"a risk that somebody was told of", func(g *guarded) { g.moved(g.raise(officer, openCase, "x"), casefile.RiskTold) }, []BlockKind{BlockRisk}},
		{"a risk that was sent", func(g *guarded) { g.moved(g.raise(officer, openCase, "x"), casefile.RiskSent) }, []BlockKind{BlockRisk}},
		{"a risk that was acknowledged", func(g *guarded) { g.moved(g.raise(officer, openCase, "x"), casefile.RiskAcknowledged) }, nil},
		{"a risk that was ended", func(g *guarded) { g.moved(g.raise(officer, openCase, "x"), casefile.RiskEnded) }, nil},
		{"two risks", func(g *guarded) { g.raise(officer, openCase, "x"); g.raise(officer, openCase, "y") }, []BlockKind{BlockRisk, BlockRisk}},
		{"a risk of another case", func(g *guarded) { g.raise(officer, otherCase, "x") }, nil},
		{"an action for allocation", func(g *guarded) { g.task(openCase, "x", casefile.ForAllocation) }, []BlockKind{BlockAction}},
		{"an action that is allocated", func(g *guarded) { g.task(openCase, "x", casefile.ActionAllocated) }, []BlockKind{BlockAction}},
		{"an action that is resulted", func(g *guarded) { g.task(openCase, "x", casefile.ActionResulted) }, []BlockKind{BlockAction}},
		{"an action that is filed", func(g *guarded) { g.task(openCase, "x", casefile.ActionFiled) }, nil},
		{"an action that is withdrawn", func(g *guarded) { g.task(openCase, "x", casefile.ActionWithdrawn) }, nil},
		{"an action of another case", func(g *guarded) { g.task(otherCase, "x", casefile.ActionAllocated) }, nil},
		{"a review that waits", func(g *guarded) { g.stage(openCase, casefile.StageSubmitted) }, []BlockKind{BlockReview}},
		{"a review that was returned", func(g *guarded) { g.stage(openCase, casefile.StageReturned) }, []BlockKind{BlockReview}},
		{"a dispute", func(g *guarded) { g.stage(openCase, casefile.StageDisputed) }, []BlockKind{BlockReview}},
		{"a new review that was asked for", func(g *guarded) { g.stage(openCase, casefile.StageOpen) }, []BlockKind{BlockReview}},
		{"no reading", func(g *guarded) { g.lease(-time.Minute) }, nil},
		{"somebody reads it now", func(g *guarded) { g.lease(time.Minute) }, []BlockKind{BlockReading}},
		{"put off unread since", func(g *guarded) { g.decided(openCase, casefile.DeferredUnread) }, []BlockKind{BlockDecision}},
	} {
		g := newGuarded(t)
		g.decided(openCase, casefile.NoFurtherLines)
		c.make(g)
		var kinds []BlockKind
		blocks := g.blocks(openCase)
		for _, b := range blocks {
			kinds = append(kinds, b.Kind)
			if b.Kind == BlockRisk && b.Risk == 0 || b.Kind == BlockAction && b.Action == 0 {
				t.Errorf("%s: nobody can tell which: %+v", c.what, b)
			}
		}
		if fmt.Sprint(kinds) != fmt.Sprint(c.want) {
			t.Errorf("%s: blocks %v, want %v", c.what, kinds, c.want)
		}
		page, err := ReadClosePage(t.Context(), g.Desk, boss, openCase)
		if err != nil || fmt.Sprint(page.Blocks) != fmt.Sprint(blocks) {
			t.Errorf("%s: the page shows %v, %v; the verb asks %v", c.what, page.Blocks, err, blocks)
		}
		err = Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "done")
		switch {
		case c.want == nil && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.want != nil && casefile.KindOf(err) != casefile.Invalid:
			t.Errorf("%s: %v, want a refusal", c.what, err)
		case c.want != nil && !strings.Contains(casefile.Message(err), blocks[0].Text):
			t.Errorf("%s: the refusal does not say which: %v", c.what, err)
		}
	}
	g := newGuarded(t)
	if b := g.blocks(openCase); len(b) != 1 || b[0].Kind != BlockDecision {
		t.Errorf("a case that nobody touched: %v", b)
	}
	wants(t, "closing it", Close(t.Context(), g.Desk, boss, openCase, 0, "x"), casefile.Invalid)
}

func (g *guarded) moved(id int64, to casefile.RiskState) {
	g.t.Helper()
	if err := MoveRisk(g.t.Context(), g.Desk, boss, id, aMove(to)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guarded) lease(d time.Duration) {
	g.t.Helper()
	g.write(func(tx *store.Tx) error {
		return tx.TakeLease(g.t.Context(), casefile.Lease{Case: openCase, Account: officer2.ID, Purpose: "review", Until: tx.Now.Add(d)})
	})
}

func TestClosingAndReopening(t *testing.T) {
	g := newGuarded(t)
	g.decided(openCase, casefile.Reinvestigate)
	wants(t, "an officer closes", Close(t.Context(), g.Desk, officer, openCase, g.version(openCase), "x"), casefile.Forbidden)
	wants(t, "no reason", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), " \n"), casefile.Invalid)
	wants(t, "a long reason", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), strings.Repeat("x", MaxCloseReason+1)), casefile.Invalid)
	wants(t, "an old page", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase)-1, "x"), casefile.Conflict)
	wants(t, "a version to come", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase)+1, "x"), casefile.Conflict)
	wants(t, "not closed yet", Reopen(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"), casefile.Conflict)
	wants(t, "a restricted case", Close(t.Context(), g.Desk, boss, hiddenCase, 0, "x"), casefile.NotFound)

	if err := Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "all lines done"); err != nil {
		t.Fatal(err)
	}
	stands := func() (s casefile.CaseState) {
		g.view(func(tx *store.Tx) (err error) {
			s, err = tx.CaseState(t.Context(), openCase)
			return err
		})
		return s
	}
	if s := stands(); s.Stage != casefile.StageClosed || s.Verdict != casefile.Reinvestigate || s.Reviewer != officer.ID {
		t.Errorf("closed, it is %+v", s)
	}
	wants(t, "closing twice", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"), casefile.Conflict)
	wants(t, "an officer reopens", Reopen(t.Context(), g.Desk, officer, openCase, g.version(openCase), "x"), casefile.Forbidden)
	wants(t, "reopening without a reason", Reopen(t.Context(), g.Desk, boss, openCase, g.version(openCase), ""), casefile.Invalid)
	if err := Reopen(t.Context(), g.Desk, boss2, openCase, g.version(openCase), "a new witness"); err != nil {
		t.Fatal(err)
	}
	if s := stands(); s.Stage != casefile.StageDecided || s.Verdict != casefile.Reinvestigate {
		t.Errorf("reopened, it is %+v", s)
	}
	p, err := ReadClosePage(t.Context(), g.Desk, officer, openCase)
	if err != nil || p.Closed != nil || len(p.History) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if h := p.History[0]; h.Reason != "all lines done" || h.ClosedBy != boss.ID || h.ReopenReason != "a new witness" || h.ReopenedBy != boss2.ID || h.ReopenedAt.IsZero() {
		t.Errorf("the history says %+v", h)
	}
	events := g.events(ledger.CaseClosed, ledger.CaseReopened)
	for i, want := range []string{`"reason":"all lines done"`, `"reason":"a new witness"`} {
		if i >= len(events) || !strings.Contains(events[i], want) {
			t.Errorf("the events are %v", events)
		}
	}
	wants(t, "and closing again", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"), "")
}

func TestTwoPeopleCloseAtOnce(t *testing.T) {
	g := newGuarded(t)
	g.decided(openCase, casefile.NoFurtherLines)
	seen := g.version(openCase)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = Close(t.Context(), g.Desk, boss, openCase, seen, "x") })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if casefile.KindOf(err) != casefile.Conflict {
			t.Errorf("the one who was late heard %v", err)
		}
	}
	if n := len(g.events(ledger.CaseClosed)); done != 1 || n != 1 {
		t.Errorf("%d closed it, %d events", done, n)
	}
}

// A risk raised while somebody has the page to close open makes the page old.
func TestARiskRaisedMeanwhileKeepsACaseOpen(t *testing.T) {
	g := newGuarded(t)
	g.decided(openCase, casefile.NoFurtherLines)
	seen := g.version(openCase)
	g.raise(officer, openCase, "x")
	wants(t, "closing on the old page", Close(t.Context(), g.Desk, boss, openCase, seen, "x"), casefile.Conflict)
	wants(t, "closing on a new one", Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"), casefile.Invalid)
}

// What a later extract brings about a closed case, or about the people in it, is
// flagged in the list and on its page; what concerns others is not.
func TestWhatArrivesAfterClosingIsFlagged(t *testing.T) {
	for _, c := range []struct {
		what   string
		tables desktest.Tables
		want   string
	}{
		{"nothing new", desktest.Tables{casefile.Log: "crime_ref,seq,text\nC1,1,The log says so.\n"}, ""},
		{"a new entry", desktest.Tables{casefile.Log: "crime_ref,seq,text\nC1,2,More.\n"}, "[{log 1}]"},
		{"another text in an old entry", desktest.Tables{casefile.Log: "crime_ref,seq,text\nC1,1,Changed.\n"}, "[{log 1}]"},
		{"an entry of another case", desktest.Tables{casefile.Log: "crime_ref,seq,text\nC2,1,More.\n"}, ""},
		{"a later name of somebody in it", desktest.Tables{casefile.Nominals: "nominal_ref,surname,forenames\nN1,Marlowe,Avery\nN2,Lindqvist,Robyn\nN3,,\n"}, "[{nominals 1}]"},
		{"an episode of somebody in it", desktest.Tables{casefile.Missing: "nominal_ref,from,to\nN2,2014-01-01T10:00,2014-01-02T10:00\n"}, "[{missing 1}]"},
		{"an outcome", desktest.Tables{casefile.Outcomes: "crime_ref,code,at\nC1,18,2020-01-01\n"}, "[{outcomes 1}]"},
		{"a part of somebody else", desktest.Tables{casefile.Nominals: "nominal_ref,surname,forenames\nN1,Marlowe,Avery\nN2,Lindqvist,Robin\nN3,,\nN4,Okafor,Sam\n",
			casefile.Involvements: "crime_ref,nominal_ref,role\nC1,N4,witness\n"}, "[{involvements 1} {nominals 1}]"},
	} {
		g := newGuarded(t)
		g.decided(openCase, casefile.NoFurtherLines)
		if err := Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"); err != nil {
			t.Fatal(err)
		}
		if l := g.closedList(false); len(l.Cases) != 1 || l.Cases[0].Changed || l.Changed != 0 {
			t.Errorf("%s: before, the list says %+v", c.what, l)
		}
		g.importMore(c.tables)
		l := g.closedList(false)
		if got := laterWords(l.Cases[0].Later); got != c.want || l.Cases[0].Changed != (c.want != "") {
			t.Errorf("%s: the list says %s, changed %v; want %s", c.what, got, l.Cases[0].Changed, c.want)
		}
		if n := len(g.closedList(true).Cases); (n == 1) != (c.want != "") || l.Changed != n {
			t.Errorf("%s: %d changed since, the list of those has %d", c.what, l.Changed, n)
		}
		p, err := ReadClosePage(t.Context(), g.Desk, boss, openCase)
		if err != nil || laterWords(p.Later) != c.want {
			t.Errorf("%s: its page says %v, %v", c.what, p.Later, err)
		}
		// Closed again on what is known now, it has not changed.
		if err := Reopen(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"); err != nil {
			t.Fatal(err)
		}
		if err := Close(t.Context(), g.Desk, boss, openCase, g.version(openCase), "x"); err != nil {
			t.Fatal(err)
		}
		if l := g.closedList(false); l.Cases[0].Changed || l.Changed != 0 {
			t.Errorf("%s: closed again, the list says %+v", c.what, l)
		}
	}
}

func laterWords(later []store.Later) string {
	if len(later) == 0 {
		return ""
	}
	return fmt.Sprint(later)
}

// importMore takes in a later extract; every extract brings the tables it needs.
func (g *guarded) importMore(tables desktest.Tables) {
	g.t.Helper()
	for table, text := range map[casefile.Table]string{
		casefile.Investigations: "crime_ref,recorded_at,unit\nC1,2014-03-09,North\nC2,2015-01-01,South\nC3,2016-01-01,North\n",
		casefile.Nominals:       "nominal_ref,surname,forenames\nN1,Marlowe,Avery\nN2,Lindqvist,Robin\nN3,,\n",
		casefile.Involvements:   "crime_ref,nominal_ref,role\nC1,N1,suspect\n",
	} {
		if tables[table] == "" {
			tables[table] = text
		}
	}
	if r := desktest.Import(g.t, g.Desk, desktest.Folder(g.t, tables)); r == nil {
		g.t.Fatal("no report")
	}
}

func (g *guarded) closedList(changed ChangedOnly) *ClosedList {
	g.t.Helper()
	l, err := ListClosed(g.t.Context(), g.Desk, boss, changed, 0)
	if err != nil {
		g.t.Fatal(err)
	}
	return l
}

func TestARestrictedClosedCaseIsCountedAndNotShown(t *testing.T) {
	g := newGuarded(t)
	g.decided(hiddenCase, casefile.NoFurtherLines)
	if err := Close(t.Context(), g.Desk, boss2, hiddenCase, g.version(hiddenCase), "x"); err != nil {
		t.Fatal(err)
	}
	g.importMore(desktest.Tables{casefile.Log: "crime_ref,seq,text\nC3,1,More.\n"})
	if l := g.closedList(false); l.All != 1 || len(l.Cases) != 0 || l.Changed != 0 {
		t.Errorf("a supervisor who may not read it sees %+v", l)
	}
	l, err := ListClosed(t.Context(), g.Desk, boss2, true, 0)
	if err != nil || len(l.Cases) != 1 || !l.Cases[0].Changed {
		t.Errorf("a named reader sees %+v, %v", l, err)
	}
	g.view(func(tx *store.Tx) error {
		changed, err := CasesChangedSinceClosed(t.Context(), g.Desk, tx)
		if len(changed) != 1 || !changed[hiddenCase] {
			t.Errorf("changed are %v", changed)
		}
		return err
	})
}
