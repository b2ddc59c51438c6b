//go:build unix

package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/gofrs/flock"
)

// testChild is a command for "run". It prints "ready" and the process ids of its parent and itself, then each
// signal that it gets, and ends on TERM. With --stubborn it ignores TERM. With --offspring it starts a child
// that does the same. With --lock a file is locked while one of them is alive.
func testChild() {
	stubborn := flag.Bool("stubborn", false, "")
	offspring := flag.Bool("offspring", false, "")
	lock := flag.String("lock", "", "")
	flag.Parse()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT)
	if *lock != "" {
		must(flock.New(*lock).RLock())
	}
	if *offspring {
		args := slices.DeleteFunc(slices.Clone(os.Args[1:]),
			func(arg string) bool { return arg == "--offspring" })
		child := exec.Command(os.Args[0], args...)
		ready, err := child.StdoutPipe()
		must(err)
		must(child.Start())
		_, err = bufio.NewReader(ready).ReadString('\n')
		must(err)
	}
	fmt.Println("ready", os.Getppid(), os.Getpid())
	for s := range signals {
		fmt.Println("got", s)
		if s == syscall.SIGTERM && !*stubborn {
			return
		}
	}
}
