package main

import (
	"flag"
	"fmt"
	"io"

	"lookback/internal/casefile"
)

// flags holds every flag of every command; a command uses those that its usage
// line names, and the others are refused.
type flags struct {
	set *flag.FlagSet
	c   *command

	dir, keyFile, out, in, mapping, criteria, against, knownOn, key, identity, reason string
	addr, cert, certKey, importFrom                                                   string
	maxUpload                                                                         int64
	oidc, name, roles, knownAs                                                        string
	json, noServe, openings, behindProxy                                              bool
	cases, limit                                                                      int
	seed                                                                              uint64
	row                                                                               int64
	prevalence                                                                        float64
	officers, perDay, away                                                            string
	whole, dryRun                                                                     bool
}

func newFlags(c *command) *flags {
	f := &flags{set: flag.NewFlagSet(c.name, flag.ContinueOnError), c: c}
	f.set.SetOutput(io.Discard)
	s := f.set
	for name, add := range map[string]func(){
		"dir":      func() { s.StringVar(&f.dir, "dir", "", "folder of the register") },
		"key-file": func() { s.StringVar(&f.keyFile, "key-file", "", "file that holds the register's key") },
		"out":      func() { s.StringVar(&f.out, "out", "", "where to write") },
		"in":       func() { s.StringVar(&f.in, "in", "", "the backup to read") },
		"mapping": func() {
			s.StringVar(&f.mapping, "mapping", "", "mapping file, or the name of one that ships: cris, connect, niche")
		},
		"criteria": func() {
			s.StringVar(&f.criteria, "criteria", "", "terms of reference: a name or a file (default: those in force)")
		},
		"against": func() {
			s.StringVar(&f.against, "against", "", "what to compare with: other terms, or a checkpoint kept from earlier")
		},
		"known-on": func() { s.StringVar(&f.knownOn, "known-on", "", "count as known on this day, YYYY-MM-DD") },
		"key":      func() { s.StringVar(&f.key, "key", "", "verifier key of the ledger, got from elsewhere") },
		"identity": func() { s.StringVar(&f.identity, "identity", "", "key file of the register or backup") },
		"oidc": func() {
			s.StringVar(&f.oidc, "oidc", "", "configuration of the force's directory, for signing in (see docs/security.md)")
		},
		"name":  func() { s.StringVar(&f.name, "name", "", "full name of the person") },
		"roles": func() { s.StringVar(&f.roles, "roles", "", "roles, with commas between") },
		"known-as": func() {
			s.StringVar(&f.knownAs, "known-as", "", "how the force's records name the person as an officer, with commas between")
		},
		"reason":   func() { s.StringVar(&f.reason, "reason", "", "why: it stands in the ledger") },
		"addr":     func() { s.StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to listen on") },
		"cert":     func() { s.StringVar(&f.cert, "cert", "", "TLS certificate, PEM, with its chain") },
		"cert-key": func() { s.StringVar(&f.certKey, "cert-key", "", "private key of the certificate, PEM") },
		"import-from": func() {
			s.StringVar(&f.importFrom, "import-from", "", "folder whose extracts can be imported from the browser by name, for large ones")
		},
		"max-upload": func() { s.Int64Var(&f.maxUpload, "max-upload", 2048, "size of an uploaded extract, in MB") },
		"behind-proxy": func() {
			s.BoolVar(&f.behindProxy, "behind-proxy", false, "a proxy in front does TLS: cookies are marked secure")
		},
		"json":     func() { s.BoolVar(&f.json, "json", false, "print one JSON object on standard output") },
		"no-serve": func() { s.BoolVar(&f.noServe, "no-serve", false, "stop after the figures") },
		"whole": func() {
			s.BoolVar(&f.whole, "whole", false, "the file is the whole list: what it leaves out ends")
		},
		"dry-run": func() { s.BoolVar(&f.dryRun, "dry-run", false, "say what would change, and change nothing") },
		"officers": func() {
			s.StringVar(&f.officers, "officers", "", "forecast for so many officers (default: those there are)")
		},
		"per-day": func() {
			s.StringVar(&f.perDay, "per-day", "", "files an officer reads on a day at work (default: as observed)")
		},
		"away": func() { s.StringVar(&f.away, "away", "", "days away in a hundred (default: as observed)") },
		"openings": func() {
			s.BoolVar(&f.openings, "openings", false, "add what the events say; without, only that they happened")
		},
		"cases":      func() { s.IntVar(&f.cases, "cases", 9000, "how many investigations") },
		"limit":      func() { s.IntVar(&f.limit, "limit", 20, "how many hits to show") },
		"seed":       func() { s.Uint64Var(&f.seed, "seed", 1, "the same seed makes the same force") },
		"row":        func() { s.Int64Var(&f.row, "row", 0, "number of the quarantined row") },
		"prevalence": func() { s.Float64Var(&f.prevalence, "prevalence", .25, "share of cases that are group-based, 0 to 1") },
	} {
		if uses(c, name) {
			add()
		}
	}
	return f
}

// extra are flags that a command takes beyond its usage line: the key is asked
// for wherever a register is opened, and JSON can be had everywhere.
func uses(c *command, name string) bool {
	if hasFlag(c.args, name) {
		return true
	}
	switch name {
	case "key-file":
		return hasFlag(c.args, "dir")
	case "json":
		return true
	}
	return false
}

func hasFlag(usage, name string) bool {
	for i := 0; i+len(name) < len(usage); i++ {
		if usage[i] == '-' && usage[i+1:i+1+len(name)] == name {
			if end := i + 1 + len(name); end == len(usage) || usage[end] == ' ' || usage[end] == ']' {
				return true
			}
		}
	}
	return false
}

// parse reads flags and arguments in any order.
func (f *flags) parse(args []string) error {
	var rest []string
	for {
		if err := f.set.Parse(args); err != nil {
			return err
		}
		args = f.set.Args()
		if len(args) == 0 {
			break
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
	return f.set.Parse(append([]string{"--"}, rest...))
}

func (f *flags) arg(i int) string { return f.set.Arg(i) }
func (f *flags) args() []string   { return f.set.Args() }

func (f *flags) help(w io.Writer) {
	fmt.Fprintf(w, "usage: lookback %s %s\n  %s\n\n", f.c.name, f.c.args, f.c.short)
	f.set.SetOutput(w)
	f.set.PrintDefaults()
}

// need refuses a run in which a flag that must be given is not.
func (f *flags) need(names ...string) error {
	for _, n := range names {
		if fl := f.set.Lookup(n); fl == nil || fl.Value.String() == "" || fl.Value.String() == "0" {
			return casefile.Errorf(casefile.Invalid, "-%s is missing. Usage: lookback %s %s", n, f.c.name, f.c.args)
		}
	}
	return nil
}
