package intake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/extract"
	"lookback/internal/store"
)

// A sorter decides for each row of one table whether it is accepted, quarantined
// or already held. Memory: about 50 bytes a row of the table, held or new.
type sorter struct {
	table  casefile.Table
	schema *casefile.Schema
	system string
	files  []string // read so far, the last being read
	header []string // of the last
	order  []int    // cells by heading, so that moved columns change nothing
	keys   []int
	refs   []reference
	known  *references

	held        []heldRow
	byContent   map[uint64]int32 // content of a held row -> index in held
	heldKeys    map[int64][]int32
	here        map[int64]spot    // key -> place, of what this extract has brought so far
	copies      map[uint64]bool   // contents met in this extract
	outstanding map[uint64]bool   // contents of rows that lie in quarantine already
	quarantined map[int64][]int64 // key -> rows that lie in quarantine
	renewed     map[int64][]int64 // key -> new rows, for keys that were held
}

type heldRow struct {
	id, key int64
	again   bool // this extract brought it again
}

// A spot is where a row stands in an extract.
type spot struct{ file, line int32 }

// A reference is a column that must point to something held.
type reference struct {
	column int
	name   string
	table  casefile.Table
	noun   string
}

var referred = []reference{
	{name: "crime_ref", table: casefile.Investigations, noun: "investigation"},
	{name: "nominal_ref", table: casefile.Nominals, noun: "nominal"},
	{name: "address_ref", table: casefile.Addresses, noun: "address"},
	{name: "identifier_ref", table: casefile.Identifiers, noun: "identifier"},
}

func newSorter(ctx context.Context, tx *store.Tx, system string, table casefile.Table, known *references) (*sorter, error) {
	s := &sorter{
		table: table, schema: casefile.SchemaOf(table), system: system, known: known,
		byContent: map[uint64]int32{}, heldKeys: map[int64][]int32{}, here: map[int64]spot{}, copies: map[uint64]bool{},
		outstanding: map[uint64]bool{}, quarantined: map[int64][]int64{}, renewed: map[int64][]int64{},
	}
	for _, k := range s.schema.Key {
		s.keys = append(s.keys, s.schema.Column(k))
	}
	for _, r := range referred {
		if r.column = s.schema.Column(r.name); r.column >= 0 && r.table != table {
			s.refs = append(s.refs, r)
		}
	}
	for h, err := range tx.HeldRows(ctx, table) {
		if err != nil {
			return nil, err
		}
		content := binary.BigEndian.Uint64(h.Content[:])
		if h.Reason != "" {
			s.outstanding[content] = true
			s.quarantined[h.KeyHash] = append(s.quarantined[h.KeyHash], h.ID)
			continue
		}
		i := int32(len(s.held))
		s.held = append(s.held, heldRow{id: h.ID, key: h.KeyHash})
		s.byContent[content] = i
		s.heldKeys[h.KeyHash] = append(s.heldKeys[h.KeyHash], i)
	}
	return s, nil
}

// begin starts a file of the table. All files of a table go through one sorter,
// so that what stands in two of them is noticed.
func (s *sorter) begin(file string, header []string) {
	s.files, s.header = append(s.files, file), header
	s.order = make([]int, len(header))
	for i := range header {
		s.order[i] = i
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return strings.Compare(header[a], header[b]) })
}

// A state is where a row ends. There are three, and every row has one.
type state int

const (
	accepted state = iota
	quarantined
	held
)

// sort decides. The row it returns is to be stored as row id, unless stored is
// false: then the register has it already.
func (s *sorter) sort(r extract.Row, id int64) (row store.Row, st state, stored bool) {
	row = store.Row{Line: r.Line, Raw: r.Raw, Values: r.Values}
	row.Content = s.content(r.Raw)
	content := binary.BigEndian.Uint64(row.Content[:])
	row.KeyHash = s.key(r, row.Content)
	i, ok := s.byContent[content]
	if s.copies[content] || ok && s.held[i].again {
		return row, held, false
	}
	if ok {
		if row.Reason, row.Problem = s.twice(r, row.KeyHash); row.Reason == "" {
			s.held[i].again = true
			return row, held, false
		}
	}
	if row.Reason == "" {
		row.Reason, row.Problem = s.problem(r)
	}
	if row.Reason == "" {
		row.Reason, row.Problem, row.WaitsFor = s.dangling(r)
	}
	if row.Reason == "" {
		row.Reason, row.Problem = s.twice(r, row.KeyHash)
	}
	if row.Reason != "" {
		s.known.lost(s.ownID(r), s.table, r.Line)
		again := s.outstanding[content]
		s.outstanding[content] = true
		return row, quarantined, !again
	}
	s.copies[content] = true
	if len(s.heldKeys[row.KeyHash]) > 0 {
		s.renewed[row.KeyHash] = append(s.renewed[row.KeyHash], id)
	}
	s.known.add(s.ownID(r))
	return row, accepted, true
}

func (s *sorter) problem(r extract.Row) (reason, column string) {
	if len(r.Problems) == 0 {
		return "", ""
	}
	var sentences []string
	for _, p := range r.Problems {
		sentences = append(sentences, p.Sentence)
	}
	return strings.Join(sentences, " "), r.Problems[0].Column
}

// dangling says which thing the row refers to and that is not here.
func (s *sorter) dangling(r extract.Row) (reason, column, waitsFor string) {
	for _, ref := range s.refs {
		v := r.Values[ref.column]
		if v == "" {
			continue
		}
		id := s.system + ":" + v
		if s.known.has(id) {
			continue
		}
		if line, ok := s.known.quarantined(id); ok {
			return fmt.Sprintf("Its %s %s is itself in quarantine (line %d of %s): mend that first.", ref.noun, short(v), line, ref.table), ref.name, id
		}
		return fmt.Sprintf("There is no %s %s, neither in this extract nor in the register: add it, or correct the reference.", ref.noun, short(v)), ref.name, id
	}
	return "", "", ""
}

// twice says whether this extract has brought another row about the same thing,
// where a key names one thing only.
func (s *sorter) twice(r extract.Row, key int64) (reason, column string) {
	before, again := s.here[key]
	if again && s.schema.Single {
		var parts []string
		for _, k := range s.keys {
			parts = append(parts, s.schema.Columns[k].Name+" "+short(r.Values[k]))
		}
		return fmt.Sprintf("%s stands twice in this extract with different content, first on line %d%s: keep one.", strings.Join(parts, ", "), before.line, s.elsewhere(before)), s.schema.Key[0]
	}
	if !again {
		s.here[key] = spot{int32(len(s.files)), int32(r.Line)}
	}
	return "", ""
}

// elsewhere names the file of a spot, if it is not the one being read.
func (s *sorter) elsewhere(at spot) string {
	if int(at.file) == len(s.files) {
		return ""
	}
	return " of " + s.files[at.file-1]
}

// supersede pairs new rows with held rows of the same key that this extract did
// not bring again: the new are later versions of the old.
func (s *sorter) supersede(say func(old, new int64)) {
	for key, ids := range s.renewed {
		for _, i := range s.heldKeys[key] {
			if len(ids) == 0 {
				break
			}
			if !s.held[i].again {
				say(s.held[i].id, ids[0])
				ids = ids[1:]
			}
		}
	}
}

// mended says which quarantined rows an accepted row puts right.
func (s *sorter) mended(key int64) []int64 {
	ids := s.quarantined[key]
	delete(s.quarantined, key)
	return ids
}

// ownID is the id of the thing a row describes, "" if it describes none.
func (s *sorter) ownID(r extract.Row) string {
	if !s.schema.Single || len(s.keys) != 1 || s.table == casefile.Documents || s.keys[0] >= len(r.Values) || r.Values[s.keys[0]] == "" {
		return ""
	}
	return s.system + ":" + r.Values[s.keys[0]]
}

// content is a digest over the cells as received, each under its heading. Empty
// cells count for nothing: an added empty column changes no row.
func (s *sorter) content(raw []string) (sum [16]byte) {
	h := sha256.New()
	h.Write([]byte(s.table + "\x1e" + casefile.Table(s.system)))
	for _, i := range s.order {
		if i < len(raw) && raw[i] != "" {
			fmt.Fprintf(h, "\x1e%s\x1f%s", s.header[i], raw[i])
		}
	}
	for _, extra := range raw[min(len(raw), len(s.header)):] {
		fmt.Fprintf(h, "\x1e\x1f%s", extra)
	}
	copy(sum[:], h.Sum(nil))
	return sum
}

// key says which thing the row is about. A row whose key cannot be read is about
// itself alone.
func (s *sorter) key(r extract.Row, content [16]byte) int64 {
	h := sha256.New()
	h.Write([]byte(s.table + "\x1e" + casefile.Table(s.system)))
	some := false
	for _, k := range s.keys {
		v := ""
		if k < len(r.Values) {
			v = r.Values[k]
		}
		some = some || v != ""
		h.Write([]byte("\x1e" + v))
	}
	if !some {
		h.Write(content[:])
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// short cuts a value for a sentence.
func short(v string) string {
	if r := []rune(v); len(r) > 60 {
		v = string(r[:60]) + "…"
	}
	return v
}

// references knows which things are here, by a 64-bit digest of their ids: of a
// million ids two agree by chance once in some ten million registers.
type references struct {
	here map[uint64]struct{}
	bad  map[uint64]int32 // line of a quarantined row that would have been it
}

func newReferences() *references {
	return &references{map[uint64]struct{}{}, map[uint64]int32{}}
}

func idHash(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:])
}

func (r *references) add(id string) {
	if id != "" {
		r.here[idHash(id)] = struct{}{}
	}
}

func (r *references) lost(id string, table casefile.Table, line int) {
	if id != "" {
		r.bad[idHash(id)] = int32(line)
	}
}

func (r *references) has(id string) bool {
	_, ok := r.here[idHash(id)]
	return ok
}

func (r *references) quarantined(id string) (line int, ok bool) {
	l, ok := r.bad[idHash(id)]
	return int(l), ok
}
