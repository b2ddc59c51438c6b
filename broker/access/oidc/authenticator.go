package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/lockbroker/lockbroker/broker/access"
)

// Method is the [access.Subject].Method of the tokens of an issuer.
const Method = "oidc"

// An Authenticator accepts the tokens of one issuer. It may be used concurrently.
type Authenticator struct {
	config   Config
	keys     *keySet
	verifier *goidc.IDTokenVerifier
	now      func() time.Time
}

// A proof is what Recheck needs to know of a token.
type proof struct {
	audiences []string
	algorithm string
	config    Config // with which the identity and the groups were read
}

// New returns an authenticator. It reads the file of keys, if the configuration names one. It asks
// nobody.
func New(config Config) (*Authenticator, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	a := &Authenticator{config: config, now: time.Now}
	a.keys = newKeySet(&a.config)
	if config.KeysFile != "" {
		keys, err := readKeys(config.KeysFile)
		if err != nil {
			return nil, fmt.Errorf("oidc: keys: %w", err)
		}
		a.keys.keys = keys
	}
	a.verifier = goidc.NewVerifier(config.Issuer, a.keys, &goidc.Config{
		SupportedSigningAlgs: config.Algorithms,
		SkipClientIDCheck:    true, // claims.check does it, for several audiences,
		SkipExpiryCheck:      true, // and with the leeway of the configuration.
	})
	return a, nil
}

// Method returns [Method].
func (*Authenticator) Method() string { return Method }

// FetchKeys fetches the keys of the issuer, so that an operator learns at the start whether that works.
// It need not be called. It does nothing if the keys are from a file.
func (a *Authenticator) FetchKeys(ctx context.Context) error {
	if a.config.KeysFile != "" {
		return nil
	}
	return a.keys.refresh(ctx)
}

// Authenticate returns whose token it is. It may ask the issuer for keys, until ctx ends.
func (a *Authenticator) Authenticate(ctx context.Context, c access.Credential) (access.Subject, error) {
	if !isFrom(a.config.Issuer, c.Token) {
		return access.Subject{}, access.ErrNotMine
	}
	algorithm, err := algorithmOf(c.Token, a.config.Algorithms)
	if err != nil {
		return access.Subject{}, err
	}
	claims, err := a.verify(ctx, c.Token)
	if err != nil {
		return access.Subject{}, err
	}
	audiences, expires, err := claims.check(&a.config, a.now())
	if err != nil {
		return access.Subject{}, err
	}
	identity, err := claims.identity(&a.config)
	if err != nil {
		return access.Subject{}, err
	}
	return access.Subject{
		Identity: identity, Expires: expires, Method: Method,
		Proof: &proof{audiences, algorithm, a.config},
	}, nil
}

// verify returns the claims of a token if a key of the issuer has signed them. The errors of the verifier
// are not for clients or logs: they could quote the token.
func (a *Authenticator) verify(ctx context.Context, token string) (claims, error) {
	var failed error // why no key fits; the verifier keeps only the text
	verified, err := a.verifier.Verify(context.WithValue(ctx, failedKey{}, &failed), token)
	switch {
	case failed != nil:
		return nil, failed
	case err != nil:
		return nil, errors.New("the token has a form that is not accepted")
	}
	return claimsOf(verified)
}

// Recheck reports whether the issuer, the audience and the algorithm of a token are still accepted, and
// its identity and groups are still read from the same claims. It does not look at the keys.
func (a *Authenticator) Recheck(s access.Subject) (access.Subject, bool) {
	p, ok := s.Proof.(*proof)
	if !ok || !p.config.readsLike(&a.config) || !slices.Contains(a.config.Algorithms, p.algorithm) {
		return access.Subject{}, false
	}
	if !a.config.hasAudience(p.audiences) {
		return access.Subject{}, false
	}
	return s, true
}

// readsLike reports whether two configurations read the same identity and groups from a token.
func (c *Config) readsLike(other *Config) bool {
	return c.Issuer == other.Issuer &&
		c.IdentityClaim == other.IdentityClaim && c.IdentityPrefix == other.IdentityPrefix &&
		c.GroupsClaim == other.GroupsClaim && c.GroupsPrefix == other.GroupsPrefix
}
