package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/certs"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/notify"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/textfile"
)

// certInterval is how often the files of TLS are compared with those in use.
const certInterval = 2 * time.Second

// A reloader replaces the settings of a running broker. One goroutine does so, so a SIGHUP that comes during a
// reload causes another one afterwards.
type reloader struct {
	started *flags // the flags with which brokerd has started
	flags   *flags // those in force
	on      []endpoint
	log     zerolog.Logger
	broker  *broker.Broker
	audit   *auditFile               // nil: there is none
	manager *notify.Notifier         // systemd
	current atomic.Pointer[settings] // TLS handshakes read it
	refused certs.Sum                // the files of TLS that were refused last
	changed certs.Sum                // the files of TLS when they were last seen to differ from those in use
	expired certs.Sum                // the files of TLS about whose expiry the log has warned
	reloads reloadCounts

	full, strange []refuser // listeners that refuse connections: no descriptor is free, or they are not of a proxy
}

func newReloader(
	f *flags, on []endpoint, log zerolog.Logger, b *broker.Broker, first *settings, audit *auditFile,
) *reloader {
	r := &reloader{started: f, flags: f, on: on, log: log, broker: b, audit: audit}
	r.current.Store(first)
	r.logWarnings()
	return r
}

// server returns the TLS configuration for the next handshake.
func (r *reloader) server() *certs.Server { return r.current.Load().tls }

// run reloads on each hangup, and when the files of TLS change, until ctx ends.
func (r *reloader) run(ctx context.Context, hangups <-chan os.Signal) {
	r.fetchKeys(ctx)
	var due <-chan time.Time
	if r.flags.usesTLS() {
		ticker := time.NewTicker(certInterval)
		defer ticker.Stop()
		due = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			r.manager.Reloading()
			r.manager.Reloaded(!r.reload())
		case <-due:
			r.refreshTLS()
			r.warnExpired()
		}
	}
}

// fetchKeys fetches the keys of the issuer of tokens, so that the log says at once if that fails. The broker tries
// again when a token needs them.
func (r *reloader) fetchKeys(ctx context.Context) {
	issuer := r.current.Load().issuer
	if issuer == nil {
		return
	}
	if err := issuer.FetchKeys(ctx); err != nil && ctx.Err() == nil {
		r.log.Warn().Err(err).
			Msg("cannot fetch the keys of --oidc-issuer: its tokens are refused until that works")
	}
}

// reload reads all files again. If any of them is bad, nothing changes, and it returns false.
func (r *reloader) reload() bool {
	r.audit.reopenLater()
	flags, next, err := r.read()
	if err != nil {
		r.auditFailure(err)
		r.log.Error().Err(err).Msg("reload failed: everything stays as it was")
		return false
	}
	reloads, _ := r.flags.differences(flags)
	changed := slices.Compact(slices.Sorted(slices.Values(
		append(next.changesFrom(r.current.Load()), reloads...))))
	r.flags = flags
	if _, restarts := r.started.differences(flags); len(restarts) > 0 {
		r.log.Warn().Strs("keys", restarts).Msg("these have changed, and need a restart")
	}
	line := r.log.Info().Strs("changed", changed)
	if next.tokens != nil {
		line.Int("tokens", next.tokens.Len())
	}
	if next.policy != nil {
		line.Int("rules", next.policy.Len())
	}
	r.apply(next, changed)
	line.Msg("reloaded")
	r.logWarnings()
	return true
}

// read reads the configuration file and the files that it names.
func (r *reloader) read() (*flags, *settings, error) {
	next, err := r.flags.again()
	if err == nil {
		err = errors.Join(next.checkPolicy(), r.checkSwitches(next))
	}
	if err != nil {
		return nil, nil, err
	}
	files, err := next.readSettings()
	return next, files, err
}

// checkSwitches refuses changes for which sockets would have to be opened again, and those that would let in everybody
// who reaches the broker.
func (r *reloader) checkSwitches(next *flags) error {
	switch {
	case next.usesTLS() != r.started.usesTLS():
		return errors.New("--tls-cert: switching TLS on or off needs a restart")
	case r.flags.asksForCredentials() && !next.asksForCredentials():
		return errors.New("--tokens, --client-identity, --unix-identity and --oidc-issuer: " +
			"switching all credentials off needs a restart")
	case r.flags.needsCertificates() && !next.needsCertificates() && !next.asksForCredentials():
		return errors.New("--tls-client-ca, --tls-client-auth: " +
			"letting in clients without certificates needs a restart: they need no other credential")
	}
	strict := *next
	strict.RequireAuth = r.started.RequireAuth
	return strict.checkExposure(r.on)
}

// refreshTLS reads the files of TLS again, and uses them if they are good and not the same. It reports bad files
// once, until they change.
func (r *reloader) refreshTLS() {
	before := r.current.Load()
	contents, err := r.flags.tlsFiles().Read()
	var sum certs.Sum
	if err == nil {
		sum = contents.Sum()
	} else {
		sum = sha256.Sum256([]byte(err.Error()))
	}
	if sum == r.refused || sum == before.tls.Sum {
		return
	}
	if sum != r.changed { // they may be in the middle of a change: look again before they are used
		r.changed = sum
		return
	}
	next := *before
	if err == nil {
		next.tls, err = r.flags.tlsFiles().Server(contents)
	}
	if err == nil {
		err = r.flags.makeControl(&next)
	}
	if err != nil {
		r.refused = sum
		r.auditFailure(err)
		r.log.Error().Err(err).
			Msg("the files of TLS have changed, and cannot be used: the old certificate stays")
		return
	}
	r.apply(&next, next.changesFrom(before))
	r.log.Info().Time("expires", next.tls.Expires).Msg("the files of TLS have changed: new connections use them")
	r.logWarnings()
}

// auditFailure records and counts a reload that changes nothing.
func (r *reloader) auditFailure(err error) {
	r.reloads.failed.Add(1)
	r.broker.Audit(broker.AuditRecord{
		Event: broker.AuditReload, Outcome: broker.AuditFailed,
		Reason: strings.ReplaceAll(err.Error(), "\n", "; "),
	})
}

// apply makes settings those of the broker. The audit has the reload before what follows from it.
func (r *reloader) apply(next *settings, changed []string) {
	r.broker.Audit(broker.AuditRecord{Event: broker.AuditReload, Outcome: broker.AuditDone, Changed: changed})
	r.reloads.done.Add(1)
	r.refused = certs.Sum{}
	if before := r.current.Load(); before.issuer != nil && next.issuer != nil && next.issuer != before.issuer {
		next.issuer.KeepKeys(before.issuer)
	}
	r.current.Store(next)
	r.applyFlags()
	if next.control != nil {
		r.broker.SetAccess(next.control)
	}
	zerolog.SetGlobalLevel(next.level)
}

// logWarnings logs what may be wrong with the settings that are in use.
func (r *reloader) logWarnings() {
	r.warnExpired()
	for _, name := range []string{r.flags.TLSKey, r.flags.Tokens} {
		if name != "" && textfile.IsPublic(name) {
			r.log.Warn().Str("file", name).
				Msg("every user of this machine may read this file: use chmod o-r")
		}
	}
}

// warnExpired warns once if the certificate in use has expired.
func (r *reloader) warnExpired() {
	s := r.current.Load().tls
	if s == nil || s.Sum == r.expired || time.Now().Before(s.Expires) {
		return
	}
	r.expired = s.Sum
	r.log.Warn().Str("file", r.flags.TLSCert).Time("expires", s.Expires).
		Msg("the certificate of --tls-cert has expired: clients refuse it")
}

// applyFlags makes the broker use the flags that need no file.
func (r *reloader) applyFlags() {
	f := r.flags
	err := errors.Join(
		r.broker.SetQuota(f.quota()), r.broker.SetOrigins(f.AllowOrigin, f.AllowedHost, f.PublicURL))
	if err != nil { // a bug: the flags have been checked
		r.log.Error().Err(err).Msg("cannot use the new flags")
	}
}
