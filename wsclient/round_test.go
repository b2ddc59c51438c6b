package wsclient_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// hosts are brokers by host and port. A host without a broker refuses connections.
type hosts struct {
	mu      sync.Mutex
	brokers map[string]*brokertest.Link
	dialled []string
}

func (h *hosts) dial(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	h.dialled = append(h.dialled, address)
	b := h.brokers[address]
	h.mu.Unlock()
	if b == nil {
		return nil, errors.New("connection refused")
	}
	return b.Dial(ctx, network, address)
}

// move sets the broker of a host.
func (h *hosts) move(address string, b *brokertest.Link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.brokers[address] = b
	h.dialled = nil
}

func (h *hosts) seen() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.dialled, " ")
}

// With several addresses, the client tries each of them before it pauses, beginning with the one that worked last.
func TestSeveralAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		link := b.NewLink()
		h := &hosts{brokers: map[string]*brokertest.Link{"b:1": link}}
		begin := time.Now()
		c, err := wsclient.Dial(t.Context(), "ws://a:1, ws://b:1,ws://c:1", &wsclient.Options{NetDial: h.dial})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if got := h.seen(); got != "a:1 b:1" || time.Since(begin) > 0 {
			t.Errorf("dials %s in %v", got, time.Since(begin))
		}
		h.move("b:1", nil)
		h.move("a:1", link)
		link.Cut()
		pass(100 * time.Millisecond)
		if got := h.seen(); got != "b:1 c:1 a:1" || c.State() != wsclient.Connected {
			t.Errorf("dials %s; the client is %v", got, c.State())
		}
		h.move("a:1", nil)
		link.Cut()
		pass(3 * time.Second)
		rounds := strings.Fields(h.seen())
		if n := len(rounds); n < 9 || n > 40 || n%3 > 0 || rounds[0] != "a:1" || rounds[1] != "b:1" {
			t.Errorf("dials %s", rounds)
		}
	})
}

// If no address works, the error tells of each. The client ends only if all of them refuse it for good.
func TestAllAddressesFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{}
		var failed []time.Duration
		o := &wsclient.Options{NetDial: h.dial, Trace: &wsclient.Trace{
			DialFailed: func(_ int, _ error, next time.Duration) { failed = append(failed, next) },
		}}
		_, err := wsclient.Dial(t.Context(), "ws://a:1,unix:/run/b", o)
		const want = "dial ws://a:1/ws: connection refused; dial unix:/run/b: connection refused"
		if err == nil || err.Error() != want || !errors.Is(err, wsclient.ErrConnection) {
			t.Errorf("got %v, want %s", err, want)
		}
		if len(failed) != 2 || failed[0] != 0 || failed[1] >= 0 {
			t.Errorf("the pauses were %v", failed)
		}
	})
}

// A broker that refuses the client for good ends it only if all others do so, too.
func TestRefusedByOneAddress(t *testing.T) {
	const forbidden, starting = "HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 503 Service Unavailable\r\n\r\n"
	for name, test := range map[string]struct {
		answers map[string]string
		isFinal bool
	}{
		"one":  {map[string]string{"a:1": forbidden, "b:1": starting}, false},
		"both": {map[string]string{"a:1": forbidden, "b:1": forbidden}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := wsclient.Dial(ctx, "ws://a:1,ws://b:1", &wsclient.Options{
					WaitForBroker: true,
					NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
						return answerWith(test.answers[address])(ctx, network, address)
					},
				})
				if isFinal := ctx.Err() == nil; isFinal != test.isFinal || err == nil {
					t.Errorf("final: %t, %v", isFinal, err)
				}
			})
		})
	}
}
