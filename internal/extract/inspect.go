package extract

import (
	"fmt"

	"lookback/internal/casefile"
)

// A scan is what reading a file once from end to end tells about its bytes.
type scan struct {
	sha  string
	size int64
	text *layout // of a text file
	rows int64   // of all its sheets that feed a table, for the manifest
	err  error   // what is wrong with its content, once its hash is known to be right
}

// note adds a sentence for the import report.
func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// inspect fills in what there is to know about a file before its rows are read.
func (x *Extract) inspect(f *File) error {
	sc := x.scans[f.name]
	if sc == nil {
		var err error
		if sc, err = x.scan(f); err != nil {
			return err
		}
		x.scans[f.name] = sc
	}
	if err := x.Manifest.agree(f.name, sc.sha); err != nil {
		return err
	}
	if sc.err != nil {
		return sc.err
	}
	f.SHA256, f.Size = sc.sha, sc.size
	if err := x.describe(f, sc); err != nil {
		return err
	}
	r, err := f.reader(x.Mapping)
	if err != nil {
		return err
	}
	f.Unknown, f.Missing = r.unknown, r.missing
	x.noteAbsent(f, r)
	return x.countRows(f, sc)
}

// scan reads a file from end to end for its hash and, if it is a text, its layout.
func (x *Extract) scan(f *File) (*scan, error) {
	if t, ok := f.table.(*textTable); ok {
		return t.scan(x.known(f.Table))
	}
	sum, err := x.hash(f.name)
	return &scan{sha: sum}, err
}

// known returns the headings that a file of table t may have, as they are compared.
func (x *Extract) known(t casefile.Table) map[string]bool {
	out := map[string]bool{}
	for _, c := range casefile.SchemaOf(t).Columns {
		out[c.Name] = true
	}
	for _, theirs := range x.Mapping.table(t).Columns {
		for _, h := range theirs {
			out[heading(h)] = true
		}
	}
	return out
}

// describe takes over what each format says about itself.
func (x *Extract) describe(f *File, sc *scan) error {
	switch t := f.table.(type) {
	case *textTable:
		t.layout, t.sha = sc.text, sc.sha
		f.Rows, f.Encoding, f.Delimiter = t.layout.rows, t.layout.describe(), string(t.layout.delim)
		t.layout.note(f)
	case *sheetTable:
		if err := t.open(); err != nil {
			return err
		}
		f.Size = t.size
	case *parquetTable:
		if err := t.open(); err != nil {
			return err
		}
		f.Size, f.Rows = t.size, t.rows
	}
	f.Header = f.table.header()
	return nil
}

// noteAbsent says which headings of a mapping the file does not have.
func (x *Extract) noteAbsent(f *File, r *Reader) {
	have := map[string]bool{}
	for _, h := range f.Header {
		have[heading(h)] = true
	}
	mapped := x.Mapping.table(f.Table).Columns
	for i := range r.schema.Columns {
		for _, theirs := range mapped[r.schema.Columns[i].Name] {
			if !have[heading(theirs)] {
				f.note("It has no column %q, from which the mapping %s takes %q.", theirs, x.Mapping.Name, r.schema.Columns[i].Name)
			}
		}
	}
}

// countRows compares the rows with the manifest, if it says how many there are.
// The rows of a sheet are only counted then: that means reading it all.
func (x *Extract) countRows(f *File, sc *scan) error {
	said := x.Manifest.file(f.name)
	if said == nil || said.Rows == nil {
		return nil
	}
	if t, ok := f.table.(*sheetTable); ok {
		n, err := t.count()
		if err != nil {
			return err
		}
		f.Rows = n
		sc.rows += n
		if x.isLastSheet(f) {
			return x.Manifest.agreeRows(f.name, sc.rows)
		}
		return nil
	}
	return x.Manifest.agreeRows(f.name, f.Rows)
}

func (x *Extract) isLastSheet(f *File) bool {
	var last *File
	for _, other := range x.Files {
		if other.name == f.name {
			last = other
		}
	}
	return last == f
}
