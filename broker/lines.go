package broker

import (
	stdlog "log"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Whoever reaches the port can cause some lines of the log as often as it likes. Those are
// limited, kind by kind, and what is left out is counted in the log. Audit lines are never
// left out.

// lines are the kinds of log lines that are limited.
type lines struct {
	opened, ended lineKind // sessions
	refused       lineKind // upgrades
	origin        lineKind // pages
	handshake     lineKind // connections closed before they became sessions
	server        lineKind // what net/http says
	limit         lineKind // bounds of the broker that were reached
}

const (
	// suppressedAfter is how long a count of suppressed lines waits for another line of
	// its kind before it gets a line of its own.
	suppressedAfter = 10 * time.Second
	// faultEvery and faultBurst limit the lines about connections that are refused.
	faultEvery, faultBurst = 5 * time.Second, 10
	// sessionRate and sessionBurst limit the lines about sessions, in lines a second.
	sessionRate, sessionBurst = 100, 1000
	// serverBytes is how much of an error of net/http is logged: a stack matters.
	serverBytes = 4 << 10
)

func newLines(log zerolog.Logger) *lines {
	session := func(name string) lineKind {
		limiter := rate.NewLimiter(sessionRate, sessionBurst)
		return lineKind{log: log, level: zerolog.InfoLevel, name: name, limiter: limiter}
	}
	fault := func(name string) lineKind {
		limiter := rate.NewLimiter(rate.Every(faultEvery), faultBurst)
		return lineKind{log: log, level: zerolog.WarnLevel, name: name, limiter: limiter}
	}
	return &lines{
		opened: session("session opened"), ended: session("session ended"),
		refused: fault("upgrade refused"), origin: fault("page refused"),
		handshake: fault("handshake abandoned"), server: fault("http server"),
		limit: fault("limit reached"),
	}
}

// flush writes the counts that have not been written.
func (l *lines) flush() {
	for _, kind := range []*lineKind{&l.opened, &l.ended, &l.refused, &l.origin, &l.handshake, &l.server, &l.limit} {
		kind.flush()
	}
}

// serverLog returns a logger for [http.Server].ErrorLog.
func (l *lines) serverLog() *stdlog.Logger { return stdlog.New(serverLines{l}, "", 0) }

type serverLines struct{ *lines }

// Write logs an error of net/http.
func (l serverLines) Write(text []byte) (int, error) {
	l.server.line().Msg(printable.Text(string(text[:min(len(text), serverBytes)])))
	return len(text), nil
}

// A lineKind is one kind of log lines, and limits how often it occurs.
type lineKind struct {
	log     zerolog.Logger
	level   zerolog.Level
	name    string
	limiter *rate.Limiter

	mu         sync.Mutex
	suppressed int64 // lines since the last that was written
	timer      *time.Timer
}

// line begins a line, or returns nil, which is an event that does nothing. A line says how
// many before it were suppressed.
func (k *lineKind) line() *zerolog.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.limiter.Allow() {
		k.suppressed++
		if k.suppressed == 1 {
			k.timer = time.AfterFunc(suppressedAfter, k.flush)
		}
		return nil
	}
	return k.count(k.log.WithLevel(k.level))
}

// flush gives the count of suppressed lines a line of its own.
func (k *lineKind) flush() {
	k.mu.Lock()
	if k.suppressed == 0 {
		k.mu.Unlock()
		return
	}
	line := k.count(k.log.WithLevel(k.level))
	k.mu.Unlock() // the log may block, and nobody who has nothing to write waits for it
	line.Str("kind", k.name).Msg("log lines of one kind came too fast and were suppressed")
}

func (k *lineKind) count(line *zerolog.Event) *zerolog.Event {
	if k.suppressed == 0 {
		return line
	}
	line = line.Int64("suppressed", k.suppressed)
	k.suppressed = 0
	k.timer.Stop()
	return line
}
