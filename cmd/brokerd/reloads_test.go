//go:build unix

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

var reloads = flag.Int("reloads", 1000, "how many times TestReloadsUnderLoad reloads")

// onlyBelow is a policy that allows everybody the locks below one name.
func onlyBelow(name string) string {
	return "rules:\n  - for: [\"**\"]\n    locks: [\"" + name + "/**\"]\n    allow: [acquire]\n"
}

// TestReloadsUnderLoad reloads again and again, and each time another policy than before comes into force: either locks
// below even/ are allowed, or locks below odd/. Clients ask for two locks at once:
//
//   - one below each name, which neither policy allows;
//   - two below the same name, which the policies allow as a whole or not at all. So a refusal always names the first
//     one. If it named the second, another policy would have judged the first.
//
// No connection ends, and a lock that is held stays held.
func TestReloadsUnderLoad(t *testing.T) {
	const clients = 4
	t.Setenv("BROKERD_TIMEOUT", "10m") // the holder answers no pings
	r := startReloadable(t)
	names := []string{"even", "odd"}
	next := 0
	reload := func() {
		r.write("policy", onlyBelow(names[next%2]))
		r.reload("reloaded")
		next++
	}
	reload()
	holder := newAsker(t, r)
	if holder.ask("even/held") != "" {
		t.Fatal("not granted")
	}

	var over atomic.Bool
	var asking sync.WaitGroup
	askers := make([]*asker, clients)
	for i := range askers {
		askers[i] = newAsker(t, r)
		asking.Go(func() { askers[i].run(fmt.Sprint(i), &over) })
	}
	for range *reloads {
		reload()
	}
	over.Store(true)
	asking.Wait()
	holder.release()
	granted, refused := 0, 0
	for _, a := range askers {
		granted, refused = granted+a.granted, refused+a.refused
	}
	t.Logf("%d reloads, %d requests granted, %d refused", *reloads, granted, refused)
	if granted < *reloads/10 || refused < *reloads/10 {
		t.Error("too few: the test does not show what it should")
	}
	r.stop(t)
}

// An asker asks for locks, and releases them, on one connection.
type asker struct {
	t                *testing.T
	conn             *websocket.Conn
	session          string
	n                int
	granted, refused int
}

func newAsker(t *testing.T, r *reloadable) *asker {
	t.Helper()
	conn, hello := mustConnect(t, websocket.DefaultDialer, r.url, r.annToken)
	return &asker{t: t, conn: conn, session: hello.Session}
}

// run asks until over. It stops at the first wrong answer.
func (a *asker) run(name string, over *atomic.Bool) {
	first := map[string]string{"even": "even/" + name + "/1", "odd": "odd/" + name + "/1"}
	for !over.Load() && !a.t.Failed() {
		for _, below := range []string{"even", "odd"} {
			switch missing := a.ask(first[below], below+"/"+name+"/2"); missing {
			case "":
				a.release()
				a.granted++
			case first[below]:
				a.refused++
			default:
				a.t.Errorf("a request for two locks below %s was refused because of %s", below, missing)
			}
		}
		if missing := a.ask(first["even"], first["odd"]); missing != first["even"] && missing != first["odd"] {
			a.t.Errorf("a request that no policy allows: missing %q", missing)
		}
	}
}

// ask asks for locks. It returns the lock for which the permission is missing, or "" if the locks are granted.
func (a *asker) ask(locks ...string) (missing string) {
	specs := make([]string, len(locks))
	for i, lock := range locks {
		specs[i] = `{"name":"` + lock + `"}`
	}
	a.n++
	a.send(`{"type":"acquire","id":"%s--%d","locks":[%s]}`, a.session, a.n, strings.Join(specs, ","))
	answer := a.receive()
	lock, forbidden := strings.CutPrefix(answer.Message, "not permitted: acquire ")
	switch {
	case answer.Type == "granted":
		return ""
	case answer.Code == "forbidden" && forbidden:
		return lock
	}
	a.t.Errorf("got %+v", answer)
	return ""
}

// release releases the last locks.
func (a *asker) release() {
	a.send(`{"type":"release","id":"%s--%d"}`, a.session, a.n)
	if answer := a.receive(); answer.Type != "released" {
		a.t.Errorf("got %+v, want released", answer)
	}
}

func (a *asker) send(format string, values ...any) {
	if err := a.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, values...)); err != nil {
		a.t.Error("the connection ended:", err)
	}
}

// An answer is what the test reads of a message.
type answer struct{ Type, Code, Message string }

// receive returns the answer to the last message.
func (a *asker) receive() (m answer) {
	for m.Type == "" || m.Type == "ping" {
		_, text, err := a.conn.ReadMessage()
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if err != nil {
			a.t.Error("the connection ended:", err)
			return answer{Type: "lost connection"}
		}
	}
	return m
}
