package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// asked is a request of a member of the team, as a handler gets it.
func asked(ctx context.Context, role casefile.Role, id string) *request {
	hr := httptest.NewRequestWithContext(ctx, "POST", "/", nil)
	return &request{Request: hr, By: casefile.Actor{ID: id, Roles: []casefile.Role{role}}}
}

// begin starts a job that says how far it is and ends when the test lets it.
func begin(t *testing.T, s *testSite, r *request, turn string) (j *job, let chan error) {
	t.Helper()
	let = make(chan error)
	j, err := s.start(r, task{What: "A long thing", Act: desk.ImportExtracts, Turn: turn, Stops: true, Do: func(ctx context.Context, j *job) (outcome, error) {
		j.progress("counting sheep", 30, 100)
		select {
		case err := <-let:
			return outcome{Says: []string{"All are counted."}, To: "/imports", Label: "Imports"}, err
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return j, let
}

func TestAJobGoesOnWhenItsReaderLeaves(t *testing.T) {
	s := newSite(t)
	ctx, leave := context.WithCancel(t.Context())
	j, let := begin(t, s, asked(ctx, casefile.Records, "records"), "")
	leave()
	records := s.as(t, "records")
	a := records.get("/jobs/"+j.id).must(t, 200)
	for _, want := range []string{"Counting sheep: 30 %", `http-equiv="refresh"`, "js/jobs.js", "Stop it"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page of a job under way does not hold %q: %s", want, a.said())
		}
	}
	let <- nil
	<-j.done
	a = records.get("/jobs/"+j.id).must(t, 200)
	if !strings.Contains(a.Body, "All are counted.") || strings.Contains(a.Body, `http-equiv="refresh"`) {
		t.Errorf("the page of a job that is done: %s", a.said())
	}
}

func TestAJobIsSeenByItsStarterAndThoseWithTheSamePermission(t *testing.T) {
	s := newSite(t)
	j, let := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	for id, want := range map[string]int{"records": 200, "analyst": 200, "inspector": 404, "admin": 404, "supervisor.one": 404} {
		for _, path := range []string{"/jobs/" + j.id} {
			if got := s.as(t, id).get(path).Status; got != want {
				t.Errorf("%s as %s: %d, want %d", path, id, got, want)
			}
		}
		if id := s.as(t, id); want == 404 {
			id.post("/jobs/"+j.id+"/stop", nil).must(t, 404)
			id.get("/jobs/"+j.id+"/events").must(t, 404)
			id.get("/jobs/"+j.id+"/file").must(t, 404)
			if a := id.get("/jobs").must(t, 200); strings.Contains(a.Body, j.id) {
				t.Errorf("the job is in the list of %s", id.ID)
			}
		}
	}
	let <- nil
}

func TestJobsOfOneTurnComeOneAfterTheOther(t *testing.T) {
	s := newSite(t)
	_, let := begin(t, s, asked(t.Context(), casefile.Records, "records"), changesRows)
	_, err := s.start(asked(t.Context(), casefile.Analyst, "analyst"), task{What: "Another", Act: desk.ImportExtracts, Turn: changesRows})
	if casefile.KindOf(err) != casefile.Conflict || !strings.Contains(casefile.Message(err), "A long thing is running; records started it at ") {
		t.Errorf("a second job of the turn: %v", err)
	}
	let <- nil
	if _, err := s.start(asked(t.Context(), casefile.Inspector, "inspector"), task{What: "Another", Act: desk.ImportExtracts}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a job without permission: %v", err)
	}
}

func TestAJobTellsHowFarItIs(t *testing.T) {
	s := newSite(t)
	j, let := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	records := s.as(t, "records")
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/jobs/"+j.id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := records.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	first := ""
	for first == "" && lines.Scan() {
		first = lines.Text()
	}
	if !strings.Contains(first, `"percent":30`) || !strings.Contains(first, `"state":"running"`) {
		t.Errorf("first event: %s", first)
	}
	let <- errors.New("a fault within, with /a/path in it")
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if !strings.Contains(last, `"state":"failed"`) {
		t.Errorf("the last event before the stream ends: %s", last)
	}
	a := records.get("/jobs/" + j.id)
	if strings.Contains(a.Body, "/a/path") || !strings.Contains(a.Body, j.id+".") {
		t.Errorf("a fault within: %s", a.said())
	}
}

func TestAStoppedJobSaysWhoStoppedIt(t *testing.T) {
	s := newSite(t)
	j, _ := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	analyst := s.as(t, "analyst")
	analyst.post("/jobs/"+j.id+"/stop", nil).must(t, 303)
	<-j.done
	if a := analyst.get("/jobs/" + j.id); !strings.Contains(a.Body, "It was stopped by Alderley Analyst.") {
		t.Errorf("the page of a stopped job: %s", a.said())
	}
	analyst.post("/jobs/"+j.id+"/stop", nil).must(t, 409)
}

func TestAPanicEndsTheJobAndNotTheServer(t *testing.T) {
	s := newSite(t)
	j, err := s.start(asked(t.Context(), casefile.Records, "records"), task{What: "Bad", Act: desk.ImportExtracts, Do: func(context.Context, *job) (outcome, error) {
		panic("somebody's name")
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-j.done
	a := s.as(t, "records").get("/jobs/"+j.id).must(t, 200)
	if strings.Contains(a.Body, "somebody") || !strings.Contains(a.Body, "Something went wrong here") {
		t.Errorf("the page of a job that broke: %s", a.said())
	}
}

func TestShuttingDownWaitsThenStopsWhatIsLeft(t *testing.T) {
	s := newSite(t)
	quick, let := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	slow, _ := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	grace, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	go func() { let <- nil }()
	s.Shutdown(grace)
	if _, err := quick.result(); err != nil {
		t.Errorf("the job that ended in time: %v", err)
	}
	if _, err := slow.result(); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("the job that did not: %v", err)
	}
	if _, err := s.start(asked(t.Context(), casefile.Records, "records"), task{What: "Late", Act: desk.ImportExtracts}); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("a job after that: %v", err)
	}
	if _, err := os.Stat(s.workDir()); !os.IsNotExist(err) {
		t.Errorf("files of jobs are left: %v", err)
	}
}

func TestAFileOfAJobIsFetchedByThoseWhoMay(t *testing.T) {
	s := newSite(t)
	j, err := s.start(asked(t.Context(), casefile.Records, "records"), task{What: "File", Act: desk.ImportExtracts, Do: func(_ context.Context, j *job) (outcome, error) {
		dir, err := j.folder()
		if err != nil {
			return outcome{}, err
		}
		file := filepath.Join(dir, "made.zip")
		return outcome{File: file}, os.WriteFile(file, []byte("content"), 0o600)
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-j.done
	a := s.as(t, "analyst").get("/jobs/"+j.id+"/file").must(t, 200)
	if a.Body != "content" || a.Header.Get("Content-Disposition") != `attachment; filename="made.zip"` {
		t.Errorf("got %q, %q", a.Body, a.Header.Get("Content-Disposition"))
	}
	j.removeFile()
	if a := s.as(t, "analyst").get("/jobs/" + j.id + "/file"); a.Status != 404 || !strings.Contains(a.Body, "is no longer here") {
		t.Errorf("after it was removed: %d %s", a.Status, a.said())
	}
	if _, err := os.Stat(j.dir); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

func TestACountIsMadeOnceForAllWhoAsk(t *testing.T) {
	s := newSite(t)
	var made atomic.Int32
	count := func(context.Context, desk.Progress) (int, error) {
		made.Add(1)
		time.Sleep(50 * time.Millisecond)
		return 41, nil
	}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			n, err := counted(s.Site, asked(t.Context(), casefile.Inspector, fmt.Sprint(i)), "sheep", "Count", "/terms", desk.ReadFigures, count)
			if n != 41 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("counted %d times", made.Load())
	}
	if _, err := counted(s.Site, asked(t.Context(), "nobody", "x"), "sheep", "Count", "/terms", desk.ReadFigures, count); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a count without permission: %v", err)
	}
	fails := true
	again := func(context.Context, desk.Progress) (int, error) {
		if fails {
			return 0, casefile.Errorf(casefile.Full, "The disk is full.")
		}
		return 7, nil
	}
	for _, want := range []int{0, 7} {
		n, _ := counted(s.Site, asked(t.Context(), casefile.Inspector, "i"), "goats", "Count", "/terms", desk.ReadFigures, again)
		if n != want {
			t.Errorf("got %d, want %d: a count that failed is made again", n, want)
		}
		fails = false
	}
}

func TestASlowCountHasAPageOfItsOwn(t *testing.T) {
	s := newSite(t)
	let := make(chan bool)
	r := asked(t.Context(), casefile.Inspector, "inspector")
	_, err := counted(s.Site, r, "slow", "Count of slow things", "/terms", desk.ReadFigures, func(context.Context, desk.Progress) (int, error) {
		<-let
		return 1, nil
	})
	c, ok := errors.AsType[errCounting](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	inspector := s.as(t, "inspector")
	if a := inspector.get(c.to).must(t, 200); !strings.Contains(a.Body, "Count of slow things") {
		t.Errorf("its page: %s", a.said())
	}
	close(let)
	j := s.Work.find("slow", s.now())
	<-j.done
	if a := inspector.get(c.to); a.Status != 303 || a.To != "/terms" {
		t.Errorf("once it is counted: %d to %s", a.Status, a.To)
	}
}

func TestFinishedJobsAreForgottenTheLeastUsedFirst(t *testing.T) {
	s := newSite(t)
	r := asked(t.Context(), casefile.Inspector, "inspector")
	count := func(context.Context, desk.Progress) (int, error) { return 1, nil }
	for i := range keepJobs + 20 {
		if _, err := counted(s.Site, r, fmt.Sprint("n", i), "Count", "/terms", desk.ReadFigures, count); err != nil {
			t.Fatal(err)
		}
		s.clock.move(time.Second)
		if _, err := counted(s.Site, r, "n0", "Count", "/terms", desk.ReadFigures, count); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Work.jobs); n > keepJobs {
		t.Errorf("%d jobs are kept", n)
	}
	if s.Work.find("n0", s.now()) == nil || s.Work.find("n1", s.now()) != nil {
		t.Error("the count that is asked for all the time was forgotten, or the oldest was kept")
	}
}

func TestAJobThatIsNotThereIsAClearPage(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"x", "..%2f..%2fetc", url.PathEscape(strings.Repeat("a", 5000)), "%00"} {
		if a := s.as(t, "records").get("/jobs/" + id); a.Status != 404 && a.Status != 400 {
			t.Errorf("%.20s: %d %s", id, a.Status, a.said())
		}
	}
}

func TestAnImportThatIsStoppedLeavesNothing(t *testing.T) {
	s := newSite(t)
	records := s.as(t, "records")
	content := force(t, 600)
	before := len(s.cases(t))
	// It is stopped as soon as it has begun to stage rows; the test is about what is
	// left, so an import that was quicker proves nothing and is said so.
	up := &upload{ID: "up", Name: "stop.zip", path: filepath.Join(s.workDir(), "upload-up", "stop.zip")}
	if err := os.MkdirAll(filepath.Dir(up.path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(up.path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Uploads.add(up); err != nil {
		t.Fatal(err)
	}
	r := asked(t.Context(), casefile.Records, "records")
	j, err := s.start(r, s.importTask(r.By, up.path, up.Name, nil, outcome{To: "/imports/uploads/up"}, func() { s.Uploads.remove(up) }))
	if err != nil {
		t.Fatal(err)
	}
	for !j.over() && !strings.HasPrefix(s.viewJob(r, j).Doing, "importing") {
		time.Sleep(time.Millisecond)
	}
	records.post("/jobs/"+j.id+"/stop", nil)
	<-j.done
	if _, err := j.result(); casefile.KindOf(err) != casefile.Conflict {
		t.Fatalf("the import ended before it could be stopped (%v): make it larger", err)
	}
	if n := len(s.cases(t)); n != before {
		t.Errorf("%d cases, %d before", n, before)
	}
	if a := records.get("/imports").must(t, 200); strings.Contains(a.Body, `href="/imports/2"`) || !strings.Contains(a.Body, "/imports/uploads/up") {
		t.Errorf("the list of imports: %s", a.said())
	}
	if a := records.ended(records.post("/imports/uploads/up/import", url.Values{"mapping": {"none"}})); !strings.Contains(a.Body, " accepted, ") {
		t.Errorf("imported again: %s", a.said())
	}
}

func TestThePageOfAJobFollowsIt(t *testing.T) {
	s := newSite(t)
	j, let := begin(t, s, asked(t.Context(), casefile.Records, "records"), "")
	b := s.browse(t, "records")
	b.open("/jobs/" + j.id)
	b.wait("Counting sheep: 30 %")
	b.accessible()
	evaluate[bool](b, `window.same = true`)
	j.progress("counting goats", 60, 100)
	b.wait("Counting goats: 60 %")
	if !evaluate[bool](b, `window.same === true && document.querySelector("progress").value === 60`) {
		t.Error("the page was loaded again, or its bar stands still")
	}
	let <- nil
	b.wait("All are counted.")
	b.accessible()
}

func TestWhatAKilledServerLeftIsRemovedWhenItStarts(t *testing.T) {
	s := newSite(t)
	left := filepath.Join(s.workDir(), "upload-x", "extract.zip")
	if err := os.MkdirAll(filepath.Dir(left), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, []byte("in clear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Handler(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("an upload of an earlier process is still there: %v", err)
	}
}
