// Command brokerctl is the operator's tool for a lock broker: it lists who has
// which lock and who waits, says why, shows what changes, ends requests, runs
// commands under locks, and measures. See brokerctl --help.
package main

import (
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// grammar is the command line.
type grammar struct {
	Info  infoCmd  `cmd:"" help:"List locks: who has them, who waits, since when."`
	Why   whyCmd   `cmd:"" help:"Say why a request waits, or why a lock is not free."`
	Watch watchCmd `cmd:"" help:"Show changes as they happen."`
	Top   topCmd   `cmd:"" help:"Show locks full-screen, always up to date, and evict."`
	systemCommands
	Lock  lockCmd  `cmd:"" help:"Hold a lock until Ctrl-C or the end of the input."`
	Evict evictCmd `cmd:"" help:"End somebody else's request."`
	Ping  pingCmd  `cmd:"" help:"Measure how long the broker takes to answer."`
	Bench benchCmd `cmd:"" help:"Put load on the broker, and measure how it fares."`

	Completion completionCmd `cmd:"" help:"Print what turns on completion in a shell."`
	Suggest    suggestCmd    `cmd:"" hidden:"" help:"Print what the last word of a command line could be."`
	Man        cli.Man       `cmd:"" help:"Print the manual page."`
	Version    cli.Version   `cmd:"" help:"Print the version."`
}

// A commandLine is what "run" is to run.
type commandLine []string

// cutCommand takes what comes after the first -- of "run" from the arguments of the
// process, before anybody looks for flags in it.
func cutCommand(args []string) ([]string, commandLine) {
	if len(args) > 0 && args[0] == "run" {
		if i := slices.Index(args, "--"); i >= 0 {
			return args[:i], args[i+1:]
		}
	}
	return args, nil
}

const description = `Look at a running lock broker, and step in.

Results go to stdout, messages for people to stderr. A flag beats the environment, which beats the default; it may be given once. Text must be UTF-8.

INT, TERM, HUP and QUIT end lock, watch, top, bench and info --watch in order, with exit code 0, and a second one at once; they end other commands at once. HUP and INT that were ignored at the start, as under nohup, stay ignored. USR1 and USR2 mean nothing. top and info --watch give the terminal back before TSTP stops them, and draw anew on WINCH. A command ends when nobody reads its output any more (PIPE), except run and lock. run passes signals on: see its help.

Exit codes:

    0   done
    1   something failed
    69  no broker could be reached, or the connection to it ended
    77  not permitted
    80  the command line is wrong`

func main() {
	args, command := cutCommand(os.Args[1:])
	cli.Main(newApp(kong.Bind(command)), args)
}

func newApp(options ...kong.Option) *kong.Kong {
	return cli.New(&grammar{}, append(options, kong.Name("brokerctl"), kong.Description(description))...)
}
