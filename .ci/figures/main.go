// Command figures prints how large and how well documented the Go code is, and fails when it breaks a limit:
//
//	go run ./.ci/figures [-v]
//
// It reads every Go file below the current directory, including those for other operating systems. It prints the
// functions that are too long, the largest file, the lines that are too wide, and the exported names of each package.
// With -v it also names each long function, and each file that has wide lines. The limits are constants in limits.go.
// It counts functions and files of tests, and wide lines, but does not limit them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	verbose := flag.Bool("v", false, "name each long function, and each file that has wide lines")
	flag.Parse()
	tree, err := read(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(2)
	}
	tree.print(os.Stdout)
	if *verbose {
		tree.printPlaces(os.Stdout)
	}
	broken := tree.broken()
	for _, line := range broken {
		fmt.Fprintln(os.Stderr, "figures:", line)
	}
	if len(broken) > 0 {
		os.Exit(1)
	}
}
