package document

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestPlainTextIsReadInAnyEncodingItIsMetIn(t *testing.T) {
	tests := []struct {
		name, data string
		pages      []string
		notes      []string
	}{
		{"UTF-8", "Café\r\nnext\rlast", []string{"Café\nnext\nlast"}, nil},
		{"a byte order mark", "\xEF\xBB\xBFCafé", []string{"Café"}, nil},
		{"Windows-1252", "Caf\xe9 \x93said\x94 \xa320", []string{"Café “said” £20"}, []string{"It is not UTF-8 and was read as Windows-1252."}},
		{"UTF-16 with a mark", "\xFF\xFEC\x00a\x00f\x00\xe9\x00", []string{"Café"}, nil},
		{"UTF-16, big end first", "\xFE\xFF\x00C\x00a\x00f\x00\xe9", []string{"Café"}, nil},
		{"UTF-16 without a mark", "N\x00a\x00m\x00e\x00d\x00", []string{"Named"}, []string{"It has no mark of its encoding and was read as UTF-16."}},
		{"form feeds are pages", "one\n\ftwo\f", []string{"one\n", "two"}, nil},
		{"control characters go", "a\x07b\tc\u202Ed\u0085e", []string{"ab\tcd\ne"}, nil},
		{"composed", "e\u0301", []string{"é"}, nil},
		{"joiners stay", "\u0645\u200C\u0627", []string{"\u0645\u200C\u0627"}, nil},
		{"white space only", " \n ", []string{" \n "}, []string{"It holds no text but white space."}},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), "a.txt", []byte(tt.data))
		if err != nil || d.Kind != TXT || !slices.Equal(d.Pages, tt.pages) || !slices.Equal(d.Notes, tt.notes) {
			t.Errorf("%s: %v\n got %q %q\nwant %q %q", tt.name, err, d.Pages, d.Notes, tt.pages, tt.notes)
		}
	}
}

func TestAnHTMLPageIsReadAsAReaderSeesIt(t *testing.T) {
	const start = "<!DOCTYPE html>"
	tests := []struct{ name, data, want string }{
		{"blocks begin lines", start + "<title>Log</title><body><p>One\n  two</p><p>Three<b>four</b> <i>five</i></p>", "Log\nOne two\nThreefour five"},
		{"scripts and styles go", start + "<style>p{}</style>a<script>if (1 < 2) x('<p>')</script>b<template><p>x</p></template>c", "abc"},
		{"entities", start + "<p>Smith &amp; Sons &#163;20 &lt;b&gt;", "Smith & Sons £20 <b>"},
		{"a table", start + "<table><tr><td>a</td><td>b</td></tr>\n<tr><th>c<td>d</table>", "a\tb\nc\td"},
		{"breaks", start + "<p>a<br>b<br/>c", "a\nb\nc"},
		{"kept spacing", start + "<pre>a\n  b</pre>c", "a\n  b\nc"},
		{"comments go", start + "<p>a<!-- <p>b --></p>c", "a\nc"},
		{"never closed", start + "<div><div><ul><li>a<li>b", "a\nb"},
		{"its own encoding", `<html><meta charset="iso-8859-1"><p>Caf` + "\xe9", "Café"},
		{"XHTML", `<?xml version="1.0"?><!-- x --><html xmlns="http://www.w3.org/1999/xhtml"><p>a</p></html>`, "a"},
		{"deep nesting is nothing special", start + strings.Repeat("<div>", 100_000) + "deep", "deep"},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), "a.html", []byte(tt.data))
		if err != nil || d.Kind != HTML || !slices.Equal(d.Pages, []string{tt.want}) || len(d.Notes) != 0 {
			t.Errorf("%s: %v\n got %q %q\nwant %q", tt.name, err, d.Pages, d.Notes, tt.want)
		}
	}
}

func TestAFileIsWhatItsContentSays(t *testing.T) {
	docx := makeDOCX(p(run("Word")), nil)
	compoundWith := func(s string) []byte {
		return []byte(compound + strings.Repeat("\x00", 64) + strings.Join(strings.Split(s, ""), "\x00"))
	}
	tests := []struct {
		name string
		data []byte
		kind Kind
		note string // or the refusal
	}{
		{"a.docx", docx, DOCX, ""},
		{"a.pdf", docx, DOCX, "The name ends in .pdf, but the file is a Word document and was read as that."},
		{"a.docx", []byte("<html><p>x"), HTML, "The name ends in .docx, but the file is an HTML page and was read as that."},
		{"a.pdf", []byte("just text"), TXT, "The name ends in .pdf, but the file is plain text and was read as that."},
		{"a.txt", makePDF("", text("x")), PDF, "The name ends in .txt, but the file is a PDF and was read as that."},
		{"a", []byte("no ending"), TXT, ""},
		{"a.txt", []byte("a < b and <unknown> c"), TXT, ""},
		{"a.pdf", []byte("MZ\x90\x00"), "", "a.pdf is a program for Windows, not a document"},
		{"a.txt", []byte("\x7fELF\x02"), "", "a.txt is a program, not a document"},
		{"a.txt", []byte("#!/bin/sh\n"), "", "a.txt is a script, not a document"},
		{"a.docx", []byte("{\\rtf1"), "", "a.docx is an RTF document; save it as DOCX or PDF and hand it over again"},
		{"a.pdf", []byte("\x89PNG\r\n\x1a\n"), "", "a.pdf is a picture (PNG) and holds no text"},
		{"a.docx", makeZip(map[string]string{"xl/workbook.xml": ""}), "", "a.docx is an Excel workbook, not a document"},
		{"a.docx", makeZip(map[string]string{"mimetype": ""}), "", "a.docx is an OpenDocument file; save it as DOCX or PDF and hand it over again"},
		{"a.docx", makeZip(map[string]string{"b.txt": ""}), "", "a.docx is a ZIP archive; unpack it and hand over what is inside"},
		{"a.docx", []byte("PK\x03\x04rubbish"), "", "a.docx is a damaged or cut-off ZIP container, as DOCX files are"},
		{"a.docx", compoundWith("EncryptedPackage"), "", "a.docx is protected with a password; save it without one and hand it over again"},
		{"a.doc", compoundWith("WordDocument"), "", "a.doc is an old Word document (.doc); save it as DOCX or PDF and hand it over again"},
		{"a.txt", nil, "", "a.txt is empty: it holds no bytes"},
		{"a.txt", []byte("a\x00\x01\x02\x00b\x00\x05\x00\x00"), "", "a.txt holds binary data, not text"},
		{"a.txt", []byte("\x01\x02\x03\x04abcdefgh"), "", "a.txt holds binary data, not text"},
		{"a\nb.txt", nil, "", `"a\nb.txt" is empty: it holds no bytes`},
		{"", nil, "", "The file is empty: it holds no bytes"},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), tt.name, tt.data)
		if tt.kind == "" {
			if _, ok := errors.AsType[*Refusal](err); !ok || err.Error() != tt.note {
				t.Errorf("%q: %v\nwant %s", tt.name, err, tt.note)
			}
			continue
		}
		if err != nil || d.Kind != tt.kind || strings.Join(d.Notes, " ") != tt.note {
			t.Errorf("%q: %v, %s %q; want %s %q", tt.name, err, d.Kind, d.Notes, tt.kind, tt.note)
		}
	}
}

func TestLimitsAreKept(t *testing.T) {
	tests := []struct {
		limits Limits
		data   string
		want   string
	}{
		{Limits{Bytes: 10}, "eleven bytes", "a.txt is larger than 10 bytes, the most that is read"},
		{Limits{Pages: 2}, "1\f2\f3", "a.txt has 3 pages; at most 2 are read"},
		{Limits{Text: 4}, "12345", "a.txt holds more than 4 bytes of text, the most that is read"},
		{Limits{Text: 40}, "<html><p " + strings.Repeat("x", 5000) + ">", "a.txt holds one piece larger than 40 bytes, the most that is read"},
	}
	for _, tt := range tests {
		r := Reader{Limits: tt.limits}
		_, err := r.Text(t.Context(), "a.txt", []byte(tt.data))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%+v: %v\nwant %s", tt.limits, err, tt.want)
		}
	}
}

// fuzzText holds for any bytes: text in the promised form, or one sentence that
// names the file, within the time allowed.
func fuzzText(f *testing.F, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	if _, err := reader.Text(f.Context(), "warm.pdf", makePDF("", text("x"))); err != nil {
		f.Fatal(err) // started here, because one fuzzed call may take ten seconds at most
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := reader.Text(t.Context(), "fuzzed", data)
		if err != nil {
			if _, ok := errors.AsType[*Refusal](err); !ok || !strings.HasPrefix(err.Error(), "fuzzed ") || strings.Contains(err.Error(), "longer than") {
				t.Errorf("%v", err)
			}
			return
		}
		if len(d.Pages) == 0 {
			t.Error("no page")
		}
		for _, p := range d.Pages {
			bad := strings.ContainsFunc(p, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7F })
			if bad || !utf8.ValidString(p) || !norm.NFC.IsNormalString(p) {
				t.Errorf("%s: %q", d.Kind, p)
			}
		}
	})
}

func FuzzPlain(f *testing.F) {
	fuzzText(f, []byte("a\fb"), []byte("\xFF\xFEa\x00"), []byte("a\x00b\x00"), []byte("Caf\xe9"), []byte("<p>a<br>b</p>"))
}

func FuzzHTML(f *testing.F) {
	fuzzText(f, []byte("<html><p>a<table><tr><td>b<script>c"), []byte("<!doctype html><pre>a</pre>&amp;"), []byte("<html><meta charset=utf-16>a"))
}

func FuzzDOCX(f *testing.F) {
	fuzzText(f, makeDOCX(p(run("a")), nil), makeDOCX("<w:tbl><w:tr>"+cell("a")+"</w:tr></w:tbl>", map[string]string{"header1": p(run("h"))}))
}

// FuzzDOCXBody fuzzes the XML inside a container that is whole.
func FuzzDOCXBody(f *testing.F) {
	for _, s := range []string{p(run("a")), "<w:del><w:r><w:delText>x</w:delText></w:r></w:del>", "<w:tc></w:tc><w:tr/>", `<w:p><w:pPr><w:sectPr/></w:pPr></w:p>`, "</w:p>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d, err := reader.Text(t.Context(), "fuzzed", makeDOCX(body, nil))
		if err == nil && len(d.Pages) == 0 {
			t.Error("no page")
		}
	})
}

func FuzzPDF(f *testing.F) {
	fuzzText(f, makePDF("", text("a")), makePDF("", text(), pdfPage{image: true}), []byte("%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj"))
}
