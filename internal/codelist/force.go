package codelist

import (
	"slices"
	"strings"
	"unicode"
)

// A Force is a police force, or another body whose code stands in its place.
type Force struct {
	Row
	Code   string   // PNC force code, two digits, text: "01"
	Also   []string // further codes of the same force
	Name   string
	Kind   string // territorial, national, agency, system, outside scope
	Region string
}

// A Borough is a London borough, or the City, with the code of its force.
type Borough struct {
	Row
	Name  string
	Force string
}

func addForce(s *Set, r record) {
	s.forces = append(s.forces, Force{
		Row: r.row(), Code: r.filled("code"), Also: r.list("also_codes"),
		Name: r.filled("force"), Kind: r.filled("kind"), Region: r.text("region"),
	})
}

func addBorough(s *Set, r record) {
	s.boroughs = append(s.boroughs, Borough{Row: r.row(), Name: r.filled("borough"), Force: r.filled("force_code")})
}

// Forces returns every listed force and body; Boroughs every borough.
func (s *Set) Forces() []Force     { return slices.Clone(s.forces) }
func (s *Set) Boroughs() []Borough { return slices.Clone(s.boroughs) }

// Force returns the force with a code ("01", or "1" as a spreadsheet leaves it)
// or a name, with or without the words police, service, constabulary.
func (s *Set) Force(codeOrName string) (Force, bool) {
	written := strings.TrimSpace(codeOrName)
	if written == "" {
		return Force{}, false
	}
	code, name := pad(written, 2), plainName(written)
	i := slices.IndexFunc(s.forces, func(f Force) bool {
		return f.Code == code || slices.Contains(f.Also, code) || name != "" && plainName(f.Name) == name
	})
	if i < 0 {
		return Force{}, false
	}
	return s.forces[i], true
}

// Borough returns the London borough with a name.
func (s *Set) Borough(name string) (Borough, bool) {
	plain := plainName(name)
	i := slices.IndexFunc(s.boroughs, func(b Borough) bool { return plainName(b.Name) == plain })
	if i < 0 || plain == "" {
		return Borough{}, false
	}
	return s.boroughs[i], true
}

// plainName reduces a name to what tells forces and boroughs apart.
func plainName(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	words = slices.DeleteFunc(words, func(w string) bool {
		switch w {
		case "police", "service", "constabulary", "force", "and", "the", "london", "borough", "of", "royal":
			return true
		}
		return false
	})
	return strings.Join(words, " ")
}
