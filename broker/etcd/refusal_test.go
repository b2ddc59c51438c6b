package etcd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// Only what etcd checks before it applies a transaction counts as a refusal.
func TestRefusals(t *testing.T) {
	for _, err := range []error{rpctypes.ErrTooManyOps, rpctypes.ErrTooManyRequests, rpctypes.ErrPermissionDenied} {
		if !isRefusal(fmt.Errorf("test: %w", err)) {
			t.Errorf("%v is no refusal", err)
		}
	}
	for _, err := range []error{
		rpctypes.ErrNoSpace, rpctypes.ErrTimeout, rpctypes.ErrTimeoutDueToLeaderFail, rpctypes.ErrLeaderChanged,
		rpctypes.ErrNoLeader, rpctypes.ErrStopped, rpctypes.ErrCorrupt,
		context.DeadlineExceeded, context.Canceled, errOldAnswer, errors.New("other"),
	} {
		if isRefusal(err) {
			t.Errorf("%v is a refusal", err)
		}
	}
}

// An answer that is older than one before it is refused, but not one that was overtaken.
func TestOldAnswers(t *testing.T) {
	var s Store
	for _, step := range []struct {
		revision, seen int64
		old            bool
	}{{5, 0, false}, {7, 5, false}, {6, 5, false}, {6, 7, true}, {7, 7, false}} {
		err := s.see(&etcdserverpb.ResponseHeader{Revision: step.revision}, step.seen)
		if errors.Is(err, errOldAnswer) != step.old {
			t.Errorf("revision %d after %d: got %v", step.revision, step.seen, err)
		}
	}
	if got := s.seen.Load(); got != 7 {
		t.Errorf("seen is %d", got)
	}
}
