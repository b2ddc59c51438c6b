package wiretest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Kind is what happens in a step.
type Kind int

// The kinds of steps.
const (
	Connect    Kind = iota + 1 // a connects, or: a connects with QUERY
	Send                       // a -> {...}: the client sends Frame
	SendBinary                 // a -> binary: the client sends a binary frame
	Receive                    // a <- {...}: the broker sends Frame
	Closed                     // a <- close 1003 reason: the broker closes
	Close                      // a closes: the client says goodbye; a closes 1001: its library closes
	Vanish                     // a vanishes: TCP ends without a close frame
	Pass                       // .. 5s: time passes
	Grace                      // broker grants nothing for 3s: its last run did not stop cleanly
	Trust                      // broker trusts a for 4s: it accepts the credentials of a, which expire after Wait
	Permit                     // broker permits a acquire,list on build/**: a further permission of a
	Withdraw                   // broker permits a nothing: it has no permissions
	Revoke                     // broker revokes a: it no longer accepts the credentials of a
	Owner                      // broker is the owner at ws://...: it is one of several, and clients reach it at URL
)

const (
	graceLine = "broker grants nothing for "
	ownerLine = "broker is the owner at "
)

var kindNames = []string{
	"unknown", "connect", "send", "send binary", "receive", "closed", "close", "vanish", "pass", "grace",
	"trust", "permit", "withdraw", "revoke", "owner",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		k = 0
	}
	return kindNames[k]
}

// A Step is one line of a conversation.
type Step struct {
	// Line is the number of the line in the file, from 1.
	Line int
	Kind Kind
	// Conn is the connection: "a", "b" or "c". It is empty with Pass, Grace and Owner. The client of a has
	// the identity a.
	Conn string
	// Query is the query of the URL without the label, with Connect.
	Query string
	// Frame is the text of the frame, with Send and Receive.
	Frame []byte
	// Code and Reason are those of the close frame, with Closed, and with a Close that is not a
	// goodbye.
	Code   int
	Reason string
	// Wait is how much time passes, with Pass and Grace. With Trust it is when the credentials
	// expire, and 0 if they do not.
	Wait time.Duration
	// URL is where clients reach the broker, with Owner.
	URL string
	// Allow are the verbs, and Locks the globs, of a Permit.
	Allow, Locks []string
}

// parseStep reads one line.
func parseStep(line string) (Step, error) {
	subject, rest, _ := strings.Cut(line, " ")
	if subject == ".." {
		return parsePass(rest)
	}
	if wait, ok := strings.CutPrefix(line, graceLine); ok {
		step, err := parsePass(wait)
		step.Kind = Grace
		return step, err
	}
	if url, ok := strings.CutPrefix(line, ownerLine); ok {
		return Step{Kind: Owner, URL: url}, nil
	}
	if subject == "broker" {
		return parseAccess(rest)
	}
	if len(subject) != 1 || !strings.Contains(conns, subject) {
		return Step{}, fmt.Errorf("want a, b, c, .. or # at the start, not %.20q", subject)
	}
	step := Step{Conn: subject}
	switch rest {
	case "connects":
		step.Kind = Connect
		return step, nil
	case "closes":
		step.Kind = Close
		return step, nil
	case "vanishes":
		step.Kind = Vanish
		return step, nil
	}
	if query, connects := strings.CutPrefix(rest, "connects with "); connects {
		step.Kind, step.Query = Connect, query
		return step, nil
	}
	if code, closes := strings.CutPrefix(rest, "closes "); closes {
		return step.parseClose(code)
	}
	arrow, what, _ := strings.Cut(rest, " ")
	if what == "" {
		return Step{}, errors.New("want connects, closes, vanishes, or an arrow and a frame")
	}
	switch arrow {
	case "->":
		return step.parseSend(what), nil
	case "<-":
		return step.parseReceive(what)
	}
	return Step{}, fmt.Errorf("want -> or <-, not %.20q", arrow)
}

func parsePass(text string) (Step, error) {
	wait, err := time.ParseDuration(text)
	if err != nil || wait <= 0 {
		return Step{}, fmt.Errorf("want a duration above 0 such as 5s, not %.20q", text)
	}
	return Step{Kind: Pass, Wait: wait}, nil
}

func (s Step) parseSend(what string) Step {
	if what == "binary" {
		s.Kind = SendBinary
		return s
	}
	s.Kind, s.Frame = Send, []byte(what)
	return s
}

func (s Step) parseReceive(what string) (Step, error) {
	word, rest, _ := strings.Cut(what, " ")
	if word != "close" {
		s.Kind, s.Frame = Receive, []byte(what)
		return s, nil
	}
	code, reason, _ := strings.Cut(rest, " ")
	n, err := closeCode(code)
	if err != nil {
		return Step{}, err
	}
	s.Kind, s.Code, s.Reason = Closed, n, reason
	return s, nil
}

func (s Step) parseClose(code string) (Step, error) {
	n, err := closeCode(code)
	if err != nil {
		return Step{}, err
	}
	s.Kind, s.Code = Close, n
	return s, nil
}

func closeCode(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 || n > 4999 {
		return 0, fmt.Errorf("want a close code, 1000 to 4999, not %.20q", text)
	}
	return n, nil
}
