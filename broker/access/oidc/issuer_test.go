package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// audience is the audience of the broker in the tests, and start the time at which they begin.
const audience = "https://locks.example"

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// An issuer is one that a test runs on a loopback address.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	answer  http.HandlerFunc // instead of the keys
	fetches int
}

// wellKnown is where the discovery document is.
const wellKnown = "/.well-known/openid-configuration"

// newIssuer starts an issuer with one key, "first".
func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, key: newKey(t)}
	i.keys = []jose.JSONWebKey{public("first", i.key)}
	mux := http.NewServeMux()
	mux.HandleFunc(wellKnown, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.url(), i.url()+"/keys")
	})
	mux.HandleFunc("/keys", i.serveKeys)
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// rsaKey returns an RSA key of some bits.
func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(id string, key crypto.Signer) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"}
}

func (i *issuer) url() string { return i.server.URL }

func (i *issuer) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.fetches++
	answer, set := i.answer, jose.JSONWebKeySet{Keys: i.keys}
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	text, err := json.Marshal(set)
	if err != nil {
		i.t.Error(err)
	}
	_, _ = w.Write(text)
}

// set changes the keys, and what is served instead of them.
func (i *issuer) set(answer http.HandlerFunc, keys ...jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer, i.keys = answer, keys
}

// fetched returns how often the keys were fetched.
func (i *issuer) fetched() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// claims returns the claims of a good token, changed by change. A nil value removes a claim.
func (i *issuer) claims(change map[string]any) map[string]any {
	all := map[string]any{
		"iss": i.url(), "sub": "ci", "aud": audience, "exp": start.Add(time.Hour).Unix(), "iat": start.Unix(),
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// token returns a token that the first key has signed.
func (i *issuer) token(change map[string]any) string {
	i.t.Helper()
	return sign(i.t, jose.ES256, i.key, "first", i.claims(change))
}

// sign returns a token with an id of the key, if that is not empty.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, id string, claims any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, ok := claims.([]byte)
	if !ok {
		if payload, err = json.Marshal(claims); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A clock tells the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newAuthenticator returns an authenticator for the tokens of the issuer, and its clock.
func (i *issuer) newAuthenticator(change func(*Config)) (*Authenticator, *clock) {
	i.t.Helper()
	config := Config{Issuer: i.url(), Audiences: []string{audience}}
	if change != nil {
		change(&config)
	}
	a, err := New(config)
	if err != nil {
		i.t.Fatal(err)
	}
	c := &clock{now: start}
	a.now, a.keys.now = c.time, c.time
	return a, c
}

func authenticate(a *Authenticator, token string) (access.Subject, error) {
	return a.Authenticate(context.Background(), access.Credential{Token: token})
}

// refuse checks that a token is refused with an error that has this text and nothing of the token.
func refuse(t *testing.T, a *Authenticator, token, want string) {
	t.Helper()
	s, err := authenticate(a, token)
	if err == nil || s.Name != "" || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, %v, want %s", s.Identity, err, want)
		return
	}
	for part := range strings.SplitSeq(token, ".") {
		text, _ := base64.RawURLEncoding.DecodeString(part)
		for _, quoted := range []string{part, string(text)} {
			if len(quoted) > 8 && strings.Contains(err.Error(), quoted) {
				t.Errorf("the error quotes the token: %v", err)
			}
		}
	}
}
