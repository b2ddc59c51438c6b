package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
)

// CheckInstall refuses what an installation could not do, before anything is changed.
func (m *Manager) CheckInstall(ctx context.Context) error {
	if err := m.checkRights(ctx); err != nil {
		return err
	}
	if path, err := m.packaged(); err != nil || path != "" {
		return errors.Join(err, fmt.Errorf("a package has installed the service already (%s)", path))
	}
	if m.User {
		return nil
	}
	for _, hidden := range []string{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"} {
		if strings.HasPrefix(m.Program, hidden) {
			const format = "%s: the service cannot see the programs in %s: copy brokerd to /usr/local/bin"
			return fmt.Errorf(format, m.Program, strings.TrimSuffix(hidden, "/"))
		}
	}
	return nil
}

// checkRights refuses to change anything without systemd, or without root.
func (m *Manager) checkRights(ctx context.Context) error {
	if err := m.checkSystemd(ctx); err != nil {
		return err
	}
	if !m.User && os.Geteuid() != 0 {
		return fs.ErrPermission
	}
	return nil
}

// checkSystemd refuses to work without systemd.
func (m *Manager) checkSystemd(ctx context.Context) error {
	if m.User {
		if err := m.systemctl(ctx, "show", "--property=Version"); err != nil {
			return fmt.Errorf("systemd does not run for this user: %w", err)
		}
		return nil
	}
	if info, err := os.Lstat("/run/systemd/system"); err != nil || !info.IsDir() { // see sd_booted(3)
		return errors.New("systemd does not run on this machine")
	}
	return nil
}

// packaged returns the unit of a package, or "". A unit in /etc would hide it.
func (m *Manager) packaged() (string, error) {
	if m.User {
		return "", nil
	}
	for _, folder := range []string{"/usr/lib/systemd/system", "/lib/systemd/system"} {
		path := filepath.Join(folder, serviceName)
		_, err := os.Stat(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", nil
}

// Install writes the units, and makes the service start with the machine. It starts nothing. A second time it changes
// only what is different.
func (m *Manager) Install(ctx context.Context) error {
	if err := m.CheckInstall(ctx); err != nil {
		return err
	}
	files, err := m.Files()
	if err != nil {
		return err
	}
	if err := m.addUser(ctx); err != nil {
		return err
	}
	units := make([]string, len(files))
	for i, file := range files {
		units[i] = filepath.Base(file.Path)
		if err := m.write(file); err != nil {
			return err
		}
	}
	if err := m.systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	return m.enable(ctx, units)
}

// enable makes units start with the machine.
func (m *Manager) enable(ctx context.Context, units []string) error {
	for _, unit := range units {
		if m.systemctl(ctx, "is-enabled", "--quiet", unit) == nil {
			continue
		}
		if err := m.systemctl(ctx, "enable", "--quiet", unit); err != nil {
			return err
		}
		if err := m.say("enabled %s", unit); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file that root may change, unless it is there already.
func (m *Manager) write(file File) error {
	old, err := os.ReadFile(file.Path)
	if err == nil && string(old) == file.Text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file.Path), 0o755); err != nil { //nolint:gosec // everybody may read units
		return err
	}
	next := file.Path + ".new"
	if err := os.WriteFile(next, []byte(file.Text), 0o644); err != nil { //nolint:gosec // everybody may read units
		return err
	}
	if err := os.Rename(next, file.Path); err != nil {
		return err
	}
	return m.say("wrote %s", file.Path)
}

// addUser adds the user of the service, if it is missing.
func (m *Manager) addUser(ctx context.Context) error {
	if m.User {
		return nil
	}
	var unknown user.UnknownUserError
	if _, err := user.Lookup(Name); !errors.As(err, &unknown) {
		return err
	}
	if err := run(ctx, "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
		"--shell", "/usr/sbin/nologin", Name); err != nil {
		return err
	}
	return m.say("added the user %s", Name)
}

// Uninstall stops the service and removes its units. The configuration, the state directory and the user stay.
func (m *Manager) Uninstall(ctx context.Context) error {
	if err := m.checkRights(ctx); err != nil {
		return err
	}
	folder, err := m.unitFolder()
	if err != nil {
		return err
	}
	removed := false
	for _, unit := range []string{socketName, serviceName} {
		path := filepath.Join(folder, unit)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := m.systemctl(ctx, "disable", "--quiet", "--now", unit); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if err := m.say("removed %s", path); err != nil {
			return err
		}
		removed = true
	}
	if path, err := m.packaged(); err != nil || path != "" && !removed {
		const format = "a package has installed the service (%s): remove the package"
		return errors.Join(err, fmt.Errorf(format, path))
	}
	if !removed {
		return m.say("%s", ErrNotInstalled)
	}
	return m.systemctl(ctx, "daemon-reload")
}

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

func (m *Manager) scope() []string {
	if m.User {
		return []string{"--user"}
	}
	return nil
}

func (m *Manager) systemctl(ctx context.Context, args ...string) error {
	return run(ctx, "systemctl", append(m.scope(), args...)...)
}

func run(ctx context.Context, name string, args ...string) error {
	_, err := output(ctx, name, args...)
	return err
}

// output runs a program and returns its output. The error has what the program wrote to stderr.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		text := strings.Join(strings.Fields(stderr.String()), " ")
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return string(out), nil
}
