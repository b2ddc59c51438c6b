package main

import (
	"fmt"
	"os"
	"strconv"
)

// The number always has the same length, so that a reader never sees a part of
// it: what goes wrong without a lock is lost additions, nothing else.
const width = 20

func readNumber(file *os.File) (int64, error) {
	text := make([]byte, width)
	if _, err := file.ReadAt(text, 0); err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

func writeNumber(file *os.File, number int64) error {
	_, err := file.WriteAt(fmt.Appendf(nil, "%0*d", width, number), 0)
	return err
}
