package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

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
func asset(name string) string { return "/static/" + name + "?v=" + assetHash(name) }

var assetHashes sync.Map

func assetHash(name string) string {
	if h, ok := assetHashes.Load(name); ok {
		return h.(string)
	}
	b, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		return "missing"
	}
	sum := sha256.Sum256(b)
	h := hex.EncodeToString(sum[:6])
	assetHashes.Store(name, h)
	return h
}

func (s *Site) sendStatic(w http.ResponseWriter, r *request) error {
	name := path.Join("static", path.Clean("/"+r.PathValue("file")))
	if info, err := fs.Stat(staticFiles, name); err != nil || info.IsDir() {
		return casefile.Errorf(casefile.NotFound, "There is no such file.")
	}
	if r.URL.Query().Get("v") == assetHash(strings.TrimPrefix(name, "static/")) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	http.ServeFileFS(w, r.Request, staticFiles, name)
	return nil
}

// caseAddress is the address of a case's page.
func caseAddress(id casefile.CaseID) string { return "/cases/" + url.PathEscape(string(id)) }
