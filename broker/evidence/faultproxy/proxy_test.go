package faultproxy

import (
	"net"
	"testing"
)

// TestEndIsPassedOn ends one side, and sees the other end in the same way. The half of the connection that is still
// open carries bytes.
func TestEndIsPassedOn(t *testing.T) {
	t.Run("FIN", func(t *testing.T) {
		w := newWire(t)
		w.send(w.client, "last")
		if err := w.client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		w.arrives(w.broker, "last")
		w.ends(w.broker, fin)
		w.send(w.broker, "still open")
		w.arrives(w.client, "still open")
	})
	t.Run("RST of the client", func(t *testing.T) {
		w := newWire(t)
		w.breakOff(w.client)
		w.ends(w.broker, rst)
	})
	t.Run("RST of the broker", func(t *testing.T) {
		w := newWire(t)
		w.breakOff(w.broker)
		w.ends(w.client, rst)
	})
}

// TestReset resets one side: only that side learns of it.
func TestReset(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		w := newWire(t)
		w.proxy.Reset(Client)
		w.ends(w.client, rst)
		w.send(w.broker, "lost")
		w.nothing(w.broker)
	})
	t.Run("broker", func(t *testing.T) {
		w := newWire(t)
		w.proxy.Reset(Broker)
		w.ends(w.broker, rst)
		w.send(w.client, "lost")
		w.nothing(w.client)
	})
	t.Run("both", func(t *testing.T) {
		w := newWire(t)
		w.proxy.Reset(Both)
		w.ends(w.client, rst)
		w.ends(w.broker, rst)
	})
}

// TestCloseWrite sends a FIN to each side. The side that got one can still send.
func TestCloseWrite(t *testing.T) {
	w := newWire(t)
	w.proxy.CloseWrite(Client)
	w.ends(w.client, fin)
	w.nothing(w.broker)
	w.send(w.client, "still open")
	w.arrives(w.broker, "still open")
	w.proxy.CloseWrite(Broker)
	w.ends(w.broker, fin)
}

func TestRefuse(t *testing.T) {
	w := newWire(t)
	w.proxy.Refuse()
	w.isRefused()
	w.send(w.client, "open connections still work")
	w.arrives(w.broker, "open connections still work")
	w.proxy.Heal()
	w.connect()
	w.send(w.client, "accepted")
	w.arrives(w.broker, "accepted")
}

// TestNoBroker resets a client's connection if there is no broker. The next client finds the next broker.
func TestNoBroker(t *testing.T) {
	gone := listen(t)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listener: listen(t), proxy: newProxy(t, gone.Addr().String())}
	w.isRefused()
	w.proxy.SetTarget(w.listener.Addr().String())
	w.connect()
	w.send(w.client, "here")
	w.arrives(w.broker, "here")
}

// TestClose ends all connections and accepts no more. TestMain finds a goroutine that is left.
func TestClose(t *testing.T) {
	w := newWire(t)
	w.proxy.Set(Both, Faults{Hold: true})
	w.send(w.client, "held")
	w.proxy.Close()
	w.ends(w.client, rst)
	w.ends(w.broker, rst)
	w.proxy.Close()
	if c, err := net.Dial("tcp", w.proxy.Addr()); err == nil {
		_ = c.Close()
		t.Error("a closed proxy accepts connections")
	}
	if left := w.proxy.Conns(); len(left) > 0 {
		t.Errorf("%d connections are left", len(left))
	}
}
