package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
)

// A StageFigure is how many cases stand at a stage, and since when the oldest of
// them does.
type StageFigure struct {
	Cases  int
	Oldest time.Time
}

// StageFigures counts the cases at each of some stages, restricted ones among
// them. It names none. Cost: the cases at those stages, in the index alone.
func (t *Tx) StageFigures(ctx context.Context, stages ...casefile.Stage) (map[casefile.Stage]StageFigure, error) {
	type row struct {
		stage casefile.Stage
		StageFigure
	}
	rows, err := all(ctx, t.tx, func(s scanner) (r row, err error) {
		return r, s.Scan(&r.stage, &r.Cases, moment{&r.Oldest})
	}, `
		SELECT s.stage, count(*), min(s.since)
		FROM case_state s
		WHERE s.stage IN (SELECT value FROM json_each(?1))
		GROUP BY s.stage`, toJSON(stages))
	out := map[casefile.Stage]StageFigure{}
	for _, r := range rows {
		out[r.stage] = r.StageFigure
	}
	return out, err
}
