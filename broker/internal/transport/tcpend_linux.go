package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// receivedFIN reports whether a FIN was received on a connection whose reads return EOF. A FIN
// leaves the connection half open, but an error closes it.
func receivedFIN(conn syscall.RawConn) (received, known bool) {
	const closed = 7 // TCP_CLOSE in include/net/tcp_states.h
	_ = conn.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil { // otherwise it is not TCP
			received, known = info.State != closed || wasResetAfterFIN(int(fd)), true
		}
	})
	return received, known
}

// wasResetAfterFIN reports whether a closed connection had received a FIN before the RST that
// closed it. This happens when the broker sends something, such as the answer to a close frame, to
// a client that has already closed: the client's kernel answers with RST. In this case, and in no
// other, Linux sets the error EPIPE, although reads return EOF (tcp_reset in net/ipv4/tcp_input.c).
func wasResetAfterFIN(fd int) bool {
	pending, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return err == nil && syscall.Errno(pending) == syscall.EPIPE
}
