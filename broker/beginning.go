package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// begin begins the run: it makes the core, and waits some time for the first tokens.
func (l *loop) begin(source fence.Source) error {
	beginning, err := fence.Begin(source)
	if err != nil {
		return err
	}
	l.start = time.Now() // the grace period counts from now, and must not end early
	if l.member == nil {
		l.aside(func() { fence.LogStart(l.logs.unlimited, beginning, l.config.StateDir) })
	} else {
		l.aside(func() { l.member.logStart(beginning) })
	}
	l.keepsRecord = source.KeepsRecord()
	l.decideFrom(beginning)
	l.supply = fence.NewSupply(source, l.logs.unlimited)
	if l.keepsRecord {
		l.recorder = fence.NewRecorder(source, l.logs.unlimited)
		l.aside(func() { l.recorder.Run(l.over) })
	}
	l.reserve()
	if limit, ok := l.supply.AwaitFirst(); ok {
		l.tokensReserved(limit)
	}
	l.keepRecord() // before anybody can come back
	return nil
}

// decideFrom makes the core of a run with that beginning.
func (l *loop) decideFrom(beginning core.Beginning) {
	l.core = core.New(core.Config{
		Timeout:     l.config.Timeout,
		Drain:       l.config.Drain,
		MaxRequests: l.config.MaxRequests,
		TokenRange:  l.tokenRange,
		KeepsRecord: l.keepsRecord,
		Moves:       l.moves,
		Table: locktable.Config{
			MaxRequests: l.config.Limits.Requests,
			MaxIdle:     l.config.IdleNames,
			Grants:      grantSlice,
			Budget:      answerBudget(),
		},
	}, beginning)
	l.table = l.core.Table()
	if beginning.Snapshot != nil {
		l.restore(beginning.Snapshot)
	}
}
