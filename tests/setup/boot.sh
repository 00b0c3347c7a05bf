# usage: unshare --mount --pid --fork --uts --ipc --net --cgroup --propagation private sh boot.sh ROOT
#
# Boots the Debian in ROOT with its own systemd as process 1: a machine of its own but for the kernel, whose settings, clock and
# modules it cannot change. Returns never.
set -eu

root=$1
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mount -t tmpfs -o mode=755 tmpfs run
# Nodes of its own: systemd changes owner and mode of what it finds, and a bound one would be the outer machine's.
while read -r name major minor; do
    mknod -m 666 "dev/$name" c "$major" "$minor"
done <<NODES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
NODES
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
pivot_root . .
umount -l .
mount --make-rshared / # as systemd expects it in a container: credentials are mounted that way
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set -sys_time,-sys_module /lib/systemd/systemd --system --show-status=0
