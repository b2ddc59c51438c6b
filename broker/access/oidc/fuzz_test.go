package oidc

import (
	"errors"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lockbroker/lockbroker/broker/access"
)

// FuzzAuthenticate: no token makes the authenticator panic, no changed token is accepted for another
// identity, and no error quotes the token.
func FuzzAuthenticate(f *testing.F) {
	// The key is drawn anew in each process, so an old corpus has no good token.
	key := newKey(f)
	a, err := New(Config{Issuer: "https://issuer.example", Audiences: []string{audience}})
	if err != nil {
		f.Fatal(err)
	}
	a.keys.fetch, a.keys.keys = nil, []jose.JSONWebKey{public("first", key)}
	claims := map[string]any{"iss": "https://issuer.example", "sub": "ci", "aud": audience, "exp": int64(4102444800)}
	good := sign(f, jose.ES256, key, "first", claims)
	if s, err := authenticate(a, good); err != nil || s.Name != "ci" {
		f.Fatalf("got %v, %v", s, err)
	}
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for _, seed := range [][3]string{
		{head, payload, signature}, {"eyJhbGciOiJub25lIn0", payload, ""}, {"e30", payload, signature},
		{head, "e30", signature}, {head, payload, ""}, {"", "", ""},
		{head, payload, signature + "." + signature},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, head, payload, signature string) {
		for _, token := range []string{head + "." + payload + "." + signature, head, head + "." + payload} {
			s, err := authenticate(a, token)
			if err == nil && s.Name != "ci" {
				t.Fatalf("%q is accepted as %v", token, s.Identity)
			}
			if err == nil || errors.Is(err, access.ErrNotMine) {
				continue
			}
			for _, part := range []string{head, payload, signature} {
				if len(part) > 20 && strings.Contains(err.Error(), part) {
					t.Errorf("the error quotes the token: %v", err)
				}
			}
		}
	})
}
