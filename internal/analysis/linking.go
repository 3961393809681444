package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/link"
	"lookback/internal/network"
	"lookback/internal/normalise"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// count adds a case to the figures.
func (s *SuspectCounts) count(c scope.Case) {
	number := func(f scope.Fact) int { n, _ := c[f].Number(); return n }
	s.Named += number(scope.SuspectsNamed)
	s.Unidentified += number(scope.SuspectsUnidentified)
	s.Stated += number(scope.SuspectsStated)
	s.Reached += number(scope.SuspectsReached)
	recorded, stated := number(scope.SuspectsRecorded) >= 2, number(scope.SuspectsStated) >= 2
	if recorded {
		s.CasesRecorded2++
	}
	if stated {
		s.CasesStated2++
	}
	if stated && !recorded {
		s.CasesOnlyStated++
	}
}

// net is the people of a register as numbers, and what was found among them.
type net struct {
	nominals   map[casefile.NominalID]int32 // to a person; placeholders are not here
	identities []string                     // of a person
	cases      map[casefile.CaseID]int32
	caseIDs    []casefile.CaseID
	things     []string // of a thing, for people to read
	found      network.Result
	inGroup    map[int32]bool // cases
}

func (n *net) reach(id casefile.CaseID) reach {
	c := n.cases[id]
	return reach{suspects: int(n.found.Reached[c]), group: n.inGroup[c]}
}

// linkPeople mints identities by exact keys, then ties people and finds groups.
func (run *deriving) linkPeople(ctx context.Context, tx *store.Tx) error {
	run.progress.Tell("linking people", 0, 0)
	run.net = &net{nominals: map[casefile.NominalID]int32{}, cases: map[casefile.CaseID]int32{}, inGroup: map[int32]bool{}}
	if err := run.identify(ctx, tx); err != nil {
		return err
	}
	in := network.Input{Persons: len(run.net.identities)}
	if err := run.net.roles(ctx, tx, &in); err != nil {
		return err
	}
	if err := run.net.shares(ctx, tx, &in); err != nil {
		return err
	}
	run.progress.Tell("finding groups", 0, 0)
	run.net.found = network.Find(in)
	run.figures.Repeat = repeatSuspects(in)
	return nil
}

// identify holds nominals with the same PNC id or CRO number to be one person. A
// nominal reference within one system is one record here already.
func (run *deriving) identify(ctx context.Context, tx *store.Tx) error {
	var ids []casefile.NominalID
	var blank []bool
	names := map[string]bool{} // systems that record names
	pnc, cro := link.Key{Name: "PNC id", OnePerPerson: true}, link.Key{Name: "CRO number", OnePerPerson: true}
	for n, err := range tx.Nominals(ctx) {
		if err != nil {
			return err
		}
		run.figures.Nominals++
		if n.Surname+n.Forenames != "" && !Named(n) {
			continue // UNKNOWN MALE 1 is nobody, however often
		}
		system, _ := n.ID.Split()
		names[system] = names[system] || n.Surname+n.Forenames != ""
		ids = append(ids, n.ID)
		blank = append(blank, n.Surname+n.Forenames+n.PNC+n.CRO+n.DOB.String() == "")
		pnc.Values = append(pnc.Values, canonical(normalise.PNC, n.PNC))
		cro.Values = append(cro.Values, canonical(normalise.CRO, n.CRO))
	}
	r := link.Exact(len(ids), []link.Key{pnc, cro})
	because := reasons(ids, r)
	run.net.identities = make([]string, len(r.First))
	for c, first := range r.First {
		run.net.identities[c] = shortHash("P", string(ids[first]))
	}
	for i, id := range ids {
		if system, _ := id.Split(); blank[i] && names[system] {
			continue // an empty record in a system that records names
		}
		person := r.Cluster[i]
		run.net.nominals[id] = person
		if err := run.out.Identity(ctx, store.Identity{Nominal: id, Identity: run.net.identities[person], Because: because[i]}); err != nil {
			return err
		}
	}
	run.figures.Identities = len(r.First)
	run.figures.Conflicts = len(r.Conflicts)
	return nil
}

// canonical is the comparable form of an id, or "" for a filler.
func canonical(form func(string) (string, bool), s string) string {
	c, _ := form(s)
	return c
}

// reasons says for each record why it is the person that it is.
func reasons(ids []casefile.NominalID, r link.Result) []string {
	out := make([]string, len(ids))
	for i := range out {
		out[i] = "one record in one system"
	}
	for _, l := range r.Links {
		said := fmt.Sprintf("same %s as %s", l.Key, ids[l.A])
		if out[l.B] == "one record in one system" {
			out[l.B] = said
		} else {
			out[l.B] += "; " + said
		}
	}
	return out
}

func (n *net) caseNumber(id casefile.CaseID) int32 {
	c, ok := n.cases[id]
	if !ok {
		c = int32(len(n.caseIDs))
		n.cases[id] = c
		n.caseIDs = append(n.caseIDs, id)
	}
	return c
}

func (n *net) roles(ctx context.Context, tx *store.Tx, in *network.Input) error {
	for c, err := range tx.Investigations(ctx) {
		if err != nil {
			return err
		}
		n.caseNumber(c.ID)
	}
	in.Cases = len(n.caseIDs)
	for i, err := range tx.Involvements(ctx) {
		if err != nil {
			return err
		}
		person, ok := n.nominals[i.Nominal.ID]
		c, held := n.cases[i.Case]
		if ok && held {
			in.Roles = append(in.Roles, network.Role{Person: person, Case: c, Suspect: i.Role == casefile.RoleSuspect})
		}
	}
	return nil
}

// shares: phones and vehicles by their normalised value, whatever reference a
// system gave them.
func (n *net) shares(ctx context.Context, tx *store.Tx, in *network.Input) error {
	byValue := map[string]int32{}
	byID := map[string]int32{}
	for i, err := range tx.Identifiers(ctx) {
		if err != nil {
			return err
		}
		value, kind, institution, ok := thing(i)
		if !ok {
			continue
		}
		t, known := byValue[value]
		if !known {
			t = int32(len(in.Things))
			byValue[value] = t
			in.Things = append(in.Things, network.Thing{Kind: kind})
			n.things = append(n.things, value)
		}
		in.Things[t].Institution = in.Things[t].Institution || institution
		byID[i.ID] = t
	}
	for u, err := range tx.IdentifierUses(ctx) {
		if err != nil {
			return err
		}
		t, ok := byID[u.Identifier]
		if !ok {
			continue
		}
		s := network.Share{Thing: t, Person: network.None, Case: network.None}
		if p, ok := n.nominals[u.Nominal]; ok {
			s.Person = p
		}
		if c, ok := n.cases[u.Case]; ok {
			s.Case = c
		}
		in.Shares = append(in.Shares, s)
	}
	return nil
}

func thing(i casefile.Identifier) (value string, kind network.Kind, institution, ok bool) {
	institution = normalise.Institution("", i.Description)
	switch i.Kind {
	case "phone":
		value, ok = normalise.Phone(i.Value)
		return "phone " + value, network.Phone, institution || normalise.ServiceLine(value), ok
	case "vehicle":
		value, ok = normalise.VehicleMark(i.Value)
		return "vehicle " + value, network.Vehicle, institution, ok
	}
	return "", 0, false, false
}

// repeatSuspects counts people who are suspects in two or more cases.
func repeatSuspects(in network.Input) int {
	first := make([]int32, in.Persons)
	many := make([]bool, in.Persons)
	for _, r := range in.Roles {
		switch {
		case !r.Suspect:
		case first[r.Person] == 0:
			first[r.Person] = r.Case + 1
		case first[r.Person] != r.Case+1:
			many[r.Person] = true
		}
	}
	n := 0
	for _, m := range many {
		if m {
			n++
		}
	}
	return n
}

func (run *deriving) stageNetwork(ctx context.Context, _ *store.Tx) error {
	n, f := run.net, run.figures
	f.Ties, f.Groups, f.LeftOut = len(n.found.Ties), len(n.found.Groups), len(n.found.Hubs)
	for _, t := range n.found.Ties {
		var because []string
		for _, r := range t.Because {
			because = append(because, n.say(r))
		}
		if err := run.out.Tie(ctx, n.identities[t.A], n.identities[t.B], because); err != nil {
			return err
		}
	}
	for _, g := range n.found.Groups {
		f.Members += len(g.Members)
		f.GroupCases += len(g.Cases)
		for _, c := range g.Cases {
			n.inGroup[c] = true
		}
		id := shortHash("G", n.identities[g.Members[0].Person])
		for _, m := range g.Members {
			if err := run.out.Member(ctx, id, n.identities[m.Person], n.whyMember(m)); err != nil {
				return err
			}
		}
	}
	return nil
}

// say puts a reason into words.
func (n *net) say(r network.Reason) string {
	if r.Kind == network.Case {
		return "both suspects in " + string(n.caseIDs[r.Of])
	}
	return "both used " + n.things[r.Of]
}

// whyMember says how a person is tied to the rest of a group: three ties at most,
// since the chart shows the others.
func (n *net) whyMember(m network.Member) string {
	var parts []string
	for _, t := range m.Ties[:min(3, len(m.Ties))] {
		tie := n.found.Ties[t]
		other := tie.A
		if other == m.Person {
			other = tie.B
		}
		parts = append(parts, fmt.Sprintf("%s with %s", n.say(tie.Because[0]), n.identities[other]))
	}
	if more := len(m.Ties) - 3; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(slices.Clip(parts), "; ")
}
