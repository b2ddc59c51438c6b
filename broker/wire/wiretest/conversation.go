package wiretest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Conversation is the content of one file.
type Conversation struct {
	// Name is the name of the file without the folder and ".txt".
	Name string
	// Path is the path of the file. It is empty after Parse.
	Path string
	// Steps are the steps in the order of the file, at least one.
	Steps []Step
}

// Raw reports whether a client sends something that no client library would send. Raw
// conversations test only brokers.
func (c Conversation) Raw() bool { return strings.HasPrefix(c.Name, "raw-") }

// Session returns the name of the session of conn. It is the same in every conversation.
func Session(conn string) string { return strings.Repeat(conn, 8) }

// Client returns the label of the client of conn.
func Client(conn string) string { return conn }

// Remote returns the address from which the client of conn connects.
func Remote(conn string) string {
	return fmt.Sprintf("192.0.2.%d:1000", strings.Index(conns, conn)+1)
}

const conns = "abc"

// Load reads all conversations in a folder, in the order of their names. A folder without one is
// an error, so that no test passes without testing anything.
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

// Parse reads one conversation. Each error begins with the number of a line.
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

// follow checks that the connection of s is open, or not open yet if s is a Connect. It updates
// open.
func (s Step) follow(open map[string]bool, first bool) error {
	switch {
	case (s.Kind == Grace || s.Kind == Owner) && !first:
		return errors.New("this line must be the first step")
	case s.Kind == Grace, s.Kind == Pass, s.Kind >= Trust:
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
