package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
)

// roleVariable is set in the environment of a process that is to be a server.
const roleVariable = "LOCKBROKER_BENCH_SERVER"

// profileVariable names the file for a profile of a broker, if there is to be one.
const profileVariable = "LOCKBROKER_BENCH_PROFILE"

// What a server can be.
const (
	roleBroker   = "broker"         // which takes all that a benchmark sends
	roleBounded  = "broker-bounded" // with the bounds that it has by itself
	roleEcho     = "echo"           // a frame read, a frame written
	roleGathered = "echo-gathered"  // frames that came together leave together
)

// serveRole serves on a loopback port, whose address is the first line that it
// prints. Then each line on its stdin is answered with a memory. It returns when stdin
// ends, which it does however the process at the other end ends.
func serveRole(role string) error {
	handler, err := roleHandler(role)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	if name := os.Getenv(profileVariable); name != "" {
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(listener.Addr())
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		if err := json.NewEncoder(os.Stdout).Encode(memoryNow()); err != nil {
			return err
		}
	}
	return questions.Err()
}

func roleHandler(role string) (http.Handler, error) {
	switch role {
	case roleEcho:
		return http.HandlerFunc(serveEcho), nil
	case roleGathered:
		return http.HandlerFunc(serveGathered), nil
	case roleBroker, roleBounded:
		config := broker.Config{}
		if role == roleBroker { // all clients have one address
			const enough = 10_000_000
			config.MaxConnections, config.MaxConnectionsPerAddress, config.MaxRequests = enough, enough, enough
		}
		b, err := broker.New(config)
		if err != nil {
			return nil, err
		}
		go func() {
			err := b.Run(context.Background())
			fmt.Fprintln(os.Stderr, "the broker has ended:", err)
			os.Exit(1)
		}()
		return b.Handler(), nil
	}
	return nil, errors.New("no such server: " + role)
}

func serveEcho(w http.ResponseWriter, r *http.Request) { echo(w, r, 4<<10) }

func serveGathered(w http.ResponseWriter, r *http.Request) {
	echo(gatherHijacker{w}, r, gatherRead)
}

func echo(w http.ResponseWriter, r *http.Request, readBuffer int) {
	upgrader := websocket.Upgrader{ReadBufferSize: readBuffer, WriteBufferSize: 4 << 10}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.Close() }()
	for {
		kind, frame, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, frame) != nil {
			return
		}
	}
}

// A memory is what a process uses, and has used so far.
type memory struct {
	InUse   int64 // bytes of what is reachable, and of stacks
	Mallocs int64 // allocations since it began
}

func memoryNow() memory {
	runtime.GC() // the first leaves what pools held
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{InUse: int64(m.HeapAlloc + m.StackInuse), Mallocs: int64(m.Mallocs)}
}
