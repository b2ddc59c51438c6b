package printable

import (
	"fmt"
	"unicode/utf8"
)

// LogTextBytes is how many bytes of a client's text a log line holds.
const LogTextBytes = 256

// LogText returns text as a log line should hold it: as [Printable] does, and cut
// after LogTextBytes, with its real length behind. It is for whatever a client can
// choose: names, labels, headers. So no client can send control characters to the
// terminal that shows the log, or make the log grow faster than its connections do.
func LogText(text string) string {
	if len(text) <= LogTextBytes {
		return Text(text)
	}
	end := LogTextBytes
	for end > LogTextBytes-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s... (%d bytes)", Text(text[:end]), len(text))
}

// LogTexts is [LogText] for each of the first most texts. When there are more, the last
// element says how many.
func LogTexts(texts []string, most int) []string {
	all := make([]string, 0, min(len(texts), most)+1)
	for _, text := range texts[:min(len(texts), most)] {
		all = append(all, LogText(text))
	}
	if more := len(texts) - most; more > 0 {
		all = append(all, fmt.Sprintf("... and %d more", more))
	}
	return all
}
