// Package casefile holds the nouns of a case review: investigations, the people
// in them, what was recorded about both, and who did what in the register.
//
// It is pure: no input or output, no context, no clock. Everything that a force
// hands over is described once, in [Schemas]; dates keep the precision at which
// they were recorded, in [Date].
package casefile

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// A CaseID names one investigation: the system that holds it and its reference
// there, as "system:reference". References are unique only within one system.
type CaseID string

// A NominalID names one person as one system holds them, as "system:reference".
type NominalID string

// NewCaseID and NewNominalID join a system and a reference. A system never
// contains a colon (see [CleanSystem]), so the reference may.
func NewCaseID(system, ref string) CaseID       { return CaseID(system + ":" + ref) }
func NewNominalID(system, ref string) NominalID { return NominalID(system + ":" + ref) }

// Split returns the system and the reference within it.
func (id CaseID) Split() (system, ref string)    { return splitID(string(id)) }
func (id NominalID) Split() (system, ref string) { return splitID(string(id)) }

func splitID(id string) (system, ref string) {
	system, ref, _ = strings.Cut(id, ":")
	return system, ref
}

// UnstatedSystem is the system of an extract that does not say where it is from.
const UnstatedSystem = "unstated"

// CleanSystem returns the name of a system as ids carry it: trimmed, without
// colons, and [UnstatedSystem] when empty.
func CleanSystem(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, ":", " ")), " ")
	if s == "" {
		return UnstatedSystem
	}
	return s
}

// An Actor is who does something: the account, and the roles it holds. The
// actor is an argument of every verb, never hidden in a context.
type Actor struct {
	ID    string // "operator:jo" for somebody at the machine itself
	Roles []Role
}

// Has reports whether the actor holds any of the roles.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

func (a Actor) LogValue() slog.Value { return slog.StringValue(a.ID) }

// A Role is what an account may be. It is stored as this string.
type Role string

const (
	Operator      Role = "operator" // at the machine, with the register's key
	Administrator Role = "administrator"
	Records       Role = "records"
	Analyst       Role = "analyst"
	Reviewer      Role = "review officer"
	Supervisor    Role = "supervisor"
	Disclosure    Role = "disclosure"
	Inspector     Role = "inspector"
	Panel         Role = "panel" // the survivors' panel
)

// A Kind says what sort of thing went wrong, for the layer that answers.
type Kind string

const (
	Invalid   Kind = "invalid"   // the input is wrong; the message says how
	NotFound  Kind = "not found" // there is no such thing, or not for this actor
	Forbidden Kind = "forbidden" // the actor may not
	Conflict  Kind = "conflict"  // somebody else was first
	Full      Kind = "full"      // no room to write; nothing was lost
	Broken    Kind = "broken"    // data that should agree does not
)

// An Error speaks to two people: Message to the user (what is wrong, what to
// do), Err to the operator's log.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + " (" + e.Err.Error() + ")"
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error for the user. A %w operand is kept for the operator and
// must not be the only explanation.
func Errorf(k Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Message: err.Error(), Err: errors.Unwrap(err)}
}

// KindOf returns the kind of err, or "" if nobody classified it.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Message returns what to tell the user about err.
func Message(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return err.Error()
}
