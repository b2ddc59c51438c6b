package oidc

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxKeys = 100
	// RSA keys that are shorter can be broken, and longer ones cost much to verify with.
	minRSABits, maxRSABits = 2048, 8192
)

// readKeys reads a file of keys.
func readKeys(name string) ([]jose.JSONWebKey, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxAnswerBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxAnswerBytes {
		return nil, fmt.Errorf("%s: want at most %d bytes", name, maxAnswerBytes)
	}
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

// parseKeys returns the keys of a JSON Web Key Set that can verify signatures. RFC 7517 (section 5) says
// to ignore others. The errors quote nothing: somebody may have put a private key into the file.
func parseKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("not a JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("%d keys are too many: want at most %d", len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, value := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(value); err == nil && verifies(&key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the JSON Web Key Set has no key that can verify signatures")
	}
	return keys, nil
}

// verifies reports whether a key can verify signatures and nothing more. Private keys and shared secrets
// have no place among the keys that an issuer publishes.
func verifies(key *jose.JSONWebKey) bool {
	if !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
		return false
	}
	if public, ok := key.Key.(*rsa.PublicKey); ok {
		bits := public.N.BitLen()
		return minRSABits <= bits && bits <= maxRSABits
	}
	return true
}
