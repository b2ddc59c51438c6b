package broker_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// connectLastingAs is connectLasting with the token of an identity.
func (r *rig) connectLastingAs(name string, k *keys, identity string) *peer {
	r.t.Helper()
	r.header = http.Header{"Authorization": {"Bearer " + k.tokens[identity]}}
	return r.connectLasting(name, "kept")
}

// Another identity cannot take up a session, even with its secret.
func TestResumeAsAnother(t *testing.T) {
	withAccess(t, "ann bob", []string{"* | ** | acquire list"}, func(r *rig, k *keys) {
		a := r.connectLastingAs("a", k, "ann")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		a.vanish()
		synctest.Wait()
		b := r.connectLastingAs("b", k, "bob")
		b.resume("a", holdX(1))
		b.expect(refusal("b", noSuchSession))
		c := r.connectLastingAs("c", k, "ann")
		c.resume("a", holdX(1))
		c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
	})
}

// The permissions change while a session is absent. It keeps what it holds. What it waits for and may no longer
// acquire ends before it could be granted, and so does what the broker has never heard of.
func TestPermissionsChangeInAbsence(t *testing.T) {
	withAccess(t, "ann bob", []string{"* | ** | acquire list"}, func(r *rig, k *keys) {
		a, b := r.connectLastingAs("a", k, "ann"), r.connectAs("b", k, "bob")
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"},{"name":"z"}]}`)
		b.take()
		for n, name := range []string{"x", "y", "z"} {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"%s"}]}`, n, name)
		}
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"y"}]}`)
		b.take()
		a.vanish()
		synctest.Wait()
		r.broker.SetAccess(k.control(t, "ann bob", "ann | z | acquire", "bob | ** | acquire"))
		b.send(`{"type":"release","id":"bbbbbbbb--0"}`)
		b.expect(`{"type":"released","id":"bbbbbbbb--0"}`)
		c := r.connectLastingAs("c", k, "ann")
		c.resume("a", holdX(2)+`,"waiting":[{"n":1,"locks":[{"name":"y"}]},{"n":2,"locks":[{"name":"z"}]},`+
			`{"n":3,"locks":[{"name":"v"}]},{"n":4,"locks":[{"name":"z"}],"wait_ms":0}]`)
		c.expect(
			`{"type":"resumed","id":"cccccccc--0","held":[0]}`,
			`{"type":"error","id":"aaaaaaaa--1","code":"forbidden",`+
				`"message":"no longer permitted: acquire y"}`,
			`{"type":"granted","id":"aaaaaaaa--2","token":4}`,
			`{"type":"error","id":"aaaaaaaa--3","code":"forbidden","message":"not permitted: acquire v"}`,
			`{"type":"error","id":"aaaaaaaa--4","code":"unavailable","message":"the locks are not free"}`,
		)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		c.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		c.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
	})
}

// What a client has missed does not tell it of locks that it may not list, by the permissions of then and of now.
func TestMissedRepliesHide(t *testing.T) {
	for name, then := range map[string]string{"never allowed": "hidden", "revoked in between": "**"} {
		t.Run(name, func(t *testing.T) {
			rules := []string{
				"root | ** | acquire list steal evict",
				"ann | ** | acquire", "ann | " + then + " | list",
			}
			withAccess(t, "ann root", rules, func(r *rig, k *keys) {
				a, b := r.connectLastingAs("a", k, "ann"), r.connectAs("b", k, "root")
				b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
				b.take()
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
				a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}],"wait_ms":1000}`)
				a.take()
				a.vanish()
				synctest.Wait()
				b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}],"steal":true}`)
				pass(time.Second)
				b.take()
				r.broker.SetAccess(k.control(t, "ann root", "ann | ** | acquire"))
				c := r.connectLastingAs("c", k, "ann")
				c.resume("a", holdX(2)+`,"waiting":[{"n":1,"locks":[{"name":"y"}]}]`)
				c.expect(
					`{"type":"lost","id":"aaaaaaaa--0","reason":"stolen"}`,
					`{"type":"resumed","id":"cccccccc--0","lost":[0]}`,
					`{"type":"error","id":"aaaaaaaa--1","code":"timeout",`+
						`"message":"not granted within 1s"}`,
				)
			})
		})
	}
}

// The log and the audit name the session that goes on with a connection.
func TestResumedSessionIsNamed(t *testing.T) {
	log := new(testLog)
	config := broker.Config{Logger: log.logger(), Audit: func(rec broker.AuditRecord) error {
		_, err := log.Write([]byte("audit " + string(rec.Event) + " of " + rec.Session + "\n"))
		return err
	}}
	inBubble(t, config, func(r *rig) {
		a, b := absentStory(r)
		a.vanish()
		synctest.Wait()
		c := r.connectLasting("c", "kept")
		c.expectTaken()
		c.send(`{"type":"evict","id":"aaaaaaaa--2","request":"bbbbbbbb--1","message":"why not"}`)
		synctest.Wait()
		c.send(`{"type":"clients","id":"aaaaaaaa--3"}`)
		frames := c.take()
		if last := frames[len(frames)-1]; strings.Count(last, `"session":"aaaaaaaa"`) != 1 ||
			strings.Contains(last, "cccccccc") || !strings.Contains(last, `"client":"c"`) {
			t.Errorf("clients: %s", last)
		}
		c.close()
		b.close()
		synctest.Wait()
	})
	for _, words := range [][]string{
		{"audit evict of aaaaaaaa"},
		{"a connection ended while its session held locks", `"session":"aaaaaaaa"`, `"client":"a"`},
		{"taken up", `"session":"aaaaaaaa"`, `"client":"c"`, `"opened_as":"cccccccc"`},
		{"a session ended while it held locks", `"session":"aaaaaaaa"`, `"client":"c"`},
	} {
		if len(log.lines(words...)) != 1 {
			t.Errorf("no single line says %q: %q", words, log.lines())
		}
	}
	if lines := log.lines("secret"); len(lines) > 0 {
		t.Errorf("a secret is in the log: %q", lines)
	}
}
