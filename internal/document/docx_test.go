package document

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

const wordNamespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
	`xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ` +
	`xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"`

// makeDOCX writes a container with a body and further parts, each related to the
// body by the kind in its name: "footnotes", "header1".
func makeDOCX(body string, parts map[string]string) []byte {
	files := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":         relationships(map[string]string{"officeDocument": "word/document.xml"}),
		"word/document.xml":   `<?xml version="1.0" encoding="UTF-8"?><w:document ` + wordNamespaces + `><w:body>` + body + `</w:body></w:document>`,
	}
	rels := map[string]string{}
	for name, content := range parts {
		root := map[string]string{"h": "hdr", "f": "ftr"}[name[:1]]
		if kind := strings.TrimRight(name, "0123456789"); kind == name {
			root = name
			rels[kind] = name + ".xml"
		} else {
			rels[kind+" "+name] = name + ".xml"
		}
		files["word/"+name+".xml"] = `<w:` + root + ` ` + wordNamespaces + `>` + content + `</w:` + root + `>`
	}
	files["word/_rels/document.xml.rels"] = relationships(rels)
	return makeZip(files)
}

func relationships(targets map[string]string) string {
	s := `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	for i, kind := range slices.Sorted(maps.Keys(targets)) {
		plain, _, _ := strings.Cut(kind, " ")
		s += fmt.Sprintf(`<Relationship Id="r%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/>`, i, plain, targets[kind])
	}
	return s + `</Relationships>`
}

func makeZip(files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func p(inside string) string { return `<w:p>` + inside + `</w:p>` }
func run(s string) string    { return `<w:r><w:t xml:space="preserve">` + s + `</w:t></w:r>` }
func cell(s string) string   { return `<w:tc><w:tcPr/>` + p(run(s)) + `</w:tc>` }

func TestAWordDocumentIsReadAsAReaderSeesIt(t *testing.T) {
	tests := []struct {
		name  string
		body  string
		parts map[string]string
		pages []string
		notes []string
	}{
		{"paragraphs", p(run("Named three ")+run("males.")) + p(run("No arrest &amp; no charge.")), nil,
			[]string{"Named three males.\nNo arrest & no charge."}, nil},
		{"tabs and breaks", p(`<w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr>` + run("a") + `<w:r><w:tab/></w:r>` + run("b") + `<w:r><w:br/><w:noBreakHyphen/></w:r>` + run("c")), nil,
			[]string{"a\tb\n-c"}, nil},
		{"a table", `<w:tbl><w:tblPr/><w:tr>` + cell("Date") + cell("Entry") + `</w:tr><w:tr>` + cell("1 May") + cell("Statement taken") + `</w:tr></w:tbl>` + p(run("After")), nil,
			[]string{"Date\tEntry\n1 May\tStatement taken\nAfter"}, nil},
		{"page breaks", p(run("One")+`<w:r><w:br w:type="page"/></w:r>`) + p(run("Two")) + p(`<w:pPr><w:pageBreakBefore/></w:pPr>`+run("Three")) +
			p(`<w:pPr><w:sectPr><w:type w:val="nextPage"/></w:sectPr></w:pPr>`+run("Still three")) + p(run("Four")), nil,
			[]string{"One", "Two", "Three\nStill three", "Four"}, nil},
		{"a continuous section is no page", p(`<w:pPr><w:sectPr><w:type w:val="continuous"/></w:sectPr></w:pPr>`+run("a")) + p(run("b")), nil, []string{"a\nb"}, nil},
		{"tracked changes", p(run("No arrest. ") + `<w:del w:author="A"><w:r><w:delText>No charge.</w:delText></w:r></w:del><w:ins w:author="A">` + run("Charged.") + `</w:ins>`), nil,
			[]string{"No arrest. Charged."}, []string{"It has tracked changes: 1 deletion, 10 characters long in all, not shown.", "It has tracked changes: 1 insertion is shown as part of the text."}},
		{"a moved sentence is read once", p(`<w:moveFrom>`+run("Here.")+`</w:moveFrom>`) + p(`<w:moveTo>`+run("Here.")+`</w:moveTo>`), nil,
			[]string{"Here."}, []string{"It has tracked changes: 1 deletion, 5 characters long in all, not shown.", "It has tracked changes: 1 insertion is shown as part of the text."}},
		{"header and footer once", p(run("Body")), map[string]string{"header1": p(run("OFFICIAL")), "header2": p(run("OFFICIAL")), "footer1": p(run("Page"))},
			[]string{"OFFICIAL\nBody\nPage"}, nil},
		{"notes below their page", p(run("See") + `<w:r><w:footnoteReference w:id="7"/></w:r>` + `<w:r><w:br w:type="page"/></w:r>` + run("Two") + `<w:r><w:commentReference w:id="0"/></w:r>`),
			map[string]string{
				"footnotes": `<w:footnote w:type="separator" w:id="-1">` + p(run("---")) + `</w:footnote><w:footnote w:id="7">` + p(run("Log entry 12")) + `</w:footnote>`,
				"comments":  `<w:comment w:id="0" w:author="DS Vale">` + p(run("Check this")) + `</w:comment><w:comment w:id="1">` + p(run("Left over")) + `</w:comment>`,
			},
			[]string{"See[footnote 1]\n[footnote 1] Log entry 12", "Two[comment 1]\n[comment 1] DS Vale: Check this"}, []string{"It has 1 footnote or comment to which no text refers, not shown."}},
		{"field codes are not text", p(`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGEREF x</w:instrText></w:r>` + run("4")), nil, []string{"4"}, nil},
		{"a text box is read once", p(`<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>` + p(run("Box")) + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + p(run("Box")) + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>`), nil,
			[]string{"Box"}, nil},
		{"hidden text, images, symbols", p(`<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><a:blip/><v:imagedata/><w:sym w:char="F0FE"/></w:r>`), nil,
			[]string{"hidden\uFFFD"}, []string{"Part of its text is hidden in Word; it is shown here.", "It uses 1 symbol of a picture font, shown here as \uFFFD.", "It shows 2 images that were not read."}},
		{"nothing", "", nil, []string{""}, []string{"It holds no text."}},
		{"accents are composed", p(run("Cafe\u0301")), nil, []string{"Café"}, nil},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), "a.docx", makeDOCX(tt.body, tt.parts))
		if err != nil || d.Kind != DOCX || !slices.Equal(d.Pages, tt.pages) || !slices.Equal(d.Notes, tt.notes) {
			t.Errorf("%s: %v\n got %q %q\nwant %q %q", tt.name, err, d.Pages, d.Notes, tt.pages, tt.notes)
		}
	}
}

func TestAWordDocumentMayNotCostMoreThanItShould(t *testing.T) {
	bomb := makeDOCX(strings.Repeat(p(run(strings.Repeat("a", 1000))), 5000), nil)
	if len(bomb) > 100_000 {
		t.Fatalf("the bomb is %d bytes and does not grow", len(bomb))
	}
	whole := makeDOCX(p(run("One")), nil)
	entities := makeZip(map[string]string{"word/document.xml": `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document ` + wordNamespaces + `>&b;</w:document>`})
	nested := strings.Repeat("<w:sdt>", 300) + strings.Repeat("</w:sdt>", 300)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"grows when unpacked", bomb, "a.docx unpacks to more than a document of its size should: it is not read"},
		{"declares entities", entities, "a.docx declares its own XML entities, which no Word document does: it is not read"},
		{"is nested too deeply", makeDOCX(nested, nil), "a.docx is nested more than 200 deep: it is not read"},
		{"is nested too deeply where it is skipped", makeDOCX("<w:sdtPr>"+nested+"</w:sdtPr>", nil), "a.docx is a damaged Word document: the part word/document.xml cannot be read"},
		{"is cut off", whole[:len(whole)-40], "a.docx is a damaged or cut-off ZIP container, as DOCX files are"},
		{"is broken XML", makeDOCX("<w:p>", nil), "a.docx is a damaged Word document: the part word/document.xml cannot be read"},
		{"has no body", makeZip(map[string]string{"word/styles.xml": "<x/>"}), "a.docx is a damaged Word document: the part word/document.xml is missing"},
	}
	r := Reader{Limits: Limits{Unpacked: 1 << 20, Time: 10 * time.Second}}
	for _, tt := range tests {
		_, err := r.Text(t.Context(), "a.docx", tt.data)
		if _, ok := errors.AsType[*Refusal](err); !ok || err.Error() != tt.want {
			t.Errorf("a file that %s: %v\nwant %s", tt.name, err, tt.want)
		}
	}
	hurried := Reader{Limits: Limits{Time: time.Nanosecond}}
	if _, err := hurried.Text(t.Context(), "a.docx", whole); err == nil || err.Error() != "a.docx takes longer than 1ns to read" {
		t.Errorf("time: %v", err)
	}
}

func BenchmarkDOCX(b *testing.B) {
	body := strings.Repeat(p(run("At this point the officer recorded that three males had been named.")), 5000)
	data := makeDOCX(body, nil)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := reader.Text(b.Context(), "a.docx", data); err != nil {
			b.Fatal(err)
		}
	}
}
