package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/custody"
	"lookback/internal/ledger"
	"lookback/internal/verify"
)

// The whole path in one run and without a mouse: an extract is imported, terms of
// reference are adopted, a case is pulled, a present risk is raised, the form is
// filled in with a citation, approved by another, an action follows, the risk is
// acknowledged, the case is closed, and all of it stands in the ledger.
func TestTheWholePathFromAnExtractToTheLedger(t *testing.T) {
	s := newEmptySite(t)
	extract := filepath.Join(t.TempDir(), "force.zip")
	if err := os.WriteFile(extract, force(t, 60), 0o600); err != nil {
		t.Fatal(err)
	}
	skills := allocation.SkillsFile{Name: "team.csv", Data: allocation.DemoSkills(casefile.DayOf(time.Now().Date()))}
	if _, err := allocation.ImportSkills(t.Context(), s.Desk, operator, skills, -1); err != nil {
		t.Fatal(err)
	}

	records := s.browse(t, "records")
	records.open("/imports/new")
	records.run(chromedp.SetUploadFiles(chromedp.CSS(`input[name=extract]`), []string{extract}))
	records.send("Upload and import")
	records.wait(" accepted, ")

	boss := s.browse(t, "supervisor.one")
	boss.open("/terms/two-suspects")
	boss.fillIn("Why are they adopted?", "The widest wording that ships: begin with it.")
	boss.send("Adopt")
	boss.wait("In force")

	reviewer := s.browse(t, "reviewer.one")
	reviewer.open("/")
	reviewer.keys("n")
	reviewer.wait("Four questions")
	at := strings.TrimSuffix(reviewer.path(), "/review")
	reviewer.keys("s")
	reviewer.wait("What is the risk?")
	reviewer.keys("5")
	reviewer.fillIn("Or describe them", "a child of the household")
	reviewer.send("Raise the risk")
	reviewer.wait("Present risk 1")

	reviewer.open(at + "/review")
	for _, q := range []string{"lines", "risk", "safeguarding", "justice"} {
		reviewer.tabTo("a." + q)
		reviewer.keys(kb.ArrowRight, kb.Tab, "The enquiries open then were read.")
	}
	reviewer.tabTo("no-supervision")
	reviewer.keys(" ")
	for _, q := range []string{"ethnicity", "nationality"} {
		reviewer.tabTo("a." + q)
		reviewer.keys(kb.ArrowDown)
	}
	reviewer.tabTo("a.verdict")
	reviewer.keys(kb.ArrowDown, kb.Tab, webFullest)
	reviewer.savedAs("Saved at")
	evaluate[bool](reviewer, `document.getElementById("main").focus(), true`)
	if strings.Contains(reviewer.text(), "its texts are closed until you open them") {
		reviewer.press("Open the log")
	}
	reviewer.send("Cite from this")
	reviewer.wait("For which question?")
	reviewer.tabTo("| whole |")
	reviewer.keys(kb.ArrowDown, kb.ArrowDown)
	reviewer.send("Cite")
	reviewer.wait("The passage was cited.")
	reviewer.send("Submit the review")
	reviewer.wait("was submitted")

	boss.open("/")
	boss.wait("a child of the household")
	boss.open("/approvals")
	boss.send("Read ")
	boss.wait("Do you stand behind this review?")
	boss.tabTo("approve")
	boss.keys(" ")
	boss.send("Send")
	boss.wait("is a decision now")

	boss.open(at + "/close")
	boss.wait("cannot be closed yet")
	boss.open("/risks/1")
	boss.press("They acknowledged it")
	boss.fillIn("Who acknowledged it", "Children's services, duty team")
	boss.fillIn("Their reference", "none given")
	boss.send("Record the acknowledgement")
	boss.wait("cknowledged")

	boss.open(at + "/actions")
	boss.fillIn("What is to be done", "Find the original exhibits list")
	boss.tabTo("Owner")
	boss.keys("Oak")
	boss.send("Raise the action")
	boss.wait("Find the original exhibits list")

	reviewer.open("/actions/1")
	reviewer.tabTo("| kind |")
	reviewer.keys(" ")
	reviewer.fillIn("The result", "The list is with the exhibits officer.")
	reviewer.send("Record the result")
	reviewer.wait("The list is with the exhibits officer.")
	boss.open("/actions/1")
	boss.send("File it")
	boss.wait("The action is filed")

	boss.open(at + "/close")
	boss.fillIn("Why it can be closed", "Decided by two people; the risk is in hand.")
	boss.send("Close the case")
	boss.wait("losed")

	disclosure := s.browse(t, "disclosure")
	disclosure.open("/ledger")
	for _, kind := range []ledger.Kind{ledger.ExtractImported, ledger.CriteriaAdopted, ledger.CaseRead, ledger.RiskRaised, ledger.ReviewSubmitted,
		ledger.ReviewApproved, ledger.DecisionMade, ledger.RiskMoved, ledger.ActionRaised, ledger.ActionMoved, ledger.CaseClosed} {
		if s.events(t, kind, "") == 0 {
			t.Errorf("the ledger has no event %s", kind)
		}
		disclosure.open("/ledger?kind=" + string(kind))
		if strings.Contains(disclosure.text(), "No event") {
			t.Errorf("the page of the ledger shows no event %s: %s", kind, disclosure.text())
		}
	}
	report, err := custody.Verify(t.Context(), s.Desk.DB, verify.Options{})
	if err != nil || !report.Whole {
		t.Errorf("the ledger: %v %v", report.Verdict(), err)
	}
}

// press goes to a button or link with the Tab key and presses Enter.
func (b *browser) press(words string) {
	b.t.Helper()
	b.tabTo(words)
	b.keys(kb.Enter)
}

// send presses something that leads to another page, and waits until that is there.
func (b *browser) send(words string) {
	b.t.Helper()
	evaluate[bool](b, `window.before = true`)
	b.press(words)
	for range 300 {
		// While one page takes the other's place there is nothing to ask.
		there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`window.before !== true && document.readyState === "complete"`))
		if err == nil && there {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%q led nowhere from %s: %s", words, b.at(), b.text())
}

// fillIn goes to a field with the Tab key and types.
func (b *browser) fillIn(label, text string) {
	b.t.Helper()
	b.tabTo(label)
	b.run(typeText(text))
}

// path is the address of the page without its query.
func (b *browser) path() string {
	b.t.Helper()
	path, _, _ := strings.Cut(b.at(), "?")
	return path
}
