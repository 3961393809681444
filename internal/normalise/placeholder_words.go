package normalise

import "strings"

// lexicon holds the words that placeholders are made of. A word that is also a
// surname or a forename stands here only in a class that needs company. The words
// for looks are here because an unnamed person is recorded by them; nothing is
// kept of which one it was.
var lexicon = build()

var classWords = []struct {
	class class
	words string
}{
	{unknown, `unknown unknowns unkown unknow unknwn unnkown unkonwn uknown unknonw unknwon unk unkn unident unidentified unid
		unnamed unspecified unrecorded undisclosed unconfirmed untraced nk notknown nameunknown noname
		unknownmale unknownfemale unknownmales unknownperson unknownpersons unknownsuspect unknownman
		tbc tba tbd anonymous withheld`},
	{filler, `anon uk nn none null nil blank test dummy error deleted duplicate redacted missing nobody noone`},
	{noun, `male males female females man men woman women boy boys girl girls lad lads youth youths person persons people
		individual individuals adult adults child children juvenile juveniles minor teenager teenagers teen teens baby infant gentleman lady
		suspect suspects offender offenders accused assailant assailants attacker attackers perpetrator perpetrators perp
		subject subjects nominal nominals party parties group gang defendant detainee culprit
		victim victims complainant witness witnesses caller informant informer source reporter aggrieved
		driver drivers passenger passengers cyclist pedestrian keeper occupant occupants occupier resident tenant owner user
		holder member staff worker employee manager guard customer boyfriend girlfriend
		friend friends associate associates neighbour neighbours stranger strangers partner husband wife
		mother father parent parents brother sister sibling uncle aunt cousin stepfather stepmother carer guardian relative
		name names surname forename forenames`},
	{describing, `the a an of in on at to from with by who and or not no as yet is was be another other others same first second third
		fourth fifth sixth last next one two three four five six seven eight nine ten ii iii iv vi vii viii
		b c d e f x y z mr mrs miss ms mx
		white black asian mixed ic tall short young younger old older elderly middle aged approx years yrs local
		taxi cab bus van car vehicle lorry delivery minicab moped motorcycle motorbike bike blue red silver grey
		security shop police officer registered main further additional possible suspected alleged named given provided stated supplied
		recorded known trace traced confirmed identified available held seen entered ref record details do use created`},
}

// counted are the nouns that a number follows only where nobody was named.
var counted = set("male|males|female|females|suspect|suspects|offender|offenders|person|persons|victim|witness|nominal|subject")

// unknownPairs say in two words that the name is not known.
var unknownPairs = set(`not known|not named|not given|not stated|not provided|not recorded|not identified|not traced|not supplied
	|not confirmed|not available|not disclosed|n k|u k|n a|n n|no name|no names|no trace|name unknown|not yet|yet known|not held|do not`)

// describers follow a noun when a description takes the place of a name.
var describers = strings.Fields(`of in on at with from who wearing using driving by outside near s`)

func build() map[string]class {
	out := map[string]class{}
	for _, c := range classWords {
		for _, w := range strings.Fields(c.words) {
			out[w] = c.class
		}
	}
	return out
}

func set(list string) map[string]bool {
	out := map[string]bool{}
	for phrase := range strings.SplitSeq(list, "|") {
		out[strings.Join(strings.Fields(phrase), " ")] = true
	}
	return out
}
