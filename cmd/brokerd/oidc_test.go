//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/gorilla/websocket"
)

// A testIssuer is an OpenID Connect issuer on loopback.
type testIssuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func startIssuer(t *testing.T) *testIssuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &testIssuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s","jwks_uri":"%[1]s/keys","authorization_endpoint":"%[1]s",`+
			`"token_endpoint":"%[1]s","id_token_signing_alg_values_supported":["ES256"]}`, i.URL)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(i.keys())
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *testIssuer) keys() jose.JSONWebKeySet {
	key := jose.JSONWebKey{Key: i.key.Public(), KeyID: "one", Use: "sig", Algorithm: "ES256"}
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}
}

// token returns a token of the issuer for a subject with a group.
func (i *testIssuer) token(t *testing.T, issuer, audience, subject, group string, valid time.Duration) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", "one")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, options)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": issuer, "aud": audience, "sub": subject, "teams": []string{group},
		"iat": time.Now().Unix(), "exp": time.Now().Add(valid).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

const teamPolicy = `rules:
  - for: ["group:team:build"]
    locks: ["a", "build/**"]
    allow: [acquire, list]
`

// TestIssuer checks that brokerd accepts the tokens of an issuer: with discovery, and with keys from a file.
func TestIssuer(t *testing.T) {
	i := startIssuer(t)
	dir := t.TempDir()
	policy, keyFile := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "keys.json")
	keys, err := json.Marshal(i.keys())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{policy: []byte(teamPolicy), keyFile: keys} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, more := range map[string][]string{"discovery": nil, "file": {"--oidc-keys", keyFile}} {
		t.Run(name, func(t *testing.T) {
			d := startDaemon(t, append([]string{
				"--oidc-issuer", i.URL, "--oidc-audience", "locks", "--oidc-identity-prefix", "ci:",
				"--oidc-groups-claim", "teams", "--oidc-groups-prefix", "team:", "--policy", policy,
			}, more...)...)
			url := d.url
			conn, hello := mustConnect(t, websocket.DefaultDialer, url,
				i.token(t, i.URL, "locks", "job-7", "build", time.Hour))
			if hello.Identity != "ci:job-7" {
				t.Errorf("the identity is %q", hello.Identity)
			}
			acquire(t, conn, hello.Session+"--0", "granted")
			other, hello := mustConnect(t, websocket.DefaultDialer, url,
				i.token(t, i.URL, "locks", "job-8", "web", time.Hour))
			acquire(t, other, hello.Session+"--0", "forbidden")
			for _, bad := range []string{
				i.token(t, i.URL, "mail", "job-7", "build", time.Hour),
				i.token(t, i.URL, "locks", "job-7", "build", -time.Hour),
				i.token(t, "https://other.example", "locks", "job-7", "build", time.Hour),
			} {
				mustRefuse(t, websocket.DefaultDialer, url, bad)
			}
			d.stop(t)
		})
	}
}
