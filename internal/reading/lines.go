package reading

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Line is a line of enquiry with what it came from.
type Line = casefile.Line

// A Suggestion is a line of enquiry that a rule reads from the records. It is
// nothing until a person accepts or refuses it.
type Suggestion struct {
	Key    string // the rule, its version and the thing: one suggestion for ever
	Text   string // the line of enquiry
	Why    string
	Anchor string // of what it rests on, on the case's page
	Entry  int64  // the row of the log on which it rests, 0 for none
}

//go:embed lines.json
var lineRulesText []byte

// lineRules are the words of the rules, by code. What a rule asks is code below;
// its words and its version are data.
var lineRules = func() (r struct {
	Version int `json:"version"`
	Rules   []struct{ Code, Text, Why string }
}) {
	if err := json.Unmarshal(lineRulesText, &r); err != nil {
		panic("reading: lines.json: " + err.Error())
	}
	return r
}()

// suggestions collects what the rules suggest, in the words of their data.
type suggestions []Suggestion

func (s *suggestions) add(code, thing, anchor string, entry int64, words ...string) {
	i := slices.IndexFunc(lineRules.Rules, func(r struct{ Code, Text, Why string }) bool { return r.Code == code })
	if i < 0 {
		return // the data of this version has no such rule
	}
	rule, said := lineRules.Rules[i], strings.NewReplacer(words...)
	*s = append(*s, Suggestion{
		Key:  fmt.Sprintf("%s@%d %s", code, lineRules.Version, thing),
		Text: said.Replace(rule.Text), Why: strings.TrimSpace(said.Replace(rule.Why)), Anchor: anchor, Entry: entry,
	})
}

// suggest returns what the rules suggest and nobody has judged yet. They ask for
// roles, dates, results and references: never for a name, an age or an address.
func suggest(f *File) []Suggestion {
	var all suggestions
	for _, p := range f.People {
		if p.Has(casefile.RoleSuspect) && p.Named {
			suggestSuspect(&all, p)
		}
	}
	if m := f.Suspects.Most; f.Suspects.More() > 0 {
		source := sourceWords[m.Source]
		all.add("more-suspects-stated", m.Source, "row-"+strconv.FormatInt(m.Row, 10), entryOf(m),
			"{source}", source, "{Source}", strings.ToUpper(source[:1])+source[1:], "{stated}", saysHowMany(m.Lo, m.Hi),
			"{recorded}", isAre(f.Suspects.Recorded()))
	}
	suggestThings(&all, f)
	for _, x := range f.Exhibits {
		if !x.SubmittedAt.IsZero() && x.Result == "" {
			kept := map[string]string{"y": "; it is kept", "n": "; it is not kept"}[x.Retained]
			all.add("exhibit-without-result", x.Ref, fmt.Sprintf("exhibit-%d", x.Row), 0,
				"{exhibit}", x.Ref, "{when}", OnDate(x.SubmittedAt), "{kept}", kept)
		}
	}
	suggestDebriefs(&all, f)
	for _, l := range f.Linked {
		if l.Mentioned || !slices.Contains(f.Report.LinkedRefs, l.Ref) {
			continue
		}
		held := "It is not in this register: ask the force for it."
		if l.Held {
			held = "It is in this register."
		}
		all.add("linked-not-followed", l.Ref, "linked", 0, "{ref}", l.Ref, "{held}", held)
	}
	judged := map[string]bool{}
	for _, l := range f.Lines {
		judged[withoutVersion(l.Suggested)] = true
	}
	return slices.DeleteFunc(all, func(s Suggestion) bool { return judged[withoutVersion(s.Key)] })
}

// withoutVersion drops the version of the rule from a key: new words for a rule
// do not ask again what a person has judged.
func withoutVersion(key string) string {
	rule, thing, _ := strings.Cut(key, " ")
	code, _, _ := strings.Cut(rule, "@")
	return code + " " + thing
}

func entryOf(s casefile.StatedCount) int64 {
	if s.Source == casefile.PartLog {
		return s.Row
	}
	return 0
}

func isAre(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

// who names a person as far as a suggestion needs it: initials and the record.
func who(p Person) string {
	_, ref := p.ID.Split()
	return p.Initials() + " (" + ref + ")"
}

func suggestSuspect(all *suggestions, p Person) {
	anchor := fmt.Sprintf("person-%d", p.Row)
	arrested, interviewed := p.Reached()
	settled := slices.ContainsFunc(p.Parts, func(i casefile.Part) bool { return i.Status == "eliminated" || i.Status == "charged" })
	if !interviewed && !settled && p.Deceased.IsZero() {
		reached := "Neither an arrest nor an interview is recorded."
		if arrested {
			reached = "An arrest is recorded, and no interview."
		}
		all.add("suspect-not-interviewed", string(p.ID), anchor, 0, "{who}", who(p), "{reached}", reached)
	}
	var cases []casefile.CaseID
	for _, r := range p.Elsewhere {
		if r.Role == casefile.RoleSuspect {
			cases = append(cases, r.Case)
		}
	}
	if n := len(unique(cases)); n > 0 {
		other := plural(n, "other case", "other cases")
		if p.More {
			other = "at least " + other
		}
		all.add("suspect-elsewhere", p.Identity, anchor, 0, "{who}", who(p), "{other}", other)
	}
}

// suggestThings looks for phones and vehicles that are recorded for the case and
// for nobody whose name is known.
func suggestThings(all *suggestions, f *File) {
	nobodys := map[string]casefile.Use{}
	for _, u := range f.Uses {
		if u.Kind == "phone" || u.Kind == "vehicle" {
			nobodys[u.Identifier] = u
		}
	}
	for _, u := range f.Uses {
		if p, in := f.Person(u.Nominal); in && p.Named {
			delete(nobodys, u.Identifier)
		}
	}
	for _, u := range f.Uses {
		if _, is := nobodys[u.Identifier]; is {
			_, ref, _ := strings.Cut(u.Identifier, ":")
			all.add("thing-without-person", u.Identifier, fmt.Sprintf("use-%d", u.Row), 0, "{thing}", u.Kind+" recorded as "+ref)
			delete(nobodys, u.Identifier)
		}
	}
}

// suggestDebriefs looks for missing episodes without a debrief, of victims and of
// those who were missing.
func suggestDebriefs(all *suggestions, f *File) {
	for _, p := range f.People {
		if !p.Has(casefile.RoleVictim) && !p.Has(casefile.RoleMissing) {
			continue
		}
		n := 0
		for _, e := range f.Episodes {
			if e.Nominal == p.ID && e.Debrief != "y" {
				n++
			}
		}
		if n > 0 {
			has := "have"
			if n == 1 {
				has = "has"
			}
			all.add("missing-without-debrief", string(p.ID), "missing", 0, "{who}", who(p),
				"{episodes}", plural(n, "missing episode", "missing episodes"), "{has}", has)
		}
	}
}

// maxLine and maxNote bound what is typed, in bytes: beyond them it is a document.
const (
	maxLine = 2_000
	maxNote = 20_000
)

// AddLine puts a person's own line of enquiry on record, with the passage that
// led to it, if one did.
func AddLine(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, text, note string, cited *casefile.Citation) (line int64, err error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return 0, err
	}
	if text, err = casefile.Typed(text, "Say what the line of enquiry is.", maxLine); err != nil {
		return 0, err
	}
	if note, err = casefile.Typed(note, "", maxNote); err != nil {
		return 0, err
	}
	l := casefile.Line{Case: id, Text: text, Citation: cited, State: casefile.LineIdentified, MadeBy: by.ID}
	return line, d.DB.Update(ctx, by, func(tx *store.Tx) (_ []ledger.Event, err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		if err := CheckCited(ctx, tx, id, cited); err != nil {
			return nil, err
		}
		e, err := addLine(ctx, tx, l, note, &line)
		return []ledger.Event{e}, err
	})
}

// JudgeSuggestion puts on record what a person made of a suggestion: accepted, it
// is a line of enquiry; refused, it stays on record with the reason.
func JudgeSuggestion(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, key string, state casefile.LineState, note string) (line int64, err error) {
	if err := d.May(by, desk.WorkActions); err != nil {
		return 0, err
	}
	needed := ""
	switch state {
	case casefile.LineIdentified:
	case casefile.LineRefused:
		needed = "Say why the suggestion is refused: whoever reads the case next will ask."
	default:
		return 0, casefile.Errorf(casefile.Invalid, "A suggestion is accepted or refused.")
	}
	if note, err = casefile.Typed(note, needed, maxNote); err != nil {
		return 0, err
	}
	f, err := suggestedNow(ctx, d, by, id)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(f.Suggested, func(s Suggestion) bool { return s.Key == key })
	if i < 0 {
		return 0, casefile.Errorf(casefile.Conflict, "This suggestion is not open any more: somebody else judged it, or the records changed. Look at the lines of enquiry as they are now.")
	}
	s := f.Suggested[i]
	l := casefile.Line{Case: id, Text: s.Text, Suggested: s.Key, Because: s.Why, State: state, MadeBy: by.ID}
	return line, d.DB.Update(ctx, by, func(tx *store.Tx) (_ []ledger.Event, err error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		lines, err := tx.LinesOf(ctx, id)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(lines, func(l casefile.Line) bool { return withoutVersion(l.Suggested) == withoutVersion(key) }) {
			return nil, casefile.Errorf(casefile.Conflict, "Somebody else judged this suggestion a moment ago. Look at the lines of enquiry as they are now.")
		}
		e, err := addLine(ctx, tx, l, note, &line)
		return []ledger.Event{e}, err
	})
}

// suggestedNow works out the suggestions again, without the texts and without
// another reading on record: the page that showed them was one.
func suggestedNow(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*File, error) {
	f := &File{ID: id}
	return f, d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		return f.Read(ctx, tx, desk.Reader(by), nil)
	})
}

func addLine(ctx context.Context, tx *store.Tx, l casefile.Line, note string, line *int64) (e ledger.Event, err error) {
	if *line, err = tx.AddLine(ctx, l, note); err != nil {
		return e, err
	}
	_, err = tx.TouchCase(ctx, l.Case, store.CaseChange{})
	return ledger.Event{Kind: ledger.LineAdded, Subject: string(l.Case), Purpose: note, Body: map[string]any{
		"line": *line, "text": l.Text, "state": l.State, "suggested": l.Suggested, "because": l.Because, "citation": l.Citation,
	}}, err
}

// MoveLine puts on record how far a line of enquiry has got, and why it is said
// to have. Seen is the last step that the actor had on the page.
func MoveLine(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, line, seen int64, state casefile.LineState, note string) error {
	if err := d.May(by, desk.WorkActions); err != nil {
		return err
	}
	if !slices.Contains(casefile.LineStates(), state) {
		return casefile.Errorf(casefile.Invalid, "Say how far the line of enquiry has got.")
	}
	needed := "Say what was looked at, and what came of it."
	if state == casefile.LineNoLongerPossible {
		needed = "Say why it is no longer possible."
	}
	note, err := casefile.Typed(note, needed, maxNote)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		lines, err := tx.LinesOf(ctx, id)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(lines, func(l casefile.Line) bool { return l.ID == line })
		if i < 0 {
			return nil, casefile.Errorf(casefile.NotFound, "This case has no such line of enquiry.")
		}
		l := lines[i]
		if last := l.Last(); last.ID != seen {
			return nil, casefile.Errorf(casefile.Conflict, "Somebody else said %q of this line of enquiry while you had it open. Nothing was changed: read it, then send yours again.", last.State.Said())
		}
		if err := tx.MoveLine(ctx, casefile.LineStep{Line: line, State: state, Note: note, By: by.ID}); err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(ctx, id, store.CaseChange{})
		return []ledger.Event{{Kind: ledger.LineMoved, Subject: string(id), Purpose: note, Body: map[string]any{
			"line": line, "from": l.State, "to": state,
		}}}, err
	})
}

// CheckCited refuses a citation that is not word for word in a text of the case.
// One that has words and no place is found where they first stand.
func CheckCited(ctx context.Context, tx *store.Tx, id casefile.CaseID, c *casefile.Citation) error {
	if c == nil {
		return nil
	}
	text, err := tx.TextAt(ctx, id, c.Row, c.Part, c.Page)
	if err != nil {
		return err
	}
	if c.End == 0 {
		c.Start, c.End, c.Text, err = FindPassage(casefile.Shown(text), c.Text)
		return err
	}
	r := []rune(casefile.Shown(text))
	if c.Start < 0 || c.End <= c.Start || c.End > len(r) || string(r[c.Start:c.End]) != c.Text {
		return casefile.Errorf(casefile.Invalid, "The passage is not in the text as it stands. Select it again.")
	}
	return nil
}

// FindPassage finds words in a text as shown, without regard to how white space
// runs, and returns where they stand. Words that stand there twice are refused:
// they would not say which is meant.
func FindPassage(text, words string) (start, end int, found string, err error) {
	shown := casefile.Shown(text)
	want := strings.Join(strings.Fields(casefile.Shown(words)), " ")
	if want == "" {
		return 0, 0, "", casefile.Errorf(casefile.Invalid, "Paste the words to cite, or choose the whole entry.")
	}
	flat, at := flatten(shown)
	i := strings.Index(flat, want)
	switch {
	case i < 0:
		return 0, 0, "", casefile.Errorf(casefile.Invalid, "These words do not stand in the entry as pasted. Copy them from it again, exactly.")
	case strings.Contains(flat[i+1:], want):
		return 0, 0, "", casefile.Errorf(casefile.Invalid, "These words stand in the entry more than once. Paste a few more around them, so that it is clear which are meant.")
	}
	from, to := at[i], at[i+len(want)-1]+1
	for !utf8.RuneStart(byteAt(shown, to)) {
		to++
	}
	return utf8.RuneCountInString(shown[:from]), utf8.RuneCountInString(shown[:to]), shown[from:to], nil
}

func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// flatten returns a text with each run of white space as one space, and for each
// byte where it stood.
func flatten(s string) (flat string, at []int) {
	var b strings.Builder
	space := false
	for i, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
			at = append(at, i-1)
		}
		space = false
		n := b.Len()
		b.WriteRune(r)
		for k := range b.Len() - n {
			at = append(at, i+k)
		}
	}
	return b.String(), at
}
