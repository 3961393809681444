package allocation

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"lookback/internal/casefile"
	"lookback/internal/normalise"
	"lookback/internal/review"
	"lookback/internal/store"
)

// Bounds of a file of skills. A force has hundreds of officers, not hundreds of
// thousands.
const (
	MaxSkillsFile = 2 << 20 // bytes
	maxSkillRows  = 20_000
	maxFaults     = 50
	maxSkillName  = 80
)

// A SkillFault is one thing wrong with a file of skills.
type SkillFault struct {
	File     string
	Line     int    // 0: the file as a whole
	Column   string // "" where it is not about one
	Value    string
	Problem  string // what is wrong
	Expected string // what should stand there
}

// String says the fault in sentences.
func (f SkillFault) String() string {
	where := f.File
	if f.Line > 0 {
		where += fmt.Sprintf(", line %d", f.Line)
	}
	if f.Column != "" {
		where += ", column " + f.Column
	}
	return where + ": " + f.Problem + " " + f.Expected
}

func (p *SkillsPreview) faultsInShort() string {
	said := p.Faults[0].String()
	if n := len(p.Faults) + p.More - 1; n > 0 {
		said += " (and " + plural(n, "more fault") + ")"
	}
	return said
}

// A skillLine is one row of the file, read.
type skillLine struct {
	skillKey
	Period
	line int
}

// headings are what the columns may be called, folded.
var headings = map[string][]string{
	"account": {"account", "sign in name", "signin name", "sign in", "username", "user name", "user", "user id", "userid", "login", "officer", "reviewer", "staff id"},
	"skill":   {"skill", "skills", "training", "course", "qualification", "competency", "accreditation", "course name", "training course"},
	"from":    {"from", "start", "start date", "from date", "valid from", "date from", "gained", "completed", "completed on", "date completed", "issued", "awarded", "date"},
	"to":      {"to", "end", "end date", "to date", "until", "valid to", "valid until", "date to", "expires", "expiry", "expiry date", "expires on", "renewal due", "renew by"},
}

var columns = []string{"account", "skill", "from", "to"}

// cleanName is the name of a file without its folders and what cannot be shown.
func cleanName(name string) string {
	name = filepath.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:120])
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// parseSkills reads a file of skills: CSV with commas, semicolons or tabs, in
// UTF-8, UTF-16 or Windows-1252.
func parseSkills(file string, data []byte, accounts map[string]store.Account) (lines []skillLine, rows int, faults []SkillFault) {
	whole := func(problem, expected string) []SkillFault {
		return []SkillFault{{File: file, Problem: problem, Expected: expected}}
	}
	const wanted = "Expected a CSV file with the columns account, skill, from, to."
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, 0, whole("The file is empty.", wanted)
	case len(data) > MaxSkillsFile:
		return nil, 0, whole(fmt.Sprintf("The file has %d bytes.", len(data)), fmt.Sprintf("Expected at most %d; split it by unit.", MaxSkillsFile))
	}
	if what := notCSV(data); what != "" {
		return nil, 0, whole("This is "+what+", not a CSV file.", wanted)
	}
	text, ok := decode(data)
	if !ok {
		return nil, 0, whole("This is not text that can be read.", wanted)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, 0, []SkillFault{quoting(file, err)}
	}
	at, faults := readHead(file, head)
	if len(faults) > 0 {
		return nil, 0, faults
	}
	p := &skillParser{file: file, at: at, accounts: accounts, training: review.TrainingInForce()}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// After a broken quote nothing that follows can be trusted.
			return nil, p.rows, append(p.faults, quoting(file, err))
		}
		line, _ := r.FieldPos(0)
		if p.row(line, cells, len(head)); p.rows > maxSkillRows {
			return nil, p.rows, whole(fmt.Sprintf("The file has more than %d rows.", maxSkillRows), "Split it by unit.")
		}
	}
	p.overlaps()
	if p.rows == 0 {
		p.faults = whole("The file has headings and no rows.", "Expected a row for each skill that somebody holds.")
	}
	slices.SortStableFunc(p.faults, func(a, b SkillFault) int { return a.Line - b.Line })
	return p.lines, p.rows, p.faults
}

// notCSV names what else the bytes are.
func notCSV(data []byte) string {
	for magic, what := range map[string]string{
		"PK\x03\x04": "a workbook or a ZIP file (save the sheet as CSV)", "\xd0\xcf\x11\xe0": "an old workbook (save the sheet as CSV)",
		"%PDF": "a PDF file", "\x89PNG": "a picture", "\xff\xd8\xff": "a picture", "GIF8": "a picture", "\x1f\x8b": "a compressed file", "MZ": "a program", "\x7fELF": "a program",
	} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return what
		}
	}
	start := bytes.ToLower(bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n\ufeff"))
	switch {
	case bytes.HasPrefix(start, []byte("<")):
		return "a web page or XML"
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return "JSON"
	}
	return ""
}

func decode(data []byte) (string, bool) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		return string(out), err == nil && !bytes.ContainsRune(out, 0)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.IndexByte(data, 0) >= 0 {
		return "", false
	}
	if utf8.Valid(data) {
		return string(data), true
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(data)
	return string(out), err == nil
}

// separator is the one of the usual three that the first line has most of.
func separator(text string) rune {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	best := ','
	for _, c := range ";\t" {
		if strings.Count(first, string(c)) > strings.Count(first, string(best)) {
			best = c
		}
	}
	return best
}

func quoting(file string, err error) SkillFault {
	f := SkillFault{File: file, Problem: "The file cannot be read.", Expected: "Expected a CSV file with the columns account, skill, from, to."}
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		f.Line = p.StartLine
		f.Problem = "A quotation mark is opened and not closed, or stands within a cell."
		f.Expected = `Expected "…" around a whole cell, and "" for a quotation mark within it.`
	}
	return f
}

func readHead(file string, head []string) (at map[string]int, faults []SkillFault) {
	at = map[string]int{}
	for i, h := range head {
		folded := normalise.Fold(strings.NewReplacer("_", " ", "-", " ").Replace(h))
		for _, c := range columns {
			if !slices.Contains(headings[c], folded) {
				continue
			}
			if other, twice := at[c]; twice {
				faults = append(faults, SkillFault{File: file, Line: 1, Column: h, Value: h,
					Problem: fmt.Sprintf("%q and %q both mean %s.", head[other], h, c), Expected: "Expected one column of each."})
				continue
			}
			at[c] = i
		}
	}
	for _, c := range columns {
		if _, ok := at[c]; !ok && c != "to" {
			faults = append(faults, SkillFault{File: file, Line: 1, Column: c, Problem: fmt.Sprintf("There is no such column; the headings are %s.", shown(strings.Join(head, ", "))),
				Expected: "It may be called " + strings.Join(headings[c][:min(4, len(headings[c]))], ", ") + " and the like."})
		}
	}
	return at, faults
}

// shown is a value as a message quotes it.
func shown(v string) string {
	if runes := []rune(v); len(runes) > 60 {
		v = string(runes[:60]) + "…"
	}
	return fmt.Sprintf("%q", v)
}

// A skillParser reads rows and gathers faults.
type skillParser struct {
	file     string
	at       map[string]int
	accounts map[string]store.Account
	training *review.Training
	lines    []skillLine
	rows     int
	faults   []SkillFault
}

func (p *skillParser) row(line int, cells []string, width int) {
	cell := func(column string) string {
		if i, ok := p.at[column]; ok && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	if strings.TrimSpace(strings.Join(cells, "")) == "" {
		return
	}
	p.rows++
	before := len(p.faults)
	fault := func(column, value, problem, expected string) {
		p.faults = append(p.faults, SkillFault{p.file, line, column, value, problem, expected})
	}
	if len(cells) > width {
		fault("", "", fmt.Sprintf("The row has %d cells, the headings %d.", len(cells), width), "Expected quotation marks around a cell that contains the separator.")
		return
	}
	l := skillLine{line: line, Period: Period{To: store.NoEnd}}
	l.account = strings.ToLower(cell("account"))
	if _, ok := p.accounts[l.account]; !ok {
		expected := "Expected the sign-in name of an account, as the page of accounts shows it."
		if like := nearest(l.account, sortedKeys(p.accounts)); like != "" {
			expected = fmt.Sprintf("Expected the sign-in name of an account; the nearest is %q.", like)
		}
		problem := shown(cell("account")) + " is no account."
		if l.account == "" {
			problem = "No account is given."
		}
		fault("account", cell("account"), problem, expected)
	}
	l.skill, _ = p.training.Code(cell("skill"))
	switch {
	case l.skill == "":
		fault("skill", "", "No skill is given.", "Expected one such as "+strings.Join(p.training.Names(), ", ")+".")
	case utf8.RuneCountInString(l.skill) > maxSkillName:
		fault("skill", cell("skill"), shown(cell("skill"))+" is too long.", fmt.Sprintf("Expected at most %d characters.", maxSkillName))
	}
	const aDay = "Expected a day such as 2026-03-31 or 31/03/2026"
	var ok bool
	if l.From, ok = readDay(cell("from")); !ok {
		problem := shown(cell("from")) + " is no day."
		if cell("from") == "" {
			problem = "No first day is given."
		}
		fault("from", cell("from"), problem, aDay+".")
	}
	fromOK := ok
	if to := cell("to"); to != "" {
		if l.To, ok = readDay(to); !ok {
			fault("to", to, shown(to)+" is no day.", aDay+", or nothing for what does not end.")
		} else if fromOK && l.To < l.From {
			fault("to", to, fmt.Sprintf("%s is before the first day, %s.", shown(to), l.From), "Expected the last day on which it is held.")
		}
	}
	if len(p.faults) == before {
		p.lines = append(p.lines, l)
	}
}

// readDay reads a day as ISO or British people write it, with or without a time of
// midnight behind, as spreadsheets add it.
func readDay(s string) (casefile.Day, bool) {
	s = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(s, "T00:00:00"), " 00:00:00"), " 00:00")
	for _, layout := range []string{"2006-01-02", "2/1/2006", "2-1-2006", "2.1.2006", "2 January 2006", "2 Jan 2006", "2-Jan-2006"} {
		t, err := time.Parse(layout, s)
		if err == nil && t.Year() >= 1950 && t.Year() <= 2199 {
			return casefile.DayOf(t.Date()), true
		}
	}
	return 0, false
}

// overlaps finds periods of one skill of one account that share a day.
func (p *skillParser) overlaps() {
	byKey := map[skillKey][]skillLine{}
	for _, l := range p.lines {
		byKey[l.skillKey] = append(byKey[l.skillKey], l)
	}
	for _, list := range byKey {
		slices.SortStableFunc(list, func(a, b skillLine) int { return int(a.From) - int(b.From) })
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if b.From > a.To {
				continue
			}
			if a.line > b.line {
				a, b = b, a
			}
			p.faults = append(p.faults, SkillFault{p.file, b.line, "from", b.From.String(),
				fmt.Sprintf("%s has %s on line %d as well, and the two share days.", b.account, shown(b.skill), a.line),
				"Expected one row for each period; keep the row that holds."})
		}
	}
}

// nearest returns the name that somebody may have meant, "" if none is close.
func nearest(word string, names []string) string {
	best, at := "", 3
	if len([]rune(word)) < 4 {
		return ""
	}
	for _, n := range names {
		if d := distance(word, n); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 200 || len(y) > 200 {
		return 200
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		corner := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := corner
			if r != s {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
