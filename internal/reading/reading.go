// Package reading shows what is held about a case, a person or a group.
package reading

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/codelist"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// Purposes are why a case or a person is read, as the ledger keeps it, in the
// order in which a page offers them.
var Purposes = []string{"review", "approval", "adjudication", "risk", "action", "supervision", "linked case", "search result", "disclosure", "data quality"}

// DefaultPurpose is what is kept of somebody who gave no other.
const DefaultPurpose = "review"

// CheckPurpose returns the purpose to keep: one of [Purposes], [DefaultPurpose]
// for none.
func CheckPurpose(purpose string) (string, error) {
	switch {
	case purpose == "":
		return DefaultPurpose, nil
	case slices.Contains(Purposes, purpose):
		return purpose, nil
	}
	return "", casefile.Errorf(casefile.Invalid, "%q is not a purpose for which a case is read. Choose one of: %s.", purpose, strings.Join(Purposes, ", "))
}

// A File is everything that is held about one case, at one moment. The texts of
// its log and documents are in it only as far as they were asked for (see
// [Look]); ethnicity, nationality and language never are.
type File struct {
	ID         casefile.CaseID
	Purpose    string // for which it was read
	At         string // when, as an instant
	State      casefile.CaseState
	Restricted bool // open to named readers only, of whom this is one

	Report    casefile.Report
	Offence   string // what the code lists call the offence code, "" if they do not
	Outcome   string // the same of the outcome code
	People    []Person
	Facts     scope.Case // nil before the first analysis
	Run       int64      // of that analysis, 0 for none
	Scope     *Placing   // nil where no terms of reference are in force
	Suspects  SuspectCount
	Stated    []casefile.StatedCount // the texts that state a number, in the order received
	Marks     []casefile.Mark
	Uses      []casefile.Use
	Log       []casefile.LogEntry // all of it, texts for the page that was asked for
	Papers    []casefile.Paper
	Exhibits  []casefile.Exhibit
	Episodes  []casefile.Episode // of its people
	Endings   []casefile.Ending
	Linked    []LinkedRef
	Changes   []Change
	Arrivals  []casefile.Arrival // the extracts that brought its rows, oldest first
	Lines     []Line
	Suggested []Suggestion // lines of enquiry that the data suggests and nobody has judged
	Groups    []CaseGroup
	Readings  []store.Reading   // the last of who read it
	Decided   []store.Reading   // what was decided about it here, the newest first
	Accounts  map[string]string // the name of every account, for who did what
	Risks     []casework.RiskView
	Actions   []casework.ActionView
	Closed    *casefile.Closing // nil while the case is not closed here
	Later     []store.Later     // what was received since it was

	Texts []Text   // what was asked for, in order
	Pages LogPages // how the log falls into pages
	Look  Look     // what was asked for
}

// A Person is somebody in the case: one nominal, with every part they have in it.
type Person struct {
	casefile.Person
	Parts     []casefile.Part // one or more
	Named     bool            // the record says who the person is
	AgeFrom   int             // at the offence, in whole years
	AgeTo     int
	AgeKnown  bool
	Identity  string // who they are held to be, "" for a record that names nobody
	Because   string // why
	Elsewhere []store.CaseRole
	More      bool // and more than [elsewhereLimit] of them
	Groups    []store.GroupPlace
}

// Has reports whether the person has a role in the case.
func (p Person) Has(role string) bool {
	return slices.ContainsFunc(p.Parts, func(i casefile.Part) bool { return i.Role == role })
}

// Roles returns the roles of the person in the case, each once.
func (p Person) Roles() (roles []string) {
	for _, i := range p.Parts {
		if !slices.Contains(roles, i.Role) {
			roles = append(roles, i.Role)
		}
	}
	return roles
}

// Reached says how far enquiries with the person got, from the records alone:
// arrested and interviewed are the dates, or that the status says so.
func (p Person) Reached() (arrested, interviewed bool) {
	for _, i := range p.Parts {
		arrested = arrested || !i.ArrestedAt.IsZero() || i.Status == "arrested"
		interviewed = interviewed || !i.InterviewedAt.IsZero() || i.Status == "interviewed"
	}
	return arrested, interviewed
}

// A Placing says where the case stands under the terms of reference in force.
type Placing struct {
	Name        string
	Version     int
	Fingerprint string
	Status      scope.Status
	Reason      string
	Findings    []scope.Finding
}

// A LinkedRef is a reference that the force linked to this case.
type LinkedRef struct {
	Ref       string
	Case      casefile.CaseID
	Held      bool // it is in the register, and this reader may open it
	Back      bool // the other case names this one
	Mentioned bool // a text of this case mentions the reference
}

// A CaseGroup is a group that people of the case are in.
type CaseGroup struct {
	ID      string
	Members []store.GroupPlace // those who are in this case
}

// A Change is one field that a later extract changed.
type Change struct {
	casefile.Renewal
	Arrival casefile.Arrival // the extract that brought it
}

// longText is from how many bytes on a change says only that a text changed.
const longText = 160

// Long reports whether the field is a text of some length.
func (c Change) Long() bool { return len(c.Was) > longText || len(c.Now) > longText }

// WasWords and NowWords are how many words the field had and has.
func (c Change) WasWords() int { return len(strings.Fields(c.Was)) }
func (c Change) NowWords() int { return len(strings.Fields(c.Now)) }

// A Text is one text of the case that was asked for.
type Text struct {
	Row   int64
	Part  string // as in a citation
	Page  int    // of a document
	Text  string // as [casefile.Shown] gives it
	Label string // what it is: "Entry 12", "MO"
}

// elsewhereLimit is how many other cases of one person a file lists.
const elsewhereLimit = 50

// readingsShown is how many of the readings a file holds; [Readings] has the rest.
const readingsShown = 20

// ReadCase reads everything held about a case but for the texts beyond the first
// page of its log, in one consistent view, and records that it was read and why.
// It returns once that record is durable. Cost: grows with the rows of the case
// and with what its people are in elsewhere, not with the register.
func ReadCase(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, purpose string) (*File, error) {
	return OpenCase(ctx, d, by, id, purpose, Look{})
}

// OpenCase is [ReadCase] for a reader who asks for certain texts.
func OpenCase(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, purpose string, look Look) (*File, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	purpose, err := CheckPurpose(purpose)
	if err != nil {
		return nil, err
	}
	program, err := InForce(ctx, d)
	if err != nil {
		return nil, err
	}
	f := &File{ID: id, Purpose: purpose, Look: look}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		f.At = tx.Now.Format("2006-01-02T15:04:05Z07:00")
		return f.Read(ctx, tx, desk.Reader(by), program)
	})
	if err != nil {
		return nil, err
	}
	return f, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: purpose, Body: look.event()})
}

// InForce returns the terms of reference in force, compiled once for everybody;
// nil where none are.
func InForce(ctx context.Context, d *desk.Desk) (*scope.Program, error) {
	var last store.Adoption
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		adopted, err := tx.Adoptions(ctx)
		if n := len(adopted); n > 0 {
			last = adopted[n-1]
		}
		return err
	})
	if err != nil || last.ID == 0 {
		return nil, err
	}
	return desk.Memo(d, "reading: terms in force", fmt.Sprint(last.ID), func() (*scope.Program, error) {
		t, err := scope.Parse([]byte(last.Terms))
		if err != nil {
			return nil, err
		}
		return scope.Compile(t)
	})
}

// Read fills in the file of f.ID as f.Look asks, in one view of the register, and
// leaves out what the reader may not know of. No program: the case is held against
// no terms.
func (f *File) Read(ctx context.Context, tx *store.Tx, reader string, program *scope.Program) error {
	var parts []casefile.Part
	run, err := tx.LastRun(ctx, analysis.Kind)
	if err != nil {
		return err
	}
	f.Run = run.ID
	for _, step := range []func() error{
		func() (err error) { f.State, err = tx.CaseState(ctx, f.ID); return },
		func() (err error) { f.Restricted, err = tx.IsRestricted(ctx, f.ID); return },
		func() (err error) { f.Report, err = tx.Report(ctx, f.ID); return },
		func() (err error) { parts, err = tx.Parts(ctx, f.ID); return },
		func() (err error) { f.Stated, err = tx.StatedIn(ctx, f.Run, f.ID); return },
		func() (err error) { f.Uses, err = tx.UsesOf(ctx, f.ID); return },
		func() (err error) { f.Log, err = tx.LogOf(ctx, f.ID); return },
		func() (err error) { f.Papers, err = tx.Papers(ctx, f.ID); return },
		func() (err error) { f.Exhibits, err = tx.ExhibitsOf(ctx, f.ID); return },
		func() (err error) { f.Endings, err = tx.EndingsOf(ctx, f.ID); return },
		func() (err error) { f.Lines, err = tx.LinesOf(ctx, f.ID); return },
		func() (err error) { f.Accounts, err = tx.AccountNames(ctx); return },
		func() (err error) { f.Risks, err = casework.Risks(ctx, tx, f.ID); return },
		func() (err error) { f.Actions, err = casework.Actions(ctx, tx, f.ID); return },
		func() (err error) { f.Closed, f.Later, err = casework.ClosedNow(ctx, tx, f.ID); return },
		func() (err error) {
			f.Readings, err = tx.Readings(ctx, string(f.ID), readKinds, 0, readingsShown+1)
			return
		},
		func() (err error) { f.Decided, err = tx.Readings(ctx, string(f.ID), decidedKinds, 0, 200); return },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	f.gather(parts)
	if err := f.readPeople(ctx, tx, reader); err != nil {
		return err
	}
	if err := f.readFacts(ctx, tx, program); err != nil {
		return err
	}
	if err := f.readChanges(ctx, tx); err != nil {
		return err
	}
	if err := f.readLinks(ctx, tx, reader); err != nil {
		return err
	}
	lists := codelist.Shipped()
	if o := lists.Outcome(f.Report.OutcomeScheme, f.Report.OutcomeCode); f.Report.OutcomeCode != "" && o.Listed() {
		f.Outcome = o.Label
	}
	f.Offence = offenceTitle(lists, f.Report.OffenceCode)
	f.Suggested = suggest(f)
	return f.readTexts(ctx, tx)
}

// offenceTitle is what the lists call an offence code, where they agree.
func offenceTitle(lists *codelist.Set, code string) string {
	title := ""
	for _, r := range lists.Offence(code).Rows {
		if title != "" && title != r.Title {
			return ""
		}
		title = r.Title
	}
	return title
}

// gather puts the parts of one nominal together, in the order in which roles are
// shown and, within one, in the order received.
func (f *File) gather(parts []casefile.Part) {
	at := map[casefile.NominalID]int{}
	for _, p := range parts {
		i, known := at[p.Person.ID]
		if !known {
			i = len(f.People)
			at[p.Person.ID] = i
			f.People = append(f.People, Person{Person: p.Person, Named: analysis.Named(p.Person.Nominal)})
		}
		who := &f.People[i]
		who.Parts = append(who.Parts, p)
		if who.AgeKnown {
			continue
		}
		who.AgeFrom, who.AgeTo, who.AgeKnown = analysis.AgeAt(casefile.Involvement{AgeAtOffence: p.AgeAtOffence, Nominal: p.Person.Nominal}, f.Report.Investigation)
	}
	order := []string{casefile.RoleVictim, casefile.RoleSuspect, casefile.RoleMissing, casefile.RoleWitness, casefile.RoleReporter, casefile.RoleOther}
	first := func(p Person) int {
		for i, role := range order {
			if p.Has(role) {
				return i
			}
		}
		return len(order)
	}
	slices.SortStableFunc(f.People, func(a, b Person) int { return first(a) - first(b) })
}

func (f *File) readPeople(ctx context.Context, tx *store.Tx, reader string) error {
	ids := f.nominals()
	held, err := tx.HeldToBe(ctx, f.Run, ids)
	if err != nil {
		return err
	}
	identity := map[casefile.NominalID]store.Identity{}
	var identities []string
	for _, i := range held {
		identity[i.Nominal] = i
		identities = append(identities, i.Identity)
	}
	places, err := tx.GroupsOf(ctx, f.Run, unique(identities))
	if err != nil {
		return err
	}
	h, err := hiddenFrom(ctx, tx, reader)
	if err != nil {
		return err
	}
	for i := range places {
		places[i].Because = h.because(places[i].Because)
	}
	elsewhere := map[string][]store.CaseRole{}
	for i := range f.People {
		p := &f.People[i]
		p.Identity, p.Because = identity[p.ID].Identity, h.because(identity[p.ID].Because)
		if p.Identity == "" {
			continue
		}
		if _, done := elsewhere[p.Identity]; !done {
			if elsewhere[p.Identity], err = rolesOf(ctx, tx, f.Run, reader, p.Identity, f.ID, elsewhereLimit+1); err != nil {
				return err
			}
		}
		p.Elsewhere = elsewhere[p.Identity]
		if p.More = len(p.Elsewhere) > elsewhereLimit; p.More {
			p.Elsewhere = p.Elsewhere[:elsewhereLimit]
		}
		for _, g := range places {
			if g.Identity == p.Identity {
				p.Groups = append(p.Groups, g)
			}
		}
	}
	for _, g := range places {
		if n := len(f.Groups); n == 0 || f.Groups[n-1].ID != g.Group {
			f.Groups = append(f.Groups, CaseGroup{ID: g.Group})
		}
		last := &f.Groups[len(f.Groups)-1]
		last.Members = append(last.Members, g)
	}
	if f.Episodes, err = tx.EpisodesOf(ctx, ids); err != nil {
		return err
	}
	f.Marks, err = tx.MarksOf(ctx, f.ID, ids)
	return err
}

// rolesOf returns the parts of an identity in cases but one, the latest first.
func rolesOf(ctx context.Context, tx *store.Tx, run int64, reader, identity string, but casefile.CaseID, limit int) ([]store.CaseRole, error) {
	records, err := tx.RecordsOf(ctx, run, identity)
	if err != nil {
		return nil, err
	}
	var ids []casefile.NominalID
	for _, r := range records {
		ids = append(ids, r.Nominal)
	}
	roles, err := tx.RolesOf(ctx, reader, ids, but, limit)
	slices.SortStableFunc(roles, func(a, b store.CaseRole) int {
		return strings.Compare(b.RecordedAt.String()+string(b.Case), a.RecordedAt.String()+string(a.Case))
	})
	return roles, err
}

// nominals returns the records of the case's people.
func (f *File) nominals() []casefile.NominalID {
	ids := make([]casefile.NominalID, len(f.People))
	for i, p := range f.People {
		ids[i] = p.ID
	}
	return ids
}

// Person returns somebody in the case.
func (f *File) Person(id casefile.NominalID) (Person, bool) {
	i := slices.IndexFunc(f.People, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return Person{}, false
	}
	return f.People[i], true
}

func (f *File) readFacts(ctx context.Context, tx *store.Tx, program *scope.Program) error {
	stored, err := tx.CaseFact(ctx, f.Run, f.ID)
	if err != nil {
		return err
	}
	if stored != "" {
		if f.Facts, err = f.Facts.Decode(stored); err != nil {
			return casefile.Errorf(casefile.Broken, "The facts of %s cannot be read. Run the analysis again. (%w)", f.ID, err)
		}
		if program != nil {
			t, r := program.Terms(), program.Evaluate(f.Facts)
			f.Scope = &Placing{Name: t.Name, Version: t.Version, Fingerprint: program.Fingerprint(), Status: r.Status,
				Reason: program.Reason(f.Facts, r), Findings: program.Explain(f.Facts)}
		}
	}
	f.Suspects = countSuspects(f)
	return nil
}

// readChanges pairs every changed field with the extract that brought it.
func (f *File) readChanges(ctx context.Context, tx *store.Tx) error {
	renewed, err := tx.Renewals(ctx, f.ID, f.nominals())
	if err != nil {
		return err
	}
	rows := f.rows()
	for _, r := range renewed {
		rows = append(rows, r.Old, r.New)
	}
	if f.Arrivals, err = tx.Arrivals(ctx, rows); err != nil {
		return err
	}
	for _, r := range renewed {
		c := Change{Renewal: r}
		for _, a := range f.Arrivals {
			if r.New >= a.FirstRow && r.New <= a.LastRow {
				c.Arrival = a
			}
		}
		f.Changes = append(f.Changes, c)
	}
	slices.SortStableFunc(f.Changes, func(a, b Change) int { return int(b.Arrival.ID - a.Arrival.ID) })
	return nil
}

// rows returns the rows that the file rests on.
func (f *File) rows() []int64 {
	rows := []int64{f.Report.Row}
	for _, p := range f.People {
		rows = append(rows, p.Row)
		for _, i := range p.Parts {
			rows = append(rows, i.Row)
		}
	}
	for _, e := range f.Log {
		rows = append(rows, e.Row)
	}
	for _, p := range f.Papers {
		rows = append(rows, p.Row)
	}
	for _, x := range f.Exhibits {
		rows = append(rows, x.Row)
	}
	for _, o := range f.Endings {
		rows = append(rows, o.Row)
	}
	for _, u := range f.Uses {
		rows = append(rows, u.Row)
	}
	return rows
}

func (f *File) readLinks(ctx context.Context, tx *store.Tx, reader string) error {
	system, _ := f.ID.Split()
	var ids, others []casefile.CaseID
	for _, ref := range f.Report.LinkedRefs {
		ids = append(ids, casefile.NewCaseID(system, ref))
	}
	for _, p := range f.People {
		for _, r := range p.Elsewhere {
			others = append(others, r.Case)
		}
	}
	held, err := tx.HeldCases(ctx, reader, ids)
	if err != nil {
		return err
	}
	back, err := tx.LinkedFrom(ctx, reader, f.ID, unique(append(others, ids...)))
	if err != nil {
		return err
	}
	mentioned, err := f.mentioned(ctx, tx)
	if err != nil {
		return err
	}
	for i, id := range ids {
		f.Linked = append(f.Linked, LinkedRef{Ref: f.Report.LinkedRefs[i], Case: id, Held: held[id], Back: slices.Contains(back, id), Mentioned: mentioned[f.Report.LinkedRefs[i]]})
	}
	for _, id := range back {
		if !slices.Contains(ids, id) {
			_, ref := id.Split()
			f.Linked = append(f.Linked, LinkedRef{Ref: ref, Case: id, Held: true, Back: true})
		}
	}
	return nil
}

func (f *File) mentioned(ctx context.Context, tx *store.Tx) (map[string]bool, error) {
	if len(f.Report.LinkedRefs) == 0 {
		return nil, nil
	}
	return tx.Mentioned(ctx, f.ID, f.Report.LinkedRefs)
}

func unique[T ~string](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// readKinds and decidedKinds are the events about a case that its page lists.
var (
	readKinds    = kindsOf(ledger.Read, "case.read", "person.read", "export.written")
	decidedKinds = kindsOf(ledger.Decided)
)

// kindsOf returns the kinds of a class, all of them or those named.
func kindsOf(class ledger.Class, only ...ledger.Kind) (kinds []ledger.Kind) {
	for _, k := range ledger.Kinds() {
		if k.Class() == class && (len(only) == 0 || slices.Contains(only, k)) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Readings returns who read a case, the newest first, before an event.
func Readings(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, before int64, limit int) (out []store.Reading, err error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		out, err = tx.Readings(ctx, string(id), readKinds, before, limit)
		return err
	})
	return out, err
}

// A ReceivedFile is a document as its force handed it over.
type ReceivedFile struct {
	Name   string
	SHA256 string
	Bytes  []byte
}

// ReadFile hands over the file of a document, which is a reading of its own.
func ReadFile(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, row int64, purpose string) (f ReceivedFile, err error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return f, err
	}
	if purpose, err = CheckPurpose(purpose); err != nil {
		return f, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		b, err := tx.DocumentBytes(ctx, id, row)
		f = ReceivedFile{b.File, b.SHA256, b.Bytes}
		return err
	})
	if err != nil {
		return f, err
	}
	return f, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: purpose, Body: map[string]any{
		"file": row, "name": f.Name, "sha256": f.SHA256,
	}})
}
