package web

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// goodForm is a form that hands a list to whoever holds the key.
func goodForm(t *testing.T) (url.Values, *age.X25519Identity) {
	t.Helper()
	me, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"purpose": {"disclosure"}, "words": {"Asked for by the court on 3 May."}, "recipient": {"A. Tester, the court"},
		"format": {"csv"}, "key": {me.Recipient().String()}}, me
}

// unsealed opens a CSV that was downloaded; its last line tells about it.
func unsealed(t *testing.T, a answer, me age.Identity) (rows [][]string, last string) {
	t.Helper()
	r, err := age.Decrypt(strings.NewReader(a.Body), me)
	if err != nil {
		t.Fatalf("%v: %s", err, a.said())
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(plain)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1 : len(all)-1], all[len(all)-1][0]
}

func TestTheFileHoldsTheCasesOfAllPagesAndNoOther(t *testing.T) {
	s := newSite(t)
	s.restrict(t, s.cases(t)[7], "supervisor.two")
	u := s.as(t, "analyst")
	for _, query := range []string{"", "scope=in&scope=unknown&sort=-recorded", "suspects=two&marks=child"} {
		shown := pagesOf(t, u, "/cases?size=25&"+query)
		form, me := goodForm(t)
		a := u.post("/exports/cases?"+query, form).must(t, 200)
		if d := a.Header.Get("Content-Disposition"); !strings.Contains(d, "attachment") || !strings.Contains(d, ".csv.age") {
			t.Errorf("disposition: %s", d)
		}
		rows, last := unsealed(t, a, me)
		var sent []casefile.CaseID
		for _, r := range rows {
			sent = append(sent, casefile.NewCaseID(r[0], r[1]))
		}
		if !slices.Equal(sent, shown) || len(sent) == 0 {
			t.Errorf("%q: %d cases in the file, %d on the pages", query, len(sent), len(shown))
		}
		if !strings.Contains(last, "whether or not they meet the filter: 1;") {
			t.Errorf("%q: the file says %q", query, last)
		}
	}
	if n := s.events(t, ledger.ExportWritten, "cases"); n != 3 {
		t.Errorf("%d events for 3 files", n)
	}
	if a := s.as(t, "supervisor.one").get("/exports").must(t, 200); !strings.Contains(a.Body, "A. Tester, the court") || !strings.Contains(a.Body, "Asked for by the court") || strings.Count(a.Body, "restricted case left out") < 3 {
		t.Errorf("past exports: %s", a.said())
	}
}

func TestAnExportIsRefusedUntilItsFormIsWhole(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "disclosure")
	form, _ := goodForm(t)
	for want, change := range map[string]url.Values{
		"Choose what it is for":           {"purpose": {""}},
		"Say in a sentence":               {"words": {" "}},
		"Say who receives it":             {"recipient": {""}},
		"Give the recipient’s public key": {"key": {""}},
		"cannot be read":                  {"key": {"age1nonsense"}},
		"at least 12 characters":          {"key": {""}, "phrase": {"short"}, "phrase2": {"short"}},
		"two passphrases differ":          {"key": {""}, "phrase": {"four words apart here"}, "phrase2": {"another four words"}},
		"Choose CSV or a spreadsheet":     {"format": {"exe"}},
		"<b>&#34;</b>, not a key":         nil,
	} {
		sent := url.Values{}
		for k, v := range form {
			sent[k] = v
		}
		for k, v := range change {
			sent[k] = v
		}
		if change == nil {
			sent.Set("recipient", want)
			sent.Set("purpose", "")
			want = "&lt;b&gt;"
		}
		a := u.post("/exports/cases?scope=in", sent).must(t, 422)
		if !strings.Contains(a.Body, want) || !strings.Contains(a.Body, "There is a problem") || strings.Contains(a.Body, "four words apart") {
			t.Errorf("%q is not said: %s", want, a.said())
		}
		if change["words"] == nil && !strings.Contains(a.Body, "Asked for by the court") {
			t.Errorf("%q: what was typed is gone", want)
		}
	}
	if n := s.events(t, ledger.ExportWritten, ""); n != 0 {
		t.Errorf("%d events of refused exports", n)
	}
	s.as(t, "reviewer.one").post("/exports/cases", form).must(t, http.StatusForbidden)
	s.as(t, "reviewer.one").get("/exports/cases").must(t, http.StatusForbidden)
	u.get("/exports/everything").must(t, http.StatusNotFound)
	u.post("/exports/quality", form).must(t, http.StatusNotFound)
}

func TestEveryListCanBeHandedOn(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "analyst")
	for _, path := range []string{"cohort", "suspects", "identities", "networks", "quarantine", "search?q=victim&source=log"} {
		form, me := goodForm(t)
		u.get("/exports/"+path).must(t, 200)
		rows, _ := unsealed(t, u.post("/exports/"+path, form).must(t, 200), me)
		if len(rows) == 0 && path != "quarantine" {
			t.Errorf("%s is empty", path)
		}
	}
}

func TestFiguresComeAtOnceAsCSVAndSpreadsheet(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "inspector")
	for _, what := range []string{"figures", "waterfall", "quality"} {
		for format, begins := range map[string]string{"csv": "", "xlsx": "PK"} {
			a := u.get("/exports/figures/"+what+"?format="+format).must(t, 200)
			if !strings.HasPrefix(a.Body, begins) || !strings.Contains(a.Header.Get("Content-Disposition"), "."+format) || len(a.Body) < 200 {
				t.Errorf("%s as %s: %.60q", what, format, a.Body)
			}
		}
	}
	if n := s.events(t, ledger.ExportWritten, "quality"); n != 2 {
		t.Errorf("%d events for 2 files", n)
	}
	u.get("/exports/figures/quality?format=pdf").must(t, 422)
	u.get("/exports/figures/cohort").must(t, 404)
	s.as(t, "admin").get("/exports/figures/quality").must(t, 403)
}

func TestADownloadThatIsCutOffLeavesItsEventAndNoFile(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	s := newSite(t)
	u := s.as(t, "analyst")
	form, _ := goodForm(t)
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/exports/identities", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := u.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Read(make([]byte, 10))
	resp.Body.Close()
	if n := s.events(t, ledger.ExportWritten, "identities"); n != 1 {
		t.Errorf("%d events", n)
	}
	for range 100 {
		left, err := filepath.Glob(filepath.Join(tmp, "lookback-export-*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	files, _ := os.ReadDir(tmp)
	t.Errorf("files stay behind: %v", files)
}
