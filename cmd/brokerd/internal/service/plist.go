package service

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
)

// plistFormat is the property list of launchd. It restarts brokerd unless it has ended with 0. ExitTimeOut is the time
// between SIGTERM and SIGKILL: longer than the drain.
const plistFormat = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>brokerd</string>
	<key>ProgramArguments</key>
	<array>
		<string>PROGRAM</string>
		<string>--config</string>
		<string>CONFIG</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>ExitTimeOut</key>
	<integer>30</integer>
	<key>HardResourceLimits</key>
	<dict>
		<key>NumberOfFiles</key>
		<integer>65536</integer>
	</dict>
	<key>SoftResourceLimits</key>
	<dict>
		<key>NumberOfFiles</key>
		<integer>65536</integer>
	</dict>
	<key>StandardErrorPath</key>
	<string>LOG</string>
</dict>
</plist>
`

// plist returns the property list of launchd.
func (o Options) plist() string {
	log := "/var/log/brokerd.log"
	if home, err := os.UserHomeDir(); o.User && err == nil {
		log = filepath.Join(home, "Library", "Logs", "brokerd.log")
	}
	return strings.NewReplacer("PROGRAM", escaped(o.Program), "CONFIG", escaped(o.Config), "LOG", escaped(log)).
		Replace(plistFormat)
}

// plistPath returns where the library writes the property list.
func (o Options) plistPath() string {
	if home, err := os.UserHomeDir(); o.User && err == nil {
		return filepath.Join(home, "Library", "LaunchAgents", Name+".plist")
	}
	return "/Library/LaunchDaemons/" + Name + ".plist"
}

// escaped returns text as XML.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}
