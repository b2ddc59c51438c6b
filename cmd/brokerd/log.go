package main

import (
	"net"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// timeFormat is RFC 3339 with milliseconds, all of the same length.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// newLogger writes lines of JSON for programs, or, to a terminal, text for
// people; colours are off where NO_COLOR is set.
func newLogger(out *os.File, debug bool) zerolog.Logger {
	zerolog.TimeFieldFormat = timeFormat // the library has no other place for it
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	log := zerolog.New(out)
	if term.IsTerminal(int(out.Fd())) {
		log = zerolog.New(zerolog.ConsoleWriter{Out: out, TimeFormat: "15:04:05.000", TimeLocation: time.Local})
	}
	return log.Level(level).With().Timestamp().Logger()
}

// logStart says where the broker listens, and what whoever runs it should know.
func logStart(log zerolog.Logger, addr net.Addr) {
	log.Info().Str("address", addr.String()).Str("version", cli.BuildVersion()).Msg("listening")
	log.Info().Msg("fencing tokens start from the clock of this machine: " +
		"they rise over a restart only if the clock is not set back")
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		log.Warn().Str("address", addr.String()).
			Msg("not only this machine can connect, and there are no credentials: everyone who reaches the port may do everything")
	}
}
