package allocation

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
)

// known are accounts for reading files.
var known = map[string]store.Account{"oak.reviewer": {ID: "oak.reviewer"}, "ash.reviewer": {ID: "ash.reviewer"}}

func TestASkillsFileIsReadAsTrainingSystemsWriteIt(t *testing.T) {
	want := "oak.reviewer child interview 2026-03-01 2027-03-31 | ash.reviewer review induction 2025-12-09 no end"
	for name, data := range map[string][]byte{
		"plain":        []byte("account,skill,from,to\noak.reviewer,child interview,2026-03-01,2027-03-31\nash.reviewer,review induction,2025-12-09,\n"),
		"other heads":  []byte("Username,Course Name,Date completed,Expiry-date,Remarks\nOAK.reviewer ,ABE,01/03/2026,31/03/2027,x\nash.reviewer,Induction,9/12/2025,,\n"),
		"semicolons":   []byte("\ufeffUser_ID;Training;Valid from;Valid until\r\noak.reviewer;\"achieving best evidence\";1 March 2026;31 Mar 2027\r\n\r\nash.reviewer;operation induction;2025-12-09 00:00:00;\r\n"),
		"other order":  []byte("to\tfrom\tskill\taccount\n2027-03-31\t2026-03-01\tChild Interview\toak.reviewer\n\t2025-12-09\treview-induction\tash.reviewer\n"),
		"without to":   []byte("account,skill,from\noak.reviewer,child interview,2026-03-01\nash.reviewer,review induction,2025-12-09\n"),
		"Windows-1252": []byte("account,skill,from,to,remark\noak.reviewer,child interview,2026-03-01,2027-03-31,caf\xe9\nash.reviewer,review induction,2025-12-09,,\n"),
		"UTF-16":       utf16("account,skill,from,to\noak.reviewer,child interview,2026-03-01,2027-03-31\nash.reviewer,review induction,2025-12-09,\n"),
	} {
		lines, rows, faults := parseSkills("f.csv", data, known)
		if len(faults) > 0 || rows != 2 {
			t.Errorf("%s: %d rows, %v", name, rows, faults)
			continue
		}
		var said []string
		for _, l := range lines {
			end := "no end"
			if l.To != store.NoEnd {
				end = l.To.String()
			}
			said = append(said, fmt.Sprintf("%s %s %s %s", l.account, l.skill, l.From, end))
		}
		expect := want
		if name == "without to" {
			expect = strings.Replace(want, "2027-03-31", "no end", 1)
		}
		if got := strings.Join(said, " | "); got != expect {
			t.Errorf("%s: %s, want %s", name, got, expect)
		}
	}
}

func utf16(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return out
}

func TestEveryFaultOfASkillsFileIsASentence(t *testing.T) {
	head := "account,skill,from,to\n"
	for _, x := range []struct{ data, want string }{
		{"", "f.csv: The file is empty. Expected a CSV file with the columns account, skill, from, to."},
		{head, "f.csv: The file has headings and no rows. Expected a row for each skill that somebody holds."},
		{"PK\x03\x04rest", "f.csv: This is a workbook or a ZIP file (save the sheet as CSV), not a CSV file. Expected a CSV file with the columns account, skill, from, to."},
		{"%PDF-1.7", "f.csv: This is a PDF file, not a CSV file. Expected a CSV file with the columns account, skill, from, to."},
		{"<html>", "f.csv: This is a web page or XML, not a CSV file. Expected a CSV file with the columns account, skill, from, to."},
		{"a\x00b", "f.csv: This is not text that can be read. Expected a CSV file with the columns account, skill, from, to."},
		{"account,skill,to\n", `f.csv, line 1, column from: There is no such column; the headings are "account, skill, to". It may be called from, start, start date, from date and the like.`},
		{"account,user,skill,from,to\n", `f.csv, line 1, column user: "account" and "user" both mean account. Expected one column of each.`},
		{head + "oak.reveiwer,vetted,2026-01-01,\n", `f.csv, line 2, column account: "oak.reveiwer" is no account. Expected the sign-in name of an account; the nearest is "oak.reviewer".`},
		{head + ",vetted,2026-01-01,\n", `f.csv, line 2, column account: No account is given. Expected the sign-in name of an account, as the page of accounts shows it.`},
		{head + "oak.reviewer,,2026-01-01,\n", `f.csv, line 2, column skill: No skill is given. Expected one such as review induction, child interview, digital evidence, network analysis, vetted.`},
		{head + "oak.reviewer,vetted,31/02/2026,\n", `f.csv, line 2, column from: "31/02/2026" is no day. Expected a day such as 2026-03-31 or 31/03/2026.`},
		{head + "\noak.reviewer,vetted,,\n", `f.csv, line 3, column from: No first day is given. Expected a day such as 2026-03-31 or 31/03/2026.`},
		{head + "oak.reviewer,vetted,2026-01-01,soon\n", `f.csv, line 2, column to: "soon" is no day. Expected a day such as 2026-03-31 or 31/03/2026, or nothing for what does not end.`},
		{head + "oak.reviewer,vetted,2026-01-01,2025-12-31\n", `f.csv, line 2, column to: "2025-12-31" is before the first day, 2026-01-01. Expected the last day on which it is held.`},
		{head + "oak.reviewer,vetted,2026-01-01,,x\n", `f.csv, line 2: The row has 5 cells, the headings 4. Expected quotation marks around a cell that contains the separator.`},
		{head + "oak.reviewer,vetted,2026-01-01,2026-06-30\noak.reviewer,enhanced vetting,2026-06-30,\n", `f.csv, line 3, column from: oak.reviewer has "vetted" on line 2 as well, and the two share days. Expected one row for each period; keep the row that holds.`},
		{head + "oak.reviewer,\"vetted,2026-01-01,\n", `f.csv, line 2: A quotation mark is opened and not closed, or stands within a cell. Expected "…" around a whole cell, and "" for a quotation mark within it.`},
		{head + strings.Repeat("x", 3<<20), "f.csv: The file has 3145750 bytes. Expected at most 2097152; split it by unit."},
	} {
		_, _, faults := parseSkills("f.csv", []byte(x.data), known)
		if len(faults) != 1 || faults[0].String() != x.want {
			t.Errorf("%.40q:\n got %v\nwant %s", x.data, faults, x.want)
		}
	}
}

func TestAFileWithManyFaultsSaysThemInOrder(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("account,skill,from,to\n")
	for range 70 {
		b.WriteString("nobody.here,vetted,soon,\n")
	}
	d := desktest.NewDesk(t)
	p, err := PreviewSkills(t.Context(), d, sup, SkillsFile{Name: `C:\temp\` + "\u202egnp.csv", Data: b.Bytes()})
	if err != nil || len(p.Faults) != maxFaults || p.More != 140-maxFaults || p.Faults[0].Line != 2 || p.Faults[2].Line != 3 || p.File != "gnp.csv" {
		t.Errorf("%d faults, %d more, %v, file %q", len(p.Faults), p.More, err, p.File)
	}
	if _, err := ImportSkills(t.Context(), d, sup, SkillsFile{Name: "f.csv", Data: b.Bytes()}, -1); casefile.KindOf(err) != casefile.Invalid || !strings.Contains(err.Error(), "139 more faults") {
		t.Errorf("it was imported: %v", err)
	}
}

func FuzzSkillsFile(f *testing.F) {
	f.Add([]byte("account,skill,from,to\noak.reviewer,vetted,2026-01-01,\n"))
	f.Add([]byte("a\"b;c\n\xff\xfe"))
	f.Add([]byte("user;course;start;end\r\noak.reviewer;\"x\ny\";1/2/2026;"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, rows, faults := parseSkills("f.csv", data, known)
		if len(faults) == 0 && (rows == 0 || len(lines) != rows) {
			t.Errorf("%d rows, %d lines and no fault", rows, len(lines))
		}
		for _, l := range lines {
			if len(faults) == 0 && (l.To < l.From || l.skill == "" || known[l.account].ID == "") {
				t.Errorf("%+v was read without a fault", l)
			}
		}
	})
}

func TestAnImportSaysWhatItChangesAndKeepsWhatItReplaces(t *testing.T) {
	d := office(t, 60)
	train(t, d, "account,skill,from,to\none,vetted,2024-01-01,2026-12-31\none,abe,2024-01-01,2026-12-31\none,digital,2024-01-01,2026-12-31\ntwo,vetted,2024-01-01,2026-12-31\ntwo,abe,2024-01-01,\n")
	file := SkillsFile{Name: "new.csv", Data: []byte("account,skill,from,to\none,vetted,2024-01-01,2026-12-31\none,vetted,2027-01-01,2028-12-31\none,abe,2024-01-01,2026-06-30\none,digital,2024-01-01,2026-12-31\nthree,chlid interview,2026-01-01,\nthree,induction,2026-01-01,\n"), Mode: WholeList}
	p, err := PreviewSkills(t.Context(), d, sup, file)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range p.Changes {
		said = append(said, fmt.Sprintf("%s: %s %s", c.Kind, c.Account, c.Skill))
	}
	want := []string{"ended: two child interview", "ended: two vetted", "ends earlier: one child interview", "new: three chlid interview", "new: three review induction", "renewed: one vetted", "as before: one digital evidence"}
	if !slices.Equal(said, want) {
		t.Errorf("changes\n%q, want\n%q", said, want)
	}
	if c := p.Changes[3]; c.Needed || c.Like != "child interview" {
		t.Errorf("a misspelt skill is taken without a word: %+v", c)
	}
	before := heldBy(t, d, "two")
	if len(before) != 2 {
		t.Fatalf("a preview changed something: %v", before)
	}
	if _, err := ImportSkills(t.Context(), d, sup, file, p.Version-1); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("an import after a preview of another state: %v", err)
	}
	if _, err := ImportSkills(t.Context(), d, sup, file, p.Version); err != nil {
		t.Fatal(err)
	}
	if after := heldBy(t, d, "two"); len(after) != 0 {
		t.Errorf("what is not in the whole list still holds: %v", after)
	}
	if n := events(t, d, ledger.SkillsImported, "new.csv"); n != 1 {
		t.Errorf("%d events", n)
	}
	// The same file again changes nothing and takes nothing away.
	p, err = PreviewSkills(t.Context(), d, sup, file)
	if err != nil || p.Changed() || p.Counts[SameAsBefore] != 5 {
		t.Errorf("%v, %v", p.Counts, err)
	}
	// Adding leaves alone what it does not mention.
	file.Mode, file.Data = AddAndRenew, []byte("account,skill,from,to\ntwo,dmi,2026-01-01,\n")
	if p, err = ImportSkills(t.Context(), d, sup, file, -1); err != nil || len(p.Changes) != 1 || p.Changes[0].Kind != NewSkill {
		t.Errorf("%+v, %v", p, err)
	}
}

func heldBy(t *testing.T, d *desk.Desk, account string) (held []string) {
	t.Helper()
	look(t, d, func(tx *store.Tx) (err error) {
		held, err = tx.SkillsHeld(t.Context(), account, casefile.DayOf(2026, time.March, 1))
		return err
	})
	return held
}

func TestWhoHoldsWhatUntilWhen(t *testing.T) {
	d := office(t, 60)
	on := casefile.DayAt(time.Now())
	row := func(account, skill string, from, to casefile.Day) string {
		return fmt.Sprintf("%s,%s,%s,%s\n", account, skill, from, to)
	}
	p, err := Skills(t.Context(), d, sup)
	if err != nil || p.Recorded || len(p.Without) != 3 {
		t.Errorf("before the first import: %+v, %v", p, err)
	}
	train(t, d, "account,skill,from,to\n"+
		row("one", "vetted", on-100, on)+row("one", "vetted", on+1, on+100)+ // renewed without a gap
		row("one", "abe", on-100, on+29)+ // lost soon
		row("one", "digital", on-100, on+30)+
		row("two", "vetted", on-100, on-1)+ // lost
		row("two", "abe", on+1, on+9)+ // not yet
		row("gone", "abe", on-100, on+2)) // disabled: warns nobody
	if p, err = Skills(t.Context(), d, sup); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, h := range p.Holdings {
		said = append(said, fmt.Sprintf("%s %s %s until %+d", h.Account, h.Skill, h.State, h.Until-on))
	}
	want := []string{"two vetted run out until -1", "two child interview not yet until +9", "one digital evidence held until +30", "one vetted held until +100",
		"one child interview held, ends within 30 days until +29", "gone child interview held, ends within 30 days until +2"}
	if !slices.Equal(said, want) {
		t.Errorf("holdings\n%q, want\n%q", said, want)
	}
	if len(p.Soon) != 1 || len(p.RunOut) != 1 || len(p.Without) != 2 || p.Reviewers != 3 {
		t.Errorf("soon %v, run out %v, without %v of %d", p.Soon, p.RunOut, p.Without, p.Reviewers)
	}
	for _, c := range p.Cover {
		if c.Skill == "child interview" && (c.Held != 1 || c.Soon != 1) {
			t.Errorf("cover %+v", c)
		}
	}
}

func TestWhatACaseNeeds(t *testing.T) {
	list := review.TrainingInForce()
	child := &cohort.Row{VictimUnder18: cohort.Yes, Online: cohort.No, Group: "g1"}
	adult := &cohort.Row{VictimUnder18: cohort.No, Online: cohort.No}
	for _, x := range []struct {
		name       string
		row        *cohort.Row
		restricted bool
		want       string
	}{
		{"an adult's case", adult, false, "review induction"},
		{"a child's, in a group", child, false, "review induction, child interview, network analysis"},
		{"a restricted one", adult, true, "review induction, vetted"},
		{"one of which nothing is known", &cohort.Row{}, false, "review induction, child interview, digital evidence"},
		{"one not analysed yet", nil, false, "review induction, child interview, digital evidence, network analysis"},
	} {
		var got []string
		for _, n := range list.Needed(x.row, x.restricted) {
			got = append(got, n.Skill)
			if n.Why == "" || n.Label == "" {
				t.Errorf("%s: %+v says no reason", x.name, n)
			}
		}
		if strings.Join(got, ", ") != x.want {
			t.Errorf("%s needs %s, want %s", x.name, got, x.want)
		}
	}
	if m := list.Missing(child, false, review.Skills{}); m != nil {
		t.Errorf("as long as no skills are recorded nobody can be short of one: %v", m)
	}
	if m := list.Missing(child, false, review.Skills{Recorded: true, Held: map[string]bool{"review induction": true}}); len(m) != 2 {
		t.Errorf("missing %v", m)
	}
}

func TestTheDemosSkillsCanBeImported(t *testing.T) {
	d := office(t, 60)
	on := casefile.DayAt(time.Now())
	write(t, d, func(tx *store.Tx) error {
		for _, id := range []string{"reviewer.one", "reviewer.two", "supervisor.one", "supervisor.two", "supervisor.three"} {
			if err := tx.AddAccount(t.Context(), store.Account{ID: id, Name: id, Roles: one.Roles}); err != nil {
				return err
			}
		}
		return nil
	})
	train(t, d, string(DemoSkills(on)))
	p, err := Skills(t.Context(), d, sup)
	if err != nil || len(p.Soon) != 1 || len(p.RunOut) != 1 {
		t.Errorf("soon %v, run out %v, %v", p.Soon, p.RunOut, err)
	}
	look(t, d, func(tx *store.Tx) error {
		child := &cohort.Row{VictimUnder18: cohort.Yes, Online: cohort.No}
		if ok, missing, err := Trained(t.Context(), tx, "reviewer.two", child, false, on); !ok || err != nil {
			t.Errorf("missing %v, %v", missing, err)
		}
		if ok, missing, err := Trained(t.Context(), tx, "reviewer.two", child, true, on); ok || err != nil || len(missing) != 1 || missing[0] != "Enhanced vetting, because the case is open to named readers only" {
			t.Errorf("a lapsed vetting: %v, missing %v, %v", ok, missing, err)
		}
		return nil
	})
}
