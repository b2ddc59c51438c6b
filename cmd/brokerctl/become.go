//go:build unix

package main

import (
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"
)

// environment returns the environment of the command: that of this process, and what the help says about its locks.
// Latest is the request that was granted last among those that hold the locks, and held are all that hold locks for it.
func (c *runCmd) environment(latest enclosure, held []enclosure) []string {
	names, _ := json.Marshal(c.Names) // the broker has taken them for text
	all, _ := json.Marshal(held)
	isOurs := func(entry string) bool { return strings.HasPrefix(entry, "LOCKBROKER_") }
	environment := slices.DeleteFunc(os.Environ(), isOurs)
	return append(environment,
		"LOCKBROKER_NAMES="+string(names),
		"LOCKBROKER_TOKEN="+strconv.FormatInt(latest.Token, 10),
		"LOCKBROKER_ID="+latest.ID,
		"LOCKBROKER_URL="+c.address(),
		heldVariable+"="+string(all),
	)
}

// become replaces this process by the command. The command stays in the process group for which the outer run waits,
// and so gets the signals of that run itself.
func become(path string, command commandLine, environment []string, signals chan os.Signal) error {
	if s := lastCall(signals); s != nil {
		return exit(exitSignal + int(s.(syscall.Signal)))
	}
	err := syscall.Exec(path, command, environment)
	return notExecutable(command[0], err)
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
