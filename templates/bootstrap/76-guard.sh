
# Seconds within which a new connection must confirm a change that could lock us out.
GUARD=60
GUARDED='^/(etc/(ssh|network|systemd/network|netplan|pam\.d|security|sudoers\.d)/|etc/(nftables|sudoers|passwd|shadow|group|hosts\.(allow|deny))|root/\.ssh/|home/[^/]*/\.ssh/)'

# arm_guard: before such a change a timer is set that puts the old state back, whatever becomes of the connection.
arm_guard() {
  # Mostly neither generation names such a path, and the files need not be compared for it.
  awk -F "$TAB" '$1 == "file" || $1 == "secret" || $1 == "archive" { print $NF }' "$GENERATIONS/$(generation)/manifest" "$STAGED/manifest" |
    grep -Eq "$GUARDED" || return 0
  changed_paths | grep -Eq "$GUARDED" || return 0
  set_guard || return 1
  guarded=yes
  say guard "$GUARD"
}

# rearm_guard: a new connection is made once all is applied, so its time begins then, however long that took.
rearm_guard() { [ "${guarded:-}" != yes ] || set_guard; }

set_guard() {
  # Where its time is over while the apply goes on, it waits for the end of that.
  systemctl stop soundstage-guard.timer soundstage-guard.service 2>/dev/null || true
  # On a busy host systemd now and then still has a unit loaded that has ended.
  for _ in 1 2 3 4 5; do
    systemd-run --quiet --collect --unit=soundstage-guard --on-active="$GUARD" --timer-property=AccuracySec=1s \
      --setenv=SOUNDSTAGE_STATE="$STATE" /bin/sh "$SELF" guard && return 0
    sleep 1
  done
  return 1
}

disarm_guard() {
  systemctl --quiet is-active soundstage-guard.timer || return 0
  systemctl stop soundstage-guard.timer
}

# confirm: a new connection was made, in time.
confirm() {
  disarm_guard
  # Stopped, the timer starts nothing any more; what it has started goes on.
  if [ ! -e "$JOURNAL" ] || systemctl --quiet is-active soundstage-guard.service; then
    echo "it came too late, after $GUARD s: the host puts the previous generation back" >&2
    return 10
  fi
}

# guard: nobody confirmed.
guard() {
  await_apply
  [ -e "$JOURNAL" ] || return 0
  audit guard "no new connection within $GUARD s"
  recover
}
