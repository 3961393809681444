package scope

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Terms are one version of terms of reference: the criteria that a case must
// all meet, and the classes by which the cases in scope are then told apart.
// A version is never edited; a change is a new version.
type Terms struct {
	Name     string      `json:"name"` // lower-case letters, digits and hyphens
	Version  int         `json:"version"`
	Title    string      `json:"title"`
	Source   string      `json:"source"` // who says that these are the terms
	Note     string      `json:"note,omitempty"`
	Criteria []Criterion `json:"criteria"`
	Classes  []Class     `json:"classes,omitempty"`
}

// A Criterion is one test that every case in scope must meet.
type Criterion struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Test  string `json:"test"` // CEL over the facts
	Why   string `json:"why,omitempty"`
}

// A Class is a kind of case. Classes stand side by side: a case in scope may
// belong to several or to none.
type Class struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Test  string `json:"test,omitempty"`
	// Undecided, in place of a test, makes this the class of cases that meet no
	// other class while at least one other cannot be told.
	Undecided bool   `json:"undecided,omitempty"`
	Why       string `json:"why,omitempty"`
}

// maxTests bounds criteria and classes, each of which is one bit of a [Result].
const maxTests = 64

// maxFile bounds a file of terms, maxTest one test: a hundred times what they need.
const (
	maxFile = 1 << 20
	maxTest = 4000
)

// An Error says what is wrong with terms of reference, and where.
type Error struct {
	Part    string // `criterion "window"`, `class "cse"`; empty for the file itself
	Column  int    // the character of the test, from 1; 0 for none
	Message string
}

func (e *Error) Error() string {
	switch {
	case e.Part == "":
		return "terms of reference: " + e.Message
	case e.Column == 0:
		return e.Part + ": " + e.Message
	}
	return fmt.Sprintf("%s, character %d: %s", e.Part, e.Column, e.Message)
}

// Read parses terms of reference from r, at most one megabyte.
func Read(r io.Reader) (Terms, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Terms{}, fmt.Errorf("cannot read the terms of reference: %w", err)
	}
	return Parse(data)
}

// Parse reads terms of reference from JSON. It refuses fields that it does not
// know; the tests themselves are read by [Compile].
func Parse(data []byte) (Terms, error) {
	var t Terms
	if len(data) > maxFile {
		return t, &Error{Message: fmt.Sprintf("the file is larger than %d bytes", maxFile)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Terms{}, jsonError(data, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Terms{}, &Error{Message: lineOf(data, d.InputOffset()) + "there is more after the end of the terms; expected one JSON object"}
	}
	if err := t.Check(); err != nil {
		return Terms{}, err
	}
	return t, nil
}

func jsonError(data []byte, at int64, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &Error{Message: lineOf(data, syntax.Offset) + "this is not JSON: " + syntax.Error()}
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &Error{Message: fmt.Sprintf("%s%q holds a %s; expected %s", lineOf(data, wrong.Offset), wrong.Field, wrong.Value, jsonWant(wrong.Type.String()))}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Message: "the file ends in the middle; expected one JSON object"}
	}
	return &Error{Message: lineOf(data, at) + strings.TrimPrefix(err.Error(), "json: ")}
}

func jsonWant(goType string) string {
	switch {
	case goType == "string":
		return "a text"
	case goType == "int":
		return "a whole number"
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	}
	return "an object"
}

func lineOf(data []byte, offset int64) string {
	at := min(max(int(offset), 0), len(data))
	return fmt.Sprintf("line %d: ", 1+bytes.Count(data[:at], []byte("\n")))
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check returns an error if a required field is empty or wrong, or an id is used twice.
func (t *Terms) Check() error {
	switch {
	case !idPattern.MatchString(t.Name):
		return &Error{Message: fmt.Sprintf("the name %q is not lower-case letters, digits and hyphens", t.Name)}
	case t.Version < 1:
		return &Error{Message: fmt.Sprintf("the version is %d; expected 1 or more", t.Version)}
	case strings.TrimSpace(t.Title) == "":
		return &Error{Message: "there is no title"}
	case strings.TrimSpace(t.Source) == "":
		return &Error{Message: "there is no source: say whose terms these are"}
	case len(t.Criteria) == 0:
		return &Error{Message: "there is no criterion"}
	case len(t.Criteria) > maxTests || len(t.Classes) > maxTests:
		return &Error{Message: fmt.Sprintf("there are %d criteria and %d classes; at most %d of each", len(t.Criteria), len(t.Classes), maxTests)}
	}
	return t.checkParts()
}

func (t *Terms) checkParts() error {
	seen := map[string]bool{}
	for _, c := range t.Criteria {
		if err := checkPart(seen, part("criterion", c.ID), c.ID, c.Title, c.Test); err != nil {
			return err
		}
	}
	undecided := 0
	for _, c := range t.Classes {
		test := c.Test
		if c.Undecided {
			if test != "" {
				return &Error{Part: part("class", c.ID), Message: "a class has a test or is the undecided one, not both"}
			}
			undecided++
			test = "none"
		}
		if err := checkPart(seen, part("class", c.ID), c.ID, c.Title, test); err != nil {
			return err
		}
	}
	if undecided > 1 {
		return &Error{Message: "more than one class is the undecided one"}
	}
	return nil
}

func part(kind, id string) string { return fmt.Sprintf("%s %q", kind, id) }

func checkPart(seen map[string]bool, where, id, title, test string) error {
	switch {
	case !idPattern.MatchString(id):
		return &Error{Part: where, Message: "the id is not lower-case letters, digits and hyphens"}
	case seen[id]:
		return &Error{Part: where, Message: "this id is used twice"}
	case strings.TrimSpace(title) == "":
		return &Error{Part: where, Message: "there is no title"}
	case strings.TrimSpace(test) == "":
		return &Error{Part: where, Message: "there is no test"}
	case len(test) > maxTest:
		return &Error{Part: where, Message: fmt.Sprintf("the test is longer than %d characters", maxTest)}
	}
	seen[id] = true
	return nil
}

// Fingerprint returns the SHA-256, in hexadecimal, of the version: of every
// word in it, in a fixed order, however its file was laid out.
func (t *Terms) Fingerprint() string {
	h := sha256.New()
	io.WriteString(h, "lookback terms of reference 1\n")
	e := json.NewEncoder(h)
	e.SetEscapeHTML(false)
	if err := e.Encode(t); err != nil {
		panic("scope: terms of reference do not encode: " + err.Error())
	}
	return hex.EncodeToString(h.Sum(nil))
}

//go:embed presets/*.json
var presetFiles embed.FS

// Presets returns the terms of reference that come with the program, by name.
func Presets() []Terms {
	entries, err := fs.ReadDir(presetFiles, "presets")
	if err != nil {
		panic("scope: " + err.Error())
	}
	all := make([]Terms, len(entries))
	for i, e := range entries {
		data, err := presetFiles.ReadFile("presets/" + e.Name())
		if err != nil {
			panic("scope: " + err.Error())
		}
		if all[i], err = Parse(data); err != nil {
			panic("scope: preset " + e.Name() + ": " + err.Error())
		}
	}
	slices.SortFunc(all, func(a, b Terms) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Preset returns the preset with that name; the error names those there are.
func Preset(name string) (Terms, error) {
	all := Presets()
	names := make([]string, len(all))
	for i, t := range all {
		if names[i] = t.Name; t.Name == name {
			return t, nil
		}
	}
	return Terms{}, &Error{Message: fmt.Sprintf("there is no preset %q; there are %s", name, list(names, "and"))}
}
