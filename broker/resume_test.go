package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// absentStory sets up these tests: a, whose session lasts, holds x and waits for y, which b holds. b waits for x. Then
// the connection of a ends.
func absentStory(r *rig) (a, b *peer) {
	a, b = r.connectLasting("a", "kept"), r.connect("b")
	b.take()
	b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
	b.take()
	a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
	a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
	a.take()
	b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"x"}]}`)
	b.take()
	return a, b
}

// all states what a has in the absentStory.
const all = `"held":[{"n":0,"token":2,"locks":[{"name":"x"}]}],"waiting":[{"n":1,"locks":[{"name":"y"}]}]`

// refusal is the reply to the first message of a client whose wish is refused.
func refusal(name, why string) string {
	return fmt.Sprintf(`{"type":"not_resumed","id":"%s--0","message":%q}`, wiretest.Session(name), why)
}

const noSuchSession = "there is no such session to take up"

// expectTaken checks that p, the first connection since, can still take up the session of a, and that it then has
// what it had.
func (p *peer) expectTaken() {
	p.t.Helper()
	p.expectTakenAfter("a")
}

// expectTakenAfter is expectTaken for a client that has tried before, and also names the secret of that attempt.
func (p *peer) expectTakenAfter(tried string) {
	p.t.Helper()
	p.send(`{"type":"resume","id":"%s--0","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",`+
		`"tried":["secret-of-%s"],%s}`,
		wiretest.Session(p.name), wiretest.Session(tried), all)
	p.expect(fmt.Sprintf(`{"type":"resumed","id":"%s--0","held":[0]}`, wiretest.Session(p.name)))
}

// What a client sends before the reply to its statement is refused, wherever it is overtaken by the reply. Nothing of
// it is done.
func TestStrayMessages(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := absentStory(r)
		a.vanish()
		synctest.Wait()
		c := r.connectLasting("c", "kept")
		c.resume("a", all)
		for n, frame := range []string{
			`"acquire","locks":[{"name":"z"}]`, `"acquire","locks":[{"name":"x"}],"steal":true`,
			`"evict","request":"bbbbbbbb--0"`, `"watch"`, `"info"`, `"why","request":"cccccccc--1"`,
		} {
			kind, rest, _ := strings.Cut(frame, ",")
			if rest != "" {
				rest = "," + rest
			}
			c.send(`{"type":%s,"id":"cccccccc--%d"%s}`, kind, n+1, rest)
		}
		c.send(`{"type":"release","id":"cccccccc--1"}`)
		c.send(`{"type":"cancel","id":"cccccccc--2"}`)
		frames := c.take()
		if len(frames) != 9 || frames[0] != `{"type":"resumed","id":"cccccccc--0","held":[0]}` {
			t.Fatalf("got %q", frames)
		}
		for _, frame := range frames[1:] {
			if !strings.Contains(frame, `"code":"bad_id"`) && !strings.Contains(frame, `"code":"not_`) {
				t.Errorf("got %s", frame)
			}
		}
		b.expect()
		c.send(`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"z"}]}`)
		c.expect(`{"type":"granted","id":"aaaaaaaa--2","token":3}`)
		b.close()
		c.expect(`{"type":"granted","id":"aaaaaaaa--1","token":4}`)
		c.close()
	})
}

// Of two that take up a session at once, one gets it.
func TestTwoAtOnce(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := absentStory(r)
		a.vanish()
		synctest.Wait()
		c, d := r.connectLasting("c", "kept"), r.connectLasting("d", "kept")
		c.resume("a", all)
		d.resume("a", all)
		got := append(c.take(), d.take()...)
		if len(got) != 2 || strings.Contains(got[0], `"resumed"`) == strings.Contains(got[1], `"resumed"`) {
			t.Errorf("got %q", got)
		}
		for _, p := range []*peer{c, d} {
			p.expectOpen()
			p.close()
		}
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		b.close()
	})
}

// A client whose connection breaks while its session is taken up takes it up on the next one, in whatever order the
// broker learns of all this.
func TestBrokenTwice(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		_, b := absentStory(r) // the broker does not know that the first connection has ended
		c, d := r.connectLasting("c", "kept"), r.connectLasting("d", "kept")
		c.resume("a", all)
		d.send(`{"type":"resume","id":"dddddddd--0","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",` +
			`"tried":["secret-of-cccccccc"],` + all + `}`)
		d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
		d.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		d.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		d.close()
		b.close()
	})
}

// The new connection ends at every stage of taking up the session.
func TestNewConnectionEnds(t *testing.T) {
	say := func(c *peer, statement string) {
		c.send(`{"type":"resume","id":"cccccccc--0","session":"aaaaaaaa",`+
			`"secret":"secret-of-aaaaaaaa",%s}`, statement)
	}
	const more = `"more":true`
	for name, play := range map[string]func(c *peer) (secret string){
		"before the statement":        func(c *peer) string { c.vanish(); return "a" },
		"in the middle of it":         func(c *peer) string { say(c, more); c.vanish(); return "a" },
		"with it, with a goodbye":     func(c *peer) string { say(c, more); c.close(); return "a" },
		"before the reply":            func(c *peer) string { say(c, all); c.vanish(); return "c" },
		"after the reply":             func(c *peer) string { say(c, all); c.take(); c.vanish(); return "c" },
		"with a frame that is closed": func(c *peer) string { say(c, all); c.sendClose(1001, ""); return "c" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, broker.Config{}, func(r *rig) {
				a, b := absentStory(r)
				a.vanish()
				synctest.Wait()
				secret := play(r.connectLasting("c", "kept"))
				synctest.Wait()
				d := r.connectLasting("d", "kept")
				d.expectTakenAfter(secret)
				d.close()
				b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
				b.close()
			})
		})
	}
}

// Statements that make no sense are refused, and the session of a is not touched: its client may still take it up.
func TestBadStatements(t *testing.T) {
	const first = `{"type":"resume","id":"cccccccc--0","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",`
	const next = `{"type":"resume","id":"cccccccc--1","session":"aaaaaaaa","secret":"secret-of-aaaaaaaa",`
	for name, test := range map[string]struct {
		frames  []string
		replies []string // of each, how it begins
	}{
		"another session in the second part": {
			[]string{first + `"more":true}`, strings.Replace(next, "aaaaaaaa", "bbbbbbbb", 1) + all + `}`},
			[]string{`{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"another secret in the second part": {
			[]string{
				first + `"more":true}`,
				strings.Replace(next, "secret-of-a", "secret-of-b", 1) + all + `}`,
			},
			[]string{`{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"other tries in the second part": {
			[]string{first + `"more":true}`, next + `"tried":["secret-of-bbbbbbbb"],` + all + `}`},
			[]string{`{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"a part twice": {
			[]string{first + all + `,"more":true}`, next + all + `}`},
			[]string{`{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"a part that is malformed": {
			[]string{first + `"more":true}`, `{"type":"resume",`, next + `"held":[]}`},
			[]string{`{"type":"error","code":"bad_request"`, `{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"a part with numbers that do not rise": {
			[]string{
				first + `"more":true}`,
				next + `"more":true,"held":[{"n":1,"token":1,"locks":[{"name":"x"}]},` +
					`{"n":0,"token":2,"locks":[{"name":"x"}]}]}`,
				strings.Replace(next, "--1", "--2", 1) + `"held":[]}`,
			},
			[]string{
				`{"type":"error","id":"cccccccc--1","code":"bad_request"`,
				`{"type":"not_resumed","id":"cccccccc--2"`,
			},
		},
		"a part with an id that was used": {
			[]string{first + `"more":true}`, first + all + `,"more":true}`, next + `"held":[]}`},
			[]string{
				`{"type":"error","id":"cccccccc--0","code":"bad_id"`,
				`{"type":"not_resumed","id":"cccccccc--1"`,
			},
		},
		"its own session": {
			[]string{strings.ReplaceAll(first, "aaaaaaaa", "cccccccc") + `"held":[]}`},
			[]string{refusal("c", "this session cannot take up another one")},
		},
		"after requests": {
			[]string{`{"type":"acquire","id":"cccccccc--0","locks":[{"name":"z"}]}`, next + all + `}`},
			[]string{`{"type":"granted"`, `{"type":"not_resumed","id":"cccccccc--1"`},
		},
		"requests between its parts": {
			[]string{
				first + `"more":true}`, `{"type":"acquire","id":"cccccccc--1","locks":[{"name":"z"}]}`,
				strings.Replace(next, "--1", "--2", 1) + all + `}`,
			},
			[]string{`{"type":"granted"`, `{"type":"not_resumed","id":"cccccccc--2"`},
		},
		"the session of b, which does not last": {
			[]string{strings.ReplaceAll(first, "aaaaaaaa", "bbbbbbbb") + `"held":[]}`},
			[]string{refusal("c", noSuchSession)},
		},
		"its own secret as tried": {
			[]string{
				strings.Replace(first, "secret-of-aaaaaaaa", "wrong", 1) +
					`"tried":["secret-of-cccccccc"],` + all + `}`,
			},
			[]string{refusal("c", noSuchSession)},
		},
		"what b holds": {
			[]string{first + `"held":[{"n":0,"token":1,"locks":[{"name":"y"}]}]}`},
			[]string{refusal("c", noSuchSession)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, absent := range []bool{false, true} {
				inBubble(t, broker.Config{}, func(r *rig) {
					a, b := absentStory(r)
					if absent {
						a.vanish()
						synctest.Wait()
					}
					c := r.connectLasting("c", "kept")
					for _, frame := range test.frames {
						c.send("%s", frame)
					}
					frames := c.take()
					for i, want := range test.replies {
						many := len(frames) != len(test.replies)
						if many || !strings.HasPrefix(frames[i], want) {
							t.Fatalf("got %q, want %q", frames, test.replies)
						}
					}
					b.expect()
					if !absent {
						a.expectOpen()
					}
					c.close()
					d := r.connectLasting("d", "kept")
					d.expectTaken()
					d.close()
					b.close()
				})
			}
		})
	}
}

// A connection without the parameter cannot take up a session, even with the right secret.
func TestResumeWithoutParameter(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := absentStory(r)
		a.vanish()
		synctest.Wait()
		c := r.connect("c")
		c.take()
		c.resume("a", all)
		c.expect(refusal("c", "this session cannot take up another one"))
		d := r.connectLasting("d", "kept")
		d.expectTaken()
		for _, p := range []*peer{b, c, d} {
			p.close()
		}
	})
}

// The old connection says goodbye late. Before the session was taken up, that ends it: its client has given up
// everything. Afterwards it is too late.
func TestLateGoodbye(t *testing.T) {
	for _, taken := range []bool{false, true} {
		inBubble(t, broker.Config{}, func(r *rig) {
			a, b := absentStory(r)
			a.answersNoClose()
			for range broker.MaxMalformed + 1 {
				a.send("{")
			}
			<-a.ended // the broker has closed its half, and goes on reading
			c := r.connectLasting("c", "kept")
			b.expect()
			if taken {
				c.resume("a", all)
				c.expect(`{"type":"resumed","id":"cccccccc--0","held":[0]}`)
			}
			a.sendClose(1000, "goodbye")
			if taken {
				b.expect()
			} else {
				b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
				c.resume("a", all)
				c.expect(refusal("c", noSuchSession))
			}
			_ = a.ws.Close()
			c.close()
			b.take()
			b.close()
		})
	}
}

// An end of the old connection other than a goodbye does not end an absent session, whoever says it.
func TestEndsThatLeaveTheSession(t *testing.T) {
	for name, end := range map[string]func(a *peer){
		"FIN":                   (*peer).vanish,
		"a close frame":         func(a *peer) { a.sendClose(1000, ""); <-a.ended; _ = a.ws.Close() },
		"going away":            func(a *peer) { a.sendClose(1001, ""); <-a.ended; _ = a.ws.Close() },
		"a close frame of ours": func(a *peer) { a.sendClose(4401, ""); <-a.ended; _ = a.ws.Close() },
		"an answer": func(a *peer) {
			for range broker.MaxMalformed + 1 {
				a.send("{")
			}
			<-a.ended
			_ = a.ws.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, broker.Config{}, func(r *rig) {
				a, b := absentStory(r)
				end(a)
				pass(10 * time.Second)
				b.expect()
				c := r.connectLasting("c", "kept")
				c.expectTaken()
				c.close()
				b.close()
			})
		})
	}
}

// Ends after which nothing is left.
func TestEndsThatEndTheSession(t *testing.T) {
	for name, end := range map[string]func(a *peer){
		"a goodbye":      (*peer).close,
		"a binary frame": func(a *peer) { _ = a.ws.WriteMessage(2, []byte("x")); <-a.ended; _ = a.ws.Close() },
		"a frame that is too long": func(a *peer) {
			a.send("%s", strings.Repeat(" ", 65537))
			<-a.ended
			_ = a.ws.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, broker.Config{}, func(r *rig) {
				a, b := absentStory(r)
				end(a)
				b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
				c := r.connectLasting("c", "kept")
				c.resume("a", all)
				c.expect(refusal("c", noSuchSession))
				c.close()
				b.close()
			})
		})
	}
}
