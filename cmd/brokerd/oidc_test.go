//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/access/oidc/oidctest"
)

// jobToken returns a token for a job of a team.
func jobToken(i *oidctest.Issuer, audience, job, team string, valid time.Duration) string {
	claims := oidctest.Claims{"aud": audience, "sub": job, "teams": []string{team}}
	return i.Token(claims, valid)
}

const teamPolicy = `rules:
  - for: ["group:team:build"]
    locks: ["a", "build/**"]
    allow: [acquire, list]
`

// TestIssuer checks that brokerd accepts the tokens of an issuer: with discovery, and with keys from a file.
func TestIssuer(t *testing.T) {
	t.Parallel()
	i := oidctest.Start(t)
	dir := t.TempDir()
	policy, keyFile := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "keys.json")
	for name, text := range map[string][]byte{policy: []byte(teamPolicy), keyFile: i.Keys()} {
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
				jobToken(i, "locks", "job-7", "build", time.Hour))
			if hello.Identity != "ci:job-7" {
				t.Errorf("the identity is %q", hello.Identity)
			}
			acquire(t, conn, hello.Session+"--0", "granted")
			other, hello := mustConnect(t, websocket.DefaultDialer, url,
				jobToken(i, "locks", "job-8", "web", time.Hour))
			acquire(t, other, hello.Session+"--0", "forbidden")
			for _, bad := range []string{
				jobToken(i, "mail", "job-7", "build", time.Hour),
				jobToken(i, "locks", "job-7", "build", -time.Hour),
				i.Token(oidctest.Claims{
					"iss": "https://other.example", "aud": "locks", "sub": "job-7",
				}, time.Hour),
			} {
				mustRefuse(t, websocket.DefaultDialer, url, bad)
			}
			d.stop(t)
		})
	}
}
