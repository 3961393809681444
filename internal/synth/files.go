package synth

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"lookback/internal/casefile"
)

// A csvFile is one table on its way to disk, hashed and counted as it goes.
type csvFile struct {
	name  string
	wide  int
	rows  int
	bytes int64
	file  *os.File
	buf   *bufio.Writer
	sum   hash.Hash
	csv   *csv.Writer
	err   error
}

func createCSV(dir, name string, header []string) (*csvFile, error) {
	f, err := os.Create(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	t := &csvFile{name: name, wide: len(header), file: f, sum: sha256.New()}
	t.buf = bufio.NewWriterSize(io.MultiWriter(f, t.sum, (*tally)(&t.bytes)), 1<<16)
	t.csv = csv.NewWriter(t.buf)
	t.err = t.csv.Write(header)
	return t, nil
}

// A tally counts the bytes written to it.
type tally int64

func (n *tally) Write(p []byte) (int, error) {
	*n += tally(len(p))
	return len(p), nil
}

// row writes one row; its cells stand in the order of the header.
func (t *csvFile) row(cells ...string) {
	if len(cells) != t.wide {
		panic(fmt.Sprintf("synth: %s has %d columns, not %d", t.name, t.wide, len(cells)))
	}
	if t.err == nil {
		t.err = t.csv.Write(cells)
		t.rows++
	}
}

func (t *csvFile) close() error {
	t.csv.Flush()
	for _, err := range []error{t.csv.Error(), t.buf.Flush(), t.file.Close()} {
		if t.err == nil {
			t.err = err
		}
	}
	return t.err
}

// A manifest is extract.json: where an extract came from and what is in it.
type manifest struct {
	Force         string         `json:"force"`
	System        string         `json:"system"`
	SystemVersion string         `json:"system_version"`
	ExtractedAt   string         `json:"extracted_at"`
	ExtractedBy   string         `json:"extracted_by"`
	Query         string         `json:"query"`
	WindowFrom    string         `json:"window_from"`
	WindowTo      string         `json:"window_to"`
	Synthetic     bool           `json:"synthetic"`
	Files         []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

func (g *generator) writeManifest() error {
	m := manifest{
		Force: Force, System: System, SystemVersion: "1", ExtractedBy: "synthetic data generator",
		ExtractedAt: dayText(extracted) + "T06:00",
		Query: fmt.Sprintf("made up: %d cases, seed %d, prevalence %s; no person, place or event in it is real",
			g.plan.records, g.seed, formatShare(g.options.Prevalence)),
		WindowFrom: fmt.Sprintf("%d-01-01", firstYear), WindowTo: dayText(extracted), Synthetic: true,
	}
	for _, s := range casefile.Schemas {
		t := g.tables[s.Table]
		m.Files = append(m.Files, manifestFile{t.name, t.rows, hex.EncodeToString(t.sum.Sum(nil))})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(g.dir, "extract.json"), append(text, '\n'), 0o644)
}

// openTables creates every table of the contract and the truth beside them.
func (g *generator) openTables() error {
	for _, sub := range []string{"", "documents", "truth"} {
		if err := os.MkdirAll(filepath.Join(g.dir, sub), 0o755); err != nil {
			return err
		}
	}
	for _, s := range casefile.Schemas {
		header := make([]string, len(s.Columns))
		for i, c := range s.Columns {
			header[i] = c.Name
		}
		t, err := createCSV(g.dir, string(s.Table)+".csv", header)
		if err != nil {
			return err
		}
		g.tables[s.Table] = t
	}
	for name, header := range truthHeaders {
		t, err := createCSV(g.dir, "truth/"+name+".csv", header)
		if err != nil {
			return err
		}
		g.truth[name] = t
	}
	return nil
}

// closeTables finishes every file and returns the first error of any.
func (g *generator) closeTables() error {
	var all []*csvFile
	for _, s := range casefile.Schemas {
		all = append(all, g.tables[s.Table])
	}
	for _, t := range g.truth {
		all = append(all, t)
	}
	var errs []error
	for _, t := range all {
		if t != nil {
			errs = append(errs, t.close())
		}
	}
	return errors.Join(errs...)
}

// truthHeaders are the tables that say what is true. An import never reads them.
var truthHeaders = map[string][]string{
	"people":   {"nominal_ref", "person"},
	"networks": {"network", "person"},
	"cases":    {"crime_ref", "group_based", "network", "typology"},
	"stated":   {"crime_ref", "stated", "stated_max"},
	"language": {"crime_ref", "table", "seq", "class"},
}
