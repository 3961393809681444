package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// clocked opens a register whose clock moves on by a minute for each event.
func clocked(t *testing.T) (*DB, time.Time) {
	t.Helper()
	began := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	n := 0
	clock := func() time.Time {
		n++
		return began.Add(time.Duration(n) * time.Minute)
	}
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := Create(t.Context(), dir, key, operator, clock); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, key, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, began
}

func TestAPageOfEventsIsWhatASlowReaderFinds(t *testing.T) {
	db, _ := clocked(t)
	ctx := t.Context()
	kinds := []ledger.Kind{ledger.CaseRead, ledger.ListRead, ledger.SearchRun, ledger.BackupTaken}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		by := casefile.Actor{ID: fmt.Sprintf("reader%d", rng.IntN(4))}
		e := ledger.Event{Kind: kinds[min(rng.IntN(9), 3)], Subject: fmt.Sprintf("S:%d", rng.IntN(6))}
		if e.Kind == ledger.CaseRead && rng.IntN(3) == 0 {
			e.Kind = ledger.BackupTaken
		}
		if err := db.Update(ctx, by, func(*Tx) ([]ledger.Event, error) { return []ledger.Event{e}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	var all []LoggedEvent
	var at []time.Time
	err := db.View(ctx, func(tx *Tx) error {
		size, err := tx.logSize(ctx)
		if err != nil {
			return err
		}
		for seq := range size {
			e, err := tx.Event(ctx, seq)
			if err != nil {
				return err
			}
			leaf, err := ledger.ParseLeaf(e.Leaf)
			if err != nil {
				return err
			}
			all, at = append(all, e), append(at, leaf.At)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slow := func(f EventFilter, limit int) (out []int64) {
		for i, e := range slices.Backward(all) {
			if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) || f.Actor != "" && f.Actor != e.Actor || f.Subject != "" && f.Subject != e.Subject ||
				f.Before > 0 && e.Seq >= f.Before || f.After > 0 && e.Seq <= f.After || !f.From.IsZero() && at[i].Before(f.From) || !f.Until.IsZero() && !at[i].Before(f.Until) {
				continue
			}
			out = append(out, e.Seq)
		}
		if f.After > 0 {
			return out[max(0, len(out)-limit):]
		}
		return out[:min(limit, len(out))]
	}
	some := 0
	for range 400 {
		var f EventFilter
		if rng.IntN(2) == 0 {
			for range 1 + rng.IntN(3) {
				if k := kinds[rng.IntN(4)]; !slices.Contains(f.Kinds, k) {
					f.Kinds = append(f.Kinds, k)
				}
			}
		}
		if rng.IntN(3) == 0 {
			f.Actor = fmt.Sprintf("reader%d", rng.IntN(5))
		}
		if rng.IntN(3) == 0 {
			f.Subject = fmt.Sprintf("S:%d", rng.IntN(7))
		}
		switch rng.IntN(3) {
		case 0:
			f.Before = rng.Int64N(320)
		case 1:
			f.After = rng.Int64N(320)
		}
		if rng.IntN(3) == 0 {
			f.From = at[rng.IntN(len(at))]
		}
		if rng.IntN(3) == 0 {
			f.Until = at[rng.IntN(len(at))].Add(time.Second)
		}
		limit := 1 + rng.IntN(20)
		var got []int64
		err := db.View(ctx, func(tx *Tx) error {
			page, err := tx.EventPage(ctx, f, limit)
			for _, e := range page {
				got = append(got, e.Seq)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want := slow(f, limit)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v, %d: got %v, want %v", f, limit, got, want)
		}
		some += len(want)
	}
	if some < 500 {
		t.Errorf("the filters found only %d events: they prove little", some)
	}
}

func TestEveryEventLeadsToTheSignedRoot(t *testing.T) {
	db, _ := clocked(t)
	ctx := t.Context()
	for i := range 20 {
		if err := db.Note(ctx, operator, ledger.Event{Kind: ledger.CaseRead, Subject: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	err := db.View(ctx, func(tx *Tx) error {
		for seq := range int64(21) {
			e, err := tx.Event(ctx, seq)
			if err != nil {
				return err
			}
			tree, proof, err := tx.Inclusion(ctx, seq)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, seq, tlog.RecordHash(e.Leaf)); err != nil {
				t.Errorf("event %d: %v", seq, err)
			}
			e.Leaf[len(e.Leaf)-1] ^= 1
			if tlog.CheckRecord(proof, tree.N, tree.Hash, seq, tlog.RecordHash(e.Leaf)) == nil {
				t.Errorf("event %d: a changed leaf has a proof", seq)
			}
		}
		for _, seq := range []int64{-1, 21, 1 << 40} {
			if _, _, err := tx.Inclusion(ctx, seq); casefile.KindOf(err) != casefile.NotFound {
				t.Errorf("event %d: %v", seq, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEverybodyWhoActedIsListedOnce(t *testing.T) {
	db, _ := clocked(t)
	for _, id := range []string{"b", "a", "c", "a", "b", ""} {
		if id != "" {
			if err := db.Note(t.Context(), casefile.Actor{ID: id}, ledger.Event{Kind: ledger.CaseRead}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	err := db.View(t.Context(), func(tx *Tx) (err error) {
		got, err = tx.Actors(t.Context())
		return err
	})
	if want := []string{"a", "b", "c", operator.ID}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
