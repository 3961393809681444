package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the program when it is called "lookback": scripts and fault
// tests start it as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lookback": main})
}

// TestScripts runs what the product does, as scripts. Beside the commands of
// testscript they use the few below.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"json": cmdJSON, "flip": cmdFlip, "truncate": cmdTruncate, "edit": cmdEdit, "manifest": cmdManifest,
			"zip": cmdZip, "latin1": cmdLatin1, "bigcell": cmdBigCell, "workbook": cmdWorkbook, "xlsxbomb": cmdXLSXBomb,
			"quarantined": cmdQuarantined, "verifier": cmdVerifier, "lines": cmdLines, "exitcode": cmdExitCode,
		},
	})
}

func must[T any](ts *testscript.TestScript) func(T, error) T {
	return func(v T, err error) T {
		ts.Check(err)
		return v
	}
}

// json FILE|stdout PATH [VALUE] checks one value of a JSON object. A path is names
// and indexes joined by dots. Without a value it must only be there; the values
// number, text, list and object stand for anything of that kind.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: json FILE PATH [VALUE]")
	}
	var at any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &at); err != nil {
		ts.Fatalf("%s is not one JSON value: %v", args[0], err)
	}
	at, ok := walk(at, strings.Split(args[1], "."))
	agrees := ok && (len(args) == 2 || says(at, args[2]))
	if agrees == neg {
		got, _ := json.Marshal(at)
		ts.Fatalf("%s of %s is %s (there: %v); expected it %sto be %s", args[1], args[0], got, ok, map[bool]string{true: "not "}[neg], args[2:])
	}
}

func walk(v any, path []string) (any, bool) {
	for _, p := range path {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[p]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func says(v any, want string) bool {
	switch v := v.(type) {
	case float64:
		return want == "number" || strconv.FormatFloat(v, 'f', -1, 64) == want
	case string:
		return want == "text" || v == want
	case []any:
		return want == "list" || want == fmt.Sprintf("list of %d", len(v))
	case map[string]any:
		return want == "object"
	}
	return fmt.Sprint(v) == want
}

// flip FILE OFFSET changes one bit of a file; a negative offset counts from the end.
func cmdFlip(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	at := must[int](ts)(strconv.Atoi(args[1]))
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// truncate FILE N keeps the first N percent of a file.
func cmdTruncate(ts *testscript.TestScript, _ bool, args []string) {
	data := ts.ReadFile(args[0])
	n := must[int](ts)(strconv.Atoi(args[1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(data[:len(data)*n/100]), 0o600))
}

// edit FILE OLD NEW replaces a text that stands in a file exactly once.
func cmdEdit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// quarantined EXPORT TEXT VAR puts the number of the quarantined row whose line
// holds the text into $VAR.
func cmdQuarantined(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if strings.Contains(line, args[1]) {
			row, _, _ := strings.Cut(line, ",")
			ts.Setenv(args[2], row)
			return
		}
	}
	ts.Fatalf("no line of %s holds %q", args[0], args[1])
}

// verifier VAR puts the verifier key that the last command printed into $VAR.
func cmdVerifier(ts *testscript.TestScript, _ bool, args []string) {
	_, after, ok := strings.Cut(ts.ReadFile("stdout"), "verifier key: ")
	if !ok {
		ts.Fatalf("the last command printed no verifier key")
	}
	key, _, _ := strings.Cut(after, "\n")
	ts.Setenv(args[0], key)
}

// lines FILE N checks how many lines a file has.
func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	n := strings.Count(ts.ReadFile(args[0]), "\n")
	if (strconv.Itoa(n) == args[1]) == neg {
		ts.Fatalf("%s has %d lines, want %s", filepath.Base(args[0]), n, args[1])
	}
}

// exitcode N COMMAND... runs a command and checks the code with which it ends.
func cmdExitCode(ts *testscript.TestScript, _ bool, args []string) {
	want := must[int](ts)(strconv.Atoi(args[0]))
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}
