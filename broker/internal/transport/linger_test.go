package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// Linger listens until the given time, but never less than CloseWait, and at most that long once over
// has ended. It ends at once if there is nothing more to wait for.
func TestHowLongItLingers(t *testing.T) {
	const long = 20 * time.Second
	for _, test := range []struct {
		name         string
		until        time.Duration // from the beginning
		over         time.Duration // 0: never
		done         bool          // what hear returns
		clientCloses time.Duration // 0: never
		want         time.Duration
	}{
		{name: "until the given time", until: long, want: long},
		{name: "the given time has passed", until: -long, want: CloseWait},
		{name: "the given time is soon", until: CloseWait / 2, want: CloseWait},
		{name: "over ends", until: long, over: 5 * time.Second, want: 5*time.Second + CloseWait},
		{name: "over ends shortly before", until: long, over: long - CloseWait/2, want: long},
		{name: "nothing to wait for", until: long, done: true, want: 0},
		{name: "the client closes", until: long, clientCloses: 3 * time.Second, want: 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer func() { _ = client.Close() }()
			c := newConn(server)
			defer func() { _ = c.Close() }()
			over, end := context.WithCancel(t.Context())
			defer end()
			if test.over > 0 {
				time.AfterFunc(test.over, end)
			}
			if test.clientCloses > 0 {
				time.AfterFunc(test.clientCloses, func() { _ = client.Close() })
			}
			began := time.Now()
			c.Linger(over, began.Add(test.until), func() bool { return test.done })
			if took := time.Since(began); took != test.want {
				t.Errorf("%s: lingered for %v, want %v", test.name, took, test.want)
			}
		})
	}
}

// Hurry ends a read and a write that are under way within CloseWait, and so all later ones. A second
// call gives no more time.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer func() { _ = client.Close() }()
		c := newConn(server)
		defer func() { _ = c.Close() }()
		c.Configure(Options{Silence: time.Hour})
		ended := make(chan error, 2)
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
		go func() {
			_, err := c.Write([]byte("nobody reads this"))
			ended <- err
		}()
		synctest.Wait()
		began := time.Now()
		c.Hurry()
		time.AfterFunc(CloseWait/2, c.Hurry)
		for range 2 {
			if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("ended with %v", err)
			}
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a later read: %v", err)
		}
		if took := time.Since(began); took != CloseWait {
			t.Errorf("it took %v, want %v", took, CloseWait)
		}
	})
}
