// Command brokerd is the lock broker: it grants named locks to programs that connect over WebSocket. See
// brokerd --help.
package main

import (
	"os"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// The grammar is the command line. Its flags belong to the program and not to serve, so that brokerd --help
// shows them.
type grammar struct {
	flags
	VersionFlag cli.VersionFlag `name:"version" help:"Print the version."`

	Serve   serveCmd    `cmd:"" default:"1" help:"Grant locks until SIGINT or SIGTERM. The default command."`
	Config  configCmd   `cmd:"" help:"Check, show or explain the configuration."`
	Service serviceCmd  `cmd:"" help:"Install and control brokerd as a service of the machine."`
	Check   checkCmd    `cmd:"" help:"Say what a policy would allow an identity."`
	Help    cli.Help    `cmd:"" help:"Print the help of a command."`
	Man     cli.Man     `cmd:"" help:"Print the manual page."`
	Version cli.Version `cmd:"" help:"Print the version."`
}

// BeforeResolve reads the configuration file. kong calls it before it gives the flags their values.
func (g *grammar) BeforeResolve(ctx *kong.Context) error { return g.load(ctx) }

const description = `A lock broker: named locks for programs that share a resource.

Programs connect to ws://HOST:PORT/ws, or with TLS to wss://HOST:PORT/ws. When a connection ends, its locks are
released. brokerctl info lists who holds each lock and who waits.

The log goes to stderr: one JSON object per line, or text if stderr is a terminal. If stderr blocks or fails, for
example on a full disk, brokerd drops lines and later logs how many. A flag takes precedence over the environment, the
environment over the file of --config, and that over the default.

Signals:

    INT, TERM        drain and stop (see --drain); a second one ends brokerd at
                     once, but not within 1 s, because timeout(1) sends two
    QUIT             end at once and print all goroutine stacks on stderr
    HUP              read the files of --config, --tls-cert, --tls-key,
                     --tls-client-ca, --tokens, --policy and
                     --log-level-file again; if one of
                     them is bad, nothing changes, and the log says why; also
                     open the file of --audit again
    USR1, USR2       no effect except a line in the log
    PIPE             no effect; the log continues when it has a reader again
    TSTP, CONT       stop and continue the process; clients that do not hear
                     from it in time treat their locks as lost

Exit codes:

    0   stopped by SIGINT or SIGTERM
    1   something failed, for example the port is taken
    2   ended by SIGQUIT, or by a bug (panic)
    77  not permitted, in brokerd check
    80  the command line or the file of --config is wrong`

func main() { cli.Main(newApp(), os.Args[1:]) }

func newApp() *kong.Kong { return newAppOf(&grammar{}) }

func newAppOf(g *grammar) *kong.Kong {
	return cli.New(g, kong.Bind(&g.flags), kong.Name("brokerd"), kong.Description(description))
}
