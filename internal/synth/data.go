package synth

import (
	"slices"

	"lookback/internal/casefile"
)

// Force and System name the maker of every synthetic extract.
const (
	Force  = "Westmere Constabulary (made up)"
	System = "SYNTH"
)

// A typology is the kind of a case, as truth/cases.csv writes it.
type typology int

const (
	groupExploitation typology = iota
	intraFamilial
	peerOnPeer
	institutional
	online
	gang
	otherKind
)

var typologyNames = [...]string{"group_exploitation", "intra_familial", "peer_on_peer", "institutional", "online", "gang", "other"}

func (t typology) String() string { return typologyNames[t] }

var (
	typologyInNetwork = []int{780, 0, 40, 30, 40, 90, 20}
	typologyInGroup   = []int{480, 110, 160, 50, 70, 90, 40}
	typologyInOthers  = []int{0, 380, 160, 70, 230, 20, 140}
)

// An offence is an entry of the Home Office list, with its recording class and
// its sub-code.
type offence struct {
	class, code, title string
	sex                byte // of the victim: 'f', 'm' or 0 for either
	from, to           int  // the victim's age
	contact            bool
	year               int // first year in which it could be recorded
	kinds              []typology
}

var offences = []offence{
	{"19D", "019/07", "Rape of a girl aged 13 to 15", 'f', 13, 15, true, 0, nil},
	{"19C", "019/08", "Rape of a female aged 16 or over", 'f', 16, 99, true, 0, nil},
	{"19G", "019/09", "Rape of a boy aged 13 to 15", 'm', 13, 15, true, 0, nil},
	{"19E", "019/16", "Rape of a girl under 13", 'f', 0, 12, true, 0, nil},
	{"19H", "019/17", "Rape of a boy under 13", 'm', 0, 12, true, 0, nil},
	{"19J", "", "Rape of a female - multiple undefined offenders", 'f', 0, 99, true, 0, []typology{groupExploitation, gang}},
	{"20A", "020/05", "Sexual assault, female aged 13 or over", 'f', 13, 99, true, 0, nil},
	{"17A", "017/15", "Sexual assault, male aged 13 or over", 'm', 13, 99, true, 0, nil},
	{"20B", "020/06", "Sexual assault of a girl under 13", 'f', 0, 12, true, 0, nil},
	{"17B", "017/16", "Sexual assault of a boy under 13", 'm', 0, 12, true, 0, nil},
	{"22B", "022/18", "Sexual activity with a girl aged 13 to 15, offender 18 or over", 'f', 13, 15, true, 0, []typology{groupExploitation, gang, otherKind}},
	{"22B", "022/22", "Sexual activity with a girl aged 13 to 15, offender under 18", 'f', 13, 15, true, 0, []typology{peerOnPeer}},
	{"23", "023/22", "Sexual activity with a girl family member aged 13 to 17, offender 18 or over", 'f', 13, 17, true, 0, []typology{intraFamilial}},
	{"23", "023/24", "Sexual activity with a girl family member under 13, offender 18 or over", 'f', 0, 12, true, 0, []typology{intraFamilial}},
	{"23", "023/25", "Sexual activity with a boy family member under 13, offender 18 or over", 'm', 0, 12, true, 0, []typology{intraFamilial}},
	{"73", "073/07", "Abuse of position of trust, girl aged 13 to 17", 'f', 13, 17, true, 0, []typology{institutional}},
	{"73", "073/08", "Abuse of position of trust, boy aged 13 to 17", 'm', 13, 17, true, 0, []typology{institutional}},
	{"88A", "088/01", "Adult meeting a girl under 16 following grooming", 'f', 10, 15, false, 0, []typology{groupExploitation, online}},
	{"88A", "088/02", "Adult meeting a boy under 16 following grooming", 'm', 10, 15, false, 0, []typology{groupExploitation, online}},
	{"71", "071/17", "Sexual communication with a child", 0, 0, 15, false, 2017, []typology{online, peerOnPeer}},
	{"71", "071/01", "Arranging or facilitating the commission of a child sex offence", 0, 0, 15, false, 0, []typology{online, groupExploitation}},
	{"71", "071/08", "Causing or inciting the sexual exploitation of a child aged 13 to 17", 0, 13, 17, false, 0, []typology{groupExploitation, gang, online}},
	{"71", "071/10", "Arranging or facilitating the sexual exploitation of a child aged 13 to 17", 0, 13, 17, false, 0, []typology{groupExploitation, gang}},
	{"72", "072/02", "Trafficking within the UK for sexual exploitation", 0, 0, 17, false, 0, []typology{groupExploitation, gang}},
	{"106", "036/08", "Human trafficking: arranging or facilitating travel for exploitation", 0, 0, 17, false, 2015, []typology{groupExploitation, gang}},
	{"86", "086/02", "Taking, making or distributing indecent images of a child", 0, 0, 17, false, 0, []typology{online, peerOnPeer, institutional}},
	{"86", "086/10", "Possessing an indecent image of a child", 0, 0, 17, false, 0, []typology{online}},
	{"13", "013/02", "Child abduction by another person: taking or detaining", 0, 0, 15, false, 0, []typology{groupExploitation, otherKind}},
}

// A closure is a way in which an investigation ends.
type closure struct {
	code   string
	nfa    bool
	cps    int // in a thousand, decided by the CPS; otherwise by the police
	weight int
	from   casefile.Day
	reason string
}

// Outcomes of the framework of 2013, with and without a suspect on record.
var (
	withSuspect = []closure{
		{"1", false, 0, 130, 0, "Charged"}, {"2", false, 0, 8, 0, "Youth caution"}, {"3", false, 0, 10, 0, "Adult caution"},
		{"4", false, 0, 3, 0, "Taken into consideration"}, {"5", true, 200, 12, 0, "Suspect deceased"},
		{"8", false, 0, 10, 0, "Community resolution"}, {"9", true, 1000, 12, fullCodes, "Not in the public interest"},
		{"10", true, 0, 20, fullCodes, "Not in the public interest"}, {"11", true, 0, 5, fullCodes, "Suspect under age"},
		{"12", true, 200, 5, fullCodes, "Suspect too ill"}, {"13", true, 200, 6, fullCodes, "Key witness too ill"},
		{"15", true, 260, 380, fullCodes, "Evidential difficulties, victim supports"},
		{"16", true, 90, 300, fullCodes, "Evidential difficulties, victim does not support"},
		{"17", true, 100, 4, fullCodes, "Time limit expired"}, {"20", false, 0, 35, 0, "Transferred to another body"},
		{"21", true, 0, 25, casefile.DayOf(2016, 1, 1), "Further investigation not in the public interest"},
		{"22", false, 0, 10, casefile.DayOf(2019, 4, 1), "Diversionary activity"}, {"NC", false, 0, 30, 0, "Cancelled"},
	}
	withoutSuspect = []closure{
		{"14", false, 0, 300, fullCodes, "No suspect identified, victim does not support"},
		{"18", false, 0, 560, fullCodes, "Investigation complete, no suspect identified"},
		{"20", false, 0, 50, 0, "Transferred to another body"}, {"NC", false, 0, 80, 0, "Cancelled"},
	}
	before2013WithSuspect = []closure{
		{"SD-charge", false, 0, 130, 0, "Charged"}, {"SD-caution-adult", false, 0, 10, 0, "Cautioned"}, {"SD-youth", false, 0, 8, 0, "Reprimand"},
		{"NSD", true, 100, 40, 0, "Non-sanction detection"}, {"ND-suspect", true, 60, 380, 0, "Undetected, suspect on record"},
		{"NFA-police", true, 0, 260, 0, "No further action"}, {"NFA-cps-evid", true, 1000, 120, 0, "Insufficient evidence"},
		{"NFA-cps-pi", true, 1000, 15, 0, "Not in the public interest"}, {"NC", false, 0, 40, 0, "No crime"},
	}
	before2013WithoutSuspect = []closure{
		{"ND-nosuspect", false, 0, 900, 0, "Undetected, no suspect"}, {"NC", false, 0, 100, 0, "No crime"},
	}
	localCodes = []closure{
		{"WM-FILED", true, 0, 50, 0, "Filed"}, {"WM-INT", true, 0, 20, 0, "Intelligence only"}, {"WM-NFA1", true, 100, 30, 0, "Local no further action"},
	}
)

var areas = []string{"Harbourside", "Northmoor", "Eastgate", "Vale", "Castlebridge", "Westfield"}

var unitKinds = []string{"Child Abuse Investigation", "CID", "Response", "Missing Persons", "Neighbourhood", "Public Protection"}

var units = func() (out []string) {
	for _, a := range areas {
		for _, k := range unitKinds {
			out = append(out, a+" "+k)
		}
	}
	return append(out, "Online Investigation", "Force Intelligence")
}()

// A place is a kind of shared premises with the names that it may have.
type place struct {
	kind  string
	names []string
}

var places = []place{
	{"care_home", []string{"Larch House", "Beacon View", "Willow Court", "Harbour Lodge", "Fernleigh", "The Gables"}},
	{"hostel", []string{"Station Road Hostel", "Quayside Hostel", "Foyer Project", "Bridge Hostel"}},
	{"hospital", []string{"Westmere General Hospital", "Castlebridge Infirmary"}},
	{"police_station", []string{"Harbourside Custody Suite", "Northmoor Custody Suite", "Castlebridge Custody Suite"}},
	{"school", []string{"Northmoor Academy", "Vale High School", "Eastgate School", "Harbour College"}},
	{"takeaway", []string{"Golden Fry", "Corner Grill", "Pizza Stop", "Night Kebab", "Quick Chicken"}},
	{"taxi_office", []string{"Arrow Cars", "Central Cars", "Quay Taxis", "Vale Cabs"}},
	{"hotel", []string{"Bridge Lodge", "Station Hotel", "Marina Inn", "Ring Road Lodge"}},
	{"park", []string{"Castle Park", "Quayside Gardens", "Northmoor Recreation Ground"}},
	{"prison", []string{"HMP Westmere (made up)"}},
	{"other", []string{"Snooker Hall", "Bus Station", "Car Park Level 3", "Arcade", "Retail Park"}},
}

// publicPlaces are those at which a narrative may put somebody.
var publicPlaces = slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.kind == "police_station" || p.kind == "prison" })

var streets = []string{"Mill", "Station", "Church", "Park", "Victoria", "Albert", "Queen", "Quarry", "Canal", "Chapel", "School", "Garden", "Orchard", "Spring", "Meadow", "Bridge", "Castle", "Harbour", "Windmill", "Foundry", "Cedar", "Maple", "Rowan", "Linden", "Poplar", "Priory", "Abbey", "Granary", "Tannery", "Ropewalk", "Beacon", "Heath", "Moor", "Vale", "Ferry", "Lighthouse", "Market", "Corn", "Wharf", "Union"}

var streetKinds = []string{"Road", "Street", "Lane", "Avenue", "Close", "Terrace", "Way", "Court", "Gardens", "Drive"}

// dramaNumbers are the ranges that Ofcom keeps for drama: no subscriber has, or
// will have, one of them. Each stands for a thousand numbers.
var dramaNumbers = []string{"07700 900", "020 7946 0", "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0", "0141 496 0", "0151 496 0", "0161 496 0", "0191 498 0", "01632 960", "03069 990"}

var occupations = []string{"Student", "Unemployed", "Driver", "Shop assistant", "Chef", "Labourer", "Care worker", "Cleaner", "Teacher", "Mechanic", "Warehouse operative", "Security guard", "Office worker", "Taxi driver", "Delivery driver", "Electrician", "Builder", "Nurse", "Barber", "Waiter", "Retired", "Carer", "Coach", "Youth worker"}

var vehicleKinds = []string{"car", "van", "taxi", "hatchback", "saloon", "people carrier", "moped"}

var colours = []string{"black", "silver", "white", "blue", "grey", "red", "dark", "green"}

var placeholderNames = []struct{ surname, forenames string }{
	{"UNKNOWN", "MALE %d"}, {"UNKNOWN MALE %d", ""}, {"UNKNOWN", "SUSPECT %d"}, {"NOT KNOWN", "MALE"}, {"UNKNOWN", "UNKNOWN"}, {"MALE %d", "UNIDENTIFIED"}, {"U/K MALE", "%d"}, {"UNK", "MALE"}, {"SUSPECT %d", "UNKNOWN"},
}

var nicknames = []string{"Biggs", "Smiler", "Shorty", "Ace", "Tiny", "Blue", "Moose", "Zed", "Slim", "Boxer", "Dutch", "Razz", "Mac", "Chips", "Doc", "Lucky"}

var retainedKinds = []string{"mobile phone", "laptop", "clothing", "swab", "CCTV footage", "note", "tablet", "bedding", "vehicle", "SIM card", "memory stick", "recorded interview"}

var relationships = [...][]string{
	groupExploitation: {"stranger", "acquaintance", "known to victim", "met in town", ""},
	intraFamilial:     {"parent", "step-parent", "sibling", "uncle", "grandparent", "cousin"},
	peerOnPeer:        {"school friend", "peer", "acquaintance", "ex partner"},
	institutional:     {"teacher", "carer", "coach", "youth worker", "faith leader"},
	online:            {"met online", "stranger", "unknown"},
	gang:              {"acquaintance", "known to victim", "peer", ""},
	otherKind:         {"neighbour", "family friend", "stranger", "lodger", ""},
}
