package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/web/webtest"
)

var (
	people  = flag.Int("people", 300, "readers and reviewers at the same time")
	minutes = flag.Float64("minutes", 3, "how long they work")
	think   = flag.Duration("think", 6*time.Second, "how long somebody looks at a page, on average")
)

// BenchmarkReaders serves a register to people who each follow a script of their
// own: reviewers pull, read, save and submit; supervisors look at risk, approve
// and see the workload; analysts search, list and count; inspectors look at terms
// and ledger. Every one waits between two pages as a reader does (exponential,
// -think on average). Reported are milliseconds of pages and of saves, the
// server's peak memory, and whether every page of a case is in the ledger.
func BenchmarkReaders(b *testing.B) {
	dir, crowd := populate(b)
	server, base := startServer(b, dir)
	b.ResetTimer()
	for range b.N {
		ctx, stop := context.WithTimeout(context.Background(), time.Duration(*minutes*float64(time.Minute)))
		var working sync.WaitGroup
		for _, p := range crowd {
			working.Go(func() { p.day(ctx, base) })
		}
		working.Wait()
		stop()
	}
	b.StopTimer()
	report(b, crowd, memoryOf(server.Process.Pid))
	server.Process.Signal(os.Interrupt)
	server.Wait()
	checkReads(b, dir, crowd)
}

// populate returns a register with terms in force and as many accounts as there
// are people, each signed in.
func populate(b *testing.B) (dir string, crowd []*person) {
	b.Helper()
	d := filled(b)
	ctx := context.Background()
	adopted, err := cohort.Adopted(ctx, d)
	if err == nil && len(adopted) == 0 {
		var terms scope.Terms
		if terms, err = scope.Preset("two-suspects"); err == nil {
			err = cohort.Adopt(ctx, d, operator, terms, "for the bench")
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	book := &account.Book{Desk: d, Clock: time.Now}
	for i := range *people {
		p := &person{n: i, role: roleOf(i), random: rand.New(rand.NewPCG(uint64(i), 7)), took: map[string][]time.Duration{}}
		p.id = fmt.Sprintf("reader.%d", i)
		if _, err := book.Find(ctx, p.id); casefile.KindOf(err) == casefile.NotFound {
			a := account.Account{ID: p.id, Name: "Reader " + p.id, Roles: []casefile.Role{p.role}}
			if err := book.AddReady(ctx, operator, a, "a passphrase for the bench 7", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
				b.Fatal(err)
			}
		}
		token, err := book.Enter(ctx, p.id, account.Device{Agent: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		p.client = &webtest.Client{Token: token, HTTP: &http.Client{
			Timeout:       time.Minute,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 1},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		crowd = append(crowd, p)
	}
	train(b, d, crowd)
	dir = d.DB.Dir()
	d.DB.Close()
	return dir, crowd
}

// train gives every reviewer every skill, so that no case is out of reach.
func train(b *testing.B, d *desk.Desk, crowd []*person) {
	b.Helper()
	err := d.DB.Update(context.Background(), operator, func(tx *store.Tx) ([]ledger.Event, error) {
		var err error
		for _, p := range crowd {
			for _, s := range review.TrainingInForce().Skills {
				err = errors.Join(err, tx.AddSkill(context.Background(), store.Skill{Account: p.id, Skill: s.Code, From: casefile.DayOf(2020, 1, 1), To: store.NoEnd, Source: "bench"}))
			}
		}
		return []ledger.Event{{Kind: ledger.SkillsImported, Purpose: "bench"}}, err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func roleOf(i int) casefile.Role {
	switch i % 20 {
	case 0, 1:
		return casefile.Supervisor
	case 2, 3, 4:
		return casefile.Analyst
	case 5, 6:
		return casefile.Inspector
	}
	return casefile.Reviewer
}

var servedAt = regexp.MustCompile(`http://[0-9.:]+`)

func startServer(b *testing.B, dir string) (*exec.Cmd, string) {
	b.Helper()
	program := filepath.Join(b.TempDir(), "lookback")
	if out, err := exec.Command("go", "build", "-o", program, "lookback/cmd/lookback").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "serve", "-dir", dir, "-addr", "127.0.0.1:0")
	says, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(says)
	for lines.Scan() {
		if at := servedAt.FindString(lines.Text()); at != "" {
			go func() {
				for lines.Scan() {
					fmt.Fprintln(os.Stderr, lines.Text())
				}
			}()
			return cmd, at
		}
	}
	b.Fatal("the server did not start")
	return nil, ""
}

// memoryOf is the most memory that a process ever held, in MiB.
func memoryOf(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kb float64
	if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
		fmt.Sscan(rest, &kb)
	}
	return kb / 1024
}

// A person follows a script until the time is up.
type person struct {
	n      int
	id     string
	role   casefile.Role
	client *webtest.Client
	random *rand.Rand

	took   map[string][]time.Duration // by kind of request
	faults []string
	reads  int // pages of cases that were shown
	saves  int
}

func (p *person) day(ctx context.Context, base string) {
	p.client.Base = base
	p.pause(ctx) // people do not all arrive at once
	for ctx.Err() == nil {
		switch p.role {
		case casefile.Reviewer:
			p.review(ctx)
		case casefile.Supervisor:
			p.supervise(ctx)
		case casefile.Analyst:
			p.study(ctx)
		default:
			p.inspect(ctx)
		}
	}
}

// pause is the time for which somebody looks at a page.
func (p *person) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(p.random.ExpFloat64() * float64(*think))):
	}
}

// request sends one request, times it, and says whether its answer is of use.
func (p *person) request(ctx context.Context, kind string, send func(context.Context) (*webtest.Page, error)) (*webtest.Page, bool) {
	if ctx.Err() != nil {
		return nil, false
	}
	start := time.Now()
	page, err := send(context.WithoutCancel(ctx))
	p.took[kind] = append(p.took[kind], time.Since(start))
	if err != nil || page.Status >= 400 {
		what := ""
		if err == nil {
			what = fmt.Sprintf("status %d: %.200s", page.Status, page.Text())
		} else {
			what = err.Error()
		}
		p.faults = append(p.faults, kind+": "+what)
		return page, false
	}
	return page, true
}

func (p *person) open(ctx context.Context, path string) (*webtest.Page, bool) {
	page, ok := p.request(ctx, "page "+shape(path), func(ctx context.Context) (*webtest.Page, error) { return p.client.Get(ctx, path) })
	if ok && isCase.MatchString(path) {
		p.reads++
	}
	p.pause(ctx)
	return page, ok
}

var isCase = regexp.MustCompile(`^/cases/[^/?]+(/review)?(\?.*)?$`)

// shape is a path without what differs from case to case.
func shape(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 2 {
		parts[2] = "…"
	}
	return strings.Join(parts, "/")
}

func (p *person) send(ctx context.Context, kind, path string, form url.Values) (*webtest.Page, bool) {
	page, ok := p.request(ctx, kind, func(ctx context.Context) (*webtest.Page, error) { return p.client.Post(ctx, path, form) })
	p.pause(ctx)
	return page, ok
}

// review is one file: pull, read, type, look elsewhere, submit or hand back.
func (p *person) review(ctx context.Context) {
	p.open(ctx, "/queue")
	pulled, ok := p.send(ctx, "save", "/queue/next", nil)
	if !ok || pulled == nil {
		return
	}
	at, _, _ := strings.Cut(pulled.To, "?")
	if !strings.HasSuffix(at, "/review") {
		p.faults = append(p.faults, "the queue gave no case: "+pulled.To)
		return
	}
	page, ok := p.open(ctx, at)
	if !ok {
		return
	}
	form, err := page.Form("/review")
	if err != nil {
		p.faults = append(p.faults, err.Error())
		return
	}
	base := 0
	fmt.Sscan(form.Values.Get("base"), &base)
	body := map[string]any{}
	texts := []string{"lines", "risk", "safeguarding", "justice"}
	for n := 1; n <= 8 && ctx.Err() == nil; n++ {
		q := texts[n%len(texts)]
		body[q] = map[string]any{"chosen": []string{"no"}, "text": strings.Repeat("What the file shows, in the reviewer's own words. ", n)}
		text, _ := json.Marshal(map[string]any{"form": form.Values.Get("form"), "base": base, "page": p.id, "n": n, "body": map[string]any{"answers": body}})
		saved, ok := p.request(ctx, "save", func(ctx context.Context) (*webtest.Page, error) { return p.client.PostJSON(ctx, at+"/draft", text) })
		if ok {
			var answer struct {
				Version int `json:"version"`
			}
			if json.Unmarshal(saved.Body, &answer) == nil {
				base = answer.Version
			}
			p.saves++
		}
		p.pause(ctx)
	}
	p.open(ctx, strings.TrimSuffix(at, "/review"))
	p.send(ctx, "save", at+"/hand-back", nil)
}

func (p *person) supervise(ctx context.Context) {
	for _, path := range []string{"/", "/risks", "/approvals", "/actions", "/workload", "/allocation", "/cases?scope=in&sort=reported"} {
		p.open(ctx, path)
	}
	p.openCaseOf(ctx, "/cases?scope=in")
}

func (p *person) study(ctx context.Context) {
	words := []string{"three males", "taxi", "hotel", "phone download", "missing", "no further action", "victim does not support", "vehicle"}
	p.open(ctx, "/search?q="+url.QueryEscape(words[p.random.IntN(len(words))]))
	p.openCaseOf(ctx, "/cases?suspects=two")
	for _, path := range []string{"/groups", "/quality", "/terms", "/imports"} {
		p.open(ctx, path)
	}
}

func (p *person) inspect(ctx context.Context) {
	for _, path := range []string{"/", "/terms", "/ledger", "/help"} {
		p.open(ctx, path)
	}
}

// openCaseOf opens a list and one of the cases on it.
func (p *person) openCaseOf(ctx context.Context, list string) {
	page, ok := p.open(ctx, list)
	if !ok {
		return
	}
	var at []string
	for _, to := range page.Links("/cases/") {
		if isCase.MatchString(to) && !strings.HasSuffix(to, "/review") {
			at = append(at, to)
		}
	}
	if len(at) == 0 {
		p.faults = append(p.faults, "the list "+list+" shows no case")
		return
	}
	p.open(ctx, at[p.random.IntN(len(at))])
}

func report(b *testing.B, crowd []*person, memory float64) {
	b.Helper()
	all := map[string][]time.Duration{}
	var faults []string
	reads, saves := 0, 0
	for _, p := range crowd {
		for kind, took := range p.took {
			all[kind] = append(all[kind], took...)
			if strings.HasPrefix(kind, "page") {
				all["pages"] = append(all["pages"], took...)
			}
		}
		faults = append(faults, p.faults...)
		reads, saves = reads+p.reads, saves+p.saves
	}
	kinds := make([]string, 0, len(all))
	for kind := range all {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		took := all[kind]
		slices.Sort(took)
		at := func(q float64) time.Duration {
			return took[min(len(took)-1, int(q*float64(len(took))))].Round(time.Millisecond / 10)
		}
		fmt.Printf("%-28s %7d   median %8s   95 %% %8s   99 %% %8s   worst %8s\n", kind, len(took), at(.5), at(.95), at(.99), took[len(took)-1].Round(time.Millisecond))
		if kind == "pages" || kind == "save" {
			b.ReportMetric(float64(at(.95).Microseconds())/1000, kind+"-p95-ms")
			b.ReportMetric(float64(at(.99).Microseconds())/1000, kind+"-p99-ms")
		}
	}
	b.ReportMetric(float64(len(faults)), "faults")
	b.ReportMetric(memory, "server-MiB")
	fmt.Printf("%d people, %d cases: %d pages of cases, %d drafts saved; the server held %.0f MiB at most\n", len(crowd), *cases, reads, saves, memory)
	for _, f := range faults[:min(10, len(faults))] {
		b.Errorf("%s", f)
	}
}

// checkReads compares the pages of cases that were shown with the ledger.
func checkReads(b *testing.B, dir string, crowd []*person) {
	b.Helper()
	d := create(b, dir)
	logged := map[string]int{}
	err := d.DB.View(context.Background(), func(tx *store.Tx) error {
		for sealed, err := range tx.Events(context.Background()) {
			if err != nil {
				return err
			}
			if e, err := ledger.Unseal(sealed); err != nil {
				return err
			} else if e.Kind == ledger.CaseRead {
				logged[e.Actor]++
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range crowd {
		if logged[p.id] < p.reads {
			b.Errorf("%s was shown %d pages of cases, the ledger has %d", p.id, p.reads, logged[p.id])
		}
	}
}
