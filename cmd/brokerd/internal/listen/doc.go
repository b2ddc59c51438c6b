// Package listen opens the sockets on which brokerd listens. [Parse] reads an [Address] as an operator
// writes it, and [Address.Listen] opens its sockets:
//
//	127.0.0.1:27002, [::1]:27002, locks.example:27002    TCP
//	unix:/run/brokerd.sock?mode=0660&group=locks         a Unix socket
//	systemd:NAME                                         sockets that systemd has opened
//
// A Unix socket is a file, which a broker that was killed leaves behind. Listen replaces such a file if
// nobody listens on it. It never removes another kind of file. Two brokers that start at once cannot both
// replace it, because each locks the directory first; systems without flock(2) do not have this protection.
// The file appears at its path once it has its mode and its owner. Until then, it is in a new directory to which only
// the user of this process has access. If somebody moves that directory meanwhile, Listen fails.
//
// The package cannot see who may reach an address. It does not check the directories above a socket.
package listen
