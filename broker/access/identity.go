package access

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// maxGroups is how many groups an identity may have.
const maxGroups = 1000

// An Identity is who a client is.
type Identity struct {
	Name   string   // at most 256 bytes
	Groups []string // as the issuer of the credential says
}

// A Subject is an identity that was proven with a credential.
type Subject struct {
	Identity
	// Expires is when the credential expires. The zero time means never.
	Expires time.Time
	// Method names the authenticator: "token", "oidc", "certificate" or "user".
	Method string
	// Key tells the authenticator which credential it was. It is not a secret.
	Key string

	chain []*x509.Certificate // of a client certificate
}

// check returns what is wrong with an identity, whoever has issued it.
func (i *Identity) check() error {
	if err := checkIdentity(i.Name); err != nil {
		return err
	}
	if len(i.Groups) > maxGroups {
		return fmt.Errorf("%d groups are too many: want at most %d", len(i.Groups), maxGroups)
	}
	return nil
}

// checkIdentity returns what is wrong with the name of an identity. Identities appear in logs and in
// listings, so they hold nothing that could be taken for something else there.
func checkIdentity(name string) error {
	switch {
	case name == "":
		return errors.New("the identity is empty")
	case len(name) > wire.MaxIdentityBytes:
		return fmt.Errorf("the identity has %d bytes: want at most %d", len(name), wire.MaxIdentityBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return errors.New("the identity has characters that cannot be printed")
	}
	return nil
}
