
# prepare: packages, users, folders, preparing actions: all that changes nothing that runs.
prepare() {
  manifest=$STAGED/manifest
  prepare_packages "$manifest" || return 10
  records user "$manifest" | while IFS="$TAB" read -r name home shell groups; do
    id "$name" >/dev/null 2>&1 || {
      attempt users "$name" useradd --system --user-group --home-dir "$home" --shell "$shell" "$name" || exit 10
      say users "created $name"
    }
    [ "$groups" = - ] || attempt users "$name" usermod --append --groups "$groups" "$name" || exit 10
  done || return 10
  # Those that are there stay as they are until files change.
  attempt folders "new folders" put_folders "$manifest" missing || return 10
  records action "$manifest" >"$WORK/actions"
  while IFS="$TAB" read -r id when scope check apply _ request; do
    [ "$when" = prepare ] || continue
    due "$id" "$check" || { [ $? = 1 ] && continue; return 10; }
    if [ "$scope" = operator ]; then
      csr=$(script "$request" 2>"$WORK/log-request") || { failed prepare "$id" $? "$WORK/log-request"; return 10; }
      : >"$WORK/asked"
      say request "$id$TAB$(printf '%s\n' "$csr" | base64 -w0)"
    else
      attempt prepare "$id" script "$apply" || return 10
      say prepare "$id"
    fi
  done <"$WORK/actions"
}

# due ID CHECK: 0 when the action is to be done, 1 when it is not, 2 when its check failed.
due() {
  code=0
  script "$2" >"$WORK/log-check" 2>&1 </dev/null || code=$?
  case $code in
    0) return 1 ;;
    1) return 0 ;;
    *) failed check "$1" "$code" "$WORK/log-check"; return 2 ;;
  esac
}

# answer ID: the operator's answer on stdin, a signed chain.
answer() {
  apply=$(records action "$STAGED/manifest" | awk -F "$TAB" -v id="$1" '$1 == id { print $5 }')
  code=0
  script "$apply" >"$WORK/log-answer" 2>&1 || code=$?
  [ "$code" = 0 ] || { failed prepare "$1" "$code" "$WORK/log-answer"; return 10; }
  say prepare "$1"
}

prepare_packages() {
  forget_policy
  [ -s "$STATE/held" ] || grep -q "^package$TAB" "$1" || return 0
  missing=$(missing_packages "$1" | tr '\n' ' ')
  result=0
  if [ -n "$missing" ]; then
    free_packages "$missing"
    install_packages "$missing" "$(pinned_packages "$1" | tr "$TAB\n" '= ')" || result=10
    [ "$result" != 0 ] || say packages "installed $missing"
  fi
  hold_packages "$1" || result=10
  return "$result"
}

# Nothing that a package brings starts before it is configured.
# install_packages MISSING PINNED: all that is pinned is named, so that apt changes none of it for another's sake.
install_packages() { quietly install_missing "$@"; }

# quietly COMMAND...: nothing that a package brings starts before it is configured, and nothing restarts meanwhile.
quietly() {
  forget_policy
  if [ ! -e "$POLICY" ]; then
    # It forbids nothing once this process has ended or the machine was started anew.
    printf '#!/bin/sh\n# soundstage: packages start nothing while they are installed\n[ ! -d %s ] || exit 101\n' "$WORK" >"$POLICY"
    chmod 755 "$POLICY"
  fi
  quiet=0
  "$@" || quiet=$?
  forget_policy
  return "$quiet"
}

install_missing() {
  code=0
  # A host that has never asked its mirrors knows no package: a first try could only fail.
  if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit)" ]; then
    attempt packages update apt_get update -qq || code=$?
  fi
  # shellcheck disable=SC2086
  [ "$code" != 0 ] || attempt packages "$1" apt_install $1 $2 2>"$WORK/log-first" || code=$?
  if [ "$code" != 0 ]; then
    code=0
    # shellcheck disable=SC2086
    { attempt packages update apt_get update -qq && offered "$1" && attempt packages "$1" apt_install $1 $2; } || code=$?
  fi
  return "$code"
}

POLICY=/usr/sbin/policy-rc.d

# forget_policy: takes away ours, also one that a killed process left.
forget_policy() {
  [ -e "$POLICY" ] || return 0
  ! grep -q '^# soundstage' "$POLICY" || rm -f "$POLICY"
}

# A mirror that stops answering is asked again rather than waited for. needrestart only lists: units restart later, in their turn.
apt_get() {
  NEEDRESTART_MODE=l apt-get -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=5 -o DPkg::Lock::Timeout=120 "$@"
}

apt_install() {
  apt_get install -y -qq --no-install-recommends --allow-downgrades \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# offered MISSING: whether the mirror has every version that is pinned; else says which it has.
offered() {
  for wanted in $1; do
    case $wanted in *=*) ;; *) continue ;; esac
    apt-cache madison "${wanted%%=*}" | cut -d'|' -f2 | tr -d ' ' | sort -uV >"$WORK/offered"
    ! grep -qxF "${wanted#*=}" "$WORK/offered" || continue
    has=$(paste -sd ' ' "$WORK/offered")
    printf 'the mirror has no %s, it has %s: change packages.lock\n' "$wanted" "${has:-none}" >"$WORK/log-offered"
    failed packages "$wanted" 100 "$WORK/log-offered"
    return 100
  done
}

# free_packages MISSING: what we hold and shall change.
free_packages() {
  for wanted in $1; do
    ! grep -qxF "${wanted%%=*}" "$STATE/held" 2>/dev/null || apt-mark unhold "${wanted%%=*}" >/dev/null
  done
}

# hold_packages MANIFEST: what is pinned is held; what is not any more is let go, where it was we who held it.
hold_packages() {
  touch "$STATE/held"
  free=$(unheld_packages "$1" | tr '\n' ' ')
  gone=$(pinned_packages "$1" | cut -f1 | sort | comm -13 - "$STATE/held" | tr '\n' ' ')
  [ -n "$free$gone" ] || return 0
  for name in $gone; do
    ! dpkg-query -W -f '${db:Status-Want}\n' "$name" 2>/dev/null | grep -qx hold ||
      attempt packages "$name" apt-mark unhold "$name" || return 10
  done
  # Written before they are held: one that is named and not held is held by the next run.
  { pinned_packages "$1" | cut -f1 | sort | comm -12 - "$STATE/held"; printf '%s' "$free" | tr ' ' '\n'; } | sort -u >"$STATE/held.part"
  mv "$STATE/held.part" "$STATE/held"
  # shellcheck disable=SC2086
  [ -z "$free" ] || attempt packages hold apt-mark hold $free
}

# record_packages MANIFEST: the versions that are installed, for its generation.
record_packages() { installed "$1" | cut -f2,3 | tr "$TAB" ' ' | sort; }
