package packagetest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// testReadme follows "Run it in production" of the README, from an empty machine to a service with TLS, tokens and
// metrics.
func testReadme(t *testing.T, packages string) {
	text, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Run it in production\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```\n(.*?)^```$").FindAllStringSubmatch(section, -1) {
		script.WriteString(block[1])
	}
	const build = `install "$(go env GOPATH)"/bin/broker{d,ctl} /usr/local/bin`
	if !strings.HasPrefix(script.String(), build+"\n") {
		t.Fatalf("the section begins with\n%s\nwant\n%s", script.String(), build)
	}
	m := boot(t, packages)
	out := m.do(t, strings.Replace(script.String(), build,
		"dpkg-deb --fsys-tarfile /packages/*.deb | tar -x -C /tmp ./usr/bin; "+
			"install /tmp/usr/bin/brokerd /tmp/usr/bin/brokerctl /usr/local/bin", 1))
	for _, want := range []string{
		"enabled brokerd.service", "nobody else is in here\n", "billing/report:\n",
		"\nlockbroker_grants_total 1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it prints\n%s\nwant %q", out, want)
		}
	}
	m.refuses(t, "brokerctl info --url ws://localhost:27002", "TLS")
	m.refuses(t, "brokerctl info --url wss://localhost:27002 --ca /etc/lockbroker/cert.pem", "401")
	m.refuses(t, "brokerctl run --url wss://localhost:27002 --ca /etc/lockbroker/cert.pem "+
		"--token-file /etc/lockbroker/billing.token other -- true", "not permitted")
	m.do(t, "brokerd service status | grep 'active: grants locks'; brokerd service uninstall")
}
