package custody

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
	"lookback/internal/verify"
)

// A LedgerLine is one event as a sentence. When, what kind and who are open to
// whoever may see the ledger. What it says of anything else is open to whoever may
// see openings, to the one who acted, and, if it is about a case, to whoever may
// read that case; of a restricted case only to its named readers.
type LedgerLine struct {
	Seq    int64
	At     time.Time
	Kind   ledger.Kind
	Class  ledger.Class
	Actor  string // "" once erased
	Says   string // completes a sentence that begins with the actor
	Open   bool   // Says tells what the event is about, Subject and Purpose are set
	Erased bool

	Subject string
	Case    casefile.CaseID // the subject, where it is a case
	Purpose string

	body json.RawMessage
}

// A LedgerPage is part of the ledger, newest first.
type LedgerPage struct {
	Lines []LedgerLine
	Older int64 // before which event the next page begins; 0 if this is the last
	Newer int64 // after which event the page before ends; 0 if this is the first
	Size  int64 // events of the whole ledger
}

// A LedgerQuery chooses events; what is zero chooses all.
type LedgerQuery struct {
	Kind    ledger.Kind
	Class   ledger.Class
	Actor   string
	Subject string
	From    time.Time
	Until   time.Time // before
	Before  int64
	After   int64
}

// ReadLedger returns a page of the ledger. Where it tells what others did, reading
// it is an event. Cost: see [store.Tx.EventPage]; each event shown is opened.
func ReadLedger(ctx context.Context, d *desk.Desk, by casefile.Actor, q LedgerQuery, limit int) (*LedgerPage, error) {
	if err := d.May(by, desk.ReadLedger); err != nil {
		return nil, err
	}
	f := store.EventFilter{Actor: q.Actor, Subject: strings.TrimSpace(q.Subject), From: q.From, Until: q.Until, Before: q.Before, After: q.After}
	for _, k := range ledger.Kinds() {
		if (q.Kind != "" || q.Class != "") && (q.Kind == "" || k == q.Kind) && (q.Class == "" || k.Class() == q.Class) {
			f.Kinds = append(f.Kinds, k)
		}
	}
	if len(f.Kinds) == 0 && (q.Kind != "" || q.Class != "") {
		return nil, casefile.Errorf(casefile.Invalid, "The ledger knows no events of that kind. Choose one from the list.")
	}
	p := &LedgerPage{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		if f.Subject != "" {
			if err := mayAskAbout(ctx, d, tx, by, f.Subject); err != nil {
				return err
			}
		}
		tree, _, err := tx.Head(ctx)
		if err != nil {
			return err
		}
		p.Size = tree.N
		events, err := tx.EventPage(ctx, f, limit+1)
		if err != nil {
			return err
		}
		p.turn(events, f, limit)
		if len(events) > limit {
			if f.After > 0 {
				events = events[1:]
			} else {
				events = events[:limit]
			}
		}
		p.Lines, err = readEvents(ctx, d, tx, by, events)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, p.seen(ctx, d, by, q)
}

// turn works out where the pages before and after begin, from one event more than
// the page takes.
func (p *LedgerPage) turn(events []store.LoggedEvent, f store.EventFilter, limit int) {
	more := len(events) > limit
	if len(events) == 0 {
		return
	}
	shown := events[:min(limit, len(events))]
	if f.After > 0 && more {
		shown = events[1:]
	}
	if more || f.After > 0 {
		p.Older = shown[len(shown)-1].Seq
	}
	if f.Before > 0 || f.After > 0 && more {
		p.Newer = shown[0].Seq
	}
}

// seen records the reading, if it told what others did.
func (p *LedgerPage) seen(ctx context.Context, d *desk.Desk, by casefile.Actor, q LedgerQuery) error {
	var shown []int64
	for _, l := range p.Lines {
		if l.Open && l.Actor != by.ID {
			shown = append(shown, l.Seq)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	return d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "ledger", Purpose: "review", Body: map[string]any{
		"query": map[string]any{"kind": q.Kind, "class": q.Class, "actor": q.Actor, "subject": q.Subject}, "events": shown,
	}})
}

// mayAskAbout refuses a search by subject to those to whom its answer would tell
// what they may not read.
func mayAskAbout(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, subject string) error {
	if strings.Contains(subject, ":") && d.May(by, desk.ReadCases) == nil {
		return d.Readable(ctx, tx, by, casefile.CaseID(subject))
	}
	if err := d.May(by, desk.ShowOpenings); err != nil {
		return casefile.Errorf(casefile.Forbidden, "Your roles do not let you look for what an event is about. Look by kind, person or date, or ask a disclosure officer.")
	}
	hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
	if err == nil && mentions(subject, hidden) {
		err = casefile.Errorf(casefile.NotFound, "There is no case %s here. Check the reference, or search for it.", subject)
	}
	return err
}

// caseKinds are the kinds of event whose subject is a case.
var caseKinds = map[ledger.Kind]bool{
	ledger.CaseRead: true, ledger.CaseRestricted: true, ledger.RestrictionLift: true, ledger.ReaderNamed: true, ledger.ReaderWithdrawn: true,
	ledger.RiskRaised: true, ledger.RiskMoved: true, ledger.CaseAssigned: true, ledger.AssignmentEnded: true, ledger.ReviewerRecused: true,
	ledger.ReviewSubmitted: true, ledger.ReviewApproved: true, ledger.ReviewReturned: true, ledger.ReviewDisputed: true, ledger.ReviewAdjudicated: true,
	ledger.DecisionMade: true, ledger.CaseDeferred: true, ledger.CaseClosed: true, ledger.CaseReopened: true,
	ledger.LineAdded: true, ledger.LineMoved: true, ledger.ActionRaised: true, ledger.ActionMoved: true,
}

// readEvents opens what the actor may see of events.
func readEvents(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, events []store.LoggedEvent) ([]LedgerLine, error) {
	hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
	if err != nil {
		return nil, err
	}
	openings, cases := d.May(by, desk.ShowOpenings) == nil, d.May(by, desk.ReadCases) == nil
	out := make([]LedgerLine, len(events))
	for i, stored := range events {
		e, err := ledger.Unseal(stored.Sealed)
		if err != nil && !errors.Is(err, ledger.ErrErased) {
			return nil, casefile.Errorf(casefile.Broken, "Event %d of the ledger does not open: what is kept beside it is not what was sealed. Verify the ledger. (%w)", stored.Seq, err)
		}
		l := LedgerLine{Seq: stored.Seq, At: e.At, Kind: e.Kind, Class: e.Kind.Class(), Actor: e.Actor, Erased: stored.Erased()}
		l.body, _ = e.Body.(json.RawMessage)
		l.Open = !l.Erased && (openings || e.Actor == by.ID || cases && caseKinds[e.Kind]) &&
			!mentions(e.Subject, hidden) && !mentions(e.Purpose, hidden) && !mentions(string(l.body), hidden)
		if l.Open {
			l.Subject, l.Purpose = e.Subject, e.Purpose
			if caseKinds[e.Kind] {
				l.Case = casefile.CaseID(e.Subject)
			}
		}
		l.Says = l.say()
		out[i] = l
	}
	return out, nil
}

// mentions reports whether a text, or JSON, names one of the cases. It may take one
// reference for a longer one that begins alike, and then hides more than it must.
func mentions(text string, cases map[casefile.CaseID]bool) bool {
	for id := range cases {
		if strings.Contains(text, string(id)) {
			return true
		}
		if quoted, err := json.Marshal(id); err == nil && bytes.Contains([]byte(text), quoted[1:len(quoted)-1]) {
			return true
		}
	}
	return false
}

// A LedgerEvent is one event with what proves that the ledger holds it.
type LedgerEvent struct {
	LedgerLine
	Body string // JSON, indented; "" unless open

	Leaf       string   // as text: time, kind, and four commitments
	Opening    string   // a line of openings.jsonl, with which others can check the content; "" unless open
	Size       int64    // events of the ledger that the proof leads to
	Root       string   // base64
	Proof      []string // base64, from the leaf up (RFC 6962, 2.1.1)
	Checkpoint string   // signed: origin, size, root
	Key        string   // to check the signature with
}

// ReadEvent returns one event and the proof that it is in the ledger. The proof is
// checked before it is returned. Cost: logarithmic in the size of the ledger.
func ReadEvent(ctx context.Context, d *desk.Desk, by casefile.Actor, seq int64) (*LedgerEvent, error) {
	if err := d.May(by, desk.ReadLedger); err != nil {
		return nil, err
	}
	out := &LedgerEvent{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		stored, err := tx.Event(ctx, seq)
		if err != nil {
			return err
		}
		lines, err := readEvents(ctx, d, tx, by, []store.LoggedEvent{stored})
		if err != nil {
			return err
		}
		out.LedgerLine, out.Leaf = lines[0], string(stored.Leaf)
		if out.Open {
			if err := out.open(stored); err != nil {
				return err
			}
		}
		return out.prove(ctx, tx, stored)
	})
	if err != nil {
		return nil, err
	}
	page := LedgerPage{Lines: []LedgerLine{out.LedgerLine}}
	return out, page.seen(ctx, d, by, LedgerQuery{})
}

func (e *LedgerEvent) open(stored store.LoggedEvent) error {
	var b bytes.Buffer
	if err := json.Indent(&b, e.body, "", "  "); err != nil {
		return err
	}
	e.Body = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(b.String()) // for eyes; Opening has the bytes
	o, err := ledger.Reveal(stored.Seq, stored.Sealed, ledger.AllFields)
	if err != nil {
		return err
	}
	e.Opening = string(o.AppendLine(nil))
	return nil
}

func (e *LedgerEvent) prove(ctx context.Context, tx *store.Tx, stored store.LoggedEvent) error {
	tree, proof, err := tx.Inclusion(ctx, stored.Seq)
	if err != nil {
		return err
	}
	msg, err := tx.LastCheckpoint(ctx)
	if err != nil {
		return err
	}
	if e.Key, err = tx.VerifierKey(ctx); err != nil {
		return err
	}
	key, err := ledger.NewVerifier(e.Key)
	if err == nil {
		_, err = key.Open(msg)
	}
	if err == nil {
		err = tlog.CheckRecord(proof, tree.N, tree.Hash, stored.Seq, tlog.RecordHash(stored.Leaf))
	}
	if err != nil {
		return casefile.Errorf(casefile.Broken, "Event %d is not what the ledger's signed tree says it is. Verify the ledger, and compare it with a checkpoint kept elsewhere. (%w)", stored.Seq, err)
	}
	e.Size, e.Root, e.Checkpoint = tree.N, tree.Hash.String(), string(msg)
	for _, h := range proof {
		e.Proof = append(e.Proof, base64.StdEncoding.EncodeToString(h[:]))
	}
	return nil
}

// A LedgerState is how the ledger stands.
type LedgerState struct {
	Size       int64
	Root       string
	Origin     string
	Checkpoint string // signed
	Key        string
	Last       time.Time // of the newest event
	Actors     []string  // who stands in it
	Exported   *LedgerLine
	BackedUp   *LedgerLine
}

// ReadLedgerState says how the ledger stands, and when it was last handed on.
func ReadLedgerState(ctx context.Context, d *desk.Desk, by casefile.Actor) (*LedgerState, error) {
	if err := d.May(by, desk.ReadLedger); err != nil {
		if d.May(by, desk.TakeBackup) != nil {
			return nil, err
		}
	}
	out := &LedgerState{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		tree, origin, err := tx.Head(ctx)
		if err != nil {
			return err
		}
		out.Size, out.Root, out.Origin = tree.N, tree.Hash.String(), origin
		msg, err := tx.LastCheckpoint(ctx)
		if err != nil {
			return err
		}
		out.Checkpoint = string(msg)
		if out.Key, err = tx.VerifierKey(ctx); err != nil {
			return err
		}
		if out.Actors, err = tx.Actors(ctx); err != nil {
			return err
		}
		newest, err := tx.Event(ctx, tree.N-1)
		if err != nil {
			return err
		}
		lines, err := readEvents(ctx, d, tx, by, []store.LoggedEvent{newest})
		if err != nil {
			return err
		}
		out.Last = lines[0].At
		for kind, to := range map[ledger.Kind]**LedgerLine{ledger.LedgerExported: &out.Exported, ledger.BackupTaken: &out.BackedUp} {
			e, ok, err := tx.LastOf(ctx, kind)
			if err != nil || !ok {
				if err != nil {
					return err
				}
				continue
			}
			if lines, err = readEvents(ctx, d, tx, by, []store.LoggedEvent{e}); err != nil {
				return err
			}
			*to = &lines[0]
		}
		return nil
	})
	return out, err
}

// A LedgerCheck is what a verification found.
type LedgerCheck struct {
	Whole   bool
	Verdict string
	Report  string // in full, lines
}

// CheckLedger verifies the whole register: every event against the tree, every
// checkpoint, every extract against its seal; and, if given, that the log begins
// with what a checkpoint kept elsewhere says. Cost: linear in everything held.
func CheckLedger(ctx context.Context, d *desk.Desk, by casefile.Actor, against []byte, progress desk.Progress) (*LedgerCheck, error) {
	if err := d.May(by, desk.ReadLedger); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(against)) == 0 {
		against = nil
	} else if _, err := ledger.PeekCheckpoint(against); err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "What you gave as your checkpoint is none: %w. Paste it whole: three lines, an empty line, and the signature.", err)
	}
	progress.Tell("checking every event and every row against what was sealed", 0, 0)
	report, err := Verify(ctx, d.DB, verify.Options{Against: against})
	if err != nil {
		return nil, err
	}
	return &LedgerCheck{report.Whole, sentenceOf(report.Verdict()), report.String()}, nil
}

func sentenceOf(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// KindSays is what events of a kind say of themselves when they are closed, for
// lists of kinds.
func KindSays(k ledger.Kind) string {
	if p, ok := phrases[k]; ok {
		return p.closed
	}
	return strings.ReplaceAll(string(k), ".", ", ")
}

// A phrase is how a kind of event reads: closed, and opened.
type phrase struct {
	closed string
	open   func(o opened) string
}

// opened is the content of an event.
type opened struct {
	subject, purpose string
	body             map[string]any
}

// say completes the sentence that begins with the actor.
func (l *LedgerLine) say() string {
	p, ok := phrases[l.Kind]
	if !ok {
		return KindSays(l.Kind)
	}
	if !l.Open || p.open == nil {
		return p.closed
	}
	o := opened{subject: l.Subject, purpose: l.Purpose}
	dec := json.NewDecoder(bytes.NewReader(l.body))
	dec.UseNumber()
	dec.Decode(&o.body) // not an object: there is nothing to take from it
	return p.open(o)
}

// text is a field of the body as a person reads it, "" if there is none.
func (o opened) text(field string) string {
	switch v := o.body[field].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, fmt.Sprint(x))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// many counts a list of the body: the first of these fields that is one.
func (o opened) many(fields ...string) int {
	for _, f := range fields {
		if list, ok := o.body[f].([]any); ok {
			return len(list)
		}
	}
	return 0
}

// with adds words and a field of the body, if it is there.
func (o opened) with(before, field, after string) string {
	if v := o.text(field); v != "" {
		return before + v + after
	}
	return ""
}

// why adds the purpose, where somebody gave it in words of their own.
func (o opened) why() string {
	if o.purpose == "" || o.purpose == "review" {
		return ""
	}
	return ": " + o.purpose
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// aboutCase is the phrase of what was done to a case.
func aboutCase(did string, fields ...string) phrase {
	return phrase{did + " a case", func(o opened) string {
		says := did + " " + o.subject
		for _, f := range fields {
			says += o.with(", "+strings.ReplaceAll(f, "_", " ")+" ", f, "")
		}
		return says + o.why()
	}}
}

// onCase is the phrase of what was done within a case.
func onCase(did string, fields ...string) phrase {
	return phrase{did, func(o opened) string {
		says := did + " in " + o.subject
		for _, f := range fields {
			says += o.with(", "+strings.ReplaceAll(f, "_", " ")+" ", f, "")
		}
		return says + o.why()
	}}
}

// ofAccount is the phrase of what was done to an account.
func ofAccount(did string, field string) phrase {
	return phrase{did + " an account", func(o opened) string {
		return did + " the account " + o.subject + o.with(" (", field, ")") + o.why()
	}}
}

var phrases = map[ledger.Kind]phrase{
	ledger.RegisterCreated: {"made the register", nil},
	ledger.ExtractImported: {"imported an extract", func(o opened) string {
		rows, accepted, quarantined, held := int64(0), int64(0), int64(0), int64(0)
		files, _ := o.body["files"].([]any)
		for _, f := range files {
			if f, ok := f.(map[string]any); ok {
				for field, to := range map[string]*int64{"rows": &rows, "accepted": &accepted, "quarantined": &quarantined, "held": &held} {
					if n, ok := f[field].(json.Number); ok {
						v, _ := n.Int64()
						*to += v
					}
				}
			}
		}
		return fmt.Sprintf("imported %s%s: %d rows, %d accepted, %d quarantined, %d already held", o.text("name"), o.with(" from ", "system", ""), rows, accepted, quarantined, held)
	}},
	ledger.RowMended: {"mended a row in quarantine", func(o opened) string {
		says := "mended " + o.subject
		if n := o.many("released"); n > 0 {
			says += fmt.Sprintf(", which let in %s that waited for it", counted(n, "row"))
		}
		return says + o.why()
	}},
	ledger.RegisterRestored: {"restored the register from a backup", func(o opened) string { return "restored the register from the backup " + o.text("file") }},

	ledger.CriteriaAdopted: {"adopted terms of reference", func(o opened) string { return "adopted the terms of reference " + o.subject + o.why() }},
	ledger.OpeningErased:   {"erased what an event said", func(o opened) string { return "erased what an event said, " + o.subject + o.why() }},

	ledger.AccountAdded:    ofAccount("added", "roles"),
	ledger.AccountChanged:  ofAccount("changed", "what"),
	ledger.AccountDisabled: ofAccount("disabled", ""),
	ledger.AccountReset:    ofAccount("reset", ""),
	ledger.AccountLocked: {"was locked after failed attempts to sign in", func(o opened) string {
		return "was locked after failed attempts to sign in" + o.with(", until ", "until", "")
	}},
	ledger.SignedIn: {"signed in", func(o opened) string {
		if o.text("step") == "password" {
			return "gave the right password, and still owed the second step"
		}
		return "signed in" + o.with(" with ", "with", "")
	}},
	ledger.SignedOut: {"signed out", func(o opened) string {
		if o.text("everywhere") == "true" {
			return "signed " + o.subject + " out everywhere"
		}
		return "signed out"
	}},
	ledger.SignInRefused: {"was refused at sign-in", func(o opened) string { return "was refused at sign-in" + o.with(": ", "why", "") }},
	ledger.RolesAdopted: {"changed who may do what", func(o opened) string {
		return "changed who may do what" + o.with(", version ", "version", "") + o.why()
	}},
	ledger.CaseRestricted:  aboutCase("restricted", "kind"),
	ledger.RestrictionLift: aboutCase("lifted the restriction on"),
	ledger.ReaderNamed: {"named a reader of a restricted case", func(o opened) string {
		return "named" + o.with(" ", "account", "") + " as a reader of " + o.subject + o.why()
	}},
	ledger.ReaderWithdrawn: {"withdrew a reader of a restricted case", func(o opened) string {
		return "withdrew" + o.with(" ", "account", "") + " as a reader of " + o.subject + o.why()
	}},
	ledger.SkillsImported: {"imported skills and training", func(o opened) string { return "imported skills and training" + o.with(" from ", "file", "") }},

	ledger.RiskRaised: onCase("raised a present risk", "kinds"),
	ledger.RiskMoved:  onCase("moved a present risk on", "to"),

	ledger.CaseAssigned: {"assigned a case", func(o opened) string {
		return "assigned " + o.subject + o.with(" to ", "account", "") + o.with(", due ", "due", "") + o.why()
	}},
	ledger.AssignmentEnded: {"ended an assignment", func(o opened) string {
		return "ended the assignment of " + o.subject + o.with(" to ", "account", "") + o.why()
	}},
	ledger.ReviewerRecused: aboutCase("stood back from"),
	ledger.ReviewSubmitted: {"submitted a review", func(o opened) string { return "submitted a review of " + o.subject + o.with(": ", "verdict", "") }},
	ledger.ReviewApproved:  {"approved a review", func(o opened) string { return "approved the review of " + o.subject + o.why() }},
	ledger.ReviewReturned:  {"returned a review", func(o opened) string { return "returned the review of " + o.subject + o.why() }},
	ledger.ReviewDisputed:  {"disagreed with a review", func(o opened) string { return "disagreed with the review of " + o.subject + o.why() }},
	ledger.ReviewAdjudicated: {"settled a disagreement", func(o opened) string {
		return "settled the disagreement about " + o.subject + o.with(": ", "verdict", "")
	}},
	ledger.DecisionMade: {"made a decision", func(o opened) string { return "made a decision on " + o.subject + o.with(": ", "verdict", "") }},
	ledger.CaseDeferred: aboutCase("deferred unread"),
	ledger.CaseClosed:   aboutCase("closed"),
	ledger.CaseReopened: aboutCase("opened again"),

	ledger.LineAdded:    onCase("added a line of enquiry"),
	ledger.LineMoved:    onCase("moved a line of enquiry on", "to"),
	ledger.ActionRaised: onCase("raised an action"),
	ledger.ActionMoved:  onCase("moved an action on", "to"),

	ledger.SearchSaved:   {"saved a search", func(o opened) string { return "saved a search" + o.with(" as ", "name", "") }},
	ledger.SearchRemoved: {"removed a saved search", func(o opened) string { return "removed a saved search" + o.with(", ", "name", "") }},

	ledger.CaseRead:   aboutCase("read"),
	ledger.PersonRead: {"read about a person", func(o opened) string { return "read about the person " + o.subject + o.why() }},
	ledger.ListRead: {"read a list", func(o opened) string {
		what := "a list"
		if o.subject != "" {
			what = "the list “" + o.subject + "”"
		}
		n := o.many("cases", "ids", "rows", "groups", "events", "people", "risks", "actions")
		if n == 0 {
			return "read " + what
		}
		return fmt.Sprintf("read %s, %d entries", what, n)
	}},
	ledger.SearchRun: {"searched", func(o opened) string {
		return "searched for “" + o.text("query") + "”, and was shown " + counted(o.many("cases", "ids"), "case")
	}},
	ledger.ExportWritten: {"exported a list", func(o opened) string {
		return "exported " + o.subject + o.with(", ", "rows", " rows") + o.with(", for ", "recipient", "") + o.why()
	}},
	ledger.LedgerExported: {"exported the ledger", func(o opened) string {
		if o.text("openings") == "true" {
			return "exported the ledger with what its events say"
		}
		return "exported the ledger without what its events say"
	}},
	ledger.BackupTaken: {"took a backup", func(o opened) string { return "took a backup, " + o.text("file") }},

	ledger.AnalysisRun: {"ran the analysis", func(o opened) string {
		return "ran the analysis" + o.with(" over ", "cases", " cases") + o.with(", which found ", "groups", " groups")
	}},
	ledger.ScopeRun: {"counted cases under terms of reference", func(o opened) string {
		if o.text("enter") != "" {
			return "compared " + o.subject + o.with(": ", "enter", " cases enter") + o.with(", ", "leave", " leave")
		}
		return "counted cases under " + o.subject + o.with(" as known on ", "known_on", "") + o.with(": ", "in", " in") + o.with(", ", "out", " out") + o.with(", ", "unknown", " unknown")
	}},
}

// LedgerKinds lists the kinds of event with their words, by class, for a filter.
func LedgerKinds() []ledger.Kind {
	all := ledger.Kinds()
	slices.SortFunc(all, func(a, b ledger.Kind) int { return strings.Compare(KindSays(a), KindSays(b)) })
	return all
}
