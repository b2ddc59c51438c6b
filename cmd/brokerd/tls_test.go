//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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

// TestTLS checks that TCP addresses have TLS, and Unix sockets do not.
func TestTLS(t *testing.T) {
	t.Parallel()
	ca, directory := newTestAuthority(t), t.TempDir()
	path := filepath.Join(directory, "s")
	d := startDaemon(t, append(ca.issue(t, "").write(t, directory),
		"--listen=127.0.0.1:0", "--listen=unix:"+path)...)
	d.until(t, "listening")
	mustConnect(t, ca.dialer(t, nil), d.secureURL(), "")
	mustConnect(t, unixDialer(path), "ws://broker", "")
	if _, _, err := connect(t, websocket.DefaultDialer, d.url, ""); err == nil {
		t.Error("a connection without TLS is accepted")
	}
	d.stop(t)
}

// TestTLSVersions checks that a connection has TLS 1.2 at least, and HTTP/1.1.
func TestTLSVersions(t *testing.T) {
	ca := newTestAuthority(t)
	d := startDaemon(t, ca.issue(t, "").write(t, t.TempDir())...)
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
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.ProtoMajor != 1 || response.StatusCode != http.StatusOK {
		t.Errorf("got %s %s", response.Proto, response.Status)
	}
}

// A pairFolder has two pairs, in the directories 1 and 2. The link now leads to one of them.
type pairFolder struct {
	path  string
	pairs map[string]testPair
}

func newPairFolder(t *testing.T, ca *authority) *pairFolder {
	t.Helper()
	f := &pairFolder{t.TempDir(), map[string]testPair{"1": ca.issue(t, ""), "2": ca.issue(t, "")}}
	for sub, pair := range f.pairs {
		if err := os.Mkdir(filepath.Join(f.path, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		pair.write(t, filepath.Join(f.path, sub))
	}
	f.link(t, "1")
	return f
}

// link makes the link lead to another directory, as Kubernetes does.
func (f *pairFolder) link(t *testing.T, sub string) {
	t.Helper()
	now := filepath.Join(f.path, "now")
	if err := os.Symlink(sub, now+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(now+".new", now); err != nil {
		t.Fatal(err)
	}
}

func (f *pairFolder) flags() []string {
	return []string{"--tls-cert=" + f.path + "/now/cert.pem", "--tls-key=" + f.path + "/now/key.pem"}
}

func (f *pairFolder) serial(sub string) string { return f.pairs[sub].cert.SerialNumber.String() }

// TestReplacedCertificate replaces the certificate through renames, and through a link to a directory. New
// connections get the new one, and old connections stay.
func TestReplacedCertificate(t *testing.T) {
	t.Parallel()
	ca := newTestAuthority(t)
	for name, replace := range map[string]func(*testing.T, *pairFolder){
		"rename": func(t *testing.T, f *pairFolder) { f.pairs["2"].write(t, filepath.Join(f.path, "1")) },
		"link":   func(t *testing.T, f *pairFolder) { f.link(t, "2") },
	} {
		t.Run(name, func(t *testing.T) { testReplaced(t, ca, replace, false) })
		t.Run(name+" and SIGHUP", func(t *testing.T) { testReplaced(t, ca, replace, true) })
	}
}

func testReplaced(t *testing.T, ca *authority, replace func(*testing.T, *pairFolder), hangup bool) {
	folder := newPairFolder(t, ca)
	d := startDaemon(t, folder.flags()...)
	options := &wsclient.Options{TLS: ca.trusting(t, nil), NoReconnect: true}
	client, err := wsclient.Dial(t.Context(), d.secureURL(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got := served(t, d, ca.trusting(t, nil)); got != folder.serial("1") {
		t.Fatalf("the broker has the certificate %s", got)
	}
	replace(t, folder)
	if hangup {
		d.signal(t, syscall.SIGHUP)
		d.until(t, "reloaded")
	} else {
		d.until(t, "the files of TLS have changed: new connections use them")
	}
	if got := served(t, d, ca.trusting(t, nil)); got != folder.serial("2") {
		t.Errorf("the broker still has the certificate %s", got)
	}
	if _, err := client.Ping(t.Context()); err != nil {
		t.Errorf("the old connection: %v", err)
	}
}

// TestReplacedUnderLoad replaces the certificate while clients connect. No handshake fails.
func TestReplacedUnderLoad(t *testing.T) {
	ca := newTestAuthority(t)
	folder := newPairFolder(t, ca)
	d := startDaemon(t, folder.flags()...)
	var connecting sync.WaitGroup
	var over atomic.Bool
	for range 4 {
		connecting.Go(func() {
			for !over.Load() {
				conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "ws://"), ca.trusting(t, nil))
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.Close()
			}
		})
	}
	for i := range 20 {
		next := []string{"2", "1"}[i%2]
		folder.link(t, next)
		d.signal(t, syscall.SIGHUP)
		d.until(t, "reloaded")
		if got := served(t, d, ca.trusting(t, nil)); got != folder.serial(next) {
			t.Errorf("the broker still has the certificate %s", got)
		}
	}
	over.Store(true)
	connecting.Wait()
	d.stop(t)
}

// TestExpiredCertificate checks that the log says when the certificate expires while brokerd runs, and that config
// check refuses it.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	flags := newTestAuthority(t).issueUntil(t, "", time.Now().Add(3*time.Second)).write(t, directory)
	d := startDaemon(t, flags...)
	if line := d.until(t, "expired"); line.Level != "warn" {
		t.Errorf("the log says %+v", line)
	}
	output, err := exec.CommandContext(t.Context(), "brokerd", append(flags, "config", "check")...).CombinedOutput()
	if exitCode(err) != 1 || !strings.Contains(string(output), "has expired") {
		t.Errorf("config check: %v, %s", err, output)
	}
}

// TestBrokenCertificate checks that the old certificate stays if the new one cannot be used, and that the log does
// not show the key.
func TestBrokenCertificate(t *testing.T) {
	t.Parallel()
	ca, directory := newTestAuthority(t), t.TempDir()
	first, second := ca.issue(t, ""), ca.issue(t, "")
	damaged := bytes.ReplaceAll(first.key, []byte("M"), []byte("*"))
	d := startDaemon(t, first.write(t, directory)...)
	for name, change := range map[string]func(){
		"cut":     func() { write(t, directory, "cert.pem", first.text[:len(first.text)/2]) },
		"no fit":  func() { write(t, directory, "cert.pem", second.text) },
		"swapped": func() { write(t, directory, "cert.pem", first.key) },
		"missing": func() { _ = os.Remove(filepath.Join(directory, "cert.pem")) },
		"bad key": func() { write(t, directory, "key.pem", damaged) },
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
	t.Parallel()
	ca, other, directory := newTestAuthority(t), newTestAuthority(t), t.TempDir()
	const uri = "spiffe://example/billing"
	good, strange := ca.issue(t, uri), other.issue(t, uri)
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
		{[]string{"--tls-client-auth=optional", "--client-identity=uri", policy}, false, uri},
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

// TestKeptConnection checks that an HTTP connection that was made with a certificate of an earlier authority is
// refused. Otherwise it could still be upgraded.
func TestKeptConnection(t *testing.T) {
	t.Parallel()
	for _, auth := range []string{"required", "optional"} {
		ca, other, directory := newTestAuthority(t), newTestAuthority(t), t.TempDir()
		pair := ca.issue(t, "spiffe://example/a")
		d := startDaemon(t, append(ca.issue(t, "").write(t, directory), "--tls-client-auth="+auth,
			"--tls-client-ca="+write(t, directory, "ca.pem", ca.pem()))...)
		conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "ws://"), ca.trusting(t, &pair))
		if err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		ask := func(request string) *http.Response {
			if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			return response
		}
		const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		if got := ask("GET /livez HTTP/1.1\r\nHost: x\r\n"); got.StatusCode != http.StatusOK || got.Close {
			t.Fatalf("%s: got %s, closed: %t", auth, got.Status, got.Close)
		}
		write(t, directory, "ca.pem", append(ca.pem(), other.pem()...))
		d.signal(t, syscall.SIGHUP)
		d.until(t, "reloaded")
		if got := ask("GET /livez HTTP/1.1\r\nHost: x\r\n"); got.StatusCode != http.StatusOK {
			t.Errorf("%s: an authority that stays: %s", auth, got.Status)
		}
		write(t, directory, "ca.pem", other.pem())
		d.signal(t, syscall.SIGHUP)
		d.until(t, "reloaded")
		if got := ask(upgrade); got.StatusCode != http.StatusUnauthorized || !got.Close {
			t.Errorf("%s: got %s, want 401", auth, got.Status)
		}
		d.until(t, "--tls-client-ca does not accept the client certificate")
		_ = conn.Close()
		d.stop(t)
	}
}

// TestReplacedAuthority checks that a new --tls-client-ca ends the sessions of the old one.
func TestReplacedAuthority(t *testing.T) {
	t.Parallel()
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
