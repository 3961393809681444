package synth

import (
	"bytes"
	"fmt"
	"strings"
)

// asPDF writes a PDF 1.4 with a text layer: a catalogue, a font, and for each
// page its object and its content.
func asPDF(d paper) []byte {
	var kids []string
	for k := range d.pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 4+2*k))
	}
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	for k, page := range d.pages {
		content := pdfContent(page)
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*k),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	return pdfFile(objects)
}

// pdfFile numbers the objects and writes the table that says where each begins.
func pdfFile(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var starts []int
	for k, o := range objects {
		starts = append(starts, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", k+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range starts {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

const pdfLineWidth = 88 // characters that fit on a line at 10 points

func pdfContent(paragraphs []string) string {
	var b strings.Builder
	b.WriteString("BT /F1 10 Tf 13 TL 50 790 Td\n")
	for _, p := range paragraphs {
		for _, l := range wrapped(p, pdfLineWidth) {
			fmt.Fprintf(&b, "(%s) Tj T*\n", pdfString(l))
		}
		b.WriteString("T*\n")
	}
	b.WriteString("ET")
	return b.String()
}

func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// pdfString escapes a string and writes it in Windows-1252 as far as Latin-1
// goes; a letter beyond that, as some names have, becomes "?".
func pdfString(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '(' || c == ')' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(c))
		case c < 0x80:
			b.WriteByte(byte(c))
		case c >= 0xa0 && c <= 0xff:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
