
# transition FROM TO: brings files, kernel and units from one generation's manifest to another's.
# Putting back is the same transition the other way round.
transition() {
  from=$GENERATIONS/$1 to=$GENERATIONS/$2
  transition_files "$from" "$to" || return 1
  transition_kernel "$from/manifest" "$to/manifest" || return 1
  transition_units "$from/manifest" "$to/manifest"
}

# put SOURCE MODE OWNER PATH: beside the target first, so that the path holds the old file or the new one, never half.
put() {
  part=$(dirname "$4")/.$(basename "$4").soundstage
  # Chained, since `set -e` does not hold below a condition: a copy that a full disk cut short must not be renamed.
  if mkdir -p "$(dirname "$4")" && cp "$1" "$part" && chown "$3" "$part" && chmod "$2" "$part" && sync "$part" && mv -f "$part" "$4"; then
    return 0
  fi >"$STATE/log/put" 2>&1
  failed files "$4" 1 "$STATE/log/put"
  rm -f "$part"
  return 1
}

# What was there before us comes back when we leave: kept when a path is first overwritten.
keep_original() {
  key=$(digest "$1")
  [ ! -e "$STATE/originals/$key.meta" ] || return 0
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    cp "$1" "$STATE/originals/$key"
    stat -c "%04a$TAB%U:%G$TAB%n" "$1" >"$STATE/originals/$key.meta"
  else
    printf -- '-\t-\t%s\n' "$1" >"$STATE/originals/$key.meta"
  fi
}

remove_path() {
  key=$(digest "$1")
  if [ -e "$STATE/originals/$key" ]; then
    IFS="$TAB" read -r mode owner _ <"$STATE/originals/$key.meta"
    put "$STATE/originals/$key" "$mode" "$owner" "$1"
  else
    rm -rf "$1"
  fi
}

transition_files() {
  changed=
  gone_paths "$1/manifest" "$2/manifest" >"$STATE/work/gone"
  while read -r path; do
    remove_path "$path" || return 1
    changed="$changed$path (gone)$NEWLINE"
  done <"$STATE/work/gone"
  records file "$2/manifest" >"$STATE/work/files"
  while IFS="$TAB" read -r mode owner sha size source path; do
    keep_original "$path"
    if [ -f "$path" ] && [ "$(stat -c '%04a %U:%G %s' "$path")" = "$mode $owner $size" ]; then
      [ "$(sha256sum "$path" | cut -c1-64)" != "$sha" ] || continue
    fi
    put "$OBJECTS/$sha" "$mode" "$owner" "$path" || return 1
    changed="$changed$path$NEWLINE"
  done <"$STATE/work/files"
  records secret "$2/manifest" >"$STATE/work/secrets"
  while IFS="$TAB" read -r mode owner _ path; do
    secret=$2/secrets/$(digest "$path")
    [ -e "$secret" ] || continue
    keep_original "$path"
    if [ -f "$path" ] && [ "$(stat -c '%04a %U:%G' "$path")" = "$mode $owner" ] && cmp -s "$secret" "$path"; then continue; fi
    put "$secret" "$mode" "$owner" "$path" || return 1
    changed="$changed$path$NEWLINE"
  done <"$STATE/work/secrets"
  records archive "$2/manifest" >"$STATE/work/archives"
  while IFS="$TAB" read -r sha _ path; do
    [ "$(cat "$path/.soundstage-archive" 2>/dev/null)" != "$sha" ] || continue
    attempt files "$path" unpack "$sha" "$path" || return 1
    changed="$changed$path$NEWLINE"
  done <"$STATE/work/archives"
  sync
  printf '%s' "$changed" | while read -r path; do say files "$path"; done
  case $changed in *"/etc/systemd/system/"*) systemctl daemon-reload ;; esac
}

unpack() {
  rm -rf "$2.soundstage" && mkdir -p "$2.soundstage" && tar -xzf "$OBJECTS/$1" --no-same-owner -C "$2.soundstage" &&
    printf '%s\n' "$1" >"$2.soundstage/.soundstage-archive" && chmod -R a+rX "$2.soundstage" &&
    sync -f "$2.soundstage" && rm -rf "$2" && mv "$2.soundstage" "$2"
}

transition_kernel() {
  records module "$2" | while read -r name; do attempt kernel "$name" modprobe "$name" || exit 1; done || return 1
  records sysctl "$2" >"$STATE/work/sysctls"
  while IFS="$TAB" read -r key value; do
    grep -q "^$key$TAB" "$STATE/sysctls" 2>/dev/null || printf '%s\t%s\n' "$key" "$(sysctl_read "$key")" >>"$STATE/sysctls"
    sysctl_set "$key" "$value" || return 1
  done <"$STATE/work/sysctls"
  [ -e "$STATE/sysctls" ] || return 0
  while IFS="$TAB" read -r key value; do
    grep -q "^$key$TAB" "$STATE/work/sysctls" || sysctl_set "$key" "$value" || return 1
  done <"$STATE/sysctls"
}

# A write may be accepted and change nothing, as on a key that belongs to another namespace: so it is read back.
sysctl_set() {
  if sysctl_is "$1" "$2"; then return 0; fi
  printf '%s\n' "$2" 2>/dev/null >"$(sysctl_file "$1")" || true
  if sysctl_is "$1" "$2"; then
    say kernel "$1 = $2"
  else
    printf '%s reads %s after %s was written\n' "$1" "$(sysctl_read "$1")" "$2" >"$STATE/log/kernel"
    failed kernel "$1" 1 "$STATE/log/kernel"
    return 1
  fi
}

transition_units() {
  records unit "$1" | cut -f1 | while read -r name; do
    records unit "$2" | cut -f1 | grep -qxF "$name" && continue
    systemctl disable --now "$name" >/dev/null 2>&1 || true
    systemctl unmask "$name" >/dev/null 2>&1 || true
    rm -f "$STATE/running/$name"
    say units "$name stopped, it is not wanted any more"
  done
  records unit "$2" >"$STATE/work/units"
  while IFS="$TAB" read -r name state; do
    unit_to "$2" "$name" "$state" || return 1
  done <"$STATE/work/units"
  # A simple service that dies at once has started as far as systemd is concerned.
  [ ! -s "$STATE/work/units" ] || sleep 1
  while IFS="$TAB" read -r name state; do
    [ "$state" != started ] || systemctl is-active --quiet "$name" || { unit_failed "$name" 1; return 1; }
  done <"$STATE/work/units"
}

trigger_digest() {
  records trigger "$1" | sed -n "s|^$2$TAB$3$TAB||p" | while read -r path; do path_digest "$path"; done | sha256sum | cut -c1-64
}

unit_to() {
  case $3 in
    masked) systemctl is-enabled "$2" 2>/dev/null | grep -qx masked || attempt units "$2" systemctl mask --now "$2"; return ;;
    stopped) attempt units "$2" systemctl disable --now "$2"; return ;;
  esac
  restart=$(trigger_digest "$1" "$2" restart) reload=$(trigger_digest "$1" "$2" reload)
  was_restart='' was_reload=''
  [ ! -e "$STATE/running/$2" ] || { read -r was_restart; read -r was_reload; } <"$STATE/running/$2"
  case "$(systemctl is-enabled "$2" 2>/dev/null)" in
    enabled | static | alias | indirect | generated) ;;
    masked) attempt units "$2" systemctl unmask "$2" && attempt units "$2" systemctl enable "$2" || return 1 ;;
    *) attempt units "$2" systemctl enable "$2" || return 1 ;;
  esac
  verb=
  if ! systemctl is-active --quiet "$2"; then
    verb=start
  elif [ "$restart" != "$was_restart" ]; then
    verb=restart
  elif [ "$reload" != "$was_reload" ]; then
    verb=reload
  fi
  if [ -n "$verb" ]; then
    systemctl reset-failed "$2" 2>/dev/null || true
    code=0
    systemctl "$verb" "$2" >"$STATE/log/unit" 2>&1 </dev/null || code=$?
    [ "$code" = 0 ] || { unit_failed "$2" "$code"; return 1; }
    say units "$2 ${verb}ed" | sed 's/stoped/stopped/'
  fi
  printf '%s\n%s\n' "$restart" "$reload" >"$STATE/running/$2"
}

unit_failed() {
  {
    systemctl status --no-pager --lines=0 "$1" 2>&1 | head -n 4
    journalctl --no-pager --quiet --output=cat --lines=14 --unit="$1" 2>&1
  } >"$STATE/log/unit"
  failed units "$1" "$2" "$STATE/log/unit"
}
