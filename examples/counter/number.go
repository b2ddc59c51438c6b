package main

import (
	"fmt"
	"os"
	"strconv"
)

// width is the fixed length of the number in the file. A reader never sees part of a number, so without a lock the
// only error is lost additions.
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
