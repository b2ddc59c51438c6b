package wsclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Options are those of a connection. The zero value works.
type Options struct {
	// Label tells people who reads the listing which program this is, at most
	// 256 bytes. Default: program@host:pid.
	Label string
	// Author is that of requests that name none, at most 256 bytes.
	Author string
	// Header is sent with each request for a connection; it must not be changed.
	Header http.Header
	// TLS is used for wss URLs; nil: the defaults of crypto/tls.
	TLS *tls.Config
	// NetDial makes the network connection; nil: a net.Dialer.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)
	// WaitForBroker lets Dial try again when it cannot connect, until its ctx ends or
	// a broker refuses it for good.
	WaitForBroker bool
	// NoReconnect ends the client with its first connection: held locks are lost,
	// and calls that wait fail with ErrConnection.
	NoReconnect bool
	// StopTime is how long holders need to stop after the contexts of their locks
	// have ended. The client gives up so much earlier that they have it before the
	// broker can give the locks to others, clocks whose rates differ by a tenth
	// included; but not before one and a half of its heartbeats, so that locks are
	// not lost for nothing. See [LostError.Left]. 0: what two thirds of the session
	// timeout leave, which is about a quarter of it.
	StopTime time.Duration
	// OnState is called when the state of the client has changed, and, with
	// Connecting, after each attempt to connect that has failed, those of Dial with
	// WaitForBroker included; why is the error that led to it, or nil; with NotGranting it says why
	// nothing is granted. Calls come one after another, in order, and no connection is made meanwhile:
	// it is to return soon, and must not call Close or Drain. It is meant for logs.
	OnState func(state State, why error)
}

// AcquireOptions are those of one request. The zero value asks for the lock
// exclusively, and waits until it is granted or the context ends.
type AcquireOptions struct {
	// Author is who asks, for people to read; at most 256 bytes. Default: that
	// of the client.
	Author string
	// Mode is Exclusive or Shared.
	Mode Mode
	// Limit, with Shared, is how many may hold the lock at once, this one
	// counted, 1 to 1,000,000: a counting semaphore. 0: as many as come.
	Limit int
	// Also are further locks, held together with the first: all or none.
	Also []LockSpec
	// Wait is how long to wait before ErrTimeout, in milliseconds, rounded up; at
	// most a year. Its error says who has the lock, which the end of a context does
	// not. It is counted by the broker, and, while there is no connection,
	// here; a connection that has failed without anybody knowing it yet adds up to
	// two thirds of the session timeout. 0: as long as the context lasts. TryAcquire
	// does not wait, whatever this says.
	Wait time.Duration
	// Hold is how long the lock may be held, at most 330 days; then it is lost,
	// with LostExpired, and free for others. The client counts it, from the
	// arrival of the grant, and the broker, as a backstop for when it does not
	// hear from the client, somewhat longer: a tenth more, and up to a session
	// timeout. 0: as long as you like.
	Hold time.Duration
	// Steal takes the locks from whoever holds them, at once and past all who
	// wait; these keep their places. Those who held them lose them, with
	// LostStolen, and may need a moment to notice: let what the locks protect
	// look at the tokens. All the locks are exclusive, and no lock of this client
	// may enclose the call. The broker may want a permission.
	Steal bool
	// Parent is the id of a request that holds, of any program: the innermost that encloses
	// this call, for example the lock under which somebody has started this program.
	// The broker then finds deadlocks across both. See [ParentFrom]. A lock of this client
	// that encloses the call comes first. ErrNotFound: it is not held, or not any more.
	Parent ID
}

// A LockSpec is one further lock of a request.
type LockSpec struct {
	Name  string
	Mode  Mode
	Limit int // as in AcquireOptions
}

// maxWait is the protocol's maximum, a year, and maxHold leaves room for the
// backstop under it.
const (
	maxWait = time.Duration(wire.MaxMillis) * time.Millisecond
	maxHold = 330 * 24 * time.Hour
)

// fill makes m the request for the wire, without what depends on the connection and
// the time. What is wrong with it beyond what is said here, wire.Check will say.
func (o AcquireOptions) fill(m *wire.Acquire, name, author string) error {
	m.Author, m.Steal = o.Author, o.Steal
	if m.Author == "" {
		m.Author = author
	}
	m.Locks = append(m.Locks, lockSpec(name, o.Mode, o.Limit))
	for _, also := range o.Also {
		m.Locks = append(m.Locks, lockSpec(also.Name, also.Mode, also.Limit))
	}
	if !o.Parent.IsZero() {
		if err := checkID(o.Parent); err != nil {
			return fmt.Errorf("parent: %w", err)
		}
		m.Parent = o.Parent
	}
	if o.Wait < 0 || o.Hold < 0 {
		return errors.New("negative Wait or Hold")
	}
	if o.Hold > maxHold {
		return fmt.Errorf("want a Hold of at most %v", maxHold)
	}
	if o.Wait > maxWait {
		return fmt.Errorf("want a Wait of at most %v", maxWait)
	}
	return nil
}

func lockSpec(name string, mode Mode, limit int) wire.LockSpec {
	spec := wire.LockSpec{Name: name, Mode: mode}
	if limit != 0 {
		spec.Limit = wire.Some(limit)
	}
	return spec
}

// toMillis rounds up: nothing is to end before its time.
func toMillis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func defaultLabel() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	program := "unknown"
	if len(os.Args) > 0 { // whoever started the program may have given it none
		program = filepath.Base(os.Args[0])
	}
	label := fmt.Sprintf("%s@%s:%d", program, host, os.Getpid())
	label = label[:min(len(label), wire.ClientLabelBytes)]
	return strings.ToValidUTF8(label, "") // cut in the middle of a character, or never valid
}
