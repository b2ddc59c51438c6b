//go:build linux

package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// clientAddress is from where the Go client of the tests connects. Proxies and brokers are at 127.0.0.1.
const clientAddress = "127.0.0.7"

// url returns the URL of the broker behind the proxy.
func (r *run) url(port string) string { return "https://127.0.0.1:" + r.ports[port] + "/locks/" }

func (r *run) trust() *tls.Config {
	r.t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(read(r.t, r.path("locks.crt")))) {
		r.t.Fatal("no certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// losesBytes matches what a client is told if the proxy loses the first byte that it sends. Caddy before 2.8 does so
// now and then: caddyserver/caddy#6273. Then the client must connect again.
var losesBytes = regexp.MustCompile(`has closed it: .*(MASK|opcode|RSV|bad_request|malformed)`)

// dial connects through the proxy, as soon as the proxy and the broker are there. Its headers claim other addresses.
func (r *run) dial(port string) *wsclient.Client {
	r.t.Helper()
	for {
		client := r.dialOnce(port)
		_, err := client.Ping(testContext(r.t))
		switch {
		case err == nil:
			return client
		case !losesBytes.MatchString(err.Error()):
			r.t.Fatal(err)
		}
	}
}

func (r *run) dialOnce(port string) *wsclient.Client {
	r.t.Helper()
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddress)}}
	client, err := wsclient.Dial(testContext(r.t), r.url(port), &wsclient.Options{
		Label: "go", TLS: r.trust(), NetDial: from.DialContext, WaitForBroker: true, NoProxy: true,
		Header: http.Header{"Forwarded": {"for=192.0.2.1"}, "X-Forwarded-For": {"192.0.2.2"}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = client.Close() })
	return client
}

// get returns what the proxy answers at a path.
func (r *run) get(path string) (status int, body string) {
	r.t.Helper()
	response, body, err := r.request(path)
	if err != nil {
		return 0, err.Error() // the proxy may be between two configurations
	}
	return response.StatusCode, body
}

// redirect returns the path to which the proxy or the broker redirects.
func (r *run) redirect(path string) (status int, to string) {
	r.t.Helper()
	response, _, err := r.request(path)
	if err != nil {
		return 0, err.Error()
	}
	location, err := response.Location()
	if err != nil {
		return response.StatusCode, err.Error()
	}
	return response.StatusCode, location.Path
}

func (r *run) request(path string) (response *http.Response, body string, err error) {
	r.t.Helper()
	transport := &http.Transport{TLSClientConfig: r.trust()}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(testContext(r.t), http.MethodGet,
		"https://127.0.0.1:"+r.ports["443"]+path, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	if response, err = transport.RoundTrip(request); err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

// brokerctl returns a command of brokerctl through the proxy.
func (r *run) brokerctl(port string, args ...string) *exec.Cmd {
	args = append(args[:1:1], append([]string{"--url", r.url(port), "--ca", r.path("locks.crt")}, args[1:]...)...)
	return exec.CommandContext(testContext(r.t), filepath.Join(programs, "brokerctl"), args...)
}

// output runs a command, which must succeed, and returns its output.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	again := exec.CommandContext(testContext(t), cmd.Path, cmd.Args[1:]...)
	again.Dir, again.Env = cmd.Dir, cmd.Env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && losesBytes.MatchString(stderr.String()) {
		return output(t, again)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd.Args, err, out, stderr.String())
	}
	return string(out)
}

func acquire(ctx context.Context, t *testing.T, client *wsclient.Client, name string) *wsclient.Lock {
	t.Helper()
	lock, err := client.Acquire(ctx, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}
