package packagetest

import (
	"regexp"
	"strings"
	"testing"
)

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
	m.refuses(t, "brokerd service status",
		"its log ends with: brokerd: error: /etc/lockbroker/brokerd.yaml:1:7: port: want")
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

// watchdog checks that a process that is stopped is started again, and no other one.
func watchdog(t *testing.T, m *machine) {
	m.do(t, "mkdir -p /run/systemd/system/brokerd.service.d; cd /run/systemd/system/brokerd.service.d; "+
		"printf '[Service]\nWatchdogSec=2\n' >watchdog.conf; "+
		"systemctl daemon-reload; systemctl restart brokerd")
	pid := m.pidOf(t)
	m.do(t, "sleep 3")
	if got := m.pidOf(t); got != pid {
		t.Errorf("process %s gave no signs of life, and has become %s", pid, got)
	}
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
	const url = "'ws://127.0.0.1:27002/?draining=accept'" // of a client that cannot take up its session
	m.do(t, "systemd-run --quiet --unit=holder brokerctl lock --url "+url+" orders/42")
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
