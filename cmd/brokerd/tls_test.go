//go:build unix

package main

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient"
)

// served returns the serial number of the certificate that a new connection gets.
func served(t *testing.T, d *daemon, config *tls.Config) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "ws://"), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func (d *daemon) secureURL() string { return strings.Replace(d.url, "ws://", "wss://", 1) }

// TestTLS checks which connections the broker accepts: TLS 1.2 at least, and HTTP/1.1. Unix sockets have no TLS.
func TestTLS(t *testing.T) {
	ca, directory := newTestAuthority(t), t.TempDir()
	path := filepath.Join(directory, "s")
	d := startDaemon(t, append(ca.issue(t, "").write(t, directory), "--listen=127.0.0.1:0", "--listen=unix:"+path)...)
	d.until(t, "listening")
	mustConnect(t, ca.dialer(t, nil), d.secureURL(), "")
	mustConnect(t, unixDialer(path), "ws://broker", "")

	if _, _, err := connect(t, websocket.DefaultDialer, d.url, ""); err == nil {
		t.Error("a connection without TLS is accepted")
	}
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.1": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		"HTTP/2":  func(c *tls.Config) { c.NextProtos = []string{"h2"} },
	} {
		config := ca.trusting(t, nil)
		change(config)
		if conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "ws://"), config); err == nil {
			_ = conn.Close()
			t.Errorf("%s is accepted", name)
		}
	}
	both := ca.trusting(t, nil)
	both.NextProtos = []string{"h2", "http/1.1"}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: both, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	response, err := client.Get(strings.Replace(d.url, "ws://", "https://", 1) + "/livez")
	if err != nil || response.ProtoMajor != 1 || response.StatusCode != http.StatusOK {
		t.Errorf("got %v, %v", response, err)
	}
	_ = response.Body.Close()
	d.stop(t)
}

// TestReplacedCertificate replaces the certificate through renames, and through a symbolic link to a directory. New
// connections get the new one, and old connections stay.
func TestReplacedCertificate(t *testing.T) {
	ca := newTestAuthority(t)
	first, second := ca.issue(t, ""), ca.issue(t, "")
	link := func(t *testing.T, directory, target string) {
		if err := os.Symlink(target, filepath.Join(directory, "new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(directory, "new"), filepath.Join(directory, "now")); err != nil {
			t.Fatal(err)
		}
	}
	for name, replace := range map[string]func(*testing.T, string){
		"rename": func(t *testing.T, directory string) { second.write(t, filepath.Join(directory, "1")) },
		"link":   func(t *testing.T, directory string) { link(t, directory, "2") },
	} {
		for _, hangup := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				directory := t.TempDir()
				for sub, pair := range map[string]testPair{"1": first, "2": second} {
					if err := os.Mkdir(filepath.Join(directory, sub), 0o700); err != nil {
						t.Fatal(err)
					}
					pair.write(t, filepath.Join(directory, sub))
				}
				link(t, directory, "1")
				now := filepath.Join(directory, "now")
				d := startDaemon(t, "--tls-cert="+now+"/cert.pem", "--tls-key="+now+"/key.pem")
				client, err := wsclient.Dial(t.Context(), d.secureURL(),
					&wsclient.Options{TLS: ca.trusting(t, nil), NoReconnect: true})
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				if got := served(t, d, ca.trusting(t, nil)); got != first.cert.SerialNumber.String() {
					t.Fatalf("the broker has the certificate %s", got)
				}
				replace(t, directory)
				if hangup {
					d.signal(t, syscall.SIGHUP)
					d.until(t, "reloaded")
				} else {
					d.until(t, "the files of TLS have changed: new connections use them")
				}
				if got := served(t, d, ca.trusting(t, nil)); got != second.cert.SerialNumber.String() {
					t.Errorf("the broker still has the certificate %s", got)
				}
				if _, err := client.Ping(t.Context()); err != nil {
					t.Errorf("the old connection: %v", err)
				}
			})
		}
	}
}

// TestReplacedUnderLoad replaces the certificate while clients connect. No handshake fails.
func TestReplacedUnderLoad(t *testing.T) {
	ca, directory := newTestAuthority(t), t.TempDir()
	now := filepath.Join(directory, "now")
	link := func(target string) {
		if err := os.Symlink(target, now+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(now+".new", now); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(directory, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		ca.issue(t, "").write(t, filepath.Join(directory, sub))
	}
	link("1")
	d := startDaemon(t, "--tls-cert="+now+"/cert.pem", "--tls-key="+now+"/key.pem")
	var connecting sync.WaitGroup
	var over atomic.Bool
	seen := sync.Map{}
	for range 4 {
		connecting.Go(func() {
			for !over.Load() {
				conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "ws://"), ca.trusting(t, nil))
				if err != nil {
					t.Error(err)
					return
				}
				seen.Store(conn.ConnectionState().PeerCertificates[0].SerialNumber.String(), true)
				_ = conn.Close()
			}
		})
	}
	for i := range 20 {
		link([]string{"2", "1"}[i%2])
		d.signal(t, syscall.SIGHUP)
		// A file may be read in the middle of a replacement. Then the pair does not fit, and nothing changes.
		for {
			line, ok := d.next(t)
			if !ok || strings.HasPrefix(line.Message, "reload") {
				break
			}
		}
	}
	over.Store(true)
	connecting.Wait()
	serials := 0
	seen.Range(func(any, any) bool { serials++; return true })
	if serials != 2 {
		t.Errorf("clients have seen %d certificates, want 2", serials)
	}
	d.stop(t)
}

// TestBrokenCertificate checks that the old certificate stays if the new one cannot be used, and that the log does
// not show the key.
func TestBrokenCertificate(t *testing.T) {
	ca, directory := newTestAuthority(t), t.TempDir()
	first, second := ca.issue(t, ""), ca.issue(t, "")
	d := startDaemon(t, first.write(t, directory)...)
	for name, change := range map[string]func(){
		"cut":     func() { write(t, directory, "cert.pem", first.text[:len(first.text)/2]) },
		"no fit":  func() { write(t, directory, "cert.pem", second.text) },
		"swapped": func() { write(t, directory, "cert.pem", first.key) },
		"missing": func() { _ = os.Remove(filepath.Join(directory, "cert.pem")) },
		"bad key": func() { write(t, directory, "key.pem", bytes.ReplaceAll(first.key, []byte("M"), []byte("*"))) },
	} {
		change()
		line := d.until(t, "the files of TLS have changed, and cannot be used")
		if line.Level != "error" || !strings.Contains(line.Error, directory) {
			t.Errorf("%s: the log says %+v", name, line)
		}
		if secret := strings.Split(string(first.key), "\n")[1]; strings.Contains(d.log.Text(), secret) {
			t.Errorf("%s: the log shows the key", name)
		}
		if got := served(t, d, ca.trusting(t, nil)); got != first.cert.SerialNumber.String() {
			t.Errorf("%s: the broker has the certificate %s", name, got)
		}
		first.write(t, directory)
		d.signal(t, syscall.SIGHUP)
		d.until(t, "reloaded")
	}
}

// TestClientCertificates checks who may connect, and under which identity.
func TestClientCertificates(t *testing.T) {
	ca, other, directory := newTestAuthority(t), newTestAuthority(t), t.TempDir()
	good, strange := ca.issue(t, "spiffe://example/billing"), other.issue(t, "spiffe://example/billing")
	base := append(ca.issue(t, "").write(t, directory),
		"--tls-client-ca="+write(t, directory, "ca.pem", ca.pem()))
	policy := "--policy=" + write(t, directory, "policy.yaml", []byte(allowAll))
	for _, test := range []struct {
		flags    []string
		without  bool // a client without a certificate is accepted
		identity string
	}{
		{nil, false, ""},
		{[]string{"--tls-client-auth=required"}, false, ""},
		{[]string{"--tls-client-auth=optional"}, true, ""},
		{[]string{"--tls-client-auth=optional", "--client-identity=uri", policy}, false, "spiffe://example/billing"},
		{[]string{"--client-identity=cn", policy}, false, "pair"},
	} {
		d := startDaemon(t, append(base, test.flags...)...)
		_, hello := mustConnect(t, ca.dialer(t, &good), d.secureURL(), "")
		if hello.Identity != test.identity {
			t.Errorf("%v: the identity is %q", test.flags, hello.Identity)
		}
		if _, _, err := connect(t, ca.dialer(t, nil), d.secureURL(), ""); (err == nil) != test.without {
			t.Errorf("%v: without a certificate: %v", test.flags, err)
		}
		if _, _, err := connect(t, ca.dialer(t, &strange), d.secureURL(), ""); err == nil {
			t.Errorf("%v: a certificate of another authority is accepted", test.flags)
		}
		d.stop(t)
	}
}

// TestReplacedAuthority checks that a new --tls-client-ca ends the sessions of the old one.
func TestReplacedAuthority(t *testing.T) {
	ca, other, directory := newTestAuthority(t), newTestAuthority(t), t.TempDir()
	pair, later := ca.issue(t, "spiffe://example/a"), other.issue(t, "spiffe://example/a")
	d := startDaemon(t, append(ca.issue(t, "").write(t, directory), "--client-identity=uri",
		"--tls-client-ca="+write(t, directory, "ca.pem", ca.pem()),
		"--policy="+write(t, directory, "policy.yaml", []byte(allowAll)))...)
	conn, _ := mustConnect(t, ca.dialer(t, &pair), d.secureURL(), "")
	write(t, directory, "ca.pem", other.pem())
	d.until(t, "the files of TLS have changed: new connections use them")
	wantClosed(t, conn, 4403)
	if _, _, err := connect(t, ca.dialer(t, &pair), d.secureURL(), ""); err == nil {
		t.Error("a certificate of the old authority is accepted")
	}
	mustConnect(t, ca.dialer(t, &later), d.secureURL(), "")
}
