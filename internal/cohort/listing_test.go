package cohort

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

var reviewer = casefile.Actor{ID: "rev1", Roles: []casefile.Role{casefile.Reviewer}}

// decide writes as a verb would, with an event.
func decide(t *testing.T, d *desk.Desk, f func(*store.Tx) error) {
	t.Helper()
	err := d.DB.Update(t.Context(), desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.CaseAssigned, Purpose: "test"}}, f(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// touched is a register in which some cases have been touched: every third is in
// another stage, every seventh has an open risk.
func touched(t *testing.T, cases int) (*desk.Desk, *View) {
	d := madeUp(t, cases)
	v := snapshot(t, d)
	decide(t, d, func(tx *store.Tx) error {
		for i, r := range v.Rows {
			if i%3 == 0 {
				stage := casefile.Stages()[i%len(casefile.Stages())]
				if _, err := tx.TouchCase(t.Context(), r.ID, store.CaseChange{Stage: stage}); err != nil {
					return err
				}
			}
			if i%7 == 0 {
				if _, err := tx.RaiseRisk(t.Context(), casefile.Risk{Case: r.ID, Who: "somebody", RaisedBy: "op"}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return d, v
}

func list(t *testing.T, d *desk.Desk, by casefile.Actor, query string) *Listing {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	l, err := List(t.Context(), d, by, ReadFilter(q))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// plainValues says what values of each facet are true of a line, written without
// any of the code that the list counts with.
func plainValues(l Line) map[string][]string {
	yn := map[bool][]string{true: {"y"}, false: {"n"}}
	year := []string{fmt.Sprint(l.Year)}
	if l.Year == 0 {
		year = []string{NotRecorded}
	}
	or := func(s string) []string {
		if s == "" {
			return []string{NotRecorded}
		}
		return []string{s}
	}
	out := map[string][]string{
		"scope": {l.Scope.String()}, "stage": {string(l.Stage)}, "offence": {l.Offence}, "outcome": {l.Outcome}, "grouped": yn[l.Group != ""],
		"year": year, "unit": or(l.Unit), "area": or(l.Area), "system": {l.System}, "why": {l.Why}, "assigned": {"nobody"},
	}
	add := func(name, value string, is bool) {
		if is {
			out[name] = append(out[name], value)
		}
	}
	recorded := l.Named + l.Unidentified
	add("risk", "open", !l.Risk.IsZero())
	add("suspects", "two", recorded >= 2 || l.Stated >= 2)
	add("suspects", "named", l.Named > 0)
	add("suspects", "unidentified", l.Unidentified > 0)
	add("suspects", "stated", l.Stated > recorded)
	add("suspects", "reached", l.Reached > 0)
	add("suspects", "none", recorded == 0 && l.Stated == 0)
	add("suspects", "unread", recorded == 0 && l.Stated == NoCount)
	add("marks", "flagged", l.Flagged == Yes)
	add("marks", "child", l.VictimUnder18 == Yes)
	add("marks", "age", l.VictimUnder18 == NotKnown)
	add("marks", "missing", l.Missing == Yes)
	add("marks", "documents", l.Documents > 0)
	add("marks", "notext", !l.Text)
	add("marks", "reviewed", l.PreviouslyReviewed == Yes)
	return out
}

func meetsAll(values map[string][]string, chosen map[string][]string, but string) bool {
	for name, wanted := range chosen {
		if name != but && !slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(values[name], w) }) {
			return false
		}
	}
	return true
}

func TestFacetsCountWhatCountingByHandCounts(t *testing.T) {
	d, _ := touched(t, 300)
	whole := everyLine(t, d, desktest.Operator, "")
	r := rand.New(rand.NewPCG(1, 2))
	facets := list(t, d, desktest.Operator, "").Facets
	seen := 0
	for range 60 {
		chosen := map[string][]string{}
		q := url.Values{}
		for range r.IntN(4) {
			f := facets[r.IntN(len(facets))]
			v := f.Options[r.IntN(len(f.Options))].Value
			if !slices.Contains(chosen[f.Name], v) {
				chosen[f.Name] = append(chosen[f.Name], v)
				q.Add(f.Name, v)
			}
		}
		l := list(t, d, desktest.Operator, q.Encode())
		found := 0
		want := map[string]map[string]int{}
		for _, line := range whole {
			values := plainValues(line)
			if meetsAll(values, chosen, "") {
				found++
			}
			for name, of := range values {
				if want[name] == nil {
					want[name] = map[string]int{}
				}
				for _, v := range of {
					if meetsAll(values, chosen, name) {
						want[name][v]++
					}
				}
			}
		}
		if l.Found != found {
			t.Errorf("%s: found %d, by hand %d", q.Encode(), l.Found, found)
		}
		for _, f := range l.Facets {
			for _, o := range f.Options {
				if o.Count != want[f.Name][o.Value] {
					t.Errorf("%s: %s=%s counts %d, by hand %d", q.Encode(), f.Name, o.Value, o.Count, want[f.Name][o.Value])
				}
				delete(want[f.Name], o.Value)
				seen++
			}
			for v, n := range want[f.Name] {
				if n > 0 {
					t.Errorf("%s: %s=%s is not offered, by hand %d", q.Encode(), f.Name, v, n)
				}
			}
		}
	}
	if seen < 1000 {
		t.Errorf("only %d counts were compared", seen)
	}
}

// everyLine walks a list page by page.
func everyLine(t *testing.T, d *desk.Desk, by casefile.Actor, query string) []Line {
	t.Helper()
	var out []Line
	for l := list(t, d, by, query); ; {
		if l.First != len(out)+1 && len(l.Lines) > 0 {
			t.Fatalf("%s: a page begins at %d after %d lines", query, l.First, len(out))
		}
		out = append(out, l.Lines...)
		if l.Next == "" {
			if len(out) != l.Found {
				t.Fatalf("%s: %d lines on all pages, %d found", query, len(out), l.Found)
			}
			return out
		}
		l = list(t, d, by, query+"&after="+url.QueryEscape(l.Next))
	}
}

func idsOf(lines []Line) []casefile.CaseID {
	var out []casefile.CaseID
	for _, l := range lines {
		out = append(out, l.ID)
	}
	return out
}

func TestPagesShowEveryCaseOnceAndInOrder(t *testing.T) {
	d, v := touched(t, 160)
	for _, sort := range []string{"", "ref", "-ref", "recorded", "-recorded", "closed", "-closed", "suspects", "-suspects", "victims", "-victims"} {
		lines := everyLine(t, d, desktest.Operator, "size=25&sort="+sort)
		ids := idsOf(lines)
		if slices.Sort(ids); !slices.Equal(ids, slices.Sorted(maps.Keys(idSet(v)))) {
			t.Errorf("sort %q: not every case once", sort)
		}
		// Backwards from the end the same pages come.
		l := list(t, d, desktest.Operator, "size=25&sort="+sort+"&after="+url.QueryEscape(string(lines[99].ID)))
		if l.First != 101 || l.Lines[0].ID != lines[100].ID {
			t.Errorf("sort %q: the page after line 100 begins at %d", sort, l.First)
		}
		l = list(t, d, desktest.Operator, "size=25&sort="+sort+"&before="+url.QueryEscape(l.Prev))
		if l.First != 76 || len(l.Lines) != 25 || l.Lines[24].ID != lines[99].ID {
			t.Errorf("sort %q: the page before begins at %d with %d lines", sort, l.First, len(l.Lines))
		}
	}
	lines := everyLine(t, d, desktest.Operator, "")
	if calm := slices.IndexFunc(lines, func(l Line) bool { return l.Risk.IsZero() }); calm == 0 || slices.ContainsFunc(lines[calm:], func(l Line) bool { return !l.Risk.IsZero() }) {
		t.Error("cases with an open risk do not come first")
	}
	recorded := everyLine(t, d, desktest.Operator, "sort=-recorded")
	for i := 1; i < len(recorded); i++ {
		a, b := recorded[i-1].Recorded, recorded[i].Recorded
		if a == NoDay && b != NoDay || b != NoDay && a < b {
			t.Fatalf("line %d: %v before %v", i, a, b)
		}
	}
}

func idSet(v *View) map[casefile.CaseID]bool {
	out := map[casefile.CaseID]bool{}
	for _, r := range v.Rows {
		out[r.ID] = true
	}
	return out
}

func TestHostileQueriesShowNothingWrong(t *testing.T) {
	d, v := touched(t, 60)
	for query, want := range map[string]int{
		"scope=%27+OR+1%3D1+--":                     0,
		"unit=" + strings.Repeat("x", 100_000):      0,
		"risk=open&risk=closed&nonsense=1":          (len(v.Rows) + 6) / 7,
		"after=nowhere%3A1":                         len(v.Rows),
		"before=%00%ff":                             len(v.Rows),
		"sort=recorded%3BDROP+TABLE+row&size=-":     len(v.Rows),
		"restricted=y":                              0,
		"group=G0":                                  0,
		"ref=%25":                                   0,
		"stage=" + strings.Repeat("a&stage=b", 700): 0,
		"ref=" + url.QueryEscape(strings.ToLower(string(v.Rows[5].ID))): 1,
	} {
		q, _ := url.ParseQuery(query)
		l, err := List(t.Context(), d, desktest.Operator, ReadFilter(q))
		if err != nil || l.Found != want {
			t.Errorf("%.60s: found %d, want %d (%v)", query, l.Found, want, err)
		}
	}
}

func TestAListIsOneEventWithTheCasesShown(t *testing.T) {
	d, _ := touched(t, 60)
	l := list(t, d, reviewer, "scope=in&scope=unknown&size=25")
	e := lastEvent(t, d, ledger.ListRead)
	if e.Actor != "rev1" || e.Subject != "cases" {
		t.Errorf("event: %+v", e)
	}
	for _, line := range l.Lines {
		if !strings.Contains(string(e.Body), string(line.ID)) {
			t.Errorf("%s was shown and is not in the event", line.ID)
		}
	}
	if !strings.Contains(string(e.Body), "scope=in\\u0026scope=unknown") && !strings.Contains(string(e.Body), "scope=in&scope=unknown") {
		t.Errorf("the query is not in the event: %.200s", e.Body)
	}
	if _, err := List(t.Context(), d, casefile.Actor{ID: "insp", Roles: []casefile.Role{casefile.Inspector}}, Filter{}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("an inspector lists cases: %v", err)
	}
}

func TestSuspectsInWordsAddNothingUp(t *testing.T) {
	for want, r := range map[string]Row{
		"3 suspects: 1 named, 1 recorded but unidentified, 1 stated in the text only": {Named: 1, Unidentified: 1, Stated: 3},
		"2 suspects: 2 named":                     {Named: 2, Stated: 2},
		"1 suspect: 1 stated in the text only":    {Stated: 1},
		"1 suspect: 1 named; no text":             {Named: 1, Stated: NoCount},
		"none recorded, none stated in the text":  {},
		"none recorded; no text to state any":     {Stated: NoCount},
		"4 suspects: 4 recorded but unidentified": {Unidentified: 4, Stated: 2},
	} {
		if got := r.SuspectsInWords(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// A logged is an event as a test reads it.
type logged struct {
	Actor, Purpose, Subject string
	Body                    json.RawMessage
}

func lastEvent(t *testing.T, d *desk.Desk, kind ledger.Kind) (out logged) {
	t.Helper()
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		e, ok, err := tx.LastOf(t.Context(), kind)
		if err != nil || !ok {
			return fmt.Errorf("no event %s: %w", kind, err)
		}
		open, err := ledger.Unseal(e.Sealed)
		out = logged{open.Actor, open.Purpose, open.Subject, open.Body.(json.RawMessage)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestManyListAtOnceWhileOthersDecide(t *testing.T) {
	d, v := touched(t, 80)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 5 {
				sort := []string{"", "-recorded", "suspects"}[(i+j)%3]
				f := ReadFilter(url.Values{"sort": {sort}, "size": {"25"}})
				l, err := List(t.Context(), d, desktest.Operator, f)
				if err != nil || l.Found != len(v.Rows) || len(l.Lines) != 25 {
					t.Errorf("found %d, %d lines, %v", l.Found, len(l.Lines), err)
				}
			}
		})
	}
	for i := range 5 {
		decide(t, d, func(tx *store.Tx) error {
			_, err := tx.TouchCase(t.Context(), v.Rows[i].ID, store.CaseChange{Stage: casefile.StageDecided})
			return err
		})
	}
	wg.Wait()
	if n := list(t, d, desktest.Operator, "stage=decided").Found; n < 5 {
		t.Errorf("%d decided cases are listed at once after they were decided", n)
	}
}
