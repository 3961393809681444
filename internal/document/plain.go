package document

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// plainText reads UTF-8, UTF-16 and Windows-1252; a form feed ends a page.
func plainText(data []byte) (Doc, error) {
	text, note, err := decode(data)
	if err != nil {
		return Doc{}, err
	}
	if looksBinary(text) {
		return Doc{}, refuse("holds binary data, not text")
	}
	var d Doc
	for page := range strings.SplitSeq(strings.TrimSuffix(text, "\f"), "\f") {
		d.Pages = append(d.Pages, clean(page))
	}
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	if d.Empty() {
		d.Notes = append(d.Notes, "It holds no text but white space.")
	}
	return d, nil
}

// decode returns the text of bytes whose encoding nobody stated, and what to
// say about it.
func decode(data []byte) (text, note string, err error) {
	switch {
	case hasUTF16Mark(data):
		return decodeAs(utf.UTF16(utf.LittleEndian, utf.UseBOM), data, "")
	case utf8.Valid(data) && bytes.IndexByte(data, 0) < 0:
		return string(data), "", nil
	case zerosAt(data, 1):
		return decodeAs(utf.UTF16(utf.LittleEndian, utf.IgnoreBOM), data, "It has no mark of its encoding and was read as UTF-16.")
	case zerosAt(data, 0):
		return decodeAs(utf.UTF16(utf.BigEndian, utf.IgnoreBOM), data, "It has no mark of its encoding and was read as UTF-16.")
	case bytes.IndexByte(data, 0) >= 0:
		return "", "", refuse("holds binary data, not text")
	default:
		return decodeAs(charmap.Windows1252, data, "It is not UTF-8 and was read as Windows-1252.")
	}
}

func decodeAs(e encoding.Encoding, data []byte, note string) (string, string, error) {
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return "", "", refuse("cannot be read as text").because(err)
	}
	return string(out), note, nil
}

// zerosAt reports whether nearly every second byte, from odd or even places, is
// zero, and nearly no other: UTF-16 in a language of the Latin script.
func zerosAt(data []byte, odd int) bool {
	head := data[:min(len(data), 4096)&^1]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	return half > 0 && zeros[odd]*10 >= half*8 && zeros[1-odd]*20 <= half
}

// looksBinary reports whether some characters, and more than one in fifty, are
// controls that no text has.
func looksBinary(text string) bool {
	controls, all := 0, 0
	for _, r := range text {
		all++
		if r < 0x20 && !strings.ContainsRune("\t\n\v\f\r\x1a\x1b", r) || r == 0x7F {
			controls++
		}
	}
	return controls > 2 && controls*50 > all
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// clean gives text the form that [Doc] promises. It also drops byte order marks
// and the marks that turn the direction of what follows, which can make a text
// read differently from what it holds.
func clean(text string) string {
	text = lineEnds.Replace(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
			return -1
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, text)
	return norm.NFC.String(text)
}
