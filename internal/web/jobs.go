package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

var jobRoutes = []route{
	{"GET /jobs", desk.UseLookback, (*Site).showJobs},
	{"GET /jobs/{id}", desk.UseLookback, (*Site).showJob},
	{"GET /jobs/{id}/events", desk.UseLookback, (*Site).tellJob},
	{"GET /jobs/{id}/file", desk.UseLookback, (*Site).sendJobFile},
	{"POST /jobs/{id}/stop", desk.UseLookback, (*Site).stopJob},
}

// patience is how long a page waits for work before it sends its reader to the
// work's own page.
const patience = 1500 * time.Millisecond

// Work keeps what takes longer than a page should: imports, analyses, counts,
// backups. Such work belongs to the site and not to the request that asked for
// it, so it goes on when its reader leaves. It is not a record: what the work did
// is an event of the ledger, and after a restart the list is empty. The zero Work
// is ready.
type Work struct {
	mu      sync.Mutex
	jobs    []*job // oldest first
	stopped atomic.Bool
	going   sync.WaitGroup
}

const (
	keepJobs  = 200       // finished jobs that can still be looked at
	keepFiles = time.Hour // how long a file that a job made waits to be fetched
	mostGoing = 50        // jobs that have not ended
)

// countTurns lets two counts go on at the same time: each reads every case, and
// others want to read too.
var countTurns = make(chan struct{}, 2)

// A task is what a job is to do.
type task struct {
	What  string   // as pages call it: "Import of north.zip"
	Act   desk.Act // who has it may see the job
	Turn  string   // jobs with the same word take turns; "" for none
	Key   string   // a count that many may ask for at once: one job serves all
	Stops bool     // its starter may stop it, and then nothing of it is kept
	Do    func(ctx context.Context, j *job) (outcome, error)
}

// changesRows is the turn of everything that adds rows or derives from them.
const changesRows = "rows"

// An outcome is what a job that succeeded leaves.
type outcome struct {
	Says  []string // sentences, the first the most important
	More  []string // lines for whoever wants to know all
	To    string   // where to go on
	Label string   // what is there
	Then  bool     // go there without being asked
	File  string   // made in the job's folder, to be fetched
	Value any      // what a count found
	Bad   bool     // it came to its end, and what it found is bad
}

// A job is a task on its way, or done.
type job struct {
	task
	id    string
	by    casefile.Actor
	name  string // of whoever started it
	began time.Time
	dir   string // for its files; made when asked for
	stop  context.CancelFunc
	done  chan struct{} // closed when it has ended

	mu    sync.Mutex // guards what follows
	doing string
	at    int64
	of    int64 // 0: not known
	ended time.Time
	out   outcome
	err   error
	by2   string // who stopped it
	used  time.Time
	gone  bool // its file was removed
}

// progress is how the job's verbs tell how far they are.
func (j *job) progress(doing string, done, total int64) {
	j.mu.Lock()
	j.doing, j.at, j.of = doing, done, total
	j.mu.Unlock()
}

// folder returns the job's folder, on the disk of the register.
func (j *job) folder() (string, error) {
	return j.dir, os.MkdirAll(j.dir, 0o700)
}

// start begins a task on behalf of whoever asks. The error of a second job of the
// same turn says who is before it.
func (s *Site) start(r *request, t task) (*job, error) {
	if err := s.Desk.May(r.By, t.Act); err != nil {
		return nil, err
	}
	w := &s.Work
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped.Load() {
		return nil, casefile.Errorf(casefile.Conflict, "Lookback is being stopped, so nothing new was begun. Try again in a few minutes.")
	}
	going := 0
	for _, other := range w.jobs {
		if !other.over() {
			going++
		}
		if t.Turn != "" && other.Turn == t.Turn && !other.over() {
			return nil, casefile.Errorf(casefile.Conflict, "%s is running; %s started it at %s. One such job at a time can change what the register holds: wait until it has ended and try again.",
				other.What, other.name, clockTime(other.began))
		}
	}
	if going >= mostGoing {
		return nil, casefile.Errorf(casefile.Conflict, "%d long jobs are running already, so this one was not begun. Try again in a minute.", going)
	}
	ctx, stop := context.WithCancel(detached(r))
	id := strings.ToLower(rand.Text()[:16])
	j := &job{task: t, id: id, by: r.By, name: cmp.Or(r.Account.Name, r.By.ID), began: s.now(), used: s.now(),
		dir: filepath.Join(s.workDir(), id), stop: stop, done: make(chan struct{})}
	w.jobs = append(w.prune(s.now()), j)
	w.going.Go(func() { s.run(ctx, j) })
	return j, nil
}

// run does the task and keeps what came of it.
func (s *Site) run(ctx context.Context, j *job) {
	defer j.stop()
	out, err := func() (out outcome, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return j.Do(ctx, j)
	}()
	if err != nil && casefile.KindOf(err) == "" && ctx.Err() == nil {
		s.Log.Error("job failed", "job", j.id, "what", j.What, "by", j.by, "err", err)
	}
	j.mu.Lock()
	j.out, j.err, j.ended = out, err, s.now()
	stoppedBy := j.by2
	j.mu.Unlock()
	if err != nil || out.File == "" {
		os.RemoveAll(j.dir)
	} else {
		time.AfterFunc(keepFiles, j.removeFile)
	}
	if stoppedBy != "" {
		s.Log.Info("job stopped", "job", j.id, "what", j.What, "by", stoppedBy)
	}
	close(j.done)
}

func (j *job) removeFile() {
	j.mu.Lock()
	j.gone = true
	j.mu.Unlock()
	os.RemoveAll(j.dir)
}

func (j *job) over() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// prune forgets the oldest finished jobs. Counts that nobody asked for of late go
// first, since another costs no more than time. The caller holds the lock.
func (w *Work) prune(now time.Time) []*job {
	if len(w.jobs) < keepJobs {
		return w.jobs
	}
	drop := -1
	for i, j := range w.jobs {
		if j.over() && (drop < 0 || j.lastUsed().Before(w.jobs[drop].lastUsed())) {
			drop = i
		}
	}
	if drop < 0 {
		return w.jobs
	}
	w.jobs[drop].removeFile()
	return slices.Delete(w.jobs, drop, drop+1)
}

func (j *job) lastUsed() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.used
}

// sweepWork removes what a process that was killed left in the folder of jobs: an
// extract as uploaded is not encrypted.
func (s *Site) sweepWork() error {
	if err := os.RemoveAll(s.workDir()); err != nil {
		return casefile.Errorf(casefile.Forbidden, "The register's folder cannot be written: %w", err)
	}
	return nil
}

// workDir is where jobs keep files while they need them.
func (s *Site) workDir() string { return filepath.Join(s.Desk.DB.Dir(), "work") }

// Shutdown lets jobs come to their end until ctx ends, then stops what is left.
// What a stopped job had begun is taken back. It returns when none is going.
func (s *Site) Shutdown(ctx context.Context) {
	w := &s.Work
	w.mu.Lock()
	w.stopped.Store(true)
	jobs := slices.Clone(w.jobs)
	w.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		w.going.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		for _, j := range jobs {
			j.halt("Lookback, which was being stopped")
		}
		<-ended
	}
	for _, j := range jobs {
		j.removeFile()
	}
	s.Uploads.forgetAll()
	os.RemoveAll(s.workDir())
}

// halt stops the job, unless it has ended.
func (j *job) halt(by string) {
	if j.over() {
		return
	}
	j.mu.Lock()
	j.by2 = by
	j.mu.Unlock()
	j.stop()
}

// await waits a moment for a job. Not ended by then, the reader goes to its page.
func await(r *request, j *job) (ended bool) {
	select {
	case <-j.done:
		return true
	case <-time.After(patience):
	case <-r.Context().Done():
	}
	return false
}

// result returns what the job left, once it has ended.
func (j *job) result() (outcome, error) {
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil && j.by2 != "" {
		return outcome{}, casefile.Errorf(casefile.Conflict, "%s was stopped by %s. Nothing of it was kept.", j.What, j.by2)
	}
	return j.out, j.err
}

// do runs a task and, if it ends while the reader waits, goes on to where its
// outcome says; else to the job's page.
func (s *Site) do(w http.ResponseWriter, r *request, t task) error {
	j, err := s.start(r, t)
	if err != nil {
		return err
	}
	if !await(r, j) {
		return redirect(w, r, jobAddress(j.id), "")
	}
	out, err := j.result()
	if err != nil {
		return err
	}
	if out.To == "" || out.File != "" || len(out.Says) > 1 {
		return redirect(w, r, jobAddress(j.id), "")
	}
	return redirect(w, r, out.To, strings.Join(out.Says, " "))
}

// show runs a task and goes to its page, where its result stands.
func (s *Site) show(w http.ResponseWriter, r *request, t task) error {
	j, err := s.start(r, t)
	if err != nil {
		return err
	}
	await(r, j)
	return redirect(w, r, jobAddress(j.id), "")
}

// errCounting says that a count is on its way; its page is where the reader goes.
type errCounting struct{ to string }

func (e errCounting) Error() string { return "still counting, see " + e.to }

// counted returns what is costly to count and the same for everybody who holds
// the act. It is counted once for all who ask, and kept until keepJobs others were
// asked for after it: the key says what was counted, and from which state. If it
// takes longer than patience, the error is an errCounting, and its page returns to
// back when it is ready.
func counted[T any](s *Site, r *request, key, what, back string, act desk.Act, count func(context.Context, desk.Progress) (T, error)) (T, error) {
	var zero T
	if err := s.Desk.May(r.By, act); err != nil {
		return zero, err
	}
	j := s.Work.find(key, s.now())
	if j == nil {
		var err error
		j, err = s.start(r, task{What: what, Act: act, Key: key, Do: func(ctx context.Context, j *job) (outcome, error) {
			j.progress("waiting for other counts", 0, 0)
			select {
			case countTurns <- struct{}{}:
				defer func() { <-countTurns }()
			case <-ctx.Done():
				return outcome{}, ctx.Err()
			}
			v, err := count(ctx, j.progress)
			return outcome{Value: v, To: back, Label: "See the count", Then: true}, err
		}})
		if err != nil {
			return zero, err
		}
	}
	if !await(r, j) {
		return zero, errCounting{jobAddress(j.id)}
	}
	out, err := j.result()
	if err != nil {
		return zero, err
	}
	return out.Value.(T), nil
}

// counting sends the reader to the count's page if the error says so.
func counting(w http.ResponseWriter, r *request, err error) error {
	if c, ok := errors.AsType[errCounting](err); ok {
		return redirect(w, r, c.to, "")
	}
	return err
}

// find returns the job of a count that is going or has succeeded.
func (w *Work) find(key string, now time.Time) *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.jobs {
		if j.Key != key {
			continue
		}
		j.mu.Lock()
		j.used = now
		failed := j.err != nil
		j.mu.Unlock()
		if !failed {
			return j
		}
	}
	return nil
}

func jobAddress(id string) string { return "/jobs/" + url.PathEscape(id) }

// maySee reports whether the actor may see the job.
func (s *Site) maySee(r *request, j *job) bool { return j.by.ID == r.By.ID || s.can(r, j.Act) }

// jobOf finds the job that the address names.
func (s *Site) jobOf(r *request) (*job, error) {
	w := &s.Work
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.jobs {
		if j.id == r.PathValue("id") && s.maySee(r, j) {
			return j, nil
		}
	}
	return nil, casefile.Errorf(casefile.NotFound, "There is no such job here. Jobs are listed until Lookback is stopped; what one did stands in the ledger.")
}

// A jobView is a job as its page shows it.
type jobView struct {
	ID, What, By   string
	Mine           bool
	Began          time.Time
	Took           string
	State          string // running, done, failed, stopped
	Doing          string
	Done, Total    int64
	Percent        int // -1: not known
	Says, More     []string
	To, Label      string
	File, FileSize string
	FileUntil      string
	FileGone       bool
	Message        string
	Stops          bool
	Bad            bool
}

func (s *Site) viewJob(r *request, j *job) jobView {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := jobView{ID: j.id, What: j.What, By: j.name, Mine: j.by.ID == r.By.ID, Began: j.began, State: "running",
		Doing: j.doing, Done: j.at, Total: j.of, Percent: -1}
	end := j.ended
	if j.of > 0 {
		v.Percent = int(min(100, j.at*100/j.of))
	}
	switch {
	case end.IsZero():
		end = s.now()
		v.Stops = j.Stops && j.by2 == ""
		if j.by2 != "" {
			v.Doing = "stopping"
		}
	case j.err != nil && j.by2 != "":
		v.State, v.Message = "stopped", "It was stopped by "+j.by2+". Nothing of it was kept."
	case j.err != nil:
		v.State, v.Message = "failed", casefile.Message(j.err)
		if casefile.KindOf(j.err) == "" {
			v.Message = "Something went wrong here, and it was not you. What was saved before is safe. Tell whoever runs Lookback this reference: " + j.id + "."
		}
		v.To, v.Label = j.out.To, j.out.Label
	default:
		v.State, v.Says, v.More, v.To, v.Label, v.Bad = "done", j.out.Says, j.out.More, j.out.To, j.out.Label, j.out.Bad
		if j.out.File != "" {
			v.File, v.FileGone, v.FileUntil = filepath.Base(j.out.File), j.gone, clockTime(end.Add(keepFiles))
			if info, err := os.Stat(j.out.File); err == nil {
				v.FileSize = sizeOf(info.Size())
			}
		}
	}
	v.Took = lasting(end.Sub(j.began))
	return v
}

func (s *Site) showJob(w http.ResponseWriter, r *request) error {
	j, err := s.jobOf(r)
	if err != nil {
		return err
	}
	v := s.viewJob(r, j)
	if v.State == "done" && j.out.Then {
		return redirect(w, r, v.To, "")
	}
	return s.render(w, r, "job", v.What, v)
}

func (s *Site) showJobs(w http.ResponseWriter, r *request) error {
	var list []jobView
	s.Work.mu.Lock()
	jobs := slices.Clone(s.Work.jobs)
	s.Work.mu.Unlock()
	for _, j := range slices.Backward(jobs) {
		if j.Key == "" && s.maySee(r, j) {
			list = append(list, s.viewJob(r, j))
		}
	}
	return s.render(w, r, "jobs", "Work under way", list)
}

// running lists the jobs of a turn that are going and that the reader may see.
func (s *Site) running(r *request, turn string) []jobView {
	return slices.DeleteFunc(s.jobsOf(r, turn), func(v jobView) bool { return v.State != "running" })
}

// jobsOf lists the jobs of a turn that the reader may see, newest first.
func (s *Site) jobsOf(r *request, turn string) (list []jobView) {
	s.Work.mu.Lock()
	jobs := slices.Clone(s.Work.jobs)
	s.Work.mu.Unlock()
	for _, j := range slices.Backward(jobs) {
		if j.Turn == turn && s.maySee(r, j) {
			list = append(list, s.viewJob(r, j))
		}
	}
	return list
}

// A stream is cut after this long, so that whoever is signed out stops hearing;
// the browser asks again by itself.
const streamFor = 2 * time.Minute

// tellJob sends how far the job is, twice a second, until it has ended.
func (s *Site) tellJob(w http.ResponseWriter, r *request) error {
	j, err := s.jobOf(r)
	if err != nil {
		return err
	}
	to := http.NewResponseController(w)
	if err := to.SetWriteDeadline(time.Now().Add(streamFor + 10*time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	until := time.After(streamFor)
	for last := ""; ; {
		over := j.over() // before it is looked at, so that the end is never missed
		v := s.viewJob(r, j)
		line, err := json.Marshal(map[string]any{"state": v.State, "doing": v.Doing, "percent": v.Percent, "said": v.Said(), "took": v.Took})
		if err != nil {
			return err
		}
		if string(line) != last {
			last = string(line)
			if _, err := fmt.Fprintf(w, "data: %s\n\n", line); err != nil {
				return nil // its reader has left; the job goes on
			}
			if err := to.Flush(); err != nil {
				return nil
			}
		}
		if over || s.Work.stopped.Load() {
			return nil
		}
		select {
		case <-tick.C:
		case <-j.done:
		case <-until:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// Said is how far the job is, in words.
func (v jobView) Said() string {
	doing := v.Doing
	if doing == "" {
		doing = "starting"
	}
	doing = strings.ToUpper(doing[:1]) + doing[1:]
	switch {
	case v.Percent >= 0:
		return fmt.Sprintf("%s: %d %%", doing, v.Percent)
	case v.Done > 0:
		return fmt.Sprintf("%s: %s", doing, thousands(v.Done))
	}
	return doing
}

// sendJobFile hands over the file that the job made.
func (s *Site) sendJobFile(w http.ResponseWriter, r *request) error {
	j, err := s.jobOf(r)
	if err == nil {
		err = s.Desk.May(r.By, j.Act)
	}
	if err != nil {
		return err
	}
	v := s.viewJob(r, j)
	if v.File == "" || v.FileGone {
		return casefile.Errorf(casefile.NotFound, "The file is no longer here: it waits for %s and is then removed. Make it again.", period(keepFiles))
	}
	to := http.NewResponseController(w)
	if err := to.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+v.File+`"`)
	http.ServeFile(w, r.Request, j.out.File)
	return nil
}

func (s *Site) stopJob(w http.ResponseWriter, r *request) error {
	j, err := s.jobOf(r)
	if err == nil {
		err = s.Desk.May(r.By, j.Act)
	}
	if err != nil {
		return err
	}
	if !j.Stops {
		return casefile.Errorf(casefile.Conflict, "%s cannot be stopped; it ends by itself.", j.What)
	}
	if j.over() {
		return casefile.Errorf(casefile.Conflict, "%s had ended before it could be stopped.", j.What)
	}
	j.halt(cmp.Or(r.Account.Name, r.By.ID))
	return redirect(w, r, jobAddress(j.id), "The job is being stopped.")
}

func clockTime(t time.Time) string { return t.In(london).Format("15:04") }

// lasting writes how long something took, to the second while that matters.
func lasting(d time.Duration) string {
	if d >= 2*time.Minute {
		return period(d)
	}
	text, _ := plural(int64(d/time.Second), "second")
	return text
}

// sizeOf writes a number of bytes as people say it.
func sizeOf(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	text, _ := plural(n, "byte")
	return text
}
