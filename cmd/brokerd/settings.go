package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/access/oidc"
	"github.com/lockbroker/lockbroker/broker/access/policyfile"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/certs"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/textfile"
)

// settings are what brokerd reads from files, at the start and on SIGHUP. They do not change: a reload makes
// new ones.
type settings struct {
	tls     *certs.Server // nil: no TLS
	tokens  *access.Tokens
	policy  *access.Policy
	issuer  *oidc.Authenticator
	control *access.Control // nil: everything is permitted
	level   zerolog.Level

	tokensSum, policySum [sha256.Size]byte
}

// readsFiles reports whether there is anything that a reload could change, or a file that it opens again.
func (f *flags) readsFiles() bool {
	return f.Config != "" || f.usesTLS() || f.asksForCredentials() || f.LogLevelFile != "" || f.auditsFile()
}

// readSettings reads all files. If any of them is bad, it returns no settings, and an error that says what is
// wrong with each.
func (f *flags) readSettings() (*settings, error) {
	s := &settings{}
	err := errors.Join(f.readTLS(s), f.readTokens(s), f.readPolicy(s), f.readIssuer(s), f.readLevel(s))
	if err != nil {
		return nil, err
	}
	return s, f.makeControl(s)
}

func (f *flags) readTLS(s *settings) error {
	if !f.usesTLS() {
		return nil
	}
	contents, err := f.tlsFiles().Read()
	if err == nil {
		s.tls, err = f.tlsFiles().Server(contents)
	}
	return err
}

func (f *flags) readTokens(s *settings) error {
	if f.Tokens == "" {
		return nil
	}
	text, err := textfile.Read(f.Tokens)
	if err != nil {
		return err
	}
	s.tokensSum = sha256.Sum256(text)
	if s.tokens, err = access.ParseTokens(string(text)); err != nil {
		return fmt.Errorf("%s: %w", f.Tokens, err)
	}
	return nil
}

func (f *flags) readPolicy(s *settings) error {
	if f.Policy == "" {
		return nil
	}
	text, err := textfile.Read(f.Policy)
	if err != nil {
		return err
	}
	s.policySum = sha256.Sum256(text)
	s.policy, err = policyfile.Parse(f.Policy, text)
	return err
}

// readIssuer reads the keys of the issuer of tokens, if they are in a file.
func (f *flags) readIssuer(s *settings) (err error) {
	if f.OIDCIssuer == "" {
		return nil
	}
	if s.issuer, err = f.oidcFlags.issuer(); err != nil {
		return fmt.Errorf("--oidc-issuer: %w", err)
	}
	return nil
}

// readLevel reads the level of the log.
func (f *flags) readLevel(s *settings) error {
	s.level = zerolog.InfoLevel
	if f.Debug {
		s.level = zerolog.DebugLevel
	}
	if f.LogLevelFile == "" {
		return nil
	}
	text, err := textfile.Read(f.LogLevelFile)
	if err != nil {
		return err
	}
	switch strings.TrimSpace(string(text)) {
	case "debug":
		s.level = zerolog.DebugLevel
	case "info":
		s.level = zerolog.InfoLevel
	default:
		return fmt.Errorf("%s: want one word, debug or info", f.LogLevelFile)
	}
	return nil
}

// makeControl puts together what was read.
func (f *flags) makeControl(s *settings) error {
	if !f.asksForCredentials() {
		return nil
	}
	s.control = &access.Control{Policy: s.policy}
	add := func(a access.Authenticator) { s.control.Authenticators = append(s.control.Authenticators, a) }
	if s.tokens != nil {
		add(s.tokens)
	}
	if s.issuer != nil {
		add(s.issuer)
	}
	if f.ClientIdentity != "" {
		known, err := access.NewCertificates(access.CertificateName(f.ClientIdentity), s.tls.Authorities)
		if err != nil {
			return err
		}
		add(known)
	}
	if f.UnixIdentity {
		users, err := access.NewUsers(nil)
		if err != nil {
			return err
		}
		add(users)
	}
	return nil
}

// changesFrom returns which of the settings are others than before.
func (s *settings) changesFrom(before *settings) []string {
	changed := []string{}
	if s.tls != nil && s.tls.Sum != before.tls.Sum {
		changed = append(changed, "TLS")
	}
	if s.tokensSum != before.tokensSum {
		changed = append(changed, "tokens")
	}
	if s.policySum != before.policySum {
		changed = append(changed, "policy")
	}
	if s.level != before.level {
		changed = append(changed, "log level")
	}
	return changed
}
