package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"lookback/internal/casefile"
)

// Files as they are sent: styles, scripts, fonts. How the vendored ones are made
// stands in static/README.md.
//
//go:embed static/*.css static/*.svg static/js static/vendor
var staticFiles embed.FS

var staticRoutes = []route{
	{"GET /static/{file...}", anyone, (*Site).sendStatic},
}

// asset is the address of a static file, with a hash of its content so that it
// may be kept for ever.
func asset(name string) (string, error) {
	f, err := sendable(name)
	if err != nil {
		return "", fmt.Errorf("there is no static file %s", name)
	}
	return "/static/" + name + "?v=" + f.hash, nil
}

// A staticFile is a static file as it is sent.
type staticFile struct {
	plain, zipped []byte
	hash          string
}

var sents sync.Map // by name: *staticFile

func sendable(name string) (*staticFile, error) {
	if f, ok := sents.Load(name); ok {
		return f.(*staticFile), nil
	}
	b, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	f := &staticFile{plain: b, zipped: gzipped(b), hash: hex.EncodeToString(sum[:6])}
	sents.Store(name, f)
	return f, nil
}

func (s *Site) sendStatic(w http.ResponseWriter, r *request) error {
	name := strings.TrimPrefix(path.Clean("/"+r.PathValue("file")), "/")
	f, err := sendable(name)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "There is no such file.")
	}
	h := w.Header()
	if r.URL.Query().Get("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("Vary", "Accept-Encoding")
	body, tag := f.plain, f.hash
	if takesGzip(r.Request) && len(f.zipped) < len(f.plain) {
		h.Set("Content-Encoding", "gzip")
		body, tag = f.zipped, f.hash+"-gzip"
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r.Request, name, time.Time{}, bytes.NewReader(body))
	return nil
}

// caseAddress is the address of a case's page.
func caseAddress(id casefile.CaseID) string { return "/cases/" + url.PathEscape(string(id)) }
