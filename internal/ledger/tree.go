package ledger

import (
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A Frontier is the right edge of an RFC 6962 tree: the roots of its complete
// subtrees, largest first. It is all that appending needs to know of the past.
// The zero Frontier is that of an empty log.
type Frontier struct {
	size int64
	edge []tlog.Hash
}

// LoadFrontier reads the frontier of a log of size events from its stored
// hashes, in one call of r with at most log₂ size indexes.
func LoadFrontier(size int64, r tlog.HashReader) (*Frontier, error) {
	f := &Frontier{size: size}
	var indexes []int64
	lo := int64(0)
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, lo>>level))
			lo += 1 << level
		}
	}
	if len(indexes) == 0 {
		return f, nil
	}
	var err error
	if f.edge, err = r.ReadHashes(indexes); err != nil {
		return nil, fmt.Errorf("reading the hashes of %d events: %w", size, err)
	}
	if len(f.edge) != len(indexes) {
		return nil, fmt.Errorf("reading the hashes of %d events: asked for %d, got %d", size, len(indexes), len(f.edge))
	}
	return f, nil
}

// Size returns the number of events.
func (f *Frontier) Size() int64 { return f.size }

// Append adds the record hash of one leaf and returns the hashes to store for
// it, at index tlog.StoredHashIndex(0, size before) and onward.
func (f *Frontier) Append(leaf tlog.Hash) []tlog.Hash {
	hashes := []tlog.Hash{leaf}
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.edge) - 1
		leaf = tlog.NodeHash(f.edge[last], leaf)
		f.edge = f.edge[:last]
		hashes = append(hashes, leaf)
	}
	f.edge = append(f.edge, leaf)
	f.size++
	return hashes
}

// Tree returns size and root.
func (f *Frontier) Tree() tlog.Tree {
	if f.size == 0 {
		empty, _ := tlog.TreeHash(0, nil)
		return tlog.Tree{Hash: empty}
	}
	last := len(f.edge) - 1
	root := f.edge[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(f.edge[i], root)
	}
	return tlog.Tree{N: f.size, Hash: root}
}

// Appended is what a store must write, in the transaction that the events
// describe, to grow its log.
type Appended struct {
	First     int64       // index of Events[0] in the log
	Events    []Sealed    // one row each
	FirstHash int64       // index of Hashes[0] among the stored hashes
	Hashes    []tlog.Hash // one row each
	Tree      tlog.Tree   // the log afterwards, to be signed
}

// Append seals events as those that follow a log of size events, whose stored
// hashes r reads. Salts are drawn from rand, which must be cryptographic.
func Append(size int64, r tlog.HashReader, events []Event, rand io.Reader) (Appended, error) {
	f, err := LoadFrontier(size, r)
	if err != nil {
		return Appended{}, err
	}
	a := Appended{First: size, FirstHash: tlog.StoredHashCount(size)}
	for _, e := range events {
		var salt [SaltSize]byte
		if _, err := io.ReadFull(rand, salt[:]); err != nil {
			return Appended{}, fmt.Errorf("drawing a salt: %w", err)
		}
		s, err := Seal(e, salt)
		if err != nil {
			return Appended{}, err
		}
		a.Events = append(a.Events, s)
		a.Hashes = append(a.Hashes, f.Append(tlog.RecordHash(s.Leaf))...)
	}
	a.Tree = f.Tree()
	return a, nil
}
