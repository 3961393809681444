package extract

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lookback/internal/casefile"
)

func TestShippedMappingsReadWhatTheyWereMadeFor(t *testing.T) {
	if want := []string{"connect", "cris", "niche"}; !slices.Equal(Shipped(), want) {
		t.Fatalf("shipped %q, want %q", Shipped(), want)
	}
	for _, name := range Shipped() {
		m := mustMapping(t, name)
		x := mustOpen(t, folderOf(t, vendorExtract(m, 40, 11)), m)
		allAccepted(t, x, len(casefile.Schemas), 40)
		for _, f := range x.Files {
			if want := []string{"LAST_UPDATED_BY"}; !slices.Equal(f.Unknown, want) || f.Missing != nil {
				t.Errorf("%s, %s: unknown %q, missing %q; want %q and none", name, f.Name, f.Unknown, f.Missing, want)
			}
		}
		if !strings.Contains(m.Note, "Reconstructed") {
			t.Errorf("%s does not say that it is reconstructed", name)
		}
	}
}

func TestAMappingIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		`{"version":2,"name":"x","tables":{}}`:                                                         `The mapping says "version": 2; expected 1.`,
		`{"version":1,"tables":{}}`:                                                                    `The mapping has no "name".`,
		`{"version":1,"name":"x","dates":"us"}`:                                                        `The mapping says "dates": "us"; expected "iso" or "uk".`,
		`{"version":1,"name":"x","colour":1}`:                                                          `The mapping cannot be read: unknown field "colour".`,
		`{"version":1,"name":"x","name":"y"}`:                                                          `The mapping cannot be read: "name" stands twice in one object.`,
		"{\"version\":1,\n\"name\":\"x\",\n}":                                                          `The mapping cannot be read: line 3 is not JSON (invalid character '}' looking for beginning of object key string).`,
		`{"version":1,"name":"x"} {}`:                                                                  `The mapping cannot be read: something follows its closing brace.`,
		`{"version":1,"name":"x","tables":{"log":null}}`:                                               `The mapping x says null for the table log; expected an object.`,
		`{"version":1,"name":"x","tables":{"log":{"dates":"us"}}}`:                                     `The mapping x, table log, says "dates": "us"; expected "iso" or "uk".`,
		`{"version":1,"name":"x","tables":{"log":{"file":"["}}}`:                                       `The mapping x, table log, says "file": "["; expected the name of a file or sheet.`,
		`{"version":1,"name":"x","tables":{"log":{"columns":{"text":[]}}}}`:                            `The mapping x, table log, gives no heading for "text"; expected one of the file's headings.`,
		`{"version":1,"name":"x","tables":{"log":{"columns":{"text":7}}}}`:                             `The mapping cannot be read: expected a name or a list of names.`,
		`{"version":1,"name":"x","tables":{"log":{"columns":{"rank":"A"},"constants":{"rank":"PC"}}}}`: `The mapping x, table log, gives "rank" both a heading and a constant; expected one of them.`,
		`{"version":1,"name":"x","tables":{"log":{"constants":{"supervisor":"maybe"}}}}`:               `The mapping x, table log, gives "supervisor" the constant "maybe"; expected y or n.`,
		`{"version":1,"name":"x","tables":{"log":{"columns":{"sequence":"A"}}}}`:                       `The mapping x, table log, names a column "sequence" under "columns"; expected one of crime_ref, seq, at, author, rank, type, text, supervisor.`,
		`{"version":1,"name":"x","tables":{"involvements":{"values":{"role":{"ACC":"accused"}}}}}`:     `The mapping x, table involvements, turns "ACC" into "accused" for "role"; expected one of victim, suspect, witness, reporter, missing_person, other.`,
		`{"version":1,"name":"x","tables":{"crimes":{}}}`:                                              `The mapping x names a table "crimes"; expected one of investigations, nominals, involvements, addresses, identifiers, uses, flags, log, outcomes, missing, exhibits, documents.`,
	} {
		m, err := ParseMapping([]byte(text))
		if err == nil {
			t.Errorf("%s was read as %+v", text, m)
			continue
		}
		if got := casefile.Message(err); got != want || casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("%s\n got: %s\nwant: %s", text, got, want)
		}
	}
}

func TestAMappingIsLoadedByNameOrPath(t *testing.T) {
	p := filepath.Join(t.TempDir(), "ours.json")
	os.WriteFile(p, mustMapping(t, "CRIS").JSON(), 0o644)
	m, err := LoadMapping(p)
	if err != nil || m.SHA256() != mustMapping(t, "cris").SHA256() {
		t.Errorf("%v: the mapping changed on its way through a file", err)
	}
	_, err = LoadMapping("holmes")
	want := `There is no mapping "holmes": neither a file nor one of those that come with Lookback (connect, cris, niche).`
	if casefile.Message(err) != want || casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("got %v, want %s", err, want)
	}
	os.WriteFile(p, []byte("["), 0o644)
	if _, err = LoadMapping(p); !strings.HasPrefix(casefile.Message(err), p+": The mapping cannot be read: ") {
		t.Errorf("got %v", err)
	}
}

const small = `{"version":1,"name":"small","dates":"uk","tables":{
	"investigations":{"file":["CRIMES_*","old.csv"],"columns":{"crime_ref":"CRNO","recorded_at":"STATUS"},"constants":{"outcome_scheme":"local"}},
	"nominals":{"file":"people","dates":"iso","columns":{"nominal_ref":"PID","forenames":["F1","F2"],"aliases":["A1","A2"]}},
	"involvements":{"file":"people","columns":{"crime_ref":"CRNO","nominal_ref":"PID"},"values":{"role":{"sus":"suspect","-":"other"}}}}}`

func TestAMappingNamesFilesColumnsValuesDatesAndConstants(t *testing.T) {
	m, err := ParseMapping([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	x := mustOpen(t, folderOf(t, files{
		"crimes_2014.csv":    "crno,Status\nC1,9/3/2014 7:05\n",
		"Old.csv":            "CRNO,STATUS\nC0,1-JAN-1999\n",
		"investigations.csv": "crime_ref\nnot read\n",
		"people.csv":         "PID,F1,F2,A1,A2,dob,CRNO,role\nN1, Ann ,Lee,Al;Bo,Cy,1990-02-01,C1,SUS\nN2,Jo,,,Di,01/02/1990,C1,-\n",
	}), m)
	inv := fileOf(t, x, casefile.Investigations)
	if inv.Name != "Old.csv" || !slices.Contains(x.Unread, "investigations.csv") || len(x.Files) != 4 {
		t.Errorf("files %v, unread %q", inv, x.Unread)
	}
	row := mustRows(t, x, casefile.Investigations)[0]
	if got := value(casefile.Investigations, row, "recorded_at"); got != "1999-01-01" {
		t.Errorf("recorded_at %q", got)
	}
	if got := value(casefile.Investigations, row, "status"); got != "" {
		t.Errorf("a heading that the mapping uses counts under its own name too: status %q", got)
	}
	if got := value(casefile.Investigations, row, "outcome_scheme"); got != "local" {
		t.Errorf("constant %q", got)
	}
	people := mustRows(t, x, casefile.Nominals)
	if got := value(casefile.Nominals, people[0], "forenames") + "|" + value(casefile.Nominals, people[0], "aliases") + "|" + value(casefile.Nominals, people[1], "forenames"); got != "Ann Lee|Al;Bo;Cy|Jo" {
		t.Errorf("joined: %q", got)
	}
	want := `people.csv, line 3, column "dob": "01/02/1990" is not an ISO date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40, or "dates": "uk" in the mapping if the force writes day, month, year.`
	if got := sentences(people[1]); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
	roles := mustRows(t, x, casefile.Involvements)
	if got := value(casefile.Involvements, roles[0], "role") + value(casefile.Involvements, roles[1], "role"); got != "suspectother" {
		t.Errorf("roles %q", got)
	}
}

func TestAMappingThatDoesNotFitSaysWhichHeadingIsMissing(t *testing.T) {
	m, _ := ParseMapping([]byte(small))
	f := files{"crimes_1.csv": "CR_NO,x\n", "people.csv": "PID,CRNO,role,F1\n"}
	refused(t, folderOf(t, f), m,
		`crimes_1.csv has no column "CRNO", from which the mapping small takes "crime_ref" (is it "CR_NO"?); every row of investigations needs it. Its headings are "CR_NO", "x".`)
	f["crimes_1.csv"] = "CRNO\n"
	x := mustOpen(t, folderOf(t, f), m)
	if want := []string{}; !slices.Equal(x.Notes, want) {
		t.Errorf("notes %q", x.Notes)
	}
	if want := []string{`It has no column "STATUS", from which the mapping small takes "recorded_at".`}; !slices.Equal(x.Files[0].Notes, want) {
		t.Errorf("notes %q, want %q", x.Files[0].Notes, want)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"version":1,"name":"x","tables":{"log":{"columns":{"text":["a",null]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMapping(data)
		if err != nil {
			if casefile.KindOf(err) == "" {
				t.Errorf("nobody classified %v", err)
			}
			return
		}
		if again, err := ParseMapping(m.JSON()); err != nil || again.SHA256() != m.SHA256() {
			t.Errorf("%s does not read back: %v", m.JSON(), err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"force":"x","files":[{"name":"a.csv","rows":3}],"more":[1]}`))
	f.Add([]byte(`{"window_from":"2014"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil && casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("nobody classified %v", err)
		}
		if err == nil && len(m.SHA256) != 64 {
			t.Errorf("no hash: %+v", m)
		}
	})
}

func TestAManifestIsReadWithWhatItDoesNotKnow(t *testing.T) {
	m, err := ParseManifest([]byte("\xef\xbb\xbf" + `{"force":"Northshire","system":"CRIS","system_version":"9","extracted_at":"2024-07-01T10:00",
		"extracted_by":"records","query":"SELECT 1","window_from":"2010","window_to":"2024-12","synthetic":true,"files":[{"name":"a","rows":3}],"contact":{"x":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if m.Force != "Northshire" || !m.Synthetic || m.ExtractedAt.String() != "2024-07-01T10:00+01:00" || m.WindowTo.String() != "2024-12" || *m.Files[0].Rows != 3 {
		t.Errorf("%+v", m)
	}
	if string(m.Unknown["contact"]) != `{"x":1}` || len(m.Unknown) != 1 {
		t.Errorf("unknown %s", m.Unknown)
	}
}

func TestATableThatNobodyVouchesForIsNoted(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"extract.json": `{"files":[{"name":"Nominals.csv","rows":1}]}`})), nil)
	if want := []string{"extract.json does not list investigations.csv, so nothing vouches for it."}; !slices.Equal(x.Files[0].Notes, want) {
		t.Errorf("notes %q, want %q", x.Files[0].Notes, want)
	}
	if fileOf(t, x, casefile.Nominals).Notes != nil {
		t.Errorf("notes %q", fileOf(t, x, casefile.Nominals).Notes)
	}
}

func TestAFileThatTheMappingNamesAndTheExtractLacksIsNoted(t *testing.T) {
	x := mustOpen(t, folderOf(t, three), &Mapping{Version: 1, Name: "m", Tables: map[casefile.Table]*TableMapping{
		casefile.Log: {File: Names{"DETS*", "OEL"}}, casefile.Nominals: {File: Names{"nominals.csv"}}}})
	if want := []string{`The mapping m names "DETS*" or "OEL" for the table log; the extract has no such file or sheet.`}; !slices.Equal(x.Notes, want) {
		t.Errorf("notes %q, want %q", x.Notes, want)
	}
}

func TestAMappingNamesSheets(t *testing.T) {
	m, err := ParseMapping([]byte(`{"version":1,"name":"m","tables":{"log":{"file":"OEL entries","columns":{"crime_ref":"CR","seq":"No"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	x := mustOpen(t, book(t, func(b *excelize.File) {
		b.NewSheet("OEL Entries")
		b.SetSheetRow("OEL Entries", "A1", &[]any{"CR", "No"})
		b.SetSheetRow("OEL Entries", "A2", &[]any{"C1", 4})
	}), m)
	if got := value(casefile.Log, mustRows(t, x, casefile.Log)[0], "seq"); got != "4" || len(x.Files) != 4 {
		t.Errorf("seq %q, %d tables", got, len(x.Files))
	}
}

func TestTheMappingInTheDocumentationIsRead(t *testing.T) {
	page, err := os.ReadFile("../../docs/extract.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/extract.md shows no mapping")
	}
	m, err := ParseMapping([]byte(example))
	if err != nil || m.Tables[casefile.Involvements].Values["role"]["IP"] != "victim" {
		t.Errorf("%+v, %v", m, err)
	}
}
