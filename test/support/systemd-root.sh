# Becomes systemd in a throw-away copy of this host: an overlay in memory over its own files, as process 1 of its own
# namespaces. Arguments: a directory for it, and one to be seen in it as /mnt/packages.
# Nothing of the host starts there, and neither its settings (/proc/sys, /sys) nor its audit can be changed from it.
set -e
base=$1 packages=$2
root=$base/root
mount --make-rprivate /
mount -t tmpfs tmpfs "$base"
mkdir "$base/changes" "$base/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/changes,workdir=$base/work" "$root"

rm -rf "$root"/etc/systemd/system/*.wants "$root"/lib/systemd/system/*.wants "$root"/etc/systemd/system/*.requires
rm -f "$root/usr/sbin/policy-rc.d"
printf '[Unit]\nDescription=nothing but what the test starts\n' > "$root/etc/systemd/system/test.target"
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nAudit=no\nReadKMsg=no\nStorage=volatile\n' > "$root/etc/systemd/journald.conf.d/test.conf"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
for directory in run tmp; do mount -t tmpfs tmpfs "$root/$directory"; done
mkdir -p "$root/mnt/packages" "$root/mnt/changes" "$root/mnt/host"
mount --bind "$packages" "$root/mnt/packages"
mount --bind "$base/changes" "$root/mnt/changes"
ip link set lo up

cd "$root"
pivot_root . mnt/host
cd /
umount -l /mnt/host
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=test.target --log-target=null --show-status=0
