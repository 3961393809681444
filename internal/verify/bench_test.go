package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/ledger"
)

// BenchmarkVerifyMillion checks an export of 1,000,000 events with all openings,
// key and 100 earlier checkpoints. Run it with
//
//	go test ./internal/verify -run '^$' -bench VerifyMillion -benchtime 3x
//
// It writes about a gigabyte below TMPDIR.
func BenchmarkVerifyMillion(b *testing.B) {
	const n = 1_000_000
	dir := b.TempDir()
	start := time.Now()
	vkey, checkpoints := writeReads(b, dir, n)
	b.Logf("sealed twice and exported %d events in %.1f s: %s", n, time.Since(start).Seconds(), sizes(b, os.DirFS(dir)))

	debug.FreeOSMemory()
	resetPeak()
	before := cpuSeconds()
	for b.Loop() {
		if got := check(b, OpenExport(os.DirFS(dir)), Options{Key: vkey, Against: checkpoints[3]}); got.Verdict() != "log of 1000000 events is whole" || got.Seen.Opened != n {
			b.Fatal(got)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric((cpuSeconds()-before)/float64(b.N), "cpu-s/op")
	b.ReportMetric(peak(), "peak-MB")
}

// writeReads exports n events, everything shown, and a checkpoint for every
// hundredth of them.
func writeReads(t testing.TB, dir string, n int) (vkey string, checkpoints [][]byte) {
	t.Helper()
	r := newRegister(t, 1)
	var tree ledger.Frontier
	for s, err := range reads(n) {
		if err != nil {
			t.Fatal(err)
		}
		tree.Append(tlog.RecordHash(s.Leaf))
		if tree.Size()%int64(n/100) != 0 {
			continue
		}
		msg, err := r.signer.Sign(tree.Tree())
		if err != nil {
			t.Fatal(err)
		}
		r.checkpoints = append(r.checkpoints, msg)
	}
	vkey = r.signer.VerifierKey()
	x := ledger.Export{Checkpoint: r.checkpoints[99], Key: vkey, Events: reads(n), Earlier: r.Earlier(),
		Show: func(int64, ledger.Event) ledger.Fields { return ledger.AllFields }}
	if _, err := x.Write(dir); err != nil {
		t.Fatal(err)
	}
	return vkey, r.checkpoints
}

// reads yields n events such as a day's work leaves: somebody read a case.
func reads(n int) iter.Seq2[ledger.Sealed, error] {
	return func(yield func(ledger.Sealed, error) bool) {
		for i := range n {
			var number [8]byte
			binary.BigEndian.PutUint64(number[:], uint64(i))
			s, err := ledger.Seal(ledger.Event{
				At:      time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second),
				Kind:    ledger.CaseRead,
				Actor:   fmt.Sprintf("account:%d", i%40),
				Purpose: "first review under the terms of reference of March",
				Subject: fmt.Sprintf("niche:%07d/%d", i*7919%1000000, i%15+10),
				Body:    map[string]any{"sections": []string{"summary", "log", "outcomes"}, "version": i % 5, "checkpoint": i / 100},
			}, sha256.Sum256(number[:]))
			if !yield(s, err) {
				return
			}
		}
	}
}

// sizes says how large an export is.
func sizes(b *testing.B, files fs.FS) string {
	bytes, count := int64(0), 0
	err := fs.WalkDir(files, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		bytes, count = bytes+info.Size(), count+1
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	openings, err := fs.Stat(files, ledger.OpeningsFile)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%d files, %d MB, of which openings %d MB", count, bytes/1e6, openings.Size()/1e6)
}

// resetPeak makes the kernel forget the largest resident size so far (Linux).
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak returns the largest resident size in MB, or 0 where it is not known.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1000
}

// cpuSeconds returns the processor time used so far, or 0 where it is not
// known. It is what counts on a machine that others use too.
func cpuSeconds() float64 {
	stat, _ := os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(stat))
	if len(fields) < 15 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[13], 64)
	system, _ := strconv.ParseFloat(fields[14], 64)
	return (user + system) / 100
}

// BenchmarkRegister checks a register's own events, which are opened afresh
// from salt and fields.
func BenchmarkRegister(b *testing.B) {
	r := registerOf(b, 20_000, 50)
	for b.Loop() {
		if got := check(b, r, r.keyed()); !got.Whole {
			b.Fatal(got)
		}
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// TestWriteSampleExport writes an export for bench/fsck.sh to check.
func TestWriteSampleExport(t *testing.T) {
	dir := os.Getenv("LOOKBACK_SAMPLE_EXPORT")
	if dir == "" {
		t.Skip("LOOKBACK_SAMPLE_EXPORT does not say where to")
	}
	writeReads(t, dir, 70_000)
}
