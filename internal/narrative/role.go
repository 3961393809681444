package narrative

// A side is where the cues put the people of a phrase.
type side uint8

const (
	unsaid side = iota
	suspected
	witnessing
)

// reach is how many tokens away from a phrase a cue still speaks of it.
const reach = 10

// side weighs the cues around tokens start to end: first what the people did or
// had done to them (after the phrase), then what leads up to them. The nearest
// cue decides.
func (r *reader) side(start, end int, many bool) side {
	if s := r.after(end); s != unsaid {
		return s
	}
	return r.before(start, many)
}

// after looks for a predicate: "were arrested", "reported that", "are witnesses".
func (r *reader) after(end int) side {
	for i := end; i < min(end+reach, len(r.tokens)); i++ {
		t := &r.tokens[i]
		switch {
		case t.kind == mark && (t.ch == ';' || t.ch == '(' || t.ch == ',' && !r.has(i+1, turns)):
			return unsaid
		case t.is(cleared), r.says(i, "ruled") && r.says(i+1, "out"), r.isNegatedRole(i):
			return witnessing
		case t.is(bystand) && r.linked(i):
			return witnessing
		case t.is(culprit) && r.linked(i):
			return suspected
		case r.isTelling(i):
			return witnessing
		case t.is(pursued) && !r.has(i-1, negates):
			return suspected
		case r.says(i-1, "made") && r.says(i, "off"), r.says(i-1, "drove") && r.says(i, "off"), r.says(i-1, "ran") && r.says(i, "off"):
			return suspected
		case r.isNoun(i) && !t.is(official) && !r.has(i+1, statement):
			return unsaid
		}
	}
	return unsaid
}

// isNegatedRole reports whether token i ends "not suspects", "no longer a
// suspect" or "not involved".
func (r *reader) isNegatedRole(i int) bool {
	if !r.has(i, culprit|pursued) || !r.has(i, culprit) && !r.says(i, "involved") && !r.says(i, "responsible") {
		return false
	}
	i--
	for r.has(i, articles|being|accused) || r.says(i, "longer") || r.says(i, "as") || r.says(i, "treated") || r.says(i, "considered") {
		i--
	}
	return r.has(i, nought|negates) || r.says(i+1, "longer")
}

// linked reports whether the noun at i says what somebody is: "are witnesses",
// "treated as a witness".
func (r *reader) linked(i int) bool {
	i--
	for r.has(i, articles|accused|unknown|definite|hedge) || r.says(i, "both") || r.says(i, "key") || r.says(i, "only") || r.says(i, "also") {
		i--
	}
	return r.has(i, being) || r.says(i, "as")
}

// isTelling reports whether token i is something that witnesses do: "reported
// that", "gave a statement", "called police". What was done to somebody ("were
// reported", "reported to be") is not.
func (r *reader) isTelling(i int) bool {
	t := &r.tokens[i]
	switch {
	case r.has(i-1, being) || r.has(i-2, being) && r.has(i-1, hedge):
		return false
	case t.is(tells):
		return r.has(i+1, articles|definite|unit) || r.says(i+1, "that") || r.says(i+1, "it") || r.says(i+1, "seeing") ||
			r.says(i+1, "having") || r.says(i+1, "an") || r.says(i+1, "to") && r.has(i+2, police|official) || i+1 == len(r.tokens) ||
			i+1 < len(r.tokens) && r.tokens[i+1].traits == 0 && r.tokens[i+1].kind == word
	case t.is(calls):
		return r.has(i+1, police) || r.has(i+1, definite) && r.has(i+2, police) || r.isNumber(i+1, "999") || r.isNumber(i+1, "101")
	case t.is(statement):
		return r.statementGiven(i)
	case r.says(i, "to"):
		return r.says(i+1, "report")
	}
	return false
}

func (r *reader) isNumber(i int, w string) bool {
	return i < len(r.tokens) && r.tokens[i].kind == opaque && r.text[r.tokens[i].start:r.tokens[i].end] == w
}

// statementGiven reports whether the statement at i is a witness's own: given or
// made, and not the prepared statement of somebody under interview.
func (r *reader) statementGiven(i int) bool {
	for j := i - 1; j >= max(0, i-4); j-- {
		if r.says(j, "prepared") {
			return false
		}
		for _, verb := range [...]string{"gave", "given", "give", "made", "provided", "provide", "completed", "signed", "supplied"} {
			if r.says(j, verb) {
				return true
			}
		}
	}
	return false
}

// before looks for what leads up to a phrase: "witnessed by", "statement from",
// "witnesses: two males", "arrested", "an offence by".
func (r *reader) before(start int, many bool) side {
	if s := r.apposed(start-1, many); s != unsaid {
		return s
	}
	preposition := false
	for i := start - 1; i >= max(0, start-reach); i-- {
		t := &r.tokens[i]
		switch {
		case t.kind == mark && (t.ch == ',' || t.ch == ';' || t.ch == ':'):
			return unsaid
		case t.is(turns):
			return unsaid
		case start-i <= 3 && r.isCall(i):
			return witnessing
		case t.is(tells) && r.says(i+1, "by"), t.is(statement) && preposition && !r.has(i+1, pursued):
			return witnessing
		case t.is(pursued) && !r.has(i, tells) && start-i <= 4:
			return suspected
		case t.is(names) && start-i <= 2:
			return suspected
		case r.says(i, "by") || r.says(i, "against") || r.says(i, "involving") || r.says(i, "from"):
			preposition = true
		case t.is(offence) && preposition:
			return suspected
		}
	}
	return unsaid
}

// isCall reports whether token i is a call to the police ("Call from a male",
// "999 call from"); a call that somebody else was given is none.
func (r *reader) isCall(i int) bool {
	return r.says(i, "call") && (r.says(i+1, "from") || r.says(i+1, "received")) && (i == 0 || r.says(i-1, ":") || r.isNumber(i-1, "999") || r.isNumber(i-1, "101"))
}

// apposed reports what a noun just before a phrase says of it: "witnesses: two
// males", "victim is a male", "suspects are two females". The noun must agree
// with the phrase in number: in "victim: two males", the victim is speaking.
func (r *reader) apposed(i int, many bool) side {
	if !r.has(i, being) && !r.says(i, ":") && !r.says(i, "-") && !r.says(i, "(") && !r.says(i, ",") && !r.says(i, "=") {
		return unsaid
	}
	i--
	for r.has(i, being|number) {
		i--
	}
	switch {
	case r.says(i-1, "appropriate"):
		return witnessing
	case !r.has(i, person) || r.has(i, plural) != many || i > 0 && r.has(i-1, owner):
		return unsaid
	case r.has(i, bystand|official):
		return witnessing
	case r.has(i, culprit):
		return suspected
	}
	return unsaid
}

// asserted reports whether the sentence says that the people of p exist. Within
// the reach of a negation ("did not see two males", "denied that ...") or of a
// supposition ("whether there were two males") it does not, unless p is taken to
// exist anyway: it is definite ("the two males"), or the verb presumes it
// ("could not identify two males").
func (r *reader) asserted(p *phrase, question bool) bool {
	switch {
	case p.denied:
		return false
	case p.definite:
		return true
	case question || r.isRefuted(p.end):
		return false
	}
	presumed := false
	for i := p.start - 1; i >= max(0, p.start-2*reach); i-- {
		t := &r.tokens[i]
		switch {
		case t.kind == mark && (t.ch == ',' || t.ch == ';' || t.ch == ':' || t.ch == '(' || t.ch == ')'):
			return true
		case !p.counted && p.plural && (t.is(generic) || r.headed(i+2)):
			return false
		case t.is(presumes):
			presumed = true
		case r.isSupposing(i):
			return false
		case r.isDenial(i):
			return presumed
		case t.is(turns) && !t.is(supposes):
			return true
		}
	}
	return true
}

// isSupposing reports whether token i opens a supposition: if, whether, "in the
// event", "how many", "rather than" and "instead of" (what was not the case).
func (r *reader) isSupposing(i int) bool {
	return r.has(i, supposes) || r.says(i, "event") && r.says(i-1, "the") && r.says(i-2, "in") ||
		r.says(i, "many") && r.says(i-1, "how") || r.says(i, "rather") && r.says(i+1, "than") || r.says(i, "instead") && r.says(i+1, "of") ||
		(r.says(i, "should") || r.says(i, "had")) && r.says(i+1, "there")
}

// isRefuted reports whether the clause goes on to say that it is not so: "was
// found to be false".
func (r *reader) isRefuted(end int) bool {
	for i := end; i < min(end+reach, len(r.tokens)); i++ {
		switch {
		case r.tokens[i].kind == mark, r.has(i, turns), r.says(i, "whose"):
			return false
		case r.has(i, refuted):
			return r.has(i-1, being)
		}
	}
	return false
}

// isDenial reports whether token i denies what follows.
func (r *reader) isDenial(i int) bool {
	switch {
	case r.says(i, "evidence"), r.says(i, "sign"), r.says(i, "indication"), r.says(i, "suggestion"), r.says(i, "mention"), r.says(i, "trace"), r.says(i, "record"):
		return r.has(i-1, nought) && (r.says(i+1, "of") || r.says(i+1, "that"))
	case !r.has(i, negates):
		return false
	case r.says(i+1, "only"), r.says(i+1, "just"), r.says(i+1, "by"):
		return false
	}
	return true
}
