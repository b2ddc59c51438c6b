package wire

import (
	"strconv"
	"strings"
)

// MaxInteger is the greatest number on the wire, 2^53-1. A JavaScript number holds every integer
// up to it exactly.
const MaxInteger int64 = 1<<53 - 1

// An ID names a request for its whole life. Its text is "session--n". The zero ID is an absent
// one. IDs can be compared with ==.
type ID struct {
	// Session is the name of the session that made the request. In an ID that is not valid it
	// is the whole text.
	Session string
	// N is the number of the request in its session, 0 to MaxInteger. In an ID that is not
	// valid it is -1.
	N int64
}

// ParseID returns the ID with that text. If the text is not of the form session--n, the ID is
// not [ID.Valid], equals no valid ID, and keeps the text, so that an answer can repeat it.
func ParseID(text string) ID {
	session, digits, found := strings.Cut(text, "--")
	if !found || session == "" || (len(digits) > 1 && digits[0] == '0') {
		return ID{Session: text, N: -1}
	}
	n, err := strconv.ParseUint(digits, 10, 53)
	if err != nil {
		return ID{Session: text, N: -1}
	}
	return ID{Session: session, N: int64(n)}
}

// Valid reports whether the text of id is of the form session--n.
func (id ID) Valid() bool { return id.N >= 0 && id.Session != "" }

// IsZero reports whether id is absent.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the text of id.
func (id ID) String() string {
	text, _ := id.AppendText(nil)
	return string(text)
}

// AppendText appends the text of id. It never fails.
func (id ID) AppendText(b []byte) ([]byte, error) {
	b = append(b, id.Session...)
	if id.Valid() {
		b = append(b, "--"...)
		b = strconv.AppendInt(b, id.N, 10)
	}
	return b, nil
}

// MarshalText returns the text of id. It never fails.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText sets id to the ID with that text, as [ParseID] does. It never fails.
func (id *ID) UnmarshalText(text []byte) error {
	*id = ParseID(string(text))
	return nil
}
