package broker

import (
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A sighting is what the broker may see of the end of a connection.
type sighting struct {
	asked int // the code of the broker's own close frame
	said  *websocket.CloseError
	tcp   error

	byMessage bool // the client wants only messages to be signs of its life
}

// sightings has examples for each row of the table in PROTOCOL.md.
var sightings = map[string][]sighting{
	"a close frame from the client with the code 1000 and the reason `goodbye`": {
		{said: closeError(wire.CloseNormal, "goodbye")},
		{said: closeError(wire.CloseNormal, "goodbye"), tcp: syscall.ETIMEDOUT},
	},
	"the answer to a close frame of the broker: a close frame with the same code": {
		{asked: wire.ClosePolicy, said: closeError(wire.ClosePolicy, "")},
		{asked: wire.CloseTooBig, said: closeError(wire.CloseTooBig, "frame too long"), tcp: syscall.ETIMEDOUT},
	},
	"anything else after a close frame of the broker, with `alive=message`": {
		{byMessage: true, asked: wire.ClosePolicy, said: closeError(wire.ClosePolicy, "")},
		{byMessage: true, asked: wire.ClosePolicy, tcp: io.EOF},
		{byMessage: true, asked: wire.CloseTooBig, said: closeError(wire.CloseTooBig, ""), tcp: syscall.ECONNRESET},
	},
	"FIN: TCP says end of file": {
		{tcp: io.EOF}, {said: closeError(websocket.CloseGoingAway, ""), tcp: io.EOF}, {byMessage: true, tcp: io.EOF},
	},
	"RST: TCP says ECONNRESET": {
		{tcp: opError("read", syscall.ECONNRESET)}, {tcp: opError("write", syscall.ECONNRESET)},
	},
	"an alert or an error of TLS": {{tcp: tls.AlertError(0)}, {tcp: tls.RecordHeaderError{}}, {tcp: io.ErrUnexpectedEOF}},
	"any other error of TCP, such as ETIMEDOUT, EHOSTUNREACH or EPIPE": {
		{tcp: syscall.ETIMEDOUT}, {tcp: syscall.EHOSTUNREACH}, {tcp: syscall.EPIPE}, {tcp: syscall.ECONNABORTED},
	},
	"any other close frame from the client": {
		{said: closeError(wire.CloseNormal, "")}, {said: closeError(wire.CloseNormal, "Goodbye")},
		{said: closeError(websocket.CloseNoStatusReceived, "")}, {said: closeError(websocket.CloseGoingAway, "goodbye")},
		{said: closeError(wire.CloseProtocol, "")}, {said: closeError(wire.CloseRestart, "the broker stops")},
		// These have crossed the broker's own.
		{asked: wire.ClosePolicy, said: closeError(wire.CloseNormal, "")},
		{asked: wire.CloseTooBig, said: closeError(wire.ClosePolicy, "")},
		{asked: wire.CloseBinary, said: closeError(websocket.CloseNoStatusReceived, "")},
	},
	"a breach of the rules of WebSocket or of this page": {{}},
	"the broker's own decision: `silent`, `slow consumer`, a write without progress": {
		{}, {tcp: os.ErrDeadlineExceeded}, {tcp: net.ErrClosed},
	},
	"anything else": {{tcp: errors.New("nobody has thought of it")}, {tcp: io.ErrClosedPipe}},
}

func closeError(code int, text string) *websocket.CloseError {
	return &websocket.CloseError{Code: code, Text: text}
}

// opError is an error as package net makes it.
func opError(op string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, errno)}
}

// The table of PROTOCOL.md says what the code does, row by row.
func TestEndsOnThePage(t *testing.T) {
	page, err := os.ReadFile("wire/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	const header = "\n| What the broker has seen | Locks go | With lock delay |\n| --- | --- | --- |\n"
	_, rest, _ := strings.Cut(string(page), header)
	body, _, _ := strings.Cut(rest, "\n\n")
	words := map[bool]string{true: "at once", false: "kept"}
	unseen := maps.Clone(sightings)
	for _, line := range strings.Split(body, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || sightings[cells[0]] == nil {
			t.Errorf("a row that is not known here: %s", line)
			continue
		}
		delete(unseen, cells[0])
		for _, s := range sightings[cells[0]] {
			by := whoEnded(s.asked, s.byMessage, s.said, s.tcp)
			if got := []string{words[by.frees(false)], words[by.frees(true)]}; !slices.Equal(got, cells[1:]) {
				t.Errorf("%s: %v, %v: got %q, the page says %q", cells[0], s.said, s.tcp, got, cells[1:])
			}
		}
	}
	for row := range unseen {
		t.Errorf("the page has no row %q", row)
	}
}

// documented are the errors that the manual pages of Linux list: recv(2), send(2), read(2), write(2),
// tcp(7), ip(7) and socket(7).
var documented = []syscall.Errno{
	syscall.EACCES, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EAGAIN, syscall.EALREADY,
	syscall.EBADF, syscall.ECONNABORTED, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EDESTADDRREQ, syscall.EDQUOT,
	syscall.EFAULT, syscall.EFBIG, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.EINPROGRESS, syscall.EINTR,
	syscall.EINVAL, syscall.EIO, syscall.EISCONN, syscall.EISDIR, syscall.EMSGSIZE, syscall.ENETDOWN, syscall.ENETRESET,
	syscall.ENETUNREACH, syscall.ENOBUFS, syscall.ENOENT, syscall.ENOMEM, syscall.ENOPROTOOPT, syscall.ENOSPC,
	syscall.ENOTCONN, syscall.ENOTSOCK, syscall.EOPNOTSUPP, syscall.EPERM, syscall.EPIPE, syscall.EPROTO,
	syscall.ESHUTDOWN, syscall.ETIMEDOUT,
}

// An oddConn fails with what the system has said.
type oddConn struct {
	net.Conn
	read, written error
}

func (c *oddConn) Read([]byte) (int, error)  { return 0, c.read }
func (c *oddConn) Write([]byte) (int, error) { return 0, c.written }

func (c *oddConn) SetWriteDeadline(time.Time) error { return nil }

// Of all errors of the system, in both directions, ECONNRESET alone says that the other side
// has ended.
func TestEveryErrno(t *testing.T) {
	for _, errno := range documented {
		want := byUnknown
		if errno == syscall.ECONNRESET {
			want = byRST
		}
		for op, c := range map[string]*progressConn{
			"read":  newProgressConn(&oddConn{read: opError("read", errno)}),
			"write": newProgressConn(&oddConn{written: opError("write", errno), read: io.EOF}),
		} {
			if op == "write" {
				_, _ = c.Write([]byte("x"))
			}
			_, _ = c.Read(make([]byte, 1))
			if got := whoEnded(0, false, nil, c.tcp.cause()); got != want {
				t.Errorf("%s: %v: got %d, want %d", op, errno, got, want)
			}
		}
	}
}

// A write that fails has been told why; the reader gets EOF, which is then no FIN. Nor is it
// while a write is under way, which may have been told and not said so yet.
func TestEOFAfterAnError(t *testing.T) {
	c := newProgressConn(&oddConn{read: io.EOF})
	c.tcp.writing()
	_, _ = c.Read(make([]byte, 1))
	if err := c.tcp.cause(); err != nil {
		t.Errorf("during a write: %v", err)
	}
	c.tcp.wrote(syscall.ETIMEDOUT)
	_, _ = c.Read(make([]byte, 1))
	if err := c.tcp.cause(); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("after it: %v", err)
	}
}

// A write that ends without an error of the system has been told nothing: then EOF was a FIN.
func TestEOFDuringAWrite(t *testing.T) {
	c := newProgressConn(&oddConn{read: io.EOF})
	c.tcp.writing()
	_, _ = c.Read(make([]byte, 1))
	c.tcp.wrote(os.ErrDeadlineExceeded)
	if err := c.tcp.cause(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want EOF", err)
	}
}
