// Package review takes a case from the queue to a decision that two people stand
// behind.
package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/normalise"
	"lookback/internal/reading"
	"lookback/internal/store"
)

// A review goes so: somebody takes a lease on a case ([NextCase] or [Start]), fills
// in the form, which is saved as typed ([SaveDraft]), and submits it ([Submit]).
// What others then say of it stands in deciding.go. Nothing that somebody typed is
// ever lost to a lease, a race or a signed-out session: drafts belong to the
// person, not to the lease.

// LeaseTime is how long a case stays with somebody who does nothing.
const LeaseTime = 30 * time.Minute

// A reviewer is what has to be known of an account to say which cases it may
// review. It is read once for each request.
type reviewer struct {
	account string
	names   map[string]bool // how the force's records may name this person, folded
	skills  Skills
	view    *cohort.View // nil: training is not asked for
}

func newReviewer(ctx context.Context, tx *store.Tx, by casefile.Actor, view *cohort.View) (*reviewer, error) {
	r := &reviewer{account: by.ID, names: map[string]bool{}, view: view}
	a, ok, err := tx.Account(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	if ok {
		r.names = officerNames(a)
	}
	r.skills, err = SkillsOf(ctx, tx, by.ID, casefile.DayAt(tx.Now))
	return r, err
}

// conflicted reports whether the records name the account as an officer or a
// supervisor of the case, in any version received.
func (r *reviewer) conflicted(ctx context.Context, tx *store.Tx, id casefile.CaseID) (bool, error) {
	if len(r.names) == 0 {
		return false, nil
	}
	officers, err := tx.OfficersOf(ctx, id)
	return r.namedIn(officers), err
}

func (r *reviewer) namedIn(officers []string) bool {
	return slices.ContainsFunc(officers, func(name string) bool { return r.names[normalise.Fold(name)] })
}

// untrained returns the labels of the training that a case needs and the account
// has not.
func (r *reviewer) untrained(row *cohort.Row, restricted bool) (labels []string) {
	for _, n := range TrainingInForce().Missing(row, restricted, r.skills) {
		labels = append(labels, n.Label)
	}
	return labels
}

const (
	barConflict = "The records name you as an officer or supervisor of this investigation, so somebody else has to look at it."
	barRecused  = "You said that you will not review this case."
)

// bar says why the account may not review a case, "" if it may. The candidate has
// been read for the account in the same transaction.
func (r *reviewer) bar(ctx context.Context, tx *store.Tx, c store.Candidate) (string, error) {
	mine := c.Reviewer == "" || c.Reviewer == r.account || c.Assigned == r.account
	switch {
	case c.Recused:
		return barRecused, nil
	case c.Stage == casefile.StageSubmitted || c.Stage == casefile.StageDisputed:
		return "This case has been reviewed and waits for another person.", nil
	case c.Stage == casefile.StageDecided:
		return "This case is decided. To review it anew, open it again with a reason on the page of its decision.", nil
	case c.Stage == casefile.StageClosed:
		return "This case is closed. It has to be reopened before it can be reviewed again.", nil
	case c.Stage == casefile.StageDeferred:
		return "This case was put off unread. A supervisor can take it back into the queue.", nil
	case c.Assigned != "" && c.Assigned != r.account:
		return "This case is assigned to another reviewer. Ask a supervisor if it should be yours.", nil
	case !mine:
		return "This case is back with the reviewer who had it.", nil
	case c.Open != "" && c.Open != r.account:
		return "Another reviewer has this case open now.", nil
	}
	if yes, err := r.conflicted(ctx, tx, c.Case); yes || err != nil {
		return barConflict, err
	}
	if r.view == nil {
		return "", nil
	}
	if row, ok := r.view.Find(c.Case); ok {
		restricted, err := tx.IsRestricted(ctx, c.Case)
		if err != nil {
			return "", err
		}
		if missing := r.untrained(row, restricted); len(missing) > 0 {
			return "This case needs training that is not on record for you: " + strings.Join(missing, ", ") + ". Ask a supervisor.", nil
		}
	}
	return "", nil
}

// Start takes the lease on a case for review, if nothing keeps the actor from it.
func Start(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) error {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		r, err := newReviewer(ctx, tx, by, view)
		if err != nil {
			return err
		}
		found, err := tx.Candidates(ctx, by.ID, id)
		if err != nil {
			return err
		}
		why, err := r.bar(ctx, tx, found[0])
		if err == nil && why == "" {
			why, err = takenBack(ctx, tx, by, id, found[0])
		}
		if err != nil {
			return err
		}
		if why != "" {
			return casefile.Errorf(casefile.Conflict, "%s", why)
		}
		return tx.TakeLease(ctx, casefile.Lease{Case: id, Account: by.ID, Purpose: casefile.ForReview, Until: tx.Now.Add(LeaseTime)})
	})
}

// takenBack says that a supervisor took the case from the actor, who does not get
// it again without being assigned to it.
func takenBack(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID, c store.Candidate) (string, error) {
	l, ok, err := tx.LeaseOf(ctx, id)
	if !ok || err != nil || l.EndedBy == "" || l.Account != by.ID || c.Assigned == by.ID {
		return "", err
	}
	return fmt.Sprintf("A supervisor took this case back %s: %s Your text is kept. Ask them to assign it to you if you should go on.",
		clockWords(l.Until, tx.Now), sentence(l.EndedReason)), nil
}

// sentence ends a text as a sentence does.
func sentence(s string) string {
	if s = strings.TrimSpace(s); s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// clockWords says a moment as the reader's clock does: the hour today, the day else.
func clockWords(t, now time.Time) string {
	t, now = casefile.InLondon(t), casefile.InLondon(now)
	if t.Format("2006-01-02") == now.Format("2006-01-02") {
		return "at " + t.Format("15:04")
	}
	return t.Format("on 2 January 2006 at 15:04")
}

// Renew keeps a case with somebody who is at work on it, and says where the lease
// stands after.
func Renew(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (s LeaseState, err error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return s, err
	}
	err = d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if _, err := tx.RenewLease(ctx, id, by.ID, tx.Now.Add(LeaseTime)); err != nil {
			return err
		}
		s, err = leaseState(ctx, tx, by, id)
		return err
	})
	return s, err
}

// HandBack ends the actor's lease on a case. What was typed stays.
func HandBack(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) error {
	if err := d.May(by, desk.ReadCases); err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		return tx.EndLease(ctx, id, by.ID)
	})
}

// TakeOver takes a case from whoever has it open, who is told so with the reason.
func TakeOver(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, reason string) error {
	if err := d.May(by, desk.AllocateCases); err != nil {
		return err
	}
	reason, err := casefile.Typed(reason, "Say why you take the case back: whoever has it open is shown it.", MaxReason)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		l, ok, err := tx.LeaseOf(ctx, id)
		if err != nil {
			return nil, err
		}
		if !ok || !l.Holds(tx.Now) {
			return nil, casefile.Errorf(casefile.Conflict, "Nobody has this case open any more.")
		}
		if err := tx.TakeBack(ctx, id, by.ID, reason); err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{})
		return []ledger.Event{{Kind: ledger.LeaseEnded, Subject: string(id), Purpose: reason, Body: map[string]any{"from": l.Account, "for": l.Purpose}}}, err
	})
}

// Recuse notes that the actor will not review a case: they know somebody in it,
// or had to do with it. It never comes to them again.
func Recuse(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, reason string) error {
	if err := d.May(by, desk.ReadCases); err != nil {
		return err
	}
	reason, err := casefile.Typed(reason, "Say in a few words why you will not review this case. No details are needed.", MaxReason)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		if yes, err := tx.Recused(ctx, id, by.ID); yes || err != nil {
			return nil, cmpErr(err, casefile.Errorf(casefile.Conflict, "%s", barRecused))
		}
		if s, err := tx.CaseState(ctx, id); err != nil || s.Reviewer == by.ID && s.Stage != casefile.StageOpen && s.Stage != casefile.StageReturned {
			return nil, cmpErr(err, casefile.Errorf(casefile.Conflict, "Your review of this case is with another person. Withdraw it first."))
		} else if s.Reviewer == by.ID { // it was back with the actor, and is anybody's now
			if _, err := tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageOpen}); err != nil {
				return nil, err
			}
		}
		if err := tx.Recuse(ctx, id, by.ID, reason, by.ID); err != nil {
			return nil, err
		}
		if err := tx.EndLease(ctx, id, by.ID); err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{})
		return []ledger.Event{{Kind: ledger.ReviewerRecused, Subject: string(id), Purpose: reason, Body: map[string]any{"account": by.ID}}}, err
	})
}

// cmpErr returns err, or what else is to be said.
func cmpErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// MaxReason is how long a reason may be that is no review's, in bytes.
const MaxReason = 20 << 10

// A LeaseState says whether somebody has a case open, as the actor may know it.
type LeaseState struct {
	Mine    bool      `json:"mine"`           // and it holds
	Lapsed  bool      `json:"lapsed"`         // it was the actor's, and is nobody's
	Others  bool      `json:"others"`         // it is somebody else's
	Until   time.Time `json:"until,omitzero"` // of the actor's own
	Purpose string    `json:"purpose,omitzero"`
	Say     string    `json:"say,omitempty"` // in a sentence, "" where nothing is to be said
}

// leaseState reads it. Who else has the case open is never said: two readings of
// a case are made without knowing of each other.
func leaseState(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID) (s LeaseState, err error) {
	l, ok, err := tx.LeaseOf(ctx, id)
	if err != nil || !ok {
		return s, err
	}
	mine, holds := l.Account == by.ID, l.Holds(tx.Now)
	switch {
	case mine && holds:
		return LeaseState{Mine: true, Until: l.Until, Purpose: l.Purpose}, nil
	case mine && l.EndedBy != "":
		return LeaseState{Lapsed: true, Purpose: l.Purpose,
			Say: fmt.Sprintf("A supervisor took this case back %s: %s Your text is kept.", clockWords(l.Until, tx.Now), sentence(l.EndedReason))}, nil
	case mine:
		return LeaseState{Lapsed: true, Purpose: l.Purpose,
			Say: fmt.Sprintf("Your lease lapsed %s; nobody else has opened it since. Your text is kept.", clockWords(l.Until, tx.Now))}, nil
	case holds:
		return LeaseState{Others: true, Purpose: l.Purpose, Say: "This case is now with another reviewer."}, nil
	}
	return s, nil
}

// A Save is one save of a form as it is being filled in.
type Save struct {
	Form string // name@version
	Body []byte // JSON of a [Body]
	Base int    // version of the draft that the page had
	Page string // which page sends it, and its count of saves
	N    int
}

// A Saved says where a draft stands after a save.
type Saved struct {
	Version int        `json:"version"`
	At      time.Time  `json:"at"`
	Case    int        `json:"case"` // version of the case
	Lease   LeaseState `json:"lease"`
	Kept    int64      `json:"kept,omitempty"` // set: the save lost a race, and this number holds its text
}

// SaveDraft stores what somebody is typing about a case. It needs no lease, so
// that nothing typed is lost with one, and it renews the one that holds. A save
// made against an older version of the draft is refused with a conflict, and its
// text is kept beside the one that stands.
func SaveDraft(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, s Save) (out Saved, err error) {
	f, err := FormOf(s.Form)
	if err != nil {
		return out, casefile.Errorf(casefile.Invalid, "This page is of a form that is not here any more. Reload it. (%w)", err)
	}
	if err := mayFill(d, by, f); err != nil {
		return out, err
	}
	body, err := f.ParseBody(s.Body)
	if err != nil {
		return out, err
	}
	if len(s.Page) > 64 || s.N < 0 || s.Base < 0 {
		return out, casefile.Errorf(casefile.Invalid, "This page sent something that is no draft. Reload it.")
	}
	err = d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		out, err = saveDraft(ctx, d, tx, by, id, f, body, s)
		return err
	})
	if err == nil && out.Kept != 0 {
		err = casefile.Errorf(casefile.Conflict, "This review was saved from another page or device since this page was opened. Both texts are kept: compare them and choose.")
	}
	return out, err
}

func saveDraft(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, id casefile.CaseID, f *Form, body Body, s Save) (out Saved, err error) {
	if err := d.Readable(ctx, tx, by, id); err != nil {
		return out, err
	}
	draft := casefile.Draft{Case: id, Account: by.ID, Form: f.ID(), Body: body.JSON()}
	now, ok, err := tx.SaveDraft(ctx, store.DraftSave{Draft: draft, Base: s.Base, Page: s.Page, N: s.N})
	if err != nil {
		return out, err
	}
	out.Version, out.At = now.Version, now.SavedAt
	if !ok {
		out.Kept, err = tx.KeepDraft(ctx, casefile.KeptDraft{Case: id, Account: by.ID, Form: f.ID(), Body: draft.Body, Because: "saved from two pages"}, s.Page)
		if err != nil {
			return out, err
		}
	}
	if _, err := tx.RenewLease(ctx, id, by.ID, tx.Now.Add(LeaseTime)); err != nil {
		return out, err
	}
	state, err := tx.CaseState(ctx, id)
	if err != nil {
		return out, err
	}
	out.Case = state.Version
	out.Lease, err = leaseState(ctx, tx, by, id)
	return out, err
}

// mayFill returns an error unless the actor may fill in a form.
func mayFill(d *desk.Desk, by casefile.Actor, f *Form) error {
	if f.Name == ReviewForm {
		return d.May(by, desk.ReviewCases)
	}
	if err := d.May(by, desk.ApproveReviews); err != nil {
		return d.May(by, desk.Adjudicate)
	}
	return nil
}

// KeepText keeps what somebody typed into a form whose sending was refused.
func KeepText(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, form string, body Body, because string) error {
	f, err := FormOf(form)
	if err != nil {
		return err
	}
	if err := mayFill(d, by, f); err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		_, err := tx.KeepDraft(ctx, casefile.KeptDraft{Case: id, Account: by.ID, Form: form, Body: body.JSON(), Because: because}, "")
		return err
	})
}

// PutAside says that the actor needs a kept text no more. It stays stored.
func PutAside(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, kept int64) error {
	if err := d.May(by, desk.ReadCases); err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		return tx.PutAside(ctx, id, by.ID, kept)
	})
}

// Cite checks a passage that somebody selected, or finds one that they pasted:
// with End 0 the place where Text stands is cited, and without a Text all of it.
func Cite(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, c casefile.Citation) (casefile.Citation, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return c, err
	}
	if c.Part != casefile.PartDocument {
		c.Page = 0
	}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if c.End == 0 {
			text, err := tx.TextAt(ctx, id, c.Row, c.Part, c.Page)
			if err != nil {
				return err
			}
			if c.Text == "" {
				c.Text = casefile.Shown(text)
				c.Start, c.End = 0, utf8.RuneCountInString(c.Text)
			} else if c.Start, c.End, c.Text, err = reading.FindPassage(text, c.Text); err != nil {
				return err
			}
		}
		return checkPassage(ctx, tx, id, c)
	})
	return c, err
}

// TextOf returns one text of a case as shown, for somebody who cites from it.
func TextOf(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, at casefile.Citation) (text string, err error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return "", err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		text, err = tx.TextAt(ctx, id, at.Row, at.Part, at.Page)
		return err
	})
	return casefile.Shown(text), err
}

// AddCitation adds a passage to the answer to a question of the actor's draft, as
// the draft stands.
func AddCitation(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, question string, c casefile.Citation) error {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return err
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if err := checkPassage(ctx, tx, id, c); err != nil {
			return err
		}
		draft, ok, err := tx.DraftOf(ctx, id, by.ID, ReviewForm)
		if err != nil {
			return err
		}
		f, b := CurrentForm(ReviewForm), Body{}
		if ok {
			if f, err = FormOf(draft.Form); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(draft.Body), &b); err != nil {
				return err
			}
		}
		if _, known := f.Question(question); !known {
			return casefile.Errorf(casefile.Invalid, "Choose the question that the passage is for.")
		}
		e := b.Entry(question)
		if !slices.Contains(e.Evidence, c) {
			e.Evidence = append(slices.Clone(e.Evidence), c)
		}
		b.Set(f, question, e)
		if _, err := f.ParseBody([]byte(b.JSON())); err != nil {
			return err
		}
		_, err = saveDraft(ctx, d, tx, by, id, f, b, Save{Base: draft.Version})
		return err
	})
}

func checkPassage(ctx context.Context, tx *store.Tx, id casefile.CaseID, c casefile.Citation) error {
	if c.End-c.Start > maxPassage {
		return casefile.Errorf(casefile.Invalid, "A passage has at most %d characters. Cite the part that matters.", maxPassage)
	}
	return reading.CheckCited(ctx, tx, id, &c)
}

// What of a case the reviewer had on the page, as it is kept with a review.
type shown struct {
	Rows  [][2]any    `json:"rows"` // number and hash of every row about the case
	Marks []shownMark `json:"marks"`
	Lines []string    `json:"lines"` // lines of enquiry that were suggested
	Terms string      `json:"terms"` // name, version, fingerprint and what they say of the case
	Form  string      `json:"form"`

	// Not in the digest: they change without anything on the page changing.
	Run  int64  `json:"run"`
	Code string `json:"code"`
	Case int    `json:"case"` // version
}

// A shownMark is a text that was marked as stating a number of suspects.
type shownMark struct {
	Row    int64  `json:"row"`
	Source string `json:"source"`
	Lo     int    `json:"lo"`
	Hi     int    `json:"hi,omitempty"`
}

// newShown collects it from a case as read.
func newShown(ctx context.Context, tx *store.Tx, f *reading.File, form string, code string) (shown, error) {
	s := shown{Form: form, Run: f.Run, Code: code, Case: f.State.Version}
	rows, err := tx.CaseRows(ctx, f.ID)
	for _, r := range rows {
		s.Rows = append(s.Rows, [2]any{r.Row, r.Hash})
	}
	for _, m := range f.Stated {
		s.Marks = append(s.Marks, shownMark{m.Row, m.Source, m.Lo, m.Hi})
	}
	for _, l := range f.Suggested {
		s.Lines = append(s.Lines, l.Key)
	}
	if p := f.Scope; p != nil {
		s.Terms = fmt.Sprintf("%s version %d %s: %s", p.Name, p.Version, p.Fingerprint, p.Status)
	}
	return s, err
}

func (s shown) json() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("review: " + err.Error()) // numbers and texts
	}
	return string(text)
}

// digest says in short what was on the page: a page sends it back, so that a
// review is not submitted on records that its maker has not seen.
func (s shown) digest() string {
	s.Run, s.Code, s.Case = 0, "", 0
	return desk.TextHash(s.json())
}

// A Desktop is all that the page of a review shows beside the case.
type Desktop struct {
	Form     *Form
	Body     Body
	Draft    int       // version, 0 before the first save
	SavedAt  time.Time // zero before
	Kept     []casefile.KeptDraft
	Stand    Stand
	State    casefile.CaseState
	Shown    string               // digest, to be sent back with the form
	Returned *casefile.ReviewStep // why the review came back, if it did
	Footing  Footing
}

// OpenReview returns what the page of a review shows beside the case as read. A
// draft goes on with the version of the form on which it was begun.
func OpenReview(ctx context.Context, d *desk.Desk, by casefile.Actor, f *reading.File) (*Desktop, error) {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	t := &Desktop{Form: CurrentForm(ReviewForm)}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, f.ID); err != nil {
			return err
		}
		draft, ok, err := tx.DraftOf(ctx, f.ID, by.ID, ReviewForm)
		if err != nil {
			return err
		}
		if ok {
			if t.Form, err = FormOf(draft.Form); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(draft.Body), &t.Body); err != nil {
				return casefile.Errorf(casefile.Broken, "Your draft cannot be read. It is kept; ask an administrator. (%w)", err)
			}
			t.Draft, t.SavedAt = draft.Version, draft.SavedAt
		}
		kept, err := tx.KeptDrafts(ctx, f.ID, by.ID)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if strings.HasPrefix(k.Form, ReviewForm+"@") {
				t.Kept = append(t.Kept, k)
			}
		}
		if t.State, err = tx.CaseState(ctx, f.ID); err != nil {
			return err
		}
		s, err := newShown(ctx, tx, f, t.Form.ID(), d.Code)
		if err != nil {
			return err
		}
		t.Shown = s.digest()
		if t.State.Stage == casefile.StageReturned && t.State.Reviewer == by.ID {
			if t.Returned, err = returnedWith(ctx, tx, f.ID); err != nil {
				return err
			}
		}
		if t.Footing, err = footing(ctx, tx, f); err != nil {
			return err
		}
		t.Stand, err = standing(ctx, d, tx, by, f.ID, view)
		return err
	})
	return t, err
}

// returnedWith is the step that sent the last review back.
func returnedWith(ctx context.Context, tx *store.Tx, id casefile.CaseID) (*casefile.ReviewStep, error) {
	last, ok, err := tx.LastReview(ctx, id)
	if !ok || err != nil {
		return nil, err
	}
	steps, err := tx.ReviewSteps(ctx, last.ID)
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].Step == casefile.StepReturned {
			return &steps[i], err
		}
	}
	return nil, err
}

// footing is what of a case a form is checked against.
func footing(ctx context.Context, tx *store.Tx, f *reading.File) (on Footing, err error) {
	risks, err := tx.CaseRisks(ctx, f.ID)
	for _, r := range risks {
		if r.State != casefile.RiskEnded {
			on.OpenRisks++
		}
	}
	on.HasText = f.Report.MOText != "" || f.Report.ClosingText != "" ||
		slices.ContainsFunc(f.Log, func(e casefile.LogEntry) bool { return e.Bytes > 0 }) ||
		slices.ContainsFunc(f.Papers, func(p casefile.Paper) bool {
			return slices.ContainsFunc(p.Pages, func(page casefile.PaperPage) bool { return page.Bytes > 0 })
		})
	return on, err
}

// A Submission names the draft to submit, and what its maker had on the page.
type Submission struct {
	Draft int    // version of the draft
	Seen  int    // version of the case
	Shown string // digest, see [Desktop]
}

// Submit turns the actor's draft into a review, which then waits for another
// person. It returns all that the form lacks, if it lacks anything; nothing is
// written then.
func Submit(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, s Submission) (faults []casefile.Fault, err error) {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return nil, err
	}
	program, err := reading.InForce(ctx, d)
	if err != nil {
		return nil, err
	}
	view, err := cohort.Snapshot(ctx, d, by)
	if err != nil {
		return nil, err
	}
	var pending pendingReview
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		f := &reading.File{ID: id}
		if err := f.Read(ctx, tx, desk.Reader(by), program); err != nil {
			return err
		}
		faults, err = pending.prepare(ctx, tx, by, f, s, d.Code)
		return err
	})
	if err != nil || len(faults) > 0 {
		return faults, err
	}
	return nil, d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		r, err := newReviewer(ctx, tx, by, view)
		if err != nil {
			return nil, err
		}
		return pending.submit(ctx, tx, by, r, s)
	})
}

// A pendingReview is a review that was checked and is about to be written.
type pendingReview struct {
	review casefile.Review
	body   Body
	ground ground
	form   *Form
}

// A ground is what the derived and received parts of a case rest on. As long as it
// stays, what was read a moment ago is still so.
type ground struct {
	watermark, run int64
	adopted        int
}

func groundNow(ctx context.Context, tx *store.Tx) (g ground, err error) {
	reg, err := tx.Register(ctx)
	if err != nil {
		return g, err
	}
	run, err := tx.LastRun(ctx, analysis.Kind)
	if err != nil {
		return g, err
	}
	adopted, err := tx.Adoptions(ctx)
	return ground{reg.Watermark, run.ID, len(adopted)}, err
}

// prepare reads the draft and checks it against the case as read.
func (p *pendingReview) prepare(ctx context.Context, tx *store.Tx, by casefile.Actor, f *reading.File, s Submission, code string) ([]casefile.Fault, error) {
	draft, ok, err := tx.DraftOf(ctx, f.ID, by.ID, ReviewForm)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, casefile.Errorf(casefile.Conflict, "There is no draft of yours to submit here. It may have been submitted from another page already.")
	case draft.Version != s.Draft:
		return nil, casefile.Errorf(casefile.Conflict, "This review was saved from another page since this one was opened, so it was not submitted. Read it once more and send it again.")
	}
	if p.form, err = FormOf(draft.Form); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(draft.Body), &p.body); err != nil {
		return nil, err
	}
	on, err := footing(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	faults := p.form.Check(p.body, on)
	for _, q := range p.form.Questions() {
		for _, c := range p.body.Entry(q.ID).Evidence {
			if err := checkPassage(ctx, tx, f.ID, c); casefile.KindOf(err) != "" {
				faults = append(faults, casefile.Fault{Field: q.ID, Message: fmt.Sprintf("A passage under “%s” is not in the record as cited. Remove it and cite it again.", q.Short)})
			} else if err != nil {
				return nil, err
			}
		}
	}
	if len(faults) > 0 {
		return faults, nil
	}
	was, err := newShown(ctx, tx, f, draft.Form, code)
	if err != nil {
		return nil, err
	}
	if was.digest() != s.Shown {
		return nil, casefile.Errorf(casefile.Conflict, "Records, marks or terms of reference changed since you opened this page, so nothing was submitted. Your text is kept: look at the case as it is now, then send it again.")
	}
	if p.ground, err = groundNow(ctx, tx); err != nil {
		return nil, err
	}
	p.review = casefile.Review{Case: f.ID, Form: draft.Form, Reviewer: by.ID, Body: draft.Body,
		Verdict: p.body.Verdict(), Reason: p.body.Entry("verdict").Text, Shown: was.json()}
	return nil, nil
}

// submit writes the review, unless anything moved since it was prepared.
func (p *pendingReview) submit(ctx context.Context, tx *store.Tx, by casefile.Actor, r *reviewer, s Submission) ([]ledger.Event, error) {
	id := p.review.Case
	if _, err := tx.CaseAsSeen(ctx, id, s.Seen); err != nil {
		return nil, err
	}
	found, err := tx.Candidates(ctx, by.ID, id)
	if err != nil {
		return nil, err
	}
	why, err := r.bar(ctx, tx, found[0])
	if err == nil && why == "" {
		why, err = takenBack(ctx, tx, by, id, found[0])
	}
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, casefile.Errorf(casefile.Conflict, "Your review was not submitted, and your text is kept. %s", why)
	}
	if draft, ok, err := tx.DraftOf(ctx, id, by.ID, ReviewForm); err != nil || !ok || draft.Version != s.Draft {
		return nil, cmpErr(err, casefile.Errorf(casefile.Conflict, "This review was saved or submitted from another page a moment ago. Open the case again."))
	}
	if now, err := groundNow(ctx, tx); err != nil || now != p.ground {
		return nil, cmpErr(err, casefile.Errorf(casefile.Conflict, "New records or terms arrived this moment, so nothing was submitted. Your text is kept: look at the case as it is now, then send it again."))
	}
	if last, ok, err := tx.LastReview(ctx, id); err != nil {
		return nil, err
	} else if ok {
		p.review.Supersedes = last.ID
	}
	number, err := tx.AddReview(ctx, p.review)
	if err != nil {
		return nil, err
	}
	if err := tx.DropDrafts(ctx, id, by.ID, ReviewForm); err != nil {
		return nil, err
	}
	if err := tx.EndLease(ctx, id, by.ID); err != nil {
		return nil, err
	}
	_, err = tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageSubmitted, Reviewer: by.ID, Verdict: p.review.Verdict})
	return []ledger.Event{p.event(number)}, err
}

// event is what the ledger keeps of a review: the answers as codes, the reason of
// the conclusion, and hashes of all the rest. What was found for the figures stays
// out, but for the hash.
func (p *pendingReview) event(number int64) ledger.Event {
	answers := map[string][]string{}
	for id, e := range p.body.Answers {
		answers[id] = e.Chosen
	}
	body := map[string]any{"review": number, "form": p.review.Form, "verdict": p.review.Verdict, "answers": answers,
		"body_sha256": desk.TextHash(p.review.Body), "shown_sha256": desk.TextHash(p.review.Shown)}
	if p.review.Supersedes != 0 {
		body["supersedes"] = p.review.Supersedes
	}
	e := ledger.Event{Kind: ledger.ReviewSubmitted, Subject: string(p.review.Case), Body: body}
	e.Purpose = purposeOf(p.review.Reason, body)
	return e
}

// purposeOf returns a reason as an event holds it. One too long for that stands in
// its table, and the event's body vouches for it.
func purposeOf(reason string, body map[string]any) string {
	if len(reason) <= ledger.MaxText {
		return reason
	}
	body["reason_sha256"] = desk.TextHash(reason)
	return ""
}

// Withdraw takes back the actor's own review, as long as nobody has said anything
// of it. Its text is a draft again.
func Withdraw(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error {
	if err := d.May(by, desk.ReviewCases); err != nil {
		return err
	}
	reason, err := casefile.Typed(reason, "", MaxReason)
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
		if state.Stage != casefile.StageSubmitted || state.Reviewer != by.ID {
			return nil, casefile.Errorf(casefile.Conflict, "There is no review of yours here that still waits for another person.")
		}
		last, _, err := tx.LastReview(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := giveBack(ctx, tx, last); err != nil {
			return nil, err
		}
		if err := tx.AddStep(ctx, casefile.ReviewStep{Review: last.ID, Case: id, Step: casefile.StepWithdrawn, Reason: reason, By: by.ID}); err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{Stage: casefile.StageOpen, Reviewer: by.ID})
		return []ledger.Event{{Kind: ledger.ReviewWithdrawn, Subject: string(id), Purpose: reason, Body: map[string]any{"review": last.ID}}}, err
	})
}

// giveBack makes a review its maker's draft again. A draft begun since stays, and
// the review is kept beside it.
func giveBack(ctx context.Context, tx *store.Tx, r casefile.Review) error {
	if strings.HasPrefix(r.Form, ApprovalForm+"@") {
		return nil
	}
	_, begun, err := tx.DraftOf(ctx, r.Case, r.Reviewer, ReviewForm)
	if err != nil {
		return err
	}
	if begun {
		_, err = tx.KeepDraft(ctx, casefile.KeptDraft{Case: r.Case, Account: r.Reviewer, Form: r.Form, Body: r.Body, Because: "returned while another draft was begun"}, "")
		return err
	}
	_, _, err = tx.SaveDraft(ctx, store.DraftSave{Draft: casefile.Draft{Case: r.Case, Account: r.Reviewer, Form: r.Form, Body: r.Body}})
	return err
}
