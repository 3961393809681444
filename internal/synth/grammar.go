package synth

import (
	"strconv"
	"strings"
)

// A template is a sentence of the grammar: words, slots and choices in order.
type template []piece

// A piece is fixed text, a slot (one option that is a name), or a choice.
type piece struct {
	text    string
	slot    string
	options []template
}

func parse(sentences ...string) []template {
	out := make([]template, len(sentences))
	for i, s := range sentences {
		out[i], _ = parseUntil(s, "")
	}
	return out
}

// parseUntil reads pieces up to one of the stop characters at this level and
// returns what is left, which begins with that character.
func parseUntil(s, stop string) (template, string) {
	var t template
	for s != "" && !strings.ContainsRune(stop, rune(s[0])) {
		if s[0] != '{' {
			end := strings.IndexAny(s, "{"+stop)
			if end < 0 {
				end = len(s)
			}
			t, s = append(t, piece{text: s[:end]}), s[end:]
			continue
		}
		var p piece
		p, s = parseBraces(s[1:])
		t = append(t, p)
	}
	return t, s
}

func parseBraces(s string) (piece, string) {
	var options []template
	for {
		var o template
		o, s = parseUntil(s, "|}")
		options = append(options, o)
		if s == "" {
			panic("synth: a brace in the grammar is not closed")
		}
		closing := s[0] == '}'
		s = s[1:]
		if closing {
			break
		}
	}
	if len(options) == 1 && len(options[0]) == 1 {
		return piece{slot: options[0][0].text}, s
	}
	return piece{options: options}, s
}

// A voice says the sentences of one case: it draws the choices and fills slots.
type voice struct {
	r       *rng
	buf     []byte
	victim  []string // ways of naming the victim
	suspect []string
	witness string
	male    bool // the victim
	area    string
	street  string
	mark    string
	date    string
	stated  count
}

func (v *voice) say(t template) string {
	v.buf = v.buf[:0]
	v.put(t)
	return string(v.buf)
}

func (v *voice) put(t template) {
	for _, p := range t {
		switch {
		case p.slot != "":
			v.putSlot(p.slot)
		case p.options != nil:
			v.put(p.options[v.r.below(len(p.options))])
		default:
			v.buf = append(v.buf, p.text...)
		}
	}
}

// putSlot writes a slot; a slot with a capital begins a sentence.
func (v *voice) putSlot(name string) {
	at := len(v.buf)
	lower := strings.ToLower(name)
	v.buf = append(v.buf, v.slot(lower)...)
	if lower != name && v.buf[at] >= 'a' && v.buf[at] <= 'z' {
		v.buf[at] -= 'a' - 'A'
	}
}

func (v *voice) slot(name string) string {
	if words := slotWords[name]; words != nil {
		return pick(v.r, words)
	}
	switch name {
	case "victim":
		return pick(v.r, v.victim)
	case "suspect":
		return pick(v.r, v.suspect)
	case "witness":
		return v.witness
	case "n":
		return v.stated.text
	case "place":
		return pick(v.r, pick(v.r, publicPlaces).names)
	case "street":
		return v.street
	case "area":
		return v.area
	case "unit", "unit2":
		return pick(v.r, units)
	case "vehicle":
		return pick(v.r, vehicleKinds)
	case "colour":
		return pick(v.r, colours)
	case "officer":
		return pick(v.r, ranks[:3]) + " " + collar(v.r)
	case "supervisor":
		return pick(v.r, ranks[3:]) + " " + collar(v.r)
	case "ref":
		return "INC " + strconv.Itoa(v.r.between(100, 9999))
	case "exhibit":
		return "SYN/" + strconv.Itoa(v.r.between(1, 40))
	case "mark":
		return v.mark
	case "date":
		return v.date
	case "time":
		return string(put2(put2(nil, v.r.below(24)), v.r.below(60)))
	}
	return v.pronoun(name)
}

func (v *voice) pronoun(name string) string {
	his := map[string]string{"he": "she", "his": "her", "him": "her", "himself": "herself"}
	hers, ok := his[name]
	switch {
	case !ok:
		panic("synth: the grammar has no slot " + name)
	case v.male:
		return name
	}
	return hers
}

var ranks = []string{"PC", "DC", "TDC", "DS", "PS", "DI"}

// collar returns an officer's number. Letters and range are our own.
func collar(r *rng) string { return "WM" + strconv.Itoa(r.between(1000, 9899)) }

// A count is a number of suspects as a text puts it. Low is the least that the
// text commits to, high the most, 0 where it sets no upper end.
type count struct {
	text      string
	low, high int
	ranged    bool
}

var numberWords = []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

func numeral(r *rng, n int) string {
	if n < len(numberWords) && r.in(550) {
		return numberWords[n]
	}
	return strconv.Itoa(n)
}

// countOf words the number n, of males alone or of males and a female.
func countOf(r *rng, n int, nouns []noun) count {
	w := pick(r, nouns)
	if n == 1 {
		article := "a "
		if strings.ContainsRune("aeiou", rune(w.one[0])) {
			article = "an "
		}
		return count{pick(r, []string{article, "one ", "1 "}) + w.one, 1, 1, false}
	}
	switch k := r.below(100); {
	case k < 10 && n < 8:
		return rangeOf(r, n, w)
	case k < 16 && n >= 3:
		return count{pick(r, []string{"several ", "a group of ", "a number of "}) + w.many, 2, 0, true}
	case k < 20 && n == 2:
		return count{"a pair of " + w.many, 2, 2, false}
	case k < 26:
		return count{strconv.Itoa(n) + " x " + w.many, n, n, false}
	case k < 32 && n >= 3:
		return count{numeral(r, n-1) + " " + w.many + " and a female", n, n, false}
	case k < 36:
		return count{"at least " + numeral(r, n) + " " + w.many, n, 0, false}
	}
	return count{numeral(r, n) + " " + w.many, n, n, false}
}

func rangeOf(r *rng, n int, w noun) count {
	join := pick(r, []string{" or ", " to ", "-", "/"})
	low, high := strconv.Itoa(n), strconv.Itoa(n+1)
	if join == " or " || join == " to " {
		low, high = numberWords[n], numberWords[n+1]
	}
	return count{low + join + high + " " + w.many, n, n + 1, true}
}
