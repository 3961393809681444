package analysis

import (
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/codelist"
	"lookback/internal/normalise"
	"lookback/internal/scope"
)

// A reach is what links add to a case: known to Lookback now, never part of what
// a force knew on a day.
type reach struct {
	suspects int
	group    bool
}

// facts works out the facts of a case, as far as the clock lets them count.
func (s *sources) facts(d *dossier, at clock, links *reach) scope.Case {
	c := scope.NewCase()
	people := d.seen(at)
	s.dates(c, d)
	s.outcome(c, d, at)
	suspects := countSuspects(c, people, at)
	countVictims(c, d, people, at)
	statedCount(c, d, at)
	s.offence(c, d, people)
	s.circumstances(c, d, people, at)
	alive(c, suspects)
	reached(c, links, at)
	associated(c)
	return c
}

// seen returns who was involved, as far as the clock lets it count.
func (d *dossier) seen(at clock) []casefile.Involvement {
	if !at.set {
		return d.people
	}
	var out []casefile.Involvement
	for _, p := range d.people {
		if at.sees(p.RecordedAt) {
			out = append(out, p)
		}
	}
	return out
}

func (s *sources) dates(c scope.Case, d *dossier) {
	system, _ := d.ID.Split()
	c[scope.System] = scope.Words(system)
	c[scope.ReportedOn] = day(d.ReportedAt, "the day of the report is not recorded")
	c[scope.RecordedOn] = day(d.RecordedAt, "the day of recording is not recorded")
	c[scope.OffenceFrom] = day(d.OffenceFrom, "the first day of the offence is not recorded")
	c[scope.OffenceTo] = day(d.OffenceTo, "the last day of the offence is not recorded")
	c[scope.RecordStatus] = words(d.Status, "no status is recorded")
	c[scope.OffenceCode] = words(d.OffenceCode, "no offence code is recorded")
	c[scope.Unit] = words(d.Unit, "no unit is recorded")
	c[scope.Area] = words(d.Area, "no area is recorded")
}

func day(d casefile.Date, why string) scope.Value {
	if d.IsZero() {
		return scope.NotKnown(why)
	}
	first, last := d.Span()
	return scope.Days(int32(first), int32(last))
}

func words(s, why string) scope.Value {
	if s == "" {
		return scope.NotKnown(why)
	}
	return scope.Words(s)
}

// outcome takes the investigation's latest outcome: the last of its history that
// counts, or what the investigation itself states where there is none.
func (s *sources) outcome(c scope.Case, d *dossier, at clock) {
	o, ok := d.lastOutcome(at)
	switch {
	case ok:
		closed(c, o)
	case d.open() || at.set && len(d.outcomes) > 0: // those that are recorded came later
		c[scope.NFA] = scope.Bool(false)
		set(c, scope.None(), scope.NFABy, scope.NFAOn, scope.ClosedOn, scope.OutcomeCode, scope.OutcomeScheme)
	case at.set:
		set(c, scope.NotKnown("no outcome is recorded by then"), scope.NFA, scope.NFABy, scope.NFAOn, scope.ClosedOn, scope.OutcomeCode, scope.OutcomeScheme)
	default:
		set(c, scope.NotKnown("no outcome is recorded"), scope.NFA, scope.NFABy, scope.NFAOn, scope.ClosedOn, scope.OutcomeCode, scope.OutcomeScheme)
	}
}

func set(c scope.Case, v scope.Value, facts ...scope.Fact) {
	for _, f := range facts {
		c[f] = v
	}
}

// closed fills what an outcome says.
func closed(c scope.Case, o ending) {
	c[scope.OutcomeCode] = words(o.Code, "no outcome code is recorded")
	c[scope.OutcomeScheme] = words(o.Scheme, "it is not recorded which list the outcome code belongs to")
	c[scope.ClosedOn] = day(o.At, "the outcome has no date")
	listed := codelist.Shipped().Outcome(o.Scheme, o.Code)
	answer := listed.NFA()
	// The force's own words "no further action by" say more than a code whose
	// meaning nobody has verified.
	if answer.Value == codelist.Unknown && o.saysNFA {
		answer.Value = codelist.Yes
	}
	switch answer.Value {
	case codelist.Yes:
		c[scope.NFA] = scope.Bool(true)
		c[scope.NFAOn] = day(o.At, "the decision has no date")
		c[scope.NFABy] = decidedBy(o.OutcomeEntry, listed)
	case codelist.No:
		c[scope.NFA] = scope.Bool(false)
		set(c, scope.None(), scope.NFABy, scope.NFAOn)
	default:
		set(c, scope.NotKnown(sentenceEnd(answer.Reason)), scope.NFA, scope.NFABy, scope.NFAOn)
	}
}

func decidedBy(o casefile.OutcomeEntry, listed codelist.Outcome) scope.Value {
	if o.DecidedBy != "" && !casefile.IsState(o.DecidedBy) {
		return scope.Words(o.DecidedBy)
	}
	for body, word := range map[string]string{"police": "police", "CPS": "cps"} {
		if listed.By(body).Value == codelist.Yes {
			return scope.Words(word)
		}
	}
	return scope.NotKnown("it is not recorded who decided")
}

// sentenceEnd takes the final stop off a reason that goes into a longer sentence.
func sentenceEnd(s string) string { return strings.TrimSuffix(s, ".") }

// open reports whether the force says that the investigation has not ended.
func (d *dossier) open() bool {
	s := normalise.Fold(d.Status)
	return s == "open" || s == "live" || s == "under investigation"
}

// An ending is an outcome, and whether the investigation itself says who decided
// on no further action.
type ending struct {
	casefile.OutcomeEntry
	saysNFA bool
}

func (d *dossier) lastOutcome(at clock) (ending, bool) {
	var last ending
	found := false
	for _, o := range d.outcomes {
		if at.sees(o.At) && (!found || !laterDate(last.At, o.At)) {
			last, found = ending{OutcomeEntry: o}, true
		}
	}
	own := ending{casefile.OutcomeEntry{Case: d.ID, Code: d.OutcomeCode, Scheme: d.OutcomeScheme, At: d.OutcomeAt, DecidedBy: d.NFABy}, d.NFABy != "" && !casefile.IsState(d.NFABy)}
	if (own.Code == "" && own.DecidedBy == "") || !at.sees(own.At) {
		return last, found
	}
	if !found || !laterDate(last.At, own.At) {
		return own, true
	}
	return last, true
}

// laterDate reports whether a is surely after b.
func laterDate(a, b casefile.Date) bool {
	if a.IsZero() || b.IsZero() {
		return !a.IsZero()
	}
	first, _ := a.Span()
	_, last := b.Span()
	return first > last
}

// countSuspects counts recorded suspects, each nominal once, and returns them.
func countSuspects(c scope.Case, people []casefile.Involvement, at clock) []casefile.Involvement {
	var suspects []casefile.Involvement
	seen := map[casefile.NominalID]bool{}
	withName := 0
	for _, p := range people {
		if p.Role != casefile.RoleSuspect || seen[p.Nominal.ID] {
			continue
		}
		seen[p.Nominal.ID] = true
		suspects = append(suspects, p)
		if Named(p.Nominal) && at.sees(p.Nominal.RecordedAt) {
			withName++
		}
	}
	c[scope.SuspectsNamed] = scope.Int(withName)
	c[scope.SuspectsUnidentified] = scope.Int(len(suspects) - withName)
	c[scope.SuspectsRecorded] = scope.Int(len(suspects))
	return suspects
}

// countVictims counts those of the case and of the crimes linked to it, each
// nominal once.
func countVictims(c scope.Case, d *dossier, people []casefile.Involvement, at clock) {
	victims := map[casefile.NominalID]bool{}
	for _, p := range people {
		if p.Role == casefile.RoleVictim {
			victims[p.Nominal.ID] = true
		}
	}
	for _, v := range d.others {
		if at.sees(v.RecordedAt) {
			victims[v.Nominal.ID] = true
		}
	}
	c[scope.Victims] = scope.Int(len(victims))
}

// statedCount is the largest number that any one text states. No text at all is
// not the same as a text that states nobody.
func statedCount(c scope.Case, d *dossier, at clock) {
	c[scope.HasText] = scope.Bool(d.texts)
	if !d.texts {
		c[scope.SuspectsStated] = scope.NotKnown("no text of the case was received")
		return
	}
	n := 0
	for _, s := range d.stated {
		if at.sees(s.At) {
			n = max(n, s.Lo)
		}
	}
	c[scope.SuspectsStated] = scope.Int(n)
}

// Most returns the passage of a case that its stated number rests on.
func Most(stated []casefile.StatedCount) (best casefile.StatedCount) {
	for _, s := range stated {
		if s.Lo > best.Lo || s.Lo == best.Lo && best.Hi == 0 && s.Hi > 0 {
			best = s
		}
	}
	return best
}

func (s *sources) offence(c scope.Case, d *dossier, people []casefile.Involvement) {
	o := codelist.Shipped().Offence(d.OffenceCode)
	age, child, unsure := victimAge(d.Investigation, people)
	c[scope.ContactOffence] = answered(o.Contact())
	c[scope.ChildSexualOffence] = answered(o.ChildSexual(age))
	c[scope.VictimUnder18] = scope.Bool(child)
	if unsure {
		c[scope.VictimUnder18] = scope.NotKnown("the age of a victim is not recorded")
	}
	young, ageless := 0, 0
	for _, p := range people {
		if p.Role != casefile.RoleSuspect {
			continue
		}
		if _, to, ok := AgeAt(p, d.Investigation); !ok {
			ageless++
		} else if to < 18 {
			young++
		}
	}
	c[scope.SuspectsUnder18] = scope.Int(young)
	if ageless > 0 {
		c[scope.SuspectsUnder18] = scope.NotKnown(fmt.Sprintf("the age of %d of the suspects is not recorded", ageless))
	}
}

// victimAge returns the age that decides where an offence covers adults too: a
// child's if any victim surely was one. It is not known, and unsure, if none
// surely was but one may have been.
func victimAge(c casefile.Investigation, people []casefile.Involvement) (age codelist.Age, child, unsure bool) {
	for _, p := range people {
		if p.Role != casefile.RoleVictim {
			continue
		}
		from, to, ok := AgeAt(p, c)
		switch {
		case ok && to < 18:
			return codelist.AgeBetween(max(from, 0), max(to, 0)), true, false
		case !ok || from < 18:
			unsure = true
		default:
			age = codelist.AgeBetween(from, to)
		}
	}
	if unsure {
		age = codelist.Age{}
	}
	return age, false, unsure
}

func answered(a codelist.Answer) scope.Value {
	switch a.Value {
	case codelist.Yes:
		return scope.Bool(true)
	case codelist.No:
		return scope.Bool(false)
	}
	return scope.NotKnown(sentenceEnd(a.Reason))
}

// Words of relationship_to_victim that make a suspect family, or somebody who
// stands over a child in an institution.
var (
	familyWords = []string{"father", "mother", "stepfather", "stepmother", "step", "parent", "brother", "sister", "sibling", "uncle", "aunt",
		"cousin", "grandfather", "grandmother", "grandparent", "family", "familial", "relative", "relation", "son", "daughter", "nephew", "niece"}
	institutionWords = []string{"teacher", "tutor", "coach", "carer", "priest", "clergy", "imam", "pastor", "staff", "scout", "instructor",
		"chaplain", "warden", "keyworker", "caretaker"}
	onlineWords        = []string{"online", "internet"}
	institutionalVenue = []string{"care_home", "school", "hospital", "prison"}
)

func (s *sources) circumstances(c scope.Case, d *dossier, people []casefile.Involvement, at clock) {
	related, institutional, online, said := false, false, d.online, false
	suspects := 0
	for _, p := range people {
		if p.Role != casefile.RoleSuspect {
			continue
		}
		suspects++
		said = said || p.Relationship != ""
		for _, w := range strings.Fields(normalise.Fold(p.Relationship)) {
			related = related || slices.Contains(familyWords, w)
			institutional = institutional || slices.Contains(institutionWords, w)
			online = online || slices.Contains(onlineWords, w)
		}
	}
	silent := ""
	if !said && suspects > 0 {
		silent = "no relationship to the victim is recorded"
	}
	c[scope.SuspectRelated] = yesOr(related, silent)
	venue := s.premises[d.VenueAddress]
	c[scope.Institutional] = yesOr(institutional || slices.Contains(institutionalVenue, venue), silent)
	c[scope.Online] = yesOr(online, s.undelivered(casefile.Identifiers, "online handles and e-mail addresses were not delivered"))
	c[scope.ExploitationFlag] = yesOr(flagged(d.flags, at), s.undelivered(casefile.Flags, "flags were not delivered"))
	switch d.PreviouslyReviewed {
	case "y":
		c[scope.PreviouslyReviewed] = scope.Bool(true)
	case "n":
		c[scope.PreviouslyReviewed] = scope.Bool(false)
	default:
		c[scope.PreviouslyReviewed] = scope.NotKnown("the force does not say whether the case was reviewed before")
	}
}

// undelivered returns why nothing can be said when a table never came.
func (s *sources) undelivered(t casefile.Table, why string) string {
	if s.delivered[t] {
		return ""
	}
	return why
}

// yesOr is yes, or not known for a reason, or no where there is none.
func yesOr(yes bool, unknown string) scope.Value {
	if yes || unknown == "" {
		return scope.Bool(yes)
	}
	return scope.NotKnown(unknown)
}

// flagged reports whether a flag for child sexual exploitation is set.
func flagged(flags []casefile.Flag, at clock) bool {
	for _, f := range flags {
		cleared := f.Cleared && (!at.set || !f.ClearedAt.IsZero() && at.sees(f.ClearedAt))
		if cleared || !at.sees(f.SetAt) {
			continue
		}
		if slices.Contains(strings.Fields(normalise.Fold(f.Code)), "cse") || strings.Contains(normalise.Fold(f.Label), "sexual exploitation") {
			return true
		}
	}
	return false
}

// alive: nobody is dead because nothing is recorded about them.
func alive(c scope.Case, suspects []casefile.Involvement) {
	if len(suspects) == 0 {
		c[scope.SuspectAlive] = scope.NotKnown("no suspect is recorded, so that nothing says whether one is alive")
		return
	}
	living := slices.ContainsFunc(suspects, func(p casefile.Involvement) bool { return p.Nominal.Deceased.IsZero() })
	c[scope.SuspectAlive] = scope.Bool(living)
}

func reached(c scope.Case, links *reach, at clock) {
	if at.set || links == nil {
		const why = "links that this review found are not what the force knew then"
		c[scope.SuspectsReached], c[scope.InGroup] = scope.NotKnown(why), scope.NotKnown(why)
		return
	}
	c[scope.SuspectsReached], c[scope.InGroup] = scope.Int(links.suspects), scope.Bool(links.group)
}

// associated: recorded together, stated together, or tied in a group.
func associated(c scope.Case) {
	recorded, _ := c[scope.SuspectsRecorded].Number()
	stated, readable := c[scope.SuspectsStated].Number()
	group, linked := c[scope.InGroup].Truth()
	switch {
	case recorded >= 2 || stated >= 2 || group:
		c[scope.SuspectsAssociated] = scope.Bool(true)
	case !readable:
		c[scope.SuspectsAssociated] = scope.NotKnown(c[scope.SuspectsStated].Why())
	case !linked:
		c[scope.SuspectsAssociated] = scope.NotKnown(c[scope.InGroup].Why())
	default:
		c[scope.SuspectsAssociated] = scope.Bool(false)
	}
}
