package account

// A Directory is a force's own sign-in, through OpenID Connect.
type Directory struct{}
