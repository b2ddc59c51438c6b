package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/configfile"
)

// configCmd are the commands about the configuration.
type configCmd struct {
	Check   configCheck   `cmd:"" help:"Say what is wrong with the configuration."`
	Show    configShow    `cmd:"" help:"Print what is in force, and where each value comes from."`
	Example configExample `cmd:"" help:"Print a configuration file with all keys and their defaults."`
	Schema  configSchema  `cmd:"" help:"Print a JSON Schema of the configuration file, for editors."`
}

// configCheck is the command "config check".
type configCheck struct{}

// Help returns the text that --help shows above the flags.
func (configCheck) Help() string {
	return `Checks the configuration file, and the files that it names, as brokerd does when it starts. It
opens no port and changes no file. It prints nothing if they are good:

    $ brokerd config check --config /etc/lockbroker/brokerd.yaml

The exit code is 0 if they are good, 80 if the configuration is not, and 1 if another file is not.`
}

// Run checks the files. Parsing has checked the configuration itself.
func (configCheck) Run(f *flags) error {
	if err := f.checkPolicy(); err != nil {
		return err
	}
	files, err := f.readSettings()
	if err == nil && files.tls != nil && time.Now().After(files.tls.Expires) {
		const format = "%s: the certificate has expired, at %s"
		err = fmt.Errorf(format, f.TLSCert, files.tls.Expires.Format(time.RFC3339))
	}
	return errors.Join(err, f.checkFolders(), f.checkExposure(f.endpoints()))
}

// checkFolders refuses an audit in a directory that does not exist, and a state directory that is none. brokerd
// makes a missing state directory.
func (f *flags) checkFolders() error {
	if f.auditsFile() {
		if _, err := os.Stat(filepath.Dir(f.Audit)); err != nil {
			return fmt.Errorf("--audit: %w", err)
		}
	}
	if info, err := os.Stat(f.StateDir); err == nil && !info.IsDir() {
		return fmt.Errorf("--state-dir: %s: want a directory", f.StateDir)
	}
	return nil
}

// configShow is the command "config show".
type configShow struct{}

// Help returns the text that --help shows above the flags.
func (configShow) Help() string {
	return `Prints what is in force as a configuration file, with the source of each value in a comment: the
command line, the environment, the place in the file, or the default. The password and the query of a URL are not shown.

    $ brokerd config show --config /etc/lockbroker/brokerd.yaml
    host: 127.0.0.1 # default
    port: 27003 # /etc/lockbroker/brokerd.yaml:3:7
    ...`
}

// Run prints the values.
func (configShow) Run(ctx *kong.Context, f *flags) error {
	derived, err := f.derived()
	if err != nil {
		return err
	}
	for _, v := range configfile.Values(ctx, f.file, f.keys) {
		if value, is := derived[v.Key]; is && reflect.ValueOf(v.Value).IsZero() {
			v.Value = value
		}
		text, err := yaml.Marshal(map[string]any{v.Key: shown(v.Value)})
		if err != nil {
			return err
		}
		line, rest, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n")
		if rest != "" {
			rest += "\n"
		}
		if _, err := fmt.Fprintf(ctx.Stdout, "%s # %s\n%s", line, v.Source, rest); err != nil {
			return err
		}
	}
	return nil
}

// derived returns the values of the keys whose defaults depend on other keys.
func (f *flags) derived() (map[string]any, error) {
	c, err := f.config(zerolog.Nop()).WithDefaults()
	if err != nil {
		return nil, err
	}
	all := map[string]any{
		"heartbeat":                    c.Heartbeat,
		"max-connections-per-address":  c.MaxConnectionsPerAddress,
		"max-connections-per-identity": c.MaxConnectionsPerIdentity,
		"quota-requests":               c.Quota.Requests,
		"quota-waiting":                c.Quota.Waiting,
		"quota-watches":                c.Quota.Watches,
	}
	if f.QuotaAcquiresPerSecond > 0 {
		all["quota-acquire-burst"] = c.Quota.AcquireBurst
	}
	return all, nil
}

// shown returns a value as a file would have it, without passwords and queries of URLs.
func shown(value any) any {
	switch value := value.(type) {
	case string:
		if u, err := url.Parse(value); err == nil && u.Host != "" && (u.User != nil || u.RawQuery != "") {
			if u.RawQuery != "" {
				u.RawQuery = "xxxxx"
			}
			return u.Redacted()
		}
		return value
	case []string:
		masked := make([]any, len(value))
		for i, item := range value {
			masked[i] = shown(item)
		}
		return masked
	case fmt.Stringer:
		return value.String()
	}
	return value
}

// configExample is the command "config example".
type configExample struct{}

// Help returns the text that --help shows above the flags.
func (configExample) Help() string {
	return `Prints a configuration file. Each key is commented out, with its documentation and its default. The
flags of the command line are set:

    $ brokerd config example --state-dir /var/lib/brokerd >/etc/lockbroker/brokerd.yaml`
}

// Run prints the example.
func (configExample) Run(ctx *kong.Context, f *flags) error {
	text, err := configfile.Example(f.keys, configfile.Given(ctx, f.keys))
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(ctx.Stdout, text)
	return err
}

// configSchema is the command "config schema".
type configSchema struct{}

// Help returns the text that --help shows above the flags.
func (configSchema) Help() string {
	return `Prints a JSON Schema (draft 2020-12). Editors use it to complete keys and to mark errors:

    $ brokerd config schema >brokerd.schema.json`
}

// Run prints the schema.
func (configSchema) Run(ctx *kong.Context, f *flags) error {
	text, err := configfile.Schema(f.keys)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(ctx.Stdout, "%s\n", text)
	return err
}
