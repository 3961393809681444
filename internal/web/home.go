package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"lookback/internal/account"
	"lookback/internal/allocation"
	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/review"
	"lookback/internal/scope"
	"lookback/internal/store"
)

var homeRoutes = []route{
	{"GET /{$}", desk.UseLookback, (*Site).home},
}

// A homePage is what somebody's day begins with. Each part is there for whoever
// may do something about it, so two roles see both parts. Counts name no case;
// what shows cases is a reading, which its verb records.
type homePage struct {
	Now  time.Time
	View *cohort.View

	First     []firstStep // what a fresh register needs; nil once it has it
	Found     *homeFound  // in a demo
	Risk      *casework.RiskBoard
	Queue     *review.Card
	Mine      *homeActions // that I own
	All       *homeActions // that anybody owns
	Approvals *homeApprovals
	Progress  *homeProgress
	Pace      *allocation.Brief
	Intake    *homeIntake
	Groups    *reading.Groups
	Terms     *store.Adoption
	Ledger    *homeLedger
	Anomalies *account.Anomalies
	Accounts  int
}

// Wide lets cards stand beside each other.
func (*homePage) Wide() bool { return true }

type homeActions struct {
	Open, Overdue, DueSoon, Unallocated, ForFiling int
}

type homeApprovals struct{ Waiting, Disputed, Returned store.StageFigure }

// A homeProgress says how far the review has got, over the cases that the terms in
// force let in.
type homeProgress struct {
	At                                 time.Time
	In                                 int
	Decided, Submitted, Back, Deferred int // of those that are in
	Elsewhere                          int // decided, of cases that are not in
}

// Left is how many cases nobody has reviewed yet.
func (p homeProgress) Left() int { return p.In - p.Decided - p.Submitted - p.Back - p.Deferred }

type homeIntake struct {
	Last        []store.ImportSummary
	Quarantined int
	Faults      []string // the most frequent, in words
	Run         store.Run
}

type homeLedger struct {
	Size     int64
	Last     time.Time
	Backup   time.Time
	Export   time.Time
	Restored time.Time
}

// A homeFound is what the demonstration found, from the last analysis.
type homeFound struct {
	analysis.Figures
	Wordings []wording
}

type wording struct {
	Name, Title      string
	In, Out, Unknown int
}

// A firstStep is one thing that a fresh register needs.
type firstStep struct {
	What, How string
	Href      string // for those who may do it
	Done      bool
}

func (s *Site) home(w http.ResponseWriter, r *request) error {
	p := &homePage{Now: s.now()}
	ctx, may := r.Context(), func(act desk.Act) bool { return s.can(r, act) }
	var err error
	if p.View, err = cohort.Snapshot(ctx, s.Desk, r.By); err != nil {
		return err
	}
	// Several of these record a reading and wait until it is durable. Side by side
	// they wait for one commit.
	var parts sync.WaitGroup
	var faults [10]error
	part := func(i int, f func() error) { parts.Go(func() { faults[i] = f() }) }
	if may(desk.RaiseRisk) {
		part(0, func() (err error) { p.Risk, err = casework.RiskSummary(ctx, s.Desk, r.By); return err })
	}
	if may(desk.ReviewCases) && p.View.Run != 0 {
		part(1, func() (err error) { p.Queue, err = review.MyQueue(ctx, s.Desk, r.By); return err })
	}
	if may(desk.ReadGroups) && p.View.Run != 0 {
		part(2, func() (err error) { p.Groups, err = reading.ListGroups(ctx, s.Desk, r.By, 0, 0); return err })
	}
	if may(desk.ManageAccounts) {
		part(3, func() (err error) { p.Anomalies, err = s.Accounts.Anomalies(ctx, r.By); return err })
		part(4, func() error {
			list, err := s.Accounts.List(ctx)
			p.Accounts = len(list)
			return err
		})
	}
	if may(desk.ReadFigures) && p.View.Run != 0 {
		part(5, func() (err error) { p.Progress, err = s.progress(ctx, p.View); return err })
	}
	if s.Demo && may(desk.ReadFigures) && p.View.Run != 0 {
		part(6, func() (err error) { p.Found, err = s.found(ctx, r.By, p.View); return err })
	}
	if may(desk.ReadWorkload) && p.View.Run != 0 {
		part(7, func() (err error) { p.Pace, err = allocation.Summary(ctx, s.Desk, r.By); return err })
	}
	part(8, func() error {
		return s.Desk.DB.View(ctx, func(tx *store.Tx) error { return p.read(ctx, tx, r.By, may) })
	})
	parts.Wait()
	if err := errors.Join(faults[:]...); err != nil {
		return err
	}
	return s.render(w, r, "home", "Today, "+p.Now.In(london).Format("Monday 2 January 2006"), p)
}

// read fills the parts that are counts.
func (p *homePage) read(ctx context.Context, tx *store.Tx, by casefile.Actor, may func(desk.Act) bool) (err error) {
	if may(desk.WorkActions) {
		if p.Mine, p.All, err = actionFigures(ctx, tx, by.ID); err != nil {
			return err
		}
		if !may(desk.AllocateActions) {
			p.All = nil
		}
	}
	if may(desk.ApproveReviews) {
		stages, err := tx.StageFigures(ctx, casefile.StageSubmitted, casefile.StageDisputed, casefile.StageReturned)
		if err != nil {
			return err
		}
		p.Approvals = &homeApprovals{stages[casefile.StageSubmitted], stages[casefile.StageDisputed], stages[casefile.StageReturned]}
	}
	key, err := tx.ListingKey(ctx, analysis.Kind)
	if err != nil {
		return err
	}
	if may(desk.ReadFigures) && key.Adoption.ID != 0 {
		p.Terms = &key.Adoption
	}
	imports, err := tx.Imports(ctx, 0, false, 3)
	if err != nil {
		return err
	}
	if may(desk.ReadIntake) {
		p.Intake = &homeIntake{Last: imports, Run: key.Run}
		faults, err := tx.FaultCounts(ctx)
		if err != nil {
			return err
		}
		for i, f := range faults {
			p.Intake.Quarantined += f.Rows
			if i < 3 {
				where := strings.Trim(string(f.Table)+", "+f.Column, ", ")
				p.Intake.Faults = append(p.Intake.Faults, thousands(int64(f.Rows))+" in "+strings.ReplaceAll(where, "_", " "))
			}
		}
	}
	if may(desk.ReadLedger) || may(desk.TakeBackup) {
		if p.Ledger, err = ledgerFigures(ctx, tx); err != nil {
			return err
		}
	}
	p.First = firstSteps(len(imports) > 0, key.Run.ID != 0, key.Adoption.ID != 0, may)
	return nil
}

func actionFigures(ctx context.Context, tx *store.Tx, account string) (mine, all *homeActions, err error) {
	today := casefile.DayAt(tx.Now)
	loads, err := tx.ActionLoads(ctx, today.String(), (today + 6).String())
	mine, all = &homeActions{}, &homeActions{}
	for _, l := range loads {
		if l.Owner == account {
			mine.add(l)
		}
		all.add(l)
	}
	return mine, all, err
}

func (a *homeActions) add(l casefile.Workload) {
	if l.Owner == "" {
		a.Unallocated += l.Open
	}
	a.Open += l.Open
	a.Overdue += l.Overdue
	a.DueSoon += l.DueSoon
	a.ForFiling += l.ForFiling
}

func ledgerFigures(ctx context.Context, tx *store.Tx) (*homeLedger, error) {
	tree, _, err := tx.Head(ctx)
	if err != nil {
		return nil, err
	}
	l := &homeLedger{Size: tree.N}
	for kind, at := range map[ledger.Kind]*time.Time{"": &l.Last, ledger.BackupTaken: &l.Backup, ledger.LedgerExported: &l.Export, ledger.RegisterRestored: &l.Restored} {
		var e store.LoggedEvent
		ok := true
		if kind == "" {
			e, err = tx.Event(ctx, tree.N-1)
		} else {
			e, ok, err = tx.LastOf(ctx, kind)
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return nil, err
		}
		*at = leaf.At
	}
	return l, nil
}

// firstSteps says what a register needs before anybody can review, nil once it has
// it all.
func firstSteps(imported, analysed, adopted bool, may func(desk.Act) bool) []firstStep {
	if imported && analysed && adopted {
		return nil
	}
	steps := []firstStep{
		{"Import an extract", "Somebody with the role records or analyst loads what the force handed over.", "/imports/new", imported},
		{"Run the analysis", "It reads the texts, matches people and works out the facts of each case.", "/imports", analysed},
		{"Adopt terms of reference", "A supervisor says which cases are in. Until then every case is offered for review.", "/terms", adopted},
	}
	for i, act := range []desk.Act{desk.ImportExtracts, desk.RunAnalysis, desk.AdoptCriteria} {
		if !may(act) || steps[i].Done {
			steps[i].Href = ""
		}
	}
	return steps
}

// progress counts the cases under the terms in force by how far they have got. All
// cases that anybody has touched are read for it, so it is done once a minute at
// most, for everybody.
func (s *Site) progress(ctx context.Context, view *cohort.View) (*homeProgress, error) {
	at := s.now().Truncate(time.Minute)
	version := fmt.Sprint(view.Run, view.Terms, view.Adopted, at.Unix())
	return desk.Memo(s.Desk, "home progress", version, func() (*homeProgress, error) {
		ctx := context.WithoutCancel(ctx)
		p := &homeProgress{At: at, In: view.In}
		if view.Terms == "" {
			p.In = len(view.Rows)
		}
		return p, s.Desk.DB.View(ctx, func(tx *store.Tx) error {
			states, err := tx.CaseStates(ctx)
			for id, state := range states {
				row, ok := view.Find(id)
				if !ok || view.Terms != "" && row.Scope != scope.In {
					if state.Stage == casefile.StageDecided || state.Stage == casefile.StageClosed {
						p.Elsewhere++
					}
					continue
				}
				p.count(state.Stage)
			}
			return err
		})
	})
}

func (p *homeProgress) count(stage casefile.Stage) {
	switch stage {
	case casefile.StageDecided, casefile.StageClosed:
		p.Decided++
	case casefile.StageSubmitted, casefile.StageDisputed:
		p.Submitted++
	case casefile.StageReturned:
		p.Back++
	case casefile.StageDeferred:
		p.Deferred++
	}
}

// found is what the last analysis and each shipped wording make of the register,
// worked out once for each analysis.
func (s *Site) found(ctx context.Context, by casefile.Actor, view *cohort.View) (*homeFound, error) {
	return desk.Memo(s.Desk, "home found", fmt.Sprint(view.Run), func() (*homeFound, error) {
		ctx := context.WithoutCancel(ctx)
		f := &homeFound{}
		err := s.Desk.DB.View(ctx, func(tx *store.Tx) error {
			run, err := tx.LastRun(ctx, analysis.Kind)
			if err != nil || len(run.Figures) == 0 {
				return err
			}
			return json.Unmarshal(run.Figures, &f.Figures)
		})
		if err != nil {
			return nil, err
		}
		presets := scope.Presets()
		counts, err := cohort.CountAll(ctx, s.Desk, by, presets, nil, nil)
		if err != nil {
			return nil, err
		}
		for i, t := range presets {
			f.Wordings = append(f.Wordings, wording{t.Name, t.Title, counts[i].In, counts[i].Out, counts[i].Unknown})
		}
		return f, nil
	})
}
