package link

import "slices"

// Path returns the links by which records a and b are one person, in order from a
// to b. Links in a row with the same key and value are one step, since all their
// records carry it. Nil when a is b or they are not in one cluster.
func (r Result) Path(a, b int32) []Link {
	if a == b || r.Cluster[a] != r.Cluster[b] {
		return nil
	}
	var from, to []Link // from a upwards, and from b upwards
	at, bt := a, b
	for at != bt {
		if r.depth[at] >= r.depth[bt] {
			l := r.Links[r.up[at]-1]
			from, at = append(from, l), l.other(at)
		} else {
			l := r.Links[r.up[bt]-1]
			to, bt = append(to, l), l.other(bt)
		}
	}
	slices.Reverse(to)
	return shorten(a, append(from, to...))
}

func (l Link) other(record int32) int32 {
	if record == l.A {
		return l.B
	}
	return l.A
}

// shorten joins links in a row that give the same reason.
func shorten(a int32, path []Link) []Link {
	var out []Link
	at, start := a, a
	for _, l := range path {
		end := l.other(at)
		if n := len(out); n > 0 && out[n-1].Key == l.Key && out[n-1].Value == l.Value {
			out[n-1].A, out[n-1].B = min(start, end), max(start, end)
		} else {
			start = at
			out = append(out, l)
		}
		at = end
	}
	return out
}

// root hangs every cluster from its first record, so that a path is two climbs.
func (r *Result) root() {
	n := len(r.Cluster)
	r.up, r.depth = make([]int32, n), make([]int32, n)
	offset := make([]int32, n+1)
	for _, l := range r.Links {
		offset[l.A+1]++
		offset[l.B+1]++
	}
	for i := range n {
		offset[i+1] += offset[i]
	}
	ends := slices.Clone(offset[:n])
	near := make([]int32, 2*len(r.Links)) // the links at each record
	for i, l := range r.Links {
		near[ends[l.A]], near[ends[l.B]] = int32(i), int32(i)
		ends[l.A]++
		ends[l.B]++
	}
	queue := make([]int32, 0, 64)
	for _, first := range r.First {
		queue = append(queue[:0], first)
		for len(queue) > 0 {
			at := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, li := range near[offset[at]:offset[at+1]] {
				if li+1 == r.up[at] {
					continue
				}
				next := r.Links[li].other(at)
				r.up[next], r.depth[next] = li+1, r.depth[at]+1
				queue = append(queue, next)
			}
		}
	}
}

// A forest holds disjoint sets of records: each entry leads to an earlier record
// of its set, the first one to itself.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) find(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// unite joins the sets of a and b and reports whether they were two.
func (f forest) unite(a, b int32) bool {
	a, b = f.find(a), f.find(b)
	if a == b {
		return false
	}
	f[max(a, b)] = min(a, b)
	return true
}
