package access

import (
	"context"
	"errors"
	"time"
)

// A Control knows who clients are and what they may do. It must not be changed once a broker has it.
type Control struct {
	// Authenticators are asked one after another, until one knows the credential. A client whose
	// credential none of them knows is refused.
	Authenticators []Authenticator
	// Policy says what the identities may do.
	Policy *Policy
}

// The errors of [Control.Authenticate].
var (
	// ErrNoCredential means that the client has presented nothing that could say who it is.
	ErrNoCredential = errors.New("no credential")
	// ErrWrongToken means that no authenticator knows the token.
	ErrWrongToken = errors.New("the token is not known")
	// ErrExpired means that the credential has expired.
	ErrExpired = errors.New("the credential has expired")
)

// Authenticate returns who presents a credential. If there is a token, only the token counts. The
// error does not contain the credential.
func (c *Control) Authenticate(ctx context.Context, from Credential) (Subject, error) {
	if from.Token != "" {
		from = Credential{Token: from.Token}
	}
	for _, a := range c.Authenticators {
		s, err := a.Authenticate(ctx, from)
		switch {
		case errors.Is(err, ErrNotMine):
			continue
		case err != nil:
			return Subject{}, err
		}
		if err := checkSubject(&s); err != nil {
			return Subject{}, err
		}
		return s, nil
	}
	if from.Token != "" {
		return Subject{}, ErrWrongToken
	}
	return Subject{}, ErrNoCredential
}

// checkSubject returns what is wrong with a subject, whichever authenticator returned it.
func checkSubject(s *Subject) error {
	if err := s.Check(); err != nil {
		return err
	}
	if !s.Expires.IsZero() && !time.Now().Before(s.Expires) {
		return ErrExpired
	}
	return nil
}

// Recheck looks up a subject that an earlier Control has authenticated. It returns the subject as this
// Control knows it, perhaps with other groups. It returns false if the credential is no longer accepted,
// or now belongs to another identity.
func (c *Control) Recheck(s Subject) (Subject, bool) {
	for _, a := range c.Authenticators {
		if a.Method() != s.Method {
			continue
		}
		again, ok := a.Recheck(s)
		if ok && again.Name == s.Name && checkSubject(&again) == nil {
			return again, true
		}
	}
	return Subject{}, false
}

// For returns what a subject may do.
func (c *Control) For(s *Subject) *Permissions {
	if c.Policy == nil {
		return Nothing()
	}
	return c.Policy.For(s.Identity)
}
