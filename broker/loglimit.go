package broker

import (
	stdlog "log"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

const (
	// suppressedAfter is how long the count of suppressed lines waits to be logged with the
	// next line of its kind. After that it gets a line of its own.
	suppressedAfter = 10 * time.Second
	// faultEvery and faultBurst limit the lines about refused connections.
	faultEvery, faultBurst = 5 * time.Second, 10
	// sessionRate, in lines a second, and sessionBurst limit the lines about sessions.
	sessionRate, sessionBurst = 100, 1000
	// serverBytes is how many bytes of a net/http error are logged: enough for a useful part of
	// a stack trace.
	serverBytes = 4 << 10
)

// logLimits limits the log lines that anyone who can reach the port can cause at will. Each kind
// has its own limit, and the log says how many lines were suppressed. Audit lines are never
// suppressed.
type logLimits struct {
	opened, ended lineLimit // sessions
	refused       lineLimit // refused upgrades
	origin        lineLimit // requests of pages whose origin was refused
	handshake     lineLimit // connections closed before they became sessions
	server        lineLimit // errors of net/http
	limit         lineLimit // broker-wide limits that were reached
}

func newLogLimits(log zerolog.Logger) *logLimits {
	session := func(name string) lineLimit {
		limiter := rate.NewLimiter(sessionRate, sessionBurst)
		return lineLimit{log: log, level: zerolog.InfoLevel, name: name, limiter: limiter}
	}
	fault := func(name string) lineLimit {
		limiter := rate.NewLimiter(rate.Every(faultEvery), faultBurst)
		return lineLimit{log: log, level: zerolog.WarnLevel, name: name, limiter: limiter}
	}
	return &logLimits{
		opened: session("session opened"), ended: session("session ended"),
		refused: fault("upgrade refused"), origin: fault("page refused"),
		handshake: fault("handshake abandoned"), server: fault("http server"),
		limit: fault("limit reached"),
	}
}

// flush writes all counts that have not been written yet.
func (l *logLimits) flush() {
	for _, kind := range []*lineLimit{
		&l.opened, &l.ended, &l.refused, &l.origin, &l.handshake, &l.server, &l.limit,
	} {
		kind.flush()
	}
}

// serverLog returns a logger for [http.Server].ErrorLog.
func (l *logLimits) serverLog() *stdlog.Logger { return stdlog.New(serverLog{&l.server}, "", 0) }

type serverLog struct{ *lineLimit }

// Write logs an error of net/http.
func (l serverLog) Write(text []byte) (int, error) {
	l.line().Msg(printable.Text(string(text[:min(len(text), serverBytes)])))
	return len(text), nil
}

// A lineLimit limits how often one kind of log line is written.
type lineLimit struct {
	log     zerolog.Logger
	level   zerolog.Level
	name    string
	limiter *rate.Limiter

	mu         sync.Mutex
	suppressed int64 // how many since the last line that was written
	timer      *time.Timer
}

// line starts a log line, with the number of lines suppressed before it. If this line must be
// suppressed too, line returns nil, which zerolog treats as an event that does nothing.
func (k *lineLimit) line() *zerolog.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.limiter.Allow() {
		k.suppressed++
		if k.suppressed == 1 {
			k.timer = time.AfterFunc(suppressedAfter, k.flush)
		}
		return nil
	}
	return k.addCount(k.log.WithLevel(k.level))
}

// flush writes the count of suppressed lines, if there are any.
func (k *lineLimit) flush() {
	k.mu.Lock()
	if k.suppressed == 0 {
		k.mu.Unlock()
		return
	}
	line := k.addCount(k.log.WithLevel(k.level))
	k.mu.Unlock() // the log may block, and callers of line must not wait for it
	line.Str("kind", k.name).Msg("too many log lines of one kind: some were suppressed")
}

// addCount adds the count of suppressed lines to a line and resets it. The caller holds k.mu.
func (k *lineLimit) addCount(line *zerolog.Event) *zerolog.Event {
	if k.suppressed == 0 {
		return line
	}
	line = line.Int64("suppressed", k.suppressed)
	k.suppressed = 0
	k.timer.Stop()
	return line
}
