package narrative

import "strings"

// A trait is something a word can be. A word may have several.
type trait uint64

const (
	// Number phrases.
	number   trait = 1 << iota // carries its value: two, dozen
	vague                      // carries the least it can mean: several, group
	ordinal                    // carries its rank: second
	compare                    // may begin "at least", "up to", ...
	hedge                      // possibly, perhaps: between the ends of a range
	times                      // x, as in "x2" and "2 x"
	codeWord                   // IC: the number after it is a code
	labelled                   // room, page, PC: the number after it is a name
	unit                       // hours, yrs, feet: the number before it measures
	ageUnit                    // of those, the ones that may stand before a noun
	articles                   // a, an
	definite                   // the, these: what follows is taken to exist
	owner                      // his, her
	nought                     // no, nil
	anyOf                      // any, which, how: asks rather than states
	whole                      // all, each
	pairOf                     // both, either, neither
	otherOne                   // other, another, further

	// Nouns for people.
	culprit  // suspect, offender: a suspect by its own meaning
	male     // man, male: a suspect unless something says otherwise
	neutral  // person, female, driver: a suspect only if something says so
	bystand  // victim, witness, child: never
	official // officer, nurse: never
	plural
	gendered // of the above, those that say a sex: they may list together

	// Words beside the noun.
	unknown  // unknown, unidentified
	accused  // alleged, suspected, outstanding
	lone     // lone, sole, single
	property // clothing, vehicle, voice: "male clothing" is no male
	function // ends a noun phrase: prepositions, verbs, pronouns

	// Cues.
	joins     // and, plus
	alongside // with
	negates   // not, denied
	supposes  // if, whether
	generic   // risk: a bare plural after it is nobody in particular
	turns     // but, when: ends the reach of the two above
	presumes  // identify, arrest: what is not identified still exists
	pursued   // arrested, charged: done to suspects
	offence   // offence, allegation: followed by whoever is accused
	tells     // reported, disclosed: done by victims and witnesses
	calls     // rang, contacted: so too, if it was the police they called
	police    // whom witnesses call
	cleared   // eliminated, unconnected
	refuted   // false, untrue: what was said is not so
	being     // is, were
	names     // named: what follows is a suspect
	shortened // may be written with a full stop: approx.
	cut       // the beginning of a noun: one only where the text breaks off
	allThere  // them: "four of them"
	initial   // m, f: a noun only after "unknown", a code or an x
	statement // statement
	heAlone   // he, him
)

// person is any noun for people.
const person = culprit | male | neutral | bystand | official

// A meaning is what the lexicon holds for a word.
type meaning struct {
	traits trait
	n      uint8
}

// words is the whole vocabulary. A word that is not here is taken for a
// descriptor and skipped, whatever it describes, so no list of descriptors is
// kept and none can sway a count.
var words = []struct {
	traits trait
	n      uint8
	list   string
}{
	{number, 1, "one"}, {number, 2, "two tow twp wto"}, {number, 3, "three thre thee threee trhee htree"},
	{number, 4, "four fuor foru"}, {number, 5, "five fvie fiev"}, {number, 6, "six"}, {number, 7, "seven sevn"},
	{number, 8, "eight eigth"}, {number, 9, "nine"}, {number, 10, "ten"}, {number, 11, "eleven"}, {number, 12, "twelve"},
	{number, 13, "thirteen"}, {number, 14, "fourteen"}, {number, 15, "fifteen"}, {number, 16, "sixteen"},
	{number, 17, "seventeen"}, {number, 18, "eighteen"}, {number, 19, "nineteen"}, {number, 20, "twenty"},
	{number, 30, "thirty"}, {number, 40, "forty"}, {number, 50, "fifty"},
	{number, 12, "dozen"}, {vague, 24, "dozens"},
	{number, 2, "couple pair"}, {number, 3, "trio"},
	{vague, 2, "group groups gang gangs few some multiple various number numbers handful bunch"},
	{vague, 3, "several sevral severl seveal sevearl many numerous"},
	{ordinal, 1, "first"}, {ordinal, 2, "second"}, {ordinal, 3, "third"}, {ordinal, 4, "fourth"},
	{ordinal, 5, "fifth"}, {ordinal, 6, "sixth"}, {ordinal, 7, "seventh"}, {ordinal, 8, "eighth"},

	{compare | function | otherOne, 0, "more"},
	{compare | function, 0, "at over up fewer less about around between in upwards"},
	{compare, 0, "minimum maximum min max approximately approx aprox roughly circa total exactly only just nearly almost"},
	{hedge, 0, "possibly poss perhaps maybe potentially"},
	{times, 0, "x"}, {codeWord, 0, "ic"},
	{labelled, 0, "room flat page unit block floor ward platform bus route ref item exhibit log point line " +
		"no nos number apartment bay gate junction jct cell version tape disc section sect area zone sector grade category cat option chapter para paragraph annex appendix"},
	{unit | function, 0, "hours hrs hour hr mins minutes minute pm am foot feet ft inches inch stone miles mile metres yards " +
		"times days day weeks week nights night occasions occasion oclock gbp pounds percent cm"},
	{unit | ageUnit, 0, "years yrs year yr yo y/o yoa months mths month old"},

	{articles, 0, "a an"},
	{definite, 0, "the these those this"},
	{definite | owner, 0, "his her their its my our your"},
	{nought, 0, "no nil zero none"},
	{anyOf, 0, "any which what how"},
	{whole, 0, "all each every"},
	{pairOf, 2, "both either neither"},
	{otherOne, 0, "other another further additional extra"},
	{neutral | plural | otherOne, 0, "others"},
	{neutral | otherOne, 0, "someone somebody"},

	{culprit, 0, "suspect susp offender perpetrator perp assailant culprit defendant abuser attacker arrestee groomer"},
	{culprit | plural, 0, "suspects susps suspetcs offenders perpetrators perps assailants culprits defendants abusers attackers arrestees groomers"},
	{male | gendered, 0, "male man guy bloke fella chap gentleman lad"},
	{male | gendered | initial, 0, "m"}, {neutral | gendered | initial, 0, "f"},
	{male | gendered | plural, 0, "males mles mals men guys blokes fellas chaps gentlemen lads"},
	{neutral | gendered, 0, "female woman lady boy wife girlfriend"},
	{neutral | gendered | plural, 0, "females women ladies boys"},
	{neutral, 0, "person individual adult youth teenager juvenile driver passenger occupant associate friend mate accomplice " +
		"brother cousin uncle father stepfather boyfriend partner neighbour subject nominal customer resident member"},
	{neutral | plural, 0, "persons people individuals adults youths teenagers juveniles drivers passengers occupants associates friends mates " +
		"accomplices brothers cousins uncles boyfriends neighbours subjects nominals customers residents members"},
	{bystand, 0, "victim vic complainant witness ip ap i/p a/p informant caller child girl baby toddler survivor viw misper " +
		"mother sister aunt daughter son sibling aggrieved"},
	{bystand | plural, 0, "victims vics complainants witnesses ips informants callers children kids girls babies survivors mispers " +
		"sisters aunts daughters sons siblings parents"},
	{official, 0, "officer constable sergeant detective worker nurse doctor solicitor paramedic teacher carer manager counsellor " +
		"psychologist interpreter reviewer supervisor staff colleague barrister lawyer guard warden clinician practitioner examiner foster pupil student patient"},
	{official | labelled, 0, "pc dc ps ds pcso wpc di dci insp sgt"},
	{official | plural, 0, "officers constables sergeants detectives pcs dcs workers nurses doctors solicitors paramedics teachers carers managers " +
		"interpreters reviewers supervisors colleagues guards wardens clinicians practitioners pupils students patients"},

	{unknown, 0, "unknown unidentified unk u/k n/k unnamed untraced unkown unknwon"},
	{accused, 0, "alleged suspected outstanding wanted arrested offending"},
	{lone, 0, "lone sole single"},
	{property, 0, "clothing clothes toilet toilets voice voices jacket jackets shoe shoes underwear trainers coat coats hostel ward " +
		"wing prison dna profile profiles name names vehicle vehicles car cars van address addresses phone phones mobile handset device devices " +
		"interview interviews strategy management register details enquiries enquiry line lines account accounts description descriptions " +
		"status photo photos image images relationship section dormitory changing footwear belongings wallet perfume aftershave " +
		"carrier carriers list field package handwriting hair hours power fingerprint fingerprints role roles hygiene"},

	{function, 0, "of to by from on for into onto per via off out near outside inside towards through during since until re regarding " +
		"or nor so as than then also there here who whom whose where while because due against among " +
		"i me we us they she it you herself himself themselves aged " +
		"has have had having do does did doing done will would can could may might must should shall got get went came come seen saw see " +
		"told drove bought sent sat kept held ran brought put let hit stood paid lent knocked that said says say stated states asked asks met took taken made make gave given left attended entered approached believed"},
	{function | being, 0, "is was are were be been being"},
	{function | heAlone, 0, "he him"},

	{allThere | function, 0, "them"},
	{joins | function, 0, "and & plus"},
	{alongside | function, 0, "with alongside accompanied"},
	{negates | function, 0, "not never nothing nobody noone without didnt doesnt dont wasnt werent isnt arent hasnt hadnt havent couldnt cannot cant wouldnt " +
		"denied denies deny denying nor unaware disputed disputes refutes refuted"},
	{supposes | function, 0, "if whether unless"},
	{function, 0, "mase marac mash"}, // multi-agency meetings, a slip of the hand away from males
	{generic, 0, "risk risks vulnerable vulnerability"},
	{turns | function, 0, "but however although though when after before because and then while whilst who which until except"},
	{presumes, 0, "identify identified identifying name describe described recognise recognised recognize trace traced tracing locate located " +
		"arrest arrested interview interviewed know knew knowing charge charged speak spoken contacted pursue pursued eliminate find found"},
	{pursued, 0, "outstanding arrested arrest detained charged bailed cautioned custody nfad circulated fled wanted prosecuted remanded convicted " +
		"released responsible implicated suspected interviewed voluntary accused nfa summonsed"},
	{pursued, 0, "involved offended exploited groomed trafficked abused raped assaulted attacked"},
	{offence, 0, "offence offences allegation allegations offending abuse exploitation assault assaults rape grooming incident crime crimes action proceedings charges evidence complaint complaints"},
	{names | function, 0, "named naming"},
	{tells, 0, "reported report reports disclosed disclose discloses witnessed alleges complained reporting disclosing witnessing overheard"},
	{calls, 0, "called rang phoned contacted flagged approached telephoned alerted informed"},
	{police, 0, "police officers 999 101 ambulance control school staff services council"},
	{refuted, 0, "false untrue mistaken unfounded fabricated incorrect"},
	{cleared, 0, "eliminated unconnected discounted unrelated uninvolved exonerated"},
	{statement, 0, "statement statements"},
	{shortened, 0, "no approx aprox poss susp susps unk re eg ie min max insp sgt"},
}

var lexicon = makeLexicon()

func makeLexicon() map[string]meaning {
	lex := make(map[string]meaning, 2048)
	for _, row := range words {
		for _, w := range strings.Fields(row.list) {
			m := lex[w]
			m.traits |= row.traits
			if row.n != 0 {
				m.n = row.n
			}
			lex[w] = m
		}
	}
	for _, row := range words {
		if row.traits&person == 0 || row.traits&(otherOne|initial) != 0 {
			continue
		}
		for _, w := range strings.Fields(row.list) {
			addMistypings(lex, w)
		}
	}
	addBeginnings(lex)
	return lex
}

// addMistypings adds the commonest slips of the hand: two letters swapped in a
// word of four or more, one dropped or doubled in a word of seven or more.
// Shorter words would run into real ones. A word that is already there keeps
// its meaning.
func addMistypings(lex map[string]meaning, w string) {
	m := lex[w]
	add := func(s string) {
		if _, taken := lex[s]; !taken {
			lex[s] = m
		}
	}
	for i := 0; len(w) >= 4 && i+1 < len(w); i++ {
		add(w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:])
	}
	for i := 1; len(w) >= 7 && i < len(w)-1; i++ {
		add(w[:i] + w[i+1:])
		add(w[:i] + w[i:i+1] + w[i:])
	}
}

// addBeginnings adds the first three letters or more of the nouns that name
// suspects, so that "three mal" at the end of a cut text is still read, except
// where a word of another kind begins alike ("off": offenders or officers).
func addBeginnings(lex map[string]meaning) {
	begun := make(map[string]meaning)
	for _, row := range words {
		for _, w := range strings.Fields(row.list) {
			for n := 3; n < len(w); n++ {
				if m, ok := begun[w[:n]]; ok && m.traits&person != row.traits&person {
					begun[w[:n]] = meaning{}
				} else if !ok {
					begun[w[:n]] = meaning{traits: row.traits | cut}
				}
			}
		}
	}
	for w, m := range begun {
		if _, taken := lex[w]; !taken && m.traits&(culprit|male) != 0 {
			lex[w] = m
		}
	}
}
