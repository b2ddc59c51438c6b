//go:build unix

package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// environment returns the environment of the command: that of this process, plus the variables that the help
// documents. LOCKBROKER_TOKEN and LOCKBROKER_ID come from request. Held lists all enclosures that hold locks for the
// command.
func (c *runCmd) environment(request enclosure, held []enclosure) []string {
	names, _ := json.Marshal(c.Names) // Cannot fail: the broker has accepted the names as text.
	all, _ := json.Marshal(held)
	isOurs := func(entry string) bool { return strings.HasPrefix(entry, "LOCKBROKER_") }
	environment := slices.DeleteFunc(os.Environ(), isOurs)
	return append(environment,
		"LOCKBROKER_NAMES="+string(names),
		"LOCKBROKER_TOKEN="+strconv.FormatInt(request.Token, 10),
		"LOCKBROKER_ID="+request.ID,
		"LOCKBROKER_URL="+c.brokerURL(),
		heldVariable+"="+string(all),
	)
}
