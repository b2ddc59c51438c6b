# boot.sh FOLDER ROOT PACKAGES boots a copy of the machine in ROOT, with the folder PACKAGES as /packages. It must run
# in namespaces of its own. Everything is mounted below FOLDER, and vanishes with the namespace.
set -eu

mount --make-rprivate /
mount -t tmpfs -o size=1g tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
cp -r "$3" "$1/root/packages"
cd "$1/root"

# /sys and /proc/sys are read-only, so that systemd changes no setting of the kernel and starts no udevd.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs etc/systemd/system # without the services of this machine
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm run/changes run/old
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
rm -f var/lib/man-db/auto-update # or dpkg would index all manual pages
: >etc/fstab
mount --bind "$1/upper" run/changes # what the copy has changed, for the test

pivot_root . run/old
umount -l /run/old
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=basic.target --log-target=journal --show-status=false
