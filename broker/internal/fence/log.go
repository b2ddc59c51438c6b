package fence

import (
	"context"
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/internal/core"
)

// LogStart logs what to expect of the fencing tokens of a run with beginning b. dir is the state
// directory, or "" if there is none.
func LogStart(logger *slog.Logger, b core.Beginning, dir string) {
	write := func(level slog.Level, message string, attrs ...slog.Attr) {
		logger.LogAttrs(context.Background(), level, message, attrs...)
	}
	attrs := []slog.Attr{slog.String("state_dir", dir), slog.Int64("token", b.First)}
	if b.Warning != "" {
		write(slog.LevelWarn, b.Warning, attrs...)
	}
	if dir == "" {
		write(slog.LevelDebug, "no state directory: fencing tokens start from this machine's clock, "+
			"and rise across a restart only if it is not set back; "+
			"after a crash locks are granted at once, although there may be stale holders")
		return
	}
	if b.Restored || b.Grace != 0 {
		attrs = append(attrs, slog.Duration("grace", b.Grace))
	}
	switch {
	case b.Restored:
		write(slog.LevelWarn, "the state directory was restored from a copy, or moved: "+
			"it may know nothing of later runs. "+
			"Tokens continue from this machine's clock if that is ahead, "+
			"and nothing is granted until the clients of those runs have given up their locks", attrs...)
	case b.Grace == 0:
		write(slog.LevelInfo, "fencing tokens continue from the state directory", attrs...)
	default:
		write(slog.LevelWarn, "the last run did not stop cleanly: "+
			"nothing is granted until its clients have given up their locks", attrs...)
	}
}
