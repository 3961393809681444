package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/custody"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
	"lookback/internal/verify"
	"lookback/internal/web/webtest"
)

// kills is how often the server is killed; docs/benchmarks.md has a long run.
var kills = flag.Int("kills", 3, "how often to kill the server while people save")

const savers = 20

// acknowledged counts what the server has answered for.
var acknowledged atomic.Int64

// A saver types into the review of one case of its own, raises risks and reads.
type saver struct {
	id    string
	c     casefile.CaseID
	token string

	version int // of its draft, as last acknowledged
	typed   int // number in the text last acknowledged
	sent    int // number in the text last sent
	risks   []string
	reads   int
}

// What the server acknowledged before it was killed is in the register after.
func TestNothingAcknowledgedIsLostWhenTheServerIsKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "register")
	from := newForce(t, t.TempDir(), 3)
	done(t, "init", "-dir", dir)
	done(t, "import", "-dir", dir, from)
	done(t, "analyse", "-dir", dir)
	people := makeSavers(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	saved, risks, reads := 0, 0, 0
	for range *kills {
		server := startServer(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		for _, p := range people {
			working.Go(func() { p.work(t, ctx, server.url) })
		}
		// By what was done and not by the clock: a busy machine does less in a second.
		for until := acknowledged.Load() + 160 + random.Int64N(200); acknowledged.Load() < until && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		server.cmd.Process.Kill()
		server.cmd.Wait()
		stop()
		working.Wait()
		checkNothingLost(t, dir, people)
	}
	for _, p := range people {
		saved, risks, reads = saved+p.typed, risks+len(p.risks), reads+p.reads
	}
	if saved < *kills*savers || risks == 0 || reads == 0 {
		t.Errorf("too little was done to say anything: %d saves, %d risks, %d reads", saved, risks, reads)
	}
	t.Logf("%d kills: %d saves, %d risks and %d reads were acknowledged, and all are there", *kills, saved, risks, reads)
}

func makeSavers(t *testing.T, dir string) (people []*saver) {
	t.Helper()
	d := openDesk(t, dir)
	defer d.DB.Close()
	operator := casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}
	book := &account.Book{Desk: d, Clock: time.Now}
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		for c, err := range tx.Investigations(t.Context()) {
			if err != nil {
				return err
			}
			if len(people) < savers {
				people = append(people, &saver{id: fmt.Sprintf("saver.%d", len(people)), c: c.ID})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		a := account.Account{ID: p.id, Name: "Saver " + p.id, Roles: []casefile.Role{casefile.Reviewer}}
		if err := book.AddReady(t.Context(), operator, a, "a passphrase for tests 7", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			t.Fatal(err)
		}
		if p.token, err = book.Enter(t.Context(), p.id, account.Device{Agent: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	return people
}

// A server is `lookback serve` as a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
}

var servedAt = regexp.MustCompile(`http://[0-9.:]+`)

func startServer(t *testing.T, dir string) *server {
	t.Helper()
	cmd, _, _ := process(t, "serve", "-dir", dir, "-addr", "127.0.0.1:0")
	cmd.Stderr, cmd.Stdout = nil, nil
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(says)
	for lines.Scan() {
		if at := servedAt.FindString(lines.Text()); at != "" {
			go func() {
				for lines.Scan() { // so that the server never waits for its log
				}
			}()
			return &server{cmd, at}
		}
	}
	t.Fatal("the server did not start")
	return nil
}

// work saves, raises and reads until the server is gone, and keeps what was
// acknowledged.
func (p *saver) work(t *testing.T, ctx context.Context, base string) {
	c := &webtest.Client{Base: base, Token: p.token, HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	at := "/cases/" + url.PathEscape(string(p.c))
	for n := 1; ctx.Err() == nil; n++ {
		p.sent++
		body, err := json.Marshal(map[string]any{"form": review.CurrentForm("review").ID(), "base": p.version, "page": p.id, "n": p.sent,
			"body": map[string]any{"answers": map[string]any{"lines": map[string]any{"text": text(p.sent)}}}})
		if err != nil {
			t.Error(err)
			return
		}
		page, err := c.PostJSON(ctx, at+"/review/draft", body)
		if err != nil {
			return
		}
		var answer struct {
			Version int `json:"version"`
		}
		if page.Status != http.StatusOK || json.Unmarshal(page.Body, &answer) != nil {
			t.Errorf("%s saves number %d on version %d: status %d: %.300s", p.id, p.sent, p.version, page.Status, page.Body)
			return
		}
		p.version, p.typed = answer.Version, p.sent
		acknowledged.Add(1)
		if n%3 == 0 {
			if page, err = c.Get(ctx, at); err != nil {
				return
			}
			if page.Status != http.StatusOK {
				t.Errorf("%s reads: status %d: %.300s", p.id, page.Status, page.Text())
				return
			}
			p.reads++
		}
		if n%7 == 0 {
			detail := fmt.Sprintf("risk %d of %s", p.sent, p.id)
			page, err := c.Post(ctx, at+"/risk", url.Values{"who": {"a child of the household"}, "kinds": {"siblings"}, "detail": {detail}, "told": {"n"}})
			if err != nil {
				return
			}
			if page.Status != http.StatusSeeOther {
				t.Errorf("%s raises a risk: status %d: %.300s", p.id, page.Status, page.Text())
				return
			}
			p.risks = append(p.risks, detail)
		}
	}
}

func text(n int) string { return fmt.Sprintf("what was typed until number %d", n) }

// checkNothingLost looks into the register itself, with no server between.
func checkNothingLost(t *testing.T, dir string, people []*saver) {
	t.Helper()
	d := openDesk(t, dir)
	defer d.DB.Close()
	reads := map[string]int{}
	err := d.DB.View(t.Context(), func(tx *store.Tx) error {
		for sealed, err := range tx.Events(t.Context()) {
			if err != nil {
				return err
			}
			e, err := ledger.Unseal(sealed)
			if err != nil {
				return err
			}
			if e.Kind == ledger.CaseRead {
				reads[e.Actor]++
			}
		}
		for _, p := range people {
			if err := p.check(t, tx, reads[p.id]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := custody.Verify(t.Context(), d.DB, verify.Options{})
	if err != nil || !report.Whole {
		t.Fatalf("the ledger after a kill: %v %v", report.Verdict(), err)
	}
}

func (p *saver) check(t *testing.T, tx *store.Tx, reads int) error {
	draft, ok, err := tx.DraftOf(t.Context(), p.c, p.id, review.ReviewForm)
	if err != nil {
		return err
	}
	switch {
	case p.typed == 0:
	case !ok || draft.Version < p.version:
		t.Errorf("%s: version %d of the draft was acknowledged, the register has %d", p.id, p.version, draft.Version)
	case draft.Version == p.version && !strings.Contains(string(draft.Body), text(p.typed)):
		t.Errorf("%s: number %d was acknowledged as version %d, the register has %s", p.id, p.typed, p.version, draft.Body)
	}
	if ok {
		// The save that was under way may have landed although nobody heard of it.
		p.version = draft.Version
	}
	held, err := tx.CaseRisks(t.Context(), p.c)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, r := range held {
		there[r.Detail] = true
	}
	for _, r := range p.risks {
		if !there[r] {
			t.Errorf("%q was acknowledged and is gone", r)
		}
	}
	if reads < p.reads {
		t.Errorf("%s was shown %d pages, the ledger has %d reads", p.id, p.reads, reads)
	}
	return nil
}
