// Package service installs brokerd as a service of the operating system: of systemd on Linux, and of launchd or the
// service manager of Windows elsewhere.
//
// Start with [Options], which says what the service runs, and [New], which returns a [Manager]. [Options.Files] returns
// what an installation writes, so that it can be shown first.
//
// On Linux the package writes its own unit files and calls systemctl. The library github.com/kardianos/service does so
// too, but it refuses to install a second time, knows no socket units, and its unit has no hardening and restarts after
// two minutes. Elsewhere the library does the work.
//
// The service runs as a user of its own and not with DynamicUser=. The reason is SIGHUP: brokerd reads its certificates
// and tokens again, so these files must belong to a group that exists before the service starts. LoadCredential= would
// pass them only once.
//
// The package cannot see whether the service works: that is what Status asks the operating system.
package service
