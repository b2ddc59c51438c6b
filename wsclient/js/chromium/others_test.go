package chromium_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// dialBroker connects a Go client, which stands for all other clients.
func dialBroker(ctx context.Context, t *testing.T, url string) *wsclient.Client {
	t.Helper()
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func waitFor(d time.Duration) *wsclient.AcquireOptions { return &wsclient.AcquireOptions{Wait: d} }

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
