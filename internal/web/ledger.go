package web

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/custody"
	"lookback/internal/desk"
	"lookback/internal/ledger"
)

var ledgerRoutes = []route{
	{"GET /ledger", desk.ReadLedger, (*Site).showLedger},
	{"GET /ledger/state", desk.ReadLedger, (*Site).showLedgerState},
	{"POST /ledger/verify", desk.ReadLedger, (*Site).verifyLedger},
	{"POST /ledger/export", desk.ExportLedger, (*Site).exportLedger},
	{"GET /ledger/key", desk.ReadLedger, (*Site).sendLedgerKey},
	{"GET /ledger/checkpoint", desk.ReadLedger, (*Site).sendCheckpoint},
	{"GET /ledger/{seq}", desk.ReadLedger, (*Site).showEvent},
}

type ledgerPage struct {
	Faults
	*custody.LedgerPage
	Kinds   []Option
	Classes []Option
	Actors  []string
	Values  url.Values // the filter
	Chosen  bool
	Content bool // content is shown of everybody's events
	Cases   bool // content is shown of events about cases
}

func (ledgerPage) Wide() bool { return true }

const eventsPerPage = 50

var classSays = map[ledger.Class]string{
	ledger.Received: "Data came in", ledger.Decided: "A person decided", ledger.Read: "Something was seen or handed on", ledger.Derived: "The program worked something out",
}

// readLedgerQuery reads the filter of the list; what is wrong with it goes into f.
func readLedgerQuery(q url.Values, f *Faults) custody.LedgerQuery {
	out := custody.LedgerQuery{Kind: ledger.Kind(q.Get("kind")), Class: ledger.Class(q.Get("class")), Actor: strings.TrimSpace(q.Get("actor")), Subject: strings.TrimSpace(q.Get("subject"))}
	out.From = readDay(q.Get("from"), "from", f)
	if until := readDay(q.Get("until"), "until", f); !until.IsZero() {
		out.Until = until.AddDate(0, 0, 1)
	}
	out.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64)
	out.After, _ = strconv.ParseInt(q.Get("after"), 10, 64)
	out.Before, out.After = max(out.Before, 0), max(out.After, 0)
	return out
}

// readDay reads a day of a form as its first moment.
func readDay(text, field string, f *Faults) time.Time {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-01-02", text, london)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		f.Add(field, "%q is not a day; write it like 2026-03-14.", clip(text))
		return time.Time{}
	}
	return t
}

func (s *Site) showLedger(w http.ResponseWriter, r *request) error {
	p := ledgerPage{Values: url.Values{}, Content: s.can(r, desk.ShowOpenings), Cases: s.can(r, desk.ReadCases)}
	q := readLedgerQuery(r.URL.Query(), &p.Faults)
	for _, name := range []string{"kind", "class", "actor", "subject", "from", "until"} {
		if v := r.URL.Query().Get(name); v != "" {
			p.Values.Set(name, v)
			p.Chosen = true
		}
	}
	state, err := custody.ReadLedgerState(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p.Actors = state.Actors
	p.Kinds = append(p.Kinds, Option{"", "Any", ""})
	for _, k := range custody.LedgerKinds() {
		p.Kinds = append(p.Kinds, Option{string(k), sentence(custody.KindSays(k)), ""})
	}
	p.Classes = append(p.Classes, Option{"", "Any", ""})
	for _, c := range ledger.Classes() {
		p.Classes = append(p.Classes, Option{string(c), classSays[c], ""})
	}
	status := http.StatusOK
	if len(p.Faults) > 0 {
		p.LedgerPage, status = &custody.LedgerPage{}, http.StatusUnprocessableEntity
	} else if p.LedgerPage, err = custody.ReadLedger(r.Context(), s.Desk, r.By, q, eventsPerPage); err != nil {
		return err
	}
	return s.renderStatus(w, r, status, "ledger", "Ledger", p)
}

type eventPage struct {
	*custody.LedgerEvent
	ClassSays string
	Lines     int
}

func (s *Site) showEvent(w http.ResponseWriter, r *request) error {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "The ledger has no event %q. Find it in the list of events.", clip(r.PathValue("seq")))
	}
	e, err := custody.ReadEvent(r.Context(), s.Desk, r.By, seq)
	if err != nil {
		return err
	}
	return s.render(w, r, "event", fmt.Sprintf("Event %d", seq), eventPage{LedgerEvent: e, ClassSays: classSays[e.Class]})
}

type ledgerStatePage struct {
	*custody.LedgerState
	Running []jobView
}

func (s *Site) showLedgerState(w http.ResponseWriter, r *request) error {
	state, err := custody.ReadLedgerState(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "ledger-state", "State of the ledger", ledgerStatePage{state, s.running(r, ledgerTurn)})
}

// ledgerTurn: one walk over the whole ledger at a time.
const ledgerTurn = "ledger"

func (s *Site) verifyLedger(w http.ResponseWriter, r *request) error {
	against, by := strings.ReplaceAll(r.PostFormValue("against"), "\r\n", "\n"), r.By
	if against = strings.TrimSpace(against); against != "" {
		against += "\n"
	}
	return s.show(w, r, task{What: "Verification of the ledger", Act: desk.ReadLedger, Turn: ledgerTurn, Stops: true, Do: func(ctx context.Context, j *job) (outcome, error) {
		c, err := custody.CheckLedger(ctx, s.Desk, by, []byte(against), j.progress)
		out := outcome{To: "/ledger/state", Label: "State of the ledger"}
		if err != nil {
			return out, err
		}
		out.Says = []string{c.Verdict + "."}
		for _, line := range strings.Split(strings.TrimSpace(c.Report), "\n") {
			out.More = append(out.More, sentence(strings.Join(strings.Fields(line), " ")))
		}
		switch {
		case !c.Whole:
			out.Bad = true
			out.Says = append(out.Says, "Something was changed behind the register’s back, or the disk fails, or the checkpoint is of another register. Stop work on this register, keep it as it is, and tell whoever runs Lookback.")
			s.Log.Error("the ledger does not verify", "by", by, "says", c.Verdict)
		case against == "":
			out.Says = append(out.Says, "It agrees with itself. Whoever holds the register’s key could still have written all of it anew: to rule that out, verify it again with a checkpoint that somebody else kept.")
		default:
			out.Says = append(out.Says, "It begins with exactly the events of which your checkpoint speaks: it is consistent with what you kept.")
		}
		return out, nil
	}})
}

func (s *Site) exportLedger(w http.ResponseWriter, r *request) error {
	by, name := r.By, fmt.Sprintf("lookback-ledger-%s", s.now().Format("2006-01-02-150405"))
	return s.show(w, r, task{What: "Export of the ledger", Act: desk.ExportLedger, Turn: ledgerTurn, Stops: true, Do: func(ctx context.Context, j *job) (outcome, error) {
		out := outcome{To: "/ledger/state", Label: "State of the ledger"}
		dir, err := j.folder()
		if err != nil {
			return out, err
		}
		j.progress("writing the events and the hashes", 0, 0)
		tiles := filepath.Join(dir, name)
		x, err := custody.ExportLedger(ctx, s.Desk, by, tiles, false)
		if err != nil {
			return out, err
		}
		j.progress("packing", 0, 0)
		file := tiles + ".zip"
		if err := errors.Join(pack(ctx, tiles, file), os.RemoveAll(tiles)); err != nil {
			return out, err
		}
		out.File = file
		out.Says = []string{fmt.Sprintf("%s events, as anybody can check them: when and what kind, without who and what.", thousands(x.Events)),
			"Check it on any machine, without the register: unpack it and run “lookback verify” on the folder."}
		return out, nil
	}})
}

// pack puts a folder into a ZIP.
func pack(ctx context.Context, dir, file string) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	root := os.DirFS(filepath.Dir(dir))
	err = fs.WalkDir(root, filepath.Base(dir), func(name string, d fs.DirEntry, err error) error {
		if err := cmp.Or(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		from, err := root.Open(name)
		if err != nil {
			return err
		}
		defer from.Close()
		to, err := z.Create(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return err
	})
	return errors.Join(err, z.Close())
}

func (s *Site) sendLedgerKey(w http.ResponseWriter, r *request) error {
	state, err := custody.ReadLedgerState(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return sendText(w, "lookback-ledger-key.txt", state.Key+"\n")
}

func (s *Site) sendCheckpoint(w http.ResponseWriter, r *request) error {
	state, err := custody.ReadLedgerState(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return sendText(w, fmt.Sprintf("lookback-checkpoint-%d.txt", state.Size), state.Checkpoint)
}

func sendText(w http.ResponseWriter, name, text string) error {
	attach(w, name, "text/plain; charset=utf-8")
	_, err := io.WriteString(w, text)
	return err
}
