package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// limits bound what one extract may make Lookback read or hold. They are far
// above any real extract; tests lower them.
type limits struct {
	ratio    int64 // how many times its packed size a part of an archive may have, once it is over suspect
	suspect  int64 // bytes of unpacked content below which the ratio does not matter
	inMemory int64 // bytes that a workbook or Parquet file inside an archive, or shared strings, may have
	unpacked int64 // bytes of one archive, unpacked
}

var standardLimits = limits{ratio: 200, suspect: 64 << 20, inMemory: 512 << 20, unpacked: 1 << 40}

// A place is where an extract's files lie: a folder or an archive of one.
type place interface {
	names() []string // of regular files, with "/" between the parts, sorted
	open(name string) (io.ReadCloser, int64, error)
	// openAt opens a file that is read here and there.
	openAt(name string) (readerAt, int64, error)
	io.Closer
}

type readerAt interface {
	io.ReaderAt
	io.Closer
}

// A folder is a place on disk. Links that lead out of it cannot be followed.
type folder struct {
	root  *os.Root
	files []string
}

func openFolder(p string) (*folder, error) {
	root, err := os.OpenRoot(p)
	if err != nil {
		return nil, readFault(p, err)
	}
	f := &folder{root: root}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return readFault(filepath.Join(p, name), err)
		}
		if !d.IsDir() {
			f.files = append(f.files, name)
		}
		return nil
	})
	if err != nil {
		root.Close()
		return nil, err
	}
	return f, nil
}

func (f *folder) names() []string { return f.files }
func (f *folder) Close() error    { return f.root.Close() }

func (f *folder) openFile(name string) (*os.File, int64, error) {
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, 0, readFault(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refuse("%s is neither a file nor a folder; expected a file.", name)
	}
	if err != nil {
		file.Close()
		return nil, 0, readFault(name, err)
	}
	return file, info.Size(), nil
}

func (f *folder) open(name string) (io.ReadCloser, int64, error) { return f.openFile(name) }
func (f *folder) openAt(name string) (readerAt, int64, error)    { return f.openFile(name) }

// An archive is a ZIP of a folder, or a workbook, which is a ZIP too.
type archive struct {
	label string
	what  string // "ZIP" or "XLSX workbook"
	at    readerAt
	size  int64
	lim   limits
	parts map[string]*zip.File
	order []string
}

func openArchive(p string, lim limits) (*archive, error) {
	file, n, err := single(p).openFile()
	if err != nil {
		return nil, err
	}
	a, err := newArchive(filepath.Base(p), "ZIP", file, n, lim)
	if err != nil {
		file.Close()
	}
	return a, err
}

// newArchive reads the table of contents and refuses what must not be unpacked.
func newArchive(label, what string, at readerAt, n int64, lim limits) (*archive, error) {
	a := &archive{label: label, what: what, at: at, size: n, lim: lim, parts: map[string]*zip.File{}}
	return a, a.index()
}

func (a *archive) index() error {
	z, err := zip.NewReader(a.at, a.size)
	if err != nil {
		return refuseFor(err, "%s is not a whole %s: the table of contents at its end is missing or damaged, "+
			"as when a copy was cut short. Copy it again and compare its size with the original (here: %s).",
			a.label, a.what, size(a.size))
	}
	var total uint64
	for _, part := range z.File {
		if strings.HasSuffix(part.Name, "/") {
			continue
		}
		if err := a.check(part); err != nil {
			return err
		}
		if total += part.UncompressedSize64; total > uint64(a.lim.unpacked) || a.tooDense(total, uint64(a.size)) {
			return refuse("%s would unpack to more than %s from %s; that is no extract. Nothing was unpacked.",
				a.label, size(int64(total)), size(a.size))
		}
		if a.parts[part.Name] != nil {
			return refuse("%s holds two files called %q; expected each name once.", a.label, cut(part.Name))
		}
		a.parts[part.Name] = part
		a.order = append(a.order, part.Name)
	}
	slices.Sort(a.order)
	return nil
}

// check refuses a part that may not be unpacked.
func (a *archive) check(part *zip.File) error {
	name := part.Name
	switch {
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00"):
		return refuse("%s holds a file called %q, which points outside the archive or is no name at all; expected plain names such as log.csv.",
			a.label, cut(name))
	case part.Flags&1 != 0:
		return refuse("%s is encrypted (%s in it needs a password); expected a %s without one.",
			a.label, cut(name), a.what)
	case part.Method != zip.Store && part.Method != zip.Deflate:
		return refuse("%s packs %s by method %d, which is not read; expected an ordinary %s (deflate).",
			a.label, cut(name), part.Method, a.what)
	case a.tooDense(part.UncompressedSize64, part.CompressedSize64):
		return refuse("%s in %s would unpack from %s to %s, more than %d times its size; that is no extract. Nothing was unpacked.",
			cut(name), a.label, size(int64(part.CompressedSize64)), size(int64(part.UncompressedSize64)), a.lim.ratio)
	}
	return nil
}

func (a *archive) tooDense(unpacked, packed uint64) bool {
	return unpacked > uint64(a.lim.suspect) && unpacked/uint64(a.lim.ratio) > packed
}

func (a *archive) names() []string { return a.order }
func (a *archive) Close() error    { return a.at.Close() }

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	part := a.parts[name]
	if part == nil {
		return nil, 0, notFound("There is no file %s in %s.", cut(name), a.label)
	}
	r, err := part.Open()
	if err != nil {
		return nil, 0, a.damaged(name, err)
	}
	return &partReader{a: a, name: name, r: r, left: int64(part.UncompressedSize64)}, int64(part.UncompressedSize64), nil
}

func (a *archive) damaged(name string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return readFault(a.label, err)
	}
	return refuseFor(err, "%s in %s is damaged: what it unpacks to is not what its checksum says. Copy the %s again.",
		name, a.label, a.what)
}

// openAt holds the part in memory, unless it is stored as it stands: a copy on
// disk would leave personal data there unencrypted.
func (a *archive) openAt(name string) (readerAt, int64, error) {
	r, n, err := a.open(name)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	part := a.parts[name]
	if part.Method == zip.Store {
		if at, err := part.DataOffset(); err == nil {
			return nopCloser{io.NewSectionReader(a.at, at, n)}, n, nil
		}
	}
	if n > a.lim.inMemory {
		return nil, 0, refuse("%s in %s is larger than %s and cannot be read from inside a ZIP. Unpack the ZIP and import the folder.",
			name, a.label, size(a.lim.inMemory))
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	return nopCloser{bytes.NewReader(data)}, n, nil
}

type nopCloser struct{ io.ReaderAt }

func (nopCloser) Close() error { return nil }

// A partReader reads a part of an archive, never more than its stated size.
type partReader struct {
	a    *archive
	name string
	r    io.ReadCloser
	left int64
}

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.left -= int64(n)
	switch {
	case p.left < 0:
		return 0, p.a.damaged(p.name, errors.New("more than its stated size"))
	case err == nil || err == io.EOF:
		return n, err
	}
	return n, p.a.damaged(p.name, err)
}

func (p *partReader) Close() error { return p.r.Close() }
