package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/publish"
)

var exportRoutes = []route{
	{"GET /exports", desk.UseLookback, (*Site).listExports},
	{"GET /exports/figures/{what}", desk.ReadFigures, (*Site).sendFigures},
	{"GET /exports/{what}", desk.ExportPersonal, (*Site).askHanding},
	{"POST /exports/{what}", desk.ExportPersonal, (*Site).handOver},
}

// sendTable sends a table without personal data as a file, in the format that
// ?format= asks for (csv, xlsx). The file is an event with its hash. It is made
// whole before anything is sent, so that a fault leaves no half file; it is for
// figures, not for lists that grow with the register.
func (s *Site) sendTable(w http.ResponseWriter, r *request, name string, header []string, rows iter.Seq2[[]string, error]) error {
	format, err := publish.ParseFormat(r.URL.Query().Get("format"))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	sheet, err := publish.NewSheet(&b, format, header...)
	if err != nil {
		return err
	}
	n := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := sheet.Row(row...); err != nil {
			return err
		}
		n++
	}
	if err := sheet.End(); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	file := s.fileName(name, string(format))
	err = s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ExportWritten, Purpose: "review", Subject: name, Body: map[string]any{
		"file": file, "rows": n, "sha256": hex.EncodeToString(sum[:]), "query": r.URL.RawQuery,
	}})
	if err != nil {
		return err
	}
	attach(w, file, format.MediaType())
	_, err = b.WriteTo(w)
	if err != nil {
		s.Log.Debug("reader gone", "path", r.URL.Path)
	}
	return nil
}

// fileName names a file by what it holds and the day.
func (s *Site) fileName(name, ending string) string {
	return fmt.Sprintf("lookback-%s-%s.%s", name, s.now().Format("2006-01-02"), ending)
}

// attach makes the answer a file to keep.
func attach(w http.ResponseWriter, file, mediaType string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
}

// An exportsPage says what may be exported and what was.
type exportsPage struct {
	Figures  []exportKind
	Personal []exportKind
	Past     []cohort.PastExport
	Next     int64 // where the following page begins
	All      bool  // everybody's, not only one's own
	Names    map[string]string
}

func (exportsPage) Wide() bool { return true }

// An exportKind is one list that can be exported.
type exportKind struct{ Name, Title, About, At string }

var figureKinds = []exportKind{
	{"figures", "Key figures", "how many cases, suspects counted four ways, groups", "/exports/figures/figures"},
	{"waterfall", "Terms of reference", "what each criterion does: in, out, unknown", "/exports/figures/waterfall"},
	{"quality", "Data quality", "what is missing, invalid or impossible, by table, year and unit", "/exports/figures/quality"},
}

var exportTitles = map[string]string{
	"cohort": "Cases under the terms of reference", "suspects": "Suspects, counted four ways", "identities": "People and the records held to be them",
	"networks": "Groups and their members", "quarantine": "Rows in quarantine", "cases": "Cases", "search": "Results of a search", "actions": "Actions",
	"quality": "Data quality", "waterfall": "Terms of reference", "figures": "Key figures", "workload": "Workload",
}

// ExportTitle names a kind of list.
func exportTitle(what string) string { return cmp.Or(exportTitles[what], what) }

func (s *Site) listExports(w http.ResponseWriter, r *request) error {
	p := exportsPage{All: s.can(r, desk.ReadLedger)}
	if s.can(r, desk.ReadFigures) {
		p.Figures = figureKinds
	}
	if s.can(r, desk.ExportPersonal) {
		for _, what := range cohort.PersonalExports() {
			about, _, err := cohort.Handing{What: what}.Columns()
			if err != nil {
				return err
			}
			p.Personal = append(p.Personal, exportKind{what, exportTitle(what), about, "/exports/" + what})
		}
	}
	var err error
	if p.Names, err = s.accountNames(r.Context()); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if p.Past, p.Next, err = cohort.PastExports(r.Context(), s.Desk, r.By, max(0, before)); err != nil {
		return err
	}
	return s.render(w, r, "exports", "Exports", p)
}

// Title, Name and PurposeWords are for the list of past exports.
func (p exportsPage) Title(what string) string   { return exportTitle(what) }
func (p exportsPage) Name(account string) string { return cmp.Or(p.Names[account], account) }
func (p exportsPage) PurposeWords(code string) string {
	for _, c := range cohort.ExportPurposes() {
		if c[0] == code {
			return c[1]
		}
	}
	return code
}

// Unaddressed says why a past export has no recipient.
func (p exportsPage) Unaddressed(e cohort.PastExport) string {
	if about, _, err := (cohort.Handing{What: e.What}).Columns(); err == nil && about != "" {
		return "a file on the machine itself"
	}
	return "no personal data"
}

// FilterWords says what a past list was narrowed by, "" if it was not.
func (p exportsPage) FilterWords(e cohort.PastExport) string {
	if e.Filter == "" || e.Recipient == "" {
		return ""
	}
	return cohort.InWords(e.What, e.Filter)
}

func (s *Site) sendFigures(w http.ResponseWriter, r *request) error {
	what := r.PathValue("what")
	header, rows, err := cohort.Figures(r.Context(), s.Desk, r.By, what)
	if err != nil {
		return err
	}
	return s.sendTable(w, r, what, header, func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// A handingPage asks what a list with personal data is for and who receives it.
type handingPage struct {
	Faults
	cohort.Handing
	Title   string
	About   string
	Columns []string
	Rows    int
	More    bool // Rows is only the first of them
	LeftOut int
	Filter  string // in words
	Back    string // the list that it is of
}

func (s *Site) askHanding(w http.ResponseWriter, r *request) error {
	p := handingPage{Handing: cohort.Handing{What: r.PathValue("what"), Query: r.URL.RawQuery, Format: publish.CSV}}
	return s.showHanding(w, r, http.StatusOK, p)
}

func (s *Site) showHanding(w http.ResponseWriter, r *request, status int, p handingPage) (err error) {
	if p.About, p.Columns, err = p.Handing.Columns(); err != nil {
		return err
	}
	if p.Rows, p.LeftOut, p.More, err = p.Count(r.Context(), s.Desk, r.By); err != nil {
		return err
	}
	p.Title, p.Back = exportTitle(p.What), "/exports"
	switch p.What {
	case "cases":
		p.Back, p.Filter = "/cases", cohort.InWords(p.What, p.Query)
	case "search":
		p.Back, p.Filter = "/search", cohort.InWords(p.What, p.Query)
	case "actions":
		p.Back, p.Filter = "/actions", cohort.InWords(p.What, p.Query)
	case "quarantine":
		p.Back, p.Filter = "/quarantine", cohort.InWords(p.What, p.Query)
	case "networks":
		p.Filter = cohort.InWords(p.What, p.Query)
	}
	if p.Query != "" && p.Back != "/exports" {
		p.Back += "?" + p.Query
	}
	return s.renderStatus(w, r, status, "export", "Export: "+strings.ToLower(p.Title[:1])+p.Title[1:], p)
}

// Purposes are the choices of the form.
func (p handingPage) Purposes() []Option {
	var out []Option
	for _, c := range cohort.ExportPurposes() {
		out = append(out, Option{Value: c[0], Label: c[1]})
	}
	return out
}

// downloadTime is how long a list may take to be made and fetched.
const downloadTime = 30 * time.Minute

func (s *Site) handOver(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return casefile.Errorf(casefile.Invalid, "The form could not be read. Go back and send it again. (%w)", err)
	}
	said := func(name string) string {
		return strings.ToValidUTF8(strings.TrimSpace(r.PostForm.Get(name)), "\uFFFD")
	}
	p := handingPage{Handing: cohort.Handing{What: r.PathValue("what"), Query: r.URL.RawQuery, Format: publish.Format(said("format")),
		Purpose: said("purpose"), Words: said("words"), Recipient: said("recipient"), Key: said("key"), Phrase: r.PostForm.Get("phrase")}}
	for _, f := range p.Check() {
		p.Faults.Add(f.Field, "%s", f.Message)
	}
	if p.Phrase != "" && p.Phrase != r.PostForm.Get("phrase2") {
		p.Faults.Add("phrase", "The two passphrases differ. Type both again.")
	}
	if len(p.Faults) > 0 {
		return s.showHanding(w, r, http.StatusUnprocessableEntity, p)
	}
	to := http.NewResponseController(w)
	if err := to.SetWriteDeadline(time.Now().Add(downloadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	out, err := cohort.HandOver(r.Context(), s.Desk, r.By, p.Handing)
	if err != nil {
		return err
	}
	defer out.Close()
	attach(w, out.Name, "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(out.Size, 10))
	// It is on record that the file was made for its recipient; whether all of it
	// arrived nobody can know here.
	if _, err := out.WriteTo(w); err != nil {
		s.Log.Debug("reader gone", "path", r.Pattern)
	}
	return nil
}
