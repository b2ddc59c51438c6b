package etcd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong with a configuration is said before anything is connected.
func TestConfigCheck(t *testing.T) {
	https := []string{"https://127.0.0.1:2379"}
	missing := filepath.Join(t.TempDir(), "missing.pem")
	noCertificate := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noCertificate, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		config Config
		want   string // part of the error, or "" for none
	}{
		{"nothing", Config{}, "no endpoint"},
		{"no scheme", Config{Endpoints: []string{"127.0.0.1:2379"}}, "want a URL"},
		{"no port", Config{Endpoints: []string{"https://etcd"}}, "want a URL"},
		{"a path", Config{Endpoints: []string{"https://etcd:2379/v3"}}, "want a URL"},
		{"mixed", Config{Endpoints: []string{"https://a:1", "http://b:1"}}, "must be the same"},
		{"files without TLS", Config{Endpoints: []string{"http://a:1"}, CAFile: "ca.pem"}, "want https"},
		{"a certificate alone", Config{Endpoints: https, CertFile: "c.pem"}, "needs a key"},
		{"a key alone", Config{Endpoints: https, KeyFile: "k.pem"}, "needs a certificate"},
		{"negative keepalive", Config{Endpoints: https, KeepAlive: -1}, "keepalive"},
		{"no such file", Config{Endpoints: https, CAFile: missing}, "no such file"},
		{"no certificate in it", Config{Endpoints: https, CAFile: noCertificate}, "no certificate found"},
		{"no pair", Config{Endpoints: https, CertFile: missing, KeyFile: missing}, "no such file"},
		{"https", Config{Endpoints: https}, ""},
		{"http", Config{Endpoints: []string{"http://a:1", "http://b:1/"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, err := Open(test.config)
			if err == nil {
				_ = store.Close()
			}
			if err == nil && test.want != "" || err != nil && !contains(err, test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// contains reports whether the text of err contains part, which is not "".
func contains(err error, part string) bool { return part != "" && strings.Contains(err.Error(), part) }

// However the prefix is written, the keys begin with one slash.
func TestPrefix(t *testing.T) {
	for _, test := range []struct{ prefix, want string }{
		{"", "/lockbroker/owner"},
		{"/lockbroker/prod/", "/lockbroker/prod/owner"},
		{"prod", "/prod/owner"},
	} {
		store, err := Open(Config{Endpoints: []string{"http://127.0.0.1:1"}, Prefix: test.prefix})
		if err != nil {
			t.Fatal(err)
		}
		if store.owner != test.want {
			t.Errorf("prefix %q: got %s, want %s", test.prefix, store.owner, test.want)
		}
		_ = store.Close()
	}
}
