package broker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// A rig is a broker in memory, inside a bubble, with simulated clients. The sessions of the clients
// a, b and so on are called aaaaaaaa, bbbbbbbb and so on. Tokens count from 1.
type rig struct {
	t      testing.TB
	broker *broker.Broker
	server *brokertest.Server
	next   atomic.Value // the name of the client whose session opens next
	header http.Header  // of the requests of the next clients
}

// inBubble runs f in a new bubble, with a rigged broker.
func inBubble(t *testing.T, config broker.Config, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { serve(t, config, f) })
}

// serve runs f with a rigged broker. The caller is inside a bubble.
func serve(t *testing.T, config broker.Config, f func(r *rig)) {
	t.Helper()
	if config.Drain == 0 {
		config.Drain = broker.None
	}
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	rigged(t, b, f)
}

// rigged is like serve, but for a broker that the test has created.
func rigged(t testing.TB, b *broker.Broker, f func(r *rig)) {
	t.Helper()
	r := newRig(t, b)
	defer r.server.Stop()
	f(r)
}

// newRig returns a rigged broker that runs. The caller stops its server.
func newRig(t testing.TB, b *broker.Broker) *rig {
	t.Helper()
	r := &rig{t: t, broker: b}
	b.Rig(func() string { return wiretest.Session(r.next.Load().(string)) })
	r.server = brokertest.Serve(t, b)
	return r
}

// A peer is a simulated client: a connection, and the frames that it has received.
type peer struct {
	t     testing.TB
	name  string
	net   net.Conn
	ws    *websocket.Conn
	reads bool          // it reads what it receives
	ended chan struct{} // closed when reading has ended, with err
	err   error

	mu     sync.Mutex
	frames []string
	pings  int
}

// connect opens the session of a client, which reads. The test must still expect the hello.
func (r *rig) connect(name string) *peer {
	r.t.Helper()
	return r.connectWith(name, "")
}

// connectWith is connect with more parameters in the query.
func (r *rig) connectWith(name, more string) *peer {
	r.t.Helper()
	p := r.dialWith(name, more)
	p.read()
	return p
}

// dial opens a session whose client does not read yet.
func (r *rig) dial(name string) *peer {
	r.t.Helper()
	return r.dialWith(name, "")
}

func (r *rig) dialWith(name, more string) *peer {
	r.t.Helper()
	return r.dialQuery(name, "client="+url.QueryEscape(name)+more)
}

// connectFrom is connectWith for a client at the address of another one.
func (r *rig) connectFrom(name, address, more string) *peer {
	r.t.Helper()
	p := r.dialFrom(name, address, "client="+url.QueryEscape(name)+more)
	p.read()
	return p
}

// dialQuery is dial with the given query.
func (r *rig) dialQuery(name, query string) *peer {
	r.t.Helper()
	return r.dialFrom(name, name, query)
}

func (r *rig) dialFrom(name, address, query string) *peer {
	r.t.Helper()
	r.next.Store(name)
	p := &peer{t: r.t, name: name, ended: make(chan struct{})}
	dialer := websocket.Dialer{
		Subprotocols: []string{wire.Subprotocol},
		NetDialContext: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
			p.net, err = r.server.DialFrom(ctx, wiretest.Remote(address))
			return p.net, err
		},
	}
	ws, response, err := dialer.DialContext(r.t.Context(), r.server.URL()+"/ws?"+query, r.header)
	if err != nil {
		r.t.Fatalf("dial: %v %v", err, response)
	}
	if got := ws.Subprotocol(); got != wire.Subprotocol {
		r.t.Errorf("subprotocol: got %q", got)
	}
	_ = response.Body.Close()
	p.ws = ws
	synctest.Wait() // the session has its name
	return p
}

// read collects frames and answers pings in the background, until the connection ends.
func (p *peer) read() {
	p.reads = true
	answer := p.ws.PingHandler()
	p.ws.SetPingHandler(func(data string) error {
		p.mu.Lock()
		p.pings++
		p.mu.Unlock()
		return answer(data)
	})
	go func() {
		defer close(p.ended)
		for {
			_, frame, err := p.ws.ReadMessage()
			if err != nil {
				p.err = err
				return
			}
			p.mu.Lock()
			p.frames = append(p.frames, string(frame))
			p.mu.Unlock()
		}
	}()
}

func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	frame := format
	if len(args) > 0 {
		frame = fmt.Sprintf(format, args...)
	}
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		p.t.Errorf("%s: send: %v", p.name, err)
	}
}

// expect checks that exactly the given frames have arrived since the last call.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	got := p.take()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			p.t.Errorf("%s: got unexpected %s", p.name, got[i])
		case i >= len(got):
			p.t.Errorf("%s: missing %s", p.name, want[i])
		case got[i] != want[i]:
			p.t.Errorf("%s:\n got %s\nwant %s", p.name, got[i], want[i])
		}
	}
}

// take returns the frames that have arrived since the last call.
func (p *peer) take() []string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	frames := p.frames
	p.frames = nil
	return frames
}

// expectClose checks that the broker has closed the connection with this code and reason.
func (p *peer) expectClose(code int, reason string) {
	p.t.Helper()
	<-p.ended
	var closed *websocket.CloseError
	if !errors.As(p.err, &closed) || closed.Code != code || closed.Text != reason {
		p.t.Errorf("%s: got end %v, want close %d %s", p.name, p.err, code, reason)
	}
	_ = p.ws.Close()
}

// expectOpen checks that the connection has not ended.
func (p *peer) expectOpen() {
	p.t.Helper()
	synctest.Wait()
	select {
	case <-p.ended:
		p.t.Errorf("%s: ended: %v", p.name, p.err)
	default:
	}
}

// close says goodbye and closes the connection, as a client does.
func (p *peer) close() {
	p.sendClose(wire.CloseNormal, wire.Goodbye)
	if p.reads {
		<-p.ended
	}
	_ = p.ws.Close()
}

// sendClose sends a close frame, and nothing else.
func (p *peer) sendClose(code int, reason string) {
	_ = p.ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

// vanish ends the connection without a close frame.
func (p *peer) vanish() {
	_ = p.net.Close()
	if p.reads {
		<-p.ended
	}
}

// get sends the broker an HTTP GET request.
func (r *rig) get(path string, header http.Header) *http.Response {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://broker.test"+path,
		http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	request.Host = request.Header.Get("Host") // "": the host of the URL
	request.Header.Del("Host")
	transport := &http.Transport{DialContext: r.server.Dial, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	return response
}
