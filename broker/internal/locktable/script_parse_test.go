package locktable

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// words are the rest of a line, taken from the left.
type words struct{ rest []string }

func (w *words) next() string {
	if len(w.rest) == 0 {
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

// nextIs takes the next word if it is that one.
func (w *words) nextIs(word string) bool {
	if len(w.rest) == 0 || w.rest[0] != word {
		return false
	}
	w.next()
	return true
}

func (w *words) int() (int, error) { return strconv.Atoi(w.next()) }

func (w *words) duration() (time.Duration, error) { return time.ParseDuration(w.next()) }

func (w *words) budget() (int, error) {
	if w.nextIs("budget") {
		return w.int()
	}
	return whole, nil
}

// parseCommand reads a line of a script.
func parseCommand(line string) (c command, err error) {
	w := &words{strings.Fields(line)}
	c.verb = w.next()
	switch c.verb {
	case verbOpen:
		c.session = w.next()
		if w.nextIs("identity") {
			c.by = w.next()
		}
	case verbAcquire:
		c.acquire, err = parseAcquire(w)
	case verbRelease, verbCancel:
		c.id = wire.ParseID(w.next())
	case verbEvict:
		c.id = wire.ParseID(w.next())
		if w.nextIs("by") {
			c.by = w.next()
		}
		if w.nextIs("message") {
			c.message = w.next()
		}
	case verbDrop:
		c.session = w.next()
		c.budget, err = w.budget()
		if err == nil && w.nextIs("keep") {
			c.keep, err = w.duration()
		}
		c.unkeep = w.nextIs("unkeep")
	case verbShut:
		c.budget, err = w.budget()
	case verbAllow:
		c.ceiling, err = strconv.ParseInt(w.next(), 10, 64)
	case verbWhy:
		if w.nextIs("lock") {
			c.name = w.next()
		} else {
			c.id = wire.ParseID(w.next())
		}
	case verbAt, verbClock:
		c.time, err = w.duration()
	case verbInfo:
		c.query, err = parseQuery(w)
	case verbDeadline, verbHeld, verbSearch:
	default:
		err = fmt.Errorf("no such command: %q", c.verb)
	}
	if err == nil && len(w.rest) > 0 {
		err = fmt.Errorf("more than is understood: %q", w.rest)
	}
	return c, err
}

func parseAcquire(w *words) (a Acquire, err error) {
	a.ID, a.Wait = wire.ParseID(w.next()), Forever
	for err == nil && len(w.rest) > 0 {
		switch {
		case w.nextIs("wait"):
			a.Wait, err = w.duration()
		case w.nextIs("hold"):
			a.Hold, err = w.duration()
		case w.nextIs("author"):
			a.Author = w.next()
		case w.nextIs("parent"):
			a.Parent = wire.ParseID(w.next())
		case w.nextIs("steal"):
			a.Steal = true
		case w.nextIs("by"):
			a.By = w.next()
		default:
			var spec wire.LockSpec
			spec, err = parseSpec(w.next())
			a.Locks = append(a.Locks, spec)
		}
	}
	if err == nil && len(a.Locks) == 0 {
		err = errors.New("at least one lock is needed")
	}
	return a, err
}

// parseSpec reads name, name:shared or name:shared/limit.
func parseSpec(word string) (wire.LockSpec, error) {
	name, how, found := strings.Cut(word, ":")
	spec := wire.LockSpec{Name: name}
	if !found {
		return spec, nil
	}
	mode, limit, limited := strings.Cut(how, "/")
	if mode != "shared" {
		return spec, fmt.Errorf("want shared after the colon, not %q", mode)
	}
	spec.Mode = wire.Shared
	if !limited {
		return spec, nil
	}
	n, err := strconv.Atoi(limit)
	spec.Limit = wire.Some(n)
	return spec, err
}

func parseQuery(w *words) (q Query, err error) {
	q.Max, q.Queue = wire.MaxPage, wire.DefaultQueue
	for err == nil && len(w.rest) > 0 {
		switch {
		case w.nextIs("empty"):
			q.Empty = true
		case w.nextIs("match"):
			q.Match = w.next()
		case w.nextIs("max"):
			q.Max, err = w.int()
		case w.nextIs("queue"):
			q.Queue, err = w.int()
		case w.nextIs("after"):
			q.After, err = strconv.ParseInt(w.next(), 10, 64)
		case w.nextIs("seq"):
			q.Seq, err = strconv.ParseInt(w.next(), 10, 64)
		case w.nextIs("holders"):
			q.HoldersAfter, err = parseAfter(w)
		case w.nextIs("waiters"):
			q.WaitersAfter, err = parseAfter(w)
		default:
			err = fmt.Errorf("not understood: %q", w.rest)
			w.rest = nil
		}
	}
	return q, err
}

// parseAfter reads after n.
func parseAfter(w *words) (wire.Opt[int64], error) {
	if !w.nextIs("after") {
		return wire.Opt[int64]{}, errors.New("want after")
	}
	n, err := strconv.ParseInt(w.next(), 10, 64)
	return wire.Some(n), err
}

// parseConfig reads the line under a title, without its first word.
func parseConfig(line string) (config Config, err error) {
	config = Config{FirstToken: 1, MaxRequests: 100, MaxIdle: 100}
	w := &words{strings.Fields(line)}
	for err == nil && len(w.rest) > 0 {
		switch {
		case w.nextIs("tokens"):
			config.FirstToken, err = strconv.ParseInt(w.next(), 10, 64)
		case w.nextIs("ceiling"):
			config.Ceiling, err = strconv.ParseInt(w.next(), 10, 64)
		case w.nextIs("requests"):
			config.MaxRequests, err = w.int()
		case w.nextIs("idle"):
			config.MaxIdle, err = w.int()
		case w.nextIs("slice"):
			config.Slice, err = w.int()
		case w.nextIs("search"):
			config.Search, err = w.int()
		case w.nextIs("grants"):
			config.Grants, err = w.int()
		default:
			return config, fmt.Errorf("not understood: %q", w.rest)
		}
	}
	return config, err
}
