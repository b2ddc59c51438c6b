//go:build unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// environment is that of this process, and what is said of the locks: the request that was granted last among those that
// hold them, and all that hold locks for the command.
func (c *runCmd) environment(latest enclosure, held []enclosure) []string {
	names, _ := json.Marshal(c.Names) // the broker has taken them for text
	all, _ := json.Marshal(held)
	environment := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "LOCKBROKER_") })
	return append(environment,
		"LOCKBROKER_NAMES="+string(names),
		"LOCKBROKER_TOKEN="+strconv.FormatInt(latest.Token, 10),
		"LOCKBROKER_ID="+latest.ID,
		"LOCKBROKER_URL="+c.address(),
		heldVariable+"="+string(all),
	)
}

// become makes this process the command. It stays in the process group for which the run around it waits, and gets
// the signals of that run itself.
func become(path string, command commandLine, environment []string, signals chan os.Signal) error {
	if s := lastCall(signals); s != nil {
		return exit(exitSignal + int(s.(syscall.Signal)))
	}
	err := syscall.Exec(path, command, environment)
	return &cli.Failure{Err: fmt.Errorf("cannot execute %s: %w", wire.Printable(command[0]), err), Code: exitNotExecutable}
}

// lastCall gives all signals their usual effect, and returns one that has come until now, if it ends a command.
// Reset alone would lose one that the runtime has and the channel has not yet: Stop waits for that.
func lastCall(signals chan os.Signal) os.Signal {
	signal.Stop(signals)
	signal.Reset()
	for len(signals) > 0 {
		if s := <-signals; slices.Contains(ending, s) {
			return s
		}
	}
	return nil
}
