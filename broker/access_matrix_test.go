package broker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestAccessMatrix sends messages of all types, as clients with random permissions, about random
// locks and requests. An oracle that reads the rules in the plainest way says what must be refused.
// No frame may contain the name of a lock that its client may not list, or the author of a request
// for it.
func TestAccessMatrix(t *testing.T) {
	cases := 10_000
	if raceDetector {
		cases = 2_000
	}
	const perPolicy = 250
	withAccess(t, "root ann:dev bob:dev eve kim:ops old@-1h", nil, func(r *rig, k *keys) {
		m := &matrix{rig: r, t: t, keys: k, dice: rand.New(rand.NewPCG(22, 1))}
		m.begin()
		for n := 0; n < cases && !t.Failed(); n++ {
			if n%perPolicy == 0 {
				m.changePolicy()
			}
			m.one(n)
		}
		for what, count := range m.counts {
			if count < cases/1000 {
				t.Errorf("only %d cases of %s", count, what)
			}
		}
		t.Logf("%v", m.counts)
	})
}

// A matrix is the state of the test. Each lock is held, waited for or free. Each client but root has
// the permissions of the rules.
type matrix struct {
	*rig
	t    *testing.T
	keys *keys
	dice *rand.Rand

	rules   []matrixRule
	root    *matrixClient
	clients []*matrixClient
	holders map[string]string // by lock: the id of the request of root that holds it
	counts  map[string]int
}

type matrixRule struct {
	who, locks, verbs []string
}

type matrixClient struct {
	*peer
	identity string
	groups   []string
	next     int
	own      []string // the locks that it has named itself
}

// The locks of the matrix. Each name holds a mark that no other text holds.
var matrixLocks = []string{
	"a/mark01", "a/mark02", "a/b/mark03", "a/b/mark04", "b/mark05", "b/mark06/x", "c-mark07", "d-mark08",
	"home/ann/mark09", "home/bob/mark10", "mark11", "c/mark12",
}

var matrixGlobs = []string{
	"**", "a/**", "a/*", "a/b/**", "b/**", "c-*", "{c,d}-*", "*", "home/{identity}/**",
	"mark11", "a/mark01", "?/mark1[12]", "z/*",
}

// pairOf returns the lock that root holds together with a lock.
func pairOf(lock string) string { return "z/mark5" + mark(lock)[4:] }

// mark returns the mark of a lock: mark and two digits, or three for a pair.
func mark(lock string) string {
	_, rest, _ := strings.Cut(lock, "mark")
	digits, _, _ := strings.Cut(rest, "/")
	return "mark" + digits
}

func (c *matrixClient) id(n int) string { return wire.ID{Session: c.session(), N: int64(n)}.String() }

func (c *matrixClient) session() string { return strings.Repeat(c.name, 8) }

// open returns the id of the next request of a client.
func (c *matrixClient) open() string {
	c.next++
	return c.id(c.next - 1)
}

// begin connects everybody. root holds half of the locks, and waits for some of them.
func (m *matrix) begin() {
	m.counts, m.holders = map[string]int{}, map[string]string{}
	all := []string{"acquire", "list", "steal", "evict", "clients"}
	m.rules = []matrixRule{{[]string{"root"}, []string{"**"}, all}}
	m.apply()
	client := func(name, identity string, groups ...string) *matrixClient {
		return &matrixClient{peer: m.connectAs(name, m.keys, identity), identity: identity, groups: groups}
	}
	m.root = client("r", "root")
	m.clients = []*matrixClient{
		client("a", "ann", "dev"), client("b", "bob", "dev"), client("e", "eve"), client("k", "kim", "ops"),
	}
	for i, lock := range matrixLocks {
		if i%2 == 0 {
			m.hold(lock)
		}
	}
	for _, lock := range matrixLocks[:4] {
		m.root.send(`{"type":"acquire","id":"%s","locks":[{"name":"%s"},{"name":"%s"}],"author":"two"}`,
			m.root.open(), lock, matrixLocks[4])
	}
	m.root.take()
}

// hold makes root hold a lock again.
func (m *matrix) hold(lock string) {
	id := m.root.open()
	m.root.send(`{"type":"acquire","id":"%s","locks":[{"name":"%s"},{"name":"%s"}],"author":"two","steal":true}`,
		id, lock, pairOf(lock))
	if got := m.root.take(); len(got) == 0 || !strings.Contains(got[len(got)-1], `"granted"`) {
		m.t.Fatalf("root cannot have %s: %s", lock, got)
	}
	m.holders[lock] = id
}

// changePolicy makes some random rules.
func (m *matrix) changePolicy() {
	m.rules = m.rules[:1]
	for range 1 + m.dice.IntN(8) {
		m.rules = append(m.rules, matrixRule{
			who:   m.some([]string{"ann", "bob", "eve", "kim", "group:dev", "group:ops", "*", "?nn"}, 2),
			locks: m.some(matrixGlobs, 3),
			verbs: m.some([]string{"acquire", "shared", "list", "steal", "evict", "clients"}, 3),
		})
	}
	m.apply()
	for _, c := range m.clients {
		c.take()
	}
}

func (m *matrix) apply() {
	var texts []string
	for _, r := range m.rules {
		parts := []string{strings.Join(r.who, " "), strings.Join(r.locks, " "), strings.Join(r.verbs, " ")}
		texts = append(texts, strings.Join(parts, "|"))
	}
	m.broker.SetAccess(m.keys.control(m.t, "root ann bob eve kim old", texts...))
}

// allMatrixLocks returns the locks with their pairs.
func allMatrixLocks() []string {
	all := slices.Clone(matrixLocks)
	for _, lock := range matrixLocks {
		all = append(all, pairOf(lock))
	}
	return all
}

// some returns one to most of some texts.
func (m *matrix) some(texts []string, most int) []string {
	shuffled := slices.Clone(texts)
	m.dice.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled[:1+m.dice.IntN(most)]
}

// one sends one random message as a random client, and checks the answer.
func (m *matrix) one(n int) {
	c := m.clients[m.dice.IntN(len(m.clients))]
	lock := matrixLocks[m.dice.IntN(len(matrixLocks))]
	c.own = nil
	kinds := []string{
		"acquire", "shared", "steal", "info", "watch", "why lock", "why request", "evict", "clients",
		"auth", "whoami", "release", "cancel", "unwatch",
	}
	kind := kinds[m.dice.IntN(len(kinds))]
	allowed := false
	var frames []string
	switch kind {
	case "acquire", "shared", "steal":
		allowed, frames = m.tryAcquire(c, kind, lock)
	case "info":
		allowed, frames = m.tryInfo(c)
	case "watch":
		allowed, frames = m.tryWatch(c, lock)
	case "why lock":
		c.own = []string{lock}
		allowed = m.may(c, "list", lock)
		frames = m.ask(c, allowed, `"why","id":"%s","lock":"`+lock+`"`)
	case "why request", "evict":
		allowed, frames = m.tryRequest(c, kind)
	case "clients":
		allowed = m.mayAnywhere(c, "clients") && m.may(c, "list", "**") && m.seesAll(c)
		frames = m.ask(c, allowed, `"clients","id":"%s"`)
	default:
		allowed, frames = m.tryAlways(c, kind)
	}
	m.counts[fmt.Sprintf("%s %v", kind, allowed)]++
	for _, frame := range frames {
		for _, hidden := range allMatrixLocks() {
			isHidden := !m.may(c, "list", hidden) && !slices.Contains(c.own, hidden)
			if isHidden && strings.Contains(frame, mark(hidden)) {
				m.t.Errorf("case %d, %s by %s: %s is hidden, and is in %s\nrules: %v",
					n, kind, c.identity, hidden, frame, m.rules)
			}
		}
	}
}

// ask sends a message, and checks whether it is refused as forbidden.
func (m *matrix) ask(c *matrixClient, allowed bool, format string) []string {
	c.send(`{"type":%s}`, fmt.Sprintf(format, c.open()))
	frames := c.take()
	if refused := strings.Contains(strings.Join(frames, ""), `"code":"forbidden"`); refused == allowed {
		m.t.Errorf("%s: %s: got %s, allowed: %t\nrules: %v", c.identity, format, frames, allowed, m.rules)
	}
	return frames
}

func (m *matrix) tryAcquire(c *matrixClient, kind, lock string) (bool, []string) {
	c.own = []string{lock}
	allowed := m.may(c, "acquire", lock)
	more := `,"wait_ms":0`
	mode := ""
	switch kind {
	case "shared":
		allowed, mode = allowed || m.may(c, "shared", lock), `,"mode":"shared"`
	case "steal":
		allowed, more = allowed && m.may(c, "steal", lock), `,"steal":true`
	}
	frames := m.ask(c, allowed, `"acquire","id":"%s","locks":[{"name":"`+lock+`"`+mode+`}]`+more)
	if strings.Contains(strings.Join(frames, ""), `"granted"`) {
		c.send(`{"type":"release","id":"%s"}`, c.id(c.next-1))
		frames = append(frames, c.take()...)
	}
	m.restore()
	return allowed, frames
}

// restore makes root hold again what it has lost.
func (m *matrix) restore() {
	for _, frame := range m.root.take() {
		for lock, id := range m.holders {
			if strings.Contains(frame, `"lost","id":"`+id+`"`) {
				m.hold(lock)
			}
		}
	}
}

func (m *matrix) tryInfo(c *matrixClient) (bool, []string) {
	allowed := m.mayAnywhere(c, "list")
	frames := m.ask(c, allowed, `"info","id":"%s","empty":true`)
	for _, lock := range matrixLocks {
		isHeld := m.holders[lock] != ""
		listed := strings.Contains(strings.Join(frames, ""), `"name":"`+lock+`"`)
		if isHeld && listed != m.may(c, "list", lock) {
			m.t.Errorf("%s: %s is listed: %t\nrules: %v", c.identity, lock, listed, m.rules)
		}
	}
	return allowed, frames
}

// tryWatch watches everything while root takes and releases a lock.
func (m *matrix) tryWatch(c *matrixClient, lock string) (bool, []string) {
	allowed := m.mayAnywhere(c, "list")
	frames := m.ask(c, allowed, `"watch","id":"%s"`)
	watch := c.id(c.next - 1)
	id := m.root.open()
	m.root.send(`{"type":"acquire","id":"%s","locks":[{"name":"%s"},{"name":"%s"}]}`, id, lock, pairOf(lock))
	m.root.send(`{"type":"cancel","id":"%s"}`, id)
	m.root.take()
	changes := c.take()
	told := strings.Contains(strings.Join(changes, ""), `"lock":"`+lock+`"`)
	if told != (allowed && m.may(c, "list", lock)) {
		m.t.Errorf("%s: told of %s: %t, in %s\nrules: %v", c.identity, lock, told, changes, m.rules)
	}
	if allowed {
		c.send(`{"type":"unwatch","id":"%s"}`, watch)
		changes = append(changes, c.take()...)
	}
	return allowed, append(frames, changes...)
}

// tryRequest asks about a request of root, or evicts it.
func (m *matrix) tryRequest(c *matrixClient, kind string) (bool, []string) {
	locks := slices.Sorted(func(yield func(string) bool) {
		for lock := range m.holders {
			if !yield(lock) {
				return
			}
		}
	})
	lock := locks[m.dice.IntN(len(locks))]
	pair := pairOf(lock)
	sees := m.may(c, "list", lock) || m.may(c, "list", pair)
	evicts := m.may(c, "evict", lock) && m.may(c, "evict", pair)
	exists := sees || m.may(c, "evict", lock) || m.may(c, "evict", pair)
	format, allowed := `"why","id":"%s","request":"`, sees
	if kind == "evict" {
		format, allowed = `"evict","id":"%s","request":"`, evicts
	}
	c.send(`{"type":%s}`, fmt.Sprintf(format+m.holders[lock]+`"`, c.open()))
	frames := c.take()
	want := `"code":"not_found"`
	if allowed {
		want = `"type":"` + strings.TrimSuffix(kind, " request")
	}
	if kind == "evict" && !allowed && exists {
		want = `"code":"forbidden"`
	}
	if got := strings.Join(frames, ""); !strings.Contains(got, want) {
		m.t.Errorf("%s: %s of %s: got %s, want %s\nrules: %v", c.identity, kind, lock, got, want, m.rules)
	}
	m.restore()
	return allowed, frames
}

// tryAlways sends a message that needs no permission. It tries to use what belongs to others: their
// tokens, an expired one, and the ids of their requests.
func (m *matrix) tryAlways(c *matrixClient, kind string) (bool, []string) {
	switch kind {
	case "auth":
		return m.tryAuth(c)
	case "whoami":
		frames := m.ask(c, true, `"whoami","id":"%s"`)
		if !strings.Contains(frames[0], `"identity":"`+c.identity+`"`) {
			m.t.Errorf("%s is told %s", c.identity, frames)
		}
		return true, nil // it tells the globs of the rules, which are names here
	}
	foreign := m.holders[matrixLocks[2*m.dice.IntN(len(matrixLocks)/2)]]
	c.send(`{"type":"%s","id":"%s"}`, kind, foreign)
	frames := c.take()
	if len(frames) != 1 || !strings.Contains(frames[0], `"type":"error"`) {
		m.t.Errorf("%s of a request of another session: got %s", kind, frames)
	}
	if lost := m.root.take(); len(lost) > 0 {
		m.t.Errorf("%s by %s took something from another session: %s", kind, c.identity, lost)
	}
	return true, frames
}

// tryAuth presents a token on the connection. Only one of the client's own identity is accepted.
func (m *matrix) tryAuth(c *matrixClient) (bool, []string) {
	whose := m.some([]string{c.identity, "root", "ann", "bob", "old", "nobody"}, 1)[0]
	token, known := m.keys.tokens[whose]
	if !known {
		token = "lbt_wrong"
	}
	allowed := whose == c.identity
	return allowed, m.ask(c, allowed, `"auth","id":"%s","token":"`+token+`"`)
}
