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

// Options are the options of a client. The zero value works.
type Options struct {
	// Label shows people who read the listing which program this is, at most
	// 256 bytes. Default: program@host:pid.
	Label string
	// Author is the author of requests that name none, at most 256 bytes.
	Author string
	// Header is sent with each request for a connection. It must not be changed.
	Header http.Header
	// TLS is used for wss URLs. nil: the defaults of crypto/tls.
	TLS *tls.Config
	// NetDial makes the network connection. nil: a net.Dialer.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)
	// WaitForBroker lets Dial try again when it cannot connect, until its ctx ends or
	// a broker refuses it for good.
	WaitForBroker bool
	// NoReconnect ends the client with its first connection: held locks are lost,
	// and calls that wait fail with ErrConnection.
	NoReconnect bool
	// StopTime is how long holders need to stop after the contexts of their locks
	// have ended. The client then gives up early enough that they have this time before the
	// broker can give the locks to others, even if the clocks run at rates that differ by a tenth. It
	// does not give up before one and a half heartbeats, so that it loses no locks without
	// need. See [LostError.Left]. 0: holders have what two thirds of the session
	// timeout leave, which is about a quarter of it.
	StopTime time.Duration
	// OnState is called when the state of the client has changed. With Connecting it is also called
	// after each failed attempt to connect, including those of Dial with
	// WaitForBroker. The argument why is the error that has led to the state, or nil. With NotGranting it says
	// why the broker grants nothing. The calls are made one after another, in order, and the client does
	// not connect meanwhile. So OnState must return soon, and must not call Close or Drain. It is meant for logs.
	OnState func(state State, why error)
}

// AcquireOptions are the options of one request. With the zero value it is exclusive, and waits
// until it is granted or the context ends.
type AcquireOptions struct {
	// Author is who makes the request, for people to read, at most 256 bytes. Default: the Author
	// of the client.
	Author string
	// Mode is Exclusive or Shared.
	Mode Mode
	// Limit, with Shared, is how many requests may hold the lock at once, including this one,
	// 1 to 1,000,000: a counting semaphore. 0: no limit.
	Limit int
	// Also has further locks. They are granted together with the first, all or none.
	Also []LockSpec
	// Wait is how long to wait before ErrTimeout, at most a year. It is rounded up to milliseconds.
	// Its error says who holds the lock, which the end of a context does
	// not. The broker counts it, or the client while there is no connection. If a
	// connection has failed and the client has not noticed yet, the wait is up to
	// two thirds of the session timeout longer. 0: until the context ends. TryAcquire
	// does not wait, whatever Wait is.
	Wait time.Duration
	// Hold is how long the lock may be held, at most 330 days. Then it is lost,
	// with LostExpired, and free for others. The client counts from when it reads the
	// grant. The broker counts a longer time, for a client that it no longer
	// hears from: a tenth more, and up to a session timeout. 0: no end.
	Hold time.Duration
	// Steal takes the locks from their holders at once, before all waiters, which
	// keep their places. The holders lose them, with
	// LostStolen, and may need a moment to notice. Let the resource check
	// the tokens. All the locks must be exclusive, and no lock of this client
	// may enclose the call. The broker may require a permission.
	Steal bool
	// Parent is the id of a request that holds, of any program: the innermost one that encloses
	// this call, for example that of the lock under which another program has started this one.
	// The broker then finds deadlocks across both. See [ParentFrom]. If a lock of this client
	// encloses the call, it is the parent instead. ErrNotFound: the parent does not hold, or no longer does.
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
// the time. It returns what is wrong with the options that wire.Check does not see.
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

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// defaultLabel returns program@host:pid.
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
