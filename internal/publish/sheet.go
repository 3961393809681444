package publish

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
)

// A Format is the form in which a table leaves. It is the ending of the file.
type Format string

const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ParseFormat reads a format; "" is CSV.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case "":
		return CSV, nil
	case CSV, XLSX:
		return f, nil
	}
	return "", casefile.Errorf(casefile.Invalid, "There is no format %q: choose csv or xlsx.", s)
}

// MediaType returns what a browser is told of a file of this format.
func (f Format) MediaType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// A Sheet is a table on its way into a stream. Nothing of it is kept in memory and
// nothing is put in a temporary file.
type Sheet interface {
	// Row adds one row. Cells that a spreadsheet would take for a formula get an
	// apostrophe before them.
	Row(cells ...string) error
	// End writes what is to be known about the table, and ends it: as a sheet of
	// its own, or as a last line that begins with "#". Without facts there is none.
	End(about ...Fact) error
}

// A Fact is one thing to know about a table: how it was filtered, who asked.
type Fact struct{ Name, Value string }

// NewSheet begins a table with its header.
func NewSheet(w io.Writer, f Format, header ...string) (Sheet, error) {
	if f == XLSX {
		return newXLSX(w, header)
	}
	s := &csvSheet{csv: csv.NewWriter(w), width: len(header)}
	return s, s.csv.Write(header)
}

type csvSheet struct {
	csv   *csv.Writer
	width int
}

func (s *csvSheet) Row(cells ...string) error {
	for i, c := range cells {
		cells[i] = Inert(c)
	}
	return s.csv.Write(cells)
}

// End writes the facts into the first cell of one more line, as wide as the others
// so that strict readers take it.
func (s *csvSheet) End(about ...Fact) error {
	if len(about) > 0 {
		var said []string
		for _, f := range about {
			said = append(said, f.Name+": "+f.Value)
		}
		line := make([]string, max(1, s.width))
		line[0] = "# " + strings.Join(said, "; ")
		if err := s.csv.Write(line); err != nil {
			return err
		}
	}
	s.csv.Flush()
	return s.csv.Error()
}

// Limits of a worksheet, as Excel has them.
const (
	maxSheetRows = 1 << 20
	maxCellRunes = 32_767
)

// An xlsxSheet writes a workbook straight into a zip stream. Libraries that do so
// keep rows beyond some megabytes in a temporary file in clear, where personal
// data must not be.
type xlsxSheet struct {
	zip  *zip.Writer
	part *bufio.Writer // the worksheet being written
	rows int
}

var xlsxParts = [][2]string{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="Rows" sheetId="1" r:id="rId1"/><sheet name="About this file" sheetId="2" r:id="rId2"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func newXLSX(w io.Writer, header []string) (*xlsxSheet, error) {
	s := &xlsxSheet{zip: zip.NewWriter(w)}
	for _, p := range xlsxParts {
		f, err := s.zip.Create(p[0])
		if err == nil {
			_, err = io.WriteString(f, xmlHead+p[1])
		}
		if err != nil {
			return nil, err
		}
	}
	return s, s.begin("sheet1", header)
}

// begin starts a worksheet with a header that stays in sight.
func (s *xlsxSheet) begin(name string, header []string) error {
	f, err := s.zip.Create("xl/worksheets/" + name + ".xml")
	if err != nil {
		return err
	}
	s.part, s.rows = bufio.NewWriterSize(f, 1<<16), 0
	s.part.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData>`)
	return s.row(header, ` s="1"`)
}

func (s *xlsxSheet) finish() error {
	s.part.WriteString(`</sheetData></worksheet>`)
	return s.part.Flush()
}

func (s *xlsxSheet) Row(cells ...string) error { return s.row(cells, "") }

func (s *xlsxSheet) row(cells []string, style string) error {
	if s.rows++; s.rows > maxSheetRows {
		return casefile.Errorf(casefile.Invalid, "A spreadsheet holds %d rows at most, and this list has more. Choose CSV, or a narrower filter.", maxSheetRows-1)
	}
	s.part.WriteString(`<row r="` + strconv.Itoa(s.rows) + `">`)
	for i, c := range cells {
		at := columnName(i) + strconv.Itoa(s.rows)
		switch {
		case c == "":
		case isPlainNumber(c):
			s.part.WriteString(`<c r="` + at + `"` + style + `><v>` + c + `</v></c>`)
		default:
			s.part.WriteString(`<c r="` + at + `"` + style + ` t="inlineStr"><is><t xml:space="preserve">`)
			writeCellText(s.part, Inert(c))
			s.part.WriteString(`</t></is></c>`)
		}
	}
	_, err := s.part.WriteString(`</row>`)
	return err
}

func (s *xlsxSheet) End(about ...Fact) error {
	if err := s.finish(); err != nil {
		return err
	}
	if err := s.begin("sheet2", []string{"What", "Value"}); err != nil {
		return err
	}
	for _, f := range about {
		if err := s.Row(f.Name, f.Value); err != nil {
			return err
		}
	}
	return errors.Join(s.finish(), s.zip.Close())
}

// columnName is A for 0, Z for 25, AA for 26.
func columnName(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnName(i/26-1) + string(rune('A'+i%26))
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9]\d{0,8})(\.\d{1,6})?$`)

// isPlainNumber reports whether a cell may stand as a number without losing a
// digit: no reference with leading zeros, nothing so long that a spreadsheet
// rounds it or shows it as a power of ten.
func isPlainNumber(c string) bool { return plainNumber.MatchString(c) }

// escapeSequence is what a spreadsheet reads as one character.
var escapeSequence = regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)

// writeCellText writes text as XML holds it. Control characters, which XML cannot
// hold, become the replacement character; what is too long is cut, and says so.
func writeCellText(w *bufio.Writer, text string) {
	text = escapeSequence.ReplaceAllString(text, "_x005F_$1")
	if len(text) > maxCellRunes && utf8.RuneCountInString(text) > maxCellRunes {
		runes := []rune(text)
		const room = 60
		text = string(runes[:maxCellRunes-room]) + fmt.Sprintf(" [cut here: %d more characters]", len(runes)-maxCellRunes+room)
	}
	for _, r := range text {
		switch {
		case r == '&':
			w.WriteString("&amp;")
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r == '\r':
			w.WriteString("&#13;")
		case r < 0x20 && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			w.WriteRune('\uFFFD')
		default:
			w.WriteRune(r)
		}
	}
}
