package main

import (
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// credentials starts a broker that asks for credentials, at GUARDED. It writes the tokens of the identities ci, ops,
// guest and brief to files of these names. The tokens of ci and brief expire, that of brief after a few seconds. ci is
// in the group builders.
func credentials(ts *testscript.TestScript, _ bool, _ []string) {
	var lines []string
	for name, groups := range map[string][]string{"ci": {"builders"}, "ops": nil, "guest": nil, "brief": nil} {
		expires := time.Time{}
		switch name {
		case "ci":
			expires = time.Now().Add(48*time.Hour + 30*time.Minute)
		case "brief":
			expires = time.Now().Add(10 * time.Second)
		}
		token, line, err := access.NewToken(name, groups, expires)
		ts.Check(err)
		lines = append(lines, line)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(token+"\n"), 0o600))
	}
	tokens, err := access.ParseTokens(strings.Join(lines, "\n"))
	ts.Check(err)
	policy, err := access.NewPolicy([]access.Rule{
		{For: []string{"group:builders"}, Locks: []string{"build/**", "deploy/*"},
			Allow: []wire.Verb{wire.MayAcquire, wire.MayList}},
		{For: []string{"brief"}, Locks: []string{"brief"}, Allow: []wire.Verb{wire.MayAcquire, wire.MayList}},
		{For: []string{"ops"}, Locks: []string{"**"}, Allow: wire.Verbs()},
	})
	ts.Check(err)
	b, err := cmdtest.StartBroker(broker.Config{
		Drain:  broker.None,
		Access: &access.Control{Authenticators: []access.Authenticator{tokens}, Policy: policy},
	})
	ts.Check(err)
	ts.Defer(b.Stop)
	ts.Setenv("GUARDED", b.Address())
}
