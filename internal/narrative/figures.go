package narrative

// small returns the value of one or two digits, 0 for anything that cannot
// count people: more digits, or a leading nought, which dates and codes have.
func small(s string) int {
	if len(s) == 0 || len(s) > 2 || s[0] == '0' {
		return 0
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// number reads the digits at start and whatever clings to them.
func (r *reader) number(start int) int {
	end, parts, opaque := r.figures(start)
	switch r.at(start - 1) {
	case '#', '$', '@':
		opaque = true
	case 0xA3: // the second byte of the pound sign
		opaque = true
	}
	if opaque || r.at(end) == '%' {
		for isWordByte(r.at(end)) {
			end++
		}
		return r.opaque(start, end)
	}
	if parts == 1 && isLetter(r.at(end)) {
		return r.numberWord(start, end)
	}
	end = start
	for isDigit(r.at(end)) {
		end++
	}
	r.count(start, end)
	return end
}

// figures returns where a run of digits and separators ends, how many parts it
// has, and whether it can be no count: a decimal, a clock time, a date.
func (r *reader) figures(start int) (end, parts int, opaque bool) {
	end, parts = start, 1
	separators := 0
	for {
		for isDigit(r.at(end)) {
			end++
		}
		sep := r.at(end)
		if !isDigit(r.at(end + 1)) {
			return end, parts, opaque || separators > 1
		}
		switch sep {
		case '.', ':':
			opaque = true
		case '-', '/':
			separators++
		case ',':
			if !isDigit(r.at(end+2)) || !isDigit(r.at(end+3)) {
				return end, parts, opaque || separators > 1 // a list: 1,2
			}
			opaque = true
		default:
			return end, parts, opaque || separators > 1
		}
		parts++
		end++
	}
}

func (r *reader) count(start, end int) {
	t := token{start: start, end: end, kind: opaque}
	if n := small(r.text[start:end]); n > 0 {
		t.kind, t.traits, t.n = digits, number, uint8(n)
	} else if r.text[start:end] == "0" {
		t.kind, t.traits = digits, nought
	}
	r.tokens = append(r.tokens, t)
}

// numberWord reads digits with letters on them: "2x", "2males", "2nd", "15yo".
func (r *reader) numberWord(start, letters int) int {
	end := letters
	for isLetter(r.at(end)) {
		end++
	}
	if isDigit(r.at(end)) {
		for isWordByte(r.at(end)) {
			end++
		}
		return r.opaque(start, end)
	}
	n, m := small(r.text[start:letters]), lookup(r.text[letters:end])
	switch suffix := r.text[letters:end]; {
	case m.traits&(person|times) != 0 && m.traits&initial == 0:
		r.count(start, letters)
		return letters
	case n > 0 && n < 20 && isOrdinal(suffix):
		r.tokens = append(r.tokens, token{start: start, end: end, meaning: meaning{traits: ordinal, n: uint8(n)}})
		return end
	case m.traits&ageUnit != 0:
		r.opaque(start, end)
		r.tokens[len(r.tokens)-1].traits = ageUnit
		return end
	}
	return r.opaque(start, end)
}

func isOrdinal(s string) bool {
	if len(s) != 2 {
		return false
	}
	switch string([]byte{s[0] | 0x20, s[1] | 0x20}) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}
