package cohort

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/codelist"
	"lookback/internal/desk"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// An Answer is yes, no, or not known. It is not known where nothing says so, which
// is never the same as no.
type Answer int8

const (
	NotKnown Answer = iota
	Yes
	No
)

// String returns the answer as a page says it.
func (a Answer) String() string { return [...]string{"not known", "yes", "no"}[a] }

// NoDay stands for a day that is not recorded.
const NoDay = casefile.Day(-1 << 31)

// NoCount stands for a number that is not known: how many suspects a text states
// of a case that has no text.
const NoCount = -1

// A Row is one case as lists, queues and allocation see it: what the last analysis
// worked out, and what the terms in force say of it. It holds nobody's name but
// those of the officers who had the case. Texts are shared between rows: do not
// change one.
type Row struct {
	ID    casefile.CaseID
	Scope scope.Status
	Why   string // in short: which criterion decided, or why nothing did

	System, Unit, Area string
	OIC, Supervisor    string // as the force writes them

	Recorded, Closed casefile.Day // first day of what is recorded; NoDay
	Year             int          // in which it was recorded; 0 not recorded
	OffenceCode      string
	Offence          string // its group, see [OffenceGroups]
	Status           string // as the force writes it
	OutcomeCode      string
	Outcome          string // its class, see [Outcomes]
	NFA              Answer
	NFABy            string // police, cps; "" where there was none or nobody is recorded

	// Suspects are counted four ways that are never added up. Stated is the largest
	// number that one text states, Reached how many of other cases links lead to.
	Named, Unidentified, Stated, Reached int
	Victims                              int
	SuspectsUnder18                      int // NoCount where ages are missing

	Contact, ChildSexual, VictimUnder18, SuspectAlive Answer
	Flagged                                           Answer // as child sexual exploitation
	Missing                                           Answer // a victim was recorded missing
	Related, Institutional, Online                    Answer
	PreviouslyReviewed                                Answer

	Group     string // id of the group to which suspects belong, "" for none
	Text      bool   // there is text to read
	Documents int
}

// Recordeds returns how many suspects are on record.
func (r *Row) Recordeds() int { return max(r.Named, 0) + max(r.Unidentified, 0) }

// Suspects returns the most suspects that either the records or one text speak of.
func (r *Row) Suspects() int { return max(r.Recordeds(), r.Stated, 0) }

// A View is a table of all cases. It is made once for each analysis and each
// adoption of terms and shared by everybody: do not change it. Restricted cases
// are in it; whoever shows rows takes those out that the reader may not see.
type View struct {
	Rows  []Row  // by ID
	Empty string // why there are no rows, in a sentence that says what to do

	Run              int64  // of the analysis; 0 before the first
	Analysed         string // instant at which it began
	Stale            bool   // rows were received since
	Terms            string // "name version 2" of the terms in force, "" for none
	Adopted          string // instant at which they were put in force
	In, Out, Unknown int

	key   string
	index *index
}

// Find returns the row of a case.
func (v *View) Find(id casefile.CaseID) (*Row, bool) {
	i, ok := v.position(id)
	if !ok {
		return nil, false
	}
	return &v.Rows[i], true
}

func (v *View) position(id casefile.CaseID) (int, bool) {
	return slices.BinarySearchFunc(v.Rows, id, func(r Row, id casefile.CaseID) int { return cmp.Compare(r.ID, id) })
}

// Snapshot returns the table of all cases as of the last analysis and the terms in
// force. Cost: three seeks if it is there already; otherwise linear in the cases
// (see bench), for whoever asks first.
func Snapshot(ctx context.Context, d *desk.Desk, by casefile.Actor) (*View, error) {
	if err := d.May(by, desk.UseLookback); err != nil {
		return nil, err
	}
	var key store.ListingKey
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		key, err = tx.ListingKey(ctx, analysis.Kind)
		return err
	})
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%d/%d", key.Run.ID, key.Adoption.ID)
	v, err := desk.Memo(d, "cohort", version, func() (*View, error) {
		// Whoever asked first may go away; the table is for everybody.
		ctx := context.WithoutCancel(ctx)
		v := &View{key: version}
		err := d.DB.View(ctx, func(tx *store.Tx) error { return v.build(ctx, tx, key) })
		return v, err
	})
	if err == nil && key.Run.Watermark != key.Watermark {
		later := *v
		later.Stale = true
		v = &later
	}
	return v, err
}

// build fills the view. The facts of cases are read in one stream, and decoded and
// put to the criteria on all cores.
func (v *View) build(ctx context.Context, tx *store.Tx, key store.ListingKey) error {
	v.Run, v.Analysed = key.Run.ID, key.Run.StartedAt
	if key.Run.ID == 0 {
		v.index = newIndex(nil)
		v.Empty = "Nothing has been analysed yet. Import an extract and run the analysis; the list is then filled from it."
		return nil
	}
	r, err := newRower(ctx, tx, key)
	if err != nil {
		return err
	}
	if r.program != nil {
		t := r.program.Terms()
		v.Terms, v.Adopted = fmt.Sprintf("%s version %d", t.Name, t.Version), key.Adoption.AdoptedAt
	}
	if v.Rows, err = r.rows(ctx, tx, key.Run.ID); err != nil {
		return err
	}
	if len(v.Rows) == 0 {
		v.Empty = "The register holds no cases yet. Import an extract, and the list is filled from it."
	}
	for i := range v.Rows {
		switch v.Rows[i].Scope {
		case scope.In:
			v.In++
		case scope.Out:
			v.Out++
		default:
			v.Unknown++
		}
	}
	v.index = newIndex(v.Rows)
	return nil
}

// A rower makes rows from facts. Only its texts are shared between goroutines.
type rower struct {
	program   *scope.Program // nil: no terms are in force
	because   [2][]string    // by Out or Unknown and criterion
	documents map[casefile.CaseID]int
	missing   map[casefile.CaseID]int
	groups    map[casefile.CaseID]string
	noMissing bool // missing episodes were never delivered

	texts sync.Map // each text once
}

func newRower(ctx context.Context, tx *store.Tx, key store.ListingKey) (r *rower, err error) {
	r = &rower{}
	if key.Adoption.ID != 0 {
		t, err := scope.Parse([]byte(key.Adoption.Terms))
		if err == nil {
			r.program, err = scope.Compile(t)
		}
		if err != nil {
			return nil, casefile.Errorf(casefile.Broken, "The terms of reference in force cannot be read. Adopt them again. (%w)", err)
		}
		for _, c := range t.Criteria {
			r.because[0] = append(r.because[0], "“"+c.Title+"” is not met")
			r.because[1] = append(r.because[1], "“"+c.Title+"” cannot be told")
		}
	}
	if r.documents, err = tx.DocumentCounts(ctx); err != nil {
		return nil, err
	}
	if r.missing, err = tx.MissingVictims(ctx); err != nil {
		return nil, err
	}
	if r.groups, err = tx.CaseGroups(ctx, key.Run.ID); err != nil {
		return nil, err
	}
	delivered, err := tx.Delivered(ctx)
	r.noMissing = !delivered[casefile.Missing]
	return r, err
}

// once returns an equal text that is kept once.
func (r *rower) once(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := r.texts.Load(s); ok {
		return t.(string)
	}
	t, _ := r.texts.LoadOrStore(s, s)
	return t.(string)
}

func (r *rower) rows(ctx context.Context, tx *store.Tx, run int64) ([]Row, error) {
	type job struct {
		facts [][2]string
		rows  []Row
		err   error
	}
	const size = 1024
	var jobs []*job
	work := make(chan *job)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var c scope.Case
			for j := range work {
				j.rows = make([]Row, len(j.facts))
				for i, f := range j.facts {
					if c, j.err = c.Decode(f[1]); j.err != nil {
						j.err = casefile.Errorf(casefile.Broken, "The facts of %s cannot be read. Derive them again with: lookback analyse (%w)", f[0], j.err)
						break
					}
					r.row(&j.rows[i], casefile.CaseID(f[0]), c)
				}
				j.facts = nil
			}
		})
	}
	var facts [][2]string
	send := func() {
		if len(facts) > 0 {
			jobs = append(jobs, &job{facts: facts})
			work <- jobs[len(jobs)-1]
			facts = nil
		}
	}
	var failed error
	for f, err := range tx.CaseFacts(ctx, run) {
		if failed = err; err != nil {
			break
		}
		if facts = append(facts, f); len(facts) == size {
			send()
		}
	}
	send()
	close(work)
	workers.Wait()
	if failed != nil {
		return nil, failed
	}
	rows := make([]Row, 0, len(jobs)*size)
	for _, j := range jobs {
		if j.err != nil {
			return nil, j.err
		}
		rows = append(rows, j.rows...)
	}
	return rows, r.addOfficers(ctx, tx, rows)
}

// addOfficers walks the officers beside the rows: both come by id.
func (r *rower) addOfficers(ctx context.Context, tx *store.Tx, rows []Row) error {
	i := 0
	for o, err := range tx.Officers(ctx) {
		if err != nil {
			return err
		}
		for i < len(rows) && rows[i].ID < o.Case {
			i++
		}
		if i < len(rows) && rows[i].ID == o.Case {
			rows[i].OIC, rows[i].Supervisor = r.once(o.OIC), r.once(o.Supervisor)
		}
	}
	return nil
}

// row fills one row from the facts of a case.
func (r *rower) row(out *Row, id casefile.CaseID, c scope.Case) {
	*out = Row{
		ID:     id,
		System: r.text(c, scope.System), Unit: r.text(c, scope.Unit), Area: r.text(c, scope.Area),
		Recorded: firstDay(c[scope.RecordedOn]), Closed: firstDay(c[scope.ClosedOn]),
		OffenceCode: r.text(c, scope.OffenceCode), Status: r.text(c, scope.RecordStatus), OutcomeCode: r.text(c, scope.OutcomeCode),
		NFA: answer(c[scope.NFA]), NFABy: r.text(c, scope.NFABy),
		Named: count(c[scope.SuspectsNamed]), Unidentified: count(c[scope.SuspectsUnidentified]),
		Stated: count(c[scope.SuspectsStated]), Reached: count(c[scope.SuspectsReached]),
		Victims: count(c[scope.Victims]), SuspectsUnder18: count(c[scope.SuspectsUnder18]),
		Contact: answer(c[scope.ContactOffence]), ChildSexual: answer(c[scope.ChildSexualOffence]),
		VictimUnder18: answer(c[scope.VictimUnder18]), SuspectAlive: answer(c[scope.SuspectAlive]),
		Flagged: answer(c[scope.ExploitationFlag]), Related: answer(c[scope.SuspectRelated]),
		Institutional: answer(c[scope.Institutional]), Online: answer(c[scope.Online]),
		PreviouslyReviewed: answer(c[scope.PreviouslyReviewed]),
		Group:              r.once(r.groups[id]), Documents: r.documents[id],
	}
	out.Text, _ = c[scope.HasText].Truth()
	if out.Recorded != NoDay {
		out.Year, _, _ = out.Recorded.Civil()
	}
	switch {
	case r.missing[id] > 0:
		out.Missing = Yes
	case !r.noMissing:
		out.Missing = No
	}
	out.Offence = offenceGroup(out.OffenceCode)
	out.Outcome = outcomeClass(c, out)
	out.Scope, out.Why = r.place(c)
}

// place says where the case stands under the terms in force.
func (r *rower) place(c scope.Case) (scope.Status, string) {
	if r.program == nil {
		return scope.Unknown, "no terms of reference are in force"
	}
	result := r.program.Evaluate(c)
	switch result.Status {
	case scope.In:
		return scope.In, "every criterion is met"
	case scope.Out:
		return scope.Out, r.because[0][result.First()]
	}
	return scope.Unknown, r.because[1][result.First()]
}

func (r *rower) text(c scope.Case, f scope.Fact) string {
	if !c[f].Known() {
		return ""
	}
	return r.once(c[f].String())
}

func firstDay(v scope.Value) casefile.Day {
	first, _, ok := v.Span()
	if !ok {
		return NoDay
	}
	return casefile.Day(first)
}

func count(v scope.Value) int {
	n, ok := v.Number()
	if !ok {
		return NoCount
	}
	return n
}

func answer(v scope.Value) Answer {
	yes, ok := v.Truth()
	switch {
	case !ok:
		return NotKnown
	case yes:
		return Yes
	}
	return No
}

// Classes of outcomes, in the order in which a list shows them.
const (
	NFAByPolice   = "no further action, by the police"
	NFAByCPS      = "no further action, by the CPS"
	NFABySomebody = "no further action, not recorded by whom"
	OtherOutcome  = "another outcome"
	StillOpen     = "not ended"
	UnlistedEnd   = "an outcome whose meaning is not known"
	NoOutcome     = "no outcome recorded"
)

// Outcomes returns the classes of outcomes.
func Outcomes() []string {
	return []string{NFAByPolice, NFAByCPS, NFABySomebody, OtherOutcome, StillOpen, UnlistedEnd, NoOutcome}
}

func outcomeClass(c scope.Case, r *Row) string {
	switch {
	case r.NFA == Yes && r.NFABy == "police":
		return NFAByPolice
	case r.NFA == Yes && r.NFABy == "cps":
		return NFAByCPS
	case r.NFA == Yes:
		return NFABySomebody
	case r.NFA == No && c[scope.OutcomeCode].IsNone():
		return StillOpen
	case r.NFA == No:
		return OtherOutcome
	case r.OutcomeCode != "":
		return UnlistedEnd
	}
	return NoOutcome
}

// Groups of offences, in the order in which a list shows them. Which one a code
// belongs to is read from the published lists; where they are silent, so is this.
const (
	RapeOffence     = "rape"
	ContactOffence  = "other contact sexual offence"
	MaybeContact    = "sexual offence, contact not told by the code"
	NoContact       = "sexual offence without contact"
	OtherOffence    = "not a sexual offence by its code"
	OpenOffence     = "the code does not tell whether sexual"
	UnlistedOffence = "offence code in no list"
	NoOffence       = "no offence code recorded"
)

// OffenceGroups returns the groups of offences.
func OffenceGroups() []string {
	return []string{RapeOffence, ContactOffence, MaybeContact, NoContact, OtherOffence, OpenOffence, UnlistedOffence, NoOffence}
}

var offenceGroups sync.Map // by code

func offenceGroup(code string) string {
	if g, ok := offenceGroups.Load(code); ok {
		return g.(string)
	}
	g := readOffence(code)
	offenceGroups.Store(code, g)
	return g
}

func readOffence(code string) string {
	o := codelist.Shipped().Offence(code)
	// The age decides which offences are against children, not whether one is sexual.
	sexual := o.ChildSexual(codelist.AgeIs(15)).Value
	switch {
	case code == "":
		return NoOffence
	case !o.Listed():
		return UnlistedOffence
	case o.Rape().Value == codelist.Yes:
		return RapeOffence
	case sexual == codelist.No:
		return OtherOffence
	case sexual == codelist.Unknown:
		return OpenOffence
	case o.Contact().Value == codelist.Yes:
		return ContactOffence
	case o.Contact().Value == codelist.No:
		return NoContact
	}
	return MaybeContact
}

// RecordedOn and ClosedOn are the days as text, "" where none is recorded.
func (r *Row) RecordedOn() string { return dayText(r.Recorded) }
func (r *Row) ClosedOn() string   { return dayText(r.Closed) }

func dayText(d casefile.Day) string {
	if d == NoDay {
		return ""
	}
	return d.String()
}
