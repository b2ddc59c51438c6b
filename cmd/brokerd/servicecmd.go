package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/service"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// serviceCmd are the commands about the service.
type serviceCmd struct {
	Install   serviceInstall   `cmd:"" help:"Make brokerd a service that starts with the machine."`
	Uninstall serviceUninstall `cmd:"" help:"Stop the service and remove it."`
	Start     serviceStart     `cmd:"" help:"Start the service, and wait until it is ready."`
	Restart   serviceRestart   `cmd:"" help:"Stop and start the service, and wait until it is ready."`
	Stop      serviceStop      `cmd:"" help:"Stop the service, and wait until it is drained."`
	Status    serviceStatus    `cmd:"" help:"Say whether the service runs."`
}

// A userFlag selects whose service a command is about.
type userFlag struct {
	User bool `help:"The service of this user, not of the machine (systemd --user)."`
}

// manager returns what controls the service.
func (f userFlag) manager(ctx *kong.Context) *service.Manager {
	return service.New(service.Options{User: f.User}, ctx.Stdout)
}

// serviceFailure adds a hint to an error.
func serviceFailure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, service.ErrInactive):
		return &cli.Failure{} // the output has said so
	case errors.Is(err, fs.ErrPermission):
		const hint = "use sudo, or --user for a service of your own"
		return &cli.Failure{Err: errors.New("only root may do that"), Hint: hint}
	case errors.Is(err, service.ErrNotInstalled):
		return &cli.Failure{Err: err, Hint: "see brokerd service install --help"}
	}
	return err
}

// serviceUninstall is the command "service uninstall".
type serviceUninstall struct{ userFlag }

// Help returns the text that --help shows above the flags.
func (serviceUninstall) Help() string {
	return `Stops the service and removes its units. The configuration, the state directory and the user stay.
As root:

    $ brokerd service uninstall`
}

// Run uninstalls the service.
func (c *serviceUninstall) Run(ctx *kong.Context) error {
	return serviceFailure(c.manager(ctx).Uninstall(context.Background()))
}

// serviceStart is the command "service start".
type serviceStart struct{ userFlag }

// Help returns the text that --help shows above the flags.
func (serviceStart) Help() string {
	return `Starts the service. On Linux it returns when brokerd listens and has fencing tokens. If the service runs
already, nothing changes: it goes on with the configuration that it has read. As root:

    $ brokerd service start`
}

// Run starts the service.
func (c *serviceStart) Run(ctx *kong.Context) error {
	return startFailure(c.manager(ctx).Start(context.Background()))
}

// startFailure adds a hint to the error of a service that does not become ready.
func startFailure(err error) error {
	err = serviceFailure(err)
	if failure := (&cli.Failure{}); err != nil && !errors.As(err, &failure) {
		return &cli.Failure{Err: err, Hint: "read the log: journalctl --unit brokerd --lines 20"}
	}
	return err
}

// serviceRestart is the command "service restart".
type serviceRestart struct{ userFlag }

// Help returns the text that --help shows above the flags.
func (serviceRestart) Help() string {
	return `Stops the service as SIGTERM does, and starts it again with its configuration. Clients lose their locks.
As root:

    $ brokerd service restart`
}

// Run restarts the service.
func (c *serviceRestart) Run(ctx *kong.Context) error {
	return startFailure(c.manager(ctx).Restart(context.Background()))
}

// serviceStop is the command "service stop".
type serviceStop struct{ userFlag }

// Help returns the text that --help shows above the flags.
func (serviceStop) Help() string {
	return `Stops the service as SIGTERM does, and also the socket that would start it again. On Linux it returns
when the drain is over. As root:

    $ brokerd service stop`
}

// Run stops the service.
func (c *serviceStop) Run(ctx *kong.Context) error {
	return serviceFailure(c.manager(ctx).Stop(context.Background()))
}

// serviceStatus is the command "service status".
type serviceStatus struct{ userFlag }

// Help returns the text that --help shows above the flags.
func (serviceStatus) Help() string {
	return `Says whether the service runs, what brokerd says about itself, and whether it starts with the machine:

    $ brokerd service status
    active: grants locks, process 4711, enabled

The exit code is 0 if it runs, and otherwise 1.`
}

// Run prints the status.
func (c *serviceStatus) Run(ctx *kong.Context) error {
	return serviceFailure(c.manager(ctx).Status(context.Background()))
}
