
# facts MODULE...: what a host must have before a bundle can be applied to it; changes nothing.
facts() {
  say clock "$(date +%s.%N)"
  say release "$(sed -n 's/^ID=//p; s/^VERSION_ID=//p' /etc/os-release | tr -d '"' | paste -s)"
  say systemd "$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
  say cgroup "$(stat -f -c %T /sys/fs/cgroup)"
  disks
  for module in "$@"; do
    if [ -e "/sys/module/$module" ] || modprobe --dry-run --quiet "$module" 2>/dev/null; then has=yes; else has=no; fi
    say module "$module$TAB$has"
  done
  ! command -v ss >/dev/null || listeners
}

# listeners: the TCP ports that are taken, and the unit of the process that has each.
listeners() {
  ss -Hltnp | sed -n 's/^LISTEN *[0-9]* *[0-9]* *[^ ]*:\([0-9]*\) .*pid=\([0-9]*\),.*/\1 \2/p' | sort -u |
    while read -r port pid; do
      unit=$(sed -n 's|.*/\([^/]*\.service\).*|\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
      say listens "$port$TAB${unit:--}"
    done
}
