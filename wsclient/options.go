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
	// Label names this program in listings, for people, at most 256 bytes. Default: program@host:pid.
	Label string
	// Author is the default Author of requests, at most 256 bytes.
	Author string
	// Header is sent with the HTTP request of each connection. The caller must not change it after Dial. Default
	// of its User-Agent: lockbroker-go.
	Header http.Header
	// HeaderFunc returns the header for one connection, instead of Header. The client calls it before each
	// attempt to connect. See Token about ctx and errors.
	HeaderFunc func(ctx context.Context) (http.Header, error)
	// Token returns a token that says who this program is, at most 12 KiB. The client sends it as Authorization:
	// Bearer, so neither Header nor HeaderFunc may have an Authorization field. Over a plain ws URL anyone on the
	// way can read it.
	//
	// The client calls Token before each attempt to connect. If the credential expires, the client also calls
	// it when two thirds of the time that is left have passed, and at once if less than 5 s are left, and sends
	// the new token on the connection. If that fails, the connection goes on with the old credential, the
	// client tries again later, and RenewalFailed in [Trace] reports it. When the credential has expired, the
	// broker ends the connection.
	//
	// If the broker answers with 401, the token may have expired on its way. So a client that reconnects, or
	// waits for the broker, makes one more attempt, with a new token. A second 401 without a connection in
	// between ends it. Without Token, the first 401 ends it. When the broker closes the connection because the
	// credential has expired or was revoked (close codes 4401 and 4403), the locks are lost, and the client
	// connects again with a new token.
	//
	// Token must return when ctx ends, which is after 10 s at the latest. An error of Token fails the attempt
	// to connect, which is repeated like other attempts. The client does not keep tokens: the function should
	// keep a token that is costly to get, and not return it when it is about to expire.
	Token func(ctx context.Context) (string, error)
	// TLS is the configuration for wss URLs. nil: the defaults of crypto/tls.
	TLS *tls.Config
	// NetDial makes the network connection. nil: a net.Dialer.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)
	// NoProxy makes the client ignore HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
	NoProxy bool
	// WaitForBroker makes Dial retry when it cannot connect, until its ctx ends or a broker refuses it
	// for good.
	WaitForBroker bool
	// NoReconnect ends the client with its first connection: held locks are lost, and calls that wait fail with
	// ErrConnection. Only when a broker restarts that keeps its locks, the client makes another connection. Then it
	// ends if it cannot take up its session before its lease ends.
	NoReconnect bool
	// Resume lets held locks survive the end of a connection. The broker keeps them, and the client takes them up
	// on the next connection, if it makes one before its lease ends. Meanwhile the locks count as held, and waiting
	// requests keep their places. Without Resume, the client does so only when a broker restarts that keeps its
	// locks.
	//
	// With Resume, the client also gives up a connection on which a ping was not answered for a sixth of the
	// session timeout, which is 2.5 s by default. So the locks survive if the broker is frozen and another one
	// takes over before the lease ends. Name all brokers in the address. Until then an attempt to connect may take
	// a tenth of the lease, but at least a second, and later twice and four times as long. That includes Token and
	// HeaderFunc.
	//
	// This has a price: if this program is killed, the broker cannot know that it will not come back. So it gives
	// its locks to others only when the session timeout has passed. A program that ends by Close or Drain while it
	// has a connection frees its locks at once all the same. Resume has no effect with NoReconnect, or if the
	// broker does not support it.
	Resume bool
	// StopTime is how long holders need to stop after the contexts of their locks have ended. The client
	// gives up early enough to leave them this time before the broker can grant the locks to others. This
	// holds even if the rates of the two clocks differ by a tenth. But the lease always lasts at least
	// one and a half heartbeats, so that the client does not lose its locks unnecessarily. See
	// [LostError.Left]. 0: the lease lasts two thirds of the session timeout, which leaves holders about
	// a quarter of it to stop.
	StopTime time.Duration
	// OnLateLoss is called when a lock with AsyncRelease in [AcquireOptions] was lost before the broker handled
	// its release. err is a *[LostError], unless the broker breaks the protocol. The calls come one after
	// another, soon after the client has learned of the loss, and Close waits for them. OnLateLoss must not
	// call Close or Drain. nil: such losses are only counted, see [Client.LateLosses].
	OnLateLoss func(err error)
	// Trace has functions that the client calls to report what happens, for a log. nil: nothing is reported.
	Trace *Trace
	// Observe follows each request with the context of its call, for spans and for metrics of requests. nil:
	// nothing is followed, at no cost. See [Observer].
	Observe Observer
	// OnState is called when the state of the client has changed. With Connecting it is also called after
	// each failed attempt to connect, including those of Dial with WaitForBroker. The argument why is the
	// error that led to the state, or nil. With NotGranting it says why the broker grants nothing. The
	// calls come one after another, in order, and the client does not reconnect during a call. So OnState
	// must return soon, and must not call Close or Drain. It is meant for logging.
	//
	// Deprecated: Use State in [Trace], which does not hold up the client.
	OnState func(state State, why error)
}

// AcquireOptions are the options of one request. With the zero value, the request is exclusive and waits
// until it is granted or the context ends.
type AcquireOptions struct {
	// Author says who makes the request, for people, at most 256 bytes. Default: Options.Author.
	Author string
	// Mode is Exclusive or Shared.
	Mode Mode
	// Limit, with Shared, is how many requests may hold the lock at once, including this one, 1 to
	// 1,000,000. It makes the lock a counting semaphore. 0: no limit.
	Limit int
	// Also lists further locks. All locks of a request are granted together or not at all. If a name
	// repeats, the strictest repeat counts: exclusive before shared, and then the least limit.
	Also []LockSpec
	// Wait is how long to wait, at most a year, rounded up to milliseconds. After it the error is
	// ErrTimeout and says who holds the lock. The broker measures the wait, and the client does while
	// there is no connection. If the connection has failed and the client has not noticed yet, the wait
	// may last longer, by up to two thirds of the session timeout. 0: wait until the context ends. For a
	// request that does not wait, use TryAcquire, which ignores Wait. A negative Wait is refused.
	Wait time.Duration
	// Hold is how long the lock may be held, at most 330 days. After that it is lost, with LostExpired,
	// and the broker can grant it to others. The client measures this time from when it reads the grant.
	// The broker measures it, too, in case it no longer hears from the client, but allows a tenth more,
	// plus three quarters of a session timeout. 0: no limit.
	Hold time.Duration
	// MinHold is the minimum time for which the lock is held, from when the client reads the grant. It is at
	// most 330 days, and not more than Hold, if there is a Hold. If the lock is released sooner, Release
	// returns at once, and the lock counts as released in this program, but the client keeps others out until
	// MinHold has passed. A job that must run once a minute on one of several hosts gives the lock a MinHold
	// of 55s.
	//
	// Until then any acquire of the lock waits, also by the same client, and listings show the holder. Calls
	// that still wait inside the lock when it is released fail with ErrReleased. If the lock is lost
	// meanwhile, only [Trace].Lost reports it, and OnLateLoss with AsyncRelease. As always, it is free when the
	// connection ends. So the program must go on running: Drain waits until MinHold has passed, and Close does
	// not. If the broker drains, the client releases the lock at once.
	//
	// The broker cannot tell the two apart. If locks that were acquired inside this one are still held, it may
	// find a deadlock, until MinHold has passed, in which this lock takes part although it was released.
	//
	// MinHold has no effect if enclosing calls already hold the lock. 0: the lock is free when it is released.
	MinHold time.Duration
	// AsyncRelease lets Release return as soon as the message is queued, without a round trip to the broker.
	// Release checks Hold and the lease, and returns a *[LostError] if the lock was lost by then. Otherwise
	// the lock counted as held until the release, as far as this client can know. The broker handles what the
	// client asks for afterwards after the release.
	//
	// A loss can cross the release on the wire: the lock was stolen, or its holder evicted, just before. Or
	// the connection ends before the broker has confirmed the release. Then OnLateLoss in [Options] is called,
	// and [Client.LateLosses] counts it.
	//
	// It is right where programs only take turns. It is wrong if somebody learns in another way than through
	// the lock that the lock is free, or that the work under it was done alone. Then wait for the
	// confirmation, which is the default. [Client.Drain] waits until the broker has confirmed all releases.
	// [Client.Close] waits for a second at most; a loss that it has not heard of by then is not reported.
	AsyncRelease bool
	// Steal takes the locks from their holders at once, ahead of all waiters, which keep their places.
	// The holders lose them with LostStolen, but may notice late, so the resource should check the
	// tokens. All locks of the request must be exclusive, and no lock of this client may enclose the
	// call. The broker may require a permission.
	Steal bool
	// Parent is the id of the innermost request that encloses this call. The request may belong to
	// another program: for example, it holds a lock under which that program started this one. With
	// Parent, the broker detects deadlocks across both programs. See [ParentFrom]. If a lock of this
	// client encloses the call, its request is the parent instead. If the parent does not hold, or no
	// longer does, the error is ErrNotFound.
	Parent ID
}

// A LockSpec describes one further lock of a request.
type LockSpec struct {
	Name  string
	Mode  Mode
	Limit int // as in AcquireOptions
}

// maxWait is the protocol's maximum, a year. maxHold is shorter, because the broker's backstop must fit into
// that year.
const (
	maxWait = time.Duration(wire.MaxMillis) * time.Millisecond
	maxHold = 330 * 24 * time.Hour
)

// fill fills in m, except for the fields that depend on the connection and the time. Its error says what is
// wrong with the options, if wire.Check would not find it.
func (o AcquireOptions) fill(m *wire.Acquire, name, author string) error {
	m.Author, m.Steal = o.Author, o.Steal
	if m.Author == "" {
		m.Author = author
	}
	m.Locks = append(m.Locks, lockSpec(name, o.Mode, o.Limit))
	for _, also := range o.Also {
		m.Locks = append(m.Locks, lockSpec(also.Name, also.Mode, also.Limit))
	}
	if len(o.Also) > 0 {
		m.Locks = mergeRepeats(m.Locks)
	}
	if !o.Parent.IsZero() {
		if err := checkID(o.Parent); err != nil {
			return fmt.Errorf("parent: %w", err)
		}
		m.Parent = o.Parent
	}
	return o.checkTimes()
}

// checkTimes returns what is wrong with the durations of o, or nil.
func (o *AcquireOptions) checkTimes() error {
	switch {
	case o.Wait < 0 || o.Hold < 0 || o.MinHold < 0:
		return errors.New("want no negative Wait, Hold or MinHold")
	case o.Wait > maxWait:
		return fmt.Errorf("want a Wait of at most %v", maxWait)
	case o.Hold > maxHold || o.MinHold > maxHold:
		return fmt.Errorf("want a Hold and a MinHold of at most %v", maxHold)
	case o.Hold > 0 && o.MinHold > o.Hold:
		return fmt.Errorf("want a MinHold of at most the Hold of %v, not %v", o.Hold, o.MinHold)
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

// defaultLabel returns program@host:pid.
func defaultLabel() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	program := "unknown"
	if len(os.Args) > 0 { // the parent process may have passed no arguments
		program = filepath.Base(os.Args[0])
	}
	label := fmt.Sprintf("%s@%s:%d", program, host, os.Getpid())
	label = label[:min(len(label), wire.ClientLabelBytes)]
	return strings.ToValidUTF8(label, "") // the cut may split a character, or the text may never have been valid
}
