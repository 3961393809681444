// Package publish writes figures and lists in the forms in which they leave a
// register.
package publish

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"

	"lookback/internal/casefile"
)

// A Table is a CSV file on its way. It appears under its name whole or not at all.
type Table struct {
	name string
	file *os.File
	buf  *bufio.Writer
	hash interface{ Sum([]byte) []byte }
	csv  *csv.Writer
	rows int
}

// NewTable starts the file with its header. It overwrites nothing until Place.
func NewTable(name string, header ...string) (*Table, error) {
	f, err := os.OpenFile(name+".partial", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s cannot be written: %w", name, err)
	}
	h := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<16)
	t := &Table{name: name, file: f, buf: buf, hash: h, csv: csv.NewWriter(buf)}
	return t, t.csv.Write(header)
}

// Row adds one row. Cells that a spreadsheet would take for a formula get an
// apostrophe before them.
func (t *Table) Row(cells ...string) error {
	for i, c := range cells {
		cells[i] = Inert(c)
	}
	t.rows++
	return t.csv.Write(cells)
}

// Inert returns a cell that no spreadsheet executes (OWASP, CSV injection).
// Numbers keep their sign.
func Inert(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || isNumber(cell) {
		return cell
	}
	return "'" + cell
}

func isNumber(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	return len(s)-len(digits) <= 1 && digits != "" && strings.Trim(digits, "0123456789.") == "" && strings.Count(digits, ".") <= 1
}

// Close ends the file, still under its temporary name, and returns its rows and
// its hash: what an event needs to say before anybody can open it.
func (t *Table) Close() (rows int, sha256 string, err error) {
	t.csv.Flush()
	if err := errors.Join(t.csv.Error(), t.buf.Flush(), t.file.Sync(), t.file.Close()); err != nil {
		return 0, "", t.failed(err)
	}
	return t.rows, hex.EncodeToString(t.hash.Sum(nil)), nil
}

// Place puts a closed file under its name.
func (t *Table) Place() error {
	if err := os.Rename(t.name+".partial", t.name); err != nil {
		return t.failed(err)
	}
	return nil
}

func (t *Table) failed(err error) error {
	return casefile.Errorf(casefile.Full, "%s could not be written whole and was taken back: %w", t.name, err)
}

// Discard gives the file up. It does nothing after Place.
func (t *Table) Discard() {
	t.file.Close()
	os.Remove(t.name + ".partial")
}
