package bench

import (
	"bytes"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// dropping ends a connection whose session holds very many locks. It is over when all of those who
// wait for some of them, evenly spread, have got them.
func dropping(tb testing.TB, broker *process, s scale) happening {
	const heirs = 100
	heir := newRaw(tb, broker)
	var (
		rich *raw
		next int
	)
	acquire := func(r *raw, id, lock int) {
		r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"rich/%06d"}]}`, r.session, id, lock)
	}
	return happening{
		prepare: func() (err error) {
			if rich, err = dialRaw(broker.address, 64<<10); err != nil {
				return err
			}
			if err := rich.exchange(s.crowd, "granted", func(i int) { acquire(rich, i, i) }); err != nil {
				return err
			}
			err = heir.queue(heirs, next+heirs, func(i int) { acquire(heir, next+i, i*(s.crowd-1)/(heirs-1)) })
			return err
		},
		happen: func() error {
			rich.close()
			return heir.expect(heirs, "granted")
		},
		after: func() error {
			first := next
			next += heirs + 1
			return heir.exchange(heirs, "released", func(i int) { heir.put(`{"type":"release","id":"%s--%d"}`, heir.session, first+i) })
		},
	}
}

// paging lists very many locks, page by page. The pages are not looked into: that would cost more time
// here than in the broker.
func paging(tb testing.TB, broker *process, s scale) happening {
	rich, reader := newRaw(tb, broker), newRaw(tb, broker)
	if err := rich.exchange(s.crowd, "granted", func(i int) {
		rich.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"rich/%06d"}]}`, rich.session, i, i)
	}); err != nil {
		tb.Fatal(err)
	}
	id := 0
	return happening{happen: func() error {
		for after := "0"; after != ""; id++ {
			reader.put(`{"type":"info","id":"%s--%d","after":%s}`, reader.session, id, after)
			if err := reader.flush(); err != nil {
				return err
			}
			if err := reader.expect(1, "info"); err != nil {
				return err
			}
			after = nextPage(reader.frame)
		}
		return nil
	}}
}

// nextPage is what the page says at its end, or "".
func nextPage(page []byte) string {
	_, next, found := bytes.Cut(page[max(0, len(page)-40):], []byte(`"next":`))
	next = bytes.TrimSuffix(next, []byte("}"))
	if _, err := strconv.ParseInt(string(next), 10, 64); !found || err != nil {
		return ""
	}
	return string(next)
}

// granting releases a lock that very many wait for, of several sessions, who share it.
func granting(tb testing.TB, broker *process, s scale) happening {
	const sessions = 10
	each := s.waiters / sessions
	holder := newRaw(tb, broker)
	var crowd []*raw
	for range sessions {
		crowd = append(crowd, newRaw(tb, broker))
	}
	held, next := 0, 0
	return happening{
		prepare: func() error {
			if err := holder.exchange(1, "granted", func(int) {
				holder.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"crowd"}]}`, holder.session, held)
			}); err != nil {
				return err
			}
			for _, r := range crowd {
				if err := r.queue(each, next+each, func(i int) {
					r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"crowd","mode":"shared"}]}`, r.session, next+i)
				}); err != nil {
					return err
				}
			}
			return nil
		},
		happen: func() error {
			errs := make([]error, sessions)
			var reading sync.WaitGroup
			for i, r := range crowd {
				reading.Go(func() { errs[i] = r.expect(each, "granted") })
			}
			err := holder.exchange(1, "released", func(int) {
				holder.put(`{"type":"release","id":"%s--%d"}`, holder.session, held)
			})
			reading.Wait()
			return errors.Join(append(errs, err)...)
		},
		after: func() error {
			for _, r := range crowd {
				if err := r.exchange(each, "released", func(i int) {
					r.put(`{"type":"release","id":"%s--%d"}`, r.session, next+i)
				}); err != nil {
					return err
				}
			}
			held++
			next += each + 1
			return nil
		},
	}
}

// flooding sends acquires and releases as fast as the broker takes them, and reads the answers. It is never so many
// answers behind that the broker would cut it off, for then the flood would be over.
func flooding(tb testing.TB, broker *process, _ scale) happening {
	flooder := newRaw(tb, broker)
	next := 0
	return happening{happen: func() error {
		var over atomic.Bool
		sent := make(chan int, 20) // frames
		var reading sync.WaitGroup
		var unread error
		reading.Go(func() {
			for n := range sent {
				for range n {
					if _, err := flooder.read(); err != nil && unread == nil {
						unread = err
						flooder.close() // so that the sender ends
					}
				}
			}
		})
		timer := time.AfterFunc(*turnTime, func() { over.Store(true) })
		defer timer.Stop()
		var err error
		for !over.Load() && err == nil {
			const pairs = 250
			for range pairs {
				flooder.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"flood"}]}`, flooder.session, next)
				flooder.put(`{"type":"release","id":"%s--%d"}`, flooder.session, next)
				next++
			}
			sent <- 2 * pairs
			err = flooder.flush()
		}
		close(sent)
		reading.Wait()
		return errors.Join(err, unread)
	}}
}
