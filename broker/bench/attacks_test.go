package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// An attack is what very many connections do, each in a goroutine of its own, until stop says
// so. They send only what the protocol allows.
type attack struct {
	name string
	// prepare makes what the attack needs, once; nil: nothing.
	prepare func(a *siege) error
	// each is what one connection does; it is called again when it returns.
	each func(a *siege, n int) error
}

var attacks = []attack{
	{"searches", buildQueue, searchBehindQueue},
	{"watches", startChurn, watchEverything},
	{"globs", startLongChurn, watchCostlyGlob},
	{"listings", buildListing, listCostly},
	{"pages-unread", buildListing, askAndNeverRead},
	{"malformed", nil, sendMalformed},
	{"handshakes", nil, shakeHandsOnly},
	{"pings", nil, pingFlood},
	{"pairs", nil, pairFlood},
	{"grants", nil, grantCrowd},
	{"steals", nil, stealFromCrowd},
}

// buildQueue makes a queue that is longer than any search may look at.
func buildQueue(a *siege) error {
	const sessions = 4
	var first *raw
	for i := range sessions {
		r, err := a.dial()
		if err != nil {
			return err
		}
		n := 0
		if first == nil {
			first = r
			n = 1
			if err := a.ask(r, `{"type":"acquire","id":"%s--0","locks":[{"name":"queue"}]}`, r.session); err != nil {
				return err
			}
		}
		each := a.crowd / sessions
		if err := r.queue(each-n, each+1, func(i int) {
			r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"queue"}]}`, r.session, i+n)
		}); err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		go a.stayAlive(r)
		go a.discard(r)
	}
	a.queue = first
	return nil
}

func (a *siege) stayAlive(r *raw) {
	for range time.Tick(2 * time.Second) {
		r.mu.Lock()
		_, err := r.conn.Write(signOfLife)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// searchBehindQueue asks, inside a lock of its own, for the lock that so many wait for.
func searchBehindQueue(a *siege, n int) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	if err := a.ask(r, `{"type":"acquire","id":"%s--0","locks":[{"name":"own-%d-%s"}]}`, r.session, n, r.session); err != nil {
		return err
	}
	for id := 1; ; id++ {
		if err := a.ask(r, `{"type":"acquire","id":"%s--%d","locks":[{"name":"queue"}],"parent":"%s--0","wait_ms":1}`, r.session, id, r.session); err != nil {
			return err
		}
	}
}

// startChurn takes and gives back 64 locks at once, again and again, for watchers to be told.
func startChurn(a *siege) error { return a.churn("churn-") }

func startLongChurn(a *siege) error { return a.churn(strings.Repeat("a", 500)) }

func (a *siege) churn(prefix string) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	locks := make([]string, 64)
	for i := range locks {
		locks[i] = fmt.Sprintf(`{"name":"%s%d"}`, prefix, i)
	}
	go func() {
		for id := 0; ; id++ {
			r.putLong(fmt.Sprintf(`{"type":"acquire","id":"%s--%d","locks":[%s]}`, r.session, id, strings.Join(locks, ",")))
			r.put(`{"type":"release","id":"%s--%d"}`, r.session, id)
			if r.flush() != nil || r.expect(1, "granted") != nil || r.expect(1, "released") != nil {
				return
			}
		}
	}()
	return nil
}

// watchEverything has as many watches as a session may, and reads what they are told.
func watchEverything(a *siege, _ int) error {
	return a.watchAll(65, func(r *raw, id int) { r.put(`{"type":"watch","id":"%s--%d"}`, r.session, id) })
}

// watchCostlyGlob has the watch that takes longest to compare.
func watchCostlyGlob(a *siege, _ int) error {
	glob := "*" + strings.Repeat("a", 235) + "{b,c,d,e,f,g,h,*}"
	return a.watchAll(1, func(r *raw, id int) {
		r.putLong(fmt.Sprintf(`{"type":"watch","id":"%s--%d","match":"%s"}`, r.session, id, glob))
	})
}

func (a *siege) watchAll(watches int, put func(r *raw, id int)) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.send(watches, func(i int) { put(r, i) }); err != nil {
		return err
	}
	go a.stayAlive(r)
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.in.Read(buffer)
		if err != nil {
			return err
		}
		a.actions.Add(int64(n))
	}
}

// buildListing makes very many locks, with names as long as they may be.
func buildListing(a *siege) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	name := strings.Repeat("n", 400)
	if err := r.exchange(a.crowd/4, "granted", func(i int) {
		r.putLong(fmt.Sprintf(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s%d"}]}`, r.session, i, name, i))
	}); err != nil {
		return err
	}
	go a.stayAlive(r)
	go a.discard(r)
	return nil
}

// listCostly asks for page after page with a glob that takes long and matches nothing.
func listCostly(a *siege, _ int) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	glob := "*" + strings.Repeat("n", 235) + "{b,c,d,e,f,g,h,x}"
	for id := 0; ; id++ {
		r.putLong(fmt.Sprintf(`{"type":"info","id":"%s--%d","match":"%s"}`, r.session, id, glob))
		if err := r.flush(); err != nil {
			return err
		}
		if _, err := r.read(); err != nil {
			return err
		}
		a.actions.Add(1)
	}
}

// askAndNeverRead asks for pages until the broker takes no more, and reads none of them.
func askAndNeverRead(a *siege, _ int) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	_ = r.conn.SetReadBuffer(4 << 10)
	for id := 0; ; id++ {
		r.put(`{"type":"info","id":"%s--%d","queue":10000}`, r.session, id)
		_ = r.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if err := r.flush(); err != nil {
			return err
		}
		a.actions.Add(1)
		if id > 20 {
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // it has asked for more than it gets
		}
	}
}

// sendMalformed sends frames that are no JSON, and one that is when it would be cut off.
func sendMalformed(a *siege, _ int) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	go a.discard(r)
	for {
		for range 90 {
			r.put("{]")
		}
		r.put(`{"well":"formed"}`)
		if err := r.flush(); err != nil {
			return err
		}
		a.actions.Add(91)
	}
}

// shakeHandsOnly connects and leaves.
func shakeHandsOnly(a *siege, n int) error {
	if n%2 == 0 { // half of them never finish the handshake
		conn, err := net.DialTimeout("tcp4", a.address, 5*time.Second)
		if err != nil {
			return err
		}
		defer func() { _ = conn.(*net.TCPConn).SetLinger(0); _ = conn.Close() }()
		_, err = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websock")
		a.actions.Add(1)
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = bufio.NewReader(conn).ReadByte()
		return err
	}
	r, err := a.dial()
	if err != nil {
		return err
	}
	a.actions.Add(1)
	r.close()
	return nil
}

// pingFlood sends pings of the protocol as fast as they are taken.
func pingFlood(a *siege, _ int) error {
	return a.flood(func(r *raw, id int) { r.put(`{"type":"ping","id":"%s--%d"}`, r.session, id) })
}

// pairFlood takes and gives back a lock that nobody else wants, as fast as that is taken.
func pairFlood(a *siege, n int) error {
	return a.flood(func(r *raw, id int) {
		r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"flood-%d"}]}`, r.session, id, n)
		r.put(`{"type":"release","id":"%s--%d"}`, r.session, id)
	})
}

func (a *siege) flood(put func(r *raw, id int)) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	go a.discard(r)
	for id := 0; ; id++ {
		put(r, id)
		a.actions.Add(1)
		if id%100 == 99 {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
}

// grantCrowd lets a queue of shared requests in at once, again and again. Each connection has a queue of its own.
func grantCrowd(a *siege, n int) error {
	return a.crowdOf(n, func(r *raw, id int) error { // the exclusive holder lets go, and the crowd comes in
		return a.ask(r, `{"type":"release","id":"%s--%d"}`, r.session, id)
	})
}

// stealFromCrowd takes a lock from all of its shared holders, again and again.
func stealFromCrowd(a *siege, n int) error {
	return a.crowdOf(n, func(r *raw, id int) error {
		if err := a.ask(r, `{"type":"release","id":"%s--%d"}`, r.session, id); err != nil {
			return err
		}
		if err := a.ask(r, `{"type":"acquire","id":"%s--%d","locks":[{"name":"crowd-%s"}],"steal":true}`, r.session, id+1, r.session); err != nil {
			return err
		}
		return a.ask(r, `{"type":"release","id":"%s--%d"}`, r.session, id+1)
	})
}

// crowdOf lets a part of the crowd wait behind a holder, and then calls act.
func (a *siege) crowdOf(_ int, act func(r *raw, id int) error) error {
	holder, err := a.dial()
	if err != nil {
		return err
	}
	defer holder.close()
	crowd, err := a.dial()
	if err != nil {
		return err
	}
	defer crowd.close()
	each := max(a.crowd/a.connections, 10)
	var reading sync.WaitGroup
	defer reading.Wait()
	for id, next := 0, 0; ; id += 2 {
		if err := a.ask(holder, `{"type":"acquire","id":"%s--%d","locks":[{"name":"crowd-%s"}]}`, holder.session, id, holder.session); err != nil {
			return err
		}
		if err := crowd.queue(each, next+each, func(i int) {
			crowd.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"crowd-%s","mode":"shared"}]}`, crowd.session, next+i, holder.session)
		}); err != nil {
			return err
		}
		if err := act(holder, id); err != nil {
			return err
		}
		// Whatever has become of them, they are asked to end, and answer that or have been lost.
		for i := range each {
			crowd.put(`{"type":"cancel","id":"%s--%d"}`, crowd.session, next+i)
		}
		sent := make(chan error, 1)
		go func() { sent <- crowd.flush() }()
		for ended := 0; ended < each; {
			frame, err := crowd.read()
			if err != nil {
				return err
			}
			if strings.HasPrefix(string(frame), `{"type":"cancelled"`) || strings.HasPrefix(string(frame), `{"type":"error"`) {
				ended++
			}
		}
		if err := <-sent; err != nil {
			return err
		}
		next += each + 1
	}
}
