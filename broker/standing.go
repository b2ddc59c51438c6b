package broker

import (
	"io"
	"net/http"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A standing says whether locks are granted, to those who cannot ask the loop. Only the
// loop sets it.
type standing struct {
	pause atomic.Pointer[wire.Pause] // nil until the loop serves
}

func (s *standing) set(pause wire.Pause) { s.pause.Store(&pause) }

// get returns why nothing is granted, if that is so, and whether the loop serves at all.
func (s *standing) get() (pause wire.Pause, serves bool) {
	if p := s.pause.Load(); p != nil {
		return *p, true
	}
	return "", false
}

// pause returns why nothing is granted now; "" while locks are granted.
func (l *loop) pause() wire.Pause {
	switch next := l.table.NextToken(); {
	case l.drain != nil || next > wire.MaxInteger: // which ends the broker
		return wire.PauseDraining
	case l.tokens.InGrace(l.now()):
		return wire.PauseGrace
	case l.tokens.IsUsedUp(next):
		return wire.PauseNoTokens
	case next >= l.tokens.Allowed(): // it has just ended, and those who have waited come first
		pause, _ := l.standing.get()
		return pause
	}
	return ""
}

// noteStanding tells those outside, and the log, when that has changed.
func (l *loop) noteStanding() {
	pause := l.pause()
	before, serves := l.standing.get()
	if serves && pause == before {
		return
	}
	l.standing.set(pause)
	l.aside(func() { logPause(l.config.Logger, before, pause) })
}

// logPause says what begins or ends; the grace and the drain are told where they begin.
func logPause(logger zerolog.Logger, before, pause wire.Pause) {
	switch {
	case pause == wire.PauseNoTokens:
		logger.Error().Msg("nothing is granted until fencing tokens can be reserved: those at hand are used up")
	case pause == "" && before == wire.PauseGrace:
		logger.Info().Msg("clients of the last run have given up their locks: locks are granted")
	case pause == "" && before == wire.PauseNoTokens:
		logger.Info().Msg("locks are granted again")
	}
}

// serveReady answers whether locks are granted.
func (b *Broker) serveReady(w http.ResponseWriter, _ *http.Request) {
	pause, serves := b.standing.get()
	phase := b.life.now()
	if phase >= phaseDraining {
		pause = wire.PauseDraining // which the loop may not have come to yet
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
