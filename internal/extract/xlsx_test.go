package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/xuri/excelize/v2"

	"lookback/internal/casefile"
)

// book writes a workbook with the three needed sheets and whatever f adds.
func book(t testing.TB, f func(*excelize.File)) string {
	t.Helper()
	b := excelize.NewFile()
	for i, s := range []struct {
		name string
		rows [][]any
	}{
		{"Investigations", [][]any{{"crime_ref", "recorded_at"}, {"C1", "2014"}}},
		{"nominals", [][]any{{"nominal_ref"}, {"N1"}}},
		{"involvements", [][]any{{"crime_ref", "nominal_ref", "role"}, {"C1", "N1", "suspect"}}},
	} {
		if i == 0 {
			b.SetSheetName("Sheet1", s.name)
		} else {
			b.NewSheet(s.name)
		}
		for r, row := range s.rows {
			cell, _ := excelize.CoordinatesToCellName(1, r+1)
			b.SetSheetRow(s.name, cell, &row)
		}
	}
	if f != nil {
		f(b)
	}
	p := filepath.Join(t.TempDir(), "cases.xlsx")
	if err := b.SaveAs(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func style(t testing.TB, b *excelize.File, s *excelize.Style) int {
	t.Helper()
	id, err := b.NewStyle(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAWorkbookIsRead(t *testing.T) {
	x := mustOpen(t, book(t, func(b *excelize.File) { b.NewSheet("Notes") }), nil)
	if len(x.Files) != 3 || x.Files[0].Name != "cases.xlsx, sheet Investigations" || x.Files[0].Format != XLSX || len(x.Files[0].SHA256) != 64 {
		t.Errorf("%+v", x.Files[0])
	}
	if want := []string{"cases.xlsx, sheet Notes"}; !slices.Equal(x.Unread, want) {
		t.Errorf("unread %q, want %q", x.Unread, want)
	}
	row := mustRows(t, x, casefile.Involvements)[0]
	if want := []string{"C1", "N1", "suspect"}; !slices.Equal(row.Raw, want) || row.Line != 2 || row.Problems != nil {
		t.Errorf("%q in row %d: %s", row.Raw, row.Line, sentences(row))
	}
}

func TestCellsOfASheetComeAsTheirText(t *testing.T) {
	day := time.Date(2014, 3, 9, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		set  func(b *excelize.File)
		want string
	}{
		"text":              {func(b *excelize.File) { b.SetCellStr("log", "G2", " as it stands ") }, " as it stands "},
		"text like formula": {func(b *excelize.File) { b.SetCellStr("log", "G2", "=cmd()") }, "=cmd()"},
		"rich text": {func(b *excelize.File) {
			b.SetCellRichText("log", "G2", []excelize.RichTextRun{{Text: "two "}, {Text: "runs"}})
		}, "two runs"},
		"whole number":   {func(b *excelize.File) { b.SetCellInt("log", "G2", 42) }, "42"},
		"large number":   {func(b *excelize.File) { b.SetCellFloat("log", "G2", 12345678901, -1, 64) }, "12345678901"},
		"power of ten":   {func(b *excelize.File) { b.SetCellDefault("log", "G2", "1E+10") }, "10000000000"},
		"fraction":       {func(b *excelize.File) { b.SetCellDefault("log", "G2", "0.30000000000000004") }, "0.3"},
		"true":           {func(b *excelize.File) { b.SetCellBool("log", "G2", true) }, "true"},
		"leading zeros":  {func(b *excelize.File) { zeros(t, b) }, "07700900123"},
		"day":            {func(b *excelize.File) { dated(t, b, 41707, "dd/mm/yyyy") }, "2014-03-09"},
		"American day":   {func(b *excelize.File) { dated(t, b, 41707, "m/d/yy;@") }, "2014-03-09"},
		"day and time":   {func(b *excelize.File) { dated(t, b, 41707.9027777778, `[$-809]dd\-mmm\-yyyy hh:mm`) }, "2014-03-09T21:40"},
		"seconds":        {func(b *excelize.File) { dated(t, b, 41707.5000115741, "yyyy-mm-dd hh:mm:ss") }, "2014-03-09T12:00:01"},
		"hidden time":    {func(b *excelize.File) { dated(t, b, 41707.5, "dd/mm/yyyy") }, "2014-03-09T12:00"},
		"month":          {func(b *excelize.File) { dated(t, b, 41699, "mmm-yy") }, "2014-03"},
		"not the first":  {func(b *excelize.File) { dated(t, b, 41707, "mmm yyyy") }, "2014-03-09"},
		"year":           {func(b *excelize.File) { dated(t, b, 41640, "yyyy") }, "2014"},
		"clock":          {func(b *excelize.File) { dated(t, b, 0.9027777778, "h:mm AM/PM") }, "21:40"},
		"quoted letters": {func(b *excelize.File) { dated(t, b, 7, `0" days"`) }, "7"},
		"colour":         {func(b *excelize.File) { dated(t, b, 7, `[Red]0.00`) }, "7"},
		"written as time": {func(b *excelize.File) {
			b.SetCellValue("log", "G2", day)
		}, "2014-03-09"},
		"formula with its value": {func(b *excelize.File) {
			b.SetCellDefault("log", "G2", "7")
			b.SetCellFormula("log", "G2", "3+4")
		}, "7"},
		"escaped": {func(b *excelize.File) { b.SetCellStr("log", "G2", "a\rb") }, "a\rb"},
	} {
		t.Run(name, func(t *testing.T) {
			x := mustOpen(t, book(t, func(b *excelize.File) {
				b.NewSheet("log")
				b.SetSheetRow("log", "A1", &[]any{"crime_ref", "seq", "at", "author", "rank", "type", "text", "supervisor"})
				b.SetSheetRow("log", "A2", &[]any{"C1", 1})
				c.set(b)
			}), nil)
			row := mustRows(t, x, casefile.Log)[0]
			if row.Raw[6] != c.want || row.Problems != nil || len(row.Raw) != 8 {
				t.Errorf("%q %s, want %q", row.Raw, sentences(row), c.want)
			}
		})
	}
}

func dated(t *testing.T, b *excelize.File, serial float64, format string) {
	b.SetCellFloat("log", "G2", serial, -1, 64)
	b.SetCellStyle("log", "G2", "G2", style(t, b, &excelize.Style{CustomNumFmt: &format}))
}

func zeros(t *testing.T, b *excelize.File) {
	format := "00000000000"
	b.SetCellInt("log", "G2", 7700900123)
	b.SetCellStyle("log", "G2", "G2", style(t, b, &excelize.Style{CustomNumFmt: &format}))
}

func TestSerialNumbersOfBothDateSystems(t *testing.T) {
	f := readFormat("yyyy-mm-dd")
	for _, c := range []struct {
		serial string
		system dateSystem
		want   string
	}{
		{"1", false, "1900-01-01"}, {"59", false, "1900-02-28"}, {"61", false, "1900-03-01"}, {"41707", false, "2014-03-09"},
		{"40245", true, "2014-03-09"}, {"0", true, "1904-01-01"}, {"-1", false, "-1"}, {"2958466", false, "2958466"}, {"x", false, "x"},
	} {
		if got := f.text(c.serial, c.system); got != c.want {
			t.Errorf("%s in the system of 1904 %v: %s, want %s", c.serial, c.system, got, c.want)
		}
	}
}

func TestEmptyRowsOfASheetAreNoRows(t *testing.T) {
	x := mustOpen(t, book(t, func(b *excelize.File) {
		b.SetCellStr("nominals", "A5", "N2")
		b.SetCellStr("nominals", "A7", "")
		b.SetCellStyle("nominals", "A9", "C9", style(t, b, &excelize.Style{Font: &excelize.Font{Bold: true}}))
	}), nil)
	rows := mustRows(t, x, casefile.Nominals)
	if len(rows) != 2 || rows[1].Line != 5 {
		t.Errorf("%d rows, the last in row %d", len(rows), rows[len(rows)-1].Line)
	}
}

func TestAProblemInASheetNamesItsRow(t *testing.T) {
	x := mustOpen(t, book(t, func(b *excelize.File) { b.SetCellStr("involvements", "C2", "boss") }), nil)
	want := `cases.xlsx, sheet involvements, row 2, column "role": "boss" is not a known role; expected one of victim, suspect, witness, reporter, missing_person, other.`
	if got := sentences(mustRows(t, x, casefile.Involvements)[0]); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
}

func TestWorkbooksInAFolder(t *testing.T) {
	raw, err := os.ReadFile(book(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	one := excelize.NewFile()
	one.SetSheetRow("Sheet1", "A1", &[]any{"nominal_ref"})
	one.SetSheetRow("Sheet1", "A2", &[]any{"N9"})
	one.NewSheet("Sheet2")
	var buf bytes.Buffer
	if err := one.Write(&buf); err != nil {
		t.Fatal(err)
	}
	x := mustOpen(t, folderOf(t, with(files{"Nominals.xlsx": buf.String(), "nominals.csv": "",
		"extract.json": `{"files":[{"name":"Nominals.xlsx","rows":1,"sha256":"` + sha(buf.String()) + `"}]}`})), nil)
	f := fileOf(t, x, casefile.Nominals)
	if f.Name != "Nominals.xlsx, sheet Sheet1" || f.Rows != 1 || mustRows(t, x, casefile.Nominals)[0].Raw[0] != "N9" {
		t.Errorf("%+v", f)
	}
	z := mustOpen(t, zipOf(t, files{"all.xlsx": string(raw)}, "top/"), nil)
	if len(z.Files) != 3 {
		t.Errorf("%d tables in a workbook in a ZIP, want 3", len(z.Files))
	}
	refused(t, folderOf(t, files{"all.xlsx": string(raw), "extract.json": `{"files":[{"name":"all.xlsx","rows":4}]}`}), nil,
		"all.xlsx has 3 rows, but extract.json says 4. Nothing was read; ask for the extract again.")
	one.SetCellStr("Sheet2", "A1", "x")
	buf.Reset()
	one.Write(&buf)
	refused(t, folderOf(t, with(files{"Nominals.xlsx": buf.String(), "nominals.csv": ""})), nil,
		"Nominals.xlsx has 2 sheets with something in them and none is called Nominals; expected one, or a sheet of that name.")
}

// rezip rewrites the parts of a workbook.
func rezip(t *testing.T, p string, change func(name string, data []byte) []byte) string {
	t.Helper()
	r, err := zip.OpenReader(p)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(in)
		out, _ := w.Create(f.Name)
		out.Write(change(f.Name, data))
	}
	w.Close()
	p = filepath.Join(t.TempDir(), "cases.xlsx")
	if err := os.WriteFile(p, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// rowsRefused opens a workbook and reads a table of it, which must fail.
func rowsRefused(t *testing.T, p string, table casefile.Table, want string) {
	t.Helper()
	x, err := Open(p, nil)
	if err == nil {
		defer x.Close()
		_, err = rowsOf(t, x, table)
	}
	if err == nil || casefile.Message(err) != want {
		t.Errorf("\n got: %v\nwant: %s", err, want)
	}
}

func TestABrokenWorkbookIsRefused(t *testing.T) {
	good := book(t, func(b *excelize.File) {
		for i := range 300 {
			cell, _ := excelize.CoordinatesToCellName(1, i+2)
			b.SetCellStr("nominals", cell, "N")
		}
	})
	sheet2 := func(change func([]byte) []byte) string {
		return rezip(t, good, func(name string, data []byte) []byte {
			if strings.HasSuffix(name, "sheet2.xml") {
				return change(data)
			}
			return data
		})
	}
	replace := func(old, new string) string {
		return sheet2(func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("no %s in the sheet", old)
			}
			return bytes.Replace(b, []byte(old), []byte(new), 1)
		})
	}
	// The library that wrote it would take this for a sheet of 150 rows.
	rowsRefused(t, sheet2(func(b []byte) []byte { return b[:len(b)/2] }), casefile.Nominals,
		"cases.xlsx, sheet nominals is damaged at or after row 151: its XML breaks off or is malformed. Save the workbook again and copy it anew.")
	rowsRefused(t, replace(`<row r="5"`, `<row r="5" <`), casefile.Nominals,
		"cases.xlsx, sheet nominals is damaged at or after row 4: its XML breaks off or is malformed. Save the workbook again and copy it anew.")
	rowsRefused(t, replace(`<row r="5"`, `<row r="99999999"`), casefile.Nominals,
		"cases.xlsx, sheet nominals, row 4: a row numbered 99999999 follows; a sheet has at most 1048576.")
	rowsRefused(t, replace(`<row r="5"`, `<row r="3"`), casefile.Nominals,
		`cases.xlsx, sheet nominals, row 4: a row numbered "3" follows; expected a number after that.`)
	rowsRefused(t, replace(`r="A5"`, `r="ZZZZ5"`), casefile.Nominals,
		`cases.xlsx, sheet nominals, row 5: a cell is called "ZZZZ5"; expected a column after the last one, up to XFD.`)
	rowsRefused(t, replace(`<c r="A5" t="s"><v>`, `<c r="A5" t="s"><v>9999`), casefile.Nominals,
		`cases.xlsx, sheet nominals, row 5: a cell refers to shared text "99998", of which there are 9.`)
	raw, _ := os.ReadFile(good)
	p := filepath.Join(t.TempDir(), "cases.xlsx")
	os.WriteFile(p, raw[:len(raw)/2], 0o644)
	refused(t, p, nil, "cases.xlsx is not a whole XLSX workbook: the table of contents at its end is missing or damaged, as when a copy was cut short. "+
		"Copy it again and compare its size with the original (here: "+size(int64(len(raw)/2))+").")
	os.WriteFile(p, append([]byte("\xd0\xcf\x11\xe0"), raw...), 0o644)
	refused(t, p, nil, "cases.xlsx is protected by a password, or is a workbook of the old .xls kind; expected an XLSX workbook without a password.")
	os.WriteFile(p, zipBytes(t, files{"a.txt": "x"}, ""), 0o644)
	refused(t, p, nil, "cases.xlsx is damaged: its content is not that of an XLSX workbook. Save it again and copy it anew.")
}

func TestAWorkbookBombIsRefused(t *testing.T) {
	p := rezip(t, book(t, nil), func(name string, data []byte) []byte {
		if strings.HasSuffix(name, "sheet2.xml") {
			return bytes.Replace(data, []byte("<sheetData>"), append([]byte("<sheetData>"), bytes.Repeat([]byte("<row/>"), 20<<20)...), 1)
		}
		return data
	})
	_, err := Open(p, nil)
	if err == nil || !strings.HasPrefix(casefile.Message(err), "xl/worksheets/sheet2.xml in cases.xlsx would unpack from ") ||
		!strings.HasSuffix(casefile.Message(err), ", more than 200 times its size; that is no extract. Nothing was unpacked.") {
		t.Errorf("got %v", err)
	}
}

func TestSharedTextBeyondTheBoundIsRefused(t *testing.T) {
	lim := standardLimits
	lim.inMemory = 100
	_, err := open(book(t, nil), nil, lim)
	want := "cases.xlsx holds more than 100 bytes of shared text, which is more than is read from a workbook; expected CSV or Parquet for tables of this size."
	if err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	_, err = open(zipOf(t, files{"a.xlsx": strings.Repeat("x", 101)}, ""), nil, lim)
	want = "a.xlsx in extract.zip is larger than 100 bytes and cannot be read from inside a ZIP. Unpack the ZIP and import the folder."
	if err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestWhatStandsBetweenTwoTagsIsBounded(t *testing.T) {
	b := &boundedReader{r: strings.NewReader(strings.Repeat("x", 100)), left: 10}
	n, err := io.Copy(io.Discard, b)
	if n != 10 || err == nil || err.Error() != "a cell is longer than 64 MiB" {
		t.Errorf("%d bytes, %v", n, err)
	}
	long := "<row><c t=\"inlineStr\"><is><t>" + strings.Repeat("x", 1<<16) + "</t></is></c></row>"
	b = &boundedReader{r: strings.NewReader(long), left: 1 << 10}
	x := &xmlReader{d: xml.NewDecoder(iotest.OneByteReader(b)), left: &boundedReader{}}
	var fault sheetFault
	for err = nil; err == nil; {
		_, err = x.next()
	}
	if !errors.As(err, &fault) {
		t.Errorf("a cell of 64 KiB passed a bound of 1 KiB: %v", err)
	}
}
