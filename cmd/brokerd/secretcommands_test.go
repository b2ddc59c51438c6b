//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// commands runs brokerctl with good and wrong credentials.
func (s *secretStory) commands() {
	file := func(name string) string { return s.write("token-"+name, s.secrets[name]+"\n") }
	pair := []string{"--cert=" + s.dir + "/cert.pem", "--key=" + s.dir + "/key.pem"}
	good := map[string][]string{
		"--token": {"--token=" + s.secrets["watcher"]}, "--token-file": {"--token-file=" + file("watcher")},
		"oidc": {"--token-file=" + file("oidc")}, "--key": pair,
		"--header": {"--header=Authorization: Bearer " + s.secrets["watcher"]},
	}
	for _, flags := range good {
		for _, command := range []string{
			"whoami", "info -e", "info -o wide", "why a", "clients", "ping", "run x -- true",
		} {
			s.command(nil, flags, command)
		}
	}
	s.command([]string{"BROKERCTL_TOKEN=" + s.secrets["watcher"]}, nil, "clients")
	for _, name := range []string{"whoami", "clients"} {
		if text := s.told.text("brokerctl " + name); !strings.Contains(text, "watcher") {
			s.t.Errorf("brokerctl %s says %s", name, text)
		}
	}
	secret := s.secrets["password"]
	for _, flags := range [][]string{
		{"--token=" + s.secrets["wrong"]}, {"--token=" + s.secrets["wrong"] + "\x01"},
		{"--token-file=" + file("wrong")}, {"--token-file=" + s.dir + "/key.pem"},
		{"--token-file=" + s.dir + "/tokens"},
		{"--cert=" + s.dir + "/key.pem", "--key=" + s.dir + "/cert.pem"},
		{"--cert=" + s.dir + "/cert.pem", "--key=" + file("wrong")}, {"--ca=" + s.dir + "/key.pem"},
		{"--header=Authorization: Bearer " + s.secrets["header"]}, {"--header=" + s.secrets["header"]},
		{"--header=Authorization " + s.secrets["header"]}, {"--header=@" + file("header")},
		{"--token=" + s.secrets["wrong"], "--token-file=" + file("wrong")},
		{"--url=wss://ann:" + secret + "@" + strings.TrimPrefix(s.url, "wss://")},
		{"--url=" + s.url + "/?token=" + secret}, {"--url=" + s.url + "/%zz" + secret},
		{"--url=wss://ann:" + secret + "@127.0.0.1:1/x?token=" + secret},
	} {
		s.command(nil, flags, "info -e")
		s.command(nil, flags, "run --wait 1s x -- true")
	}
	s.command([]string{"BROKERCTL_TOKEN=" + s.secrets["wrong"]}, nil, "info -e")
	s.command([]string{"BROKERCTL_HEADER=Authorization: Bearer " + s.secrets["header"]}, nil, "info -e")
}

// command runs brokerctl, and adds what it prints.
func (s *secretStory) command(environment, flags []string, command string) {
	s.t.Helper()
	words := strings.Fields(command)
	args := append([]string{words[0], "--url=" + s.url, "--ca=" + s.dir + "/ca.pem"}, flags...)
	for i := range flags { // a later --url or --ca would be refused
		for _, name := range []string{"--url=", "--ca="} {
			if strings.HasPrefix(flags[i], name) {
				args = withoutFirst(args, name)
			}
		}
	}
	cmd := exec.CommandContext(testContext(s.t), s.brokerctl, append(args, words[1:]...)...)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	s.told.add("brokerctl "+words[0], fmt.Sprint(string(out), err))
}

// withoutFirst returns args without the first one that begins with a name.
func withoutFirst(args []string, name string) (rest []string) {
	removed := false
	for _, arg := range args {
		if !removed && strings.HasPrefix(arg, name) {
			removed = true
			continue
		}
		rest = append(rest, arg)
	}
	return rest
}

// brokenFiles are files that brokerd refuses, by the name of the file. Each has secrets in the wrong place.
func (s *secretStory) brokenFiles() map[string][]string {
	first, _, _ := strings.Cut(s.tokens, "\n")
	line, value, key, word := s.secrets["line"], s.secrets["value"], s.secrets["key"], s.secrets["word"]
	return map[string][]string{
		"tokens": {
			s.tokens + "bob " + line + "\n", s.tokens + line + "\n", s.tokens + "bob sha256:" + line + "\n",
			s.tokens + first + " " + line + "\n",
			s.tokens + s.tokens, string(s.pair.key),
		},
		"policy.yaml": {
			secretPolicy + "token: " + value + "\n", secretPolicy + key + ": 1\n",
			"rules: [" + value + "\n", "rules:\n  - for: [" + value + "\n",
			"rules:\n  - allow: [" + word + "]\n    for: [x]\n    locks: [x]\n",
			"rules:\n  - " + key + ": [x]\n", value, "\"" + value, "rules: {" + key + ": " + value + "}\n",
			"rules: &" + key + " []\n", "rules: !" + key + " []\n", "rules: *" + key + "\n",
			"{" + value + ": 1, " + value + ": 2}", string(s.pair.key),
			"rules:\n  - for: [\"[" + value + "\"]\n    locks: [x]\n    allow: [list]\n",
			"rules:\n  - for: [x]\n    locks: [\"[" + value + "\"]\n    allow: [list]\n", s.tokens,
		},
		"level":    {word, string(s.pair.key)},
		"cert.pem": {string(s.pair.key), value}, "ca.pem": {string(s.pair.key), value},
		"key.pem": {string(s.pair.text), value, string(s.pair.key[:len(s.pair.key)/2])},
	}
}

// reloads makes the broker reload broken files, and then a file in which a token is missing.
func (s *secretStory) reloads() {
	for name, texts := range s.brokenFiles() {
		good, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, text := range texts {
			s.write(name, text)
			s.signal(s.t, syscall.SIGHUP)
			if line := s.until(s.t, "reload"); !strings.HasPrefix(line.Message, "reload failed") {
				s.t.Errorf("%s is accepted: %+v", name, line)
			}
		}
		s.write(name, string(good))
	}
	lines := strings.SplitAfter(s.tokens, "\n")
	s.write("tokens", lines[0]+lines[1])
	s.signal(s.t, syscall.SIGHUP)
	s.until(s.t, "reloaded")
	s.await("frames to the revoked", "4403")
}

// startWrong starts brokers whose files are broken or confused, which fail.
func (s *secretStory) startWrong() {
	fail := func(args ...string) {
		s.t.Helper()
		cmd := exec.CommandContext(testContext(s.t), "brokerd", append(args, "--listen=127.0.0.1:0")...)
		out, err := cmd.CombinedOutput()
		if err == nil {
			s.t.Errorf("brokerd %q does not fail", args)
		}
		s.told.add("brokerd's stderr", string(out))
	}
	for name, texts := range s.brokenFiles() {
		for i, text := range texts {
			path := s.write(fmt.Sprint("broken-", i), text)
			fail(append(strings.Split(strings.ReplaceAll(strings.Join(s.flags, "\x00"),
				filepath.Join(s.dir, name), path), "\x00"), "--state-dir="+s.t.TempDir())...)
		}
	}
	policy := "--policy=" + filepath.Join(s.dir, "policy.yaml")
	for _, name := range []string{"key.pem", "tokens", "policy.yaml", "token-wrong"} {
		path := filepath.Join(s.dir, name)
		fail("--oidc-issuer=https://x.example", "--oidc-audience=x", "--oidc-keys="+path, policy)
		check := exec.CommandContext(testContext(s.t), "brokerd", "check", "--policy", path, "--as", "x", "y")
		out, _ := check.CombinedOutput()
		s.told.add("brokerd's stderr", string(out))
	}
	for _, text := range []string{
		"token: VALUE", "KEY: 1", "port: VALUE", "tls-key: [VALUE", "port: *KEY", "VALUE",
	} {
		text = strings.NewReplacer("VALUE", s.secrets["value"], "KEY", s.secrets["key"]).Replace(text)
		fail("--config=" + s.write("config.yaml", text))
	}
	fail("--token=" + s.secrets["password"])
	fail("--oidc-issuer=https://ann:"+s.secrets["password"]+"@x.example", "--oidc-audience=x", policy)
}

// collect adds what the broker has written to files.
func (s *secretStory) collect(audit string) {
	if audit != toStdout {
		s.told.add("audit "+audit, strings.Join(audited(s.t, filepath.Join(s.dir, audit)), "\n"))
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "state", "*"))
	if err != nil || len(files) == 0 {
		s.t.Errorf("the state directory has %q, %v", files, err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			s.told.add("state", string(text))
		}
	}
}
