package broker_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// TestConversations plays the clients of every golden conversation to a real broker, which must
// answer byte for byte.
func TestConversations(t *testing.T) {
	conversations, err := wiretest.Load("../testdata/wire")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conversations {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := brokerOf(t, c.Steps[0])
				rigged(t, b, func(r *rig) { newStage(r).play(c) })
			})
		})
	}
}

// brokerOf returns the broker of a conversation, which the first step may describe.
func brokerOf(t *testing.T, first wiretest.Step) *broker.Broker {
	t.Helper()
	config := broker.Config{Drain: broker.None}
	if first.Kind == wiretest.Owner {
		store := &memoryStore{sessions: make(map[string]cluster.Session)}
		config.Cluster = &broker.Cluster{Store: &storeLink{memoryStore: store}, Address: first.URL}
	}
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if first.Kind == wiretest.Grace {
		b.RigGrace(first.Wait)
	}
	return b
}

// A stage plays a conversation. Before it sends anything, it checks that each connection has
// received the frames and close frames that it must.
type stage struct {
	*rig
	peers    map[string]*peer
	expected map[string][]string
	closed   map[string]wiretest.Step
	operator *operator // of a broker that asks for credentials
}

func newStage(r *rig) *stage {
	return &stage{
		rig: r, peers: map[string]*peer{},
		expected: map[string][]string{}, closed: map[string]wiretest.Step{},
	}
}

func (s *stage) play(c wiretest.Conversation) {
	s.t.Helper()
	for _, step := range c.Steps {
		switch step.Kind {
		case wiretest.Receive:
			s.expected[step.Conn] = append(s.expected[step.Conn], string(step.Frame))
		case wiretest.Closed:
			s.closed[step.Conn] = step
		default:
			s.checkExpected()
			if !s.act(step) {
				s.t.Fatalf("%s:%d: unknown step", c.Path, step.Line)
			}
		}
	}
	s.checkExpected()
	for _, p := range s.peers {
		p.close()
	}
}

// checkExpected checks everything that has been expected since the last check.
func (s *stage) checkExpected() {
	s.t.Helper()
	for name, end := range s.closed { // first: a closed peer closes its side, which may free its locks
		s.peers[name].expect(s.expected[name]...)
		s.peers[name].expectClose(end.Code, end.Reason)
		delete(s.peers, name)
	}
	for name, p := range s.peers {
		p.expect(s.expected[name]...)
	}
	clear(s.expected)
	clear(s.closed)
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// act performs a client's step, or lets time pass. It reports false if the step is unknown.
func (s *stage) act(step wiretest.Step) bool {
	s.t.Helper()
	p := s.peers[step.Conn]
	switch step.Kind {
	case wiretest.Connect:
		query := ""
		if step.Query != "" {
			query = "&" + step.Query
		}
		if s.operator != nil {
			s.header = http.Header{"Authorization": {"Bearer " + step.Conn}}
		}
		s.peers[step.Conn] = s.connectWith(step.Conn, query)
	case wiretest.Send:
		p.send("%s", step.Frame)
	case wiretest.SendBinary:
		_ = p.ws.WriteMessage(websocket.BinaryMessage, []byte("{}"))
	case wiretest.Close:
		s.closePeer(step)
	case wiretest.Vanish:
		p.vanish()
		delete(s.peers, step.Conn)
	case wiretest.Grace: // see brokerOf
	case wiretest.Owner:
		time.Sleep(time.Second) //nolint:forbidigo // virtual time: the broker becomes the owner
	case wiretest.Trust, wiretest.Permit, wiretest.Withdraw, wiretest.Revoke:
		s.operator.change(step)
		s.broker.SetAccess(s.operator.control(s.t))
	case wiretest.Pass:
		time.Sleep(step.Wait) //nolint:forbidigo // virtual time
	default:
		return false
	}
	return true
}

// closePeer says goodbye, or sends another close code. In the latter case the peer disconnects
// later.
func (s *stage) closePeer(step wiretest.Step) {
	s.t.Helper()
	if step.Code != 0 {
		s.peers[step.Conn].sendClose(step.Code, "")
		return
	}
	s.peers[step.Conn].close()
	delete(s.peers, step.Conn)
}
