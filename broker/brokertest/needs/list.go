package needs

// A need is a program, or a folder with packages, that is not part of Go.
type need struct {
	name    string
	also    []string // other names of the program
	install string   // the command that installs it on Debian
	skipped string   // the tests that are skipped without it
}

// npmPackages is the folder of the npm packages for tests, in the versions of the lock file beside it.
const npmPackages = ".ci/node/node_modules"

const (
	scripts = "TestScripts of cmd/brokerctl"
	guards  = "a part of TestRunWithoutGuard of cmd/brokerctl"
)

// list has all needs of all tests. The race detector needs a C compiler, too. On Debian, .ci/run installs what is
// missing.
var list = []need{
	{
		name: "chromium", also: []string{"chromium-browser", "google-chrome"},
		install: "apt-get install chromium",
		skipped: "wsclient/js/chromium; broker/dashboard/chromium; " +
			"TestBrowser and a part of TestPages of examples",
	},
	{
		name: "node", install: "apt-get install nodejs",
		skipped: "most tests of wsclient/js; TestClientInNode of wsclient/js/chromium; " +
			"TestNode and a part of TestPages of examples; broker/evidence/simulation/jsclient; " +
			"TestHistories of broker/evidence/history; TestSoakWithNode of broker/evidence/soak",
	},
	{
		name: "npm", install: "apt-get install npm",
		skipped: "TestPackageIsImported, TestPackageIsLinted and a part of TestTypes of wsclient/js",
	},
	{
		name: npmPackages, install: "npm ci --prefix .ci/node --ignore-scripts",
		skipped: "TestNodeWithWS, TestPackageIsLinted and TestTypes of wsclient/js; " +
			"TestStates of broker/dashboard/chromium",
	},
	{
		name: "tar", install: "apt-get install tar",
		skipped: "TestPackageIsImported, TestPackageIsLinted and a part of TestTypes of wsclient/js",
	},
	{
		name: "sh", install: "apt-get install dash",
		skipped: scripts + " and cmd/brokerd; TestPages of examples; cmd/brokerctl/internal/child and watchdog",
	},
	{
		name: "bash", install: "apt-get install bash",
		skipped: scripts + "; TestQuote of cmd/brokerctl/internal/complete",
	},
	{
		name: "openssl", install: "apt-get install openssl",
		skipped: "TestSetUps of examples",
	},
	{
		name: "nginx", install: "apt-get install nginx",
		skipped: "a part of the tests of examples/deploy/proxies",
	},
	{
		name: "haproxy", install: "apt-get install haproxy",
		skipped: "a part of the tests of examples/deploy/proxies",
	},
	{
		name: "caddy", install: "apt-get install caddy",
		skipped: "a part of the tests of examples/deploy/proxies",
	},
	{
		name: "spin", install: "apt-get install spin",
		skipped: "TestSearches and TestPlantedFaults of broker/evidence/model",
	},
	{
		name: "systemd-analyze", install: "apt-get install systemd",
		skipped: "TestSecurity of cmd/brokerd/internal/service; cmd/brokerd/internal/packagetest",
	},
	{
		name: "dpkg", install: "apt-get install dpkg",
		skipped: "cmd/brokerd/internal/packagetest",
	},
	{
		name: "cc", also: []string{"gcc", "clang"}, install: "apt-get install gcc libc6-dev",
		skipped: "TestSearches and TestPlantedFaults of broker/evidence/model",
	},
	{name: "cat", install: "apt-get install coreutils", skipped: scripts},
	{name: "cut", install: "apt-get install coreutils", skipped: scripts},
	{name: "dd", install: "apt-get install coreutils", skipped: scripts},
	{name: "echo", install: "apt-get install coreutils", skipped: scripts},
	{name: "env", install: "apt-get install coreutils", skipped: scripts},
	{name: "flock", install: "apt-get install util-linux", skipped: scripts},
	{name: "grep", install: "apt-get install grep", skipped: scripts},
	{name: "head", install: "apt-get install coreutils", skipped: scripts},
	{name: "ls", install: "apt-get install coreutils", skipped: scripts},
	{name: "mkfifo", install: "apt-get install coreutils", skipped: scripts},
	{
		name: "nsenter", install: "apt-get install util-linux",
		skipped: "TestFirstProcessReaps of cmd/brokerd; cmd/brokerd/internal/packagetest",
	},
	{name: "pgrep", install: "apt-get install procps", skipped: scripts},
	{name: "ps", install: "apt-get install procps", skipped: scripts},
	{name: "rm", install: "apt-get install coreutils", skipped: scripts},
	{name: "sed", install: "apt-get install sed", skipped: scripts},
	{
		name: "setsid", install: "apt-get install util-linux",
		skipped: scripts + "; TestRunWithoutGuard of cmd/brokerctl; a part of cmd/brokerctl/internal/child",
	},
	{
		name: "sleep", install: "apt-get install coreutils",
		skipped: scripts + "; TestRunWithoutGuard of cmd/brokerctl",
	},
	{name: "stty", install: "apt-get install coreutils", skipped: scripts},
	{name: "timeout", install: "apt-get install coreutils", skipped: scripts},
	{name: "touch", install: "apt-get install coreutils", skipped: scripts},
	{name: "tr", install: "apt-get install coreutils", skipped: scripts},
	{name: "true", install: "apt-get install coreutils", skipped: scripts},
	{name: "tty", install: "apt-get install coreutils", skipped: scripts},
	{name: "umount", install: "apt-get install mount", skipped: guards},
	{name: "uniq", install: "apt-get install coreutils", skipped: scripts},
	{
		name: "unshare", install: "apt-get install util-linux",
		skipped: guards + "; TestFirstProcessReaps and TestFirstProcessStops of cmd/brokerd; " +
			"cmd/brokerd/internal/packagetest",
	},
}
