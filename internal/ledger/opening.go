package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Fields is a set of an event's hidden fields.
type Fields uint8

const (
	Actor Fields = 1 << iota
	Purpose
	Subject
	Body
	AllFields = Actor | Purpose | Subject | Body
)

// A Revealed is one field and the salt that proves it. Salt nil: withheld.
type Revealed struct {
	Salt  []byte
	Value []byte // text, or for the body JSON
}

// An Opening is what a receiver may see of one event: any of its fields.
type Opening struct {
	Index                         int64 // of the event in the log, from 0
	Actor, Purpose, Subject, Body Revealed
}

func (o *Opening) fields() [fields]*Revealed {
	return [fields]*Revealed{&o.Actor, &o.Purpose, &o.Subject, &o.Body}
}

// Shown returns which fields o opens.
func (o Opening) Shown() (shown Fields) {
	for i, f := range o.fields() {
		if f.Salt != nil {
			shown |= 1 << i
		}
	}
	return shown
}

// Reveal opens the chosen fields of s, the index-th event of the log. It does
// not compare them with the leaf; that is [Opening.Check].
func Reveal(index int64, s Sealed, show Fields) (Opening, error) {
	o := Opening{Index: index}
	if s.Erased() {
		return o, ErrErased
	}
	if len(s.Salt) != SaltSize {
		return o, fmt.Errorf("the salt of event %d has %d bytes, it must have %d", index, len(s.Salt), SaltSize)
	}
	p, err := parsePlain(s.Opening)
	if err != nil {
		return o, err
	}
	values := p.values()
	for i, f := range o.fields() {
		if show&(1<<i) != 0 {
			salt := fieldSalt([SaltSize]byte(s.Salt), i)
			*f = Revealed{Salt: salt[:], Value: values[i]}
		}
	}
	return o, nil
}

// Check compares what o opens with the commitments in l.
func (o Opening) Check(l Leaf) error {
	for i, f := range o.fields() {
		if f.Salt == nil {
			continue
		}
		if len(f.Salt) != SaltSize || commit([SaltSize]byte(f.Salt), f.Value) != l.Commitments[i] {
			return errOpening(i)
		}
	}
	return nil
}

// AppendLine appends o as one line of openings.jsonl, with its newline.
func (o Opening) AppendLine(b []byte) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, o.Index, 10)
	for i, f := range o.fields() {
		if f.Salt == nil {
			continue
		}
		b = append(b, `,"`+fieldNames[i]+`":{"salt":"`...)
		b = hex.AppendEncode(b, f.Salt)
		b = append(b, `","value":`...)
		if f == &o.Body {
			b = append(b, f.Value...)
		} else {
			b = appendString(b, f.Value)
		}
		b = append(b, '}')
	}
	return append(b, "}\n"...)
}

// LineIndex reads which event a line of openings.jsonl speaks of.
func LineIndex(line []byte) (index int64, ok bool) {
	index, _, err := cutIndex(line)
	return index, err == nil
}

func cutIndex(line []byte) (int64, []byte, error) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"index":`))
	end := bytes.IndexByte(rest, ',')
	if !ok || end < 1 || end > 19 {
		return 0, nil, errors.New(`an opening must begin with {"index":N,`)
	}
	n, err := strconv.ParseUint(string(rest[:end]), 10, 63)
	if err != nil || rest[0] == '0' && end > 1 {
		return 0, nil, fmt.Errorf("%q is not the index of an event", rest[:end])
	}
	return int64(n), rest[end:], nil
}

// ParseOpening reads one line of openings.jsonl. It takes only what AppendLine
// writes, byte for byte, so that no altered byte goes unnoticed: JSON alone
// would let capitals in names, spaces and escapes pass.
func ParseOpening(line []byte) (Opening, error) {
	var o Opening
	if !utf8.Valid(line) {
		return o, errors.New("an opening must be UTF-8")
	}
	index, rest, err := cutIndex(line)
	if err != nil {
		return o, err
	}
	o.Index = index
	for i, f := range o.fields() {
		after, ok := bytes.CutPrefix(rest, []byte(`,"`+fieldNames[i]+`":{"salt":"`))
		if !ok {
			continue
		}
		if rest, err = f.parse(after, f == &o.Body); err != nil {
			return o, fmt.Errorf("the opened %s: %w", fieldNames[i], err)
		}
	}
	if string(rest) != "}\n" || o.Shown() == 0 {
		return o, errors.New("an opening must hold some of actor, purpose, subject, body, in this order, and nothing else")
	}
	return o, nil
}

// parse reads `<64 digits>","value":<value>}` into r and returns what follows.
func (r *Revealed) parse(b []byte, body bool) ([]byte, error) {
	width := hex.EncodedLen(SaltSize)
	var salt [SaltSize]byte
	if len(b) < width || !parseHex(&salt, b[:width]) {
		return nil, errors.New("a salt is 64 small hexadecimal digits")
	}
	rest, ok := bytes.CutPrefix(b[width:], []byte(`","value":`))
	if !ok {
		return nil, errors.New("after the salt comes the value")
	}
	cut := cutString
	if body {
		cut = cutBody
	}
	value, rest, err := cut(rest)
	if err != nil {
		return nil, err
	}
	r.Salt, r.Value = salt[:], value
	rest, ok = bytes.CutPrefix(rest, []byte("}"))
	if !ok {
		return nil, errors.New("after the value nothing may follow")
	}
	return rest, nil
}

// cutBody takes the body's JSON. Being last, it ends where the line's closing
// braces begin.
func cutBody(b []byte) (value, rest []byte, err error) {
	value, ok := bytes.CutSuffix(b, []byte("}}\n"))
	if !ok || !json.Valid(value) {
		return nil, nil, errors.New("the body must be JSON")
	}
	return value, b[len(value):], nil
}

// cutString takes a JSON string, which must be written as appendString would.
func cutString(b []byte) (value, rest []byte, err error) {
	bad := errors.New("the value must be a JSON string in the ledger's own form")
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, bad
	}
	end := 1
	for end < len(b) && b[end] != '"' {
		if b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(b) {
		return nil, nil, bad
	}
	raw, rest := b[:end+1], b[end+1:]
	if isPlain(raw[1:end]) {
		return raw[1:end], rest, nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil || !bytes.Equal(appendString(nil, []byte(s)), raw) {
		return nil, nil, bad
	}
	return []byte(s), rest, nil
}

// appendString appends s as encoding/json writes it.
func appendString(b, s []byte) []byte {
	if isPlain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(string(s))
	if err != nil {
		panic("ledger: a string that is not JSON: " + err.Error())
	}
	return append(b, quoted...)
}

// isPlain reports whether encoding/json writes s as it stands.
func isPlain(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}
