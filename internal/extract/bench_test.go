package extract

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/xuri/excelize/v2"

	"lookback/internal/casefile"
)

// logRows writes a log of n entries as a CSV file of an extract, about 146 bytes a row.
func logRows(t testing.TB, n int) string {
	t.Helper()
	dir := folderOf(t, three)
	f, err := os.Create(filepath.Join(dir, "log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, "crime_ref,seq,at,author,rank,type,text,supervisor")
	for i := range n {
		fmt.Fprintf(f, "SYN/%07d/14,%d,2014-%02d-%02dT%02d:%02d,P%04d,PC,enquiry,\"Call made to the informant, who was not at home; message left, see entry %d for the reply.\",%s\n",
			i/30, i%30+1, i%12+1, i%28+1, i%24, i%60, i%900, i%7, []string{"y", "n"}[i%2])
	}
	return dir
}

func BenchmarkOpen(b *testing.B) { benchmarkLog(b, false) }
func BenchmarkRows(b *testing.B) { benchmarkLog(b, true) }

func benchmarkLog(b *testing.B, stream bool) {
	const rows = 300_000
	dir := logRows(b, rows)
	x := mustOpen(b, dir, nil)
	f := fileOf(b, x, casefile.Log)
	b.SetBytes(f.Size)
	b.ReportAllocs()
	for b.Loop() {
		if !stream {
			mustOpen(b, dir, nil)
			continue
		}
		n := 0
		for row, err := range x.Rows(f) {
			if err != nil || row.Problems != nil {
				b.Fatal(err, sentences(row))
			}
			n++
		}
		if n != rows {
			b.Fatalf("%d rows", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Memory must not grow with the number of rows.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 400,000 rows")
	}
	peak := func(n int) uint64 {
		x := mustOpen(t, logRows(t, n), nil)
		runtime.GC()
		var m runtime.MemStats
		most, seen := uint64(0), 0
		for _, err := range x.Rows(fileOf(t, x, casefile.Log)) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen%20_000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		return most
	}
	small, large := peak(40_000), peak(400_000)
	t.Logf("live heap: %s with 40,000 rows, %s with 400,000", size(int64(small)), size(int64(large)))
	if large > small+2<<20 {
		t.Errorf("live heap grew from %d to %d bytes", small, large)
	}
}

func BenchmarkSuggest(b *testing.B) {
	dir := folderOf(b, vendorExtract(scrambled, 500, 7))
	for b.Loop() {
		if _, _, err := Suggest(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSheet(b *testing.B) {
	const rows = 50_000
	x := mustOpen(b, folderOf(b, with(files{"log.xlsx": logSheet(b, rows)})), nil)
	f := fileOf(b, x, casefile.Log)
	for b.Loop() {
		n := 0
		for row, err := range x.Rows(f) {
			if err != nil || row.Problems != nil {
				b.Fatal(err, sentences(row))
			}
			n++
		}
		if n != rows {
			b.Fatalf("%d rows", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// logSheet writes a log of n entries as a workbook.
func logSheet(t testing.TB, n int) string {
	t.Helper()
	book := excelize.NewFile()
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	w.SetRow("A1", []any{"crime_ref", "seq", "author", "text"})
	for i := range n {
		w.SetRow(fmt.Sprintf("A%d", i+2), []any{fmt.Sprintf("SYN/%07d/14", i/30), i%30 + 1, "P17", "Call made to the informant, who was not at home."})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := book.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}
