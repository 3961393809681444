package cohort

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A small register: A1 is open to all, A2 is restricted to rev1. Both hold the same
// words; Nour stands in A2 alone, Zoë in both.
func smallRegister(t *testing.T) *desk.Desk {
	t.Helper()
	d := desktest.NewDesk(t)
	desktest.Import(t, d, desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref,recorded_at,legacy_ref,closing_text\n" +
			"01/1/14,2014-03-01,OLD-77,Filed after enquiries at the harbour.\n01/2/15,2015-06-01,,Filed. The harbour was searched.\n01/3/16,2016,,\n",
		casefile.Nominals: "nominal_ref,surname,forenames,aliases,pnc_id\n" +
			"N1,Testperson-Arden,Zoë,,14/123A\nN2,O’Example,Nour,\"Nono;Little N\",\nN3,UNKNOWN MALE 1,,,\nN4,Solitary,Sam,,\n",
		casefile.Involvements: "crime_ref,nominal_ref,role\n01/1/14,N1,suspect\n01/2/15,N1,victim\n01/2/15,N2,suspect\n01/1/14,N3,suspect\n",
		casefile.Identifiers:  "identifier_ref,kind,value\nI1,phone,+44 7700 900123\nI2,vehicle,AB12 CDE\nI3,online,@nono.n\n",
		casefile.Uses: "crime_ref,nominal_ref,identifier_ref,use\n01/1/14,,I1,contact\n01/2/15,,I1,contact\n" +
			"01/2/15,,I2,seen_in\n,N2,I3,used\n",
		casefile.Log: "crime_ref,seq,at,text\n01/1/14,1,2014-03-11,Met at Harbour Street. A café was closed.\n" +
			"01/1/14,2,,Undated note about the harbour.\n01/2/15,1,2015-06-02,Harbour seen again near O’Example’s flat.\n01/3/16,1,2016-01-05,Nothing here.\n",
	}))
	desktest.Analyse(t, d)
	decide(t, d, func(tx *store.Tx) error {
		id := casefile.CaseID("unstated:01/2/15")
		if err := tx.Restrict(t.Context(), store.Restriction{Case: id, Kind: "other", Reason: "test", SetBy: "sup"}); err != nil {
			return err
		}
		return tx.AddCaseReader(t.Context(), store.CaseReader{Case: id, Account: "rev1", Reason: "test", NamedBy: "sup"})
	})
	return d
}

var other = casefile.Actor{ID: "rev2", Roles: []casefile.Role{casefile.Reviewer}}

func find(t *testing.T, d *desk.Desk, by casefile.Actor, query string) *Results {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Find(t.Context(), d, by, ReadQuery(q))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return r
}

// gist is a search's answer in one line.
func gist(r *Results) string {
	var parts []string
	parts = append(parts, fmt.Sprintf("%d in %d", r.Texts, r.InCases))
	for _, c := range r.Cases {
		_, ref := c.ID.Split()
		parts = append(parts, fmt.Sprintf("%s×%d", ref, len(c.Texts)))
	}
	for _, p := range r.People {
		parts = append(parts, fmt.Sprintf("%s s%d v%d", p.Forenames, p.Suspect, p.Victim))
	}
	for _, f := range r.References {
		parts = append(parts, fmt.Sprintf("%s %s %d %d", f.Kind, f.Value, len(f.Cases), len(f.People)))
	}
	if r.Exact != "" {
		parts = append(parts, "→"+string(r.Exact))
	}
	return strings.Join(parts, ", ")
}

func TestASearchFindsTextsPeopleAndReferencesAndNothingRestricted(t *testing.T) {
	d := smallRegister(t)
	for _, c := range []struct{ query, named, unnamed string }{
		{"q=harbour", "5 in 2, 01/1/14×3, 01/2/15×2", "3 in 1, 01/1/14×3"},
		{"q=CAFE", "1 in 1, 01/1/14×1", "1 in 1, 01/1/14×1"},
		{"q=%22harbour+street%22", "1 in 1, 01/1/14×1", "1 in 1, 01/1/14×1"},
		{"q=harb*+undat*", "1 in 1, 01/1/14×1", "1 in 1, 01/1/14×1"},
		{"q=harbour&source=log", "3 in 2, 01/1/14×2, 01/2/15×1", "2 in 1, 01/1/14×2"},
		{"q=harbour&from=2015-01-01", "2 in 1, 01/2/15×2", "0 in 0"},
		{"q=harbour&until=2014-12-31", "2 in 1, 01/1/14×2", "2 in 1, 01/1/14×2"},
		{"q=zoe", "0 in 0, Zoë s1 v1", "0 in 0, Zoë s1 v0"},
		{"q=Testperson+Arden", "0 in 0, Zoë s1 v1", "0 in 0, Zoë s1 v0"},
		{"q=testpersonarden", "0 in 0, Zoë s1 v1", "0 in 0, Zoë s1 v0"},
		{"q=nono", "0 in 0, Nour s1 v0", "0 in 0"},
		{"q=O%27Example", "1 in 1, 01/2/15×1, Nour s1 v0", "0 in 0"},
		{"q=oexample", "0 in 0, Nour s1 v0", "0 in 0"},
		{"q=solitary", "0 in 0, Sam s0 v0", "0 in 0, Sam s0 v0"},
		{"q=14%2F123A", "0 in 0, Zoë s1 v1", "0 in 0, Zoë s1 v0"},
		{"q=07700+900123", "0 in 0, phone +44 7700 900123 2 0", "0 in 0, phone +44 7700 900123 1 0"},
		{"q=07700*", "0 in 0, phone +44 7700 900123 2 0", "0 in 0, phone +44 7700 900123 1 0"},
		{"q=ab12cde", "0 in 0, vehicle AB12 CDE 1 0", "0 in 0"},
		{"q=%40nono.n", "0 in 0, online @nono.n 0 1", "0 in 0"},
		{"q=old77", "0 in 0, legacy OLD-77 1 0", "0 in 0, legacy OLD-77 1 0"},
		{"q=01%2F1%2F14", "0 in 0, crime 01/1/14 1 0, →unstated:01/1/14", "0 in 0, crime 01/1/14 1 0, →unstated:01/1/14"},
		{"q=01-2-15", "0 in 0, crime 01/2/15 1 0, →unstated:01/2/15", "0 in 0"},
		{"q=0111*", "0 in 0, crime 01/1/14 1 0", "0 in 0, crime 01/1/14 1 0"},
		{"q=unknown+male", "0 in 0", "0 in 0"},
		{"q=nowhere+OR+harbour", "0 in 0", "0 in 0"},
	} {
		if got := gist(find(t, d, reviewer, c.query)); got != c.named {
			t.Errorf("%s for a named reader:\n%s, want\n%s", c.query, got, c.named)
		}
		r := find(t, d, other, c.query)
		if got := gist(r); got != c.unnamed {
			t.Errorf("%s for others:\n%s, want\n%s", c.query, got, c.unnamed)
		}
		e := lastEvent(t, d, ledger.SearchRun)
		if e.Actor != other.ID || strings.Contains(string(e.Body), "01/2/15") && !strings.Contains(c.query, "01") || r.NotIndexed {
			t.Errorf("%s: event of %s: %s (not indexed: %t)", c.query, e.Actor, e.Body, r.NotIndexed)
		}
	}
	if r := find(t, d, other, "q=harbour&from=2014-01-01"); r.Undated != 1 {
		t.Errorf("%d texts were left out for want of a date, want 1", r.Undated)
	}
}

func TestASearchGoesOnWhereItStopped(t *testing.T) {
	d := desktest.NewDesk(t)
	var cases, log strings.Builder
	cases.WriteString("crime_ref\n")
	log.WriteString("crime_ref,seq,at,text\n")
	for i := range 1300 {
		if i%2 == 0 {
			fmt.Fprintf(&cases, "C%04d\n", i/2)
		}
		fmt.Fprintf(&log, "C%04d,%d,2014-03-%02d,The harbour again.\n", i/2, i%2, i%28+1)
	}
	desktest.Import(t, d, desktest.Folder(t, desktest.Tables{casefile.Investigations: cases.String(), casefile.Log: log.String(),
		casefile.Nominals: "nominal_ref\nN1\n", casefile.Involvements: "crime_ref,nominal_ref,role\nC0000,N1,victim\n"}))
	desktest.Analyse(t, d)
	seen := map[casefile.CaseID]int{}
	texts, pages := 0, 0
	for query := "q=harbour"; query != ""; pages++ {
		r := find(t, d, reviewer, query)
		if r.Texts > countTo || r.MoreThan != (r.Next != "") {
			t.Fatalf("%d texts, more %t, next %q", r.Texts, r.MoreThan, r.Next)
		}
		for _, c := range r.Cases {
			seen[c.ID]++
			texts += len(c.Texts) + c.More
			if c.Row == nil || c.Texts[0].Excerpt.Text != "The harbour again." || len(c.Texts[0].Excerpt.Spans) != 1 {
				t.Fatalf("%s: %+v", c.ID, c)
			}
		}
		at := "&start=" + url.QueryEscape(r.Query.Start)
		switch {
		case r.After != "":
			query = "q=harbour" + at + "&after=" + url.QueryEscape(string(r.After))
		case r.Next != "":
			query = "q=harbour&start=" + url.QueryEscape(r.Next)
		default:
			query = ""
		}
	}
	if texts != 1300 || len(seen) != 650 {
		t.Errorf("%d texts in %d cases on %d pages, want 1300 in 650", texts, len(seen), pages)
	}
}

func TestHostileSearchesAreAnsweredInWords(t *testing.T) {
	d := smallRegister(t)
	for _, q := range []Query{{}, {Words: `"`}, {Words: "***"}, {Words: strings.Repeat("x ", 3000)}, {Words: "a", Start: "entry:abc"}, {Words: "a", Start: "row:1"},
		{Words: "a", From: "yesterday"}, {Words: "a", From: "2015-01-01", Until: "2014-01-01"}} {
		if _, err := Find(t.Context(), d, reviewer, q); casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("%.40v: %v", q, err)
		}
	}
	for _, words := range []string{`text:x OR 1=1; --`, `NEAR(a b)`, `"harbour`, "\x00\xff", "harbour\u202e", `{a b} : c`, `^harbour`, `harbour - street`, `%`, `a"b"c*d`} {
		if _, err := Find(t.Context(), d, reviewer, Query{Words: words, After: "nowhere:1"}); err != nil && casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("%q: %v", words, err)
		}
	}
	if _, err := Find(t.Context(), d, casefile.Actor{ID: "p", Roles: []casefile.Role{casefile.Panel}}, Query{Words: "harbour"}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("the panel searches: %v", err)
	}
}

func TestHistoryListsOnesOwnSearches(t *testing.T) {
	d := smallRegister(t)
	find(t, d, reviewer, "q=harbour&source=log")
	find(t, d, reviewer, "q=harbour&source=log")
	find(t, d, other, "q=secret")
	find(t, d, reviewer, "q=cafe")
	h, err := History(t.Context(), d, reviewer)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range h {
		got = append(got, fmt.Sprintf("%s|%s|%d×%d", p.Words, p.Filter, p.Hits, p.Again))
	}
	if want := []string{"cafe|q=cafe|1×1", "harbour|q=harbour&source=log|3×2"}; !slices.Equal(got, want) {
		t.Errorf("history: %q, want %q", got, want)
	}
}

func TestSavedSearchesAreOnesOwnUntilShared(t *testing.T) {
	d := smallRegister(t)
	sup := casefile.Actor{ID: "sup", Roles: []casefile.Role{casefile.Supervisor}}
	save := func(by casefile.Actor, s SavedSearch) (int64, error) { return SaveSearch(t.Context(), d, by, s) }
	mine, err := save(reviewer, SavedSearch{Name: " Harbour \n texts ", Query: "/search?q=harbour"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(reviewer, SavedSearch{Name: "x", Query: "/cases?scope=in", Shared: true}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a reviewer shares: %v", err)
	}
	shared, err := save(sup, SavedSearch{Name: "In scope", Query: "/cases?scope=in", Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := save(reviewer, SavedSearch{Name: "pinned", Query: "/search?q=a", Case: "unstated:01/2/15"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(other, SavedSearch{Name: "x", Query: "/search?q=a", Case: "unstated:01/2/15"}); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("pinned to a restricted case: %v", err)
	}
	for _, bad := range []SavedSearch{{Query: "/cases"}, {Name: "x", Query: "https://elsewhere/cases"}, {Name: "x", Query: "//elsewhere"}, {Name: "x", Query: "/ledger"},
		{Name: "x", Query: "/cases?\r\nSet-Cookie: a"}, {Name: strings.Repeat("x", 81), Query: "/cases"}, {Name: "x", Query: "/cases?" + strings.Repeat("x", 5000)}} {
		if _, err := save(reviewer, bad); casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("%.60v: %v", bad, err)
		}
	}
	names := func(by casefile.Actor) (out []string) {
		list, err := SavedSearches(t.Context(), d, by)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			out = append(out, s.Name)
		}
		return out
	}
	if got := names(reviewer); !slices.Equal(got, []string{"Harbour texts", "pinned", "In scope"}) {
		t.Errorf("mine: %q", got)
	}
	if got := names(other); !slices.Equal(got, []string{"In scope"}) {
		t.Errorf("another’s: %q", got)
	}
	if _, err := RemoveSearch(t.Context(), d, other, mine); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("another removes mine: %v", err)
	}
	if _, err := RemoveSearch(t.Context(), d, reviewer, shared); casefile.KindOf(err) != casefile.NotFound {
		t.Errorf("a reviewer removes what is shared: %v", err)
	}
	if _, err := RemoveSearch(t.Context(), d, reviewer, mine); err != nil {
		t.Fatal(err)
	}
	if got := names(reviewer); !slices.Equal(got, []string{"pinned", "In scope"}) {
		t.Errorf("after removing: %q", got)
	}
	if _, err := RemoveSearch(t.Context(), d, reviewer, mine); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := RestoreSearch(t.Context(), d, reviewer, mine); err != nil || len(names(reviewer)) != 3 {
		t.Errorf("after undoing: %q, %v", names(reviewer), err)
	}
	err = d.DB.View(t.Context(), func(tx *store.Tx) error {
		list, err := PinnedSearches(t.Context(), tx, reviewer, "unstated:01/2/15")
		if len(list) != 1 || list[0].ID != pinned {
			t.Errorf("pinned: %v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if e := lastEvent(t, d, ledger.SearchSaved); json.Unmarshal(e.Body, &body) != nil || body["name"] != "Harbour texts" {
		t.Errorf("event: %+v", e)
	}
}

func TestTheIndexOfPeopleIsMadeAgainWhereItIsMissing(t *testing.T) {
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, desktest.Operator, time.Now); err != nil {
		t.Fatal(err)
	}
	open := func(dir string) *desk.Desk {
		db, err := store.Open(dir, key, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return &desk.Desk{DB: db, Code: "test"}
	}
	d := open(dir)
	desktest.Import(t, d, desktest.Folder(t, desktest.Tables{casefile.Investigations: "crime_ref\nA-17/14\n", casefile.Nominals: "nominal_ref,surname,forenames\nN1,Ó Testperson,Zoë\n",
		casefile.Involvements: "crime_ref,nominal_ref,role\nA-17/14,N1,witness\n", casefile.Log: "crime_ref,seq,text\nA-17/14,1,The harbour.\n"}))
	look := func(name string, d *desk.Desk) {
		t.Helper()
		for query, want := range map[string]string{"q=zoe+testperson": "0 in 0, Zoë s0 v0", "q=a1714": "0 in 0, crime A-17/14 1 0, →unstated:A-17/14", "q=harbour": "1 in 1, A-17/14×1"} {
			if got := gist(find(t, d, reviewer, query)); got != want {
				t.Errorf("%s: %s finds %q, want %q", name, query, got, want)
			}
		}
	}
	look("after the import", d)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := d.DB.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if err := d.DB.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "search.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no index: %v", err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	look("with the index gone", open(dir))
	restored := filepath.Join(t.TempDir(), "restored")
	if err := store.Restore(t.Context(), backup, restored, key, time.Now, func(*store.DB) error { return nil }); err != nil {
		t.Fatal(err)
	}
	look("restored", open(restored))
}
