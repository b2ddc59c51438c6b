package oidc

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/access"
)

// claims are what a token says, by the exact name of the claim. Unlike go-oidc, which decodes with
// encoding/json, they do not take Aud for aud, and refuse a claim that is given twice.
type claims map[string]jsontext.Value

var errNoObject = errors.New("the token is not a JSON object with each claim once")

func claimsOf(token *goidc.IDToken) (claims, error) {
	var raw rawClaims
	if err := token.Claims(&raw); err != nil {
		return nil, errNoObject
	}
	var c claims
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errNoObject
	}
	return c, nil
}

// rawClaims keeps the claims as they are.
type rawClaims []byte

// UnmarshalJSON keeps a copy of the text.
func (r *rawClaims) UnmarshalJSON(text []byte) error {
	*r = slices.Clone(text)
	return nil
}

// check returns the audiences, and when the token expires, leeway included. Its error says what is wrong
// with them.
func (c claims) check(config *Config, now time.Time) (audiences []string, expires time.Time, err error) {
	audiences, ok := c.texts("aud")
	if !ok || !config.hasAudience(audiences) {
		return nil, expires, errors.New("the token is for another audience")
	}
	expires, ok = c.time("exp")
	if !ok {
		return nil, expires, errors.New("the token has no time of expiry")
	}
	expires = expires.Add(config.Leeway)
	if !now.Before(expires) {
		return nil, expires, fmt.Errorf("the token: %w", access.ErrExpired)
	}
	if c["nbf"] != nil {
		begins, ok := c.time("nbf")
		if !ok || now.Add(config.Leeway).Before(begins) {
			return nil, expires, errors.New("the token is not valid yet")
		}
	}
	return audiences, expires, nil
}

// identity returns the identity of a token.
func (c claims) identity(config *Config) (access.Identity, error) {
	name, ok := c.text(config.IdentityClaim)
	if !ok || name == "" {
		return access.Identity{}, fmt.Errorf("the claim %.80q of the token is not a text", config.IdentityClaim)
	}
	if config.IdentityClaim == "email" && string(c["email_verified"]) != "true" {
		return access.Identity{}, errors.New("the token does not say that the email address is verified")
	}
	id := access.Identity{Name: config.IdentityPrefix + name}
	if config.GroupsClaim == "" || c[config.GroupsClaim] == nil {
		return id, nil
	}
	groups, ok := c.texts(config.GroupsClaim)
	if !ok {
		err := fmt.Errorf("the claim %.80q of the token is not a list of texts", config.GroupsClaim)
		return access.Identity{}, err
	}
	for _, group := range groups {
		id.Groups = append(id.Groups, config.GroupsPrefix+group)
	}
	return id, nil
}

// text returns a claim that is a text.
func (c claims) text(name string) (text string, ok bool) {
	if c[name].Kind() != '"' {
		return "", false
	}
	err := json.Unmarshal(c[name], &text)
	return text, err == nil
}

// texts returns a claim that is a text, or a list of texts.
func (c claims) texts(name string) (texts []string, ok bool) {
	if one, ok := c.text(name); ok {
		return []string{one}, true
	}
	var values []jsontext.Value
	if c[name].Kind() != '[' || json.Unmarshal(c[name], &values) != nil {
		return nil, false
	}
	for _, value := range values {
		one, ok := claims{"": value}.text("")
		if !ok {
			return nil, false
		}
		texts = append(texts, one)
	}
	return texts, true
}

// time returns a claim that is a time, which RFC 7519 calls NumericDate: seconds since 1970. It must be
// before the year 10000.
func (c claims) time(name string) (time.Time, bool) {
	if c[name].Kind() != '0' {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(c[name]), 64)
	if err != nil || seconds < 0 || seconds >= 253402300800 {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}
