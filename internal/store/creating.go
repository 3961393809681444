package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// Create makes a new register in dir. It appears whole or not at all.
func Create(ctx context.Context, dir string, key Key, by casefile.Actor, clock func() time.Time) error {
	if err := mustBeFree(dir); err != nil {
		return err
	}
	return appear(dir, func(partial string) error {
		db, err := open(partial, key, clock)
		if err != nil {
			return err
		}
		err = db.found(ctx, by)
		return errors.Join(err, db.Close())
	})
}

// found writes the register's one row and its first event.
func (db *DB) found(ctx context.Context, by casefile.Actor) error {
	skey, vkey, err := ledger.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	return db.Update(ctx, by, func(t *Tx) ([]ledger.Event, error) {
		var id [8]byte
		rand.Read(id[:])
		register := fmt.Sprintf("%x", id)
		_, err := t.tx.ExecContext(ctx, `
			INSERT INTO register (only, id, created_at, signing_key, verifier)
			VALUES (1, ?1, ?2, ?3, ?4)`, register, instant(t.Now), skey, vkey)
		return []ledger.Event{{
			Kind: ledger.RegisterCreated, Purpose: "a new register", Subject: register,
			Body: map[string]string{"verifier": vkey},
		}}, err
	})
}

func mustBeFree(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return casefile.Errorf(casefile.Invalid, "%s cannot be used for a register: %w", dir, err)
	case len(entries) > 0:
		return casefile.Errorf(casefile.Conflict, "%s is not empty. A register needs a folder of its own: give another name.", dir)
	}
	return nil
}

// appear builds a folder under another name and moves it to dir when it is whole.
func appear(dir string, build func(partial string) error) error {
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return fault(err)
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return casefile.Errorf(casefile.Invalid, "%s cannot be made: %w", dir, err)
	}
	if err := build(partial); err != nil {
		os.RemoveAll(partial)
		return fault(err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault(err)
	}
	return fault(os.Rename(partial, dir))
}
