package access

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// UserOf returns the user at the other end of a Unix socket. It returns false for other connections.
func UserOf(conn net.Conn) (*User, bool) {
	socket, is := conn.(*net.UnixConn)
	if !is {
		return nil, false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, false
	}
	return peerOf(raw)
}

func peerOf(raw syscall.RawConn) (user *User, known bool) {
	err := raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			user, known = &User{UID: peer.Uid}, true
		}
	})
	return user, known && err == nil
}
