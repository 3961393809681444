package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"

	"lookback/internal/casefile"
)

// A Manifest is extract.json: where an extract came from.
type Manifest struct {
	Force         string
	System        string
	SystemVersion string
	ExtractedAt   casefile.Date
	ExtractedBy   string // a role
	Query         string // the selection that was run, verbatim
	WindowFrom    casefile.Date
	WindowTo      casefile.Date
	Synthetic     bool
	Files         []ManifestFile
	Unknown       map[string]json.RawMessage // fields that this version does not know

	SHA256 string // of extract.json, hexadecimal
	Raw    []byte // extract.json as received
}

// A ManifestFile is what extract.json says of one file.
type ManifestFile struct {
	Name   string `json:"name"`
	Rows   *int64 `json:"rows"` // nil if it does not say
	SHA256 string `json:"sha256"`
}

const maxManifest = 16 << 20

// ParseManifest reads extract.json. Errors name the field, its value and what
// was expected.
func ParseManifest(data []byte) (*Manifest, error) {
	var said struct {
		Force         string         `json:"force"`
		System        string         `json:"system"`
		SystemVersion string         `json:"system_version"`
		ExtractedAt   string         `json:"extracted_at"`
		ExtractedBy   string         `json:"extracted_by"`
		Query         string         `json:"query"`
		WindowFrom    string         `json:"window_from"`
		WindowTo      string         `json:"window_to"`
		Synthetic     bool           `json:"synthetic"`
		Files         []ManifestFile `json:"files"`
	}
	fields := map[string]json.RawMessage{}
	for _, v := range []any{&fields, &said} {
		if err := decodeJSON(data, v, looseFields); err != nil {
			return nil, refuse("%s cannot be read: %s.", manifestName, jsonFault(data, err))
		}
	}
	sum := sha256.Sum256(data)
	m := &Manifest{
		Force: said.Force, System: said.System, SystemVersion: said.SystemVersion, ExtractedBy: said.ExtractedBy,
		Query: said.Query, Synthetic: said.Synthetic, Files: said.Files,
		Unknown: map[string]json.RawMessage{}, SHA256: hex.EncodeToString(sum[:]), Raw: data,
	}
	for name, value := range fields {
		if !manifestFields[name] {
			m.Unknown[name] = value
		}
	}
	for _, d := range []struct {
		name, text string
		to         *casefile.Date
	}{
		{"extracted_at", said.ExtractedAt, &m.ExtractedAt},
		{"window_from", said.WindowFrom, &m.WindowFrom},
		{"window_to", said.WindowTo, &m.WindowTo},
	} {
		date, err := casefile.ParseDate(d.text)
		if err != nil {
			return nil, refuse(`%s, field %q: %q is not a date; expected one such as 2014-03-09 or 2014-03-09T21:40.`, manifestName, d.name, cut(d.text))
		}
		*d.to = date
	}
	return m, m.checkFiles()
}

var manifestFields = map[string]bool{
	"force": true, "system": true, "system_version": true, "extracted_at": true, "extracted_by": true,
	"query": true, "window_from": true, "window_to": true, "synthetic": true, "files": true,
}

func (m *Manifest) checkFiles() error {
	seen := map[string]bool{}
	for i, f := range m.Files {
		key := strings.ToLower(f.Name)
		switch hash, err := hex.DecodeString(f.SHA256); {
		case isBlank(f.Name):
			return refuse(`%s: file %d of "files" has no "name".`, manifestName, i+1)
		case seen[key]:
			return refuse(`%s: "files" lists %s twice.`, manifestName, cut(f.Name))
		case f.SHA256 != "" && (err != nil || len(hash) != sha256.Size):
			return refuse(`%s: the "sha256" of %s is %q; expected 64 hexadecimal digits.`, manifestName, cut(f.Name), cut(f.SHA256))
		case f.Rows != nil && *f.Rows < 0:
			return refuse(`%s: the "rows" of %s is %d; expected zero or more.`, manifestName, cut(f.Name), *f.Rows)
		}
		seen[key] = true
	}
	return nil
}

// file returns what the manifest says of a file, nil if nothing.
func (m *Manifest) file(name string) *ManifestFile {
	if m == nil {
		return nil
	}
	for i := range m.Files {
		if strings.EqualFold(manifestPath(m.Files[i].Name), name) {
			return &m.Files[i]
		}
	}
	return nil
}

func manifestPath(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "./")
}

func (x *Extract) loadManifest() error {
	for _, name := range x.names {
		if !strings.EqualFold(name, manifestName) {
			continue
		}
		r, _, err := x.place.open(x.prefix + name)
		if err != nil {
			return err
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
		if err != nil {
			return readFault(name, err)
		}
		if len(data) > maxManifest {
			return refuse("%s is larger than %s; expected a short description of the extract.", name, size(maxManifest))
		}
		x.Manifest, err = ParseManifest(data)
		return err
	}
	return nil
}

// agree compares a file with what the manifest says of it.
func (m *Manifest) agree(name, sha string) error {
	said := m.file(name)
	if said == nil || said.SHA256 == "" || strings.EqualFold(said.SHA256, sha) {
		return nil
	}
	return refuse("%s is not the file that %s describes: expected SHA-256 %s, found %s. Nothing was read; ask for the extract again.",
		name, manifestName, strings.ToLower(said.SHA256), sha)
}

func (m *Manifest) agreeRows(name string, rows int64) error {
	said := m.file(name)
	if said == nil || said.Rows == nil || *said.Rows == rows {
		return nil
	}
	return refuse("%s has %d rows, but %s says %d. Nothing was read; ask for the extract again.", name, rows, manifestName, *said.Rows)
}

// checkOtherFiles compares what the manifest lists beside tables: documents, and
// files that are not read. It says so where a table is not listed.
func (x *Extract) checkOtherFiles() error {
	if x.Manifest == nil {
		return nil
	}
	there := map[string]string{}
	for _, full := range x.place.names() {
		name := strings.TrimPrefix(full, x.prefix)
		there[strings.ToLower(name)] = name
	}
	for _, said := range x.Manifest.Files {
		name, ok := there[strings.ToLower(manifestPath(said.Name))]
		if !ok {
			return refuse("%s lists %s, which is not in the extract. Nothing was read; ask for the extract again.", manifestName, cut(said.Name))
		}
		if x.scans[name] != nil || said.SHA256 == "" {
			continue
		}
		sum, err := x.hash(name)
		if err != nil {
			return err
		}
		if err := x.Manifest.agree(name, sum); err != nil {
			return err
		}
	}
	for _, f := range x.Files {
		if len(x.Manifest.Files) > 0 && x.Manifest.file(f.name) == nil {
			f.note("%s does not list %s, so nothing vouches for it.", manifestName, f.name)
		}
	}
	return nil
}

func (x *Extract) hash(name string) (string, error) {
	r, _, err := x.place.open(x.prefix + name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", readFault(name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
