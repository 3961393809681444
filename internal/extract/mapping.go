package extract

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// A Mapping says which of a system's tables and columns feed ours. The nil
// Mapping is for extracts that use our names already.
type Mapping struct {
	Version  int    `json:"version"`            // of this format: 1
	Name     string `json:"name"`               // as an import report calls it
	Revision string `json:"revision,omitempty"` // of the mapping itself, in its author's words
	Note     string `json:"note,omitempty"`
	// System names the system whose references these are, where extract.json
	// does not.
	System string                           `json:"system,omitempty"`
	Dates  DateOrder                        `json:"dates,omitempty"`
	Tables map[casefile.Table]*TableMapping `json:"tables"`
}

// A TableMapping is the part of a mapping for one table. Columns that it does
// not mention are found by our own names.
type TableMapping struct {
	// File holds the names of the files or sheets that feed the table, compared
	// without regard to case; "*" and "?" stand for any text and any character.
	File Names `json:"file,omitempty"`
	// Columns says for each of our columns which of theirs feeds it. The cells of
	// several are joined with a space, in a list column with ";".
	Columns map[string]Names `json:"columns,omitempty"`
	// Values says for each of our columns what the system's words are in ours.
	Values    map[string]map[string]string `json:"values,omitempty"`
	Dates     DateOrder                    `json:"dates,omitempty"`
	Constants map[string]string            `json:"constants,omitempty"`
}

// Names is one name or a list of names.
type Names []string

func (n *Names) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*n = Names{one}
		return nil
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return errors.New("expected a name or a list of names")
	}
	*n = list
	return nil
}

func (n Names) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// A DateOrder says how a system writes dates besides ISO 8601.
type DateOrder string

const (
	ISODates DateOrder = "iso"
	UKDates  DateOrder = "uk" // day first: 09/03/2014, 9-Mar-2014
)

// mappingVersion is the version of the format that this code reads.
const mappingVersion = 1

const maxMapping = 4 << 20

// ParseMapping reads a mapping from its JSON text. Errors name what is wrong
// and where.
func ParseMapping(data []byte) (*Mapping, error) {
	if len(data) > maxMapping {
		return nil, refuse("The mapping is larger than %s; expected a list of column names.", size(maxMapping))
	}
	m := &Mapping{}
	if err := decodeJSON(data, m, strictFields); err != nil {
		return nil, refuse("The mapping cannot be read: %s.", jsonFault(data, err))
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Mapping) check() error {
	if m.Version != mappingVersion {
		return refuse(`The mapping says "version": %d; expected 1.`, m.Version)
	}
	if strings.TrimSpace(m.Name) == "" {
		return refuse(`The mapping has no "name".`)
	}
	if err := m.Dates.check("The mapping"); err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(m.Tables)) {
		schema := casefile.SchemaOf(table)
		if schema == nil {
			return refuse(`The mapping %s names a table %q; expected one of %s.`, m.Name, cut(string(table)), tableNames())
		}
		t := m.Tables[table]
		if t == nil {
			return refuse(`The mapping %s says null for the table %s; expected an object.`, m.Name, table)
		}
		if err := t.check(m.Name, schema); err != nil {
			return err
		}
	}
	return nil
}

func (d DateOrder) check(what string) error {
	if d != "" && d != ISODates && d != UKDates {
		return refuse(`%s says "dates": %q; expected "iso" or "uk".`, what, cut(string(d)))
	}
	return nil
}

func (t *TableMapping) check(name string, s *casefile.Schema) error {
	what := "The mapping " + name + ", table " + string(s.Table) + ","
	if err := t.Dates.check(what); err != nil {
		return err
	}
	for _, pattern := range t.File {
		if _, err := path.Match(pattern, ""); err != nil || strings.TrimSpace(pattern) == "" {
			return refuse(`%s says "file": %q; expected the name of a file or sheet.`, what, cut(pattern))
		}
	}
	for _, column := range slices.Sorted(maps.Keys(t.Columns)) {
		if err := ourColumn(what, "columns", s, column); err != nil {
			return err
		}
		if len(t.Columns[column]) == 0 || slices.ContainsFunc(t.Columns[column], isBlank) {
			return refuse(`%s gives no heading for %q; expected one of the file's headings.`, what, column)
		}
		if _, both := t.Constants[column]; both {
			return refuse(`%s gives %q both a heading and a constant; expected one of them.`, what, column)
		}
	}
	return t.checkValues(what, s)
}

func (t *TableMapping) checkValues(what string, s *casefile.Schema) error {
	for _, column := range slices.Sorted(maps.Keys(t.Values)) {
		if err := ourColumn(what, "values", s, column); err != nil {
			return err
		}
		c := &s.Columns[s.Column(column)]
		for _, theirs := range slices.Sorted(maps.Keys(t.Values[column])) {
			if ours := t.Values[column][theirs]; !takes(c, ours) {
				return refuse(`%s turns %q into %q for %q; expected %s.`, what, cut(theirs), cut(ours), column, expected(c, ISODates))
			}
		}
	}
	for _, column := range slices.Sorted(maps.Keys(t.Constants)) {
		if err := ourColumn(what, "constants", s, column); err != nil {
			return err
		}
		c := &s.Columns[s.Column(column)]
		if v := t.Constants[column]; v == "" || !takes(c, v) {
			return refuse(`%s gives %q the constant %q; expected %s.`, what, column, cut(v), expected(c, ISODates))
		}
	}
	return nil
}

func ourColumn(what, where string, s *casefile.Schema, column string) error {
	if s.Column(column) >= 0 {
		return nil
	}
	var names []string
	for _, c := range s.Columns {
		names = append(names, c.Name)
	}
	return refuse(`%s names a column %q under %q%s; expected one of %s.`,
		what, cut(column), where, didYouMean(column, names), strings.Join(names, ", "))
}

func tableNames() string {
	var names []string
	for i := range casefile.Schemas {
		names = append(names, string(casefile.Schemas[i].Table))
	}
	return strings.Join(names, ", ")
}

// table returns the part of the mapping for a table, empty if there is none.
func (m *Mapping) table(t casefile.Table) *TableMapping {
	if m != nil && m.Tables[t] != nil {
		return m.Tables[t]
	}
	return &TableMapping{}
}

// dates returns how dates are written in a table.
func (m *Mapping) dates(t casefile.Table) DateOrder {
	if d := m.table(t).Dates; d != "" || m == nil {
		return d
	}
	return m.Dates
}

// JSON returns the mapping as a file that ParseMapping reads back.
func (m *Mapping) JSON() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		panic("extract: a mapping holds nothing but text: " + err.Error())
	}
	return out.Bytes()
}

// SHA256 identifies what the mapping says, in hexadecimal; "" for nil.
func (m *Mapping) SHA256() string {
	if m == nil {
		return ""
	}
	sum := sha256.Sum256(m.JSON())
	return hex.EncodeToString(sum[:])
}

//go:embed mappings/*.json
var shippedFiles embed.FS

// Shipped returns the names of the mappings that come with Lookback.
func Shipped() []string {
	entries, err := shippedFiles.ReadDir("mappings")
	if err != nil {
		panic("extract: the shipped mappings are missing: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// LoadMapping returns the shipped mapping of that name, or else reads the file.
func LoadMapping(nameOrPath string) (*Mapping, error) {
	if name := strings.ToLower(nameOrPath); slices.Contains(Shipped(), name) {
		data, err := shippedFiles.ReadFile("mappings/" + name + ".json")
		if err != nil {
			return nil, err
		}
		return ParseMapping(data)
	}
	data, err := os.ReadFile(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound("There is no mapping %q: neither a file nor one of those that come with Lookback (%s).",
			nameOrPath, strings.Join(Shipped(), ", "))
	}
	if err != nil {
		return nil, readFault(nameOrPath, err)
	}
	m, err := ParseMapping(data)
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s: %s", nameOrPath, casefile.Message(err))
	}
	return m, nil
}
