package reading_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/scope"
	"lookback/internal/store"
)

var (
	officer    = casefile.Actor{ID: "officer.test", Roles: []casefile.Role{casefile.Reviewer}}
	supervisor = casefile.Actor{ID: "supervisor.test", Roles: []casefile.Role{casefile.Supervisor}}
	inspector  = casefile.Actor{ID: "inspector.test", Roles: []casefile.Role{casefile.Inspector}}
)

// oneCase is a made-up force in which a case can be counted by hand.
var oneCase = desktest.Tables{
	casefile.Investigations: `crime_ref,linked_refs,recorded_at,reported_at,offence_from,offence_code,offence_text,status,outcome_code,outcome_scheme,outcome_at,nfa_by,closing_text,mo_text,oic,supervisor,unit
C1,C2;C9,2013-03-14,2013-03-13,2013-02,019/07,Rape,closed,16,ho2013,2013-11-02,police,The victim does not support. File.,,PC 1,PS 2,CID 1
C2,,2014-05-01,,,,Assault,closed,,,,,,,,,CID 1
C3,,2015-06-01,,,,Rape,closed,,,,,,,,,CID 1
C4,,2016-06-01,,,,Rape,closed,,,,,,,,,CID 1
`,
	casefile.Nominals: `nominal_ref,surname,forenames,dob,pnc_id,sex,nationality,language,self_defined_ethnicity
N1,ARDEN,Made Up,1999-01-02,,female,NATIONALITYMARK,LANGUAGEMARK,ETHNICITYMARK
N2,BEECH,Made Up,1980-01-02,00/123456X,male,,,
N3,UNKNOWN MALE 1,,,,male,,,
N4,BEECH,M,1980-01-02,00/123456X,male,,,
N5,CEDAR,Made Up,,,male,,,
`,
	casefile.Involvements: `crime_ref,nominal_ref,role,status,arrested_at,interviewed_at
C1,N1,victim,,,
C1,N2,suspect,named,,
C1,N3,suspect,,,
C1,N5,witness,,,
C2,N2,suspect,interviewed,,2014-05-02
C3,N4,suspect,,2015-06-02,
C4,N4,suspect,,,
`,
	casefile.Identifiers: "identifier_ref,kind,value\nI1,phone,07700900123\nI2,vehicle,AB12CDE\n",
	casefile.Uses: `crime_ref,nominal_ref,identifier_ref,use
C1,,I1,used
C1,N2,I2,keeper
C3,N4,I1,used
`,
	casefile.Log: `crime_ref,seq,at,author,rank,type,text,supervisor
C1,1,2013-03-14T10:00,PC 1,PC,report,Victim says that four males were present. C2 is linked.,n
C1,2,2013-03,PC 1,PC,note,Nothing further.,n
C1,3,,PS 2,PS,review,File reviewed.,y
`,
	casefile.Missing:  "nominal_ref,from,to,debrief\nN1,2013-01-05,2013-01-06,n\nN1,2013-02-05,,y\n",
	casefile.Exhibits: "crime_ref,exhibit_ref,kind,submitted_at,result,retained\nC1,EX1,swab,2013-04-01,,n\nC1,EX2,phone,2013-04-02,examined,y\n",
	casefile.Outcomes: "crime_ref,code,scheme,at,decided_by,reason\nC1,16,ho2013,2013-11-02,police,Made-up reason\n",
	casefile.Flags:    "crime_ref,nominal_ref,code,label,set_at\nC1,,CSE,Child sexual exploitation,2013-03-15\n",
}

// deskWith is a register that took in these tables and analysed them, with terms
// in force.
func deskWith(t *testing.T, tables desktest.Tables) (*desk.Desk, string) {
	t.Helper()
	d, dir := desktest.NewDesk(t), desktest.Folder(t, tables)
	if err := os.WriteFile(filepath.Join(dir, "extract.json"), []byte(`{"system": "T"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := desktest.Import(t, d, dir); len(r.Reasons) != 0 {
		t.Fatalf("rows in quarantine: %v", r.Reasons)
	}
	desktest.Analyse(t, d)
	terms, err := scope.Preset("two-suspects")
	if err != nil {
		t.Fatal(err)
	}
	if err := cohort.Adopt(t.Context(), d, desktest.Operator, terms, "for the test"); err != nil {
		t.Fatal(err)
	}
	return d, dir
}

func read(t *testing.T, d *desk.Desk, by casefile.Actor, id casefile.CaseID) *reading.File {
	t.Helper()
	f, err := reading.ReadCase(t.Context(), d, by, id, "review")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestACaseIsReadWhole(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	f := read(t, d, officer, "T:C1")

	var said []string
	for _, p := range f.Summary() {
		said = append(said, p.Text)
	}
	same(t, "summary", strings.Join(said, "; "), "Recorded on 14 March 2013 as Rape; closed by the force on 2 November 2013 with no further action "+
		"(outcome 16, "+f.Outcome+"); 4 suspects: 1 named, 1 recorded but unidentified, 2 more stated in the log; 1 victim; log of 3 entries; in under two-suspects v1")
	if f.Outcome == "" {
		t.Error("the code list does not say what outcome 16 is")
	}
	var people []string
	for _, p := range f.People {
		people = append(people, fmt.Sprintf("%s %v %v %v %d", p.ID, p.Roles(), p.Named, p.AgeKnown, len(p.Elsewhere)))
	}
	same(t, "people", people, []string{"T:N1 [victim] true true 0", "T:N2 [suspect] true true 3", "T:N3 [suspect] false false 0", "T:N5 [witness] true false 0"})
	suspect, _ := f.Person("T:N2")
	var other []string
	for _, e := range suspect.Elsewhere {
		other = append(other, string(e.Case)+" "+string(e.Nominal)+" "+e.Role)
	}
	same(t, "elsewhere, the latest first", other, []string{"T:C4 T:N4 suspect", "T:C3 T:N4 suspect", "T:C2 T:N2 suspect"})
	if unknown, _ := f.Person("T:N3"); unknown.Identity != "" {
		t.Error("a placeholder is held to be somebody")
	}
	same(t, "scope", f.Scope.Status, scope.In)
	same(t, "counts", []int{len(f.Marks), len(f.Episodes), len(f.Exhibits), len(f.Endings), len(f.Uses), len(f.Log)}, []int{1, 2, 2, 1, 2, 3})
	var linked []string
	for _, l := range f.Linked {
		linked = append(linked, fmt.Sprint(l.Ref, " ", l.Held, l.Mentioned))
	}
	same(t, "linked", linked, []string{"C2 true true", "C9 false false"})

	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, apart := range []string{"NATIONALITYMARK", "LANGUAGEMARK", "ETHNICITYMARK"} {
		if strings.Contains(string(b), apart) {
			t.Errorf("%s is in the file of a case", apart)
		}
	}
}

func TestTheTimelineKeepsPrecisionAndDropsNothing(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	f := read(t, d, officer, "T:C1")
	line := f.Timeline()
	var dated, undated []string
	for _, m := range line.Dated {
		dated = append(dated, reading.SayDate(m.At)+": "+m.Title)
	}
	for _, m := range line.Undated {
		undated = append(undated, m.Title)
	}
	same(t, "dated", dated, []string{
		"5 January 2013: Missing",
		"February 2013: Offence",
		"5 February 2013: Missing",
		"March 2013: 1 log entry",
		"13 March 2013: Reported to the police",
		"14 March 2013: Recorded as a crime",
		"14 March 2013, 10:00: Log entry 1 states 4 suspects",
		"15 March 2013: Flag set: Child sexual exploitation",
		"1 April 2013: Exhibit EX1 submitted",
		"2 April 2013: Exhibit EX2 submitted",
		"2 November 2013: Outcome 16, decided by the police",
	})
	same(t, "undated", undated, []string{"Log entry 3, by a supervisor"})
	only := f.Timeline("exhibit")
	same(t, "only exhibits", []int{len(only.Dated), len(only.Undated), only.Counts["log"]}, []int{2, 0, 3})

	// Every entry of the log is somewhere in it.
	entries := map[int64]bool{}
	for _, m := range append(line.Dated, line.Undated...) {
		if m.Kind == "log" && len(m.Entries) == 0 {
			entries[m.Entry] = true
		}
		for _, e := range m.Entries {
			entries[e.Row] = true
		}
	}
	same(t, "entries in the timeline", len(entries), len(f.Log))
}

func TestWhatTheRecordsSuggest(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	var got []string
	for _, s := range read(t, d, officer, "T:C1").Suggested {
		got = append(got, s.Text)
		if strings.Contains(s.Text+s.Why, "BEECH") || strings.Contains(s.Text+s.Why, "ARDEN") {
			t.Errorf("a suggestion names somebody: %s", s.Text)
		}
		if s.Why == "" || s.Anchor == "" || strings.ContainsAny(s.Text+s.Why, "{}") {
			t.Errorf("a suggestion without its reason or place: %+v", s)
		}
	}
	same(t, "suggested", got, []string{
		"Interview or eliminate the suspect M.U.B. (N2)",
		"Compare with the other cases of the suspect M.U.B. (N2)",
		"Identify the suspects whom the log states and nobody recorded",
		"Find out who used the phone recorded as I1",
		"Ask for the result of exhibit EX1",
		"Look for what M.U.A. (N1) said on coming back",
		"Read the linked reference C9 beside this case",
	})
	for _, c := range []struct {
		id   casefile.CaseID
		want []string
	}{
		{"T:C2", []string{"Compare with the other cases of the suspect M.U.B. (N2)"}}, // interviewed there
		{"T:C3", []string{"Interview or eliminate the suspect M.B. (N4)", "Compare with the other cases of the suspect M.B. (N4)"}},
	} {
		var got []string
		for _, s := range read(t, d, officer, c.id).Suggested {
			got = append(got, s.Text)
		}
		same(t, string(c.id), got, c.want)
	}
}

func TestALineOfEnquiryIsWhatAPersonSaysOfIt(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	ctx := t.Context()
	const id = casefile.CaseID("T:C1")
	key := read(t, d, officer, id).Suggested[0].Key

	if _, err := reading.JudgeSuggestion(ctx, d, officer, id, key, casefile.LineRefused, " "); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("refused without a reason: %v", err)
	}
	if _, err := reading.JudgeSuggestion(ctx, d, inspector, id, key, casefile.LineIdentified, ""); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("an inspector judges: %v", err)
	}
	line, err := reading.JudgeSuggestion(ctx, d, officer, id, key, casefile.LineIdentified, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reading.JudgeSuggestion(ctx, d, supervisor, id, key, casefile.LineRefused, "no"); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("judged twice: %v", err)
	}
	f := read(t, d, officer, id)
	if len(f.Lines) != 1 || f.Lines[0].ID != line || f.Lines[0].State != casefile.LineIdentified || f.Lines[0].Because == "" {
		t.Fatalf("lines: %+v", f.Lines)
	}
	if slices.ContainsFunc(f.Suggested, func(s reading.Suggestion) bool { return s.Key == key }) {
		t.Error("what was judged is suggested again")
	}
	same(t, "version of the case", f.State.Version, 1)

	seen := f.Lines[0].Last().ID
	if err := reading.MoveLine(ctx, d, officer, id, line, seen, casefile.LineNothingFound, ""); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("moved without saying what was looked at: %v", err)
	}
	if err := reading.MoveLine(ctx, d, officer, id, line, seen, casefile.LineRefused, "x"); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("a line on record was refused: %v", err)
	}
	if err := reading.MoveLine(ctx, d, officer, id, line, seen, casefile.LineNothingFound, "Looked through custody records."); err != nil {
		t.Fatal(err)
	}
	if err := reading.MoveLine(ctx, d, supervisor, id, line, seen, casefile.LineDone, "y"); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("moved against an older step: %v", err)
	}
	if err := reading.MoveLine(ctx, d, officer, "T:C2", line, seen, casefile.LineDone, "y"); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("moved from another case: %v", err)
	}

	// A person's own, with the passage that led to it.
	entry := f.Log[0]
	good := casefile.Citation{Row: entry.Row, Part: casefile.PartLog, Start: 17, End: 27, Text: "four males"}
	for name, c := range map[string]casefile.Citation{
		"other words":    {Row: entry.Row, Part: casefile.PartLog, Start: 17, End: 27, Text: "five males"},
		"beyond the end": {Row: entry.Row, Part: casefile.PartLog, Start: 17, End: 2700, Text: "four males"},
		"backwards":      {Row: entry.Row, Part: casefile.PartLog, Start: 27, End: 17, Text: "four males"},
		"no such row":    {Row: entry.Row + 1000, Part: casefile.PartLog, Start: 17, End: 27, Text: "four males"},
		"no such part":   {Row: entry.Row, Part: "x", Start: 17, End: 27, Text: "four males"},
	} {
		if _, err := reading.AddLine(ctx, d, officer, id, "Trace them", "", &c); err == nil {
			t.Errorf("cited: %s", name)
		}
	}
	own, err := reading.AddLine(ctx, d, officer, id, "Trace the other two", "", &good)
	if err != nil {
		t.Fatal(err)
	}
	// Words without a place are found.
	if _, err := reading.AddLine(ctx, d, officer, id, "Ask again", "", &casefile.Citation{Row: entry.Row, Part: casefile.PartLog, Text: "C2 is linked"}); err != nil {
		t.Error(err)
	}
	f = read(t, d, officer, id)
	at := slices.IndexFunc(f.Lines, func(l casefile.Line) bool { return l.ID == own })
	if at < 0 || !reflect.DeepEqual(*f.Lines[at].Citation, good) {
		t.Errorf("lines: %+v", f.Lines)
	}
	if c := f.Lines[len(f.Lines)-1].Citation; c == nil || c.Text != "C2 is linked" || c.Start != 42 {
		t.Errorf("found at %+v", c)
	}
	same(t, "steps", []casefile.LineState{f.Lines[0].Steps[0].State, f.Lines[0].Steps[1].State}, []casefile.LineState{casefile.LineIdentified, casefile.LineNothingFound})
	same(t, "events", []int{events(t, d, ledger.LineAdded, string(id)), events(t, d, ledger.LineMoved, string(id))}, []int{3, 1})
}

// events counts the events of a kind about a subject.
func events(t *testing.T, d *desk.Desk, kind ledger.Kind, subject string) int {
	t.Helper()
	n := 0
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Readings(t.Context(), subject, []ledger.Kind{kind}, 0, 1000)
		n = len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReadingIsOnRecordWithItsReason(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	ctx := t.Context()
	same(t, "read before", events(t, d, ledger.CaseRead, "T:C1"), 0)
	read(t, d, officer, "T:C1")
	if _, err := reading.ReadCase(ctx, d, supervisor, "T:C1", "disclosure"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by      casefile.Actor
		id      casefile.CaseID
		purpose string
		want    casefile.Kind
	}{
		{inspector, "T:C1", "review", casefile.Forbidden},
		{officer, "T:C1", "curiosity", casefile.Invalid},
		{officer, "T:C77", "review", casefile.NotFound},
	} {
		if _, err := reading.ReadCase(ctx, d, c.by, c.id, c.purpose); casefile.KindOf(err) != c.want {
			t.Errorf("%s reads %s for %s: %v, want %s", c.by.ID, c.id, c.purpose, err, c.want)
		}
	}
	f := read(t, d, officer, "T:C1")
	var said []string
	for _, r := range f.Readings {
		said = append(said, r.Actor+" "+r.Purpose)
	}
	same(t, "readings, the newest first", said, []string{"supervisor.test disclosure", "officer.test review"})
	older, err := reading.Readings(ctx, d, officer, "T:C1", f.Readings[0].Seq, 10)
	if err != nil || len(older) != 1 || older[0].Actor != "officer.test" {
		t.Errorf("older readings: %v, %v", older, err)
	}
	if _, err := reading.ReadPerson(ctx, d, officer, "T:N2", "linked case"); err != nil {
		t.Fatal(err)
	}
	suspect, _ := f.Person("T:N2")
	same(t, "readings of the person", events(t, d, ledger.PersonRead, suspect.Identity), 1)
}

func TestARestrictedCaseIsNowhereForOthers(t *testing.T) {
	d, _ := deskWith(t, oneCase)
	ctx := t.Context()
	restrict(t, d, "T:C4")
	if _, err := reading.ReadCase(ctx, d, officer, "T:C4", "review"); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("an officer reads it: %v", err)
	}
	_, missing := reading.ReadCase(ctx, d, officer, "T:C99", "review")
	_, hidden := reading.ReadCase(ctx, d, officer, "T:C4", "review")
	same(t, "the same words as for a case that never was", strings.ReplaceAll(casefile.Message(hidden), "C4", "C99"), casefile.Message(missing))
	count := func(by casefile.Actor) int {
		f := read(t, d, by, "T:C1")
		p, _ := f.Person("T:N2")
		return len(p.Elsewhere)
	}
	same(t, "other cases of the suspect for an officer", count(officer), 2)
	same(t, "and for a named reader", count(supervisor), 3)

	for _, by := range []casefile.Actor{officer, supervisor} {
		p, err := reading.ReadPerson(ctx, d, by, "T:N4", "linked case")
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		same(t, by.ID+" sees it on the person's page", strings.Contains(string(b), "T:C4"), by.ID == supervisor.ID)
	}
	for _, act := range []func() error{
		func() error { _, err := reading.AddLine(ctx, d, officer, "T:C4", "x", "", nil); return err },
		func() error { return reading.MoveLine(ctx, d, officer, "T:C4", 1, 1, casefile.LineDone, "x") },
		func() error {
			_, err := reading.JudgeSuggestion(ctx, d, officer, "T:C4", "x", casefile.LineIdentified, "x")
			return err
		},
		func() error { _, err := reading.ReadFile(ctx, d, officer, "T:C4", 1, "review"); return err },
		func() error { _, err := reading.Readings(ctx, d, officer, "T:C4", 0, 9); return err },
	} {
		if err := act(); casefile.KindOf(err) != casefile.NotFound {
			t.Errorf("an officer acts on it: %v", err)
		}
	}
	// A record that is in restricted cases only, of a person who has another.
	restrict(t, d, "T:C3")
	if _, err := reading.ReadPerson(ctx, d, officer, "T:N4", "review"); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("an officer reads a hidden record: %v", err)
	}
	p, err := reading.ReadPerson(ctx, d, officer, "T:N2", "review")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(p); err != nil || strings.Contains(string(b), "N4") || strings.Contains(string(b), "T:C3") {
		t.Errorf("a hidden record is on the page of another: %s, %v", b, err)
	}
	// People who are in restricted cases only.
	for _, id := range []casefile.CaseID{"T:C1", "T:C2"} {
		restrict(t, d, id)
	}
	for _, id := range []string{"T:N2", "T:N1"} {
		if _, err := reading.ReadPerson(ctx, d, officer, id, "review"); casefile.KindOf(err) != casefile.NotFound {
			t.Errorf("an officer reads %s: %v", id, err)
		}
		if _, err := reading.ReadPerson(ctx, d, supervisor, id, "review"); err != nil {
			t.Errorf("the supervisor does not: %v", err)
		}
	}
}

// restrict keeps a case to the supervisor.
func restrict(t *testing.T, d *desk.Desk, id casefile.CaseID) {
	t.Helper()
	err := d.DB.Update(t.Context(), supervisor, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := tx.Restrict(t.Context(), store.Restriction{Case: id, Kind: "sensitive source", Reason: "made up", SetBy: supervisor.ID}); err != nil {
			return nil, err
		}
		err := tx.AddCaseReader(t.Context(), store.CaseReader{Case: id, Account: supervisor.ID, Reason: "made up", NamedBy: supervisor.ID})
		return []ledger.Event{{Kind: ledger.CaseRestricted, Subject: string(id)}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatALaterExtractChanged(t *testing.T) {
	d, dir := deskWith(t, oneCase)
	long := strings.Repeat("word ", 60)
	for name, change := range map[casefile.Table][2]string{
		casefile.Investigations: {",closed,16,", ",reopened,16,"},
		casefile.Exhibits:       {"C1,EX1,swab,2013-04-01,,n", "C1,EX1,swab,2013-04-01,no profile,n"},
		casefile.Log:            {"Nothing further.", long},
		casefile.Nominals:       {"ARDEN,Made Up,1999-01-02", "ARDEN,Made Up,1999-01-03"},
	} {
		text := strings.Replace(oneCase[name], change[0], change[1], 1)
		if text == oneCase[name] {
			t.Fatalf("%s: nothing to change", name)
		}
		if err := os.WriteFile(filepath.Join(dir, string(name)+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := read(t, d, officer, "T:C1")
	same(t, "changes before", len(before.Changes), 0)
	desktest.Import(t, d, dir)
	f := read(t, d, officer, "T:C1")
	var got []string
	for _, c := range f.Changes {
		said := fmt.Sprintf("%s.%s %q %q", c.Table, c.Field, c.Was, c.Now)
		if c.Long() {
			said = fmt.Sprintf("%s.%s %d words, %d words", c.Table, c.Field, c.WasWords(), c.NowWords())
		}
		if c.Arrival.ID != 2 {
			t.Errorf("%s came with extract %d", said, c.Arrival.ID)
		}
		got = append(got, said)
	}
	slices.Sort(got)
	same(t, "changes", got, []string{
		`exhibits.result "" "no profile"`,
		`investigations.status "closed" "reopened"`,
		`log.text 2 words, 60 words`,
		`nominals.dob "1999-01-02" "1999-01-03"`,
	})
	same(t, "extracts", len(f.Arrivals), 2)
	same(t, "status now", f.Report.Status, "reopened")
	// What was cited from the earlier version can still be read.
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		text, err := tx.TextAt(t.Context(), "T:C1", before.Log[1].Row, casefile.PartLog, 0)
		same(t, "the earlier text", text, "Nothing further.")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// longLog is a case with a log of so many entries, the last of them of one
// megabyte, which is as much as a cell may hold.
func longLog(entries int) desktest.Tables {
	var b strings.Builder
	b.WriteString("crime_ref,seq,at,author,type,text\n")
	for i := range entries {
		at := time.Date(2012, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 7 * time.Hour)
		text := fmt.Sprintf("Entry about enquiry %d, with words enough to make a line of a log.", i+1)
		if i == entries-1 {
			text = strings.Repeat("Long words. ", 1<<20/12-1) + "needle"
		}
		fmt.Fprintf(&b, "C1,%d,%s,PC 1,note,%s\n", i+1, at.Format("2006-01-02T15:04"), strings.ReplaceAll(text, ",", ";"))
	}
	return desktest.Tables{
		casefile.Investigations: "crime_ref,recorded_at\nC1,2013-03-14\n",
		casefile.Nominals:       "nominal_ref,surname\nN1,ARDEN\n",
		casefile.Log:            b.String(),
		casefile.Involvements:   "crime_ref,nominal_ref,role\nC1,N1,victim\n",
	}
}

func TestALongLogIsReadInPages(t *testing.T) {
	d, _ := deskWith(t, longLog(3000))
	ctx := t.Context()
	start := time.Now()
	f := read(t, d, officer, "T:C1")
	t.Logf("first page of 3,000 entries in %v", time.Since(start))
	same(t, "log and first page", []int{len(f.Log), len(f.Pages.Entries), f.Pages.Of}, []int{3000, 200, 16})
	bytes := 0
	for _, text := range f.Texts {
		bytes += len(text.Text)
	}
	if bytes > 512<<10 {
		t.Errorf("the first page holds %d bytes of text", bytes)
	}
	seen := map[int64]bool{}
	for page := 1; page <= f.Pages.Of; page++ {
		p, err := reading.OpenCase(ctx, d, officer, "T:C1", "review", reading.Look{Log: page})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "first of the page", p.Pages.First, len(seen)+1)
		for _, e := range p.Pages.Entries {
			if seen[e.Row] {
				t.Fatalf("entry %d is on two pages", e.Seq)
			}
			seen[e.Row] = true
			if e.Text == "" {
				t.Fatalf("entry %d has no text", e.Seq)
			}
		}
	}
	same(t, "entries on all pages", len(seen), 3000)

	last := f.Log[2999]
	for name, c := range map[string]struct {
		look reading.Look
		page int
		seq  int64
	}{
		"an entry by its row":     {reading.Look{Entry: f.Log[450].Row}, 3, 401},
		"the last":                {reading.Look{Entry: last.Row}, 16, 3000},
		"a page beyond the end":   {reading.Look{Log: 999}, 16, 3000},
		"an entry that is not it": {reading.Look{Entry: 1 << 40}, 1, 1},
	} {
		p, err := reading.OpenCase(ctx, d, officer, "T:C1", "review", c.look)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, []int64{int64(p.Pages.Page), p.Pages.Entries[0].Seq}, []int64{int64(c.page), c.seq})
	}
	found, err := reading.OpenCase(ctx, d, officer, "T:C1", "review", reading.Look{Find: "NEEDLE words"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "found", []int64{int64(found.Pages.Found), found.Pages.Entries[0].Seq}, []int64{1, 3000})
	none, err := reading.OpenCase(ctx, d, officer, "T:C1", "review", reading.Look{Find: "nowhere"})
	if err != nil || none.Pages.Found != 0 || len(none.Pages.Entries) != 0 {
		t.Errorf("found what is nowhere: %+v, %v", none.Pages, err)
	}
}

func TestMarksLieOnTheCharactersThatTheyMean(t *testing.T) {
	tables := longLog(1)
	text := "a\u0301 👩‍👩‍👧 שלום. Three males were seen. Drei. ΣΊΣΥΦΟΣ saw three MALES"
	tables[casefile.Log] = "crime_ref,seq,text\nC1,1,\"" + text + "\"\n"
	d, _ := deskWith(t, tables)
	f, err := reading.OpenCase(t.Context(), d, officer, "T:C1", "review", reading.Look{Find: "males σίσυφος"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range f.Highlights(f.Texts[0]) {
		got = append(got, h.Kind+" "+string([]rune(f.Texts[0].Text)[h.Start:h.End]))
	}
	same(t, "marked", got, []string{"stated Three males were seen.", "found males", "found ΣΊΣΥΦΟΣ", "found MALES"})
}
