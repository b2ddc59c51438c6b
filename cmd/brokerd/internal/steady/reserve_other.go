//go:build !unix

package steady

import "net"

// isReserved returns false: this system does not number descriptors.
func isReserved(net.Conn) bool { return false }
