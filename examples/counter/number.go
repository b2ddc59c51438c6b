package main

import (
	"fmt"
	"os"
	"strconv"
)

// width is the length of the number, always the same, so that a reader never sees a part of it.
// Without a lock, lost additions are then the only thing that can go wrong.
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
