package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestPrograms: whatever callers, brokers and networks do, the machine and the oracle give the same outputs, and the
// invariants hold after every step.
func TestPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1000).Draw(t, "length")
		p := &program{bytes: rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes")}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzPrograms is TestPrograms for the fuzzer.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte("0 lease ends while three wait"))
	for seed := range byte(20) {
		bytes := make([]byte, 1+int(seed)*50)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(bytes) // it never fails
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		p := &program{bytes: bytes}
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
	})
}

// A program is made from bytes: each choice uses one. So rapid and the fuzzer share one interpreter.
type program struct {
	bytes []byte
	duel  duel
	now   Instant
	names int
	conns int
}

// below chooses a number from 0 to n-1. It chooses 0 when the bytes are used up.
func (p *program) below(n int) int {
	if len(p.bytes) == 0 {
		return 0
	}
	b := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(b) % n
}

// run runs the program. An error shows all its commands.
func (p *program) run() error {
	config := Config{StopTime: []time.Duration{0, 0, 5 * second, 12 * second}[p.below(4)],
		NoReconnect: p.below(8) == 7, KeepSession: p.below(2) == 1}
	p.duel = newDuel(config)
	for len(p.bytes) > 0 {
		if err := p.do(p.next()); err != nil {
			return err
		}
	}
	for _, c := range []command{{verb: "close"}, {verb: "state"}, {verb: "deadline"}} {
		if err := p.do(c); err != nil {
			return err
		}
	}
	return checkEmpty(p.duel.driver.machine)
}

func (p *program) do(c command) error {
	again, err := parseCommand(c.String())
	if err == nil && again.String() != c.String() {
		err = fmt.Errorf("the command is read as %s", again)
	}
	if err == nil {
		_, err = p.duel.step(c)
	}
	if err != nil {
		return fmt.Errorf("%+v\n%s%w", p.duel.oracle.config, p.duel.log.String(), err)
	}
	return nil
}

// next makes up a command that could reach the machine in its present state.
func (p *program) next() command {
	choice := p.below(64)
	switch {
	case choice < 24 && p.duel.driver.machine.IsResuming():
		return p.answer()
	case choice < 24 && p.canConnect():
		return p.connect()
	case choice < 10:
		return p.acquire()
	case choice < 46:
		return p.call(choice)
	case choice < 49:
		return p.pass()
	case choice < 57:
		return p.sign(choice)
	case choice < 59 && p.below(4) == 0: // rarely, so that locks are held for many steps
		return p.breakOff()
	}
	return p.rare(choice)
}

func (p *program) canConnect() bool {
	m := p.duel.driver.machine
	mayConnect := m.last == nil || !m.config.NoReconnect || m.CanResume()
	return mayConnect && !m.IsConnected() && !m.IsResuming() && m.Closed() == nil
}

// rare makes up a question, or, rarely, a step that ends the client.
func (p *program) rare(choice int) command {
	if choice == 59 {
		switch p.below(8) {
		case 0, 1, 2, 3:
			return command{verb: "draining"}
		case 4:
			return p.answer()
		}
	}
	if choice < 62 {
		return command{verb: []string{"state", "deadline", "confirm", "deadline"}[p.below(4)]}
	}
	if choice = p.below(128); choice < 3 {
		return command{verb: []string{"drain", "close", "giveup"}[choice]}
	}
	return command{verb: "state"}
}

// sign makes up a ping, or a message of the broker that is not about a request.
func (p *program) sign(choice int) command {
	switch choice {
	case 49, 50, 51, 54:
		return command{verb: "pong", name: p.pingID(), pause: p.pause()}
	case 55:
		return command{verb: "error", name: p.pingID(), code: wire.TooMany}
	case 56:
		return command{verb: []string{"info", "why"}[p.below(2)], pause: p.pause()}
	}
	return command{verb: "ping"}
}

func (p *program) connect() command {
	h := defaultHello()
	h.timeout = []time.Duration{15 * second, 6 * second}[p.below(2)]
	h.heartbeat = h.timeout / 3
	h.madeAgo = []time.Duration{0, second, 20 * second}[p.below(8)%5%3]
	h.bytes = []int{1 << 16, 1 << 16, 70, 1 << 16, 200}[p.below(5)]
	h.pause = p.pause()
	p.conns++
	if p.below(8) > 0 {
		h.secret = fmt.Sprint("k", p.conns)
	}
	return command{verb: "connect", name: fmt.Sprint("s", p.conns), connect: h}
}

// breakOff makes up the end of a connection.
func (p *program) breakOff() command {
	switch p.below(4) {
	case 0:
		return command{verb: "disconnected", closeCode: []int{0, 0, 1006, 1008, 1012, 4403}[p.below(6)]}
	case 1:
		return command{verb: "abandon"}
	}
	return command{verb: "moving"}
}

// answer makes up the answer to a statement: usually one that makes sense.
func (p *program) answer() command {
	res := p.duel.driver.machine.resumption
	if res == nil {
		return command{verb: []string{"resumed", "notresumed"}[p.below(2)], name: "s1--0"}
	}
	last := wire.ID{Session: res.conn.hello.Session, N: max(res.conn.parts-1, 0)}
	c := command{verb: "resumed", name: last.String()}
	switch p.below(16) {
	case 0, 1:
		return command{verb: "notresumed", name: c.name}
	case 2:
		return p.breakOff()
	case 3:
		return command{verb: "draining"}
	case 4:
		c.held = append(c.held, "r1")
	case 5:
		return command{verb: "pong", name: c.name}
	case 6, 7:
		return p.pass()
	}
	for _, s := range res.stated {
		switch name := s.request.Owner.(string); {
		case s.token == 0:
		case p.below(8) > 1:
			c.held = append(c.held, name)
		case p.below(2) == 0:
			c.lost = append(c.lost, name)
		}
	}
	return c
}

func (p *program) pause() wire.Pause { return []wire.Pause{"", "", "grace"}[p.below(3)] }

// pingID returns an id that a ping may have.
func (p *program) pingID() string {
	conn := p.duel.driver.machine.conn
	if conn == nil || len(conn.pings) == 0 {
		return "s1--0"
	}
	ping := conn.pings[p.below(len(conn.pings))]
	return wire.ID{Session: p.duel.driver.machine.session.name, N: ping.n}.String()
}

// pass lets time pass. The wall clock may be set, and the computer suspended.
func (p *program) pass() command {
	some := []time.Duration{
		0, time.Millisecond, 500 * time.Millisecond, second, // often, so that locks are held for many steps
		0, time.Millisecond, 500 * time.Millisecond, second, 3 * second, 10 * second,
	}
	p.now.Mono += some[p.below(10)]
	p.now.Wall = p.now.Mono
	switch p.below(16) {
	case 14:
		p.now.Wall += []time.Duration{4 * second, -4 * second}[p.below(2)]
	case 15:
		p.now.Asleep += some[6+p.below(4)]
	}
	return command{verb: []string{"at", "at", "clock"}[p.below(3)], at: p.now}
}

func (p *program) acquire() command {
	names := []string{"x", "y", "z"}
	a := wish{
		wait: []time.Duration{0, 0, second, 4 * second, 1500 * time.Microsecond}[p.below(5)],
		hold: []time.Duration{0, 0, second, 5 * second}[p.below(4)],
		once: p.below(8) == 7,
	}
	if p.below(4) == 3 {
		a.minHold = []time.Duration{second, 500 * time.Millisecond, 6 * second}[p.below(3)]
	}
	a.async = p.below(3) == 2
	first := p.below(3)
	for i := range 1 + p.below(4)/3 + p.below(4)/3 {
		spec := wire.LockSpec{Name: names[(first+i)%3]}
		switch p.below(6) {
		case 3:
			spec.Mode = wire.Shared
		case 4, 5:
			spec.Mode, spec.Limit = wire.Shared, wire.Some(1+p.below(3))
		}
		a.locks = append(a.locks, spec)
	}
	if outer := p.inside(); outer != nil {
		a.inside = outer.Owner.(string)
	}
	switch p.below(16) {
	case 14:
		a.parent = wire.ID{Session: "other", N: 3}
	case 15:
		a.steal, a.once = true, true
	}
	p.names++
	return command{verb: "acquire", name: fmt.Sprint("r", p.names), acquire: a}
}

// inside chooses a request that may enclose a call, because its caller has had its lock.
func (p *program) inside() *Request {
	var may []*Request
	for _, r := range p.duel.driver.requests {
		if r.claimed || r.state == covered {
			may = append(may, r)
		}
	}
	if may = may[max(0, len(may)-4):]; len(may) == 0 || p.below(3) == 0 {
		return nil
	}
	return may[p.below(len(may))]
}

// call makes up a step for a recent request: a call that its caller may make in its state, or a reply.
func (p *program) call(choice int) command {
	all := p.duel.driver.requests
	if len(all) == 0 {
		return command{verb: "deadline"}
	}
	recent := all[max(0, len(all)-8):]
	r := recent[p.below(len(recent))]
	c := command{name: r.Owner.(string)}
	switch {
	case choice < 30 && r.state == waiting, choice < 12:
		c.verb, c.token = "granted", int64(1+p.below(9))
	case choice < 36:
		c.verb = p.callerVerb(choice, r)
	case choice < 37 && r.order > 0:
		c.verb = "token"
	case choice < 39:
		c.verb = map[state]string{releasing: "released", cancelling: "cancelled"}[r.state]
	case choice < 41 && r.state >= holding:
		c.verb = "lost"
		c.reason, c.by = []string{"expired", "stolen"}[p.below(2)], []string{"", "ops"}[p.below(2)]
	case choice < 43:
		codes := []wire.Code{wire.ShuttingDown, wire.NotFound, wire.Timeout, wire.NotHeld}
		c.verb, c.code = "error", codes[p.below(4)]
	}
	if c.verb == "" {
		c.verb = "parent"
	}
	return c
}

// callerVerb chooses what the caller of r may do in the state of r, or "".
func (p *program) callerVerb(choice int, r *Request) string {
	hasLock := r.claimed || r.state == covered
	isOpen := !r.claimed && r.order > 0
	switch {
	case isOpen && (r.state == holding || choice < 23 && r.state != ended && r.state != cancelling):
		return "claim"
	case choice < 29 && isOpen:
		return "cancel"
	case choice < 33 && hasLock:
		return "release"
	case hasLock:
		return []string{"valid", "lease", "parent", "valid"}[p.below(4)]
	}
	return ""
}
