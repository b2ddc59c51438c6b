package broker_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// keys are tokens by identity, with the lines of the file that accepts them.
type keys struct {
	tokens map[string]string
	lines  map[string]string
}

// newKeys makes a token for each identity. An identity may have groups and an expiry: "name:group@duration".
func newKeys(t testing.TB, identities ...string) *keys {
	t.Helper()
	k := &keys{tokens: map[string]string{}, lines: map[string]string{}}
	for _, text := range identities {
		text, after, expires := strings.Cut(text, "@")
		name, group, grouped := strings.Cut(text, ":")
		var groups []string
		if grouped {
			groups = strings.Split(group, ",")
		}
		var until time.Time
		if expires {
			d, err := time.ParseDuration(after)
			if err != nil {
				t.Fatal(err)
			}
			until = time.Now().Add(d)
		}
		token, line, err := access.NewToken(name, groups, until)
		if err != nil {
			t.Fatal(err)
		}
		k.tokens[name], k.lines[name] = token, line
	}
	return k
}

// control returns a control that accepts the tokens of some identities, and has these rules. A rule
// is text such as "a b | x/** | acquire list".
func (k *keys) control(t testing.TB, identities string, rules ...string) *access.Control {
	t.Helper()
	var file []string
	for name := range strings.FieldsSeq(identities) {
		file = append(file, k.lines[name])
	}
	tokens, err := access.ParseTokens(strings.Join(file, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	var all []access.Rule
	for _, text := range rules {
		parts := strings.Split(text, "|")
		rule := access.Rule{For: strings.Fields(parts[0]), Locks: strings.Fields(parts[1])}
		for verb := range strings.FieldsSeq(strings.ReplaceAll(parts[2], ",", " ")) {
			rule.Allow = append(rule.Allow, wire.Verb(verb))
		}
		all = append(all, rule)
	}
	policy, err := access.NewPolicy(all)
	if err != nil {
		t.Fatal(err)
	}
	return &access.Control{Authenticators: []access.Authenticator{tokens}, Policy: policy}
}

// connectAs connects a client with the token of an identity, and takes its hello.
func (r *rig) connectAs(name string, k *keys, identity string) *peer {
	r.t.Helper()
	r.header = http.Header{"Authorization": {"Bearer " + k.tokens[identity]}}
	p := r.connect(name)
	hello := p.take()
	if len(hello) != 1 || !strings.Contains(hello[0], `,"identity":"`+identity+`"`) {
		r.t.Fatalf("%s: got %s, want a hello for %s", name, hello, identity)
	}
	return p
}

// withAccess runs f in a bubble, with a broker that has some keys and rules.
func withAccess(t *testing.T, identities string, rules []string, f func(r *rig, k *keys)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, strings.Fields(identities)...)
		var names []string
		for name := range k.tokens {
			names = append(names, name)
		}
		config := broker.Config{Access: k.control(t, strings.Join(names, " "), rules...)}
		serve(t, config, func(r *rig) { f(r, k) })
	})
}

// A broker that asks for credentials refuses clients without one, and tells each client who it is.
func TestCredentials(t *testing.T) {
	withAccess(t, "ann bob@1h", nil, func(r *rig, k *keys) {
		upgrade := func(more http.Header) http.Header {
			h := http.Header{
				"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
			}
			maps.Copy(h, more)
			return h
		}
		inProtocol := wire.BearerSubprotocol + base64.RawURLEncoding.EncodeToString([]byte(k.tokens["ann"]))
		bearer := "Bearer " + k.tokens["ann"]
		for _, test := range []struct {
			header http.Header
			status int
		}{
			{http.Header{}, 401},
			{http.Header{"Authorization": {"Bearer wrong"}}, 401},
			{http.Header{"Authorization": {"Basic YTpi"}}, 401},
			{http.Header{"Authorization": {"Bearer "}}, 401},
			{http.Header{"Authorization": {bearer, bearer}}, 400},
			{http.Header{"Sec-Websocket-Protocol": {inProtocol}}, 400}, // without lockbroker.v1
			{http.Header{"Sec-Websocket-Protocol": {wire.Subprotocol, wire.BearerSubprotocol + "%%"}}, 401},
			{http.Header{"Sec-Websocket-Protocol": {wire.Subprotocol, inProtocol + "="}}, 401},
			{http.Header{
				"Sec-Websocket-Protocol": {wire.Subprotocol, inProtocol}, "Authorization": {bearer},
			}, 400},
			{http.Header{"Origin": {"https://other.example"}}, 403},
			{http.Header{"Authorization": {bearer}}, 101},
			{http.Header{"Authorization": {"bearer  " + k.tokens["ann"]}}, 101},
			{http.Header{"Sec-Websocket-Protocol": {wire.Subprotocol, inProtocol}}, 101},
		} {
			r.next.Store("x")
			response := r.get("/ws", upgrade(test.header))
			_ = response.Body.Close()
			synctest.Wait()
			if response.StatusCode != test.status {
				t.Errorf("%v: got %s, want %d", test.header, response.Status, test.status)
			}
			challenge := response.Header.Get("WWW-Authenticate")
			if (challenge == "Bearer") != (test.status == 401) {
				t.Errorf("%v: the challenge is %q", test.header, challenge)
			}
			if got := response.Header.Get("Sec-Websocket-Protocol"); strings.Contains(got, "bearer") {
				t.Errorf("the broker repeats the token: %s", got)
			}
		}
		a := r.connectAs("a", k, "ann")
		b := r.connectAs("b", k, "bob")
		a.send(`{"type":"whoami","id":"aaaaaaaa--0"}`)
		a.expect(`{"type":"whoami","id":"aaaaaaaa--0","identity":"ann","permissions":[]}`)
		b.send(`{"type":"whoami","id":"bbbbbbbb--0"}`)
		b.expect(`{"type":"whoami","id":"bbbbbbbb--0","identity":"bob","expires_ms":3600000,"permissions":[]}`)
	})
}

// Each verb allows what PROTOCOL.md says, and nothing else is allowed.
func TestVerbs(t *testing.T) {
	rules := []string{
		"holder | ** | acquire list",
		"ann | a/** | acquire",
		"ann | s | shared",
		"ann | l/* | list",
	}
	withAccess(t, "holder ann", rules, func(r *rig, k *keys) {
		h := r.connectAs("h", k, "holder")
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"l/1"},{"name":"z"}]}`)
		h.expect(`{"type":"granted","id":"hhhhhhhh--0","token":1}`)
		a := r.connectAs("a", k, "ann")
		forbidden := func(id int, what string) string {
			return fmt.Sprintf(`{"type":"error","id":"aaaaaaaa--%d","code":"forbidden",`+
				`"message":"not permitted: %s"}`,
				id, what)
		}
		for i, test := range []struct{ send, want string }{
			{`"acquire","id":"aaaaaaaa--0","locks":[{"name":"a/1"}]`, `{"type":"granted",` +
				`"id":"aaaaaaaa--0","token":2}`},
			{`"acquire","id":"aaaaaaaa--1",` +
				`"locks":[{"name":"a/2"},{"name":"b"}]`, forbidden(1, "acquire b")},
			{`"acquire","id":"aaaaaaaa--2","locks":[{"name":"s","mode":"shared"}]`,
				`{"type":"granted","id":"aaaaaaaa--2","token":3}`},
			{`"acquire","id":"aaaaaaaa--3","locks":[{"name":"s"}]`, forbidden(3, "acquire s")},
			{`"acquire","id":"aaaaaaaa--4","locks":[{"name":"a/1"}],` +
				`"steal":true`, forbidden(4, "steal a/1")},
			{`"why","id":"aaaaaaaa--5","lock":"a/1"`, forbidden(5, "list a/1")},
			{`"why","id":"aaaaaaaa--6","lock":"l/1"`, `{"type":"why","id":"aaaaaaaa--6","chain":[]}`},
			{`"clients","id":"aaaaaaaa--7"`, forbidden(7, "clients")},
			{`"evict","id":"aaaaaaaa--8","request":"hhhhhhhh--0"`, forbidden(8, "evict")},
			{`"info","id":"aaaaaaaa--9"`, `{"type":"info","id":"aaaaaaaa--9",` +
				`"locks":[{"name":"l/1","seq":1,` +
				`"holders":[{"id":"hhhhhhhh--0","mode":"exclusive","token":1,"locks":["l/1"],` +
				`"duration_ms":0,` +
				`"client":"h","remote":"192.0.2.0:1000","identity":"holder","hidden":true}],` +
				`"waiters":[],` +
				`"holding":1,"waiting":0,"grants":1}]}`},
			{`"release","id":"aaaaaaaa--0"`, `{"type":"released","id":"aaaaaaaa--0"}`},
		} {
			a.send(`{"type":%s}`, test.send)
			if got := a.take(); len(got) != 1 || got[0] != test.want {
				t.Errorf("%d: %s\n got %s\nwant %s", i, test.send, got, test.want)
			}
		}
	})
}

// When the credential of a session expires, the session ends with 4401. A new token for the same
// identity prevents that.
func TestExpiry(t *testing.T) {
	withAccess(t, "ann@1h bob@2h", []string{"* | ** | acquire"}, func(r *rig, k *keys) {
		a := r.connectAs("a", k, "ann")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		a.send(`{"type":"auth","id":"aaaaaaaa--1","token":"%s"}`, k.tokens["bob"])
		a.expect(`{"type":"error","id":"aaaaaaaa--1","code":"forbidden",` +
			`"message":"the token is for another identity"}`)
		a.send(`{"type":"auth","id":"aaaaaaaa--2","token":"wrong"}`)
		a.expect(`{"type":"error","id":"aaaaaaaa--2","code":"forbidden",` +
			`"message":"not authenticated: the token is not known"}`)

		later := newKeys(t, "ann@3h")
		k.lines["ann2"] = later.lines["ann"]
		r.broker.SetAccess(k.control(t, "ann ann2 bob", "* | ** | acquire"))
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		a.send(`{"type":"auth","id":"aaaaaaaa--3","token":"%s"}`, later.tokens["ann"])
		a.expect(`{"type":"authenticated","id":"aaaaaaaa--3","expires_ms":10740000}`)
		b := r.connectAs("b", k, "bob")
		time.Sleep(2*time.Hour - time.Minute + time.Millisecond) //nolint:forbidigo // virtual time
		b.expectClose(wire.CloseExpired, "the credential has expired")
		a.expectOpen()
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time
		a.expectClose(wire.CloseExpired, "the credential has expired")
	})
}

// After a change of the permissions, requests that wait without permission end, holders keep their
// locks, and sessions whose token is gone are closed.
func TestSetAccess(t *testing.T) {
	rules := []string{"* | ** | acquire list"}
	withAccess(t, "ann bob eve", rules, func(r *rig, k *keys) {
		a, b, e := r.connectAs("a", k, "ann"), r.connectAs("b", k, "bob"), r.connectAs("e", k, "eve")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.send(`{"type":"watch","id":"aaaaaaaa--1","match":"y"}`)
		a.take()
		for i, name := range []string{"x", "y", "x"} {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"%s"}]}`, i, name)
		}
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":2}`)
		a.take()

		r.broker.SetAccess(k.control(t, "ann bob", "ann | ** | acquire", "bob | y | acquire"))
		refusal := `{"type":"error","id":"bbbbbbbb--%d","code":"forbidden",` +
			`"message":"no longer permitted: acquire x"}`
		b.expect(fmt.Sprintf(refusal, 0), fmt.Sprintf(refusal, 2))
		a.expect(`{"type":"lagged","id":"aaaaaaaa--1"}`)
		e.expectClose(wire.CloseRevoked, "the credential has been revoked")
		b.send(`{"type":"acquire","id":"bbbbbbbb--3","locks":[{"name":"x"}]}`)
		b.expect(`{"type":"error","id":"bbbbbbbb--3","code":"forbidden","message":"not permitted: acquire x"}`)
		b.send(`{"type":"release","id":"bbbbbbbb--1"}`)
		b.expect(`{"type":"released","id":"bbbbbbbb--1"}`)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.expect(`{"type":"released","id":"aaaaaaaa--0"}`)

		r.broker.SetAccess(nil)
		b.send(`{"type":"acquire","id":"bbbbbbbb--4","locks":[{"name":"x"}]}`)
		b.expect(`{"type":"granted","id":"bbbbbbbb--4","token":3}`)
	})
}

// After a change of the permissions, the log names the locks that clients hold and may no longer acquire.
func TestKeptLocksAreLogged(t *testing.T) {
	log := new(testLog)
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, "ann", "bob")
		config := broker.Config{Access: k.control(t, "ann bob", "* | ** | acquire"), Logger: log.logger()}
		serve(t, config, func(r *rig) {
			a, b := r.connectAs("a", k, "ann"), r.connectAs("b", k, "bob")
			const held = 3000 // more than a slice
			for n := range held {
				a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"x/%d"}]}`, n, n)
				a.take()
			}
			b.send(`{"type":"acquire","id":"bbbbbbbb--0",` +
				`"locks":[{"name":"y"},{"name":"z","mode":"shared"}]}`)
			b.take()
			r.broker.SetAccess(k.control(t, "ann bob", "ann | x/9 | acquire", "bob | y | acquire",
				"bob | z | shared"))
			pass(time.Second)
			a.expect()
			b.expect()
			lines := log.lines("may no longer acquire")
			if len(lines) != 1 || !strings.Contains(lines[0], `"identity":"ann"`) ||
				!strings.Contains(lines[0], `"x/7","... and 2991 more"`) {
				t.Errorf("the log says %q", lines)
			}
		})
	})
}

// A change of the permissions that comes right after another one, and allows everything, ends the work of
// the first. A page that is not finished shows what the new permissions allow.
func TestPermissionsChangeTwice(t *testing.T) {
	withAccess(t, "holder ann", []string{"* | ** | acquire list"}, func(r *rig, k *keys) {
		h, a := r.connectAs("h", k, "holder"), r.connectAs("a", k, "ann")
		for n := range 3 {
			h.send(`{"type":"acquire","id":"hhhhhhhh--%d","locks":[{"name":"x"}]}`, n)
		}
		h.take()
		r.broker.SetAccess(k.control(t, "holder ann", "holder | ** | acquire list", "ann | y | acquire"))
		r.broker.SetAccess(nil)
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"y"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":2}`)
	})
}

// Browsers do not show a page the status of a refused upgrade. So the broker accepts the upgrade of a page,
// and tells it why there is no session when it closes the connection.
func TestRefusedPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, "ann")
		const origin = "https://app.example"
		config := broker.Config{
			Access: k.control(t, "ann", "ann | ** | acquire"), AllowOrigins: []string{origin},
		}
		serve(t, config, func(r *rig) { testRefusedPage(r, k, origin) })
	})
}

func testRefusedPage(r *rig, k *keys, origin string) {
	for token, want := range map[string]string{"": "no credential", "lbt_wrong": "the token is not known"} {
		r.header = http.Header{"Origin": {origin}}
		if token != "" {
			r.header["Authorization"] = []string{"Bearer " + token}
		}
		p := r.connect("p")
		p.expectClose(4401, "not authenticated: "+want)
		p.expect() // not even a hello
	}
	a := r.connectAs("a", k, "ann")
	a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}],"wait_ms":0}`)
	a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
}

// A change of the permissions takes effect at once, even for a client that does not read, and whose
// messages wait for that reason.
func TestRightsDoNotWait(t *testing.T) {
	withAccess(t, "holder ann", []string{"* | ** | acquire list"}, func(r *rig, k *keys) {
		h := r.connectAs("h", k, "holder")
		h.send(`{"type":"acquire","id":"hhhhhhhh--0","locks":[{"name":"x"}]}`)
		h.take()
		r.header = http.Header{"Authorization": {"Bearer " + k.tokens["ann"]}}
		a := r.dial("a") // and it never reads
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		for i := range 3 {
			a.send(`{"type":"info","id":"aaaaaaaa--%d"}`, i+1)
		}
		a.send(`{"type":"acquire","id":"aaaaaaaa--4","locks":[{"name":"y"}]}`)
		synctest.Wait()
		r.broker.SetAccess(k.control(t, "holder ann", "holder | ** | acquire list"))
		synctest.Wait()
		h.send(`{"type":"info","id":"hhhhhhhh--1"}`)
		if got := h.take(); len(got) != 1 || strings.Contains(got[0], "aaaaaaaa") {
			t.Errorf("got %s: a client without permissions waits or holds", got)
		}
		_ = a.net.Close()
	})
}
