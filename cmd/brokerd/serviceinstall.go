package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/configfile"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/service"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// serviceInstall is the command "service install".
type serviceInstall struct {
	userFlag
	Print   bool   `help:"Print the files that systemd or launchd would read, and change nothing."`
	Program string `placeholder:"FILE" help:"The program that the service runs. Default: this one."`
	Socket  string `placeholder:"ADDRESS" help:"Let systemd listen on this address and pass the socket to brokerd: HOST:PORT, or the path of a Unix socket. While brokerd restarts, clients wait. Needs listen: [\"systemd:brokerd\"] in the configuration."`
}

// Help returns the text that --help shows above the flags.
func (serviceInstall) Help() string {
	return `Makes brokerd a service of systemd, launchd or Windows, with a configuration file. The service starts
with the machine, or with brokerd service start. As root:

    $ brokerd service install
    $ brokerd service start

The file is that of --config, by default /etc/lockbroker/brokerd.yaml. If it does not exist, it is created, with the
flags of the command line and a state directory. If it exists, it is checked and not changed. On Linux the service runs
as the user brokerd, which is created. It can write only /var/lib/brokerd and /run/brokerd.

A second time, the command changes only what is different. To see the unit first:

    $ brokerd service install --print`
}

// Run installs the service.
func (c *serviceInstall) Run(ctx *kong.Context, f *flags) error {
	o, stateDir, err := c.options(f)
	if err != nil {
		return &cli.Failure{Err: err, Hint: "see brokerd service install --help", Code: cli.ExitUsage}
	}
	if c.Print {
		return printFiles(ctx, o)
	}
	m := service.New(o, ctx.Stdout)
	if err := m.CheckInstall(context.Background()); err != nil {
		return serviceFailure(err)
	}
	if err := c.configure(ctx, f, o, stateDir); err != nil {
		return err
	}
	if err := m.Install(context.Background()); err != nil {
		return serviceFailure(err)
	}
	_, err = fmt.Fprintln(ctx.Stdout, "next: "+strings.Join(c.next(), " "))
	return err
}

// next returns the command that starts the service.
func (c *serviceInstall) next() []string {
	words := []string{"brokerd", "service", "start"}
	if c.User {
		words = append(words, "--user")
	}
	return words
}

// options returns what the service runs, and where its state is.
func (c *serviceInstall) options(f *flags) (o service.Options, stateDir string, err error) {
	config, stateDir, err := service.Defaults(c.User)
	if err != nil {
		return o, "", err
	}
	if f.Config != "" {
		if config, err = filepath.Abs(f.Config); err != nil {
			return o, "", err
		}
	}
	program := c.Program
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return o, "", err
		}
	}
	o = service.Options{Program: program, Config: config, User: c.User, Socket: c.Socket}
	return o, stateDir, o.Check()
}

// printFiles prints what an installation would write.
func printFiles(ctx *kong.Context, o service.Options) error {
	files, err := o.Files()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		_, err = fmt.Fprintf(ctx.Stdout, "%s --config %s\n", o.Program, o.Config)
	}
	for _, file := range files {
		comment := "# %s\n%s"
		if strings.HasPrefix(file.Text, "<?xml") { // it must come first
			comment = "%[2]s<!-- %[1]s -->\n"
		}
		if _, err := fmt.Fprintf(ctx.Stdout, comment, file.Path, file.Text); err != nil {
			return err
		}
	}
	return err
}

// configure creates the configuration file, or checks the one that exists.
func (c *serviceInstall) configure(ctx *kong.Context, f *flags, o service.Options, stateDir string) error {
	set := configfile.Given(ctx, f.keys)
	passed := []string{"systemd:" + service.SocketName}
	_, err := os.Stat(o.Config)
	switch {
	case err == nil && len(set) > 0:
		return &cli.Failure{
			Err:  fmt.Errorf("%s exists, so flags of the broker have no effect", o.Config),
			Hint: "change the file instead", Code: cli.ExitUsage,
		}
	case err == nil:
		return checkConfig(o, passed)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, given := set["state-dir"]; !given {
		set["state-dir"] = stateDir
	}
	if o.Socket != "" {
		set["listen"] = passed
	}
	text, err := configfile.Example(f.keys, set)
	if err != nil {
		return err
	}
	// Everybody may read the file: it names files with secrets, and has none.
	if err := service.WritePublic(o.Config, text); err != nil {
		return err
	}
	_, err = fmt.Fprintln(ctx.Stdout, "wrote "+o.Config)
	return err
}

// checkConfig refuses a configuration with which the service would not start.
func checkConfig(o service.Options, passed []string) error {
	g := &grammar{}
	if _, err := cli.Parse(newAppOf(g), []string{"config", "check", "--config", o.Config}); err != nil {
		return err
	}
	if o.Socket != "" && !slices.Equal(g.Listen, passed) {
		return &cli.Failure{
			Err:  fmt.Errorf("%s: --socket needs listen: [%q]", o.Config, passed[0]),
			Hint: "change the file, or leave --socket out", Code: cli.ExitUsage,
		}
	}
	return configCheck{}.Run(&g.flags)
}
