package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// seeded is a source of bytes that is the same in every run.
func seeded(b byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{b}) }

var noon = time.Date(2026, 3, 9, 12, 0, 0, 123456000, time.UTC)

func sample(i int) Event {
	return Event{
		At:      noon.Add(time.Duration(i) * time.Second),
		Kind:    []Kind{ExtractImported, CaseRead, ScopeRun}[i%3],
		Actor:   fmt.Sprintf("operator:%d", i),
		Purpose: "the review's terms, § 3",
		Subject: fmt.Sprintf("niche:%d/20", i),
		Body:    map[string]any{"rows": i},
	}
}

func samples(n int) []Event {
	all := make([]Event, n)
	for i := range all {
		all[i] = sample(i)
	}
	return all
}

// memory is the hash table of a store.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, i := range indexes {
		hashes = append(hashes, m[i])
	}
	return hashes, nil
}

// The values were worked out with openssl dgst -sha256 -mac HMAC.
func TestLeafIsWhatOpensslWorksOut(t *testing.T) {
	var salt [SaltSize]byte
	for i := range salt {
		salt[i] = byte(i)
	}
	s, err := Seal(Event{At: noon, Kind: ExtractImported, Actor: "operator:jo", Purpose: "demo",
		Subject: "extract:1", Body: json.RawMessage(` {"rows": 3} `)}, salt)
	if err != nil {
		t.Fatal(err)
	}
	want := `lookback event v1
at 2026-03-09T12:00:00.123456Z
kind extract.imported
actor 91f794514e0980f70f3626f471b625d015b3228bdb57f4419d6d4db783a0b667
purpose ddd905d8c8b0300280bedcdfadb25081b0916b58669e2c544bf4de3546e249f9
subject 203303adb074f92931227eae5cf17df24e0e38678ee2d8b2bedfc4432edf84e0
body de25c7ff939a35b2b0dd5ef31de8b573b9eb1e91b4ae93464fda0b4baa9678a3
`
	if string(s.Leaf) != want {
		t.Errorf("leaf\n%s\nwant\n%s", s.Leaf, want)
	}
	if want := `{"actor":"operator:jo","purpose":"demo","subject":"extract:1","body":{"rows":3}}`; string(s.Opening) != want {
		t.Errorf("opening %s, want %s", s.Opening, want)
	}
}

func TestMACIsThatOfTheStandardLibrary(t *testing.T) {
	random := seeded(1)
	for _, n := range []int{0, 1, 55, 56, 64, 447, 448, 449, 5000} {
		key, message := make([]byte, SaltSize), make([]byte, n)
		random.Read(key)
		random.Read(message)
		h := hmac.New(sha256.New, key)
		h.Write(message)
		if got := mac([SaltSize]byte(key), message); !hmac.Equal(got[:], h.Sum(nil)) {
			t.Errorf("%d bytes: %x", n, got)
		}
	}
}

func TestUnsealReturnsWhatWasSealed(t *testing.T) {
	for _, body := range []any{nil, 7, "ж < \u2028", json.RawMessage(`{"b":1.50,"a":[]}`), map[string]any{"z": 1, "a": "x"}} {
		e := sample(1)
		e.At = time.Date(2025, 7, 1, 9, 30, 0, 999999999, time.FixedZone("BST", 3600))
		e.Body = body
		s, err := Seal(e, [SaltSize]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unseal(s)
		if err != nil {
			t.Fatal(err)
		}
		e.At = time.Date(2025, 7, 1, 8, 30, 0, 999999000, time.UTC)
		if b, _ := json.Marshal(body); got.Body == nil || string(got.Body.(json.RawMessage)) != string(b) {
			t.Errorf("body %s, want %s", got.Body, b)
		}
		got.Body, e.Body = nil, nil
		if !reflect.DeepEqual(got, e) {
			t.Errorf("got %+v, want %+v", got, e)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*Event){
		"no event of kind":  func(e *Event) { e.Kind = "case.rewritten" },
		"no usable time":    func(e *Event) { e.At = time.Time{} },
		"who acted":         func(e *Event) { e.Actor = "" },
		"purpose is not":    func(e *Event) { e.Purpose = "\xff" },
		"subject has 65537": func(e *Event) { e.Subject = strings.Repeat("x", MaxText+1) },
		"is not JSON":       func(e *Event) { e.Body = func() {} },
		"at most 4194304":   func(e *Event) { e.Body = strings.Repeat("x", MaxBody) },
		"UTF-8 JSON":        func(e *Event) { e.Body = json.RawMessage("\"\xff\"") },
	} {
		e := sample(0)
		spoil(&e)
		if _, err := Seal(e, [SaltSize]byte{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

func TestLeafHidesItsFields(t *testing.T) {
	e := sample(4)
	s, err := Seal(e, [SaltSize]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := Seal(e, [SaltSize]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ParseLeaf(s.Leaf)
	b, _ := ParseLeaf(other.Leaf)
	for i, v := range []string{e.Actor, e.Purpose, e.Subject, `{"rows":4}`} {
		if bytes.Contains(s.Leaf, []byte(v)) {
			t.Errorf("the leaf holds its %s %q", fieldNames[i], v)
		}
		if a.Commitments[i] == b.Commitments[i] {
			t.Errorf("two salts give one commitment to %s", fieldNames[i])
		}
	}
}

func TestErasedEventKeepsTimeAndKind(t *testing.T) {
	s, err := Seal(sample(1), [SaltSize]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	s.Salt, s.Opening = nil, nil
	e, err := Unseal(s)
	if !errors.Is(err, ErrErased) || e.Kind != CaseRead || !e.At.Equal(sample(1).At) {
		t.Errorf("got %+v, %v", e, err)
	}
	if _, err := Reveal(1, s, AllFields); !errors.Is(err, ErrErased) {
		t.Errorf("Reveal of an erased event: %v", err)
	}
}

func TestWrongSaltOrFieldIsFound(t *testing.T) {
	for want, spoil := range map[string]func(*Sealed){
		"its actor is not what was logged":   func(s *Sealed) { s.Salt = bytes.Repeat([]byte{9}, SaltSize) },
		"its purpose is not what was logged": func(s *Sealed) { s.Opening = bytes.Replace(s.Opening, []byte("terms"), []byte("Terms"), 1) },
		"its body is not what was logged":    func(s *Sealed) { s.Opening = bytes.Replace(s.Opening, []byte(":1}"), []byte(":2}"), 1) },
		"31 bytes":                           func(s *Sealed) { s.Salt = s.Salt[1:] },
		"cannot be read":                     func(s *Sealed) { s.Opening = nil },
	} {
		s, err := Seal(sample(1), [SaltSize]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		spoil(&s)
		if _, err := Unseal(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

func TestOneFieldOpensWithoutTheOthers(t *testing.T) {
	e := sample(5)
	s, err := Seal(e, [SaltSize]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	o, err := Reveal(5, s, Subject)
	if err != nil {
		t.Fatal(err)
	}
	line := o.AppendLine(nil)
	for _, hidden := range []string{e.Actor, "terms", "rows", hex.EncodeToString(s.Salt)} {
		if bytes.Contains(line, []byte(hidden)) {
			t.Errorf("%s shows %q", line, hidden)
		}
	}
	back, err := ParseOpening(line)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := ParseLeaf(s.Leaf)
	if back.Shown() != Subject || string(back.Subject.Value) != e.Subject || back.Check(l) != nil {
		t.Errorf("read back %+v, %v", back, back.Check(l))
	}
	back.Subject.Value = []byte("niche:6/20")
	if err := back.Check(l); err == nil {
		t.Error("another subject passes")
	}
}

// From the reference implementation of RFC 6962: the roots of the first one to
// eight of these leaves.
func TestRootsAreThoseOfRFC6962(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var f Frontier
	for n, root := range roots {
		if got := f.Tree(); got.N != int64(n) || hex.EncodeToString(got.Hash[:]) != root {
			t.Errorf("root of %d leaves: %x, want %s", n, got.Hash, root)
		}
		if n < len(leaves) {
			leaf, _ := hex.DecodeString(leaves[n])
			f.Append(tlog.RecordHash(leaf))
		}
	}
}

func TestAppendStoresWhatProofsNeed(t *testing.T) {
	var stored memory
	var trees []tlog.Tree
	random := seeded(1)
	for _, batch := range []int{1, 1, 5, 0, 17, 300, 2} {
		size := int64(0)
		if len(trees) > 0 {
			size = trees[len(trees)-1].N
		}
		a, err := Append(size, stored, samples(batch), random)
		if err != nil {
			t.Fatal(err)
		}
		if a.First != size || a.FirstHash != int64(len(stored)) || len(a.Events) != batch {
			t.Fatalf("%d events at %d: first %d, hash %d of %d", batch, size, a.First, a.FirstHash, len(stored))
		}
		stored = append(stored, a.Hashes...)
		if root, _ := tlog.TreeHash(a.Tree.N, stored); root != a.Tree.Hash {
			t.Errorf("root of %d: %v, want %v", a.Tree.N, a.Tree.Hash, root)
		}
		for i, s := range a.Events {
			n := size + int64(i)
			p, err := tlog.ProveRecord(a.Tree.N, n, stored)
			if err != nil || tlog.CheckRecord(p, a.Tree.N, a.Tree.Hash, n, tlog.RecordHash(s.Leaf)) != nil {
				t.Errorf("event %d of %d is not proved: %v", n, a.Tree.N, err)
			}
		}
		trees = append(trees, a.Tree)
	}
	newest := trees[len(trees)-1]
	for _, old := range trees {
		p, err := tlog.ProveTree(newest.N, old.N, stored)
		if err != nil || tlog.CheckTree(p, newest.N, newest.Hash, old.N, old.Hash) != nil {
			t.Errorf("%d events are not proved to continue %d: %v", newest.N, old.N, err)
		}
	}
}

func TestAppendSaysWhyItCannot(t *testing.T) {
	broken := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, errors.New("disk gone") })
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	for want, try := range map[string]func() (Appended, error){
		"disk gone":        func() (Appended, error) { return Append(3, broken, samples(1), seeded(1)) },
		"asked for 2":      func() (Appended, error) { return Append(3, short, samples(1), seeded(1)) },
		"drawing a salt":   func() (Appended, error) { return Append(0, nil, samples(1), strings.NewReader("short")) },
		"no event of kind": func() (Appended, error) { return Append(0, nil, []Event{{Kind: "x"}}, seeded(1)) },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

func TestEveryKindIsWellFormedWithAClass(t *testing.T) {
	for _, k := range Kinds() {
		if !k.wellFormed() || k.Class() == "" {
			t.Errorf("kind %q, class %q", k, k.Class())
		}
	}
	for _, k := range []Kind{"", ".", "a.", ".b", "a.b.c", "Case.read", "case read", "case"} {
		if k.wellFormed() {
			t.Errorf("kind %q passes", k)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	var stored memory
	random := seeded(1)
	events := samples(50)
	size := int64(0)
	b.ResetTimer()
	for b.Loop() {
		a, err := Append(size, stored, events, random)
		if err != nil {
			b.Fatal(err)
		}
		stored = append(stored, a.Hashes...)
		size = a.Tree.N
	}
	b.ReportMetric(float64(size)/b.Elapsed().Seconds(), "events/s")
}
