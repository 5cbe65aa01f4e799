
# lock OWNER: one converge at a time; a lock that nobody refreshed for 15 minutes is taken over.
lock() {
  setup
  if ! mkdir "$STATE/lock" 2>/dev/null; then
    if [ -z "$(find "$STATE/lock" -maxdepth 0 -mmin +15)" ] && [ "$(cat "$STATE/lock/owner" 2>/dev/null)" != "$1" ]; then
      printf 'locked\t%s\n' "$(cat "$STATE/lock/owner" 2>/dev/null || echo unknown)"
      return 4
    fi
  fi
  printf '%s\n' "$1" >"$STATE/lock/owner"
  touch "$STATE/lock"
}

unlock() { rm -rf "$STATE/lock"; }

# bundle: takes the folder that this script lies in, for a run by hand.
bundle() {
  setup
  folder=$(dirname "$SELF")
  [ -e "$folder/manifest" ] || { echo "no manifest beside $0: run it in the bundle's folder" >&2; return 10; }
  stage <"$folder/manifest" >/dev/null
  find "$folder/files" "$folder/commands" "$folder/../../../../blobs" -type f 2>/dev/null | while read -r file; do
    cp -n "$file" "$OBJECTS/$(sha256sum "$file" | cut -c1-64)"
  done
  missing=$(wanted_objects "$STAGED/manifest" | while read -r sha; do [ -e "$OBJECTS/$sha" ] || echo "$sha"; done)
  [ -z "$missing" ] || { printf 'objects that the bundle names and does not hold: %s\n' "$missing" >&2; return 10; }
}

# What this host can do alone; exit 3 at what awaits the operator or other hosts.
apply_by_hand() {
  bundle
  prepare >"$STATE/log/hand" || return $?
  cat "$STATE/log/hand"
  ! grep -q "^request$TAB" "$STATE/log/hand" || { echo "certificates await the operator's signature: sh bootstrap.sh answer <id> < chain.pem" >&2; return 3; }
  waiting=$(records secret "$STAGED/manifest" | cut -f4 | while read -r path; do [ -e "$path" ] || echo "$path"; done)
  [ -z "$waiting" ] || { printf 'secrets are missing: %s\n' "$waiting" >&2; return 3; }
  check || return 10
  apply || return $?
  probe || { put_back; return 11; }
  commit
}

main() {
  verb=${1:-help}
  [ "$#" = 0 ] || shift
  case $verb in
    verify | stage | receive | secrets | prepare | answer | check | apply | cluster | order | probe | commit | lock | unlock)
      [ ! -d "$STATE/lock" ] || [ "$verb" = verify ] || touch "$STATE/lock" 2>/dev/null || true
      "$verb" "$@"
      ;;
    check-staged) check_staged ;;
    apply-staged) apply_staged ;;
    revert) [ ! -e "$JOURNAL" ] || put_back ;;
    recover) recover "${1:-unit}" ;;
    apply-by-hand) apply_by_hand ;;
    *)
      echo "usage: sh bootstrap.sh verify | apply-by-hand | revert | unlock" >&2
      return 10
      ;;
  esac
}

main "$@"
