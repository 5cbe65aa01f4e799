
# prepare: packages, users, folders, preparing actions: all that changes nothing that runs.
prepare() {
  manifest=$STAGED/manifest
  missing=$(missing_packages "$manifest" | tr '\n' ' ')
  if [ -n "$missing" ]; then
    install_packages "$missing" || return 10
    say packages "installed $missing"
  fi
  records user "$manifest" | while IFS="$TAB" read -r name home shell groups; do
    id "$name" >/dev/null 2>&1 || {
      attempt users "$name" useradd --system --user-group --home-dir "$home" --shell "$shell" "$name" || exit 10
      say users "created $name"
    }
    [ "$groups" = - ] || attempt users "$name" usermod --append --groups "$groups" "$name" || exit 10
  done || return 10
  records dir "$manifest" | while IFS="$TAB" read -r mode owner path; do
    mkdir -p "$path"
    chown "$owner" "$path"
    chmod "$mode" "$path"
  done
  records action "$manifest" >"$STATE/work/actions"
  while IFS="$TAB" read -r id when scope check apply _ request; do
    [ "$when" = prepare ] || continue
    due "$id" "$check" || { [ $? = 1 ] && continue; return 10; }
    if [ "$scope" = operator ]; then
      csr=$(script "$request" 2>"$STATE/log/request") || { failed prepare "$id" $? "$STATE/log/request"; return 10; }
      say request "$id$TAB$(printf '%s\n' "$csr" | base64 -w0)"
    else
      attempt prepare "$id" script "$apply" || return 10
      say prepare "$id"
    fi
  done <"$STATE/work/actions"
}

# due ID CHECK: 0 when the action is to be done, 1 when it is not, 2 when its check failed.
due() {
  code=0
  script "$2" >"$STATE/log/check" 2>&1 </dev/null || code=$?
  case $code in
    0) return 1 ;;
    1) return 0 ;;
    *) failed check "$1" "$code" "$STATE/log/check"; return 2 ;;
  esac
}

# answer ID: the operator's answer on stdin, a signed chain.
answer() {
  apply=$(records action "$STAGED/manifest" | awk -F "$TAB" -v id="$1" '$1 == id { print $5 }')
  code=0
  script "$apply" >"$STATE/log/answer" 2>&1 || code=$?
  [ "$code" = 0 ] || { failed prepare "$1" "$code" "$STATE/log/answer"; return 10; }
  say prepare "$1"
}

# Nothing that a package brings starts before it is configured.
install_packages() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n# soundstage: packages start nothing while they are installed\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  code=0
  # shellcheck disable=SC2086
  attempt packages "$1" apt_install $1 2>"$STATE/log/first" || code=$?
  if [ "$code" != 0 ]; then
    code=0
    attempt packages update apt_get update -qq || code=$?
    # shellcheck disable=SC2086
    [ "$code" != 0 ] || attempt packages "$1" apt_install $1 || code=$?
  fi
  ! grep -q '^# soundstage' "$policy" || rm -f "$policy"
  return "$code"
}

# A mirror that stops answering is asked again rather than waited for.
apt_get() {
  apt-get -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=5 -o DPkg::Lock::Timeout=120 "$@"
}

apt_install() {
  apt_get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
