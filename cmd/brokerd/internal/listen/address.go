package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// The schemes of addresses other than TCP.
const (
	unixScheme    = "unix:"
	systemdScheme = "systemd:"
)

// defaultMode lets only the user of this process connect to a Unix socket.
const defaultMode fs.FileMode = 0o600

// An Address says where to listen. Exactly one of port, path and name is set.
type Address struct {
	host, port string

	path        string
	mode        fs.FileMode
	user, group string // names or numbers; "": those of this process

	name string // as in LISTEN_FDNAMES

	proxied bool // connections begin with a header of the PROXY protocol
}

// A Socket is a listener and its address as an operator knows it.
type Socket struct {
	net.Listener
	Address string // such as 127.0.0.1:27002 or unix:/run/brokerd.sock
	Proxied bool   // its connections begin with a header of the PROXY protocol
}

// TCP returns the address of a host and a port.
func TCP(host string, port uint16) Address {
	return Address{host: host, port: strconv.Itoa(int(port))}
}

// Parse reads an address.
func Parse(text string) (Address, error) {
	if rest, found := strings.CutPrefix(text, unixScheme); found {
		return parseUnix(rest)
	}
	text, query, _ := strings.Cut(text, "?")
	a, err := parsePlain(text)
	if err == nil {
		err = a.setAll(query, "want proxy-protocol=required")
	}
	return a, err
}

func parsePlain(text string) (Address, error) {
	if name, found := strings.CutPrefix(text, systemdScheme); found {
		if name == "" {
			return Address{}, errors.New("want the name of a socket, as in systemd:NAME")
		}
		return Address{name: name}, nil
	}
	return parseTCP(text)
}

func parseTCP(text string) (Address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return Address{}, fmt.Errorf("%.80q: want HOST:PORT, unix:/PATH or systemd:NAME", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("port %.80q: want a number from 0 to 65535", port)
	}
	if host == "" {
		return Address{}, errors.New("want a host before the port: 0.0.0.0 for all IPv4 interfaces, " +
			"[::] for all interfaces")
	}
	if host, err = cli.Host(host); err != nil {
		return Address{}, fmt.Errorf("%.80q: want HOST:PORT, with an IPv6 address in brackets", text)
	}
	return TCP(host, uint16(number)), nil
}

// parseUnix reads a path, and perhaps settings after a question mark.
func parseUnix(text string) (Address, error) {
	path, query, _ := strings.Cut(text, "?")
	if !filepath.IsAbs(path) {
		return Address{}, fmt.Errorf("%.80q: want an absolute path, as in unix:/run/brokerd.sock", path)
	}
	a := Address{path: filepath.Clean(path), mode: defaultMode}
	return a, a.setAll(query, "want mode=, user= and group=, separated by &")
}

// setAll reads the settings of an address.
func (a *Address) setAll(query, want string) error {
	settings, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%.80q: %s", query, want)
	}
	set := a.setTCP
	if a.IsLocal() {
		set = a.setUnix
	}
	for name, values := range settings {
		if len(values) > 1 {
			return fmt.Errorf("%.80q is given twice", name)
		}
		if err := set(name, values[0]); err != nil {
			return err
		}
	}
	return nil
}

func (a *Address) setTCP(name, value string) error {
	switch {
	case name != "proxy-protocol":
		return fmt.Errorf("unknown setting %.80q: want proxy-protocol", name)
	case value != "required":
		return fmt.Errorf("proxy-protocol is %.80q: want required", value)
	}
	a.proxied = true
	return nil
}

func (a *Address) setUnix(name, value string) error {
	switch name {
	case "mode":
		mode, err := strconv.ParseUint(value, 8, 32)
		if err != nil || mode > 0o777 {
			return fmt.Errorf("mode %.80q: want an octal number such as 0660", value)
		}
		a.mode = fs.FileMode(mode)
		return nil
	case "user":
		a.user = value
	case "group":
		a.group = value
	default:
		return fmt.Errorf("unknown setting %.80q: want mode, user or group", name)
	}
	if value == "" {
		return fmt.Errorf("%s: want a name or a number", name)
	}
	return nil
}

// Host returns the host of a TCP address, or "".
func (a Address) Host() string { return a.host }

// IsAnyPort reports whether the system chooses a free port.
func (a Address) IsAnyPort() bool { return a.port == "0" }

// IsLocal reports whether the address is one of Unix sockets for certain. A socket of systemd may also be one.
func (a Address) IsLocal() bool { return a.path != "" }

// Place returns the address without its settings.
func (a Address) Place() Address {
	return Address{host: a.host, port: a.port, path: a.path, name: a.name}
}

// IsProxied reports whether connections begin with a header of the PROXY protocol.
func (a Address) IsProxied() bool { return a.proxied }

// IsPassed reports whether the sockets come from systemd.
func (a Address) IsPassed() bool { return a.name != "" }

// Listen opens the sockets of an address. There are several if systemd has several of one name.
func (a Address) Listen(ctx context.Context) ([]Socket, error) {
	switch {
	case a.name != "":
		return a.listenSystemd()
	case a.path != "":
		listener, err := a.listenUnix(ctx)
		if err != nil {
			return nil, err
		}
		return []Socket{{Listener: listener, Address: unixScheme + a.path}}, nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, networkOf(a.host), net.JoinHostPort(a.host, a.port))
	if err != nil {
		return nil, err
	}
	return []Socket{{listener, listener.Addr().String(), a.proxied}}, nil
}

// networkOf restricts an IPv4 address to IPv4: for 0.0.0.0, "tcp" would also listen on all IPv6 interfaces.
func networkOf(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}
