package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// NewKey makes the signing key of a new log and the verifier key that belongs
// to it. The log's origin, lookback/<12 hexadecimal digits>, is drawn too.
func NewKey(rand io.Reader) (skey, vkey string, err error) {
	var id [6]byte
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return "", "", fmt.Errorf("drawing an origin: %w", err)
	}
	return note.GenerateKey(rand, "lookback/"+hex.EncodeToString(id[:]))
}

// A Checkpoint is the state of a log at one moment, as its key holder signed it.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
}

// A Signer signs checkpoints. Whoever holds it can sign any history.
type Signer struct {
	signer note.Signer
	vkey   string
}

// NewSigner reads a signing key that [NewKey] made.
func NewSigner(skey string) (*Signer, error) {
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, errors.New("this is not the signing key of a log") // never print it
	}
	// PRIVATE+KEY+name+hash+base64, and base64 may hold a plus sign of its own.
	parts := strings.SplitN(skey, "+", 5)
	encoded := parts[len(parts)-1]
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(secret) != 1+ed25519.SeedSize {
		return nil, errors.New("this is not the signing key of a log")
	}
	public := ed25519.NewKeyFromSeed(secret[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(s.Name(), public)
	if err != nil {
		return nil, fmt.Errorf("the signing key of %s: %w", s.Name(), err)
	}
	return &Signer{s, vkey}, nil
}

// VerifierKey returns the public key that checks what s signs.
func (s *Signer) VerifierKey() string { return s.vkey }

// Origin returns the name of the log.
func (s *Signer) Origin() string { return s.signer.Name() }

// Sign returns the checkpoint of t as a signed note.
func (s *Signer) Sign(t tlog.Tree) ([]byte, error) {
	return note.Sign(&note.Note{Text: Checkpoint{s.Origin(), t}.text()}, s.signer)
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Tree.N, c.Tree.Hash)
}

// A Verifier checks checkpoints against one public key.
type Verifier struct{ verifier note.Verifier }

// NewVerifier reads a verifier key.
func NewVerifier(vkey string) (*Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("%.120q is not a verifier key; one looks like lookback/0123456789ab+89abcdef+ followed by base64", vkey)
	}
	return &Verifier{v}, nil
}

// Name returns the key's name and hash, as name+hash.
func (v *Verifier) Name() string {
	return fmt.Sprintf("%s+%08x", v.verifier.Name(), v.verifier.KeyHash())
}

// Open checks the signature on a checkpoint and reads it.
func (v *Verifier) Open(msg []byte) (Checkpoint, error) {
	n, err := note.Open(msg, note.VerifierList(v.verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint is not signed by %s: %w", v.Name(), err)
	}
	// Base64 has spare bits that decoding ignores; a changed byte must show.
	if sig, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil || len(sig) != 4+ed25519.SignatureSize {
		return Checkpoint{}, fmt.Errorf("the checkpoint's signature by %s is not written as it was made", v.Name())
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.verifier.Name() {
		return Checkpoint{}, fmt.Errorf("the checkpoint is of the log %q, the key of %q", c.Origin, v.verifier.Name())
	}
	return c, nil
}

// PeekCheckpoint reads a checkpoint without checking its signature. It is good
// for finding one's way, never for trust.
func PeekCheckpoint(msg []byte) (Checkpoint, error) {
	end := bytes.Index(msg, []byte("\n\n"))
	if end < 0 {
		return Checkpoint{}, errors.New("a checkpoint is a text, an empty line and a signature")
	}
	return parseText(string(msg[:end+1]))
}

func parseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("a checkpoint has three lines of text, this has %d", len(lines)-1)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("a checkpoint's second line is its number of events, not %.40q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("a checkpoint's third line is a root in base64, not %.80q", lines[2])
	}
	c := Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size, Hash: root}}
	if c.text() != text {
		return Checkpoint{}, fmt.Errorf("a checkpoint is written in one way only; this is not it: %.200q", text)
	}
	return c, nil
}
