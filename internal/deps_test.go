// Package internal holds no code: only the rule about who may import whom.
package internal

import (
	"encoding/json"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// may lists, for each package, which of ours it may import and which others it
// must never reach. It is the table of docs/design.md.
var may = map[string]struct{ ours, never string }{
	"casefile":   {"", "database/sql net/http context"},
	"normalise":  {"", "database/sql net/http context"},
	"codelist":   {"", "database/sql net/http context"},
	"document":   {"", "database/sql net/http"},
	"narrative":  {"normalise", "database/sql net/http"},
	"scope":      {"normalise", "database/sql net/http"},
	"link":       {"normalise", "database/sql net/http"},
	"network":    {"normalise", "database/sql net/http"},
	"ledger":     {"", "database/sql"},
	"verify":     {"ledger", "database/sql"},
	"extract":    {"casefile normalise document", "database/sql"},
	"synth":      {"casefile", "database/sql net/http"},
	"store":      {"casefile ledger", "net/http"},
	"publish":    {"casefile", "database/sql net/http"},
	"desk":       {"casefile ledger store", "net/http html html/template database/sql"},
	"intake":     {"casefile desk document extract ledger store", "net/http html html/template database/sql"},
	"analysis":   {"casefile codelist desk ledger link narrative network normalise scope store", "net/http html html/template database/sql"},
	"cohort":     {"analysis casefile codelist desk ledger normalise publish scope store", "net/http html html/template database/sql"},
	"casework":   {"casefile desk ledger store", "net/http html html/template database/sql"},
	"reading":    {"analysis casefile casework codelist desk ledger scope store", "net/http html html/template database/sql"},
	"review":     {"analysis casefile cohort desk ledger normalise reading scope store", "net/http html html/template database/sql"},
	"custody":    {"casefile desk ledger store verify", "net/http html html/template database/sql"},
	"account":    {"casefile desk ledger store", "net/http html html/template database/sql"},
	"allocation": {"casefile cohort desk ledger normalise review store", "net/http html html/template database/sql"},
	"web":        {"account allocation analysis casefile casework cohort custody desk intake ledger publish reading review scope store extract", "database/sql"},
	"desktest":   {"analysis casefile desk intake store synth", "net/http html html/template database/sql"},
	"webtest":    {"", "database/sql"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestEveryPackageImportsOnlyWhatItMay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "lookback/internal" {
			continue
		}
		seen++
		for _, fault := range faults(p) {
			t.Error(fault)
		}
	}
	if seen < len(may) {
		t.Errorf("the table has %d packages, the tree %d: remove what is gone", len(may), seen)
	}
}

func faults(p goPackage) []string {
	name := path.Base(p.ImportPath)
	rule, ok := may[name]
	if !ok {
		return []string{name + " is not in the table of deps_test.go: say what it may import"}
	}
	var out []string
	for _, i := range p.Imports {
		ours, is := strings.CutPrefix(i, "lookback/internal/")
		switch {
		case is && !slices.Contains(strings.Fields(rule.ours), ours):
			out = append(out, name+" must not import "+ours)
		case slices.Contains(strings.Fields(rule.never), i):
			out = append(out, name+" must not import "+i)
		}
	}
	return out
}

func TestTheRuleBites(t *testing.T) {
	got := faults(goPackage{"lookback/internal/link", []string{"lookback/internal/store", "database/sql", "math"}})
	want := []string{"link must not import store", "link must not import database/sql"}
	if !slices.Equal(got, want) {
		t.Errorf("faults = %q, want %q", got, want)
	}
}
