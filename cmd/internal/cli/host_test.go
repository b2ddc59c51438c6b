package cli

import "testing"

// A host is a name or an address, and no part of the flag is dropped silently.
func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		"locks.example":    "locks.example",
		"a_b":              "a_b",
		"localhost.":       "localhost.",
		"192.0.2.7":        "192.0.2.7",
		"::1":              "::1",
		"[::1]":            "::1",
		"fe80::1%eth0":     "fe80::1%eth0",
		"[fe80::1%eth0]":   "fe80::1%eth0",
		"[fe80::1%25eth0]": "fe80::1%eth0",
		"::ffff:192.0.2.7": "::ffff:192.0.2.7",
		"":                 "",
		" ":                "",
		"a b":              "",
		"[]":               "",
		"[localhost]":      "",
		"[127.0.0.1]":      "",
		"[::1":             "",
		"::g":              "",
		"localhost:27002":  "",
		"[::1]:27002":      "",
		"127.0.0.1:27002":  "",
		"ws://localhost":   "",
		"localhost/ws":     "",
		"me@localhost":     "",
		"localhost#1":      "",
		"192.0.2.7%eth0":   "",
		"a\x7fb":           "",
	} {
		if got, err := Host(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
