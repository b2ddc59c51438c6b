package codec

import (
	"bytes"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A scanner reads a plain frame.
type scanner struct {
	rest   []byte
	failed bool // something was not plain; it stays true
}

// has skips text if it comes next, and reports whether it did.
func (s *scanner) has(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// must skips text. If anything else comes next the scanner fails.
func (s *scanner) must(text string) {
	if !s.has(text) {
		s.failed = true
	}
}

// text returns the bytes before the next quote, and skips them and the quote.
func (s *scanner) text() []byte {
	end := bytes.IndexByte(s.rest, '"')
	if end < 0 {
		s.failed = true
		return nil
	}
	text := s.rest[:end]
	s.rest = s.rest[end+1:]
	ascii := true
	for _, c := range text {
		if c < ' ' || c == '\\' {
			s.failed = true
			return nil
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.Valid(text) {
		s.failed = true
	}
	return text
}

// integer reads an integer of at most MaxInteger, which has 16 digits.
func (s *scanner) integer() int64 {
	var n int64
	digits := 0
	for digits < len(s.rest) && digits <= 16 && s.rest[digits]-'0' <= 9 {
		n = n*10 + int64(s.rest[digits]-'0')
		digits++
	}
	if digits == 0 || n > wire.MaxInteger || digits > 1 && s.rest[0] == '0' {
		s.failed = true
	}
	s.rest = s.rest[digits:]
	return n
}

// id reads an id and the quote after it. For an id of the session known it does not allocate.
func (s *scanner) id(known string) wire.ID {
	text := s.text()
	if n := len(known); n > 0 && len(text) > n && string(text[:n]) == known {
		digits := scanner{rest: text[n:]}
		digits.must("--")
		id := wire.ID{Session: known, N: digits.integer()}
		if !digits.failed && len(digits.rest) == 0 {
			return id
		}
	}
	return wire.ParseID(string(text))
}

// isDone reports whether everything was plain and nothing is left.
func (s *scanner) isDone() bool { return !s.failed && len(s.rest) == 0 }

// ends reports whether the frame ends after id, and whether id is not empty.
func (s *scanner) ends(id wire.ID) bool {
	s.must("}")
	return s.isDone() && !id.IsZero()
}
