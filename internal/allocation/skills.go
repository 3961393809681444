package allocation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
)

// A Mode says what a file of skills means for what it does not mention.
type Mode string

const (
	AddAndRenew Mode = "add"   // it stays as it is
	WholeList   Mode = "whole" // it ends: the file is all there is
)

// A SkillsFile is what somebody handed over.
type SkillsFile struct {
	Name string
	Data []byte
	Mode Mode
}

// A SkillChange is what a file means for one skill of one account.
type SkillChange struct {
	Account, Name string // sign-in name, and the person's
	Skill, Label  string
	Kind          ChangeKind
	Was, Now      []Period
	Line          int  // in the file; 0 where it is not mentioned
	Needed        bool // some case needs this skill
	Like          string
	Disabled      bool // the account
}

// A ChangeKind is stored nowhere; a page shows it.
type ChangeKind string

const (
	NewSkill     ChangeKind = "new"
	Renewed      ChangeKind = "renewed"      // ends later than it did
	Shortened    ChangeKind = "ends earlier" // than it did
	Redated      ChangeKind = "other dates"
	EndedSkill   ChangeKind = "ended" // not in a file that is the whole list
	SameAsBefore ChangeKind = "as before"
)

// A Period is the days on which a skill is held, the last one included.
type Period struct {
	From, To casefile.Day // To may be store.NoEnd
}

// SkillsPreview is what an import will do, or did.
type SkillsPreview struct {
	File    string
	SHA256  string
	Mode    Mode
	Rows    int
	Changes []SkillChange // by kind, then by account and skill
	Counts  map[ChangeKind]int
	Version int64 // of the skills that it was compared with
	Faults  []SkillFault
	More    int // further faults

	lines []skillLine
	ends  []store.Skill
}

// Changed reports whether the file changes anything.
func (p *SkillsPreview) Changed() bool { return p.Counts[SameAsBefore] < len(p.Changes) }

// PreviewSkills says what a file would change. A file with faults changes nothing:
// they are listed, and the error is nil.
func PreviewSkills(ctx context.Context, d *desk.Desk, by casefile.Actor, f SkillsFile) (p *SkillsPreview, err error) {
	if err := d.May(by, desk.ImportSkills); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		p, err = readSkills(ctx, tx, f)
		return err
	})
	return p, err
}

// ImportSkills takes a file in, all of it or nothing. Seen is the version of the
// preview that somebody agreed to; -1 takes the file as it comes. What the file
// replaces is ended and stays readable. The import is one event with the file's
// hash.
func ImportSkills(ctx context.Context, d *desk.Desk, by casefile.Actor, f SkillsFile, seen int64) (p *SkillsPreview, err error) {
	if err := d.May(by, desk.ImportSkills); err != nil {
		return nil, err
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if p, err = readSkills(ctx, tx, f); err != nil {
			return nil, err
		}
		if len(p.Faults) > 0 {
			return nil, casefile.Errorf(casefile.Invalid, "%s was not imported, and nothing was changed: %s", p.File, p.faultsInShort())
		}
		if seen >= 0 && seen != p.Version {
			return nil, casefile.Errorf(casefile.Conflict, "Somebody imported skills after you looked at what %s changes, so nothing was changed. Choose the file again to see what it changes now.", p.File)
		}
		return p.write(ctx, tx, by)
	})
	if err != nil && (p == nil || len(p.Faults) == 0) {
		return nil, err
	}
	return p, err
}

func (p *SkillsPreview) write(ctx context.Context, tx *store.Tx, by casefile.Actor) ([]ledger.Event, error) {
	same := map[skillKey]bool{}
	for _, c := range p.Changes {
		same[skillKey{c.Account, c.Skill}] = c.Kind == SameAsBefore
	}
	added, ended := 0, 0
	for _, k := range p.ends {
		if same[skillKey{k.Account, k.Skill}] {
			continue
		}
		if err := tx.EndSkill(ctx, k.ID); err != nil {
			return nil, err
		}
		ended++
	}
	for _, l := range p.lines {
		if same[l.skillKey] {
			continue
		}
		err := tx.AddSkill(ctx, store.Skill{Account: l.account, Skill: l.skill, From: l.From, To: l.To, Source: fmt.Sprintf("%s, line %d", p.File, l.line), SetBy: by.ID})
		if err != nil {
			return nil, err
		}
		added++
	}
	err := tx.AddSkillImport(ctx, store.SkillImport{File: p.File, SHA256: p.SHA256, Rows: p.Rows, Whole: p.Mode == WholeList, Added: added, Ended: ended, ImportedBy: by.ID})
	counts := map[string]int{}
	for k, n := range p.Counts {
		counts[string(k)] = n
	}
	return []ledger.Event{{Kind: ledger.SkillsImported, Purpose: "skills and training", Subject: p.File, Body: map[string]any{
		"sha256": p.SHA256, "rows": p.Rows, "mode": p.Mode, "changes": counts, "training": review.TrainingInForce().Version,
	}}}, err
}

type skillKey struct{ account, skill string }

// readSkills reads a file and compares it with what is held.
func readSkills(ctx context.Context, tx *store.Tx, f SkillsFile) (*SkillsPreview, error) {
	if f.Mode != WholeList {
		f.Mode = AddAndRenew
	}
	sum := sha256.Sum256(f.Data)
	p := &SkillsPreview{File: cleanName(f.Name), SHA256: hex.EncodeToString(sum[:]), Mode: f.Mode, Counts: map[ChangeKind]int{}}
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	if p.Version, _, err = tx.SkillsImported(ctx); err != nil {
		return nil, err
	}
	known := map[string]store.Account{}
	for _, a := range accounts {
		known[a.ID] = a
	}
	p.lines, p.Rows, p.Faults = parseSkills(p.File, f.Data, known)
	if len(p.Faults) > 0 {
		if p.More = len(p.Faults) - maxFaults; p.More > 0 {
			p.Faults = p.Faults[:maxFaults]
		}
		p.More = max(0, p.More)
		return p, nil
	}
	held, err := tx.Skills(ctx)
	if err != nil {
		return nil, err
	}
	p.compare(held, known)
	return p, nil
}

func (p *SkillsPreview) compare(held []store.Skill, known map[string]store.Account) {
	was, now, first := map[skillKey][]Period{}, map[skillKey][]Period{}, map[skillKey]int{}
	for _, k := range held {
		key := skillKey{k.Account, k.Skill}
		was[key] = append(was[key], Period{k.From, k.To})
	}
	for _, l := range p.lines {
		now[l.skillKey] = append(now[l.skillKey], l.Period)
		if first[l.skillKey] == 0 {
			first[l.skillKey] = l.line
		}
	}
	for _, k := range held {
		if key := (skillKey{k.Account, k.Skill}); len(now[key]) > 0 || p.Mode == WholeList {
			p.ends = append(p.ends, k)
		}
	}
	keys := map[skillKey]bool{}
	for k := range now {
		keys[k] = true
	}
	for _, k := range p.ends {
		keys[skillKey{k.Account, k.Skill}] = true
	}
	list := review.TrainingInForce()
	for k := range keys {
		slices.SortFunc(now[k], func(a, b Period) int { return cmp.Compare(a.From, b.From) })
		c := SkillChange{Account: k.account, Name: known[k.account].Name, Disabled: !known[k.account].DisabledAt.IsZero(),
			Skill: k.skill, Label: label(list, k.skill), Kind: changeOf(was[k], now[k]), Was: was[k], Now: now[k], Line: first[k], Needed: list.Label(k.skill) != ""}
		if !c.Needed {
			c.Like = nearest(k.skill, list.Names())
		}
		p.Changes = append(p.Changes, c)
		p.Counts[c.Kind]++
	}
	order := []ChangeKind{EndedSkill, Shortened, NewSkill, Renewed, Redated, SameAsBefore}
	slices.SortFunc(p.Changes, func(a, b SkillChange) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Skill, b.Skill))
	})
}

func label(list *review.Training, skill string) string {
	if l := list.Label(skill); l != "" {
		return l
	}
	return skill
}

func changeOf(was, now []Period) ChangeKind {
	last := func(list []Period) casefile.Day { return list[len(list)-1].To }
	switch {
	case len(now) == 0:
		return EndedSkill
	case len(was) == 0:
		return NewSkill
	case slices.Equal(was, now):
		return SameAsBefore
	case last(now) > last(was):
		return Renewed
	case last(now) < last(was):
		return Shortened
	}
	return Redated
}

// A Holding is one skill of one account as the imports that stand say it.
type Holding struct {
	Account, Name string
	Disabled      bool
	Skill, Label  string
	Needed        bool
	State         HoldingState
	From          casefile.Day // of the period that counts: the one now, else the next, else the last
	Until         casefile.Day // its last day, with periods that follow without a gap; store.NoEnd if it does not end
	Source        string
}

// A HoldingState is how a skill stands today.
type HoldingState string

const (
	Held     HoldingState = "held"
	Soon     HoldingState = "held, ends within 30 days"
	NotYet   HoldingState = "not yet"
	RunOut   HoldingState = "run out"
	soonDays              = 30
)

// A SkillsPage is who is trained for what.
type SkillsPage struct {
	Day       casefile.Day
	Recorded  bool // something was ever imported
	Holdings  []Holding
	Soon      []Holding // lost within 30 days, the first first
	RunOut    []Holding // lost already, of people who are still here
	Without   []Person  // may review cases and holds nothing
	Imports   []store.SkillImport
	Training  *review.Training
	Reviewers int
	Cover     []Cover
	People    []SkillRow // who holds what, by name
}

// A SkillRow is one person's skills: those that cases need, in the order of the
// list, nil where nothing is on record, and all others.
type SkillRow struct {
	Person
	Disabled bool
	Needed   []*Holding
	Others   []Holding
}

// A Cover says how many of those who may review cases hold a skill.
type Cover struct {
	Skill, Label, About string
	Needs               string // which cases need it
	Held, Soon          int
}

// A Person is an account in short.
type Person struct{ Account, Name string }

// Skills returns who is trained for what today.
func Skills(ctx context.Context, d *desk.Desk, by casefile.Actor) (*SkillsPage, error) {
	if err := d.May(by, desk.ReadWorkload); err != nil {
		return nil, err
	}
	p := &SkillsPage{Training: review.TrainingInForce()}
	return p, d.DB.View(ctx, func(tx *store.Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		held, err := tx.Skills(ctx)
		if err != nil {
			return err
		}
		if p.Imports, err = tx.SkillImports(ctx, 10); err != nil {
			return err
		}
		p.Day, p.Recorded = casefile.DayAt(tx.Now), len(p.Imports) > 0
		p.fill(d, accounts, held)
		return nil
	})
}

func (p *SkillsPage) fill(d *desk.Desk, accounts []store.Account, held []store.Skill) {
	known := map[string]store.Account{}
	for _, a := range accounts {
		known[a.ID] = a
	}
	byKey := map[skillKey][]store.Skill{}
	for _, k := range held {
		key := skillKey{k.Account, k.Skill}
		byKey[key] = append(byKey[key], k)
	}
	for key, periods := range byKey {
		a := known[key.account]
		h := Holding{Account: key.account, Name: a.Name, Disabled: !a.DisabledAt.IsZero(), Skill: key.skill, Label: label(p.Training, key.skill), Needed: p.Training.Label(key.skill) != ""}
		h.stand(periods, p.Day)
		p.Holdings = append(p.Holdings, h)
	}
	slices.SortFunc(p.Holdings, func(a, b Holding) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Label, b.Label))
	})
	p.rows()
	holds, cover := map[string]bool{}, map[string]*Cover{}
	for _, s := range p.Training.Skills {
		c := Cover{Skill: s.Code, Label: s.Label, About: s.About}
		var needs []string
		for _, n := range p.Training.Needs {
			if n.Skill == s.Code {
				needs = append(needs, n.When)
			}
		}
		c.Needs = strings.Join(needs, ", ")
		p.Cover = append(p.Cover, c)
	}
	for i := range p.Cover {
		cover[p.Cover[i].Skill] = &p.Cover[i]
	}
	for _, h := range p.Holdings {
		now := h.State == Held || h.State == Soon
		holds[h.Account] = holds[h.Account] || now
		if h.Disabled {
			continue
		}
		switch h.State {
		case Soon:
			p.Soon = append(p.Soon, h)
		case RunOut:
			p.RunOut = append(p.RunOut, h)
		}
		if c := cover[h.Skill]; c != nil && now && mayReview(d, known[h.Account]) {
			c.Held++
			if h.State == Soon {
				c.Soon++
			}
		}
	}
	byEnd := func(a, b Holding) int { return cmp.Compare(a.Until, b.Until) }
	slices.SortStableFunc(p.Soon, byEnd)
	slices.SortStableFunc(p.RunOut, byEnd)
	for _, a := range accounts {
		if mayReview(d, a) {
			p.Reviewers++
			if !holds[a.ID] {
				p.Without = append(p.Without, Person{a.ID, a.Name})
			}
		}
	}
}

// rows puts the holdings, which are by person, into rows.
func (p *SkillsPage) rows() {
	for i := range p.Holdings {
		h := &p.Holdings[i]
		if n := len(p.People); n == 0 || p.People[n-1].Account != h.Account {
			p.People = append(p.People, SkillRow{Person: Person{h.Account, h.Name}, Disabled: h.Disabled, Needed: make([]*Holding, len(p.Training.Skills))})
		}
		row := &p.People[len(p.People)-1]
		if at := slices.Index(p.Training.Names(), h.Skill); at >= 0 {
			row.Needed[at] = h
		} else {
			row.Others = append(row.Others, *h)
		}
	}
}

// stand works out how the periods of a skill, by first day, stand on a day.
func (h *Holding) stand(periods []store.Skill, on casefile.Day) {
	now := slices.IndexFunc(periods, func(k store.Skill) bool { return k.From <= on && on <= k.To })
	next := slices.IndexFunc(periods, func(k store.Skill) bool { return k.From > on })
	at := now
	switch {
	case now >= 0:
		h.State = Held
	case next >= 0:
		h.State, at = NotYet, next
	default:
		h.State, at = RunOut, len(periods)-1
	}
	h.From, h.Until, h.Source = periods[at].From, periods[at].To, periods[at].Source
	for _, k := range periods[at+1:] {
		if h.Until == store.NoEnd || k.From > h.Until+1 {
			break
		}
		h.Until = max(h.Until, k.To)
	}
	if h.State == Held && h.Until != store.NoEnd && h.Until < on+soonDays {
		h.State = Soon
	}
}

// mayReview reports whether an account can be given cases to review.
func mayReview(d *desk.Desk, a store.Account) bool {
	return a.DisabledAt.IsZero() && d.Policy().Allows(casefile.Actor{ID: a.ID, Roles: a.Roles}, desk.ReviewCases)
}

// Trained reports whether an account is trained for a case on a day, and what is
// missing in words. A nil row is a case of which nothing is known.
func Trained(ctx context.Context, tx *store.Tx, account string, row *cohort.Row, restricted bool, on casefile.Day) (ok bool, missing []string, err error) {
	held, err := review.SkillsOf(ctx, tx, account, on)
	if err != nil {
		return false, nil, err
	}
	for _, n := range review.TrainingInForce().Missing(row, restricted, held) {
		missing = append(missing, n.Label+", because "+n.Why)
	}
	return len(missing) == 0, missing, nil
}

// DemoSkills is the file of skills of the made-up team (see account.MadeUpTeam), as
// of a day: one person's training has run out, one's is about to.
func DemoSkills(on casefile.Day) []byte {
	var b strings.Builder
	b.WriteString("account,skill,from,to\n")
	from, far := on-200, on+500
	for _, id := range []string{"reviewer.one", "reviewer.two", "supervisor.one", "supervisor.two", "supervisor.three"} {
		for _, skill := range review.TrainingInForce().Names() {
			to := far
			switch {
			case id == "reviewer.two" && skill == "vetted":
				to = on - 12
			case id == "reviewer.one" && skill == "digital evidence":
				to = on + 20
			}
			fmt.Fprintf(&b, "%s,%s,%s,%s\n", id, skill, from, to)
		}
	}
	return []byte(b.String())
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
