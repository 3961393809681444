package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// manifest DIR [synthetic] writes the extract.json that fits the tables of a folder.
func cmdManifest(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(writeManifest(dir, slices.Contains(args[1:], "synthetic")))
}

func writeManifest(dir string, synthetic bool) error {
	type file struct {
		Name   string `json:"name"`
		SHA256 string `json:"sha256"`
	}
	m := struct {
		Force     string `json:"force"`
		System    string `json:"system"`
		Synthetic bool   `json:"synthetic"`
		Files     []file `json:"files"`
	}{"Westmere", "TEST", synthetic, nil}
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		m.Files = append(m.Files, file{filepath.Base(name), hex.EncodeToString(sum[:])})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "extract.json"), append(text, '\n'), 0o600)
}

// zip FILE DIR packs a folder.
func cmdZip(ts *testscript.TestScript, _ bool, args []string) {
	files := map[string][]byte{}
	root := os.DirFS(ts.MkAbs(args[1]))
	ts.Check(fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(root, name)
		}
		return err
	}))
	ts.Check(writeZip(ts.MkAbs(args[0]), files))
}

func writeZip(path string, files map[string][]byte) error {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, buf.Bytes(), 0o600)
}

// latin1 FILE writes a UTF-8 file again in Windows-1252, as far as Latin 1 goes.
func cmdLatin1(ts *testscript.TestScript, _ bool, args []string) {
	var out []byte
	for _, r := range ts.ReadFile(args[0]) {
		if r > 0xff {
			ts.Fatalf("%q is not in Latin 1", r)
		}
		out = append(out, byte(r))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o600))
}

// bigcell FILE TEXT MIB puts a cell of so many MiB where the text stood.
func cmdBigCell(ts *testscript.TestScript, _ bool, args []string) {
	n := must[int](ts)(strconv.Atoi(args[2]))
	cell := strings.Repeat("statement filed ", n<<20/16)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(ts.ReadFile(args[0]), args[1], cell, 1)), 0o600))
}

// workbook FILE DIR makes an XLSX workbook with a sheet for each CSV file.
func cmdWorkbook(ts *testscript.TestScript, _ bool, args []string) {
	x := excelize.NewFile()
	defer x.Close()
	names := must[[]string](ts)(filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "*.csv")))
	for i, name := range names {
		rows := must[[][]string](ts)(csv.NewReader(strings.NewReader(ts.ReadFile(name))).ReadAll())
		sheet := strings.TrimSuffix(filepath.Base(name), ".csv")
		if i == 0 {
			ts.Check(x.SetSheetName("Sheet1", sheet))
		} else {
			must[int](ts)(x.NewSheet(sheet))
		}
		for r, row := range rows {
			cell := must[string](ts)(excelize.CoordinatesToCellName(1, r+1))
			ts.Check(x.SetSheetRow(sheet, cell, &row))
		}
	}
	ts.Check(x.SaveAs(ts.MkAbs(args[0])))
}

// xlsxbomb FILE MIB writes a workbook whose one sheet unpacks to so many MiB.
func cmdXLSXBomb(ts *testscript.TestScript, _ bool, args []string) {
	n := must[int](ts)(strconv.Atoi(args[1]))
	sheet := `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
		strings.Repeat(`<row><c t="inlineStr"><is><t>0000000000000000</t></is></c></row>`, n<<20/64) + `</sheetData></worksheet>`
	x := excelize.NewFile()
	defer x.Close()
	ts.Check(x.SetSheetName("Sheet1", "investigations"))
	for _, sheet := range []string{"nominals", "involvements"} {
		must[int](ts)(x.NewSheet(sheet))
	}
	whole := must[*bytes.Buffer](ts)(x.WriteToBuffer())
	z := must[*zip.Reader](ts)(zip.NewReader(bytes.NewReader(whole.Bytes()), int64(whole.Len())))
	files := map[string][]byte{}
	for _, f := range z.File {
		files[f.Name] = must[[]byte](ts)(fs.ReadFile(z, f.Name))
	}
	files["xl/worksheets/sheet1.xml"] = []byte(sheet)
	ts.Check(writeZip(ts.MkAbs(args[0]), files))
}
