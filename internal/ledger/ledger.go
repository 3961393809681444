// Package ledger turns what happened in a register into an RFC 6962 log that
// anybody can check.
//
// An [Event] is sealed into a leaf: its time, its kind and a salted commitment
// to each of its four fields, so that a leaf names nobody. What opens it stays
// in the register and may be erased there; the log remains whole. [Append]
// gives a store what it must write for new events, [Signer] signs the state of
// the log as a c2sp.org/tlog-checkpoint, [Export] writes the log as
// c2sp.org/tlog-tiles. The formats are described in docs/ledger.md.
package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// An Event is one thing that was received, decided, read or derived.
type Event struct {
	At      time.Time // kept to the microsecond, in UTC
	Kind    Kind      // one of [Kinds]
	Actor   string    // who: required
	Purpose string    // why, in the actor's words
	Subject string    // what it is about: the id of a case, of an extract, or ""
	Body    any       // anything JSON can hold; read back as [json.RawMessage]
}

// Limits of one event. What is larger belongs in the register, its hash here.
const (
	MaxText = 64 << 10 // bytes of actor, purpose, subject each
	MaxBody = 4 << 20  // bytes of the body as JSON
)

// plain is an event's four hidden fields, as the register keeps them.
type plain struct {
	Actor   string          `json:"actor"`
	Purpose string          `json:"purpose"`
	Subject string          `json:"subject"`
	Body    json.RawMessage `json:"body"`
}

// plain checks e and returns its hidden fields, the body as compact JSON.
func (e Event) plain() (plain, error) {
	p := plain{Actor: e.Actor, Purpose: e.Purpose, Subject: e.Subject}
	if e.Kind.Class() == "" {
		return p, fmt.Errorf("the ledger knows no event of kind %q; kinds are listed in the ledger's table", e.Kind)
	}
	if y := e.At.UTC().Year(); e.At.IsZero() || y < 1 || y > 9999 {
		return p, fmt.Errorf("event %s has no usable time (%v)", e.Kind, e.At)
	}
	if e.Actor == "" {
		return p, fmt.Errorf("event %s does not say who acted", e.Kind)
	}
	for i, s := range []string{e.Actor, e.Purpose, e.Subject} {
		if !utf8.ValidString(s) {
			return p, fmt.Errorf("event %s: its %s is not UTF-8", e.Kind, fieldNames[i])
		}
		if len(s) > MaxText {
			return p, fmt.Errorf("event %s: its %s has %d bytes, at most %d are kept", e.Kind, fieldNames[i], len(s), MaxText)
		}
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return p, fmt.Errorf("event %s: its body is not JSON: %w", e.Kind, err)
	}
	if len(body) > MaxBody || !utf8.Valid(body) {
		return p, fmt.Errorf("event %s: its body must be at most %d bytes of UTF-8 JSON, it has %d", e.Kind, MaxBody, len(body))
	}
	p.Body = body
	return p, nil
}

// values returns the four hidden fields as the bytes that are committed to.
func (p plain) values() [fields][]byte {
	return [fields][]byte{[]byte(p.Actor), []byte(p.Purpose), []byte(p.Subject), p.Body}
}

// parsePlain reads what [Seal] put into [Sealed.Opening].
func parsePlain(opening []byte) (plain, error) {
	var p plain
	d := json.NewDecoder(bytes.NewReader(opening))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("an event's opening cannot be read: %w", err)
	}
	return p, nil
}
