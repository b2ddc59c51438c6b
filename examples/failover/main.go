package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// A config says what to run.
type config struct {
	kills     int
	brokers   int
	processes int
	times     int
	out       io.Writer
}

func main() {
	var c config
	flag.IntVar(&c.kills, "kills", 1, "how often the owner is killed")
	flag.IntVar(&c.brokers, "brokers", 3, "how many brokers there are")
	flag.IntVar(&c.processes, "processes", 4, "how many processes add")
	flag.IntVar(&c.times, "times", 1000, "how many times each of them adds 1")
	flag.Parse()

	c.out = os.Stdout
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		os.Exit(1)
	}
}

func (c config) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return c.show(ctx)
}

// say tells the user what happens.
func (c config) say(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format+"\n", args...) }

// show runs everything, and says what it does.
func (c config) show(ctx context.Context) error {
	if c.kills < 0 || c.brokers < 2 || c.processes < 1 || c.times < 10*c.kills {
		return errors.New("want at least 2 brokers, 1 process, and 10 additions for each kill")
	}
	folder, err := os.MkdirTemp("", "failover")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a leftover does no harm
	c.say("compiling brokerd and counter")
	if err := compile(ctx, folder, "cmd/brokerd", "examples/counter"); err != nil {
		return err
	}
	store, stop, err := startEtcd(filepath.Join(folder, "etcd"))
	if err != nil {
		return err
	}
	defer stop()
	c.say("etcd runs at %s", store)
	brokers, err := startBrokers(folder, c.brokers, store)
	defer brokers.stop()
	if err != nil {
		return err
	}
	c.say("brokers run at %s", brokers.urls())
	return c.count(ctx, brokers, folder)
}

// root is the root of the repository, from the folder of this module.
const root = "../.."

// compile builds commands of the repository into folder.
func compile(ctx context.Context, folder string, commands ...string) error {
	for _, command := range commands {
		program := filepath.Join(folder, filepath.Base(command)+suffix())
		build := exec.CommandContext(ctx, "go", "build", "-C", root, "-o", program, "./"+command)
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("compile %s: %w\n%s", command, err, text)
		}
	}
	return nil
}

// suffix returns what the names of programs end in.
func suffix() string {
	if os.PathSeparator == '\\' {
		return ".exe"
	}
	return ""
}
