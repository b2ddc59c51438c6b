package event

import (
	"fmt"
	"strconv"
	"strings"
)

// A Verb says what happened to a request.
type Verb string

// The verbs, in the order in which a request can go through them.
const (
	Called   Verb = "called"   // the program is about to ask for the locks; the time is from before
	Granted  Verb = "granted"  // it has them; the time is from after
	Held     Verb = "held"     // the client said that it still holds them; the time is from before it said so
	LostAt   Verb = "lost-at"  // the locks are lost; the time is when that was, as far as the worker knows
	Released Verb = "released" // the release has returned without an error; the time is from after
	Lost     Verb = "lost"     // the client said that the locks are lost; the time is from after
	Failed   Verb = "failed"   // the program did not get the locks; the time is from after
)

// An Event is one thing that happened to a request.
type Event struct {
	Time    int64 // nanoseconds on CLOCK_MONOTONIC
	Verb    Verb
	Request int
	Locks   []Lock // of Called
	Token   int64  // of Granted
	Reason  string // of Lost and Failed
}

// String returns the event as a line, without the newline.
func (e Event) String() string {
	line := fmt.Sprintf("%d %s %d", e.Time, e.Verb, e.Request)
	switch e.Verb {
	case Called:
		return line + " " + Names(e.Locks)
	case Granted:
		return line + " " + strconv.FormatInt(e.Token, 10)
	case Lost, Failed:
		return line + " " + strings.ReplaceAll(e.Reason, "\n", " ")
	}
	return line
}

// Parse reads a line.
func Parse(line string) (Event, error) {
	words := strings.SplitN(line, " ", 4)
	if len(words) < 3 {
		return Event{}, fmt.Errorf("event %q: want a time, a verb and a request", line)
	}
	rest := strings.Join(words[3:], "")
	e := Event{Verb: Verb(words[1])}
	var err error
	if e.Time, err = strconv.ParseInt(words[0], 10, 64); err != nil {
		return Event{}, fmt.Errorf("event %q: time: %w", line, err)
	}
	if e.Request, err = strconv.Atoi(words[2]); err != nil {
		return Event{}, fmt.Errorf("event %q: request: %w", line, err)
	}
	switch e.Verb {
	case Called:
		e.Locks, err = parseLocks(rest)
	case Granted:
		e.Token, err = strconv.ParseInt(rest, 10, 64)
	case Lost, Failed:
		e.Reason = rest
	case Held, LostAt, Released:
	default:
		err = fmt.Errorf("unknown verb %q", e.Verb)
	}
	if err != nil {
		return Event{}, fmt.Errorf("event %q: %w", line, err)
	}
	return e, nil
}
