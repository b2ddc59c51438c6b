package broker

import (
	"errors"
	"testing"
	"testing/synctest"
)

// An inquiry that the loop has not taken when it ends returns an error.
func TestInquiryAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Config{}) // its loop takes nothing
		if err != nil {
			t.Fatal(err)
		}
		answer := make(chan error, 1)
		go func() { answer <- b.Ping(t.Context()) }()
		synctest.Wait()
		b.end()
		if err := <-answer; !errors.Is(err, ErrNotRunning) {
			t.Errorf("got %v", err)
		}
	})
}
