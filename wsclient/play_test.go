package wsclient_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A stage is a broker that says only what a conversation says. Its listener accepts the server's ends of pipes.
type stage struct {
	t      *testing.T
	pipes  chan net.Conn
	closed chan struct{}
	ups    chan *websocket.Conn
	accept http.HandlerFunc // serves requests instead, if it is not nil
}

func newStage(t *testing.T) *stage {
	return newTLSStage(t, nil)
}

// newTLSStage is newStage with TLS, if config is not nil.
func newTLSStage(t *testing.T, config *tls.Config) *stage {
	s := &stage{t: t, pipes: make(chan net.Conn), closed: make(chan struct{}), ups: make(chan *websocket.Conn, 1)}
	server := &http.Server{Handler: s, TLSConfig: config} //nolint:gosec // in memory, in virtual time
	var serving sync.WaitGroup
	serving.Go(func() {
		if config == nil {
			_ = server.Serve(s)
		} else {
			_ = server.ServeTLS(s, "", "")
		}
	})
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return s
}

func (s *stage) Accept() (net.Conn, error) {
	select {
	case c := <-s.pipes:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}
func (s *stage) Addr() net.Addr { return &net.UnixAddr{Name: "stage"} }
func (s *stage) Close() error   { close(s.closed); return nil }

// dial is a NetDial.
func (s *stage) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.pipes <- server
	return client, nil
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.accept != nil {
		s.accept(w, r)
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.ups <- ws
}

// An actor is a Go client in a conversation, together with the broker's end of its connection.
type actor struct {
	t      *testing.T
	client *wsclient.Client
	net    net.Conn // the client's end
	ws     *websocket.Conn
	dialed chan error

	timeout time.Duration // from the hello

	mu     sync.Mutex
	frames []string // what the client has sent

	acquires  map[wire.ID]*attempt
	inquiries map[wire.ID]*inquiry
	renewal   *inquiry // the first renewal that fails
	viewer    *viewer  // for the watch; a conversation has one watch at a time
	info      []wire.LockInfo
	clients   []wire.ClientInfo
	whole     bool             // Info lists whole queues
	quietly   map[wire.ID]bool // the requests that it will release with AsyncRelease
	ended     sync.WaitGroup
}

// An attempt is a call of Acquire, and then of Release.
type attempt struct {
	cancel   context.CancelFunc
	done     chan struct{} // closed when Acquire has returned:
	lock     *wsclient.Lock
	err      error
	hold     time.Duration
	released chan error
}

// enter dials in the background, because the conversation sends the hello. If there are tokens, the client presents
// them, one after another.
func (s *stage) enter(tokens ...string) *actor {
	a := &actor{
		t: s.t, dialed: make(chan error, 1), renewal: &inquiry{done: make(chan struct{})},
		acquires:  map[wire.ID]*attempt{},
		inquiries: map[wire.ID]*inquiry{},
	}
	go func() {
		var err error
		a.client, err = wsclient.Dial(s.t.Context(), "ws://stage", &wsclient.Options{
			NoReconnect: true, // each connection is a line of the conversation
			Token:       tokenSource(tokens),
			Trace:       &wsclient.Trace{RenewalFailed: a.renewalFailed},
			NetDial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
				a.net, err = s.dial(ctx, network, address)
				return a.net, err
			},
		})
		a.dialed <- err
	}()
	a.ws = <-s.ups
	a.ended.Go(func() {
		for {
			_, frame, err := a.ws.ReadMessage()
			if err != nil {
				return
			}
			a.mu.Lock()
			a.frames = append(a.frames, string(frame))
			a.mu.Unlock()
		}
	})
	return a
}

// do makes the client do what would send that message. It need do nothing for what the client sends by itself, such
// as a ping, or a cancel when Hold has passed.
func (a *actor) do(m wire.Request) {
	switch m := m.(type) {
	case *wire.Acquire:
		a.acquire(m)
	case *wire.Release:
		try := a.acquires[m.ID]
		go func() { try.released <- try.lock.Release() }()
	case *wire.Cancel:
		if try := a.acquires[m.ID]; try.hold == 0 {
			try.cancel()
		}
	case *wire.Info:
		// the client requests later pages by itself, and those of a watch
		if m.After == 0 && m.Seq == 0 && a.viewer == nil {
			go a.list(m)
		}
	case *wire.Clients:
		if m.After == 0 { // the client requests later pages by itself
			go a.listClients(m)
		}
	case *wire.Why, *wire.Evict, *wire.WhoAmI:
		a.inquire(m)
	case *wire.Auth:
		a.inquiries[m.ID] = a.renewal
	case *wire.Watch:
		a.viewer = watch(a.t, a.client, m.Match.Or(""))
	case *wire.Unwatch:
		a.viewer.stop(nil)
		a.viewer = nil
	}
}

func (a *actor) acquire(m *wire.Acquire) {
	ctx, parent := a.t.Context(), wsclient.ID{}
	if outer := a.acquires[m.Parent]; outer != nil {
		ctx = outer.lock.Context()
	} else if !m.Parent.IsZero() { // of another client
		parent = m.Parent
	}
	ctx, cancel := context.WithCancel(ctx)
	try := &attempt{cancel: cancel, done: make(chan struct{}), hold: a.hold(m), released: make(chan error, 1)}
	a.acquires[m.ID] = try
	o := wsclient.AcquireOptions{
		Author: m.Author,
		Mode:   m.Locks[0].Mode,
		Limit:  m.Locks[0].Limit.Or(0),
		Hold:   try.hold,
		Wait:   millis(m.WaitMS.Or(0)),
		Steal:  m.Steal,
		Parent: parent,

		AsyncRelease: a.quietly[m.ID],
	}
	for _, l := range m.Locks[1:] {
		o.Also = append(o.Also, wsclient.LockSpec{Name: l.Name, Mode: l.Mode, Limit: l.Limit.Or(0)})
	}
	call := a.client.Acquire
	if wait, given := m.WaitMS.Get(); given && wait == 0 {
		call = a.client.TryAcquire
	}
	go func() {
		defer close(try.done)
		try.lock, try.err = call(ctx, m.Locks[0].Name, &o)
	}()
}

// hold returns the Hold for which the client sends the hold_ms of m: hold_ms is the sum of Hold and two thirds of the
// session timeout, and a tenth more.
func (a *actor) hold(m *wire.Acquire) time.Duration {
	told, given := m.HoldMS.Get()
	if !given {
		return 0
	}
	return millis(told)*10/11 - a.timeout*2/3
}

func (a *actor) list(m *wire.Info) {
	a.info = nil
	o := &wsclient.InfoOptions{Match: m.Match.Or(""), Empty: m.Empty, Queue: m.Queue.Or(0), Page: m.Max.Or(0),
		Whole: a.whole}
	for lock, err := range a.client.Info(a.t.Context(), o) {
		if err != nil {
			a.t.Errorf("info: %v", err)
		}
		a.info = append(a.info, lock)
	}
}

func (a *actor) listClients(m *wire.Clients) {
	a.clients = nil
	o := &wsclient.ClientsOptions{
		Label: m.Client.Or(""), Remote: m.Remote.Or(""), Holding: m.Holding, Waiting: m.Waiting,
		Session: m.Session.Or(""), Requests: m.Requests.Or(0), Page: m.Max.Or(0),
	}
	for client, err := range a.client.Clients(a.t.Context(), o) {
		if err != nil {
			a.t.Errorf("clients: %v", err)
		}
		a.clients = append(a.clients, client)
	}
}

// say sends a frame of the broker.
func (a *actor) say(frame string) {
	a.t.Helper()
	if err := a.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		a.t.Fatal(err)
	}
	synctest.Wait()
}

// expect asserts that the client sends exactly this next, as JSON.
func (a *actor) expect(want string) {
	a.t.Helper()
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.frames) == 0 {
		a.t.Fatalf("the client does not send %s", want)
	}
	if !sameJSON(a.frames[0], want) {
		a.t.Fatalf("the client sends\n     %s\nwant %s", a.frames[0], want)
	}
	a.frames = slices.Delete(a.frames, 0, 1)
}

// sent returns what the client has sent beyond what was expected.
func (a *actor) sent() []string {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.frames)
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

// close ends what the conversation has left open.
func (a *actor) close() {
	for _, try := range a.acquires {
		try.cancel()
	}
	if a.client != nil {
		_ = a.client.Close()
	}
	_ = a.ws.Close()
	a.ended.Wait()
}
