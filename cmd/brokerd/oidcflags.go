package main

import (
	"errors"
	"strings"

	"github.com/lockbroker/lockbroker/broker/access/oidc"
)

// oidcFlags are the flags of an OpenID Connect issuer whose tokens are accepted.
type oidcFlags struct {
	OIDCIssuer         string   `name:"oidc-issuer" env:"BROKERD_OIDC_ISSUER" placeholder:"URL" help:"Accept the JSON Web Tokens of this OpenID Connect issuer, such as a Kubernetes cluster or a CI provider. Needs --oidc-audience."`
	OIDCAudience       []string `name:"oidc-audience" env:"BROKERD_OIDC_AUDIENCE" placeholder:"NAME" help:"An audience that a token must have. May be repeated."`
	OIDCKeys           string   `name:"oidc-keys" env:"BROKERD_OIDC_KEYS" placeholder:"FILE|URL" help:"Where the keys of the issuer are, if it has no discovery document: a JSON Web Key Set."`
	OIDCAlgorithm      []string `name:"oidc-algorithm" env:"BROKERD_OIDC_ALGORITHM" placeholder:"NAME" help:"A signature algorithm of the tokens. May be repeated. Default: RS256 and ES256."`
	OIDCIdentityClaim  string   `name:"oidc-identity-claim" env:"BROKERD_OIDC_IDENTITY_CLAIM" placeholder:"CLAIM" help:"The claim that is the identity. Default: sub."`
	OIDCIdentityPrefix string   `name:"oidc-identity-prefix" env:"BROKERD_OIDC_IDENTITY_PREFIX" placeholder:"TEXT" help:"Text to put before the identity, so that it cannot be that of a token in --tokens."`
	OIDCGroupsClaim    string   `name:"oidc-groups-claim" env:"BROKERD_OIDC_GROUPS_CLAIM" placeholder:"CLAIM" help:"The claim that has the groups. Default: no groups."`
	OIDCGroupsPrefix   string   `name:"oidc-groups-prefix" env:"BROKERD_OIDC_GROUPS_PREFIX" placeholder:"TEXT" help:"Text to put before each group."`
}

// validateOIDC refuses flags of an issuer without those that they need.
func (f *oidcFlags) validateOIDC() error {
	texts := f.OIDCKeys + f.OIDCIdentityClaim + f.OIDCIdentityPrefix + f.OIDCGroupsClaim + f.OIDCGroupsPrefix
	others := len(f.OIDCAudience)+len(f.OIDCAlgorithm)+len(texts) > 0
	switch {
	case f.OIDCIssuer == "" && others:
		return errors.New("want --oidc-issuer with the other flags of --oidc")
	case f.OIDCIssuer != "" && len(f.OIDCAudience) == 0:
		return errors.New("--oidc-issuer needs --oidc-audience, or tokens for other services would be accepted")
	}
	return nil
}

// issuer returns an authenticator for the tokens of the issuer.
func (f *oidcFlags) issuer() (*oidc.Authenticator, error) {
	config := oidc.Config{
		Issuer: f.OIDCIssuer, Audiences: f.OIDCAudience, Algorithms: f.OIDCAlgorithm,
		IdentityClaim: f.OIDCIdentityClaim, IdentityPrefix: f.OIDCIdentityPrefix,
		GroupsClaim: f.OIDCGroupsClaim, GroupsPrefix: f.OIDCGroupsPrefix,
	}
	if strings.Contains(f.OIDCKeys, "://") {
		config.KeysURL = f.OIDCKeys
	} else {
		config.KeysFile = f.OIDCKeys
	}
	return oidc.New(config)
}
