package web

import (
	"net/http"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/reading"
	"lookback/internal/store"
)

var peopleRoutes = []route{
	{"GET /people/{id}", desk.ReadCases, (*Site).showPerson},
}

// A personPage is one person as their page shows them.
type personPage struct {
	*reading.PersonFile
	Names bool // shown although the person is a victim or was missing
}

func (p personPage) Wide() bool { return true }

// Hidden reports whether names are kept back.
func (p personPage) Hidden() bool { return p.Protected() && !p.Names }

// Called is how to call the person.
func (p personPage) Called() string {
	if !p.Hidden() {
		return p.PersonFile.Called()
	}
	var said []string
	for _, r := range p.Records {
		if i := r.Initials(); i != "" && !slices.Contains(said, i) {
			said = append(said, i)
		}
	}
	if len(said) == 0 {
		return p.ID
	}
	return said[0]
}

// Name is how to call one record.
func (p personPage) Name(r reading.PersonRecord) string {
	switch {
	case r.Person.Name() == "":
		return "no name recorded"
	case p.Hidden():
		return r.Initials()
	}
	return r.Person.Name()
}

// Of is the reference of a record, with its system if that is not the system of
// the records shown.
func (p personPage) Of(id casefile.NominalID) string {
	system, ref := id.Split()
	if here, _ := p.Records[0].ID.Split(); here == system {
		return ref
	}
	return system + " " + ref
}

// As says in which roles the person is in how many cases: "suspect in 2 cases,
// witness in 1".
func (p personPage) As() string {
	said := (&casePage{}).RolesElsewhere(reading.Person{Elsewhere: p.Cases})
	first, rest, more := strings.Cut(said, ", ")
	if strings.HasSuffix(first, " in 1") {
		first += " case"
	} else {
		first += " cases"
	}
	if more {
		return first + ", " + rest
	}
	return first
}

func (s *Site) showPerson(w http.ResponseWriter, r *request) error {
	f, err := reading.ReadPerson(r.Context(), s.Desk, r.By, r.PathValue("id"), r.URL.Query().Get("for"))
	if err != nil {
		return err
	}
	p := personPage{PersonFile: f, Names: namesShown(w, r)}
	p.PersonFile.Readings = ownReadings(p.PersonFile.Readings, r.By)
	return s.render(w, r, "person", p.Called(), p)
}

// ownReadings names nobody but the reader: who else looks at a person may be
// reading a case that this reader is to judge without knowing.
func ownReadings(list []store.Reading, by casefile.Actor) []store.Reading {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Actor == by.ID {
			out[i].Actor = "You"
		} else {
			out[i].Actor = "Somebody else"
		}
	}
	return out
}

// Link is the last part of the address of a record's page.
func (p personPage) Link(id casefile.NominalID) string {
	return personPath(string(id)) + "?for=linked+case"
}

// Episode says what is recorded of a missing episode.
func (p personPage) Episode(e casefile.Episode) string { return reading.SayEpisode(e) }
