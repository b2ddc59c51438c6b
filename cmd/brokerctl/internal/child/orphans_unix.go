//go:build unix && !linux

package child

import (
	"os"
	"os/signal"
)

// buryOrphans has nothing to do: orphans are children of init here.
func (*Child) buryOrphans(ended chan os.Signal) { signal.Stop(ended) }
