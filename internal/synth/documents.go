package synth

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"

	"lookback/internal/casefile"
)

// writeDocument writes a file for few of the records, in one of four formats.
func (c *record) writeDocument() error {
	chances := max(c.g.plan.records, maxDocuments*1000/rateDocument) // so that few of many cases have one
	if c.g.summary.Documents >= maxDocuments || c.r.below(chances) >= maxDocuments {
		return nil
	}
	n := c.g.summary.Documents
	c.g.summary.Documents++
	d := c.compose()
	f := formats[n%len(formats)]
	name := fmt.Sprintf("SYN-%s.%s", pad(int64(n)+1, 5), f.extension)
	if err := os.WriteFile(filepath.Join(c.g.dir, "documents", name), f.write(d), 0o644); err != nil {
		return err
	}
	c.g.table(casefile.Documents).row(name, c.ref, d.title, d.kind, dayText(c.reported))
	return nil
}

// A paper is a document before it has a format: paragraphs by page.
type paper struct {
	title, kind string
	pages       [][]string
}

var paperKinds = []string{"statement", "report", "letter", "strategy minutes", "return interview"}

// compose writes one to three pages of the same grammar as the log. They state
// no number of suspects: the truth speaks of the case's own texts.
func (c *record) compose() paper {
	kind := pick(&c.r, paperKinds)
	d := paper{kind: kind, title: strings.ToUpper(kind[:1]) + kind[1:] + " " + c.ref}
	total := 1 + c.r.below(3)
	for k := range total {
		page := []string{
			fmt.Sprintf("%s - synthetic - %s", Force, c.ref),
			fmt.Sprintf("%s, page %d of %d", d.title, k+1, total),
		}
		for range c.r.between(3, 7) {
			page = append(page, c.sentence(middleEntries[c.r.weighted(middleWeights)].sentences)+" "+c.sentence(openings))
		}
		d.pages = append(d.pages, page)
	}
	return d
}

var formats = []struct {
	extension string
	write     func(paper) []byte
}{{"txt", asText}, {"pdf", asPDF}, {"docx", asDOCX}, {"html", asHTML}}

func asText(d paper) []byte {
	var pages []string
	for _, p := range d.pages {
		pages = append(pages, strings.Join(p, "\n\n")+"\n")
	}
	return []byte(strings.Join(pages, "\f"))
}

func asHTML(d paper) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n", html.EscapeString(d.title))
	for _, page := range d.pages {
		b.WriteString("<section>\n")
		for _, p := range page {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(p))
		}
		b.WriteString("</section>\n")
	}
	b.WriteString("</body>\n</html>\n")
	return b.Bytes()
}

const docxTypes = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`

const docxRelations = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`

// asDOCX writes the least that a word processor opens. The parts are stored,
// not deflated, so that the bytes depend on no compressor.
func asDOCX(d paper) []byte {
	var body strings.Builder
	body.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for k, page := range d.pages {
		for _, p := range page {
			body.WriteString(`<w:p><w:r><w:t xml:space="preserve">` + html.EscapeString(p) + `</w:t></w:r></w:p>`)
		}
		if k < len(d.pages)-1 {
			body.WriteString(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
		}
	}
	body.WriteString(`<w:sectPr/></w:body></w:document>`)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{{"[Content_Types].xml", docxTypes}, {"_rels/.rels", docxRelations}, {"word/document.xml", body.String()}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(part[1]))
		}
		if err != nil {
			panic("synth: writing to memory failed: " + err.Error())
		}
	}
	if err := z.Close(); err != nil {
		panic("synth: writing to memory failed: " + err.Error())
	}
	return b.Bytes()
}
