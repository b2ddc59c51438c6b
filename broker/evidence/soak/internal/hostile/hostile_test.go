package hostile

import (
	"context"
	"net/url"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAttack checks that the attacks reach the broker, end with their context, and cost another client nothing.
func TestAttack(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("127.0.0.2 is not an address of this machine")
	}
	address, stop, err := brokertest.Listen(broker.Config{Drain: broker.None})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	client, err := wsclient.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	lock, err := client.Acquire(t.Context(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		Attack(ctx, u.Host, 2*len(attacks))
		close(ended)
	}()
	sessions := 0
	for ctx.Err() == nil {
		sessions = max(sessions, hostileSessions(ctx, client))
	}
	<-ended
	if sessions == 0 {
		t.Error("no hostile client has connected")
	}
	if err := lock.Release(); err != nil {
		t.Errorf("the other client lost its lock: %v", err)
	}
}

func hostileSessions(ctx context.Context, client *wsclient.Client) (sessions int) {
	for _, err := range client.Clients(ctx, &wsclient.ClientsOptions{Label: "hostile"}) {
		if err == nil {
			sessions++
		}
	}
	return sessions
}
