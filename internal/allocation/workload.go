package allocation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// Windows of time in days.
const (
	week      = 7
	fourWeeks = 28
	paceDays  = 84 // twelve weeks of work are what a pace is learnt from
)

// decided are the kinds of event that change what somebody has to do.
var decided = func() []ledger.Kind {
	return slices.DeleteFunc(ledger.Kinds(), func(k ledger.Kind) bool { return k.Class() != ledger.Decided })
}()

// A Load is what one person has to do and has done. It is figures only: who is
// quick and who is thorough is not in it.
type Load struct {
	Person
	Reviews        bool // may review cases
	Disabled       bool
	Assigned       int // cases assigned and still to be reviewed
	Overdue        int // of them, due before today
	Undated        int // of them, due on no day
	Reading        int // cases open for review now
	Judging        int // cases open for approval or adjudication now
	Returned       int // reviews that came back
	Waiting        int // reviews of theirs that wait for another person
	Read7, Read28  int // cases read: first reviews submitted in the last 7 and 28 days
	ActionsOpen    int
	ActionsOverdue int
}

// A UnitLoad is how far the review of one unit's cases has got. It counts cases in
// scope and those of which that is not known.
type UnitLoad struct {
	Unit     string // as the force writes it, "" where it is not recorded
	Cases    int
	ToRead   int // nobody has submitted a review
	Assigned int // of those to read, assigned to somebody
	Waiting  int // submitted, returned or disputed
	Decided  int // decided or closed
	Deferred int // put off unread
}

// A Backlog says what is counted as left to read, and what is not.
type Backlog struct {
	InScope       int // in scope, nobody has submitted a review
	Unknown       int // the same, where it is not known whether they are in scope
	Deferred      int // put off unread, in scope or not known: counted only if asked for
	Waiting       int // read, and waiting for another person: not counted
	Returned      int // read, and back with their reviewer: not counted
	Decided       int // not counted
	Closed        int // not counted
	Out           int // out of scope: not counted
	Total         int
	Terms         string // in force, "" for none
	Analysed      string // instant
	Unassigned    int    // of InScope and Unknown
	AtRisk        int    // of all cases, those with an open risk
	AtRiskNobody  int    // of them, those assigned to nobody and read by nobody
	OverdueCases  int    // assigned cases due before today
	OverdueAction int
}

// A Workload is who has to do how much, and how it went of late.
type Workload struct {
	Day     casefile.Day
	At      time.Time
	People  []Load // by name
	Units   []UnitLoad
	Backlog Backlog
	Read7   int
	Read28  int
	Team    int  // enabled accounts that may review cases
	Pace    Pace // as observed; Told() is false where too little was
	Seen    bool // the pace was observed
	Present int  // of the working days on which somebody was on the team, those with a trace of work
	Days    int  // all of them
}

// Loads returns everybody's workload. Restricted cases are in the figures, which
// name no case. Cost: linear in cases once something was decided, then kept until
// something else is.
func Loads(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Workload, error) {
	if err := d.May(by, desk.ReadWorkload); err != nil {
		return nil, err
	}
	return loads(ctx, d, by)
}

func loads(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Workload, error) {
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	var last int64
	var now time.Time
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		last, err = tx.LastEvent(ctx, decided)
		now = tx.Now
		return err
	})
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%p/%d/%s/%d", view, last, casefile.DayAt(now), d.Policy().Version)
	kept, err := desk.Memo(d, "workload", version, func() (*Workload, error) {
		ctx := context.WithoutCancel(ctx)
		w := &Workload{}
		var reviewed map[casefile.CaseID]bool
		err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
			if reviewed, err = tx.ReviewedCases(ctx); err != nil {
				return err
			}
			return w.count(ctx, tx, d)
		})
		if err != nil {
			return nil, err
		}
		return w, w.countCases(ctx, d, view, reviewed)
	})
	if err != nil {
		return nil, err
	}
	// Leases come and go without an event, so they are counted each time.
	w := *kept
	w.People = slices.Clone(kept.People)
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		w.At = tx.Now
		held, err := tx.LeasesHeld(ctx)
		for _, l := range held {
			i := slices.IndexFunc(w.People, func(p Load) bool { return p.Account == l.Account })
			switch {
			case i < 0:
			case l.Purpose == casefile.ForReview:
				w.People[i].Reading++
			default:
				w.People[i].Judging++
			}
		}
		return err
	})
	return &w, err
}

func (w *Workload) count(ctx context.Context, tx *store.Tx, d *desk.Desk) error {
	w.Day, w.At = casefile.DayAt(tx.Now), tx.Now
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return err
	}
	people := map[string]*Load{}
	for _, a := range accounts {
		people[a.ID] = &Load{Person: Person{a.ID, a.Name}, Disabled: !a.DisabledAt.IsZero(), Reviews: mayReview(d, a)}
		if people[a.ID].Reviews {
			w.Team++
		}
	}
	if err := w.countWork(ctx, tx, people); err != nil {
		return err
	}
	if err := w.countPace(ctx, tx, people); err != nil {
		return err
	}
	for _, p := range people {
		idle := *p
		idle.Reviews, idle.Disabled = false, false
		if p.Reviews || idle != (Load{Person: p.Person}) {
			w.People = append(w.People, *p)
		}
		w.Backlog.OverdueAction += p.ActionsOverdue
	}
	slices.SortFunc(w.People, func(a, b Load) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account)) })
	return nil
}

// countWork fills in what everybody has been given.
func (w *Workload) countWork(ctx context.Context, tx *store.Tx, people map[string]*Load) error {
	of := func(account string) *Load {
		if p := people[account]; p != nil {
			return p
		}
		return &Load{} // an actor without an account
	}
	assigned, err := tx.AssignmentLoads(ctx, w.Day.String(), w.Day.String())
	if err != nil {
		return err
	}
	for _, l := range assigned {
		p := of(l.Account)
		p.Assigned, p.Overdue, p.Undated = l.Cases, l.Overdue, l.Undated
		w.Backlog.OverdueCases += l.Overdue
	}
	stages, err := tx.StagesByReviewer(ctx)
	if err != nil {
		return err
	}
	for _, s := range stages {
		switch s.Stage {
		case casefile.StageReturned:
			of(s.Account).Returned += s.Cases
		case casefile.StageSubmitted, casefile.StageDisputed:
			of(s.Account).Waiting += s.Cases
		}
	}
	actions, err := tx.ActionLoads(ctx, w.Day.String(), w.Day.String())
	if err != nil {
		return err
	}
	for _, a := range actions {
		p := of(a.Owner)
		p.ActionsOpen, p.ActionsOverdue = a.Open, a.Overdue
	}
	return nil
}

// countPace counts what was read of late, and learns the pace from it.
func (w *Workload) countPace(ctx context.Context, tx *store.Tx, people map[string]*Load) error {
	first := w.Day - paceDays + 1
	since := time.Unix(int64(first-1)*86400, 0) // London is never a day away from UTC
	read, err := tx.FirstReviews(ctx, since)
	if err != nil {
		return err
	}
	work, err := tx.AtWork(ctx, since)
	if err != nil {
		return err
	}
	for _, r := range read {
		day := casefile.DayAt(r.At)
		p := people[r.Account]
		if day > w.Day-week {
			if w.Read7++; p != nil {
				p.Read7++
			}
		}
		if day > w.Day-fourWeeks {
			if w.Read28++; p != nil {
				p.Read28++
			}
		}
	}
	var counts []int
	counts, w.Present, w.Days = officerDays(read, work, first, w.Day, func(account string) bool {
		return people[account] != nil && people[account].Reviews
	})
	w.Pace, w.Seen = ObservePace(counts)
	return nil
}

// officerDays returns how many files were read on each day on which a reviewer was
// at work, from the first day up to yesterday: today is not over. A day at work is
// one that left a trace: a review, a step of an action, line or risk, something said
// of another's review. Of somebody who read nothing at all in the window no day
// counts. Present is how many of the working days since each one's first trace have
// one, days how many there are; the rest are taken for days away.
func officerDays(read, work []store.Done, first, today casefile.Day, reviews func(string) bool) (counts []int, present, days int) {
	type key struct {
		account string
		day     casefile.Day
	}
	counted := func(x store.Done) (key, bool) {
		k := key{x.Account, casefile.DayAt(x.At)}
		return k, k.day >= first && k.day < today && reviews(k.account)
	}
	files, began := map[key]int{}, map[string]casefile.Day{}
	for _, r := range read {
		if k, ok := counted(r); ok {
			files[k]++
			began[k.account] = today
		}
	}
	for _, t := range work {
		if k, ok := counted(t); ok && began[k.account] != 0 {
			files[k] += 0
			began[k.account] = min(began[k.account], k.day)
		}
	}
	for k, n := range files {
		counts = append(counts, n)
		began[k.account] = min(began[k.account], k.day)
	}
	slices.Sort(counts)
	for account, d := range began {
		for ; d < today; d++ {
			if !FiveDays.Works(d) {
				continue
			}
			days++
			if _, there := files[key{account, d}]; there {
				present++
			}
		}
	}
	return counts, present, days
}

// countCases counts where every case stands, by unit and as the backlog.
func (w *Workload) countCases(ctx context.Context, d *desk.Desk, view *cohort.View, reviewed map[casefile.CaseID]bool) error {
	b := &w.Backlog
	b.Terms, b.Analysed, b.Total = view.Terms, view.Analysed, len(view.Rows)
	units := map[string]*UnitLoad{}
	err := cohort.Each(ctx, d, view, func(l cohort.Line) {
		if !l.Risk.IsZero() {
			b.AtRisk++
			if l.Assigned == "" && !reviewed[l.ID] {
				b.AtRiskNobody++
			}
		}
		if l.Scope.String() == "out" {
			b.Out++
			return
		}
		u := units[l.Unit]
		if u == nil {
			u = &UnitLoad{Unit: l.Unit}
			units[l.Unit] = u
		}
		b.put(u, l.Row, l.Stage, reviewed[l.ID], l.Assigned != "")
	})
	for _, u := range units {
		w.Units = append(w.Units, *u)
	}
	slices.SortFunc(w.Units, func(a, b UnitLoad) int {
		return cmp.Or(-cmp.Compare(min(len(a.Unit), 1), min(len(b.Unit), 1)), cmp.Compare(a.Unit, b.Unit)) // not recorded last
	})
	return err
}

// put counts one case that is in scope or may be.
func (b *Backlog) put(u *UnitLoad, r *cohort.Row, stage casefile.Stage, reviewed, assigned bool) {
	u.Cases++
	switch {
	case stage == casefile.StageDeferred:
		b.Deferred++
		u.Deferred++
	case stage == casefile.StageDecided:
		b.Decided++
		u.Decided++
	case stage == casefile.StageClosed:
		b.Closed++
		u.Decided++
	case stage == casefile.StageSubmitted, stage == casefile.StageDisputed:
		b.Waiting++
		u.Waiting++
	case reviewed: // returned, withdrawn or opened again
		b.Returned++
		u.Waiting++
	default:
		if r.InScope() {
			b.InScope++
		} else {
			b.Unknown++
		}
		u.ToRead++
		if assigned {
			u.Assigned++
		} else {
			b.Unassigned++
		}
	}
}

// A Team is who may be given cases, with what each has.
type Team struct {
	People  []Load // by name
	Checked bool   // training was imported, so that it is asked for
	Day     casefile.Day
}

// TeamOf returns who may be given cases.
func TeamOf(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Team, error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	w, err := loads(ctx, d, by)
	if err != nil {
		return nil, err
	}
	t := &Team{Day: w.Day}
	for _, p := range w.People {
		if p.Reviews {
			t.People = append(t.People, p)
		}
	}
	return t, d.DB.View(ctx, func(tx *store.Tx) error {
		version, _, err := tx.SkillsImported(ctx)
		t.Checked = version > 0
		return err
	})
}

// DueDays returns when the cases that are assigned to somebody are due, "" where on
// no day, restricted ones among them: whoever shows cases takes those out. Cost:
// linear in assignments that hold once something was decided, then kept.
func DueDays(ctx context.Context, d *desk.Desk, by casefile.Actor) (map[casefile.CaseID]string, error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	var last int64
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		last, err = tx.LastEvent(ctx, []ledger.Kind{ledger.CaseAssigned, ledger.AssignmentEnded})
		return err
	})
	if err != nil {
		return nil, err
	}
	return desk.Memo(d, "due days", fmt.Sprint(last), func() (map[casefile.CaseID]string, error) {
		out := map[casefile.CaseID]string{}
		ctx := context.WithoutCancel(ctx)
		return out, d.DB.View(ctx, func(tx *store.Tx) error {
			held, err := tx.AssignmentsHeld(ctx)
			for _, a := range held {
				out[a.Case] = a.Due
			}
			return err
		})
	})
}
