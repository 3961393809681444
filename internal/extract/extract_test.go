package extract

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
)

// files are the contents of an extract by name.
type files map[string]string

// three are the tables that every extract needs, with a row each.
var three = files{
	"investigations.csv": "crime_ref,recorded_at\nC1,2014\n",
	"nominals.csv":       "nominal_ref\nN1\n",
	"involvements.csv":   "crime_ref,nominal_ref,role\nC1,N1,suspect\n",
}

// with returns three and more files, or other contents for them; "" removes one.
func with(more files) files {
	out := maps.Clone(three)
	for name, content := range more {
		if out[name] = content; content == "" {
			delete(out, name)
		}
	}
	return out
}

func folderOf(t testing.TB, f files) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "extract")
	for name, content := range f {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipOf(t testing.TB, f files, prefix string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "extract.zip")
	if err := os.WriteFile(p, zipBytes(t, f, prefix), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func zipBytes(t testing.TB, f files, prefix string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		w, err := z.Create(prefix + name)
		if err == nil {
			_, err = io.WriteString(w, f[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func mustOpen(t testing.TB, p string, m *Mapping) *Extract {
	t.Helper()
	x, err := Open(p, m)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func fileOf(t testing.TB, x *Extract, table casefile.Table) *File {
	t.Helper()
	i := slices.IndexFunc(x.Files, func(f *File) bool { return f.Table == table })
	if i < 0 {
		t.Fatalf("no file for %s", table)
	}
	return x.Files[i]
}

// rowsOf returns all rows of a table, and the error after them.
func rowsOf(t testing.TB, x *Extract, table casefile.Table) (rows []Row, err error) {
	t.Helper()
	for row, e := range x.Rows(fileOf(t, x, table)) {
		if e != nil {
			return rows, e
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func mustRows(t testing.TB, x *Extract, table casefile.Table) []Row {
	t.Helper()
	rows, err := rowsOf(t, x, table)
	if err != nil {
		t.Fatalf("rows of %s: %v", table, err)
	}
	return rows
}

// value returns a canonical cell of a row.
func value(table casefile.Table, row Row, column string) string {
	return row.Values[casefile.SchemaOf(table).Column(column)]
}

// sentences returns what is wrong with a row.
func sentences(row Row) string {
	var out []string
	for _, p := range row.Problems {
		out = append(out, p.Sentence)
	}
	return strings.Join(out, "\n")
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// refused opens an extract that must be refused with this message. "DIR" in want
// stands for the folder in which the extract lies.
func refused(t *testing.T, p string, m *Mapping, want string) {
	t.Helper()
	x, err := Open(p, m)
	if err == nil {
		x.Close()
		t.Fatalf("was opened; want: %s", want)
	}
	if casefile.KindOf(err) == "" {
		t.Errorf("nobody classified the error %v", err)
	}
	if got := strings.ReplaceAll(casefile.Message(err), filepath.Dir(p), "DIR"); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
}

func TestAFolderIsRead(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{
		"Log.CSV":            "crime_ref,seq,at,supervisor,extra\r\nC1,01,2014-07-09 21:40,YES,kept\r\n",
		"documents/a/b.pdf":  "pdf",
		"truth/people.csv":   "nominal_ref,person\nN1,P1\n",
		"readme.md":          "hello",
		"notes.csv":          "a,b\n",
		"investigations.csv": "\xef\xbb\xbfcrime_ref,recorded_at\nC1,2014\n",
	})), nil)
	var got []string
	for _, f := range x.Files {
		got = append(got, string(f.Table)+" "+f.Name)
	}
	if want := []string{"investigations investigations.csv", "nominals nominals.csv", "involvements involvements.csv", "log Log.CSV"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if want := []string{"notes.csv", "readme.md"}; !slices.Equal(x.Unread, want) {
		t.Errorf("unread %q, want %q", x.Unread, want)
	}
	if want := []string{"a/b.pdf"}; !slices.Equal(x.Documents, want) {
		t.Errorf("documents %q, want %q", x.Documents, want)
	}
	if x.Manifest != nil {
		t.Errorf("a manifest from nowhere: %+v", x.Manifest)
	}
	if f := x.Files[0]; f.Encoding != "UTF-8 with byte-order mark" || f.Header[0] != "crime_ref" || f.Rows != 1 {
		t.Errorf("investigations: %+v", f)
	}
	log := fileOf(t, x, casefile.Log)
	if want := []string{"extra"}; !slices.Equal(log.Unknown, want) {
		t.Errorf("unknown %q, want %q", log.Unknown, want)
	}
	if want := []string{"author", "rank", "type", "text"}; !slices.Equal(log.Missing, want) {
		t.Errorf("missing %q, want %q", log.Missing, want)
	}
	row := mustRows(t, x, casefile.Log)[0]
	if want := []string{"C1", "1", "2014-07-09T21:40+01:00", "", "", "", "", "y"}; !slices.Equal(row.Values, want) || row.Problems != nil {
		t.Errorf("values %q, want %q; problems %v", row.Values, want, row.Problems)
	}
	if want := []string{"C1", "01", "2014-07-09 21:40", "YES", "kept"}; !slices.Equal(row.Raw, want) || row.Line != 2 {
		t.Errorf("raw %q on line %d, want %q on line 2", row.Raw, row.Line, want)
	}
}

func TestAZipIsReadWithAndWithoutATopFolder(t *testing.T) {
	for _, prefix := range []string{"", "hand-over 2024/"} {
		f := with(files{"documents/a.txt": "text", "__MACOSX": ""})
		x := mustOpen(t, zipOf(t, f, prefix), nil)
		if n := len(mustRows(t, x, casefile.Involvements)); n != 1 {
			t.Errorf("with %q: %d involvements, want 1", prefix, n)
		}
		r, n, err := x.Document("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(r); string(b) != "text" || n != 4 {
			t.Errorf("with %q: the document holds %q, %d bytes", prefix, b, n)
		}
		r.Close()
	}
}

func TestProgressReachesTheSize(t *testing.T) {
	x := mustOpen(t, folderOf(t, three), nil)
	if got := x.Read(); got != 0 {
		t.Errorf("%d bytes read before the first row", got)
	}
	for _, f := range x.Files {
		mustRows(t, x, f.Table)
	}
	if got, want := x.Read(), int64(len(three["investigations.csv"]+three["nominals.csv"]+three["involvements.csv"])); got != want || x.Size != want {
		t.Errorf("read %d of %d, want %d of %d", got, x.Size, want, want)
	}
}

func TestReadingMayStopAnywhere(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref\nN1\nN2\nN3\n"})), nil)
	n := 0
	for range x.Rows(fileOf(t, x, casefile.Nominals)) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestAFileThatChangesWhileItIsReadIsRefused(t *testing.T) {
	dir := folderOf(t, three)
	x := mustOpen(t, dir, nil)
	if err := os.WriteFile(filepath.Join(dir, "nominals.csv"), []byte("nominal_ref\nN2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := rowsOf(t, x, casefile.Nominals)
	want := "nominals.csv changed while it was being read; nothing of it counts. Import again from a copy that nobody writes to."
	if err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestDocumentsCannotBeReadFromElsewhere(t *testing.T) {
	dir := folderOf(t, with(files{"documents/a b.pdf": "x", "secret.txt": "no"}))
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "documents", "link.pdf")); err != nil {
		t.Fatal(err)
	}
	x := mustOpen(t, dir, nil)
	for _, name := range []string{"A B.PDF", `documents\a b.pdf`, "./a b.pdf", "documents/a b.pdf"} {
		r, _, err := x.Document(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		r.Close()
	}
	for _, name := range []string{"../secret.txt", "documents/../secret.txt", "/etc/passwd", "link.pdf", "", ".", "a b.pdf/"} {
		if name == "a b.pdf/" {
			continue // cleaned to the name itself
		}
		if r, _, err := x.Document(name); err == nil {
			r.Close()
			t.Errorf("%q was opened", name)
		}
	}
	_, _, err := x.Document("../secret.txt")
	if want := `There is no file "../secret.txt" under documents/ in extract.`; casefile.Message(err) != want || casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTheSystemIsSaidByTheManifestElseTheMapping(t *testing.T) {
	m := &Mapping{Version: 1, Name: "m", System: "Niche:North"}
	for _, c := range []struct {
		manifest string
		m        *Mapping
		want     string
	}{
		{`{"system":"CRIS"}`, m, "CRIS"},
		{`{"force":"x"}`, m, "Niche North"},
		{"", m, "Niche North"},
		{"", nil, "unstated"},
	} {
		x := mustOpen(t, folderOf(t, with(files{"extract.json": c.manifest})), c.m)
		if got := x.System(); got != c.want {
			t.Errorf("manifest %s: system %q, want %q", c.manifest, got, c.want)
		}
	}
}
