package account

import (
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// own returns an error unless the account is the actor's own, or the actor may
// manage accounts.
func (b *Book) own(by casefile.Actor, id string) error {
	if by.ID == id && id != "" {
		return b.Desk.May(by, desk.UseLookback)
	}
	return b.Desk.May(by, desk.ManageAccounts)
}
