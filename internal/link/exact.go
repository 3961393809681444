// Package link decides which records are of one person.
//
// It knows columns of strings and nothing of cases. Its first form, [Exact], joins
// records that carry the same value of a key; probabilistic linkage is to stand
// beside it and answer with the same [Result].
package link

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// DefaultMaxShared is how many records may carry one value of a key before the
// value is taken for a filler that nobody recognised as one.
const DefaultMaxShared = 50

// A Key is one column that identifies a person: records with the same value are
// one person's. Values are compared byte by byte, so the caller normalises them;
// "" is "not recorded" and matches nothing.
type Key struct {
	Name   string
	Values []string // one a record
	// MaxShared is how many records may share a value. A value with more is not
	// used, and is reported. 0 is DefaultMaxShared, negative is no limit.
	MaxShared int
	// OnePerPerson says that two values of this key in one cluster speak against
	// it, such as two PNC ids. They are reported; nothing is split, for ids are
	// mistyped and people get two.
	OnePerPerson bool
}

// A Link says why two records are one person: both carry Value in the key.
type Link struct {
	A, B  int32 // records, A < B
	Key   string
	Value string
}

// A Skipped value was carried by too many records to identify anybody.
type Skipped struct {
	Key     string
	Value   string
	Records int
}

// A Conflict is a cluster whose records carry several values of a key of which a
// person has one.
type Conflict struct {
	Cluster int32
	Key     string
	Values  []Carried // in order of the first record
}

// Carried is a value with the first record of the cluster that carries it.
type Carried struct {
	Value  string
	Record int32
}

// A Result is a partition of the records with its reasons. The same columns give
// the same result; the order of the keys decides only which of several reasons is
// given for a link.
type Result struct {
	// Cluster holds the cluster of each record. Clusters are numbered from 0 in the
	// order of their first records.
	Cluster []int32
	First   []int32 // the first record of each cluster
	// Links join every cluster and hold no circle: there is exactly one way along
	// them between two records of a cluster. Ordered by key, then by B.
	Links     []Link
	Skipped   []Skipped  // by key, then most records first, then value
	Conflicts []Conflict // by cluster, then key

	up    []int32 // the link that leads from a record towards First, plus one
	depth []int32 // links from First
}

// Exact joins n records that share the value of any key. Keys are used in the
// given order, the strongest first. It panics if a key has not n values, or if n
// does not fit an int32.
func Exact(n int, keys []Key) Result {
	if n < 0 || n > math.MaxInt32 {
		panic(fmt.Sprintf("link: %d records; expected 0 to %d", n, math.MaxInt32))
	}
	var r Result
	sets := newForest(n)
	columns := make([]column, len(keys))
	for k, key := range keys {
		if len(key.Values) != n {
			panic(fmt.Sprintf("link: key %q has %d values; expected one for each of %d records", key.Name, len(key.Values), n))
		}
		columns[k] = intern(key.Values)
		columns[k].refuse(limit(key.MaxShared))
		r.Skipped = append(r.Skipped, columns[k].skipped(key)...)
		r.Links = append(r.Links, join(sets, key, columns[k])...)
		if !key.OnePerPerson {
			columns[k] = column{}
		}
	}
	r.number(sets)
	r.root()
	for k, key := range keys {
		if key.OnePerPerson {
			r.Conflicts = append(r.Conflicts, conflicts(len(r.First), r.Cluster, key, columns[k])...)
		}
	}
	slices.SortStableFunc(r.Conflicts, func(a, b Conflict) int { return int(a.Cluster) - int(b.Cluster) })
	return r
}

func limit(maxShared int) int32 {
	switch {
	case maxShared == 0:
		return DefaultMaxShared
	case maxShared < 0 || maxShared > math.MaxInt32:
		return math.MaxInt32
	}
	return int32(maxShared)
}

// A column holds the values of a key as numbers, in the order of their first records.
type column struct {
	value []int32 // of each record, -1 for none
	first []int32 // the first record that carries a value
	count []int32 // the records that do; 0 once the value is refused
}

// intern numbers the distinct values. No value is copied: the table leads from a
// hash to the number, and by it to the first record.
func intern(values []string) column {
	c := column{value: make([]int32, len(values))}
	table := newTable(len(values))
	for i, v := range values {
		if v == "" {
			c.value[i] = -1
			continue
		}
		slot := table.find(v, func(id int32) bool { return values[c.first[id]] == v })
		if slot.number == 0 {
			c.first, c.count = append(c.first, int32(i)), append(c.count, 0)
			slot.number = int32(len(c.first))
		}
		id := slot.number - 1
		c.value[i] = id
		c.count[id]++
	}
	return c
}

// A table is an open-addressed hash table, at most half full.
type table struct {
	slots []slot
	seed  maphash.Seed // decides where a value lies, never what comes out
}

type slot struct {
	tag    uint32 // the upper half of the hash, to pass over most others unread
	number int32  // the number of the value plus one, 0 in a free slot
}

func newTable(n int) table {
	return table{make([]slot, 1<<bits.Len(uint(2*n))), maphash.MakeSeed()}
}

// find returns the slot of v, or the free one where it belongs.
func (t table) find(v string, is func(id int32) bool) *slot {
	hash, mask := maphash.String(t.seed, v), uint64(len(t.slots)-1)
	tag := uint32(hash >> 32)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &t.slots[at]
		if s.number == 0 {
			s.tag = tag
			return s
		}
		if s.tag == tag && is(s.number-1) {
			return s
		}
	}
}

// refuse marks values that more than most records carry.
func (c *column) refuse(most int32) {
	for id, n := range c.count {
		if n > most {
			c.count[id] = -n
		}
	}
}

func (c *column) refused(id int32) bool { return c.count[id] < 0 }

func (c *column) skipped(key Key) []Skipped {
	var out []Skipped
	for id, n := range c.count {
		if n < 0 {
			out = append(out, Skipped{key.Name, key.Values[c.first[id]], int(-n)})
		}
	}
	slices.SortStableFunc(out, func(a, b Skipped) int {
		if a.Records != b.Records {
			return b.Records - a.Records
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

// join unites the records of each value and returns the links that were new.
func join(sets forest, key Key, c column) []Link {
	var out []Link
	for i, id := range c.value {
		if id < 0 || c.first[id] == int32(i) || c.refused(id) {
			continue
		}
		if first := c.first[id]; sets.unite(first, int32(i)) {
			out = append(out, Link{first, int32(i), key.Name, key.Values[i]})
		}
	}
	return out
}

// number gives the clusters their numbers.
func (r *Result) number(sets forest) {
	r.Cluster = make([]int32, len(sets))
	for i := range sets {
		root := sets.find(int32(i))
		if root == int32(i) { // the root of a set is its first record
			r.Cluster[i] = int32(len(r.First))
			r.First = append(r.First, root)
			continue
		}
		r.Cluster[i] = r.Cluster[root]
	}
}

// conflicts returns the clusters in which a key has more than one value. All the
// records of a value are in one cluster, so its first record stands for them.
func conflicts(clusters int, cluster []int32, key Key, c column) []Conflict {
	earliest := make([]int32, clusters) // the first record with a value, plus one
	found := map[int32][]Carried{}
	for id, i := range c.first {
		k := cluster[i]
		switch {
		case c.refused(int32(id)):
		case earliest[k] == 0:
			earliest[k] = i + 1
		default:
			if found[k] == nil {
				was := earliest[k] - 1
				found[k] = []Carried{{key.Values[was], was}}
			}
			found[k] = append(found[k], Carried{key.Values[i], i})
		}
	}
	var out []Conflict
	for _, k := range slices.Sorted(maps.Keys(found)) {
		out = append(out, Conflict{k, key.Name, found[k]})
	}
	return out
}
