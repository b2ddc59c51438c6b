package faultproxy

import (
	"strings"
	"testing"
	"time"
)

// TestHeldBytesArriveLater holds bytes and the end of the connection in one direction. The other direction works.
func TestHeldBytesArriveLater(t *testing.T) {
	w := newWire(t)
	w.proxy.Set(Broker, Faults{Hold: true})
	w.send(w.client, "held")
	if err := w.client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	w.nothing(w.broker)
	w.send(w.broker, "not held")
	w.arrives(w.client, "not held")
	w.proxy.Heal()
	w.arrives(w.broker, "held")
	w.ends(w.broker, fin)
}

// TestSwallowedBytesAreLost swallows bytes in one direction. After a heal the direction stays dead, because TCP has no
// gaps. The other direction works throughout.
func TestSwallowedBytesAreLost(t *testing.T) {
	w := newWire(t)
	w.proxy.Set(Client, Faults{Swallow: true})
	w.send(w.broker, "lost")
	w.nothing(w.client)
	w.proxy.Heal()
	w.send(w.broker, "lost, too")
	w.nothing(w.client)
	w.send(w.client, "arrives")
	w.arrives(w.broker, "arrives")
}

// TestSwallowWithoutBytesHeals heals a direction before anything was lost.
func TestSwallowWithoutBytesHeals(t *testing.T) {
	w := newWire(t)
	w.proxy.Set(Both, Faults{Swallow: true})
	w.proxy.Heal()
	w.send(w.broker, "arrives")
	w.arrives(w.client, "arrives")
}

// TestSwallowedEnd leaves a side open although the other has ended, with a FIN and with a RST.
func TestSwallowedEnd(t *testing.T) {
	for _, end := range []struct {
		name string
		run  func(*wire)
	}{
		{"FIN", func(w *wire) { _ = w.client.Close() }},
		{"RST", func(w *wire) { w.breakOff(w.client) }},
	} {
		t.Run(end.name, func(t *testing.T) {
			w := newWire(t)
			w.proxy.Set(Broker, Faults{Swallow: true})
			end.run(w)
			w.nothing(w.broker)
			w.proxy.Heal()
			w.nothing(w.broker)
			w.proxy.Reset(Broker)
			w.ends(w.broker, rst)
		})
	}
}

func TestDelay(t *testing.T) {
	const delay = 60 * time.Millisecond
	w := newWire(t)
	w.proxy.Set(Both, Faults{Delay: delay})
	begin := time.Now()
	w.send(w.client, "there")
	w.arrives(w.broker, "there")
	w.send(w.broker, "back")
	w.arrives(w.client, "back")
	if took := time.Since(begin); took < 2*delay {
		t.Errorf("there and back took %v, want at least %v", took, 2*delay)
	}
}

func TestRate(t *testing.T) {
	const rate, size = 20_000, 4_000 // a fifth of a second
	w := newWire(t)
	w.proxy.Set(Broker, Faults{Rate: rate})
	// The pump may be inside a read of full size. This byte ends that read.
	w.send(w.client, "x")
	w.arrives(w.broker, "x")
	text := strings.Repeat("y", size)
	begin := time.Now()
	w.send(w.client, text)
	w.arrives(w.broker, text)
	if took, least := time.Since(begin), time.Second*(size-rate/20)/rate; took < least {
		t.Errorf("%d bytes took %v, want at least %v", size, took, least)
	}
}

// TestFaultsOfOneConn changes the faults of one connection of two.
func TestFaultsOfOneConn(t *testing.T) {
	w := newWire(t)
	first, firstBroker := w.client, w.broker
	w.connect()
	conns := w.proxy.Conns()
	if len(conns) != 2 {
		t.Fatalf("%d connections, want 2", len(conns))
	}
	conns[0].Set(Both, Faults{Hold: true})
	w.send(first, "held")
	w.send(w.client, "not held")
	w.arrives(w.broker, "not held")
	w.nothing(firstBroker)
	conns[0].Set(Both, Faults{})
	w.arrives(firstBroker, "held")
}

// TestFaultsOfNewConn makes a connection after Set.
func TestFaultsOfNewConn(t *testing.T) {
	w := newWire(t)
	w.proxy.Set(Client, Faults{Hold: true})
	w.connect()
	w.send(w.broker, "held")
	w.nothing(w.client)
	w.proxy.Heal()
	w.arrives(w.client, "held")
}
