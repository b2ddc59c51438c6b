// Package urllist splits a list of broker addresses. The client and brokerctl use it.
package urllist

import "strings"

// Split splits a list at each comma that another address follows, perhaps after spaces. An address begins with ws:,
// wss:, http:, https: or unix:. So an address with commas in its query or its path is not split.
func Split(list string) []string {
	var all []string
	begin := 0
	for i := range len(list) {
		if next := strings.TrimLeft(list[i+1:], " "); list[i] == ',' && isAddress(next) {
			all = append(all, strings.Trim(list[begin:i], " "))
			begin = len(list) - len(next)
		}
	}
	if begin == 0 {
		return []string{list}
	}
	return append(all, strings.Trim(list[begin:], " "))
}

// isAddress reports whether text begins like an address.
func isAddress(text string) bool {
	scheme, _, found := strings.Cut(text, ":")
	if !found {
		return false
	}
	switch strings.ToLower(scheme) {
	case "ws", "wss", "http", "https", "unix":
		return true
	}
	return false
}
