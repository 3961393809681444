package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"lookback/internal/casefile"
)

// A supervisor spreads cases with the page's own means, at two widths; what is asked before it is done is what is done.
func TestCasesAreSpreadInABrowser(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "supervisor.one")
	b.tolerate = "422" // of forms that are sent back with what is wrong
	b.open("/allocation")
	ids := s.as(t, "supervisor.one").get(toAssign).must(t, 200).ticks(t)
	b.accessible()
	b.run(chromedp.Click("#which-2"), chromedp.Click("#when-3"), chromedp.SetValue("#per_day", "2"), chromedp.Click("#together button"))
	b.wait("Tick who is to have the cases.")
	b.accessible()
	b.run(chromedp.Click("#person"), chromedp.Click("#person-1"), chromedp.Click("#together button"))
	b.wait("Case by case")
	b.accessible()
	b.run(chromedp.EmulateViewport(400, 900))
	b.accessible()
	b.run(chromedp.Click(".lb-buttons button"))
	b.wait("Undo as one")
	b.accessible()
	owners := map[string]int{}
	for _, id := range ids {
		owners[s.ownerOf(t, casefile.CaseID(id))]++
	}
	if owners[""] > 0 || owners["reviewer.one"] == 0 || owners["reviewer.two"] == 0 {
		t.Errorf("the cases are with %v", owners)
	}
	for _, path := range []string{b.at() + "/undo", caseAddress(casefile.CaseID(ids[0])) + "/assignments", "/workload", "/workload/forecast?officers=3", "/workload/forecast?officers=x", "/skills", "/skills/import"} {
		b.open(path)
		b.accessible()
	}
}
