package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"mime"
	"net/http"

	"lookback/internal/ledger"
	"lookback/internal/publish"
)

var exportRoutes = []route{}

// sendTable sends a table without personal data as a file, in the format that
// ?format= asks for (csv, xlsx). The file is an event with its hash. It is made
// whole before anything is sent, so that a fault leaves no half file; it is for
// figures, not for lists that grow with the register.
func (s *Site) sendTable(w http.ResponseWriter, r *request, name string, header []string, rows iter.Seq2[[]string, error]) error {
	format, err := publish.ParseFormat(r.URL.Query().Get("format"))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	sheet, err := publish.NewSheet(&b, format, header...)
	if err != nil {
		return err
	}
	n := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := sheet.Row(row...); err != nil {
			return err
		}
		n++
	}
	if err := sheet.End(); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	file := s.fileName(name, string(format))
	err = s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ExportWritten, Purpose: "review", Subject: name, Body: map[string]any{
		"file": file, "rows": n, "sha256": hex.EncodeToString(sum[:]), "query": r.URL.RawQuery,
	}})
	if err != nil {
		return err
	}
	attach(w, file, format.MediaType())
	_, err = b.WriteTo(w)
	if err != nil {
		s.Log.Debug("reader gone", "path", r.URL.Path)
	}
	return nil
}

// fileName names a file by what it holds and the day.
func (s *Site) fileName(name, ending string) string {
	return fmt.Sprintf("lookback-%s-%s.%s", name, s.now().Format("2006-01-02"), ending)
}

// attach makes the answer a file to keep.
func attach(w http.ResponseWriter, file, mediaType string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
}
