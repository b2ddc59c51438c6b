package bench

import (
	"bufio"
	"context"
	"crypto/tls"
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
	"github.com/lockbroker/lockbroker/broker/dashboard"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// roleVariable names the environment variable that tells a process what to be.
const roleVariable = "LOCKBROKER_BENCH_SERVER"

// profileVariable names the environment variable with the file for a broker's CPU profile.
const profileVariable = "LOCKBROKER_BENCH_PROFILE"

// The roles of a server.
const (
	roleBroker   = "broker"         // a broker whose limits no benchmark reaches
	roleQuiet    = "broker-quiet"   // a broker whose sessions may be silent for an hour: no heartbeats
	roleBounded  = "broker-bounded" // a broker with its default limits
	roleShown    = "broker-shown"   // a broker with a dashboard
	roleEcho     = "echo"           // an echo that reads a frame and writes a frame
	roleGathered = "echo-gathered"  // an echo whose frames leave together if they arrived together

	roleSecure         = "broker-secure"        // a broker with TLS, a token and a policy
	roleSecureEcho     = "echo-secure"          // roleEcho with TLS
	roleSecureGathered = "echo-gathered-secure" // roleGathered with TLS
)

// serveRole serves on a free loopback port and prints its address as the first line. It answers each line on its stdin
// with a memory. It returns when stdin ends: so the server ends when the process that started it ends in any way.
func serveRole(role string) error {
	handler, err := roleHandler(role)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if isSecure(role) {
		listener = tls.NewListener(listener, serverTLS())
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
	case roleEcho, roleSecureEcho:
		return http.HandlerFunc(serveEcho), nil
	case roleGathered, roleSecureGathered:
		return http.HandlerFunc(serveGathered), nil
	case roleBroker, roleQuiet, roleBounded, roleShown, roleSecure:
		config := broker.Config{}
		if role == roleShown {
			config.Dashboard, config.ClientFiles = dashboard.Files(), js.Served()
		}
		if role == roleQuiet {
			config.Timeout = time.Hour
		}
		if role == roleSecure {
			control, err := secureControl()
			if err != nil {
				return nil, err
			}
			config.Access = control
		}
		if role != roleBounded { // all clients come from one address
			const enough = 10_000_000
			config.MaxConnections, config.MaxConnectionsPerAddress = enough, enough
			config.MaxRequests, config.MaxMemory = enough, 1<<40
		}
		// The long queues of the siege come from one address.
		config.Quota.Waiting = max(config.MaxRequests, 400_000)
		b, err := broker.New(config)
		if err != nil {
			return nil, err
		}
		go func() {
			err := b.Run(context.Background())
			fmt.Fprintln(os.Stderr, "the broker failed:", err)
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

// A memory says what a process uses.
type memory struct {
	InUse   int64 // reachable bytes and stacks
	Mallocs int64 // allocations since its start
}

func memoryNow() memory {
	runtime.GC() // the first one only empties pools into their second generation
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{InUse: int64(m.HeapAlloc + m.StackInuse), Mallocs: int64(m.Mallocs)}
}
