package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// The queue. Cases are pulled, not handed out: whoever has time asks for the next
// one, and gets the first that nothing keeps from them. The order is the same for
// everybody and can be said in a sentence; nobody's name, no place and nothing
// about who people are goes into it:
//
//  1. cases from which a present risk was raised that nobody has acknowledged,
//     the oldest risk first, in scope or not;
//  2. cases that came back to me;
//  3. cases assigned to me, the one due first;
//  4. all others in scope, then those of which it is not known: first where a
//     child was missing or the case is flagged as exploitation, and within that
//     the one recorded longest ago.

// An order is the fourth part of the queue for one analysis and one adoption of
// terms, shared by everybody. It remembers which cases are not to be had by
// anybody, so that a pull costs the same however many have been reviewed.
type order struct {
	view  *cohort.View
	cases []int32 // places in view.Rows, in the order of the queue
	at    []int32 // for each row its place in cases, -1 for a case out of scope

	mu    sync.Mutex
	gone  []bool // by place: assigned, or beyond the stage at which anybody may pull it
	first int    // every place before it is gone
	asOf  time.Time
	// syncs counts the calls of sync, and synced says for each place at which it was
	// last forgotten, so that a walk does not write what it read before that.
	syncs  int32
	synced []int32
}

func queueOrder(d *desk.Desk, view *cohort.View) (*order, error) {
	// The view itself is its version: it lives as long as the order does.
	return desk.Memo(d, "review: order of the queue", fmt.Sprintf("%p", view), func() (*order, error) {
		o := &order{view: view, at: make([]int32, len(view.Rows))}
		for i := range view.Rows {
			if o.at[i] = -1; view.Rows[i].Scope != scope.Out {
				o.cases = append(o.cases, int32(i))
			}
		}
		slices.SortFunc(o.cases, func(a, b int32) int { return byQueue(&view.Rows[a], &view.Rows[b]) })
		for place, row := range o.cases {
			o.at[row] = int32(place)
		}
		o.gone, o.synced = make([]bool, len(o.cases)), make([]int32, len(o.cases))
		return o, nil
	})
}

// byQueue compares two cases that anybody may pull.
func byQueue(a, b *cohort.Row) int {
	return cmp.Or(
		cmp.Compare(scopeRank(a), scopeRank(b)),
		cmp.Compare(childRank(a), childRank(b)),
		cmp.Compare(recordedRank(a), recordedRank(b)),
		cmp.Compare(a.ID, b.ID))
}

func scopeRank(r *cohort.Row) int {
	if r.Scope == scope.In {
		return 0
	}
	return 1
}

func childRank(r *cohort.Row) int {
	if missingChild(r) || r.Flagged == cohort.Yes {
		return 0
	}
	return 1
}

// missingChild: a victim was recorded missing who was, or may have been, a child.
func missingChild(r *cohort.Row) bool { return r.Missing == cohort.Yes && r.VictimUnder18 != cohort.No }

// recordedRank puts a case whose day is not recorded last.
func recordedRank(r *cohort.Row) int64 {
	if r.Recorded == cohort.NoDay {
		return 1 << 40
	}
	return int64(r.Recorded)
}

// whyInOrder says why a case stands where it does in the fourth part of the queue.
func whyInOrder(r *cohort.Row) string {
	var parts []string
	if r.Scope == scope.In {
		parts = append(parts, "It is in scope")
	} else {
		parts = append(parts, "Whether it is in scope is not known, and it comes after those that are")
	}
	switch {
	case missingChild(r) && r.Flagged == cohort.Yes:
		parts = append(parts, "a victim was recorded missing and it is flagged as exploitation")
	case missingChild(r):
		parts = append(parts, "a victim was recorded missing")
	case r.Flagged == cohort.Yes:
		parts = append(parts, "it is flagged as exploitation")
	}
	when := "its day of recording is not known, which puts it last of its kind"
	if r.Recorded != cohort.NoDay {
		when = fmt.Sprintf("of those like it that are free it was recorded longest ago (%d)", r.Year)
	}
	return strings.Join(append(parts, when), "; ") + "."
}

// sync forgets what it knew of cases about which anything was decided since.
func (o *order) sync(ctx context.Context, tx *store.Tx) error {
	// A clock may be set back a little; a case looked at twice does no harm.
	touched, last, err := tx.TouchedSince(ctx, o.asOf.Add(-5*time.Second))
	if err != nil {
		return err
	}
	o.syncs++
	for _, id := range touched {
		if place := o.place(id); place >= 0 {
			o.gone[place], o.synced[place] = false, o.syncs
			o.first = min(o.first, place)
		}
	}
	if last.After(o.asOf) {
		o.asOf = last
	}
	return nil
}

// place returns where a case stands in the order, -1 if it does not.
func (o *order) place(id casefile.CaseID) int {
	row, ok := slices.BinarySearchFunc(o.view.Rows, id, func(r cohort.Row, id casefile.CaseID) int { return cmp.Compare(r.ID, id) })
	if !ok {
		return -1
	}
	return int(o.at[row])
}

// walkStep is how many cases are looked up in the register at once.
const walkStep = 100

// walk yields, in order, the cases that may still be had by anybody and that
// suit, with what keeps each from the account. Suits must be cheap: it is asked of
// every case that is passed.
func (o *order) walk(ctx context.Context, tx *store.Tx, account string, suits func(*cohort.Row) bool, yield func(store.Candidate, *cohort.Row) (bool, error)) error {
	o.mu.Lock()
	err := o.sync(ctx, tx)
	from, at := o.first, o.syncs
	o.mu.Unlock()
	if err != nil {
		return err
	}
	for next := from; next < len(o.cases); {
		var ids []casefile.CaseID
		o.mu.Lock()
		for ; next < len(o.cases) && len(ids) < walkStep; next++ {
			if row := &o.view.Rows[o.cases[next]]; !o.gone[next] && suits(row) {
				ids = append(ids, row.ID)
			}
		}
		o.mu.Unlock()
		if len(ids) == 0 {
			break
		}
		found, err := tx.Candidates(ctx, account, ids...)
		if err != nil {
			return err
		}
		o.forget(found, at)
		for _, c := range found {
			row, _ := o.view.Find(c.Case)
			if more, err := yield(c, row); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// forget marks the cases that nobody may pull from the common part of the queue
// until something is decided about them. At is the sync after which they were read.
func (o *order) forget(found []store.Candidate, at int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range found {
		if anybodys(c) {
			continue
		}
		if place := o.place(c.Case); place >= 0 && o.synced[place] <= at {
			o.gone[place] = true
		}
	}
	for o.first < len(o.gone) && o.gone[o.first] {
		o.first++
	}
}

// anybodys reports whether a case is in the common part of the queue.
func anybodys(c store.Candidate) bool {
	return c.Stage == casefile.StageOpen && c.Reviewer == "" && c.Assigned == ""
}

// A Next is the case that somebody pulled, and why this one.
type Next struct {
	Case casefile.CaseID
	Why  string
	None string // why there is none, in a sentence; Case is "" then
}

// NextCase gives the actor a lease on the case that is next for them, or the one
// that they have open. Cost: it reads the cases open now and walks the order up to
// the first case that is free, whatever the size of the register.
func NextCase(ctx context.Context, d *desk.Desk, by casefile.Actor) (n Next, err error) {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return n, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return n, err
	}
	o, err := queueOrder(d, view)
	if err != nil {
		return n, err
	}
	// Several people may be offered the same case at the same moment; the first to
	// write gets it, and the others the one after it.
	for range 20 {
		var offers []Next
		var r *reviewer
		err := d.DB.View(ctx, func(tx *store.Tx) error {
			if r, err = newReviewer(ctx, tx, by, view); err != nil {
				return err
			}
			offers, err = r.offers(ctx, tx, o)
			return err
		})
		if err != nil {
			return n, err
		}
		if offers[0].None != "" {
			return offers[0], nil
		}
		err = d.DB.Housekeep(ctx, func(tx *store.Tx) error {
			n, err = r.take(ctx, tx, offers)
			return err
		})
		if err != nil || n.Case != "" {
			return n, err
		}
	}
	return n, casefile.Errorf(casefile.Conflict, "Many people are asking for their next case at this moment. Try again.")
}

// take gives the first of the offers that is still free.
func (r *reviewer) take(ctx context.Context, tx *store.Tx, offers []Next) (Next, error) {
	for _, offer := range offers {
		found, err := tx.Candidates(ctx, r.account, offer.Case)
		if err != nil {
			return Next{}, err
		}
		why, err := r.bar(ctx, tx, found[0])
		if err != nil {
			return Next{}, err
		}
		if why == "" && !found[0].Hidden {
			return offer, tx.TakeLease(ctx, casefile.Lease{Case: offer.Case, Account: r.account, Purpose: casefile.ForReview, Until: tx.Now.Add(LeaseTime)})
		}
	}
	return Next{}, nil
}

// enough is how many cases are offered at once: more than are taken by others
// between reading and writing.
const enough = 20

// offers returns the next cases for an account, the first one first, or one entry
// that says why there is none.
func (r *reviewer) offers(ctx context.Context, tx *store.Tx, o *order) (offers []Next, err error) {
	leases, err := tx.LeasesOf(ctx, r.account)
	if err != nil {
		return nil, err
	}
	for _, l := range leases {
		if l.Holds(tx.Now) && l.Purpose == casefile.ForReview {
			return []Next{{Case: l.Case, Why: "You have it open."}}, nil
		}
	}
	seen := map[casefile.CaseID]bool{}
	var passed skips
	offer := func(c store.Candidate, why string) error {
		if seen[c.Case] || c.Hidden {
			return nil
		}
		seen[c.Case] = true
		bar, err := r.bar(ctx, tx, c)
		if err == nil && bar == "" {
			bar, err = takenBack(ctx, tx, casefile.Actor{ID: r.account}, c.Case, c)
		}
		if err != nil {
			return err
		}
		if bar != "" {
			passed.add(c, bar)
			return nil
		}
		offers = append(offers, Next{Case: c.Case, Why: why})
		return nil
	}
	lists, err := r.mine(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		found, err := tx.Candidates(ctx, r.account, l.ids...)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if err := offer(c, l.why(c)); err != nil {
				return nil, err
			}
			if len(offers) == enough {
				return offers, nil
			}
		}
	}
	err = o.walk(ctx, tx, r.account, r.suits, func(c store.Candidate, row *cohort.Row) (bool, error) {
		if !anybodys(c) {
			return true, nil
		}
		err := offer(c, whyInOrder(row))
		return len(offers) < enough, err
	})
	if err == nil && len(offers) == 0 {
		offers = []Next{{None: passed.sentence(o)}}
	}
	return offers, err
}

// suits reports whether the account has the training that a case needs, as far as
// its row tells.
func (r *reviewer) suits(row *cohort.Row) bool { return len(r.untrained(row, false)) == 0 }

// A pullList is one of the parts of the queue that come before the common one.
type pullList struct {
	ids []casefile.CaseID
	why func(store.Candidate) string
}

// mine returns them: at risk, back with me, assigned to me.
func (r *reviewer) mine(ctx context.Context, tx *store.Tx) ([]pullList, error) {
	risks, err := tx.CasesAtRisk(ctx)
	if err != nil {
		return nil, err
	}
	atRisk := make([]casefile.CaseID, 0, len(risks))
	for id := range risks {
		atRisk = append(atRisk, id)
	}
	slices.SortFunc(atRisk, func(a, b casefile.CaseID) int {
		return cmp.Or(risks[a].Compare(risks[b]), cmp.Compare(a, b))
	})
	back, err := tx.BackWith(ctx, r.account)
	if err != nil {
		return nil, err
	}
	assigned, err := tx.AssignedTo(ctx, r.account)
	if err != nil {
		return nil, err
	}
	return []pullList{
		{atRisk, func(c store.Candidate) string {
			return fmt.Sprintf("A present risk was raised from it %s and nobody has acknowledged it. That comes before everything else.", clockWords(risks[c.Case], tx.Now))
		}},
		{back, func(c store.Candidate) string {
			if c.Stage == casefile.StageReturned {
				return "It came back to you from another person, with a reason."
			}
			return "You withdrew your review of it."
		}},
		{assigned, func(c store.Candidate) string {
			if day, err := casefile.ParseDay(c.Due); err == nil {
				return "It is assigned to you and due by " + SayDay(day) + "."
			}
			return "It is assigned to you."
		}},
	}, nil
}

// SayDay says a civil day: "4 March 2026".
func SayDay(d casefile.Day) string {
	y, m, day := d.Civil()
	return fmt.Sprintf("%d %s %d", day, m, y)
}

// skips count why cases were passed.
type skips struct{ open, conflict, recused, training, other int }

func (s *skips) add(c store.Candidate, bar string) {
	switch {
	case c.Recused:
		s.recused++
	case bar == barConflict:
		s.conflict++
	case c.Open != "":
		s.open++
	case strings.Contains(bar, "training"):
		s.training++
	default:
		s.other++
	}
}

// sentence says why there is no case to pull.
func (s *skips) sentence(o *order) string {
	if len(o.cases) == 0 {
		if o.view.Empty != "" {
			return o.view.Empty
		}
		return "No case is in scope under the terms of reference in force."
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{s.open, "open with others"},
		{s.conflict, "closed to you because the records name you in them"},
		{s.recused, "those that you declined"},
		{s.training, "for others by their training"},
		{s.other, "not free for you"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return "Every case that may come to you has been reviewed, assigned to others, or needs training that is not on record for you."
	}
	return "No case is free for you now. Of those left in the queue: " + strings.Join(parts, ", ") + "."
}

// A Card is what somebody's own queue shows.
type Card struct {
	Open     []Opened // what I have open, and what I had: the last first
	Back     []Entrust
	Assigned []Entrust
	Drafts   []casefile.Draft // of cases in none of the lists above
	Start    bool             // there is a next case for me
	Why      string           // why there is none; or why this one would be next
	AtRisk   bool             // the next case is one from which a present risk was raised
}

// An Opened is a case that somebody has open.
type Opened struct {
	Case  casefile.CaseID
	State LeaseState
}

// An Entrust is a case that is with somebody without being open.
type Entrust struct {
	Case  casefile.CaseID
	Due   string // a day, or ""
	Since time.Time
	Why   string // why it is back: the words of whoever returned it
	Bar   string // why it cannot be started now, ""
}

// MyQueue returns the actor's own card. It reads what is theirs and looks for the
// next case without taking it.
func MyQueue(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Card, error) {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	o, err := queueOrder(d, view)
	if err != nil {
		return nil, err
	}
	c := &Card{}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		r, err := newReviewer(ctx, tx, by, view)
		if err != nil {
			return err
		}
		return c.fill(ctx, d, tx, by, r, o)
	})
	if err != nil {
		return nil, err
	}
	return c, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Body: map[string]any{"list": "my queue", "cases": c.cases()}})
}

func (c *Card) fill(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, r *reviewer, o *order) error {
	hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
	if err != nil {
		return err
	}
	shown := map[casefile.CaseID]bool{}
	leases, err := tx.LeasesOf(ctx, by.ID)
	if err != nil {
		return err
	}
	for _, l := range leases {
		if hidden[l.Case] || l.Purpose != casefile.ForReview {
			continue
		}
		s, err := leaseState(ctx, tx, by, l.Case)
		if err != nil {
			return err
		}
		state, err := tx.CaseState(ctx, l.Case)
		if err != nil {
			return err
		}
		// A lease that lapsed months ago on a case that others have decided since says nothing.
		if !s.Mine && state.Stage != casefile.StageOpen && state.Stage != casefile.StageReturned {
			continue
		}
		shown[l.Case] = true
		c.Open = append(c.Open, Opened{l.Case, s})
	}
	back, err := tx.BackWith(ctx, by.ID)
	if err != nil {
		return err
	}
	if c.Back, err = r.entrusted(ctx, tx, back, hidden, shown); err != nil {
		return err
	}
	for i := range c.Back {
		step, err := returnedWith(ctx, tx, c.Back[i].Case)
		if err != nil {
			return err
		}
		if step != nil {
			c.Back[i].Why = step.Reason
		}
	}
	assigned, err := tx.AssignedTo(ctx, by.ID)
	if err != nil {
		return err
	}
	if c.Assigned, err = r.entrusted(ctx, tx, assigned[:min(len(assigned), 100)], hidden, shown); err != nil {
		return err
	}
	drafts, err := tx.DraftsBy(ctx, by.ID, ReviewForm, 50)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		if !shown[draft.Case] && !hidden[draft.Case] {
			c.Drafts = append(c.Drafts, draft)
		}
	}
	offers, err := r.offers(ctx, tx, o)
	if err != nil {
		return err
	}
	risks, err := tx.CasesAtRisk(ctx)
	if c.Why, c.Start = offers[0].None, offers[0].None == ""; c.Start {
		c.Why = offers[0].Why
		_, c.AtRisk = risks[offers[0].Case]
	}
	return err
}

// entrusted looks up cases that are with the reviewer, without those shown already.
func (r *reviewer) entrusted(ctx context.Context, tx *store.Tx, ids []casefile.CaseID, hidden, shown map[casefile.CaseID]bool) (out []Entrust, err error) {
	found, err := tx.Candidates(ctx, r.account, ids...)
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		if hidden[c.Case] || shown[c.Case] {
			continue
		}
		shown[c.Case] = true
		e := Entrust{Case: c.Case, Due: c.Due}
		if e.Bar, err = r.bar(ctx, tx, c); err != nil {
			return nil, err
		}
		state, err := tx.CaseState(ctx, c.Case)
		if err != nil {
			return nil, err
		}
		e.Since = state.Since
		out = append(out, e)
	}
	return out, nil
}

// cases returns every case that the card shows.
func (c *Card) cases() (ids []casefile.CaseID) {
	for _, o := range c.Open {
		ids = append(ids, o.Case)
	}
	for _, e := range slices.Concat(c.Back, c.Assigned) {
		ids = append(ids, e.Case)
	}
	for _, d := range c.Drafts {
		ids = append(ids, d.Case)
	}
	return ids
}
