package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// processorTime returns for how long a process has used processors, to 10 ms, or 0 if the system does not say.
func processorTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	const user, system = 11, 12 // counted from after the name; see proc(5)
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			tb.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / 100)
}

// processorTimes returns for how long the contender's server and this process have used processors, or 0 if the
// contender does not say which server it has.
func (c *contender) processorTimes() (server, load time.Duration) {
	if c.server == nil {
		return 0, 0
	}
	tb := c.server.tb
	return processorTime(tb, c.server.command.Process.Pid), processorTime(tb, os.Getpid())
}
