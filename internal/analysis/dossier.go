package analysis

import (
	"context"
	"iter"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/normalise"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// A dossier is what the register holds of one case, as far as facts need it.
type dossier struct {
	casefile.Investigation
	people   []casefile.Involvement
	outcomes []casefile.OutcomeEntry
	flags    []casefile.Flag
	stated   []casefile.StatedCount
	texts    bool // it has a log entry or a document
	online   bool
	others   []casefile.Involvement // victims of the crimes linked to this one
}

// A clock says what counts as known: everything, or what was recorded by a day,
// with or without what nobody dated.
type clock struct {
	set     bool
	day     casefile.Day
	undated bool // rows without a date count
}

func (c clock) sees(d casefile.Date) bool {
	if !c.set {
		return true
	}
	switch d.KnownOn(c.day) {
	case casefile.ByThen:
		return true
	case casefile.Undated:
		return c.undated
	}
	return false
}

// cursor walks a stream that is ordered by case, one case at a time.
type cursor[T any] struct {
	next func() (T, error, bool)
	stop func()
	of   func(T) casefile.CaseID
	head T
	has  bool
	err  error
}

func newCursor[T any](seq iter.Seq2[T, error], of func(T) casefile.CaseID) *cursor[T] {
	next, stop := iter.Pull2(seq)
	c := &cursor[T]{next: next, stop: stop, of: of}
	c.advance()
	return c
}

func (c *cursor[T]) advance() {
	c.head, c.err, c.has = c.next()
	c.has = c.has && c.err == nil
}

// take returns what the stream holds of a case, into the room of to.
func (c *cursor[T]) take(id casefile.CaseID, to []T) []T {
	to = to[:0]
	for c.has && c.of(c.head) < id {
		c.advance() // of an investigation that is not here
	}
	for c.has && c.of(c.head) == id {
		to = append(to, c.head)
		c.advance()
	}
	return to
}

// sources is everything that dossiers are put together from.
type sources struct {
	run       int64 // of the readings of texts
	online    map[casefile.CaseID]bool
	premises  map[string]string
	delivered map[casefile.Table]bool
	marked    map[casefile.NominalID][]casefile.Flag
	linked    map[casefile.CaseID][]casefile.CaseID
	victims   map[casefile.CaseID][]casefile.Involvement // of cases that are linked to others
}

// dossiers streams every case, by id. The dossier it yields is used again for
// the next: keep nothing of it.
func (s *sources) dossiers(ctx context.Context, tx *store.Tx, yield func(*dossier) error) error {
	people := newCursor(tx.Involvements(ctx), func(i casefile.Involvement) casefile.CaseID { return i.Case })
	defer people.stop()
	outcomes := newCursor(tx.Outcomes(ctx), func(o casefile.OutcomeEntry) casefile.CaseID { return o.Case })
	defer outcomes.stop()
	flags := newCursor(tx.Flags(ctx), func(f casefile.Flag) casefile.CaseID { return f.Case })
	defer flags.stop()
	stated := newCursor(tx.StatedCounts(ctx, s.run), func(c casefile.StatedCount) casefile.CaseID { return c.Case })
	defer stated.stop()
	texts := newCursor(tx.CasesWithText(ctx), func(id casefile.CaseID) casefile.CaseID { return id })
	defer texts.stop()
	var d dossier
	var withText []casefile.CaseID
	for inv, err := range tx.Investigations(ctx) {
		if err != nil {
			return err
		}
		d.Investigation = inv
		d.people = people.take(inv.ID, d.people)
		d.outcomes = outcomes.take(inv.ID, d.outcomes)
		d.flags = flags.take(inv.ID, d.flags)
		d.stated = stated.take(inv.ID, d.stated)
		withText = texts.take(inv.ID, withText)
		d.texts = inv.HasText || len(withText) > 0
		d.online = s.online[inv.ID]
		d.others = d.others[:0]
		for _, other := range s.linked[inv.ID] {
			d.others = append(d.others, s.victims[other]...)
		}
		for _, p := range d.people {
			d.flags = append(d.flags, s.marked[p.Nominal.ID]...)
		}
		if err := yield(&d); err != nil {
			return err
		}
	}
	for _, err := range []error{people.err, outcomes.err, flags.err, stated.err, texts.err} {
		if err != nil {
			return err
		}
	}
	return nil
}

// KnownOn streams every case, by id, as known on a day: its facts without and
// with the rows that nobody dated, and whether the case itself was recorded by
// then. A case that the force recorded later is not there yet. Cost: linear in the
// rows of all cases.
func KnownOn(ctx context.Context, tx *store.Tx, run int64, on casefile.Day, progress desk.Progress, yield func(id string, recorded casefile.Known, certain, possible scope.Case) error) error {
	src, err := collectSources(ctx, tx, run)
	if err != nil {
		return err
	}
	n := 0
	return src.dossiers(ctx, tx, func(d *dossier) error {
		if n++; n%5000 == 0 {
			progress.Tell("applying the criteria", int64(n), 0)
		}
		recorded := d.RecordedAt.KnownOn(on)
		if recorded == casefile.Later {
			return nil
		}
		certain := src.facts(d, clock{set: true, day: on}, nil)
		possible := src.facts(d, clock{set: true, day: on, undated: true}, nil)
		return yield(string(d.ID), recorded, certain, possible)
	})
}

// Stated streams every case of a run, by id, with its facts and the passage that
// its stated number rests on. The facts it yields are used again for the next.
func Stated(ctx context.Context, tx *store.Tx, run int64, yield func(id string, c scope.Case, most casefile.StatedCount) error) error {
	stated := newCursor(tx.StatedCounts(ctx, run), func(c casefile.StatedCount) casefile.CaseID { return c.Case })
	defer stated.stop()
	var said []casefile.StatedCount
	var c scope.Case
	for f, err := range tx.CaseFacts(ctx, run) {
		if err != nil {
			return err
		}
		if c, err = c.Decode(f[1]); err != nil {
			return err
		}
		said = stated.take(casefile.CaseID(f[0]), said)
		if err := yield(f[0], c, Most(said)); err != nil {
			return err
		}
	}
	return stated.err
}

// collectSources reads the small tables whole.
func collectSources(ctx context.Context, tx *store.Tx, run int64) (*sources, error) {
	s := &sources{run: run, online: map[casefile.CaseID]bool{}, marked: map[casefile.NominalID][]casefile.Flag{}}
	var err error
	if s.premises, err = tx.PremisesTypes(ctx); err != nil {
		return nil, err
	}
	if s.delivered, err = tx.Delivered(ctx); err != nil {
		return nil, err
	}
	for id, err := range tx.OnlineCases(ctx) {
		if err != nil {
			return nil, err
		}
		s.online[id] = true
	}
	for f, err := range tx.Flags(ctx) {
		if err != nil {
			return nil, err
		}
		if f.Case != "" {
			break // flags on persons alone come first
		}
		s.marked[f.Nominal] = append(s.marked[f.Nominal], f)
	}
	return s, s.collectLinked(ctx, tx)
}

// collectLinked reads the victims of crimes that are linked to others. A crime is
// recorded for each victim, so one event with three victims is three linked crimes.
func (s *sources) collectLinked(ctx context.Context, tx *store.Tx) error {
	s.linked, s.victims = map[casefile.CaseID][]casefile.CaseID{}, map[casefile.CaseID][]casefile.Involvement{}
	for pair, err := range tx.LinkedCases(ctx) {
		if err != nil {
			return err
		}
		s.linked[pair[0]] = append(s.linked[pair[0]], pair[1])
		s.linked[pair[1]] = append(s.linked[pair[1]], pair[0])
	}
	if len(s.linked) == 0 {
		return nil
	}
	for v, err := range tx.Victims(ctx) {
		if err != nil {
			return err
		}
		if len(s.linked[v.Case]) > 0 {
			s.victims[v.Case] = append(s.victims[v.Case], v)
		}
	}
	return nil
}

// Named reports whether a nominal says who the person is.
func Named(n casefile.Nominal) bool {
	return (n.Surname != "" || n.Forenames != "") && !normalise.Placeholder(n.Surname, n.Forenames)
}

// AgeAt returns how old a person may have been in an investigation, in whole
// years: as recorded for it, or worked out from the date of birth.
func AgeAt(p casefile.Involvement, c casefile.Investigation) (from, to int, ok bool) {
	if n, err := strconv.Atoi(p.AgeAtOffence); err == nil {
		return n, n, true
	}
	if p.Nominal.DOB.IsZero() {
		return 0, 0, false
	}
	begin, end := c.OffenceFrom, c.OffenceTo
	if begin.IsZero() {
		begin = c.ReportedAt
	}
	if begin.IsZero() {
		return 0, 0, false
	}
	if end.IsZero() {
		end = begin
	}
	bornFirst, bornLast := p.Nominal.DOB.Span()
	first, _ := begin.Span()
	_, last := end.Span()
	return yearsBetween(bornLast, first), yearsBetween(bornFirst, last), true
}

// yearsBetween counts the birthdays that have passed.
func yearsBetween(born, day casefile.Day) int {
	by, bm, bd := born.Civil()
	y, m, d := day.Civil()
	years := y - by
	if m < bm || m == bm && d < bd {
		years--
	}
	return years
}
