package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Heartbeat says when the next ping of a connection is due. It belongs to the caller, who sends the pings, and is not
// among the deadlines of the machine: a ping counts from when the caller sends it.
type Heartbeat struct {
	Interval time.Duration
	Due      time.Duration // when the next ping is due, on the clock that is never set
}

// NewHeartbeat returns the heartbeat of a connection whose broker has sent that hello. The first ping is due an
// interval after the network connection was made, when the lease began, however late the hello was.
func NewHeartbeat(hello *wire.Hello, made Instant) Heartbeat {
	h := Heartbeat{Interval: time.Duration(hello.HeartbeatMS) * time.Millisecond}
	h.Begin(made)
	return h
}

// Begin begins the next interval: a ping is sent at that time.
func (h *Heartbeat) Begin(at Instant) { h.Due = at.Mono + h.Interval }
