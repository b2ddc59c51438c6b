//go:build unix

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// goldenStart has the lines that brokerd logs at the start.
const goldenStart = "../../testdata/brokerd/start.golden"

// TestStartLog compares the first lines of the log, for several command lines, with the golden file.
func TestStartLog(t *testing.T) {
	local := endpoint{address: "127.0.0.1:27002", tcp: true}
	open := endpoint{address: "0.0.0.0:27002", tcp: true, open: true}
	proxied := endpoint{address: "127.0.0.1:27002", tcp: true, proxied: true}
	state, public := "--state-dir=/var/lib/brokerd", "--public-url=https://locks.example"
	cert, key := "--tls-cert=cert.pem", "--tls-key=key.pem"
	var got strings.Builder
	for _, test := range []struct {
		args        []string
		on          endpoint
		descriptors uint64
	}{
		{nil, local, 1 << 20},
		{[]string{state}, local, 1 << 20},
		{[]string{"--host=0.0.0.0"}, open, 1 << 20},
		{[]string{state, "--host=0.0.0.0"}, open, 1 << 20},
		{[]string{state, public}, local, 1 << 20},
		{[]string{state, public, "--lock-delay"}, local, 1 << 20},
		{[]string{state, "--base-path=/locks"}, local, 1 << 20},
		{[]string{state, "--no-dashboard"}, local, 1 << 20},
		{[]string{state, "--trusted-proxy=10.0.0.0/8"}, local, 1 << 20},
		{[]string{state}, proxied, 1 << 20},
		{[]string{state, "--lock-delay"}, proxied, 1 << 20},
		{[]string{state}, local, 1024},
		{[]string{"--host=0.0.0.0", public}, open, 1024},
		{[]string{state, cert, key}, open, 1 << 20},
		{[]string{state, cert, key, "--tls-client-ca=ca.pem"}, open, 1 << 20},
		{[]string{state, cert, key, "--tls-client-ca=ca.pem", "--tls-client-auth=optional"}, open, 1 << 20},
		{[]string{state, "--tokens=tokens", "--policy=policy.yaml"}, open, 1 << 20},
		{[]string{state, cert, key, "--tokens=tokens", "--policy=policy.yaml"}, open, 1 << 20},
	} {
		var g grammar
		parser, err := kong.New(&g, kong.Bind(&g.flags))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "$ brokerd %s\n", strings.Join(test.args, " "))
		config := g.config(zerolog.Nop())
		fitDescriptors(&config, test.descriptors, 0)
		g.logStart(zerolog.New(&got), []endpoint{test.on}, config)
		got.WriteString("\n")
	}
	text := strings.ReplaceAll(got.String(), cli.BuildVersion(), "VERSION")
	if *update {
		if err := os.WriteFile(goldenStart, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenStart)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("got\n%s\nwant\n%s(-update rewrites %s)", text, want, goldenStart)
	}
}
