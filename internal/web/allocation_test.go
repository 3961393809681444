package web

import (
	"bytes"
	"encoding/csv"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// sendSkills sends a file with the fields of a form.
func (u *user) sendSkills(path, name string, data []byte, fields map[string]string) answer {
	u.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for k, v := range fields {
		form.WriteField(k, v)
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		u.t.Fatal(err)
	}
	part.Write(data)
	form.Close()
	return u.do("POST", path, &b, form.FormDataContentType())
}

// hidden is the value of a hidden field on a page.
func (a answer) hidden(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("the page has no field %s: %s", name, a.said())
	}
	return strings.NewReplacer("&#43;", "+", "&amp;", "&", "&#34;", `"`).Replace(m[1])
}

func (s *testSite) ownerOf(t *testing.T, id casefile.CaseID) (account string) {
	t.Helper()
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		a, _, err := tx.AssignmentOf(t.Context(), id)
		account = a.Account
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func (a answer) ticks(t *testing.T) (ids []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`name="case" value="([^"]+)"`).FindAllStringSubmatch(a.Body, -1) {
		ids = append(ids, m[1])
	}
	if len(ids) == 0 {
		t.Fatalf("no case to tick: %s", a.said())
	}
	return ids
}

const toAssign = "/allocation?list=y&scope=in&stage=open&assigned=nobody"

func TestASupervisorSeesAProposalThenAssignsThenUndoes(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	if a := u.get("/allocation").must(t, 303); a.To != toAssign {
		t.Errorf("the page begins at %s", a.To)
	}
	list := u.get(toAssign).must(t, 200)
	ids := list.ticks(t)
	form := url.Values{"filter": {list.hidden(t, "filter")}, "which": {"ticked"}, "do": {"assign"}, "when": {"none"}, "case": ids[:4], "person": {"reviewer.one", "reviewer.two"}}
	page := u.post("/allocation/propose", form).must(t, 200)
	if !strings.Contains(page.said(), "Suggested") || s.ownerOf(t, casefile.CaseID(ids[0])) != "" {
		t.Errorf("a proposal that is not one: %s", page.said())
	}
	// What was agreed to must be what is done.
	form.Set("print", "another")
	if a := u.post("/allocation", form).must(t, 200); !strings.Contains(a.Body, "Changed since") {
		t.Errorf("another proposal was carried out: %s", a.said())
	}
	form.Set("print", page.hidden(t, "print"))
	done := u.post("/allocation", form).must(t, 303)
	if !strings.HasPrefix(done.To, "/allocation/batches/") {
		t.Fatalf("goes to %s", done.To)
	}
	counts := map[string]int{}
	for _, id := range ids[:4] {
		counts[s.ownerOf(t, casefile.CaseID(id))]++
	}
	if counts["reviewer.one"]+counts["reviewer.two"] != 4 || counts["reviewer.one"] != 2 {
		t.Errorf("assigned to %v", counts)
	}
	batch := u.get(done.To).must(t, 200)
	if !strings.Contains(batch.Body, "Undo as one") {
		t.Errorf("cannot be undone: %s", batch.said())
	}
	ask := u.get(done.To+"/undo").must(t, 200)
	if !strings.Contains(ask.said(), "4 cases would go back") {
		t.Errorf("undo asks: %s", ask.said())
	}
	u.post(done.To+"/undo", url.Values{}).must(t, 422)
	u.post(done.To+"/undo", url.Values{"reason": {"wrong people"}}).must(t, 303)
	if s.ownerOf(t, casefile.CaseID(ids[0])) != "" {
		t.Error("it was not undone")
	}
	u.get(done.To+"/undo").must(t, 409)
	if n := s.events(t, ledger.CaseAssigned, ids[0]) + s.events(t, ledger.AssignmentEnded, ids[0]); n != 2 {
		t.Errorf("%d events about %s, want 2", n, ids[0])
	}
	u.get("/allocation/batches").must(t, 200)
}

func TestAFormOfAllocationKeepsWhatWasChosen(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	list := u.get(toAssign).must(t, 200)
	ids := list.ticks(t)
	form := url.Values{"filter": {list.hidden(t, "filter")}, "which": {"ticked"}, "do": {"assign"}, "when": {"rate"}, "per_day": {"many"}, "case": ids[:2], "reason": {"spring <plan>"}}
	a := u.post("/allocation/propose", form).must(t, 422)
	for _, want := range []string{"Tick who is to have the cases.", "Give a whole number from 1 to 100", "spring &lt;plan&gt;", `value="` + ids[0] + `" aria-label="Tick case`} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(a.Body, " checked"); n < 4 { // two cases, and three radios of which one may be elsewhere
		t.Errorf("%d things are chosen", n)
	}
	for name, bad := range map[string]url.Values{
		"nobody's account": {"which": {"ticked"}, "case": ids[:1], "person": {"nobody.here"}},
		"no case":          {"which": {"ticked"}, "person": {"reviewer.one"}},
		"not a reviewer":   {"which": {"ticked"}, "case": ids[:1], "person": {"panel"}},
	} {
		bad.Set("filter", "list=y")
		bad.Set("do", "assign")
		if a := u.post("/allocation/propose", bad); a.Status != 422 {
			t.Errorf("%s: status %d", name, a.Status)
		}
	}
	// A case that does not exist is refused with its reason, and nothing breaks.
	a = u.post("/allocation/propose", url.Values{"filter": {"list=y"}, "which": {"ticked"}, "do": {"assign"}, "case": {"no:such"}, "person": {"reviewer.one"}}).must(t, 200)
	if !strings.Contains(a.said(), "There is no such case here.") {
		t.Error(a.said())
	}
}

func TestAllThatFitTheFilterAreAssigned(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	found := regexp.MustCompile(`class="lb-count">(\d+) of`)
	before := found.FindStringSubmatch(u.get(toAssign).must(t, 200).Body)
	form := url.Values{"filter": {strings.TrimPrefix(toAssign, "/allocation?")}, "which": {"all"}, "do": {"assign"}, "when": {"rate"}, "per_day": {"3"}, "person": {"reviewer.one", "reviewer.two"}}
	page := u.post("/allocation/propose", form).must(t, 200)
	form.Set("print", page.hidden(t, "print"))
	done := u.post("/allocation", form).must(t, 303)
	for range 50 { // it may go on as a job
		if strings.HasPrefix(done.To, "/allocation/") {
			break
		}
		time.Sleep(100 * time.Millisecond)
		done = u.get(done.To)
		if m := regexp.MustCompile(`/allocation/batches/[a-z0-9]+`).FindString(done.Body); m != "" {
			done.To = m
		}
	}
	if a := u.get(done.To).must(t, 200); !strings.Contains(a.said(), before[1]+" of "+before[1]) {
		t.Errorf("not all %s were assigned: %s", before[1], a.said())
	}
	if a := u.get(toAssign).must(t, 200); !strings.Contains(a.said(), "still to be read is with somebody") {
		t.Errorf("the list is not empty: %s", a.said())
	}
	if a := u.get("/allocation?list=y&due=soon").must(t, 200); !strings.Contains(a.Body, "Tick case") {
		t.Errorf("nothing is due soon: %s", a.said())
	}
	if a := u.get("/allocation?list=y&due=overdue").must(t, 200); strings.Contains(a.Body, "Tick case") {
		t.Error("something is overdue already")
	}
	s.clock.move(60 * 24 * time.Hour)
	u = s.as(t, "supervisor.one")
	if a := u.get("/allocation?list=y&due=overdue").must(t, 200); !strings.Contains(a.Body, "Overdue") || !strings.Contains(a.Body, "Tick case") {
		t.Error("nothing is overdue after two months")
	}
}

func TestARestrictedCaseIsNotInTheAllocationOfOthers(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	list := u.get(toAssign).must(t, 200)
	ids := list.ticks(t)
	secret := casefile.CaseID(ids[0])
	_, ref := secret.Split()
	// It is assigned together with another before it is restricted.
	form := url.Values{"filter": {list.hidden(t, "filter")}, "which": {"ticked"}, "do": {"assign"}, "case": ids[:2], "person": {"reviewer.one"}}
	form.Set("print", u.post("/allocation/propose", form).must(t, 200).hidden(t, "print"))
	batch := u.post("/allocation", form).must(t, 303).To
	if err := account.Restrict(t.Context(), s.Desk, operator, secret, "other", "test", []string{"reviewer.one", "supervisor.one"}); err != nil {
		t.Fatal(err)
	}
	other := s.as(t, "supervisor.two")
	for _, path := range []string{"/allocation?list=y", batch, batch + "/undo", "/workload", "/workload/forecast", "/allocation/batches"} {
		if a := other.get(path).must(t, 200); strings.Contains(a.Body, ref) {
			t.Errorf("%s shows %s", path, ref)
		}
	}
	other.get(caseAddress(secret)+"/assignments").must(t, 404)
	form = url.Values{"filter": {"list=y"}, "which": {"ticked"}, "do": {"take"}, "case": {string(secret)}}
	if a := other.post("/allocation/propose", form).must(t, 200); !strings.Contains(a.said(), "no such case") {
		t.Error(a.said())
	}
	other.post(caseAddress(secret)+"/assignments", url.Values{"do": {"take"}, "reason": {"x"}}).must(t, 404, 409)
	if s.ownerOf(t, secret) != "reviewer.one" {
		t.Error("it was taken away all the same")
	}
}

func TestOneCaseIsAssignedOnItsOwnPage(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	id := casefile.CaseID(u.get(toAssign).must(t, 200).ticks(t)[0])
	page := caseAddress(id) + "/assignments"
	if a := u.get(page).must(t, 200); !strings.Contains(a.said(), "Assigned to nobody") || !strings.Contains(a.Body, "Review induction") {
		t.Error(a.said())
	}
	u.post(page, url.Values{}).must(t, 422)
	u.post(page, url.Values{"person": {"reviewer.one"}, "due": {"tomorrow"}}).must(t, 422)
	u.post(page, url.Values{"person": {"reviewer.one"}, "due": {"2040-01-31"}}).must(t, 303)
	if a := u.post(page, url.Values{"person": {"reviewer.two"}}).must(t, 422); !strings.Contains(a.said(), "Say why") {
		t.Error(a.said())
	}
	u.post(page, url.Values{"person": {"reviewer.two"}, "reason": {"leave"}}).must(t, 303)
	if a := u.get(page).must(t, 200); !strings.Contains(a.Body, "31 January 2040") || !strings.Contains(a.Body, "leave") {
		t.Error(a.said())
	}
	u.post(page, url.Values{"do": {"take"}, "reason": {"let anybody have it"}}).must(t, 303)
	if s.ownerOf(t, id) != "" {
		t.Error("it is still somebody's")
	}
	s.as(t, "reviewer.one").get(page).must(t, 403)
	// Whoever lost it reads why.
	lost := s.as(t, "reviewer.two").get("/assignments").must(t, 200)
	if !strings.Contains(lost.said(), "Taken from me") || !strings.Contains(lost.Body, "let anybody have it") {
		t.Error(lost.said())
	}
	if a := s.as(t, "reviewer.one").get("/assignments").must(t, 200); !strings.Contains(a.Body, "leave") || strings.Contains(a.Body, "let anybody have it") {
		t.Error(a.said())
	}
	if err := account.Restrict(t.Context(), s.Desk, operator, id, "other", "test", []string{"supervisor.one"}); err != nil {
		t.Fatal(err)
	}
	if a := s.as(t, "reviewer.two").get("/assignments").must(t, 200); strings.Contains(a.Body, "let anybody have it") {
		t.Error("a restricted case is in the list of somebody who may not read it")
	}
}

func TestSkillsAreImportedAfterAPreview(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	before := s.events(t, ledger.SkillsImported, "")
	data := []byte("username;course;start;expiry\nreviewer.one;ABE;1/2/2026;31/1/2028\nreviewer.two;first aid <b>;1/2/2026;\n")
	page := u.sendSkills("/skills/import", `C:\me\"x'.csv`, data, map[string]string{"mode": "whole"}).must(t, 200)
	for _, want := range []string{"No case needs it", "first aid &lt;b&gt;", "31 January 2028", "Ends", "Nothing has been changed yet"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the preview lacks %q: %s", want, page.said())
		}
	}
	if s.events(t, ledger.SkillsImported, "") != before {
		t.Error("the preview imported")
	}
	form := url.Values{"name": {"x.csv"}, "mode": {"whole"}, "version": {page.hidden(t, "version")}, "data": {page.hidden(t, "data")}}
	u.post("/skills/import/confirm", form).must(t, 303)
	u.post("/skills/import/confirm", form).must(t, 409) // sent twice
	for _, forged := range []url.Values{{"data": {"!"}, "version": {"0"}}, {"data": {""}, "version": {"-1"}}, {"data": {""}, "version": {"x"}}, {}} {
		u.post("/skills/import/confirm", forged).must(t, 422)
	}
	if a := u.get("/skills").must(t, 200); !strings.Contains(a.Body, "first aid") || !strings.Contains(a.Body, "x.csv") {
		t.Error(a.said())
	}
	if n := s.events(t, ledger.SkillsImported, "x.csv"); n != 1 {
		t.Errorf("%d events", n)
	}
	s.as(t, "analyst").get("/skills").must(t, 200)
	s.as(t, "analyst").get("/skills/import").must(t, 403)
}

func TestAFileOfSkillsThatIsNoneIsRefusedInWords(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	for name, x := range map[string]struct {
		data []byte
		want string
	}{
		"a workbook":    {[]byte("PK\x03\x04\x00\x00"), "workbook or a ZIP file"},
		"a picture":     {[]byte("\x89PNG\r\n\x1a\n"), "a picture"},
		"an account":    {[]byte("account,skill,from,to\nreviewer.on,vetted,2026-01-01,\n"), "skills.csv, line 2, column account"},
		"right to left": {[]byte("account,skill,from,to\n\u202ereviewer,vetted,2026-01-01,\n"), "is no account"},
		"nothing":       {nil, "The file is empty"},
	} {
		a := u.sendSkills("/skills/import", "skills.csv", x.data, nil).must(t, 422)
		if !strings.Contains(a.Body, x.want) || !strings.Contains(a.Body, "Nothing was changed") {
			t.Errorf("%s: %s", name, a.said())
		}
	}
	u.sendSkills("/skills/import", "big.csv", bytes.Repeat([]byte("x"), allocation.MaxSkillsFile+1), nil).must(t, 413)
	u.sendSkills("/skills/import", "huge.csv", bytes.Repeat([]byte("x"), maxForm+1), nil).must(t, 413, 422)
	u.post("/skills/import", url.Values{"mode": {"add"}}).must(t, 422)
}

func TestWorkloadAndForecastAsPagesAndFiles(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "supervisor.one")
	if a := u.get("/workload").must(t, 200); !strings.Contains(a.Body, "Oakham Reviewer") || !strings.Contains(a.Body, "By unit") {
		t.Error(a.said())
	}
	a := u.get("/workload/forecast?officers=4&per_day=2").must(t, 200)
	for _, want := range []string{"An even chance that all", "Eight chances in ten", "planning assumption", "set in the form", "<svg", "2 files a day at work"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the forecast lacks %q: %s", want, a.said())
		}
	}
	bad := u.get("/workload/forecast?officers=many&away=%00").must(t, 422)
	if !strings.Contains(bad.Body, "must be a whole number") || !strings.Contains(bad.Body, `value="many"`) {
		t.Error(bad.said())
	}
	if a := u.get("/workload/forecast?per_day=0").must(t, 200); !strings.Contains(a.said(), "cannot be told") || strings.Contains(a.Body, "<polyline") {
		t.Error(a.said())
	}
	for path, want := range map[string][]string{
		"/workload/people?format=csv":                       {"reviewer.one", "overdue"},
		"/workload/units?format=csv":                        {"to_read"},
		"/workload/forecast/figures?officers=4&format=csv":  {"assumption", "Officers", "set in the form", "files left at the end of", "A pace one fifth lower"},
		"/workload/forecast/figures?per_day=0&format=csv":   {"cannot be told"},
		"/workload/forecast/figures?officers=4&format=xlsx": nil,
	} {
		a := u.get(path).must(t, 200)
		for _, w := range want {
			if !strings.Contains(a.Body, w) {
				t.Errorf("%s lacks %q", path, w)
			}
		}
		if strings.HasSuffix(path, "csv") {
			if rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll(); err != nil || len(rows) < 3 {
				t.Errorf("%s: %d rows, %v", path, len(rows), err)
			}
		}
	}
	u.get("/workload/forecast/figures?officers=many&format=csv").must(t, 422)
	if s.events(t, ledger.ExportWritten, "forecast") != 3 {
		t.Error("a file was sent without an event")
	}
	s.as(t, "analyst").get("/workload").must(t, 200)
	s.as(t, "reviewer.one").get("/workload").must(t, 403)
	s.as(t, "panel").get("/workload/forecast").must(t, 403)
}

func TestPagesOfTheTeamOnAnEmptyRegister(t *testing.T) {
	s := newEmptySite(t)
	u := s.as(t, "supervisor.one")
	for path, want := range map[string]string{
		"/allocation?list=y": "Nothing has been analysed yet", "/workload": "No case has been analysed yet", "/workload/forecast": "Nothing is left to be read",
		"/skills": "No skills or training have been imported", "/skills/import": "How the file is laid out", "/allocation/batches": "Nothing has been assigned yet",
	} {
		if a := u.get(path).must(t, 200); !strings.Contains(a.Body, want) {
			t.Errorf("%s does not say %q: %s", path, want, a.said())
		}
	}
}
