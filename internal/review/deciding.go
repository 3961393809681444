package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/store"
)

// Two people stand behind a decision: who concluded it, and who approved it. Where
// the second disagrees, a third decides for one of the two. A third conclusion of
// their own is a review again, and waits for another person to approve it.
//
// Who reviewed, approved or disagreed is not shown to the others before there is a
// decision; then both names stand on it.

// leastReason is how many letters a reason must have that others are to follow.
const leastReason = 20

func reasonFor(s, what string) (string, error) {
	s, err := casefile.Typed(s, "Give your reason: "+what, MaxField)
	if err == nil && substance(s) < leastReason {
		err = casefile.Errorf(casefile.Invalid, "This reason is too short for somebody else to follow: %d letters are the least.", leastReason)
	}
	return s, err
}

// A chain is what was said of a case since its last decision: reviews, and what
// others said of them.
type chain struct {
	state   casefile.CaseState
	reviews []casefile.Review // oldest first
	steps   []casefile.ReviewStep
}

func (c *chain) last() casefile.Review { return c.reviews[len(c.reviews)-1] }

// on returns the steps on one review.
func (c *chain) on(review int64) (steps []casefile.ReviewStep) {
	for _, s := range c.steps {
		if s.Review == review {
			steps = append(steps, s)
		}
	}
	return steps
}

// dispute returns the step that disagreed with the last review.
func (c *chain) dispute() (casefile.ReviewStep, bool) {
	steps := c.on(c.last().ID)
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].Step == casefile.StepDisagreed {
			return steps[i], true
		}
	}
	return casefile.ReviewStep{}, false
}

func readChain(ctx context.Context, tx *store.Tx, state casefile.CaseState) (c chain, err error) {
	c.state = state
	decisions, err := tx.Decisions(ctx, state.Case)
	if err != nil {
		return c, err
	}
	decided := int64(0)
	for _, d := range decisions {
		decided = max(decided, d.Review)
	}
	all, err := tx.Reviews(ctx, state.Case)
	if err != nil {
		return c, err
	}
	var ids []int64
	for _, r := range all {
		if r.ID > decided {
			c.reviews, ids = append(c.reviews, r), append(ids, r.ID)
		}
	}
	c.steps, err = tx.ReviewSteps(ctx, ids...)
	return c, err
}

// barSecond says why somebody may not be the second or the third person, "" if
// they may.
func (r *reviewer) barSecond(ctx context.Context, tx *store.Tx, c chain) (string, error) {
	if len(c.reviews) == 0 {
		return "Nobody has reviewed this case yet.", nil
	}
	recused, err := tx.Recused(ctx, c.state.Case, r.account)
	if err != nil {
		return "", err
	}
	conflicted, err := r.conflicted(ctx, tx, c.state.Case)
	if err != nil {
		return "", err
	}
	last := c.last()
	switch {
	case recused:
		return barRecused, nil
	case conflicted:
		return barConflict, nil
	case last.Reviewer == r.account:
		return "This review is your own, so another person has to look at it.", nil
	case c.state.Stage == casefile.StageDisputed && slices.ContainsFunc(c.on(last.ID), func(s casefile.ReviewStep) bool { return s.By == r.account }):
		return "You are one of the two who differ, so a third person decides.", nil
	}
	return "", nil
}

// second runs a verb of a second or third person: it checks everything that all of
// them have in common, and writes what f returns.
func second(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, act desk.Act, stage casefile.Stage,
	f func(tx *store.Tx, c chain) ([]ledger.Event, error)) error {
	if err := d.May(by, act); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		state, err := tx.CaseAsSeen(ctx, id, seen)
		if err != nil {
			return nil, err
		}
		if state.Stage != stage {
			return nil, casefile.Errorf(casefile.Conflict, "This case does not wait for that any more: it is %s.", stageWords[state.Stage])
		}
		c, err := readChain(ctx, tx, state)
		if err != nil {
			return nil, err
		}
		r, err := newReviewer(ctx, tx, by, nil)
		if err != nil {
			return nil, err
		}
		why, err := r.barSecond(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		if why != "" {
			return nil, casefile.Errorf(casefile.Forbidden, "%s", why)
		}
		if l, ok, err := tx.LeaseOf(ctx, id); err != nil || ok && l.Holds(tx.Now) && l.Account != by.ID {
			return nil, cmpErr(err, casefile.Errorf(casefile.Conflict, "Another person has this case open to decide on it. Your text is kept."))
		}
		events, err := f(tx, c)
		if err != nil {
			return nil, err
		}
		if err := tx.DropDrafts(ctx, id, by.ID, ApprovalForm); err != nil {
			return nil, err
		}
		return events, tx.EndLease(ctx, id, by.ID)
	})
}

// stageWords say a stage within a sentence.
var stageWords = map[casefile.Stage]string{
	casefile.StageOpen:      "to be reviewed",
	casefile.StageReturned:  "back with its reviewer",
	casefile.StageSubmitted: "reviewed and waits for a second person",
	casefile.StageDisputed:  "disputed and waits for a third person",
	casefile.StageDecided:   "decided",
	casefile.StageClosed:    "closed",
	casefile.StageDeferred:  "put off unread",
}

// StageWords says a stage within a sentence: "waits for a second person".
func StageWords(s casefile.Stage) string { return stageWords[s] }

// Approve makes the review of a case a decision. The reason is the second
// person's own, and may be left out.
func Approve(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	reason, err := casefile.Typed(reason, "", MaxField)
	if err != nil {
		return err
	}
	return second(ctx, d, by, id, seen, desk.ApproveReviews, casefile.StageSubmitted, func(tx *store.Tx, c chain) ([]ledger.Event, error) {
		r := c.last()
		step := casefile.ReviewStep{Review: r.ID, Case: id, Step: casefile.StepApproved, Reason: reason, By: by.ID}
		return decide(ctx, tx, ledger.ReviewApproved, step, casefile.Decision{Case: id, Review: r.ID, Verdict: r.Verdict, Reason: r.Reason,
			MadeBy: r.Reviewer, Second: by.ID, Shown: r.Shown})
	})
}

// decide writes a step and the decision that it leads to.
func decide(ctx context.Context, tx *store.Tx, kind ledger.Kind, step casefile.ReviewStep, made casefile.Decision) ([]ledger.Event, error) {
	if err := tx.AddStep(ctx, step); err != nil {
		return nil, err
	}
	number, err := tx.AddDecision(ctx, made)
	if err != nil {
		return nil, err
	}
	said := map[string]any{"review": step.Review, "verdict": made.Verdict}
	body := map[string]any{"decision": number, "review": made.Review, "verdict": made.Verdict, "made_by": made.MadeBy, "second": made.Second,
		"shown_sha256": desk.TextHash(made.Shown)}
	_, err = tx.TouchCase(ctx, made.Case, store.CaseChange{Stage: casefile.StageDecided, Reviewer: made.MadeBy, Verdict: made.Verdict})
	return []ledger.Event{
		{Kind: kind, Subject: string(made.Case), Purpose: purposeOf(step.Reason, said), Body: said},
		{Kind: ledger.DecisionMade, Subject: string(made.Case), Purpose: purposeOf(made.Reason, body), Body: body},
	}, err
}

// Return gives a review back to its reviewer with a reason. Its text is a draft
// again.
func Return(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	reason, err := reasonFor(reason, "the reviewer has to know what to do.")
	if err != nil {
		return err
	}
	return second(ctx, d, by, id, seen, desk.ApproveReviews, casefile.StageSubmitted, func(tx *store.Tx, c chain) ([]ledger.Event, error) {
		r := c.last()
		if strings.HasPrefix(r.Form, ApprovalForm+"@") {
			return nil, casefile.Errorf(casefile.Conflict, "This is the conclusion of a third person, with no form to send back. Approve it, or disagree with a reason.")
		}
		if err := giveBack(ctx, tx, r); err != nil {
			return nil, err
		}
		if err := tx.AddStep(ctx, casefile.ReviewStep{Review: r.ID, Case: id, Step: casefile.StepReturned, Reason: reason, By: by.ID}); err != nil {
			return nil, err
		}
		body := map[string]any{"review": r.ID}
		_, err := tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageReturned, Reviewer: r.Reviewer, Verdict: r.Verdict})
		return []ledger.Event{{Kind: ledger.ReviewReturned, Subject: string(id), Purpose: purposeOf(reason, body), Body: body}}, err
	})
}

// checkVerdict refuses a verdict that nobody can give here, and "safeguard now"
// without a present risk, as the form of an approval says.
func checkVerdict(ctx context.Context, tx *store.Tx, id casefile.CaseID, v casefile.Verdict, reason string) error {
	var b Body
	f := CurrentForm(ApprovalForm)
	b.Set(f, "verdict", Entry{Chosen: []string{string(v)}, Text: reason})
	if !slices.Contains(casefile.Verdicts(), v) {
		return casefile.Errorf(casefile.Invalid, "Choose your own conclusion.")
	}
	risks, err := tx.CaseRisks(ctx, id)
	if err != nil {
		return err
	}
	var on Footing
	for _, r := range risks {
		if r.State != casefile.RiskEnded {
			on.OpenRisks++
		}
	}
	return casefile.Refuse(f.Check(b, on))
}

// Disagree sets another conclusion against a review's. A third person then decides.
func Disagree(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, v casefile.Verdict, reason string) error {
	reason, err := reasonFor(reason, "a third person has to weigh it against the review.")
	if err != nil {
		return err
	}
	return second(ctx, d, by, id, seen, desk.ApproveReviews, casefile.StageSubmitted, func(tx *store.Tx, c chain) ([]ledger.Event, error) {
		r := c.last()
		if v == r.Verdict {
			return nil, casefile.Errorf(casefile.Invalid, "That is the conclusion of the review itself. Approve it, or return it with what is missing.")
		}
		if err := checkVerdict(ctx, tx, id, v, reason); err != nil {
			return nil, err
		}
		if err := tx.AddStep(ctx, casefile.ReviewStep{Review: r.ID, Case: id, Step: casefile.StepDisagreed, Verdict: v, Reason: reason, By: by.ID}); err != nil {
			return nil, err
		}
		body := map[string]any{"review": r.ID, "verdict": v}
		_, err := tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageDisputed, Reviewer: r.Reviewer, Verdict: r.Verdict})
		return []ledger.Event{{Kind: ledger.ReviewDisputed, Subject: string(id), Purpose: purposeOf(reason, body), Body: body}}, err
	})
}

// Adjudicate settles a disagreement. A verdict of one of the two becomes the
// decision, with its maker and the third person behind it. Another one is a review
// of the third person's, and waits for somebody else to approve it: nobody decides
// alone.
func Adjudicate(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, v casefile.Verdict, reason string) error {
	reason, err := reasonFor(reason, "both others, and whoever reads the case later, have to follow it.")
	if err != nil {
		return err
	}
	return second(ctx, d, by, id, seen, desk.Adjudicate, casefile.StageDisputed, func(tx *store.Tx, c chain) ([]ledger.Event, error) {
		if err := checkVerdict(ctx, tx, id, v, reason); err != nil {
			return nil, err
		}
		r := c.last()
		other, ok := c.dispute()
		if !ok {
			return nil, casefile.Errorf(casefile.Broken, "This case is disputed, but what was said against its review is missing.")
		}
		step := casefile.ReviewStep{Review: r.ID, Case: id, Step: casefile.StepAdjudicated, Verdict: v, Reason: reason, By: by.ID}
		made := casefile.Decision{Case: id, Review: r.ID, Verdict: v, Second: by.ID, Shown: r.Shown}
		switch v {
		case r.Verdict:
			made.MadeBy, made.Reason = r.Reviewer, r.Reason
		case other.Verdict:
			made.MadeBy, made.Reason = other.By, other.Reason
		default:
			return thirdVerdict(ctx, tx, step, r)
		}
		return decide(ctx, tx, ledger.ReviewAdjudicated, step, made)
	})
}

// thirdVerdict makes the conclusion of a third person a review, to be approved.
func thirdVerdict(ctx context.Context, tx *store.Tx, step casefile.ReviewStep, r casefile.Review) ([]ledger.Event, error) {
	if err := tx.AddStep(ctx, step); err != nil {
		return nil, err
	}
	var b Body
	f := CurrentForm(ApprovalForm)
	b.Set(f, "verdict", Entry{Chosen: []string{string(step.Verdict)}, Text: step.Reason})
	number, err := tx.AddReview(ctx, casefile.Review{Case: r.Case, Form: f.ID(), Reviewer: step.By, Body: b.JSON(), Verdict: step.Verdict, Reason: step.Reason,
		Shown: r.Shown, Supersedes: r.ID})
	if err != nil {
		return nil, err
	}
	body := map[string]any{"review": r.ID, "verdict": step.Verdict, "becomes": number}
	_, err = tx.TouchCase(ctx, r.Case, store.CaseChange{Stage: casefile.StageSubmitted, Reviewer: step.By, Verdict: step.Verdict})
	return []ledger.Event{{Kind: ledger.ReviewAdjudicated, Subject: string(r.Case), Purpose: purposeOf(step.Reason, body), Body: body}}, err
}

// ReviewAnew opens a decided case for another review. Its decision stands until
// another one supersedes it.
func ReviewAnew(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	if err := d.May(by, desk.ApproveReviews); err != nil {
		return err
	}
	reason, err := reasonFor(reason, "a decision was made here, and why it is looked at again has to be on record.")
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		state, err := tx.CaseAsSeen(ctx, id, seen)
		if err != nil {
			return nil, err
		}
		switch state.Stage {
		case casefile.StageDecided:
		case casefile.StageClosed:
			return nil, casefile.Errorf(casefile.Conflict, "This case is closed. Reopen it first, with a reason; then its decision can be reviewed anew.")
		default:
			return nil, casefile.Errorf(casefile.Conflict, "There is no decision here that could be reviewed anew: this case is %s.", stageWords[state.Stage])
		}
		last, ok, err := tx.LastReview(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := tx.AddStep(ctx, casefile.ReviewStep{Review: last.ID, Case: id, Step: casefile.StepReopened, Reason: reason, By: by.ID}); err != nil {
				return nil, err
			}
		}
		body := map[string]any{"review": last.ID, "verdict": state.Verdict}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageOpen})
		return []ledger.Event{{Kind: ledger.DecisionReopened, Subject: string(id), Purpose: purposeOf(reason, body), Body: body}}, err
	})
}

// A Bulk says what became of an act on many cases.
type Bulk struct {
	Done    int
	Skipped map[string]int // by reason, in a sentence
}

func (b *Bulk) skip(why string) {
	if b.Skipped == nil {
		b.Skipped = map[string]int{}
	}
	b.Skipped[why]++
}

// bulkStep is how many cases one transaction of a bulk act takes.
const bulkStep = 50

// Defer puts cases off unread, with a reason. A case is skipped, and counted, that
// somebody has begun, holds or decided, or from which a present risk was raised.
// Each case is a decision and an event of its own; the cases of one call are
// written fifty at a time, and what was written stays if a later part fails.
func Defer(ctx context.Context, d *desk.Desk, by casefile.Actor, ids []casefile.CaseID, reason string) (b Bulk, err error) {
	if err := d.May(by, desk.DeferCases); err != nil {
		return b, err
	}
	if reason, err = reasonFor(reason, "putting a case off unread is a decision about somebody."); err != nil {
		return b, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return b, err
	}
	return inSteps(ctx, d, by, ids, func(ctx context.Context, tx *store.Tx, c store.Candidate, atRisk bool) (*ledger.Event, string, error) {
		begun, err := tx.Begun(ctx, c.Case)
		switch {
		case err != nil:
			return nil, "", err
		case atRisk:
			return nil, "A present risk was raised that nobody has acknowledged.", nil
		case c.Stage != casefile.StageOpen || c.Reviewer != "":
			return nil, "It is " + stageWords[c.Stage] + ".", nil
		case c.Open != "":
			return nil, "Somebody has it open now.", nil
		case c.Assigned != "":
			return nil, "It is assigned to somebody. End the assignment first.", nil
		case begun:
			return nil, "Somebody has begun a review of it, so it is not unread.", nil
		}
		shown := deferredOn(view, c.Case, d.Code)
		number, err := tx.AddDecision(ctx, casefile.Decision{Case: c.Case, Verdict: casefile.DeferredUnread, Reason: reason, MadeBy: by.ID, Shown: shown})
		if err != nil {
			return nil, "", err
		}
		_, err = tx.TouchCase(ctx, c.Case, store.CaseChange{Stage: casefile.StageDeferred, Verdict: casefile.DeferredUnread})
		body := map[string]any{"decision": number, "shown_sha256": desk.TextHash(shown)}
		return &ledger.Event{Kind: ledger.CaseDeferred, Subject: string(c.Case), Purpose: purposeOf(reason, body), Body: body}, "", err
	})
}

// deferredOn is what a list showed of a case when it was put off.
func deferredOn(view *cohort.View, id casefile.CaseID, code string) string {
	shown := struct {
		Run   int64  `json:"run"`
		Terms string `json:"terms"`
		Scope string `json:"scope"`
		Why   string `json:"why"`
		Code  string `json:"code"`
	}{Run: view.Run, Terms: view.Terms, Code: code}
	if row, ok := view.Find(id); ok {
		shown.Scope, shown.Why = row.Scope.String(), row.Why
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic("review: " + err.Error()) // texts and numbers
	}
	return string(text)
}

// Requeue takes cases that were put off unread back into the queue.
func Requeue(ctx context.Context, d *desk.Desk, by casefile.Actor, ids []casefile.CaseID, reason string) (b Bulk, err error) {
	if err := d.May(by, desk.DeferCases); err != nil {
		return b, err
	}
	if reason, err = casefile.Typed(reason, "Say why these cases come back into the queue.", MaxReason); err != nil {
		return b, err
	}
	return inSteps(ctx, d, by, ids, func(ctx context.Context, tx *store.Tx, c store.Candidate, _ bool) (*ledger.Event, string, error) {
		if c.Stage != casefile.StageDeferred {
			return nil, "It is " + stageWords[c.Stage] + ".", nil
		}
		_, err := tx.TouchCase(ctx, c.Case, store.CaseChange{Stage: casefile.StageOpen})
		return &ledger.Event{Kind: ledger.CaseRequeued, Subject: string(c.Case), Purpose: reason}, "", err
	})
}

// inSteps runs f for each case, in transactions that stay short. Restricted cases
// that the actor may not read are skipped as if they were not in the list.
func inSteps(ctx context.Context, d *desk.Desk, by casefile.Actor, ids []casefile.CaseID,
	f func(context.Context, *store.Tx, store.Candidate, bool) (*ledger.Event, string, error)) (b Bulk, err error) {
	for part := range slices.Chunk(ids, bulkStep) {
		done := b // a step that fails leaves nothing behind
		done.Skipped = map[string]int{}
		for why, n := range b.Skipped {
			done.Skipped[why] = n
		}
		nothing := fmt.Errorf("review: nothing to write")
		err := d.DB.Update(ctx, by, func(tx *store.Tx) (events []ledger.Event, err error) {
			risks, err := tx.CasesAtRisk(ctx)
			if err != nil {
				return nil, err
			}
			found, err := tx.Candidates(ctx, desk.Reader(by), part...)
			if err != nil {
				return nil, err
			}
			for _, c := range found {
				if held, err := tx.CaseReadable(ctx, desk.Reader(by), c.Case); err != nil {
					return nil, err
				} else if !held {
					continue
				}
				_, atRisk := risks[c.Case]
				e, why, err := f(ctx, tx, c, atRisk)
				if err != nil {
					return nil, err
				}
				if e == nil {
					done.skip(why)
					continue
				}
				done.Done++
				events = append(events, *e)
			}
			if len(events) == 0 {
				return nil, nothing
			}
			return events, nil
		})
		if err != nil && err != nothing {
			return b, err
		}
		b = done
	}
	return b, nil
}

// Take takes the lease on a case for whoever is to be the second or third person,
// if it is free.
func Take(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (s LeaseState, err error) {
	if err := d.May(by, desk.ApproveReviews); err != nil {
		if err := d.May(by, desk.Adjudicate); err != nil {
			return s, err
		}
	}
	err = d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		state, err := tx.CaseState(ctx, id)
		if err != nil {
			return err
		}
		l, ok, err := tx.LeaseOf(ctx, id)
		if err != nil {
			return err
		}
		purpose := map[casefile.Stage]string{casefile.StageSubmitted: casefile.ForApproval, casefile.StageDisputed: casefile.ForAdjudication}[state.Stage]
		if purpose != "" && (!ok || !l.Holds(tx.Now) || l.Account == by.ID) {
			// Whoever may not decide may look, and keeps nobody from it.
			c, err := readChain(ctx, tx, state)
			if err != nil {
				return err
			}
			r, err := newReviewer(ctx, tx, by, nil)
			if err != nil {
				return err
			}
			why, err := r.barSecond(ctx, tx, c)
			if err != nil {
				return err
			}
			if why != "" {
				s, err = leaseState(ctx, tx, by, id)
				return err
			}
			if err := tx.TakeLease(ctx, casefile.Lease{Case: id, Account: by.ID, Purpose: purpose, Until: tx.Now.Add(LeaseTime)}); err != nil {
				return err
			}
		}
		s, err = leaseState(ctx, tx, by, id)
		return err
	})
	return s, err
}

// An Approval is all that the page of a second or third person shows beside the
// case.
type Approval struct {
	State   casefile.CaseState
	Reviews []Said // since the last decision, oldest first; the last is in question
	Bar     string // why the actor may not decide, ""
	Lease   LeaseState
	Third   bool // a disagreement is to be settled
	Changed int  // rows about the case that came or went since the review was made

	Form  *Form // for the actor's own conclusion
	Body  Body
	Draft int
	Kept  []casefile.KeptDraft
}

// A Said is a review as submitted, with what others said of it.
type Said struct {
	casefile.Review
	Form  *Form
	Body  Body
	Steps []casefile.ReviewStep
}

// Dispute returns the conclusion set against the review, if any.
func (s Said) Dispute() *casefile.ReviewStep {
	for i := len(s.Steps) - 1; i >= 0; i-- {
		if s.Steps[i].Step == casefile.StepDisagreed {
			return &s.Steps[i]
		}
	}
	return nil
}

// Last returns the review in question.
func (a *Approval) Last() Said { return a.Reviews[len(a.Reviews)-1] }

// OpenApproval returns it for a case as read. It names nobody.
func OpenApproval(ctx context.Context, d *desk.Desk, by casefile.Actor, f *reading.File) (*Approval, error) {
	if err := d.May(by, desk.ApproveReviews); err != nil {
		if err := d.May(by, desk.Adjudicate); err != nil {
			return nil, err
		}
	}
	a := &Approval{Form: CurrentForm(ApprovalForm)}
	return a, d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := d.Readable(ctx, tx, by, f.ID); err != nil {
			return err
		}
		if a.State, err = tx.CaseState(ctx, f.ID); err != nil {
			return err
		}
		if a.State.Stage != casefile.StageSubmitted && a.State.Stage != casefile.StageDisputed {
			return casefile.Errorf(casefile.Conflict, "Nothing waits for a second person here: this case is %s.", stageWords[a.State.Stage])
		}
		a.Third = a.State.Stage == casefile.StageDisputed
		c, err := readChain(ctx, tx, a.State)
		if err != nil {
			return err
		}
		r, err := newReviewer(ctx, tx, by, nil)
		if err != nil {
			return err
		}
		if a.Bar, err = r.barSecond(ctx, tx, c); err != nil {
			return err
		}
		for _, review := range c.reviews {
			s, err := said(review, c.on(review.ID))
			if err != nil {
				return err
			}
			a.Reviews = append(a.Reviews, s)
		}
		if len(a.Reviews) == 0 {
			return casefile.Errorf(casefile.Broken, "This case waits for a second person, but its review is missing.")
		}
		if a.Lease, err = leaseState(ctx, tx, by, f.ID); err != nil {
			return err
		}
		if a.Changed, err = changedSince(ctx, tx, c.last()); err != nil {
			return err
		}
		return a.readDraft(ctx, tx, by, f.ID)
	})
}

func (a *Approval) readDraft(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID) error {
	draft, ok, err := tx.DraftOf(ctx, id, by.ID, ApprovalForm)
	if err != nil {
		return err
	}
	if ok {
		if a.Form, err = FormOf(draft.Form); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(draft.Body), &a.Body); err != nil {
			return err
		}
		a.Draft = draft.Version
	}
	kept, err := tx.KeptDrafts(ctx, id, by.ID)
	for _, k := range kept {
		if strings.HasPrefix(k.Form, ApprovalForm+"@") {
			a.Kept = append(a.Kept, k)
		}
	}
	return err
}

func said(r casefile.Review, steps []casefile.ReviewStep) (s Said, err error) {
	s = Said{Review: r, Steps: steps}
	if s.Form, err = FormOf(r.Form); err == nil {
		err = json.Unmarshal([]byte(r.Body), &s.Body)
	}
	return s, err
}

// changedSince counts the rows about a case that are not those that the maker of a
// review had.
func changedSince(ctx context.Context, tx *store.Tx, r casefile.Review) (n int, err error) {
	var was shown
	if err := json.Unmarshal([]byte(r.Shown), &was); err != nil {
		return 0, err
	}
	had := map[string]bool{}
	for _, row := range was.Rows {
		had[fmt.Sprint(row[1])] = true
	}
	now, err := tx.CaseRows(ctx, r.Case)
	for _, row := range now {
		if !had[row.Hash] {
			n++
		}
		delete(had, row.Hash)
	}
	return n + len(had), err
}

// approvalsShown is how many cases a list of what waits shows.
const approvalsShown = 100

// An Approvals is the list of what waits for the actor.
type Approvals struct {
	Waiting  []store.Waiting // for a second person
	Disputed []store.Waiting // for a third
	Deferred []casefile.CaseState
	Counts   map[casefile.Stage]int // of all cases, whoever may take them
	More     bool                   // there are more than the list shows
}

// ListApprovals returns what waits for the actor: never what they reviewed or
// disagreed on, nor cases in which the records name them. It names nobody.
func ListApprovals(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Approvals, error) {
	if err := d.May(by, desk.ApproveReviews); err != nil {
		return nil, err
	}
	var a Approvals
	var ids []casefile.CaseID
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		r, err := newReviewer(ctx, tx, by, nil)
		if err != nil {
			return err
		}
		if a.Waiting, err = r.waiting(ctx, tx, by, casefile.StageSubmitted, &a.More); err != nil {
			return err
		}
		if d.Policy().Allows(by, desk.Adjudicate) {
			if a.Disputed, err = r.waiting(ctx, tx, by, casefile.StageDisputed, &a.More); err != nil {
				return err
			}
		}
		for _, w := range slices.Concat(a.Waiting, a.Disputed) {
			ids = append(ids, w.Case)
		}
		a.Counts, err = tx.CountStages(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &a, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Body: map[string]any{"list": "approvals", "cases": ids}})
}

func (r *reviewer) waiting(ctx context.Context, tx *store.Tx, by casefile.Actor, stage casefile.Stage, more *bool) ([]store.Waiting, error) {
	list, err := tx.Waiting(ctx, stage, by.ID, approvalsShown+1)
	if err != nil {
		return nil, err
	}
	if len(list) > approvalsShown {
		list, *more = list[:approvalsShown], true
	}
	var out []store.Waiting
	for _, w := range list {
		no, err := r.conflicted(ctx, tx, w.Case)
		if err != nil {
			return nil, err
		}
		w.Reviewer = ""
		if w.Open != "" && w.Open != by.ID {
			w.Open = "another"
		}
		if !no {
			out = append(out, w)
		}
	}
	return out, nil
}

// ListDeferred returns cases put off unread, the last first, after the ones of
// earlier pages, and how many there are in all.
func ListDeferred(ctx context.Context, d *desk.Desk, by casefile.Actor, skip, limit int) (list []casefile.Decision, all int, err error) {
	if err := d.May(by, desk.DeferCases); err != nil {
		return nil, 0, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if list, err = tx.DeferredCases(ctx, desk.Reader(by), skip, limit); err != nil {
			return err
		}
		counts, err := tx.CountStages(ctx)
		all = counts[casefile.StageDeferred]
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	var ids []casefile.CaseID
	for _, c := range list {
		ids = append(ids, c.Case)
	}
	return list, all, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Body: map[string]any{"list": "deferred", "cases": ids}})
}

// A Decided is one decision with the reviews that led to it.
type Decided struct {
	casefile.Decision
	Names      map[string]string // of accounts, for both people behind it
	Said       []Said
	Superseded bool
}

// DecisionPage is what a case's page of decisions shows: the latest first.
type DecisionPage struct {
	Case      casefile.CaseID
	State     casefile.CaseState
	Decisions []Decided
	Stand     Stand
	Own       *Said // the actor's own review that waits for another person

	// Unsent is what the actor typed as a second or third person and did not send,
	// or was too late with: it stands beside what was decided.
	Unsent      *Body
	UnsentForm  *Form
	UnsentDraft casefile.Draft
}

// ReadDecisions returns every decision on a case, with both names, and records the
// reading. What was said since the last decision is not in it, but for the actor's
// own review: until there is a decision nobody learns from here what another said.
func ReadDecisions(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*DecisionPage, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	p := &DecisionPage{Case: id}
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if p.State, err = tx.CaseState(ctx, id); err != nil {
			return err
		}
		if err := p.readAll(ctx, tx, by); err != nil {
			return err
		}
		if err := p.readUnsent(ctx, tx, by); err != nil {
			return err
		}
		p.Stand, err = standing(ctx, d, tx, by, id, view)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "supervision", Body: map[string]any{"page": "decision"}})
}

func (p *DecisionPage) readAll(ctx context.Context, tx *store.Tx, by casefile.Actor) error {
	decisions, err := tx.Decisions(ctx, p.Case)
	if err != nil {
		return err
	}
	reviews, err := tx.Reviews(ctx, p.Case)
	if err != nil {
		return err
	}
	var ids []int64
	for _, r := range reviews {
		ids = append(ids, r.ID)
	}
	steps, err := tx.ReviewSteps(ctx, ids...)
	if err != nil {
		return err
	}
	c := chain{reviews: reviews, steps: steps}
	names := map[string]string{}
	name := func(account string) error {
		if _, ok := names[account]; ok || account == "" {
			return nil
		}
		a, ok, err := tx.Account(ctx, account)
		if names[account] = account; ok {
			names[account] = a.Name
		}
		return err
	}
	next := 0
	for i, made := range decisions {
		one := Decided{Decision: made, Superseded: i < len(decisions)-1, Names: names}
		for ; next < len(reviews) && reviews[next].ID <= made.Review; next++ {
			s, err := said(reviews[next], c.on(reviews[next].ID))
			if err != nil {
				return err
			}
			for _, account := range append([]string{s.Reviewer}, stepsBy(s.Steps)...) {
				if err := name(account); err != nil {
					return err
				}
			}
			one.Said = append(one.Said, s)
		}
		for _, account := range []string{made.MadeBy, made.Second} {
			if err := name(account); err != nil {
				return err
			}
		}
		p.Decisions = append(p.Decisions, one)
	}
	slices.Reverse(p.Decisions)
	if next < len(reviews) && reviews[len(reviews)-1].Reviewer == by.ID {
		own, err := said(reviews[len(reviews)-1], nil)
		if err != nil {
			return err
		}
		p.Own = &own
	}
	return nil
}

func (p *DecisionPage) readUnsent(ctx context.Context, tx *store.Tx, by casefile.Actor) error {
	draft, ok, err := tx.DraftOf(ctx, p.Case, by.ID, ApprovalForm)
	if err != nil || !ok || p.State.Stage == casefile.StageSubmitted || p.State.Stage == casefile.StageDisputed {
		return err
	}
	if p.UnsentForm, err = FormOf(draft.Form); err != nil {
		return err
	}
	p.Unsent, p.UnsentDraft = &Body{}, draft
	return json.Unmarshal([]byte(draft.Body), p.Unsent)
}

// DropUnsent puts aside what the actor typed as a second or third person and did
// not send. It stays stored.
func DropUnsent(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) error {
	if err := d.May(by, desk.ReadCases); err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		draft, ok, err := tx.DraftOf(ctx, id, by.ID, ApprovalForm)
		if err != nil || !ok {
			return err
		}
		kept, err := tx.KeepDraft(ctx, casefile.KeptDraft{Case: id, Account: by.ID, Form: draft.Form, Body: draft.Body, Because: "not sent"}, "")
		if err != nil {
			return err
		}
		if err := tx.PutAside(ctx, id, by.ID, kept); err != nil {
			return err
		}
		return tx.DropDrafts(ctx, id, by.ID, ApprovalForm)
	})
}

func stepsBy(steps []casefile.ReviewStep) (accounts []string) {
	for _, s := range steps {
		accounts = append(accounts, s.By)
	}
	return accounts
}

// A Stand says where a case stands for somebody: the stage, whether it is open,
// and what they can do next or why not.
type Stand struct {
	State casefile.CaseState
	Words string // "Waits for a second person."
	Lease LeaseState
	Own   bool // the review that the stage is about is the actor's own
	Next  []NextStep
}

// A NextStep is something the actor can do, or could if it were not for Why.
type NextStep struct {
	Label string
	Path  string // after the address of the case: "/review"
	Post  bool   // it is a button, not a link
	Why   string // why not, in a sentence; "" if they can
}

// Standing returns where a case stands for the actor. Names of others are in none
// of it.
func Standing(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (s Stand, err error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return s, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return s, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		s, err = standing(ctx, d, tx, by, id, view)
		return err
	})
	return s, err
}

// standing is Standing within a transaction. The view was read before it: a
// reading within a reading would wait for others who do the same.
func standing(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, id casefile.CaseID, view *cohort.View) (s Stand, err error) {
	if s.State, err = tx.CaseState(ctx, id); err != nil {
		return s, err
	}
	if s.Lease, err = leaseState(ctx, tx, by, id); err != nil {
		return s, err
	}
	s.Own = s.State.Reviewer == by.ID && s.State.Stage != casefile.StageDecided && s.State.Stage != casefile.StageClosed
	words := stageWords[s.State.Stage]
	s.Words = strings.ToUpper(words[:1]) + words[1:] + "."
	r, err := newReviewer(ctx, tx, by, view)
	if err != nil {
		return s, err
	}
	can := func(act desk.Act) bool { return d.Policy().Allows(by, act) }
	switch s.State.Stage {
	case casefile.StageOpen, casefile.StageReturned:
		err = s.toReview(ctx, tx, r, can)
	case casefile.StageSubmitted, casefile.StageDisputed:
		err = s.toDecide(ctx, tx, r, can)
	case casefile.StageDeferred:
		if can(desk.DeferCases) {
			s.Next = append(s.Next, NextStep{Label: "Take it back into the queue", Path: "/decision"})
		}
	}
	if s.State.Stage == casefile.StageDecided || s.State.Stage == casefile.StageClosed || s.State.Stage == casefile.StageDeferred || s.Own && s.State.Stage == casefile.StageSubmitted {
		label := "Read the decision"
		if s.Own {
			label = "Read or withdraw your review"
		}
		s.Next = append(s.Next, NextStep{Label: label, Path: "/decision"})
	}
	return s, err
}

func (s *Stand) toReview(ctx context.Context, tx *store.Tx, r *reviewer, can func(desk.Act) bool) error {
	if can(desk.ReviewCases) {
		found, err := tx.Candidates(ctx, r.account, s.State.Case)
		if err != nil {
			return err
		}
		why, err := r.bar(ctx, tx, found[0])
		if err == nil && why == "" {
			why, err = takenBack(ctx, tx, casefile.Actor{ID: r.account}, s.State.Case, found[0])
		}
		if err != nil {
			return err
		}
		step := NextStep{Label: "Start the review", Path: "/review/start", Post: true, Why: why}
		switch {
		case s.Lease.Mine:
			step = NextStep{Label: "Continue the review", Path: "/review"}
		case s.Lease.Lapsed || s.Own:
			step.Label = "Continue the review"
		}
		s.Next = append(s.Next, step)
	}
	if s.Lease.Others && can(desk.AllocateCases) {
		s.Next = append(s.Next, NextStep{Label: "Take it back from whoever has it open", Path: "/decision#take-back"})
	}
	return nil
}

func (s *Stand) toDecide(ctx context.Context, tx *store.Tx, r *reviewer, can func(desk.Act) bool) error {
	act, label := desk.ApproveReviews, "Approve, return or disagree"
	if s.State.Stage == casefile.StageDisputed {
		act, label = desk.Adjudicate, "Settle the disagreement"
	}
	if !can(act) {
		return nil
	}
	c, err := readChain(ctx, tx, s.State)
	if err != nil {
		return err
	}
	why, err := r.barSecond(ctx, tx, c)
	s.Next = append(s.Next, NextStep{Label: label, Path: "/approval", Why: why})
	return err
}
