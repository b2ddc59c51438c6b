package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
)

// headerOf returns the HTTP header that the values of --header describe. A value has one field per line, or names a
// file of fields after an @. Errors do not show values, because they may be secrets.
func headerOf(values []string) (http.Header, error) {
	header := http.Header{}
	for _, value := range values {
		if file, ok := strings.CutPrefix(value, "@"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("--header: %w", err)
			}
			value = string(text)
		}
		for line := range strings.Lines(value) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			if err := addField(header, line); err != nil {
				return nil, fmt.Errorf("--header: %w", err)
			}
		}
	}
	return header, nil
}

// ownFields are the fields that the WebSocket handshake sets.
var ownFields = []string{
	"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol",
	"Sec-Websocket-Extensions",
}

// addField adds a field such as "Name: value". RFC 9110, 5.1 and 5.5, says which characters it can have.
func addField(header http.Header, line string) error {
	name, value, found := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	isBad := func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
	switch {
	case !found || name == "" || strings.ContainsFunc(name, func(c rune) bool { return !isTokenChar(c) }):
		return errors.New("want 'Name: value', or @FILE")
	case strings.ContainsFunc(value, isBad):
		return fmt.Errorf("the value of %s has a control character", name)
	case slices.Contains(ownFields, http.CanonicalHeaderKey(name)):
		return fmt.Errorf("%s belongs to the WebSocket handshake, which sets it", name)
	}
	header.Add(name, value)
	return nil
}

func isTokenChar(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}
