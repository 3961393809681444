// Package custody proves what was done: the ledger as sentences, the ledger for
// outsiders, the check of a register, backups.
package custody

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
	"lookback/internal/verify"
)

// ExportLedger writes the log for outsiders. With openings it adds what the
// events say; without, only that they happened.
func ExportLedger(ctx context.Context, d *desk.Desk, by casefile.Actor, dir string, openings bool) (*ledger.Exported, error) {
	act := desk.ExportLedger
	if openings {
		act = desk.ShowOpenings
	}
	if err := d.May(by, act); err != nil {
		return nil, err
	}
	err := d.Record(ctx, by, ledger.Event{Kind: ledger.LedgerExported, Purpose: "review", Body: map[string]any{
		"folder": filepath.Base(dir), "openings": openings,
	}})
	if err != nil {
		return nil, err
	}
	var out ledger.Exported
	return &out, d.DB.View(ctx, func(tx *store.Tx) error {
		x := ledger.Export{Events: tx.Events(ctx), Earlier: tx.EarlierCheckpoints(ctx)}
		if openings {
			x.Show = func(int64, ledger.Event) ledger.Fields { return ledger.AllFields }
		}
		var err error
		if x.Checkpoint, err = tx.LastCheckpoint(ctx); err != nil {
			return err
		}
		if x.Key, err = tx.VerifierKey(ctx); err != nil {
			return err
		}
		out, err = x.Write(dir)
		return err
	})
}

// Verify checks a register's ledger, and that what was received is what the
// ledger's seals say.
func Verify(ctx context.Context, db *store.DB, opts verify.Options) (report verify.Report, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		if report, err = verify.Check(logSource{ctx, db, tx}, opts); err != nil {
			return err
		}
		return checkReceived(ctx, tx, &report)
	})
	return report, err
}

// checkReceived computes the seal of every extract again.
func checkReceived(ctx context.Context, tx *store.Tx, report *verify.Report) error {
	logged := map[int64]string{}
	at := map[int64]int64{}
	seq := int64(-1)
	for sealed, err := range tx.Events(ctx) {
		if err != nil {
			return err
		}
		seq++
		e, err := ledger.Unseal(sealed)
		if err != nil || e.Kind != ledger.ExtractImported && e.Kind != ledger.RowMended {
			continue // what is wrong with an event is in the report already
		}
		var body struct {
			Extract int64  `json:"extract"`
			Seal    string `json:"seal"`
		}
		if raw, ok := e.Body.(json.RawMessage); ok && json.Unmarshal(raw, &body) == nil {
			logged[body.Extract], at[body.Extract] = body.Seal, seq
		}
	}
	extracts, err := tx.Extracts(ctx)
	if err != nil {
		return err
	}
	held := map[int64]bool{}
	for _, e := range extracts {
		held[e.ID] = true
		seal, err := tx.Seal(ctx, e)
		if err != nil {
			return err
		}
		want, ok := logged[e.ID]
		switch {
		case !ok:
			addFault(report, verify.Fault{Where: fmt.Sprintf("extract %d", e.ID), What: "the ledger has no open event for it"})
		case seal != want:
			n := at[e.ID]
			addFault(report, verify.Fault{Events: &verify.Range{First: n, Last: n}, Where: fmt.Sprintf("extract %d", e.ID),
				What: "what the register holds of it is not what the event sealed: it was changed afterwards"})
		}
	}
	for id, n := range at {
		if !held[id] {
			addFault(report, verify.Fault{Events: &verify.Range{First: n, Last: n}, Where: fmt.Sprintf("extract %d", id), What: "the event records it, the register does not hold it"})
		}
	}
	return nil
}

func addFault(r *verify.Report, f verify.Fault) {
	r.Whole = false
	r.Faults = append(r.Faults, f)
}

// logSource is a register's log as the checker reads it.
type logSource struct {
	ctx context.Context
	db  *store.DB
	tx  *store.Tx
}

func (s logSource) Key() (string, error)           { return s.tx.VerifierKey(s.ctx) }
func (s logSource) Checkpoint() ([]byte, error)    { return s.tx.LastCheckpoint(s.ctx) }
func (s logSource) Tile(tlog.Tile) ([]byte, error) { return nil, nil }
func (s logSource) Earlier() iter.Seq2[[]byte, error] {
	return s.inView(func(tx *store.Tx) iter.Seq2[[]byte, error] { return tx.EarlierCheckpoints(s.ctx) })
}

// inView streams in a transaction of its own: the checker ranges over two
// sequences at once, from different goroutines.
func (s logSource) inView(of func(*store.Tx) iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		stopped := errors.New("stopped")
		err := s.db.View(s.ctx, func(tx *store.Tx) error {
			for v, err := range of(tx) {
				if !yield(v, err) || err != nil {
					return stopped
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(nil, err)
		}
	}
}

func (s logSource) Entries() iter.Seq2[verify.Entry, error] {
	return func(yield func(verify.Entry, error) bool) {
		n := int64(0)
		for sealed, err := range s.tx.Events(s.ctx) {
			e := verify.Entry{Leaf: sealed.Leaf}
			if !sealed.Erased() {
				index := n
				e.Open = func() (ledger.Opening, error) { return ledger.Reveal(index, sealed, ledger.AllFields) }
			}
			if !yield(e, err) {
				return
			}
			n++
		}
	}
}

// Backup writes an encrypted copy of the register while it is in use. The event
// comes first, so that the copy holds it.
func Backup(ctx context.Context, d *desk.Desk, by casefile.Actor, out string) error {
	if err := d.May(by, desk.TakeBackup); err != nil {
		return err
	}
	err := d.Record(ctx, by, ledger.Event{Kind: ledger.BackupTaken, Purpose: "backup", Body: map[string]any{"file": filepath.Base(out)}})
	if err != nil {
		return err
	}
	return d.DB.Backup(ctx, out)
}

// Restored records that a register came from a backup.
func Restored(ctx context.Context, d *desk.Desk, by casefile.Actor, backup string) error {
	return d.Record(ctx, by, ledger.Event{Kind: ledger.RegisterRestored, Purpose: "restore", Body: map[string]any{"file": filepath.Base(backup)}})
}
