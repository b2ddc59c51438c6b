package oidc

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

func TestKeysByURLOrFile(t *testing.T) {
	i := newIssuer(t)
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: i.keys})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	claims := i.claims(map[string]any{"iss": "kubernetes/serviceaccount"})
	token, wrong := sign(t, jose.ES256, i.key, "first", claims), sign(t, jose.ES256, newKey(t), "first", claims)
	for name, change := range map[string]func(*Config){
		"URL":  func(c *Config) { c.KeysURL = i.url() + "/keys" },
		"file": func(c *Config) { c.KeysFile = file },
	} {
		a, _ := i.newAuthenticator(func(c *Config) {
			c.Issuer = "kubernetes/serviceaccount"
			change(c)
		})
		if err := a.FetchKeys(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s, err := authenticate(a, token); err != nil || s.Name != "ci" {
			t.Errorf("%s: got %v, %v", name, s.Identity, err)
		}
		refuse(t, a, wrong, "no key of the issuer fits")
	}
	if err := os.Truncate(file, 10); err != nil {
		t.Fatal(err)
	}
	_, err = New(Config{Issuer: "x", Audiences: []string{"x"}, KeysFile: file})
	if want := "oidc: keys: " + file + ": not a JSON Web Key Set"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestParseKeysErrors(t *testing.T) {
	private, err := json.Marshal(jose.JSONWebKey{Key: newKey(t), KeyID: "private"})
	if err != nil {
		t.Fatal(err)
	}
	const none = "the JSON Web Key Set has no key that can verify signatures"
	for text, want := range map[string]string{
		"":                                   "not a JSON Web Key Set",
		"[]":                                 "not a JSON Web Key Set",
		`{"keys":{}}`:                        "not a JSON Web Key Set",
		`{"keys":[],"keys":[]}`:              "not a JSON Web Key Set",
		"{}":                                 none,
		`{"keys":[]}`:                        none,
		`{"keys":[{"kty":"new"},7,null]}`:    none,
		`{"keys":[{"kty":"oct","k":"eA"}]}`:  none,
		`{"keys":[` + string(private) + `]}`: none,
		`{"keys":[` + strings.Repeat("{},", 100) + `{}]}`: "101 keys are too many: " +
			"want at most 100",
		`{"keys":[{"kty":"RSA","n":"` + long(2000) + `","e":"AQAB"}]}`: none,
	} {
		if keys, err := parseKeys([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.60q: got %v, %v, want %s", text, keys, err, want)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

// Whatever the issuer answers, the broker reads a bounded part of it, and trusts no key from elsewhere.
func TestHostileAnswers(t *testing.T) {
	var discovery, keys http.HandlerFunc
	mux := http.NewServeMux()
	mux.HandleFunc(wellKnown, func(w http.ResponseWriter, r *http.Request) { discovery(w, r) })
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { keys(w, r) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	says := func(text string, args ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, text, args...) }
	}
	redirects := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, long(1<<16)); err != nil {
				return
			}
		}
	}
	document := func(keysURL string) http.HandlerFunc {
		return says(`{"issuer":%q,"jwks_uri":%q}`, server.URL, keysURL)
	}
	good := document(server.URL + "/keys")
	for _, try := range []struct {
		want            string
		discovery, keys http.HandlerFunc
	}{
		{"the answer has more than 1048576 bytes", endless, nil},
		{"the answer has more than 1048576 bytes", good, endless},
		{"not a JSON Web Key Set", good, says("<html>")},
		{"500 Internal Server Error: " + long(200), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, long(5000))
		}, nil},
		{"issuer", says(`{"issuer":"https://other.example","jwks_uri":%q}`, server.URL+"/keys"), nil},
		{"jwks_uri: want a URL such as", document(""), nil},
		{"jwks_uri: want https://, or http:// on a loopback address", document("http://192.0.2.1/keys"), nil},
		{"jwks_uri: want a URL such as", document("file:///keys"), nil},
		{"jwks_uri: want no user", document("https://a:b@issuer.example/keys"), nil},
		{"want https://, or http:// on a loopback address", good, redirects("http://192.0.2.1/keys")},
		{"too many redirects", good, redirects("/keys")},
		{"get " + server.URL + "/keys: 204", good, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		}},
	} {
		discovery, keys = try.discovery, try.keys
		a, err := New(Config{Issuer: server.URL, Audiences: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		err = a.FetchKeys(context.Background())
		if err == nil || !strings.Contains(err.Error(), try.want) || len(err.Error()) > 400 {
			t.Errorf("got %v, want %s", err, try.want)
		}
	}
}

// The issuer proves who it is, and an issuer with TLS cannot name keys without it.
func TestIssuerWithTLS(t *testing.T) {
	key := newKey(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	var server *httptest.Server
	keysURL := ""
	mux := http.NewServeMux()
	mux.HandleFunc(wellKnown, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, keysURL)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("first", key)}})
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(text)
	})
	server = httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for _, try := range []struct {
		authorities   *x509.CertPool
		keysURL, want string
	}{
		{trusted, server.URL + "/keys", ""},
		{x509.NewCertPool(), server.URL + "/keys", "certificate"},
		{trusted, plain.URL + "/keys", "jwks_uri: want https://"},
	} {
		keysURL = try.keysURL
		a, err := New(Config{Issuer: server.URL, Audiences: []string{"x"}, Authorities: try.authorities})
		if err != nil {
			t.Fatal(err)
		}
		err = a.FetchKeys(context.Background())
		if (err == nil) != (try.want == "") || err != nil && !strings.Contains(err.Error(), try.want) {
			t.Errorf("got %v, want %s", err, try.want)
		}
	}
}
