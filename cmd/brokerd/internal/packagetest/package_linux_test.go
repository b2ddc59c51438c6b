package packagetest

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackage installs the package of Debian, uses the service, and removes the package.
func TestPackage(t *testing.T) {
	m := boot(t, buildPackages(t))
	before := m.files(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *machine)
	}{
		{"install", install},
		{"start", start},
		{"not ready", notReady},
		{"reload", reload},
		{"watchdog", watchdog},
		{"crash", crash},
		{"journal", journal},
		{"drain", drain},
		{"upgrade", upgrade},
		{"socket", socket},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, m) }) {
			t.FailNow() // the next steps depend on this one
		}
	}
	t.Run("remove", func(t *testing.T) { remove(t, m, before) })
	t.Run("command", func(t *testing.T) { command(t, m, before) })
}

// install checks that the package starts nothing by surprise.
func install(t *testing.T, m *machine) {
	m.do(t, "dpkg --install /packages/*.deb")
	m.refuses(t, "systemctl is-enabled brokerd", "disabled")
	m.refuses(t, "systemctl is-active brokerd", "inactive")
	m.refuses(t, "systemctl is-active brokerd.socket", "inactive")
	m.refuses(t, "brokerd service install", "a package has installed the service already")
	m.do(t, "gzip --test /usr/share/man/man1/brokerd.1.gz /usr/share/man/man1/brokerctl.1.gz; "+
		"bash -n /usr/share/bash-completion/completions/brokerctl")
}

// configure replaces the configuration. The session timeout is short, because so is the grace period then.
func configure(t *testing.T, m *machine, lines ...string) {
	t.Helper()
	lines = append(lines, "state-dir: /var/lib/brokerd", "timeout: 2s", "drain: 10s")
	m.do(t, "cat >/etc/lockbroker/brokerd.yaml <<END\n"+strings.Join(lines, "\n")+"\nEND")
}

// start checks that a broker that systemctl start has started works at once, with the configuration of the package.
func start(t *testing.T, m *machine) {
	m.do(t, "systemctl start brokerd; brokerctl info; brokerctl run orders/42 -- true")
	if got := m.status(t); !regexp.MustCompile(`^active: grants locks, process \d+, disabled$`).MatchString(got) {
		t.Errorf("the status is %q", got)
	}
	got := m.do(t, "stat -c '%U %a' /var/lib/brokerd/state /var/lib/brokerd")
	if got != "brokerd 600\nbrokerd 700" {
		t.Errorf("the state is that of %q", got)
	}
	m.do(t, "brokerd service stop")
	m.refuses(t, "brokerd service status", "inactive, disabled")
	m.refuses(t, "brokerctl info", "refused")
	configure(t, m)
	m.do(t, "brokerd service start")
}

// notReady checks that a service that cannot work is not active: its port is taken, its disk is full, or its
// configuration is wrong.
func notReady(t *testing.T, m *machine) {
	m.do(t, "systemctl stop brokerd; systemd-run --quiet --unit=other brokerd --port=27002; "+
		"timeout 10 bash -c 'until brokerctl info; do :; done'")
	m.refuses(t, "brokerd service start", "hint: read the log: journalctl --unit brokerd --lines 20")
	m.refuses(t, "systemctl is-active brokerd", "activating")
	m.do(t, "systemctl stop other")
	m.await(t, "systemctl is-active brokerd") // it tries again

	m.do(t, "systemctl stop brokerd; mount -t tmpfs -o size=4k,mode=700,uid=brokerd tmpfs /var/lib/brokerd; "+
		"! head -c 8192 /dev/zero >/var/lib/brokerd/full")
	m.refuses(t, "systemctl start brokerd", "failed")
	m.refuses(t, "systemctl is-active brokerd", "activating")
	m.do(t, "systemctl stop brokerd; umount /var/lib/brokerd")

	configure(t, m, "port: many")
	m.refuses(t, "systemctl start brokerd", "failed")
	m.refuses(t, "systemctl is-active brokerd", "failed") // another start would not help
	configure(t, m)
	m.do(t, "systemctl start brokerd")
}

// reload checks that systemctl reload changes a quota.
func reload(t *testing.T, m *machine) {
	pid := m.pidOf(t)
	configure(t, m, "quota-requests: 5000")
	m.do(t, "systemctl reload brokerd")
	m.await(t, `journalctl --unit brokerd --output cat | grep '"changed":\["quota-requests"\].*"reloaded"'`)
	configure(t, m, "quota-requests: many")
	m.do(t, "systemctl reload brokerd")
	m.await(t, "brokerd service status | grep 'active: grants locks; the last reload failed: see the log'")
	configure(t, m)
	m.do(t, "systemctl reload brokerd")
	m.await(t, "brokerd service status | grep 'active: grants locks, '")
	if got := m.pidOf(t); got != pid {
		t.Errorf("process %s has become %s", pid, got)
	}
}

// watchdog checks that a process that is stopped is started again.
func watchdog(t *testing.T, m *machine) {
	m.do(t, "mkdir -p /run/systemd/system/brokerd.service.d; cd /run/systemd/system/brokerd.service.d; "+
		"printf '[Service]\nWatchdogSec=1\n' >watchdog.conf; "+
		"systemctl daemon-reload; systemctl restart brokerd")
	pid := m.pidOf(t)
	m.do(t, "kill -STOP "+pid)
	m.awaitRestart(t, pid)
	m.do(t, "journalctl --unit brokerd | grep 'Watchdog timeout'; journalctl --unit brokerd | grep 'goroutine 1 '")
	m.do(t, "rm -r /run/systemd/system/brokerd.service.d; systemctl daemon-reload; systemctl restart brokerd")
}

// crash checks that a broker that is killed is started again, and that its status says that it is in the grace period.
func crash(t *testing.T, m *machine) {
	pid := m.pidOf(t)
	m.do(t, "kill -KILL "+pid)
	m.await(t, "systemctl show --property StatusText --value brokerd | "+
		"grep -E '^grace period until [0-9:]{8}: nothing is granted yet$'")
	m.awaitRestart(t, pid)
	m.await(t, "brokerd service status | grep 'active: grants locks, '")
}

// journal checks that the log continues when its reader has been started again.
func journal(t *testing.T, m *machine) {
	pid := m.pidOf(t)
	m.do(t, "systemctl restart systemd-journald; brokerctl info; systemctl kill --signal USR1 brokerd")
	m.await(t, `journalctl --unit brokerd --output cat | grep 'ignored a signal that has no effect'`)
	m.do(t, "systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald; "+
		"for i in 1 2 3 4 5; do brokerctl info; done; systemctl start systemd-journald; brokerctl info")
	if got := m.pidOf(t); got != pid {
		t.Errorf("process %s has become %s", pid, got)
	}
}

// drain checks that a stop waits for a holder, and longer than TimeoutStopSec= if --drain is longer.
func drain(t *testing.T, m *machine) {
	m.do(t, "mkdir -p /run/systemd/system/brokerd.service.d; cd /run/systemd/system/brokerd.service.d; "+
		"printf '[Service]\nTimeoutStopSec=1\n' >stop.conf; systemctl daemon-reload; systemctl restart brokerd")
	m.do(t, "systemd-run --quiet --unit=holder brokerctl lock orders/42")
	m.await(t, "brokerctl info | grep orders/42")
	m.do(t, "systemctl stop --no-block brokerd")
	m.await(t, "systemctl show --property StatusText --value brokerd | grep '^draining until '")
	m.do(t, "sleep 2; systemctl is-active holder; brokerctl info | grep orders/42")
	m.do(t, "systemctl stop holder")
	m.await(t, "test $(systemctl show --property ActiveState --value brokerd) = inactive")
	if got := m.do(t, "systemctl show --property Result --value brokerd"); got != "success" {
		t.Errorf("the stop ended with %s", got)
	}
	m.do(t, "rm -r /run/systemd/system/brokerd.service.d; systemctl daemon-reload; systemctl start brokerd")
}

// upgrade checks that an upgrade restarts a service that runs, and no other one, and keeps the configuration.
func upgrade(t *testing.T, m *machine) {
	pid := m.pidOf(t)
	m.do(t, "dpkg --install --force-confold /packages/*.deb; systemctl is-active brokerd; "+
		"grep 'timeout: 2s' /etc/lockbroker/brokerd.yaml")
	if got := m.pidOf(t); got == pid {
		t.Error("the old program still runs")
	}
	m.do(t, "systemctl stop brokerd; dpkg --install /packages/*.deb")
	m.refuses(t, "systemctl is-active brokerd", "inactive")
}

// socket checks that systemd listens for brokerd, also while it restarts.
func socket(t *testing.T, m *machine) {
	configure(t, m, `listen: ["systemd:brokerd"]`)
	m.do(t, "systemctl enable --quiet --now brokerd.socket")
	m.refuses(t, "systemctl is-active brokerd", "inactive")
	m.do(t, "brokerctl info; systemctl is-active brokerd")
	m.do(t, "systemctl stop brokerd; brokerctl info; systemctl is-active brokerd")
	m.do(t, "systemctl restart --no-block brokerd; for i in $(seq 50); do brokerctl info; done")
	m.do(t, "brokerd service stop")
	m.refuses(t, "brokerctl info", "refused")
	m.do(t, "brokerd service start; brokerctl info")
}

// remove checks what is left of the package: first its state, its configuration and its user, and after a purge
// nothing.
func remove(t *testing.T, m *machine, before []string) {
	m.do(t, "systemctl enable --quiet brokerd; dpkg --remove lockbroker")
	m.refuses(t, "brokerctl info", "brokerctl")
	m.do(t, "! pgrep brokerd; id brokerd; test -s /var/lib/brokerd/state")
	left := []string{"/etc/lockbroker", "/etc/lockbroker/brokerd.yaml", "/var/lib/brokerd", "/var/lib/brokerd/lock",
		"/var/lib/brokerd/state"}
	m.checkFiles(t, before, left)
	m.do(t, "dpkg --purge lockbroker; ! getent passwd brokerd; ! getent group brokerd")
	m.checkFiles(t, before, nil)
	m.do(t, "test $(systemctl show --property LoadState --value brokerd) = not-found")
}

// command checks brokerd service, which needs no package.
func command(t *testing.T, m *machine, before []string) {
	m.do(t, "dpkg-deb --fsys-tarfile /packages/*.deb | tar -x -C /tmp ./usr/bin; "+
		"install /tmp/usr/bin/brokerd /tmp/usr/bin/brokerctl /usr/local/bin")
	m.refuses(t, "/tmp/usr/bin/brokerd service install", "copy brokerd to /usr/local/bin")
	m.refuses(t, "brokerd service start", "not installed")
	m.refuses(t, "brokerd service status", "not installed")
	m.refuses(t, "setpriv --reuid 65534 brokerd service install", "only root may do that")
	want := "wrote /etc/lockbroker/brokerd.yaml\nadded the user brokerd\n" +
		"wrote /etc/systemd/system/brokerd.service\nwrote /etc/systemd/system/brokerd.socket\n" +
		"enabled brokerd.service\nenabled brokerd.socket\nnext: brokerd service start"
	if got := m.do(t, "brokerd service install --socket 127.0.0.1:27009 --timeout 3s"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := m.do(t, "brokerd service install --socket 127.0.0.1:27009"); got != "next: brokerd service start" {
		t.Errorf("the second time: %s", got)
	}
	m.do(t, "brokerd service start; brokerctl info --port 27009; brokerd service status | grep ', enabled$'")
	m.do(t, "brokerd service uninstall")
	m.do(t, "brokerd service uninstall | grep 'not installed'")
	m.do(t, "! pgrep brokerd; test -z \"$(find /etc/systemd /run/systemd/system -name '*brokerd*')\"")
	m.checkFiles(t, before, []string{"/etc/lockbroker", "/etc/lockbroker/brokerd.yaml", "/usr/local/bin/brokerctl",
		"/usr/local/bin/brokerd", "/var/lib/brokerd", "/var/lib/brokerd/lock", "/var/lib/brokerd/state"})
}

// status returns what brokerd service status prints.
func (m *machine) status(t *testing.T) string {
	t.Helper()
	return m.do(t, "brokerd service status")
}

// pidOf returns the process of the service.
func (m *machine) pidOf(t *testing.T) string {
	t.Helper()
	pid := m.do(t, "systemctl show --property MainPID --value brokerd")
	if pid == "0" {
		t.Fatal("the service does not run")
	}
	return pid
}

// awaitRestart waits until the service is active with another process.
func (m *machine) awaitRestart(t *testing.T, pid string) {
	t.Helper()
	m.await(t, "systemctl is-active brokerd; test $(systemctl show --property MainPID --value brokerd) != "+pid)
}

// files returns what has been created or changed on the machine, without what every use of dpkg and systemd changes.
func (m *machine) files(t *testing.T) []string {
	t.Helper()
	var all []string
	// The type c is that of a file that has been deleted.
	for line := range strings.Lines(m.do(t, "find /run/changes -not -type c -printf '/%P\n'; "+
		"find /etc/systemd/system -type l -o -type f")) {
		file := strings.TrimSpace(line)
		if noise.MatchString(file) {
			continue
		}
		all = append(all, file)
	}
	slices.Sort(all)
	return all
}

// noise matches the databases of dpkg and systemd, logs, caches, and the files of all users, which useradd writes.
var noise = regexp.MustCompile(`^/(var/(lib/dpkg|log|cache|lib/systemd)|` +
	`etc/((passwd|group|shadow|gshadow|subuid|subgid)-?$|\.pwd\.lock))`)

// checkFiles checks that these files, and no others, are there that were not before. Folders that every machine has do
// not count.
func (m *machine) checkFiles(t *testing.T, before, want []string) {
	t.Helper()
	got := slices.DeleteFunc(m.files(t), func(file string) bool {
		_, err := os.Stat(path.Join(*root, file))
		return slices.Contains(before, file) || err == nil
	})
	if !slices.Equal(got, want) {
		t.Errorf("left are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
