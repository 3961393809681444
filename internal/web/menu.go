package web

import (
	"slices"
	"strings"

	"lookback/internal/desk"
)

// A menuEntry is one page of the side navigation. Whether somebody sees it is
// what its route says: the menu has no permissions of its own.
type menuEntry struct {
	Group string
	Path  string
	Label string
	Key   string // after g
}

// menu is the side navigation, in the order of a case's life. The keys are
// documented from here too.
var menu = []menuEntry{
	{"", "/", "Home", "h"},
	{"Now", "/risks", "Present risk", "r"},
	{"Now", "/queue", "My queue", "q"},
	{"Now", "/approvals", "Approvals", "p"},
	{"Now", "/actions", "Actions", "a"},
	{"Cases", "/cases", "Cases", "c"},
	{"Cases", "/searches", "Searches", "s"},
	{"Cases", "/groups", "Groups", "n"},
	{"Cases", "/closed", "Closed cases", "x"},
	{"Cases", "/restricted", "Restricted cases", "z"},
	{"Cases", "/exports", "Exports", "e"},
	{"The team", "/allocation", "Allocation", "o"},
	{"The team", "/deferred", "Deferred cases", "f"},
	{"The team", "/workload", "Workload and pace", "w"},
	{"The team", "/skills", "Skills and training", "v"},
	{"The register", "/terms", "Terms of reference", "t"},
	{"The register", "/imports", "Imports", "i"},
	{"The register", "/quarantine", "Quarantine", "k"},
	{"The register", "/quality", "Data quality", "d"},
	{"The register", "/ledger", "Ledger", "l"},
	{"The register", "/jobs", "Work under way", "j"},
	{"Lookback", "/accounts", "Accounts", "u"},
	{"Lookback", "/access", "Who may do what", "y"},
	{"Lookback", "/backup", "Backup", "b"},
	{"Lookback", "/account", "My account", "m"},
	{"Lookback", "/help", "Help", "?"},
}

// A menuGroup is what the side navigation shows under one heading.
type menuGroup struct {
	Name    string
	Entries []menuLink
}

type menuLink struct {
	menuEntry
	Here bool // the page shown is this one or below it
}

// Menu is the side navigation for whoever looks.
func (v view) Menu() []menuGroup {
	if v.By.ID == "" {
		return nil
	}
	here := v.site.menuHere(v.Path)
	var out []menuGroup
	for _, e := range menu {
		act, ok := v.site.pages.acts[e.Path]
		if !ok || act != anyone && !v.site.can(v.r, act) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Name != e.Group {
			out = append(out, menuGroup{Name: e.Group})
		}
		g := &out[len(out)-1]
		g.Entries = append(g.Entries, menuLink{e, e.Path == here})
	}
	return out
}

// menuHere is the entry that a page stands under.
func (s *Site) menuHere(path string) string {
	best := ""
	for _, e := range menu {
		under := path == e.Path || e.Path != "/" && strings.HasPrefix(path, e.Path+"/")
		if under && len(e.Path) > len(best) {
			best = e.Path
		}
	}
	return best
}

// actsOfPages says what each page asks for, from the site map.
func actsOfPages(all []route) map[string]desk.Act {
	acts := map[string]desk.Act{}
	for _, r := range all {
		if path, ok := strings.CutPrefix(r.pattern, "GET "); ok {
			acts[strings.TrimSuffix(path, "{$}")] = r.act
		}
	}
	return acts
}

// RoleNames lists somebody's roles in words.
func (v view) RoleNames() string {
	var names []string
	for _, r := range v.By.Roles {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
