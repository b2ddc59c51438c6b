package access

import (
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
	// Key tells which credential it was: the hash of a token, the fingerprint of a certificate, or the
	// number of a user. It is not a secret.
	Key string
	// Proof is what the authenticator needs to recheck the credential. It is not a secret.
	Proof any
}

// Check returns what is wrong with an identity, whoever has issued it. It does not look at whether
// anybody has it.
func (i *Identity) Check() error {
	if err := checkName(i.Name); err != nil {
		return fmt.Errorf("the identity %w", err)
	}
	if len(i.Groups) > maxGroups {
		return fmt.Errorf("%d groups are too many: want at most %d", len(i.Groups), maxGroups)
	}
	for _, group := range i.Groups {
		if err := checkName(group); err != nil {
			return fmt.Errorf("a group %w", err)
		}
	}
	return nil
}

// checkName returns what is wrong with the name of an identity or a group. Names appear in logs and in
// listings, so they hold nothing that could be taken for something else there.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case len(name) > wire.MaxIdentityBytes:
		return fmt.Errorf("has %d bytes: want at most %d", len(name), wire.MaxIdentityBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return errors.New("has characters that cannot be printed")
	}
	return nil
}
