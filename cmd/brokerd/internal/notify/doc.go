// Package notify tells systemd what the broker does, with the messages of sd_notify(3).
//
// Create a [Notifier] with [New], and call [Notifier.Watch] beside the broker. It sends READY=1 when the broker
// serves and has fencing tokens, or is on standby; a STATUS= in words; and WATCHDOG=1 after each answer of the event
// loop. So a broker whose loop is stuck, or whose process is stopped, is restarted.
//
// All methods may be called concurrently. If NOTIFY_SOCKET is not set, they do nothing.
//
// It cannot see whether clients reach the broker: a firewall does not make a broker less ready.
package notify
