package extract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"lookback/internal/casefile"
)

// headBytes is how much of a text file is looked at to tell its layout; the
// header must end within it.
const headBytes = 1 << 20

// maxColumns is how many headings a header may have.
const maxColumns = 2000

// A layout is how the rows of a text file are written.
type layout struct {
	enc    encoding
	bom    bool
	delim  byte
	skip   int // rows before the first row of data: the header, and "sep=;"
	header []string
	rows   int64
	mixed  int64 // bytes that are not UTF-8, in a file that otherwise is
	blank  int   // lines
}

func (l *layout) describe() string {
	if l.enc == utf8Text && l.bom {
		return "UTF-8 with byte-order mark"
	}
	return string(l.enc)
}

// note says what of the layout an import report should mention.
func (l *layout) note(f *File) {
	switch l.enc {
	case windows1252:
		f.note("It is not UTF-8 and was read as Windows-1252; check that names with accents came out right.")
	case utf16LE, utf16BE:
		f.note("It is %s, as a spreadsheet's \"Unicode text\" is, and was read as that.", l.enc)
	}
	if l.mixed > 0 {
		f.note("It is UTF-8, but %d of its bytes are not; the rows that hold them are quarantined.", l.mixed)
	}
	if l.blank > 0 {
		f.note("It has %d blank lines, which are no rows.", l.blank)
	}
}

// A textTable is the rows of a CSV file.
type textTable struct {
	x      *Extract
	name   string
	layout *layout
	sha    string
}

func (t *textTable) header() []string { return t.layout.header }

// scan reads the file from end to end: its hash, its encoding, its layout and
// the number of its rows.
func (t *textTable) scan(known map[string]bool) (*scan, error) {
	r, n, err := t.x.place.open(t.x.prefix + t.name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sum, cen := sha256.New(), &census{}
	raw := io.TeeReader(r, io.MultiWriter(sum, cen))
	l, content := t.survey(raw, known, cen)
	if _, err := io.Copy(io.Discard, raw); err != nil { // what the splitter left, for the hash
		return nil, readFault(t.name, err)
	}
	cen.close()
	if content == nil && l.enc == utf8Text {
		l.enc = cen.verdict()
		content = t.checkEncoding(l, cen)
	}
	return &scan{sha: hex.EncodeToString(sum.Sum(nil)), size: n, text: l, err: content}, nil
}

// survey tells the layout and counts the rows; an error is about the content.
func (t *textTable) survey(raw io.Reader, known map[string]bool, cen *census) (*layout, error) {
	head := make([]byte, headBytes)
	n, err := io.ReadFull(raw, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, readFault(t.name, err)
	}
	l := &layout{enc: encodingOf(head), bom: bytes.HasPrefix(head, utf8BOM)}
	text, err := io.ReadAll(l.enc.decoder(bytes.NewReader(head)))
	if err != nil {
		return l, refuseFor(err, "%s cannot be read as %s.", t.name, l.enc)
	}
	if err := t.findHeader(l, text, n < headBytes, known); err != nil {
		return l, err
	}
	s := newSplitter(l.enc.decoder(io.MultiReader(bytes.NewReader(head), raw)), l.delim)
	for {
		switch _, err := s.next(); {
		case err == io.EOF:
			l.rows -= int64(l.skip)
			l.blank = s.blank
			return l, nil
		case err != nil:
			return l, t.splitFault(err)
		}
		l.rows++
	}
}

func (t *textTable) splitFault(err error) error {
	if e, ok := errors.AsType[tooLong](err); ok {
		return refuse("%s, %s.", t.name, e.Error())
	}
	return readFault(t.name, err)
}

// checkEncoding says what a file that is not wholly UTF-8 is.
func (t *textTable) checkEncoding(l *layout, cen *census) error {
	if l.enc == utf8Text {
		l.mixed = cen.invalid
	}
	if l.enc == windows1252 && cen.undefined > 0 {
		return refuse("%s, line %d: the line holds a byte that neither UTF-8 nor Windows-1252 knows; expected one of these two encodings.",
			t.name, cen.undefined)
	}
	for i, h := range l.header {
		if !utf8.ValidString(h) {
			l.header[i] = decode1252(h)
		}
	}
	return nil
}

// findHeader tells the separator by which header makes most sense.
func (t *textTable) findHeader(l *layout, text []byte, whole bool, known map[string]bool) error {
	if err := t.checkText(text); err != nil {
		return err
	}
	delims := []byte(",;\t")
	if d, ok := statedDelimiter(text); ok {
		if !bytes.Contains(delims, []byte{d}) {
			return refuse(`%s, line 1: "sep=" states the separator %q; expected a comma, a semicolon or a tab.`, t.name, d)
		}
		delims, l.skip = []byte{d}, 1
	}
	best, most := []string(nil), -1
	var fault error
	for _, d := range delims {
		cells, err := t.headerBy(text, whole, d, l.skip)
		if err != nil {
			fault = err
			continue
		}
		if score := matches(cells, known)*maxCells + len(cells); score > most {
			best, most, l.delim = cells, score, d
		}
	}
	if d := t.otherDelimiter(text, whole, l.skip, best, known); d != 0 {
		return refuse("%s: its columns are separated by %q; expected a comma, a semicolon or a tab.", t.name, string(d))
	}
	if fault != nil && len(best) < 2 && matches(best, known) == 0 {
		return fault
	}
	l.header, l.skip = best, l.skip+1
	if len(best) > maxColumns {
		return refuse("%s has %d columns; expected at most %d.", t.name, len(best), maxColumns)
	}
	return nil
}

// checkText refuses what is no text with lines.
func (t *textTable) checkText(text []byte) error {
	first, _, lines := bytes.Cut(text, newline)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return refuse("%s is empty; expected a header with the names of its columns.", t.name)
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return refuse("%s is a workbook or a ZIP by its content; expected CSV text, or a name that ends in .xlsx.", t.name)
	case bytes.IndexByte(first, 0) >= 0:
		return refuse("%s, line 1: the header holds NUL bytes; expected UTF-8 text (UTF-16 can be read if it begins with a byte-order mark).", t.name)
	case !lines && bytes.Count(text, []byte{'\r'}) > 1:
		return refuse("%s: its lines end with a carriage return alone; expected line feeds.", t.name)
	}
	return nil
}

// statedDelimiter reads the line "sep=;" with which Excel marks its CSV files.
func statedDelimiter(text []byte) (byte, bool) {
	line, _, _ := bytes.Cut(text, newline)
	line = bytes.Trim(line, "\"\r")
	if rest, ok := bytes.CutPrefix(bytes.ToLower(line), []byte("sep=")); ok && len(rest) == 1 {
		return rest[0], true
	}
	return 0, false
}

// headerBy cuts the header by a separator, after skip other rows.
func (t *textTable) headerBy(text []byte, whole bool, delim byte, skip int) ([]string, error) {
	s := newSplitter(bytes.NewReader(text), delim)
	for {
		row, err := s.next()
		switch {
		case err == io.EOF:
			return nil, refuse("%s is empty; expected a header with the names of its columns.", t.name)
		case err != nil:
			return nil, t.splitFault(err)
		case row.fault != nil:
			return nil, refuse("%s, line %d: a quote in the header is not closed properly; expected names of columns.", t.name, row.fault.line)
		case !whole && len(s.buf[s.start:s.end]) == 0 && s.eof:
			return nil, refuse("%s, line 1: the header is longer than %s; expected names of columns.", t.name, size(headBytes))
		case skip == 0:
			return row.strings(), nil
		}
		skip--
	}
}

func matches(cells []string, known map[string]bool) (n int) {
	for _, c := range cells {
		if known[heading(c)] {
			n++
		}
	}
	return n
}

// otherDelimiter returns the separator of a header that none of ours cuts into
// columns, 0 if there is none.
func (t *textTable) otherDelimiter(text []byte, whole bool, skip int, header []string, known map[string]bool) byte {
	if n := matches(header, known); n > 0 && (len(header) > 1 || n == len(header)) {
		return 0
	}
	for _, d := range []byte("|^~:!#&\x01\x1c\x1d\x1e\x1f ") {
		cells, err := t.headerBy(text, whole, d, skip)
		certain := matches(cells, known) > 0 || len(known) == 0 && strings.IndexByte("|^~", d) >= 0
		if err == nil && len(cells) > len(header) && certain {
			return d
		}
	}
	return 0
}

// each streams the rows and, once it has read them all, checks that the file is
// still the one that was hashed.
func (t *textTable) each(done *atomic.Int64, yield func(rawRow) bool) error {
	r, _, err := t.x.place.open(t.x.prefix + t.name)
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	raw := io.TeeReader(countingReader{r, done}, sum)
	s := newSplitter(t.layout.enc.decoder(raw), t.layout.delim)
	for skip := t.layout.skip; ; skip-- {
		row, err := s.next()
		if err == io.EOF {
			return t.unchanged(sum)
		}
		if err != nil {
			return t.splitFault(err)
		}
		if skip <= 0 && !yield(t.rawRow(&row)) {
			return nil
		}
	}
}

func (t *textTable) unchanged(sum hash.Hash) error {
	if hex.EncodeToString(sum.Sum(nil)) == t.sha {
		return nil
	}
	return casefile.Errorf(casefile.Broken, "%s changed while it was being read; nothing of it counts. Import again from a copy that nobody writes to.", t.name)
}

type countingReader struct {
	r    io.Reader
	done *atomic.Int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done.Add(int64(n))
	return n, err
}

func (t *textTable) rawRow(row *splitRow) rawRow {
	raw := rawRow{line: row.line, cells: row.strings()}
	if row.fault != nil {
		raw.fault = row.fault.asRow(raw.cells)
	}
	switch t.layout.enc {
	case windows1252:
		for i, c := range raw.cells {
			raw.cells[i] = decode1252(c)
		}
	case utf8Text:
		if t.layout.mixed > 0 {
			raw.mend()
		}
	default:
		raw.lost()
	}
	return raw
}

func (q *quoteFault) asRow(cells []string) *rowFault {
	f := &rowFault{cell: q.cell, value: cells[q.cell], want: "a quote that is closed before a separator or the end of the line"}
	if q.next == "" {
		f.what = fmt.Sprintf("a quote opens on line %d and is never closed; expected it to be closed, and quotes inside a cell to be doubled", q.line)
	} else {
		f.what = fmt.Sprintf("a quote opens on line %d and is closed before %q; expected a separator or the end of the line there, and quotes inside a cell to be doubled", q.line, q.next)
	}
	return f
}

// mend makes cells that are not UTF-8 readable and marks the row.
func (r *rawRow) mend() {
	for i, c := range r.cells {
		if utf8.ValidString(c) {
			continue
		}
		r.cells[i] = decode1252(c)
		if r.fault == nil {
			r.fault = &rowFault{cell: i, value: r.cells[i], want: "UTF-8 text",
				what: "the cell holds bytes that are not UTF-8, although the file is; expected UTF-8 (the cell is kept as Windows-1252 would read it)"}
		}
	}
}

// lost marks a row of UTF-16 in which something could not be read.
func (r *rawRow) lost() {
	for i, c := range r.cells {
		if r.fault == nil && strings.ContainsRune(c, utf8.RuneError) {
			r.fault = &rowFault{cell: i, value: c, want: "whole UTF-16 characters",
				what: "the cell holds a character that is not whole; expected UTF-16 text"}
		}
	}
}
