package child

import "testing"

func TestCgroupDir(t *testing.T) {
	const (
		unified = "28 23 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		hybrid  = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		inside  = "41 31 0:38 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
		blank   = `41 31 0:38 / /mnt/c\040d rw - cgroup2 cgroup2 rw` + "\n"
		other   = "22 21 0:20 / /proc rw - proc proc rw\n"
	)
	for _, test := range []struct{ memberships, mounts, want string }{
		{"0::/user.slice/a b\n", other + unified, "/sys/fs/cgroup/user.slice/a b"},
		{"9:name=systemd:/x\n0::/\n", hybrid, "/sys/fs/cgroup/unified"},
		{"0::/docker/ab/c\n", inside, "/sys/fs/cgroup/c"},
		{"0::/docker/other\n", inside, ""},
		{"0::/../x\n", unified, ""},
		{"9:name=systemd:/x\n", unified, ""},
		{"0::/x\n", other, ""},
		{"0::/x\n", blank, "/mnt/c d/x"},
		{"", "", ""},
	} {
		if got := cgroupDir(test.memberships, test.mounts); got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.memberships, test.mounts, got, test.want)
		}
	}
}
