package locktable

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// words are the words of a line that are not read yet.
type words struct{ rest []string }

// next reads the next word, or returns an empty one.
func (w *words) next() string {
	if len(w.rest) == 0 {
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

// nextIs reads the next word if it is that one.
func (w *words) nextIs(word string) bool {
	if len(w.rest) == 0 || w.rest[0] != word {
		return false
	}
	w.next()
	return true
}

func (w *words) int() (int, error) { return strconv.Atoi(w.next()) }

func (w *words) duration() (time.Duration, error) { return time.ParseDuration(w.next()) }

// budget reads a budget, or returns whole if there is none.
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
	verb, known := verbs[c.verb]
	if !known {
		return c, fmt.Errorf("no such command: %q", c.verb)
	}
	if verb.parse != nil {
		err = verb.parse(&c, w)
	}
	if err == nil && len(w.rest) > 0 {
		err = fmt.Errorf("unexpected words: %q", w.rest)
	}
	return c, err
}

func parseAcquireCommand(c *command, w *words) (err error) {
	c.acquire, err = parseAcquire(w)
	return err
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
		case w.nextIs("waiting"):
			a.MaxWaiting, err = strconv.Atoi(w.next())
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

func parseInfo(c *command, w *words) (err error) {
	c.query, err = parseQuery(w)
	return err
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

// parseAfter reads "after" and a number.
func parseAfter(w *words) (wire.Opt[int64], error) {
	if !w.nextIs("after") {
		return wire.Opt[int64]{}, errors.New("want after")
	}
	n, err := strconv.ParseInt(w.next(), 10, 64)
	return wire.Some(n), err
}

// parseConfig reads the config line of a scenario, without its first word.
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
