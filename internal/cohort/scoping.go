// Package cohort holds the verbs on many cases at once: terms of reference and
// the counts under them, the search, and lists to hand on.
package cohort

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// Terms finds terms of reference: a preset, a version adopted in this register,
// or a file, in that order. The empty name means those in force.
func Terms(ctx context.Context, d *desk.Desk, nameOrFile string) (scope.Terms, error) {
	if t, err := scope.Preset(nameOrFile); err == nil {
		return t, nil
	}
	adopted, err := Adopted(ctx, d)
	if err != nil {
		return scope.Terms{}, err
	}
	for i := len(adopted) - 1; i >= 0; i-- {
		if nameOrFile == "" || adopted[i].Name == nameOrFile {
			return scope.Parse([]byte(adopted[i].Terms))
		}
	}
	if nameOrFile == "" {
		return scope.Terms{}, casefile.Errorf(casefile.NotFound, "No terms of reference have been adopted yet. Name some with -criteria (lookback scope list shows them).")
	}
	text, err := os.ReadFile(nameOrFile)
	if errors.Is(err, fs.ErrNotExist) {
		return scope.Terms{}, casefile.Errorf(casefile.NotFound, "There are no terms of reference called %q and no such file. Known are: %s.", nameOrFile, strings.Join(presetNames(), ", "))
	}
	if err != nil {
		return scope.Terms{}, casefile.Errorf(casefile.Invalid, "%s cannot be read: %w", nameOrFile, err)
	}
	t, err := scope.Parse(text)
	if err != nil {
		return t, casefile.Errorf(casefile.Invalid, "%s: %s", nameOrFile, err)
	}
	return t, nil
}

func presetNames() []string {
	var names []string
	for _, p := range scope.Presets() {
		names = append(names, p.Name)
	}
	return names
}

// Adopted returns every version put in force, oldest first.
func Adopted(ctx context.Context, d *desk.Desk) (list []store.Adoption, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Adoptions(ctx)
		return err
	})
	return list, err
}

// Adopt puts terms of reference in force. The reason is required: outsiders ask
// for it first.
func Adopt(ctx context.Context, d *desk.Desk, by casefile.Actor, t scope.Terms, reason string) error {
	if err := d.May(by, desk.AdoptCriteria); err != nil {
		return err
	}
	p, err := scope.Compile(t)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s", err)
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return casefile.Errorf(casefile.Invalid, "Adopting terms of reference is a decision: give its reason with -reason.")
	}
	if shipped, err := scope.Preset(t.Name); err == nil {
		if s, err := scope.Compile(shipped); err != nil || s.Fingerprint() != p.Fingerprint() {
			return casefile.Errorf(casefile.Conflict, "%s is the name of terms that ship with Lookback: give your own wording a name of its own.", t.Name)
		}
	}
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		before, err := tx.Adoptions(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range before {
			if a.Name == t.Name && a.Version == t.Version && a.SHA256 != p.Fingerprint() {
				return nil, casefile.Errorf(casefile.Conflict, "Version %d of %s was adopted before with another wording. A version is never edited: give the new wording a new version number.", t.Version, t.Name)
			}
		}
		err = tx.Adopt(ctx, store.Adoption{Name: t.Name, Version: t.Version, Terms: string(text), SHA256: p.Fingerprint(), Reason: reason, AdoptedBy: by.ID})
		return []ledger.Event{{Kind: ledger.CriteriaAdopted, Purpose: reason, Subject: t.Name, Body: struct {
			Terms       json.RawMessage `json:"terms"`
			Fingerprint string          `json:"fingerprint"`
		}{text, p.Fingerprint()}}}, err
	})
}

// A ScopeFigure is one count of a register under terms of reference, with all
// that it rests on.
type ScopeFigure struct {
	scope.WaterfallReport
	PossiblyIn int      `json:"possibly_in"`        // the other end, where undated rows leave room
	KnownOn    string   `json:"known_on,omitempty"` // cases recorded later are not counted at all
	Limits     []string `json:"limits,omitempty"`
	Run        int64    `json:"run"`
}

// A scoped case is one that terms were applied to.
type scoped struct {
	id       string
	certain  scope.Case
	possible scope.Case
	result   scope.Result
}

// RunScope applies terms of reference to every case: as everything known now
// tells it, or as known on a day. Cost: linear in cases; as known on a day, also
// in the rows of every case.
func RunScope(ctx context.Context, d *desk.Desk, by casefile.Actor, t scope.Terms, knownOn *casefile.Day, progress desk.Progress) (*ScopeFigure, error) {
	if err := d.May(by, desk.ReadFigures); err != nil {
		return nil, err
	}
	if err := analysis.Ensure(ctx, d, by, progress); err != nil {
		return nil, err
	}
	return Count(ctx, d, by, t, knownOn, progress)
}

// DiffScope says who enters and who leaves when terms a are replaced by b.
func DiffScope(ctx context.Context, d *desk.Desk, by casefile.Actor, a, b scope.Terms, progress desk.Progress) (*scope.DiffReport, error) {
	if err := d.May(by, desk.ReadFigures); err != nil {
		return nil, err
	}
	if err := analysis.Ensure(ctx, d, by, progress); err != nil {
		return nil, err
	}
	return Compare(ctx, d, by, a, b, 0, progress)
}

func scopeNow(ctx context.Context, tx *store.Tx, run int64, programs []*scope.Program, progress desk.Progress, yield func([]scoped) error) error {
	out := make([]scoped, len(programs))
	var c scope.Case
	n := 0
	for f, err := range tx.CaseFacts(ctx, run) {
		if err != nil {
			return err
		}
		if c, err = c.Decode(f[1]); err != nil {
			return casefile.Errorf(casefile.Broken, "The facts of %s cannot be read. Derive them again with: lookback analyse (%w)", f[0], err)
		}
		for i, p := range programs {
			out[i] = scoped{f[0], c, c, p.Evaluate(c)}
		}
		if err := yield(out); err != nil {
			return err
		}
		if n++; n%5000 == 0 {
			progress.Tell("applying the criteria", int64(n), 0)
		}
	}
	return nil
}

// scopeKnownOn evaluates as known on a day. A case that nobody dated may have been
// there or not.
func scopeKnownOn(ctx context.Context, tx *store.Tx, run int64, programs []*scope.Program, on casefile.Day, progress desk.Progress, yield func([]scoped) error) error {
	out := make([]scoped, len(programs))
	return analysis.KnownOn(ctx, tx, run, on, progress, func(id string, recorded casefile.Known, certain, possible scope.Case) error {
		for i, p := range programs {
			surely := p.Evaluate(certain)
			if recorded == casefile.Undated {
				surely = scope.Result{Status: scope.Out, NotMet: 1<<len(p.Terms().Criteria) - 1}
			}
			out[i] = scoped{id, certain, possible, scope.Combine(surely, p.Evaluate(possible))}
		}
		return yield(out)
	})
}
