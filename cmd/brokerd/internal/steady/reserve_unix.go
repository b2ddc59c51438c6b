//go:build unix

package steady

import (
	"net"
	"syscall"
)

// reserve is how many descriptors below the limit are not for connections.
const reserve = 4

// isReserved reports whether a connection has one of the last descriptors of the process. The system always hands out
// the lowest free number. So as long as no connection keeps a reserved one, some of them are free.
func isReserved(conn net.Conn) bool {
	var limit syscall.Rlimit
	socket, ok := conn.(syscall.Conn)
	if !ok || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	reserved := false
	err = raw.Control(func(number uintptr) {
		reserved = uint64(number)+reserve >= uint64(limit.Cur) //nolint:unconvert // int64 on some systems
	})
	return err == nil && reserved
}
