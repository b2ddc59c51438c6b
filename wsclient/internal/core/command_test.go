package core

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A command is a line of a script: a step, or a question.
type command struct {
	verb     string
	name     string // the request or the connection that it is about, or an id
	acquire  wish
	connect  hello
	token    int64
	reason   string     // of lost
	by, text string     // of lost
	code     wire.Code  // of error
	pause    wire.Pause // of pong, info and why
	at       Instant    // of at and clock

	closeCode  int      // of disconnected
	held, lost []string // of resumed: requests
}

// A wish is what the caller of an acquire wants.
type wish struct {
	locks       []wire.LockSpec
	wait, hold  time.Duration
	minHold     time.Duration
	once, steal bool
	async       bool
	inside      string  // the request that encloses the call, or ""
	parent      wire.ID // the Parent option of the call
}

// A hello is what a broker says about itself.
type hello struct {
	timeout, heartbeat time.Duration
	madeAgo            time.Duration // how long ago the network connection was made
	bytes              int           // the greatest frame
	secret             string
	pause              wire.Pause
}

func (h hello) message(session string) *wire.Hello {
	limits := wire.DefaultLimits()
	limits.MessageBytes = h.bytes
	return &wire.Hello{
		Protocol: wire.Version, Session: session, Limits: limits, NotGranting: h.pause,
		Secret: h.secret, HeartbeatMS: h.heartbeat.Milliseconds(), TimeoutMS: h.timeout.Milliseconds(),
	}
}

// words are the rest of a line, read from the left.
type words struct{ rest []string }

func (w *words) next() string {
	if len(w.rest) == 0 {
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

func (w *words) duration() (time.Duration, error) { return time.ParseDuration(w.next()) }

// parseCommand reads a line of a script.
func parseCommand(line string) (c command, err error) {
	w := &words{strings.Fields(line)}
	c.verb = w.next()
	switch c.verb {
	case "connect":
		c.name = w.next()
		c.connect, err = parseHello(w)
	case "acquire":
		c.name = w.next()
		c.acquire, err = parseWish(w)
	case "claim", "release", "cancel", "valid", "lease", "parent", "token", "released", "cancelled":
		c.name = w.next()
	case "granted":
		c.name = w.next()
		c.token, err = strconv.ParseInt(w.next(), 10, 64)
	case "lost":
		c.name, c.reason, c.by, c.text = w.next(), w.next(), w.next(), w.next()
	case "error":
		c.name, c.code = w.next(), wire.Code(w.next())
	case "pong":
		c.name, c.pause = w.next(), wire.Pause(w.next())
	case "info", "why":
		c.pause = wire.Pause(w.next())
	case "at", "clock":
		c.at, err = parseInstant(w)
	case "disconnected", "resumed", "notresumed":
		err = c.parseEnd(w)
	case "ping", "confirm", "hello", "draining", "moving", "abandon", "drain", "close", "giveup":
	case "deadline", "state":
	default:
		err = fmt.Errorf("no such command: %q", c.verb)
	}
	if err == nil && len(w.rest) > 0 {
		err = fmt.Errorf("too many words: %q", w.rest)
	}
	return c, err
}

// parseEnd reads the rest of a command about the end of a connection, or about the session that has survived it.
func (c *command) parseEnd(w *words) (err error) {
	word := w.next()
	switch {
	case c.verb == "resumed":
		c.name = word
		c.held, c.lost, err = parseHeld(w)
	case c.verb == "notresumed":
		c.name = word
	case word != "":
		c.closeCode, err = strconv.Atoi(word)
	}
	return err
}

// parseHeld reads which requests hold, and which do not.
func parseHeld(w *words) (held, lost []string, err error) {
	list := &held
	for i, word := range w.rest {
		switch {
		case word == "held" && i == 0:
		case word == "lost":
			list = &lost
		case i == 0:
			return nil, nil, fmt.Errorf("not understood: %q", word)
		default:
			*list = append(*list, word)
		}
	}
	w.rest = nil
	return held, lost, nil
}

// parseInstant reads the time on all clocks, and then, if given, how far the wall clock differs and for how long the
// computer was suspended.
func parseInstant(w *words) (at Instant, err error) {
	at.Mono, err = w.duration()
	at.Wall = at.Mono
	for err == nil && len(w.rest) > 0 {
		switch word := w.next(); word {
		case "wall":
			var more time.Duration
			more, err = w.duration()
			at.Wall += more
		case "asleep":
			at.Asleep, err = w.duration()
		default:
			return at, fmt.Errorf("not understood: %q", word)
		}
	}
	return at, err
}

func defaultHello() hello {
	return hello{timeout: 15 * time.Second, heartbeat: 5 * time.Second, bytes: 1 << 16}
}

func parseHello(w *words) (h hello, err error) {
	h = defaultHello()
	for err == nil && len(w.rest) > 0 {
		switch word := w.next(); word {
		case "timeout":
			h.timeout, err = w.duration()
		case "heartbeat":
			h.heartbeat, err = w.duration()
		case "made":
			h.madeAgo, err = w.duration()
		case "bytes":
			h.bytes, err = strconv.Atoi(w.next())
		case "pause":
			h.pause = wire.Pause(w.next())
		case "secret":
			h.secret = w.next()
		default:
			return h, fmt.Errorf("not understood: %q", word)
		}
	}
	return h, err
}

func parseWish(w *words) (a wish, err error) {
	for err == nil && len(w.rest) > 0 {
		switch word := w.next(); word {
		case "wait":
			a.wait, err = w.duration()
		case "hold":
			a.hold, err = w.duration()
		case "minhold":
			a.minHold, err = w.duration()
		case "async":
			a.async = true
		case "once":
			a.once = true
		case "steal":
			a.steal, a.once = true, true
		case "in":
			a.inside = w.next()
		case "parent":
			a.parent = wire.ParseID(w.next())
		default:
			var spec wire.LockSpec
			spec, err = parseSpec(word)
			a.locks = append(a.locks, spec)
		}
	}
	if err == nil && len(a.locks) == 0 {
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

// String returns the command as a line of a script.
func (c command) String() string {
	words := []string{c.verb}
	add := func(more ...any) {
		for _, word := range more {
			if text := fmt.Sprint(word); text != "" {
				words = append(words, text)
			}
		}
	}
	switch c.verb {
	case "connect":
		h := c.connect
		add(c.name, "timeout", h.timeout, "heartbeat", h.heartbeat, "made", h.madeAgo, "bytes", h.bytes)
		if h.pause != "" {
			add("pause", h.pause)
		}
		if h.secret != "" {
			add("secret", h.secret)
		}
	case "disconnected":
		if c.closeCode != 0 {
			add(c.closeCode)
		}
	case "resumed":
		add(c.name)
		if len(c.held) > 0 {
			add("held", strings.Join(c.held, " "))
		}
		if len(c.lost) > 0 {
			add("lost", strings.Join(c.lost, " "))
		}
	case "acquire":
		add(c.name, c.acquire)
	case "granted":
		add(c.name, c.token)
	case "at", "clock":
		add(c.at.Mono, "wall", c.at.Wall-c.at.Mono, "asleep", c.at.Asleep)
	default:
		add(c.name, c.reason, c.by, c.text, c.code, c.pause)
	}
	return strings.Join(words, " ")
}

// String returns the wish as the rest of a line.
func (a wish) String() string {
	text := specsText(a.locks)
	if a.wait > 0 {
		text += fmt.Sprint(" wait ", a.wait)
	}
	if a.hold > 0 {
		text += fmt.Sprint(" hold ", a.hold)
	}
	if a.minHold > 0 {
		text += fmt.Sprint(" minhold ", a.minHold)
	}
	if a.async {
		text += " async"
	}
	if a.steal {
		text += " steal"
	} else if a.once {
		text += " once"
	}
	if a.inside != "" {
		text += " in " + a.inside
	}
	if !a.parent.IsZero() {
		text += " parent " + a.parent.String()
	}
	return text
}

func specsText(specs []wire.LockSpec) string {
	var words []string
	for _, spec := range specs {
		word := spec.Name
		if spec.Mode == wire.Shared {
			word += ":shared"
		}
		if limit, ok := spec.Limit.Get(); ok {
			word += fmt.Sprint("/", limit)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
