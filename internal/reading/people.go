package reading

import (
	"context"
	"slices"
	"strings"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A hidden set is what a reader may not know of: restricted cases, and the people
// who are in no other.
type hidden struct {
	cases  map[casefile.CaseID]bool
	people map[casefile.NominalID]bool
}

func hiddenFrom(ctx context.Context, tx *store.Tx, reader string) (h hidden, err error) {
	if h.cases, err = tx.HiddenCases(ctx, reader); err != nil || len(h.cases) == 0 {
		return h, err
	}
	h.people, err = tx.HiddenPeople(ctx, reader)
	return h, err
}

// because takes what names a hidden case or person out of a reason, whose parts
// stand between semicolons.
func (h hidden) because(s string) string {
	if len(h.cases) == 0 {
		return s
	}
	parts := slices.DeleteFunc(strings.Split(s, "; "), h.named)
	return strings.Join(parts, "; ")
}

// named reports whether a text names a hidden case or person.
func (h hidden) named(s string) bool {
	for id := range h.cases {
		if strings.Contains(s, string(id)) {
			return true
		}
	}
	for id := range h.people {
		if strings.Contains(s, string(id)) {
			return true
		}
	}
	return false
}

// A PersonFile is everything that is held about one person: the records that are
// held to be one, and what they are in.
type PersonFile struct {
	ID       string // as asked: an identity, or a record
	Identity string // "" for a record that names nobody, or before an analysis
	Purpose  string
	Run      int64
	Records  []PersonRecord
	Cases    []store.CaseRole // the latest first
	More     bool             // and more than [personCases] of them
	Uses     []SharedUse      // phones, vehicles, addresses and who else has them
	Groups   []store.GroupPlace
	Ties     []PersonTie
	Marks    []casefile.Mark
	Episodes []casefile.Episode
	Readings []store.Reading
}

// A PersonRecord is one nominal of an identity.
type PersonRecord struct {
	casefile.Person
	Because string // why it is this person
}

// A SharedUse is a phone, a vehicle or an address of a person, with the others
// who are recorded with it.
type SharedUse struct {
	casefile.Use
	Others     []casefile.NominalID
	OtherCases []casefile.CaseID
}

// A PersonTie is what a person shares with another.
type PersonTie struct {
	With    string // an identity
	Because []string
}

// How much of one person a page lists.
const (
	personCases  = 500
	personShared = 2000
	personTies   = 200
)

// ReadPerson reads everything held about an identity, or about the identity of a
// record, and records that it was read and why. Parts in cases that the reader
// may not open are left out; a person who is in no other does not exist. Cost:
// grows with the records, cases and shared things of the person.
func ReadPerson(ctx context.Context, d *desk.Desk, by casefile.Actor, id, purpose string) (*PersonFile, error) {
	if err := d.May(by, desk.ReadCases); err != nil {
		return nil, err
	}
	purpose, err := CheckPurpose(purpose)
	if err != nil {
		return nil, err
	}
	p := &PersonFile{ID: id, Purpose: purpose}
	if err := d.DB.View(ctx, func(tx *store.Tx) error { return p.read(ctx, tx, desk.Reader(by)) }); err != nil {
		return nil, err
	}
	shown := []string{}
	for _, r := range p.Records {
		shown = append(shown, string(r.ID))
	}
	subject := id
	if p.Identity != "" {
		subject = p.Identity
	}
	return p, d.Seen(ctx, by, ledger.Event{Kind: ledger.PersonRead, Subject: subject, Purpose: purpose, Body: map[string]any{"asked": id, "records": shown}})
}

func (p *PersonFile) read(ctx context.Context, tx *store.Tx, reader string) error {
	run, err := tx.LastRun(ctx, analysis.Kind)
	if err != nil {
		return err
	}
	p.Run = run.ID
	h, err := hiddenFrom(ctx, tx, reader)
	if err != nil {
		return err
	}
	ids, err := p.records(ctx, tx, h)
	if err != nil {
		return err
	}
	if p.Cases, err = tx.RolesOf(ctx, reader, ids, "", personCases+1); err != nil {
		return err
	}
	if p.More = len(p.Cases) > personCases; p.More {
		p.Cases = p.Cases[:personCases]
	}
	slices.SortStableFunc(p.Cases, func(a, b store.CaseRole) int {
		return strings.Compare(b.RecordedAt.String()+string(b.Case), a.RecordedAt.String()+string(a.Case))
	})
	if err := p.readUses(ctx, tx, reader, ids, h); err != nil {
		return err
	}
	if p.Marks, err = tx.MarksOf(ctx, "", ids); err != nil {
		return err
	}
	if p.Episodes, err = tx.EpisodesOf(ctx, ids); err != nil {
		return err
	}
	if p.Identity == "" {
		p.Readings, err = tx.Readings(ctx, p.ID, readKinds, 0, readingsShown)
		return err
	}
	if p.Readings, err = tx.Readings(ctx, p.Identity, readKinds, 0, readingsShown); err != nil {
		return err
	}
	if p.Groups, err = tx.GroupsOf(ctx, p.Run, []string{p.Identity}); err != nil {
		return err
	}
	for i := range p.Groups {
		p.Groups[i].Because = h.because(p.Groups[i].Because)
	}
	return p.readTies(ctx, tx, h)
}

// records finds the records of whoever was asked for.
func (p *PersonFile) records(ctx context.Context, tx *store.Tx, h hidden) (ids []casefile.NominalID, err error) {
	because := map[casefile.NominalID]string{}
	p.Identity = p.ID
	if strings.Contains(p.ID, ":") {
		held, err := tx.HeldToBe(ctx, p.Run, []casefile.NominalID{casefile.NominalID(p.ID)})
		if err != nil {
			return nil, err
		}
		p.Identity = ""
		if len(held) > 0 {
			p.Identity = held[0].Identity
		}
	}
	if p.Identity == "" {
		ids = []casefile.NominalID{casefile.NominalID(p.ID)}
	} else {
		held, err := tx.RecordsOf(ctx, p.Run, p.Identity)
		if err != nil {
			return nil, err
		}
		for _, i := range held {
			ids = append(ids, i.Nominal)
			because[i.Nominal] = h.because(i.Because)
		}
	}
	asked := casefile.NominalID(p.ID)
	ids = slices.DeleteFunc(ids, func(id casefile.NominalID) bool { return h.people[id] })
	persons, err := tx.Persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(persons) == 0 || h.people[asked] {
		return nil, casefile.Errorf(casefile.NotFound, "There is no such person here. Open them from a case: after an analysis, records may stand under another identity.")
	}
	for _, n := range persons {
		p.Records = append(p.Records, PersonRecord{n, because[n.ID]})
	}
	return ids, nil
}

func (p *PersonFile) readUses(ctx context.Context, tx *store.Tx, reader string, ids []casefile.NominalID, h hidden) error {
	uses, err := tx.UsesBy(ctx, reader, ids)
	if err != nil {
		return err
	}
	var things []string
	at := map[string]int{}
	for _, u := range uses {
		thing := u.AddressID + u.Identifier
		if _, known := at[thing]; !known {
			at[thing] = len(p.Uses)
			p.Uses = append(p.Uses, SharedUse{Use: u})
			things = append(things, thing)
		}
	}
	others, err := tx.SharedWith(ctx, reader, things, ids, personShared)
	for _, o := range others {
		u := &p.Uses[at[o.AddressID+o.Identifier]]
		switch {
		case h.people[o.Nominal]:
		case o.Nominal != "" && !slices.Contains(u.Others, o.Nominal):
			u.Others = append(u.Others, o.Nominal)
		case o.Nominal == "" && !slices.Contains(u.OtherCases, o.Case):
			u.OtherCases = append(u.OtherCases, o.Case)
		}
	}
	return err
}

func (p *PersonFile) readTies(ctx context.Context, tx *store.Tx, h hidden) error {
	ties, err := tx.TiesOf(ctx, p.Run, p.Identity, personTies)
	if err != nil {
		return err
	}
	for _, t := range ties {
		with := PersonTie{With: t.B}
		if t.B == p.Identity {
			with.With = t.A
		}
		if len(h.people) > 0 {
			records, err := tx.RecordsOf(ctx, p.Run, with.With)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(records, func(r store.Identity) bool { return !h.people[r.Nominal] }) {
				continue
			}
		}
		for _, b := range t.Because {
			if b = h.because(b); b != "" {
				with.Because = append(with.Because, b)
			}
		}
		if len(with.Because) > 0 {
			p.Ties = append(p.Ties, with)
		}
	}
	return nil
}

// Called is how the person is named: as the records do, each name once.
func (p *PersonFile) Called() string {
	var names []string
	for _, r := range p.Records {
		if n := r.Name(); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return p.ID
	}
	return strings.Join(names, ", also ")
}

// Protected reports whether the person is a victim or was missing in any case
// shown: their name is not shown unless it is asked for.
func (p *PersonFile) Protected() bool {
	return len(p.Episodes) > 0 || slices.ContainsFunc(p.Cases, func(r store.CaseRole) bool {
		return r.Role == casefile.RoleVictim || r.Role == casefile.RoleMissing
	})
}
