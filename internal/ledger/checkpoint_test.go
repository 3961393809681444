package ledger

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The note is the example of c2sp.org/signed-note, signed by its known key.
func TestKeyOfTheNotePackageSigns(t *testing.T) {
	s, err := NewSigner("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
	if err != nil {
		t.Fatal(err)
	}
	if want := "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"; s.VerifierKey() != want {
		t.Errorf("verifier key %s, want %s", s.VerifierKey(), want)
	}
}

func TestCheckpointOpensOnlyUnderItsKey(t *testing.T) {
	skey, vkey, err := NewKey(seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if s.VerifierKey() != vkey || !strings.HasPrefix(s.Origin(), "lookback/") || len(s.Origin()) != 21 {
		t.Errorf("key %s of %s, want %s", s.VerifierKey(), s.Origin(), vkey)
	}
	tree := tlog.Tree{N: 12, Hash: tlog.Hash{1, 2, 3}}
	msg, err := s.Sign(tree)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := NewVerifier(vkey)
	if c, err := v.Open(msg); err != nil || c != (Checkpoint{s.Origin(), tree}) {
		t.Errorf("opened %+v, %v", c, err)
	}
	_, other, _ := NewKey(seeded(2))
	w, _ := NewVerifier(other)
	if _, err := w.Open(msg); err == nil {
		t.Error("another key opens it")
	}
	for i := range msg {
		for flip := 1; flip < 256; flip++ { // all: base64 has spare bits
			if i < len(msg)-5 && flip&(flip-1) != 0 {
				continue
			}
			bad := append([]byte{}, msg...)
			bad[i] ^= byte(flip)
			if c, err := v.Open(bad); err == nil {
				t.Errorf("byte %d changed by %#x: still opens, as %+v:\n%s", i, flip, c, bad)
			}
		}
	}
}

func TestOriginMustBeTheKeysOwn(t *testing.T) {
	skey, vkey, _ := NewKey(seeded(1))
	s, _ := NewSigner(skey)
	v, _ := NewVerifier(vkey)
	other := Checkpoint{Origin: "lookback/000000000000"}
	msg, err := note.Sign(&note.Note{Text: other.text()}, s.signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open(msg); err == nil || !strings.Contains(err.Error(), "000000000000") {
		t.Errorf("opens, with error %v:\n%s", err, msg)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for _, skey := range []string{"", "PRIVATE+KEY+a+b+c", "lookback/0123456789ab+89abcdef+AAAA"} {
		if _, err := NewSigner(skey); err == nil || skey != "" && strings.Contains(err.Error(), skey) {
			t.Errorf("NewSigner(%q): %v", skey, err)
		}
	}
	if _, err := NewVerifier("nonsense"); err == nil || !strings.Contains(err.Error(), "verifier key") {
		t.Errorf("NewVerifier: %v", err)
	}
	if _, _, err := NewKey(strings.NewReader("")); err == nil {
		t.Error("a key without randomness")
	}
}

func TestCheckpointTextHasOneForm(t *testing.T) {
	good := "lookback/0123456789ab\n3\n4DVl0bAVJNMgeC1VJvuuAp0lu6jTgLjZ1Nz5NF0Nirg=\n"
	if _, err := parseText(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "a\n3\n", good + "extra\n", good[:len(good)-1],
		strings.Replace(good, "\n3\n", "\n03\n", 1), strings.Replace(good, "\n3\n", "\n-3\n", 1),
		strings.Replace(good, "irg=", "irh=", 1), // spare bits of base64
		strings.Replace(good, "=", "", 1),
	} {
		if c, err := parseText(bad); err == nil {
			t.Errorf("%q passes as %+v", bad, c)
		}
	}
}
