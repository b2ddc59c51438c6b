package broker

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// receivedFIN reports whether a connection that reads EOF has received a FIN, which leaves
// it half open. After an error it is closed.
func receivedFIN(conn syscall.RawConn) (received, known bool) {
	const closed = 7 // TCP_CLOSE in include/net/tcp_states.h
	_ = conn.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil { // else it is not TCP
			received, known = info.State != closed || wasResetAfterFIN(int(fd)), true
		}
	})
	return received, known
}

// wasResetAfterFIN reports whether a connection that is closed had received a FIN before: the broker sends
// something, such as the answer to a close frame, to a client that has closed, and the client's kernel answers with
// RST. Linux then has EPIPE for it, and for nothing else (tcp_reset in net/ipv4/tcp_input.c), but reads tell EOF.
func wasResetAfterFIN(fd int) bool {
	pending, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return err == nil && syscall.Errno(pending) == syscall.EPIPE
}
