package broker_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// TestGuardedConversations is TestConversations with a broker that asks for credentials.
func TestGuardedConversations(t *testing.T) {
	conversations, err := wiretest.Load("../testdata/wire/credentials")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conversations {
		t.Run(c.Name, func(t *testing.T) {
			o := &operator{trusted: make(map[string]time.Duration)}
			synctest.Test(t, func(t *testing.T) {
				serve(t, broker.Config{Access: o.control(t)}, func(r *rig) {
					s := newStage(r)
					s.operator = o
					s.play(c)
				})
			})
		})
	}
}

// An operator decides whose tokens a broker accepts, and who may do what.
type operator struct {
	trusted map[string]time.Duration // how long the tokens of an identity last; 0: for ever
	rules   []access.Rule
}

// change does what the operator does in a step.
func (o *operator) change(step wiretest.Step) {
	switch step.Kind {
	case wiretest.Trust:
		o.trusted[step.Conn] = step.Wait
	case wiretest.Revoke:
		delete(o.trusted, step.Conn)
	case wiretest.Permit:
		rule := access.Rule{For: []string{step.Conn}, Locks: step.Locks}
		for _, verb := range step.Allow {
			rule.Allow = append(rule.Allow, wire.Verb(verb))
		}
		o.rules = append(o.rules, rule)
	case wiretest.Withdraw:
		isTheirs := func(r access.Rule) bool { return r.For[0] == step.Conn }
		o.rules = slices.DeleteFunc(slices.Clone(o.rules), isTheirs)
	}
}

// control returns what the broker must do now.
func (o *operator) control(t testing.TB) *access.Control {
	t.Helper()
	policy, err := access.NewPolicy(o.rules)
	if err != nil {
		t.Fatal(err)
	}
	return &access.Control{
		Authenticators: []access.Authenticator{trustedTokens(maps.Clone(o.trusted))}, Policy: policy,
	}
}

// trustedTokens authenticates tokens. The tokens of the identity a are a, a-2 and so on.
type trustedTokens map[string]time.Duration

// Method implements access.Authenticator.
func (trustedTokens) Method() string { return "test" }

// Authenticate implements access.Authenticator.
func (known trustedTokens) Authenticate(_ context.Context, c access.Credential) (access.Subject, error) {
	name, _, _ := strings.Cut(c.Token, "-")
	lasts, ok := known[name]
	if !ok {
		return access.Subject{}, access.ErrNotMine
	}
	s := access.Subject{Identity: access.Identity{Name: name}, Method: "test", Key: c.Token}
	if lasts > 0 {
		s.Expires = time.Now().Add(lasts)
	}
	return s, nil
}

// Recheck implements access.Authenticator.
func (known trustedTokens) Recheck(s access.Subject) (access.Subject, bool) {
	_, ok := known[s.Name]
	return s, ok
}
