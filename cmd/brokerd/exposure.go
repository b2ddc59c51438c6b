package main

import (
	"errors"
	"slices"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// exposure returns what strangers can do at the addresses to which other machines can connect, or "" if there is
// nothing to say.
func (f *flags) exposure(on []endpoint) string {
	const see = "see --tokens, --client-identity and --policy"
	switch known := f.asksForCredentials() || f.needsCertificates(); {
	case openTo(on) == "" || known && f.usesTLS():
		return ""
	case f.usesTLS():
		return "other machines can connect, and there are no credentials: " +
			"anyone who reaches the address may do everything (" + see + ")"
	case known:
		return "other machines can connect, and there is no TLS: anyone on the way can read tokens and use " +
			"them (see --tls-cert and --tls-key)"
	}
	return "other machines can connect, and there are no credentials and no TLS: " +
		"anyone who reaches the address may do everything (" + see + ", and --tls-cert and --tls-key)"
}

// exposureByProxy returns what strangers can do through a proxy, or "" if there is nothing to say.
func (f *flags) exposureByProxy() string {
	if len(f.TrustedProxy)+len(f.PublicURL) == 0 || f.asksForCredentials() || f.needsCertificates() {
		return ""
	}
	return "a proxy passes requests of other machines (--trusted-proxy, --public-url), and there are no " +
		"credentials: unless the proxy asks for some, anyone who reaches it may do everything " +
		"(see --tokens and --policy)"
}

// checkExposure refuses what --require-auth forbids: clients without credentials, and other machines without TLS.
func (f *flags) checkExposure(on []endpoint) error {
	if !f.RequireAuth {
		return nil
	}
	if text := f.exposure(on); text != "" {
		return exposed(openTo(on) + ": " + text)
	}
	// Only TCP connections have certificates.
	strangers := func(e endpoint) bool { return !e.tcp || !f.needsCertificates() }
	if !f.asksForCredentials() && slices.ContainsFunc(on, strangers) {
		return exposed(addressesOf(on) + ": clients can connect without credentials " +
			"(see --tokens, --client-identity, --unix-identity and --policy)")
	}
	return nil
}

func exposed(what string) error {
	return &cli.Failure{
		Err:  errors.New("--require-auth: " + what),
		Hint: "without --require-auth, brokerd only warns about other machines", Code: cli.ExitUsage,
	}
}
