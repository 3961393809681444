package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"lookback/internal/casefile"
)

func TestWhatIsNoExtractIsRefused(t *testing.T) {
	dir := t.TempDir()
	pdf := filepath.Join(dir, "a.pdf")
	os.WriteFile(pdf, []byte("x"), 0o644)
	refused(t, filepath.Join(dir, "nowhere"), nil, "There is no file or folder DIR/nowhere.")
	refused(t, pdf, nil, "DIR/a.pdf is not an extract; expected a folder, a ZIP of one, or an XLSX workbook with a sheet for each table.")
}

func TestAFileThatMayNotBeReadIsSaid(t *testing.T) {
	if os.Getuid() == 0 {
		err := readFault("log.csv", &os.PathError{Op: "open", Path: "log.csv", Err: os.ErrPermission})
		if got, want := casefile.Message(err), "log.csv may not be read by this account; ask for read permission on it."; got != want || casefile.KindOf(err) != casefile.Forbidden {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	dir := folderOf(t, three)
	os.Chmod(filepath.Join(dir, "nominals.csv"), 0)
	refused(t, dir, nil, "nominals.csv may not be read by this account; ask for read permission on it.")
}

func TestMissingTablesAreNamed(t *testing.T) {
	refused(t, folderOf(t, files{"log.csv": "crime_ref,seq\n", "Personen.csv": "x\n", "extract.json": "{}"}), nil,
		"extract has no table investigations, nominals, involvements; expected a file or sheet of that name (.csv, .xlsx, .parquet), "+
			"or a mapping that names it. It has Personen.csv, log.csv.")
}

func TestTwoFilesForOneTableAreRefused(t *testing.T) {
	refused(t, folderOf(t, with(files{"nominals.txt": "nominal_ref\nN2\n"})), nil,
		"nominals.csv and nominals.txt both feed the table nominals; expected one of them, or a mapping that names both.")
}

func TestATextFileThatCannotBeReadRightIsRefused(t *testing.T) {
	long := strings.Repeat("x", 400)
	for name, c := range map[string]struct{ content, want string }{
		"empty": {"", "nominals.csv is empty; expected a header with the names of its columns."},
		"blank": {"\r\n\n", "nominals.csv is empty; expected a header with the names of its columns."},
		"wrong delimiter": {"nominal_ref|surname\nN1|a\n",
			`nominals.csv: its columns are separated by "|"; expected a comma, a semicolon or a tab.`},
		"wrong delimiter, quoted": {"\"nominal_ref\"^\"surname\"\n\"N1\"^\"a\"\n",
			`nominals.csv: its columns are separated by "^"; expected a comma, a semicolon or a tab.`},
		"wrong stated delimiter": {"sep=|\nnominal_ref|surname\nN1|a\n",
			`nominals.csv, line 1: "sep=" states the separator '|'; expected a comma, a semicolon or a tab.`},
		"duplicate header": {"nominal_ref,DOB,surname, dob\nN1,,,\n",
			`nominals.csv: the heading "dob" stands twice, in columns 2 and 4; expected each heading once.`},
		"missing required column": {"surname,nominalref,dob\na,N1,\n",
			`nominals.csv has no column "nominal_ref" (is it "nominalref"?); every row of nominals needs it. Its headings are "surname", "nominalref", "dob".`},
		"missing required column, nothing like it": {"surname,dob\na,\n",
			`nominals.csv has no column "nominal_ref"; every row of nominals needs it. Its headings are "surname", "dob".`},
		"undefined byte": {"nominal_ref,surname\nN1,Z\xf6e\nN2,\x81\nN3,\x90\n",
			"nominals.csv, line 3: the line holds a byte that neither UTF-8 nor Windows-1252 knows; expected one of these two encodings."},
		"UTF-16 without a mark": {"n\x00o\x00m\x00\n\x00",
			"nominals.csv, line 1: the header holds NUL bytes; expected UTF-8 text (UTF-16 can be read if it begins with a byte-order mark)."},
		"a workbook called CSV": {"PK\x03\x04......",
			"nominals.csv is a workbook or a ZIP by its content; expected CSV text, or a name that ends in .xlsx."},
		"carriage returns alone": {"nominal_ref,surname\rN1,a\rN2,b\r",
			"nominals.csv: its lines end with a carriage return alone; expected line feeds."},
		"a quote open in the header": {"nominal_ref,\"surname\nN1,a\n" + long,
			"nominals.csv, line 1: a quote in the header is not closed properly; expected names of columns."},
		"too many columns": {"nominal_ref" + strings.Repeat(",", 2000) + "\n",
			"nominals.csv has 2001 columns; expected at most 2000."},
		"too many cells in a row": {"nominal_ref\nN1\nN2" + strings.Repeat(",", 20000) + "\n",
			"nominals.csv, line 3: the row has more than 16384 cells."},
	} {
		t.Run(name, func(t *testing.T) {
			f := with(nil)
			f["nominals.csv"] = c.content
			refused(t, folderOf(t, f), nil, c.want)
		})
	}
}

func TestACellBeyondAllBoundsRefusesTheFile(t *testing.T) {
	huge := "nominal_ref,surname\nN1,a\nN2,\"" + strings.Repeat("x\n", 33<<20) + "\"\n"
	refused(t, folderOf(t, with(files{"nominals.csv": huge})), nil,
		"nominals.csv, line 3: the row that starts here is longer than 64 MiB, which happens when a quote is opened and never closed; expected rows of less than that.")
}

func TestAHeaderWithoutEndIsRefused(t *testing.T) {
	refused(t, folderOf(t, with(files{"nominals.csv": "nominal_ref," + strings.Repeat("x", 2<<20) + "\nN1,a\n"})), nil,
		"nominals.csv, line 1: the header is longer than 1 MiB; expected names of columns.")
}

func TestUsesNeedsAColumnOfEachGroup(t *testing.T) {
	refused(t, folderOf(t, with(files{"uses.csv": "crime_ref,nominal_ref,use\nC1,N1,home\n"})), nil,
		`uses.csv has neither a column "address_ref" nor "identifier_ref"; every row of uses needs one of them. Its headings are "crime_ref", "nominal_ref", "use".`)
}

func TestAManifestThatDoesNotAgreeImportsNothing(t *testing.T) {
	good, bad := sha(three["nominals.csv"]), sha("other")
	for name, c := range map[string]struct{ manifest, want string }{
		"hash": {`{"files":[{"name":"nominals.csv","rows":1,"sha256":"` + bad + `"}]}`,
			"nominals.csv is not the file that extract.json describes: expected SHA-256 " + bad + ", found " + good + ". Nothing was read; ask for the extract again."},
		"rows": {`{"files":[{"name":"nominals.csv","rows":7,"sha256":"` + good + `"}]}`,
			"nominals.csv has 1 rows, but extract.json says 7. Nothing was read; ask for the extract again."},
		"document": {`{"files":[{"name":"documents/a.txt","sha256":"` + bad + `"}]}`,
			"documents/a.txt is not the file that extract.json describes: expected SHA-256 " + bad + ", found " + sha("a") + ". Nothing was read; ask for the extract again."},
		"absent": {`{"files":[{"name":"log.csv","rows":7}]}`,
			"extract.json lists log.csv, which is not in the extract. Nothing was read; ask for the extract again."},
		"not JSON": {"{\n\"force\": }", "extract.json cannot be read: line 2 is not JSON (invalid character '}' looking for beginning of value)."},
		"kind":     {`{"files":[{"name":"a","rows":"7"}]}`, "extract.json cannot be read: line 1: files.rows holds a string where another kind of value was expected."},
		"digits":   {`{"files":[{"name":"nominals.csv","sha256":"xyz"}]}`, `extract.json: the "sha256" of nominals.csv is "xyz"; expected 64 hexadecimal digits.`},
		"twice":    {`{"files":[{"name":"a"},{"name":"A"}]}`, `extract.json: "files" lists A twice.`},
		"date":     {`{"extracted_at":"yesterday"}`, `extract.json, field "extracted_at": "yesterday" is not a date; expected one such as 2014-03-09 or 2014-03-09T21:40.`},
		"doubled":  {`{"synthetic":true,"synthetic":false}`, `extract.json cannot be read: "synthetic" stands twice in one object.`},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, folderOf(t, with(files{"extract.json": c.manifest, "documents/a.txt": "a"})), nil, c.want)
		})
	}
}

func TestAWrongHashIsSaidBeforeWhatElseIsWrong(t *testing.T) {
	bad := sha("other")
	refused(t, folderOf(t, with(files{"nominals.csv": "nominal_ref|x\n", "extract.json": `{"files":[{"name":"nominals.csv","sha256":"` + bad + `"}]}`})), nil,
		"nominals.csv is not the file that extract.json describes: expected SHA-256 "+bad+", found "+sha("nominal_ref|x\n")+". Nothing was read; ask for the extract again.")
}

func writeZip(t *testing.T, data []byte) string {
	p := filepath.Join(t.TempDir(), "extract.zip")
	if err := os.WriteFile(p, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestATruncatedZipIsRefused(t *testing.T) {
	data := zipBytes(t, with(files{"log.csv": "crime_ref,seq\n" + strings.Repeat("C1,1\n", 1000)}), "")
	want := "extract.zip is not a whole ZIP: the table of contents at its end is missing or damaged, as when a copy was cut short. Copy it again and compare its size with the original (here: %s)."
	for _, n := range []int{0, 1, 100, len(data) / 2, len(data) - 30} {
		refused(t, writeZip(t, data[:n]), nil, strings.Replace(want, "%s", size(int64(n)), 1))
	}
}

func TestADamagedZipIsRefused(t *testing.T) {
	data := zipBytes(t, three, "")
	at := bytes.Index(data, []byte("nominals.csv")) + len("nominals.csv") + 4
	data[at] ^= 0xff
	_, err := Open(writeZip(t, data), nil)
	want := "nominals.csv in extract.zip is damaged: what it unpacks to is not what its checksum says. Copy the ZIP again."
	if err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAZipThatPointsElsewhereIsRefused(t *testing.T) {
	for _, name := range []string{"../log.csv", "/etc/log.csv", `..\log.csv`, "a/../../log.csv", `C:\log.csv`} {
		f := with(nil)
		f[name] = "x"
		quoted := strings.ReplaceAll(name, `\`, `\\`)
		refused(t, writeZip(t, zipBytes(t, f, "")), nil,
			`extract.zip holds a file called "`+quoted+`", which points outside the archive or is no name at all; expected plain names such as log.csv.`)
	}
}

func TestAnEncryptedZipIsRefused(t *testing.T) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "nominals.csv", Flags: 1, Method: zip.Store, UncompressedSize64: 12, CompressedSize64: 12})
	if err == nil {
		_, err = io.WriteString(w, "scrambled...")
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	refused(t, writeZip(t, buf.Bytes()), nil, "extract.zip is encrypted (nominals.csv in it needs a password); expected a ZIP without one.")
}

func TestAZipBombIsRefused(t *testing.T) {
	data := zipBytes(t, with(files{"log.csv": "crime_ref,seq\n" + strings.Repeat("\n", 80<<20)}), "")
	_, err := Open(writeZip(t, data), nil)
	if err == nil || !strings.HasPrefix(casefile.Message(err), "log.csv in extract.zip would unpack from ") ||
		!strings.HasSuffix(casefile.Message(err), " to 80.0 MiB, more than 200 times its size; that is no extract. Nothing was unpacked.") {
		t.Errorf("got %v", err)
	}
}

func TestAZipThatLiesAboutItsSizeIsRefused(t *testing.T) {
	data := zipBytes(t, with(files{"log.csv": "crime_ref,seq\n" + strings.Repeat("C1,1\n", 1000)}), "")
	// In the table of contents the unpacked size stands at byte 24 of an entry, the name at byte 46.
	at := bytes.LastIndex(data, []byte("log.csv")) - 46 + 24
	copy(data[at:], []byte{20, 0, 0, 0})
	_, err := Open(writeZip(t, data), nil)
	want := "log.csv in extract.zip is damaged: what it unpacks to is not what its checksum says. Copy the ZIP again."
	if err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAZipWithOneNameTwiceIsRefused(t *testing.T) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for range 2 {
		z.Create("nominals.csv")
	}
	z.Close()
	refused(t, writeZip(t, buf.Bytes()), nil, `extract.zip holds two files called "nominals.csv"; expected each name once.`)
}

func TestAPartIsNeverReadBeyondItsStatedSize(t *testing.T) {
	endless := io.NopCloser(strings.NewReader(strings.Repeat("x", 1000)))
	r := &partReader{a: &archive{label: "extract.zip", what: "ZIP"}, name: "log.csv", r: endless, left: 10}
	n, err := io.Copy(io.Discard, iotest.OneByteReader(r))
	want := "log.csv in extract.zip is damaged: what it unpacks to is not what its checksum says. Copy the ZIP again."
	if n != 10 || err == nil || casefile.Message(err) != want {
		t.Errorf("%d bytes, got %v\nwant %s", n, err, want)
	}
}
