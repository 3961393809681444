// Package analysis derives everything from what was received: what texts state,
// identities, ties and groups, the facts of cases, data quality. It translates
// between cases and the engines, which know nothing of each other.
package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"runtime"
	"sync"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/narrative"
	"lookback/internal/store"
)

// Kind is the kind of the one run that derives everything.
const Kind = "analysis"

// Figures are what a run counted. Suspects are counted four ways that are never
// added up.
type Figures struct {
	Run        int64         `json:"run"`
	Cases      int           `json:"cases"`
	Nominals   int           `json:"nominals"`
	Identities int           `json:"identities"`
	Conflicts  int           `json:"identity_conflicts"` // identities with two PNC ids
	Suspects   SuspectCounts `json:"suspects"`
	Repeat     int           `json:"suspects_in_two_or_more"` // people who are suspects in two or more cases
	Ties       int           `json:"ties"`
	Groups     int           `json:"groups"`
	Members    int           `json:"group_members"`
	GroupCases int           `json:"group_cases"`
	LeftOut    int           `json:"hubs_left_out"` // phones, vehicles and cases that tie too many
	Texts      int           `json:"texts"`
	TextsSay   int           `json:"texts_that_state_suspects"`
}

// SuspectCounts counts cases by what is known of their suspects, and suspects
// summed over cases.
type SuspectCounts struct {
	Named           int `json:"named"`
	Unidentified    int `json:"unidentified"`
	Stated          int `json:"stated"`
	Reached         int `json:"reached"`
	CasesRecorded2  int `json:"cases_with_two_recorded"`
	CasesStated2    int `json:"cases_with_two_stated"`
	CasesOnlyStated int `json:"cases_with_two_stated_only"` // two in the text, fewer on record
}

// Run derives everything from what was received: readings of the texts,
// identities, ties and groups, facts of cases, data quality. It lands whole or
// not at all; the figures and the run are one event, since matching people is
// "combination" in law (DPA 2018 s.62). Cost: linear in rows, with the nominals
// and the uses of phones and vehicles in memory.
func Run(ctx context.Context, d *desk.Desk, by casefile.Actor, progress desk.Progress) (f *Figures, err error) {
	if err := d.May(by, desk.RunAnalysis); err != nil {
		return nil, err
	}
	out, err := d.DB.BeginRun(ctx, Kind, d.Code)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close(ctx)) }()
	run := &deriving{out: out, progress: progress, figures: &Figures{Run: out.ID()}, impossible: findings{}}
	for _, step := range []func(context.Context, *store.Tx) error{run.readTexts, run.linkPeople, run.stageNetwork, run.deriveFacts, run.assessQuality} {
		if err := run.step(ctx, d.DB, step); err != nil {
			return nil, err
		}
	}
	return run.figures, d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.AnalysisRun, Purpose: "review", Body: struct {
			Code string `json:"code"`
			*Figures
		}{d.Code, run.figures}}}, out.Finish(ctx, tx, run.figures)
	})
}

// deriving is one run on its way.
type deriving struct {
	out      *store.Deriving
	progress desk.Progress
	figures  *Figures
	net      *net

	impossible findings
}

// step reads in a transaction of its own: nothing received can change while the
// run holds the lock, a later step sees what an earlier one staged, and the
// write-ahead log can be emptied in between.
func (run *deriving) step(ctx context.Context, db *store.DB, step func(context.Context, *store.Tx) error) error {
	if err := db.View(ctx, func(tx *store.Tx) error { return step(ctx, tx) }); err != nil {
		return err
	}
	if err := run.out.Flush(ctx); err != nil {
		return err
	}
	return db.Tidy(ctx)
}

// readTexts reads every text on all cores, and stages what they state in order.
func (run *deriving) readTexts(ctx context.Context, tx *store.Tx) error {
	const size = 2048
	type job struct {
		texts []casefile.Passage
		found []casefile.StatedCount
		done  chan struct{}
	}
	jobs, queue := make(chan *job, 2*runtime.GOMAXPROCS(0)), make(chan *job, 2*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				for _, p := range j.texts {
					if s, ok := readPassage(p); ok {
						j.found = append(j.found, s)
					}
				}
				close(j.done)
			}
		})
	}
	var failed error
	written := make(chan struct{})
	go func() {
		defer close(written)
		for j := range queue {
			<-j.done
			for _, s := range j.found {
				if failed == nil {
					failed = run.out.Stated(ctx, s)
				}
			}
			run.figures.Texts += len(j.texts)
			run.figures.TextsSay += len(j.found)
			run.progress.Tell("reading texts", int64(run.figures.Texts), 0)
		}
	}()
	var texts []casefile.Passage
	send := func() {
		j := &job{texts: texts, done: make(chan struct{})}
		jobs <- j
		queue <- j
		texts = nil
	}
	var err error
	for p, e := range tx.Passages(ctx) {
		if err = e; err != nil {
			break
		}
		if texts = append(texts, p); len(texts) == size {
			send()
		}
	}
	send()
	close(jobs)
	close(queue)
	workers.Wait()
	<-written
	return errors.Join(err, failed)
}

func readPassage(p casefile.Passage) (casefile.StatedCount, bool) {
	most, text := narrative.Stated(p.Text)
	if text < 0 {
		return casefile.StatedCount{}, false
	}
	return casefile.StatedCount{Case: p.Case, Row: p.Row, Source: p.Source, At: p.At, Lo: most.Lo, Hi: most.Hi, Sentence: most.Sentence.In(p.Text)}, true
}

// deriveFacts stages the facts of every case as everything known now tells them.
func (run *deriving) deriveFacts(ctx context.Context, tx *store.Tx) error {
	src, err := collectSources(ctx, tx, run.out.ID())
	if err != nil {
		return err
	}
	f := run.figures
	return src.dossiers(ctx, tx, func(d *dossier) error {
		links := run.net.reach(d.ID)
		c := src.facts(d, clock{}, &links)
		f.Cases++
		f.Suspects.count(c)
		run.impossible.look(d)
		if f.Cases%1000 == 0 {
			run.progress.Tell("working out facts", int64(f.Cases), int64(len(run.net.cases)))
		}
		return run.out.Facts(ctx, d.ID, c.Encode())
	})
}

// Ensure derives again if rows were received, or the program changed, since the
// last run.
func Ensure(ctx context.Context, d *desk.Desk, by casefile.Actor, progress desk.Progress) error {
	stale := false
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		last, err := tx.LastRun(ctx, Kind)
		if err != nil {
			return err
		}
		r, err := tx.Register(ctx)
		stale = last.ID == 0 || last.Watermark != r.Watermark || last.Code != d.Code
		return err
	})
	if err != nil || !stale {
		return err
	}
	_, err = Run(ctx, d, by, progress)
	return err
}

// shortHash names a thing by what it was made from.
func shortHash(prefix, s string) string {
	sum := sha256.Sum256([]byte(s))
	return prefix + hex.EncodeToString(sum[:6])
}
