
# Seconds within which a new connection must confirm a change that could lock us out.
GUARD=60
GUARDED='^/(etc/(ssh|network|systemd/network|netplan|pam\.d|security|sudoers\.d)/|etc/(nftables|sudoers|passwd|shadow|group|hosts\.(allow|deny))|root/\.ssh/|home/[^/]*/\.ssh/)'

# arm_guard: before such a change a timer is set that puts the old state back, whatever becomes of the connection.
arm_guard() {
  # Mostly neither generation names such a path, and the files need not be compared for it.
  awk -F "$TAB" '$1 == "file" || $1 == "secret" || $1 == "archive" { print $NF }' "$GENERATIONS/$(generation)/manifest" "$STAGED/manifest" |
    grep -Eq "$GUARDED" || return 0
  changed_paths | grep -Eq "$GUARDED" || return 0
  confirm
  systemd-run --quiet --collect --unit=soundstage-guard --on-active="$GUARD" --timer-property=AccuracySec=1s \
    --setenv=SOUNDSTAGE_STATE="$STATE" /bin/sh "$SELF" guard || return 1
  say guard "$GUARD"
}

# confirm: a new connection was made, or there is nothing left to guard.
confirm() {
  systemctl --quiet is-active soundstage-guard.timer || return 0
  systemctl stop soundstage-guard.timer
}

# guard: nobody confirmed.
guard() {
  await_apply
  [ -e "$JOURNAL" ] || return 0
  audit guard "no new connection within $GUARD s"
  put_back || [ $? = 11 ]
}
