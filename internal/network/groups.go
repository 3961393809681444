package network

import "slices"

// groups returns the connected components of suspects that have two or more
// members and two or more cases.
func (r *Result) groups() []Group {
	component := r.components()
	number := map[int32]int{} // root of a component -> its group
	var out []Group
	for p := range int32(len(component)) {
		root := component[p]
		if root < 0 {
			continue
		}
		g, known := number[root]
		if !known {
			g = len(out)
			number[root], out = g, append(out, Group{})
		}
		out[g].Members = append(out[g].Members, Member{
			Person: p, Suspect: r.ix.suspectIn.of(p), Otherwise: r.ix.otherwiseIn.of(p),
		})
	}
	for i := range out {
		out[i].Cases, out[i].Joint = casesOf(out[i].Members)
	}
	r.attach(out, number, component)
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

// attach gives every tie to the group and the members it holds, and everybody who
// is a suspect nowhere to the groups of those they are tied to.
func (r *Result) attach(groups []Group, number map[int32]int, component []int32) {
	groupOf := func(p int32) *Group {
		if component[p] < 0 {
			return nil
		}
		return &groups[number[component[p]]]
	}
	for i, t := range r.Ties {
		a, b := groupOf(t.A), groupOf(t.B)
		switch {
		case a != nil && b != nil:
			a.Ties = append(a.Ties, int32(i))
			a.member(t.A).Ties = append(a.member(t.A).Ties, int32(i))
			a.member(t.B).Ties = append(a.member(t.B).Ties, int32(i))
		case a != nil && !r.ix.suspect(t.B):
			a.Linked = append(a.Linked, t.B)
		case b != nil && !r.ix.suspect(t.A):
			b.Linked = append(b.Linked, t.A)
		}
	}
	for i := range groups {
		slices.Sort(groups[i].Linked)
		groups[i].Linked = slices.Compact(groups[i].Linked)
	}
}

func (g *Group) member(person int32) *Member {
	i, _ := slices.BinarySearchFunc(g.Members, person, func(m Member, p int32) int { return int(m.Person) - int(p) })
	return &g.Members[i]
}
