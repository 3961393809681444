package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/xuri/excelize/v2"
)

func write(t *testing.T, f Format, header []string, rows [][]string, about ...Fact) []byte {
	t.Helper()
	var b bytes.Buffer
	s, err := NewSheet(&b, f, header...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := s.Row(slices.Clone(r)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(about...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var hostile = [][]string{
	{`=HYPERLINK("http://x","y")`, "+44 7700 900123", "-1", "@cmd", "007"},
	{"line\nbreak, \"quoted\"", "\tTab", "12345678901", "<b>&amp;</b>", "Zoë 😀 \u202eright to left"},
	{"_x0041_", "bell\x07", "0.25", "", "-2+3"},
}

// inert is what hostile must have become.
var inert = [][]string{
	{`'=HYPERLINK("http://x","y")`, "'+44 7700 900123", "-1", "'@cmd", "007"},
	{"line\nbreak, \"quoted\"", "'\tTab", "12345678901", "<b>&amp;</b>", "Zoë 😀 \u202eright to left"},
	{"_x0041_", "bell\uFFFD", "0.25", "", "'-2+3"},
}

func TestASpreadsheetHoldsEveryCellAndExecutesNone(t *testing.T) {
	header := []string{"a", "b", "c", "d", "e"}
	file := write(t, XLSX, header, hostile, Fact{"Filter", "=1+1"}, Fact{"Rows", "3"})
	x, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	rows, err := x.GetRows("Rows")
	if err != nil {
		t.Fatal(err)
	}
	want := append([][]string{header}, inert...)
	for i := range want {
		if !slices.Equal(rows[i], want[i]) {
			t.Errorf("row %d:\n%q, want\n%q", i+1, rows[i], want[i])
		}
		for j := range want[i] {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if formula, _ := x.GetCellFormula("Rows", at); formula != "" {
				t.Errorf("%s is a formula: %s", at, formula)
			}
		}
	}
	for at, want := range map[string]excelize.CellType{"C2": excelize.CellTypeUnset, "E2": excelize.CellTypeInlineString, "C3": excelize.CellTypeInlineString, "C4": excelize.CellTypeUnset} {
		if got, _ := x.GetCellType("Rows", at); got != want {
			t.Errorf("%s has type %v, want %v", at, got, want)
		}
	}
	about, err := x.GetRows("About this file")
	if err != nil || len(about) != 3 || about[1][1] != "'=1+1" || about[2][1] != "3" {
		t.Errorf("about: %q, %v", about, err)
	}
}

func TestALongCellIsCutAndSaysSo(t *testing.T) {
	file := write(t, XLSX, []string{"a"}, [][]string{{strings.Repeat("é", 40_000)}})
	x, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	cell, _ := x.GetCellValue("Rows", "A2")
	if n := len([]rune(cell)); n > maxCellRunes || !strings.HasSuffix(cell, "[cut here: 7293 more characters]") {
		t.Errorf("%d characters, ends with %q", n, cell[len(cell)-40:])
	}
}

func TestColumnsAreNamedAsASpreadsheetNamesThem(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := columnName(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}

func TestACSVEndsWithWhatIsToBeKnownAboutIt(t *testing.T) {
	file := write(t, CSV, []string{"a", "b", "c", "d", "e"}, hostile, Fact{"rows", "3"}, Fact{"left out", "2"})
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[4]; got[0] != "# rows: 3; left out: 2" || len(got) != 5 {
		t.Errorf("last line: %q", got)
	}
	if rows[1][0] != inert[0][0] || rows[1][1] != inert[0][1] {
		t.Errorf("first row: %q", rows[1])
	}
	if plain := write(t, CSV, []string{"a"}, nil); string(plain) != "a\n" {
		t.Errorf("without facts: %q", plain)
	}
}

func TestOnlyTheRecipientOpensAFile(t *testing.T) {
	me, _ := age.GenerateX25519Identity()
	other, _ := age.GenerateX25519Identity()
	to, err := KeyRecipient("  " + me.Recipient().String() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s, err := NewSealing(&out, to)
	if err != nil {
		t.Fatal(err)
	}
	const text = "crime_ref\nA1\n"
	io.WriteString(s, text)
	plain, sealed, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	hash := func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }
	if plain != hash([]byte(text)) || sealed != hash(out.Bytes()) {
		t.Errorf("hashes %s and %s are not those of the text and the file", plain, sealed)
	}
	r, err := age.Decrypt(bytes.NewReader(out.Bytes()), me)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); string(got) != text {
		t.Errorf("opened: %q", got)
	}
	if _, err := age.Decrypt(bytes.NewReader(out.Bytes()), other); err == nil {
		t.Error("somebody else opened it")
	}
}

func TestRecipientsThatCannotBeAreRefused(t *testing.T) {
	me, _ := age.GenerateX25519Identity()
	key := me.Recipient().String()
	for _, bad := range []string{"", "age1", key[:40], key + "x", key + "\n" + key, me.String(), "ssh-ed25519 AAAA", strings.ToUpper(key), strings.Repeat("a", 1<<16)} {
		if _, err := KeyRecipient(bad); err == nil {
			t.Errorf("taken: %.60q", bad)
		}
	}
	if _, err := KeyRecipient(me.String()); err == nil || !strings.Contains(err.Error(), "secret key") {
		t.Errorf("a secret key: %v", err)
	}
	if _, err := PassphraseRecipient("short"); err == nil {
		t.Error("a short passphrase was taken")
	}
}
