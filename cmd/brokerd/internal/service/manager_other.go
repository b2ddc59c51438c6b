//go:build !linux

package service

import (
	"context"
	"errors"

	lib "github.com/kardianos/service"
)

// program is what the library wants for a service that runs.
type program struct{ start, stop func() error }

func (p program) Start(lib.Service) error { return p.start() }
func (p program) Stop(lib.Service) error  { return p.stop() }

// service returns the service as the library knows it.
func (m *Manager) service() (lib.Service, error) {
	return lib.New(program{}, &lib.Config{
		Name: Name, DisplayName: "Lock broker", Description: "Grants named locks to programs.",
		Executable: m.Program, Arguments: []string{"--config", m.Config},
		Option: lib.KeyValue{
			"UserService": m.User, "LaunchdConfig": m.plist(), // launchd
			"OnFailure": "restart", "OnFailureDelayDuration": "1s", // Windows
		},
	})
}

// CheckInstall refuses options for which the service cannot be described.
func (m *Manager) CheckInstall(context.Context) error { return m.Check() }

// Install makes brokerd a service that starts with the machine. It starts nothing. A second time it changes nothing.
func (m *Manager) Install(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	if _, err := s.Status(); !errors.Is(err, lib.ErrNotInstalled) {
		return m.say("brokerd is already a service: to change it, uninstall it first")
	}
	if err := s.Install(); err != nil {
		return err
	}
	return m.say("installed the service %s", Name)
}

// Uninstall stops the service and removes it. The configuration and the state directory stay.
func (m *Manager) Uninstall(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	status, err := s.Status()
	if errors.Is(err, lib.ErrNotInstalled) {
		return m.say("%s", ErrNotInstalled)
	}
	if status == lib.StatusRunning {
		if err := s.Stop(); err != nil {
			return err
		}
	}
	if err := s.Uninstall(); err != nil {
		return err
	}
	return m.say("removed the service %s", Name)
}

// Start starts the service.
func (m *Manager) Start(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	return s.Start()
}

// Restart stops and starts the service.
func (m *Manager) Restart(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	return s.Restart()
}

// Stop stops the service.
func (m *Manager) Stop(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	return s.Stop()
}

// Status says whether the service runs.
func (m *Manager) Status(context.Context) error {
	s, err := m.service()
	if err != nil {
		return err
	}
	status, err := s.Status()
	switch {
	case errors.Is(err, lib.ErrNotInstalled):
		return ErrNotInstalled
	case err != nil:
		return err
	case status != lib.StatusRunning:
		return errors.Join(m.say("inactive"), ErrInactive)
	}
	return m.say("active")
}
