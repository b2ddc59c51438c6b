package main

import (
	"bytes"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// timeFormat is RFC 3339 with milliseconds and a fixed length.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// logLines and logBytes limit the queue of lines that are not written yet. Further lines are dropped and counted,
// because no caller may wait for the log.
const (
	logLines = 10_000
	logBytes = 4 << 20
)

// newLogger returns a logger that writes JSON lines to file, or text with colors if file is a terminal and NO_COLOR
// is not set. The lines go through a queue.
func newLogger(file *os.File, debug bool) (zerolog.Logger, *logQueue) {
	zerolog.TimeFieldFormat = timeFormat // zerolog has no other setting for this.
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	var out io.Writer = &lineWriter{out: file}
	if term.IsTerminal(int(file.Fd())) {
		out = zerolog.ConsoleWriter{Out: file, TimeFormat: "15:04:05.000", TimeLocation: time.Local}
	}
	lines := newLogQueue(out, amount{logLines, logBytes}, droppedLine)
	return zerolog.New(lines).Level(level).With().Timestamp().Logger(), lines
}

// droppedLine returns a log line that says how many lines were dropped, and why: the log was slow, or a write
// failed with err.
func droppedLine(dropped amount, err error) []byte {
	var line bytes.Buffer
	log := zerolog.New(&line).With().Timestamp().Logger()
	event := log.Warn().Int64("lines", dropped.lines).Int64("bytes", dropped.bytes)
	if err == nil {
		event.Msg("the log was too slow: lines were dropped")
	} else {
		event.Err(err).Msg("the log could not be written: lines were dropped")
	}
	return line.Bytes()
}
