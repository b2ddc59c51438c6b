package cluster

import (
	"context"
	"errors"
)

// ErrNotApplied means that a write was not applied, and never will be. Errors of [Store].Write that do not wrap it
// say nothing about that: the write may have been applied, or may still be.
var ErrNotApplied = errors.New("cluster: the write was not applied")

// A Store keeps the record. Its methods may be called concurrently. Each returns soon after ctx has ended.
//
// A store that finds something that it cannot read in the record, such as a format of a later release, returns an
// error. It must not return a part of the record.
type Store interface {
	// Head returns the owner and the beat as of one moment during the call.
	Head(ctx context.Context) (Head, error)
	// Sessions returns all sessions on record as of one moment during the call, in any order.
	Sessions(ctx context.Context) ([]Session, error)
	// Write applies w if the revision of the record is w.Guard, and returns the head as it is after that. So
	// the beat of the head is w.Beat if this call has applied w, or if an earlier call with the same w has and
	// nothing was written since. A write whose guard does not hold returns no error.
	Write(ctx context.Context, w Write) (Head, error)
}
