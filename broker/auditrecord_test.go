package broker_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// An auditFile receives records. It can block, and it can fail.
type auditFile struct {
	mu      sync.Mutex
	records []broker.AuditRecord
	err     error
	blocked chan struct{} // nil: it does not block
}

func (f *auditFile) write(r broker.AuditRecord) error {
	f.mu.Lock()
	blocked := f.blocked
	f.mu.Unlock()
	if blocked != nil {
		<-blocked
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	f.records = append(f.records, r)
	return nil
}

// set makes the file fail with err, and block until the next call of set.
func (f *auditFile) set(err error, blocks bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.blocked != nil {
		close(f.blocked)
		f.blocked = nil
	}
	if f.err = err; blocks {
		f.blocked = make(chan struct{})
	}
}

// take returns the records since the last call.
func (f *auditFile) take() []broker.AuditRecord {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	records := f.records
	f.records = nil
	return records
}

// expect checks the records since the last call, in JSON.
func (f *auditFile) expect(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, r := range f.take() {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the audit has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// withAudit is like withAccess, with an audit.
func withAudit(t *testing.T, identities string, rules []string, f func(r *rig, k *keys, file *auditFile)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k, file, log := newKeys(t, strings.Fields(identities)...), &auditFile{}, new(testLog)
		var names []string
		for name := range k.tokens {
			names = append(names, name)
		}
		access := k.control(t, strings.Join(names, " "), rules...)
		config := broker.Config{Access: access, Audit: file.write, Logger: log.logger()}
		serve(t, config, func(r *rig) { f(r, k, file) })
		file.expect(t, `{"time":"`+time.Now().UTC().Format("2006-01-02T15:04:05.000Z")+
			`","event":"stop","outcome":"done"}`)
	})
}

// refuse tries to connect with a token, which the broker must refuse.
func (r *rig) refuse(token string, status int) {
	r.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, NetDialContext: r.server.Dial}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", token)
	}
	ws, response, err := dialer.DialContext(r.t.Context(), r.server.URL()+"/ws?client=eve", header)
	if err == nil {
		_ = ws.Close()
		r.t.Fatal("the broker accepts the client")
	}
	if response.StatusCode != status {
		r.t.Errorf("the status is %d, want %d", response.StatusCode, status)
	}
}

const at = `{"time":"2000-01-01T00:00:00.000Z","event":`

// Each authentication is recorded, and each renewal.
func TestAuditAuthentication(t *testing.T) {
	withAudit(t, "ann:ops@1h bob", nil, func(r *rig, k *keys, file *auditFile) {
		a := r.connectAs("a", k, "ann")
		who := `"identity":"ann","groups":["ops"],"method":"token","client":"a","remote":"192.0.2.1:1000",` +
			`"session":"aaaaaaaa"`
		file.expect(t, at+`"start","outcome":"done"}`,
			at+`"authentication","outcome":"accepted",`+who+`}`)

		r.refuse("", 401)
		r.refuse("Bearer wrong", 401)
		r.refuse("Basic wrong", 401)
		eve := at + `"authentication","outcome":"refused","client":"eve","remote":"192.0.2.1:1000",`
		file.expect(t,
			eve+`"code":"401","reason":"not authenticated: no credential"}`,
			eve+`"code":"401","reason":"not authenticated: the token is not known"}`,
			eve+`"code":"401","reason":"not authenticated: want Authorization: Bearer and a token"}`)

		for i, token := range []string{"wrong", k.tokens["bob"], k.tokens["ann"]} {
			a.send(`{"type":"auth","id":"aaaaaaaa--%d","token":"%s"}`, i, token)
			synctest.Wait()
		}
		file.expect(t,
			at+`"renewal","outcome":"refused",`+who+`,"request":"aaaaaaaa--0","code":"forbidden",`+
				`"reason":"not authenticated: the token is not known"}`,
			at+`"renewal","outcome":"refused",`+who+`,"request":"aaaaaaaa--1","code":"forbidden",`+
				`"reason":"the token is for another identity"}`,
			at+`"renewal","outcome":"accepted",`+who+`,"request":"aaaaaaaa--2"}`)

		pass(time.Hour)
		file.expect(t, `{"time":"2000-01-01T01:00:00.000Z","event":"closed","outcome":"done",`+who+
			`,"code":"4401","reason":"the credential has expired"}`)
	})
}

// Each refusal for lack of permission is recorded, with what was missing and on which locks.
func TestAuditForbidden(t *testing.T) {
	rules := []string{"h | ** | acquire", "ann | a/* | acquire"}
	withAudit(t, "h ann", rules, func(r *rig, k *keys, file *auditFile) {
		h, a := r.connectAs("h", k, "h"), r.connectAs("a", k, "ann")
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"a/1"},{"name":"b"}]}`)
		file.take()
		for _, frame := range []string{
			`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"a/1"},{"name":"b"}],"author":"job"}`,
			`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"a/1"}],"steal":true}`,
			`{"type":"info","id":"aaaaaaaa--2"}`,
			`{"type":"watch","id":"aaaaaaaa--3"}`,
			`{"type":"why","id":"aaaaaaaa--4","lock":"b"}`,
			`{"type":"why","id":"aaaaaaaa--5","request":"hhhhhhhh--0"}`,
			`{"type":"why","id":"aaaaaaaa--6","request":"hhhhhhhh--9"}`,
			`{"type":"clients","id":"aaaaaaaa--7"}`,
			`{"type":"evict","id":"aaaaaaaa--8","request":"hhhhhhhh--0"}`,
			`{"type":"evict","id":"aaaaaaaa--9","request":"hhhhhhhh--9"}`,
		} {
			a.send("%s", frame)
			synctest.Wait()
		}
		who := `,"outcome":"refused","identity":"ann","method":"token","client":"a",` +
			`"remote":"192.0.2.1:1000","session":"aaaaaaaa",`
		no := at + `"forbidden"` + who
		file.expect(t,
			no+`"request":"aaaaaaaa--0","author":"job","verb":"acquire","locks":["a/1","b"],`+
				`"code":"forbidden","reason":"not permitted: acquire b"}`,
			at+`"steal"`+who+`"request":"aaaaaaaa--1","verb":"steal","locks":["a/1"],`+
				`"code":"forbidden"}`,
			no+`"request":"aaaaaaaa--2","verb":"list","code":"forbidden","reason":"not permitted: list"}`,
			no+`"request":"aaaaaaaa--3","verb":"list","code":"forbidden","reason":"not permitted: list"}`,
			no+`"request":"aaaaaaaa--4","verb":"list","locks":["b"],"code":"forbidden",`+
				`"reason":"not permitted: list b"}`,
			no+`"request":"aaaaaaaa--5","verb":"list","locks":["a/1","b"],"code":"not_found",`+
				`"reason":"no such request"}`,
			no+`"request":"aaaaaaaa--7","verb":"clients","code":"forbidden",`+
				`"reason":"not permitted: clients"}`,
			at+`"evict"`+who+`"request":"hhhhhhhh--0","verb":"evict","locks":["a/1","b"],`+
				`"code":"not_found"}`,
			at+`"evict"`+who+`"request":"hhhhhhhh--9","code":"not_found"}`)
	})
}

// A change of the permissions is recorded, and so are the sessions that it closes and the requests
// that it ends. A change that takes a permission back is recorded before what it refuses.
func TestAuditAccess(t *testing.T) {
	withAudit(t, "ann bob cy", []string{"* | ** | acquire evict steal"}, func(r *rig, k *keys, file *auditFile) {
		a, b := r.connectAs("a", k, "ann"), r.connectAs("b", k, "bob")
		c := r.connectAs("c", k, "cy")
		c.send(`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"x"}]}`)
		synctest.Wait()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}],"author":"job"}`)
		file.take()
		a.send(`{"type":"evict","id":"aaaaaaaa--1","request":"bbbbbbbb--0","message":"stuck"}`)
		synctest.Wait()
		b.send(`{"type":"acquire","id":"bbbbbbbb--2","locks":[{"name":"z"}],"steal":true}`)
		synctest.Wait()
		r.broker.SetAccess(k.control(t, "ann bob cy", "bob | y | acquire"))
		synctest.Wait()
		r.broker.SetAccess(k.control(t, "bob cy", "bob | y | acquire"))
		synctest.Wait()
		failed := broker.AuditRecord{Event: broker.AuditReload, Outcome: broker.AuditFailed, Reason: "bad"}
		r.broker.Audit(failed)
		ann := `"identity":"ann","method":"token","client":"a","remote":"192.0.2.1:1000","session":"aaaaaaaa",`
		bob := `"identity":"bob","method":"token","client":"b","remote":"192.0.2.2:1000","session":"bbbbbbbb",`
		victim := `{"id":"bbbbbbbb--0","author":"","locks":["y"],"held":true,"client":"b",` +
			`"remote":"192.0.2.2:1000","identity":"bob"}`
		want := []string{
			at + `"evict","outcome":"done",` + ann + `"request":"bbbbbbbb--0","victims":[` + victim +
				`],"victim_count":1,"message":"stuck"}`,
			at + `"steal","outcome":"done",` + bob + `"request":"bbbbbbbb--2","locks":["z"]}`,
			at + `"access","outcome":"done"}`,
			at + `"forbidden","outcome":"refused",` + bob + `"request":"bbbbbbbb--1","author":"job",` +
				`"verb":"acquire","locks":["x"],"code":"forbidden",` +
				`"reason":"no longer permitted: acquire x"}`,
			at + `"access","outcome":"done"}`,
			at + `"closed","outcome":"done",` + ann + `"code":"4403",` +
				`"reason":"the credential has been revoked"}`,
			at + `"reload","outcome":"failed","reason":"bad"}`,
		}
		file.expect(t, want...)
	})
}

// A session that ends is recorded once, however often the permissions change before it has ended.
func TestAuditClosedOnce(t *testing.T) {
	withAudit(t, "ann bob", nil, func(r *rig, k *keys, file *auditFile) {
		_ = r.connectAs("a", k, "ann")
		file.take()
		for range 3 {
			r.broker.SetAccess(k.control(t, "bob"))
		}
		closed := 0
		for _, record := range file.take() {
			if record.Event == broker.AuditClosed {
				closed++
			}
		}
		if closed != 1 {
			t.Errorf("the audit says %d times that the session is closed", closed)
		}
	})
}

// A message that waits for its turn when the permissions change is refused in its turn, and recorded then:
// at first the client reads nothing, so its first info is not finished.
func TestAuditOfWaitingMessages(t *testing.T) {
	withAudit(t, "h ann", []string{"* | ** | acquire steal list"}, func(r *rig, k *keys, file *auditFile) {
		h := r.connectAs("h", k, "h")
		r.header = http.Header{"Authorization": {"Bearer " + k.tokens["ann"]}}
		a := r.dial("a")
		for i := range 3 {
			a.send(`{"type":"info","id":"aaaaaaaa--%d"}`, i)
		}
		a.send(`{"type":"acquire","id":"aaaaaaaa--3","locks":[{"name":"x"}],"steal":true}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--4","locks":[{"name":"y"}]}`)
		file.take()
		r.broker.SetAccess(k.control(t, "h ann"))
		a.read()
		got := map[string]broker.AuditEvent{}
		for _, record := range file.take() {
			got[record.Request] = record.Event
		}
		if got["aaaaaaaa--3"] != broker.AuditSteal || got["aaaaaaaa--4"] != broker.AuditForbidden {
			t.Errorf("the audit has %v", got)
		}
		h.close()
		_ = a.net.Close()
	})
}

// Lines of the log that say whose session it is name the identity, at each level.
func TestLogNamesIdentity(t *testing.T) {
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, "ann")
		config := broker.Config{Logger: log.logger(), Access: k.control(t, "ann", "ann | ** | acquire steal")}
		serve(t, config, func(r *rig) {
			a := r.connectAs("a", k, "ann")
			a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
			synctest.Wait()
			a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"x"}],"steal":true}`)
			a.send(`{"type":"info","id":"aaaaaaaa--2"}`)
			synctest.Wait()
			a.close()
			synctest.Wait()
		})
	})
	for _, message := range []string{
		"session opened", "request granted", `"message":"steal"`, "refused a message", "while it held locks",
	} {
		if lines := log.lines(message); len(lines) == 0 || !strings.Contains(lines[0], `"identity":"ann"`) {
			t.Errorf("%s: %q", message, lines)
		}
	}
}
