package store

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// Update runs f in a write transaction and appends the events that it returns to
// the ledger in that same transaction, with a signed checkpoint. There is no
// other way to write what is received or decided, and none without an event. The
// actor of every event is by, its time the transaction's.
func (db *DB) Update(ctx context.Context, by casefile.Actor, f func(*Tx) ([]ledger.Event, error)) error {
	return db.inTx(ctx, db.write, func(t *Tx) error {
		events, err := f(t)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return errors.New("store: a write without a ledger event")
		}
		for i := range events {
			events[i].At, events[i].Actor = t.Now, by.ID
		}
		return t.appendEvents(ctx, events)
	})
}

func (t *Tx) appendEvents(ctx context.Context, events []ledger.Event) error {
	var size int64
	var signing string
	err := t.tx.QueryRowContext(ctx, `
		SELECT (SELECT coalesce(max(seq) + 1, 0) FROM ledger_event), signing_key
		FROM register`).Scan(&size, &signing)
	if err != nil {
		return err
	}
	signer, err := ledger.NewSigner(signing)
	if err != nil {
		return err
	}
	a, err := ledger.Append(size, t.hashes(ctx), events, rand.Reader)
	if err != nil {
		return err
	}
	for i, e := range a.Events {
		_, err := t.tx.ExecContext(ctx, `
			INSERT INTO ledger_event (seq, kind, leaf, salt, opening, actor, subject)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, a.First+int64(i), events[i].Kind, e.Leaf, e.Salt, e.Opening, events[i].Actor, events[i].Subject)
		if err != nil {
			return err
		}
	}
	for i, h := range a.Hashes {
		_, err := t.tx.ExecContext(ctx, `
			INSERT INTO ledger_hash (idx, hash)
			VALUES (?1, ?2)`, a.FirstHash+int64(i), h[:])
		if err != nil {
			return err
		}
	}
	note, err := signer.Sign(a.Tree)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO checkpoint (size, note)
		VALUES (?1, ?2)`, a.Tree.N, string(note))
	return err
}

// hashes reads stored hashes of the tree.
func (t *Tx) hashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, idx := range indexes {
			var b []byte
			err := t.tx.QueryRowContext(ctx, `SELECT hash FROM ledger_hash WHERE idx = ?1`, idx).Scan(&b)
			if err != nil {
				return nil, err
			}
			if copy(out[i][:], b) != tlog.HashSize {
				return nil, errors.New("a stored hash of the ledger has the wrong length")
			}
		}
		return out, nil
	})
}

// VerifierKey returns the public key of the register's ledger.
func (t *Tx) VerifierKey(ctx context.Context) (string, error) {
	var v string
	err := t.tx.QueryRowContext(ctx, `SELECT verifier FROM register`).Scan(&v)
	return strings.TrimSpace(v), err
}

// LastCheckpoint returns the newest signed checkpoint.
func (t *Tx) LastCheckpoint(ctx context.Context) ([]byte, error) {
	var note string
	err := t.tx.QueryRowContext(ctx, `
		SELECT note
		FROM checkpoint
		ORDER BY size DESC
		LIMIT 1`).Scan(&note)
	return []byte(note), err
}

// EarlierCheckpoints streams every checkpoint but the newest, oldest first.
func (t *Tx) EarlierCheckpoints(ctx context.Context) iter.Seq2[[]byte, error] {
	return each(ctx, t.tx, func(s scanner) ([]byte, error) {
		var note string
		err := s.Scan(&note)
		return []byte(note), err
	}, `
		SELECT note
		FROM checkpoint
		WHERE size < (SELECT max(size) FROM checkpoint)
		ORDER BY size`)
}

// Events streams the ledger's events as they are stored, oldest first.
func (t *Tx) Events(ctx context.Context) iter.Seq2[ledger.Sealed, error] {
	return each(ctx, t.tx, func(s scanner) (e ledger.Sealed, err error) {
		return e, s.Scan(&e.Leaf, &e.Salt, &e.Opening)
	}, `
		SELECT leaf, salt, opening
		FROM ledger_event
		ORDER BY seq`)
}
