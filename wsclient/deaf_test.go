package wsclient_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient"
)

// dialDeaf connects a client to a broker that says hello and then reads nothing, on a network without buffers: every
// write of the client blocks.
func dialDeaf(t *testing.T, s *stage, address string) (*wsclient.Client, *websocket.Conn) {
	t.Helper()
	return dialDeafFor(t, s, address, 15*time.Second)
}

// dialDeafFor is dialDeaf with that session timeout.
func dialDeafFor(t *testing.T, s *stage, address string, timeout time.Duration) (*wsclient.Client, *websocket.Conn) {
	t.Helper()
	up := make(chan *websocket.Conn, 1)
	go func() {
		ws := <-s.ups
		up <- ws
		if err := ws.WriteMessage(websocket.TextMessage, []byte(hello(timeout))); err != nil {
			t.Error(err)
		}
	}()
	c, err := wsclient.Dial(t.Context(), address, &wsclient.Options{
		NoReconnect: true,
		NetDial:     s.dial,
		TLS:         &tls.Config{InsecureSkipVerify: true}, // the certificate is self-signed
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, <-up
}

// Close takes two seconds at most, even if the broker does not read. It does not wait longer for a write under way,
// for the close frame, or for what TLS sends at the end.
func TestCloseWithABrokerThatDoesNotRead(t *testing.T) {
	secure := &tls.Config{Certificates: []tls.Certificate{certificate()}}
	tests := []struct {
		name    string
		tls     *tls.Config
		address string
		blocked bool // in a write
	}{
		{"idle", nil, "ws://stage", false},
		{"blocked", nil, "ws://stage", true},
		{"TLS, idle", secure, "wss://stage", false},
		{"TLS, blocked", secure, "wss://stage", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := dialDeaf(t, newTLSStage(t, test.tls), test.address)
				if test.blocked {
					go func() {
						if _, err := c.Acquire(t.Context(), "a", nil); !errors.Is(err,
							wsclient.ErrClosed) {
							t.Errorf("Acquire: got %v, want ErrClosed", err)
						}
					}()
					synctest.Wait()
				}
				start := time.Now()
				_ = c.Close()
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("it took %v, want 2s at most", took)
				}
			})
		})
	}
}

// The end of the lease ends everything at once, even a ping that is blocked.
func TestLeaseEndsWithABrokerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c, _ := dialDeaf(t, newStage(t), "ws://stage")
		<-c.Done()
		_ = c.Close()
		if took := time.Since(start); took != 10*time.Second || !errors.Is(c.Err(), wsclient.ErrConnection) {
			t.Errorf("got %v after %v, want ErrConnection after 10s", c.Err(), took)
		}
	})
}

// byItself has options that make a request so long that it takes a write of its own.
func byItself() *wsclient.AcquireOptions {
	var o wsclient.AcquireOptions
	for n := range 40 {
		o.Also = append(o.Also, wsclient.LockSpec{Name: fmt.Sprint(strings.Repeat("a", 500), n)})
	}
	return &o
}

// A write that is blocked for ten seconds ends the connection, however long the lease is. Each write has ten seconds
// of its own.
func TestWriteIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ws := dialDeafFor(t, newStage(t), "ws://stage", time.Hour)
		defer c.Close()
		start := time.Now()
		for range 5 {
			go func() { _, _ = c.Acquire(t.Context(), "a", byItself()) }()
		}
		for range 3 {
			pass(6 * time.Second)
			if _, _, err := ws.ReadMessage(); err != nil {
				t.Fatal(err)
			}
		}
		<-c.Done()
		if took := time.Since(start); took != 28*time.Second || !errors.Is(c.Err(), wsclient.ErrConnection) {
			t.Errorf("got %v after %v, want ErrConnection after 28s", c.Err(), took)
		}
	})
}

// If a broker closes the connection and reads nothing, the client answers the close frame within a second, or not at
// all.
func TestCloseOfABrokerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ws := dialDeaf(t, newStage(t), "ws://stage")
		defer c.Close()
		go func() { _, _ = c.Acquire(t.Context(), "a", nil) }()
		synctest.Wait()
		start := time.Now()
		message := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
		if err := ws.WriteControl(websocket.CloseMessage, message, time.Time{}); err != nil {
			t.Error(err)
		}
		<-c.Done()
		if took := time.Since(start); took != time.Second || !errors.Is(c.Err(), wsclient.ErrConnection) {
			t.Errorf("got %v after %v, want ErrConnection after a second", c.Err(), took)
		}
	})
}

// Close sends nothing more of what is queued: the close frame stands for all of it. Here each frame is so long that
// it takes a write of its own.
func TestCloseOvertakesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ws := dialDeaf(t, newStage(t), "ws://stage")
		for range 10 {
			go func() { _, _ = c.Acquire(t.Context(), "a", byItself()) }()
		}
		synctest.Wait()
		read := func() error {
			_, _, err := ws.ReadMessage()
			synctest.Wait()
			return err
		}
		if err := read(); err != nil { // now the others are one batch
			t.Fatal(err)
		}
		var closing sync.WaitGroup
		closing.Go(func() { _ = c.Close() })
		synctest.Wait()
		if err := read(); err != nil { // this one was being written
			t.Fatal(err)
		}
		if err := read(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("after Close: got %v, want a close frame", err)
		}
		closing.Wait()
	})
}

// certificate returns a self-signed certificate.
func certificate() tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates[0]
}
