package extract

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// An encoding says how the bytes of a text file are to be read.
type encoding string

const (
	utf8Text    encoding = "UTF-8"
	utf16LE     encoding = "UTF-16LE"
	utf16BE     encoding = "UTF-16BE"
	windows1252 encoding = "Windows-1252"
)

var utf8BOM = []byte("\xef\xbb\xbf")

// encodingOf returns what the first bytes of a file say: UTF-16 only with a
// byte-order mark.
func encodingOf(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16LE
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16BE
	}
	return utf8Text
}

// decoder returns r as UTF-8 as far as the splitter needs it: Windows-1252 is
// left as it stands, because its separators, quotes and line ends are ASCII and
// its cells are decoded one by one.
func (e encoding) decoder(r io.Reader) io.Reader {
	switch e {
	case utf16LE:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case utf16BE:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	}
	return &bomSkipper{r: r}
}

// A bomSkipper drops a byte-order mark at the start of UTF-8.
type bomSkipper struct {
	r    io.Reader
	head []byte
	done bool
}

func (b *bomSkipper) Read(p []byte) (int, error) {
	if !b.done {
		b.done = true
		head := make([]byte, len(utf8BOM))
		n, err := io.ReadFull(b.r, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		b.head = bytes.TrimPrefix(head[:n], utf8BOM)
	}
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	return b.r.Read(p)
}

// A census counts, over all bytes of a file, what tells UTF-8 from Windows-1252.
type census struct {
	multi     int64 // characters of two and more bytes that are valid UTF-8
	invalid   int64 // bytes that are not part of valid UTF-8
	undefined int   // the line of the first byte that Windows-1252 does not define, 0 if none

	rest []byte // the start of a character that the next write completes
	line int    // line ends so far
}

func (c *census) Write(p []byte) (int, error) {
	n := len(p)
	if len(c.rest) > 0 {
		p = append(c.rest, p...)
		c.rest = nil
	}
	start := 0 // bytes before it are counted as lines
	for i := 0; i < len(p); {
		if p[i] < utf8.RuneSelf {
			i += asciiRun(p[i:])
			continue
		}
		if !utf8.FullRune(p[i:]) {
			c.line += bytes.Count(p[start:i], newline)
			c.rest = append([]byte(nil), p[i:]...)
			return n, nil
		}
		size := c.character(p[i:])
		if c.undefined == 0 && anyUndefined(p[i:i+size]) {
			c.line += bytes.Count(p[start:i], newline)
			start, c.undefined = i, c.line+1
		}
		i += size
	}
	c.line += bytes.Count(p[start:], newline)
	return n, nil
}

func (c *census) character(p []byte) int {
	r, size := utf8.DecodeRune(p)
	if r == utf8.RuneError && size == 1 {
		c.invalid++
		return 1
	}
	if r != '\ufeff' {
		c.multi++
	}
	return size
}

// close counts a character that the file ends in the middle of.
func (c *census) close() {
	c.invalid += int64(len(c.rest))
	if c.undefined == 0 && anyUndefined(c.rest) {
		c.undefined = c.line + 1
	}
}

// verdict says what the file is. Windows-1252 hardly ever forms valid UTF-8 by
// chance, so a file with both is UTF-8 in which some cells are broken (cut in
// the middle of a character, say), unless the valid ones are a rare exception.
func (c *census) verdict() encoding {
	if c.invalid > 0 && c.multi*100 < c.invalid {
		return windows1252
	}
	return utf8Text
}

func asciiRun(p []byte) int {
	for i := 0; i < len(p); i++ {
		if p[i] >= utf8.RuneSelf {
			return i
		}
	}
	return len(p)
}

// anyUndefined reports whether p holds one of the five bytes to which
// Windows-1252 gives no character.
func anyUndefined(p []byte) bool {
	for _, b := range p {
		switch b {
		case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
			return true
		}
	}
	return false
}

// decode1252 reads a cell as Windows-1252.
func decode1252(cell string) string {
	ascii := true
	for i := range len(cell) {
		if cell[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return cell
	}
	out := make([]rune, 0, len(cell))
	for i := range len(cell) {
		out = append(out, charmap.Windows1252.DecodeByte(cell[i]))
	}
	return string(out)
}
