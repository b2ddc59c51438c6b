package oidc

import (
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/access"
)

func TestAuthenticate(t *testing.T) {
	i := newIssuer(t)
	a, _ := i.newAuthenticator(nil)
	got, err := authenticate(a, i.token(nil))
	if err != nil || got.Name != "ci" || got.Groups != nil || got.Method != "oidc" {
		t.Errorf("got %v, %v", got, err)
	}
	if want := start.Add(time.Hour + 30*time.Second); !got.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", got.Expires, want)
	}
	a, _ = i.newAuthenticator(func(c *Config) {
		c.IdentityClaim, c.IdentityPrefix = "repository.name", "ci:"
		c.GroupsClaim, c.GroupsPrefix = "https://example/groups", "ci/"
		c.Audiences = []string{"other", audience}
	})
	got, err = authenticate(a, i.token(map[string]any{
		"repository.name": "r", "https://example/groups": []string{"a", "b"}, "aud": []string{"x", audience},
	}))
	if want := (access.Identity{Name: "ci:r", Groups: []string{"ci/a", "ci/b"}}); err != nil ||
		!reflect.DeepEqual(got.Identity, want) {
		t.Errorf("got %v, %v", got.Identity, err)
	}
	got, err = authenticate(a, i.token(map[string]any{"repository.name": "r", "https://example/groups": "a"}))
	if err != nil || !reflect.DeepEqual(got.Groups, []string{"ci/a"}) {
		t.Errorf("got %v, %v", got.Identity, err)
	}
	got, err = authenticate(a, i.token(map[string]any{"repository.name": "r"}))
	if err != nil || got.Groups != nil {
		t.Errorf("no groups: got %v, %v", got.Identity, err)
	}
}

// TestProviders reads the claims that Kubernetes and GitHub put into their tokens.
func TestProviders(t *testing.T) {
	i := newIssuer(t)
	for name, want := range map[string]access.Identity{
		"kubernetes": {Name: "k8s:system:serviceaccount:payments:billing"},
		"github": {
			Name: "k8s:repo:octo-org/octo-repo:environment:prod", Groups: []string{"octo-org/octo-repo"},
		},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		claims := strings.Replace(string(text), "ISSUER", i.url(), 1)
		a, c := i.newAuthenticator(func(c *Config) { c.IdentityPrefix, c.GroupsClaim = "k8s:", "repository" })
		c.pass(11 * time.Minute)
		got, err := authenticate(a, sign(t, jose.ES256, i.key, "first", []byte(claims)))
		if err != nil || !reflect.DeepEqual(got.Identity, want) {
			t.Errorf("%s: got %v, %v", name, got.Identity, err)
		}
		c.pass(time.Hour)
		refuse(t, a, sign(t, jose.ES256, i.key, "first", []byte(claims)), "expired")
	}
}

// Another authenticator may know a token that this issuer has not made.
func TestNotMine(t *testing.T) {
	i, other := newIssuer(t), newIssuer(t)
	a, _ := i.newAuthenticator(nil)
	good := i.token(nil)
	head, rest, _ := strings.Cut(good, ".")
	for name, token := range map[string]string{
		"nothing": "", "another token": "lbt_abc", "dots": "..",
		"two parts": head + "." + head, "four parts": good + ".x",
		"another issuer": other.token(nil), "no issuer": i.token(map[string]any{"iss": nil}),
		"the issuer with a slash":  i.token(map[string]any{"iss": i.url() + "/"}),
		"the issuer is no text":    i.token(map[string]any{"iss": []string{i.url()}}),
		"the header is not base64": "?" + good, "the header is not JSON": "e30x." + rest,
		"no JSON":     sign(t, jose.ES256, i.key, "first", []byte("{")),
		"no object":   sign(t, jose.ES256, i.key, "first", []byte("[]")),
		"two issuers": sign(t, jose.ES256, i.key, "first", []byte(`{"iss":"`+i.url()+`","iss":"x"}`)),
		"two subjects": sign(t, jose.ES256, i.key, "first",
			[]byte(`{"iss":"`+i.url()+`","sub":"x","sub":"y"}`)),
		"very long": i.token(map[string]any{"x": strings.Repeat("x", 12<<10)}),
	} {
		if s, err := authenticate(a, token); !errors.Is(err, access.ErrNotMine) {
			t.Errorf("%s: got %v, %v", name, s.Identity, err)
		}
	}
	if i.fetched() != 0 {
		t.Errorf("the keys were fetched %d times for tokens of others", i.fetched())
	}
}

func TestRefusedClaims(t *testing.T) {
	i := newIssuer(t)
	a, _ := i.newAuthenticator(func(c *Config) { c.GroupsClaim = "groups" })
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for _, try := range []struct {
		want   string
		change map[string]any
	}{
		{"for another audience", map[string]any{"aud": "https://other.example"}},
		{"for another audience", map[string]any{"aud": []string{"a", "b"}}},
		{"for another audience", map[string]any{"aud": nil, "Aud": audience}},
		{"a form that is not accepted", map[string]any{"aud": []any{audience, 7}}},
		{"for another audience", map[string]any{"aud": audience + "/"}},
		{"no time of expiry", map[string]any{"exp": nil}},
		{"no time of expiry", map[string]any{"exp": -1}},
		{"no time of expiry", map[string]any{"exp": 1e300}},
		{"the token: the credential has expired", map[string]any{"exp": at(-30 * time.Second)}},
		{"the token: the credential has expired", map[string]any{"exp": at(-time.Hour)}},
		{"not valid yet", map[string]any{"nbf": at(31 * time.Second)}},
		{"not valid yet", map[string]any{"nbf": at(time.Hour)}},
		{"not a text", map[string]any{"sub": nil}},
		{"a form that is not accepted", map[string]any{"sub": 7}},
		{"not a text", map[string]any{"sub": ""}},
		{"not a text", map[string]any{"sub": nil, "SUB": "ci"}},
		{"not a list of texts", map[string]any{"groups": map[string]any{}}},
		{"not a list of texts", map[string]any{"groups": []any{"a", 1}}},
		{"not a list of texts", map[string]any{"groups": true}},
	} {
		refuse(t, a, i.token(try.change), try.want)
	}
	_, err := authenticate(a, i.token(map[string]any{"exp": at(-time.Hour)}))
	if !errors.Is(err, access.ErrExpired) {
		t.Errorf("an expired token: %v", err)
	}
	for name, change := range map[string]map[string]any{
		"within the leeway of exp": {"exp": at(-29 * time.Second)},
		"within the leeway of nbf": {"nbf": at(30 * time.Second)},
		"a fraction":               {"exp": float64(at(time.Hour)) + 0.5},
	} {
		if _, err := authenticate(a, i.token(change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Times that are texts, as some sign them.
	if s, err := authenticate(a, i.token(map[string]any{"exp": "1893456000"})); err == nil {
		t.Errorf("exp is a text: %v", s)
	}
	strict, _ := i.newAuthenticator(func(c *Config) { c.Leeway = -1 })
	refuse(t, strict, i.token(map[string]any{"exp": at(0)}), "expired")
	refuse(t, strict, i.token(map[string]any{"nbf": at(time.Second)}), "not valid yet")
}

// Whoever can choose an email address could be anybody until the issuer has verified it.
func TestUnverifiedEmail(t *testing.T) {
	i := newIssuer(t)
	a, _ := i.newAuthenticator(func(c *Config) { c.IdentityClaim = "email" })
	for _, verified := range []any{nil, false, "true"} {
		refuse(t, a, i.token(map[string]any{"email": "a@b.example", "email_verified": verified}), "verified")
	}
	s, err := authenticate(a, i.token(map[string]any{"email": "a@b.example", "email_verified": true}))
	if err != nil || s.Name != "a@b.example" {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestRefusedSignatures(t *testing.T) {
	i := newIssuer(t)
	strong, weak := rsaKey(t, 2048), rsaKey(t, 1024)
	i.set(nil, public("first", i.key), public("rsa", strong), public("weak", weak),
		jose.JSONWebKey{Key: strong.Public(), KeyID: "encrypt", Use: "enc"},
		jose.JSONWebKey{Key: strong.Public(), KeyID: "other", Algorithm: "PS256"},
		jose.JSONWebKey{Key: []byte("a shared secret of many bytes....."), KeyID: "secret"},
		jose.JSONWebKey{Key: i.key, KeyID: "private"})
	a, _ := i.newAuthenticator(nil)
	claims := i.claims(nil)
	for name, token := range map[string]string{
		"RS256":          sign(t, jose.RS256, strong, "rsa", claims),
		"ES256":          sign(t, jose.ES256, i.key, "first", claims),
		"no id of a key": sign(t, jose.ES256, i.key, "", claims),
	} {
		if _, err := authenticate(a, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	const algorithm, noKey = "an algorithm that is not accepted", "no key of the issuer fits"
	secret := []byte("a shared secret of many bytes.....")
	good := sign(t, jose.ES256, i.key, "first", claims)
	parts := strings.Split(good, ".")
	changed := strings.Split(i.token(map[string]any{"sub": "root"}), ".")
	none := "eyJhbGciOiJub25lIn0." + parts[1] + "."
	for _, try := range []struct{ token, want string }{
		{none, algorithm},
		{"eyJhbGciOiJOb25lIn0." + parts[1] + ".", algorithm},
		{"e30." + parts[1] + "." + parts[2], algorithm},
		{sign(t, jose.HS256, secret, "secret", claims), algorithm},
		{sign(t, jose.HS256, strong.PublicKey.N.Bytes(), "rsa", claims), algorithm},
		{sign(t, jose.PS256, strong, "rsa", claims), algorithm},
		{sign(t, jose.RS512, strong, "rsa", claims), algorithm},
		{sign(t, jose.RS256, weak, "weak", claims), noKey},
		{sign(t, jose.RS256, strong, "encrypt", claims), noKey},
		{sign(t, jose.RS256, strong, "other", claims), noKey},
		{sign(t, jose.RS256, strong, "first", claims), noKey},
		{sign(t, jose.ES256, i.key, "private", claims), noKey},
		{sign(t, jose.ES256, newKey(t), "first", claims), noKey},
		{sign(t, jose.ES256, newKey(t), "", claims), noKey},
		{embedded(t, newKey(t), claims), noKey},
		{parts[0] + "." + changed[1] + "." + parts[2], noKey},
		{parts[0] + "." + parts[1] + ".", noKey},
		{parts[0] + "." + parts[1] + ".AAAA", noKey},
	} {
		refuse(t, a, try.token, try.want)
	}
	only, _ := i.newAuthenticator(func(c *Config) { c.Algorithms = []string{"RS256"} })
	refuse(t, only, good, algorithm)
}

// embedded returns a token with the key that has signed it in its header.
func embedded(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	signing := jose.SigningKey{Algorithm: jose.ES256, Key: key}
	signer, err := jose.NewSigner(signing, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
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

func TestConfigErrors(t *testing.T) {
	const some = ": want some of [RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA]"
	good := Config{Issuer: "https://issuer.example", Audiences: []string{audience}}
	for want, change := range map[string]func(*Config){
		"oidc: issuer: missing": func(c *Config) { c.Issuer = "" },
		"oidc: audience: want at least one, and none that is empty": func(c *Config) {
			c.Audiences = []string{audience, ""}
		},
		"oidc: leeway: want at most 5m0s": func(c *Config) { c.Leeway = 6 * time.Minute },
		"oidc: keys: want a URL or a file, not both": func(c *Config) {
			c.KeysURL, c.KeysFile = "https://a", "b"
		},
		`oidc: algorithm "HS256"` + some: func(c *Config) { c.Algorithms = []string{"ES256", "HS256"} },
		`oidc: algorithm "none"` + some:  func(c *Config) { c.Algorithms = []string{"none"} },
		"oidc: issuer: want https://, or http:// on a loopback address": func(c *Config) {
			c.Issuer = "http://issuer.example"
		},
		"oidc: issuer: want a URL such as https://issuer.example": func(c *Config) {
			c.Issuer = "issuer.example"
		},
		"oidc: issuer: want no user and password in the URL": func(c *Config) {
			c.Issuer = "https://a:marked-secret@issuer.example"
		},
		"oidc: issuer: not a URL": func(c *Config) { c.Issuer = "https://marked-secret:x:y" },
		"oidc: keys: want https://, or http:// on a loopback address": func(c *Config) {
			c.KeysURL = "ftp://issuer.example/keys"
		},
		"oidc: keys: open missing.json: ": func(c *Config) { c.KeysFile = "missing.json" },
	} {
		config := good
		change(&config)
		a, err := New(config)
		if a != nil || err == nil || err.Error() != want && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if a, err := New(good); err != nil || a.config.Leeway != 30*time.Second {
		t.Errorf("got %v", err)
	}
}

func TestRecheck(t *testing.T) {
	i := newIssuer(t)
	before, _ := i.newAuthenticator(func(c *Config) { c.GroupsClaim = "groups" })
	s, err := authenticate(before, i.token(map[string]any{"groups": "a", "aud": []string{audience, "other"}}))
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		ok     bool
		change func(*Config)
	}{
		"the same":            {true, func(*Config) {}},
		"another audience":    {true, func(c *Config) { c.Audiences = []string{"other", "more"} }},
		"more algorithms":     {true, func(c *Config) { c.Algorithms = []string{"RS512", "ES256"} }},
		"another leeway":      {true, func(c *Config) { c.Leeway = time.Minute }},
		"the audience left":   {false, func(c *Config) { c.Audiences = []string{"more"} }},
		"the algorithm left":  {false, func(c *Config) { c.Algorithms = []string{"RS256"} }},
		"another issuer":      {false, func(c *Config) { c.Issuer = "https://issuer.example" }},
		"another claim":       {false, func(c *Config) { c.IdentityClaim = "email" }},
		"another prefix":      {false, func(c *Config) { c.IdentityPrefix = "x" }},
		"no groups":           {false, func(c *Config) { c.GroupsClaim = "" }},
		"a prefix for groups": {false, func(c *Config) { c.GroupsPrefix = "x" }},
	} {
		after, _ := i.newAuthenticator(func(c *Config) {
			c.GroupsClaim = "groups"
			try.change(c)
		})
		got, ok := after.Recheck(s)
		if ok != try.ok || ok && !reflect.DeepEqual(got, s) || !ok && got.Name != "" {
			t.Errorf("%s: got %v, %t", name, got, ok)
		}
	}
	if _, ok := before.Recheck(access.Subject{Identity: s.Identity, Method: Method}); ok {
		t.Error("accepted a subject of which nothing is known")
	}
	if n := i.fetched(); n != 1 {
		t.Errorf("the keys were fetched %d times: Recheck must ask nobody", n)
	}
}
