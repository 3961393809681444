package store

import (
	"context"
	"sync"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// notes are events about what was read. Each reader waits until its own is
// durable; while one batch is written, the next one gathers, so that a hundred
// readers at once cost two commits and not a hundred.
type notes struct {
	sync.Mutex
	waiting []note
	writing bool
}

type note struct {
	event ledger.Event
	done  chan error
}

// maxNotes bounds a batch, so that a write transaction stays short.
const maxNotes = 200

// Note appends an event about something read and returns once it is durable. It
// writes nothing else. It is not cancelled with ctx once it has begun: what was
// shown must be on record even if its reader has gone.
func (db *DB) Note(ctx context.Context, by casefile.Actor, e ledger.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.Actor = by.ID
	n := note{e, make(chan error, 1)}
	db.notes.Lock()
	db.notes.waiting = append(db.notes.waiting, n)
	lead := !db.notes.writing
	db.notes.writing = true
	db.notes.Unlock()
	if lead {
		go db.writeNotes(context.WithoutCancel(ctx))
	}
	return <-n.done
}

// writeNotes writes batch after batch until nobody waits.
func (db *DB) writeNotes(ctx context.Context) {
	for {
		db.notes.Lock()
		batch := db.notes.waiting[:min(maxNotes, len(db.notes.waiting))]
		db.notes.waiting = db.notes.waiting[len(batch):]
		if len(batch) == 0 {
			db.notes.waiting, db.notes.writing = nil, false
			db.notes.Unlock()
			return
		}
		db.notes.Unlock()
		if err := db.appendNotes(ctx, batch); err == nil || len(batch) == 1 {
			tell(batch, err)
			continue
		}
		// One event that cannot be sealed must not take the others along.
		for i := range batch {
			tell(batch[i:i+1], db.appendNotes(ctx, batch[i:i+1]))
		}
	}
}

func tell(batch []note, err error) {
	for _, n := range batch {
		n.done <- err
	}
}

func (db *DB) appendNotes(ctx context.Context, batch []note) error {
	return db.inTx(ctx, db.write, func(t *Tx) error {
		events := make([]ledger.Event, len(batch))
		for i, n := range batch {
			events[i] = n.event
			events[i].At = t.Now
		}
		return t.appendEvents(ctx, events)
	})
}

// Housekeep writes what is neither received, derived nor decided: sessions,
// leases, drafts. It leaves no event, and reaches the disk before it returns.
func (db *DB) Housekeep(ctx context.Context, f func(*Tx) error) error {
	return db.inTx(ctx, db.write, f)
}
