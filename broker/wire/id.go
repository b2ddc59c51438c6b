package wire

import (
	"strconv"
	"strings"
)

// MaxInteger is the greatest number on the wire, 2^53-1: the greatest up to
// which a JavaScript number holds every integer exactly.
const MaxInteger int64 = 1<<53 - 1

// An ID names a request for its whole life: "session--n". The zero ID stands
// for an absent one.
type ID struct {
	// Session is the name of the session that opened the request. In an ID
	// that is not of the form session--n it is the whole text as it came.
	Session string
	// N is the number of the request in its session, at most MaxInteger. It is
	// -1 in an ID that is not of the form session--n.
	N int64
}

// ParseID reads an ID. It cannot fail: text that is not of the form session--n
// gives an ID that keeps the text, is not [ID.Valid], and equals no valid one,
// so that an answer can carry an id just as it came.
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

// Valid reports whether id is of the form session--n.
func (id ID) Valid() bool { return id.N >= 0 && id.Session != "" }

// IsZero reports whether id is absent.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the text of the id: session--n, or what came instead.
func (id ID) String() string {
	text, _ := id.AppendText(nil)
	return string(text)
}

// AppendText appends the text of the id. It never fails.
func (id ID) AppendText(b []byte) ([]byte, error) {
	b = append(b, id.Session...)
	if id.Valid() {
		b = append(b, "--"...)
		b = strconv.AppendInt(b, id.N, 10)
	}
	return b, nil
}

// MarshalText is [ID.AppendText].
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText is [ParseID].
func (id *ID) UnmarshalText(text []byte) error {
	*id = ParseID(string(text))
	return nil
}
