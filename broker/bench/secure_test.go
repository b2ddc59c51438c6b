package bench

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// floorSecure is how much of its ratio to an echo the broker keeps when both have TLS, and the broker also a token and
// a policy.
const floorSecure = 0.9

// benchToken is the token of all clients. The servers that accept it listen on loopback, and end with the benchmark.
const benchToken = "lbt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func secureToken(context.Context) (string, error) { return benchToken, nil }

func isSecure(role string) bool { return strings.HasSuffix(role, "-secure") }

// certificate returns a certificate for example.com, with its key. All processes get the same one.
var certificate = sync.OnceValue(func() tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates[0]
})

func serverTLS() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{certificate()}} }

func clientTLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(certificate().Leaf)
	return &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

// url returns the URL of a broker.
func (p *process) url() string {
	if p.secure {
		return "wss://" + p.address
	}
	return "ws://" + p.address
}

// dial connects to a server, with TLS if it has that.
func (p *process) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil || !p.secure {
		return conn, err
	}
	secure := tls.Client(conn, clientTLS())
	return secure, secure.HandshakeContext(ctx)
}

// secureControl returns a control that accepts the token, and whose policy has 1,000 rules for everybody. The last one
// is for the locks of the benchmarks. Of the others, one in ten has a glob that must be compared with each name.
func secureControl() (*access.Control, error) {
	hash := sha256.Sum256([]byte(benchToken))
	tokens, err := access.ParseTokens("bench sha256:" + hex.EncodeToString(hash[:]) + "\n")
	if err != nil {
		return nil, err
	}
	rules := make([]access.Rule, 1000)
	for i := range rules {
		glob := fmt.Sprintf("team%d/part%d/**", i%100, i/100)
		if i%10 == 9 {
			glob = fmt.Sprintf("*/part%d/*/{read,write}", i/100)
		}
		if i == len(rules)-1 {
			glob = "orders/**"
		}
		allow := []wire.Verb{wire.MayAcquire, wire.MayList}
		rules[i] = access.Rule{For: []string{"**"}, Locks: []string{glob}, Allow: allow}
	}
	policy, err := access.NewPolicy(rules)
	if err != nil {
		return nil, err
	}
	return &access.Control{Authenticators: []access.Authenticator{tokens}, Policy: policy}, nil
}

func BenchmarkSecure(b *testing.B) {
	b.Run("1-caller", func(b *testing.B) { secure(b, 1, 1) })
	b.Run("64-callers", func(b *testing.B) { secure(b, 1, 64) })
	b.Run("100-connections", func(b *testing.B) { secure(b, 100, 100) })
}

// secure measures callers on some connections with TLS, a token and a policy, beside an echo with TLS. It compares the
// ratio of the two with the ratio without all that, from the same rounds.
func secure(tb testing.TB, connections, callers int) {
	plainBroker, secureBroker := startServer(tb, roleBroker), startServer(tb, roleSecure)
	plain := ownLocks("without TLS", dialBroker(tb, plainBroker, connections), callers, nil)
	c := ownLocks("with TLS", dialBroker(tb, secureBroker, connections), callers, nil)
	echoes, frames := make([]*contender, 2), oneLock(lockName(0))
	for i, roles := range [][2]string{{roleEcho, roleGathered}, {roleSecureEcho, roleSecureGathered}} {
		if callers > connections {
			echoes[i] = gatheredEchoOf(tb, startServer(tb, roles[1]), connections, callers, frames)
		} else {
			echoes[i] = plainEchoOf(tb, startServer(tb, roles[0]), connections, frames)
		}
	}
	samples := measure(tb, plain, echoes[0], c, echoes[1])
	reportRate(tb, "pairs", samples[2], samples[3], nil)
	kept := ratio(samples[2], samples[3]) / ratio(samples[0], samples[1])
	reportFigure(tb, "x/without-TLS", kept, atLeast(floorSecure))
}
