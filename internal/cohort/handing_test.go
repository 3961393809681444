package cohort

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/xuri/excelize/v2"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/publish"
	"lookback/internal/store"
)

var analyst = casefile.Actor{ID: "ana", Roles: []casefile.Role{casefile.Analyst}}

// handing is a good form for a list; the key is of an identity that opens it.
func handing(t *testing.T, what, query string) (Handing, *age.X25519Identity) {
	t.Helper()
	me, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return Handing{What: what, Query: query, Format: publish.CSV, Purpose: "disclosure", Words: "Ordered by the court on 3 May.",
		Recipient: "A. Tester, the court", Key: me.Recipient().String()}, me
}

// opened makes a list, checks it against its event and opens it.
func opened(t *testing.T, d *desk.Desk, by casefile.Actor, h Handing, with age.Identity) []byte {
	t.Helper()
	out, err := HandOver(t.Context(), d, by, h)
	if err != nil {
		t.Fatalf("%s: %v", h.What, err)
	}
	var sealed bytes.Buffer
	if _, err := out.WriteTo(&sealed); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed.Bytes()), with)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	e := lastEvent(t, d, ledger.ExportWritten)
	var b handed
	if err := json.Unmarshal(e.Body, &b); err != nil {
		t.Fatal(err)
	}
	hash := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	if b.SHA256 != hash(plain) || b.Sealed != hash(sealed.Bytes()) || b.Rows != out.Rows || b.Filter != h.Query || b.Recipient != h.Recipient || e.Purpose != h.Words || e.Subject != h.What || e.Actor != by.ID {
		t.Errorf("%s: the event does not say what was handed on: %+v %+v", h.What, e, b)
	}
	return plain
}

// rowsOf reads a CSV, without its header and its last line.
func rowsOf(t *testing.T, file []byte) (rows [][]string, last string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1 : len(all)-1], all[len(all)-1][0]
}

func TestAnExportHoldsExactlyWhatIsOnScreen(t *testing.T) {
	d, v := touched(t, 160)
	decide(t, d, func(tx *store.Tx) error {
		for i := 0; i < len(v.Rows); i += 9 {
			if err := tx.Restrict(t.Context(), store.Restriction{Case: v.Rows[i].ID, Kind: "other", Reason: "test", SetBy: "sup"}); err != nil {
				return err
			}
			if i%2 == 0 {
				if err := tx.AddCaseReader(t.Context(), store.CaseReader{Case: v.Rows[i].ID, Account: "ana", Reason: "test", NamedBy: "sup"}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, query := range []string{"", "scope=out", "scope=in&scope=unknown&sort=-recorded", "risk=open", "suspects=two&stage=open", "ref=1", "restricted=y", "year=2014&year=2015&marks=child", "unit=nowhere"} {
		var shown []string
		for _, l := range everyLine(t, d, analyst, "size=25&"+query) {
			shown = append(shown, string(l.ID))
		}
		h, me := handing(t, "cases", query)
		n, leftOut, _, err := h.Count(t.Context(), d, analyst)
		if err != nil {
			t.Fatal(err)
		}
		rows, last := rowsOf(t, opened(t, d, analyst, h, me))
		var sent []string
		for _, r := range rows {
			sent = append(sent, r[0]+":"+r[1])
		}
		if !slices.Equal(sent, shown) || n != len(shown) {
			t.Errorf("%q: %d in the file, %d on the pages, %d announced", query, len(sent), len(shown), n)
		}
		if leftOut == 0 || !strings.Contains(last, fmt.Sprintf("Rows: %d; Restricted cases left out of this file, whether or not they meet the filter: %d;", len(sent), leftOut)) {
			t.Errorf("%q: the last line says %q", query, last)
		}
	}
}

func TestNoListHandsOnARestrictedCase(t *testing.T) {
	d := smallRegister(t)
	adopt(t, d, "two-suspects")
	named := casefile.Actor{ID: "rev1", Roles: []casefile.Role{casefile.Analyst}}
	for what, secret := range map[string]bool{"cohort": true, "suspects": true, "identities": true, "networks": false, "quarantine": false, "cases": true, "search": true} {
		query := map[string]string{"search": "q=harbour"}[what]
		h, me := handing(t, what, query)
		for _, by := range []casefile.Actor{named, analyst} {
			file := string(opened(t, d, by, h, me))
			n, _, _, err := h.Count(t.Context(), d, by)
			if err != nil {
				t.Fatal(err)
			}
			rows, _ := rowsOf(t, []byte(file))
			if n != len(rows) {
				t.Errorf("%s for %s: %d rows announced, %d in the file", what, by.ID, n, len(rows))
			}
			// 01/2/15 is restricted, and so is N2, who is in no other case.
			holds := strings.Contains(file, "01/2/15") || strings.Contains(file, ",N2,") || strings.Contains(file, "O’Example")
			if want := secret && by.ID == "rev1"; holds != want {
				t.Errorf("%s for %s: holds the restricted case: %t, want %t\n%s", what, by.ID, holds, want, file)
			}
		}
	}
}

func TestAnExportOfGroupsOrOfQuarantineObeysItsFilter(t *testing.T) {
	d := madeUp(t, 300)
	rowsBy := func(what, query string, column int) map[string]int {
		h, me := handing(t, what, query)
		n, _, _, err := h.Count(t.Context(), d, analyst)
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := rowsOf(t, opened(t, d, analyst, h, me))
		if n != len(rows) {
			t.Errorf("%s %s: %d rows announced, %d in the file", what, query, n, len(rows))
		}
		out := map[string]int{}
		for _, r := range rows {
			out[r[column]]++
		}
		return out
	}
	for what, column := range map[string]int{"networks": 0, "quarantine": 3} {
		param := map[string]string{"networks": "group", "quarantine": "table"}[what]
		all := rowsBy(what, "", column)
		if len(all) < 2 {
			t.Fatalf("%s: %v", what, all)
		}
		for v, n := range all {
			if got := rowsBy(what, url.Values{param: {v}}.Encode(), column); len(got) != 1 || got[v] != n {
				t.Errorf("%s of %s: %v, want %d", what, v, got, n)
			}
			break
		}
	}
}

func TestReasonsNameNobodyWhoIsHidden(t *testing.T) {
	x := leaving{hidden: map[casefile.CaseID]bool{"S:1": true}, people: map[casefile.NominalID]bool{"S:N2": true}}
	got := x.redacted("both suspects in S:1 with S:N2; both suspects in S:12; same PNC id as S:N22; S:1")
	want := "both suspects in a restricted case with somebody in a restricted case; both suspects in S:12; same PNC id as S:N22; a restricted case"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !x.names([]string{"a", "1;7"}) || x.names([]string{"11", "N22"}) {
		t.Error("rows in quarantine are not told apart")
	}
}

func TestAHandedSpreadsheetExecutesNothing(t *testing.T) {
	d := desktest.NewDesk(t)
	desktest.Import(t, d, desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref,unit,area\n=1+1,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",@sum\n",
		casefile.Nominals:       "nominal_ref\nN1\n", casefile.Involvements: "crime_ref,nominal_ref,role\n=1+1,N1,victim\n"}))
	desktest.Analyse(t, d)
	h, me := handing(t, "cases", "")
	h.Format = publish.XLSX
	x, err := excelize.OpenReader(bytes.NewReader(opened(t, d, analyst, h, me)))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	rows, err := x.GetRows("Rows")
	if err != nil || len(rows) != 2 || rows[1][1] != "'=1+1" || rows[1][15] != `'=HYPERLINK("http://x","y")` || rows[1][16] != "'@sum" {
		t.Errorf("rows: %q, %v", rows, err)
	}
	about, err := x.GetRows("About this file")
	if err != nil || !slices.ContainsFunc(about, func(r []string) bool { return len(r) == 2 && r[0] == "Recipient" && r[1] == h.Recipient }) {
		t.Errorf("about: %q, %v", about, err)
	}
}

func TestAPassphraseOpensWhatItSealed(t *testing.T) {
	d := smallRegister(t)
	h, _ := handing(t, "cases", "")
	h.Key, h.Phrase = "", "four words apart here"
	with, err := age.NewScryptIdentity(h.Phrase)
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := rowsOf(t, opened(t, d, analyst, h, with)); len(rows) != 2 {
		t.Errorf("%d rows", len(rows))
	}
	if e := lastEvent(t, d, ledger.ExportWritten); strings.Contains(string(e.Body), "four words") {
		t.Error("the passphrase is in the ledger")
	}
}

func TestAHandingNeedsEveryAnswer(t *testing.T) {
	good, me := handing(t, "cases", "")
	for want, change := range map[string]func(*Handing){
		"purpose":   func(h *Handing) { h.Purpose = "curiosity" },
		"words":     func(h *Handing) { h.Words = "   short  " },
		"recipient": func(h *Handing) { h.Recipient = " " },
		"key":       func(h *Handing) { h.Key = "" },
		"key ":      func(h *Handing) { h.Key = me.String() },
		"key  ":     func(h *Handing) { h.Phrase = "a passphrase besides" },
		"phrase":    func(h *Handing) { h.Key, h.Phrase = "", "short" },
		"format":    func(h *Handing) { h.Format = "pdf" },
	} {
		h := good
		change(&h)
		faults := h.Check()
		if len(faults) != 1 || faults[0].Field != strings.TrimSpace(want) {
			t.Errorf("%s: %v", want, faults)
		}
	}
	if f := good.Check(); f != nil {
		t.Errorf("a good form: %v", f)
	}
}

func TestWithoutItsEventNothingIsHandedOn(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	d := smallRegister(t)
	good, _ := handing(t, "cases", "")
	left := func() int {
		files, err := filepath.Glob(filepath.Join(tmp, "lookback-export-*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	before := len(logOf(t, d))
	refused := good
	refused.Words = "not text: \xff\xfe\xfd\xfc" // the ledger takes text only
	for name, attempt := range map[string]func() (*Handed, error){
		"the ledger refuses":  func() (*Handed, error) { return HandOver(t.Context(), d, analyst, refused) },
		"without permission":  func() (*Handed, error) { return HandOver(t.Context(), d, reviewer, good) },
		"an unknown list":     func() (*Handed, error) { h := good; h.What = "everything"; return HandOver(t.Context(), d, analyst, h) },
		"figures":             func() (*Handed, error) { h := good; h.What = "quality"; return HandOver(t.Context(), d, analyst, h) },
		"a filter of nothing": func() (*Handed, error) { h := good; h.Query = "%zz"; return HandOver(t.Context(), d, analyst, h) },
		"a search of nothing": func() (*Handed, error) { h := good; h.What = "search"; return HandOver(t.Context(), d, analyst, h) },
		"no terms":            func() (*Handed, error) { h := good; h.What = "cohort"; return HandOver(t.Context(), d, analyst, h) },
	} {
		if out, err := attempt(); err == nil || out != nil {
			t.Errorf("%s: handed on %v", name, out)
		}
		if n := left(); n != 0 {
			t.Errorf("%s: %d files stay behind", name, n)
		}
	}
	if after := len(logOf(t, d)); after != before {
		t.Errorf("%d events of attempts", after-before)
	}
	out, err := HandOver(t.Context(), d, analyst, good)
	if err != nil || left() != 1 {
		t.Fatalf("%v, %d files", err, left())
	}
	raw, err := os.ReadFile(out.file.Name())
	if err != nil || bytes.Contains(raw, []byte("crime_ref")) || !bytes.HasPrefix(raw, []byte("age-encryption.org/v1")) {
		t.Errorf("the file on disk is not sealed: %.40q, %v", raw, err)
	}
	if err := out.Close(); err != nil || left() != 0 {
		t.Errorf("after sending: %v, %d files", err, left())
	}
}

// logOf are the kinds of all events.
func logOf(t *testing.T, d *desk.Desk) (kinds []ledger.Kind) {
	t.Helper()
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		for s, err := range tx.Events(t.Context()) {
			if err != nil {
				return err
			}
			e, err := ledger.Unseal(s)
			if err != nil {
				return err
			}
			kinds = append(kinds, e.Kind)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

func TestPastExportsAreOnesOwnUnlessOneSeesTheLedger(t *testing.T) {
	d := smallRegister(t)
	sup := casefile.Actor{ID: "sup", Roles: []casefile.Role{casefile.Supervisor}}
	for _, by := range []casefile.Actor{analyst, sup} {
		for range 30 {
			h, _ := handing(t, "cases", "ref=01")
			out, err := HandOver(t.Context(), d, by, h)
			if err != nil {
				t.Fatal(err)
			}
			out.Close()
		}
	}
	count := func(by casefile.Actor) (n int) {
		for before := int64(0); ; {
			list, next, err := PastExports(t.Context(), d, by, before)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if p.Recipient == "" || p.Rows == 0 || p.At.IsZero() || p.Filter != "ref=01" || !p.Keyed {
					t.Fatalf("%+v", p)
				}
			}
			n += len(list)
			if before = next; next == 0 {
				return n
			}
		}
	}
	if a, s := count(analyst), count(sup); a != 30 || s != 60 {
		t.Errorf("an analyst sees %d, a supervisor %d", a, s)
	}
}

func TestFiguresNeedNoRecipient(t *testing.T) {
	d := madeUp(t, 60)
	for _, what := range []string{"quality", "waterfall", "figures"} {
		header, rows, err := Figures(t.Context(), d, casefile.Actor{ID: "p", Roles: []casefile.Role{casefile.Panel}}, what)
		if err != nil || len(rows) < 3 || len(rows[0]) != len(header) {
			t.Errorf("%s: %d rows of %q, %v", what, len(rows), header, err)
		}
	}
	if _, _, err := Figures(t.Context(), d, analyst, "cohort"); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("cohort as figures: %v", err)
	}
	for _, bad := range []string{"a%zz", "q=x"} {
		if s := InWords("search", bad); s == "" {
			t.Errorf("%q is said as nothing", bad)
		}
	}
	if got := InWords("cases", url.Values{"scope": {"in"}, "suspects": {"two"}, "ref": {"7"}}.Encode()); got != "terms of reference: in; suspects: two or more, counted any one way; reference holds \"7\"" {
		t.Errorf("said as %q", got)
	}
}
