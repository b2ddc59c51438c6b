package oidc

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// isFrom reports whether a token claims to be of an issuer. Nothing of it has been verified.
func isFrom(issuer, token string) bool {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, found := strings.Cut(rest, ".")
	if !found || strings.Contains(signature, ".") || len(token) > wire.MaxTokenBytes {
		return false
	}
	var h struct{}
	var claimed struct {
		Issuer string `json:"iss"`
	}
	return decodePart(header, &h) && decodePart(payload, &claimed) && claimed.Issuer == issuer
}

// decodePart decodes the JSON in a part of a token.
func decodePart(part string, to any) bool {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return err == nil && json.Unmarshal(text, to) == nil
}

// algorithmOf returns the algorithm of a token's signature if it is one of some.
func algorithmOf(token string, some []string) (string, error) {
	part, _, _ := strings.Cut(token, ".")
	var header struct {
		Algorithm string `json:"alg"`
	}
	if !decodePart(part, &header) || !slices.Contains(some, header.Algorithm) {
		return "", errors.New("the token is signed with an algorithm that is not accepted")
	}
	return header.Algorithm, nil
}
