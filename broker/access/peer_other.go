//go:build !linux

package access

import "net"

// UserOf returns false: this system is not supported.
func UserOf(net.Conn) (*User, bool) { return nil, false }
