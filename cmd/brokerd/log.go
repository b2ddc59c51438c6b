package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// timeFormat is RFC 3339 with milliseconds, all of the same length.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// logLines and logBytes are how much of the log may wait to be written. Nobody waits for it:
// where out takes nothing, further lines are dropped, and counted.
const (
	logLines = 10_000
	logBytes = 4 << 20
)

// newLogger writes lines of JSON for programs, or, to a terminal, text for
// people; colours are off where NO_COLOR is set. Flush writes what waits.
func newLogger(file *os.File, debug bool) (log zerolog.Logger, flush func()) {
	zerolog.TimeFieldFormat = timeFormat // the library has no other place for it
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	var out io.Writer = &wholeLines{out: file}
	if term.IsTerminal(int(file.Fd())) {
		out = zerolog.ConsoleWriter{Out: file, TimeFormat: "15:04:05.000", TimeLocation: time.Local}
	}
	lines := newQueue(out, room{logLines, logBytes}, lineOfMissed)
	return zerolog.New(lines).Level(level).With().Timestamp().Logger(), lines.flush
}

// lineOfMissed returns the line that stands for those that were dropped, because the log was too slow, or could
// not be written.
func lineOfMissed(missed room, err error) []byte {
	var line bytes.Buffer
	log := zerolog.New(&line).With().Timestamp().Logger()
	event := log.Warn().Int64("lines", missed.lines).Int64("bytes", missed.bytes)
	if err == nil {
		event.Msg("the log was too slow: lines were dropped")
	} else {
		event.Err(err).Msg("the log could not be written: lines were dropped")
	}
	return line.Bytes()
}

// logStart says where the broker listens, and what whoever runs it should know.
func logStart(log zerolog.Logger, addr net.Addr) {
	log.Info().Str("address", addr.String()).Str("version", cli.BuildVersion()).Msg("listening")
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		log.Warn().Str("address", addr.String()).
			Msg("not only this machine can connect, and there are no credentials: everyone who reaches the port may do everything")
	}
}
