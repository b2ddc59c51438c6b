// Package etcd keeps the record of package cluster in etcd. Only brokerd imports it, so that programs that embed the
// broker, or use the client, do not compile etcd's client.
//
// Start with [Config] and [Open].
//
// # Keys
//
//	PREFIX/owner       the owner, as JSON
//	PREFIX/beat        the id of the last write
//	PREFIX/s/SESSION   a session, as JSON
//
// The guard of a write is the mod revisions of the first two. Values say which format they have. A value of another
// format is an error for every method: a broker does not take over from a later release that it does not
// understand.
//
// # What etcd must be like
//
// Three or five members, in one region: a write waits for the disks of most of them. Earlier releases than 3.4.42,
// 3.5.28 and 3.6.9 could answer a read with old data. [Store] refuses an answer that is older than one that it has
// seen before, so a broker that takes over never works with sessions that are older than its own takeover. For the
// same reason, brokers must be restarted after etcd was restored from a backup.
//
// No lease of etcd is used, and no watch: brokers read the record every half second.
//
// # Errors
//
// A write returns [cluster.ErrNotApplied] if etcd says that it refused the request before it was proposed to the
// members, or because of rights. All other errors leave it open, "no space" among them: etcd may apply a
// transaction and then say so.
//
// # Concurrency
//
// The methods of a Store may be called concurrently.
package etcd
