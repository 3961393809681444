package network

import "slices"

// groups returns the connected components of suspects that have two or more
// members and two or more cases.
func (r *Result) groups() []Group {
	component := r.components()
	places := make([]place, len(component))
	var out []Group
	for p, root := range component {
		if root < 0 {
			places[p] = place{group: -1}
			continue
		}
		if root == int32(p) { // the root is the first member
			places[p].group = int32(len(out))
			out = append(out, Group{})
		}
		g := places[root].group
		places[p] = place{g, int32(len(out[g].Members))}
		out[g].Members = append(out[g].Members, Member{
			Person: int32(p), Suspect: r.ix.suspectIn.of(int32(p)), Otherwise: r.ix.otherwiseIn.of(int32(p)),
		})
	}
	for i := range out {
		out[i].Cases, out[i].Joint = casesOf(out[i].Members)
	}
	r.attach(out, places)
	return slices.DeleteFunc(out, func(g Group) bool { return len(g.Cases) < 2 })
}

// components returns, for each suspect who is tied to another, the first member of
// the component; -1 for everybody else.
func (r *Result) components() []int32 {
	root := make([]int32, len(r.ix.suspectIn.start)-1)
	for p := range root {
		root[p] = int32(p)
	}
	find := func(p int32) int32 {
		for root[p] != p {
			root[p] = root[root[p]]
			p = root[p]
		}
		return p
	}
	tied := make([]bool, len(root))
	for _, t := range r.Ties {
		if !r.ix.suspect(t.A) || !r.ix.suspect(t.B) {
			continue
		}
		tied[t.A], tied[t.B] = true, true
		a, b := find(t.A), find(t.B)
		root[max(a, b)] = min(a, b)
	}
	for p := range root {
		if root[p] = find(int32(p)); !tied[p] {
			root[p] = -1
		}
	}
	return root
}

// casesOf returns the cases in which members are suspects, and how many of them
// have two or more.
func casesOf(members []Member) (cases []int32, joint int) {
	for _, m := range members {
		cases = append(cases, m.Suspect...)
	}
	slices.Sort(cases)
	for i := 1; i < len(cases); i++ {
		if cases[i] == cases[i-1] && (i == 1 || cases[i-2] != cases[i]) {
			joint++
		}
	}
	return slices.Compact(cases), joint
}

// A place is where a person stands: which group, and which member of it. The group
// of somebody who is in none is -1.
type place struct{ group, member int32 }

// attach gives every tie to the group and the members it holds, and everybody who
// is a suspect nowhere to the groups of those they are tied to.
func (r *Result) attach(groups []Group, places []place) {
	for i, t := range r.Ties {
		a, b := places[t.A], places[t.B]
		switch {
		case a.group >= 0 && b.group >= 0: // one group, for both are suspects
			g := &groups[a.group]
			g.Ties = append(g.Ties, int32(i))
			for _, m := range []int32{a.member, b.member} {
				g.Members[m].Ties = append(g.Members[m].Ties, int32(i))
			}
		case a.group >= 0:
			groups[a.group].Linked = append(groups[a.group].Linked, t.B)
		case b.group >= 0:
			groups[b.group].Linked = append(groups[b.group].Linked, t.A)
		}
	}
	for i := range groups {
		slices.Sort(groups[i].Linked)
		groups[i].Linked = slices.Compact(groups[i].Linked)
	}
}
