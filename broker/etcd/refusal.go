package etcd

import (
	"errors"
	"slices"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// isRefusal reports whether etcd has refused a transaction for a reason that is checked before it is applied. "No
// space" is not among these: etcd applies some transactions and then returns it. Nor is "no leader": the request
// may have been proposed before the leader was lost.
func isRefusal(err error) bool {
	refusals := []error{
		rpctypes.ErrTooManyOps,
		rpctypes.ErrDuplicateKey,
		rpctypes.ErrEmptyKey,
		rpctypes.ErrRequestTooLarge,
		rpctypes.ErrTooManyRequests,
		rpctypes.ErrPermissionDenied,
		rpctypes.ErrUserEmpty,
		rpctypes.ErrAuthFailed,
		rpctypes.ErrAuthOldRevision,
		rpctypes.ErrInvalidAuthToken,
	}
	return slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
}
