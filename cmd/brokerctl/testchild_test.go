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

// A testChild is a command for "run": it sits there, says which signals it gets, and ends
// on TERM. First it says "ready", and the process
// ids of its parent and its own. With --stubborn it does not
// end on TERM; with --offspring it has a child that does as it does; with --lock a
// file is locked as long as one of them is there.
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
