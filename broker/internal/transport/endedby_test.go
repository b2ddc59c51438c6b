package transport

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

// sightings contains examples for each row of the table in PROTOCOL.md.
var sightings = map[string][]Sighting{
	"a close frame from the client with the code 1000 and the reason `goodbye`": {
		{Said: closeError(wire.CloseNormal, "goodbye")},
		{Said: closeError(wire.CloseNormal, "goodbye"), TCP: syscall.ETIMEDOUT},
	},
	"the answer to the broker's close frame: a close frame with the same code": {
		{Asked: wire.ClosePolicy, Said: closeError(wire.ClosePolicy, "")},
		{Asked: wire.CloseTooBig, Said: closeError(wire.CloseTooBig, "frame too long"), TCP: syscall.ETIMEDOUT},
	},
	"anything else after the broker's close frame, with `alive=message`": {
		{MessagesOnly: true, Asked: wire.ClosePolicy, Said: closeError(wire.ClosePolicy, "")},
		{MessagesOnly: true, Asked: wire.ClosePolicy, TCP: io.EOF},
		{MessagesOnly: true, Asked: wire.CloseTooBig, Said: closeError(wire.CloseTooBig, ""),
			TCP: syscall.ECONNRESET},
	},
	"FIN: TCP says end of file": {
		{TCP: io.EOF}, {Said: closeError(websocket.CloseGoingAway, ""), TCP: io.EOF},
		{MessagesOnly: true, TCP: io.EOF},
	},
	"RST: TCP says ECONNRESET": {
		{TCP: opError("read", syscall.ECONNRESET)}, {TCP: opError("write", syscall.ECONNRESET)},
	},
	"a TLS alert or error": {{TCP: tls.AlertError(0)}, {TCP: tls.RecordHeaderError{}},
		{TCP: io.ErrUnexpectedEOF}},
	"any other TCP error, such as ETIMEDOUT, EHOSTUNREACH or EPIPE": {
		{TCP: syscall.ETIMEDOUT}, {TCP: syscall.EHOSTUNREACH}, {TCP: syscall.EPIPE},
		{TCP: syscall.ECONNABORTED},
	},
	"any other close frame from the client": {
		{Said: closeError(wire.CloseNormal, "")}, {Said: closeError(wire.CloseNormal, "Goodbye")},
		{Said: closeError(websocket.CloseNoStatusReceived, "")},
		{Said: closeError(websocket.CloseGoingAway, "goodbye")},
		{Said: closeError(wire.CloseProtocol, "")}, {Said: closeError(wire.CloseRestart, "the broker stops")},
		// These crossed the broker's own close frame.
		{Asked: wire.ClosePolicy, Said: closeError(wire.CloseNormal, "")},
		{Asked: wire.CloseTooBig, Said: closeError(wire.ClosePolicy, "")},
		{Asked: wire.CloseBinary, Said: closeError(websocket.CloseNoStatusReceived, "")},
	},
	"a breach of the WebSocket protocol or of this page": {{}},
	"the broker's own decision: `silent`, `slow consumer`, a write without progress": {
		{}, {TCP: os.ErrDeadlineExceeded}, {TCP: net.ErrClosed},
	},
	"anything else": {{TCP: errors.New("nobody has thought of it")}, {TCP: io.ErrClosedPipe}},
}

func closeError(code int, text string) *websocket.CloseError {
	return &websocket.CloseError{Code: code, Text: text}
}

// opError returns an error as package net would.
func opError(op string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, errno)}
}

// The table in PROTOCOL.md agrees with the code, row by row.
func TestEndsMatchProtocol(t *testing.T) {
	page, err := os.ReadFile("../../wire/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	const header = "\n| What the broker has seen | Locks go | With lock delay |\n| --- | --- | --- |\n"
	_, rest, _ := strings.Cut(string(page), header)
	body, _, _ := strings.Cut(rest, "\n\n")
	words := map[bool]string{true: "at once", false: "kept"}
	unseen := maps.Clone(sightings)
	for line := range strings.SplitSeq(body, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || sightings[cells[0]] == nil {
			t.Errorf("an unknown row: %s", line)
			continue
		}
		delete(unseen, cells[0])
		for _, s := range sightings[cells[0]] {
			by := s.EndedBy()
			if got := []string{words[by.FreesLocks(false)],
				words[by.FreesLocks(true)]}; !slices.Equal(got, cells[1:]) {
				t.Errorf("%s: %v, %v: got %q, the page says %q", cells[0], s.Said, s.TCP, got,
					cells[1:])
			}
		}
	}
	for row := range unseen {
		t.Errorf("the page has no row %q", row)
	}
}

// documented contains the errors that the Linux manual pages recv(2), send(2), read(2), write(2),
// tcp(7), ip(7) and socket(7) list.
var documented = []syscall.Errno{
	syscall.EACCES, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EAGAIN,
	syscall.EALREADY,
	syscall.EBADF, syscall.ECONNABORTED, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EDESTADDRREQ,
	syscall.EDQUOT,
	syscall.EFAULT, syscall.EFBIG, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.EINPROGRESS, syscall.EINTR,
	syscall.EINVAL, syscall.EIO, syscall.EISCONN, syscall.EISDIR, syscall.EMSGSIZE, syscall.ENETDOWN,
	syscall.ENETRESET,
	syscall.ENETUNREACH, syscall.ENOBUFS, syscall.ENOENT, syscall.ENOMEM, syscall.ENOPROTOOPT, syscall.ENOSPC,
	syscall.ENOTCONN, syscall.ENOTSOCK, syscall.EOPNOTSUPP, syscall.EPERM, syscall.EPIPE, syscall.EPROTO,
	syscall.ESHUTDOWN, syscall.ETIMEDOUT,
}

// An oddConn fails with given errors.
type oddConn struct {
	net.Conn
	read, written error
}

func (c *oddConn) Read([]byte) (int, error)  { return 0, c.read }
func (c *oddConn) Write([]byte) (int, error) { return 0, c.written }

func (c *oddConn) SetWriteDeadline(time.Time) error { return nil }

// ECONNRESET is the only system error that says that the client has ended, for reads and for
// writes.
func TestEveryErrno(t *testing.T) {
	for _, errno := range documented {
		want := ByUnknown
		if errno == syscall.ECONNRESET {
			want = ByRST
		}
		for op, c := range map[string]*progressConn{
			"read":  newProgressConn(&oddConn{read: opError("read", errno)}),
			"write": newProgressConn(&oddConn{written: opError("write", errno), read: io.EOF}),
		} {
			if op == "write" {
				_, _ = c.Write([]byte("x"))
			}
			_, _ = c.Read(make([]byte, 1))
			if got := c.EndedBy(0, nil); got != want {
				t.Errorf("%s: %v: got %d, want %d", op, errno, got, want)
			}
		}
	}
}

// If a write gets the system's error, the reader then gets EOF, which does not mean a FIN. EOF does
// not count during a write either, because the write may have an error that it has not recorded
// yet.
func TestEOFAfterAnError(t *testing.T) {
	c := newProgressConn(&oddConn{read: io.EOF})
	c.tcp.beginWrite()
	_, _ = c.Read(make([]byte, 1))
	if err := c.tcp.cause(); err != nil {
		t.Errorf("during a write: %v", err)
	}
	c.tcp.endWrite(syscall.ETIMEDOUT)
	_, _ = c.Read(make([]byte, 1))
	if err := c.tcp.cause(); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("after it: %v", err)
	}
}

// If the write in progress then ends without a system error, EOF meant a FIN.
func TestEOFDuringAWrite(t *testing.T) {
	c := newProgressConn(&oddConn{read: io.EOF})
	c.tcp.beginWrite()
	_, _ = c.Read(make([]byte, 1))
	c.tcp.endWrite(os.ErrDeadlineExceeded)
	if err := c.tcp.cause(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want EOF", err)
	}
}
