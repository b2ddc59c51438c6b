// Command brokerctl is the operator's tool for a lock broker. It lists who holds which lock and who waits,
// explains waits, shows changes, evicts requests, runs commands under locks, and measures. See brokerctl
// --help.
package main

//go:generate go test . -run TestScreenshot -update

import (
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// grammar is the command line.
type grammar struct {
	VersionFlag cli.VersionFlag `name:"version" help:"Print the version."`

	Info    infoCmd    `cmd:"" help:"List locks: who holds them, who waits, and for how long."`
	Why     whyCmd     `cmd:"" help:"Explain why a request waits, or why a lock is not free."`
	Clients clientsCmd `cmd:"" help:"List the clients that are connected: from where, since when, and how far behind they are."`
	Whoami  whoamiCmd  `cmd:"" help:"Show who you are to the broker, and what you may do."`
	Watch   watchCmd   `cmd:"" help:"Show changes as they happen."`
	Top     topCmd     `cmd:"" help:"Show locks or clients in a live full-screen view, and evict requests."`
	platformCommands
	Lock  lockCmd  `cmd:"" aliases:"hold" help:"Hold a lock until a signal, the end of the input, or for a time."`
	Evict evictCmd `cmd:"" help:"End requests of other clients."`
	Token tokenCmd `cmd:"" help:"Make credentials for clients."`
	Ping  pingCmd  `cmd:"" help:"Measure how long the broker takes to answer."`
	Bench benchCmd `cmd:"" help:"Put load on the broker and measure its performance."`

	Completion completionCmd `cmd:"" help:"Print a script that turns on completion in a shell."`
	Suggest    suggestCmd    `cmd:"" hidden:"" help:"Print suggestions for the last word of a command line."`
	Help       cli.Help      `cmd:"" help:"Print the help of a command."`
	Man        cli.Man       `cmd:"" help:"Print the manual page."`
	Version    cli.Version   `cmd:"" help:"Print the version."`
}

// A commandLine is the command that "run" runs.
type commandLine []string

// cutCommand splits the arguments of "run" at the first --. The command after it must not be parsed for flags.
func cutCommand(args []string) ([]string, commandLine) {
	if len(args) > 0 && args[0] == "run" {
		if i := slices.Index(args, "--"); i >= 0 {
			return args[:i], args[i+1:]
		}
	}
	return args, nil
}

const description = `Inspect and control a running lock broker.

Results go to stdout, messages to stderr. Flags follow the command. Those that name the broker may also come before
it. A flag takes precedence over the environment, and the environment over the default. A flag may be given once,
except --header. Arguments must be UTF-8.

Signals: INT, TERM, HUP and QUIT end lock, watch, top, bench and info --watch cleanly. The exit code is then 0, but
see lock and bench. A second signal ends them at once, but not within a second of the first, because process managers
send two. Other commands end at once. HUP and INT stay ignored if they were ignored at the start, as under nohup. USR1
and USR2 have no effect. top and info --watch restore the terminal before TSTP stops them, and redraw on WINCH. A closed
output pipe (PIPE) ends every command except run and lock. run forwards signals: see brokerctl run --help.

Exit codes:

    0   success
    1   something failed
    69  cannot reach the broker, or the connection to it ended
    77  not permitted
    80  the command line is wrong`

func main() {
	var command commandLine
	app := newApp(kong.BindToProvider(func() (commandLine, error) { return command, nil }))
	var args []string
	args, command = cutCommand(cli.CommandFirst(app.Model, os.Args[1:]))
	cli.Main(app, args)
}

func newApp(options ...kong.Option) *kong.Kong {
	return cli.New(&grammar{}, append(options, kong.Name("brokerctl"), kong.Description(description))...)
}
