package wsclient_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A gate is a broker that asks for credentials. It notes what clients send, grants every acquire, and answers an
// auth as the test says.
type gate struct {
	t     *testing.T
	stage *stage
	begin time.Time

	expires int64                     // the expires_ms of the hello, or 0
	onAuth  func(token string) string // the reply to an auth, without its id

	mu       sync.Mutex
	statuses []int // how the next attempts to connect are answered; 0: accepted
	seen     []http.Header
	renewals []renewal
	ws       *websocket.Conn // the latest
}

// A renewal is an auth: when it came, and with which token.
type renewal struct {
	at    time.Duration
	token string
}

func newGate(t *testing.T) *gate {
	g := &gate{
		t: t, begin: time.Now(),
		stage: newStage(t),
	}
	g.stage.accept = g.admit
	return g
}

// dial connects a client. The test must close it.
func (g *gate) dial(o wsclient.Options) *wsclient.Client {
	g.t.Helper()
	o.NetDial = g.stage.dial
	c, err := wsclient.Dial(g.t.Context(), "ws://h", &o)
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

func (g *gate) admit(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.seen = append(g.seen, r.Header)
	status, session := 0, strings.Repeat(string(rune('a'+len(g.seen)-1)), 8)
	if len(g.statuses) > 0 {
		status, g.statuses = g.statuses[0], g.statuses[1:]
	}
	g.mu.Unlock()
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		g.t.Error(err)
		return
	}
	g.mu.Lock()
	g.ws = ws
	g.mu.Unlock()
	greeting := strings.Replace(hello(15*time.Second), "aaaaaaaa", session, 1)
	if g.expires > 0 {
		more := fmt.Sprintf(`},"identity":"ci","expires_ms":%d}`, g.expires)
		greeting = strings.Replace(greeting, "}}", more, 1)
	}
	_ = ws.WriteMessage(websocket.TextMessage, []byte(greeting))
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			_ = ws.Close()
			return
		}
		if reply := g.reply(frame); reply != "" {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(reply))
		}
	}
}

func (g *gate) reply(frame []byte) string {
	var m struct{ Type, ID, Token string }
	if err := json.Unmarshal(frame, &m); err != nil {
		g.t.Error(err)
	}
	id := fmt.Sprintf(`,"id":%q`, m.ID)
	switch m.Type {
	case "ping":
		return `{"type":"pong"` + id + `}`
	case "acquire":
		return `{"type":"granted","token":1` + id + `}`
	case "auth":
		g.mu.Lock()
		g.renewals = append(g.renewals, renewal{time.Since(g.begin), m.Token})
		g.mu.Unlock()
		return strings.Replace(g.onAuth(m.Token), "}", id+"}", 1)
	}
	return ""
}

// closeWith closes the latest connection with a code.
func (g *gate) closeWith(code int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	message := websocket.FormatCloseMessage(code, "")
	_ = g.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
}

func (g *gate) headers() []http.Header {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

func (g *gate) authorizations() []string {
	var all []string
	for _, h := range g.headers() {
		all = append(all, h.Get("Authorization"))
	}
	return all
}
