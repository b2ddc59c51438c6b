package codec

import (
	"bytes"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A scanner reads a plain frame. Once something is not plain it stays so.
type scanner struct {
	rest   []byte
	failed bool
}

// has passes over text if that comes next.
func (s *scanner) has(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// must passes over text, which has to come next.
func (s *scanner) must(text string) {
	if !s.has(text) {
		s.failed = true
	}
}

// text returns what stands before the next quote, and passes over that.
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

// integer reads one of up to MaxInteger, which has 16 digits.
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

// id reads an id up to its quote. Where its session is known, that string is used.
func (s *scanner) id(known string) wire.ID {
	text := s.text()
	if n := len(known) + len("--"); known != "" && len(text) > n && string(text[:len(known)]) == known && text[len(known)] == '-' {
		digits := scanner{rest: text[len(known):]}
		digits.must("--")
		id := wire.ID{Session: known, N: digits.integer()}
		if !digits.failed && len(digits.rest) == 0 {
			return id
		}
	}
	return wire.ParseID(string(text))
}

// isDone reports whether all was plain and nothing is left.
func (s *scanner) isDone() bool { return !s.failed && len(s.rest) == 0 }
