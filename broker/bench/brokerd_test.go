package bench

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
)

// A brokerd is a running brokerd.
type brokerd struct {
	address, url string
	token        string // "": it asks for none
	process      *os.Process
	tls          *tls.Config // of its clients; nil: it has no TLS
}

func (b *brokerd) tokenOf(context.Context) (string, error) { return b.token, nil }

const allowAll = "rules:\n  - for: [\"**\"]\n    locks: [\"**\"]\n    allow: [acquire]\n"

// startBrokerd starts a brokerd that asks for tokens.
func startBrokerd(tb testing.TB, secure bool) *brokerd {
	tb.Helper()
	directory := tb.TempDir()
	token, line, err := access.NewToken("bench", nil, time.Time{})
	if err != nil {
		tb.Fatal(err)
	}
	args := []string{
		"--tokens=" + writeFile(tb, directory, "tokens", []byte(line+"\n")),
		"--policy=" + writeFile(tb, directory, "policy.yaml", []byte(allowAll)),
	}
	var clients *tls.Config
	if secure {
		cert, key, config := newPair(tb)
		clients = config
		args = append(args, "--tls-cert="+writeFile(tb, directory, "cert.pem", cert),
			"--tls-key="+writeFile(tb, directory, "key.pem", key))
	}
	b := launchBrokerd(tb, directory, args...)
	b.token, b.tls = token, clients
	b.url = map[bool]string{false: "ws://", true: "wss://"}[secure] + b.address
	return b
}

// launchBrokerd builds brokerd in a directory, and starts it on the servers' processor. It stops when the test ends.
func launchBrokerd(tb testing.TB, directory string, args ...string) *brokerd {
	tb.Helper()
	program := filepath.Join(directory, "brokerd.exe")
	build := exec.CommandContext(tb.Context(), "go", "build", "-o", program, "../../cmd/brokerd")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	command := exec.Command(program, append([]string{"--listen=127.0.0.1:0"}, args...)...)
	log, err := command.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := startPinned(command.Start); err != nil {
		tb.Fatal(err)
	}
	running.Add(1)
	drained := make(chan struct{})
	tb.Cleanup(func() {
		_ = command.Process.Kill()
		<-drained
		_ = command.Wait() // it was killed
		running.Add(-1)
	})
	return &brokerd{process: command.Process, address: firstAddress(tb, log, drained)}
}

// firstAddress returns the address in the first line of a log. It reads the rest, too, and then closes drained.
func firstAddress(tb testing.TB, log io.Reader, drained chan<- struct{}) string {
	tb.Helper()
	lines := bufio.NewScanner(log)
	var first struct{ Address string }
	found := lines.Scan() && json.Unmarshal(lines.Bytes(), &first) == nil && first.Address != ""
	text := lines.Text()
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, log)
	}()
	if !found {
		tb.Fatalf("brokerd did not start: %s", text)
	}
	return first.Address
}

func writeFile(tb testing.TB, directory, name string, text []byte) string {
	tb.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// newPair returns a certificate for the loopback address and its key, in PEM, and the configuration of clients.
func newPair(tb testing.TB) (cert, key []byte, clients *tls.Config) {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		tb.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots.AppendCertsFromPEM(cert)
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), &tls.Config{RootCAs: roots}
}
