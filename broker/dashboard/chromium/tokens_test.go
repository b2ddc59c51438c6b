package chromium_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A person is an identity with a token.
type person struct{ name, token, line string }

// newPerson makes a token, which is valid until then, or for ever if that is zero.
func newPerson(t *testing.T, name string, until time.Time) person {
	t.Helper()
	token, line, err := access.NewToken(name, nil, until)
	if err != nil {
		t.Fatal(err)
	}
	return person{name, token, line}
}

// may returns a rule for one identity.
func may(who person, locks string, verbs ...wire.Verb) access.Rule {
	return access.Rule{For: []string{who.name}, Locks: []string{locks}, Allow: verbs}
}

// control accepts the tokens of some people, who may do what the rules say.
func control(t *testing.T, people []person, rules ...access.Rule) *access.Control {
	t.Helper()
	var lines []string
	for _, p := range people {
		lines = append(lines, p.line)
	}
	tokens, err := access.ParseTokens(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := access.NewPolicy(rules)
	if err != nil {
		t.Fatal(err)
	}
	return &access.Control{Authenticators: []access.Authenticator{tokens}, Policy: policy}
}

// login types a token, and perhaps asks to keep it.
func (p *page) login(token string, keep bool) {
	p.t.Helper()
	p.sees("h1", "Log in")
	p.fill("#token", token)
	if keep != eval[bool](p, "document.querySelector('#keep').checked") {
		p.click("#keep", "")
	}
	p.click("button", "Log in")
}
