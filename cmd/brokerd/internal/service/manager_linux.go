package service

import (
	"context"
	"errors"
	"strings"
)

// Start starts the service, and returns when it is ready.
func (m *Manager) Start(ctx context.Context) error {
	if m.systemctl(ctx, "is-active", "--quiet", serviceName) == nil {
		return m.say("it runs already, with the configuration that it has read; next: brokerd service restart")
	}
	return m.systemctlInstalled(ctx, "start", serviceName)
}

// Restart stops and starts the service, and returns when it is ready.
func (m *Manager) Restart(ctx context.Context) error {
	return m.systemctlInstalled(ctx, "restart", serviceName)
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
	switch state["ActiveState"] {
	case "active", "reloading":
		return nil
	case "failed", "activating":
		return errors.Join(m.say("its log ends with: %s", m.lastLine(ctx)), ErrInactive)
	}
	return ErrInactive
}

// lastLine returns the last error of brokerd in the log.
func (m *Manager) lastLine(ctx context.Context) string {
	args := append(m.scope(), "--unit", serviceName, "--output", "cat", "--lines", "20", "--no-pager")
	text, err := output(ctx, "journalctl", args...)
	if err != nil {
		return err.Error()
	}
	last := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "brokerd: error: ") || last == "" {
			last = strings.TrimSpace(line)
		}
	}
	return last
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
