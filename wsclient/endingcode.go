package wsclient

import (
	"context"
	"errors"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The codes of an Ending, except those of refusals and losses.
const (
	codeReleased      = "released"
	codeCanceled      = "canceled"
	codeEnclosingLost = "enclosing_lost"
	codeConnection    = "connection"
	codeClosed        = "closed"
	codeOther         = "other" // of what this client does not know, so that a broker cannot add labels to metrics
)

// failureCode returns the code for err, the error of a call with the context ctx.
func failureCode(ctx context.Context, err error) string {
	refusal := new(Error)
	switch {
	case errors.Is(err, ErrLost), errors.Is(err, ErrReleased):
		return codeEnclosingLost
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return codeCanceled
	case errors.As(err, &refusal):
		return refusalCode(refusal.Code)
	case errors.Is(err, ErrClosed):
		return codeClosed
	case errors.Is(err, ErrConnection):
		return codeConnection
	}
	return codeOther
}

func refusalCode(code wire.Code) string {
	for _, row := range wire.ErrorCodes() {
		if row.Code == code {
			return string(code)
		}
	}
	return codeOther
}

// lossCode returns the code for a lock that was lost for this reason.
func lossCode(reason LostReason) string {
	known := []LostReason{LostConnection, LostLease, LostClosed, LostExpired, LostStolen, LostEvicted}
	if !slices.Contains(known, reason) {
		reason = codeOther
	}
	return "lost_" + string(reason)
}
