package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/custody"
	"lookback/internal/desk"
	"lookback/internal/extract"
	"lookback/internal/intake"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/verify"
)

// answer prints v as one JSON object if -json was given, else in words.
func (a *app) answer(v any, words func(w io.Writer)) error {
	if a.json {
		e := json.NewEncoder(a.out)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	words(a.out)
	return nil
}

func runInit(a *app, ctx context.Context, f *flags) error {
	if err := f.need("dir"); err != nil {
		return err
	}
	key, path, made, err := a.newKey(f.dir, f.keyFile)
	if err != nil {
		return err
	}
	if err := store.Create(ctx, f.dir, key, a.operator(), a.clock); err != nil {
		if made {
			os.Remove(path)
		}
		return err
	}
	fmt.Fprintf(a.err, "Made the register %s, encrypted with the key in %s.\n", f.dir, path)
	if made {
		fmt.Fprintf(a.err, "Whoever has that file can read everything in the register and its backups; without it nobody can.\n"+
			"For real records keep it on another disk, a copy under lock, and name it with -key-file or LOOKBACK_KEY_FILE.\n")
	}
	return a.printKey(ctx, f)
}

// printKey prints what an outsider needs to check the ledger.
func (a *app) printKey(ctx context.Context, f *flags) error {
	d, err := a.open(f)
	if err != nil {
		return err
	}
	defer d.DB.Close()
	var key string
	var checkpoint []byte
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		if key, err = tx.VerifierKey(ctx); err != nil {
			return err
		}
		checkpoint, err = tx.LastCheckpoint(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return a.answer(map[string]string{"verifier": key, "checkpoint": string(checkpoint)}, func(w io.Writer) {
		fmt.Fprintf(w, "verifier key: %s\n", key)
		if f.c.name == "ledger key" {
			fmt.Fprintf(w, "\n%s", checkpoint)
		}
	})
}

func runLedgerKey(a *app, ctx context.Context, f *flags) error { return a.printKey(ctx, f) }

func runImport(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	m, err := mapping(f.mapping)
	if err != nil {
		return err
	}
	a.spareMemory(f.arg(0))
	show, done := a.progress()
	report, err := intake.Import(ctx, d, a.operator(), f.arg(0), m, show)
	done()
	if err != nil {
		return err
	}
	return a.answer(report, func(w io.Writer) { printImport(w, report) })
}

func mapping(name string) (*extract.Mapping, error) {
	if name == "" {
		return nil, nil
	}
	return extract.LoadMapping(name)
}

func printImport(w io.Writer, r *intake.ImportReport) {
	for _, name := range r.Order {
		t := r.Tables[name]
		fmt.Fprintf(w, "%-15s %8d rows: %d accepted, %d quarantined, %d already held\n", name, t.Rows, t.Accepted, t.Quarantined, t.Held)
	}
	sum := r.Sum()
	fmt.Fprintf(w, "%-15s %8d rows: %d accepted, %d quarantined, %d already held\n", "all", sum.Rows, sum.Accepted, sum.Quarantined, sum.Held)
	if len(r.Reasons) > 0 {
		fmt.Fprintf(w, "\nIn quarantine, kept whole (lookback export quarantine lists them, lookback mend puts one right):\n")
	}
	for _, q := range r.Reasons {
		fmt.Fprintf(w, "  %d × %s %s, such as: %s\n", q.Rows, q.Table, q.Column, q.Example)
	}
	if len(r.Notes) > 0 {
		fmt.Fprintf(w, "\nNotes:\n")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
}

func runAnalyse(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	show, done := a.progress()
	r, err := analysis.Run(ctx, d, a.operator(), show)
	done()
	if err != nil {
		return err
	}
	return a.answer(r, func(w io.Writer) { printAnalysis(w, r) })
}

func printAnalysis(w io.Writer, r *analysis.Figures) {
	s := r.Suspects
	fmt.Fprintf(w, "%d investigations, %d nominals held to be %d people (%d with two PNC ids: look at them)\n", r.Cases, r.Nominals, r.Identities, r.Conflicts)
	fmt.Fprintf(w, "suspects, counted four ways that are never added up:\n")
	fmt.Fprintf(w, "  %8d named\n  %8d recorded but unidentified\n  %8d stated in the text\n  %8d reached through links\n", s.Named, s.Unidentified, s.Stated, s.Reached)
	fmt.Fprintf(w, "%d cases have two or more suspects on record; %d state two or more in the text, %d of them with fewer on record\n", s.CasesRecorded2, s.CasesStated2, s.CasesOnlyStated)
	fmt.Fprintf(w, "%d people are suspects in two or more cases; %d ties; %d groups of %d people over %d cases\n", r.Repeat, r.Ties, r.Groups, r.Members, r.GroupCases)
	fmt.Fprintf(w, "%d phones, vehicles and cases tie nobody, because they would tie too many\n", r.LeftOut)
}

func runSearch(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	found, err := cohort.Search(ctx, d, a.operator(), strings.Join(f.args(), " "), f.limit)
	if err != nil {
		return err
	}
	return a.answer(found, func(w io.Writer) {
		for _, h := range found.Hits {
			where := h.Source
			if h.Document != "" {
				where = fmt.Sprintf("%s, page %d", h.Document, h.Page)
			}
			fmt.Fprintf(w, "%s  %s  %s\n  %s\n", h.Case, h.At, where, strings.Join(strings.Fields(h.Text), " "))
		}
		more := ""
		if found.More {
			more = "more than "
		}
		fmt.Fprintf(w, "%d shown of %s%d found\n", len(found.Hits), more, found.Total)
	})
}

func runExport(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("out"); err != nil {
		return err
	}
	var terms scope.Terms
	var err error
	if f.arg(0) == "cohort" {
		if terms, err = cohort.Terms(ctx, d, f.criteria); err != nil {
			return err
		}
	}
	show, done := a.progress()
	out, err := cohort.Export(ctx, d, a.operator(), f.arg(0), f.out, terms, show)
	done()
	if err != nil {
		return err
	}
	return a.answer(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d rows, SHA-256 %s\n", out.File, out.Rows, out.SHA256)
	})
}

func runMend(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("row"); err != nil {
		return err
	}
	cells := map[string]string{}
	for _, arg := range f.args() {
		column, value, ok := strings.Cut(arg, "=")
		if !ok {
			return casefile.Errorf(casefile.Invalid, "%q does not say what to change: write COLUMN=VALUE.", arg)
		}
		cells[strings.TrimSpace(column)] = value
	}
	m, err := intake.Mend(ctx, d, a.operator(), f.row, cells, f.reason)
	if err != nil {
		return err
	}
	return a.answer(m, func(w io.Writer) {
		fmt.Fprintf(w, "row %d is accepted as row %d", f.row, m.Row)
		if len(m.Released) > 0 {
			fmt.Fprintf(w, ", and %d rows that had waited for it", len(m.Released))
		}
		fmt.Fprintln(w)
	})
}

func runLedgerExport(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("out"); err != nil {
		return err
	}
	out, err := custody.ExportLedger(ctx, d, a.operator(), f.out, f.openings)
	if err != nil {
		return err
	}
	return a.answer(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d events, %d of them opened\n", f.out, out.Events, out.Opened)
	})
}

func runVerify(a *app, ctx context.Context, f *flags) error {
	if len(f.args()) != 1 {
		return errUsage
	}
	opts := verify.Options{Key: f.key}
	if f.against != "" {
		var err error
		if opts.Against, err = os.ReadFile(f.against); err != nil {
			return casefile.Errorf(casefile.NotFound, "The checkpoint %s cannot be read: %w", f.against, err)
		}
	}
	report, err := a.check(ctx, f, opts)
	if err != nil {
		return err
	}
	if err := a.answer(report, func(w io.Writer) { fmt.Fprintln(w, report) }); err != nil {
		return err
	}
	if !report.Whole {
		return errSilent
	}
	return nil
}

// check finds out what lies at the path and checks it.
func (a *app) check(ctx context.Context, f *flags, opts verify.Options) (report verify.Report, err error) {
	path := f.arg(0)
	info, err := os.Stat(path)
	if err != nil {
		return report, casefile.Errorf(casefile.NotFound, "%s cannot be read: %w", path, err)
	}
	if !info.IsDir() {
		key, _, err := a.keyFor(path, path, f.identity)
		if err != nil {
			return report, err
		}
		err = store.ViewBackup(path, key, a.clock, func(db *store.DB) (err error) {
			report, err = custody.Verify(ctx, db, opts)
			return err
		})
		return report, err
	}
	if _, err := os.Stat(filepath.Join(path, "register.db")); err != nil {
		return verify.Check(verify.OpenExport(os.DirFS(path)), opts)
	}
	key, err := a.findKey(path, f.identity)
	if err != nil {
		return report, err
	}
	db, err := store.Open(path, key, a.clock)
	if err != nil {
		return report, err
	}
	report, err = custody.Verify(ctx, db, opts)
	return report, errors.Join(err, db.Close())
}

func runBackup(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if err := f.need("out"); err != nil {
		return err
	}
	if err := custody.Backup(ctx, d, a.operator(), f.out); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "Wrote %s, encrypted with the register's own key: keep that key apart from it.\n", f.out)
	return nil
}

func runRestore(a *app, ctx context.Context, f *flags) error {
	if err := f.need("in", "dir"); err != nil {
		return err
	}
	if _, err := os.Stat(f.in); err != nil {
		return casefile.Errorf(casefile.NotFound, "The backup %s cannot be read: %w", f.in, err)
	}
	key, path, err := a.keyFor(f.in, f.dir, f.keyFile)
	if err != nil {
		return err
	}
	// The key comes first: a register must not lie there that nobody can open.
	copied := ""
	if given := f.keyFile + a.getenv("LOOKBACK_KEY_FILE"); given == "" && !exists(keyPath(f.dir)) {
		copied = keyPath(f.dir)
		if err := key.Write(copied); err != nil {
			return err
		}
	}
	var report verify.Report
	err = store.Restore(ctx, f.in, f.dir, key, a.clock, func(db *store.DB) (err error) {
		if report, err = custody.Verify(ctx, db, verify.Options{Key: f.key}); err != nil {
			return err
		}
		if !report.Whole {
			return casefile.Errorf(casefile.Broken, "The backup was not restored, because its ledger does not verify. %s", report)
		}
		d := &desk.Desk{DB: db, Code: code()}
		return custody.Restored(ctx, d, a.operator(), f.in)
	})
	if err != nil {
		if copied != "" && !exists(f.dir) {
			os.Remove(copied)
		}
		return err
	}
	fmt.Fprintf(a.err, "Restored %s from %s with the key in %s.\n", f.dir, f.in, path)
	if copied != "" {
		fmt.Fprintf(a.err, "Copied the key to %s.\n", copied)
	}
	return a.answer(report, func(w io.Writer) { fmt.Fprintln(w, report) })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func runMappingSuggest(a *app, _ context.Context, f *flags) error {
	if len(f.args()) != 1 {
		return errUsage
	}
	m, why, err := extract.Suggest(f.arg(0))
	if err != nil {
		return err
	}
	for _, w := range why {
		fmt.Fprintln(a.err, w)
	}
	_, err = a.out.Write(m.JSON())
	return err
}

func runMappingShow(a *app, _ context.Context, f *flags) error {
	if len(f.args()) != 1 {
		return casefile.Errorf(casefile.Invalid, "Name a mapping: %s.", strings.Join(extract.Shipped(), ", "))
	}
	m, err := extract.LoadMapping(f.arg(0))
	if err != nil {
		return err
	}
	_, err = a.out.Write(m.JSON())
	return err
}

// tableOrder lists a report's tables in the order of the contract.
func tableOrder[V any](m map[casefile.Table]V) []casefile.Table {
	return slices.SortedFunc(maps.Keys(m), func(x, y casefile.Table) int {
		at := func(t casefile.Table) int {
			return slices.IndexFunc(casefile.Schemas, func(s casefile.Schema) bool { return s.Table == t })
		}
		return at(x) - at(y)
	})
}

func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
