package service

import (
	"context"
	"errors"
	"strings"
)

// Start starts the service, and returns when it is ready.
func (m *Manager) Start(ctx context.Context) error {
	return m.systemctlInstalled(ctx, "start", serviceName)
}

// Stop stops the service, and the socket that would start it again. It returns when the drain is over.
func (m *Manager) Stop(ctx context.Context) error {
	units := []string{serviceName}
	if m.systemctl(ctx, "is-active", "--quiet", socketName) == nil {
		units = append([]string{socketName}, units...)
	}
	return m.systemctlInstalled(ctx, "stop", units...)
}

func (m *Manager) systemctlInstalled(ctx context.Context, verb string, units ...string) error {
	if err := m.checkRights(ctx); err != nil {
		return err
	}
	if state, err := m.show(ctx); err != nil || state["LoadState"] == "not-found" {
		return errors.Join(err, ErrNotInstalled)
	}
	return m.systemctl(ctx, append([]string{verb}, units...)...)
}

// Status says whether the service runs, what brokerd says about itself, and whether it starts with the machine.
func (m *Manager) Status(ctx context.Context) error {
	if err := m.checkSystemd(ctx); err != nil {
		return err
	}
	state, err := m.show(ctx)
	if err != nil {
		return err
	}
	if state["LoadState"] == "not-found" {
		return ErrNotInstalled
	}
	line := state["ActiveState"]
	if text := state["StatusText"]; text != "" && state["MainPID"] != "0" { // not of a broker that has ended
		line += ": " + text
	}
	if pid := state["MainPID"]; pid != "0" {
		line += ", process " + pid
	}
	if err := m.say("%s, %s", line, state["UnitFileState"]); err != nil {
		return err
	}
	if state["ActiveState"] != "active" && state["ActiveState"] != "reloading" {
		return ErrInactive
	}
	return nil
}

// show returns what systemd knows about the service.
func (m *Manager) show(ctx context.Context) (map[string]string, error) {
	const properties = "--property=LoadState,ActiveState,StatusText,MainPID,UnitFileState"
	args := append(m.scope(), "show", properties, serviceName)
	text, err := output(ctx, "systemctl", args...)
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		state[name] = value
	}
	return state, nil
}
