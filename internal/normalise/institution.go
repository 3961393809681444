package normalise

import "strings"

// Institution reports whether a place, telephone or vehicle belongs to an
// institution instead of to people: many share it who have nothing else in common,
// so it ties nobody to anybody. It is read from the type of premises, in any
// spelling, and from the words of a description.
//
// A description that only mentions an institution ("near the hospital", "school
// friend's phone") is not one. Takeaways and parks are not institutions here: the
// cap on how many people may share a thing looks after busy ones.
func Institution(premisesType, description string) bool {
	if institutions[Fold(premisesType)] {
		return true
	}
	text := strings.Fields(Fold(description))
	for i := range text {
		if n := institutionAt(text, i); n > 0 && !mentioned(text, i, i+n) {
			return true
		}
	}
	return false
}

// institutions are the types of premises and the phrases of one to three words.
var institutions = set(`care home|childrens home|children s home|residential home|residential unit|nursing home|foster agency|supported accommodation|supported living|semi independent
	|hostel|youth hostel|refuge|womens refuge|shelter|night shelter|foyer
	|hotel|motel|guest house|guesthouse|bed and breakfast|b b
	|custody|custody suite|police station|police front office|front counter|custody phone|detention centre|immigration centre
	|solicitor|solicitors|law firm|legal representative|appropriate adult service
	|switchboard|main line|mainline|main number|main office|main reception|reception|reception desk|front desk|call centre|helpline|hotline|support line|crisis line|duty phone|duty mobile|duty line
	|office line|office phone|office number|payphone|pay phone|phone box|telephone box|public phone|communal phone|residents phone|ward phone
	|hospital|hospital ward|a e|clinic|surgery|gp surgery|gp practice|health centre|medical centre|sexual health clinic|camhs|walk in centre|hospice
	|school|academy|college|university|pupil referral unit|pru|nursery|sixth form
	|taxi office|taxi firm|taxi company|taxi base|cab office|cab firm|minicab office|minicab firm|taxi rank
	|prison|hmp|yoi|young offender institution|secure unit|secure training centre|probation|probation office|approved premises|bail hostel|youth offending team|yot
	|social services|social care|childrens services|children s services|social worker|council|local authority|borough council|county council|housing association|housing office|job centre|jobcentre
	|charity|charity office|community centre|youth club|youth centre|youth service|drop in centre|advice centre|food bank|library|leisure centre
	|church|mosque|temple|synagogue|gurdwara|place of worship
	|pool car|pool vehicle|pool van|fleet car|fleet vehicle|works van|work van|works vehicle|company car|company van|company vehicle|hire car|hire vehicle|hire van|rental car|rental vehicle|rental van|courtesy car
	|patrol car|police car|police vehicle|police van|ambulance|minibus|bus|school bus|magistrates court|crown court|taxi pool|driving school|dealership|garage courtesy car`)

// institutionAt returns the number of words of the institution named at i, the
// longest, 0 if there is none.
func institutionAt(text []string, i int) int {
	for n := min(3, len(text)-i); n > 0; n-- {
		if institutions[strings.Join(text[i:i+n], " ")] {
			return n
		}
	}
	return 0
}

// mentioned reports whether the words from i to end only say where something is,
// what a street is called or whose friend somebody is. A possessive belongs to a person: "charity s
// phone", "social worker s son".
func mentioned(text []string, i, end int) bool {
	if i > 0 && text[i-1] == "the" {
		i--
	}
	if i > 0 && near[text[i-1]] || i > 1 && near[text[i-2]+" "+text[i-1]] {
		return true
	}
	return end < len(text) && (belongs[text[end]] || end+1 < len(text) && text[end] == "s" && belongs[text[end+1]])
}

var near = set(`near|opposite|outside|behind|beside|by|past|towards|from|left at|seen at|seen outside|next to|close to|not|no|ex|former|formerly|worked at|works at|attends|attended`)

var belongs = set(`friend|friends|mate|mates|boyfriend|girlfriend|son|daughter|brother|sister|cousin|mother|father|worker|driver|student|pupil|teacher
	|road|street|lane|avenue|close|drive|hill|way|gardens|row|bag|uniform|leaver|house|view|court|green|park|place|square|terrace|crescent|grove|mews|rise|walk|cottage|cottages|flats|apartments`)
