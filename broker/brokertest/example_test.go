package brokertest_test

import (
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A test cuts the connection of a client that holds a lock. The client reports that the lock is
// lost, reconnects by itself, and can acquire the lock again, with a greater token.
func ExampleStart() {
	t := newT() // in a test: its *testing.T
	defer t.end()

	b := brokertest.Start(t, broker.Config{})
	link := b.NewLink()
	client, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: link.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	before, err := client.Acquire(t.Context(), "orders/42", nil)
	if err != nil {
		t.Fatal(err)
	}

	link.Cut()
	<-before.Context().Done()
	var lost *wsclient.LostError
	if errors.As(before.Release(), &lost) {
		fmt.Println("lost:", lost.Reason)
	}

	after, err := client.Acquire(t.Context(), "orders/42", nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("the token has grown:", after.Token() > before.Token())
	// Output:
	// lost: connection
	// the token has grown: true
}
