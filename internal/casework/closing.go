package casework

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Block is one thing that keeps a case from being closed: what it is, and where
// to go to settle it.
type Block struct {
	Kind   BlockKind
	Text   string
	Risk   int64 // for BlockRisk
	Action int64 // for BlockAction
}

// A BlockKind says what sort of thing keeps a case from being closed.
type BlockKind string

const (
	BlockRisk     BlockKind = "risk"     // a present risk that nobody has acknowledged
	BlockAction   BlockKind = "action"   // an action that is neither filed nor withdrawn
	BlockDecision BlockKind = "decision" // nobody has decided, or it was deferred unread
	BlockReview   BlockKind = "review"   // a review that is not finished
	BlockReading  BlockKind = "reading"  // somebody has it open for review now
)

// Blocks returns everything that keeps a case from being closed, present risk
// first. Pages and [Close] ask it alike. Whoever calls it has asked whether the
// case may be read.
func Blocks(ctx context.Context, tx *store.Tx, id casefile.CaseID) ([]Block, error) {
	var out []Block
	risks, err := tx.CaseRisks(ctx, id)
	if err != nil {
		return nil, err
	}
	slices.Reverse(risks)
	for _, r := range risks {
		if r.State.Open() {
			v := RiskView{Risk: r, Now: tx.Now}
			out = append(out, Block{Kind: BlockRisk, Risk: r.ID, Text: fmt.Sprintf("Present risk %d has gone %s.", r.ID, v.Clock())})
		}
	}
	actions, err := tx.CaseActions(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, a := range actions {
		if a.State.Open() {
			out = append(out, Block{Kind: BlockAction, Action: a.ID, Text: fmt.Sprintf("Action %d is %s. It must be filed or withdrawn.", a.ID, openActionWords(a))})
		}
	}
	review, err := reviewBlocks(ctx, tx, id)
	return append(out, review...), err
}

func openActionWords(a casefile.Action) string {
	switch a.State {
	case casefile.ForAllocation:
		return "waiting to be allocated"
	case casefile.ActionAllocated:
		return "still being worked on"
	}
	return "resulted, and nobody has filed it"
}

// reviewBlocks returns what the review of a case leaves open.
func reviewBlocks(ctx context.Context, tx *store.Tx, id casefile.CaseID) ([]Block, error) {
	state, err := tx.CaseState(ctx, id)
	if err != nil {
		return nil, err
	}
	decisions, err := tx.Decisions(ctx, id)
	if err != nil {
		return nil, err
	}
	unfinished := map[casefile.Stage]string{
		casefile.StageSubmitted: "A review waits for a second person.",
		casefile.StageReturned:  "A review was returned to its reviewer and has not come back.",
		casefile.StageDisputed:  "Two people differ about this case, and a third has not settled it.",
	}
	var out []Block
	if text := unfinished[state.Stage]; text != "" {
		out = append(out, Block{Kind: BlockReview, Text: text})
	}
	switch n := len(decisions); {
	case n == 0:
		out = append(out, Block{Kind: BlockDecision, Text: "Nobody has decided this case: there is no outcome to close it with."})
	case decisions[n-1].Verdict == casefile.DeferredUnread:
		out = append(out, Block{Kind: BlockDecision, Text: "This case was deferred unread. Nobody has reviewed it, so there is no outcome to close it with."})
	case state.Stage == casefile.StageOpen:
		out = append(out, Block{Kind: BlockReview, Text: "A new review of this case was asked for and is not finished."})
	}
	lease, held, err := tx.LeaseOf(ctx, id)
	if err == nil && held && lease.Until.After(tx.Now) {
		out = append(out, Block{Kind: BlockReading, Text: fmt.Sprintf("%s has this case open for %s until %s.", lease.Account, lease.Purpose, momentWords(lease.Until))})
	}
	return out, err
}

// MaxCloseReason bounds the reason of a closing or reopening, in bytes.
const MaxCloseReason = 10 << 10

// CloseFaults returns what is wrong with the reason of a closing or a reopening.
func CloseFaults(reason string) []casefile.Fault {
	switch {
	case blank(reason):
		return []casefile.Fault{{Field: "reason", Message: "Say why."}}
	case len(reason) > MaxCloseReason:
		return []casefile.Fault{{Field: "reason", Message: fmt.Sprintf("These are %s too many: at most %d KB are kept. Shorten the text; what you typed is still here.",
			bytesWords(len(reason)-MaxCloseReason), MaxCloseReason>>10)}}
	}
	return nil
}

// Close closes a decided case. It is refused while anything in [Blocks] is open,
// and if the case changed since the actor saw its version.
func Close(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	if err := d.May(by, desk.CloseCases); err != nil {
		return err
	}
	reason = strings.TrimSpace(casefile.Shown(reason))
	if err := casefile.Refuse(CloseFaults(reason)); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		if c, closed, err := tx.Closing(ctx, id); err != nil {
			return nil, err
		} else if closed {
			return nil, casefile.Errorf(casefile.Conflict, "This case was closed already, on %s.", momentWords(c.ClosedAt))
		}
		if _, err := tx.CaseAsSeen(ctx, id, seen); err != nil {
			return nil, err
		}
		blocks, err := Blocks(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if len(blocks) > 0 {
			return nil, casefile.Errorf(casefile.Invalid, "This case cannot be closed yet: %s", blockWords(blocks))
		}
		decisions, err := tx.Decisions(ctx, id)
		if err != nil {
			return nil, err
		}
		last := decisions[len(decisions)-1]
		n, err := tx.CloseCase(ctx, casefile.Closing{Case: id, Decision: last.ID, Reason: reason, ClosedBy: by.ID})
		if err != nil {
			return nil, err
		}
		state, err := tx.CaseState(ctx, id)
		if err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageClosed, Reviewer: state.Reviewer, Verdict: last.Verdict})
		return []ledger.Event{{Kind: ledger.CaseClosed, Subject: string(id), Purpose: "review", Body: map[string]any{
			"closing": n, "decision": last.ID, "verdict": last.Verdict, "reason": reason,
		}}}, err
	})
}

// blockWords says what blocks, at most three things of it.
func blockWords(blocks []Block) string {
	var out []string
	for i, b := range blocks {
		if i == 3 {
			out = append(out, "And "+strconv.Itoa(len(blocks)-3)+" more.")
			break
		}
		out = append(out, b.Text)
	}
	return strings.Join(out, " ")
}

// Reopen opens a closed case again. Its decision stands until another supersedes it.
func Reopen(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	if err := d.May(by, desk.CloseCases); err != nil {
		return err
	}
	reason = strings.TrimSpace(casefile.Shown(reason))
	if err := casefile.Refuse(CloseFaults(reason)); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		if _, err := tx.CaseAsSeen(ctx, id, seen); err != nil {
			return nil, err
		}
		events, err := reopen(ctx, tx, by, id, reason)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return nil, casefile.Errorf(casefile.Conflict, "This case is not closed, so there is nothing to reopen.")
		}
		state, err := tx.CaseState(ctx, id)
		if err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageDecided, Reviewer: state.Reviewer, Verdict: state.Verdict})
		return events, err
	})
}

// reopen ends the closing of a case within a transaction, for verbs that make it
// something else than closed: a decision that supersedes the one it was closed
// with, a new review. They move the stage themselves. No event means that the
// case was not closed.
func reopen(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID, reason string) ([]ledger.Event, error) {
	c, closed, err := tx.Closing(ctx, id)
	if err != nil || !closed {
		return nil, err
	}
	return []ledger.Event{{Kind: ledger.CaseReopened, Subject: string(id), Purpose: "review", Body: map[string]any{
		"closing": c.ID, "decision": c.Decision, "reason": reason,
	}}}, tx.ReopenCase(ctx, id, by.ID, reason)
}

// A ClosePage is what the page to close or reopen a case shows.
type ClosePage struct {
	Case    casefile.CaseID
	State   casefile.CaseState
	Blocks  []Block
	Closed  *casefile.Closing // the closing that holds, nil if the case is not closed
	Later   []store.Later     // what was received since it was closed
	History []casefile.Closing
	Last    *casefile.Decision // nil if nobody has decided
	names   map[string]string
}

// Name is the name of an account.
func (p *ClosePage) Name(account string) string { return nameOr(p.names, account) }

// ReadClosePage returns the page to close or reopen a case. It is a reading of the case.
func ReadClosePage(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*ClosePage, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	p := &ClosePage{Case: id}
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if p.State, err = tx.CaseState(ctx, id); err != nil {
			return err
		}
		if p.Closed, p.Later, err = ClosedNow(ctx, tx, id); err != nil {
			return err
		}
		if p.Closed == nil {
			if p.Blocks, err = Blocks(ctx, tx, id); err != nil {
				return err
			}
		}
		if p.History, err = tx.CaseClosings(ctx, id); err != nil {
			return err
		}
		if p.names, err = tx.AccountNames(ctx); err != nil {
			return err
		}
		decisions, err := tx.Decisions(ctx, id)
		if n := len(decisions); n > 0 {
			p.Last = &decisions[n-1]
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "supervision"})
}

// ClosedNow returns the closing of a case that holds, nil if it is not closed, and
// what was received about the case or the people in it since.
func ClosedNow(ctx context.Context, tx *store.Tx, id casefile.CaseID) (*casefile.Closing, []store.Later, error) {
	c, closed, err := tx.Closing(ctx, id)
	if err != nil || !closed {
		return nil, nil, err
	}
	later, err := tx.ReceivedLater(ctx, id, c.Watermark)
	return &c, later, err
}

// A ClosedList is a page of the closed cases, the last closed first.
type ClosedList struct {
	Cases   []ClosedCase
	More    bool
	Changed int // closed cases that the reader may open and about which rows were received since
	All     int // closed cases, restricted ones among them
}

// A ClosedCase is one closed case.
type ClosedCase struct {
	casefile.Closing
	Changed bool
	Later   []store.Later // where it changed
}

// ListClosed returns the closed cases: all, or only those about which rows were
// received since. Before is the number of the last closing of the page before.
// Showing it is a reading.
func ListClosed(ctx context.Context, d *desk.Desk, by casefile.Actor, changedOnly ChangedOnly, before int64) (*ClosedList, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	l := &ClosedList{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		changed, err := closingsChanged(ctx, d, tx)
		if err != nil {
			return err
		}
		reader := desk.Reader(by)
		if l.All, err = tx.CountClosings(ctx); err != nil {
			return err
		}
		readable, err := tx.Closings(ctx, reader, 0, changed, len(changed))
		if err != nil {
			return err
		}
		l.Changed = len(readable)
		var among []int64
		if changedOnly {
			among = changed
		}
		page, err := tx.Closings(ctx, reader, before, among, closedPage+1)
		if err != nil {
			return err
		}
		if len(page) > closedPage {
			page, l.More = page[:closedPage], true
		}
		for _, c := range page {
			row := ClosedCase{Closing: c}
			if _, row.Changed = slices.BinarySearch(changed, c.ID); row.Changed {
				if row.Later, err = tx.ReceivedLater(ctx, c.Case, c.Watermark); err != nil {
					return err
				}
			}
			l.Cases = append(l.Cases, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ids := make([]casefile.CaseID, len(l.Cases))
	for i, c := range l.Cases {
		ids[i] = c.Case
	}
	return l, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "closed cases", Purpose: "review", Body: map[string]any{
		"query": map[string]any{"changed": bool(changedOnly), "before": before}, "ids": ids,
	}})
}

// ChangedOnly limits a list to closed cases that changed since.
type ChangedOnly bool

const closedPage = 50

// closingsChanged returns the closings about whose cases rows were received since,
// sorted, never nil. What was received changes with the watermark alone, and a
// closing made after it was worked out has seen everything.
func closingsChanged(ctx context.Context, d *desk.Desk, tx *store.Tx) ([]int64, error) {
	reg, err := tx.Register(ctx)
	if err != nil {
		return nil, err
	}
	return desk.Memo(d, "closings changed", strconv.FormatInt(reg.Watermark, 10), func() ([]int64, error) {
		changed, err := tx.ClosingsChanged(ctx)
		if changed == nil {
			changed = []int64{}
		}
		return changed, err
	})
}

// CasesChangedSinceClosed returns the closed cases about which rows were received
// since, restricted ones among them, for lists that mark them.
func CasesChangedSinceClosed(ctx context.Context, d *desk.Desk, tx *store.Tx) (map[casefile.CaseID]bool, error) {
	changed, err := closingsChanged(ctx, d, tx)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	closings, err := tx.Closings(ctx, store.EveryCase, 0, changed, len(changed))
	out := make(map[casefile.CaseID]bool, len(closings))
	for _, c := range closings {
		out[c.Case] = true
	}
	return out, err
}
