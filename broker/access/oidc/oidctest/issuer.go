// Package oidctest is an OpenID Connect issuer for tests. It listens on loopback, publishes its keys, and
// signs what a test wants.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// An Issuer signs with ES256. The URL of its server is also its name, the claim iss.
type Issuer struct {
	*httptest.Server
	t   testing.TB
	key *ecdsa.PrivateKey
}

// Start starts an issuer, which stops when the test ends.
func Start(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s","jwks_uri":"%[1]s/keys","authorization_endpoint":"%[1]s",`+
			`"token_endpoint":"%[1]s","id_token_signing_alg_values_supported":["ES256"]}`, i.URL)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(i.Keys()) })
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// Keys returns the JSON Web Key Set of the issuer.
func (i *Issuer) Keys() []byte {
	key := jose.JSONWebKey{Key: i.key.Public(), KeyID: "one", Use: "sig", Algorithm: "ES256"}
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
	if err != nil {
		i.t.Error(err)
	}
	return text
}

// Claims are what a token says: iss, aud, sub and others.
type Claims map[string]any

// Token returns a token with claims, which is valid for some time from now on. A claim iss replaces the
// URL of the issuer.
func (i *Issuer) Token(claims Claims, valid time.Duration) string {
	i.t.Helper()
	all := Claims{"iss": i.URL, "iat": time.Now().Unix(), "exp": time.Now().Add(valid).Unix()}
	maps.Copy(all, claims)
	options := (&jose.SignerOptions{}).WithHeader("kid", "one")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, options)
	if err != nil {
		i.t.Fatal(err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		i.t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}
