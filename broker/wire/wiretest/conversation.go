package wiretest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Conversation is what one file says.
type Conversation struct {
	// Name is the file's name without its folder and without ".txt".
	Name string
	// Path is where Load read the file; empty after Parse.
	Path string
	// Steps are in the order of the file; there is at least one.
	Steps []Step
}

// Raw reports whether a client sends something here that no client library
// would: such conversations are for the broker alone.
func (c Conversation) Raw() bool { return strings.HasPrefix(c.Name, "raw-") }

// A Kind says what happens in a step.
type Kind int

// The kinds of steps.
const (
	Connect    Kind = iota + 1 // a connects; a connects with alive=message: in the query
	Send                       // a -> {...}: the client sends Frame
	SendBinary                 // a -> binary: the client sends a binary frame
	Receive                    // a <- {...}: the broker sends Frame
	Closed                     // a <- close 1003 reason: the broker closes
	Close                      // a closes: the client says goodbye; a closes 1001: its library sends that code by itself
	Vanish                     // a vanishes: TCP ends without a close frame
	Pass                       // .. 5s: time passes
	Grace                      // broker grants nothing for 3s: the last run has not stopped cleanly; first of all
)

const graceLine = "broker grants nothing for "

var kindNames = []string{"unknown", "connect", "send", "send binary", "receive", "closed", "close", "vanish", "pass", "grace"}

// String returns the kind in words, for the messages of tests.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		k = 0
	}
	return kindNames[k]
}

// A Step is one line of a conversation.
type Step struct {
	// Line is its number in the file, from 1.
	Line int
	Kind Kind
	// Conn is whose step it is: "a", "b" or "c"; empty with Pass and Grace.
	Conn string
	// Query is what the client says in the query beside its label; with Connect.
	Query string
	// Frame is the text of the frame, byte for byte; with Send and Receive.
	Frame []byte
	// Code and Reason are those of the close frame; with Closed, and a Close that is no goodbye.
	Code   int
	Reason string
	// Wait is how much time passes; with Pass and Grace.
	Wait time.Duration
}

// Session returns the name that the session of conn has in every conversation.
func Session(conn string) string { return strings.Repeat(conn, 8) }

// Client returns the label that the client of conn gives itself.
func Client(conn string) string { return conn }

// Remote returns the address from which conn comes, as the broker sees it.
func Remote(conn string) string {
	return fmt.Sprintf("192.0.2.%d:1000", strings.Index(conns, conn)+1)
}

const conns = "abc"

// Load reads every conversation of a folder, in the order of their names. A
// folder without any is an error, so that no test passes by testing nothing.
func Load(dir string) ([]Conversation, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("load conversations: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("load conversations: no .txt file in %q", dir)
	}
	var all []Conversation
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load conversations: %w", err)
		}
		c, err := Parse(strings.TrimSuffix(filepath.Base(path), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%w", path, err)
		}
		c.Path = path
		all = append(all, c)
	}
	return all, nil
}

// Parse reads one conversation. Its errors begin with the number of the line.
func Parse(name, text string) (Conversation, error) {
	c := Conversation{Name: name}
	open := map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		step, err := parseStep(line)
		if err == nil {
			err = step.follow(open, len(c.Steps) == 0)
		}
		if err != nil {
			return Conversation{}, fmt.Errorf("%d: %w", number, err)
		}
		step.Line = number
		c.Steps = append(c.Steps, step)
	}
	if len(c.Steps) == 0 {
		return Conversation{}, errors.New("1: a conversation without a step")
	}
	return c, nil
}

// follow checks that a connection is there when something happens on it, and
// keeps open up to date.
func (s Step) follow(open map[string]bool, first bool) error {
	switch {
	case s.Kind == Grace && !first:
		return errors.New("the broker begins before anything else happens")
	case s.Kind == Grace:
		return nil
	case s.Kind == Pass:
		return nil
	case s.Kind == Connect && open[s.Conn]:
		return fmt.Errorf("%s is connected already", s.Conn)
	case s.Kind != Connect && !open[s.Conn]:
		return fmt.Errorf("%s is not connected", s.Conn)
	}
	goodbye := s.Kind == Close && s.Code == 0
	open[s.Conn] = s.Kind != Closed && !goodbye && s.Kind != Vanish
	return nil
}
