// Package extract reads what a force hands over: a folder, a ZIP of one or a
// workbook of tables, as rows of the contract in [casefile.Schemas].
//
// [Open] looks at every file once, from end to end: which table it feeds, its
// encoding, separator, header, hash, and whether extract.json agrees. What is
// wrong with a file is an error there. [Extract.Rows] then streams the rows; what is
// wrong with a row is a [Problem] of that row, which is kept whole.
package extract

import (
	"cmp"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"lookback/internal/casefile"
)

// An Extract is an opened extract. Its files may be read at the same time.
type Extract struct {
	Path     string
	Manifest *Manifest // nil if there is no extract.json
	Mapping  *Mapping  // nil if none was used
	Files    []*File   // that feed a table, in the order of casefile.Schemas
	// Documents lists the files under documents/, by their path below it. Unread
	// lists files that feed no table; truth/ is not even listed.
	Documents []string
	Unread    []string
	Notes     []string // what an import report should say about the whole, in sentences
	Size      int64    // bytes that Rows reads when it has read every file of Files

	place  place
	prefix string // of all names, in an archive with one top folder
	names  []string
	docs   map[string]string // lower-case path below documents/ -> name
	lim    limits
	scans  map[string]*scan
	read   atomic.Int64
	opened []io.Closer // workbooks and Parquet files
}

// A File is one file or sheet as it feeds one table.
type File struct {
	Name      string // "log.csv"; for a sheet "cases.xlsx, sheet log"
	Table     casefile.Table
	Format    Format
	Header    []string // as received; for rows to be read again later with NewReader
	SHA256    string   // of the file's bytes (a workbook: of the whole file), hexadecimal
	Size      int64    // bytes of the file, or of the sheet
	Rows      int64    // without the header; -1 if not counted yet (workbooks without a manifest)
	Encoding  string   // of a text file: "UTF-8", "UTF-8 with byte-order mark", "UTF-16LE", "Windows-1252"
	Delimiter string   // of a text file: ",", ";" or a tab
	Unknown   []string // headings that feed no column; their cells are in Row.Raw
	Missing   []string // optional columns that the file does not have
	Notes     []string // what the import report should say about the file, in sentences

	name  string // within the place
	table table
}

// A Format is how the rows of a file are written.
type Format string

const (
	CSV     Format = "CSV"
	XLSX    Format = "XLSX"
	Parquet Format = "Parquet"
)

// A table is the rows of a file before they are given a meaning.
type table interface {
	header() []string
	// each calls yield for each row until it returns false, and counts what it has
	// read in done.
	each(done *atomic.Int64, yield func(rawRow) bool) error
}

// A rawRow is a row as received. A fault is for quarantine whatever the cells say.
type rawRow struct {
	line  int
	cells []string
	fault *rowFault
}

// A rowFault is what went wrong in cutting a row into cells.
type rowFault struct {
	cell  int // its index, -1 for the row as a whole
	value string
	want  string
	what  string // completes the sentence that begins with the place
}

// Open opens the extract at path, whose columns are named as m says (nil: as the
// contract does), and checks everything about it except its rows.
func Open(path string, m *Mapping) (*Extract, error) {
	return open(path, m, standardLimits)
}

func open(p string, m *Mapping, lim limits) (*Extract, error) {
	x, err := openPlace(p, lim)
	if err != nil {
		return nil, err
	}
	x.Mapping = m
	if err := x.load(); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// openPlace opens a folder, an archive or a workbook and sorts its names.
func openPlace(p string, lim limits) (*Extract, error) {
	x := &Extract{Path: p, lim: lim, docs: map[string]string{}, scans: map[string]*scan{}}
	info, err := os.Stat(p)
	if err != nil {
		return nil, readFault(p, err)
	}
	switch ext := strings.ToLower(filepath.Ext(p)); {
	case info.IsDir():
		x.place, err = openFolder(p)
	case ext == ".zip":
		x.place, err = openArchive(p, lim)
	case ext == ".xlsx":
		x.place = single(p)
	default:
		return nil, refuse("%s is not an extract; expected a folder, a ZIP of one, or an XLSX workbook with a sheet for each table.", p)
	}
	if err != nil {
		return nil, err
	}
	x.sortNames()
	return x, nil
}

// A single is the place of a workbook on its own.
type single string

func (s single) names() []string { return []string{filepath.Base(string(s))} }
func (s single) Close() error    { return nil }

func (s single) openFile() (*os.File, int64, error) {
	f, err := os.Open(string(s))
	if err != nil {
		return nil, 0, readFault(string(s), err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, readFault(string(s), err)
	}
	return f, info.Size(), nil
}

func (s single) open(string) (io.ReadCloser, int64, error) { return s.openFile() }
func (s single) openAt(string) (readerAt, int64, error)    { return s.openFile() }

// manifestName is the file that says where an extract came from.
const manifestName = "extract.json"

// sortNames tells tables, documents and the rest apart by where they lie.
func (x *Extract) sortNames() {
	all := x.place.names()
	x.prefix = topFolder(all)
	for _, full := range all {
		name := strings.TrimPrefix(full, x.prefix)
		top, below, nested := strings.Cut(name, "/")
		switch {
		case !strings.HasPrefix(full, x.prefix) || isJunk(name):
		case !nested:
			x.names = append(x.names, name)
		case strings.EqualFold(top, "truth"):
		case strings.EqualFold(top, "documents"):
			x.Documents = append(x.Documents, below)
			x.docs[strings.ToLower(below)] = name
		default:
			x.Unread = append(x.Unread, name)
		}
	}
}

// topFolder returns "name/" if everything lies in one folder of an archive.
func topFolder(names []string) string {
	prefix := ""
	for _, name := range names {
		if isJunk(name) {
			continue
		}
		top, _, nested := strings.Cut(name, "/")
		if !nested || strings.EqualFold(top, "documents") || strings.EqualFold(top, "truth") || prefix != "" && prefix != top+"/" {
			return ""
		}
		prefix = top + "/"
	}
	return prefix
}

// isJunk reports whether an operating system left the file behind.
func isJunk(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") ||
		strings.EqualFold(base, "thumbs.db") || strings.EqualFold(base, "desktop.ini")
}

// load reads the manifest, finds the tables and scans their files.
func (x *Extract) load() error {
	if err := x.loadManifest(); err != nil {
		return err
	}
	if err := x.findTables(); err != nil {
		return err
	}
	for _, f := range x.Files {
		if err := x.inspect(f); err != nil {
			return err
		}
		x.Size += f.Size
	}
	return x.checkOtherFiles()
}

// System returns the system whose references these are, as ids carry it: what
// the manifest says, else the mapping.
func (x *Extract) System() string {
	var said string
	if x.Manifest != nil {
		said = x.Manifest.System
	}
	if m := x.Mapping; m != nil {
		said = cmp.Or(strings.TrimSpace(said), m.System)
	}
	return casefile.CleanSystem(said)
}

// Rows streams the rows of one of x.Files. A row with problems comes like any
// other; an error is about the file, and is the last thing that comes.
func (x *Extract) Rows(f *File) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r, err := f.reader(x.Mapping)
		if err == nil {
			err = f.table.each(&x.read, func(raw rawRow) bool { return yield(r.readRaw(raw), nil) })
		}
		if err != nil {
			yield(Row{}, err)
		}
	}
}

func (f *File) reader(m *Mapping) (*Reader, error) {
	r, err := newReader(f.Name, f.Table, f.Header, m)
	if err == nil && f.Format != CSV {
		r.line = "row"
	}
	return r, err
}

func (r *Reader) readRaw(raw rawRow) Row {
	if raw.fault == nil {
		return r.Read(raw.line, raw.cells)
	}
	row := Row{Line: raw.line, Raw: raw.cells, Values: make([]string, len(r.sources))}
	var cells []int
	if raw.fault.cell >= 0 {
		cells = []int{raw.fault.cell}
	}
	r.problem(&row, cells, raw.fault.value, raw.fault.want, raw.fault.what)
	return row
}

// Read returns how many of x.Size bytes Rows has read so far, in all files. It
// may be called while rows are read.
func (x *Extract) Read() int64 { return min(x.read.Load(), x.Size) }

// Document opens a file under documents/ by the name that the table documents
// gives it, without regard to case. Only files of the extract can be opened.
func (x *Extract) Document(name string) (io.ReadCloser, int64, error) {
	clean := path.Clean(strings.ReplaceAll(strings.TrimSpace(name), `\`, "/"))
	below := strings.ToLower(strings.TrimPrefix(clean, "./"))
	full, ok := x.docs[below]
	if !ok {
		full, ok = x.docs[strings.TrimPrefix(below, "documents/")]
	}
	if !ok {
		return nil, 0, notFound("There is no file %q under documents/ in %s.", cut(name), filepath.Base(x.Path))
	}
	return x.place.open(x.prefix + full)
}

// Close releases the extract; no file of it may be read afterwards.
func (x *Extract) Close() error {
	for _, c := range x.opened {
		c.Close()
	}
	return x.place.Close()
}

// tablesInOrder sorts files as casefile.Schemas stands, then by name.
func tablesInOrder(files []*File) {
	order := func(t casefile.Table) int {
		return slices.IndexFunc(casefile.Schemas, func(s casefile.Schema) bool { return s.Table == t })
	}
	slices.SortStableFunc(files, func(a, b *File) int {
		return cmp.Or(cmp.Compare(order(a.Table), order(b.Table)), strings.Compare(a.Name, b.Name))
	})
}
