package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
)

// refuse makes an error about input that is wrong.
func refuse(format string, args ...any) error {
	return casefile.Errorf(casefile.Invalid, format, args...)
}

func notFound(format string, args ...any) error {
	return casefile.Errorf(casefile.NotFound, format, args...)
}

// refuseFor is refuse with a cause for the operator, which the message leaves out.
func refuseFor(cause error, format string, args ...any) error {
	return &casefile.Error{Kind: casefile.Invalid, Message: fmt.Sprintf(format, args...), Err: cause}
}

// readFault says why a file could not be opened or read. An error that already
// speaks to the user passes unchanged.
func readFault(name string, err error) error {
	kind, message := casefile.Broken, "%s cannot be read to its end; is the disk or the share still connected?"
	switch {
	case casefile.KindOf(err) != "":
		return err
	case errors.Is(err, fs.ErrNotExist):
		kind, message = casefile.NotFound, "There is no file or folder %s."
	case errors.Is(err, fs.ErrPermission):
		kind, message = casefile.Forbidden, "%s may not be read by this account; ask for read permission on it."
	}
	return &casefile.Error{Kind: kind, Message: fmt.Sprintf(message, name), Err: err}
}

// cut shortens a value for a message to 80 characters, on one line, whatever bytes it holds.
func cut(s string) string {
	const most = 80
	head := s[:min(len(s), 4*most+utf8.UTFMax)]
	head = strings.ToValidUTF8(head, "\ufffd")
	n := 0
	for i := range head {
		if n == most {
			return head[:i] + "…"
		}
		n++
	}
	return head
}

// size writes a number of bytes as people say it.
func size(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n < u.bytes {
			continue
		}
		if n%u.bytes == 0 {
			return fmt.Sprintf("%d %s", n/u.bytes, u.name)
		}
		return fmt.Sprintf("%.1f %s", float64(n)/float64(u.bytes), u.name)
	}
	return fmt.Sprintf("%d bytes", n)
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// oneOf writes a list of words for a sentence: "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = `"` + cut(w) + `"`
	}
	return out
}

const (
	strictFields = true
	looseFields  = false
)

// decodeJSON reads one JSON object, with or without a byte-order mark, into v.
// A name that stands twice is an error, and so is anything after the object.
func decodeJSON(data []byte, v any, strict bool) error {
	data = bytes.TrimPrefix(data, utf8BOM)
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8 text")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("something follows its closing brace")
	}
	return doubledName(json.NewDecoder(bytes.NewReader(data)))
}

// doubledName reports the first name that stands twice in one object, of which
// encoding/json would silently take the last.
func doubledName(dec *json.Decoder) error {
	var walk func() error
	walk = func() error {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		d, ok := t.(json.Delim)
		if !ok {
			return nil
		}
		seen := map[string]bool{}
		for dec.More() {
			if d == '{' {
				name, err := dec.Token()
				if err != nil {
					return err
				}
				if s := fmt.Sprint(name); seen[s] {
					return fmt.Errorf("%q stands twice in one object", cut(s))
				} else {
					seen[s] = true
				}
			}
			if err := walk(); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	}
	return walk()
}

// jsonFault says in words what is wrong with a JSON text, and on which line.
func jsonFault(data []byte, err error) string {
	data = bytes.TrimPrefix(data, utf8BOM)
	at := func(offset int64) int {
		return 1 + bytes.Count(data[:min(max(offset, 0), int64(len(data)))], newline)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("line %d is not JSON (%s)", at(e.Offset), e.Error())
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := e.Field
		if field == "" {
			field = "the whole"
		}
		return fmt.Sprintf("line %d: %s holds a %s where another kind of value was expected", at(e.Offset), field, e.Value)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
