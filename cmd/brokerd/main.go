// Command brokerd is the lock broker: it hands out named locks to programs that
// connect over WebSocket. See brokerd --help.
package main

import (
	"os"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// grammar is the command line. The flags are not those of serve, so that the
// first help that one sees shows them.
type grammar struct {
	flags
	Serve   serveCmd    `cmd:"" default:"1" help:"Hand out locks until SIGINT or SIGTERM; what happens without a command."`
	Man     cli.Man     `cmd:"" help:"Print the manual page."`
	Version cli.Version `cmd:"" help:"Print the version."`
}

const description = `A lock broker: named locks for programs that share a resource.

Programs connect to ws://HOST:PORT/ws. When a connection ends, for whatever reason, its locks are released. brokerctl info lists who has which lock and who waits.

Logs go to stderr: lines of JSON, or text for people when stderr is a terminal. Where it takes no lines, because nobody reads it or the disk is full, they are dropped, and counted in the log when it takes some again. A flag beats the environment, which beats the default.

Signals:

    INT, TERM        stop in order, see --drain; a second one ends it at once,
                     unless it comes within half a second: timeout sends two
    QUIT             end at once, with the stacks of all goroutines on stderr
    HUP, USR1, USR2  nothing, but a line in the log
    PIPE             nothing: the log goes on when somebody reads it again
    TSTP, CONT       stop the process, and let it go on; clients that do not
                     hear from it meanwhile count their locks as lost

Exit codes:

    0   stopped by SIGINT or SIGTERM
    1   something failed, for example the port is taken
    2   ended by SIGQUIT, or by a fault of its own
    80  the command line is wrong`

func main() { cli.Main(newApp(), os.Args[1:]) }

func newApp() *kong.Kong {
	var g grammar
	return cli.New(&g, kong.Bind(&g.flags), kong.Name("brokerd"), kong.Description(description))
}
