package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/scope"
)

func runScopeList(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	adopted, err := cohort.Adopted(ctx, d)
	if err != nil {
		return err
	}
	type version struct {
		Name    string `json:"name"`
		Version int    `json:"version"`
		Title   string `json:"title"`
		InForce bool   `json:"in_force"`
		Adopted string `json:"adopted,omitempty"`
		By      string `json:"by,omitempty"`
		Reason  string `json:"reason,omitempty"`
	}
	var list []version
	for _, p := range scope.Presets() {
		list = append(list, version{Name: p.Name, Version: p.Version, Title: p.Title})
	}
	for i, ad := range adopted {
		t, err := scope.Parse([]byte(ad.Terms))
		if err != nil {
			return err
		}
		list = append(list, version{ad.Name, ad.Version, t.Title, i == len(adopted)-1, ad.AdoptedAt, ad.AdoptedBy, ad.Reason})
	}
	return a.answer(map[string]any{"terms": list}, func(out io.Writer) {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, v := range list {
			state := "ships with Lookback"
			if v.Adopted != "" {
				state = "adopted " + v.Adopted[:10] + " by " + v.By + ": " + v.Reason
			}
			if v.InForce {
				state = "in force, " + state
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", v.Name, v.Version, v.Title, state)
		}
		w.Flush()
	})
}

func runScopeShow(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	t, err := cohort.Terms(ctx, d, f.criteria)
	if err != nil {
		return err
	}
	p, err := scope.Compile(t)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s", err)
	}
	english := p.English()
	return a.answer(map[string]any{"terms": t, "english": english, "fingerprint": p.Fingerprint()}, func(w io.Writer) {
		fmt.Fprintf(w, "%s, version %d: %s\nSource: %s\n", t.Name, t.Version, t.Title, t.Source)
		if t.Note != "" {
			fmt.Fprintf(w, "%s\n", t.Note)
		}
		fmt.Fprintf(w, "\nA case is in if all of these are met:\n")
		for i, c := range t.Criteria {
			fmt.Fprintf(w, "  %d. %s: %s\n", i+1, c.Title, english[i])
		}
		for i, c := range p.ClassEnglish() {
			fmt.Fprintf(w, "  class %s: %s\n", t.Classes[i].Title, c)
		}
		fmt.Fprintf(w, "\nFingerprint %s\n", p.Fingerprint())
	})
}

func runScopeRun(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	t, err := cohort.Terms(ctx, d, f.criteria)
	if err != nil {
		return err
	}
	var on *casefile.Day
	if f.knownOn != "" {
		day, err := casefile.ParseDay(f.knownOn)
		if err != nil {
			return casefile.Errorf(casefile.Invalid, "-known-on: %s", err)
		}
		on = &day
	}
	show, done := a.progress()
	figure, err := cohort.RunScope(ctx, d, a.operator(), t, on, show)
	done()
	if err != nil {
		return err
	}
	return a.answer(figure, func(w io.Writer) {
		if figure.KnownOn != "" {
			fmt.Fprintf(w, "As known on %s: certainly %d in, possibly %d. Cases recorded later are not counted;\nlinks that this review found are not what the force knew, and stay out.\n\n", figure.KnownOn, figure.In, figure.PossiblyIn)
		}
		fmt.Fprintln(w, figure.WaterfallReport)
		for _, l := range figure.Limits {
			fmt.Fprintf(w, "Note: %s\n", l)
		}
	})
}

func runScopeDiff(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("criteria", "against"); err != nil {
		return err
	}
	from, err := cohort.Terms(ctx, d, f.criteria)
	if err != nil {
		return err
	}
	to, err := cohort.Terms(ctx, d, f.against)
	if err != nil {
		return err
	}
	show, done := a.progress()
	diff, err := cohort.DiffScope(ctx, d, a.operator(), from, to, show)
	done()
	if err != nil {
		return err
	}
	return a.answer(diff, func(w io.Writer) { fmt.Fprintln(w, diff) })
}

func runScopeAdopt(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("criteria"); err != nil {
		return err
	}
	t, err := cohort.Terms(ctx, d, f.criteria)
	if err != nil {
		return err
	}
	reason := f.reason
	if reason == "" {
		reason = a.ask("Adopting terms of reference is a decision. Reason: ")
	}
	if err := cohort.Adopt(ctx, d, a.operator(), t, reason); err != nil {
		return err
	}
	return a.answer(map[string]any{"name": t.Name, "version": t.Version, "reason": reason}, func(w io.Writer) {
		fmt.Fprintf(w, "%s, version %d, is in force.\n", t.Name, t.Version)
	})
}

// ask reads one line, from the terminal or from what is piped in.
func (a *app) ask(question string) string {
	if a.in == nil {
		return ""
	}
	fmt.Fprint(a.err, question)
	line, _ := bufio.NewReader(a.in).ReadString('\n')
	return strings.TrimSpace(line)
}
