// Command brokerctl is the operator's tool for a lock broker: it lists who has
// which lock and who waits, says why, shows what changes, also full-screen, and ends
// requests. See brokerctl --help.
package main

import (
	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// grammar is the command line.
type grammar struct {
	Info    infoCmd     `cmd:"" help:"List locks: who has them, who waits, since when."`
	Why     whyCmd      `cmd:"" help:"Say why a request waits, or why a lock is not free."`
	Watch   watchCmd    `cmd:"" help:"Show changes as they happen."`
	Top     topCmd      `cmd:"" help:"Show locks full-screen, always up to date, and evict."`
	Lock    lockCmd     `cmd:"" help:"Hold a lock until Ctrl-C or the end of the input."`
	Evict   evictCmd    `cmd:"" help:"End somebody else's request."`
	Ping    pingCmd     `cmd:"" help:"Measure how long the broker takes to answer."`
	Version cli.Version `cmd:"" help:"Print the version."`
}

const description = `Look at a running lock broker, and step in.

What was asked for goes to stdout, messages for people to stderr. A flag beats the environment, which beats the default.

Exit codes:

    0   done
    1   something failed
    69  no broker could be reached, or the connection to it ended
    80  the command line is wrong`

func main() {
	cli.Main(&grammar{}, kong.Name("brokerctl"), kong.Description(description))
}
