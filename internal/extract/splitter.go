package extract

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Bounds on one row of a text file. encoding/csv has none: a quote that is
// opened by mistake makes it read the rest of the file into memory, it drops
// the lines it had swallowed, and it changes CRLF inside a cell. Hence the
// splitter below.
const (
	maxRowBytes = 64 << 20 // a longer row refuses the file
	maxCells    = 16384    // as many columns as a spreadsheet can have
	splitBuffer = 256 << 10
)

// A splitter cuts a text into rows by RFC 4180, streaming. Every line of the
// text belongs to exactly one row or is blank, whatever the quotes do: where a
// quote is opened and not closed properly, the row ends with the line on which
// the quote stands, and the fault is reported with it.
type splitter struct {
	r     io.Reader
	delim byte
	limit int // bytes a row may have

	buf        []byte
	start, end int
	eof        bool
	line       int // the line on which buf[start] stands, from 1

	cells []span
	blank int // blank lines passed so far
	total int64
}

// A span is a cell within the bytes of its row.
type span struct {
	lo, hi  int
	escaped bool // has doubled quotes inside
}

// A splitRow is one row; its bytes are valid until the next one is asked for.
type splitRow struct {
	line  int // where it starts
	lines int // how many lines of the text it takes up
	bytes []byte
	cells []span
	fault *quoteFault
}

// A quoteFault is a quote that opens a cell and is not closed properly.
type quoteFault struct {
	cell int    // index of the cell it opens
	line int    // the line on which it opens
	next string // what followed the closing quote; "" if there was none
}

func newSplitter(r io.Reader, delim byte) *splitter {
	return &splitter{r: r, delim: delim, limit: maxRowBytes, line: 1}
}

// A tooLong is a row beyond the limit, from the line on which it starts.
type tooLong struct{ line, cells, limit int }

func (e tooLong) Error() string {
	if e.cells > 0 {
		return fmt.Sprintf("line %d: the row has more than %d cells", e.line, e.cells)
	}
	return fmt.Sprintf("line %d: the row that starts here is longer than %s, "+
		"which happens when a quote is opened and never closed; expected rows of less than that",
		e.line, size(int64(e.limit)))
}

// next returns the next row, io.EOF after the last one, a tooLong, or the error
// of the reader.
func (s *splitter) next() (splitRow, error) {
	for {
		window := s.buf[s.start:s.end]
		if n := blankLine(window, s.eof); n > 0 {
			s.blank++
			s.advance(n, 1)
			continue
		}
		if s.eof && len(window) == 0 {
			return splitRow{}, io.EOF
		}
		row, n, ok := s.parse(window)
		switch {
		case len(s.cells) > maxCells:
			return splitRow{}, tooLong{line: s.line, cells: maxCells}
		case ok && n <= s.limit:
			row.line = s.line
			if row.fault != nil {
				row.fault.line += s.line
			}
			s.advance(n, row.lines)
			return row, nil
		case ok || len(window) > s.limit:
			return splitRow{}, tooLong{line: s.line, limit: s.limit}
		}
		if err := s.fill(); err != nil {
			return splitRow{}, err
		}
	}
}

func (s *splitter) advance(n, lines int) {
	s.start += n
	s.line += lines
	s.total += int64(n)
}

// blankLine returns the length of the blank line at the start of b, 0 if it is
// not blank or cannot be told yet.
func blankLine(b []byte, eof bool) int {
	switch {
	case len(b) > 0 && b[0] == '\n':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	case eof && len(b) == 1 && b[0] == '\r':
		return 1
	}
	return 0
}

// fill makes room and reads until the buffer is full, so that a row is parsed
// again at most once for every doubling, however small the reads.
func (s *splitter) fill() error {
	if s.eof {
		return io.ErrUnexpectedEOF // parse always succeeds at the end
	}
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.end])
		s.start, s.end = 0, s.end-s.start
	}
	if s.end == len(s.buf) {
		grown := make([]byte, max(splitBuffer, 2*len(s.buf)))
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for s.end < len(s.buf) {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err == io.EOF {
			s.eof = true
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parse cuts the row at the start of b and returns it with its length. It is
// not ok if b ends before the row does.
func (s *splitter) parse(b []byte) (row splitRow, n int, ok bool) {
	s.cells = s.cells[:0]
	pos, lines := 0, 0
	eol := -1 // end of the line on which pos stands, once looked for
	for len(s.cells) <= maxCells {
		if pos < len(b) && b[pos] == '"' {
			q := s.quoted(b, pos)
			if q.more {
				return row, 0, false
			}
			if q.fault {
				return s.literal(b, pos, lines, q.next)
			}
			lines += bytes.Count(b[pos:q.after], newline)
			s.cells = append(s.cells, span{pos + 1, q.close, q.escaped})
			pos, eol = q.after, -1
			if q.last {
				if b[pos-1] != '\n' {
					lines++ // the text ends without a line end
				}
				return s.finish(b, pos, lines)
			}
			continue
		}
		if eol < 0 {
			if eol = s.lineEnd(b, pos); eol < 0 {
				return row, 0, false
			}
		}
		if i := bytes.IndexByte(b[pos:eol], s.delim); i >= 0 {
			s.cells = append(s.cells, span{lo: pos, hi: pos + i})
			pos += i + 1
			continue
		}
		s.cells = append(s.cells, span{lo: pos, hi: trimCR(b, pos, eol)})
		return s.finish(b, min(eol+1, len(b)), lines+1)
	}
	return row, 0, false
}

var newline = []byte{'\n'}

func (s *splitter) finish(b []byte, n, lines int) (splitRow, int, bool) {
	return splitRow{lines: lines, bytes: b[:n], cells: s.cells}, n, true
}

// lineEnd returns where the line at pos ends, -1 if it cannot be told yet.
func (s *splitter) lineEnd(b []byte, pos int) int {
	if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
		return pos + i
	}
	if s.eof {
		return len(b)
	}
	return -1
}

func trimCR(b []byte, lo, hi int) int {
	if hi > lo && b[hi-1] == '\r' {
		return hi - 1
	}
	return hi
}

// A quotedCell says how the cell that a quote opens goes on.
type quotedCell struct {
	close   int // index of the closing quote
	after   int // where the next cell or row starts
	escaped bool
	last    bool // the row ends with this cell
	more    bool // cannot be told yet
	fault   bool
	next    string // with fault: what follows the closing quote
}

func (s *splitter) quoted(b []byte, pos int) (q quotedCell) {
	at := pos + 1
	for {
		i := bytes.IndexByte(b[at:], '"')
		if i < 0 {
			return quotedCell{more: !s.eof, fault: s.eof}
		}
		at += i + 1
		if at < len(b) && b[at] == '"' {
			q.escaped = true
			at++
			continue
		}
		break
	}
	q.close = at - 1
	rest := b[at:]
	switch {
	case len(rest) >= 1 && rest[0] == s.delim:
		q.after = at + 1
	case len(rest) >= 1 && rest[0] == '\n':
		q.after, q.last = at+1, true
	case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
		q.after, q.last = at+2, true
	case s.eof && (len(rest) == 0 || len(rest) == 1 && rest[0] == '\r'):
		q.after, q.last = len(b), true
	case !s.eof && len(rest) < 2:
		q.more = true
	default:
		q.fault, q.next = true, firstRune(rest)
	}
	return q
}

// literal ends the row with the line on which the faulty quote at pos stands,
// and cuts the rest of that line without regard to quotes.
func (s *splitter) literal(b []byte, pos, lines int, next string) (splitRow, int, bool) {
	fault := &quoteFault{cell: len(s.cells), line: lines, next: next}
	end := s.lineEnd(b, pos)
	if end < 0 {
		return splitRow{}, 0, false
	}
	stop := trimCR(b, pos, end)
	for len(s.cells) <= maxCells {
		i := bytes.IndexByte(b[pos:stop], s.delim)
		if i < 0 {
			break
		}
		s.cells = append(s.cells, span{lo: pos, hi: pos + i})
		pos += i + 1
	}
	s.cells = append(s.cells, span{lo: pos, hi: stop})
	row, n, ok := s.finish(b, min(end+1, len(b)), lines+1)
	row.fault = fault
	return row, n, ok
}

func firstRune(b []byte) string {
	for _, r := range string(b[:min(len(b), 4)]) {
		return string(r)
	}
	return ""
}

// strings returns the cells of the row as text of their own.
func (r *splitRow) strings() []string {
	text := string(r.bytes)
	out := make([]string, len(r.cells))
	for i, c := range r.cells {
		out[i] = text[c.lo:c.hi]
		if c.escaped {
			out[i] = strings.ReplaceAll(out[i], `""`, `"`)
		}
	}
	return out
}
