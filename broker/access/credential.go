package access

import (
	"context"
	"crypto/tls"
	"errors"
)

// A Credential is what a client has presented. Any part may be missing.
type Credential struct {
	// Token is the bearer token.
	Token string
	// TLS is the state of the TLS connection, with the client's certificate if it has one.
	TLS *tls.ConnectionState
	// User is the user at the other end of a Unix socket.
	User *User
}

// A User is a user of this machine.
type User struct{ UID uint32 }

// ErrNotMine means that an [Authenticator] has nothing to say about a credential: another one may
// accept it.
var ErrNotMine = errors.New("no such credential")

// An Authenticator finds out who a client is.
type Authenticator interface {
	// Authenticate returns who presents the credential. The error is ErrNotMine if the
	// credential has nothing for this authenticator, and otherwise says what is wrong with it.
	// It must not contain the credential. Authenticate may ask other machines, until ctx ends.
	Authenticate(ctx context.Context, c Credential) (Subject, error)
	// Recheck returns a subject of an earlier configuration as this one knows it, or false if
	// its credential is no longer accepted. It must not ask other machines.
	Recheck(s Subject) (Subject, bool)
	// Method returns the Method of the subjects.
	Method() string
}
