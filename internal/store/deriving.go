package store

import (
	"context"
	"encoding/json"
	"iter"

	"lookback/internal/casefile"
)

// A Run is one computation of derived rows, with what it was computed from.
type Run struct {
	ID        int64
	Kind      string
	StartedAt string
	Watermark int64
	Code      string
	Figures   json.RawMessage
}

// A Deriving stages the rows of a run. Readers see none of them until
// [Deriving.Finish].
type Deriving struct {
	db    *DB
	run   int64
	lock  interface{ Close() error }
	bulks map[string]*bulk
	rows  int
}

var derivedTables = []string{"stated", "identity", "tie", "group_member", "case_fact", "quality"}

// BeginRun starts a run. It takes the lock of imports, so that what a run reads
// stays as it is.
func (db *DB) BeginRun(ctx context.Context, kind, code string) (*Deriving, error) {
	lock, err := db.lockImports()
	if err != nil {
		return nil, err
	}
	d := &Deriving{db: db, lock: lock, bulks: map[string]*bulk{}}
	err = db.sweepRuns(ctx)
	if err == nil {
		err = db.Stage(ctx, func(t *Tx) error {
			return t.tx.QueryRowContext(ctx, `
				INSERT INTO run (kind, started_at, watermark, code)
				SELECT ?1, ?2, watermark, ?3
				FROM register
				RETURNING id`, kind, instant(t.Now), code).Scan(&d.run)
		})
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return d, nil
}

// derivedBatch is how many rows are staged in one transaction.
const derivedBatch = 256

func (d *Deriving) add(ctx context.Context, table string, columns []string, args ...any) error {
	b := d.bulks[table]
	if b == nil {
		b = newBulk(table, append([]string{"run_id"}, columns...)...)
		d.bulks[table] = b
	}
	b.add(append([]any{d.run}, args...)...)
	if d.rows++; d.rows < derivedBatch {
		return nil
	}
	return d.Flush(ctx)
}

// Flush writes what was added.
func (d *Deriving) Flush(ctx context.Context) error {
	d.rows = 0
	return d.db.flushBulks(ctx, d.bulks)
}

var (
	statedColumns   = []string{"case_id", "row_id", "source", "at", "lo", "hi", "sentence"}
	identityColumns = []string{"nominal_id", "identity", "because"}
	tieColumns      = []string{"a", "b", "because"}
	memberColumns   = []string{"group_id", "identity", "because"}
	factColumns     = []string{"case_id", "facts"}
	qualityColumns  = []string{"table_name", "field", "year", "unit", "finding", "count"}
)

// Stated adds a text that states a number of suspects.
func (d *Deriving) Stated(ctx context.Context, s casefile.StatedCount) error {
	return d.add(ctx, "stated", statedColumns, s.Case, s.Row, s.Source, s.At.String(), s.Lo, s.Hi, s.Sentence)
}

// An Identity says which person a nominal is held to be, and why.
type Identity struct {
	Nominal  casefile.NominalID
	Identity string
	Because  string
}

// Identity adds a nominal's identity.
func (d *Deriving) Identity(ctx context.Context, i Identity) error {
	return d.add(ctx, "identity", identityColumns, i.Nominal, i.Identity, i.Because)
}

// Tie adds what two people share.
func (d *Deriving) Tie(ctx context.Context, a, b string, because []string) error {
	return d.add(ctx, "tie", tieColumns, a, b, asJSON(because))
}

// Member adds a person to a group.
func (d *Deriving) Member(ctx context.Context, group, identity, because string) error {
	return d.add(ctx, "group_member", memberColumns, group, identity, because)
}

// Facts adds the facts of a case, in their stored form.
func (d *Deriving) Facts(ctx context.Context, id casefile.CaseID, facts string) error {
	return d.add(ctx, "case_fact", factColumns, id, facts)
}

// Quality adds a count of the data-quality report.
func (d *Deriving) Quality(ctx context.Context, q Quality) error {
	return d.add(ctx, "quality", qualityColumns, q.Table, q.Field, q.Year, q.Unit, q.Finding, q.Count)
}

// A Quality is one count of the data-quality report: how many rows of a table,
// year and unit have a finding in a field.
type Quality struct {
	Table   casefile.Table
	Field   string
	Year    string
	Unit    string
	Finding string
	Count   int
}

// ID returns the run's id.
func (d *Deriving) ID() int64 { return d.run }

// Finish makes the run the one that readers see, inside the Update that records it.
func (d *Deriving) Finish(ctx context.Context, t *Tx, figures any) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE run
		SET finished_at = ?2, figures = ?3
		WHERE id = ?1`, d.run, instant(t.Now), asJSON(figures))
	return err
}

// Close ends the run: earlier runs and, unless it finished, its own rows go.
func (d *Deriving) Close(ctx context.Context) error {
	defer d.lock.Close()
	return d.db.sweepRuns(context.WithoutCancel(ctx))
}

// sweepRuns deletes the rows of every run but the last finished of each kind, a
// few at a time so that nobody waits.
func (db *DB) sweepRuns(ctx context.Context) error {
	var left bool
	err := db.read.QueryRowContext(ctx, `
		SELECT count(*) > count(DISTINCT CASE finished_at WHEN '' THEN NULL ELSE kind END)
		FROM run`).Scan(&left)
	if err != nil || !left {
		return fault(err)
	}
	const stale = `SELECT id FROM run r WHERE finished_at = '' OR id < (SELECT max(id) FROM run n WHERE n.kind = r.kind AND n.finished_at <> '')`
	for _, table := range derivedTables {
		for {
			var n int64
			err := db.Stage(ctx, func(t *Tx) error {
				r, err := t.tx.ExecContext(ctx, `
					DELETE FROM `+table+`
					WHERE rowid IN (SELECT rowid FROM `+table+` WHERE run_id IN (`+stale+`) LIMIT 500)`)
				if err == nil {
					n, err = r.RowsAffected()
				}
				return err
			})
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return db.Stage(ctx, func(t *Tx) error {
		_, err := t.tx.ExecContext(ctx, `DELETE FROM run WHERE id IN (`+stale+`)`)
		return err
	})
}

// LastRun returns the run that readers see. There is none before the first, and
// its ID is then 0.
func (t *Tx) LastRun(ctx context.Context, kind string) (Run, error) {
	runs, err := all(ctx, t.tx, func(s scanner) (r Run, err error) {
		var figures string
		err = s.Scan(&r.ID, &r.Kind, &r.StartedAt, &r.Watermark, &r.Code, &figures)
		r.Figures = json.RawMessage(figures)
		return r, err
	}, `
		SELECT id, kind, started_at, watermark, code, figures
		FROM run
		WHERE kind = ?1 AND finished_at <> ''
		ORDER BY id DESC
		LIMIT 1`, kind)
	if err != nil || len(runs) == 0 {
		return Run{}, err
	}
	return runs[0], nil
}

// StatedCounts streams the texts that state a number of suspects, by case.
func (t *Tx) StatedCounts(ctx context.Context, run int64) iter.Seq2[casefile.StatedCount, error] {
	return each(ctx, t.tx, func(s scanner) (c casefile.StatedCount, err error) {
		var at string
		err = s.Scan(&c.Case, &c.Row, &c.Source, &at, &c.Lo, &c.Hi, &c.Sentence)
		c.At = casefile.StoredDate(at)
		return c, err
	}, `
		SELECT case_id, row_id, source, at, lo, hi, sentence
		FROM stated
		WHERE run_id = ?1
		ORDER BY case_id, rowid`, run)
}

// CaseFacts streams the stored facts of every case, by id.
func (t *Tx) CaseFacts(ctx context.Context, run int64) iter.Seq2[[2]string, error] {
	return each(ctx, t.tx, func(s scanner) (f [2]string, err error) { return f, s.Scan(&f[0], &f[1]) }, `
		SELECT case_id, facts
		FROM case_fact
		WHERE run_id = ?1
		ORDER BY case_id`, run)
}

// Identities streams every nominal's identity, by nominal.
func (t *Tx) Identities(ctx context.Context, run int64) iter.Seq2[Identity, error] {
	return each(ctx, t.tx, func(s scanner) (i Identity, err error) {
		return i, s.Scan(&i.Nominal, &i.Identity, &i.Because)
	}, `
		SELECT nominal_id, identity, because
		FROM identity
		WHERE run_id = ?1
		ORDER BY nominal_id`, run)
}

// A Membership is one part that a member of a group has in an investigation.
type Membership struct {
	Group    string
	Identity string
	Nominal  casefile.NominalID
	Case     casefile.CaseID
	Role     string
	Because  string
}

// Memberships streams the groups with the parts of their members, by group.
func (t *Tx) Memberships(ctx context.Context, run int64) iter.Seq2[Membership, error] {
	return each(ctx, t.tx, func(s scanner) (m Membership, err error) {
		return m, s.Scan(&m.Group, &m.Identity, &m.Nominal, &m.Case, &m.Role, &m.Because)
	}, `
		SELECT g.group_id, g.identity, i.nominal_id, v.case_id, v.role, g.because
		FROM group_member g
		JOIN identity i ON i.run_id = g.run_id AND i.identity = g.identity
		JOIN involvement_now v ON v.nominal_id = i.nominal_id
		WHERE g.run_id = ?1
		ORDER BY g.group_id, g.identity, i.nominal_id, v.case_id, v.role`, run)
}

// Qualities streams the data-quality report.
func (t *Tx) Qualities(ctx context.Context, run int64) iter.Seq2[Quality, error] {
	return each(ctx, t.tx, func(s scanner) (q Quality, err error) {
		return q, s.Scan(&q.Table, &q.Field, &q.Year, &q.Unit, &q.Finding, &q.Count)
	}, `
		SELECT table_name, field, year, unit, finding, count
		FROM quality
		WHERE run_id = ?1
		ORDER BY table_name, field, finding, year, unit`, run)
}
