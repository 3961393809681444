package reading

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A GroupLine is one group in the list of groups.
type GroupLine struct {
	ID      string
	Members int
	Cases   int // in which a member is a suspect
	Joint   int // of these, those with two or more members
	Phones  int // shared by members
	Cars    int
}

// Groups are the groups that an analysis found, most cases first.
type Groups struct {
	Lines    []GroupLine
	Total    int    // in the analysis, with those that the reader may not see
	Analysed string // instant at which the analysis began, "" before the first
	LeftOut  int    // things and cases that tie nobody, because they would tie too many
	Stale    bool   // rows were received since
}

// ListGroups returns the groups that hold together by what the actor may see. A
// link that only a restricted case shows is no link for others. Reading the list
// is one event. Cost: the groups are read once for each analysis and shared.
func ListGroups(ctx context.Context, d *desk.Desk, by casefile.Actor, after, limit int) (*Groups, error) {
	if err := d.May(by, desk.ReadGroups); err != nil {
		return nil, err
	}
	g, err := groupsNow(ctx, d)
	if err != nil {
		return nil, err
	}
	out := &Groups{Total: len(g.groups), Analysed: g.run.StartedAt, LeftOut: g.leftOut, Stale: g.stale}
	veil, err := g.veil(ctx, d, by)
	if err != nil {
		return nil, err
	}
	for i := range g.groups {
		if seen, ok := g.groups[i].seenBy(veil); ok {
			out.Lines = append(out.Lines, seen.line())
		}
	}
	slices.SortFunc(out.Lines, func(a, b GroupLine) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), cmp.Compare(b.Members, a.Members), cmp.Compare(a.ID, b.ID))
	})
	shown := out.Lines[min(after, len(out.Lines)):min(after+limit, len(out.Lines))]
	ids := make([]string, len(shown))
	for i, l := range shown {
		ids[i] = l.ID
	}
	if len(ids) == 0 {
		return out, nil
	}
	return out, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "groups", Purpose: "review", Body: map[string]any{"groups": ids}})
}

// A GroupFile is one group as far as the actor may see it.
type GroupFile struct {
	GroupLine
	Analysed string
	Stale    bool
	LeftOut  int
	Members  []GroupMember
	Ties     []GroupTie // among members
	Beyond   []GroupTie // to people who are no members: B is 0, With names them
	Cases    []GroupCase
	Places   []GroupPlace // used by two or more members
}

// A GroupMember is a suspect of a group, with the evidence for the membership.
type GroupMember struct {
	Number   int // in the table and on the chart, from 1
	Identity string
	Records  []GroupRecord
	Suspect  []casefile.CaseID
	Other    []GroupPart // another part: a victim there, perhaps
	Ties     []int       // in GroupFile.Ties
}

// Name is what the records call the person, each form once.
func (m GroupMember) Name() string {
	var names []string
	for _, r := range m.Records {
		if r.Name != "" && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return "no name recorded"
	}
	return strings.Join(names, ", also ")
}

// A GroupRecord is one record that is held to be the person, and why.
type GroupRecord struct {
	Nominal casefile.NominalID
	Name    string
	Born    casefile.Date
	Because string
}

// A GroupPart is a part in a case other than that of a suspect.
type GroupPart struct {
	Case casefile.CaseID
	Role string
}

// A GroupTie is what two people share.
type GroupTie struct {
	A, B    int    // numbers of members
	With    string // identity of somebody who is no member
	Because []GroupReason
	// Holds says that the group would fall into two without this tie.
	Holds bool
}

// Cases lists the cases in which both are suspects.
func (t GroupTie) Cases() (out []casefile.CaseID) {
	for _, b := range t.Because {
		if b.Case != "" {
			out = append(out, b.Case)
		}
	}
	return out
}

// Things lists what both used.
func (t GroupTie) Things() (out []string) {
	for _, b := range t.Because {
		if b.Case == "" {
			out = append(out, b.What)
		}
	}
	return out
}

// A GroupReason is one thing that two people share.
type GroupReason struct {
	Case casefile.CaseID // both are suspects in it
	What string          // or what they both used: "phone …"
}

// A GroupCase is a case of the group.
type GroupCase struct {
	Case    casefile.CaseID
	Members []int // numbers of the suspects who are members
}

// A GroupPlace is an address that members of the group share.
type GroupPlace struct {
	Premises string // dwelling, care_home …; "" not recorded
	Members  []int
}

// ReadGroup returns one group with its evidence. Reading it is an event with the
// people and the cases shown.
func ReadGroup(ctx context.Context, d *desk.Desk, by casefile.Actor, id string) (*GroupFile, error) {
	if err := d.May(by, desk.ReadGroups); err != nil {
		return nil, err
	}
	g, err := groupsNow(ctx, d)
	if err != nil {
		return nil, err
	}
	veil, err := g.veil(ctx, d, by)
	if err != nil {
		return nil, err
	}
	none := casefile.Errorf(casefile.NotFound, "There is no group %s here. Groups are worked out anew with each analysis: look in the list of groups.", id)
	i, ok := g.byID[id]
	if !ok {
		return nil, none
	}
	seen, ok := g.groups[i].seenBy(veil)
	if !ok {
		return nil, none
	}
	f := &GroupFile{GroupLine: seen.line(), Analysed: g.run.StartedAt, Stale: g.stale, LeftOut: g.leftOut}
	err = d.DB.View(ctx, func(tx *store.Tx) error { return f.fill(ctx, tx, desk.Reader(by), g, seen, veil) })
	if err != nil {
		return nil, err
	}
	var people []string
	for _, m := range f.Members {
		people = append(people, m.Identity)
	}
	var cases []casefile.CaseID
	for _, c := range f.Cases {
		cases = append(cases, c.Case)
	}
	return f, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: "group " + id, Purpose: "review", Body: map[string]any{"people": people, "cases": cases}})
}

func (f *GroupFile) fill(ctx context.Context, tx *store.Tx, account string, g *groupTable, seen rawGroup, veil veil) error {
	number := map[string]int{}
	for i, m := range seen.members {
		number[m.identity] = i + 1
		f.Members = append(f.Members, GroupMember{Number: i + 1, Identity: m.identity, Suspect: m.suspect})
	}
	if err := f.records(ctx, tx, g.run.ID, seen, veil); err != nil {
		return err
	}
	f.ties(seen, number)
	beyond, err := tx.GroupTies(ctx, g.run.ID, f.ID)
	if err != nil {
		return err
	}
	for _, t := range beyond {
		a, b := number[t.A], number[t.B]
		if (a == 0) == (b == 0) || g.groupOf(t.A) == g.groupOf(t.B) {
			continue
		}
		if because := veil.reasons(t); len(because) > 0 {
			with := t.B
			if a == 0 {
				a, with = b, t.A
			}
			records, err := tx.RecordsOf(ctx, g.run.ID, with)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(records, func(i store.Identity) bool { return veil.records[i.Nominal] }) {
				f.Beyond = append(f.Beyond, GroupTie{A: a, With: with, Because: because})
			}
		}
	}
	in := map[casefile.CaseID][]int{}
	for i, m := range seen.members {
		for _, c := range m.suspect {
			in[c] = append(in[c], i+1)
		}
	}
	for c, members := range in {
		f.Cases = append(f.Cases, GroupCase{c, members})
	}
	slices.SortFunc(f.Cases, func(a, b GroupCase) int {
		return cmp.Or(cmp.Compare(len(b.Members), len(a.Members)), cmp.Compare(a.Case, b.Case))
	})
	return f.places(ctx, tx, account)
}

// records adds to each member the records that are held to be the person, and the
// other parts that the person has.
func (f *GroupFile) records(ctx context.Context, tx *store.Tx, run int64, seen rawGroup, veil veil) error {
	parts, err := tx.GroupMemberships(ctx, run, f.ID)
	if err != nil {
		return err
	}
	var ids []casefile.NominalID
	for i := range f.Members {
		m := &f.Members[i]
		held, err := tx.RecordsOf(ctx, run, m.Identity)
		if err != nil {
			return err
		}
		for _, h := range held {
			m.Records = append(m.Records, GroupRecord{Nominal: h.Nominal, Because: h.Because})
			ids = append(ids, h.Nominal)
		}
	}
	people, err := tx.Persons(ctx, ids)
	if err != nil {
		return err
	}
	for i := range f.Members {
		m := &f.Members[i]
		for k := range m.Records {
			for _, p := range people {
				if p.ID == m.Records[k].Nominal {
					m.Records[k].Name, m.Records[k].Born = strings.TrimSpace(p.Forenames+" "+p.Surname), p.DOB
				}
			}
		}
		for _, p := range parts {
			part := GroupPart{p.Case, p.Role}
			if p.Identity == m.Identity && p.Role != casefile.RoleSuspect && !veil.cases[p.Case] && !slices.Contains(m.Other, part) {
				m.Other = append(m.Other, part)
			}
		}
	}
	return nil
}

func (f *GroupFile) ties(seen rawGroup, number map[string]int) {
	for _, t := range seen.ties {
		a, b := number[t.a], number[t.b]
		f.Ties = append(f.Ties, GroupTie{A: min(a, b), B: max(a, b), Because: t.because})
	}
	slices.SortFunc(f.Ties, func(x, y GroupTie) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	for i, t := range f.Ties {
		f.Members[t.A-1].Ties = append(f.Members[t.A-1].Ties, i)
		f.Members[t.B-1].Ties = append(f.Members[t.B-1].Ties, i)
	}
	for i := range f.Ties {
		f.Ties[i].Holds = !f.joined(i)
	}
}

// joined reports whether the ends of a tie hold together without it.
func (f *GroupFile) joined(without int) bool {
	from, to := f.Ties[without].A, f.Ties[without].B
	seen, next := map[int]bool{from: true}, []int{from}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		for _, i := range f.Members[at-1].Ties {
			if i == without {
				continue
			}
			other := f.Ties[i].A + f.Ties[i].B - at
			if other == to {
				return true
			}
			if !seen[other] {
				seen[other] = true
				next = append(next, other)
			}
		}
	}
	return false
}

// places finds addresses that two or more members used, by kind of premises.
func (f *GroupFile) places(ctx context.Context, tx *store.Tx, account string) error {
	var ids []casefile.NominalID
	of := map[casefile.NominalID]int{}
	for _, m := range f.Members {
		for _, r := range m.Records {
			ids = append(ids, r.Nominal)
			of[r.Nominal] = m.Number
		}
	}
	uses, err := tx.PlacesOf(ctx, account, ids)
	if err != nil {
		return err
	}
	at, kind := map[string][]int{}, map[string]string{}
	for _, u := range uses {
		if n := of[u.Nominal]; !slices.Contains(at[u.Address], n) {
			at[u.Address], kind[u.Address] = append(at[u.Address], n), u.Premises
		}
	}
	for address, members := range at {
		if len(members) > 1 {
			slices.Sort(members)
			f.Places = append(f.Places, GroupPlace{kind[address], members})
		}
	}
	slices.SortFunc(f.Places, func(a, b GroupPlace) int {
		return cmp.Or(cmp.Compare(len(b.Members), len(a.Members)), cmp.Compare(a.Premises, b.Premises), slices.Compare(a.Members, b.Members))
	})
	return nil
}

// A groupTable is every group of one analysis, as found.
type groupTable struct {
	run     store.Run
	stale   bool
	leftOut int
	groups  []rawGroup
	byID    map[string]int
	member  map[string]int                // identity -> group
	nominal map[casefile.NominalID]string // records of members
}

func (g *groupTable) groupOf(identity string) int {
	if i, ok := g.member[identity]; ok {
		return i
	}
	return -1
}

type rawGroup struct {
	id      string
	members []rawMember
	ties    []rawTie
}

type rawMember struct {
	identity string
	suspect  []casefile.CaseID
}

type rawTie struct {
	a, b    string
	because []GroupReason
}

// groupsNow returns the groups of the last analysis.
func groupsNow(ctx context.Context, d *desk.Desk) (*groupTable, error) {
	var run store.Run
	var register store.Register
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if run, err = tx.LastRun(ctx, analysis.Kind); err != nil {
			return err
		}
		register, err = tx.Register(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return desk.Memo(d, "groups", fmt.Sprintf("%d/%d", run.ID, register.Watermark), func() (*groupTable, error) {
		ctx := context.WithoutCancel(ctx)
		g := &groupTable{run: run, stale: run.ID != 0 && run.Watermark != register.Watermark, byID: map[string]int{}, member: map[string]int{}, nominal: map[casefile.NominalID]string{}}
		if run.ID == 0 {
			return g, nil
		}
		var figures analysis.Figures
		if err := json.Unmarshal(run.Figures, &figures); err != nil {
			return nil, err
		}
		g.leftOut = figures.LeftOut
		return g, d.DB.View(ctx, func(tx *store.Tx) error { return g.read(ctx, tx) })
	})
}

func (g *groupTable) read(ctx context.Context, tx *store.Tx) error {
	for m, err := range tx.Memberships(ctx, g.run.ID) {
		if err != nil {
			return err
		}
		g.add(m)
	}
	for t, err := range tx.Ties(ctx, g.run.ID) {
		if err != nil {
			return err
		}
		if i := g.groupOf(t.A); i >= 0 && i == g.groupOf(t.B) {
			g.groups[i].ties = append(g.groups[i].ties, rawTie{t.A, t.B, veil{}.reasons(t)})
		}
	}
	return nil
}

// add takes one part of a member; parts come by group and member.
func (g *groupTable) add(m store.Membership) {
	i, ok := g.byID[m.Group]
	if !ok {
		i = len(g.groups)
		g.byID[m.Group] = i
		g.groups = append(g.groups, rawGroup{id: m.Group})
	}
	group := &g.groups[i]
	if n := len(group.members); n == 0 || group.members[n-1].identity != m.Identity {
		group.members = append(group.members, rawMember{identity: m.Identity})
		g.member[m.Identity] = i
	}
	g.nominal[m.Nominal] = m.Identity
	member := &group.members[len(group.members)-1]
	if m.Role == casefile.RoleSuspect && !slices.Contains(member.suspect, m.Case) {
		member.suspect = append(member.suspect, m.Case)
	}
}

// A veil is what a reader may not see.
type veil struct {
	cases map[casefile.CaseID]bool
	// Who has a part in such a case, or used a thing in one: records, and of those
	// members of groups.
	records map[casefile.NominalID]bool
	people  map[string]bool
}

// veil returns what the actor may not see of the groups.
func (g *groupTable) veil(ctx context.Context, d *desk.Desk, by casefile.Actor) (v veil, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if v.cases, err = tx.HiddenCases(ctx, desk.Reader(by)); err != nil || len(v.cases) == 0 {
			return err
		}
		v.records, v.people = map[casefile.NominalID]bool{}, map[string]bool{}
		there, err := tx.PeopleIn(ctx, v.cases)
		for _, n := range there {
			v.records[n] = true
			if member, ok := g.nominal[n]; ok {
				v.people[member] = true
			}
		}
		return err
	})
	return v, err
}

const (
	saysSuspects = "both suspects in "
	saysUsed     = "both used "
)

// reasons reads why two people are tied, without what the veil covers. Of a thing
// that both used it cannot be told here in which case, so that it does not count
// for anybody who has a part in a covered one.
func (v veil) reasons(t store.Tie) (out []GroupReason) {
	for _, because := range t.Because {
		if ref, ok := strings.CutPrefix(because, saysSuspects); ok {
			if id := casefile.CaseID(ref); !v.cases[id] {
				out = append(out, GroupReason{Case: id})
			}
		} else if !v.people[t.A] && !v.people[t.B] {
			out = append(out, GroupReason{What: strings.TrimPrefix(because, saysUsed)})
		}
	}
	return out
}

// seenBy is the group as it holds together by what the veil leaves; ok is false
// if it does not. Where it falls apart, the largest part is what there is.
func (r rawGroup) seenBy(v veil) (rawGroup, bool) {
	touched := len(v.cases) > 0 && slices.ContainsFunc(r.members, func(m rawMember) bool { return v.people[m.identity] })
	if !touched {
		return r, true
	}
	out := rawGroup{id: r.id}
	for _, t := range r.ties {
		kept := rawTie{a: t.a, b: t.b}
		for _, why := range t.because {
			if why.Case != "" && !v.cases[why.Case] || why.Case == "" && !v.people[t.a] && !v.people[t.b] {
				kept.because = append(kept.because, why)
			}
		}
		if len(kept.because) > 0 {
			out.ties = append(out.ties, kept)
		}
	}
	part := out.largestPart()
	out.ties = slices.DeleteFunc(out.ties, func(t rawTie) bool { return !part[t.a] })
	cases := map[casefile.CaseID]bool{}
	for _, m := range r.members {
		if !part[m.identity] {
			continue
		}
		m.suspect = slices.DeleteFunc(slices.Clone(m.suspect), func(c casefile.CaseID) bool { return v.cases[c] })
		for _, c := range m.suspect {
			cases[c] = true
		}
		out.members = append(out.members, m)
	}
	return out, len(out.members) > 1 && len(cases) > 1
}

// largestPart returns the people of the largest part that ties hold together; of
// parts alike, the one whose first person comes first.
func (r rawGroup) largestPart() map[string]bool {
	root := map[string]string{}
	var find func(string) string
	find = func(p string) string {
		if up, ok := root[p]; ok && up != p {
			root[p] = find(up)
			return root[p]
		}
		root[p] = p
		return p
	}
	for _, t := range r.ties {
		a, b := find(t.a), find(t.b)
		root[max(a, b)] = min(a, b)
	}
	parts := map[string]map[string]bool{}
	for p := range root {
		top := find(p)
		if parts[top] == nil {
			parts[top] = map[string]bool{}
		}
		parts[top][p] = true
	}
	best := ""
	for top, part := range parts {
		if best == "" || len(part) > len(parts[best]) || len(part) == len(parts[best]) && top < best {
			best = top
		}
	}
	return parts[best]
}

func (r rawGroup) line() GroupLine {
	l := GroupLine{ID: r.id, Members: len(r.members)}
	suspects := map[casefile.CaseID]int{}
	for _, m := range r.members {
		for _, c := range m.suspect {
			suspects[c]++
		}
	}
	l.Cases = len(suspects)
	for _, n := range suspects {
		if n > 1 {
			l.Joint++
		}
	}
	things := map[string]bool{}
	for _, t := range r.ties {
		for _, why := range t.because {
			if why.Case != "" || things[why.What] {
				continue
			}
			things[why.What] = true
			if strings.HasPrefix(why.What, "phone ") {
				l.Phones++
			} else {
				l.Cars++
			}
		}
	}
	return l
}
