package wsclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

const (
	goodbye = "close 1000 goodbye"
	eof     = "end"
)

// A brokerEnd is the broker's end of a connection of the client. It notes what the client does.
type brokerEnd struct {
	ws   *websocket.Conn
	done chan struct{} // closed when the reader has ended

	agreed int // how much of did was compared

	mu  sync.Mutex
	did []string
}

func newBrokerEnd(ws *websocket.Conn) *brokerEnd {
	e := &brokerEnd{ws: ws, done: make(chan struct{})}
	ws.SetCloseHandler(func(code int, text string) error {
		e.note(closeText(code, text))
		return nil
	})
	ws.SetPongHandler(func(string) error {
		e.note("pong")
		return nil
	})
	go e.read()
	return e
}

func closeText(code int, text string) string {
	if text == "" {
		return fmt.Sprint("close ", code)
	}
	return fmt.Sprintf("close %d %s", code, text)
}

func (e *brokerEnd) read() {
	defer close(e.done)
	for {
		_, frame, err := e.ws.ReadMessage()
		if err != nil {
			break
		}
		e.note(canonical(frame))
	}
	for buffer := make([]byte, 100); ; { // after a close frame the library reads no more
		if _, err := e.ws.NetConn().Read(buffer); err != nil {
			e.note(eof)
			return
		}
	}
}

func (e *brokerEnd) note(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, text)
}

func (e *brokerEnd) seen() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.did)
}

// canonical returns a frame with its fields in order.
func canonical(frame []byte) string {
	var fields map[string]any
	_ = json.Unmarshal(frame, &fields)
	text, _ := json.Marshal(fields)
	return string(text)
}

// netDial is the NetDial of the client. It waits for an answer of the test.
func (l *lockstep) netDial(ctx context.Context, network, address string) (net.Conn, error) {
	verdict := make(chan bool)
	select {
	case l.dials <- verdict:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !<-verdict {
		return nil, errors.New("no broker there")
	}
	return l.stage.dial(ctx, network, address)
}

// dial answers a dial of the client, as soon as the simulated client dials, too.
func (l *lockstep) dial(verdict chan bool, succeeds bool) {
	if l.simDial == 0 {
		l.step("tick to dial", l.sim.Tick)
	}
	link := l.simDial
	if link == 0 {
		l.fail("the client dials, and the simulated client does not")
	}
	l.simDial = 0
	verdict <- succeeds
	if !succeeds {
		l.step("dial fails", func(at simclient.Instant) { l.sim.DialFailed(link, at, 0) })
		return
	}
	made := l.at()
	l.ends[link-1] = newBrokerEnd(<-l.stage.ups)
	if l.oneIn(4) {
		// Not longer: the simulated client began to dial earlier, by up to 300 ms, and would give up. That is
		// soonest while the lease of a session is running out, after a second.
		l.pass(time.Duration(l.below(400_000)) * time.Microsecond)
	}
	l.link, l.session, l.pings, l.cancels = link, fmt.Sprint("session", link), nil, nil
	hello := &wire.Hello{
		Protocol: wire.Version, Session: l.session, Limits: wire.DefaultLimits(),
		HeartbeatMS: 2000, TimeoutMS: 6000 + 3000*int64(l.below(4)),
	}
	if l.below(5) > 0 {
		hello.Secret = fmt.Sprint("secret", link)
	}
	l.say(hello)
	l.step("hello", func(at simclient.Instant) { l.sim.Connected(link, made, at, hello) })
}

// say sends a frame to the client, if it is still there.
func (l *lockstep) say(m wire.Reply) {
	frame, err := codec.Append(nil, m)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = l.ends[l.link-1].ws.WriteMessage(websocket.TextMessage, frame)
}

func (l *lockstep) noteSent(m wire.Request) {
	frame, err := codec.Append(nil, m)
	if err != nil {
		l.t.Fatal(err)
	}
	switch m := m.(type) {
	case *wire.Ping:
		l.pings = append(l.pings, m.ID)
	case *wire.Cancel:
		l.cancels = append(l.cancels, m.ID)
	case *wire.Resume:
		l.said = m
	}
	l.want[l.link-1] = append(l.want[l.link-1], canonical(frame))
}

func (l *lockstep) noteAct(act simclient.LinkAct) {
	i := act.Link - 1
	switch act.Act {
	case simclient.Close:
		if !slices.Contains(l.want[i], eof) {
			l.want[i] = append(l.want[i], eof)
		}
	case simclient.Goodbye:
		l.want[i] = append(l.want[i], goodbye)
	case simclient.AnswerClose:
		l.want[i] = append(l.want[i], fmt.Sprint("close ", l.code), eof)
	case simclient.Pong:
		l.want[i] = append(l.want[i], "pong")
	}
}

// isOpen reports whether both clients have a connection, or said goodbye on it.
func (l *lockstep) isOpen() bool { return l.sim.Link() == l.link || l.isResuming() }

// isResuming reports whether both clients wait for the answer to a statement.
func (l *lockstep) isResuming() bool { return l.link != 0 && l.sim.Resumes() == l.link }

// brokerSays sends a random frame that fits.
func (l *lockstep) brokerSays() {
	if !l.isOpen() {
		return
	}
	if m := l.frame(); m != nil {
		text, _ := codec.Append(nil, m)
		l.say(m)
		l.step("broker: "+string(text), func(at simclient.Instant) { l.sim.Receive(l.link, at, m) })
	}
}

// frame returns a random frame that fits, or nil.
func (l *lockstep) frame() wire.Reply {
	if l.isResuming() {
		return l.answer()
	}
	switch n := l.below(100); {
	case n < 45:
		if id, ok := l.idOf(simclient.Waiting); ok {
			return &wire.Granted{ID: id, Token: int64(len(l.log))}
		}
	case n < 55:
		if id, ok := l.idOf(simclient.Waiting); ok {
			codes := []wire.Code{
				wire.Timeout, wire.Unavailable, wire.ShuttingDown, wire.NotFound, wire.Deadlock,
			}
			return &wire.Error{ID: id, Code: codes[l.below(len(codes))]}
		}
	case n < 60:
		if id, ok := l.idOf(simclient.Holding); ok {
			return &wire.Lost{ID: id, Reason: wire.LostStolen}
		}
	case n < 75:
		if id, ok := l.idOf(simclient.Releasing); ok {
			return &wire.Released{ID: id}
		}
	case n < 80:
		if id, ok := l.take(&l.cancels); ok {
			return &wire.Cancelled{ID: id}
		}
	case n < 99:
		if id, ok := l.take(&l.pings); ok {
			return &wire.Pong{ID: id}
		}
	default:
		return l.endingSoon()
	}
	return nil
}

// endingSoon returns a frame that says that the broker is about to stop, or nil.
func (l *lockstep) endingSoon() wire.Reply {
	switch n := l.below(5); {
	case n == 0:
		return &wire.Draining{}
	case n < 3:
		return &wire.Moving{}
	}
	return nil
}

// answer returns a random answer to the latest statement, which usually makes sense, or nil.
func (l *lockstep) answer() wire.Reply {
	switch n := l.below(10); {
	case n < 2:
		return nil
	case n < 4:
		return &wire.NotResumed{ID: l.said.ID}
	case n < 5:
		return &wire.Resumed{ID: l.said.ID, Held: []int64{1_000_000}}
	}
	resumed := &wire.Resumed{ID: l.said.ID}
	for _, r := range l.said.Held {
		if l.below(5) > 0 {
			resumed.Held = append(resumed.Held, r.N)
		} else {
			resumed.Lost = append(resumed.Lost, r.N)
		}
	}
	l.session = l.said.Session
	return resumed
}

func (l *lockstep) take(ids *[]wire.ID) (id wire.ID, ok bool) {
	if len(*ids) == 0 {
		return id, false
	}
	id = (*ids)[0]
	*ids = (*ids)[1:]
	return id, true
}

// idOf returns the id of a random request in that state on the current connection.
func (l *lockstep) idOf(state simclient.State) (id wire.ID, ok bool) {
	c := l.pick(state)
	if c == nil {
		return id, false
	}
	status := l.sim.Status(c.request)
	return status.ID, status.ID.Session == l.session && !status.Covered
}

// breakConnection lets something happen to the connection.
func (l *lockstep) breakConnection() {
	if !l.isOpen() {
		return
	}
	ws := l.ends[l.link-1].ws
	switch l.below(5) {
	case 0:
		_ = ws.NetConn().Close()
		l.step("the network ends", func(at simclient.Instant) { l.sim.Ended(l.link, at, 0) })
	case 1:
		codes := []int{wire.CloseRestart, wire.ClosePolicy, wire.CloseNormal, wire.CloseTooBig, 1001}
		l.code = codes[l.below(len(codes))]
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(l.code, ""), time.Time{})
		l.step(fmt.Sprint("broker: close ", l.code), func(at simclient.Instant) {
			l.sim.Ended(l.link, at, l.code)
		})
	case 2:
		_ = ws.WriteMessage(websocket.TextMessage, []byte("{"))
		l.step("broker: a bad frame", func(at simclient.Instant) { l.sim.ReceiveBad(l.link, at) })
	case 3:
		_ = ws.WriteControl(websocket.PingMessage, nil, time.Time{})
		l.step("broker: a WebSocket ping", func(at simclient.Instant) { l.sim.Pinged(l.link, at) })
	case 4:
		m := &wire.Error{Code: wire.BadRequest}
		l.say(m)
		l.step("broker: an error without id", func(at simclient.Instant) { l.sim.Receive(l.link, at, m) })
	}
}
