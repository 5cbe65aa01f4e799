
# Seconds between two signs of life of a run; three missed ones mean that it is gone.
BEAT=5

# holder: who holds the host.
holder() {
  who=''
  { IFS="$TAB" read -r _ _ who <"$LOCK"; } 2>/dev/null || true
  printf '%s\n' "${who:-by hand}"
}

# take TOKEN OWNER: the host for this process, or 4 where another has it. The kernel lets it go when the process ends.
take() {
  exec 9>>"$LOCK"
  flock --nonblock 9 || { say locked "$(holder)"; return 4; }
  # A step of a run that is gone may still be under way, such as an installation of packages.
  exec 8>>"$LOCK.step"
  flock --nonblock 8 || { say locked "a step that is under way, of a run that is gone"; return 4; }
  printf '%s\t%s\t%s\n' "$$" "$1" "$2" >"$LOCK"
  exec 8>&-
}

# hold TOKEN OWNER: takes the host for a run that is elsewhere, and keeps it while the run beats: a line of its
# stdin each time, `done` at its end. A run that is gone is waited for no longer than its running step takes.
hold() {
  setup
  take "$1" "$2" || return $?
  say held "$1"
  exec 3<&0
  {
    while read -r word <&3; do
      [ "$word" != "done" ] || exit 0
      : >"$WORK/beat"
    done
    exit 1
  } 9>&- >/dev/null 2>&1 </dev/null &
  reader=$!
  {
    missed=0
    while [ "$missed" -lt 3 ]; do
      sleep "$BEAT"
      if rm "$WORK/beat" 2>/dev/null; then missed=0; else missed=$((missed + 1)); fi
    done
    kill "$reader"
  } 3<&- 9>&- >/dev/null 2>&1 </dev/null &
  watcher=$!
  code=0
  wait "$reader" || code=$?
  kill "$watcher" 2>/dev/null || true
  [ "$code" = 0 ] || abandon
  : >"$LOCK"
}

# abandon: leaves the host in order where nobody leads the run any more.
abandon() {
  # A later verb of the run that was thought dead is refused.
  printf '%s\t%s\t%s\n' "$$" - "$(holder)" >"$LOCK"
  end_step
  await_apply guard
  [ ! -e "$JOURNAL" ] || audit abandoned "its run is gone"
  forget_policy
  recover
  exec 8>&-
}

# end_step: waits for the step that is under way; one that awaits what the run would have sent is ended.
end_step() {
  exec 8>>"$LOCK.step"
  if flock --nonblock 8; then return 0; fi
  read -r pid step <"$LOCK.step" || true
  case ${step:-} in stage | receive | secrets | answer) kill "$pid" 2>/dev/null || true ;; esac
  flock 8
}

# await_apply [guard]: until it has ended, and what puts back by itself as well.
await_apply() {
  while systemctl show --property=ActiveState --value soundstage-apply.service soundstage-upgrade.service ${1:+"soundstage-$1.service"} |
    grep -qx -e activating -e active -e deactivating; do sleep 1; done
}

# unlock: takes the host from whoever holds it, once its running step has ended, and puts back what it left unproven.
unlock() {
  setup
  exec 9>>"$LOCK"
  if flock --nonblock 9; then
    say unlock "nobody holds it"
  else
    owner=$(holder)
    kill "$(cut -f1 "$LOCK")" 2>/dev/null || true
    flock --timeout 10 9 || { echo "the process that holds it does not end: $owner" >&2; return 10; }
    audit unlock "taken from $owner"
    say unlock "taken from $owner"
  fi
  abandon
  : >"$LOCK"
}

# require_lock TOKEN: a verb of a run that lost the host must not go on; while one goes on, nobody else gets the host.
require_lock() {
  exec 8>>"$LOCK.step"
  flock --shared 8
  token=''
  { IFS="$TAB" read -r _ token _ <"$LOCK"; } 2>/dev/null || true
  [ "$token" = "$1" ] || { say locked "$(holder)"; return 4; }
}
