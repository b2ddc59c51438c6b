//go:build !windows

package service

import "context"

// Run runs serve. Signals stop the service.
func Run(serve func(context.Context) error) error { return serve(context.Background()) }
