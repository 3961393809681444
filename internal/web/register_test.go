package web

import (
	"net/http"
	"strings"
	"testing"
)

// registerPages are the pages of what the register holds, with who opens them.
var registerPages = []struct{ id, path string }{
	{"records", "/imports"}, {"analyst", "/imports?mendings=y"}, {"records", "/imports/new"}, {"records", "/imports/1"},
	{"records", "/quarantine"}, {"supervisor.one", "/quarantine"}, {"inspector", "/quality"}, {"inspector", "/quality?table=nominals"},
	{"inspector", "/quality?table=nominals&field=self_defined_ethnicity"}, {"inspector", "/terms"}, {"panel", "/terms/national-all-victims"},
	{"panel", "/terms/compare?from=in-force&to=national-two-victims"}, {"supervisor.one", "/terms/compare?from=in-force&to=national-two-victims&cases=y"},
	{"panel", "/terms/known-on?of=in-force&on=2019-01-01"}, {"supervisor.one", "/terms/new"}, {"analyst", "/groups"},
	{"inspector", "/ledger"}, {"supervisor.one", "/ledger"}, {"disclosure", "/ledger"}, {"disclosure", "/ledger/3"}, {"inspector", "/ledger/3"},
	{"inspector", "/ledger/state"}, {"admin", "/backup"}, {"records", "/jobs"},
}

func TestEveryPageOfTheRegisterOpens(t *testing.T) {
	s := newSite(t)
	for _, p := range registerPages {
		a := s.as(t, p.id).get(p.path)
		if a.Status == http.StatusSeeOther && strings.HasPrefix(a.To, "/jobs/") {
			t.Errorf("%s as %s: a register of 120 cases is slow to count", p.path, p.id)
			continue
		}
		if a.Status != http.StatusOK {
			t.Errorf("%s as %s: %d %s", p.path, p.id, a.Status, a.said())
		}
	}
}
