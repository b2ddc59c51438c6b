package broker

import (
	"bytes"
	"context"
	stdlog "log"
	"log/slog"
	"net"
	"sync"
	"time"

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
// has its own limit, and the log says how many lines were suppressed. Lines that are written to
// unlimited, such as those of the audit, are never suppressed.
type logLimits struct {
	unlimited *slog.Logger

	opened, ended lineLimit // sessions
	lost          lineLimit // sessions that ended while they held locks
	kept          lineLimit // clients that hold what they may no longer acquire
	slow          lineLimit // clients that were cut off because they read too slowly
	refused       lineLimit // refused upgrades
	origin        lineLimit // requests of pages whose origin was refused
	message       lineLimit // refused messages of clients
	handshake     lineLimit // connections closed before they became sessions
	tooFast       lineLimit // connections closed because their address connects too fast
	server        lineLimit // errors of net/http
	limit         lineLimit // limits that were reached
}

func newLogLimits(log *slog.Logger) *logLimits {
	session := func(name string) lineLimit {
		limiter := rate.NewLimiter(sessionRate, sessionBurst)
		return lineLimit{log: log, level: slog.LevelInfo, name: name, limiter: limiter}
	}
	fault := func(name string) lineLimit {
		limiter := rate.NewLimiter(rate.Every(faultEvery), faultBurst)
		return lineLimit{log: log, level: slog.LevelWarn, name: name, limiter: limiter}
	}
	l := &logLimits{
		unlimited: log,
		opened:    session("session opened"), ended: session("session ended"), lost: session("locks lost"),
		kept: session("locks without permission"),
		slow: fault("slow client"), refused: fault("upgrade refused"), origin: fault("page refused"),
		message: fault("message refused"), handshake: fault("handshake abandoned"),
		tooFast: fault("too fast"), server: fault("http server"), limit: fault("limit reached"),
	}
	l.kept.level = slog.LevelWarn
	return l
}

// flush writes all counts that have not been written yet.
func (l *logLimits) flush() {
	for _, kind := range []*lineLimit{
		&l.opened, &l.ended, &l.lost, &l.kept, &l.slow, &l.refused, &l.origin, &l.message, &l.handshake,
		&l.tooFast, &l.server, &l.limit,
	} {
		kind.flush()
	}
}

// logsEvents reports whether lines of debug level are written.
func (l *logLimits) logsEvents() bool {
	return l.unlimited.Enabled(context.Background(), slog.LevelDebug)
}

// write writes a line that is never suppressed.
func (l *logLimits) write(level slog.Level, message string, attrs ...slog.Attr) {
	l.unlimited.LogAttrs(context.Background(), level, message, attrs...)
}

// serverLog returns a logger for [http.Server].ErrorLog.
func (l *logLimits) serverLog() *stdlog.Logger { return stdlog.New(serverLog{&l.server}, "", 0) }

type serverLog struct{ *lineLimit }

// Write logs an error of net/http. If a TLS handshake failed because the broker has closed the
// connection, the broker has already logged why.
func (l serverLog) Write(text []byte) (int, error) {
	closed := []byte(net.ErrClosed.Error())
	if bytes.HasPrefix(text, []byte("http: TLS handshake error")) && bytes.Contains(text, closed) {
		return len(text), nil
	}
	l.write(printable.Text(string(text[:min(len(text), serverBytes)])))
	return len(text), nil
}

// A lineLimit limits how often one kind of log line is written.
type lineLimit struct {
	log     *slog.Logger
	level   slog.Level
	name    string
	limiter *rate.Limiter

	mu         sync.Mutex
	suppressed int64 // how many since the last line that was written
	timer      *time.Timer
}

// write writes a line, with the number of lines suppressed before it, or suppresses it. It may
// block.
func (k *lineLimit) write(message string, attrs ...slog.Attr) {
	if before, ok := k.admit(); ok {
		before.write(message, attrs...)
	}
}

// isOn reports whether lines of this kind are written at all.
func (k *lineLimit) isOn() bool { return k.log.Enabled(context.Background(), k.level) }

// admit reports whether a line may be written now. It never blocks. The caller must write the line
// to the admission.
func (k *lineLimit) admit() (a admission, ok bool) {
	if !k.isOn() {
		return a, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.limiter.Allow() {
		return admission{k, k.takeCount()}, true
	}
	k.suppressed++
	if k.suppressed == 1 {
		k.timer = time.AfterFunc(suppressedAfter, k.flush)
	}
	return a, false
}

// flush writes the count of suppressed lines, if there are any.
func (k *lineLimit) flush() {
	k.mu.Lock()
	a := admission{k, k.takeCount()}
	k.mu.Unlock() // the log may block, and callers of admit must not wait for it
	if a.suppressed > 0 {
		a.write("too many log lines of one kind: some were suppressed", slog.String("kind", k.name))
	}
}

// takeCount returns the count of suppressed lines and resets it. The caller holds k.mu.
func (k *lineLimit) takeCount() int64 {
	count := k.suppressed
	if count > 0 {
		k.suppressed = 0
		k.timer.Stop()
	}
	return count
}

// An admission is the right to write one line.
type admission struct {
	*lineLimit
	suppressed int64 // how many lines of this kind were suppressed before
}

// write writes the line. It may block.
func (a admission) write(message string, attrs ...slog.Attr) {
	if a.suppressed > 0 {
		attrs = append([]slog.Attr{slog.Int64("suppressed", a.suppressed)}, attrs...)
	}
	a.log.LogAttrs(context.Background(), a.level, message, attrs...)
}
