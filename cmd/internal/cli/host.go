package cli

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

// Host returns the host in a flag --host: a name or an IP address. An IPv6 address may have brackets, as in a URL;
// Host strips them. Inside brackets, %25 stands for the % of its zone.
func Host(text string) (string, error) {
	inner := text
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		inner = strings.Replace(text[1:len(text)-1], "%25", "%", 1)
	}
	ip, err := netip.ParseAddr(inner)
	switch isIP := err == nil; {
	case isIP && (ip.Is6() || inner == text):
		return inner, nil
	case isIP || inner != text:
		return "", errors.New("--host: want an IPv6 address in brackets")
	}
	if _, port, err := net.SplitHostPort(text); err == nil && strings.Trim(port, "0123456789") == "" {
		return "", errors.New("--host: want a name or an address without a port; use --port for the port")
	}
	odd := func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("/:@?#%[]\\", c) }
	if text == "" || strings.ContainsFunc(text, odd) {
		return "", errors.New("--host: want a name or an address, such as locks.example, 192.0.2.7 or ::1")
	}
	return text, nil
}
