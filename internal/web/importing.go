package web

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/extract"
	"lookback/internal/intake"
	"lookback/internal/store"
)

var importRoutes = []route{
	{"GET /imports", desk.ReadIntake, (*Site).showImports},
	{"GET /imports/new", desk.ImportExtracts, (*Site).showNewImport},
	{"POST /imports/new", desk.ImportExtracts, (*Site).takeUpload},
	{"POST /imports/server", desk.ImportExtracts, (*Site).importFromServer},
	{"GET /imports/uploads/{id}", desk.ImportExtracts, (*Site).showUpload},
	{"POST /imports/uploads/{id}/import", desk.ImportExtracts, (*Site).importUpload},
	{"POST /imports/uploads/{id}/suggest", desk.ImportExtracts, (*Site).suggestForUpload},
	{"POST /imports/uploads/{id}/discard", desk.ImportExtracts, (*Site).discardUpload},
	{"GET /imports/{id}", desk.ReadIntake, (*Site).showImport},
	{"POST /analysis", desk.RunAnalysis, (*Site).startAnalysis},
}

// maxUpload is how large an uploaded extract may be unless the operator says otherwise.
const maxUpload = 2 << 30

// Uploads are extracts that were uploaded and not imported yet. They lie in the
// register's folder as they came, readable for this account only, until they are
// imported or discarded, for keepUploads at the most. The zero Uploads is empty.
type Uploads struct {
	mu   sync.Mutex
	list []*upload
}

const (
	keepUploads = 24 * time.Hour
	manyUploads = 20 // that wait at the same time
)

// An upload is one of them.
type upload struct {
	ID     string
	Name   string // as its sender named it, made harmless; its ending is that of its content
	Kind   string // "ZIP archive", "Excel workbook"
	Note   string // what is odd about it
	Size   int64
	SHA256 string
	By     casefile.Actor
	Sender string
	At     time.Time
	path   string

	mu      sync.Mutex // guards what follows
	mapping *extract.Mapping
	whys    []extract.Why
	refused string // why no mapping could be suggested
}

func (u *Uploads) add(up *upload) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.list) >= manyUploads {
		return casefile.Errorf(casefile.Conflict, "%d uploaded extracts wait to be imported already. Import or discard some of them first.", len(u.list))
	}
	u.list = append(u.list, up)
	time.AfterFunc(keepUploads, func() { u.remove(up) })
	return nil
}

func (u *Uploads) find(id string) *upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, up := range u.list {
		if up.ID == id {
			return up
		}
	}
	return nil
}

func (u *Uploads) all() []*upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.list)
}

func (u *Uploads) remove(up *upload) {
	u.mu.Lock()
	u.list = slices.DeleteFunc(u.list, func(x *upload) bool { return x == up })
	u.mu.Unlock()
	os.RemoveAll(filepath.Dir(up.path))
}

func (u *Uploads) forgetAll() {
	for _, up := range u.all() {
		u.remove(up)
	}
}

// A body is limited until a page that takes uploads raises the limit.
type body struct {
	io.ReadCloser
	whole io.ReadCloser
}

func limitBody(w http.ResponseWriter, b io.ReadCloser, limit int64) io.ReadCloser {
	return &body{http.MaxBytesReader(w, b, limit), b}
}

// raiseLimit lets the request send more than a form may, and take its time.
func raiseLimit(w http.ResponseWriter, r *request, limit int64) {
	if b, ok := r.Body.(*body); ok {
		b.ReadCloser = http.MaxBytesReader(w, b.whole, limit)
	}
	to := http.NewResponseController(w)
	to.SetReadDeadline(time.Now().Add(2 * time.Hour))
	to.SetWriteDeadline(time.Now().Add(2*time.Hour + time.Minute))
}

func (s *Site) uploadLimit() int64 { return cmp.Or(s.MaxUpload, maxUpload) }

// importsPage is the list of imports.
type importsPage struct {
	Rows     []importRow
	Older    int64
	Mendings bool
	Running  []jobView
	Uploads  []*upload
	Basis    cohort.Basis
}

func (importsPage) Wide() bool { return true }

type importRow struct {
	store.ImportSummary
	Outstanding int
}

const importsPerPage = 25

func (s *Site) showImports(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	p := importsPage{Mendings: q.Get("mendings") == "y", Running: s.running(r, changesRows)}
	var found []store.ImportSummary
	err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		found, err = tx.Imports(r.Context(), max(before, 0), p.Mendings, importsPerPage+1)
		return err
	})
	if err != nil {
		return err
	}
	faults, err := s.faults(r)
	if err != nil {
		return err
	}
	for i, f := range found {
		if i == importsPerPage {
			p.Older = found[i-1].ID
			break
		}
		p.Rows = append(p.Rows, importRow{f, faults.of(f.ID)})
	}
	if s.can(r, desk.ImportExtracts) {
		p.Uploads = s.Uploads.all()
	}
	if p.Basis, err = cohort.LastBasis(r.Context(), s.Desk); err != nil {
		return err
	}
	if q.Get("format") != "" {
		return s.sendTable(w, r, "imports", []string{"import", "system", "name", "imported_at", "imported_by", "rows", "accepted", "quarantined", "held", "still_in_quarantine"},
			func(yield func([]string, error) bool) {
				for _, i := range p.Rows {
					if !yield([]string{fmt.Sprint(i.ID), i.System, i.Name, i.ImportedAt, i.ImportedBy, fmt.Sprint(i.Rows), fmt.Sprint(i.Accepted),
						fmt.Sprint(i.Quarantined), fmt.Sprint(i.Held), fmt.Sprint(i.Outstanding)}, nil) {
						return
					}
				}
			})
	}
	return s.render(w, r, "imports", "Imports", p)
}

// importPage is one import.
type importPage struct {
	store.ImportSummary
	Tables      []importTable
	Reasons     []reasonRow
	Outstanding int
	Notes       []importNote
	Mapped      string // name of the mapping
	Query       string // the selection, as extract.json has it
	MadeUp      bool
	Basis       cohort.Basis
}

func (importPage) Wide() bool { return true }

type importTable struct {
	Table                             casefile.Table
	Files                             []store.SourceFile
	Rows, Accepted, Quarantined, Held int
	RowsOK                            bool // they add up
}

type importNote struct{ File, Says string }

func (s *Site) showImport(w http.ResponseWriter, r *request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "There is no import %q here. Find it in the list of imports.", clip(r.PathValue("id")))
	}
	p := importPage{}
	var files []store.SourceFile
	err = s.Desk.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		if p.ImportSummary, err = tx.Import(r.Context(), id); err != nil {
			return err
		}
		files, err = tx.Files(r.Context(), id)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		i := slices.IndexFunc(p.Tables, func(t importTable) bool { return t.Table == f.Table })
		if i < 0 {
			i = len(p.Tables)
			p.Tables = append(p.Tables, importTable{Table: f.Table})
		}
		t := &p.Tables[i]
		t.Files = append(t.Files, f)
		t.Rows, t.Accepted, t.Quarantined, t.Held = t.Rows+f.Rows, t.Accepted+f.Accepted, t.Quarantined+f.Quarantined, t.Held+f.Held
		t.RowsOK = t.Rows == t.Accepted+t.Quarantined+t.Held
		for _, n := range f.Notes {
			p.Notes = append(p.Notes, importNote{f.Name, n})
		}
	}
	if m, err := extract.ParseMapping([]byte(p.Mapping)); p.Mapping != "" && err == nil {
		p.Mapped = m.Name
	}
	if m, err := extract.ParseManifest([]byte(p.Manifest)); p.Manifest != "" && err == nil {
		p.Query, p.MadeUp = m.Query, m.Synthetic
	}
	faults, err := s.faults(r)
	if err != nil {
		return err
	}
	p.Outstanding, p.Reasons = faults.of(id), faults.reasons(id)
	if p.Basis, err = cohort.LastBasis(r.Context(), s.Desk); err != nil {
		return err
	}
	if r.URL.Query().Get("format") != "" {
		return s.sendTable(w, r, fmt.Sprintf("import-%d", id), []string{"table", "file", "rows", "accepted", "quarantined", "held", "sha256"},
			func(yield func([]string, error) bool) {
				for _, f := range files {
					if !yield([]string{string(f.Table), f.Name, fmt.Sprint(f.Rows), fmt.Sprint(f.Accepted), fmt.Sprint(f.Quarantined), fmt.Sprint(f.Held), f.SHA256}, nil) {
						return
					}
				}
			})
	}
	title := "Import of " + p.Name
	if p.Mended {
		title = sentence(p.Name)
	}
	return s.render(w, r, "import", title, p)
}

// newImportPage asks for an extract.
type newImportPage struct {
	Faults
	Limit   string
	Shipped []Option
	Mapping string
	Server  []Option // what lies in the folder from which one may import by name
	From    string
	Running []jobView
	MadeUp  string
}

func (s *Site) newImport(r *request) newImportPage {
	p := newImportPage{Limit: sizeOf(s.uploadLimit()), Shipped: mappingOptions(), Mapping: "none", Server: s.serverExtracts(), From: s.ImportFrom, Running: s.running(r, changesRows)}
	s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		reg, err := tx.Register(r.Context())
		p.MadeUp = reg.MadeUp
		return err
	})
	return p
}

func mappingOptions() []Option {
	out := []Option{{"none", "None: its headings are those of the Lookback contract", "Choose this for extracts made to the published table layouts."}}
	for _, name := range extract.Shipped() {
		o := Option{Value: "shipped:" + name, Label: "The shipped mapping “" + name + "”"}
		if m, err := extract.LoadMapping(name); err == nil {
			o.Hint = m.Note
		}
		out = append(out, o)
	}
	return append(out, Option{"suggest", "Not known: suggest one from its headings", "Nothing is imported until you have looked at the suggestion and confirmed it."},
		Option{"file", "A mapping of your own", "Choose the file below."})
}

func (s *Site) showNewImport(w http.ResponseWriter, r *request) error {
	return s.render(w, r, "import-new", "Import an extract", s.newImport(r))
}

// refuseUpload draws the form again with what is wrong.
func (s *Site) refuseUpload(w http.ResponseWriter, r *request, mapping, field, format string, args ...any) error {
	p := s.newImport(r)
	p.Mapping = cmp.Or(mapping, p.Mapping)
	p.Add(field, format, args...)
	return s.renderStatus(w, r, http.StatusUnprocessableEntity, "import-new", "Import an extract", p)
}

// takeUpload stores an uploaded extract as it streams in. The mapping stands
// before the file in the form, and so comes before it.
func (s *Site) takeUpload(w http.ResponseWriter, r *request) error {
	limit := s.uploadLimit()
	raiseLimit(w, r, limit+1<<20)
	if r.ContentLength > limit+1<<20 {
		return s.refuseUpload(w, r, "", "extract", "The file has about %s; this page takes up to %s. Ask whoever runs Lookback to import it on the server.", sizeOf(r.ContentLength), sizeOf(limit))
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "The form came without a file in it. Open Import an extract and send it again.")
	}
	choice, own := "", []byte(nil)
	var up *upload
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return uploadFault(err)
		}
		switch part.FormName() {
		case "mapping":
			b, err := io.ReadAll(io.LimitReader(part, 200))
			if err != nil {
				return uploadFault(err)
			}
			choice = string(b)
		case "mapping-file":
			if own, err = io.ReadAll(io.LimitReader(part, 5<<20)); err != nil {
				return uploadFault(err)
			}
		case "extract":
			if up != nil {
				continue
			}
			up, err = s.receive(r, part.FileName(), part)
			if casefile.KindOf(err) == casefile.Invalid {
				io.Copy(io.Discard, part) // a browser reads the answer once it has sent everything
				return s.refuseUpload(w, r, choice, "extract", "%s", casefile.Message(err))
			}
			if err != nil {
				return uploadFault(err)
			}
		}
	}
	if up == nil {
		return s.refuseUpload(w, r, choice, "extract", "Choose the file of the extract: a ZIP archive or an Excel workbook.")
	}
	m, err := mappingOf(choice, own)
	if err != nil {
		s.discard(up)
		return s.refuseUpload(w, r, choice, "mapping", "%s", casefile.Message(err))
	}
	if err := s.Uploads.add(up); err != nil {
		s.discard(up)
		return err
	}
	if choice == "suggest" {
		return s.suggest(w, r, up)
	}
	return s.beginImport(w, r, up, m)
}

func (s *Site) discard(up *upload) { os.RemoveAll(filepath.Dir(up.path)) }

// uploadFault says why an upload did not arrive whole.
func uploadFault(err error) error {
	switch {
	case casefile.KindOf(err) != "":
		return err
	case errors.Is(err, syscall.ENOSPC):
		return &casefile.Error{Kind: casefile.Full, Err: err, Message: "The disk of the register is full, so the upload was not kept. What was saved before is safe. Make room and send it again."}
	}
	if limit, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return casefile.Errorf(casefile.Invalid, "The file is larger than the %s that this page takes. Nothing of it was kept. Ask whoever runs Lookback to import it on the server.", sizeOf(limit.Limit))
	}
	return &casefile.Error{Kind: casefile.Invalid, Err: err, Message: "The file did not arrive whole: the connection broke off. Nothing of it was kept; send it again."}
}

// receive stores one uploaded file and looks at what it is.
func (s *Site) receive(r *request, name string, from io.Reader) (up *upload, err error) {
	up = &upload{ID: strings.ToLower(rand.Text()[:16]), By: r.By, Sender: cmp.Or(r.Account.Name, r.By.ID), At: s.now()}
	dir := filepath.Join(s.workDir(), "upload-"+up.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	up.path = filepath.Join(dir, "arriving")
	f, err := os.OpenFile(up.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	up.Size, err = io.Copy(io.MultiWriter(f, sum), from)
	if err == nil {
		err = up.look(f, name)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	up.SHA256 = hex.EncodeToString(sum.Sum(nil))
	named := filepath.Join(dir, up.Name)
	err = os.Rename(up.path, named)
	up.path = named
	return up, err
}

// look tells what a file is by its content. What its name says is checked against
// it, not believed.
func (up *upload) look(f *os.File, name string) error {
	name = harmless(name)
	shown := cmp.Or(name, "The file")
	if up.Size == 0 {
		if name == "" {
			return casefile.Errorf(casefile.Invalid, "Choose the file of the extract: a ZIP archive or an Excel workbook.")
		}
		return casefile.Errorf(casefile.Invalid, "%s is empty: it has no bytes at all. Export it again, and compare its size before and after copying.", shown)
	}
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	ending := strings.ToLower(path.Ext(name))
	stem := strings.TrimSuffix(name, path.Ext(name))
	switch kind, ok := sniff(head[:n], f, up.Size); {
	case !ok:
		return casefile.Errorf(casefile.Invalid, "%s %s. Nothing of it was kept. Lookback takes a ZIP archive of tables, or an Excel workbook (.xlsx) with a sheet for each table.", shown, kind)
	case kind == "workbook":
		up.Kind, up.Name = "Excel workbook", cmp.Or(stem, "extract")+".xlsx"
		if ending != ".xlsx" {
			up.Note = fmt.Sprintf("It is called %s, but its content is an Excel workbook, and it was taken as one.", shown)
		}
	default:
		up.Kind, up.Name = "ZIP archive", cmp.Or(stem, "extract")+".zip"
		if ending == ".xlsx" {
			return casefile.Errorf(casefile.Invalid, "%s is called an Excel workbook, but it is a ZIP of other files. Nothing of it was kept. If it is an extract of tables, give it a name that ends in .zip.", shown)
		}
		if ending != ".zip" {
			up.Note = fmt.Sprintf("It is called %s, but its content is a ZIP archive, and it was taken as one.", shown)
		}
	}
	return nil
}

// sniff says what the content of a file is: "zip" or "workbook", and ok; else in
// words what it is instead.
func sniff(head []byte, f io.ReaderAt, size int64) (kind string, ok bool) {
	for _, k := range []struct{ magic, is string }{
		{"%PDF-", "is a PDF document"},
		{"\xD0\xCF\x11\xE0", "is a file of an old Office program (such as .xls); save it as .xlsx"},
		{"\x1F\x8B", "is a gzip archive; pack the tables as a ZIP"},
		{"7z\xBC\xAF\x27\x1C", "is a 7-Zip archive; pack the tables as a ZIP"},
		{"Rar!", "is a RAR archive; pack the tables as a ZIP"},
		{"MZ", "is a program for Windows"},
		{"\x7FELF", "is a program"},
		{"\x89PNG", "is a picture"},
		{"\xFF\xD8\xFF", "is a picture"},
		{"GIF8", "is a picture"},
		{"PAR1", "is a single Parquet table; put all tables into one ZIP"},
		{"SQLite format 3", "is a database file; export its tables as CSV"},
		{"age-encryption.org/", "is encrypted with age; open it first"},
		{"-----BEGIN AGE", "is encrypted with age; open it first"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.is, false
		}
	}
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) && !bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")))
		switch {
		case bytes.HasPrefix(text, []byte("<")):
			return "is a web page or an XML file", false
		case bytes.ContainsRune(head, 0) && !bytes.HasPrefix(head, []byte("\xFF\xFE")) && !bytes.HasPrefix(head, []byte("\xFE\xFF")):
			return "is neither a ZIP archive nor an Excel workbook", false
		}
		return "is a single text file, perhaps one table; put all tables of the extract into one ZIP", false
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return "begins like a ZIP archive but is not whole, as when a copy was cut short; copy it again", false
	}
	for _, part := range z.File {
		switch part.Name {
		case "xl/workbook.xml":
			return "workbook", true
		case "xl/workbook.bin":
			return "is a binary Excel workbook (.xlsb); save it as .xlsx", false
		case "word/document.xml":
			return "is a Word document", false
		case "ppt/presentation.xml":
			return "is a presentation", false
		}
	}
	if len(z.File) == 0 {
		return "is an empty ZIP archive", false
	}
	return "zip", true
}

// harmless makes a file name of what a browser sent: its last part, of letters,
// digits and a few marks, no longer than a name should be.
func harmless(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-()", r) {
			return r
		}
		return '-'
	}, name)
	name = strings.Trim(name, " .-")
	ending := path.Ext(name)
	if len(ending) > 10 {
		ending = ""
	}
	stem := strings.TrimSuffix(name, ending)
	for len(stem) > 100 {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return stem + ending
}

// clip shortens what somebody sent for a message.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// mappingOf returns the mapping that a form chose, nil for none.
func mappingOf(choice string, own []byte) (*extract.Mapping, error) {
	name, shipped := strings.CutPrefix(choice, "shipped:")
	switch {
	case shipped && slices.Contains(extract.Shipped(), name):
		return extract.LoadMapping(name)
	case choice == "file" || choice == "text":
		if len(bytes.TrimSpace(own)) == 0 {
			return nil, casefile.Errorf(casefile.Invalid, "Choose the file of your mapping, or another of the choices.")
		}
		return extract.ParseMapping(own)
	case choice == "none" || choice == "suggest" || choice == "":
		return nil, nil
	}
	return nil, casefile.Errorf(casefile.Invalid, "There is no mapping %q. Choose one from the list.", clip(choice))
}

// beginImport starts the job that imports an upload. If something else of the
// kind is running, the upload waits.
func (s *Site) beginImport(w http.ResponseWriter, r *request, up *upload, m *extract.Mapping) error {
	to := "/imports/uploads/" + up.ID
	j, err := s.start(r, s.importTask(r.By, up.path, up.Name, m, outcome{To: to, Label: "Try it with another mapping, or discard it"}, func() { s.Uploads.remove(up) }))
	if casefile.KindOf(err) == casefile.Conflict {
		return redirect(w, r, to, "The extract was uploaded and waits. "+casefile.Message(err))
	}
	if err != nil {
		return err
	}
	await(r, j)
	return redirect(w, r, jobAddress(j.id), "")
}

// importTask imports what lies at a path and analyses afterwards. again is where
// somebody goes on if it fails.
func (s *Site) importTask(by casefile.Actor, from, name string, m *extract.Mapping, again outcome, imported func()) task {
	return task{What: "Import of " + name, Act: desk.ImportExtracts, Turn: changesRows, Stops: true, Do: func(ctx context.Context, j *job) (outcome, error) {
		report, err := intake.Import(ctx, s.Desk, by, from, m, j.progress)
		if err != nil {
			return again, withoutPath(err, from, name)
		}
		imported()
		sum := report.Sum()
		out := outcome{To: fmt.Sprintf("/imports/%d", report.Extract), Label: "See where every row ended", Says: []string{
			fmt.Sprintf("%s rows: %s accepted, %s quarantined, %s already held.", thousands(int64(sum.Rows)), thousands(int64(sum.Accepted)), thousands(int64(sum.Quarantined)), thousands(int64(sum.Held))),
		}}
		return s.analyseAfter(ctx, j, by, out), nil
	}}
}

// withoutPath takes a path of the server out of what an error tells its reader.
func withoutPath(err error, path, name string) error {
	e, ok := errors.AsType[*casefile.Error](err)
	if !ok {
		return err
	}
	return &casefile.Error{Kind: e.Kind, Message: strings.ReplaceAll(e.Message, path, name), Err: err}
}

// analyseAfter runs the analysis after an import, which has landed whatever comes
// of this.
func (s *Site) analyseAfter(ctx context.Context, j *job, by casefile.Actor, out outcome) outcome {
	if s.Desk.May(by, desk.RunAnalysis) != nil {
		out.Says = append(out.Says, "Cases, groups and figures show it after the next analysis. Ask an analyst to run one.")
		return out
	}
	if _, err := analysis.Run(ctx, s.Desk, by, j.progress); err != nil {
		s.Log.Error("analysis after import", "job", j.id, "err", err)
		out.Says = append(out.Says, "The analysis that should follow did not come to its end: "+casefile.Message(err)+" The import itself is kept. Run the analysis again from the list of imports.")
		return out
	}
	out.Says = append(out.Says, "The analysis has run, so cases, groups and figures show it.")
	return out
}

func (s *Site) startAnalysis(w http.ResponseWriter, r *request) error {
	by := r.By
	return s.do(w, r, task{What: "Analysis", Act: desk.RunAnalysis, Turn: changesRows, Stops: true, Do: func(ctx context.Context, j *job) (outcome, error) {
		f, err := analysis.Run(ctx, s.Desk, by, j.progress)
		if err != nil {
			return outcome{}, err
		}
		return outcome{To: "/imports", Label: "Imports", Says: []string{fmt.Sprintf("The analysis covers %s cases: %s people, %s groups.",
			thousands(int64(f.Cases)), thousands(int64(f.Identities)), thousands(int64(f.Groups)))}}, nil
	}})
}

// serverExtracts lists what lies in the folder from which one may import by name.
func (s *Site) serverExtracts() []Option {
	if s.ImportFrom == "" {
		return nil
	}
	entries, err := os.ReadDir(s.ImportFrom)
	if err != nil {
		s.Log.Error("the folder for imports cannot be read", "err", err)
		return nil
	}
	var out []Option
	for _, e := range entries {
		ending := strings.ToLower(filepath.Ext(e.Name()))
		if strings.HasPrefix(e.Name(), ".") || !e.IsDir() && (!e.Type().IsRegular() || ending != ".zip" && ending != ".xlsx") || len(out) == 500 {
			continue
		}
		o := Option{Value: e.Name(), Label: e.Name()}
		if e.IsDir() {
			o.Label += " (folder)"
		}
		out = append(out, o)
	}
	return out
}

func (s *Site) importFromServer(w http.ResponseWriter, r *request) error {
	name, choice := r.PostFormValue("name"), r.PostFormValue("mapping")
	// Only what the list shows can be imported: a path cannot lead anywhere else.
	if !slices.ContainsFunc(s.serverExtracts(), func(o Option) bool { return o.Value == name }) {
		return s.refuseUpload(w, r, choice, "name", "There is no extract %q in the folder for imports on the server. Choose one from the list.", clip(name))
	}
	m, err := mappingOf(choice, nil)
	if err != nil {
		return s.refuseUpload(w, r, choice, "mapping", "%s", casefile.Message(err))
	}
	if choice == "suggest" || choice == "file" {
		return s.refuseUpload(w, r, choice, "mapping", "For an extract on the server choose a shipped mapping or none; a suggestion needs the file uploaded, or the command: lookback mapping suggest.")
	}
	return s.show(w, r, s.importTask(r.By, filepath.Join(s.ImportFrom, name), name, m, outcome{To: "/imports/new", Label: "Import with another mapping"}, func() {}))
}

// uploadPage is an upload with the mapping that is suggested for it.
type uploadPage struct {
	Faults
	*upload
	Size2   string
	Until   time.Time
	Shipped []Option
	Choice  string
	JSON    string // the mapping, to be looked at and changed
	Tables  []suggestedTable
	Left    []extract.Why // headings and files that feed nothing
	Refused string
	Lines   int
}

type suggestedTable struct {
	Table  casefile.Table
	File   string
	Reason string
	Whys   []suggestedColumn
}

type suggestedColumn struct {
	extract.Why
	Sure string // in words
}

// sure says a score in words, since it is no probability.
func sure(score float64) string {
	switch {
	case score >= 0.9:
		return "alike"
	case score >= 0.7:
		return "likely"
	}
	return "a guess: check"
}

func (s *Site) uploadOf(r *request) (*upload, error) {
	if up := s.Uploads.find(r.PathValue("id")); up != nil {
		return up, nil
	}
	return nil, casefile.Errorf(casefile.NotFound, "There is no such upload here. It was imported or discarded, or it waited for more than %s. Upload it again.", period(keepUploads))
}

func (s *Site) showUpload(w http.ResponseWriter, r *request) error {
	up, err := s.uploadOf(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "upload", up.Name, s.uploadPage(up))
}

func (s *Site) uploadPage(up *upload) *uploadPage {
	p := &uploadPage{upload: up, Size2: sizeOf(up.Size), Until: up.At.Add(keepUploads), Shipped: slices.DeleteFunc(mappingOptions(), func(o Option) bool { return o.Value == "suggest" }), Choice: "none"}
	up.mu.Lock()
	defer up.mu.Unlock()
	p.Refused = up.refused
	if up.mapping != nil {
		p.JSON = string(up.mapping.JSON())
		p.Lines = min(30, 1+strings.Count(p.JSON, "\n"))
	}
	for _, y := range up.whys {
		switch {
		case y.Table == "" || y.Column == "" && y.Heading != "":
			p.Left = append(p.Left, y)
		case y.Heading == "":
			p.Tables = append(p.Tables, suggestedTable{Table: y.Table, File: y.File, Reason: y.Reason})
		default:
			i := slices.IndexFunc(p.Tables, func(t suggestedTable) bool { return t.Table == y.Table })
			if i >= 0 {
				p.Tables[i].Whys = append(p.Tables[i].Whys, suggestedColumn{y, sure(y.Score)})
			}
		}
	}
	return p
}

func (s *Site) suggestForUpload(w http.ResponseWriter, r *request) error {
	up, err := s.uploadOf(r)
	if err != nil {
		return err
	}
	return s.suggest(w, r, up)
}

// suggest works out a mapping from the headings and the first rows.
func (s *Site) suggest(w http.ResponseWriter, r *request, up *upload) error {
	return s.do(w, r, task{What: "Suggested mapping for " + up.Name, Act: desk.ImportExtracts, Do: func(ctx context.Context, j *job) (outcome, error) {
		j.progress("reading headings and the first rows", 0, 0)
		m, whys, err := extract.Suggest(up.path)
		out := outcome{To: "/imports/uploads/" + up.ID, Label: "Look at it"}
		up.mu.Lock()
		defer up.mu.Unlock()
		up.mapping, up.whys, up.refused = m, whys, ""
		if casefile.KindOf(err) != "" {
			up.refused = casefile.Message(withoutPath(err, up.path, up.Name))
			return out, nil
		}
		return out, err
	}})
}

func (s *Site) importUpload(w http.ResponseWriter, r *request) error {
	up, err := s.uploadOf(r)
	if err != nil {
		return err
	}
	choice, text := r.PostFormValue("mapping"), r.PostFormValue("text")
	m, err := mappingOf(choice, []byte(text))
	if err != nil {
		p := s.uploadPage(up)
		p.Choice = choice
		field := "mapping"
		if choice == "text" || choice == "file" {
			p.JSON, p.Lines, field = text, 30, "text"
		}
		p.Add(field, "%s", casefile.Message(err))
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "upload", up.Name, p)
	}
	return s.beginImport(w, r, up, m)
}

func (s *Site) discardUpload(w http.ResponseWriter, r *request) error {
	up, err := s.uploadOf(r)
	if err != nil {
		return err
	}
	if len(s.running(r, changesRows)) > 0 {
		return casefile.Errorf(casefile.Conflict, "An import is running, perhaps of this upload. Wait until it has ended.")
	}
	s.Uploads.remove(up)
	return redirect(w, r, "/imports", up.Name+" was discarded. Nothing of it is in the register.")
}
