package synth

import "strings"

// A named is one name with what it is also written as and shortened to.
type named struct {
	base      string
	spellings []string
	short     []string
}

func names(list string) []named {
	var out []named
	for _, word := range strings.Fields(list) {
		word = strings.ReplaceAll(word, "_", " ")
		parts := strings.Split(word, "~")
		forms := strings.Split(parts[0], "/")
		out = append(out, named{forms[0], forms[1:], parts[1:]})
	}
	return out
}

var traditionWeights = func() []int {
	w := make([]int, len(traditions))
	for i, t := range traditions {
		w[i] = t.weight
	}
	return w
}()

// A fullName is what a person is called, before anybody writes it down.
type fullName struct {
	given  named
	middle named // zero if none
	family named
	second named // of a double surname, or the surname before or after a marriage
}

// drawName names a person of a tradition. A family, where given, is kept: the
// people of one household share it.
func drawName(r *rng, t *tradition, male bool, family *named) fullName {
	given := t.female
	if male {
		given = t.male
	}
	n := fullName{given: pick(r, given), family: pick(r, t.family), second: pick(r, t.family)}
	switch {
	case t.patronymic:
		n.middle, n.family = pick(r, t.male), pick(r, t.family)
	case t.fathers:
		n.middle = named{base: fathersName(pick(r, t.male).base, male)}
	case r.in(420):
		n.middle = pick(r, given)
	}
	if n.middle.base == n.given.base {
		n.middle = named{}
	}
	if family != nil {
		n.family = *family
	}
	return n
}

// fathersName makes a Cyrillic patronymic by the common rules: Ivan gives
// Ivanovich and Ivanovna, Andrei gives Andreevich and Andreevna.
func fathersName(father string, son bool) string {
	stem, middle := father, "ov"
	if last := father[len(father)-1]; strings.IndexByte("iyay", last) >= 0 {
		stem, middle = strings.TrimRight(father, "iya"), "ev"
	}
	if son {
		return stem + middle + "ich"
	}
	return stem + middle + "na"
}

// feminine gives a woman's form of a surname that has one.
func feminine(family string) string {
	for _, end := range []string{"ski", "cki", "dzki"} {
		if strings.HasSuffix(family, end) {
			return family[:len(family)-1] + "a"
		}
	}
	for _, end := range []string{"ov", "ev", "yov", "in"} {
		if strings.HasSuffix(family, end) {
			return family + "a"
		}
	}
	return family
}

// A written name is what one record holds.
type written struct{ surname, forenames string }

// plain writes a name as its bearer would.
func (n fullName) plain(t *tradition, male bool) written {
	family := n.family.base
	if t.feminine && !male {
		family = feminine(family)
	}
	if t.double {
		family += " " + n.second.base
	}
	forenames := n.given.base
	if n.middle.base != "" {
		forenames += " " + n.middle.base
	}
	return written{family, forenames}
}

// Ways in which a record departs from a person's name.
const (
	spelledOtherwise Trap = "name: other spelling or transliteration"
	petName          Trap = "name: nickname"
	orderSwapped     Trap = "name: order swapped"
	middleDropped    Trap = "name: middle name or patronymic dropped"
	fathersSurname   Trap = "name: father's name as surname"
	doubleCut        Trap = "name: double surname shortened or joined"
	otherMarriage    Trap = "name: maiden or married name"
	brothersForm     Trap = "name: surname in the other gender's form"
	initialOnly      Trap = "name: initial only"
	typed            Trap = "name: typing error"
)

// vary returns the name as another record holds it. The kinds of variant are
// those of the tradition, never those of a role.
func (n fullName) vary(r *rng, t *tradition, male bool) (written, Trap) {
	plain := n.plain(t, male)
	for range 6 {
		if v, kind := n.tryVary(r, t, male, plain); v != plain {
			return v, kind
		}
	}
	return written{plain.surname, string([]rune(n.given.base)[0])}, initialOnly
}

// tryVary tries one kind of variant; a name to which it does not apply comes
// back as it was.
func (n fullName) tryVary(r *rng, t *tradition, male bool, plain written) (written, Trap) {
	switch r.weighted([]int{40, 14, 10, 9, 10, 6, 11}) {
	case 0:
		return n.respell(r, t, male), spelledOtherwise
	case 1:
		if len(n.given.short) > 0 {
			return written{plain.surname, pick(r, n.given.short)}, petName
		}
	case 2:
		if t.familyFirst || t.patronymic || r.in(400) {
			return written{plain.forenames, plain.surname}, orderSwapped
		}
	case 3:
		return n.withoutMiddle(r, t, plain)
	case 4:
		return n.otherSurname(r, t, male, plain)
	case 5:
		return written{plain.surname, string([]rune(n.given.base)[0])}, initialOnly
	case 6:
		return mistype(r, plain), typed
	}
	return plain, ""
}

func (n fullName) respell(r *rng, t *tradition, male bool) written {
	changed := false
	for _, part := range []*named{&n.given, &n.family, &n.middle, &n.second} {
		if len(part.spellings) > 0 && (!changed || r.in(500)) {
			part.base, changed = pick(r, part.spellings), true
		}
	}
	return n.plain(t, male)
}

func (n fullName) withoutMiddle(r *rng, t *tradition, plain written) (written, Trap) {
	if t.patronymic && r.in(500) {
		return written{n.middle.base, n.given.base}, fathersSurname
	}
	return written{plain.surname, n.given.base}, middleDropped
}

func (n fullName) otherSurname(r *rng, t *tradition, male bool, plain written) (written, Trap) {
	switch {
	case t.double:
		return written{pick(r, []string{n.family.base, n.second.base, n.family.base + "-" + n.second.base}), plain.forenames}, doubleCut
	case t.feminine && !male && r.in(500):
		return written{n.family.base, plain.forenames}, brothersForm
	case !male && !t.patronymic:
		return written{n.second.base, plain.forenames}, otherMarriage
	}
	return plain, ""
}

// mistype makes one error of a keyboard: two letters swapped, one dropped, one
// doubled or one replaced by a neighbour.
func mistype(r *rng, w written) written {
	field := &w.surname
	if r.in(450) {
		field = &w.forenames
	}
	text := []rune(*field)
	if len(text) < 4 {
		return w
	}
	at := r.between(1, len(text)-2)
	switch r.below(4) {
	case 0:
		text[at], text[at+1] = text[at+1], text[at]
	case 1:
		text = append(text[:at], text[at+1:]...)
	case 2:
		text = append(text[:at+1], text[at:]...)
	case 3:
		text[at] = beside(text[at])
	}
	*field = string(text)
	return w
}

// beside returns a letter that lies next to c on a keyboard, or "e".
func beside(c rune) rune {
	const rows = "qwertyuiopasdfghjklzxcvbnm"
	if at := strings.IndexRune(rows, c); at > 0 {
		return rune(rows[at-1])
	}
	return 'e'
}
