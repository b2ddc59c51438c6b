package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// dropping ends the connection of a session that holds many locks. It lasts until the requests that
// wait for a hundred of these locks, spread evenly, have been granted.
func dropping(address string, s scale) (disturbance, error) {
	const heirs = 100
	heir, err := newRawFor(address)
	var (
		rich *raw
		next int
	)
	acquire := func(r *raw, id, lock int) {
		r.putAcquire(id, fmt.Sprintf("rich/%06d", lock))
	}
	return disturbance{
		prepare: func() (err error) {
			if rich, err = dialRaw(address, 64<<10); err != nil {
				return err
			}
			if err := rich.exchange(s.crowd, "granted", func(i int) { acquire(rich, i, i) }); err != nil {
				return err
			}
			return heir.queue(heirs, next+heirs, func(i int) {
				acquire(heir, next+i, i*(s.crowd-1)/(heirs-1))
			})
		},
		run: func() error {
			rich.close()
			return heir.expect(heirs, "granted")
		},
		after: func() error {
			first := next
			next += heirs + 1
			return heir.exchange(heirs, "released", func(i int) { heir.putRelease(first + i) })
		},
	}, err
}

// paging lists many locks, page by page. It does not decode the pages: that would cost more time here than in the
// broker.
func paging(address string, s scale) (disturbance, error) {
	rich, err := newRawFor(address)
	if err != nil {
		return disturbance{}, err
	}
	reader, err := newRawFor(address)
	if err != nil {
		return disturbance{}, err
	}
	err = rich.exchange(s.crowd, "granted", func(i int) {
		rich.putAcquire(i, fmt.Sprintf("rich/%06d", i))
	})
	id := 0
	return disturbance{run: func() error {
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
	}}, err
}

// nextPage returns the number at the end of a page from which the next page starts, or "" after the last page.
func nextPage(page []byte) string {
	_, next, found := bytes.Cut(page[max(0, len(page)-40):], []byte(`"next":`))
	next = bytes.TrimSuffix(next, []byte("}"))
	if _, err := strconv.ParseInt(string(next), 10, 64); !found || err != nil {
		return ""
	}
	return string(next)
}

// granting releases a lock for which many shared requests of several sessions wait.
func granting(address string, s scale) (disturbance, error) {
	const sessions = 10
	each := s.waiters / sessions
	holder, err := newRawFor(address)
	if err != nil {
		return disturbance{}, err
	}
	var crowd []*raw
	for range sessions {
		r, err := newRawFor(address)
		if err != nil {
			return disturbance{}, err
		}
		crowd = append(crowd, r)
	}
	held, next := 0, 0
	return disturbance{
		prepare: func() error {
			err := holder.exchange(1, "granted", func(int) { holder.putAcquire(held, "crowd") })
			if err != nil {
				return err
			}
			for _, r := range crowd {
				err := r.queue(each, next+each, func(i int) { r.putShared(next+i, "crowd") })
				if err != nil {
					return err
				}
			}
			return nil
		},
		run: func() error {
			errs := make([]error, sessions)
			var reading sync.WaitGroup
			for i, r := range crowd {
				reading.Go(func() { errs[i] = r.expect(each, "granted") })
			}
			err := holder.exchange(1, "released", func(int) { holder.putRelease(held) })
			reading.Wait()
			return errors.Join(append(errs, err)...)
		},
		after: func() error {
			for _, r := range crowd {
				err := r.exchange(each, "released", func(i int) { r.putRelease(next + i) })
				if err != nil {
					return err
				}
			}
			held++
			next += each + 1
			return nil
		},
	}, err
}

// flooding sends acquires and releases as fast as the broker reads them. It also reads the answers, fast enough that
// the broker does not close its connection.
func flooding(address string, _ scale) (disturbance, error) {
	flooder, err := newRawFor(address)
	next := 0
	return disturbance{run: func() error {
		var over atomic.Bool
		sent := make(chan int, 20) // frames
		var reading sync.WaitGroup
		var unread error
		reading.Go(func() {
			for n := range sent {
				for range n {
					if _, err := flooder.read(); err != nil && unread == nil {
						unread = err
						flooder.close() // ends the sender
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
				flooder.putAcquire(next, "flood")
				flooder.putRelease(next)
				next++
			}
			sent <- 2 * pairs
			err = flooder.flush()
		}
		close(sent)
		reading.Wait()
		return errors.Join(err, unread)
	}}, err
}
