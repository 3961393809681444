package cohort

import (
	"context"
	"fmt"
	"strconv"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// Pages count under terms of reference over the last analysis, whether or not rows
// came in since: who reads figures may not be allowed to run one. The commands
// derive first, see [RunScope].

// errNoAnalysis says what to do before anything can be counted.
var errNoAnalysis = casefile.Errorf(casefile.NotFound, "Nothing has been analysed yet, so nothing can be counted. Import an extract, then run the analysis.")

// Count applies terms of reference to every case as the last analysis tells it, or
// as known on a day. Cost: as of [RunScope].
func Count(ctx context.Context, d *desk.Desk, by casefile.Actor, t scope.Terms, knownOn *casefile.Day, progress desk.Progress) (*ScopeFigure, error) {
	figures, err := CountAll(ctx, d, by, []scope.Terms{t}, knownOn, progress)
	if err != nil {
		return nil, err
	}
	return figures[0], nil
}

// CountAll is Count for several terms, in one walk over the cases and one event.
func CountAll(ctx context.Context, d *desk.Desk, by casefile.Actor, terms []scope.Terms, knownOn *casefile.Day, progress desk.Progress) ([]*ScopeFigure, error) {
	if err := d.May(by, desk.ReadFigures); err != nil {
		return nil, err
	}
	var programs []*scope.Program
	var falls []*scope.Waterfall
	for _, t := range terms {
		p, err := scope.Compile(t)
		if err != nil {
			return nil, casefile.Errorf(casefile.Invalid, "%s", err)
		}
		programs, falls = append(programs, p), append(falls, scope.NewWaterfall(p))
	}
	run, err := eachCounted(ctx, d, programs, knownOn, progress, func(s []scoped) error {
		for i := range s {
			falls[i].Add(s[i].result)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []*ScopeFigure
	var counts []map[string]any
	for i, w := range falls {
		f := &ScopeFigure{WaterfallReport: w.Report(), Run: run}
		f.PossiblyIn = f.Tally.PossiblyIn()
		if err := f.WaterfallReport.Check(); err != nil {
			return nil, err
		}
		if knownOn != nil {
			f.KnownOn, f.Limits = knownOn.String(), programs[i].Limits()
		}
		out = append(out, f)
		counts = append(counts, map[string]any{"fingerprint": f.Fingerprint, "run": run, "known_on": f.KnownOn, "in": f.In, "out": f.Out, "unknown": f.Unknown})
	}
	e := ledger.Event{Kind: ledger.ScopeRun, Purpose: "review", Subject: terms[0].Name, Body: counts[0]}
	if len(terms) > 1 {
		e.Subject, e.Body = fmt.Sprintf("%d versions side by side", len(terms)), map[string]any{"counts": counts}
	}
	return out, d.Record(ctx, by, e)
}

// Compare says who enters and who leaves when terms a are replaced by b, as the
// last analysis tells the cases. It keeps the ids of at most keep cases for each
// kind of move, restricted ones among them.
func Compare(ctx context.Context, d *desk.Desk, by casefile.Actor, a, b scope.Terms, keep int, progress desk.Progress) (*scope.DiffReport, error) {
	if err := d.May(by, desk.ReadFigures); err != nil {
		return nil, err
	}
	from, err := scope.Compile(a)
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s", err)
	}
	to, err := scope.Compile(b)
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s", err)
	}
	diff := scope.NewDiff(from, to)
	diff.Keep = keep
	run, err := eachCounted(ctx, d, []*scope.Program{from, to}, nil, progress, func(s []scoped) error {
		diff.Add(s[0].id, s[0].result, s[1].result)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := diff.Report()
	return &r, d.Record(ctx, by, ledger.Event{Kind: ledger.ScopeRun, Purpose: "review", Subject: a.Name + " to " + b.Name, Body: map[string]any{
		"from": from.Fingerprint(), "to": to.Fingerprint(), "run": run, "enter": r.Enter, "leave": r.Leave,
	}})
}

// eachCounted evaluates programs over every case of the last analysis, by id.
func eachCounted(ctx context.Context, d *desk.Desk, programs []*scope.Program, knownOn *casefile.Day, progress desk.Progress, yield func([]scoped) error) (run int64, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		last, err := tx.LastRun(ctx, analysis.Kind)
		if err != nil {
			return err
		}
		if run = last.ID; run == 0 {
			return errNoAnalysis
		}
		if knownOn != nil {
			return scopeKnownOn(ctx, tx, run, programs, *knownOn, progress, yield)
		}
		return scopeNow(ctx, tx, run, programs, progress, yield)
	})
	return run, err
}

// A Basis is what counts rest on.
type Basis struct {
	Run      int64  // 0 before the first analysis
	Analysed string // instant at which it began
	Stale    bool   // rows were received since, or the program changed
}

// Key names the basis among others.
func (b Basis) Key() string { return strconv.FormatInt(b.Run, 10) }

// LastBasis says what counts made now rest on.
func LastBasis(ctx context.Context, d *desk.Desk) (b Basis, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		last, err := tx.LastRun(ctx, analysis.Kind)
		if err != nil {
			return err
		}
		r, err := tx.Register(ctx)
		b = Basis{last.ID, last.StartedAt, last.ID != 0 && (last.Watermark != r.Watermark || last.Code != d.Code)}
		return err
	})
	return b, err
}
