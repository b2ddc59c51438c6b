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
			received, known = info.State != closed, true
		}
	})
	return received, known
}
