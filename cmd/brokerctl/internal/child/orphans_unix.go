//go:build unix && !linux

package child

import (
	"os"
	"os/signal"
)

// buryOrphans only waits until the group is empty: orphans become children of init here.
func (c *Child) buryOrphans(ended chan os.Signal) {
	signal.Stop(ended)
	<-c.empty
}
