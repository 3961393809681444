package account

// challenges are the passkey ceremonies that have begun and not ended.
type challenges struct{}
