package casefile

import "strings"

// A Fault says what is wrong with one field of a form.
type Fault struct {
	Field   string
	Message string
}

// Refuse turns the first fault into an error.
func Refuse(faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return Errorf(Invalid, "%s", faults[0].Message)
}

// Typed trims what somebody typed, and refuses nothing, too much, or bytes that
// are no text. Missing is what to say where something is needed, "" where not.
func Typed(s, missing string, most int) (string, error) {
	s = strings.TrimSpace(Shown(s))
	if s == "" && missing != "" {
		return "", Errorf(Invalid, "%s", missing)
	}
	if len(s) > most {
		return "", Errorf(Invalid, "That is %d characters long; at most %d are kept here. Shorten it, or put it into a document.", len([]rune(s)), most)
	}
	return s, nil
}
