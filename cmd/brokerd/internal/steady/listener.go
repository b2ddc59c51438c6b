package steady

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/quiet"
)

// The shortest and the longest pause after an error.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// A Listener is a listener whose Accept fails only once it is closed.
type Listener struct {
	net.Listener
	answer []byte // for the clients that are refused
	spare  *spare
	closed chan struct{}
	close  func() error

	full, failed *quiet.Line
	refused      atomic.Int64
}

// Listen returns a Listener that accepts the connections of another one. plain says that they begin with HTTP, and
// not with TLS.
func Listen(under net.Listener, plain bool, log zerolog.Logger) (*Listener, error) {
	spare, err := newSpare()
	if err != nil {
		return nil, err
	}
	l := &Listener{
		Listener: under, spare: spare, closed: make(chan struct{}),
		full: quiet.NewLine(log), failed: quiet.NewLine(log),
	}
	if plain {
		l.answer = []byte(tryAgain)
	}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		spare.giveUp()
		return under.Close()
	})
	return l, nil
}

// Refused returns how many connections were closed because there was no free descriptor.
func (l *Listener) Refused() int64 { return l.refused.Load() }

// Close ends Accept.
func (l *Listener) Close() error { return l.close() }

// Accept returns the next connection, or an error after Close.
func (l *Listener) Accept() (net.Conn, error) {
	pause := firstPause
	for {
		conn, err := l.Listener.Accept()
		switch {
		case err == nil && isReserved(conn):
			l.refuse(conn)
			continue
		case err == nil:
			return conn, nil
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case isFull(err) && l.refuseOne():
			pause = firstPause
			continue
		case isFull(err):
			l.full.Warn("no free file descriptor: new clients must wait", nil)
		default:
			l.failed.Warn("cannot accept a connection: trying again", func(e *zerolog.Event) { e.Err(err) })
		}
		if !l.wait(pause) {
			return nil, net.ErrClosed
		}
		pause = min(2*pause, maxPause)
	}
}

// wait returns false if the listener is closed meanwhile.
func (l *Listener) wait(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.closed:
		return false
	}
}

// isFull reports whether an error means that the process, or the machine, has no free descriptor.
func isFull(err error) bool { return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) }
