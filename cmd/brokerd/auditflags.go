package main

import (
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// auditFlags are the flags of the audit.
type auditFlags struct {
	Audit         string `env:"BROKERD_AUDIT" placeholder:"FILE|-" help:"Write one JSON line to this file, or to stdout, for each authentication, refusal for lack of permission, steal, evict, reload and stop. The directory must exist. A new file has mode 0600. SIGHUP opens the file again."`
	AuditMaxSize  int    `default:"100" env:"BROKERD_AUDIT_MAX_SIZE" placeholder:"MIB" help:"Size of the audit file, in MiB, at which it is renamed and a new one begins."`
	AuditMaxFiles int    `default:"10" env:"BROKERD_AUDIT_MAX_FILES" placeholder:"N" help:"How many renamed audit files are kept; 0 keeps all."`
}

// validateAudit refuses limits out of range.
func (f *flags) validateAudit() error {
	switch {
	case f.AuditMaxSize < 1 || f.AuditMaxSize > 1<<20:
		return fmt.Errorf("--audit-max-size: want 1 to %d", 1<<20)
	case f.AuditMaxFiles < 0:
		return errors.New("--audit-max-files: want 0 or more")
	}
	return nil
}

// openAudit returns where the audit goes, or nil if there is none.
func (f *flags) openAudit() (*auditFile, error) {
	if f.Audit == "" {
		return nil, nil
	}
	a, err := newAuditFile(f.Audit, f.AuditMaxSize, f.AuditMaxFiles)
	if err != nil {
		return nil, &cli.Failure{Err: fmt.Errorf("--audit: %w", err),
			Hint: "name a file in a directory that exists and that brokerd may write to, or - for stdout"}
	}
	return a, nil
}

// auditsFile reports whether the audit goes to a file, which SIGHUP opens again.
func (f *flags) auditsFile() bool { return f.Audit != "" && f.Audit != toStdout }
