package analysis

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/store"
)

// findings counts what cannot be, case by case.
type findings map[store.Quality]int // Count is 0 in the key

func (f findings) add(d *dossier, table casefile.Table, field, finding string) {
	f[store.Quality{Table: table, Field: field, Year: d.year(), Unit: d.Unit, Finding: finding}]++
}

// year is the year that a case is counted under, as in [store.Tx.Missing].
func (d *dossier) year() string {
	for _, at := range []casefile.Date{d.ReportedAt, d.RecordedAt, d.OffenceFrom} {
		if !at.IsZero() {
			return strconv.Itoa(at.Year())
		}
	}
	return ""
}

// The youngest and the oldest that a person can believably be in a role.
const (
	youngestSuspect = 8
	oldestVictim    = 100
)

// look counts what is impossible or meaningless in a case, though each cell is
// well formed.
func (f findings) look(d *dossier) {
	if before(d.OutcomeAt, d.ReportedAt) {
		f.add(d, casefile.Investigations, "outcome_at", "outcome before report")
	}
	if before(d.ReportedAt, d.OffenceFrom) {
		f.add(d, casefile.Investigations, "reported_at", "report before offence")
	}
	for _, o := range d.outcomes {
		if before(o.At, d.ReportedAt) {
			f.add(d, casefile.Outcomes, "at", "outcome before report")
		}
	}
	for _, p := range d.people {
		if p.Nominal.Surname+p.Nominal.Forenames != "" && !Named(p.Nominal) {
			f.add(d, casefile.Nominals, "surname", "placeholder for a name")
		}
		from, to, ok := AgeAt(p, d.Investigation)
		switch {
		case !ok:
		case to < 0:
			f.add(d, casefile.Nominals, "dob", "born after the offence")
		case p.Role == casefile.RoleSuspect && to < youngestSuspect:
			f.add(d, casefile.Involvements, "age_at_offence", "suspect younger than 8")
		case p.Role == casefile.RoleVictim && from > oldestVictim:
			f.add(d, casefile.Involvements, "age_at_offence", "victim older than 100")
		}
	}
}

// before reports whether a is surely before b.
func before(a, b casefile.Date) bool {
	return !a.IsZero() && !b.IsZero() && laterDate(b, a)
}

// assessQuality stages the data-quality report.
func (run *deriving) assessQuality(ctx context.Context, tx *store.Tx) error {
	var report []store.Quality
	for key, n := range run.impossible {
		key.Count = n
		report = append(report, key)
	}
	for i, s := range casefile.Schemas {
		run.progress.Tell("counting what is missing", int64(i), int64(len(casefile.Schemas)))
		missing, err := tx.Missing(ctx, s.Table)
		if err != nil {
			return err
		}
		report = append(report, missing...)
	}
	for _, count := range []func(context.Context) ([]store.Quality, error){tx.Shared, tx.InvalidCells} {
		q, err := count(ctx)
		if err != nil {
			return err
		}
		report = append(report, q...)
	}
	slices.SortFunc(report, func(a, b store.Quality) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Finding, b.Finding),
			cmp.Compare(a.Year, b.Year), cmp.Compare(a.Unit, b.Unit))
	})
	for _, q := range report {
		if err := run.out.Quality(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
