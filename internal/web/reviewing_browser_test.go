package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// savedAs waits until the page says that it has saved.
func (b *browser) savedAs(words string) {
	b.t.Helper()
	said := ""
	for range 100 {
		if said = evaluate[string](b, `document.querySelector("[data-saved]")?.innerText + " " + (document.querySelector("[data-trouble]")?.innerText ?? "")`); strings.Contains(said, words) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("the page says %q, want %q", said, words)
}

// selectWords selects words in a text of the case, as a pointer would.
func (b *browser) selectWords(from, to int) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`(() => {
		const text = document.querySelector(".rv__case .case-entry[id^=row-] .case-text[data-part=log]")
		const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
		const range = document.createRange()
		let at = 0, begun = false
		for (let n = walker.nextNode(); n; n = walker.nextNode()) {
			if (!begun && at + n.length >= %[1]d) { range.setStart(n, %[1]d - at); begun = true }
			if (at + n.length >= %[2]d) { range.setEnd(n, %[2]d - at); break }
			at += n.length
		}
		document.getSelection().removeAllRanges()
		document.getSelection().addRange(range)
		return range.toString()
	})()`, from, to))
}

func TestAReviewByKeyboardAlone(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.open("/queue")
	b.accessible()
	b.narrow()
	b.look("queue")
	b.keys("n")
	b.wait("Four questions")
	at := b.at()
	b.accessible()
	b.fits(1280)
	b.narrow()
	b.look("review")
	for _, q := range []string{"lines", "risk", "safeguarding", "justice"} {
		b.tabTo("a." + q)
		b.keys(kb.ArrowRight)
		b.keys(kb.Tab)
		b.keys("The enquiries open then were read.")
	}
	b.savedAs("Saved at")
	b.tabTo("no-supervision")
	b.keys(" ")
	for _, q := range []string{"ethnicity", "nationality"} {
		b.tabTo("a." + q)
		b.keys(kb.ArrowDown)
	}
	b.tabTo("a.verdict")
	b.keys(kb.ArrowDown)
	b.keys(kb.Tab)
	b.keys(webReason)
	// To the log, and from there to the page that cites without a pointer.
	b.run(chromedp.KeyEvent(kb.Home))
	evaluate[bool](b, `document.getElementById("main").focus(), true`)
	b.tabTo("recorded | do |") // Cite from this: …, as recorded
	b.keys(kb.Enter)
	b.wait("For which question?")
	b.accessible()
	b.narrow()
	b.look("review-cite")
	b.tabTo("| s |")
	b.keys(" ")
	b.tabTo(" |  | Cite |")
	if !strings.HasPrefix(b.focused(), " | ") || !strings.Contains(b.focused(), "Cite") {
		t.Fatalf("the focus is on %q", b.focused())
	}
	b.keys(kb.Enter)
	b.wait("The passage was cited.")
	b.look("review-filled")
	b.tabTo(" |  | Submit the review")
	b.keys(kb.Enter)
	b.wait("was submitted")

	sup := s.browse(t, "supervisor.one")
	sup.open("/approvals")
	sup.accessible()
	sup.narrow()
	sup.look("approvals")
	sup.tabTo(" |  | Read ZZ")
	sup.keys(kb.Enter)
	sup.wait("Do you stand behind this review?")
	sup.accessible()
	sup.narrow()
	sup.look("approval")
	sup.tabTo("do | approve")
	sup.keys(" ")
	sup.tabTo(" |  | Send")
	sup.keys(kb.Enter)
	sup.wait("is a decision now")
	sup.open(strings.TrimSuffix(at, "/review") + "/decision")
	sup.wait("Oakham Reviewer")
	sup.accessible()
	sup.narrow()
	sup.look("decision")
}

// offline cuts the window's connection, or mends it.
func (b *browser) offline(yes bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}}})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestTypingIsSavedThroughALostConnection(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.tolerate = "Failed to load resource"
	b.open("/queue")
	b.keys("n")
	b.wait("Four questions")
	b.tabTo("Which, or why not?")
	b.keys("typed with a connection")
	b.savedAs("Saved at")
	b.offline(true)
	b.keys(", and without one")
	b.savedAs("Not saved: retrying")
	b.offline(false)
	evaluate[bool](b, `window.dispatchEvent(new Event("online")), true`)
	b.savedAs("Saved at")
	if n := evaluate[int](b, `localStorage.length + sessionStorage.length`); n != 0 {
		t.Errorf("the browser keeps %d things", n)
	}
	b.open("/queue")
	b.open(b.at())
	other := s.as(t, "reviewer.one").get("/queue")
	at := strings.Split(strings.SplitN(other.Body, `href="/cases/`, 2)[1], `"`)[0]
	if a := s.as(t, "reviewer.one").get("/cases/"+at).must(t, 200); !strings.Contains(a.Body, "typed with a connection, and without one") {
		t.Errorf("the text is not saved: %s", a.said())
	}
}

func TestWhatIsTypedLastGoesWithThePage(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.open("/queue")
	b.keys("n")
	b.wait("Four questions")
	at := b.at()
	b.tabTo("Which, or why not?")
	b.keys("typed and gone at once")
	b.open("/queue") // within the 800 ms
	saved := ""
	for range 50 {
		if saved = s.as(t, "reviewer.one").get(at).Body; strings.Contains(saved, "typed and gone at once") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("what was typed last is lost")
}

func TestASelectionBecomesAPassage(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.open("/queue")
	b.keys("n")
	b.wait("Four questions")
	b.tabTo("a.risk")
	words := b.selectWords(3, 25)
	b.wait("Cite for")
	if got := evaluate[string](b, `document.getElementById("cite-for").value`); got != "risk" {
		t.Errorf("the passage is for %q, the last question was risk", got)
	}
	evaluate[bool](b, `document.getElementById("cite-do").click(), true`)
	b.wait("“" + strings.TrimSpace(words) + "”")
	b.savedAs("Saved at")
	at := b.at()
	b.open(at)
	if !strings.Contains(b.text(), "“"+strings.TrimSpace(words)+"”") {
		t.Errorf("the passage is not in the draft: %q", words)
	}
	if n := evaluate[int](b, `document.querySelectorAll("mark.mark-cited").length`); n == 0 {
		t.Error("the passage is not marked in the log")
	}
	evaluate[bool](b, `document.querySelector("[data-uncite]").click(), true`)
	b.savedAs("Saved at")
	b.open(at)
	if strings.Contains(b.text(), "“"+strings.TrimSpace(words)+"”") {
		t.Error("the removed passage is still there")
	}
}

func TestTwoWindowsOfOneReview(t *testing.T) {
	s := newSite(t)
	a, b := s.browse(t, "reviewer.one"), s.browse(t, "reviewer.one")
	b.tolerate = "409"
	a.open("/queue")
	a.keys("n")
	a.wait("Four questions")
	b.open(a.at())
	a.tabTo("Which, or why not?")
	a.keys("from the first window")
	a.savedAs("Saved at")
	b.tabTo("Which, or why not?")
	b.keys("from the second window")
	b.savedAs("Compare the two texts")
	evaluate[bool](b, `document.querySelector("[data-trouble] a").click(), true`)
	b.wait("Both texts are kept until you choose")
	b.accessible()
	b.narrow()
	b.look("compare")
	b.tabTo("take.lines")
	b.keys(kb.ArrowRight)
	b.tabTo("Keep these")
	b.keys(kb.Enter)
	b.wait("one again")
	if got := evaluate[string](b, `document.querySelector("[name='t.lines']").value`); got != "from the second window" {
		t.Errorf("%q", got)
	}
}
