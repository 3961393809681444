// Package casework holds the verbs on what a case asks for: present risk, actions,
// closing.
package casework

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A RiskList says which kinds of present risk there are and in which words, with
// whom to tell and how as suggestions. It is data with a version; an event names
// the version whose codes it holds.
type RiskList struct {
	Version int        `json:"version"`
	Kinds   []RiskKind `json:"kinds"`
	Whom    []string   `json:"whom"`
	How     []string   `json:"how"`
}

// A RiskKind is one kind of risk: its code is stored, its words are shown.
type RiskKind struct {
	Code  string `json:"code"`
	Words string `json:"words"`
	Hint  string `json:"hint"`
}

//go:embed risk_kinds.json
var riskKindsText []byte

var riskList = func() *RiskList {
	var l RiskList
	if err := json.Unmarshal(riskKindsText, &l); err != nil || l.Version < 1 || len(l.Kinds) == 0 {
		panic(fmt.Sprintf("casework: risk_kinds.json: %v", err))
	}
	return &l
}()

// riskOther is the kind that means nothing without words.
const riskOther = "other"

// RiskKinds returns the kinds of risk in force.
func RiskKinds() *RiskList { return riskList }

// Words returns the words of a code, or the code itself if the list in force
// does not know it.
func (l *RiskList) Words(code string) string {
	for _, k := range l.Kinds {
		if k.Code == code {
			return k.Words
		}
	}
	return code
}

func (l *RiskList) knows(code string) bool {
	return slices.ContainsFunc(l.Kinds, func(k RiskKind) bool { return k.Code == code })
}

// Limits of what is typed about a risk, in bytes.
const (
	MaxRiskText = 20 << 10
	maxRiskLine = 500
)

// A RiskForm is what somebody types to raise a risk. It is also what a draft holds.
type RiskForm struct {
	Case    casefile.CaseID    `json:"case,omitempty"`
	Nominal casefile.NominalID `json:"nominal"` // a person on the case, or
	Who     string             `json:"who"`     // who it is, in words
	Kinds   []string           `json:"kinds"`   // codes
	Detail  string             `json:"detail"`
	Whom    string             `json:"whom"` // somebody who was told already: a role and where; "" for nobody yet
	How     string             `json:"how"`
}

// Faults returns what is wrong with the form, in the order of its fields.
func (f RiskForm) Faults() []casefile.Fault {
	var out []casefile.Fault
	add := func(bad bool, field, message string, args ...any) {
		if bad {
			out = append(out, casefile.Fault{Field: field, Message: fmt.Sprintf(message, args...)})
		}
	}
	add(f.Nominal == "" && blank(f.Who), "who", "Choose who this is about, or describe them. If nobody knows yet, write: not known.")
	add(len(f.Who) > maxRiskLine, "who", "Describe who it is in at most %d characters, and put the rest into the details.", maxRiskLine)
	add(len(f.Kinds) == 0, "kinds", "Tick at least one kind of risk. If none fits, tick: %s.", riskList.Words(riskOther))
	for _, k := range f.Kinds {
		add(!riskList.knows(k), "kinds", "There is no kind of risk %q. Open the page again and tick one of the list.", k)
	}
	add(len(f.Kinds) == 1 && f.Kinds[0] == riskOther && blank(f.Detail), "detail", "Say what the risk is.")
	add(len(f.Detail) > MaxRiskText, "detail", "These are %s too many: at most %d KB are kept. Shorten the text; what you typed is still here.",
		bytesWords(len(f.Detail)-MaxRiskText), MaxRiskText>>10)
	add(blank(f.Whom) && !blank(f.How), "whom", "Say whom you told: a role and where, for example: %s.", riskList.Whom[0])
	add(len(f.Whom) > maxRiskLine, "whom", "Say whom you told in at most %d characters.", maxRiskLine)
	add(len(f.How) > maxRiskLine, "how", "Say how in at most %d characters.", maxRiskLine)
	return out
}

// bytesWords says how much text that is.
func bytesWords(n int) string {
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// RaiseRisk raises a present risk from a case: it needs nothing but leave to raise
// risks and to read the case, whatever its scope, stage, evidence or lease. The
// same risk sent twice by the same person within ten minutes is one risk. It
// returns the risk's number.
func RaiseRisk(ctx context.Context, d *desk.Desk, by casefile.Actor, f RiskForm) (id int64, err error) {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return 0, err
	}
	f = f.tidy()
	if err := casefile.Refuse(f.Faults()); err != nil {
		return 0, err
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, f.Case); err != nil {
			return nil, err
		}
		r := casefile.Risk{Case: f.Case, Nominal: f.Nominal, Who: f.Who, Kinds: f.Kinds, Detail: f.Detail, RaisedBy: by.ID}
		if f.Nominal != "" {
			name, err := nameOnCase(ctx, tx, f.Case, f.Nominal)
			if err != nil {
				return nil, err
			}
			r.Who = strings.TrimSuffix(name+"; "+f.Who, "; ")
		}
		if id, err = raisedAlready(ctx, tx, r); err != nil || id != 0 {
			if err == nil {
				err = errRaisedAlready
			}
			return nil, err
		}
		if id, err = tx.RaiseRisk(ctx, r); err != nil {
			return nil, err
		}
		events := []ledger.Event{{Kind: ledger.RiskRaised, Subject: string(f.Case), Purpose: "risk", Body: map[string]any{
			"risk": id, "kinds": r.Kinds, "kinds_version": riskList.Version, "nominal": r.Nominal, "sha256": desk.TextHash(r.Who, r.Detail),
		}}}
		if f.Whom != "" {
			move, err := stepRisk(ctx, tx, by, casefile.Risk{ID: id, Case: f.Case}, casefile.RiskStep{State: casefile.RiskTold, Whom: f.Whom, How: f.How})
			if err != nil {
				return nil, err
			}
			events = append(events, move)
		}
		if err := tx.DropTyped(ctx, f.Case, by.ID, RiskDraft); err != nil {
			return nil, err
		}
		_, err := tx.TouchCase(ctx, f.Case, store.CaseChange{})
		return events, err
	})
	if err == errRaisedAlready {
		err = nil
	}
	return id, err
}

// errRaisedAlready ends a transaction that has nothing to write.
var errRaisedAlready = casefile.Errorf(casefile.Conflict, "This risk was raised already.")

func (f RiskForm) tidy() RiskForm {
	f.Who, f.Whom, f.How = oneLine(f.Who), oneLine(f.Whom), oneLine(f.How)
	f.Detail = strings.TrimSpace(casefile.Shown(f.Detail))
	kinds := slices.Clone(f.Kinds)
	slices.Sort(kinds)
	f.Kinds = slices.Compact(kinds)
	return f
}

// oneLine joins what was typed into a field of one line.
func oneLine(s string) string { return strings.Join(strings.Fields(casefile.Shown(s)), " ") }

// raisedAlready returns the number of an open risk that says the same and was
// raised by the same person less than ten minutes ago, 0 if there is none.
func raisedAlready(ctx context.Context, tx *store.Tx, r casefile.Risk) (int64, error) {
	held, err := tx.CaseRisks(ctx, r.Case)
	for _, h := range held {
		if h.State.Open() && h.RaisedBy == r.RaisedBy && h.Nominal == r.Nominal && h.Who == r.Who && h.Detail == r.Detail &&
			slices.Equal(h.Kinds, r.Kinds) && tx.Now.Sub(h.RaisedAt) < 10*time.Minute {
			return h.ID, err
		}
	}
	return 0, err
}

func nameOnCase(ctx context.Context, tx *store.Tx, id casefile.CaseID, who casefile.NominalID) (string, error) {
	parts, err := tx.Parts(ctx, id)
	for _, p := range parts {
		if p.Person.ID == who {
			return personWords(p.Person), err
		}
	}
	if err == nil {
		err = casefile.Errorf(casefile.Invalid, "That person is no longer on this case. Choose again, or describe them.")
	}
	return "", err
}

// personWords is a name, or what there is instead of one.
func personWords(p casefile.Person) string {
	if name := p.Name(); name != "" {
		return name
	}
	_, ref := p.ID.Split()
	return "Not named, record " + ref
}

// riskMoves says which steps follow which state. Whoever told one person may tell
// another, and a second referral may go out; a state never goes back. What is
// acknowledged or ended stays so: what comes up later is a new risk.
var riskMoves = map[casefile.RiskState][]casefile.RiskState{
	casefile.RiskRaised:       {casefile.RiskTold, casefile.RiskSent, casefile.RiskAcknowledged, casefile.RiskEnded, casefile.RiskNote},
	casefile.RiskTold:         {casefile.RiskTold, casefile.RiskSent, casefile.RiskAcknowledged, casefile.RiskEnded, casefile.RiskNote},
	casefile.RiskSent:         {casefile.RiskSent, casefile.RiskAcknowledged, casefile.RiskEnded, casefile.RiskNote},
	casefile.RiskAcknowledged: {casefile.RiskNote},
	casefile.RiskEnded:        {casefile.RiskNote},
}

// RiskMoves returns the steps that may follow a state.
func RiskMoves(from casefile.RiskState) []casefile.RiskState { return riskMoves[from] }

// A RiskMove is one step about a risk.
type RiskMove struct {
	To        casefile.RiskState // told, sent, acknowledged, ended or note
	Whom      string             // told or sent to, acknowledged by
	How       string
	Reference string // of the referral or the acknowledgement
	Happened  string // when, as YYYY-MM-DDThh:mm in London; "" for now
	Note      string
}

// Faults returns what is wrong with the step at a moment, in the order of its fields.
func (m RiskMove) Faults(now time.Time) []casefile.Fault {
	var out []casefile.Fault
	add := func(bad bool, field, message string, args ...any) {
		if bad {
			out = append(out, casefile.Fault{Field: field, Message: fmt.Sprintf(message, args...)})
		}
	}
	switch m.To {
	case casefile.RiskTold:
		add(blank(m.Whom), "whom", "Say who was told: a role and where.")
	case casefile.RiskSent:
		add(blank(m.Whom), "whom", "Say where the referral went.")
		add(blank(m.Reference), "reference", "Give the reference of the referral. If they gave none, write: none given.")
	case casefile.RiskAcknowledged:
		add(blank(m.Whom), "whom", "Say who acknowledged it: a role and where.")
		add(blank(m.Reference), "reference", "Give their reference. If they gave none, write: none given.")
	case casefile.RiskEnded:
		add(blank(m.Note), "note", "Say why the risk is ended without an acknowledgement, for example: raised in error, it is risk 12 again.")
	case casefile.RiskNote:
		add(blank(m.Note), "note", "Write the note.")
	default:
		add(true, "to", "Choose what happened.")
	}
	for _, t := range []struct{ field, text string }{{"whom", m.Whom}, {"how", m.How}, {"reference", m.Reference}} {
		add(len(t.text) > maxRiskLine, t.field, "At most %d characters are kept here. Put the rest into the note.", maxRiskLine)
	}
	add(len(m.Note) > MaxRiskText, "note", "These are %s too many: at most %d KB are kept.", bytesWords(len(m.Note)-MaxRiskText), MaxRiskText>>10)
	at, err := happenedAt(m.Happened)
	switch {
	case err != nil:
		add(true, "happened", "Give the time as a date and a time of day, for example 2026-03-09 at 14:05, or leave it empty for now.")
	case at.After(now.Add(time.Minute)):
		add(true, "happened", "That time is still to come. Give the time at which it happened.")
	}
	return out
}

// happenedAt reads a moment in London to the minute; the zero time for "".
func happenedAt(s string) (time.Time, error) {
	d, err := casefile.ParseDate(s)
	if err != nil || d.IsZero() {
		return time.Time{}, err
	}
	for _, layout := range []string{"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, d.String()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q has no time of day", s)
}

// MoveRisk adds a step to a risk. Two people may do so at once: what one of them
// did is never lost, and a step that no longer follows is refused and says what
// happened meanwhile.
func MoveRisk(ctx context.Context, d *desk.Desk, by casefile.Actor, risk int64, m RiskMove) error {
	act := desk.RaiseRisk
	if m.To == casefile.RiskEnded {
		act = desk.EndRisks
	}
	if err := d.May(by, act); err != nil {
		return err
	}
	m.Whom, m.How, m.Reference, m.Note = oneLine(m.Whom), oneLine(m.How), oneLine(m.Reference), strings.TrimSpace(casefile.Shown(m.Note))
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		r, err := readableRisk(ctx, d, tx, by, risk)
		if err != nil {
			return nil, err
		}
		if err := casefile.Refuse(m.Faults(tx.Now)); err != nil {
			return nil, err
		}
		if !slices.Contains(riskMoves[r.State], m.To) {
			return nil, casefile.Errorf(casefile.Conflict, "%s. It cannot be marked as %s now; add a note instead, or raise a new risk. Nothing was changed.",
				riskStands(r), m.To)
		}
		happened, err := happenedAt(m.Happened)
		if err != nil {
			return nil, err
		}
		e, err := stepRisk(ctx, tx, by, r, casefile.RiskStep{State: m.To, Whom: m.Whom, How: m.How, Reference: m.Reference, Happened: happened, Note: m.Note})
		if err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, r.Case, store.CaseChange{})
		return []ledger.Event{e}, err
	})
}

// riskStands says in a sentence where a risk stands, without its full stop.
func riskStands(r casefile.Risk) string {
	return fmt.Sprintf("Risk %d is %s since %s", r.ID, r.State, momentWords(r.StateAt))
}

// momentWords is a moment as a sentence gives it, in London.
func momentWords(t time.Time) string { return casefile.InLondon(t).Format("2 January 2006 at 15:04") }

// readableRisk returns a risk whose case the actor may read. Others are not found.
func readableRisk(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, risk int64) (casefile.Risk, error) {
	r, ok, err := tx.Risk(ctx, risk)
	if err != nil {
		return r, err
	}
	if ok {
		err = d.Readable(ctx, tx, by, r.Case)
	}
	if !ok || casefile.KindOf(err) == casefile.NotFound {
		err = casefile.Errorf(casefile.NotFound, "There is no risk %d here. Check the number, or look in the list of risks.", risk)
	}
	return r, err
}

func stepRisk(ctx context.Context, tx *store.Tx, by casefile.Actor, r casefile.Risk, s casefile.RiskStep) (ledger.Event, error) {
	s.Risk, s.By = r.ID, by.ID
	body := map[string]any{"risk": r.ID, "to": s.State, "sha256": desk.TextHash(s.Whom, s.How, s.Reference, s.Note)}
	if s.State == casefile.RiskEnded {
		body["reason"] = s.Note
	}
	if !s.Happened.IsZero() {
		body["happened"] = s.Happened.UTC()
	}
	return ledger.Event{Kind: ledger.RiskMoved, Subject: string(r.Case), Purpose: "risk", Body: body}, tx.AddRiskStep(ctx, s)
}

// A RiskView is a risk with its steps, as a page shows it.
type RiskView struct {
	casefile.Risk
	Steps []casefile.RiskStep // oldest first
	Words []string            // its kinds in words
	Now   time.Time           // when it was read
	names map[string]string
}

// Name is the name of an account.
func (v RiskView) Name(account string) string { return nameOr(v.names, account) }

// Age is how long the risk has gone, or went, without being acknowledged or ended.
func (v RiskView) Age() time.Duration {
	if v.State.Open() {
		return v.Now.Sub(v.RaisedAt)
	}
	return v.StateAt.Sub(v.RaisedAt)
}

// Clock says the age in words: "2 h 10 min unacknowledged".
func (v RiskView) Clock() string {
	switch {
	case v.State.Open():
		return DurationWords(v.Age()) + " unacknowledged"
	case v.State == casefile.RiskAcknowledged:
		return "acknowledged after " + DurationWords(v.Age())
	}
	return "ended after " + DurationWords(v.Age())
}

// DurationWords says a duration in its two largest units.
func DurationWords(d time.Duration) string {
	minutes := int(d / time.Minute)
	days, hours := minutes/1440, minutes/60%24
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case days == 0 && minutes%60 == 0:
		return fmt.Sprintf("%d h", hours)
	case days == 0:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	}
	word := "days"
	if days == 1 {
		word = "day"
	}
	if hours == 0 {
		return fmt.Sprintf("%d %s", days, word)
	}
	return fmt.Sprintf("%d %s %d h", days, word, hours)
}

// Moves returns the steps that may follow.
func (v RiskView) Moves() []casefile.RiskState { return riskMoves[v.State] }

// Risks returns the risks raised from a case: open ones first, the oldest of them
// on top, then the others, the latest first. Whoever calls it has asked whether
// the case may be read.
func Risks(ctx context.Context, tx *store.Tx, id casefile.CaseID) ([]RiskView, error) {
	risks, err := tx.CaseRisks(ctx, id)
	if err != nil {
		return nil, err
	}
	views, err := riskViews(ctx, tx, risks)
	slices.SortStableFunc(views, func(a, b RiskView) int {
		switch open := a.State.Open(); {
		case open != b.State.Open():
			if open {
				return -1
			}
			return 1
		case open:
			return int(a.ID - b.ID)
		}
		return int(b.ID - a.ID)
	})
	return views, err
}

func riskViews(ctx context.Context, tx *store.Tx, risks []casefile.Risk) ([]RiskView, error) {
	ids := make([]int64, len(risks))
	for i, r := range risks {
		ids[i] = r.ID
	}
	steps, err := tx.RiskSteps(ctx, ids...)
	if err != nil {
		return nil, err
	}
	names, err := tx.AccountNames(ctx)
	if err != nil {
		return nil, err
	}
	byRisk := map[int64][]casefile.RiskStep{}
	for _, s := range steps {
		byRisk[s.Risk] = append(byRisk[s.Risk], s)
	}
	views := make([]RiskView, len(risks))
	for i, r := range risks {
		views[i] = RiskView{Risk: r, Steps: byRisk[r.ID], Now: tx.Now, names: names}
		for _, k := range r.Kinds {
			views[i].Words = append(views[i].Words, riskList.Words(k))
		}
	}
	return views, nil
}

// A RiskPage is what the page to raise a risk shows.
type RiskPage struct {
	Case   casefile.CaseID
	People []casefile.Part // empty if the actor may not read cases
	Form   RiskForm        // what the actor typed before and did not send
	Saved  time.Time       // when that was saved; zero if there is nothing
	Risks  []RiskView      // raised from the case already
}

// RiskDraft is the name of the draft of a RiskForm.
const RiskDraft = "risk"

// ReadRiskPage returns the page to raise a risk from a case. It shows who is on
// the case, so it is a reading of the case.
func ReadRiskPage(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*RiskPage, error) {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return nil, err
	}
	p := &RiskPage{Case: id}
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		if p.Risks, err = Risks(ctx, tx, id); err != nil {
			return err
		}
		if d.May(by, desk.ReadCases) == nil {
			if p.People, err = tx.Parts(ctx, id); err != nil {
				return err
			}
		}
		typed, at, ok, err := tx.Typed(ctx, id, by.ID, RiskDraft)
		if err != nil || !ok {
			return err
		}
		p.Saved = at
		return json.Unmarshal([]byte(typed), &p.Form)
	})
	if err != nil {
		return nil, err
	}
	return p, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "risk"})
}

// SaveRiskDraft keeps what somebody is typing about a risk, so that neither the
// end of a session nor a lost connection takes it away. An empty form is dropped.
func SaveRiskDraft(ctx context.Context, d *desk.Desk, by casefile.Actor, f RiskForm) error {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return err
	}
	if len(f.Detail)+len(f.Who)+len(f.Whom)+len(f.How) > 1<<20 {
		return casefile.Errorf(casefile.Invalid, "This is too long to be kept while you type: at most %d KB can be raised. Shorten it.", MaxRiskText>>10)
	}
	return d.DB.Housekeep(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, f.Case); err != nil {
			return err
		}
		if f.Nominal == "" && len(f.Kinds) == 0 && blank(f.Who+f.Detail+f.Whom) {
			return tx.DropTyped(ctx, f.Case, by.ID, RiskDraft)
		}
		body, err := json.Marshal(f)
		if err != nil {
			return err
		}
		return tx.KeepTyped(ctx, f.Case, by.ID, RiskDraft, string(body))
	})
}

// A RiskQuery chooses what the list of risks shows.
type RiskQuery struct {
	State    string // a state, "open" for what nobody has acknowledged, "all"; "" is open
	Kind     string // a code; "" for any
	RaisedBy string // an account; "" for anybody
	Case     casefile.CaseID
	After    int64 // the last number of the page before; 0 for the first page
}

// A RiskBoard is a page of the list of risks.
type RiskBoard struct {
	Query  RiskQuery
	Risks  []RiskView // oldest first
	More   bool       // there is a next page, after the last of Risks
	Now    time.Time
	Open   int          // in all cases, restricted ones among them
	Oldest time.Time    // when the oldest open one was raised; zero if there is none
	Hidden []HiddenRisk // oldest first
}

// OldestWords says for how long the oldest has been open.
func (b *RiskBoard) OldestWords() string { return DurationWords(b.Now.Sub(b.Oldest)) }

// A HiddenRisk is an open risk on a restricted case that the reader may not open:
// that it is there, since when, how far it has got, and who can open it, by role.
// Names of readers could tell which case it is, so they stay out.
type HiddenRisk struct {
	RaisedAt time.Time
	State    casefile.RiskState
	Readers  []string // "2 with the role review officer"; empty if no account can open it
	Clock    string
}

// riskPage is how many risks a page of the list shows.
const riskPage = 50

// OpenRisks returns the first page of what nobody has acknowledged, the oldest first.
func OpenRisks(ctx context.Context, d *desk.Desk, by casefile.Actor) (*RiskBoard, error) {
	return ListRisks(ctx, d, by, RiskQuery{})
}

// ListRisks returns a page of risks in the cases that the actor may read, oldest
// first, and says what else there is. Showing it is a reading: one event with the
// query and the cases shown.
func ListRisks(ctx context.Context, d *desk.Desk, by casefile.Actor, q RiskQuery) (*RiskBoard, error) {
	b, err := riskBoard(ctx, d, by, q, riskPage)
	if err != nil {
		return nil, err
	}
	return b, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "risks", Purpose: "risk", Body: map[string]any{
		"query": map[string]any{"state": q.State, "kind": q.Kind, "raised_by": q.RaisedBy, "case": q.Case, "after": q.After}, "risks": riskNumbers(b.Risks), "ids": riskCases(b.Risks),
	}})
}

func riskNumbers(views []RiskView) []int64 {
	out := make([]int64, len(views))
	for i, v := range views {
		out[i] = v.ID
	}
	return out
}

func riskCases(views []RiskView) []casefile.CaseID {
	out := make([]casefile.CaseID, len(views))
	for i, v := range views {
		out[i] = v.Case
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func riskBoard(ctx context.Context, d *desk.Desk, by casefile.Actor, q RiskQuery, limit int) (*RiskBoard, error) {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return nil, err
	}
	if q.State == "" {
		q.State = riskOpen
	}
	f, err := q.filter()
	if err != nil {
		return nil, err
	}
	f.Limit = limit + 1
	b := &RiskBoard{Query: q}
	return b, d.DB.View(ctx, func(tx *store.Tx) error {
		b.Now = tx.Now
		risks, err := tx.Risks(ctx, desk.Reader(by), f)
		if err != nil {
			return err
		}
		if len(risks) > limit {
			risks, b.More = risks[:limit], true
		}
		if b.Risks, err = riskViews(ctx, tx, risks); err != nil {
			return err
		}
		if b.Open, b.Oldest, err = tx.OpenRiskFigures(ctx); err != nil {
			return err
		}
		b.Hidden, err = hiddenRisks(ctx, tx, by)
		return err
	})
}

// riskOpen stands for the states in which nobody has acknowledged a risk.
const riskOpen = "open"

func (q RiskQuery) filter() (store.RiskFilter, error) {
	f := store.RiskFilter{Kind: q.Kind, RaisedBy: q.RaisedBy, Case: q.Case, After: q.After}
	switch {
	case q.State == "":
		f.State = riskOpen
	case q.State == riskOpen, slices.Contains(casefile.RiskStates(), casefile.RiskState(q.State)):
		f.State = q.State
	case q.State != "all":
		return f, casefile.Errorf(casefile.Invalid, "There is no state %q. Choose one of the list.", q.State)
	}
	if q.Kind != "" && !riskList.knows(q.Kind) {
		return f, casefile.Errorf(casefile.Invalid, "There is no kind of risk %q. Choose one of the list.", q.Kind)
	}
	return f, nil
}

func hiddenRisks(ctx context.Context, tx *store.Tx, by casefile.Actor) ([]HiddenRisk, error) {
	hidden, err := tx.HiddenRisks(ctx, desk.Reader(by))
	out := make([]HiddenRisk, len(hidden))
	for i, h := range hidden {
		out[i] = HiddenRisk{RaisedAt: h.RaisedAt, State: h.State, Clock: DurationWords(tx.Now.Sub(h.RaisedAt)) + " unacknowledged"}
		for role, n := range h.Readers {
			out[i].Readers = append(out[i].Readers, fmt.Sprintf("%d with the role %s", n, role))
		}
		slices.Sort(out[i].Readers)
	}
	return out, err
}

// RiskSummary returns what heads a supervisor's home: how many risks are open in
// all cases, for how long, and the oldest that the actor may open. It is a reading
// of the cases that it shows.
func RiskSummary(ctx context.Context, d *desk.Desk, by casefile.Actor) (*RiskBoard, error) {
	const first = 5
	b, err := riskBoard(ctx, d, by, RiskQuery{}, first)
	if err != nil || len(b.Risks) == 0 {
		return b, err
	}
	return b, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "risks", Purpose: "risk", Body: map[string]any{
		"query": map[string]any{"state": riskOpen, "first": first}, "risks": riskNumbers(b.Risks), "ids": riskCases(b.Risks),
	}})
}

// ReadRisk returns one risk with its steps. It names a person, so it is a reading
// of its case.
func ReadRisk(ctx context.Context, d *desk.Desk, by casefile.Actor, risk int64) (v RiskView, err error) {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return v, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		r, err := readableRisk(ctx, d, tx, by, risk)
		if err != nil {
			return err
		}
		views, err := riskViews(ctx, tx, []casefile.Risk{r})
		if err == nil {
			v = views[0]
		}
		return err
	})
	if err != nil {
		return v, err
	}
	return v, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(v.Case), Purpose: "risk", Body: map[string]any{"risk": risk}})
}

// A RiskFigure is one risk without personal data: no case, no name, no words
// typed. Of a risk on a restricted case that the reader may not open, only its
// number, state and times.
type RiskFigure struct {
	Number   int64
	Unit     string
	Kinds    []string // codes
	State    casefile.RiskState
	RaisedAt time.Time
	StateAt  time.Time
	Age      time.Duration // until it was acknowledged or ended, or until now
	Hidden   bool
}

// RiskFigures returns the risks that a query chooses as figures, all pages of it,
// restricted ones among them: totals include them. A filter by person or case
// would tell where a hidden risk is, so under one they are left out, and so they
// are under a filter by kind.
func RiskFigures(ctx context.Context, d *desk.Desk, by casefile.Actor, q RiskQuery) ([]RiskFigure, error) {
	if err := d.May(by, desk.RaiseRisk); err != nil {
		return nil, err
	}
	f, err := q.filter()
	if err != nil {
		return nil, err
	}
	f.After, f.Limit = 0, maxFigures
	var out []RiskFigure
	return out, d.DB.View(ctx, func(tx *store.Tx) error {
		reader := desk.Reader(by)
		if q.Kind == "" && q.RaisedBy == "" && q.Case == "" {
			reader = store.EveryCase
		}
		risks, err := tx.Risks(ctx, reader, f)
		if err != nil {
			return err
		}
		hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
		if err != nil {
			return err
		}
		units := map[casefile.CaseID]string{}
		for _, r := range risks {
			g := RiskFigure{Number: r.ID, State: r.State, RaisedAt: r.RaisedAt, StateAt: r.StateAt, Hidden: hidden[r.Case]}
			g.Age = RiskView{Risk: r, Now: tx.Now}.Age()
			if !g.Hidden {
				unit, ok := units[r.Case]
				if !ok {
					c, err := tx.Report(ctx, r.Case)
					if err != nil {
						return err
					}
					unit, units[r.Case] = c.Unit, c.Unit
				}
				g.Unit, g.Kinds = unit, r.Kinds
			}
			out = append(out, g)
		}
		return nil
	})
}

// maxFigures bounds a table that is written in one go.
const maxFigures = 100_000
