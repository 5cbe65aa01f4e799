
# bundle: takes the folder that this script lies in, for a run by hand.
bundle() {
  setup
  folder=$(dirname "$SELF")
  [ -e "$folder/manifest" ] || { echo "no manifest beside $0: run it in the bundle's folder" >&2; return 10; }
  stage - <"$folder/manifest" >/dev/null
  # Where a run over SSH looks for it: that finds this host as it should be, in one round trip. From there it goes on:
  # the folder may go, and systemd would take its name apart at a blank.
  keep_script
  SELF=$script
  take_objects
  missing=$(wanted_objects "$STAGED/manifest" | while read -r sha; do [ -e "$OBJECTS/$sha" ] || echo "$sha"; done)
  [ -z "$missing" ] || { printf 'objects that the bundle names and does not hold: %s\n' "$missing" >&2; return 10; }
}

# take_objects: what the bundle holds, under its hashes. An object has its name once it is whole and on the disk.
take_objects() {
  find "$folder/files" "$folder/commands" "$folder/blobs" "$folder/../../../../blobs" -type f -print0 2>/dev/null |
    xargs -0 -r sha256sum | while read -r sha file; do
    [ -e "$OBJECTS/$sha" ] || printf '%s\t%s\n' "$sha" "$file"
  done | sort -u -k 1,1 >"$WORK/new"
  while IFS="$TAB" read -r sha file; do cp "$file" "$OBJECTS/$sha.part"; done <"$WORK/new"
  cut -f1 "$WORK/new" | sed "s|.*|$OBJECTS/&.part|" | xargs -r sync
  while IFS="$TAB" read -r sha _; do mv "$OBJECTS/$sha.part" "$OBJECTS/$sha"; done <"$WORK/new"
}

# sealed: the secrets beside the bundle, which this host alone can read: they are encrypted to its SSH key.
sealed() {
  [ -e "$folder/secrets.age" ] || return 0
  command -v age >/dev/null || install_packages age "" || return 10
  lines=$(age --decrypt --identity /etc/ssh/ssh_host_ed25519_key "$folder/secrets.age" 2>"$WORK/log-age") || {
    failed secrets "$folder/secrets.age" $? "$WORK/log-age"
    return 10
  }
  printf '%s\n' "$lines" | secrets
}

# Whether this host is what the bundle beside this script says; without one, what it was brought to last. 2 where it is not.
verify_by_hand() {
  setup
  inspect >"$WORK/seen"
  held=$(sed -n "s/^manifest$TAB//p" "$WORK/seen") wanted=$held
  [ ! -e "$(dirname "$SELF")/manifest" ] || wanted=$(manifest_hash "$(dirname "$SELF")/manifest")
  grep "^drift$TAB" "$WORK/seen" && return 2
  [ "$held" != none ] || { say drift "no bundle was applied here"; return 2; }
  [ "$held" = "$wanted" ] || { say drift "it is at bundle $held, not at $wanted"; return 2; }
  say same "$held"
}

# What this host can do alone; exit 3 at what awaits the operator or other hosts.
apply_by_hand() {
  setup
  take - "by hand on this host" || return $?
  bundle
  sealed || return 10
  prepare >"$WORK/log-hand" || return $?
  cat "$WORK/log-hand"
  ! grep -q "^request$TAB" "$WORK/log-hand" || { echo "certificates await the operator's signature: sh bootstrap.sh answer <id> < chain.pem" >&2; return 3; }
  waiting=$(records secret "$STAGED/manifest" | cut -f4 | while read -r path; do
    [ -e "$path" ] || [ -e "$STAGED/secrets/$(digest "$path")" ] || echo "$path"
  done)
  [ -z "$waiting" ] || { printf 'secrets are missing: %s\n' "$waiting" >&2; return 3; }
  check || return 10
  leave_groups || return 10
  change || return $?
  # It may be back already: by hand too a change that could lock somebody out awaits `confirm`.
  probe || { recover || return $?; return 11; }
  commit
}

# ready, finish: steps that follow on each other, in one round trip. Each on a line of its own: after `&&` and in
# conditions `set -e` does not hold.
ready() {
  prepare
  if [ -e "$WORK/asked" ]; then return 0; fi
  check
}

finish() {
  probe
  commit
}

main() {
  if [ "${1:-}" = --lock ]; then
    require_lock "$2" || return $?
    shift 2
    printf '%s %s\n' "$$" "${1:-}" >"$LOCK.step"
    # What a verb starts does not keep the host: the lock of the step is this process's alone.
    verb "$@" 8>&-
    return
  fi
  case ${1:-} in
    revert | answer)
      setup
      take - "by hand on this host" || return $?
      ;;
  esac
  verb "$@"
}

verb() {
  verb=${1:-help}
  [ "$#" = 0 ] || shift
  case $verb in
    inspect | compare | status | facts | stage | receive | secrets | prepare | answer | check | change | cluster | order | \
      probe | commit | ready | finish | hold | unlock | confirm | guard | history | restage | revert | recovered | \
      upgradable | upgrade | renew | affirm | boot)
      "$verb" "$@"
      ;;
    check-staged) check_staged "$@" ;;
    apply-staged) apply_staged ;;
    upgrade-staged) upgrade_staged "$1" ;;
    reboot) restart_host ;;
    recover) recover "${1:-}" ;;
    audit) [ ! -e "$STATE/audit" ] || cat "$STATE/audit" ;;
    apply) apply_by_hand ;;
    verify) verify_by_hand ;;
    *)
      echo "usage: sh bootstrap.sh apply | verify | answer <id> | revert | unlock | history | audit" >&2
      return 10
      ;;
  esac
}

main "$@"
