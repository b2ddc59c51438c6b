package oidc

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 5 * time.Minute
)

// Config says which tokens to accept. Issuer and Audiences are required.
type Config struct {
	// Issuer is the claim iss of the tokens. Unless KeysURL or KeysFile is given, it is also the URL
	// under which the discovery document is.
	Issuer string
	// KeysURL is the URL of the issuer's keys, a JSON Web Key Set, if there is no discovery document.
	KeysURL string
	// KeysFile is a file with the keys instead. It is read once.
	KeysFile string
	// Authorities vouch for the TLS certificate of the issuer. Nil: those of the system.
	Authorities *x509.CertPool

	// Audiences lists the audiences of which a token must have one. They name this broker, so that a
	// token for another service is of no use here.
	Audiences []string
	// Algorithms lists the signature algorithms. Default: RS256 and ES256. None and those with a
	// shared secret (HS256 and so on) are refused.
	Algorithms []string
	// Leeway is by how much the clocks of the issuer and the broker may differ, at most 5 min.
	// Default: 30 s. Negative: none.
	Leeway time.Duration

	// IdentityClaim names the claim that is the identity. Default: sub. The claim email counts only
	// with the claim email_verified.
	IdentityClaim string
	// IdentityPrefix is put before the identity.
	IdentityPrefix string
	// GroupsClaim names the claim that has the groups, one text or a list. Default: no groups.
	GroupsClaim string
	// GroupsPrefix is put before each group.
	GroupsPrefix string
}

// strong are the algorithms that a configuration may name. With these, who can verify cannot sign.
var strong = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// check returns what is wrong with the configuration, after it has set the defaults.
func (c *Config) check() error {
	c.Leeway = cmp.Or(c.Leeway, defaultLeeway)
	c.IdentityClaim = cmp.Or(c.IdentityClaim, "sub")
	c.Audiences = slices.Clone(c.Audiences)
	c.Algorithms = slices.Clone(c.Algorithms)
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{string(jose.RS256), string(jose.ES256)}
	}
	switch {
	case c.Issuer == "":
		return errors.New("issuer: missing")
	case len(c.Audiences) == 0 || slices.Contains(c.Audiences, ""):
		return errors.New("audience: want at least one, and none that is empty")
	case c.Leeway > maxLeeway:
		return fmt.Errorf("leeway: want at most %v", maxLeeway)
	case c.KeysURL != "" && c.KeysFile != "":
		return errors.New("keys: want a URL or a file, not both")
	}
	c.Leeway = max(c.Leeway, 0)
	for _, name := range c.Algorithms {
		if !slices.Contains(strong, jose.SignatureAlgorithm(name)) {
			return fmt.Errorf("algorithm %.20q: want some of %v", name, strong)
		}
	}
	return c.checkURL()
}

// hasAudience reports whether a token with some audiences is for this broker.
func (c *Config) hasAudience(some []string) bool {
	return slices.ContainsFunc(some, func(one string) bool { return slices.Contains(c.Audiences, one) })
}

// checkURL checks the URL that is asked, if any.
func (c *Config) checkURL() error {
	name, text := "issuer", c.Issuer
	switch {
	case c.KeysFile != "":
		return nil
	case c.KeysURL != "":
		name, text = "keys", c.KeysURL
	}
	// The URL may hold a password, so the error does not show it.
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: not a URL", name)
	}
	if err := checkURL(u, true); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkURL returns what is wrong with a URL to ask for keys. Who can change the keys on their way can
// sign tokens. So they come over TLS, or perhaps from this machine.
func checkURL(u *url.URL, plainLoopback bool) error {
	switch {
	case u.User != nil:
		return errors.New("want no user and password in the URL")
	case u.Host == "" || u.Fragment != "":
		return errors.New("want a URL such as https://issuer.example")
	case u.Scheme == "https", u.Scheme == "http" && plainLoopback && isLoopback(u.Hostname()):
		return nil
	case plainLoopback:
		return errors.New("want https://, or http:// on a loopback address")
	}
	return errors.New("want https://")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
