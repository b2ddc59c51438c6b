package service

import (
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/template"
	"unicode"
)

// Name is the name of the service, and of the user that it runs as.
const Name = "brokerd"

// SocketName is the name under which systemd passes the socket: --listen=systemd:brokerd.
const SocketName = "brokerd"

// Options say what the service runs.
type Options struct {
	Program string // the absolute path of brokerd
	Config  string // the absolute path of the configuration file
	User    bool   // a service of the user who installs it, not of the machine
	Socket  string // systemd listens here: HOST:PORT or the path of a Unix socket; "": brokerd itself listens
}

// A File is a file that an installation writes.
type File struct{ Path, Text string }

// Defaults returns where the configuration file and the state directory are, unless the operator says otherwise.
func Defaults(user bool) (config, stateDir string, err error) {
	if user {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", "", err
		}
		folder, err := os.UserConfigDir()
		return filepath.Join(folder, "lockbroker", "brokerd.yaml"),
			filepath.Join(home, ".local", "state", "brokerd"), err
	}
	if runtime.GOOS == "windows" {
		folder := filepath.Join(os.Getenv("ProgramData"), "lockbroker")
		return filepath.Join(folder, "brokerd.yaml"), filepath.Join(folder, "state"), nil
	}
	return "/etc/lockbroker/brokerd.yaml", "/var/lib/brokerd", nil
}

// Check refuses options for which no file can be written.
func (o Options) Check() error {
	for _, path := range []string{o.Program, o.Config} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%.200q: want an absolute path", path)
		}
		if i := strings.IndexFunc(path, isSpecial); i >= 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("%.200q: want a path without the character %.1q", path, path[i:])
		}
	}
	if o.Socket == "" || filepath.IsAbs(o.Socket) && strings.IndexFunc(o.Socket, isSpecial) < 0 {
		return nil
	}
	if _, err := netip.ParseAddrPort(o.Socket); err != nil {
		return fmt.Errorf("--socket is %.80q: want an IP address and a port, such as 127.0.0.1:27002, "+
			"or the path of a Unix socket", o.Socket)
	}
	if runtime.GOOS != "linux" {
		return errors.New("--socket: only systemd can pass a socket")
	}
	return nil
}

// isSpecial reports whether a character may have a meaning in a unit file.
func isSpecial(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("/-_.+@,:=~ ", c)
}

// Files returns the files that an installation writes on this operating system. On Windows there are none.
func (o Options) Files() ([]File, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	switch runtime.GOOS {
	case "linux":
		return o.units()
	case "darwin":
		return []File{{o.plistPath(), o.plist()}}, nil
	}
	return nil, nil
}

//go:embed brokerd.service
var serviceUnit string

//go:embed brokerd.socket
var socketUnit string

// units returns the unit files of systemd.
func (o Options) units() ([]File, error) {
	folder, err := o.unitFolder()
	if err != nil {
		return nil, err
	}
	values := o
	values.Program, values.Config = quoted(o.Program), quoted(o.Config)
	files := []File{{Path: serviceName, Text: serviceUnit}}
	if o.Socket != "" {
		files = append(files, File{Path: socketName, Text: socketUnit})
	}
	for i, file := range files {
		var text strings.Builder
		if err := template.Must(template.New(file.Path).Parse(file.Text)).Execute(&text, values); err != nil {
			return nil, err
		}
		files[i] = File{filepath.Join(folder, file.Path), text.String()}
	}
	return files, nil
}

// The names of the units.
const (
	serviceName = Name + ".service"
	socketName  = Name + ".socket"
)

// unitFolder returns where the units of an administrator or of a user are.
func (o Options) unitFolder() (string, error) {
	if !o.User {
		return "/etc/systemd/system", nil
	}
	folder, err := os.UserConfigDir()
	return filepath.Join(folder, "systemd", "user"), err
}

// quoted returns a path as one word of a command line in a unit.
func quoted(path string) string {
	if strings.Contains(path, " ") {
		return `"` + path + `"`
	}
	return path
}
