//go:build linux

package proxies

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "proxies"); err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(programs)
		os.Exit(code)
	}))
}

// testContext returns a context that ends shortly before go test gives up.
func testContext(t *testing.T) context.Context {
	t.Helper()
	deadline, bounded := t.Deadline()
	if !bounded {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-10*time.Second))
	t.Cleanup(cancel)
	return ctx
}

// unprivileged is the user nobody of most systems. It runs the proxies if the tests run as root.
const unprivileged = 65534

// A lab is a folder with a certificate for 127.0.0.1, for one proxy and its broker.
type lab struct{ folder string }

func newLab(t *testing.T) *lab {
	t.Helper()
	folder, err := os.MkdirTemp("", "proxies")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := build(); err != nil {
		t.Fatal(err)
	}
	l := &lab{folder: folder}
	cert, key := certificate(t)
	l.write(t, "locks.crt", cert)
	l.write(t, "locks.key", key)
	l.write(t, "locks.pem", append(cert, key...))
	if os.Getuid() == 0 {
		if err := os.Chown(folder, unprivileged, unprivileged); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func (l *lab) path(name string) string { return filepath.Join(l.folder, name) }

// write writes a file that the proxy can read.
func (l *lab) write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(l.path(name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(l.path(name), unprivileged, unprivileged); err != nil {
			t.Fatal(err)
		}
	}
}

// certificate returns the certificate of package httptest, which is its own authority, and its key.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	own := server.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// programs is the folder with brokerd and brokerctl. TestMain sets it.
var programs string

// build builds brokerd and brokerctl, once.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", programs, "../../../cmd/brokerd", "../../../cmd/brokerctl")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

// freePorts returns ports of 127.0.0.1 on which nobody listens.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }() // at the end, so that the ports differ
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	return ports
}

// start runs a program until the test ends, and shows its output if the test fails.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		_ = out.Close()
		if text, err := os.ReadFile(out.Name()); err == nil && t.Failed() {
			t.Logf("%s:\n%s", cmd.Path, text)
		}
	})
}
