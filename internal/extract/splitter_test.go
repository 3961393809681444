package extract

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// split returns the rows of a text as "line+lines:cell|cell", with a ! before a
// row that has a fault.
func split(t testing.TB, r io.Reader, delim byte) (rows []string, s *splitter) {
	t.Helper()
	s = newSplitter(r, delim)
	for {
		row, err := s.next()
		if err == io.EOF {
			return rows, s
		}
		if err != nil {
			t.Fatal(err)
		}
		mark := ""
		if row.fault != nil {
			mark = fmt.Sprintf("!%d@%d%q ", row.fault.cell, row.fault.line, row.fault.next)
		}
		rows = append(rows, fmt.Sprintf("%s%d+%d:%s", mark, row.line, row.lines, strings.Join(row.strings(), "|")))
	}
}

func TestRowsAreCut(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   {},
		"a,b\n":                              {"1+1:a|b"},
		"a,b":                                {"1+1:a|b"},
		"a,\r\n,b\r\n":                       {"1+1:a|", "2+1:|b"},
		"\n\r\na\n\n\nb\n\n":                 {"3+1:a", "6+1:b"},
		"\"a,\"\"b\"\"\",\"c\nd\r\ne\"\nf,g": {"1+3:a,\"b\"|c\nd\r\ne", "4+1:f|g"},
		"\"\",\"\"\r\n":                      {"1+1:|"},
		"a,\"b\"":                            {"1+1:a|b"},
		"a,\"b\"\r":                          {"1+1:a|b"},
		"5'11\" tall,x\n":                    {"1+1:5'11\" tall|x"},
		"a\rb,c\n":                           {"1+1:a\rb|c"},
		// A quote opens and never closes: only its line is lost.
		"a,\"b\nc,d\ne,f\n": {"!1@1\"\" 1+1:a|\"b", "2+1:c|d", "3+1:e|f"},
		// The next quote opens a good cell further down.
		"a,\"b\nc,d\ne,\"f\"\n": {"!1@1\"f\" 1+1:a|\"b", "2+1:c|d", "3+1:e|f"},
		// A quote inside a cell is not doubled.
		"\"x \"y\" z\",b\nc,d\n": {"!0@1\"y\" 1+1:\"x \"y\" z\"|b", "2+1:c|d"},
		// The faulty quote stands on the third line of its row.
		"\"a\nb\n\",\"c\nd,e\n": {"!1@3\"\" 1+3:a\nb\n|\"c", "4+1:d|e"},
		"\"":                    {"!0@1\"\" 1+1:\""},
	} {
		got, s := split(t, strings.NewReader(text), ',')
		if !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
		if slow, _ := split(t, iotest.OneByteReader(strings.NewReader(text)), ','); !slices.Equal(slow, got) {
			t.Errorf("%q, byte by byte\n got %q\nwant %q", text, slow, got)
		}
		if s.total != int64(len(text)) {
			t.Errorf("%q: %d of %d bytes accounted for", text, s.total, len(text))
		}
	}
}

func TestARowAcrossTheBufferIsCutRight(t *testing.T) {
	for _, n := range []int{splitBuffer - 3, splitBuffer - 1, splitBuffer, splitBuffer + 1, 3 * splitBuffer} {
		cell := strings.Repeat("é", n/2)
		text := "a,\"" + cell + "\n\"\"x\"\nb,c\n" + strings.Repeat("d,e\n", splitBuffer/3)
		got, _ := split(t, strings.NewReader(text), ',')
		if got[0] != "1+2:a|"+cell+"\n\"x" || got[1] != "3+1:b|c" || len(got) != 2+splitBuffer/3 {
			t.Errorf("with %d bytes: %d rows, the second %q", n, len(got), got[1])
		}
	}
}

func TestAReadErrorIsPassedOn(t *testing.T) {
	broken := errors.New("the share went away")
	s := newSplitter(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(broken)), ',')
	if _, err := s.next(); err != broken {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// Whatever the bytes: every line belongs to one row or is blank, nothing is cut
// twice, and what encoding/csv takes without complaint comes out the same.
func FuzzSplitter(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\"\"\n\",b\r\n\r\n", "a,\"b\nc,\"d\"\n", "\"x\"y\n\"", "\xff\x00,\n", "a\r\n\"b\r"} {
		f.Add([]byte(s), byte(','))
	}
	f.Fuzz(func(t *testing.T, data []byte, delim byte) {
		if delim != ',' && delim != ';' && delim != '\t' {
			delim = ','
		}
		s := newSplitter(bytes.NewReader(data), delim)
		s.limit = 1 << 10
		next, faults := 1, 0
		var rows [][]string
		for {
			blanks := s.blank
			row, err := s.next()
			if _, long := errors.AsType[tooLong](err); long {
				return
			}
			next += s.blank - blanks
			if err == io.EOF {
				break
			}
			if err != nil || row.line != next || row.lines < 1 || len(row.cells) == 0 {
				t.Fatalf("row %+v, error %v, expected on line %d", row, err, next)
			}
			next += row.lines
			if row.fault != nil {
				faults++
				if row.fault.line < row.line || row.fault.line >= row.line+row.lines || row.fault.cell >= len(row.cells) {
					t.Fatalf("fault %+v of row %+v", row.fault, row)
				}
			}
			rows = append(rows, row.strings())
		}
		lines := bytes.Count(data, newline) + 1
		if len(data) > 0 && data[len(data)-1] == '\n' || len(data) == 0 {
			lines--
		}
		if next != lines+1 || s.total != int64(len(data)) {
			t.Fatalf("%q: %d of %d lines, %d of %d bytes accounted for", data, next-1, lines, s.total, len(data))
		}
		compare(t, data, delim, rows, faults)
	})
}

// compare holds rows against encoding/csv, which turns CRLF in a cell into LF.
func compare(t *testing.T, data []byte, delim byte, rows [][]string, faults int) {
	std := csv.NewReader(bytes.NewReader(data))
	std.Comma, std.FieldsPerRecord = rune(delim), -1
	want, err := std.ReadAll()
	if err != nil || faults > 0 || bytes.Contains(data, []byte("\r")) {
		return
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Fatalf("%q: %q, encoding/csv has %q", data, rows, want)
	}
}
