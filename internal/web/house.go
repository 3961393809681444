package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/store"
)

// Pages that belong to the house and to no stage: help, what is not found, whether
// the server is well.
var houseRoutes = []route{
	{"GET /help", anyone, (*Site).help},
	{"GET /healthz", anyone, (*Site).healthy},
	{"/", anyone, (*Site).nothingHere},
}

// nothingHere answers every address that is no page, in the words of the site.
func (s *Site) nothingHere(http.ResponseWriter, *request) error {
	return casefile.Errorf(casefile.NotFound, "There is no such page. Check the address, or go to your home page and look from there.")
}

// healthy tells a monitor whether the register can be read. It says nothing else.
func (s *Site) healthy(w http.ResponseWriter, r *request) error {
	err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		_, err := tx.Register(r.Context())
		return err
	})
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		s.Log.Error("the register cannot be read", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, err = io.WriteString(w, "the register cannot be read\n")
		return err
	}
	_, err = io.WriteString(w, "ok\n")
	return err
}

// A helpPage explains Lookback to whoever reads it.
type helpPage struct {
	Roles []helpRole
	Menu  []menuEntry
	Words [][2]string
}

type helpRole struct {
	Name, About string
	May         []desk.Act
	Mine        bool
}

func (s *Site) help(w http.ResponseWriter, r *request) error {
	policy := s.Desk.Policy()
	p := helpPage{Menu: menu, Words: helpWords}
	for role, acts := range policy.Roles {
		p.Roles = append(p.Roles, helpRole{string(role), policy.About[role], acts, r.By.Has(role)})
	}
	slices.SortFunc(p.Roles, func(a, b helpRole) int { return strings.Compare(a.Name, b.Name) })
	return s.render(w, r, "help", "Help", p)
}

// helpWords are those that a newcomer stumbles over, as in docs/glossary.md.
var helpWords = [][2]string{
	{"case", "one investigation, as one force recorded it, under review"},
	{"nominal", "a person as recorded in one force's system"},
	{"identity", "nominals held to be one person, with the reason"},
	{"placeholder", "a name that stands for nobody, such as UNKNOWN MALE 1"},
	{"named, unidentified, stated, reached", "the four counts of suspects: with a name; recorded without one; the largest number that one text states; those of other cases that links lead to. They are never added up"},
	{"not recorded, unknown", "nothing says so. Never the same as no"},
	{"extract", "what a force hands over: tables of rows, and documents"},
	{"quarantine", "rows kept aside with a reason, because they could not be read or refer to something that is not here"},
	{"run", "one analysis of everything held; a figure says from which run it is"},
	{"terms of reference", "the criteria that say which cases are in; versions are adopted, never edited"},
	{"known on", "as dated records stood on a day: certain without undated rows, possible with them"},
	{"group", "people held together by ties over two or more cases"},
	{"suggested", "worked out by the program, with the reason. A person decides, and the record shows which"},
	{"present risk", "somebody may be in danger now. It comes before everything else"},
	{"line of enquiry", "something that could be looked into: identified, done, looked and found nothing, not done, still possible"},
	{"action", "a task from a line of enquiry or a decision: for allocation, allocated, resulted, filed"},
	{"decision", "a verdict that two people stand behind; superseded, never edited"},
	{"restricted case", "open to named readers only, and counted in totals"},
	{"ledger", "the list of everything done and read here, sealed so that no line can be changed or taken out unseen"},
}

// gzips are writers to be used again: each holds 800 KB.
var gzips = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, 4)
	if err != nil {
		panic("web: " + err.Error())
	}
	return z
}}

// squeeze compresses a page for a reader whose browser takes it.
//
// A page holds personal data, and may repeat what its address says. Whoever can
// make a browser ask for many such addresses and watch the length of the answers
// learns what they share (BREACH). So only a page that the reader asked for here,
// or by typing its address, is compressed: the browser says so itself.
func squeeze(h http.Header, r *http.Request, page []byte) []byte {
	h.Add("Vary", "Accept-Encoding, Sec-Fetch-Site")
	from := r.Header.Get("Sec-Fetch-Site")
	if len(page) < 2000 || from != "same-origin" && from != "none" || !takesGzip(r) {
		return page
	}
	h.Set("Content-Encoding", "gzip")
	return gzipped(page)
}

func takesGzip(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if name == "gzip" && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzips.Get().(*gzip.Writer)
	defer gzips.Put(z)
	z.Reset(&out)
	// Writing to memory does not fail.
	z.Write(b)
	z.Close()
	return out.Bytes()
}
