// Package desk is where every verb is done: an open register, the version of the
// program, and the one table of who may do what. The packages of the stages
// (intake, analysis, cohort, casework, reading, review, custody, allocation,
// account) hold the verbs.
//
// A verb asks [Desk.May] first, does its work in one transaction of the store,
// and leaves an event in the ledger. Reading a case or a person is an event too:
// [Desk.Seen].
package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Desk is one register with one version of the program.
type Desk struct {
	DB   *store.DB
	Code string // version of the program, kept with everything derived

	policy atomic.Pointer[Policy] // nil: as shipped
	memo   sync.Map               // see Memo
}

// A Progress tells how far a long verb has got: what it is doing, how much of
// how much is done (total 0: not known).
type Progress func(doing string, done, total int64)

// Tell calls p unless it is nil.
func (p Progress) Tell(doing string, done, total int64) {
	if p != nil {
		p(doing, done, total)
	}
}

// Record appends one event and nothing else.
func (d *Desk) Record(ctx context.Context, by casefile.Actor, e ledger.Event) error {
	return d.DB.Update(ctx, by, func(*store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{e}, nil
	})
}

// TextHash is the SHA-256 of texts that an event vouches for and does not hold.
func TextHash(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Seen records that the actor read something: a case, a person, a list, a
// search. It returns once the event is durable, so that no page is sent before
// its read is. Reads that happen at the same time are committed together.
func (d *Desk) Seen(ctx context.Context, by casefile.Actor, e ledger.Event) error {
	return d.DB.Note(ctx, by, e)
}

// Readable returns an error unless the actor may read the case: it exists, and it
// is not restricted, or the actor is among its named readers. To others a
// restricted case does not exist, in the same words as one that never did.
// Whoever holds the register's key at the machine can read every case.
func (d *Desk) Readable(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID) error {
	ok, err := tx.CaseReadable(ctx, Reader(by), id)
	if err == nil && !ok {
		err = casefile.Errorf(casefile.NotFound, "There is no case %s here. Check the reference, or search for it.", id)
	}
	return err
}

// Reader is the account whose restricted cases a list may show; "*" for all.
func Reader(by casefile.Actor) string {
	if by.Has(casefile.Operator) {
		return store.EveryCase
	}
	return by.ID
}

// Memo returns what make made for this key and version, making it once for all
// who ask at the same time. A new version replaces the old one. It is for what is
// costly to work out and the same for everybody.
func Memo[T any](d *Desk, key, version string, make func() (T, error)) (T, error) {
	slot, _ := d.memo.LoadOrStore(key, &memo[T]{})
	m := slot.(*memo[T])
	m.Lock()
	defer m.Unlock()
	if !m.made || m.version != version {
		v, err := make()
		if err != nil {
			return v, err
		}
		m.value, m.version, m.made = v, version, true
	}
	return m.value, nil
}

type memo[T any] struct {
	sync.Mutex
	made    bool
	version string
	value   T
}
