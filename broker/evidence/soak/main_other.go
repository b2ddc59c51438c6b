//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "soak: it needs Linux, to freeze and measure its processes")
	os.Exit(1)
}
