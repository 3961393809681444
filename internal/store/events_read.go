package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// A LoggedEvent is one event of the ledger as it is stored. Who acted and on what
// stand beside the seal; both are "" once the opening is erased.
type LoggedEvent struct {
	Seq     int64
	Kind    ledger.Kind
	Actor   string
	Subject string
	ledger.Sealed
}

// An EventFilter chooses events; what is "" or 0 chooses all.
type EventFilter struct {
	Kinds   []ledger.Kind // any of these
	Actor   string
	Subject string
	Before  int64     // events with smaller numbers; 0: from the newest on
	After   int64     // events with greater numbers, if not 0: the page before
	From    time.Time // on or after
	Until   time.Time // before
}

// EventPage returns events, newest first, at most limit; with After, those just
// newer than it, newest first too. Cost: an index by subject, actor or kind is
// read up to the last event returned; several kinds are read one by one, so that
// the rare are found without passing all that lie between them. Numbers rise with
// time, so a date is found by halving.
func (t *Tx) EventPage(ctx context.Context, f EventFilter, limit int) ([]LoggedEvent, error) {
	lo, hi, err := t.between(ctx, f)
	if err != nil {
		return nil, err
	}
	switch {
	case len(f.Kinds) == 0:
		return t.events(ctx, f, lo, hi, limit, "TRUE", nil)
	case f.Actor != "" || f.Subject != "":
		return t.events(ctx, f, lo, hi, limit, `+kind IN (SELECT value FROM json_each(?4))`, asJSON(f.Kinds))
	}
	var found []LoggedEvent
	for _, k := range f.Kinds {
		of, err := t.events(ctx, f, lo, hi, limit, `kind = ?4`, k)
		if err != nil {
			return nil, err
		}
		found = append(found, of...)
	}
	slices.SortFunc(found, func(a, b LoggedEvent) int { return cmp.Compare(b.Seq, a.Seq) })
	if f.After > 0 {
		return found[max(0, len(found)-limit):], nil
	}
	return found[:min(limit, len(found))], nil
}

// events returns events from lo up to hi, newest first, at most limit, which must
// meet a condition on ?4.
func (t *Tx) events(ctx context.Context, f EventFilter, lo, hi int64, limit int, condition string, v any) ([]LoggedEvent, error) {
	where := condition
	args := []any{lo, hi, limit, v, f.Subject, f.Actor}
	if f.Subject != "" {
		where += ` AND subject = ?5`
	}
	if f.Actor != "" {
		where += ` AND actor = ?6`
	}
	order := "DESC"
	if f.After > 0 {
		order = "ASC"
	}
	return all(ctx, t.tx, scanLogged, `
		SELECT seq, kind, coalesce(actor, ''), coalesce(subject, ''), leaf, salt, opening
		FROM (
			SELECT seq, kind, actor, subject, leaf, salt, opening
			FROM ledger_event
			WHERE seq >= ?1 AND seq < ?2 AND ?4 IS ?4 AND ?5 IS ?5 AND ?6 IS ?6 AND `+where+`
			ORDER BY seq `+order+`
			LIMIT ?3
		)
		ORDER BY seq DESC`, args...)
}

func scanLogged(s scanner) (e LoggedEvent, err error) {
	return e, s.Scan(&e.Seq, &e.Kind, &e.Actor, &e.Subject, &e.Leaf, &e.Salt, &e.Opening)
}

// between turns the dates and the position of a filter into a range of numbers.
func (t *Tx) between(ctx context.Context, f EventFilter) (lo, hi int64, err error) {
	size, err := t.logSize(ctx)
	if err != nil {
		return 0, 0, err
	}
	lo, hi = 0, size
	if !f.From.IsZero() {
		if lo, err = t.firstSince(ctx, size, f.From); err != nil {
			return 0, 0, err
		}
	}
	if !f.Until.IsZero() {
		if hi, err = t.firstSince(ctx, size, f.Until); err != nil {
			return 0, 0, err
		}
	}
	if f.Before > 0 {
		hi = min(hi, f.Before)
	}
	if f.After > 0 {
		lo = max(lo, f.After+1)
	}
	return lo, hi, nil
}

func (t *Tx) logSize(ctx context.Context) (size int64, err error) {
	err = t.tx.QueryRowContext(ctx, `SELECT coalesce(max(seq) + 1, 0) FROM ledger_event`).Scan(&size)
	return size, err
}

// firstSince finds the first event of a log of size events that is not before a
// moment, in log2 size steps. Where a clock was put back, events between are found
// on one side of it or the other.
func (t *Tx) firstSince(ctx context.Context, size int64, at time.Time) (int64, error) {
	lo, hi := int64(0), size
	for lo < hi {
		mid := lo + (hi-lo)/2
		e, err := t.Event(ctx, mid)
		if err != nil {
			return 0, err
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return 0, err
		}
		if leaf.At.Before(at) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// Event returns one event by its number.
func (t *Tx) Event(ctx context.Context, seq int64) (LoggedEvent, error) {
	found, err := all(ctx, t.tx, scanLogged, `
		SELECT seq, kind, coalesce(actor, ''), coalesce(subject, ''), leaf, salt, opening
		FROM ledger_event
		WHERE seq = ?1`, seq)
	if err == nil && len(found) == 0 {
		err = casefile.Errorf(casefile.NotFound, "The ledger has no event %d. Find it in the list of events.", seq)
	}
	if err != nil {
		return LoggedEvent{}, err
	}
	return found[0], nil
}

// Inclusion returns the hashes that lead from an event to the root of the log at
// its last checkpoint (RFC 6962, 2.1.1), lowest first.
func (t *Tx) Inclusion(ctx context.Context, seq int64) (tree tlog.Tree, proof []tlog.Hash, err error) {
	msg, err := t.LastCheckpoint(ctx)
	if err != nil {
		return tree, nil, err
	}
	c, err := ledger.PeekCheckpoint(msg)
	if err != nil {
		return tree, nil, err
	}
	if seq < 0 || seq >= c.Tree.N {
		return tree, nil, casefile.Errorf(casefile.NotFound, "The ledger has no event %d. Find it in the list of events.", seq)
	}
	proof, err = tlog.ProveRecord(c.Tree.N, seq, t.hashes(ctx))
	return c.Tree, proof, err
}

// LastOf returns the newest event of a kind; ok is false if there is none.
func (t *Tx) LastOf(ctx context.Context, kind ledger.Kind) (e LoggedEvent, ok bool, err error) {
	found, err := t.EventPage(ctx, EventFilter{Kinds: []ledger.Kind{kind}}, 1)
	if err != nil || len(found) == 0 {
		return e, false, err
	}
	return found[0], true, nil
}

// Actors returns who stands in the ledger as having acted, sorted.
func (t *Tx) Actors(ctx context.Context) ([]string, error) {
	// Each step jumps to the next name in the index, so the cost is in people and
	// not in events.
	return all(ctx, t.tx, func(s scanner) (a string, err error) { return a, s.Scan(&a) }, `
		WITH RECURSIVE next (actor) AS (
			SELECT min(actor) FROM ledger_event WHERE actor IS NOT NULL
			UNION ALL
			SELECT (SELECT min(e.actor) FROM ledger_event e WHERE e.actor > next.actor) FROM next WHERE next.actor IS NOT NULL
		)
		SELECT actor
		FROM next
		WHERE actor IS NOT NULL`)
}

// CheckpointAt returns the signed checkpoint of a log of that many events, nil if
// none was kept.
func (t *Tx) CheckpointAt(ctx context.Context, size int64) ([]byte, error) {
	found, err := all(ctx, t.tx, func(s scanner) (n string, err error) { return n, s.Scan(&n) }, `
		SELECT note
		FROM checkpoint
		WHERE size = ?1`, size)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return []byte(found[0]), nil
}

// Head returns the ledger's tree at its last checkpoint, and its name.
func (t *Tx) Head(ctx context.Context) (tree tlog.Tree, origin string, err error) {
	msg, err := t.LastCheckpoint(ctx)
	if err != nil {
		return tree, "", err
	}
	c, err := ledger.PeekCheckpoint(msg)
	return c.Tree, c.Origin, err
}
