package extract

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"lookback/internal/casefile"
)

func TestTextFilesAreReadAsTheyAreWritten(t *testing.T) {
	utf16 := func(e unicode.Endianness, s string) string {
		out, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct{ content, encoding, delimiter, note string }{
		"comma":          {"nominal_ref,surname\nN1,Zoë\n", "UTF-8", ",", ""},
		"semicolon":      {"nominal_ref;surname\r\nN1;Zoë\r\n", "UTF-8", ";", ""},
		"tab":            {"\"nominal_ref\"\t\"surname\"\n\"N1\"\tZoë\n", "UTF-8", "\t", ""},
		"mark":           {"\xef\xbb\xbf\"nominal_ref\",surname\nN1,Zoë", "UTF-8 with byte-order mark", ",", ""},
		"stated":         {"sep=;\r\nnominal_ref;surname\r\nN1;Zoë\r\n", "UTF-8", ";", ""},
		"Windows-1252":   {"nominal_ref,surname\nN1,Zo\xeb\n", "Windows-1252", ",", "It is not UTF-8 and was read as Windows-1252; check that names with accents came out right."},
		"UTF-16LE":       {utf16(unicode.LittleEndian, "nominal_ref\tsurname\r\nN1\tZoë\r\n"), "UTF-16LE", "\t", "It is UTF-16LE, as a spreadsheet's \"Unicode text\" is, and was read as that."},
		"UTF-16BE":       {utf16(unicode.BigEndian, "nominal_ref,surname\nN1,Zoë\n"), "UTF-16BE", ",", "It is UTF-16BE, as a spreadsheet's \"Unicode text\" is, and was read as that."},
		"blank lines":    {"nominal_ref,surname\n\n\nN1,Zoë\n\n", "UTF-8", ",", "It has 3 blank lines, which are no rows."},
		"trailing comma": {"nominal_ref,surname,\nN1,Zoë,\n", "UTF-8", ",", ""},
		"header case":    {" Nominal_Ref ,SURNAME\nN1,Zoë\n", "UTF-8", ",", ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := mustOpen(t, folderOf(t, with(files{"nominals.csv": c.content})), nil)
			f := fileOf(t, x, casefile.Nominals)
			if f.Encoding != c.encoding || f.Delimiter != c.delimiter || strings.Join(f.Notes, " ") != c.note || f.Rows != 1 {
				t.Errorf("%s, %q, notes %q, %d rows", f.Encoding, f.Delimiter, f.Notes, f.Rows)
			}
			rows := mustRows(t, x, casefile.Nominals)
			if len(rows) != 1 || rows[0].Problems != nil || value(f.Table, rows[0], "surname") != "Zoë" || value(f.Table, rows[0], "nominal_ref") != "N1" {
				t.Errorf("rows %q, %s", rows[0].Values, sentences(rows[0]))
			}
		})
	}
}

func TestBrokenCellsInUTF8AreQuarantinedNotGarbled(t *testing.T) {
	content := "nominal_ref,surname\n" + strings.Repeat("N,Zoë\n", 5) + "N6,Zo\xc3\nN7,Zoë\n"
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": content})), nil)
	f := fileOf(t, x, casefile.Nominals)
	if want := []string{"It is UTF-8, but 1 of its bytes are not; the rows that hold them are quarantined."}; !slices.Equal(f.Notes, want) {
		t.Errorf("notes %q, want %q", f.Notes, want)
	}
	rows := mustRows(t, x, casefile.Nominals)
	want := `nominals.csv, line 7, column "surname": the cell holds bytes that are not UTF-8, although the file is; expected UTF-8 (the cell is kept as Windows-1252 would read it).`
	if got := sentences(rows[5]); got != want || rows[5].Raw[1] != "ZoÃ" {
		t.Errorf("\n got: %s %q\nwant: %s", got, rows[5].Raw, want)
	}
	if rows[6].Problems != nil || rows[6].Raw[1] != "Zoë" {
		t.Errorf("the next row: %q %s", rows[6].Raw, sentences(rows[6]))
	}
}

func TestAHalfCharacterOfUTF16IsQuarantined(t *testing.T) {
	content := "\xff\xfe"
	for _, r := range "nominal_ref,surname\nN1,a" {
		content += string([]byte{byte(r), 0})
	}
	content += "\x00\xd8" + "\n\x00" // half of a pair
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": content})), nil)
	want := `nominals.csv, line 2, column "surname": the cell holds a character that is not whole; expected UTF-16 text.`
	if got := sentences(mustRows(t, x, casefile.Nominals)[0]); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
}

func TestAnUnclosedQuoteCostsOneRow(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref,surname\nN1,a\nN2,\"b\nN3,c\nN4,d\n"})), nil)
	rows := mustRows(t, x, casefile.Nominals)
	if len(rows) != 4 || fileOf(t, x, casefile.Nominals).Rows != 4 {
		t.Fatalf("%d rows, want 4", len(rows))
	}
	want := `nominals.csv, line 3, column "surname": a quote opens on line 3 and is never closed; expected it to be closed, and quotes inside a cell to be doubled.`
	if got := sentences(rows[1]); got != want || rows[1].Raw[1] != `"b` {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
	if rows[3].Line != 5 || rows[3].Problems != nil {
		t.Errorf("line %d %s", rows[3].Line, sentences(rows[3]))
	}
}

func TestAQuoteThatIsNotDoubledCostsOneRow(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref,surname\nN1,\"a \"b\" c\"\nN2,d\n"})), nil)
	rows := mustRows(t, x, casefile.Nominals)
	want := `nominals.csv, line 2, column "surname": a quote opens on line 2 and is closed before "b"; expected a separator or the end of the line there, and quotes inside a cell to be doubled.`
	if got := sentences(rows[0]); got != want || len(rows) != 2 || rows[1].Problems != nil {
		t.Errorf("%d rows\n got: %s\nwant: %s", len(rows), got, want)
	}
}

func TestALongCellIsAProblemRowKeptWhole(t *testing.T) {
	long := strings.Repeat("x\n", 5<<20)
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref,surname\nN1,\"" + long + "\"\nN2,b\n"})), nil)
	rows := mustRows(t, x, casefile.Nominals)
	want := `nominals.csv, line 2, column "surname": the cell is longer than 1 MiB (10 MiB).`
	if got := sentences(rows[0]); got != want || rows[0].Raw[1] != long {
		t.Errorf("%d bytes kept\n got: %s\nwant: %s", len(rows[0].Raw[1]), got, want)
	}
	if rows[1].Line != 2+5<<20+1 || rows[1].Problems != nil {
		t.Errorf("the next row stands on line %d: %s", rows[1].Line, sentences(rows[1]))
	}
}

func TestFormulasAreOnlyText(t *testing.T) {
	for _, cell := range []string{"=cmd()", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"} {
		x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref,surname\nN1," + cell + "\n"})), nil)
		if row := mustRows(t, x, casefile.Nominals)[0]; value(casefile.Nominals, row, "surname") != cell || row.Problems != nil {
			t.Errorf("%q became %q %s", cell, row.Values, sentences(row))
		}
	}
}

// The rows that come out of a whole file, good or bad, are those that were
// counted, and no bytes make it panic.
func FuzzTextFile(f *testing.F) {
	for _, s := range []string{"nominal_ref,surname\nN1,a\n", "nominal_ref;dob\nN1;\"x\n\n", "\xff\xfen\x00", "sep=;\nnominal_ref;x\n\xe9;\n", "nominal_ref\tx\r\n\"\"\"\t\xc3\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := with(nil)
		c["nominals.csv"] = string(data)
		x, err := Open(folderOf(t, c), nil)
		if err != nil {
			if casefile.KindOf(err) != casefile.Invalid {
				t.Errorf("nobody classified %v", err)
			}
			return
		}
		defer x.Close()
		rows, err := rowsOf(t, x, casefile.Nominals)
		file := fileOf(t, x, casefile.Nominals)
		if err != nil || int64(len(rows)) != file.Rows {
			t.Errorf("%d rows, %d counted, error %v", len(rows), file.Rows, err)
		}
		for _, row := range rows {
			if len(row.Values) != len(casefile.SchemaOf(casefile.Nominals).Columns) || row.Problems == nil && value(file.Table, row, "nominal_ref") == "" {
				t.Errorf("row %q has values %q", row.Raw, row.Values)
			}
		}
	})
}
