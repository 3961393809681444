package verify

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/ledger"
)

// A block is up to a tile's width of consecutive events, the unit of work.
type block struct {
	first   int64
	entries []Entry
	err     error // why the source ended after these entries
	done    chan struct{}

	hashes []tlog.Hash
	found  []found
	seen   Seen
}

type found struct {
	what  aspect
	fault Fault
}

// checkEntries grows the tree from the leaves, comparing it on the way with
// every tile and checkpoint. Reading, opening and growing overlap.
func (c *checker) checkEntries() {
	pull, stop := iter.Pull2(c.src.Earlier())
	defer stop()
	c.earlier = earlier{pull: pull, verifier: c.verifier}
	c.tiles.Emit = c.compareTile
	c.tainted = map[slot]bool{}
	c.checkpointsAt(0)
	for b := range c.blocks() {
		<-b.done
		c.take(b)
	}
	c.tiles.Flush()
	if c.tree.Size() < c.claimed.Tree.N && !c.cut {
		c.cut = true
		c.report.add(event, Fault{Where: "events", Events: only(c.tree.Size()), What: fmt.Sprintf(
			"the log ends after %d events, its checkpoint speaks of %d", c.tree.Size(), c.claimed.Tree.N)})
	}
}

// blocks returns the events in order while workers open them.
func (c *checker) blocks() <-chan *block {
	workers := runtime.GOMAXPROCS(0)
	work, inOrder := make(chan *block, workers), make(chan *block, 2*workers)
	for range workers {
		go func() {
			for b := range work {
				b.check()
				close(b.done)
			}
		}()
	}
	go func() {
		defer close(work)
		defer close(inOrder)
		c.readBlocks(func(b *block) {
			b.done = make(chan struct{})
			work <- b
			inOrder <- b
		})
	}()
	return inOrder
}

var errMore = errors.New("the log goes on after the last event that its checkpoint speaks of")

// readBlocks cuts the source's entries into blocks, none beyond the claim.
func (c *checker) readBlocks(emit func(*block)) {
	b := &block{}
	for e, err := range c.src.Entries() {
		if err == nil && b.first+int64(len(b.entries)) == c.claimed.Tree.N {
			err = errMore
		}
		if err != nil {
			b.err = err
			break
		}
		b.entries = append(b.entries, e)
		if len(b.entries) == ledger.TileWidth {
			next := &block{first: b.first + ledger.TileWidth}
			emit(b)
			b = next
		}
	}
	if len(b.entries) > 0 || b.err != nil {
		emit(b)
	}
}

// check hashes the leaves of a block and opens what is open.
func (b *block) check() {
	b.hashes = make([]tlog.Hash, len(b.entries))
	b.seen.Kinds = map[ledger.Kind]int64{}
	for i, e := range b.entries {
		index := b.first + int64(i)
		b.hashes[i] = tlog.RecordHash(e.Leaf)
		l, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			b.found = append(b.found, found{event, Fault{Where: "events", Events: only(index), What: err.Error()}})
			continue
		}
		b.seen.leaf(l)
		if err := b.seen.open(index, e, l); err != nil {
			b.found = append(b.found, found{opening, Fault{Where: "openings", Events: only(index), What: err.Error()}})
		}
	}
	b.entries = nil
}

func (s *Seen) leaf(l ledger.Leaf) {
	s.Kinds[l.Kind]++
	s.at(l.At, l.At, 0)
}

// open checks what e reveals of an event against its leaf.
func (s *Seen) open(index int64, e Entry, l ledger.Leaf) error {
	if e.Open == nil {
		s.Closed++
		return nil
	}
	o, err := e.Open()
	if err != nil {
		return err
	}
	if o.Index != index {
		return fmt.Errorf("an opening of event %d stands in its place", o.Index)
	}
	if err := o.Check(l); err != nil {
		return err
	}
	if o.Shown() == ledger.AllFields {
		s.Opened++
	} else {
		s.Partly++
	}
	return nil
}

// at notes a stretch of times that follows what was seen before.
func (s *Seen) at(first, last time.Time, backwards int64) {
	if s.First.IsZero() {
		s.First = first
	} else if first.Before(s.Last) {
		s.Backwards++
	}
	s.Last = last
	s.Backwards += backwards
}

func (s *Seen) add(t Seen) {
	if s.Kinds == nil {
		s.Kinds = map[ledger.Kind]int64{}
	}
	for k, n := range t.Kinds {
		s.Kinds[k] += n
	}
	s.Opened, s.Partly, s.Closed = s.Opened+t.Opened, s.Partly+t.Partly, s.Closed+t.Closed
	if !t.First.IsZero() {
		s.at(t.First, t.Last, t.Backwards)
	}
}

// take adds a checked block to the tree.
func (c *checker) take(b *block) {
	for _, f := range b.found {
		c.report.add(f.what, f.fault)
	}
	c.report.Seen.add(b.seen)
	for _, h := range b.hashes {
		c.tree.Append(h)
		c.tiles.Append(h)
		c.checkpointsAt(c.tree.Size())
	}
	if b.err == nil {
		return
	}
	f := Fault{Where: "events", What: b.err.Error()}
	if at := c.tree.Size(); at < c.claimed.Tree.N {
		c.cut, f.Events = true, only(at)
	}
	c.report.add(event, f)
}

// A slot is the place of one hash among the tiles.
type slot struct {
	level int
	n     int64
}

// compareTile holds a tile that was worked out from the leaves against the one
// that the source keeps. A hash that differs only because a fault below it was
// already named is not named again.
func (c *checker) compareTile(t tlog.Tile, data []byte) error {
	want := ledger.TileAt(t.L, t.N, c.claimed.Tree.N)
	under := func(slot int64) *Range {
		first := slot << (ledger.TileHeight * t.L)
		return &Range{first, min(first+1<<(ledger.TileHeight*t.L), c.claimed.Tree.N) - 1}
	}
	kept, err := c.src.Tile(want)
	if err == nil && kept == nil {
		return nil
	}
	path, first := ledger.TilePath(want), t.N*ledger.TileWidth
	if err == nil && len(kept) != want.W*tlog.HashSize {
		err = fmt.Errorf("it has %d bytes, it should have %d", len(kept), want.W*tlog.HashSize)
	}
	if err != nil {
		c.report.add(tile, Fault{Where: path, Events: &Range{under(first).First, under(first + int64(t.W) - 1).Last}, What: err.Error()})
		return nil
	}
	c.report.Tiles++
	if bytes.HasPrefix(kept, data) {
		return nil
	}
	c.differs(t, path, kept, data, under)
	return nil
}

// differs names the first hash of a tile in which kept and data disagree.
func (c *checker) differs(t tlog.Tile, path string, kept, data []byte, under func(int64) *Range) {
	named := false
	for i := 0; i < len(data); i += tlog.HashSize {
		n := t.N*ledger.TileWidth + int64(i/tlog.HashSize)
		if bytes.Equal(kept[i:i+tlog.HashSize], data[i:i+tlog.HashSize]) {
			continue
		}
		if !named && !c.tainted[slot{t.L, n}] {
			c.report.add(tile, Fault{Where: path, Events: under(n), What: "it does not hold the hash of what was logged"})
			named = true
		}
	}
	c.tainted[slot{t.L + 1, t.N}] = true
}
