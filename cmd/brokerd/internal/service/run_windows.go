package service

import (
	"context"
	"os"

	lib "github.com/kardianos/service"
)

// Run runs serve. If the service manager has started this process, the context ends when it stops the service.
func Run(serve func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if lib.Interactive() {
		return serve(ctx)
	}
	ended := make(chan error, 1)
	s, err := lib.New(program{
		start: func() error {
			go func() {
				err := serve(ctx)
				ended <- err
				if err != nil {
					os.Exit(1) // so that the service manager starts it again
				}
			}()
			return nil
		},
		stop: func() error { cancel(); return <-ended },
	}, &lib.Config{Name: Name})
	if err != nil {
		return err
	}
	return s.Run()
}
