package scope

import (
	"fmt"
	"strconv"
	"strings"
)

// separator stands between the values of an encoded case. No text of a case
// holds it: it is a control character that Encode drops.
const separator = "\x1f"

// Encode returns the case as one line of text, for whoever stores it.
func (c Case) Encode() string {
	b := make([]byte, 0, 8*len(c))
	for i, v := range c {
		if i > 0 {
			b = append(b, separator...)
		}
		switch v.kind {
		case notKnown:
			b = append(append(b, '?'), strings.ReplaceAll(v.text, separator, "")...)
		case none:
			b = append(b, '-')
		case yesNo:
			b = strconv.AppendInt(append(b, '!'), v.n, 10)
		case number:
			b = strconv.AppendInt(append(b, '#'), v.n, 10)
		case text:
			b = append(append(b, '='), strings.ReplaceAll(v.text, separator, "")...)
		case span:
			b = strconv.AppendInt(append(b, '@'), int64(v.first), 10)
			if v.last != v.first {
				b = strconv.AppendInt(append(b, ','), int64(v.last), 10)
			}
		}
	}
	return string(b)
}

// Decode reads what Encode wrote, into c where it has room.
func (c Case) Decode(s string) (Case, error) {
	c = c[:0]
	for rest, more := s, true; more; {
		var field string
		field, rest, more = strings.Cut(rest, separator)
		v, err := decodeValue(field)
		if err != nil {
			return nil, fmt.Errorf("fact %d of a stored case: %w", len(c), err)
		}
		c = append(c, v)
	}
	return c, nil
}

func decodeValue(s string) (Value, error) {
	if s == "" {
		return Value{}, fmt.Errorf("is empty")
	}
	body := s[1:]
	switch s[0] {
	case '?':
		return NotKnown(body), nil
	case '-':
		return None(), nil
	case '=':
		return Words(body), nil
	case '!', '#':
		n, err := strconv.ParseInt(body, 10, 64)
		if s[0] == '!' {
			return Value{kind: yesNo, n: n}, err
		}
		return Value{kind: number, n: n}, err
	case '@':
		from, to, two := strings.Cut(body, ",")
		if !two {
			to = from
		}
		first, err := strconv.ParseInt(from, 10, 32)
		if err != nil {
			return Value{}, err
		}
		last, err := strconv.ParseInt(to, 10, 32)
		return Days(int32(first), int32(last)), err
	}
	return Value{}, fmt.Errorf("begins with %q", s[0])
}
