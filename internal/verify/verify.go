// Package verify checks a log of events without trusting whoever kept it.
//
// It shares the formats of package ledger and no state with a register: the
// same code checks an export on disk and an opened register, through [Source].
package verify

import (
	"fmt"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/ledger"
)

// A Source is a log that somebody claims to be whole. Its sequences are ranged
// over at the same time, from different goroutines, and Tile is called
// meanwhile.
type Source interface {
	// Key returns the verifier key that comes with the log.
	Key() (string, error)
	// Checkpoint returns the signed state that is claimed.
	Checkpoint() ([]byte, error)
	// Entries yields every event from the first on. An error ends the sequence.
	Entries() iter.Seq2[Entry, error]
	// Earlier yields earlier checkpoints, oldest first. An error ends the sequence.
	Earlier() iter.Seq2[[]byte, error]
	// Tile returns the stored hashes of a tile, or nil if the source keeps none.
	Tile(tlog.Tile) ([]byte, error)
}

// An Entry is one event of a source. The leaf must not change after it was
// yielded. Open is nil where the event stays closed; it is called at most once,
// from another goroutine.
type Entry struct {
	Leaf []byte
	Open func() (ledger.Opening, error)
}

// Options say what the checker brings along. Without either of them the log is
// only compared with itself.
type Options struct {
	Key     string // verifier key obtained from elsewhere
	Against []byte // checkpoint kept from earlier
}

// Check reads all of src and reports. An error means that the checker's own key
// or checkpoint cannot be read; whatever is wrong with src is in the report.
func Check(src Source, opts Options) (Report, error) {
	c := &checker{src: src}
	c.report.InternalOnly = opts.Key == "" && opts.Against == nil
	if err := c.useKey(strings.TrimSpace(opts.Key)); err != nil {
		return c.report, err
	}
	if opts.Against != nil {
		if err := c.readKept(opts.Against); err != nil {
			return c.report, err
		}
	}
	if c.verifier != nil && c.readClaim() {
		c.checkKept()
		c.checkEntries()
		c.checkEnd()
		c.checkStrays()
	}
	c.report.finish(c.rootAgrees)
	return c.report, nil
}

// A checker is the state of one check.
type checker struct {
	src      Source
	verifier *ledger.Verifier
	claimed  ledger.Checkpoint // what the source says of itself
	keptNote []byte
	kept     *ledger.Checkpoint // the checker's own, if it is of this log

	tree       ledger.Frontier // grown from the leaves as they are read
	tiles      ledger.Tiler
	tainted    map[slot]bool
	earlier    earlier
	agreed     int64 // the events agree with a checkpoint of this size
	cut        bool  // the entries ended before they should
	rootAgrees bool
	report     Report
}

// useKey settles which key must have signed: the checker's own, or for want of
// one the key that lies with the log.
func (c *checker) useKey(own string) error {
	theirs, err := c.src.Key()
	if err != nil {
		c.report.add(trust, Fault{Where: "key", What: "the verifier key that came with the log cannot be read: " + err.Error()})
	}
	if own == "" {
		v, keyErr := ledger.NewVerifier(theirs)
		if keyErr != nil && err == nil {
			c.report.add(trust, Fault{Where: "key", What: keyErr.Error()})
		}
		c.verifier = v
		return nil
	}
	v, keyErr := ledger.NewVerifier(own)
	if keyErr != nil {
		return fmt.Errorf("the key to check with: %w", keyErr)
	}
	if err == nil && theirs != own {
		c.report.add(trust, Fault{Where: "key", What: "the key that came with the log is not the key you gave, " + v.Name()})
	}
	c.verifier, c.report.KeyGiven = v, true
	return nil
}

// readClaim reads the log's checkpoint; without a good one there is nothing to
// compare the events with.
func (c *checker) readClaim() bool {
	msg, err := c.src.Checkpoint()
	if err == nil {
		c.claimed, err = c.verifier.Open(msg)
	}
	if err != nil {
		c.report.add(trust, Fault{Where: "checkpoint", What: err.Error()})
		return false
	}
	c.report.SignedBy, c.report.Checkpoint = c.verifier.Name(), point(c.claimed)
	return true
}

// readKept reads the checker's own checkpoint, forgiving what copying does to
// line ends.
func (c *checker) readKept(msg []byte) error {
	text := strings.TrimSpace(strings.ReplaceAll(string(msg), "\r\n", "\n")) + "\n"
	kept, err := ledger.PeekCheckpoint([]byte(text))
	if err != nil {
		return fmt.Errorf("the checkpoint to check against: %w", err)
	}
	c.keptNote, c.kept = []byte(text), &kept
	c.report.Against = &Against{Point: point(kept)}
	return nil
}

// checkKept demands that the kept checkpoint is signed by the log's key. That
// also ties a key which came with the log to what the checker saw earlier.
func (c *checker) checkKept() {
	if c.kept == nil {
		return
	}
	if _, err := c.verifier.Open(c.keptNote); err != nil {
		c.report.add(trust, Fault{Where: yours, What: "it is not of this log: " + err.Error()})
		c.kept = nil
	}
}

const yours = "your checkpoint"

// checkpointsAt compares the tree with every checkpoint of its size.
func (c *checker) checkpointsAt(size int64) {
	kept := c.kept != nil && c.kept.Tree.N == size
	if !kept && c.earlier.nextSize() > size {
		return
	}
	tree := c.tree.Tree()
	if kept {
		c.report.Against.Consistent = c.compare(yours, *c.kept, tree)
	}
	for c.earlier.nextSize() <= size {
		where, p := c.earlier.take()
		c.report.Earlier++
		if p.Tree.N < size {
			c.report.add(contradiction, Fault{Where: where, What: "it is older than the checkpoint before it"})
			continue
		}
		c.compare(where, p, tree)
	}
}

// compare holds a checkpoint against the tree of the same size.
func (c *checker) compare(where string, p ledger.Checkpoint, tree tlog.Tree) bool {
	if p.Tree == tree {
		c.agreed = max(c.agreed, tree.N)
		return true
	}
	f := Fault{Where: where, What: fmt.Sprintf(
		"the first %d events hash to %v, the checkpoint says %v", tree.N, tree.Hash, p.Tree.Hash)}
	if c.agreed < tree.N {
		f.Events = &Range{c.agreed, tree.N - 1}
	}
	c.report.add(contradiction, f)
	return false
}

// checkEnd compares the whole with the claim, and names checkpoints that speak
// of more events than there are.
func (c *checker) checkEnd() {
	if c.cut {
		return
	}
	c.rootAgrees = c.compare("checkpoint", c.claimed, c.tree.Tree())
	if c.kept != nil && c.kept.Tree.N > c.claimed.Tree.N {
		c.missing(yours, *c.kept)
	}
	for c.earlier.nextSize() < never {
		where, p := c.earlier.take()
		c.report.Earlier++
		c.missing(where, p)
	}
	if err := c.earlier.err; err != nil {
		c.report.add(contradiction, Fault{Where: c.earlier.where(), What: err.Error()})
	}
}

func (c *checker) missing(where string, p ledger.Checkpoint) {
	held := c.claimed.Tree.N
	c.report.add(contradiction, Fault{Where: where, Events: &Range{held, p.Tree.N - 1}, What: fmt.Sprintf(
		"it speaks of %d events, the log holds only %d: events were taken from its end", p.Tree.N, held)})
}

// checkStrays lists what lies beside the log and was not checked.
func (c *checker) checkStrays() {
	s, ok := c.src.(interface{ Strays() ([]string, error) })
	if !ok {
		return
	}
	strays, err := s.Strays()
	if err != nil {
		c.report.add(trust, Fault{Where: "folder", What: err.Error()})
	}
	c.report.NotCovered = strays
}
