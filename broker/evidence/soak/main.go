//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	config, err := parseFlags(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	if !runAndPrint(config) {
		os.Exit(1)
	}
}

// runAndPrint runs a soak until Ctrl-C, and prints the verdict. It reports whether the run has passed.
func runAndPrint(c *config) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := run(ctx, c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return false
	}
	fmt.Println(report.verdict())
	fmt.Println("report:", c.reportFile())
	return report.Passed
}
