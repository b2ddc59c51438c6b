package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// CheckInstall refuses what an installation could not do, before anything is changed.
func (m *Manager) CheckInstall(ctx context.Context) error {
	if err := m.checkRights(ctx); err != nil {
		return err
	}
	if path, err := m.packaged(); err != nil || path != "" {
		const format = "a package has installed the service already (%s): " +
			"start it with systemctl, or remove the package"
		return errors.Join(err, fmt.Errorf(format, path))
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
	next := file.Path + ".new"
	if err := WritePublic(next, file.Text); err != nil {
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
