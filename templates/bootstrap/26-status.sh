
# status: what an operator wants to know of a host at a glance; changes nothing, and takes no part in the lock.
status() {
  say clock "$(date +%s.%N)"
  say uptime "$(cut -d' ' -f1 /proc/uptime)"
  held=$(generation)
  manifest=$GENERATIONS/$held/manifest
  say generation "$held"
  [ ! -e "$GENERATIONS/$held/meta" ] || say applied "$(paste -s "$GENERATIONS/$held/meta")"
  if lock_held; then
    say held "$(holder)"
  else
    [ ! -e "$JOURNAL" ] || say interrupted "$(cat "$JOURNAL")"
  fi
  reboot_due
  [ ! -e "$STATE/unproven" ] || say unproven "$(cat "$STATE/unproven")"
  disks
  [ -s "$manifest" ] || return 0
  say manifest "$(manifest_hash "$manifest")"
  records retired "$manifest" | while read -r data; do say retired "$data"; done
  records archive "$manifest" | while IFS="$TAB" read -r sha _ path; do say archive "$sha$TAB$path"; done
  records unit "$manifest" >"$WORK/units"
  [ -s "$WORK/units" ] || return 0
  cut -f1 "$WORK/units" | xargs systemctl is-active 2>/dev/null >"$WORK/active" || true
  paste "$WORK/units" "$WORK/active" | sed "s/^/unit$TAB/"
}

# disks: device, free and whole bytes of the file systems that fill up.
disks() {
  for mount in / /var; do
    say disk "$mount$TAB$(df -P -B1 "$mount" | awk 'NR == 2 { print $1 "\t" $4 "\t" $2 }')"
  done
}

# lock_held: whether the process that took it still has it; to try the lock would keep a run that begins at this moment
# from it.
lock_held() {
  pid=$(cut -f1 "$LOCK" 2>/dev/null) && [ "$(readlink "/proc/${pid:-none}/fd/9")" = "$LOCK" ]
}
