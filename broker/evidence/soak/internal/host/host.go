//go:build linux

package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// A Config configures the broker process.
type Config struct {
	Address   string // to listen on, a host and port
	StateDir  string
	LockDelay bool
	Timeout   time.Duration
	Drain     time.Duration
	FullDisk  bool // start with a disk on which every write fails
}

// A Report is what the process writes to stdout, one JSON object per line.
type Report struct {
	Listening string        `json:"listening,omitempty"` // the address
	Usage     *record.Usage `json:"usage,omitempty"`
	Err       string        `json:"err,omitempty"` // why Run failed
}

// Commands to the process, one per line of its stdin.
const (
	Measure = "measure" // collect garbage and report Usage
	DiskOK  = "disk ok" // writes succeed again
)

// idleNames is how many unused names the broker remembers: few, so that the memory for them is in use before the soak
// begins to compare.
const idleNames = 500

// Run runs the broker until SIGTERM, or until in ends. The result is the exit code of the process.
func Run(config Config, in io.Reader, out io.Writer) int {
	// A write beyond the limit then fails with an error, as on a full disk.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	reports := &reporter{enc: json.NewEncoder(out)}
	if err := serve(ctx, config, in, reports); err != nil {
		reports.write(Report{Err: err.Error()})
		return 1
	}
	return 0
}

// A reporter writes reports. Its methods may be called concurrently.
type reporter struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (r *reporter) write(report Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.enc.Encode(report) // if it fails, the soak has ended, and so does stdin
}

func serve(ctx context.Context, config Config, in io.Reader, reports *reporter) error {
	if config.FullDisk {
		if err := limitFiles(true); err != nil {
			return err
		}
	}
	b, err := broker.New(broker.Config{
		Logger:    zerolog.New(os.Stderr).Level(zerolog.WarnLevel).With().Timestamp().Logger(),
		StateDir:  config.StateDir,
		LockDelay: config.LockDelay,
		// Clients look at their lease, of 2/3, before each ping. With the default, a third, that is when the
		// lease ends, and a client without a timer for it would not show.
		Heartbeat: config.Timeout * 3 / 10,
		Timeout:   config.Timeout,
		Drain:     config.Drain,
		IdleNames: idleNames,
	})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", config.Address)
	if err != nil {
		return err
	}
	go obey(in, reports)
	server := b.Server()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	reports.write(Report{Listening: listener.Addr().String()})
	err = b.Run(ctx)
	_ = server.Close() // the broker has ended all connections
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		return errors.Join(err, serveErr)
	}
	return err
}

// obey carries out commands. When there are no more, the soak has ended, and so does the process.
func obey(in io.Reader, reports *reporter) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch command := lines.Text(); command {
		case Measure:
			reports.write(Report{Usage: measure()})
		case DiskOK:
			if err := limitFiles(false); err != nil {
				reports.write(Report{Err: err.Error()})
			}
		default:
			reports.write(Report{Err: fmt.Sprintf("unknown command %q", command)})
		}
	}
	os.Exit(1)
}

// measure returns what the process uses after a garbage collection. It also returns free memory to the kernel, so that
// the resident size says what is in use.
func measure() *record.Usage {
	runtime.GC() // debug.FreeOSMemory collects again, and so frees what finalizers have released
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return &record.Usage{Heap: int64(memory.HeapAlloc), Goroutines: runtime.NumGoroutine()}
}

// limitFiles makes every write to a file fail, or lets all succeed.
func limitFiles(full bool) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fmt.Errorf("limit the size of files: %w", err)
	}
	limit.Cur = limit.Max
	if full {
		limit.Cur = 0
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fmt.Errorf("limit the size of files: %w", err)
	}
	return nil
}
