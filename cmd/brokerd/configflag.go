package main

import (
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/configfile"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// configFlag is the flag of the configuration file.
type configFlag struct {
	Config string `env:"BROKERD_CONFIG" placeholder:"FILE" help:"Read a configuration file, in YAML. Its keys are the names of these flags: see brokerd config example. Flags and the environment take precedence. SIGHUP reads it again."`

	file *configfile.File // or nil
	keys []*kong.Flag     // the flags that the file may set
}

// load reads the configuration file, before the values of the flags are set.
func (f *configFlag) load(ctx *kong.Context) error {
	if f.keys = keysOf(ctx.Model); !needsConfig(ctx) {
		return nil
	}
	for _, flag := range ctx.Model.Flags {
		if flag.Name != "config" {
			continue
		}
		name, _ := ctx.FlagValue(flag).(string)
		if name == "" {
			return nil
		}
		file, err := configfile.Read(name, f.keys)
		if err != nil {
			return &cli.Failure{Err: err, Hint: "see brokerd config example", Code: cli.ExitUsage}
		}
		f.file = file
		ctx.AddResolver(file)
	}
	return nil
}

// keysOf returns the flags that the configuration file may set.
func keysOf(app *kong.Application) []*kong.Flag {
	var keys []*kong.Flag
	for _, flag := range app.Flags {
		if !slices.Contains([]string{"help", "version", "config"}, flag.Name) {
			keys = append(keys, flag)
		}
	}
	return keys
}

// needsConfig reports whether the command depends on the configuration. The others work even if the file is
// bad.
func needsConfig(ctx *kong.Context) bool {
	command := ctx.Selected()
	needing := []string{"serve", "check", "config check", "config show"}
	return command == nil || slices.Contains(needing, pathOf(command))
}

// pathOf returns the names of a command and its parents, without the name of the program.
func pathOf(command *kong.Node) string {
	if command.Parent == nil || command.Parent.Type == kong.ApplicationNode {
		return command.Name
	}
	return pathOf(command.Parent) + " " + command.Name
}

// again returns the flags as they are now: the configuration file may have changed.
func (f *flags) again() (*flags, error) {
	if f.Config == "" {
		return f, nil
	}
	g := &grammar{}
	if _, err := cli.Parse(newAppOf(g), os.Args[1:]); err != nil {
		return nil, err
	}
	return &g.flags, nil
}

// reloadedKeys are the keys whose changes take effect on SIGHUP.
var reloadedKeys = []string{
	"tls-cert", "tls-key", "tls-client-ca", "tls-client-auth",
	"tokens", "client-identity", "unix-identity", "policy",
	"oidc-issuer", "oidc-audience", "oidc-keys", "oidc-algorithm", "oidc-identity-claim", "oidc-identity-prefix",
	"oidc-groups-claim", "oidc-groups-prefix",
	"debug", "log-level-file",
	"quota-requests", "quota-waiting", "quota-acquires-per-second", "quota-acquire-burst", "quota-watches",
	"public-url", "allowed-host", "allow-origin",
}

// differences returns the keys whose values differ from those of other flags: those that may change while
// the broker runs, and those that may not.
func (f *flags) differences(other *flags) (reloads, restarts []string) {
	for i, key := range f.keys {
		if reflect.DeepEqual(key.Target.Interface(), other.keys[i].Target.Interface()) {
			continue
		}
		if slices.Contains(reloadedKeys, key.Name) {
			reloads = append(reloads, key.Name)
		} else {
			restarts = append(restarts, key.Name)
		}
	}
	return reloads, restarts
}
