package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Workbooks are read with a decoder of our own. The streaming reader of the
// library with which Lookback writes them does not fit here: it takes XML that
// breaks off for the end of the sheet, so that rows go missing in silence; it
// does not say which numbers are dates; and it unpacks large sheets into the
// system's folder for temporary files, where personal data must not lie.

// A workbook is an XLSX file.
type workbook struct {
	name   string // within the place
	parts  *archive
	sheets []sheetPart
	dates  dateSystem
	styles []cellFormat // by style index
	shared []string     // read when the first sheet is opened
	loaded bool
}

type sheetPart struct{ name, part string }

// maxXMLToken bounds what may stand between two tags.
const maxXMLToken = maxRowBytes

// The limits of a sheet in every spreadsheet program.
const (
	maxSheetRows    = 1 << 20
	maxSheetColumns = maxCells
)

func (x *Extract) openBook(name string) (*workbook, error) {
	at, n, err := x.place.openAt(x.prefix + name)
	if err != nil {
		return nil, err
	}
	x.opened = append(x.opened, at)
	head := make([]byte, 4)
	if _, err := at.ReadAt(head, 0); err == nil && string(head) == "\xd0\xcf\x11\xe0" {
		return nil, refuse("%s is protected by a password, or is a workbook of the old .xls kind; expected an XLSX workbook without a password.", name)
	}
	b := &workbook{name: name}
	if b.parts, err = newArchive(name, "XLSX workbook", at, n, x.lim); err != nil {
		return nil, err
	}
	if err := b.readIndex(); err != nil {
		return nil, err
	}
	return b, b.readStyles()
}

func (b *workbook) damaged(err error) error {
	if _, ours := errors.AsType[*xml.SyntaxError](err); !ours && errorIsOurs(err) {
		return err
	}
	return refuseFor(err, "%s is damaged: its content is not that of an XLSX workbook. Save it again and copy it anew.", b.name)
}

// readIndex finds the sheets, in their order, and where they lie.
func (b *workbook) readIndex() error {
	var rels struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name string     `xml:"name,attr"`
			Attr []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.decode("_rels/.rels", &rels); err != nil {
		return err
	}
	main := "xl/workbook.xml"
	for _, r := range rels.Relationship {
		if strings.HasSuffix(r.Type, "/officeDocument") {
			main = strings.TrimPrefix(r.Target, "/")
		}
	}
	if err := b.decode(main, &book); err != nil {
		return err
	}
	rels.Relationship = nil
	if err := b.decode(path.Dir(main)+"/_rels/"+path.Base(main)+".rels", &rels); err != nil {
		return err
	}
	b.dates = dateSystem(book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true")
	for _, s := range book.Sheets {
		for _, r := range rels.Relationship {
			target := r.Target
			if !strings.HasPrefix(target, "/") {
				target = path.Join(path.Dir(main), target)
			}
			isSheet := strings.HasSuffix(r.Type, "/worksheet")
			if isSheet && slices.ContainsFunc(s.Attr, func(a xml.Attr) bool { return a.Name.Local == "id" && a.Value == r.ID }) {
				b.sheets = append(b.sheets, sheetPart{s.Name, strings.TrimPrefix(target, "/")})
			}
		}
	}
	return nil
}

func (b *workbook) openPart(part string) (io.ReadCloser, int64, error) {
	if b.parts.parts[part] == nil {
		return nil, 0, b.damaged(fmt.Errorf("no part %s", part))
	}
	return b.parts.open(part)
}

// decode reads a small part of the workbook as a whole.
func (b *workbook) decode(part string, v any) error {
	r, n, err := b.openPart(part)
	if err != nil {
		return err
	}
	defer r.Close()
	if n > maxXMLToken {
		return refuse("%s: its part %s is larger than %s; that is no extract.", b.name, part, size(maxXMLToken))
	}
	if err := xml.NewDecoder(r).Decode(v); err != nil {
		return b.damaged(err)
	}
	return nil
}

func (b *workbook) readStyles() error {
	if b.parts.parts["xl/styles.xml"] == nil {
		return nil
	}
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode("xl/styles.xml", &sheet); err != nil {
		return err
	}
	codes := map[int]string{}
	for _, f := range sheet.Formats {
		codes[f.ID] = f.Code
	}
	for _, c := range sheet.Cells {
		code, ok := codes[c.Format]
		if !ok {
			code = builtInFormats[c.Format]
		}
		b.styles = append(b.styles, readFormat(code))
	}
	return nil
}

// readShared reads the table of texts that cells refer to.
func (b *workbook) readShared() error {
	const part = "xl/sharedStrings.xml"
	if b.loaded || b.parts.parts[part] == nil {
		return nil
	}
	x, n, err := b.tokens(part, nil)
	if err != nil {
		return err
	}
	defer x.close()
	if n > b.parts.lim.inMemory {
		return refuse("%s holds more than %s of shared text, which is more than is read from a workbook; expected CSV or Parquet for tables of this size.",
			b.name, size(b.parts.lim.inMemory))
	}
	for {
		switch t, err := x.next(); {
		case err == io.EOF:
			b.loaded = true
			return nil
		case err != nil:
			return b.damaged(err)
		case t.opens("si"):
			text, err := x.text("si")
			if err != nil {
				return b.damaged(err)
			}
			b.shared = append(b.shared, text)
		}
	}
}

// filled returns the names of the sheets that hold at least one row.
func (b *workbook) filled() ([]string, error) {
	var out []string
	for _, s := range b.sheets {
		t := &sheetTable{book: b, sheet: s.name, name: b.name}
		any := false
		err := t.walk(nil, func(int, []string) bool { any = true; return false })
		if err != nil {
			return nil, err
		}
		if any {
			out = append(out, s.name)
		}
	}
	return out, nil
}

// A sheetTable is the rows of a sheet.
type sheetTable struct {
	x     *Extract
	book  *workbook
	sheet string
	name  string // for sentences
	size  int64
	head  []string
	first int // row number of the header
}

func (t *sheetTable) header() []string { return t.head }

// open reads the header.
func (t *sheetTable) open() error {
	err := t.walk(nil, func(n int, cells []string) bool {
		t.first, t.head = n, cells
		return false
	})
	switch {
	case err != nil:
		return err
	case t.head == nil:
		return refuse("%s is empty; expected a header with the names of its columns.", t.name)
	case len(t.head) > maxColumns:
		return refuse("%s has %d columns; expected at most %d.", t.name, len(t.head), maxColumns)
	}
	return nil
}

func (t *sheetTable) count() (n int64, err error) {
	err = t.each(nil, func(rawRow) bool { n++; return true })
	return n, err
}

func (t *sheetTable) each(done *atomic.Int64, yield func(rawRow) bool) error {
	return t.walk(done, func(n int, cells []string) bool {
		if n <= t.first {
			return true
		}
		for len(cells) < len(t.head) {
			cells = append(cells, "") // sheets leave out empty cells
		}
		return yield(rawRow{line: n, cells: cells})
	})
}

// walk calls yield for each row that holds something, with its number, until it
// returns false.
func (t *sheetTable) walk(done *atomic.Int64, yield func(n int, cells []string) bool) error {
	if err := t.book.readShared(); err != nil {
		return err
	}
	i := slices.IndexFunc(t.book.sheets, func(s sheetPart) bool { return s.name == t.sheet })
	x, n, err := t.book.tokens(t.book.sheets[i].part, done)
	if err != nil {
		return err
	}
	defer x.close()
	if t.size == 0 { // when it is opened; later, sheets may be read at the same time
		t.size = n
	}
	for row := 0; ; {
		tok, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && tok.opens("row") {
			if row, err = rowNumber(tok, row); err == nil {
				var cells []string
				if cells, err = t.book.readRow(x); err == nil && cells != nil && !yield(row, cells) {
					return nil
				}
			}
		}
		if err != nil {
			return t.fault(row, err)
		}
	}
}

func (t *sheetTable) fault(row int, err error) error {
	if errorIsOurs(err) {
		return err
	}
	if e, ok := errors.AsType[sheetFault](err); ok {
		return refuse("%s, row %d: %s.", t.name, row, string(e))
	}
	return refuseFor(err, "%s is damaged at or after row %d: its XML breaks off or is malformed. Save the workbook again and copy it anew.", t.name, row)
}

// A sheetFault is content that no spreadsheet program writes.
type sheetFault string

func (e sheetFault) Error() string { return string(e) }

func rowNumber(t xmlToken, last int) (int, error) {
	n := last + 1
	if r := t.attr("r"); r != "" {
		var err error
		if n, err = strconv.Atoi(r); err != nil || n <= last {
			return last, sheetFault(fmt.Sprintf("a row numbered %q follows; expected a number after that", cut(r)))
		}
	}
	if n > maxSheetRows {
		return last, sheetFault(fmt.Sprintf("a row numbered %d follows; a sheet has at most %d", n, maxSheetRows))
	}
	return n, nil
}

// readRow reads the cells up to the end of a row; nil if all are empty.
func (b *workbook) readRow(x *xmlReader) ([]string, error) {
	var cells []string
	filled := false
	for col := 0; ; {
		t, err := x.next()
		switch {
		case err != nil:
			return nil, noEOF(err)
		case t.closes("row"):
			if !filled {
				return nil, nil
			}
			return cells, nil
		case !t.opens("c"):
			continue
		}
		if col, err = columnNumber(t.attr("r"), col); err != nil {
			return nil, err
		}
		value, err := b.readCell(x, t)
		if err != nil {
			return nil, err
		}
		for len(cells) < col {
			cells = append(cells, "")
		}
		cells[col-1] = value
		filled = filled || value != ""
	}
}

// columnNumber reads the letters of "BC12", from 1; without them it is the next.
func columnNumber(ref string, last int) (int, error) {
	n := 0
	for i := 0; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && n <= maxSheetColumns; i++ {
		n = n*26 + int(ref[i]-'A') + 1
	}
	if ref == "" {
		n = last + 1
	}
	if n <= last || n > maxSheetColumns {
		return 0, sheetFault(fmt.Sprintf("a cell is called %q; expected a column after the last one, up to XFD", cut(ref)))
	}
	return n, nil
}

// readCell returns what a cell holds, as text: of a formula the value that was
// saved with it. Text is kept whatever it begins with.
func (b *workbook) readCell(x *xmlReader, cell xmlToken) (string, error) {
	kind, style := cell.attr("t"), cell.attr("s")
	value, inline := "", ""
	for {
		t, err := x.next()
		switch {
		case err != nil:
			return "", noEOF(err)
		case t.closes("c"):
			if kind == "inlineStr" {
				return inline, nil
			}
			return b.cellText(kind, style, value)
		case t.opens("v"):
			value, err = x.chars("v")
		case t.opens("is"):
			inline, err = x.text("is")
		case t.opens("f"):
			_, err = x.chars("f")
		}
		if err != nil {
			return "", err
		}
	}
}

func (b *workbook) cellText(kind, style, value string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(b.shared) {
			return "", sheetFault(fmt.Sprintf("a cell refers to shared text %q, of which there are %d", cut(value), len(b.shared)))
		}
		return b.shared[i], nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[strings.TrimSpace(value)], nil
	case "", "n":
		var f cellFormat
		if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(b.styles) {
			f = b.styles[i]
		}
		return f.text(strings.TrimSpace(value), b.dates), nil
	}
	return unescapeX(value), nil // "str", "e", "d": text as it stands
}

// plainNumber writes a number without powers of ten and without digits that the
// spreadsheet would not show: it keeps 15.
func plainNumber(s string) string {
	if isDigits(strings.TrimPrefix(s, "-")) {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || math.Abs(f) > 1e21 {
		return s
	}
	if g, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64); err == nil {
		f = g
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
