package document

import (
	"archive/zip"
	"bytes"
	"regexp"
	"strings"
)

// refused lists contents that are not documents by their first bytes.
var refused = []struct{ magic, what string }{
	{"MZ", "is a program for Windows, not a document"},
	{"\x7fELF", "is a program, not a document"},
	{"\xca\xfe\xba\xbe", "is a program, not a document"},
	{"\xcf\xfa\xed\xfe", "is a program, not a document"},
	{"\x00asm", "is a program, not a document"},
	{"#!", "is a script, not a document"},
	{"{\\rtf", "is an RTF document; save it as DOCX or PDF and hand it over again"},
	{"\x89PNG\r\n", "is a picture (PNG) and holds no text"},
	{"\xff\xd8\xff", "is a picture (JPEG) and holds no text"},
	{"GIF8", "is a picture (GIF) and holds no text"},
	{"II*\x00", "is a picture (TIFF) and holds no text"},
	{"MM\x00*", "is a picture (TIFF) and holds no text"},
	{"RIFF", "is a sound, film or picture and holds no text"},
	{"\x1f\x8b", "is a packed file (gzip); unpack it and hand over what is inside"},
	{"7z\xbc\xaf\x27\x1c", "is a packed file (7z); unpack it and hand over what is inside"},
	{"Rar!\x1a\x07", "is a packed file (RAR); unpack it and hand over what is inside"},
	{"SQLite format 3\x00", "is a database, not a document"},
}

// compound is how old Office files, Outlook messages and encrypted new ones begin.
const compound = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// sniff says what a file is, by its content alone.
func sniff(data []byte) (Kind, *Refusal) {
	if len(data) == 0 {
		return "", refuse("is empty: it holds no bytes")
	}
	for _, r := range refused {
		if bytes.HasPrefix(data, []byte(r.magic)) {
			return "", refuse("%s", r.what)
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte(compound)):
		return "", refuse("%s", compoundIs(data))
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return sniffZip(data)
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")):
		return PDF, nil
	case looksLikeHTML(data):
		return HTML, nil
	default:
		return TXT, nil
	}
}

func compoundIs(data []byte) string {
	head := data[:min(len(data), 1<<20)]
	wide := func(s string) bool {
		return bytes.Contains(head, []byte(strings.Join(strings.Split(s, ""), "\x00")))
	}
	switch {
	case wide("EncryptedPackage"):
		return "is protected with a password; save it without one and hand it over again"
	case wide("WordDocument"):
		return "is an old Word document (.doc); save it as DOCX or PDF and hand it over again"
	case wide("__substg1.0"):
		return "is an Outlook message; save it as PDF and hand it over again"
	default:
		return "is an old Office file; save it as DOCX or PDF and hand it over again"
	}
}

func sniffZip(data []byte) (Kind, *Refusal) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", refuse("is a damaged or cut-off ZIP container, as DOCX files are").because(err)
	}
	has := func(prefix string) bool {
		for _, f := range z.File {
			if strings.HasPrefix(strings.ToLower(f.Name), prefix) {
				return true
			}
		}
		return false
	}
	switch {
	case has("word/"):
		return DOCX, nil
	case has("xl/"):
		return "", refuse("is an Excel workbook, not a document")
	case has("ppt/"):
		return "", refuse("is a PowerPoint presentation; save it as PDF and hand it over again")
	case has("mimetype"):
		return "", refuse("is an OpenDocument file; save it as DOCX or PDF and hand it over again")
	default:
		return "", refuse("is a ZIP archive; unpack it and hand over what is inside")
	}
}

var (
	htmlStart = regexp.MustCompile(`(?is)^(?:\x{FEFF}|\s|<\?xml[^>]*>|<!--.*?-->)*<(?:!doctype\s+html|html|head|body|title|meta|table|div|p|h[1-6])[\s>/]`)
	htmlTag   = regexp.MustCompile(`(?i)</?(?:html|head|body|title|meta|table|tr|td|div|p|br|h[1-6]|ul|li|span|font)(?:\s[^<>]*)?/?>`)
)

func looksLikeHTML(data []byte) bool {
	head := data[:min(len(data), 4096)]
	if hasUTF16Mark(head) {
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	return htmlStart.Match(head) || len(htmlTag.FindAllIndex(head, 6)) >= 6
}

func hasUTF16Mark(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF})
}
