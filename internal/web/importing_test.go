package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lookback/internal/ledger"
	"lookback/internal/synth"
)

// A sent file is what a form of an upload holds.
type sent struct {
	mapping, name string
	content       []byte
	own           string // a mapping of one's own
}

func (u *user) upload(f sent) answer {
	u.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("mapping", f.mapping)
	if f.own != "" {
		part, _ := w.CreateFormFile("mapping-file", "own.json")
		io.WriteString(part, f.own)
	}
	part, _ := w.CreateFormFile("extract", f.name)
	part.Write(f.content)
	w.Close()
	return u.do("POST", "/imports/new", &b, w.FormDataContentType())
}

// zipped packs files by name.
func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// force is a ZIP of a made-up force other than that of the seed.
func force(t *testing.T, cases int) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "force")
	if _, err := synth.Write(dir, synth.Options{Cases: cases, Seed: 99, Prevalence: .25}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ended follows a redirect to a job, waits until it has ended, and returns its page.
func (u *user) ended(a answer) answer {
	u.t.Helper()
	a.must(u.t, 303)
	id, ok := strings.CutPrefix(a.To, "/jobs/")
	if !ok {
		return u.get(a.To)
	}
	u.site.Work.mu.Lock()
	var found *job
	for _, j := range u.site.Work.jobs {
		if j.id == id {
			found = j
		}
	}
	u.site.Work.mu.Unlock()
	if found == nil {
		u.t.Fatalf("there is no job %s", id)
	}
	<-found.done
	return u.get(a.To)
}

func (s *testSite) leftOnDisk(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(s.workDir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestAnUploadedExtractIsImportedAndAnalysed(t *testing.T) {
	s := newSite(t)
	records := s.as(t, "records")
	before := s.events(t, ledger.ExtractImported, "")
	a := records.ended(records.upload(sent{"none", "Spring extract.zip", force(t, 30), ""})).must(t, 200)
	if !strings.Contains(a.Body, " accepted, ") || !strings.Contains(a.Body, "The analysis has run") {
		t.Errorf("the job's page: %s", a.said())
	}
	if got := s.events(t, ledger.ExtractImported, ""); got != before+1 {
		t.Errorf("%d imports in the ledger, want %d", got, before+1)
	}
	list := records.get("/imports").must(t, 200)
	if !strings.Contains(list.Body, "Spring extract.zip") {
		t.Errorf("the list does not name it: %s", list.said())
	}
	if !strings.Contains(list.Body, `<td>records</td>`) {
		t.Error("the list does not say who imported it")
	}
	page := records.get("/imports/2").must(t, 200)
	numbers := regexp.MustCompile(`([\d,]+) rows = ([\d,]+) accepted \+ ([\d,]+) quarantined \+ ([\d,]+) already held`).FindStringSubmatch(page.said())
	if numbers == nil {
		t.Fatalf("the page of the import does not account for its rows: %s", page.said())
	}
	var n [4]int
	for i := range n {
		fmt.Sscan(strings.ReplaceAll(numbers[i+1], ",", ""), &n[i])
	}
	if n[0] == 0 || n[0] != n[1]+n[2]+n[3] {
		t.Errorf("rows do not add up: %v", n)
	}
	if left := s.leftOnDisk(t); len(left) > 0 {
		t.Errorf("an imported extract lies in clear: %v", left)
	}
}

func TestAFileThatLiesAboutItsTypeGetsASentence(t *testing.T) {
	s := newSite(t)
	records := s.as(t, "records")
	whole := force(t, 5)
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"extract.zip", []byte("%PDF-1.7 and so on"), "extract.zip is a PDF document. Nothing of it was kept."},
		{"extract.xlsx", []byte("\xD0\xCF\x11\xE0old"), "extract.xlsx is a file of an old Office program"},
		{"extract.zip", []byte("MZ\x90\x00"), "is a program for Windows"},
		{"extract.zip", []byte("\x7FELF"), "is a program."},
		{"extract.xlsx", []byte("<html><script>alert(1)</script>"), "is a web page or an XML file"},
		{"extract.zip", []byte("crime_ref,offence\r\n1,2\r\n"), "is a single text file, perhaps one table"},
		{"extract.zip", whole[:len(whole)/2], "begins like a ZIP archive but is not whole"},
		{"extract.zip", []byte("PK\x03\x04"), "begins like a ZIP archive but is not whole"},
		{"extract.xlsx", zipped(t, map[string]string{"a.csv": "x"}), "is called an Excel workbook, but it is a ZIP of other files"},
		{"extract.zip", zipped(t, map[string]string{"word/document.xml": "x"}), "is a Word document"},
		{"extract.xlsx", zipped(t, map[string]string{"xl/workbook.bin": "x"}), "is a binary Excel workbook"},
		{"extract.zip", zipped(t, nil), "is an empty ZIP archive"},
		{"extract.zip", nil, "extract.zip is empty: it has no bytes at all"},
		{"", nil, "Choose the file of the extract"},
		{"x.zip", bytes.Repeat([]byte{0, 1, 2}, 3000), "is neither a ZIP archive nor an Excel workbook"},
		{"age.zip", []byte("age-encryption.org/v1\n"), "is encrypted with age"},
	} {
		a := records.upload(sent{"none", c.name, c.content, ""})
		if a.Status != 422 || !strings.Contains(a.Body, c.want) {
			t.Errorf("%s, %.12q: %d %s; want %q", c.name, c.content, a.Status, a.said(), c.want)
		}
	}
	if left := s.leftOnDisk(t); len(left) > 0 {
		t.Errorf("refused files are left: %v", left)
	}
	if n := s.events(t, ledger.ExtractImported, ""); n != 1 {
		t.Errorf("%d imports in the ledger, want that of the seed", n)
	}
}

func TestANameOfAFileIsMadeHarmless(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd":                "passwd",
		`C:\Users\jo\North extract.zip`:   "North extract.zip",
		"a\x00b\n.zip":                    "a-b-.zip",
		"<script>alert(1)</script>.zip":   "script-.zip",
		"..":                              "",
		"":                                "",
		"Übung 2026 (neu).xlsx":           "Übung 2026 (neu).xlsx",
		strings.Repeat("ä", 300) + ".zip": strings.Repeat("ä", 50) + ".zip",
		"\u202egpj.zip":                   "gpj.zip",
	} {
		if got := harmless(name); got != want {
			t.Errorf("%.30q: got %q, want %q", name, got, want)
		}
	}
}

func TestAnUploadThatIsTooLargeIsRefused(t *testing.T) {
	s := newSite(t)
	s.MaxUpload = 1 << 10
	records := s.as(t, "records")
	a := records.upload(sent{"none", "big.zip", bytes.Repeat([]byte("PK\x03\x04"), 1<<20), ""})
	if a.Status != 422 || !strings.Contains(a.Body, "this page takes up to 1 KB") {
		t.Errorf("with its length told: %d %s", a.Status, a.said())
	}
	// A length that is not told, or lies, is noticed on the way.
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("extract", "big.zip")
	part.Write(bytes.Repeat([]byte("PK\x03\x04"), 1<<20))
	w.Close()
	a = records.do("POST", "/imports/new", io.MultiReader(&b), w.FormDataContentType())
	if a.Status != 422 || !strings.Contains(a.Body, "is larger than the") {
		t.Errorf("without it: %d %s", a.Status, a.said())
	}
	if left := s.leftOnDisk(t); len(left) > 0 {
		t.Errorf("what was refused is left: %v", left)
	}
}

func TestASecondImportWaitsAndSaysSo(t *testing.T) {
	s := newSite(t)
	_, let := begin(t, s, asked(t.Context(), "records", "somebody"), changesRows)
	records := s.as(t, "records")
	a := records.upload(sent{"none", "second.zip", force(t, 5), ""}).must(t, 303)
	if !strings.HasPrefix(a.To, "/imports/uploads/") {
		t.Fatalf("to %s", a.To)
	}
	page := records.get(a.To).must(t, 200)
	for _, want := range []string{"The extract was uploaded and waits.", "A long thing is running; somebody started it at", "Not imported yet"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("its page does not say %q: %s", want, page.said())
		}
	}
	if list := records.get("/imports"); !strings.Contains(list.Body, a.To) || !strings.Contains(list.Body, "A long thing") {
		t.Errorf("the list names neither the upload that waits nor what runs: %s", list.said())
	}
	records.post(a.To+"/discard", nil).must(t, 409)
	let <- nil
	done := records.ended(records.post(a.To+"/import", url.Values{"mapping": {"none"}}))
	if !strings.Contains(done.Body, " accepted, ") {
		t.Errorf("imported afterwards: %s", done.said())
	}
	records.get(a.To).must(t, 404)
}

func TestAMappingIsSuggestedLookedAtAndConfirmed(t *testing.T) {
	s := newEmptySite(t)
	dir := filepath.Join(t.TempDir(), "force")
	if _, err := synth.Write(dir, synth.Options{Cases: 10, Seed: 3, Prevalence: .25}); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for table, as := range map[string]string{"investigations": "crimes", "nominals": "persons", "involvements": "crime_persons"} {
		text, err := os.ReadFile(filepath.Join(dir, table+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(text), "\n")
		head = strings.NewReplacer("crime_ref", "Crime Reference", "nominal_ref", "Person URN", "surname", "Family name", "forenames", "Given names", "dob", "Date of birth", "role", "Role in crime").Replace(head)
		files[as+".csv"] = head + "\n" + rest
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "extract.json"))
	if err != nil {
		t.Fatal(err)
	}
	files["extract.json"] = regexp.MustCompile(`(?s),?\s*"files":\s*\[.*?\]`).ReplaceAllString(string(manifest), "")
	records := s.as(t, "records")

	a := records.ended(records.upload(sent{"none", "odd.zip", zipped(t, files), ""})).must(t, 200)
	if !strings.Contains(a.Body, "Did not succeed") || strings.Contains(a.Body, s.workDir()) {
		t.Errorf("without a mapping: %s", a.said())
	}
	id := regexp.MustCompile(`/imports/uploads/\w+`).FindString(a.Body)
	if id == "" {
		t.Fatalf("nothing leads back to the upload: %s", a.said())
	}
	page := records.ended(records.post(id+"/suggest", nil)).must(t, 200)
	for _, want := range []string{"Suggested", "Crime Reference", "crime_ref", "Family name", "surname"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the suggestion does not show %q: %s", want, page.said())
		}
	}
	bad := records.post(id+"/import", url.Values{"mapping": {"text"}, "text": {"{\n  \"version\": 1,\n  oops}"}})
	if bad.Status != 422 || !strings.Contains(bad.Body, "line 3 is not JSON") || !strings.Contains(bad.Body, "oops}") {
		t.Errorf("a mapping that is none: %d %s", bad.Status, bad.said())
	}
	text := regexp.MustCompile(`(?s)<textarea[^>]*name="text"[^>]*>\n?(.*?)</textarea>`).FindStringSubmatch(page.Body)
	if text == nil {
		t.Fatal("the mapping cannot be changed")
	}
	done := records.ended(records.post(id+"/import", url.Values{"mapping": {"text"}, "text": {strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text[1])}})).must(t, 200)
	if !strings.Contains(done.Body, " accepted, ") {
		t.Errorf("with the mapping: %s", done.said())
	}
}

func TestAnExtractOnTheServerIsChosenFromAListOnly(t *testing.T) {
	s := newSite(t)
	outside := t.TempDir()
	s.ImportFrom = filepath.Join(outside, "in")
	secret := filepath.Join(outside, "secret.zip")
	for path, content := range map[string][]byte{filepath.Join(s.ImportFrom, "north.zip"): force(t, 5), secret: force(t, 5), filepath.Join(s.ImportFrom, ".hidden.zip"): {}, filepath.Join(s.ImportFrom, "notes.txt"): {}} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(s.ImportFrom, "link.zip")); err != nil {
		t.Fatal(err)
	}
	records := s.as(t, "records")
	form := records.get("/imports/new").must(t, 200)
	if !strings.Contains(form.Body, `value="north.zip"`) {
		t.Errorf("the list does not hold north.zip: %s", form.said())
	}
	for _, not := range []string{"link.zip", ".hidden.zip", "notes.txt", "secret.zip"} {
		if strings.Contains(form.Body, not) {
			t.Errorf("the list holds %s", not)
		}
		records.post("/imports/server", url.Values{"name": {not}, "mapping": {"none"}}).must(t, 422)
	}
	for _, name := range []string{"../secret.zip", secret, "", "./north.zip", "north.zip/../../secret.zip"} {
		records.post("/imports/server", url.Values{"name": {name}, "mapping": {"none"}}).must(t, 422)
	}
	done := records.ended(records.post("/imports/server", url.Values{"name": {"north.zip"}, "mapping": {"none"}}))
	if !strings.Contains(done.Body, " accepted, ") && !strings.Contains(done.Body, "north.zip") {
		t.Errorf("north.zip: %s", done.said())
	}
	if _, err := os.Stat(filepath.Join(s.ImportFrom, "north.zip")); err != nil {
		t.Errorf("an extract on the server is not Lookback's to remove: %v", err)
	}
}

func TestImportingNeedsPermission(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"inspector", "panel", "reviewer.one", "supervisor.one", "admin"} {
		u := s.as(t, id)
		u.upload(sent{"none", "x.zip", force(t, 1), ""}).must(t, 403)
		u.post("/imports/server", url.Values{"name": {"x"}}).must(t, 403)
		u.post("/analysis", nil).must(t, 403)
		u.get("/imports/new").must(t, 403)
		u.get("/imports/uploads/x").must(t, 403)
	}
	if left := s.leftOnDisk(t); len(left) > 0 {
		t.Errorf("files of people who may not import: %v", left)
	}
}
