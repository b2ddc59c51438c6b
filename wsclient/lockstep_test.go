package wsclient_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// TestLockstep gives the same random calls, frames and failures to a client and to a simulated client, in virtual time.
// Both must send the same frames, do the same with their connections, and tell their callers the same. So a simulation
// of simclient is a simulation of this package.
func TestLockstep(t *testing.T) {
	programs := 60
	if testing.Short() {
		programs = 30
	}
	for seed := range programs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newLockstep(t, seed).run(120) })
		})
	}
}

// A lockstep is a client and a simulated client that get the same inputs.
type lockstep struct {
	t     *testing.T
	dice  *rand.Rand
	begin time.Time
	log   []string

	stage   *stage
	dials   chan chan bool // the client dials; the answer says whether it gets a connection
	client  *wsclient.Client
	sim     *simclient.Client
	simDial simclient.Link // the link that the simulated client wants to make

	link    simclient.Link // the latest connection of both
	ends    []*brokerEnd   // by link, from 1; nil: no connection was made
	want    [][]string     // what the simulated client does on each link
	session string
	said    *wire.Resume // the latest statement; the default limits allow it in one message
	pings   []wire.ID
	cancels []wire.ID
	code    int // of the latest close frame

	calls  []*pairedCall // by the number of the request, from 1
	closes bool          // the client was closed or drained
}

func newLockstep(t *testing.T, seed int) *lockstep {
	l := &lockstep{
		t: t, dice: rand.New(rand.NewPCG(1, uint64(seed))), //nolint:gosec // reproducible
		begin: time.Now(), stage: newStage(t), dials: make(chan chan bool),
	}
	var stop time.Duration
	if l.oneIn(4) {
		stop = time.Duration(l.below(6000)) * time.Millisecond
	}
	resume := l.oneIn(2)
	l.sim = simclient.New(simclient.Config{StopTime: stop, Resume: resume}, func() float64 { return 0 })
	o := &wsclient.Options{NetDial: l.netDial, WaitForBroker: true, StopTime: stop, Resume: resume}
	go func() {
		client, err := wsclient.Dial(t.Context(), "ws://stage", o)
		if err != nil {
			t.Error(err)
			return
		}
		wsclient.AskNobody(client)
		l.client = client // the test reads it after synctest.Wait
	}()
	t.Cleanup(l.cleanUp)
	l.step("start", func(at simclient.Instant) { l.sim.Start(at) })
	for l.client == nil {
		l.pass(time.Second)
	}
	return l
}

func (l *lockstep) below(n int) int       { return l.dice.IntN(n) }
func (l *lockstep) oneIn(n int) bool      { return l.below(n) == 0 }
func (l *lockstep) now() time.Duration    { return time.Since(l.begin) }
func (l *lockstep) at() simclient.Instant { return simclient.Instant{Mono: l.now(), Wall: l.now()} }

// run does random steps, and then ends the client.
func (l *lockstep) run(steps int) {
	for range steps {
		l.anything()
	}
	if !l.closes {
		l.close()
	}
	for _, c := range l.calls {
		c.cancel()
	}
	l.pass(5 * time.Second)
	<-l.client.Done()
}

// cleanUp ends everything, also after a failure.
func (l *lockstep) cleanUp() {
	if l.client != nil {
		_ = l.client.Close()
	}
	for _, end := range l.ends {
		if end != nil {
			_ = end.ws.Close()
			<-end.done
		}
	}
}

// anything does a random step.
func (l *lockstep) anything() {
	switch n := l.below(100); {
	case n < 20:
		l.pass(time.Duration(l.below(int(2 * time.Second))))
	case n < 22:
		l.pass(time.Duration(l.below(12_000)) * time.Millisecond)
	case n < 40:
		l.acquire()
	case n < 80:
		l.brokerSays()
	case n < 84:
		l.giveUp()
	case n < 92:
		l.release()
	case n < 97:
		l.checkValid()
	case n < 99:
		l.breakConnection()
	case l.oneIn(3) && !l.closes:
		l.close()
	}
}

// step does something to both clients, whose effects on the simulated client are those of sim, and compares them.
func (l *lockstep) step(what string, sim func(at simclient.Instant)) {
	l.t.Helper()
	l.log = append(l.log, fmt.Sprintf("%v %s", l.now(), what))
	sim(l.at())
	l.carryOut()
	for range 3 { // a timer that is late fires at once
		if due, ok := l.sim.Deadline(); ok && due <= l.now() {
			l.sim.Tick(l.at())
			l.carryOut()
		}
	}
	synctest.Wait()
	l.compare()
}

// pass lets time pass. Meanwhile the clients may dial.
func (l *lockstep) pass(d time.Duration) {
	end, ticks := l.now()+d, 0
	for {
		if ticks++; ticks > 1000 {
			l.fail("the deadline of the simulated client does not move")
		}
		due, ok := l.sim.Deadline()
		isDue := ok && due <= end
		if !isDue {
			due = end
		}
		timer := time.NewTimer(due - l.now())
		select {
		case verdict := <-l.dials:
			l.dial(verdict, l.below(4) > 0)
		case <-timer.C:
			if !isDue {
				synctest.Wait()
				l.compare()
				return
			}
			synctest.Wait()
			l.step("tick", l.sim.Tick)
		}
		timer.Stop()
	}
}

// carryOut does what the simulated client says, until it has nothing more to say.
func (l *lockstep) carryOut() {
	out := l.sim.Output()
	for _, m := range out.Send {
		l.noteSent(m)
	}
	for _, act := range out.Links {
		l.noteAct(act)
	}
	if out.Dial != 0 {
		l.simDial = out.Dial
		l.ends, l.want = append(l.ends, nil), append(l.want, nil)
	}
	stopped, woken := slices.Clone(out.Stopped), slices.Clone(out.Woken)
	for _, r := range woken {
		l.settle(r, false)
	}
	for _, r := range stopped {
		l.endInside(r)
	}
}

func (l *lockstep) settle(r simclient.Request, givesUp bool) {
	if !l.calls[r-1].released {
		l.sim.Settle(l.at(), r, givesUp)
		l.carryOut()
	}
}

// endInside gives up the calls that wait inside a lock that is no longer held: the context of the lock is theirs.
func (l *lockstep) endInside(outer simclient.Request) {
	for _, c := range l.calls {
		if c.outer == outer && l.sim.Status(c.request).State == simclient.Waiting {
			l.settle(c.request, true)
		}
	}
}

// compare checks that both clients have done the same so far.
func (l *lockstep) compare() {
	l.t.Helper()
	for i, end := range l.ends {
		if end == nil {
			continue
		}
		got, want := end.seen(), l.want[i]
		if !isSame(got, want, end.agreed) && !(slices.Contains(want, goodbye) && isPart(got, want)) {
			l.fail("link %d: the client does\n\t%s\nand the simulated client\n\t%s", i+1,
				strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
		end.agreed = len(got)
	}
	for _, c := range l.calls {
		status := l.sim.Status(c.request)
		got, want := c.state(), c.simulated(&status)
		if got != want && (want != "closed" || got != "disconnected") { // the client has ended by itself

			l.fail("request %d: the client says %q, and the simulated client %q", c.request, got, want)
		}
	}
	if got, want := isClosed(l.client), l.sim.Closed(); got != want {
		l.fail("the client is closed: %t, and the simulated client: %t", got, want)
	}
}

// isSame reports whether both lists are the same. Beyond the first n elements the order may differ: several goroutines
// of the client may send something in one step.
func isSame(got, want []string, n int) bool {
	if len(got) != len(want) {
		return false
	}
	return slices.Equal(slices.Sorted(slices.Values(got[n:])), slices.Sorted(slices.Values(want[n:])))
}

func isClosed(c *wsclient.Client) bool {
	if c == nil {
		return false
	}
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// isPart reports whether part is whole without some of its elements. When the client is closed, it does not send what
// is still queued.
func isPart(part, whole []string) bool {
	for _, s := range whole {
		if len(part) > 0 && part[0] == s {
			part = part[1:]
		}
	}
	return len(part) == 0
}

func (l *lockstep) fail(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("%s\n%s", strings.Join(l.log, "\n"), fmt.Sprintf(format, args...))
}
