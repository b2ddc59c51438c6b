//go:build linux

package proxies

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// If a broker closes a connection before it reads the request, brokerctl says what the reason most likely is.
func TestDirect(t *testing.T) {
	const proxied, cert = "proxy-protocol=required", "wants a client certificate: name it with --cert and --key"
	for name, test := range map[string]struct {
		listen string
		flags  []string
		calls  int // the last one fails
		hint   string
	}{
		"without the trusted proxy": {"?" + proxied, []string{"--trusted-proxy=10.0.0.1"}, 1, proxied},
		"without its header":        {"?" + proxied, []string{"--trusted-proxy=127.0.0.1"}, 1, proxied},
		"too fast": {"", []string{"--handshake-burst=2", "--handshakes-per-second=1"}, 2,
			"too fast (see its --handshakes-per-second)"},
		"without a client certificate": {"", []string{"--tls-client-ca=locks.crt"}, 1, cert},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, port := newLab(t), freePorts(t, 1)[0]
			args := append([]string{"--listen=127.0.0.1:" + port + test.listen}, test.flags...)
			args = append(args, "--tls-cert=locks.crt", "--tls-key=locks.key")
			broker := exec.CommandContext(testContext(t), filepath.Join(programs, "brokerd"), args...)
			broker.Dir = l.folder
			start(t, broker)
			awaitPort(t, port)
			var text string
			for range test.calls {
				cmd := exec.CommandContext(testContext(t), filepath.Join(programs, "brokerctl"), "ping",
					"--no-proxy", "--url", "wss://127.0.0.1:"+port, "--ca", l.path("locks.crt"))
				out, err := cmd.CombinedOutput()
				if text = string(out); err == nil {
					continue
				}
			}
			if !strings.Contains(text, "hint: ") || !strings.Contains(text, test.hint) {
				t.Errorf("brokerctl ping says %q, want a hint with %q", text, test.hint)
			}
		})
	}
}

// awaitPort waits until something listens at the port. This counts as one connection.
func awaitPort(t *testing.T, port string) {
	t.Helper()
	for {
		_, err := wsclient.Dial(testContext(t), "ws://127.0.0.1:"+port, &wsclient.Options{NoProxy: true})
		if !strings.Contains(err.Error(), "connection refused") {
			return
		}
		if testContext(t).Err() != nil {
			t.Fatal(err)
		}
	}
}
