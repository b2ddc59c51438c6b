package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/vt"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/top"
	"github.com/lockbroker/lockbroker/wsclient"
)

// screenshotFile is the picture of brokerctl top in the README.
const screenshotFile = "top.svg"

// TestScreenshot fails if the picture of brokerctl top is out of date. To draw it again:
//
//	go test ./cmd/brokerctl -run TestScreenshot -update
//
// A real broker and the real view run in virtual time, so that the picture is the same each time.
func TestScreenshot(t *testing.T) {
	// The first call of Notify starts a goroutine that never ends. That call must not be inside the bubble.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	signal.Stop(signals)

	var got string
	synctest.Test(t, func(t *testing.T) { got = screenshot(t) })
	if *update {
		if err := os.WriteFile(screenshotFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(screenshotFile)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date: go test ./cmd/brokerctl -run TestScreenshot -update", screenshotFile)
	}
}

// screenshot returns the view of a small shop, with the pane of a contended lock open.
func screenshot(t *testing.T) string {
	b := brokertest.Start(t, broker.Config{})
	shop := &shop{t: t, broker: b}
	t.Cleanup(shop.running.Wait) // after the clients have been closed
	shop.open()

	link := top.NewLinkFeed()
	options := wsclient.Options{Trace: &wsclient.Trace{State: link.OnState}}
	client := shop.client("brokerctl", "192.0.2.1:40000", options)
	keys, typed := io.Pipe()
	terminal := vt.NewEmulator(108, 24)
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		_, _ = io.Copy(io.Discard, terminal)
	}()
	ended := make(chan error, 1)
	go func() {
		ended <- top.Run(t.Context(), client, link, top.Options{
			Broker: "127.0.0.1:27002", Interval: 2 * time.Second, Palette: screen.Colors(),
		}, keys, newlineMapper{terminal})
	}()
	// The terminal reports its size in band, because a pipe has none. Enter opens the pane.
	for _, keys := range []string{"\x1b[48;24;108;0;0t", "\r"} {
		elapse(4 * time.Second)
		_, _ = io.WriteString(typed, keys)
	}
	elapse(5 * time.Second)
	picture := shop.rename(svgOf(terminal, "brokerctl top: a line for each lock, and the queue of one"))
	_, _ = io.WriteString(typed, "q")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	_ = typed.Close()
	_ = terminal.InputPipe().(io.Closer).Close()
	<-answers
	return picture
}

// A newlineMapper turns a newline into a carriage return and a newline. The view expects that from anything that is not
// a terminal in raw mode.
type newlineMapper struct{ out io.Writer }

// Write writes the text.
func (m newlineMapper) Write(text []byte) (int, error) {
	_, err := m.out.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	return len(text), err
}

// elapse lets virtual time pass.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // in a bubble
	synctest.Wait()
}

// A shop creates the load for the picture.
type shop struct {
	t        *testing.T
	broker   *brokertest.Server
	sessions []string
	running  sync.WaitGroup
}

// open connects the programs of the shop, which then hold locks and wait for some.
func (s *shop) open() {
	nightly := s.client("nightly@host9:3301", "192.0.2.9:40112", wsclient.Options{})
	s.acquire(nightly, "nightly", "report/daily", nil)
	elapse(23*time.Minute + 17*time.Second)

	billing := s.client("billing@host7:812", "192.0.2.7:51234", wsclient.Options{})
	reports := s.client("reports@host3:2210", "192.0.2.3:40112", wsclient.Options{})
	stock := s.client("stock@host4:97", "192.0.2.4:33871", wsclient.Options{})
	web := s.client("web@host1:4711", "192.0.2.1:50022", wsclient.Options{})
	for _, author := range []string{"video", "thumbnails", "thumbnails"} {
		s.acquire(web, author, "gpu/pool", &wsclient.AcquireOptions{Mode: wsclient.Shared, Limit: 3})
		elapse(7 * time.Second)
	}
	s.wait(web, "preview", "gpu/pool", &wsclient.AcquireOptions{Mode: wsclient.Shared, Limit: 3})
	s.acquire(stock, "inventory", "stock/7", nil)
	elapse(3 * time.Second)
	order := s.acquire(billing, "billing", "orders/42", nil)
	s.waitInside(order, billing, "billing", "stock/7")
	elapse(4 * time.Second)
	for _, author := range []string{"invoice", "shipping", "refund"} {
		s.wait(reports, author, "orders/42", nil)
		elapse(1300 * time.Millisecond)
	}
	s.repeat(web, "checkout", "cart/counter", 83*time.Millisecond, 40*time.Millisecond)
	s.repeat(stock, "sync", "stock/cache", 710*time.Millisecond, 130*time.Millisecond)
}

func (s *shop) client(label, remote string, options wsclient.Options) *wsclient.Client {
	s.t.Helper()
	options.Label = label
	options.NetDial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.broker.DialFrom(ctx, remote)
	}
	client, err := wsclient.Dial(s.t.Context(), s.broker.URL(), &options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = client.Close() })
	s.sessions = append(s.sessions, client.Session())
	return client
}

func (s *shop) acquire(c *wsclient.Client, author, name string, options *wsclient.AcquireOptions) *wsclient.Lock {
	s.t.Helper()
	lock, err := c.Acquire(s.t.Context(), name, authored(author, options))
	if err != nil {
		s.t.Fatal(err)
	}
	return lock
}

// wait starts a request that waits until the client is closed.
func (s *shop) wait(c *wsclient.Client, author, name string, options *wsclient.AcquireOptions) {
	s.running.Go(func() { _, _ = c.Acquire(context.Background(), name, authored(author, options)) })
	synctest.Wait()
}

func (s *shop) waitInside(outer *wsclient.Lock, c *wsclient.Client, author, name string) {
	s.running.Go(func() { _, _ = c.Acquire(outer.Context(), name, authored(author, nil)) })
	synctest.Wait()
}

// repeat holds a lock again and again until the client is closed.
func (s *shop) repeat(c *wsclient.Client, author, name string, hold, pause time.Duration) {
	s.running.Go(func() {
		for {
			lock, err := c.Acquire(context.Background(), name, authored(author, nil))
			if err != nil {
				return
			}
			time.Sleep(hold) //nolint:forbidigo // in a bubble
			_ = lock.Release()
			time.Sleep(pause) //nolint:forbidigo // in a bubble
		}
	})
}

func authored(author string, options *wsclient.AcquireOptions) *wsclient.AcquireOptions {
	if options == nil {
		options = new(wsclient.AcquireOptions)
	}
	with := *options
	with.Author = author
	return &with
}

// rename gives the sessions fixed names, because the broker names them at random.
func (s *shop) rename(picture string) string {
	for i, name := range []string{"n5c2b8yx", "k3v9x2mq", "p8d0w4ye", "abcd1234", "z1t6h7rc"} {
		picture = strings.ReplaceAll(picture, s.sessions[i], name)
	}
	return picture
}
