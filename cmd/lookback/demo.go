package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lookback/internal/account"
	"lookback/internal/allocation"
	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/custody"
	"lookback/internal/desk"
	"lookback/internal/intake"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/synth"
	"lookback/internal/verify"
)

func runSynth(a *app, _ context.Context, f *flags) error {
	if err := f.need("out"); err != nil {
		return err
	}
	s, err := a.synth(f.out, f.cases, f.seed, f.prevalence)
	if err != nil {
		return err
	}
	return a.answer(s, func(w io.Writer) {
		rows := 0
		for _, t := range tableOrder(s.Rows) {
			fmt.Fprintf(w, "%-15s %9d rows\n", t, s.Rows[t])
			rows += s.Rows[t]
		}
		fmt.Fprintf(w, "%s made-up investigations (%s group-based, %d networks), %s rows, %d documents in %s; the truth lies in %s\n",
			count(s.Cases), count(s.GroupBased), s.Networks, count(rows), s.Documents, f.out, filepath.Join(f.out, "truth"))
	})
}

func (a *app) synth(dir string, cases int, seed uint64, prevalence float64) (synth.Summary, error) {
	show, done := a.progress()
	defer done()
	return synth.Write(dir, synth.Options{Cases: cases, Seed: seed, Prevalence: prevalence, Progress: func(n, total int) {
		show("making up a force", int64(n), int64(total))
	}})
}

// A demonstration is what the demo found.
type demonstration struct {
	Dir      string                `json:"dir"`
	Cases    int                   `json:"cases"`
	Seconds  map[string]float64    `json:"seconds"`
	Import   *intake.ImportReport  `json:"import,omitempty"`
	Analysis *analysis.Figures     `json:"analysis"`
	Scope    []*cohort.ScopeFigure `json:"scope"`
	Diff     *scope.DiffReport     `json:"diff"`
	Ledger   string                `json:"ledger"`
}

const (
	demoFrom = "national-two-victims"
	demoTo   = "national-all-victims"
)

// runDemo takes a newcomer from nothing to a register with its figures.
func runDemo(a *app, ctx context.Context, f *flags) error {
	if f.dir == "" {
		f.dir = "lookback-demo"
	}
	demo := &demonstration{Dir: f.dir, Seconds: map[string]float64{}}
	d, err := a.demoRegister(ctx, f, demo)
	if err != nil {
		return err
	}
	defer d.DB.Close()
	show, done := a.progress()
	err = demo.look(ctx, a, d, show)
	done()
	if err != nil {
		return err
	}
	if err := a.answer(demo, func(w io.Writer) { demo.print(w) }); err != nil || f.noServe || a.json {
		return err
	}
	return a.serveDemo(ctx, f, d)
}

// serveDemo puts a team beside the made-up cases and serves both.
func (a *app) serveDemo(ctx context.Context, f *flags, d *desk.Desk) error {
	site, err := a.site(ctx, d, f)
	if err != nil {
		return err
	}
	site.Demo = true
	if err := a.demoTeam(ctx, d, site.Accounts); err != nil {
		return err
	}
	return a.serve(ctx, site, f, func(url string) {
		fmt.Fprintf(a.out, "\nOpen %s and choose who to be: the page says where to start. Stop with Ctrl-C.\n", url)
	})
}

// demoTeam gives a new demo terms of reference in force and an account of each
// role, and shows once what they sign in with.
func (a *app) demoTeam(ctx context.Context, d *desk.Desk, book *account.Book) error {
	adopted, err := cohort.Adopted(ctx, d)
	if err != nil {
		return err
	}
	if len(adopted) == 0 {
		terms, err := scope.Preset(demoTo)
		if err != nil {
			return err
		}
		if err := cohort.Adopt(ctx, d, a.operator(), terms, "The demo begins with the wording that counts one victim or more."); err != nil {
			return err
		}
	}
	if there, err := book.List(ctx); err != nil || len(there) > 0 {
		return err
	}
	password, secret := demoPassword(), rand.Text()
	fmt.Fprintf(a.out, "The demo's team, shown once. On the demo's own page they get in without a password; to try signing in,\n"+
		"the password of each is %q and the key for an authenticator app is %s.\n", password, secret)
	for _, member := range account.MadeUpTeam() {
		if err := book.AddReady(ctx, a.operator(), member, password, secret); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "  %-17s %s\n", member.ID, member.Roles[0])
	}
	skills := allocation.SkillsFile{Name: "team.csv", Data: allocation.DemoSkills(casefile.DayOf(a.clock().Date()))}
	_, err = allocation.ImportSkills(ctx, d, a.operator(), skills, -1)
	return err
}

// demoPassword is drawn anew for each demo: there is no password that opens all.
func demoPassword() string {
	text := strings.ToLower(rand.Text())
	return text[:6] + "-" + text[6:12] + "-" + text[12:18]
}

// demoRegister opens the demo's register, or makes it.
func (a *app) demoRegister(ctx context.Context, f *flags, demo *demonstration) (*desk.Desk, error) {
	if _, err := os.Stat(f.dir); err == nil {
		d, err := a.open(f)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(a.err, "Using the register in %s. To begin anew, remove it and its key.\n", f.dir)
		return d, madeUpOnly(ctx, d)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	from := f.dir + ".extract"
	err := demo.time(a, "make", func() error {
		if err := os.RemoveAll(from); err != nil {
			return err
		}
		_, err := a.synth(from, f.cases, f.seed, .25)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(from)
	key, _, _, err := a.newKey(f.dir, f.keyFile)
	if err != nil {
		return nil, err
	}
	if err := store.Create(ctx, f.dir, key, a.operator(), a.clock); err != nil {
		return nil, err
	}
	d, err := a.open(f)
	if err != nil {
		return nil, err
	}
	a.spareMemory(from)
	show, done := a.progress()
	defer done()
	err = demo.time(a, "import", func() (err error) {
		demo.Import, err = intake.Import(ctx, d, a.operator(), from, nil, show)
		return err
	})
	if err != nil {
		d.DB.Close()
		return nil, err
	}
	return d, nil
}

func madeUpOnly(ctx context.Context, d *desk.Desk) error {
	return d.DB.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Register(ctx)
		if err == nil && r.MadeUp == "n" {
			err = casefile.Errorf(casefile.Conflict, "%s holds real records: the demo keeps away from it. Name another folder with -dir.", d.DB.Dir())
		}
		return err
	})
}

// look derives, counts and verifies.
func (demo *demonstration) look(ctx context.Context, a *app, d *desk.Desk, show desk.Progress) error {
	by := a.operator()
	err := demo.time(a, "analyse", func() (err error) {
		demo.Analysis, err = analysis.Run(ctx, d, by, show)
		return err
	})
	if err != nil {
		return err
	}
	demo.Cases = demo.Analysis.Cases
	err = demo.time(a, "scope", func() error {
		for _, t := range scope.Presets() {
			figure, err := cohort.RunScope(ctx, d, by, t, nil, show)
			if err != nil {
				return err
			}
			demo.Scope = append(demo.Scope, figure)
		}
		from, err := scope.Preset(demoFrom)
		if err != nil {
			return err
		}
		to, err := scope.Preset(demoTo)
		if err != nil {
			return err
		}
		demo.Diff, err = cohort.DiffScope(ctx, d, by, from, to, show)
		return err
	})
	if err != nil {
		return err
	}
	return demo.time(a, "verify", func() error {
		report, err := custody.Verify(ctx, d.DB, verify.Options{})
		demo.Ledger = report.Verdict()
		return err
	})
}

// time notes how long a step took.
func (demo *demonstration) time(a *app, step string, f func() error) error {
	start := a.clock()
	err := f()
	demo.Seconds[step] = a.clock().Sub(start).Round(time.Millisecond).Seconds()
	return err
}

func (demo *demonstration) print(w io.Writer) {
	fmt.Fprintf(w, "MADE-UP DATA: no person, place or case in this register is real.\n\n")
	if demo.Import != nil {
		sum := demo.Import.Sum()
		fmt.Fprintf(w, "Imported %s rows: %s accepted, %s quarantined with a reason each, %s already held.\n", count(sum.Rows), count(sum.Accepted), count(sum.Quarantined), count(sum.Held))
	}
	printAnalysis(w, demo.Analysis)
	fmt.Fprintf(w, "\nWhat each wording makes of the same %s cases:\n", count(demo.Cases))
	for _, s := range demo.Scope {
		fmt.Fprintf(w, "  %-22s %7s in %7s out %7s unknown   %s\n", s.Terms, count(s.In), count(s.Out), count(s.Unknown), s.Title)
	}
	fmt.Fprintf(w, "\n“More than one victim” against “at least one”: %s cases enter, %s leave, %s become unknown.\n", count(demo.Diff.Enter), count(demo.Diff.Leave), count(demo.Diff.BecomeUnknown))
	fmt.Fprintf(w, "Ledger: %s\n\n", demo.Ledger)
	fmt.Fprintf(w, "Go on with (go build ./cmd/lookback makes the program):\n")
	for _, c := range []string{
		"scope show -dir %s -criteria " + demoTo,
		"scope run -dir %s -criteria " + demoTo,
		"scope diff -dir %s -criteria " + demoFrom + " -against " + demoTo,
		"export -dir %s -out networks.csv networks",
		"search -dir %s three males",
		"verify %s",
	} {
		fmt.Fprintf(w, "  lookback "+c+"\n", demo.Dir)
	}
}
