package bench

import (
	"context"
	"net/url"
	"runtime"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/scope"
)

var supervisor = casefile.Actor{ID: "sup", Roles: []casefile.Role{casefile.Supervisor}}

// adopted returns a filled register with terms in force.
func adopted(b *testing.B) *desk.Desk {
	b.Helper()
	d := filled(b)
	before, err := cohort.Adopted(context.Background(), d)
	if err != nil {
		b.Fatal(err)
	}
	if len(before) > 0 {
		return d
	}
	terms, err := scope.Preset("national-two-victims")
	if err == nil {
		err = cohort.Adopt(context.Background(), d, operator, terms, "to measure")
	}
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkSnapshot measures how long the table of all cases takes to make after an
// analysis or an adoption, and what it holds in memory for each case.
func BenchmarkSnapshot(b *testing.B) {
	d := adopted(b)
	var before, after runtime.MemStats
	var v *cohort.View
	for b.Loop() {
		fresh := &desk.Desk{DB: d.DB, Code: d.Code} // what was made before is not known to it
		v = nil
		runtime.GC()
		runtime.ReadMemStats(&before)
		var err error
		if v, err = cohort.Snapshot(context.Background(), fresh, supervisor); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(v.Rows)), "B/case")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(v.Rows)), "µs/case")
	b.ReportMetric(float64(len(v.Rows)), "cases")
}

// BenchmarkList measures one page of the list of cases with its facets and the
// event of having been read.
func BenchmarkList(b *testing.B) {
	d := adopted(b)
	for _, query := range []string{"", "scope=in", "scope=in&suspects=two&marks=child&year=2014", "sort=-recorded", "ref=17", "unit=nowhere"} {
		q, err := url.ParseQuery(query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if _, err := cohort.List(context.Background(), d, supervisor, cohort.ReadFilter(q)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFind measures one page of a search for texts, people and references.
func BenchmarkFind(b *testing.B) {
	d := adopted(b)
	for _, words := range []string{"suspect", "victim reviewed", `"named three males"`, "quays*", "smith", "07700 900123", "nothinglikethis"} {
		for name, q := range map[string]cohort.Query{"all": {Words: words}, "in scope": {Words: words, InScope: true}, "dated": {Words: words, From: "2015-01-01", Until: "2015-03-01"}} {
			b.Run(words+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := cohort.Find(context.Background(), d, supervisor, q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
