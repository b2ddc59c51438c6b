package main

import (
	"io"
	"net"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// replyserver FILE [passing [ADDRESS]] starts a server at REPLYSERVER that answers each request with the file.
// With "passing" it then forwards to the address, or to the broker of the script, as a proxy does.
func replyServer(ts *testscript.TestScript, _ bool, args []string) {
	answer, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	to := ""
	if len(args) > 1 {
		to = stageOf(ts).broker.Address()
	}
	if len(args) > 2 {
		to = args[2]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	ts.Setenv("REPLYSERVER", listener.Addr().String())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if _, err := conn.Read(make([]byte, 4096)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, strings.ReplaceAll(string(answer), "\n", "\r\n"))
				if to != "" {
					pass(conn, to)
				}
			}()
		}
	}()
}

// pass forwards data in both directions until one side ends.
func pass(near net.Conn, address string) {
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
}
