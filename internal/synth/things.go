package synth

import (
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// A sharedPlace is premises that many cases meet: an institution with its
// switchboard, a takeaway, a taxi office, a park.
type sharedPlace struct{ address, phone string }

// Kinds of identifier of one person or network, the low bits of its number.
const (
	phoneThing = iota
	vehicleThing
	onlineThing
	secondPhone
)

func (g *generator) addressRef(id personID, version int) string {
	return "A" + pad(int64(g.scramble.number(uint64(id)<<2|uint64(version))^0x2aaaaaaaa), 11)
}

func (g *generator) identifierRef(id personID, thing int) string {
	return "I" + pad(int64(g.scramble.number(uint64(id)<<2|uint64(thing))^0x133333333), 11)
}

// writePlaces writes the shared premises and, for most of them, a switchboard.
// Their number grows slowly with the force, so that each serves many cases.
func (g *generator) writePlaces() {
	n := 0
	for _, p := range places {
		for copies := range min(1+g.plan.records/6000, 60) {
			for _, name := range p.names {
				n++
				g.places[p.kind] = append(g.places[p.kind], g.writePlace(n, p.kind, name, copies))
			}
		}
	}
	g.writeFirms(n)
}

// writeFirms writes solicitors' phones and pool cars. Half of them do not say
// what they are.
func (g *generator) writeFirms(n int) {
	t := g.table(casefile.Identifiers)
	for k := range 8 + g.plan.records/3000 {
		id := institution(n + 1 + k)
		r := newRNG(g.seed, placeStrand, uint64(id))
		phone, car := g.identifierRef(id, phoneThing), g.identifierRef(id, vehicleThing)
		t.row(phone, "phone", g.nextPhone(), pick(&r, []string{"solicitor", "duty solicitor", "", "office"}), "")
		t.row(car, "vehicle", g.nextMark(), pick(&r, []string{"pool car", "hire car", "", "taxi"}), "")
		g.solicitors, g.poolCars = append(g.solicitors, phone), append(g.poolCars, car)
	}
}

func (g *generator) writePlace(n int, kind, name string, copies int) sharedPlace {
	id := institution(n)
	r := newRNG(g.seed, placeStrand, uint64(id))
	at := newAddress(&r)
	if copies > 0 {
		name += " " + areas[copies%len(areas)] + " " + strconv.Itoa(copies)
	}
	sp := sharedPlace{address: g.addressRef(id, 0)}
	g.table(casefile.Addresses).row(sp.address, name+", "+at.text, at.postcode, at.uprn(&r), at.easting, at.northing, premises(&r, kind), "")
	if kind != "park" && kind != "other" {
		sp.phone = g.identifierRef(id, phoneThing)
		g.table(casefile.Identifiers).row(sp.phone, "phone", g.nextPhone(), pick(&r, []string{"switchboard", "office", "", name}), "")
	}
	return sp
}

// premises is the recorded type; one in five shared premises is typed as a
// dwelling or not at all.
func premises(r *rng, kind string) string {
	switch r.below(10) {
	case 0:
		return ""
	case 1:
		return "other"
	}
	return kind
}

// An address in a postcode area that does not exist, east of the national grid.
type address struct {
	number, street, town, postcode string
	text, easting, northing        string
}

func newAddress(r *rng) address {
	a := address{number: strconv.Itoa(r.between(1, 240)), street: pick(r, streets) + " " + pick(r, streetKinds), town: pick(r, areas)}
	const inward = "ABDEFGHJLNPQRSTUWXYZ"
	a.postcode = "ZZ" + strconv.Itoa(r.between(1, 29)) + " " + strconv.Itoa(r.below(10)) + string(inward[r.below(20)]) + string(inward[r.below(20)])
	a.easting, a.northing = strconv.Itoa(r.between(800_000, 899_999)), strconv.Itoa(r.between(300_000, 399_999))
	a.text = a.number + " " + a.street + ", " + a.town + ", Westmere"
	return a
}

func (a address) uprn(r *rng) string {
	if r.in(500) {
		return ""
	}
	return "9999" + pad(int64(r.below(100_000_000)), 8)
}

// home writes a person's address when it is met first. Version 1 is the same
// place recorded once more, written otherwise.
func (g *generator) home(f *facts, id personID, version int, day casefile.Day) string {
	ref := g.addressRef(id, version)
	if !g.isNew(f, addressSpace, id, version) {
		return ref
	}
	r := newRNG(g.seed, placeStrand, uint64(id))
	a := newAddress(&r)
	uprn := a.uprn(&r)
	r = newRNG(g.seed, placeStrand, uint64(id)|uint64(version+1)<<40)
	text, postcode, easting, northing := a.text, a.postcode, a.easting, a.northing
	if version > 0 {
		text, uprn = a.rewritten(&r), ""
	}
	if r.in(120) {
		postcode = strings.ReplaceAll(postcode, " ", "")
	}
	if r.in(300) {
		easting, northing = "", ""
	}
	g.table(casefile.Addresses).row(ref, text, postcode, uprn, easting, northing, "dwelling", g.recordedAt(&r, day, 5))
	return ref
}

func (a address) rewritten(r *rng) string {
	short := strings.NewReplacer("Road", "Rd", "Street", "St", "Avenue", "Ave", "Lane", "Ln", "Terrace", "Terr", "Gardens", "Gdns", "Close", "Cl")
	switch r.below(3) {
	case 0:
		return strings.ToUpper(a.number + " " + short.Replace(a.street))
	case 1:
		return "No " + a.number + " " + short.Replace(a.street) + " " + a.town
	}
	return "Flat 1, " + a.number + " " + a.street
}

// nextPhone gives out the numbers that are kept for drama, each once. An extract
// of more than some sixteen thousand phones goes on in 064, which the national
// plan does not use, so that no two people share a number by accident.
func (g *generator) nextPhone() string {
	n := g.phones
	g.phones++
	if n >= len(dramaNumbers)*1000 {
		n -= len(dramaNumbers) * 1000
		return "064" + pad(int64(n/1_000_000), 2) + " " + pad(int64(n%1_000_000), 6)
	}
	return dramaNumbers[n%len(dramaNumbers)] + pad(int64((n/len(dramaNumbers)*617+311)%1000), 3)
}

// writtenPhone is a number as somebody typed it.
func writtenPhone(r *rng, n string) string {
	switch r.below(6) {
	case 0:
		return strings.ReplaceAll(n, " ", "")
	case 1:
		return "+44" + strings.ReplaceAll(n[1:], " ", "")
	case 2:
		return "0044 " + n[1:]
	}
	return n
}

// nextMark gives out vehicle marks that begin with QQ, which is never issued.
func (g *generator) nextMark() string {
	const letters = "ABCDEFGHJKLMNOPRSTUVWXYZ"
	n := g.marks * 7919 % 1_382_400
	g.marks++
	b := append([]byte("QQ"), '0'+byte(n/10%10), '0'+byte(n%10))
	n /= 100
	for range 3 {
		b = append(b, letters[n%len(letters)])
		n /= len(letters)
	}
	return string(b)
}

// writtenMark is a vehicle mark as somebody typed it, misread now and then.
func (g *generator) writtenMark(r *rng, mark string) string {
	switch k := r.below(100); {
	case k < 10:
		g.trap(VehicleMisread)
		return strings.NewReplacer("0", "O", "1", "I", "O", "0", "I", "1").Replace(mark)
	case k < 16:
		g.trap(VehicleMisread)
		return mark[:4]
	case k < 50:
		return mark[:4] + " " + mark[4:]
	case k < 60:
		return strings.ToLower(mark)
	}
	return mark
}

// identifier writes a phone, a vehicle or an online name when it is met first.
func (g *generator) identifier(f *facts, id personID, thing int, day casefile.Day) string {
	ref := g.identifierRef(id, thing)
	if !g.isNew(f, identifierSpace, id, thing) {
		return ref
	}
	r := newRNG(g.seed, placeStrand, uint64(id)|uint64(thing+1)<<44)
	t := g.table(casefile.Identifiers)
	switch thing {
	case vehicleThing:
		t.row(ref, "vehicle", g.writtenMark(&r, g.nextMark()), pick(&r, colours)+" "+pick(&r, vehicleKinds), g.recordedAt(&r, day, 5))
	case onlineThing:
		kind, value, about := onlineName(&r, ref)
		t.row(ref, kind, value, about, g.recordedAt(&r, day, 5))
	default:
		t.row(ref, "phone", writtenPhone(&r, g.nextPhone()), pick(&r, []string{"mobile", "", "unregistered", "home", "work"}), g.recordedAt(&r, day, 5))
	}
	return ref
}

func onlineName(r *rng, ref string) (kind, value, about string) {
	number := ref[len(ref)-8:]
	switch r.below(10) {
	case 0, 1:
		return "email", strings.ToLower(pick(r, nicknames)) + number + "@example.org", ""
	case 2:
		return "bank", "00-00-00 " + number, "account"
	}
	return "online", "synth_" + strings.ToLower(pick(r, nicknames)) + number, pick(r, []string{"chat", "game", "social media", ""})
}

// somePlace chooses shared premises of one of the kinds.
func (g *generator) somePlace(r *rng, kinds ...string) sharedPlace {
	return pick(r, g.places[pick(r, kinds)])
}
