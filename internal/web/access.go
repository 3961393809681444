package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/review"
	"lookback/internal/store"
)

var accessRoutes = []route{
	{"GET /access", desk.ReadAccess, (*Site).listAccess},
	{"GET /access/{account}", desk.UseLookback, (*Site).showAccess},
	{"GET /roles", desk.ReadAccess, (*Site).showRoles},
	{"GET /roles/change", desk.ManageAccounts, (*Site).askRoles},
	{"POST /roles/change", desk.ManageAccounts, (*Site).adoptRoles},
	{"GET /restricted", desk.ReadAccess, (*Site).listRestricted},
	{"GET /cases/{id}/restriction", desk.RestrictCases, (*Site).showRestriction},
	{"POST /cases/{id}/restriction", desk.RestrictCases, (*Site).restrictCase},
	{"POST /cases/{id}/restriction/lift", desk.RestrictCases, (*Site).liftRestriction},
	{"POST /cases/{id}/restriction/readers", desk.RestrictCases, (*Site).nameReader},
	{"POST /cases/{id}/restriction/withdraw", desk.RestrictCases, (*Site).withdrawReader},
}

// An accessList is who is in the team and what they may do, in short.
type accessList struct {
	People     []accessRow
	Restricted int
	Table      account.Table
	Former     int
}

type accessRow struct {
	Account account.Account
	Granted int
	Acts    int
}

func (s *Site) listAccess(w http.ResponseWriter, r *request) error {
	all, err := s.Accounts.List(r.Context())
	if err != nil {
		return err
	}
	restricted, err := account.ListRestricted(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	tables, err := account.Tables(r.Context(), s.Desk)
	if err != nil {
		return err
	}
	p := accessList{Restricted: restricted.Total, Table: tables[0]}
	for _, a := range all {
		if a.Disabled {
			p.Former++
			continue
		}
		row := accessRow{Account: a, Acts: len(desk.Acts())}
		for _, act := range desk.Acts() {
			if s.Desk.Policy().Allows(a.Actor(), act) {
				row.Granted++
			}
		}
		p.People = append(p.People, row)
	}
	return s.render(w, r, "access", "Who may do what", p)
}

// An accessPage is what one person may do, and which cases are kept from them.
type accessPage struct {
	*account.Access
	*review.Bars
}

func (s *Site) showAccess(w http.ResponseWriter, r *request) error {
	a, err := s.Accounts.Effective(r.Context(), r.By, r.PathValue("account"))
	if err != nil {
		return err
	}
	bars, err := review.BarredFrom(r.Context(), s.Desk, r.By, a.Account.ID)
	if err != nil {
		return err
	}
	title := "What " + a.Account.Name + " may do"
	if a.Account.ID == r.By.ID {
		title = "What I may do"
	}
	return s.render(w, r, "access-one", title, accessPage{a, bars})
}

// A rolesPage is one table of roles, perhaps beside another.
type rolesPage struct {
	Faults
	Tables  []account.Table // all, the one in force first
	Shown   account.Table
	Against *account.Table // nil: nothing to compare with
	Roles   []casefile.Role
	Rows    []actRow
	Changes int
	Named   map[casefile.Role]int // accounts that hold a role

	Reason, NewRole, NewAbout string
	Sure                      bool // the changes were shown, and only the word is wanted
}

func (*rolesPage) Wide() bool { return true }

// An actRow is one act across the roles.
type actRow struct {
	Act   desk.Act
	Cells []actCell
	None  bool // granted to nobody
}

type actCell struct {
	Role    casefile.Role
	Granted bool
	Before  bool // in the table compared with
}

// Changed reports whether the cell differs from the table compared with.
func (c actCell) Changed() bool { return c.Granted != c.Before }

// lay fills in the rows: the table shown, against another or itself.
func (p *rolesPage) lay() {
	against := p.Shown.Policy
	if p.Against != nil {
		against = p.Against.Policy
	}
	p.Roles = rolesInOrder(&desk.Policy{Roles: union(p.Shown.Policy.Roles, against.Roles)})
	for _, act := range desk.Acts() {
		if act == desk.UseLookback {
			continue // everybody who is signed in
		}
		row := actRow{Act: act, None: true}
		for _, role := range p.Roles {
			c := actCell{role, slices.Contains(p.Shown.Policy.Roles[role], act), slices.Contains(against.Roles[role], act)}
			row.None = row.None && !c.Granted
			if c.Changed() {
				p.Changes++
			}
			row.Cells = append(row.Cells, c)
		}
		p.Rows = append(p.Rows, row)
	}
}

func union(x, y map[casefile.Role][]desk.Act) map[casefile.Role][]desk.Act {
	out := maps.Clone(x)
	for r := range y {
		if _, ok := out[r]; !ok {
			out[r] = nil
		}
	}
	return out
}

func (s *Site) rolesPage(r *request) (*rolesPage, error) {
	p := &rolesPage{Named: map[casefile.Role]int{}}
	var err error
	if p.Tables, err = account.Tables(r.Context(), s.Desk); err != nil {
		return nil, err
	}
	p.Shown = p.Tables[0]
	all, err := s.Accounts.List(r.Context())
	for _, a := range all {
		if !a.Disabled {
			for _, role := range a.Roles {
				p.Named[role]++
			}
		}
	}
	return p, err
}

func (p *rolesPage) table(version string) (account.Table, error) {
	for _, t := range p.Tables {
		if strconv.Itoa(t.Version) == version {
			return t, nil
		}
	}
	return account.Table{}, casefile.Errorf(casefile.NotFound, "There is no version %q of the table of roles. The page of the table lists them all.", version)
}

func (s *Site) showRoles(w http.ResponseWriter, r *request) error {
	p, err := s.rolesPage(r)
	if err != nil {
		return err
	}
	if v := r.FormValue("version"); v != "" {
		if p.Shown, err = p.table(v); err != nil {
			return err
		}
	}
	if v := r.FormValue("against"); v != "" {
		t, err := p.table(v)
		if err != nil {
			return err
		}
		p.Against = &t
	}
	p.lay()
	return s.render(w, r, "roles", "Table of roles", p)
}

func (s *Site) askRoles(w http.ResponseWriter, r *request) error {
	p, err := s.rolesPage(r)
	if err != nil {
		return err
	}
	p.lay()
	return s.render(w, r, "roles-change", "Change the table of roles", p)
}

// adoptRoles shows what a changed table changes, and adopts it once that was
// seen. A grant is the parameter "role|act".
func (s *Site) adoptRoles(w http.ResponseWriter, r *request) error {
	p, err := s.rolesPage(r)
	if err != nil {
		return err
	}
	current := p.Tables[0]
	p.Against = &current
	next, err := tableOf(r, current.Policy)
	if err != nil {
		return err
	}
	p.Shown = account.Table{Policy: next}
	p.Reason, p.NewRole, p.NewAbout = r.PostFormValue("reason"), r.PostFormValue("new_role"), r.PostFormValue("new_about")
	p.lay()
	switch {
	case r.PostFormValue("version") != strconv.Itoa(current.Version):
		return casefile.Errorf(casefile.Conflict, "Somebody adopted another table while you had this one open. Nothing was changed: open the page again.")
	case p.Changes == 0 && len(next.Roles) == len(current.Policy.Roles):
		p.Add("reason", "Nothing was changed in the table. Tick or clear a box first.")
	case strings.TrimSpace(p.Reason) == "":
		p.Add("reason", "Give the reason. It stands in the ledger.")
	case r.PostFormValue("sure") == "y":
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		if _, err = account.AdoptRoles(r.Context(), s.Desk, r.By, string(text), p.Reason); err == nil {
			v := strconv.Itoa(next.Version)
			return redirect(w, r, "/roles?version="+v+"&against="+strconv.Itoa(current.Version), "Version "+v+" of the table of roles is in force, from everybody's next page on.")
		}
		if casefile.KindOf(err) != casefile.Invalid {
			return err
		}
		p.Add("reason", "%s", casefile.Message(err))
	default:
		p.Sure = true
		return s.render(w, r, "roles-change", "Adopt this table of roles?", p)
	}
	return s.renderStatus(w, r, http.StatusUnprocessableEntity, "roles-change", "Change the table of roles", p)
}

func tableOf(r *request, current *desk.Policy) (*desk.Policy, error) {
	if err := r.ParseForm(); err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "The form cannot be read. Go back and send it again: %w", err)
	}
	p := &desk.Policy{Version: current.Version + 1, Roles: map[casefile.Role][]desk.Act{}, About: maps.Clone(current.About)}
	for role := range current.Roles {
		p.Roles[role] = []desk.Act{}
	}
	if p.About == nil {
		p.About = map[casefile.Role]string{}
	}
	if name := casefile.Role(strings.ToLower(strings.Join(strings.Fields(r.PostFormValue("new_role")), " "))); name != "" {
		if len(name) > 60 || strings.Contains(string(name), "|") {
			return nil, casefile.Errorf(casefile.Invalid, "The name of the new role is too long, or holds a sign that it may not.")
		}
		if _, there := p.Roles[name]; !there {
			p.Roles[name], p.About[name] = []desk.Act{}, strings.TrimSpace(r.PostFormValue("new_about"))
		}
	}
	granted := map[string]bool{}
	for _, g := range r.PostForm["grant"] {
		granted[g] = true
	}
	for role := range p.Roles {
		for _, act := range desk.Acts() {
			if granted[string(role)+"|"+string(act)] {
				p.Roles[role] = append(p.Roles[role], act)
			}
		}
	}
	return p, nil
}

func (s *Site) listRestricted(w http.ResponseWriter, r *request) error {
	list, err := account.ListRestricted(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "restricted", "Restricted cases", list)
}

// A restrictionPage is who may read a case, and the forms that change it.
type restrictionPage struct {
	Faults
	*account.CaseRestriction
	Kind   string
	Reason string
	Chosen []string
	People []Option // who could be a reader
	Names  map[string]string
	Self   string
}

func (s *Site) restrictionPage(r *request) (*restrictionPage, error) {
	id := casefile.CaseID(r.PathValue("id"))
	c, err := account.ReadRestriction(r.Context(), s.Desk, r.By, id)
	if err != nil {
		return nil, err
	}
	all, err := s.Accounts.List(r.Context())
	if err != nil {
		return nil, err
	}
	p := &restrictionPage{CaseRestriction: c, Names: map[string]string{}, Self: r.By.ID, Kind: r.PostFormValue("kind"), Reason: r.PostFormValue("reason"), Chosen: r.PostForm["readers"]}
	if r.Method == http.MethodGet {
		p.Chosen = []string{r.By.ID}
	}
	policy := s.Desk.Policy()
	for _, a := range all {
		p.Names[a.ID] = a.Name
		reader := slices.ContainsFunc(c.Readers, func(x store.CaseReader) bool { return x.Account == a.ID && x.WithdrawnAt.IsZero() })
		if a.Disabled || reader || !policy.Allows(a.Actor(), desk.ReadCases) {
			continue
		}
		hint := strings.Join(roleTexts(a.Roles), ", ")
		if policy.Allows(a.Actor(), desk.RestrictCases) {
			hint += "; may lift it and name others"
		}
		p.People = append(p.People, Option{a.ID, a.Name, hint})
	}
	return p, nil
}

// KindOptions are the kinds of restriction, to choose from.
func (p *restrictionPage) KindOptions() (out []Option) {
	for _, k := range account.RestrictionKinds {
		out = append(out, Option{k, capital(k), ""})
	}
	return out
}

// Choice is who could be named, with nobody chosen.
func (p *restrictionPage) Choice() []Option {
	return append([]Option{{"", "Choose", ""}}, p.People...)
}

// Present are the readers, to choose one from.
func (p *restrictionPage) Present() (out []Option) {
	for _, x := range p.Readers {
		if x.WithdrawnAt.IsZero() {
			o := Option{x.Account, orID(p.Names[x.Account], x.Account), ""}
			if x.Account == p.Self {
				o.Label += " (you)"
			}
			out = append(out, o)
		}
	}
	return out
}

func orID(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

func roleTexts(roles []casefile.Role) (out []string) {
	for _, r := range roles {
		out = append(out, string(r))
	}
	return out
}

func (s *Site) showRestriction(w http.ResponseWriter, r *request) error {
	p, err := s.restrictionPage(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "restriction", "Who may read this case", p)
}

// restrictionDone goes back to the page, or shows what was wrong with the form.
func (s *Site) restrictionDone(w http.ResponseWriter, r *request, err error, field, done string) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err == nil {
		return redirect(w, r, caseAddress(id)+"/restriction", done)
	}
	if casefile.KindOf(err) != casefile.Invalid {
		return err
	}
	p, readErr := s.restrictionPage(r)
	if readErr != nil {
		return readErr
	}
	p.Add(field, "%s", casefile.Message(err))
	return s.renderStatus(w, r, statusOf(err), "restriction", "Who may read this case", p)
}

func (s *Site) restrictCase(w http.ResponseWriter, r *request) error {
	id := casefile.CaseID(r.PathValue("id"))
	if err := r.ParseForm(); err != nil {
		return casefile.Errorf(casefile.Invalid, "The form cannot be read. Go back and send it again: %w", err)
	}
	readers := r.PostForm["readers"]
	err := account.Restrict(r.Context(), s.Desk, r.By, id, r.PostFormValue("kind"), r.PostFormValue("reason"), slices.Clone(readers))
	if err == nil && !slices.Contains(readers, r.By.ID) {
		return redirect(w, r, "/restricted", "The case is restricted. You are not among its readers, so it is no longer here for you.")
	}
	field := "readers"
	switch {
	case r.PostFormValue("kind") == "":
		field = "kind"
	case strings.TrimSpace(r.PostFormValue("reason")) == "":
		field = "reason"
	}
	return s.restrictionDone(w, r, err, field, "The case is restricted. For everybody but its readers it is not here any more.")
}

func (s *Site) liftRestriction(w http.ResponseWriter, r *request) error {
	err := account.Lift(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id")), r.PostFormValue("lift_reason"))
	return s.restrictionDone(w, r, err, "lift_reason", "The restriction is lifted. The case is open to everybody whose roles let them read cases.")
}

func (s *Site) nameReader(w http.ResponseWriter, r *request) error {
	err := account.NameReader(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id")), r.PostFormValue("reader"), r.PostFormValue("reader_reason"))
	field := "reader"
	if r.PostFormValue("reader") != "" {
		field = "reader_reason"
	}
	return s.restrictionDone(w, r, err, field, "The reader is named, and can open the case now.")
}

func (s *Site) withdrawReader(w http.ResponseWriter, r *request) error {
	who := r.PostFormValue("withdraw")
	err := account.WithdrawReader(r.Context(), s.Desk, r.By, casefile.CaseID(r.PathValue("id")), who, r.PostFormValue("withdraw_reason"))
	if err == nil && who == r.By.ID {
		return redirect(w, r, "/restricted", "You are no longer a reader of that case, so it is no longer here for you.")
	}
	return s.restrictionDone(w, r, err, "withdraw_reason", "That reader is withdrawn, and cannot open the case any more.")
}
