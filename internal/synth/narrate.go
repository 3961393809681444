package synth

import (
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// told is what the texts of one record say, and what is true of them.
type told struct {
	mo, closing   string
	entries       []string // the log's texts, as they stand
	stated, upper int      // the greatest number of suspects stated, and its upper end
	language      []phraseAt
}

// A phraseAt is where a victim-blaming phrase stands.
type phraseAt struct {
	table, seq, class string
}

// listen sets up the voice: how this record's author names people and things.
func (c *record) listen() {
	v := &c.victim.h
	w := v.name.plain(v.tradition(), v.male)
	first, _, _ := strings.Cut(w.forenames, " ")
	upper := strings.ToUpper(w.surname)
	c.voice = voice{
		r: &c.r, male: v.male, area: areas[c.f.area],
		victim:  []string{"victim", "the victim", "victim", first, first + " " + upper, "V1"},
		suspect: []string{"the suspect"},
		street:  c.someStreet(), mark: "QQ" + string(put2(nil, c.r.below(100))) + " " + pick(&c.r, []string{"XYA", "WEM", "SYN", "ZZT", "RRE"}),
		date:    dayText(c.reported + casefile.Day(c.r.between(3, 90))),
		witness: "the witness",
	}
	for _, s := range c.suspects {
		if s.stands == asNamed {
			n := s.h.name.plain(s.h.tradition(), s.h.male)
			c.voice.suspect = append(c.voice.suspect, strings.ToUpper(n.surname), n.forenames+" "+strings.ToUpper(n.surname))
		}
	}
	for _, o := range c.f.others {
		n := o.h.name.plain(o.h.tradition(), o.h.male)
		c.voice.witness = n.forenames + " " + strings.ToUpper(n.surname)
	}
}

func (c *record) someStreet() string {
	return pick(&c.r, streets) + " " + pick(&c.r, streetKinds)
}

// statedNumber draws the number of suspects that this record's texts state, 0
// for none: the number who took part, for a few records more.
func (c *record) statedNumber() int {
	n := c.f.tookPart()
	if c.f.group {
		for _, s := range c.f.suspects {
			if s.stands == asStated {
				return n
			}
		}
		if c.r.in(rateStatesNumber) {
			return max(1, n-c.r.below(2)*c.r.below(2))
		}
		return 0
	}
	switch {
	case c.r.in(rateOverstated):
		return c.r.between(2, 3)
	case c.r.in(rateStatesOne):
		return 1
	}
	return 0
}

// state words a number, for a group of the young as such.
func (c *record) state(n int) count {
	nouns := adultNouns
	if c.f.kind == peerOnPeer || c.f.kind == gang {
		nouns = youngNouns
	}
	return countOf(&c.r, n, nouns)
}

// writeLog writes five to fifteen entries and returns what the texts tell.
func (c *record) writeLog() *told {
	t := &told{}
	n := c.statedNumber()
	lines := c.draftLog()
	if n > 0 {
		c.placeCounts(t, lines, n)
	}
	c.placeNoise(t, lines)
	t.mo = c.finishMO(t)
	t.closing = c.closingText(t)
	c.putLog(t, lines)
	return t
}

// A line is one log entry before it is written.
type line struct {
	kind, text string
	supervisor bool
}

// draftLog drafts the first entry, a middle and supervisors' reviews.
func (c *record) draftLog() []line {
	n := c.r.between(5, 11) + c.r.below(5)
	lines := []line{{kind: firstEntry.kind, text: c.sentence(firstEntry.sentences)}}
	if c.r.in(rateReclassified) {
		c.g.trap(Reclassified)
		lines = append(lines, line{kind: "ADMIN", text: "Reclassified from " + pick(&c.r, offences).class + " to " + c.offence.class + " by crime registrar."})
	}
	for len(lines) < n {
		if len(lines)%4 == 3 && c.r.in(600) {
			lines = append(lines, line{kind: supervisorEntry.kind, text: c.sentence(supervisorEntry.sentences), supervisor: true})
			continue
		}
		k := &middleEntries[c.r.weighted(middleWeights)]
		l := line{kind: k.kind, text: c.sentence(k.sentences)}
		if more := c.sentence(k.sentences); more != l.text && c.r.in(300) {
			l.text += " " + more
		}
		lines = append(lines, l)
	}
	return lines
}

var middleWeights = func() (w []int) {
	for _, k := range middleEntries {
		w = append(w, k.weight)
	}
	return w
}()

func (c *record) sentence(from []template) string { return c.voice.say(pick(&c.r, from)) }

// placeCounts puts one to three sentences that state the number into the MO text
// and the log. Where the log repeats it, the number may be smaller by one.
func (c *record) placeCounts(t *told, lines []line, n int) {
	places := 1 + c.r.weighted([]int{55, 33, 12})
	for k := range places {
		said := n
		if k > 0 && n > 2 && c.r.in(200) {
			said = n - 1
		}
		c.voice.stated = c.state(said)
		if c.voice.stated.ranged {
			c.g.trap(StatedRange)
		}
		s := c.sentence(stating)
		if k == 0 && c.r.in(520) {
			t.mo = s
		} else {
			l := &lines[c.r.below(len(lines)-1)]
			l.text += " " + s
		}
		t.note(c.voice.stated)
	}
}

// note keeps the greatest number stated: the greatest least, then the upper end
// that goes with it.
func (t *told) note(n count) {
	if n.low > t.stated || n.low == t.stated && (n.high == 0 || t.upper != 0 && n.high > t.upper) {
		t.stated, t.upper = n.low, n.high
	}
}

// placeNoise adds what counts no suspect but looks as if, and what should not
// have been written about a child.
func (c *record) placeNoise(t *told, lines []line) {
	if c.r.in(rateNegation) {
		c.g.trap(Negated)
		l := &lines[c.r.below(len(lines))]
		l.text += " " + c.sentence(negations)
	}
	if c.r.in(rateDistractor) {
		c.g.trap(Distractor)
		l := &lines[c.r.below(len(lines))]
		l.text += " " + c.sentence(distractors)
	}
	if c.r.in(rateBlaming) {
		c.blame(t, lines)
	}
}

func (c *record) blame(t *told, lines []line) {
	c.g.trap(VictimBlaming)
	p := pick(&c.r, blamingPhrases)
	if c.r.in(220) {
		t.language = append(t.language, phraseAt{"investigations", "", p.class})
		t.closing = c.voice.say(p.sentence)
		return
	}
	at := c.r.below(len(lines) - 1)
	lines[at].text += " " + c.voice.say(p.sentence)
	t.language = append(t.language, phraseAt{"log", strconv.Itoa(at + 1), p.class})
	if c.r.in(rateChallenged) {
		c.g.trap(BlamingChallenged)
		lines[at+1] = line{kind: challengeEntry.kind, text: c.sentence(challengeEntry.sentences), supervisor: true}
	}
}

// finishMO puts an opening before what the MO text states; some are empty.
func (c *record) finishMO(t *told) string {
	switch {
	case t.mo == "" && c.r.in(90):
		return ""
	case t.mo == "":
		return c.sentence(openings)
	case c.r.in(600):
		return c.sentence(openings) + " " + t.mo
	}
	return t.mo
}

// closingText copies a text as it stands, or writes one for the case.
func (c *record) closingText(t *told) string {
	if c.closed == 0 {
		if t.closing != "" { // it was to stand in a text that there is not
			t.language = nil
		}
		return ""
	}
	text := ""
	switch {
	case c.end.code == "NC":
		text = pick(&c.r, cancelledClosings)
	case c.end.code == "20":
		text = c.sentence(transferredClosings)
	case c.scheme != "local" && !c.end.nfa && c.namesSuspect() && c.r.in(900):
		text = c.sentence(solvedClosings)
	case c.r.in(rateCopiedClosing):
		c.g.trap(CopiedClosing)
		text = pick(&c.r, copiedClosings)
	case c.r.in(100) && t.closing == "":
		return ""
	default:
		text = c.sentence(closings)
	}
	if t.closing != "" {
		text = t.closing + " " + text
	}
	return text
}

// putLog writes the entries, dated between report and closing.
func (c *record) putLog(t *told, lines []line) {
	end := c.closed
	if end == 0 {
		end = extracted
	}
	span := max(1, int(end-c.reported))
	day, author := c.reported, c.oic
	keep := c.keepWhole(t, lines)
	for k, l := range lines {
		at := moment(&c.r, day)
		if c.r.in(60) {
			at = ""
		}
		text := l.text
		if !keep[k] && c.r.in(rateTruncated) {
			c.g.trap(TruncatedLog)
			text = truncated(&c.r, text)
		}
		who, rank, supervisor := c.author(author, l.supervisor)
		c.g.table(casefile.Log).row(c.ref, strconv.Itoa(k+1), at, who, rank, l.kind, text, supervisor)
		t.entries = append(t.entries, text)
		day = min(day+casefile.Day(c.r.below(2*span/len(lines)+1)), end)
		if c.r.in(60) {
			author = collar(&c.r)
		}
	}
}

// keepWhole says which entries may not be cut, because the truth counts on them.
func (c *record) keepWhole(t *told, lines []line) []bool {
	keep := make([]bool, len(lines))
	for k := range lines {
		keep[k] = t.stated > 0
	}
	for _, p := range t.language {
		if n, err := strconv.Atoi(p.seq); err == nil {
			keep[n-1] = true
		}
	}
	return keep
}

// truncated cuts a text as systems do, and says where the rest was meant to be.
func truncated(r *rng, text string) string {
	runes := []rune(text)
	if r.in(350) {
		return "See DETS."
	}
	cut := max(10, len(runes)*r.between(40, 80)/100)
	if cut >= len(runes) {
		return text
	}
	return string(runes[:cut]) + pick(r, []string{"... see DETS", " (cont. DETS)", ""})
}

func (c *record) author(officer string, supervises bool) (who, rank, supervisor string) {
	if supervises {
		return collar(&c.r), pick(&c.r, ranks[3:]), "y"
	}
	if c.r.in(120) {
		officer = collar(&c.r)
	}
	return officer, pick(&c.r, ranks[:3]), "n"
}
