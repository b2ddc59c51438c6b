package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A broker is a process of brokerd.
type broker struct {
	address string
	args    []string
	cmd     *exec.Cmd
	log     string // the file of its log
}

// brokers are all brokers of the cluster.
type brokers []*broker

// startBrokers starts brokers that share a record in the etcd at store. If it fails, it returns those that it has
// started. The program is in folder, and so are the logs.
func startBrokers(folder string, count int, store string) (all brokers, err error) {
	for n := range count {
		address, err := freeAddress()
		if err != nil {
			return all, err
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return all, err
		}
		b := &broker{address: address, log: filepath.Join(folder, fmt.Sprintf("log%d", n)), args: []string{
			filepath.Join(folder, "brokerd"), "--port", port,
			"--etcd", store, "--advertise", "ws://" + address,
		}}
		if err := b.start(); err != nil {
			return all, err
		}
		all = append(all, b)
	}
	return all, nil
}

func (b *broker) start() error {
	log, err := os.OpenFile(b.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has a descriptor of its own
	b.cmd = exec.Command(b.args[0], b.args[1:]...)
	b.cmd.Stderr = log
	return b.cmd.Start()
}

// kill ends the process as kill -9 does, so that it can tell nobody.
func (b *broker) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

func (all brokers) stop() {
	for _, b := range all {
		b.kill()
	}
}

// urls returns what clients pass to Dial.
func (all brokers) urls() string {
	var urls []string
	for _, b := range all {
		urls = append(urls, "ws://"+b.address)
	}
	return strings.Join(urls, ",")
}

// owner waits until one of the brokers says that it is the owner. It returns that, and what it says.
func (all brokers) owner(ctx context.Context) (*broker, string, error) {
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		for _, b := range all {
			if says, is := b.isOwner(ctx, client); is {
				return b, says, nil
			}
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, "", err
		}
	}
	log, _ := os.ReadFile(all[0].log)
	return nil, "", fmt.Errorf("no broker is the owner, after two minutes; the log of the first:\n%s", log)
}

// isOwner asks a broker whether it is the owner, and returns what it says.
func (b *broker) isOwner(ctx context.Context, client *http.Client) (says string, is bool) {
	url := "http://" + b.address + "/leader"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", false
	}
	response, err := client.Do(r)
	if err != nil {
		return "", false
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	return strings.TrimSpace(string(text)), err == nil && response.StatusCode == http.StatusOK
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
