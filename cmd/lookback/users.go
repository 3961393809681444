package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

func (a *app) book(ctx context.Context, d *desk.Desk) (*account.Book, error) {
	b := &account.Book{Desk: d, Clock: a.clock}
	return b, b.LoadRoles(ctx)
}

// commaList splits what a flag holds: texts with commas between.
func commaList(text string) (out []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func runUserAdd(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("name"); err != nil {
		return err
	}
	b, err := a.book(ctx, d)
	if err != nil {
		return err
	}
	who := account.Account{ID: f.arg(0), Name: f.name, KnownAs: commaList(f.knownAs), Password: true}
	for _, r := range commaList(f.roles) {
		who.Roles = append(who.Roles, casefile.Role(r))
	}
	password, err := b.Add(ctx, a.operator(), who)
	if err != nil {
		return err
	}
	return a.handOver(account.CleanID(who.ID), password)
}

// handOver prints a one-time password, which nothing prints again.
func (a *app) handOver(id, password string) error {
	return a.answer(map[string]string{"account": id, "password": password}, func(w io.Writer) {
		if password == "" {
			fmt.Fprintf(w, "%s signs in through the directory and sets up a second factor there or here.\n", id)
			return
		}
		fmt.Fprintf(w, "one-time password of %s: %s\n", id, password)
		fmt.Fprintf(a.err, "It is shown once and lapses after seven days. Hand it over in person. The first sign-in asks for an own password and a second factor.\n")
	})
}

// A userLine is an account as a list prints it.
type userLine struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Roles  []casefile.Role `json:"roles"`
	Factor bool            `json:"second_factor"`
	State  string          `json:"state"` // in use, locked, disabled, one-time password
}

func runUserList(a *app, ctx context.Context, _ *flags, d *desk.Desk) error {
	b, err := a.book(ctx, d)
	if err != nil {
		return err
	}
	all, err := b.List(ctx)
	if err != nil {
		return err
	}
	lines := []userLine{}
	for _, u := range all {
		l := userLine{u.ID, u.Name, u.Roles, u.SecondFactor(), "in use"}
		switch {
		case u.Disabled:
			l.State = "disabled"
		case a.clock().Before(u.LockedUntil):
			l.State = "locked"
		case u.MustChange:
			l.State = "one-time password"
		}
		lines = append(lines, l)
	}
	return a.answer(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "There are no accounts. Add one with: lookback user add")
			return
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tNAME\tSTATE\tSECOND FACTOR\tROLES")
		for _, l := range lines {
			factor := "none yet"
			if l.Factor {
				factor = "yes"
			}
			roles := make([]string, len(l.Roles))
			for i, r := range l.Roles {
				roles[i] = string(r)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Name, l.State, factor, strings.Join(roles, ", "))
		}
		t.Flush()
	})
}

func runUserDisable(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	b, err := a.book(ctx, d)
	if err != nil {
		return err
	}
	id := account.CleanID(f.arg(0))
	if err := b.Disable(ctx, a.operator(), id, f.reason); err != nil {
		return err
	}
	return a.answer(map[string]string{"account": id, "state": "disabled"}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is disabled; its sessions have ended.\n", id)
	})
}

func runUserReset(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	b, err := a.book(ctx, d)
	if err != nil {
		return err
	}
	id := account.CleanID(f.arg(0))
	password, err := b.Reset(ctx, a.operator(), id, f.reason)
	if err != nil {
		return err
	}
	return a.handOver(id, password)
}

// A restrictedLine is a restricted case as a list prints it.
type restrictedLine struct {
	Case    casefile.CaseID `json:"case"`
	Kind    string          `json:"kind"`
	Reason  string          `json:"reason"`
	Readers []string        `json:"readers"`
}

// runRestrictedList shows whoever holds the key what no page shows to all: a case
// whose readers have all left can be opened to somebody else only from here.
func runRestrictedList(a *app, ctx context.Context, _ *flags, d *desk.Desk) error {
	list, err := account.ListRestricted(ctx, d, a.operator())
	if err != nil {
		return err
	}
	lines := []restrictedLine{}
	for _, r := range list.Cases {
		c, err := account.ReadRestriction(ctx, d, a.operator(), r.Case)
		if err != nil {
			return err
		}
		l := restrictedLine{Case: r.Case, Kind: r.Kind, Reason: r.Reason, Readers: []string{}}
		for _, x := range c.Readers {
			if x.WithdrawnAt.IsZero() {
				l.Readers = append(l.Readers, x.Account)
			}
		}
		lines = append(lines, l)
	}
	return a.answer(lines, func(w io.Writer) {
		for _, l := range lines {
			fmt.Fprintf(w, "%s  %s  %q  readers: %s\n", l.Case, l.Kind, l.Reason, strings.Join(l.Readers, ", "))
		}
		fmt.Fprintf(w, "%d restricted\n", len(lines))
	})
}

func runRestrictedName(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if _, err := a.book(ctx, d); err != nil {
		return err
	}
	id, reader := casefile.CaseID(f.arg(0)), account.CleanID(f.arg(1))
	if err := account.NameReader(ctx, d, a.operator(), id, reader, f.reason); err != nil {
		return err
	}
	return a.answer(map[string]string{"case": string(id), "reader": reader}, func(w io.Writer) {
		fmt.Fprintf(w, "%s may read %s.\n", reader, id)
	})
}
