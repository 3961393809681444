// Package bench measures Lookback on made-up forces of any size. Nothing here
// runs with the ordinary tests; docs/benchmarks.md says how to run it and what
// came out.
package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/custody"
	"lookback/internal/desk"
	"lookback/internal/intake"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/synth"
	"lookback/internal/verify"
)

var (
	cases = flag.Int("cases", 9000, "investigations in the made-up force")
	keep  = flag.String("keep", "", "folder in which extract and register are kept for the next run")
)

var operator = casefile.Actor{ID: "operator:bench", Roles: []casefile.Role{casefile.Operator}}

// extract makes the made-up force, or takes it from -keep.
func extract(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(folder(b), "extract-"+strconv.Itoa(*cases))
	if _, err := os.Stat(filepath.Join(dir, "extract.json")); err == nil {
		return dir
	}
	if _, err := synth.Write(dir, synth.Options{Cases: *cases, Seed: 1, Prevalence: .25}); err != nil {
		b.Fatal(err)
	}
	return dir
}

func folder(b *testing.B) string {
	if *keep != "" {
		return *keep
	}
	return b.TempDir()
}

func create(b *testing.B, dir string) *desk.Desk {
	b.Helper()
	key, err := store.ReadKey(dir + ".key")
	if err != nil {
		if key, err = store.NewKey(); err == nil {
			err = key.Write(dir + ".key")
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if err := store.Create(context.Background(), dir, key, operator, time.Now); err != nil {
			b.Fatal(err)
		}
	}
	db, err := store.Open(dir, key, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return &desk.Desk{DB: db, Code: "bench"}
}

// filled returns a register that holds the extract and its analysis.
func filled(b *testing.B) *desk.Desk {
	b.Helper()
	dir := filepath.Join(folder(b), "register-"+strconv.Itoa(*cases))
	_, err := os.Stat(dir)
	d := create(b, dir)
	if err == nil {
		return d
	}
	if _, err := intake.Import(context.Background(), d, operator, extract(b), nil, nil); err != nil {
		b.Fatal(err)
	}
	if _, err := analysis.Run(context.Background(), d, operator, nil); err != nil {
		b.Fatal(err)
	}
	return d
}

func BenchmarkImport(b *testing.B) {
	from := extract(b)
	for b.Loop() {
		d := create(b, filepath.Join(b.TempDir(), "register"))
		r, err := intake.Import(context.Background(), d, operator, from, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Sum().Rows), "rows")
	}
	b.ReportMetric(peak(b), "MB-peak")
}

func BenchmarkImportAgain(b *testing.B) {
	from, d := extract(b), filled(b)
	for b.Loop() {
		if _, err := intake.Import(context.Background(), d, operator, from, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(peak(b), "MB-peak")
}

func BenchmarkAnalyse(b *testing.B) {
	d := filled(b)
	for b.Loop() {
		if _, err := analysis.Run(context.Background(), d, operator, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(peak(b), "MB-peak")
}

func BenchmarkScope(b *testing.B) {
	d := filled(b)
	on, err := casefile.ParseDay("2018-06-30")
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range scope.Presets() {
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				if _, err := cohort.RunScope(context.Background(), d, operator, p, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(p.Name+"/known-on", func(b *testing.B) {
			for b.Loop() {
				if _, err := cohort.RunScope(context.Background(), d, operator, p, &on, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScopeMillion applies terms to a million cases whose facts are those of
// the made-up force, over and over.
func BenchmarkScopeMillion(b *testing.B) {
	ctx, d := context.Background(), filled(b)
	var facts []string
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		run, err := tx.LastRun(ctx, "analysis")
		if err != nil {
			return err
		}
		for f, err := range tx.CaseFacts(ctx, run.ID) {
			if err != nil {
				return err
			}
			facts = append(facts, f[1])
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	big := create(b, filepath.Join(b.TempDir(), "million"))
	run, err := big.DB.BeginRun(ctx, "analysis", big.Code)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1_000_000 {
		if err := run.Facts(ctx, casefile.NewCaseID("SYNTH", fmt.Sprintf("%07d", i)), facts[i%len(facts)]); err != nil {
			b.Fatal(err)
		}
	}
	if err := run.Flush(ctx); err != nil {
		b.Fatal(err)
	}
	err = big.DB.Update(ctx, operator, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.AnalysisRun}}, run.Finish(ctx, tx, struct{}{})
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := run.Close(ctx); err != nil {
		b.Fatal(err)
	}
	for _, p := range scope.Presets() {
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				r, err := cohort.RunScope(ctx, big, operator, p, nil, nil)
				if err != nil || r.Cases != 1_000_000 {
					b.Fatal(r, err)
				}
			}
		})
	}
	b.ReportMetric(peak(b), "MB-peak")
}

func BenchmarkSearch(b *testing.B) {
	d := filled(b)
	for _, words := range []string{"suspect", "victim reviewed", `"named three males"`, "people carrier", "quays*", "nothinglikethis"} {
		b.Run(words, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := d.DB.Search(context.Background(), words, 20, 1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWriteDuringImport measures a decision-sized write with its event
// while an import stages rows beside it, or with nothing beside it.
func BenchmarkWriteDuringImport(b *testing.B) {
	from := extract(b)
	for _, beside := range []string{"quiet", "import"} {
		b.Run(beside, func(b *testing.B) {
			d := create(b, filepath.Join(b.TempDir(), "register"))
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				if beside == "import" {
					intake.Import(ctx, d, operator, from, nil, nil)
				}
			}()
			if beside == "import" {
				time.Sleep(2 * time.Second)
			}
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				decide(b, d)
				took = append(took, time.Since(start))
				time.Sleep(5 * time.Millisecond)
			}
			select {
			case <-done:
				if beside == "import" {
					b.Fatal("the import ended before the writes: give more -cases")
				}
			default:
			}
			cancel()
			<-done
			slices.Sort(took)
			at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
			b.ReportMetric(at(.5), "ms-p50")
			b.ReportMetric(at(.95), "ms-p95")
			b.ReportMetric(at(.99), "ms-p99")
			b.ReportMetric(at(1), "ms-max")
		})
	}
}

func decide(b *testing.B, d *desk.Desk) {
	err := d.DB.Update(context.Background(), operator, func(tx *store.Tx) ([]ledger.Event, error) {
		a := store.Adoption{Name: "bench", Version: 1, Terms: "{}", SHA256: "-", Reason: strings.Repeat("because ", 100), AdoptedBy: operator.ID}
		return []ledger.Event{{Kind: ledger.CriteriaAdopted, Purpose: "bench", Body: a}}, tx.Adopt(context.Background(), a)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkVerifyRegister(b *testing.B) {
	d := filled(b)
	for b.Loop() {
		r, err := custody.Verify(context.Background(), d.DB, verify.Options{})
		if err != nil || !r.Whole {
			b.Fatal(r, err)
		}
	}
}

// peak is the largest resident size of this process so far, in MB, as Linux counts it.
func peak(b *testing.B) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(f[1])
			return float64(kb) / 1024
		}
	}
	return 0
}
