package verify

import (
	"fmt"
	"math"

	"lookback/internal/ledger"
)

// never is a size that no log reaches.
const never = math.MaxInt64

// earlier reads a source's earlier checkpoints, one ahead of the events.
type earlier struct {
	pull     func() ([]byte, error, bool)
	verifier *ledger.Verifier
	read     int
	head     *ledger.Checkpoint
	ended    bool
	err      error // why it ended too soon
}

// nextSize returns the size that the next checkpoint speaks of, or never.
func (e *earlier) nextSize() int64 {
	if e.head == nil && !e.ended {
		e.readOne()
	}
	if e.head == nil {
		return never
	}
	return e.head.Tree.N
}

func (e *earlier) readOne() {
	msg, err, ok := e.pull()
	if !ok {
		e.ended = true
		return
	}
	e.read++
	var p ledger.Checkpoint
	if err == nil {
		p, err = e.verifier.Open(msg)
	}
	if err != nil {
		e.ended, e.err = true, err
		return
	}
	e.head = &p
}

// take returns the checkpoint that nextSize spoke of.
func (e *earlier) take() (where string, p ledger.Checkpoint) {
	p, e.head = *e.head, nil
	return e.where(), p
}

func (e *earlier) where() string { return fmt.Sprintf("earlier checkpoint number %d", e.read) }
