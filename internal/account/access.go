package account

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// Access is what an account may do at this moment, and why. It is worked out by
// what the checks ask: [desk.Policy.Allows], [store.Tx.CaseReadable], and the
// refusals of signing in.
type Access struct {
	Account Account
	Table   int  // version of the table of roles
	Enters  bool // could sign in now, with the password and second factor it has
	Why     string
	Acts    []Permission
	Live    []Session // full sessions, the latest used first

	Open      []store.CaseReader // restricted cases open to the account that the viewer may know of
	OpenTotal int                // with those that the viewer may not know of
	Hidden    int                // restricted cases that are closed to it
}

// A Permission says of one act whether the account may do it now.
type Permission struct {
	Act     desk.Act
	Allowed bool
	Roles   []casefile.Role // of the account's, those that are granted it
	Why     string
}

// Granted counts the acts that the account may do.
func (a *Access) Granted() (n int) {
	for _, p := range a.Acts {
		if p.Allowed {
			n++
		}
	}
	return n
}

// Effective returns what an account may do. Everybody may look at their own;
// somebody else's takes the permission. Cases that the viewer may not know of are
// counted and not named.
func (b *Book) Effective(ctx context.Context, by casefile.Actor, id string) (*Access, error) {
	if by.ID != id {
		if err := b.Desk.May(by, desk.ReadAccess); err != nil {
			return nil, err
		}
	} else if err := b.Desk.May(by, desk.UseLookback); err != nil {
		return nil, err
	}
	out := &Access{}
	err := b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		row, err := mustHave(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := b.permissions(ctx, tx, out, row); err != nil {
			return err
		}
		return b.cases(ctx, tx, out, by)
	})
	if err != nil {
		return nil, err
	}
	if len(out.Open) == 0 {
		return out, nil
	}
	ids := make([]casefile.CaseID, len(out.Open))
	for i, c := range out.Open {
		ids[i] = c.Case
	}
	return out, b.Desk.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: id, Purpose: "restricted cases open to an account", Body: map[string]any{"cases": ids}})
}

func (b *Book) permissions(ctx context.Context, tx *store.Tx, out *Access, row store.Account) error {
	out.Account = public(row)
	out.Enters, out.Why = entry(row, tx.Now)
	sessions, err := liveSessions(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.Stage == Full {
			out.Live = append(out.Live, s)
		}
	}
	policy := b.Desk.Policy()
	out.Table = policy.Version
	for _, act := range desk.Acts() {
		out.Acts = append(out.Acts, permission(policy, out, act))
	}
	slices.SortStableFunc(out.Acts, func(x, y Permission) int { return openFirst(x) - openFirst(y) })
	return nil
}

func openFirst(p Permission) int {
	if p.Allowed {
		return 0
	}
	return 1
}

// entry says whether an account could sign in at a moment with what it has, or
// what stands in the way.
func entry(a store.Account, now time.Time) (enters bool, why string) {
	switch why := refusal(a, true, true, "", now); {
	case why == "disabled":
		return false, "The account is disabled."
	case why == "locked":
		return false, "The account is locked until " + a.LockedUntil.Format("15:04 MST") + ", after five wrong attempts."
	case why != "":
		return false, "The one-time password has lapsed. An administrator can give a new one."
	case a.Password == "" && a.Directory == "" && a.Passkeys == 0:
		return false, "The account waits for its first sign-in through the directory."
	case a.MustChange:
		return false, "A one-time password was given out. The first sign-in asks for an own password and a second factor."
	case a.TOTP == "" && a.Passkeys == 0:
		return false, "The account has no second factor. The next sign-in asks for one."
	}
	return true, "The account can sign in."
}

func permission(policy *desk.Policy, out *Access, act desk.Act) Permission {
	a := out.Account
	p := Permission{Act: act}
	for _, r := range a.Roles {
		if policy.Allows(casefile.Actor{ID: a.ID, Roles: []casefile.Role{r}}, act) {
			p.Roles = append(p.Roles, r)
		}
	}
	granted := policy.Allows(a.Actor(), act)
	switch {
	case !granted && len(a.Roles) == 0:
		p.Why = "The account holds no role."
	case !granted:
		p.Why = fmt.Sprintf("Not granted to %s. Version %d of the table grants it to %s.", roleWords(a.Roles, "or"), policy.Version, grantedTo(policy, act))
	case !out.Enters && len(out.Live) == 0:
		p.Why = fmt.Sprintf("Granted to %s, but not usable now. %s", roleWords(p.Roles, "and"), out.Why)
	default:
		p.Allowed = true
		p.Why = fmt.Sprintf("Granted to %s in version %d of the table.", roleWords(p.Roles, "and"), policy.Version)
	}
	return p
}

// roleWords lists roles: "records, analyst and supervisor".
func roleWords(roles []casefile.Role, join string) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " " + join + " " + words[last]
	}
	return strings.Join(words, "")
}

func grantedTo(policy *desk.Policy, act desk.Act) string {
	var roles []casefile.Role
	for r, granted := range policy.Roles {
		if slices.Contains(granted, act) {
			roles = append(roles, r)
		}
	}
	if len(roles) == 0 {
		return "nobody"
	}
	slices.Sort(roles)
	return roleWords(roles, "and")
}

// cases fills in what a person's access to single cases is, as far as the viewer
// may know of those cases.
func (b *Book) cases(ctx context.Context, tx *store.Tx, out *Access, by casefile.Actor) error {
	open, err := tx.RestrictedCasesOf(ctx, out.Account.ID)
	if err != nil {
		return err
	}
	all, err := tx.CountRestricted(ctx)
	if err != nil {
		return err
	}
	hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
	if err != nil {
		return err
	}
	out.OpenTotal, out.Hidden = len(open), all-len(open)
	if b.Desk.Policy().Allows(by, desk.ReadCases) {
		out.Open = slices.DeleteFunc(open, func(r store.CaseReader) bool { return hidden[r.Case] })
	}
	return nil
}

// Anomalies are what an administrator should look at: who could not sign in, and
// who should not have tried.
type Anomalies struct {
	Since    time.Time
	Locked   []Account // now
	Strained []Account // wrong attempts, not locked
	Refused  int       // refusals since
	Unknown  int       // of them under names that do not exist
	Partial  []Account // the password was right and the second factor never came
	Lapsed   []Account // one-time passwords that nobody used in time
	Bare     []Account // no second factor yet
	More     bool      // there were more events than were looked at
}

// Quiet reports whether there is nothing to look at.
func (a *Anomalies) Quiet() bool {
	return len(a.Locked)+len(a.Strained)+len(a.Partial)+len(a.Lapsed)+a.Refused == 0
}

const (
	anomalyFor    = 24 * time.Hour
	anomalyEvents = 2000 // of each kind: more than that is one large anomaly
)

// Anomalies returns what was odd about signing in over the last day.
func (b *Book) Anomalies(ctx context.Context, by casefile.Actor) (*Anomalies, error) {
	if err := b.Desk.May(by, desk.ManageAccounts); err != nil {
		return nil, err
	}
	out := &Anomalies{}
	err := b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		out.Since = tx.Now.Add(-anomalyFor)
		half, err := out.count(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Accounts(ctx)
		for _, row := range rows {
			out.sort(row, half[row.ID], tx.Now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// count counts refusals, and finds who proved the password and no more.
func (out *Anomalies) count(ctx context.Context, tx *store.Tx) (half map[string]bool, err error) {
	refused, err := tx.EventPage(ctx, store.EventFilter{Kinds: []ledger.Kind{ledger.SignInRefused}, From: out.Since}, anomalyEvents)
	if err != nil {
		return nil, err
	}
	for _, e := range refused {
		out.Refused++
		if e.Subject == "" {
			out.Unknown++
		}
	}
	in, err := tx.EventPage(ctx, store.EventFilter{Kinds: []ledger.Kind{ledger.SignedIn}, From: out.Since}, anomalyEvents)
	if err != nil {
		return nil, err
	}
	out.More = len(refused) == anomalyEvents || len(in) == anomalyEvents
	half = map[string]bool{}
	done := map[string]bool{}
	for _, e := range in { // the newest first
		if e.Erased() {
			continue
		}
		o, err := ledger.Reveal(e.Seq, e.Sealed, ledger.Body)
		if err != nil {
			return nil, err
		}
		var body struct{ Step string }
		if err := json.Unmarshal(o.Body.Value, &body); err != nil {
			return nil, err
		}
		leaf, err := ledger.ParseLeaf(e.Leaf)
		if err != nil {
			return nil, err
		}
		switch {
		case body.Step == "full":
			done[e.Subject] = true
		case !done[e.Subject] && tx.Now.Sub(leaf.At) >= halfFor:
			half[e.Subject] = true
		}
	}
	return half, nil
}

func (out *Anomalies) sort(row store.Account, half bool, now time.Time) {
	a := public(row)
	switch why := refusal(row, true, true, "", now); {
	case why == "disabled":
		return
	case why == "locked":
		out.Locked = append(out.Locked, a)
	case why != "":
		out.Lapsed = append(out.Lapsed, a)
	case row.Failures > 0:
		out.Strained = append(out.Strained, a)
	}
	if half {
		out.Partial = append(out.Partial, a)
	}
	if !a.SecondFactor() {
		out.Bare = append(out.Bare, a)
	}
}
