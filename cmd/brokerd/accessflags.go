package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// accessFlags are the flags that say who clients are and what they may do.
type accessFlags struct {
	Tokens         string `env:"BROKERD_TOKENS" placeholder:"FILE" help:"Accept bearer tokens by their hashes in this file."`
	ClientIdentity string `env:"BROKERD_CLIENT_IDENTITY" placeholder:"uri|dns|cn" help:"Accept client certificates, and take the identity from the URI, the DNS name or the common name. Needs --tls-client-ca."`
	UnixIdentity   bool   `env:"BROKERD_UNIX_IDENTITY" help:"Accept the users of Unix sockets as uid:NUMBER."`
	Policy         string `env:"BROKERD_POLICY" placeholder:"FILE" help:"What each identity may do, in YAML. Nothing is permitted that no rule permits. Required with --tokens, --client-identity, --unix-identity and --oidc-issuer; without these, everybody may do everything."`
	RequireAuth    bool   `env:"BROKERD_REQUIRE_AUTH" help:"Do not start if clients can connect without credentials, or if other machines can connect without TLS."`
}

// validateAccess refuses flags without those that they need.
func (f *flags) validateAccess() error {
	asked := f.credentialFlags()
	switch f.ClientIdentity {
	case "", string(access.URIName), string(access.DNSName), string(access.CommonName):
	default:
		return fmt.Errorf("--client-identity is %.40q: want uri, dns or cn", f.ClientIdentity)
	}
	switch {
	case f.ClientIdentity != "" && f.TLSClientCA == "":
		return errors.New("--client-identity needs --tls-client-ca")
	case f.UnixIdentity && runtime.GOOS != "linux":
		return errors.New("--unix-identity works only on Linux")
	case f.UnixIdentity && !slices.ContainsFunc(f.Listen, mayBeUnix):
		return errors.New("--unix-identity needs --listen unix:/PATH or systemd:NAME")
	case len(asked) > 0 && f.Policy == "":
		return fmt.Errorf("%s: want --policy too, which says what the identities may do",
			strings.Join(asked, " and "))
	}
	return nil
}

// checkPolicy refuses to serve with a policy that would have no effect. Only serve calls it: check needs
// nothing but the policy.
func (f *flags) checkPolicy() error {
	if len(f.credentialFlags()) > 0 || f.Policy == "" {
		return nil
	}
	err := errors.New("--policy needs --tokens, --client-identity, --unix-identity or --oidc-issuer, " +
		"which say who a client is")
	return &cli.Failure{Err: err, Hint: "see brokerd --help", Code: cli.ExitUsage}
}

// credentialFlags returns the flags that make the broker ask for credentials.
func (f *flags) credentialFlags() (all []string) {
	if f.Tokens != "" {
		all = append(all, "--tokens")
	}
	if f.ClientIdentity != "" {
		all = append(all, "--client-identity")
	}
	if f.UnixIdentity {
		all = append(all, "--unix-identity")
	}
	if f.OIDCIssuer != "" {
		all = append(all, "--oidc-issuer")
	}
	return all
}

// asksForCredentials reports whether each client must say who it is.
func (f *flags) asksForCredentials() bool { return len(f.credentialFlags()) > 0 }

func mayBeUnix(address string) bool {
	return strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "systemd:")
}
