package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/access/policyfile"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// exitForbidden says that the policy does not allow it. It is EX_NOPERM of sysexits.h, as in brokerctl.
const exitForbidden = 77

// checkCmd is the command "check". It reads the policy from the program's flag --policy.
type checkCmd struct {
	As    string    `required:"" placeholder:"IDENTITY" help:"The identity."`
	Group []string  `sep:"none" placeholder:"NAME" help:"A group of the identity. May be repeated."`
	Verb  wire.Verb `placeholder:"VERB" help:"Ask for this verb only: acquire, shared, list, steal, evict, clients or metrics."`
	Lock  string    `arg:"" optional:"" help:"The name of the lock. Not needed with --verb clients or --verb metrics."`
}

// Help returns the text that --help shows above the flags.
func (checkCmd) Help() string {
	return `Says what an identity may do with a lock under a policy. No broker is needed, so a policy can be tried
before a broker has it:

    $ brokerd check --policy policy.yaml --as billing --group services invoices/42
    acquire
    shared
    list

With --verb, nothing is printed, and the exit code answers:

    $ brokerd check --policy policy.yaml --as billing --verb steal invoices/42 || echo no
    no

The verbs are those that have an effect. Who may acquire a lock may also do so in shared mode. To steal needs acquire
too, and clients needs list on all locks (**).

The exit code is 0 if the verb is allowed, or without --verb any verb. It is 77 if it is not, 1 if the policy cannot
be read, and 80 if the command line is wrong.`
}

// check refuses what no broker would accept. It is not called Validate, because kong would call that before
// it looks for missing flags.
func (c *checkCmd) check(f *flags) error {
	if f.Policy == "" {
		return errors.New("missing flags: --policy=FILE")
	}
	if c.Verb != "" {
		if _, err := access.ParseVerbs([]wire.Verb{c.Verb}); err != nil {
			return fmt.Errorf("--verb: %w", err)
		}
	}
	needless := c.Verb == wire.MayClients || c.Verb == wire.MayMetrics
	if c.Lock == "" && !needless {
		return errors.New("want the name of a lock")
	}
	if c.Lock != "" {
		m := &wire.Acquire{Locks: []wire.LockSpec{{Name: c.Lock}}}
		if err := wire.Check(m, wire.DefaultLimits()); err != nil {
			return fmt.Errorf("the lock: %w", err)
		}
	}
	id := c.identity()
	return id.Check()
}

func (c *checkCmd) identity() access.Identity { return access.Identity{Name: c.As, Groups: c.Group} }

// Run prints what is allowed.
func (c *checkCmd) Run(app *kong.Kong, f *flags) error {
	if err := c.check(f); err != nil {
		return &cli.Failure{Err: err, Hint: "see brokerd check --help", Code: cli.ExitUsage}
	}
	policy, err := policyfile.Read(f.Policy)
	if err != nil {
		return fmt.Errorf("--policy: %w", err)
	}
	allowed := policy.For(c.identity()).Effective(c.Lock)
	if c.Verb != "" {
		if !slices.Contains(allowed, c.Verb) {
			return &cli.Failure{Code: exitForbidden}
		}
		return nil
	}
	for _, verb := range allowed {
		if _, err := fmt.Fprintln(app.Stdout, verb); err != nil {
			return err
		}
	}
	if len(allowed) == 0 {
		return &cli.Failure{Code: exitForbidden}
	}
	return nil
}
