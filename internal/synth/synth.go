// Package synth makes up a police force: an extract with every table of the
// contract, documents, and the truth that an import never reads.
//
// Everything follows from a seed. A case draws from a strand of its own, so that
// a million cases are written in a stream, one event after the other, and only
// the plan of the events and the people met more than once are held in memory.
// What is planted, at which rates, is in rates.go and in docs/synth.md.
package synth

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"lookback/internal/casefile"
)

// Options say what to make.
type Options struct {
	Cases      int     // investigations; 1 to MaxCases
	Seed       uint64  // the same seed gives the same bytes, on any machine
	Prevalence float64 // share of cases whose truth is group-based, 0 to 1
	// Progress, if set, hears of every thousandth case and of the last.
	Progress func(done, total int)
}

// Defaults of the command line.
const (
	DefaultCases      = 9000
	DefaultPrevalence = 0.25
	MaxCases          = 10_000_000
)

// A Summary says what was written.
type Summary struct {
	Cases      int                    `json:"cases"`
	GroupBased int                    `json:"group_based"`
	Networks   int                    `json:"networks"`
	Rows       map[casefile.Table]int `json:"rows"`
	Documents  int                    `json:"documents"`
	Bytes      int64                  `json:"bytes"` // of the tables
	Traps      map[Trap]int           `json:"traps"`
	// Faults counts, by table, the rows that an import must quarantine; FaultKinds
	// counts the same rows by what is wrong with them.
	Faults     map[casefile.Table]int `json:"faults"`
	FaultKinds map[string]int         `json:"fault_kinds"`
}

// Write makes an extract in dir, which must not exist or be empty.
func Write(dir string, o Options) (Summary, error) {
	if err := o.check(dir); err != nil {
		return Summary{}, err
	}
	g := newGenerator(dir, o)
	err := g.openTables()
	if err == nil {
		err = g.everything()
	}
	if err = errors.Join(err, g.closeTables()); err != nil {
		return Summary{}, casefile.Errorf(casefile.Full, "The synthetic extract could not be written to %s: %w", dir, err)
	}
	for _, t := range g.tables {
		g.summary.Bytes += t.bytes
	}
	if err := g.writeManifest(); err != nil {
		return Summary{}, casefile.Errorf(casefile.Full, "The manifest could not be written to %s: %w", dir, err)
	}
	return g.summary, nil
}

func (o Options) check(dir string) error {
	if o.Cases < 1 || o.Cases > MaxCases {
		return casefile.Errorf(casefile.Invalid, "The number of cases is %d; it must be between 1 and %d.", o.Cases, MaxCases)
	}
	if !(o.Prevalence >= 0 && o.Prevalence <= 1) {
		return casefile.Errorf(casefile.Invalid, "The prevalence is %v; it must be a share between 0 and 1, such as 0.25.", o.Prevalence)
	}
	held, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return casefile.Errorf(casefile.Invalid, "The folder %s cannot be used for an extract: %w", dir, err)
	}
	if len(held) > 0 {
		return casefile.Errorf(casefile.Invalid, "The folder %s is not empty; name a new or an empty folder for the extract.", dir)
	}
	return nil
}

// A generator writes one extract.
type generator struct {
	dir     string
	seed    uint64
	options Options
	plan    *plan
	tables  map[casefile.Table]*csvFile
	truth   map[string]*csvFile
	summary Summary

	scramble   scrambler
	poolSize   int                      // people of the pool, by birth year and sex
	places     map[string][]sharedPlace // premises that many cases share, by kind
	solicitors []string                 // phones that pass through many hands
	poolCars   []string                 // vehicles that do
	seen       map[uint64]struct{}      // shared people and things already written
	seenHere   map[uint64]struct{}      // local ones of the event at hand
	phones     int                      // telephone numbers given out
	marks      int                      // vehicle marks given out
	roles      map[personID]uint8       // parts that people of the pool have played

	// heard, if set by a test, hears of every part that a person plays.
	heard func(role string, h *human)
}

func newGenerator(dir string, o Options) *generator {
	p := newPlan(o)
	g := &generator{
		dir: dir, seed: o.Seed, options: o, plan: p,
		tables: map[casefile.Table]*csvFile{}, truth: map[string]*csvFile{},
		scramble: newScrambler(o.Seed), poolSize: max(2, o.Cases/900),
		places: map[string][]sharedPlace{}, seen: map[uint64]struct{}{}, seenHere: map[uint64]struct{}{}, roles: map[personID]uint8{},
	}
	g.summary = Summary{
		Cases: o.Cases, GroupBased: p.group, Networks: len(p.networks), Rows: map[casefile.Table]int{},
		Traps: map[Trap]int{}, Faults: map[casefile.Table]int{}, FaultKinds: map[string]int{},
	}
	return g
}

func (g *generator) everything() error {
	g.writePlaces()
	if err := g.writeEvents(); err != nil {
		return err
	}
	g.writeFaults()
	g.writeNetworks()
	for _, s := range casefile.Schemas {
		t := g.tables[s.Table]
		g.summary.Rows[s.Table] = t.rows
	}
	return nil
}

func (g *generator) writeEvents() error {
	for at := range g.plan.events {
		e := &g.plan.events[at]
		clear(g.seenHere)
		f := g.factsOf(int32(at))
		for k := range int(e.size) {
			if err := g.writeRecord(f, e.first+int32(k), k); err != nil {
				return err
			}
			g.progress(int(e.first) + k + 1)
		}
	}
	return nil
}

func (g *generator) progress(done int) {
	if g.options.Progress != nil && (done%1000 == 0 || done == g.plan.records) {
		g.options.Progress(done, g.plan.records)
	}
}

func (g *generator) table(t casefile.Table) *csvFile { return g.tables[t] }

func (g *generator) trap(t Trap) { g.summary.Traps[t]++ }

// first reports whether the thing with this reference has not been written yet,
// and notes that it will be.
func (g *generator) first(ref uint64, shared bool) bool {
	seen := g.seenHere
	if shared {
		seen = g.seen
	}
	if _, held := seen[ref]; held {
		return false
	}
	seen[ref] = struct{}{}
	return true
}

// recordedAt is when the system first held a row: some days after the event that
// it tells of, and for some rows not said.
func (g *generator) recordedAt(r *rng, day casefile.Day, lag int) string {
	if r.in(rateRecordedMissing) {
		g.trap(RecordedMissing)
		return ""
	}
	return moment(r, day+casefile.Day(r.below(lag+1)))
}

// crimeRef is the reference of a record: a force code that no force has, a
// number that grows, and the year in which it was recorded.
func (g *generator) crimeRef(record int32) string {
	r := newRNG(g.seed, refStrand, uint64(record)+1)
	n := int(record)*7 + r.below(7) + 1
	y, _, _ := civil(g.reportDay(record))
	b := append([]byte("ZZ/"), pad(int64(n), 7)...)
	return string(put2(append(b, '/'), y%100))
}

func pad(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

func formatShare(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
