package packagetest

import "testing"

// TestMachines makes the package of Debian, and uses it on two machines.
func TestMachines(t *testing.T) {
	packages := buildPackage(t)
	t.Run("package", func(t *testing.T) { testPackage(t, packages) })
	t.Run("readme", func(t *testing.T) { testReadme(t, packages) })
}

// testPackage installs the package, uses the service, and removes the package.
func testPackage(t *testing.T, packages string) {
	m := boot(t, packages)
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

// remove checks what is left of the package: first its state, its configuration and its user, and after a purge
// nothing.
func remove(t *testing.T, m *machine, before []string) {
	m.do(t, "systemctl enable --quiet brokerd; dpkg --remove lockbroker")
	m.refuses(t, "brokerctl info", "brokerctl")
	m.do(t, "! pgrep brokerd; id brokerd; test -s /var/lib/brokerd/state")
	left := []string{"/etc/lockbroker", "/etc/lockbroker/brokerd.yaml", "/var/lib/brokerd", "/var/lib/brokerd/lock",
		"/var/lib/brokerd/state"}
	m.checkFiles(t, before, left)
	// The next user may get the number of this one, and must not be able to read its files.
	m.do(t, "cd /etc/lockbroker; echo secret >key.pem; chgrp brokerd key.pem; chmod 640 key.pem; "+
		"dpkg --purge lockbroker; ! getent passwd brokerd; ! getent group brokerd; "+
		"test \"$(stat -c '%U %G %a' key.pem)\" = 'root root 600'; rm -r $PWD")
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
	if got := m.do(t, "umask 077; brokerd service install --socket 127.0.0.1:27009 --timeout 3s"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := m.do(t, "brokerd service install --socket 127.0.0.1:27009"); got != "next: brokerd service start" {
		t.Errorf("the second time: %s", got)
	}
	m.do(t, "brokerd service start; brokerctl info --port 27009; brokerd service status | grep ', enabled$'")
	m.refuses(t, "dpkg --install /packages/*.deb", "type brokerd service uninstall first")
	m.do(t, "brokerd service start | grep 'it runs already'; brokerd service restart; "+
		"dpkg --purge lockbroker; brokerctl info --port 27009")
	m.do(t, "brokerd service uninstall")
	m.do(t, "brokerd service uninstall | grep 'not installed'")
	m.do(t, "! pgrep brokerd; test -z \"$(find /etc/systemd /run/systemd/system -name '*brokerd*')\"")
	m.checkFiles(t, before, []string{"/etc/lockbroker", "/etc/lockbroker/brokerd.yaml", "/usr/local/bin/brokerctl",
		"/usr/local/bin/brokerd", "/var/lib/brokerd", "/var/lib/brokerd/lock", "/var/lib/brokerd/state"})
}
