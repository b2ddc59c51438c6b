package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

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
