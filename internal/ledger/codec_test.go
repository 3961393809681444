package ledger

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func openingLine(t testing.TB, i int, show Fields) []byte {
	t.Helper()
	s, err := Seal(sample(i), [SaltSize]byte{byte(i)})
	if err != nil {
		t.Fatal(err)
	}
	o, err := Reveal(int64(i), s, show)
	if err != nil {
		t.Fatal(err)
	}
	return o.AppendLine(nil)
}

func TestOpeningLineIsOneJSONObject(t *testing.T) {
	for show := Fields(1); show <= AllFields; show++ {
		line := openingLine(t, 3, show)
		var got map[string]any
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for i, name := range fieldNames {
			if _, shown := got[name]; shown != (show&(1<<i) != 0) {
				t.Errorf("fields %04b: %s", show, line)
			}
		}
	}
}

func TestOpeningLineHasOneForm(t *testing.T) {
	good := string(openingLine(t, 3, AllFields))
	for _, change := range [][2]string{
		{`{"index":3`, `{"Index":3`}, {`{"index":3`, `{ "index":3`}, {`{"index":3`, `{"index":03`}, {`{"index":3`, `{"index":+3`},
		{`{"index":3`, `{"index":-3`}, {`"actor"`, `"Actor"`}, {`"actor"`, `"actors"`}, {"operator", `oper\u0061tor`}, {"operator", "oper\xffator"},
		{"§", `\u00a7`}, {`{"rows":3}`, `{"rows":3`}, {`{"rows":3}`, ``}, {"}}\n", "}}"}, {"}}\n", "}}\n\n"}, {"}}\n", "}} \n"},
		{`"subject"`, `"purpose"`},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatalf("%s does not hold %s", good, change[0])
		}
		bad := strings.Replace(good, change[0], change[1], 1)
		if _, err := ParseOpening([]byte(bad)); err == nil {
			t.Errorf("passes: %s", bad)
		}
	}
	if _, err := ParseOpening([]byte("{\"index\":3}\n")); err == nil {
		t.Error("an opening that opens nothing passes")
	}
}

func TestPathsAreThoseOfTlogTiles(t *testing.T) {
	for want, got := range map[string]string{
		"tile/0/000":                   TilePath(TileAt(0, 0, 256)),
		"tile/1/000.p/1":               TilePath(TileAt(1, 0, 256)),
		"tile/0/x001/x234/067":         TilePath(TileAt(0, 1234067, 1<<40)),
		"tile/entries/x001/x234/067":   BundlePath(1234067, 256),
		"tile/entries/000.p/3":         BundlePath(0, 3),
		"tile/2/000.p/15":              TilePath(TileAt(2, 0, 1_000_000)),
		"tile/entries/x003/906.p/64":   BundlePath(3906, TileAt(0, 3906, 1_000_000).W),
		"tile/0/x003/906.p/64":         TilePath(TileAt(0, 3906, 1_000_000)),
		"tile/entries/x999/999/nought": BundlePath(999999, 256) + "/nought",
	} {
		if got != want {
			t.Errorf("path %s, want %s", got, want)
		}
	}
}

func TestTilerAgreesWithTlog(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 700, 65536, 65537 + 300} {
		var f Frontier
		var stored memory
		got := map[string]string{}
		tiler := Tiler{Emit: func(t tlog.Tile, data []byte) error { got[t.Path()] = string(data); return nil }}
		for i := range n {
			h := tlog.RecordHash([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
			stored = append(stored, f.Append(h)...)
			tiler.Append(h)
		}
		tiler.Flush()
		want := tlog.NewTiles(TileHeight, 0, int64(n))
		for _, tile := range want {
			data, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				t.Fatal(err)
			}
			if got[tile.Path()] != string(data) {
				t.Errorf("%d leaves: tile %s differs", n, tile.Path())
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d leaves: %d tiles, want %d", n, len(got), len(want))
		}
	}
}

func TestEntriesFindsBadBundles(t *testing.T) {
	bundle := AppendEntry(AppendEntry(nil, []byte("one")), nil)
	for _, c := range []struct {
		bundle []byte
		width  int
		want   string
	}{
		{bundle, 2, ""},
		{bundle, 1, "goes on for 2 bytes"},
		{bundle, 3, "ends after 2 of 3"},
		{bundle[:4], 1, "ends within its event number 0"},
		{bundle[:6], 2, "ends after 1 of 2"},
	} {
		got := ""
		for _, err := range Entries(c.bundle, c.width) {
			if err != nil {
				got = err.Error()
			}
		}
		if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("bundle % x of %d: %q, want %q", c.bundle, c.width, got, c.want)
		}
	}
}

// exportOf returns a small log ready to be written.
func exportOf(t testing.TB, n int) Export {
	t.Helper()
	a, err := Append(0, nil, samples(n), seeded(3))
	if err != nil {
		t.Fatal(err)
	}
	skey, vkey, _ := NewKey(seeded(4))
	s, _ := NewSigner(skey)
	msg, err := s.Sign(a.Tree)
	if err != nil {
		t.Fatal(err)
	}
	return Export{Checkpoint: msg, Key: vkey, Events: func(yield func(Sealed, error) bool) {
		for _, e := range a.Events {
			if !yield(e, nil) {
				return
			}
		}
	}}
}

func TestExportHoldsOnlyWhatMayBeShown(t *testing.T) {
	x := exportOf(t, 6)
	x.Show = func(i int64, e Event) Fields {
		if e.Kind.Class() == Read {
			return 0
		}
		return Purpose | Body
	}
	dir := t.TempDir()
	count, err := x.Write(dir)
	if err != nil || count != (Exported{Events: 6, Opened: 4}) {
		t.Errorf("wrote %+v, %v", count, err)
	}
	openings, err := os.ReadFile(filepath.Join(dir, OpeningsFile))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(openings, []byte("\n")) != 4 || bytes.Contains(openings, []byte("operator:")) || bytes.Contains(openings, []byte("niche:")) {
		t.Errorf("openings:\n%s", openings)
	}
}

func TestExportRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		dir   string
		spoil func(*Export)
	}{
		"is not empty":         {full, func(*Export) {}},
		"not a verifier key":   {t.TempDir(), func(x *Export) { x.Key = "" }},
		"is not signed by":     {t.TempDir(), func(x *Export) { _, x.Key, _ = NewKey(seeded(9)) }},
		"the log has 4 events": {t.TempDir(), func(x *Export) { x.Events = exportOf(t, 4).Events }},
		"its purpose is not": {t.TempDir(), func(x *Export) {
			x.Show = func(int64, Event) Fields { return AllFields }
			events := x.Events
			x.Events = func(yield func(Sealed, error) bool) {
				for s := range events {
					s.Opening = bytes.Replace(s.Opening, []byte("terms"), []byte("TERMS"), 1)
					if !yield(s, nil) {
						return
					}
				}
			}
		}},
	} {
		x := exportOf(t, 6)
		c.spoil(&x)
		if _, err := x.Write(c.dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
		if _, err := os.Stat(filepath.Join(c.dir, CheckpointFile)); err == nil {
			t.Errorf("%s: a checkpoint was written all the same", want)
		}
	}
}

func FuzzParseLeaf(f *testing.F) {
	s, err := Seal(sample(1), [SaltSize]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Leaf)
	f.Add([]byte(leafHeader))
	f.Add(bytes.Replace(s.Leaf, []byte("12:00"), []byte("24:00"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := ParseLeaf(b); err == nil && !bytes.Equal(l.Bytes(), b) {
			t.Errorf("%q is read as %q", b, l.Bytes())
		}
	})
}

func FuzzParseOpening(f *testing.F) {
	for show := Fields(1); show <= AllFields; show++ {
		f.Add(openingLine(f, 2, show))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		o, err := ParseOpening(line)
		if err != nil {
			return
		}
		if back := o.AppendLine(nil); !bytes.Equal(back, line) {
			t.Errorf("%q is read as %q", line, back)
		}
		if i, ok := LineIndex(line); !ok || i != o.Index || !json.Valid(line) {
			t.Errorf("%q passes", line)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	skey, vkey, _ := NewKey(seeded(1))
	s, _ := NewSigner(skey)
	v, _ := NewVerifier(vkey)
	good, err := s.Sign(tlog.Tree{N: 5})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("\n\n— a b\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, err := v.Open(msg)
		if err != nil {
			return
		}
		if c != (Checkpoint{s.Origin(), tlog.Tree{N: 5}}) {
			t.Errorf("forged: %q", msg)
		}
		if p, err := PeekCheckpoint(msg); err != nil || p != c {
			t.Errorf("peeked %+v, %v; opened %+v", p, err, c)
		}
	})
}

func FuzzParseCheckpointLine(f *testing.F) {
	f.Add(CheckpointLine([]byte("a\n\n— b c\n")))
	f.Fuzz(func(t *testing.T, line []byte) {
		if msg, err := ParseCheckpointLine(line); err == nil && !bytes.Equal(CheckpointLine(msg), line) {
			t.Errorf("%q is read as %q", line, msg)
		}
	})
}
