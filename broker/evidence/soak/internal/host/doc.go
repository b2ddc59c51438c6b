// Package host is the broker process of the soak: package broker, run as cmd/brokerd runs it, and commands on stdin
// that measure the process and make its disk fail.
package host
