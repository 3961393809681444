package codelist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A record is one row of a list while it is being read. The first value that its
// column does not allow is kept in err.
type record struct {
	file  string
	line  int
	cells map[string]string
	err   *error
}

func (r record) text(column string) string { return r.cells[column] }

func (r record) list(column string) []string {
	var out []string
	for v := range strings.SplitSeq(r.cells[column], ";") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// oneOf returns the cell, which must be one of the values.
func (r record) oneOf(column string, values ...string) string {
	v := r.cells[column]
	if !slices.Contains(values, v) {
		r.refuse(column, "one of %q", values)
	}
	return v
}

// filled returns the cell, which must not be empty.
func (r record) filled(column string) string {
	v := r.cells[column]
	if v == "" {
		r.refuse(column, "a value")
	}
	return v
}

// whole returns the cell as a whole number, 0 where it is empty.
func (r record) whole(column string) int {
	v := r.cells[column]
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n <= 0 {
		r.refuse(column, "a whole number above zero")
	}
	return n
}

// day returns the cell, which must be empty or a day, YYYY-MM-DD.
func (r record) day(column string) string {
	v := r.cells[column]
	if _, err := time.Parse(time.DateOnly, v); v != "" && err != nil {
		r.refuse(column, "a day as YYYY-MM-DD")
	}
	return v
}

func (r record) row() Row {
	return Row{
		Source:     r.filled("source"),
		Confidence: Confidence(r.oneOf("confidence", string(Verified), string(Secondary), string(Unverified))),
		Notes:      r.text("notes"),
	}
}

func (r record) refuse(column, want string, args ...any) {
	if *r.err == nil {
		*r.err = fmt.Errorf("%s, line %d, column %s: %q is not %s", r.file, r.line, column, r.cells[column], fmt.Sprintf(want, args...))
	}
}

// readList hands every row of a CSV text to add.
func readList(file string, text []byte, columns []string, add func(record)) error {
	in := csv.NewReader(bytes.NewReader(text))
	header, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s has no header row: %w", file, err)
	}
	for _, c := range slices.Concat(columns, []string{"source", "confidence", "notes"}) {
		if !slices.Contains(header, c) {
			return fmt.Errorf("%s, line 1: the column %s is missing", file, c)
		}
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", file, err)
		}
		line, _ := in.FieldPos(0)
		var bad error
		r := record{file: file, line: line, cells: make(map[string]string, len(header)), err: &bad}
		for i, c := range header {
			r.cells[c] = strings.TrimSpace(cells[i])
		}
		if add(r); bad != nil {
			return bad
		}
	}
}
