package access

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An answer is an authenticator that always answers the same.
type answer struct {
	subject Subject
	err     error
	asked   *[]string
}

func (a answer) Authenticate(context.Context, Credential) (Subject, error) {
	if a.asked != nil {
		*a.asked = append(*a.asked, a.subject.Name)
	}
	return a.subject, a.err
}

func (a answer) Recheck(Subject) (Subject, bool) { return a.subject, a.err == nil }

func (a answer) Method() string { return a.subject.Method }

func named(name string) Subject { return Subject{Identity: Identity{Name: name}, Method: "test"} }

// With a token, neither the certificate nor the user counts.
func TestOnlyTheTokenCounts(t *testing.T) {
	root := newAuthority(t, "root", nil, time.Now().Add(time.Hour))
	cert := root.issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "certified" })
	users, err := NewUsers(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &Control{Authenticators: []Authenticator{
		mustCertificates(t, CommonName, root.pool()), users, mustParse(t, "ci "+hashOf("good")),
	}}
	for name, try := range map[string]struct {
		token           string
		withCert, local bool
		want            string
		err             error
	}{
		"nothing":                    {"", false, false, "", ErrNoCredential},
		"a certificate":              {"", true, false, "certified", nil},
		"a user":                     {"", false, true, "uid:7", nil},
		"a certificate and a user":   {"", true, true, "certified", nil},
		"a token":                    {"good", false, false, "ci", nil},
		"a token and the rest":       {"good", true, true, "ci", nil},
		"a wrong token":              {"bad", false, false, "", ErrWrongToken},
		"a wrong token and the rest": {"bad", true, true, "", ErrWrongToken},
	} {
		from := Credential{Token: try.token}
		if try.withCert {
			from.TLS = certificate(cert).TLS
		}
		if try.local {
			from.User = &User{UID: 7}
		}
		got, err := c.Authenticate(context.Background(), from)
		if got.Name != try.want || !errors.Is(err, try.err) {
			t.Errorf("%s: got %v, %v, want %q, %v", name, got.Identity, err, try.want, try.err)
		}
	}
}

// The first authenticator that knows the credential decides, even if it refuses.
func TestAuthenticatorsAreAskedInOrder(t *testing.T) {
	var asked []string
	refused := errors.New("refused")
	knows := func(name string, err error) Authenticator { return answer{named(name), err, &asked} }
	notMine := knows("a", ErrNotMine)
	for _, try := range []struct {
		all  []Authenticator
		want string
		err  error
		last int
	}{
		{[]Authenticator{notMine, knows("b", nil), knows("c", nil)}, "b", nil, 2},
		{[]Authenticator{notMine, knows("b", refused), knows("c", nil)}, "", refused, 2},
		{[]Authenticator{notMine, notMine}, "", ErrWrongToken, 2},
		{nil, "", ErrWrongToken, 0},
	} {
		asked = nil
		c := &Control{Authenticators: try.all}
		got, err := c.Authenticate(context.Background(), Credential{Token: "x"})
		if got.Name != try.want || !errors.Is(err, try.err) || len(asked) != try.last {
			t.Errorf("got %v, %v after asking %v", got, err, asked)
		}
	}
}

// What an authenticator returns is checked, and a refused subject is not returned with the error.
func TestSubjectsAreChecked(t *testing.T) {
	expired, later := named("a"), named("a")
	expired.Expires, later.Expires = time.Now(), time.Now().Add(time.Hour)
	group := named("a")
	group.Groups = []string{"x\x7f"}
	for name, try := range map[string]struct {
		subject Subject
		ok      bool
	}{
		"never expires": {named("a"), true}, "expires later": {later, true}, "expired": {expired, false},
		"no name": {named(""), false}, "a name that is too long": {named(long(257)), false},
		"a group that cannot be printed": {group, false},
	} {
		c := &Control{Authenticators: []Authenticator{answer{subject: try.subject}}}
		got, err := c.Authenticate(context.Background(), Credential{})
		if (err == nil) != try.ok || (got.Name != "") != try.ok {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if got, ok := c.Recheck(try.subject); ok != try.ok || (got.Name != "") != try.ok {
			t.Errorf("%s: rechecked as %v, %t", name, got, ok)
		}
	}
	c := &Control{Authenticators: []Authenticator{answer{subject: expired}}}
	if _, err := c.Authenticate(context.Background(), Credential{}); !errors.Is(err, ErrExpired) {
		t.Errorf("an expired credential: %v", err)
	}
}

// Of several authenticators with one method, such as two issuers, one must accept the subject.
func TestRecheckAsksTheSameMethod(t *testing.T) {
	other := named("other")
	other.Method = "other"
	c := &Control{Authenticators: []Authenticator{
		answer{subject: other}, answer{subject: named("a"), err: ErrNotMine}, answer{subject: named("b")},
	}}
	if got, ok := c.Recheck(named("b")); !ok || got.Name != "b" {
		t.Errorf("got %v, %t", got, ok)
	}
	if got, ok := c.Recheck(Subject{Identity: named("b").Identity, Method: "gone"}); ok {
		t.Errorf("accepted a method that is no longer configured: %v", got)
	}
	if got, ok := c.Recheck(named("c")); ok {
		t.Errorf("a session of c became one of another identity: %v", got)
	}
}

func TestControlWithoutPolicyAllowsNothing(t *testing.T) {
	s := named("a")
	for name, c := range map[string]*Control{"no policy": {}, "the zero policy": {Policy: &Policy{}}} {
		p := c.For(&s)
		if p.On("x") != 0 || p.AllowsSomewhere(List) || p.AllowsEverywhere(Metrics) || len(p.Told()) != 0 {
			t.Errorf("%s allows %v", name, p.Told())
		}
		if _, _, ok := p.MayAcquire(&wire.Acquire{Locks: []wire.LockSpec{{Name: "x"}}}); ok {
			t.Errorf("%s allows to acquire", name)
		}
	}
}
