#!/bin/sh
# Process 1 of a machine: FOLDER HOSTNAME LOWER. It lives until its standard input ends, and everything dies with it.
#
# The whole root is the lab machine's own Debian, seen through an overlay: what is written stays in FOLDER/disk, which
# outlives a power cut. FOLDER/rc is what runs at every boot.
set -eu
folder=$1
name=$2
lower=$3

# The lab's /proc is still mounted here, so this is the process id as the lab sees it.
read -r pid rest </proc/self/stat
rc=$(cat "$folder/rc")

mount --make-rprivate /
mkdir -p "$folder/disk" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/disk,workdir=$folder/work" "$folder/root"
cd "$folder/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
if [ -S "$folder/log" ]; then
    : >dev/log
    mount --bind "$folder/log" dev/log
fi
mkdir old
pivot_root . old
umount -l /old
rmdir /old 2>/dev/null || true
hostname "$name"

eval "$rc" </dev/null >&2
echo "booted $pid"
# Nobody waits for orphans of this machine but the kernel, which has to be told so.
exec env --ignore-signal=CHLD cat >/dev/null
