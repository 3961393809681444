package cohort

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/publish"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// Purposes of handing personal data on, by code. Part 3 of the Data Protection Act
// 2018 asks for one.
func ExportPurposes() [][2]string {
	return [][2]string{
		{"investigation", "An investigation, or a case that is opened again"},
		{"safeguarding", "Safeguarding: somebody may be at risk now"},
		{"national", "Referral to the national operation or another force"},
		{"prosecution", "Advice or a decision by the CPS"},
		{"disclosure", "Disclosure, or an order of a court"},
		{"inquiry", "An inquiry or inspection with power to ask for it"},
		{"quality", "Putting records right in the force’s own system"},
		{"other", "Something else: say what below"},
	}
}

// PersonalExports are the lists with personal data, in the order in which a page
// shows them, without those that belong to one page's filter.
func PersonalExports() []string {
	return []string{"cohort", "suspects", "identities", "networks", "quarantine"}
}

// A Handing is a list with personal data that somebody hands to a recipient.
type Handing struct {
	What      string // cohort, suspects, identities, networks, quarantine, cases, search, actions
	Query     string // the filter of the page: what is on screen is what is in the file
	Format    publish.Format
	Purpose   string // a code of [ExportPurposes]
	Words     string // the purpose in the actor's words
	Recipient string // name and organisation
	Key       string // the recipient's public key, or
	Phrase    string // a passphrase that they are told another way
}

// Columns returns what a row of the list holds, and in words what a row is.
func (h Handing) Columns() (about string, columns []string, err error) {
	e, ok := exporters[h.What]
	if !ok || e.act != desk.ExportPersonal {
		return "", nil, casefile.Errorf(casefile.NotFound, "There is no list %q to export. Choose one under Exports.", h.What)
	}
	return e.about, e.header, nil
}

// A HandingFault is what is wrong with one answer about a handing.
type HandingFault struct{ Field, Message string }

const (
	maxRecipient = 200
	maxPurpose   = 2000
)

// Check returns what is wrong with the answers, all at once.
func (h Handing) Check() (faults []HandingFault) {
	add := func(field, message string) { faults = append(faults, HandingFault{field, message}) }
	known := slices.ContainsFunc(ExportPurposes(), func(p [2]string) bool { return p[0] == h.Purpose })
	words := strings.TrimSpace(h.Words)
	switch {
	case !known:
		add("purpose", "Choose what it is for.")
	case utf8.RuneCountInString(words) < 10:
		add("words", "Say in a sentence why the recipient needs this data. It stands in the ledger.")
	case utf8.RuneCountInString(words) > maxPurpose:
		add("words", fmt.Sprintf("Say it in up to %d characters.", maxPurpose))
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(h.Recipient)); {
	case n < 3:
		add("recipient", "Say who receives it: name and organisation.")
	case n > maxRecipient:
		add("recipient", fmt.Sprintf("Name the recipient in up to %d characters.", maxRecipient))
	}
	switch {
	case h.Key != "" && h.Phrase != "":
		add("key", "Give a public key or a passphrase, not both.")
	case h.Key != "":
		if _, err := publish.KeyRecipient(h.Key); err != nil {
			add("key", casefile.Message(err))
		}
	case h.Phrase != "":
		if _, err := publish.PassphraseRecipient(h.Phrase); err != nil {
			add("phrase", casefile.Message(err))
		}
	default:
		add("key", "Give the recipient’s public key, or a passphrase below. The file is always encrypted.")
	}
	if h.Format != publish.CSV && h.Format != publish.XLSX {
		add("format", "Choose CSV or a spreadsheet.")
	}
	return faults
}

func (h Handing) recipient() (age.Recipient, error) {
	if h.Key != "" {
		return publish.KeyRecipient(h.Key)
	}
	return publish.PassphraseRecipient(h.Phrase)
}

// A Handed is a file that was made and recorded, and can now be sent.
type Handed struct {
	Name   string // of the file
	Rows   int
	Plain  string // SHA-256 of what is in it, and
	Sealed string // of the file as sent
	Size   int64

	file *os.File
}

// WriteTo sends the file.
func (h *Handed) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, h.file) }

// Close removes the file here.
func (h *Handed) Close() error {
	err := h.file.Close()
	if e := os.Remove(h.file.Name()); err == nil {
		err = e
	}
	return err
}

// stretching is held while a passphrase is stretched, which takes 256 MiB.
var stretching sync.Mutex

// HandOver makes a list as a file that only its recipient can open, and records it:
// what, to whom, what for, with the hashes of what is in it and of the file. Without
// the event there is no file. What is not encrypted is never stored, not even for a
// moment. Cost: linear in the list.
func HandOver(ctx context.Context, d *desk.Desk, by casefile.Actor, h Handing) (out *Handed, err error) {
	if err := d.May(by, desk.ExportPersonal); err != nil {
		return nil, err
	}
	_, header, err := h.Columns()
	if err != nil {
		return nil, err
	}
	if faults := h.Check(); len(faults) > 0 {
		return nil, casefile.Errorf(casefile.Invalid, "%s", faults[0].Message)
	}
	to, err := h.recipient()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "lookback-export-*.age")
	if err != nil {
		return nil, casefile.Errorf(casefile.Full, "The file cannot be made here. Make room on the disk and try again. (%w)", err)
	}
	made := &Handed{file: file}
	defer func() {
		if err != nil {
			made.Close()
		} else {
			out = made
		}
	}()
	seal, err := h.seal(file, to)
	if err != nil {
		return nil, err
	}
	sheet, err := publish.NewSheet(seal, h.Format, header...)
	if err != nil {
		return nil, err
	}
	x := &leaving{d: d, by: by, query: h.Query, to: sheet}
	about, err := x.hand(ctx, h)
	if err != nil {
		return nil, err
	}
	if err := sheet.End(about...); err != nil {
		return nil, writeFault(err)
	}
	if made.Plain, made.Sealed, err = seal.Close(); err != nil {
		return nil, writeFault(err)
	}
	if made.Size, err = file.Seek(0, io.SeekCurrent); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, writeFault(err)
	}
	made.Rows, made.Name = x.rows, fmt.Sprintf("lookback-%s-%s.%s.age", h.What, x.now.Format("2006-01-02-1504"), h.Format)
	return nil, d.Record(ctx, by, ledger.Event{Kind: ledger.ExportWritten, Purpose: strings.TrimSpace(h.Words), Subject: h.What, Body: handed{
		File: made.Name, Rows: made.Rows, SHA256: made.Plain, Sealed: made.Sealed, Size: made.Size, Filter: h.Query, Purpose: h.Purpose,
		Recipient: strings.TrimSpace(h.Recipient), Key: strings.TrimSpace(h.Key), LeftOut: len(x.hidden), Criteria: x.terms.Name,
	}})
}

func (h Handing) seal(w io.Writer, to age.Recipient) (*publish.Sealing, error) {
	if h.Phrase != "" {
		stretching.Lock()
		defer stretching.Unlock()
	}
	return publish.NewSealing(w, to)
}

func writeFault(err error) error {
	if casefile.KindOf(err) != "" {
		return err
	}
	return casefile.Errorf(casefile.Full, "The file could not be written whole, so it was taken back. Make room on the disk and try again. (%w)", err)
}

// handed is what the ledger keeps of a list handed on.
type handed struct {
	File      string `json:"file"`
	Rows      int    `json:"rows"`
	SHA256    string `json:"sha256"`
	Sealed    string `json:"sealed_sha256,omitempty"`
	Size      int64  `json:"size,omitempty"`
	Filter    string `json:"filter,omitempty"`
	Purpose   string `json:"purpose,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Key       string `json:"key,omitempty"` // public; none: a passphrase
	LeftOut   int    `json:"restricted_left_out"`
	Criteria  string `json:"criteria,omitempty"`
}

// hand writes the rows, and returns what is to be known about the file.
func (x *leaving) hand(ctx context.Context, h Handing) ([]publish.Fact, error) {
	if err := x.begin(ctx); err != nil {
		return nil, err
	}
	v, err := Snapshot(ctx, x.d, x.by)
	if err != nil {
		return nil, err
	}
	if v.Run == 0 && h.What != "quarantine" && h.What != "actions" {
		return nil, casefile.Errorf(casefile.Conflict, "%s", v.Empty)
	}
	if h.What == "cohort" {
		if x.terms, err = Terms(ctx, x.d, ""); err != nil {
			return nil, casefile.Errorf(casefile.Conflict, "No terms of reference are in force, so that no case is in or out. Adopt some first.")
		}
	}
	e := exporters[h.What]
	if err := e.write(ctx, x); err != nil {
		return nil, err
	}
	return []publish.Fact{
		{Name: "What", Value: e.about},
		{Name: "Filter", Value: InWords(h.What, h.Query)},
		{Name: "Rows", Value: strconv.Itoa(x.rows)},
		{Name: "Restricted cases left out of this file, whether or not they meet the filter", Value: strconv.Itoa(len(x.hidden))},
		{Name: "Terms of reference", Value: orNone(v.Terms)},
		{Name: "Analysis of", Value: v.Analysed},
		{Name: "Made by", Value: x.by.ID},
		{Name: "Made at", Value: x.now.Format(time.RFC3339)},
		{Name: "Recipient", Value: strings.TrimSpace(h.Recipient)},
		{Name: "Purpose", Value: strings.TrimSpace(h.Words)},
	}, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Count returns how many rows the list has now, and how many restricted cases are
// left out of it. A long search is counted as far as one page looks; more is then
// true.
func (h Handing) Count(ctx context.Context, d *desk.Desk, by casefile.Actor) (rows, leftOut int, more bool, err error) {
	if err := d.May(by, desk.ExportPersonal); err != nil {
		return 0, 0, false, err
	}
	x := &leaving{d: d, by: by, query: h.Query, to: nowhere{}}
	if err := x.begin(ctx); err != nil {
		return 0, 0, false, err
	}
	v, err := Snapshot(ctx, d, by)
	if err != nil {
		return 0, 0, false, err
	}
	switch h.What {
	case "cohort", "suspects":
		return len(v.Rows) - len(x.hidden), len(x.hidden), false, nil
	case "cases":
		q, err := url.ParseQuery(h.Query)
		if err != nil {
			return 0, 0, false, badQuery(err)
		}
		p, err := sift(ctx, d, by, ReadFilter(q))
		if err != nil {
			return 0, 0, false, err
		}
		return p.found, len(x.hidden), false, nil
	case "search":
		filter, err := x.search(ctx)
		if err != nil {
			return 0, 0, false, err
		}
		found, err := d.DB.FindTexts(ctx, filter.words, filter.TextFilter)
		return len(found.Hits), len(x.hidden), found.Next != "", err
	case "identities":
		if len(x.people) == 0 {
			err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
				rows, err = tx.CountIdentities(ctx, v.Run)
				return err
			})
			return rows, len(x.hidden), false, err
		}
	}
	err = exporters[h.What].write(ctx, x)
	return x.rows, len(x.hidden), false, err
}

// nowhere takes rows that are only counted.
type nowhere struct{}

func (nowhere) Row(...string) error { return nil }

func badQuery(err error) error {
	return casefile.Errorf(casefile.Invalid, "The filter in this address cannot be read. Go back to the list and choose Export again. (%w)", err)
}

func exportCases(ctx context.Context, x *leaving) error {
	q, err := url.ParseQuery(x.query)
	if err != nil {
		return badQuery(err)
	}
	m, err := Matching(ctx, x.d, x.by, ReadFilter(q))
	if err != nil {
		return err
	}
	number := func(n int) string {
		if n == NoCount {
			return "unknown"
		}
		return strconv.Itoa(n)
	}
	for _, l := range m.Lines {
		if err := ctx.Err(); err != nil {
			return err
		}
		system, ref := l.ID.Split()
		risk := ""
		if !l.Risk.IsZero() {
			risk = l.Risk.UTC().Format(time.RFC3339)
		}
		err := x.row(system, ref, l.RecordedOn(), l.OffenceCode, l.Offence, number(l.Named), number(l.Unidentified), number(l.Stated), number(l.Reached),
			number(l.Victims), l.VictimUnder18.String(), l.Missing.String(), l.Flagged.String(), l.Outcome, l.ClosedOn(), l.Unit, l.Area, l.Group,
			l.Scope.String(), l.Why, string(l.Stage), string(l.Verdict), l.Assigned, risk)
		if err != nil {
			return err
		}
	}
	return nil
}

// maxExportedTexts bounds how many texts one search hands on.
const maxExportedTexts = 50_000

// A textSearch is a search as the store is asked.
type textSearch struct {
	words store.Words
	store.TextFilter
}

func (x *leaving) search(ctx context.Context) (out textSearch, err error) {
	values, err := url.ParseQuery(x.query)
	if err != nil {
		return out, badQuery(err)
	}
	v, err := Snapshot(ctx, x.d, x.by)
	if err != nil {
		return out, err
	}
	q := ReadQuery(values)
	q.Start, q.After = "", ""
	if out.words, err = store.ReadWords(q.Words); err == nil {
		out.TextFilter, err = q.filter(v, x.by)
	}
	return out, err
}

func exportSearch(ctx context.Context, x *leaving) error {
	filter, err := x.search(ctx)
	if err != nil {
		return err
	}
	for start, n := "", 0; ; {
		filter.Start = start
		found, err := x.d.DB.FindTexts(ctx, filter.words, filter.TextFilter)
		if err != nil {
			return err
		}
		if n += len(found.Hits); n > maxExportedTexts {
			return casefile.Errorf(casefile.Invalid, "The search finds more than %d texts. Narrow it before you export.", maxExportedTexts)
		}
		hits, err := x.d.DB.HitTexts(ctx, found.Hits)
		if err != nil {
			return err
		}
		for _, h := range hits {
			system, ref := h.Case.Split()
			page := ""
			if h.Page > 0 {
				page = strconv.Itoa(h.Page)
			}
			if err := x.row(system, ref, h.Source, h.Document, page, h.At.String(), filter.words.Excerpt(h.Text).Text); err != nil {
				return err
			}
		}
		if start = found.Next; start == "" {
			return nil
		}
	}
}

// InWords says what the filter of a list or of a search asks for.
func InWords(what, query string) string {
	q, err := url.ParseQuery(query)
	if err != nil {
		return "a filter that cannot be read"
	}
	var parts []string
	switch what {
	case "search":
		s := ReadQuery(q)
		if words := s.Words; strings.ContainsAny(words, "\"“”") {
			parts = append(parts, words)
		} else {
			parts = append(parts, "“"+words+"”")
		}
		if len(s.Sources) > 0 {
			parts = append(parts, "in "+strings.Join(s.Sources, ", "))
		}
		if s.From != "" {
			parts = append(parts, "from "+s.From)
		}
		if s.Until != "" {
			parts = append(parts, "until "+s.Until)
		}
		if s.InScope {
			parts = append(parts, "cases in scope")
		}
	case "actions":
		parts = actionsInWords(q)
	case "networks":
		if g := q.Get("group"); g != "" {
			parts = append(parts, "group "+g)
		}
	case "quarantine":
		for _, name := range []string{"table", "column", "fault", "extract"} {
			if v := q.Get(name); v != "" {
				parts = append(parts, name+": "+v)
			}
		}
	case "cases":
		f := ReadFilter(q)
		for _, name := range FacetNames() {
			for _, v := range f.Chosen[name] {
				parts = append(parts, strings.ToLower(FacetTitle(name))+": "+ValueLabel(name, v))
			}
		}
		if f.Ref != "" {
			parts = append(parts, "reference holds "+strconv.Quote(f.Ref))
		}
		if f.Group != "" {
			parts = append(parts, "group "+f.Group)
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}

// A PastExport is one list that left the register.
type PastExport struct {
	Seq       int64
	At        time.Time
	By        string
	What      string
	Why       string // the purpose, in words
	Purpose   string // its code
	Recipient string // "" for figures, and from the command line
	Keyed     bool   // to a public key, not a passphrase
	File      string
	Filter    string
	Rows      int
	SHA256    string
	Sealed    string
	LeftOut   int
	Erased    bool
}

// pastExports is how many a page lists.
const pastExports = 50

// PastExports returns what left the register, newest first, from before an event on
// (0: the newest): all of it to whoever may see the ledger, one's own to others.
// Next is where the following page begins, 0 if there is none.
func PastExports(ctx context.Context, d *desk.Desk, by casefile.Actor, before int64) (list []PastExport, next int64, err error) {
	f := store.EventFilter{Kinds: []ledger.Kind{ledger.ExportWritten}, Before: before}
	if d.May(by, desk.ReadLedger) != nil {
		f.Actor = by.ID
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		events, err := tx.EventPage(ctx, f, pastExports+1)
		if err != nil {
			return err
		}
		if len(events) > pastExports {
			events = events[:pastExports]
			next = events[pastExports-1].Seq
		}
		for _, logged := range events {
			p := PastExport{Seq: logged.Seq, By: logged.Actor, What: logged.Subject, Erased: logged.Erased()}
			if !p.Erased {
				e, err := ledger.Unseal(logged.Sealed)
				if err != nil {
					return err
				}
				var h handed
				if body, ok := e.Body.(json.RawMessage); ok && json.Unmarshal(body, &h) == nil {
					p.Purpose, p.Recipient, p.Keyed, p.File, p.Filter, p.Rows = h.Purpose, h.Recipient, h.Key != "", h.File, h.Filter, h.Rows
					p.SHA256, p.Sealed, p.LeftOut = h.SHA256, h.Sealed, h.LeftOut
				}
				p.At, p.Why = e.At, e.Purpose
			}
			list = append(list, p)
		}
		return nil
	})
	return list, next, err
}

// Figures returns a table of figures without personal data: quality, waterfall or
// figures. Whoever may read figures may have it at once.
func Figures(ctx context.Context, d *desk.Desk, by casefile.Actor, what string) (header []string, rows [][]string, err error) {
	if err := d.May(by, desk.ReadFigures); err != nil {
		return nil, nil, err
	}
	switch what {
	case "quality":
		var held tableRows
		x := &leaving{d: d, by: by, to: &held}
		err := exportQuality(ctx, x)
		return exporters["quality"].header, held, err
	case "waterfall":
		return waterfallTable(ctx, d)
	case "figures":
		return figuresTable(ctx, d, by)
	}
	return nil, nil, casefile.Errorf(casefile.NotFound, "There are no figures %q. Choose some under Exports.", what)
}

// tableRows keeps rows in memory, for tables that do not grow with the register.
type tableRows [][]string

func (k *tableRows) Row(cells ...string) error {
	*k = append(*k, slices.Clone(cells))
	return nil
}

func waterfallTable(ctx context.Context, d *desk.Desk) ([]string, [][]string, error) {
	t, err := Terms(ctx, d, "")
	if err != nil {
		return nil, nil, casefile.Errorf(casefile.Conflict, "No terms of reference are in force, so that there is nothing to count. Adopt some first.")
	}
	p, err := scope.Compile(t)
	if err != nil {
		return nil, nil, err
	}
	w := scope.NewWaterfall(p)
	_, err = eachCounted(ctx, d, []*scope.Program{p}, nil, nil, func(s []scoped) error {
		w.Add(s[0].result)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	r := w.Report()
	var rows [][]string
	for _, s := range r.Steps {
		rows = append(rows, []string{s.ID, s.Title, s.English, strconv.Itoa(s.Entered), strconv.Itoa(s.Dropped), strconv.Itoa(s.Unknown), strconv.Itoa(s.Kept),
			strconv.Itoa(s.NotMet), strconv.Itoa(s.Alone), fmt.Sprintf("%s version %d", r.Terms, r.Version)})
	}
	return []string{"criterion", "title", "in_english", "entered", "not_met", "unknown", "kept", "not_met_anywhere", "not_met_alone", "terms"}, rows, nil
}

func figuresTable(ctx context.Context, d *desk.Desk, by casefile.Actor) ([]string, [][]string, error) {
	v, err := Snapshot(ctx, d, by)
	if err != nil {
		return nil, nil, err
	}
	var f analysis.Figures
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		run, err := tx.LastRun(ctx, analysis.Kind)
		if err == nil && run.ID > 0 {
			err = json.Unmarshal(run.Figures, &f)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if v.Run == 0 {
		return nil, nil, casefile.Errorf(casefile.Conflict, "%s", v.Empty)
	}
	s := f.Suspects
	var rows [][]string
	for _, r := range []struct {
		what string
		n    int
	}{
		{"cases", f.Cases}, {"cases in under the terms in force", v.In}, {"cases out", v.Out}, {"cases that cannot be told", v.Unknown},
		{"suspects named", s.Named}, {"suspects recorded but unidentified", s.Unidentified}, {"suspects stated in texts", s.Stated}, {"suspects reached through links", s.Reached},
		{"cases with two or more suspects recorded", s.CasesRecorded2}, {"cases whose text states two or more", s.CasesStated2}, {"of these, with fewer recorded", s.CasesOnlyStated},
		{"records of people", f.Nominals}, {"people they are held to be", f.Identities}, {"people who are suspects in two or more cases", f.Repeat},
		{"groups", f.Groups}, {"members of groups", f.Members}, {"cases of groups", f.GroupCases},
		{"texts read", f.Texts}, {"texts that state a number of suspects", f.TextsSay},
	} {
		rows = append(rows, []string{r.what, strconv.Itoa(r.n), v.Analysed, v.Terms})
	}
	return []string{"figure", "count", "analysis_of", "terms"}, rows, nil
}
