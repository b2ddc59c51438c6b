package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A renewalReport writes a line for each attempt to renew the token that fails. The command runs on, and ends only when
// the old token expires, so its user has time to act.
type renewalReport struct {
	out     io.Writer
	writing atomic.Bool
}

// failed is for the field RenewalFailed of wsclient.Trace. It does not wait until the line is written: nobody may read
// it, and the client waits for failed before it closes.
func (r *renewalReport) failed(err error, next time.Duration) {
	if !r.writing.CompareAndSwap(false, true) {
		return
	}
	line := fmt.Sprintf("brokerctl: cannot %v; the next attempt is in %v\n", err, next.Round(100*time.Millisecond))
	go func() {
		defer r.writing.Store(false)
		_, _ = io.WriteString(r.out, line)
	}()
}

// reportRenewals reports failed renewals on stderr, unless the command does so itself.
func reportRenewals(options *wsclient.Options) {
	trace := wsclient.Trace{}
	if options.Trace != nil {
		trace = *options.Trace
	}
	if trace.RenewalFailed == nil {
		trace.RenewalFailed = (&renewalReport{out: os.Stderr}).failed
	}
	options.Trace = &trace
}
