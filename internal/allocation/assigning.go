package allocation

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
)

// Bounds of one act of assigning.
const (
	MaxCases  = 10_000 // cases at once
	MaxPeople = 200
	MaxReason = 2000 // characters
	chunk     = 25   // cases in one transaction, which keeps it far below 200 ms
)

// A Wish is what a supervisor asks for.
type Wish struct {
	Cases  []casefile.CaseID // in the order in which they matter
	People []string          // accounts among whom to spread them; none: take them from whoever has them
	Due    string            // a day for all of them, or ""
	PerDay int               // or days: so many a working day and person, after what each has; 0
	Week   Week              // which days are working days; FiveDays if nothing is said
	Reason string            // needed where somebody loses a case
}

// A Proposal is what would be done, for a person to decide. Spreading is even: the
// case that the fewest may have comes first, and each goes to whoever has least to
// do by then of those who may have it.
type Proposal struct {
	Wish
	Steps   []Step // what changes, in the order of the wish
	Stays   int    // cases that are already with one of the people, and stay
	Shares  []Share
	Refused []store.Refusal
	Print   string // of the steps: it changes when they do
	Loses   bool   // somebody loses a case, so that a reason is needed
	Names   map[string]string
}

// A Step is one case that changes hands.
type Step struct {
	Case    casefile.CaseID
	From    string // account that has it now, ""
	Account string // who gets it; "" for nobody
	Due     string
	seen    int64 // the assignment that holds, 0 for none
}

// A Share is what becomes of one person's work.
type Share struct {
	Person
	Now   int // open cases
	Gets  int
	Loses int
	First string // the first and last day due of what they get
	Last  string
}

// After is how many open cases the person has then.
func (s Share) After() int { return s.Now + s.Gets - s.Loses }

// A candidate is somebody who may be given cases.
type candidate struct {
	Person
	officer review.Officer
	skills  review.Skills
	hidden  map[casefile.CaseID]bool
	recused map[casefile.CaseID]bool
	load    int // what counts for spreading
	open    int // all open cases
}

// crew are the people of a wish, with what decides about cases.
type crew struct {
	people     []*candidate
	restricted map[casefile.CaseID]bool
	names      map[string]string
}

func gather(ctx context.Context, tx *store.Tx, d *desk.Desk, accounts []string) (*crew, error) {
	c := &crew{names: map[string]string{}}
	all, err := tx.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]store.Account{}
	for _, a := range all {
		known[a.ID], c.names[a.ID] = a, a.Name
	}
	recusals, err := tx.Recusals(ctx)
	if err != nil {
		return nil, err
	}
	if c.restricted, err = tx.HiddenCases(ctx, ""); err != nil {
		return nil, err
	}
	for _, id := range accounts {
		a, ok := known[id]
		switch {
		case !ok:
			return nil, casefile.Errorf(casefile.NotFound, "There is no account %q. Choose people from the list.", id)
		case !a.DisabledAt.IsZero():
			return nil, casefile.Errorf(casefile.Invalid, "The account of %s is disabled, so no cases can be assigned to it. Choose somebody else.", a.Name)
		case !mayReview(d, a):
			return nil, casefile.Errorf(casefile.Invalid, "%s has no role that reviews cases. Choose somebody else, or ask an administrator to change the role.", a.Name)
		}
		p := &candidate{Person: Person{a.ID, a.Name}, officer: review.OfficerOf(a), recused: recusals[a.ID]}
		if p.skills, err = review.SkillsOf(ctx, tx, a.ID, casefile.DayAt(tx.Now)); err != nil {
			return nil, err
		}
		if p.hidden, err = tx.HiddenCases(ctx, a.ID); err != nil {
			return nil, err
		}
		c.people = append(c.people, p)
	}
	return c, nil
}

// bars says why a person may not have a case, "" if they may. Officers are whom
// the records name as its officers and supervisors.
func (c *crew) bars(p *candidate, id casefile.CaseID, row *cohort.Row, officers []string) string {
	switch {
	case p.hidden[id]:
		return p.Name + " is not among its named readers"
	case p.recused[id]:
		return p.Name + " will not review it: that was declared"
	}
	if missing := review.TrainingInForce().Missing(row, c.restricted[id], p.skills); len(missing) > 0 {
		var words []string
		for _, n := range missing {
			words = append(words, n.Label+" ("+n.Why+")")
		}
		return p.Name + " has no current training in " + strings.Join(words, "; ")
	}
	if p.officer.NamedIn(officers) {
		return "the records name " + p.Name + " as an officer or supervisor of the investigation"
	}
	return ""
}

// fixed says why nobody may be given a case now, or why it cannot be taken away.
func (c *crew) fixed(s store.Candidate, to string) string {
	switch s.Stage {
	case casefile.StageSubmitted, casefile.StageDisputed:
		return "its review is submitted and waits for another person"
	case casefile.StageDecided:
		return "it is decided"
	case casefile.StageClosed:
		return "it is closed"
	case casefile.StageDeferred:
		return "it was put off unread; take it back into the queue first"
	}
	if s.Open != "" && s.Open != to && s.OpenFor == casefile.ForReview {
		return c.name(s.Open) + " has it open now"
	}
	return ""
}

func (c *crew) name(account string) string { return cmp.Or(c.names[account], account) }

// Propose works out what a wish would do. It writes nothing.
func Propose(ctx context.Context, d *desk.Desk, by casefile.Actor, w Wish) (p *Proposal, err error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		p, err = propose(ctx, tx, d, by, w, view)
		return err
	})
	return p, err
}

func (w *Wish) check() error {
	if w.Week == 0 {
		w.Week = FiveDays
	}
	w.Reason = strings.TrimSpace(w.Reason)
	if w.Due != "" {
		day, err := casefile.ParseDay(w.Due)
		if err != nil {
			return casefile.Errorf(casefile.Invalid, "%q is not a day. Write the day on which the cases are due as 2026-03-31, or leave it empty.", w.Due)
		}
		w.Due = day.String()
	}
	switch {
	case len(w.Cases) == 0:
		return casefile.Errorf(casefile.Invalid, "No case is chosen. Choose cases in the list.")
	case len(w.Cases) > MaxCases:
		return casefile.Errorf(casefile.Invalid, "%d cases are too many at once: choose at most %d.", len(w.Cases), MaxCases)
	case len(w.People) > MaxPeople:
		return casefile.Errorf(casefile.Invalid, "%d people are too many at once: choose at most %d.", len(w.People), MaxPeople)
	case w.PerDay < 0 || w.PerDay > 100:
		return casefile.Errorf(casefile.Invalid, "Cases may be due at 1 to 100 a working day.")
	case utf8.RuneCountInString(w.Reason) > MaxReason:
		return casefile.Errorf(casefile.Invalid, "The reason is too long: %d characters at most.", MaxReason)
	}
	w.People = slices.Compact(slices.Sorted(slices.Values(w.People)))
	return nil
}

// A drawn case is one of the wish that may change hands.
type drawn struct {
	place int // in the wish
	state store.Candidate
	held  store.Assignment
	may   []*candidate
	to    *candidate
}

func propose(ctx context.Context, tx *store.Tx, d *desk.Desk, by casefile.Actor, w Wish, view *cohort.View) (*Proposal, error) {
	c, err := gather(ctx, tx, d, w.People)
	if err != nil {
		return nil, err
	}
	p := &Proposal{Wish: w, Names: c.names}
	states, err := tx.Candidates(ctx, desk.Reader(by), w.Cases...)
	if err != nil {
		return nil, err
	}
	today := casefile.DayAt(tx.Now)
	loads, err := tx.AssignmentLoads(ctx, today.String(), cmp.Or(w.Due, "9999"))
	if err != nil {
		return nil, err
	}
	for _, l := range loads {
		for _, person := range c.people {
			if person.Account == l.Account {
				person.open = l.Cases
				if person.load = l.Cases; w.Due != "" {
					person.load = l.DueBy + l.Undated
				}
			}
		}
	}
	cases, err := p.draw(ctx, tx, c, states, view)
	if err != nil {
		return nil, err
	}
	if len(w.People) > 0 {
		spread(cases, c.people, w.Due)
	}
	p.settle(c, cases, today)
	return p, nil
}

// draw finds out which cases may change hands, and to whom they may go.
func (p *Proposal) draw(ctx context.Context, tx *store.Tx, c *crew, states []store.Candidate, view *cohort.View) ([]*drawn, error) {
	held, err := tx.AssignmentsOf(ctx, p.Cases...)
	if err != nil {
		return nil, err
	}
	officers, err := tx.OfficersOfEach(ctx, p.Cases...)
	if err != nil {
		return nil, err
	}
	seen := map[casefile.CaseID]bool{}
	var cases []*drawn
	for i, s := range states {
		if seen[s.Case] {
			continue
		}
		seen[s.Case] = true
		refuse := func(why string) { p.Refused = append(p.Refused, store.Refusal{Case: s.Case, Why: sentence(why)}) }
		row, ok := view.Find(s.Case)
		if s.Hidden || !ok && !heldCase(ctx, tx, s.Case) {
			refuse("there is no such case here")
			continue
		}
		only := "" // whom an open case may go to
		if len(c.people) == 1 {
			only = c.people[0].Account
		}
		if why := c.fixed(s, only); why != "" {
			refuse(why)
			continue
		}
		x := &drawn{place: i, state: s, held: held[s.Case]}
		if len(c.people) == 0 && x.held.ID == 0 {
			refuse("it is assigned to nobody")
			continue
		}
		var whys []string
		for _, person := range c.people {
			if why := c.bars(person, s.Case, row, officers[s.Case]); why != "" {
				whys = append(whys, why)
			} else {
				x.may = append(x.may, person)
			}
		}
		if len(c.people) > 0 && len(x.may) == 0 {
			refuse(strings.Join(whys, "; "))
			continue
		}
		cases = append(cases, x)
	}
	return cases, nil
}

// heldCase reports whether a case that the last analysis does not know is held.
func heldCase(ctx context.Context, tx *store.Tx, id casefile.CaseID) bool {
	ok, err := tx.CaseReadable(ctx, store.EveryCase, id)
	return ok && err == nil
}

// spread gives every case to somebody. Who has a case keeps it for the time being;
// the others go, those that the fewest may have first, each to whoever has least to
// do by then; then cases move from who has most to who has least until nobody has
// two more than another who could take one. Among equals the sign-in name decides,
// so that the same wish always gives the same proposal.
func spread(cases []*drawn, people []*candidate, due string) {
	counts := func(held store.Assignment) bool {
		return held.ID != 0 && (due == "" || held.Due == "" || held.Due <= due)
	}
	var free []*drawn
	for _, x := range cases {
		i := slices.IndexFunc(x.may, func(p *candidate) bool { return p.Account == x.held.Account })
		if i < 0 {
			if j := slices.IndexFunc(people, func(p *candidate) bool { return p.Account == x.held.Account }); j >= 0 && counts(x.held) {
				people[j].load-- // they may not have it any more
			}
			free = append(free, x)
			continue
		}
		if x.to = x.may[i]; !counts(x.held) {
			x.to.load++ // it was not counted yet
		}
	}
	slices.SortStableFunc(free, func(a, b *drawn) int { return cmp.Compare(len(a.may), len(b.may)) })
	for _, x := range free {
		x.to = slices.MinFunc(x.may, byLoad)
		x.to.load++
	}
	for even(cases, people) {
	}
}

func byLoad(a, b *candidate) int {
	return cmp.Or(cmp.Compare(a.load, b.load), cmp.Compare(a.Account, b.Account))
}

// even moves cases from one person to another who has at least two fewer, and
// reports whether it moved any.
func even(cases []*drawn, people []*candidate) (moved bool) {
	people = slices.SortedFunc(slices.Values(people), byLoad)
	for _, from := range slices.Backward(people) {
		for _, to := range people {
			for i := len(cases) - 1; i >= 0 && from.load > to.load+1; i-- {
				if x := cases[i]; x.to == from && slices.Contains(x.may, to) {
					x.to, moved = to, true
					from.load--
					to.load++
				}
			}
		}
	}
	return moved
}

// settle turns what was drawn into steps and shares.
func (p *Proposal) settle(c *crew, cases []*drawn, today casefile.Day) {
	shares := map[string]*Share{}
	for _, person := range c.people {
		p.Shares = append(p.Shares, Share{Person: person.Person, Now: person.open})
	}
	for i := range p.Shares {
		shares[p.Shares[i].Account] = &p.Shares[i]
	}
	place := map[string]int{} // how many open cases somebody has so far
	for _, x := range cases {
		if s := shares[x.held.Account]; s != nil {
			place[x.held.Account]--
		}
	}
	for a, s := range shares {
		place[a] += s.Now
	}
	slices.SortStableFunc(cases, func(a, b *drawn) int { return cmp.Compare(a.place, b.place) })
	for _, x := range cases {
		step := Step{Case: x.state.Case, From: x.held.Account, seen: x.held.ID}
		if x.to != nil {
			step.Account, step.Due = x.to.Account, p.Due
			place[step.Account]++
			if p.PerDay > 0 {
				step.Due = p.Week.next(today, (place[step.Account]+p.PerDay-1)/p.PerDay).String()
			}
		}
		if step.From == step.Account && (step.Due == x.held.Due || step.Due == "") {
			p.Stays++
			continue
		}
		p.Loses = p.Loses || step.From != "" && step.From != step.Account
		if s := shares[step.From]; s != nil && step.From != step.Account {
			s.Loses++
		}
		if s := shares[step.Account]; s != nil && step.From != step.Account {
			s.Gets++
		}
		if s := shares[step.Account]; s != nil && step.Due != "" {
			if s.First == "" || step.Due < s.First {
				s.First = step.Due
			}
			s.Last = max(s.Last, step.Due)
		}
		p.Steps = append(p.Steps, step)
	}
	p.Print = p.print()
}

func (p *Proposal) print() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, s := range p.Steps {
		enc.Encode([]any{s.Case, s.From, s.Account, s.Due, s.seen}) // a hash takes all that it is given
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	s = strings.ToUpper(string(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// Assign gives cases to one person. What cannot be given is refused with its
// reason, the rest is given.
func Assign(ctx context.Context, d *desk.Desk, by casefile.Actor, cases []casefile.CaseID, account, due, reason string) (*store.Batch, error) {
	p, err := Propose(ctx, d, by, Wish{Cases: cases, People: []string{account}, Due: due, Reason: reason})
	if err != nil {
		return nil, err
	}
	return Do(ctx, d, by, p, nil)
}

// Unassign takes cases from whoever has them.
func Unassign(ctx context.Context, d *desk.Desk, by casefile.Actor, cases []casefile.CaseID, reason string) (*store.Batch, error) {
	p, err := Propose(ctx, d, by, Wish{Cases: cases, Reason: reason})
	if err != nil {
		return nil, err
	}
	return Do(ctx, d, by, p, nil)
}

// Do does what was proposed. Each case is looked at again when its turn comes: one
// that changed hands since, or may no longer be given, is left as it is and
// refused. A large batch is written in many short transactions; if it is cut off,
// what was written stands and its page says how far it got. If no case at all can
// be changed, that is the error.
func Do(ctx context.Context, d *desk.Desk, by casefile.Actor, p *Proposal, progress desk.Progress) (*store.Batch, error) {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return nil, err
	}
	if p.Loses && p.Reason == "" {
		return nil, casefile.Errorf(casefile.Invalid, "Somebody would lose a case that is theirs. Say why: they will read it.")
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	kind := "assign"
	if len(p.People) == 0 {
		kind = "unassign"
	}
	b := newBatch(kind, p.Reason, by, len(p.Steps))
	b.refuse(p.Refused...)
	w := writer{d: d, by: by, batch: b, progress: progress}
	return w.run(ctx, len(p.Steps), func(ctx context.Context, tx *store.Tx, c *crew, i int) (*ledger.Event, error) {
		return step(ctx, tx, c, by, b, p.Steps[i], view, p.Reason)
	}, p.People)
}

// A batch on its way.
type batch struct{ store.Batch }

func newBatch(kind, reason string, by casefile.Actor, planned int) *batch {
	return &batch{store.Batch{ID: strings.ToLower(rand.Text()[:16]), Kind: kind, Reason: reason, Planned: planned, SetBy: by.ID}}
}

func (b *batch) refuse(r ...store.Refusal) {
	b.Refusals += len(r)
	b.Refused = append(b.Refused, r...)
	b.Refused = b.Refused[:min(len(b.Refused), store.MaxRefusals)]
}

// A writer does a batch in short transactions.
type writer struct {
	d        *desk.Desk
	by       casefile.Actor
	batch    *batch
	progress desk.Progress
}

var errNothing = errors.New("nothing to write")

// run does n things one after the other. do returns the event of what it wrote, or
// nil where it left a case as it is and the batch says why.
func (w writer) run(ctx context.Context, n int, do func(ctx context.Context, tx *store.Tx, c *crew, i int) (*ledger.Event, error), people []string) (*store.Batch, error) {
	begun := false
	for from := 0; from < n; from += chunk {
		to := min(n, from+chunk)
		before, done := w.batch.Batch, 0
		err := w.d.DB.Update(ctx, w.by, func(tx *store.Tx) ([]ledger.Event, error) {
			var events []ledger.Event
			c, err := gather(ctx, tx, w.d, people)
			if err != nil {
				return nil, err
			}
			if !begun {
				if err := tx.AddBatch(ctx, w.batch.Batch); err != nil {
					return nil, err
				}
			}
			for i := from; i < to; i++ {
				e, err := do(ctx, tx, c, i)
				if err != nil {
					return nil, err
				}
				if e != nil {
					events, done = append(events, *e), done+1
				}
			}
			if done == 0 {
				return nil, errNothing
			}
			w.batch.Done += done
			return events, tx.SaveBatch(ctx, w.batch.Batch, false)
		})
		switch {
		case errors.Is(err, errNothing): // the refusals stay
		case err != nil:
			w.batch.Batch = before
			return w.cutOff(begun, err)
		default:
			begun = true
		}
		w.progress.Tell("assigning", int64(to), int64(n))
	}
	if !begun {
		return nil, w.nothing()
	}
	err := w.d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		w.batch.FinishedAt = tx.Now
		return tx.SaveBatch(ctx, w.batch.Batch, true)
	})
	return &w.batch.Batch, err
}

// cutOff says how far a batch got that cannot go on.
func (w writer) cutOff(begun bool, err error) (*store.Batch, error) {
	if !begun {
		return nil, err
	}
	kind := casefile.KindOf(err)
	if kind == "" {
		kind = casefile.Broken
	}
	return &w.batch.Batch, &casefile.Error{Kind: kind, Err: err,
		Message: fmt.Sprintf("It stopped after %d of %d cases, which stand. The others were left as they are: %s", w.batch.Done, w.batch.Planned, casefile.Message(err))}
}

// nothing is the error of a batch that changed nothing.
func (w writer) nothing() error {
	r := w.batch.Refused
	switch {
	case len(r) == 0:
		return casefile.Errorf(casefile.Conflict, "There is nothing to change: the cases are with these people already.")
	case w.batch.Refusals == 1:
		return casefile.Errorf(casefile.Conflict, "Case %s was left as it is. %s", r[0].Case, r[0].Why)
	}
	return casefile.Errorf(casefile.Conflict, "None of the %d cases could be changed. The first, %s: %s", w.batch.Refusals, r[0].Case, r[0].Why)
}

// step does one step, unless something changed since it was proposed.
func step(ctx context.Context, tx *store.Tx, c *crew, by casefile.Actor, b *batch, s Step, view *cohort.View, reason string) (*ledger.Event, error) {
	refuse := func(why string) (*ledger.Event, error) {
		b.refuse(store.Refusal{Case: s.Case, Why: sentence(why)})
		return nil, nil
	}
	ok, err := tx.CaseReadable(ctx, desk.Reader(by), s.Case)
	if err != nil {
		return nil, err
	}
	if !ok {
		return refuse("there is no such case here")
	}
	states, err := tx.Candidates(ctx, s.Account, s.Case)
	if err != nil {
		return nil, err
	}
	if why := c.fixed(states[0], s.Account); why != "" {
		return refuse(why)
	}
	held, has, err := tx.AssignmentOf(ctx, s.Case)
	if err != nil {
		return nil, err
	}
	if held.ID != s.seen {
		if !has {
			return refuse("it was taken from " + c.name(s.From) + " after you chose it")
		}
		return refuse(fmt.Sprintf("%s assigned it to %s after you chose it", c.name(held.SetBy), c.name(held.Account)))
	}
	if s.Account != "" {
		i := slices.IndexFunc(c.people, func(p *candidate) bool { return p.Account == s.Account })
		row, _ := view.Find(s.Case)
		officers, err := tx.OfficersOf(ctx, s.Case)
		if err != nil {
			return nil, err
		}
		if why := c.bars(c.people[i], s.Case, row, officers); why != "" {
			return refuse(why)
		}
	}
	return hand(ctx, tx, by, b.ID, s.Case, held, s.Account, s.Due, reason)
}

// hand ends the assignment that holds, gives the case to somebody unless the
// account is "", and returns the event.
func hand(ctx context.Context, tx *store.Tx, by casefile.Actor, batch string, id casefile.CaseID, held store.Assignment, account, due, reason string) (*ledger.Event, error) {
	if held.ID != 0 {
		if ok, err := tx.EndAssignment(ctx, held.ID, by.ID, batch); err != nil || !ok {
			return nil, cmp.Or(err, casefile.Errorf(casefile.Conflict, "Somebody else changed the assignment of %s at the same time. Try again.", id))
		}
	}
	body := map[string]string{"account": account, "due": due, "batch": batch, "from": held.Account}
	kind := ledger.AssignmentEnded
	if account != "" {
		kind = ledger.CaseAssigned
		if _, err := tx.Assign(ctx, store.Assignment{Case: id, Account: account, Due: due, Reason: reason, Batch: batch, Replaced: held.ID, SetBy: by.ID}); err != nil {
			return nil, err
		}
	}
	_, err := tx.TouchCase(ctx, id, store.CaseChange{})
	return &ledger.Event{Kind: kind, Purpose: reason, Subject: string(id), Body: body}, err
}
