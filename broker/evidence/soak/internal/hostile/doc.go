// Package hostile attacks a broker with clients that break the protocol, flood it, or never read. They connect from
// another address than the other clients, because the broker shares its time and its limits fairly among addresses.
package hostile
