// Package codelist answers questions from the published code lists that police
// records are written in, and says "unknown" wherever a list does not carry the
// answer.
//
// Every row keeps its source and the confidence with which it was read. A row
// that is not [Verified] never becomes a rule: whatever is asked of it, the
// [Answer] is [Unknown], with the reason. Labels may be shown at any confidence.
//
// The lists are data with one version for the whole set: see data/README.md for
// what ships and what was left out, and docs/codes.md for how to update it.
package codelist

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

//go:embed data/VERSION data/*.csv
var shipped embed.FS

// A Confidence says how well a row was checked when its list was compiled.
type Confidence string

const (
	Verified   Confidence = "verified"   // code and meaning read in a named public source
	Secondary  Confidence = "secondary"  // a second-hand source, or part read and part inferred
	Unverified Confidence = "unverified" // background knowledge only
)

// A Row is what every row of every list carries.
type Row struct {
	Source     string // a short public address
	Confidence Confidence
	Notes      string
}

// A Value is one of three answers. It is stored as this string.
type Value string

const (
	Yes     Value = "yes"
	No      Value = "no"
	Unknown Value = "unknown"
)

// An Answer is a value and the sentence that explains it. The reason is never
// empty: a reader may always ask why.
type Answer struct {
	Value  Value
	Reason string
}

func (a Answer) String() string { return string(a.Value) + ": " + a.Reason }

func yes(format string, args ...any) Answer     { return Answer{Yes, fmt.Sprintf(format, args...)} }
func no(format string, args ...any) Answer      { return Answer{No, fmt.Sprintf(format, args...)} }
func unknown(format string, args ...any) Answer { return Answer{Unknown, fmt.Sprintf(format, args...)} }

// gate is the law of this package: only a verified row may answer. what names
// the thing that the row describes.
func (r Row) gate(what string, a Answer) Answer {
	if r.Confidence == Verified {
		return a
	}
	return unknown("the meaning of %s is not verified (its row is %s)", what, r.Confidence)
}

// A Set is one version of all the lists. It is read once and never changes, so
// it may be shared between goroutines.
type Set struct {
	Version  string // the day on which the set was compiled, YYYY-MM-DD
	Checksum string // SHA-256 over the names and contents of its files, in hex

	outcomes    []Outcome
	offences    []OffenceRow
	selfDefined []Ethnicity
	officerSeen []Ethnicity
	forces      []Force
	boroughs    []Borough
	clocks      []Clock

	offenceIndex map[offenceKey][]int
}

// Shipped returns the set that is built into the program.
func Shipped() *Set { return readShipped() }

var readShipped = sync.OnceValue(func() *Set {
	data, err := fs.Sub(shipped, "data")
	if err != nil {
		panic("codelist: " + err.Error())
	}
	s, err := Read(data)
	if err != nil {
		panic("codelist: the lists built into this program cannot be read: " + err.Error())
	}
	return s
})

// Version returns the version of the set that is built into the program.
func Version() string { return Shipped().Version }

// Read reads a set from the files of one folder: VERSION and the eight lists. It
// refuses a list with a column missing or with a value that its column does not
// allow, naming file, line, column and value.
func Read(fsys fs.FS) (*Set, error) {
	version, err := fs.ReadFile(fsys, "VERSION")
	if err != nil {
		return nil, fmt.Errorf("the code lists have no version: %w", err)
	}
	s := &Set{Version: strings.TrimSpace(string(version))}
	sum := sha256.New()
	fmt.Fprintf(sum, "VERSION\n%s\n", s.Version)
	for _, l := range lists {
		text, err := fs.ReadFile(fsys, l.file)
		if err != nil {
			return nil, fmt.Errorf("the code lists are not whole: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n", l.file, len(text))
		sum.Write(text)
		if err := readList(l.file, text, l.columns, func(r record) { l.add(s, r) }); err != nil {
			return nil, err
		}
	}
	s.Checksum = hex.EncodeToString(sum.Sum(nil))
	s.indexOffences()
	return s, nil
}

// lists names the files of a set, in the order in which they are read.
var lists = []struct {
	file    string
	columns []string // besides source, confidence and notes
	add     func(*Set, record)
}{
	{"outcomes.csv", []string{"code", "label", "group", "is_nfa", "suspect_identified", "decided_by"}, addOutcome},
	{"outcomes_pre2013.csv", []string{"scheme", "code", "label", "meaning", "is_nfa", "suspect_identified"}, addOldOutcome},
	{"offences.csv", []string{"level", "hocr_class", "ho_code", "cjs_codes", "title", "act", "section", "victim_age", "victim_under", "sexual", "contact_offence", "rape"}, addOffence},
	{"ethnicity_self_defined.csv", []string{"code", "label", "high_level_group", "in_16plus1", "in_18plus1"}, addSelfDefined},
	{"ethnicity_officer.csv", []string{"code", "spoken", "label"}, addOfficerSeen},
	{"forces.csv", []string{"code", "force", "kind", "region", "also_codes"}, addForce},
	{"london_areas.csv", []string{"borough", "force_code"}, addBorough},
	{"clocks.csv", []string{"id", "area", "rule", "number", "unit", "starts_from", "extension", "applies_to", "effective_from", "effective_to", "force_of_rule"}, addClock},
}
