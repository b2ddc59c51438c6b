package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// An attack is what many connections do, each in a goroutine of its own, until the process ends. They send only what
// the protocol allows.
type attack struct {
	name string
	// prepare makes what the attack needs, once. It may be nil.
	prepare func(a *attacker) error
	// each is what connection n does. It is called again when it returns.
	each func(a *attacker, n int) error
}

var attacks = []attack{
	{"searches", buildQueue, searchBehindQueue},
	{"watches", startChurn, watchEverything},
	{"globs", startLongChurn, watchCostlyGlob},
	{"listings", buildListing, listCostly},
	{"pages-unread", buildListing, listAndNeverRead},
	{"malformed", nil, sendMalformed},
	{"handshakes", nil, handshakeOnly},
	{"pings", nil, pingFlood},
	{"pairs", nil, pairFlood},
	{"grants", nil, grantCrowd},
	{"steals", nil, stealFromCrowd},
}

// buildQueue makes a queue that is longer than any search for a deadlock may read.
func buildQueue(a *attacker) error {
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
			r.putAcquire(0, "queue")
			if err := a.roundTrip(r); err != nil {
				return err
			}
		}
		each := a.crowd / sessions
		if err := r.queue(each-n, each+1, func(i int) {
			r.putAcquire(i+n, "queue")
		}); err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		go a.stayAlive(r)
		go a.discard(r)
	}
	a.queue = first
	return nil
}

func (a *attacker) stayAlive(r *raw) {
	for range time.Tick(2 * time.Second) {
		r.mu.Lock()
		_, err := r.conn.Write(signOfLife)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// searchBehindQueue sends nested requests for the lock with the long queue: the broker searches each for a deadlock.
func searchBehindQueue(a *attacker, n int) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	defer r.close()
	r.putAcquire(0, fmt.Sprintf("own-%d-%s", n, r.session))
	if err := a.roundTrip(r); err != nil {
		return err
	}
	for id := 1; ; id++ {
		r.putNested(id, "queue")
		if err := a.roundTrip(r); err != nil {
			return err
		}
	}
}

// startChurn acquires and releases 64 locks at once, again and again, so that watchers have much to read.
func startChurn(a *attacker) error { return a.churn("churn-") }

func startLongChurn(a *attacker) error { return a.churn(strings.Repeat("a", 500)) }

func (a *attacker) churn(prefix string) error {
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
			r.putLong(fmt.Sprintf(`{"type":"acquire","id":"%s--%d","locks":[%s]}`,
				r.session, id, strings.Join(locks, ",")))
			r.putRelease(id)
			if r.flush() != nil || r.expect(1, "granted") != nil || r.expect(1, "released") != nil {
				return
			}
		}
	}()
	return nil
}

// watchEverything opens as many watches as a session may, and reads all changes.
func watchEverything(a *attacker, _ int) error {
	return a.watchAll(65, func(r *raw, id int) { r.put(`{"type":"watch","id":"%s--%d"}`, r.session, id) })
}

// watchCostlyGlob opens a watch with the glob that is costliest to match.
func watchCostlyGlob(a *attacker, _ int) error {
	glob := "*" + strings.Repeat("a", 235) + "{b,c,d,e,f,g,h,*}"
	return a.watchAll(1, func(r *raw, id int) {
		r.putLong(fmt.Sprintf(`{"type":"watch","id":"%s--%d","match":"%s"}`, r.session, id, glob))
	})
}

func (a *attacker) watchAll(watches int, put func(r *raw, id int)) error {
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

// buildListing acquires many locks with long names.
func buildListing(a *attacker) error {
	r, err := a.dial()
	if err != nil {
		return err
	}
	name := strings.Repeat("n", 400)
	if err := r.exchange(a.crowd/4, "granted", func(i int) {
		const acquire = `{"type":"acquire","id":"%s--%d","locks":[{"name":"%s%d"}]}`
		r.putLong(fmt.Sprintf(acquire, r.session, i, name, i))
	}); err != nil {
		return err
	}
	go a.stayAlive(r)
	go a.discard(r)
	return nil
}

// listCostly reads page after page of a listing whose glob is costly and matches nothing.
func listCostly(a *attacker, _ int) error {
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

// listAndNeverRead sends requests for pages until the broker accepts no more, and reads none of the pages.
func listAndNeverRead(a *attacker, _ int) error {
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
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // the broker is at its limit of replies
		}
	}
}

// sendMalformed sends frames that are not JSON, and a well-formed one before the broker would close the connection.
func sendMalformed(a *attacker, _ int) error {
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

// handshakeOnly connects and closes the connection. Every second connection never completes its handshake.
func handshakeOnly(a *attacker, n int) error {
	if n%2 == 0 {
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

// pingFlood sends pings of the protocol as fast as the broker reads them.
func pingFlood(a *attacker, _ int) error {
	return a.flood(func(r *raw, id int) { r.put(`{"type":"ping","id":"%s--%d"}`, r.session, id) })
}

// pairFlood acquires and releases a lock that nobody else wants, as fast as the broker reads.
func pairFlood(a *attacker, n int) error {
	return a.flood(func(r *raw, id int) {
		r.putAcquire(id, fmt.Sprint("flood-", n))
		r.putRelease(id)
	})
}

func (a *attacker) flood(put func(r *raw, id int)) error {
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

// grantCrowd makes the broker grant a queue of shared requests at once, again and again. Each call has its own queue.
func grantCrowd(a *attacker, n int) error {
	return a.crowdOf(n, func(r *raw, id int) error {
		r.putRelease(id)
		return a.roundTrip(r)
	})
}

// stealFromCrowd steals a lock from all of its shared holders, again and again.
func stealFromCrowd(a *attacker, n int) error {
	return a.crowdOf(n, func(r *raw, id int) error {
		r.putRelease(id)
		if err := a.roundTrip(r); err != nil {
			return err
		}
		r.putSteal(id+1, "crowd-"+r.session)
		if err := a.roundTrip(r); err != nil {
			return err
		}
		r.putRelease(id + 1)
		return a.roundTrip(r)
	})
}

// crowdOf makes a queue of shared requests behind an exclusive holder, calls act, and ends the requests; again and
// again.
func (a *attacker) crowdOf(_ int, act func(r *raw, id int) error) error {
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
	lock := "crowd-" + holder.session
	for id, next := 0, 0; ; id += 2 {
		holder.putAcquire(id, lock)
		if err := a.roundTrip(holder); err != nil {
			return err
		}
		if err := crowd.queue(each, next+each, func(i int) { crowd.putShared(next+i, lock) }); err != nil {
			return err
		}
		if err := act(holder, id); err != nil {
			return err
		}
		if err := crowd.cancelAll(next, each); err != nil {
			return err
		}
		next += each + 1
	}
}

// cancelAll cancels n requests from id first on, whether they wait, hold or are lost, and waits until all have ended.
func (r *raw) cancelAll(first, n int) error {
	for i := range n {
		r.putCancel(first + i)
	}
	sent := make(chan error, 1)
	go func() { sent <- r.flush() }()
	for ended := 0; ended < n; {
		frame, err := r.read()
		if err != nil {
			return err
		}
		reply := string(frame)
		if strings.HasPrefix(reply, `{"type":"cancelled"`) || strings.HasPrefix(reply, `{"type":"error"`) {
			ended++
		}
	}
	return <-sent
}
