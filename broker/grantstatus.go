package broker

import (
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/internal/metrics"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A grantStatus tells goroutines that cannot ask the loop whether locks are being granted. Only the
// loop sets it.
type grantStatus struct {
	pause atomic.Pointer[wire.Pause] // nil until the loop serves
}

func (s *grantStatus) set(pause wire.Pause) { s.pause.Store(&pause) }

// get returns why nothing is being granted, or "" if locks are being granted. serves is false until
// the loop serves.
func (s *grantStatus) get() (pause wire.Pause, serves bool) {
	if p := s.pause.Load(); p != nil {
		return *p, true
	}
	return "", false
}

// updateGrants publishes the grant status, and logs it if it has changed.
func (l *loop) updateGrants() {
	pause := l.core.Pause(l.now())
	before, serves := l.grants.get()
	if serves && pause == before {
		return
	}
	l.grants.set(pause)
	l.aside(func() { logPause(l.logs, before, pause) })
}

// logPause logs the beginning or the end of a pause. The beginnings of the grace period and of the
// drain are logged elsewhere.
func logPause(logs *logLimits, before, pause wire.Pause) {
	switch {
	case pause == wire.PauseNoTokens:
		logs.write(slog.LevelError,
			"nothing is granted until fencing tokens can be reserved: none are left in reserve")
	case pause == "" && before == wire.PauseGrace:
		logs.write(slog.LevelInfo, "clients of the last run have given up their locks: locks are granted now")
	case pause == "" && before == wire.PauseNoTokens:
		logs.write(slog.LevelInfo, "locks are granted again")
	}
}

// pause returns why nothing is granted, as the metrics call it, or "".
func (b *Broker) pause() string {
	pause, serves := b.grants.get()
	switch phase := b.life.now(); {
	case phase >= phaseDraining:
		return string(wire.PauseDraining)
	case phase == phaseMade && b.member != nil && b.member.isStanding():
		return metrics.Standby
	case !serves || phase == phaseMade:
		return metrics.Starting
	}
	return string(pause)
}

// serveReady answers whether locks are being granted.
func (b *Broker) serveReady(w http.ResponseWriter, _ *http.Request) {
	pause, serves := b.grants.get()
	phase := b.life.now()
	if phase >= phaseDraining {
		pause = wire.PauseDraining // the loop may not have noticed yet
	}
	switch {
	case pause != "":
		http.Error(w, string(pause)+": "+pause.Explain(), http.StatusServiceUnavailable)
	case !serves || phase == phaseMade:
		http.Error(w, "not serving", http.StatusServiceUnavailable)
	default:
		_, _ = io.WriteString(w, "ok\n")
	}
}
