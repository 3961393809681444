package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/ledger"
)

func seeded(b byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{b}) }

func sample(i int) ledger.Event {
	return ledger.Event{
		At:      time.Date(2026, 3, 9, 12, 0, i, 0, time.UTC),
		Kind:    []ledger.Kind{ledger.ExtractImported, ledger.CaseRead, ledger.ScopeRun}[i%3],
		Actor:   fmt.Sprintf("operator:%d", i),
		Purpose: "the review's terms",
		Subject: fmt.Sprintf("niche:%d/20", i),
		Body:    map[string]any{"rows": i, "outcome": "no further action", "ids": []int{i, i + 1}},
	}
}

// A register is a log in memory: what a store keeps, and a Source.
type register struct {
	events      []ledger.Sealed
	hashes      []tlog.Hash
	checkpoints [][]byte // one a transaction
	signer      *ledger.Signer
	seed        byte
}

func (r *register) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(r.hashes)) {
			return nil, fmt.Errorf("hash %d is not stored", index)
		}
		hashes[i] = r.hashes[index]
	}
	return hashes, nil
}

func newRegister(t testing.TB, keySeed byte) *register {
	t.Helper()
	skey, _, err := ledger.NewKey(seeded(keySeed))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &register{signer: s}
}

// append logs events as one transaction does.
func (r *register) append(t testing.TB, events ...ledger.Event) *register {
	t.Helper()
	r.seed++
	a, err := ledger.Append(int64(len(r.events)), r, events, seeded(r.seed))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := r.signer.Sign(a.Tree)
	if err != nil {
		t.Fatal(err)
	}
	r.events, r.hashes = append(r.events, a.Events...), append(r.hashes, a.Hashes...)
	r.checkpoints = append(r.checkpoints, msg)
	return r
}

// registerOf logs n events, step in each transaction.
func registerOf(t testing.TB, n, step int) *register {
	t.Helper()
	r := newRegister(t, 7)
	for i := 0; i < n; i += step {
		var batch []ledger.Event
		for j := i; j < min(i+step, n); j++ {
			batch = append(batch, sample(j))
		}
		r.append(t, batch...)
	}
	return r
}

func (r *register) Key() (string, error)        { return r.signer.VerifierKey(), nil }
func (r *register) Checkpoint() ([]byte, error) { return r.checkpoints[len(r.checkpoints)-1], nil }
func (r *register) Tile(t tlog.Tile) ([]byte, error) {
	return tlog.ReadTileData(t, r)
}

func (r *register) Earlier() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, msg := range r.checkpoints {
			if !yield(msg, nil) {
				return
			}
		}
	}
}

func (r *register) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i, s := range r.events {
			e := Entry{Leaf: s.Leaf}
			if !s.Erased() {
				e.Open = func() (ledger.Opening, error) { return ledger.Reveal(int64(i), s, ledger.AllFields) }
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (r *register) sealed() iter.Seq2[ledger.Sealed, error] {
	return func(yield func(ledger.Sealed, error) bool) {
		for _, s := range r.events {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// export writes r with everything shown and every checkpoint, and returns the
// folder and its files.
func (r *register) export(t testing.TB) (string, fstest.MapFS) {
	t.Helper()
	dir := t.TempDir()
	msg, _ := r.Checkpoint()
	x := ledger.Export{Checkpoint: msg, Key: r.signer.VerifierKey(), Events: r.sealed(), Earlier: r.Earlier(),
		Show: func(int64, ledger.Event) ledger.Fields { return ledger.AllFields }}
	if _, err := x.Write(dir); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

func check(t testing.TB, src Source, opts Options) Report {
	t.Helper()
	r, err := Check(src, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *register) keyed() Options { return Options{Key: r.signer.VerifierKey()} }

func TestWholeLogIsWhole(t *testing.T) {
	for _, n := range []int{1, 3, 255, 256, 257, 1000} {
		r := registerOf(t, n, 3)
		dir, _ := r.export(t)
		for name, src := range map[string]Source{"export": OpenExport(os.DirFS(dir)), "register": r} {
			got := check(t, src, r.keyed())
			if want := fmt.Sprintf("log of %d events is whole", n); got.Verdict() != want {
				t.Errorf("%s: %s, want %s", name, got.Verdict(), want)
			}
			if got.Seen.Opened != int64(n) || got.Earlier != int64(len(r.checkpoints)) || got.Tiles == 0 || len(got.NotCovered) > 0 {
				t.Errorf("%s of %d: %s", name, n, got)
			}
			if strings.Contains(got.String(), "internally consistent only") {
				t.Errorf("a key was given, yet: %s", got)
			}
		}
	}
}

func TestEmptyLogIsWhole(t *testing.T) {
	r := newRegister(t, 7).append(t)
	dir, _ := r.export(t)
	if got := check(t, OpenExport(os.DirFS(dir)), r.keyed()); got.Verdict() != "log of 0 events is whole" {
		t.Error(got)
	}
}

func TestWithoutKeyOrCheckpointItIsOnlyInternallyConsistent(t *testing.T) {
	r := registerOf(t, 5, 2)
	if got := check(t, r, Options{}).String(); !strings.Contains(got, "\ninternally consistent only\n") || !strings.Contains(got, "log of 5 events is whole\n") {
		t.Error(got)
	}
	for _, opts := range []Options{r.keyed(), {Against: r.checkpoints[0]}} {
		if got := check(t, r, opts); got.InternalOnly || strings.Contains(got.String(), "internally consistent only") {
			t.Error(got)
		}
	}
}

// entryAt returns which event a byte of a bundle belongs to.
func entryAt(bundle []byte, offset, width int) int {
	i, end := 0, 0
	for leaf := range ledger.Entries(bundle, width) {
		if end += 2 + len(leaf); offset < end {
			return i
		}
		i++
	}
	panic("beyond the bundle")
}

// Every byte of a small export is changed, one at a time: one bit, each in its
// turn, and the bit that makes small letters of capitals.
func TestEveryChangedByteIsFound(t *testing.T) {
	r := registerOf(t, 4, 2)
	_, files := r.export(t)
	if len(files) != 6 {
		t.Fatalf("the export has %d files: checkpoint, key, openings, checkpoints, one bundle and one tile were expected", len(files))
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for path, file := range files {
		good := file.Data
		for i := 0; i < len(good); i += step {
			for _, flip := range []byte{1 << (i % 8), 0x20} {
				file.Data = bytes.Clone(good)
				file.Data[i] ^= flip
				if err := foundAt(check(t, OpenExport(files), r.keyed()), path, good, i); err != nil {
					t.Errorf("%s byte %d ^ %#x: %v", path, i, flip, err)
				}
			}
		}
		file.Data = good
	}
}

// foundAt returns an error unless got names the event that byte i of a file
// belongs to, as far as the file tells.
func foundAt(got Report, path string, good []byte, i int) error {
	if got.Whole {
		return errors.New("not found")
	}
	first, want := got.Faults[0], int64(0)
	switch {
	case strings.HasPrefix(path, "tile/entries/"):
		want = int64(entryAt(good, i, 4))
	case strings.HasPrefix(path, "tile/0/"):
		if want = int64(i / tlog.HashSize); !strings.Contains(first.What, "it is the tile that was changed") {
			return fmt.Errorf("the tile is not blamed: %s", first)
		}
	default:
		return nil
	}
	if first.Events == nil || *first.Events != *only(want) {
		return fmt.Errorf("it lies in event %d, but: %s", want, first)
	}
	return nil
}

func TestEveryChangedByteOfOpeningsNamesItsEvent(t *testing.T) {
	r := registerOf(t, 4, 2)
	_, files := r.export(t)
	file := files[ledger.OpeningsFile]
	good := file.Data
	for i := range good {
		want := int64(bytes.Count(good[:i], []byte("\n")))
		file.Data = bytes.Clone(good)
		file.Data[i] ^= 0x01
		got := check(t, OpenExport(files), r.keyed())
		inIndex := strings.HasPrefix(string(good[:i][bytes.LastIndexByte(good[:i], '\n')+1:]), `{"index":`) && good[i] >= '0' && good[i] <= '9' && good[i+1] == ','
		if f := got.Faults[0]; !inIndex && (f.Events == nil || f.Events.First != want) {
			t.Errorf("byte %d lies in the opening of event %d, but: %s", i, want, got.Verdict())
		}
	}
}

func TestFirstBadEventOfALargeLogIsNamed(t *testing.T) {
	r := registerOf(t, 1000, 50)
	_, files := r.export(t)
	for _, index := range []int{0, 255, 256, 700, 999} {
		n := index / ledger.TileWidth
		path := ledger.BundlePath(int64(n), ledger.TileAt(0, int64(n), 1000).W)
		good := files[path].Data
		leaf := r.events[index].Leaf
		files[path].Data = bytes.Replace(bytes.Clone(good), leaf, bytes.Replace(leaf, []byte("2026"), []byte("2025"), 1), 1)
		got := check(t, OpenExport(files), r.keyed())
		if f := got.Faults[0]; *f.Events != *only(int64(index)) {
			t.Errorf("event %d: %s", index, got)
		}
		files[path].Data = good
	}
}

// rebuilt exports events as somebody would who has no key: everything is worked
// out afresh, only the checkpoints stay.
func rebuilt(t *testing.T, r *register, events []ledger.Sealed) *register {
	t.Helper()
	forged := &register{events: events, checkpoints: r.checkpoints, signer: r.signer}
	var f ledger.Frontier
	for _, s := range events {
		forged.hashes = append(forged.hashes, f.Append(tlog.RecordHash(s.Leaf))...)
	}
	return forged
}

func TestTamperingThatRebuildsTheTree(t *testing.T) {
	r := registerOf(t, 40, 10)
	other, err := ledger.Seal(sample(3), [32]byte{99})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		forge func([]ledger.Sealed) []ledger.Sealed
		want  string
	}{
		"changed":   {func(e []ledger.Sealed) []ledger.Sealed { e[12] = other; return e }, "events 10 to 19 (earlier checkpoint number 2)"},
		"reordered": {func(e []ledger.Sealed) []ledger.Sealed { e[31], e[33] = e[33], e[31]; return e }, "events 30 to 39 (earlier checkpoint number 4)"},
		"removed":   {func(e []ledger.Sealed) []ledger.Sealed { return slices.Delete(e, 5, 6) }, "event 39 (events): the log ends after 39 events"},
		"truncated": {func(e []ledger.Sealed) []ledger.Sealed { return e[:20] }, "event 20 (events): the log ends after 20 events, its checkpoint speaks of 40"},
		"added":     {func(e []ledger.Sealed) []ledger.Sealed { return append(e, other) }, "events: the log goes on after the last event"},
	} {
		got := check(t, rebuilt(t, r, c.forge(slices.Clone(r.events))), r.keyed())
		if got.Whole || !strings.Contains(got.String(), c.want) {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

func TestReorderedLeavesUnderOldTilesNameTheFirst(t *testing.T) {
	r := registerOf(t, 40, 10)
	events := slices.Clone(r.events)
	events[31], events[33] = events[33], events[31]
	got := check(t, &register{events: events, hashes: r.hashes, checkpoints: r.checkpoints, signer: r.signer}, r.keyed())
	if f := got.Faults[0]; *f.Events != *only(31) {
		t.Error(got)
	}
}

func TestAlteredUpperTileIsNamedByWhatLiesUnderIt(t *testing.T) {
	r := registerOf(t, 1000, 50)
	_, files := r.export(t)
	files["tile/1/000.p/3"].Data[40] ^= 1
	got := check(t, OpenExport(files), r.keyed())
	if want := "events 256 to 511 (tile/1/000.p/3): it does not hold the hash of what was logged; the events themselves agree"; !strings.Contains(got.Verdict(), want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestMissingFilesAreNamed(t *testing.T) {
	r := registerOf(t, 300, 50)
	for path, want := range map[string]string{
		"tile/0/000":            "events 0 to 255 (tile/0/000): tile/0/000 is missing",
		"tile/entries/000":      "event 0 (events): tile/entries/000 is missing",
		"tile/entries/001.p/44": "event 256 (events): tile/entries/001.p/44 is missing",
		ledger.CheckpointFile:   "checkpoint is missing",
		ledger.KeyFile:          "key is missing",
	} {
		_, files := r.export(t)
		delete(files, path)
		if got := check(t, OpenExport(files), r.keyed()); got.Whole || !strings.Contains(got.String(), want) {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
}

func TestFilesBesideTheLogAreListed(t *testing.T) {
	r := registerOf(t, 3, 3)
	_, files := r.export(t)
	files["tile/entries/000.p/2"] = &fstest.MapFile{Data: []byte("not of this log")}
	got := check(t, OpenExport(files), r.keyed())
	if !got.Whole || !slices.Equal(got.NotCovered, []string{"tile/entries/000.p/2"}) {
		t.Error(got)
	}
}

func TestForgedCheckpointOfAnotherKey(t *testing.T) {
	r := registerOf(t, 5, 5)
	forged := registerOf(t, 5, 5)
	forged.signer = newRegister(t, 8).signer
	forged.events, forged.hashes, forged.checkpoints = nil, nil, nil
	forged.append(t, sample(0), sample(1), sample(9))
	if got := check(t, forged, r.keyed()); got.Whole || !strings.Contains(got.Verdict(), "log cannot be trusted: key: the key that came with the log is not the key you gave") ||
		!strings.Contains(got.String(), "checkpoint: the checkpoint is not signed by "+r.signer.Origin()) {
		t.Error(got)
	}
	if got := check(t, forged, Options{Against: r.checkpoints[0]}); got.Whole || !strings.Contains(got.Verdict(), "your checkpoint: it is not of this log") {
		t.Error(got)
	}
	if got := check(t, forged, Options{}); !got.Whole || !got.InternalOnly {
		t.Errorf("without a key nobody can tell: %s", got)
	}
}

func TestSplitViewContradictsTheKeptCheckpoint(t *testing.T) {
	r := registerOf(t, 30, 10)
	shown := newRegister(t, 7) // same key, another history after the tenth event
	for i := range 3 {
		shown.seed = byte(i)
		if i == 1 {
			shown.seed = 77
		}
		shown.append(t, batch(10*i, 10)...)
	}
	kept := r.checkpoints[1]
	got := check(t, shown, Options{Key: r.signer.VerifierKey(), Against: kept})
	if got.Whole || got.Against.Consistent || !strings.Contains(got.Verdict(), "events 10 to 19 (your checkpoint): the first 20 events hash to") {
		t.Error(got)
	}
	if got := check(t, shown, r.keyed()); !got.Whole {
		t.Errorf("the key holder's rewrite shows only against a checkpoint: %s", got)
	}
	if got := check(t, r, Options{Against: kept}); !got.Whole || !got.Against.Consistent {
		t.Error(got)
	}
}

func batch(first, n int) []ledger.Event {
	var all []ledger.Event
	for i := range n {
		all = append(all, sample(first+i))
	}
	return all
}

func TestTruncatedLogContradictsTheKeptCheckpoint(t *testing.T) {
	r := registerOf(t, 30, 10)
	cut := registerOf(t, 20, 10)
	got := check(t, cut, Options{Against: r.checkpoints[2]})
	if want := "events 20 to 29 (your checkpoint): it speaks of 30 events, the log holds only 20"; got.Whole || !strings.Contains(got.Verdict(), want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestEarlierCheckpointsMustAgree(t *testing.T) {
	r := registerOf(t, 30, 10)
	wrong, err := r.signer.Sign(tlog.Tree{N: 20, Hash: tlog.Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	beyond, _ := r.signer.Sign(tlog.Tree{N: 31, Hash: tlog.Hash{1}})
	foreign := newRegister(t, 8).append(t, sample(0)).checkpoints[0]
	good := r.checkpoints
	for want, list := range map[string][][]byte{
		"events 10 to 19 (earlier checkpoint number 2): the first 20": {good[0], wrong, good[2]},
		"earlier checkpoint number 1: the checkpoint is not signed":   {foreign, good[2]},
		"earlier checkpoint number 2: it is older":                    {good[1], good[0], good[2]},
		"event 30 (earlier checkpoint number 1): it speaks of 31":     {beyond, good[2]},
	} {
		r.checkpoints = list
		got := check(t, r, r.keyed())
		if got.Whole || !strings.Contains(got.Verdict(), want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestErasedOpeningsStayVerifiable(t *testing.T) {
	r := registerOf(t, 10, 5)
	for _, i := range []int{2, 7, 9} {
		r.events[i].Salt, r.events[i].Opening = nil, nil
	}
	dir, files := r.export(t)
	for name, src := range map[string]Source{"register": r, "export": OpenExport(os.DirFS(dir))} {
		got := check(t, src, r.keyed())
		if !got.Whole || got.Seen.Closed != 3 || got.Seen.Opened != 7 {
			t.Errorf("%s: %s", name, got)
		}
	}
	if bytes.Contains(files[ledger.OpeningsFile].Data, []byte("operator:7")) {
		t.Error("an erased opening was exported")
	}
}

func TestOpeningsUnderWrongSaltsAreFound(t *testing.T) {
	r := registerOf(t, 10, 5)
	r.events[4].Salt = r.events[5].Salt
	if got := check(t, r, r.keyed()); !strings.Contains(got.Verdict(), "event 4 (openings): its actor is not what was logged") {
		t.Error(got)
	}
}

func TestOpeningsOutOfPlaceAreFound(t *testing.T) {
	r := registerOf(t, 10, 5)
	_, files := r.export(t)
	lines := bytes.SplitAfter(files[ledger.OpeningsFile].Data, []byte("\n"))[:10]
	number := func(line []byte, n int) []byte {
		return bytes.Replace(line, []byte(`"index":3,`), []byte(`"index":`+strconv.Itoa(n)+`,`), 1)
	}
	for want, changed := range map[string][][]byte{
		"event 5 (openings): openings.jsonl line 5 opens event 3":  {lines[0], lines[1], lines[2], lines[4], lines[3]},
		"line 3 opens event 1, which stands earlier":               {lines[0], lines[1], lines[1]},
		"openings.jsonl line 4 opens no event of this log":         {lines[0], lines[1], lines[2], number(lines[3], 33)},
		"event 8 (openings): its actor is not what was logged":     {lines[0], lines[1], lines[2], number(lines[3], 8)},
		"event 3 (openings): openings.jsonl line 4 has no end":     {lines[0], lines[1], lines[2], lines[3][:50]},
		"event 0 (openings): openings.jsonl line 1: an opening mu": {[]byte("\n"), lines[0]},
	} {
		files[ledger.OpeningsFile].Data = bytes.Join(changed, nil)
		if got := check(t, OpenExport(files), r.keyed()); got.Whole || !strings.Contains(got.String(), want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	delete(files, ledger.OpeningsFile)
	if got := check(t, OpenExport(files), r.keyed()); !got.Whole || got.Seen.Closed != 10 {
		t.Error(got)
	}
}

func TestPartialOpeningsAreCountedApart(t *testing.T) {
	r := registerOf(t, 6, 6)
	dir := t.TempDir()
	msg, _ := r.Checkpoint()
	x := ledger.Export{Checkpoint: msg, Key: r.signer.VerifierKey(), Events: r.sealed(),
		Show: func(i int64, _ ledger.Event) ledger.Fields {
			return []ledger.Fields{0, ledger.Body, ledger.AllFields}[i%3]
		}}
	if _, err := x.Write(dir); err != nil {
		t.Fatal(err)
	}
	got := check(t, OpenExport(os.DirFS(dir)), r.keyed())
	if s := got.Seen; !got.Whole || s.Opened != 2 || s.Partly != 2 || s.Closed != 2 {
		t.Error(got)
	}
}

func TestClockSetBackIsCounted(t *testing.T) {
	r := newRegister(t, 7).append(t, sample(5), sample(6), sample(1), sample(2))
	if got := check(t, r, r.keyed()); !got.Whole || got.Seen.Backwards != 1 {
		t.Error(got)
	}
}

func TestCheckersOwnInputMustBeReadable(t *testing.T) {
	r := registerOf(t, 3, 3)
	if _, err := Check(r, Options{Key: "nonsense"}); err == nil || !strings.Contains(err.Error(), "the key to check with") {
		t.Error(err)
	}
	if _, err := Check(r, Options{Against: []byte("nonsense")}); err == nil || !strings.Contains(err.Error(), "the checkpoint to check against") {
		t.Error(err)
	}
	mailed := bytes.ReplaceAll(bytes.TrimSpace(r.checkpoints[0]), []byte("\n"), []byte("\r\n"))
	if got := check(t, r, Options{Key: r.signer.VerifierKey() + "\n", Against: mailed}); !got.Whole || !got.Against.Consistent {
		t.Error(got)
	}
}
