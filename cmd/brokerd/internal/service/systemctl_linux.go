package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

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
