package core

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

func (d *driver) at(to string, _ []string) []string {
	d.now = d.duration(to)
	return d.tell(d.machine.Tick(d.now, nil))
}

// open S [share NAME]
func (d *driver) open(session string, rest []string) []string {
	var account *locktable.Account
	if len(rest) == 2 {
		if account = d.shares[rest[1]]; account == nil {
			account = new(locktable.Account)
			d.shares[rest[1]] = account
		}
	}
	d.observer.accounts[session] = account
	d.machine.Open(session, wire.Peer{Remote: "192.0.2.1:1"}, account)
	return nil
}

// acquire ID LOCK,... [wait D] [steal]
func (d *driver) acquire(id string, rest []string) []string {
	m := &wire.Acquire{ID: d.id(id)}
	for name := range strings.SplitSeq(rest[0], ",") {
		m.Locks = append(m.Locks, wire.LockSpec{Name: name})
	}
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case "steal":
			m.Steal = true
		case "wait":
			i++
			m.WaitMS = wire.Some(d.duration(rest[i]).Milliseconds())
		}
	}
	events, over := d.machine.Acquire(d.now, AcquireOf(m, wire.Peer{Client: "operator"}), nil)
	d.observer.locks[m.ID] = strings.Split(rest[0], ",")
	d.note(d.observer.judge(m.ID, over))
	lines := d.tell(events)
	switch over {
	case AllRequests:
		return append(lines, "full: all requests")
	case AccountRequests:
		return append(lines, "full: requests of the share")
	case AccountWaiting:
		d.note(d.observer.judgeRefused(m.ID))
		return append(lines, "full: waiting requests of the share")
	}
	return lines
}

// quota REQUESTS WAITING
func (d *driver) quota(requests string, rest []string) []string {
	q := Quota{Requests: d.number(requests), Waiting: d.number(rest[0])}
	d.machine.SetQuota(q)
	d.observer.quota = q
	return nil
}

func (d *driver) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *driver) release(id string, _ []string) []string {
	return d.tell(d.machine.Release(d.now, wire.Release{ID: d.id(id)}, nil))
}

func (d *driver) cancel(id string, _ []string) []string {
	return d.tell(d.machine.Cancel(d.now, d.id(id), nil))
}

func (d *driver) evict(id string, _ []string) []string {
	events, _ := d.machine.Evict(d.now, d.id(id), "operator", "", nil)
	return d.tell(events)
}

// end S gone, or end S heard TIME
func (d *driver) end(session string, rest []string) []string {
	gone, heard := rest[0] == "gone", d.now
	d.observer.ended[session] = 0
	if !gone {
		heard = d.duration(rest[1])
		d.observer.ended[session] = heard + d.observer.config.Timeout
	}
	d.machine.End(session, gone, heard)
	delete(d.observer.lasting, session)
	if until := d.machine.KeptUntil(gone, heard); until > 0 {
		return []string{fmt.Sprintf("kept until %v", until)}
	}
	return []string{"free at once"}
}

func (d *driver) gone(session string, _ []string) []string {
	d.machine.EndKept(session)
	d.observer.ended[session] = 0
	return nil
}

func (d *driver) drop(string, []string) []string {
	var lines []string
	for d.machine.IsDropping() {
		lines = append(lines, d.tell(d.machine.Drop(d.now, 1, nil))...)
	}
	return lines
}

func (d *driver) reserve(string, []string) []string {
	r, wants := d.machine.WantsTokens(d.now)
	if !wants {
		return []string{"not now"}
	}
	d.note(d.observer.noteReservation(r, d.now))
	d.wanted = &r
	return []string{fmt.Sprintf("store next %d, stale for %v", r.Limit, r.Stale)}
}

func (d *driver) stored(string, []string) []string {
	d.observer.noteStored(d.wanted)
	d.machine.TokensReserved(d.wanted.Limit)
	return nil
}

func (d *driver) failed(string, []string) []string {
	d.observer.noteStored(nil)
	d.machine.TokensReserved(0)
	return nil
}

func (d *driver) allow(string, []string) []string {
	if !d.machine.CanAllow(d.now) {
		return []string{"not now"}
	}
	return d.tell(d.machine.Allow(d.now, nil))
}

func (d *driver) drain(string, []string) []string {
	lines := d.tell(d.machine.BeginDrain(d.now, nil))
	return append(lines, fmt.Sprintf("draining for %v", d.machine.DrainLeft(d.now)))
}

func (d *driver) shut(string, []string) (lines []string) {
	for d.machine.IsShutting() {
		lines = append(lines, d.tell(d.machine.Shut(d.now, nil))...)
	}
	return lines
}

func (d *driver) status(string, []string) []string {
	switch pause := d.machine.Pause(d.now); {
	case d.machine.IsDrained(d.now):
		return []string{"drained"}
	case d.machine.OutOfTokens():
		return []string{fmt.Sprintf("%s, out of tokens", pause)}
	case pause == "":
		return []string{"granting"}
	default:
		return []string{fmt.Sprintf("%s, grace_ms %d", pause, d.machine.GraceMS(d.now))}
	}
}

func (d *driver) stop(string, []string) []string {
	record := d.observer.stored.Stopped(d.machine.StaleAtEnd(d.now))
	return []string{fmt.Sprintf("store next %d, clean %v, stale for %v", record.Next, record.Clean, record.Timeout)}
}

func (d *driver) deadline(string, []string) []string {
	switch due, some := d.machine.Deadline(d.now); {
	case !some:
		return []string{"none"}
	case due <= d.now:
		return []string{"now"}
	default:
		return []string{due.String()}
	}
}
