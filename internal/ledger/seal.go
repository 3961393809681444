package ledger

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The hidden fields of an event, in the order of the leaf.
const fields = 4

var fieldNames = [fields]string{"actor", "purpose", "subject", "body"}

// SaltSize is the size in bytes of an event's salt, of the salt of one of its
// fields, and of a commitment.
const SaltSize = sha256.Size

// Sealed is one event as the register keeps it: three columns of one row.
// Salt and Opening are erased together, and then both are nil.
type Sealed struct {
	Leaf    []byte // what the log is made of; names nobody
	Salt    []byte // SaltSize random bytes
	Opening []byte // the hidden fields in plain, as JSON
}

// Erased reports whether nothing is left that could open the event.
func (s Sealed) Erased() bool { return s.Salt == nil && s.Opening == nil }

// ErrErased is returned for an event whose opening was erased.
var ErrErased = errors.New("the content of this event was erased; its time and kind remain")

// Seal makes the leaf of e. The salt must be fresh from a cryptographic source:
// whoever knows it can test guesses at what a commitment hides.
func Seal(e Event, salt [SaltSize]byte) (Sealed, error) {
	p, err := e.plain()
	if err != nil {
		return Sealed{}, err
	}
	opening, err := json.Marshal(p)
	if err != nil {
		return Sealed{}, fmt.Errorf("event %s: %w", e.Kind, err)
	}
	l := Leaf{At: e.At.UTC().Truncate(time.Microsecond), Kind: e.Kind}
	for i, v := range p.values() {
		l.Commitments[i] = commit(fieldSalt(salt, i), v)
	}
	return Sealed{Leaf: l.Bytes(), Salt: salt[:], Opening: opening}, nil
}

// Unseal returns the event in s, having checked it against the leaf. Of an
// erased event it returns time and kind, with [ErrErased].
func Unseal(s Sealed) (Event, error) {
	l, err := ParseLeaf(s.Leaf)
	if err != nil {
		return Event{}, err
	}
	e := Event{At: l.At, Kind: l.Kind}
	if s.Erased() {
		return e, ErrErased
	}
	p, err := s.check(l)
	if err != nil {
		return e, err
	}
	e.Actor, e.Purpose, e.Subject, e.Body = p.Actor, p.Purpose, p.Subject, p.Body
	return e, nil
}

// check opens s and compares every field with its commitment in l.
func (s Sealed) check(l Leaf) (plain, error) {
	if len(s.Salt) != SaltSize {
		return plain{}, fmt.Errorf("an event's salt has %d bytes, it must have %d", len(s.Salt), SaltSize)
	}
	p, err := parsePlain(s.Opening)
	if err != nil {
		return plain{}, err
	}
	for i, v := range p.values() {
		if commit(fieldSalt([SaltSize]byte(s.Salt), i), v) != l.Commitments[i] {
			return plain{}, errOpening(i)
		}
	}
	return p, nil
}

func errOpening(field int) error {
	return fmt.Errorf("its %s is not what was logged", fieldNames[field])
}

// fieldSalt derives the salt of one field, so that one field can be opened
// without opening the others.
func fieldSalt(salt [SaltSize]byte, field int) [SaltSize]byte {
	return mac(salt, []byte("lookback event v1 "+fieldNames[field]))
}

// commit is HMAC-SHA256: hiding while the salt is secret, binding because the
// salt has a fixed size.
func commit(salt [SaltSize]byte, value []byte) [SaltSize]byte { return mac(salt, value) }

// mac is HMAC-SHA256 (RFC 2104). Keys are used once each here, which package
// crypto/hmac is not made for: this takes two thirds of its time and none of
// its memory. A test holds the two against each other.
func mac(key [SaltSize]byte, message []byte) [SaltSize]byte {
	var inner [256]byte // longer messages go to the heap
	var outer [sha256.BlockSize + SaltSize]byte
	for i := range sha256.BlockSize {
		inner[i], outer[i] = 0x36, 0x5c
	}
	subtle.XORBytes(inner[:], inner[:], key[:])
	subtle.XORBytes(outer[:], outer[:], key[:])
	sum := sha256.Sum256(append(inner[:sha256.BlockSize], message...))
	return sha256.Sum256(append(outer[:sha256.BlockSize], sum[:]...))
}

// A Leaf is what the log says of one event in clear.
type Leaf struct {
	At          time.Time
	Kind        Kind
	Commitments [fields][SaltSize]byte // actor, purpose, subject, body
}

const (
	leafHeader = "lookback event v1\n"
	leafTime   = "2006-01-02T15:04:05.000000Z"
)

// Bytes returns the canonical form of l, version 1.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, 384)
	b = append(b, leafHeader...)
	b = append(b, "at "...)
	b = l.At.AppendFormat(b, leafTime)
	b = append(b, "\nkind "...)
	b = append(b, l.Kind...)
	b = append(b, '\n')
	for i, c := range l.Commitments {
		b = append(b, fieldNames[i]...)
		b = append(b, ' ')
		b = hex.AppendEncode(b, c[:])
		b = append(b, '\n')
	}
	return b
}

// ParseLeaf reads the canonical form and nothing else: if it returns no error,
// Bytes of the result is b. A kind need not be in this version's table.
func ParseLeaf(b []byte) (Leaf, error) {
	var l Leaf
	rest, ok := bytes.CutPrefix(b, []byte(leafHeader))
	if !ok {
		return l, errors.New("a leaf must begin with the line " + leafHeader[:len(leafHeader)-1])
	}
	at, rest, ok := cutLine(rest, "at ")
	if !ok || !l.parseTime(at) {
		return l, fmt.Errorf("a leaf's second line must hold its time, as at %s, not %.40q", leafTime, at)
	}
	kind, rest, ok := cutLine(rest, "kind ")
	if l.Kind = Kind(kind); !ok || !l.Kind.wellFormed() {
		return l, fmt.Errorf("a leaf's third line must hold its kind, as noun.participle, not %.80q", kind)
	}
	for i := range l.Commitments {
		var c []byte
		if c, rest, ok = cutLine(rest, fieldNames[i]+" "); !ok || !parseHex(&l.Commitments[i], c) {
			return l, fmt.Errorf("a leaf must hold the commitment to its %s as 64 hexadecimal digits", fieldNames[i])
		}
	}
	if len(rest) > 0 {
		return l, fmt.Errorf("a leaf ends after its seventh line, this one goes on for %d bytes", len(rest))
	}
	return l, nil
}

func (l *Leaf) parseTime(s []byte) bool {
	at, err := time.Parse(leafTime, string(s))
	l.At = at
	var buf [len(leafTime)]byte
	return err == nil && string(at.AppendFormat(buf[:0], leafTime)) == string(s)
}

// cutLine returns what follows the label on the first line of b.
func cutLine(b []byte, label string) (line, rest []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(label))
	end := bytes.IndexByte(b, '\n')
	if !ok || end < 0 {
		return nil, b, false
	}
	return b[:end], b[end+1:], true
}

// parseHex reads exactly 64 small hexadecimal digits.
func parseHex(to *[SaltSize]byte, s []byte) bool {
	if len(s) != hex.EncodedLen(SaltSize) {
		return false
	}
	bad := byte(0)
	for i := range to {
		high, low := digits[s[2*i]], digits[s[2*i+1]]
		bad |= high | low
		to[i] = high<<4 | low&0xf
	}
	return bad < 16
}

// digits holds the value of each small hexadecimal digit, 0xff for the rest.
var digits = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		table[c] = byte(i)
	}
	return table
}()
