package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/store"
)

// runSkillsImport takes in a file of skills and training, or with -dry-run says
// what it would change.
func runSkillsImport(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	data, err := readSkills(f.arg(0))
	if err != nil {
		return err
	}
	file := allocation.SkillsFile{Name: filepath.Base(f.arg(0)), Data: data, Mode: allocation.AddAndRenew}
	if f.whole {
		file.Mode = allocation.WholeList
	}
	var p *allocation.SkillsPreview
	if f.dryRun {
		p, err = allocation.PreviewSkills(ctx, d, a.operator(), file)
	} else {
		p, err = allocation.ImportSkills(ctx, d, a.operator(), file, -1)
	}
	if p == nil {
		return err
	}
	if len(p.Faults) > 0 {
		for _, fault := range p.Faults {
			fmt.Fprintln(a.err, fault)
		}
		if p.More > 0 {
			fmt.Fprintf(a.err, "… and %d more\n", p.More)
		}
		return casefile.Errorf(casefile.Invalid, "%s was not imported, and nothing was changed. Put it right and repeat.", p.File)
	}
	if err != nil {
		return err
	}
	return a.answer(skillsAnswer(p, f.dryRun), func(w io.Writer) {
		for _, c := range p.Changes {
			if c.Kind != allocation.SameAsBefore {
				fmt.Fprintf(w, "%-13s %s: %s%s\n", c.Kind, c.Account, c.Skill, likely(c))
			}
		}
		done := "imported"
		if f.dryRun {
			done = "read, nothing was changed"
		}
		fmt.Fprintf(w, "%s: %d rows %s; %d skills new, %d renewed, %d end earlier, %d ended, %d with other dates, %d as before\n", p.File, p.Rows, done,
			p.Counts[allocation.NewSkill], p.Counts[allocation.Renewed], p.Counts[allocation.Shortened], p.Counts[allocation.EndedSkill], p.Counts[allocation.Redated], p.Counts[allocation.SameAsBefore])
	})
}

// readSkills reads a file that is not larger than files of skills may be.
func readSkills(name string) ([]byte, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, casefile.Errorf(casefile.NotFound, "There is no file %s.", name)
	}
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s cannot be read: %w", name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, allocation.MaxSkillsFile+1))
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s cannot be read: %w", name, err)
	}
	return data, nil
}

func likely(c allocation.SkillChange) string {
	switch {
	case c.Needed:
		return ""
	case c.Like != "":
		return fmt.Sprintf(" (no case needs it; was %q meant?)", c.Like)
	}
	return " (no case needs it)"
}

type skillChange struct {
	Account string `json:"account"`
	Skill   string `json:"skill"`
	Change  string `json:"change"`
	Until   string `json:"until,omitempty"`
	Needed  bool   `json:"needed"`
}

func skillsAnswer(p *allocation.SkillsPreview, dryRun bool) any {
	changes := []skillChange{}
	for _, c := range p.Changes {
		one := skillChange{Account: c.Account, Skill: c.Skill, Change: string(c.Kind), Needed: c.Needed}
		if n := len(c.Now); n > 0 && c.Now[n-1].To != store.NoEnd {
			one.Until = c.Now[n-1].To.String()
		}
		changes = append(changes, one)
	}
	return map[string]any{"file": p.File, "sha256": p.SHA256, "rows": p.Rows, "mode": p.Mode, "dry_run": dryRun, "changes": changes}
}

// runWorkload says who has how much to do, and when the work will be done.
func runWorkload(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	q := allocation.Question{Officers: f.officers, PerDay: f.perDay, Away: f.away}
	o, err := allocation.Ask(ctx, d, a.operator(), q)
	if err != nil {
		return err
	}
	if len(o.Faults) > 0 {
		return casefile.Errorf(casefile.Invalid, "%s", o.Faults[0].Message)
	}
	return a.answer(workloadAnswer(o), func(w io.Writer) {
		b := o.Cases
		fmt.Fprintf(w, "to be read: %d in scope, %d not known whether; %d of these with nobody\n", b.InScope, b.Unknown, b.Unassigned)
		fmt.Fprintf(w, "read and not decided: %d wait for another person, %d came back; decided %d, closed %d, put off unread %d\n", b.Waiting, b.Returned, b.Decided, b.Closed, b.Deferred)
		fmt.Fprintf(w, "read in the last 7 days %d, in the last 28 days %d\n\n", o.Workload.Read7, o.Workload.Read28)
		for _, l := range o.Workload.People {
			fmt.Fprintf(w, "%-20s %5d assigned, %d overdue, %d returned, %d wait for another; read %d in 28 days; %d actions, %d overdue\n",
				l.Account, l.Assigned, l.Overdue, l.Returned, l.Waiting, l.Read28, l.ActionsOpen, l.ActionsOverdue)
		}
		fmt.Fprintln(w)
		for _, sentence := range o.Says() {
			fmt.Fprintln(w, sentence)
		}
		for _, x := range o.Assumptions {
			fmt.Fprintf(w, "  %s: %s (%s)\n", x.What, x.Value, x.From)
		}
	})
}

func workloadAnswer(o *allocation.Outlook) any {
	people := []map[string]any{}
	for _, l := range o.Workload.People {
		people = append(people, map[string]any{"account": l.Account, "assigned": l.Assigned, "overdue": l.Overdue, "returned": l.Returned, "waiting": l.Waiting,
			"read_7_days": l.Read7, "read_28_days": l.Read28, "actions_open": l.ActionsOpen, "actions_overdue": l.ActionsOverdue})
	}
	assumptions := []map[string]string{}
	for _, x := range o.Assumptions {
		assumptions = append(assumptions, map[string]string{"what": x.What, "value": x.Value, "from": x.From})
	}
	day := func(w allocation.When) any {
		if !o.Told || w.Day == 0 {
			return nil
		}
		return w.Day.String()
	}
	b := o.Cases
	return map[string]any{
		"day": o.Workload.Day.String(), "people": people, "says": o.Says(), "told": o.Told, "assumptions": assumptions,
		"backlog": map[string]int{"counted": o.Backlog, "in_scope": b.InScope, "unknown": b.Unknown, "unassigned": b.Unassigned, "waiting": b.Waiting,
			"returned": b.Returned, "decided": b.Decided, "closed": b.Closed, "deferred": b.Deferred, "out_of_scope": b.Out},
		"early": day(o.Early), "middle": day(o.Middle), "late": day(o.Late),
	}
}
