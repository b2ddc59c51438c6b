package etcdtest

import "syscall"

// A kind is a way in which an owner ends.
type kind struct {
	name         string
	end, undo    func(b *brokerd)
	changesOwner bool
}

func nothing(*brokerd) {}

func send(s syscall.Signal) func(*brokerd) { return func(b *brokerd) { b.signal(s) } }

var kinds = []kind{
	{"SIGKILL", send(syscall.SIGKILL), nothing, true},
	{"SIGSTOP", send(syscall.SIGSTOP), send(syscall.SIGCONT), true},
	{"cut from etcd", (*brokerd).cutFromEtcd, (*brokerd).heal, true},
	{"cut from clients", (*brokerd).cutFromClients, (*brokerd).heal, false},
}

var planned = kind{"SIGTERM", send(syscall.SIGTERM), nothing, true}
