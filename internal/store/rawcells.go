package store

import (
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// A rawCell is a cell as received. JSON holds text only, so a cell with broken
// bytes is kept as {"base64": "…"}: a quarantined row loses nothing.
type rawCell string

type brokenCell struct {
	Base64 string `json:"base64"`
}

func (c rawCell) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(c)) {
		return json.Marshal(string(c))
	}
	return json.Marshal(brokenCell{base64.StdEncoding.EncodeToString([]byte(c))})
}

func (c *rawCell) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(c))
	}
	var broken brokenCell
	if err := json.Unmarshal(b, &broken); err != nil {
		return err
	}
	bytes, err := base64.StdEncoding.DecodeString(broken.Base64)
	*c = rawCell(bytes)
	return err
}

// encodeCells is the stored form of a row as received.
func encodeCells(cells []string) string {
	for _, c := range cells {
		if !utf8.ValidString(c) {
			raw := make([]rawCell, len(cells))
			for i, c := range cells {
				raw[i] = rawCell(c)
			}
			return asJSON(raw)
		}
	}
	return asJSON(cells)
}

func decodeCells(stored string) ([]string, error) {
	var raw []rawCell
	if err := json.Unmarshal([]byte(stored), &raw); err != nil {
		return nil, err
	}
	cells := make([]string, len(raw))
	for i, c := range raw {
		cells[i] = string(c)
	}
	return cells, nil
}
