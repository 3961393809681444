// Command lookback runs a review of closed investigations: it takes in a force's
// extract, applies terms of reference, links people, and keeps a ledger that an
// outsider can check. Run it without arguments for its commands.
//
// What a command is asked for goes to standard output; what it has to say about
// its work goes to standard error. With -json, standard output holds one object.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"syscall"
	"text/tabwriter"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// version of the program; it stands beside everything that it derives.
const version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, clock: time.Now}
	os.Exit(a.run(ctx, os.Args[1:]))
}

// An app is one run of the program with its surroundings.
type app struct {
	in     *os.File
	out    io.Writer
	err    io.Writer
	getenv func(string) string
	clock  func() time.Time
	json   bool
}

// A command is one thing the program does.
type command struct {
	name  string // one or two words
	args  string
	short string
	run   func(a *app, ctx context.Context, f *flags) error
}

var commands []command

func init() {
	commands = []command{
		{"demo", "[-cases 9000] [-seed 1] [-dir DIR] [-addr 127.0.0.1:8080] [-no-serve] [-json]", "make a made-up force, say what is found, and serve it", runDemo},
		{"serve", "-dir DIR [-addr 127.0.0.1:8080] [-cert FILE -cert-key FILE] [-behind-proxy] [-oidc FILE] [-import-from DIR] [-max-upload MB]", "serve the review in the browser", onDesk(0, runServe)},
		{"init", "-dir DIR [-key-file FILE]", "make a new, encrypted register", runInit},
		{"import", "-dir DIR [-mapping FILE] [-json] EXTRACT", "take in a force's extract: a folder, .zip or .xlsx", onDesk(1, runImport)},
		{"analyse", "-dir DIR [-json]", "read texts, link people, find groups, assess data quality", onDesk(0, runAnalyse)},
		{"scope list", "-dir DIR", "list terms of reference", onDesk(0, runScopeList)},
		{"scope show", "-dir DIR -criteria NAME|FILE", "show terms of reference in plain English", onDesk(0, runScopeShow)},
		{"scope run", "-dir DIR [-criteria NAME|FILE] [-known-on DATE] [-json]", "count the cases in scope, with the waterfall", onDesk(0, runScopeRun)},
		{"scope diff", "-dir DIR -criteria A -against B [-json]", "say who enters and who leaves, and why", onDesk(0, runScopeDiff)},
		{"scope adopt", "-dir DIR -criteria NAME|FILE -reason TEXT", "put terms of reference in force", onDesk(0, runScopeAdopt)},
		{"search", "-dir DIR [-limit 20] WORDS", "find words in logs, closing texts and documents", onDesk(some, runSearch)},
		{"export", "-dir DIR -out FILE [-criteria NAME] cohort|identities|networks|suspects|quarantine|quality", "write a list as CSV", onDesk(1, runExport)},
		{"skills import", "-dir DIR [-whole] [-dry-run] [-json] FILE", "take in who is trained for what, from a CSV file", onDesk(1, runSkillsImport)},
		{"workload", "-dir DIR [-officers N] [-per-day N] [-away N] [-json]", "say who has how much to do, and when it will be done", onDesk(0, runWorkload)},
		{"mend", "-dir DIR -row N -reason TEXT COLUMN=VALUE...", "put a quarantined row right", onDesk(anyNumber, runMend)},
		{"ledger export", "-dir DIR -out DIR [-openings]", "write the ledger for outsiders, as c2sp.org/tlog-tiles", onDesk(0, runLedgerExport)},
		{"ledger key", "-dir DIR", "print the key that checks the ledger, and the last checkpoint", runLedgerKey},
		{"verify", "[-key VKEY] [-against CHECKPOINT] [-identity KEYFILE] [-json] PATH", "check a ledger export, a backup or a register", runVerify},
		{"synth", "-out DIR [-cases N] [-seed S] [-prevalence .25] [-json]", "write a made-up force's extract", runSynth},
		{"mapping suggest", "EXTRACT", "propose a mapping from an extract's headings and values", runMappingSuggest},
		{"mapping show", "NAME", "print a mapping that ships with Lookback", runMappingShow},
		{"user add", "-dir DIR -name NAME [-roles ROLES] [-known-as NAMES] ID", "add an account, and print its one-time password", onDesk(1, runUserAdd)},
		{"user list", "-dir DIR", "list accounts, their roles and state", onDesk(0, runUserList)},
		{"user disable", "-dir DIR -reason TEXT ID", "end an account and its sessions", onDesk(1, runUserDisable)},
		{"user reset", "-dir DIR -reason TEXT ID", "give a new one-time password and clear the second factor", onDesk(1, runUserReset)},
		{"restricted list", "-dir DIR", "list restricted cases and who may read them", onDesk(0, runRestrictedList)},
		{"restricted name", "-dir DIR -reason TEXT CASE ID", "name a reader of a restricted case, if nobody else can", onDesk(2, runRestrictedName)},
		{"backup", "-dir DIR -out FILE", "write an encrypted copy while the register is in use", onDesk(0, runBackup)},
		{"restore", "-in FILE -dir DIR [-key-file FILE]", "make a register from a backup, and verify it", runRestore},
		{"version", "", "print the version", runVersion},
	}
}

// How many arguments a command takes, where it is not one number.
const (
	some      = -1 // one or more
	anyNumber = -2
)

// onDesk is a command with so many arguments on the register that -dir names.
func onDesk(args int, run func(*app, context.Context, *flags, *desk.Desk) error) func(*app, context.Context, *flags) error {
	return func(a *app, ctx context.Context, f *flags) error {
		if n := len(f.args()); n != args && args != anyNumber && (args != some || n == 0) {
			return errUsage
		}
		d, err := a.open(f)
		if err != nil {
			return err
		}
		return errors.Join(run(a, ctx, f, d), d.DB.Close())
	}
}

// run does one command and returns the exit code: 0 done, 1 failed, 2 misused.
func (a *app) run(ctx context.Context, args []string) int {
	c, rest := find(args)
	if c == nil {
		a.usage(args)
		if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
			return 0
		}
		return 2
	}
	f := newFlags(c)
	if err := f.parse(rest); errors.Is(err, flag.ErrHelp) {
		f.help(a.err)
		return 0
	} else if err != nil {
		fmt.Fprintf(a.err, "lookback %s: %s\nusage: lookback %s %s\n", c.name, err, c.name, c.args)
		return 2
	}
	a.json = f.json
	err := c.run(a, ctx, f)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(a.err, "usage: lookback %s %s\n", c.name, c.args)
		return 2
	case errors.Is(err, errSilent):
		return 1
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.err, "lookback: stopped; nothing was left half-done.")
		return 1
	}
	fmt.Fprintf(a.err, "lookback %s: %s\n", c.name, casefile.Message(err))
	if e, ok := errors.AsType[*casefile.Error](err); ok && e.Err != nil && a.getenv("LOOKBACK_DEBUG") != "" {
		fmt.Fprintf(a.err, "  (%v)\n", e.Err)
	}
	return 1
}

var (
	errUsage  = errors.New("misused")
	errSilent = errors.New("said already")
)

// find returns the command that args begin with.
func find(args []string) (*command, []string) {
	for words := min(2, len(args)); words > 0; words-- {
		name := args[0]
		if words == 2 {
			name += " " + args[1]
		}
		for i := range commands {
			if commands[i].name == name {
				return &commands[i], args[words:]
			}
		}
	}
	return nil, nil
}

func (a *app) usage(args []string) {
	if len(args) > 0 && args[0] != "help" && args[0] != "-h" && args[0] != "--help" {
		fmt.Fprintf(a.err, "lookback: there is no command %q.\n\n", args[0])
	}
	fmt.Fprintf(a.err, "Lookback re-examines closed investigations. Start with: lookback demo\n\n")
	w := tabwriter.NewWriter(a.err, 0, 0, 2, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(w, "  lookback %s\t%s\n", c.name, c.short)
	}
	w.Flush()
	fmt.Fprintf(a.err, "\nlookback COMMAND -h shows the flags of a command.\n")
}

// operator is whoever sits at the machine: the key is their permission.
func (a *app) operator() casefile.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return casefile.Actor{ID: "operator:" + name, Roles: []casefile.Role{casefile.Operator}}
}

// code names the program that derives: its version, and its revision if the
// build knows it.
func code() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return version + "+" + s.Value[:12]
		}
	}
	return version
}

func runVersion(a *app, _ context.Context, _ *flags) error {
	_, err := fmt.Fprintln(a.out, "lookback", code())
	return err
}
