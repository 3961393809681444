package extract

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"lookback/internal/casefile"
)

// An xmlReader reads a part of a workbook tag by tag.
type xmlReader struct {
	d    *xml.Decoder
	part io.ReadCloser
	left *boundedReader
}

// A boundedReader fails when more is read than left, which is set anew for every
// tag: encoding/xml holds what stands between two tags in memory.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, sheetFault("a cell is longer than " + size(maxXMLToken))
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *workbook) tokens(part string, done *atomic.Int64) (*xmlReader, int64, error) {
	r, n, err := b.openPart(part)
	if err != nil {
		return nil, 0, err
	}
	bounded := &boundedReader{r: r}
	if done != nil {
		bounded.r = countingReader{r, done}
	}
	return &xmlReader{d: xml.NewDecoder(bufio.NewReaderSize(bounded, 64<<10)), part: r, left: bounded}, n, nil
}

func (x *xmlReader) close() { x.part.Close() }

// An xmlToken is a tag, or text.
type xmlToken struct{ xml.Token }

func (x *xmlReader) next() (xmlToken, error) {
	x.left.left = maxXMLToken
	t, err := x.d.Token()
	return xmlToken{t}, err
}

func (t xmlToken) opens(name string) bool {
	e, ok := t.Token.(xml.StartElement)
	return ok && e.Name.Local == name
}

func (t xmlToken) closes(name string) bool {
	e, ok := t.Token.(xml.EndElement)
	return ok && e.Name.Local == name
}

func (t xmlToken) attr(name string) string {
	if e, ok := t.Token.(xml.StartElement); ok {
		for _, a := range e.Attr {
			if a.Name.Local == name && a.Name.Space == "" {
				return a.Value
			}
		}
	}
	return ""
}

// chars returns the text up to the end of the element called name.
func (x *xmlReader) chars(name string) (string, error) {
	return x.collect(name, func(depth int, inText bool) bool { return depth == 0 })
}

// text returns the text of the runs (<t>) up to the end of the element called
// name, without the readings that some languages put above it (<rPh>).
func (x *xmlReader) text(name string) (string, error) {
	s, err := x.collect(name, func(_ int, inText bool) bool { return inText })
	return unescapeX(s), err
}

func (x *xmlReader) collect(name string, wanted func(depth int, inText bool) bool) (string, error) {
	var out []byte
	depth, inText, reading := 0, false, 0
	for {
		t, err := x.next()
		if err != nil {
			return "", noEOF(err)
		}
		switch e := t.Token.(type) {
		case xml.StartElement:
			depth++
			inText = e.Name.Local == "t"
			if e.Name.Local == "rPh" || reading > 0 {
				reading++
			}
		case xml.EndElement:
			if depth == 0 && e.Name.Local == name {
				return string(out), nil
			}
			depth--
			inText = false
			if reading > 0 {
				reading--
			}
		case xml.CharData:
			if wanted(depth, inText) && reading == 0 {
				out = append(out, e...)
			}
			if len(out) > maxXMLToken {
				return "", sheetFault("a cell is longer than " + size(maxXMLToken))
			}
		}
	}
}

// noEOF makes the end of the part within an element an error like others.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// errorIsOurs reports whether err speaks to the user already.
func errorIsOurs(err error) bool {
	_, ok := errors.AsType[*casefile.Error](err)
	return ok
}

// unescapeX reads _x000D_, as workbooks write characters that XML cannot hold.
func unescapeX(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		if len(s) >= i+7 && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if r, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				out.WriteRune(rune(r))
				i += 7
				continue
			}
		}
		out.WriteByte(s[i])
		i++
	}
	return out.String()
}
