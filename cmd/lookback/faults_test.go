package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/intake"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/synth"
)

// faultCases is how many cases the registers of these tests hold: enough that a
// step takes a moment, few enough to do it some forty times.
const faultCases = 150

// newForce makes an extract without documents (starting the PDF reader takes
// longer than everything else) and returns its folder.
func newForce(t *testing.T, dir string, seed uint64) string {
	t.Helper()
	from := filepath.Join(dir, "extract")
	if _, err := synth.Write(from, synth.Options{Cases: faultCases, Seed: seed, Prevalence: .25}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"documents.csv", "documents", "truth", "extract.json"} {
		if err := os.RemoveAll(filepath.Join(from, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeManifest(from, true); err != nil {
		t.Fatal(err)
	}
	return from
}

// lookback runs the program as a process of its own.
func lookback(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	c, out, errOut := process(t, args...)
	err = c.Run()
	return out.String(), errOut.String(), err
}

func process(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	path, err := exec.LookPath("lookback")
	if err != nil {
		t.Fatal(err)
	}
	c = exec.Command(path, args...)
	c.Env = append(os.Environ(), "LOOKBACK_KEY_FILE=")
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	c.Stdout, c.Stderr = stdout, stderr
	return c, stdout, stderr
}

func done(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, err := lookback(t, args...)
	if err != nil {
		t.Fatalf("lookback %s: %v\n%s", strings.Join(args, " "), err, errOut)
	}
	return out
}

// killAfter starts the program and kills it, as a machine that dies would. It
// reports whether the program was still running.
func killAfter(t *testing.T, wait time.Duration, args ...string) bool {
	t.Helper()
	c, _, _ := process(t, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wait)
	c.Process.Kill()
	return c.Wait() != nil
}

// takes measures how long a command needs, once, so that kills can be spread over it.
func takes(t *testing.T, args ...string) time.Duration {
	t.Helper()
	start := time.Now()
	done(t, args...)
	return time.Since(start)
}

// spread calls kill at n moments over a time, and insists that most of them hit.
// A machine that was busy while the time was taken runs faster later: a miss
// shortens what is left.
func spread(t *testing.T, over time.Duration, n int, kill func(wait time.Duration) (hit bool)) {
	t.Helper()
	hits := 0
	for i := range n {
		if kill(over * time.Duration(i+1) / time.Duration(n+1)) {
			hits++
		} else {
			over = over * 2 / 3
		}
	}
	if hits < n/2 {
		t.Errorf("only %d of %d kills hit a running program", hits, n)
	}
	t.Logf("%d of %d kills, over %v, hit", hits, n, over)
}

// state is what a register holds, as far as anybody can see: its ledger's size and
// every current row, quarantined row and derived row.
func state(t *testing.T, dir string) string {
	t.Helper()
	db := openRegister(t, dir)
	defer db.Close()
	var b strings.Builder
	e := json.NewEncoder(&b)
	err := db.View(t.Context(), func(tx *store.Tx) error {
		checkpoint, err := tx.LastCheckpoint(t.Context())
		if err != nil {
			return err
		}
		extracts, err := tx.Extracts(t.Context())
		if err != nil {
			return err
		}
		e.Encode([]any{string(checkpoint), extracts})
		for _, s := range casefile.Schemas {
			for h, err := range tx.HeldRows(t.Context(), s.Table) {
				if err != nil {
					return err
				}
				e.Encode(h)
			}
		}
		run, err := tx.LastRun(t.Context(), "analysis")
		if err != nil {
			return err
		}
		e.Encode(run)
		for f, err := range tx.CaseFacts(t.Context(), run.ID) {
			if err != nil {
				return err
			}
			e.Encode(f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if hits, n, err := db.Search(t.Context(), "suspect", 5, 1000); err != nil {
		t.Fatal(err)
	} else {
		e.Encode([]any{hits, n})
	}
	return b.String()
}

// derived is the part of a state that an analysis makes: the facts of every case.
func derived(state string) string {
	var facts []string
	for line := range strings.Lines(state) {
		if strings.HasPrefix(line, `["SYNTH:`) {
			facts = append(facts, line)
		}
	}
	return strings.Join(facts, "")
}

func mustVerify(t *testing.T, path string, identity string) {
	t.Helper()
	if out := done(t, "verify", "-identity", identity, path); !strings.Contains(out, "is whole") {
		t.Errorf("verify %s: %s", path, out)
	}
}

// allHeld is the last line of an import that found everything there.
var allHeld = regexp.MustCompile(`(?m)^all +\d+ rows: 0 accepted`)

func TestAnImportKilledLeavesNothingHalfDone(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a program many times")
	}
	tmp := t.TempDir()
	dir, first := filepath.Join(tmp, "r"), newForce(t, filepath.Join(tmp, "1"), 1)
	second := newForce(t, filepath.Join(tmp, "2"), 2)
	done(t, "init", "-dir", dir)
	over := takes(t, "import", "-dir", dir, first)
	before, landed := state(t, dir), false
	spread(t, over, 9, func(wait time.Duration) bool {
		hit := killAfter(t, wait, "import", "-dir", dir, second)
		if state(t, dir) != before {
			// It had landed just before it died: then all of it is here.
			if out := done(t, "import", "-dir", dir, second); !allHeld.MatchString(out) {
				t.Fatalf("killed after %v, the register holds a part of the import: %s", wait, out)
			}
			before, landed, hit = state(t, dir), true, false
		}
		mustVerify(t, dir, keyPath(dir))
		return hit
	})
	out := done(t, "import", "-dir", dir, second)
	if !strings.Contains(out, "investigations") || !landed && state(t, dir) == before {
		t.Errorf("the import that followed the kills brought nothing: %s", out)
	}
	mustVerify(t, dir, keyPath(dir))
}

func TestAnAnalysisKilledLeavesTheLastOneInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a program many times")
	}
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "r")
	done(t, "init", "-dir", dir)
	done(t, "import", "-dir", dir, newForce(t, tmp, 1))
	over := takes(t, "analyse", "-dir", dir)
	before := state(t, dir)
	spread(t, over, 9, func(wait time.Duration) bool {
		hit := killAfter(t, wait, "analyse", "-dir", dir)
		if after := state(t, dir); after != before {
			// It had finished just before it died: then it is whole, and says the same.
			if derived(after) != derived(before) {
				t.Fatalf("killed after %v, the register shows another analysis", wait)
			}
			before, hit = after, false
		}
		return hit
	})
	mustVerify(t, dir, keyPath(dir))
	done(t, "analyse", "-dir", dir)
}

func TestABackupKilledLeavesNoBackup(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a program many times")
	}
	tmp := t.TempDir()
	dir, out := filepath.Join(tmp, "r"), filepath.Join(tmp, "b.age")
	done(t, "init", "-dir", dir)
	done(t, "import", "-dir", dir, newForce(t, tmp, 1))
	over := takes(t, "backup", "-dir", dir, "-out", out+".first")
	spread(t, over, 8, func(wait time.Duration) bool {
		hit := killAfter(t, wait, "backup", "-dir", dir, "-out", out)
		if _, err := os.Stat(out); err == nil {
			mustVerify(t, out, keyPath(dir)) // it was ready just before
			os.Remove(out)
		}
		mustVerify(t, dir, keyPath(dir))
		return hit
	})
	done(t, "backup", "-dir", dir, "-out", out)
	mustVerify(t, out, keyPath(dir))
	if left, _ := filepath.Glob(out + ".partial*"); len(left) > 0 {
		t.Errorf("the backup that followed the kills left %v behind", left)
	}
}

func TestARestoreKilledLeavesNoRegister(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a program many times")
	}
	tmp := t.TempDir()
	dir, backup := filepath.Join(tmp, "r"), filepath.Join(tmp, "b.age")
	done(t, "init", "-dir", dir)
	done(t, "import", "-dir", dir, newForce(t, tmp, 1))
	done(t, "backup", "-dir", dir, "-out", backup)
	to := filepath.Join(tmp, "to")
	args := []string{"restore", "-in", backup, "-dir", to, "-key-file", keyPath(dir)}
	over := takes(t, args...)
	spread(t, over, 8, func(wait time.Duration) bool {
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		hit := killAfter(t, wait, args...)
		if _, err := os.Stat(to); err == nil {
			mustVerify(t, to, keyPath(dir)) // it was whole just before
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return hit
	})
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	done(t, args...)
	mustVerify(t, to, keyPath(dir))
	if _, err := os.Stat(to + ".partial"); err == nil {
		t.Error("the restore that followed the kills left a partial register behind")
	}
}

func TestASecondImportIsToldToWaitAndADecisionIsNot(t *testing.T) {
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "r")
	done(t, "init", "-dir", dir)
	extract := newForce(t, tmp, 1)
	d := openDesk(t, dir)
	terms, err := scope.Preset("two-suspects")
	if err != nil {
		t.Fatal(err)
	}
	by := casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}
	var once sync.Once
	decided := error(nil)
	_, err = intake.Import(t.Context(), d, by, extract, nil, func(doing string, _, _ int64) {
		if !strings.HasPrefix(doing, "importing log") {
			return
		}
		once.Do(func() {
			_, said, err := lookback(t, "import", "-dir", dir, extract)
			if want := "lookback import: Another import, analysis or mending is running on this register. Wait until it has ended and try again.\n"; err == nil || said != want {
				t.Errorf("a second import: %v\n%s\nwant %s", err, said, want)
			}
			// In this process, and in another.
			decided = cohort.Adopt(t.Context(), d, by, terms, "while an import runs")
			done(t, "scope", "adopt", "-dir", dir, "-criteria", "two-suspects", "-reason", "from another process")
		})
	})
	if err != nil || decided != nil {
		t.Fatalf("import: %v, decision beside it: %v", err, decided)
	}
	adopted, err := cohort.Adopted(t.Context(), d)
	if err != nil || len(adopted) != 2 {
		t.Errorf("%d decisions were kept, want 2 (%v)", len(adopted), err)
	}
	mustVerify(t, dir, keyPath(dir))
}

func openRegister(t *testing.T, dir string) *store.DB {
	t.Helper()
	key, err := store.ReadKey(keyPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openDesk(t *testing.T, dir string) *desk.Desk {
	t.Helper()
	db := openRegister(t, dir)
	t.Cleanup(func() { db.Close() })
	return &desk.Desk{DB: db, Code: code()}
}

func TestAFullDiskIsSaidAndNothingIsLost(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("skipped: needs root on Linux to mount a full disk")
	}
	tmp := t.TempDir()
	disk := filepath.Join(tmp, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("skipped: needs root on Linux to mount a full disk (%v: %s)", err, out)
	}
	t.Cleanup(func() { exec.CommandContext(context.Background(), "umount", "-l", disk).Run() })
	dir := filepath.Join(disk, "r")
	done(t, "init", "-dir", dir)
	first, second := newForce(t, filepath.Join(tmp, "1"), 1), newForce(t, filepath.Join(tmp, "2"), 2)
	filler := filepath.Join(disk, "filler")
	leave := func(kib int64) {
		t.Helper()
		os.Remove(filler)
		fill(t, filler, disk, kib)
	}
	full := func(args ...string) {
		t.Helper()
		_, said, err := lookback(t, args...)
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok || e.ExitCode() != 1 || !strings.Contains(said, "disk is full") || strings.Contains(said, "panic") || strings.Contains(said, "goroutine") {
			t.Errorf("lookback %s on a full disk: %v\n%s", args[0], err, said)
		}
	}
	before := state(t, dir)
	for _, kib := range []int64{600, 1500} {
		leave(kib)
		full("import", "-dir", dir, first)
		os.Remove(filler)
		if state(t, dir) != before {
			t.Errorf("an import that met a full disk with %d KiB left changed the register", kib)
		}
		mustVerify(t, dir, keyPath(dir))
	}
	done(t, "import", "-dir", dir, first)
	before = state(t, dir)
	leave(0)
	full("scope", "adopt", "-dir", dir, "-criteria", "two-suspects", "-reason", "on a full disk")
	full("import", "-dir", dir, second)
	full("backup", "-dir", dir, "-out", filepath.Join(disk, "b.age"))
	os.Remove(filler)
	if left, _ := filepath.Glob(filepath.Join(disk, "b.age*")); len(left) > 0 {
		t.Errorf("a backup that met a full disk left %v", left)
	}
	if state(t, dir) != before {
		t.Error("writes that met a full disk changed the register")
	}
	mustVerify(t, dir, keyPath(dir))
	done(t, "scope", "adopt", "-dir", dir, "-criteria", "two-suspects", "-reason", "with room again")
}

// fill writes a file until the disk has so many KiB left.
func fill(t *testing.T, file, disk string, kib int64) {
	t.Helper()
	free, err := freeBytes(disk)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := free - kib<<10; n > 0 {
		f.Write(make([]byte, n))
	}
}
