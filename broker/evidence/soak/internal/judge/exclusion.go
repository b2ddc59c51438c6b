package judge

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// checkExclusion compares an interval that is new or has grown with all others on its locks.
func (j *Judge) checkExclusion(i *interval) {
	if i.Loose {
		return
	}
	for _, lock := range i.Locks {
		j.checkLock(i, lock)
	}
	if len(i.Locks) > 1 {
		j.checks[promise.AllOrNothing]++
	}
}

func (j *Judge) checkLock(i *interval, lock record.Lock) {
	j.checks[promise.Exclusion]++
	j.checks[promise.Lease]++
	var shared []*interval // those that overlap with i, and i
	for _, other := range j.locks[lock.Name] {
		if other == i {
			shared = append(shared, i)
			continue
		}
		if other.Loose || !i.overlaps(other) {
			continue
		}
		if !lock.Shared || !lockOf(other, lock.Name).Shared {
			j.report(promise.Violate(kindOf(i, other), "%s and %s held %s at the same time", i, other,
				lock.Name))
			continue
		}
		shared = append(shared, other)
	}
	j.checkLimit(shared, lock.Name)
}

// checkLimit checks that at no moment more requests hold the lock than one of them accepts. The number of holders is
// greatest when one of them begins.
func (j *Judge) checkLimit(holders []*interval, name string) {
	for _, first := range holders {
		count, limit := 0, 0
		for _, other := range holders {
			if first.From < other.From || first.From > other.To {
				continue
			}
			count++
			if n := lockOf(other, name).Limit; n > 0 && (limit == 0 || n < limit) {
				limit = n
			}
		}
		if limit > 0 && count > limit {
			j.report(promise.Violate(promise.Exclusion,
				"%d requests held %s at the same time, one of them with limit %d: "+
					"when %s began", count, name, limit, first))
			return
		}
	}
}

// kindOf says which promise an overlap breaks. Requests on one session overlap only if the broker granted both at once.
func kindOf(a, b *interval) promise.Promise {
	if a.process == b.process && a.Client == b.Client {
		return promise.Exclusion
	}
	return promise.Lease
}

func lockOf(i *interval, name string) record.Lock {
	for _, lock := range i.Locks {
		if lock.Name == name {
			return lock
		}
	}
	return record.Lock{}
}
