package listen

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// firstDescriptor is the first descriptor that systemd passes, after the three standard streams.
const firstDescriptor = 3

// passedNames returns the names of the sockets that systemd has passed to a process, in the order of their
// descriptors, as sd_listen_fds_with_names(3) says.
func passedNames(pid int, getenv func(string) string) []string {
	count, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if getenv("LISTEN_PID") != strconv.Itoa(pid) || err != nil || count <= 0 {
		return nil // nothing was passed, or it was meant for another process
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	if len(names) != count {
		return nil
	}
	return names
}

// listenSystemd returns the sockets with the name of the address. It must be called once for each name.
func (a Address) listenSystemd() ([]Socket, error) {
	names := passedNames(os.Getpid(), os.Getenv)
	var sockets []Socket
	for i, name := range names {
		if name != a.name {
			continue
		}
		listener, err := listenOn(firstDescriptor+i, systemdScheme+name)
		if err != nil {
			return nil, err
		}
		address := listener.Addr().String()
		if listener.Addr().Network() == "unix" {
			address = unixScheme + address
			if a.proxied {
				_ = listener.Close()
				return nil, fmt.Errorf("%s: proxy-protocol is only for TCP", address)
			}
		}
		sockets = append(sockets, Socket{listener, address, a.proxied})
	}
	if len(sockets) == 0 {
		if len(names) == 0 {
			return nil, fmt.Errorf("systemd has passed no sockets: want one with the name %q", a.name)
		}
		return nil, fmt.Errorf("systemd has passed no socket with the name %q, but %q", a.name, names)
	}
	return sockets, nil
}

func listenOn(descriptor int, name string) (net.Listener, error) {
	closeOnExec(descriptor)
	file := os.NewFile(uintptr(descriptor), name)
	if file == nil {
		return nil, fmt.Errorf("%s: want a descriptor", name)
	}
	defer func() { _ = file.Close() }() // FileListener uses a copy
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("%s: want a socket that listens: %w", name, err)
	}
	return listener, nil
}
