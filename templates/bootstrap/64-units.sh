
transition_units() {
  records unit "$1" | cut -f1 | while read -r name; do
    records unit "$2" | cut -f1 | grep -qxF "$name" || unit_gone "$name" || exit 1
  done || return 1
  records unit "$2" >"$WORK/units"
  : >"$WORK/touched"
  while IFS="$TAB" read -r name state; do
    unit_to "$2" "$name" "$state" || return 1
  done <"$WORK/units"
  [ -s "$WORK/touched" ] || return 0
  # A simple service that dies at once has started as far as systemd is concerned.
  sleep 1
  while IFS="$TAB" read -r name state; do
    [ "$state" != started ] || systemctl is-active --quiet "$name" || { unit_failed "$name" 1; return 1; }
  done <"$WORK/units"
}

# unit_gone NAME: what ran before us runs on, with its files as they were; what we started stops.
unit_gone() {
  rm -f "$STATE/running/$1"
  systemctl unmask "$1" >/dev/null 2>&1 || true
  if [ "$(cat "$STATE/units/$1" 2>/dev/null)" = active ]; then
    systemctl is-active --quiet "$1" || systemctl enable --now "$1" >/dev/null 2>&1 || true # a socket of a service that runs waits for the next boot
    attempt units "$1" systemctl try-reload-or-restart "$1" || return 1
    say units "$1 is as it was before"
    return 0
  fi
  systemctl disable --now "$1" >/dev/null 2>&1 || true
  say units "$1 stopped, it is not wanted any more"
}

# trigger_digest MANIFEST UNIT KIND [DIGEST]: of all paths that restart or reload a unit, each as DIGEST has it.
trigger_digest() {
  records trigger "$1" | sed -n "s|^$2$TAB$3$TAB||p" | while read -r path; do "${4:-path_digest}" "$path"; done | sha256sum | cut -c1-64
}

# unit_verb NAME RESTART RELOAD: what brings a unit that shall run up to what triggers it; nothing where it is.
unit_verb() {
  was_restart='' was_reload=''
  [ ! -e "$STATE/running/$1" ] || { read -r was_restart; read -r was_reload; } <"$STATE/running/$1"
  case "${distrusted:-}" in *" $1:restart "*) was_restart=overruled ;; esac
  case "${distrusted:-}" in *" $1:reload "*) was_reload=overruled ;; esac
  if ! systemctl is-active --quiet "$1"; then
    echo start
  elif [ "$2" != "$was_restart" ]; then
    echo restart
  elif [ "$3" != "$was_reload" ]; then
    echo reload
  fi
}

unit_to() {
  [ -e "$STATE/units/$2" ] || systemctl is-active "$2" >"$STATE/units/$2" 2>/dev/null || true
  case $3 in
    masked)
      systemctl is-enabled "$2" 2>/dev/null | grep -qx masked || attempt units "$2" systemctl mask --now "$2" || return 1
      systemctl reset-failed "$2" 2>/dev/null || true
      return 0
      ;;
    stopped) attempt units "$2" systemctl disable --now "$2"; return ;;
  esac
  restart=$(trigger_digest "$1" "$2" restart) reload=$(trigger_digest "$1" "$2" reload)
  case "$(systemctl is-enabled "$2" 2>/dev/null)" in
    enabled | static | alias | indirect | generated) ;;
    masked) attempt units "$2" systemctl unmask "$2" && attempt units "$2" systemctl enable "$2" || return 1 ;;
    *) attempt units "$2" systemctl enable "$2" || return 1 ;;
  esac
  verb=$(unit_verb "$2" "$restart" "$reload")
  if [ -n "$verb" ]; then
    systemctl reset-failed "$2" 2>/dev/null || true
    code=0
    hundredths_up
    began=$up
    systemctl "$verb" "$2" >"$WORK/log-unit" 2>&1 </dev/null || code=$?
    [ "$code" = 0 ] || { unit_failed "$2" "$code"; return 1; }
    hundredths_up
    # A reload takes nothing out. No figure is worth a failed apply.
    [ "$verb" = reload ] || { printf '%s\t%s\t%s\t%s\n' "$2" "$verb" "$((up - began))" "$up" >>"$STATE/outages"; } 2>/dev/null || true
    echo "$2" >>"$WORK/touched"
    say units "$2 ${verb}ed"
  fi
  printf '%s\n%s\n' "$restart" "$reload" >"$STATE/running/$2"
}

unit_failed() {
  {
    systemctl status --no-pager --lines=0 "$1" 2>&1 | head -n 4
    journalctl --no-pager --quiet --output=cat --lines=14 --unit="$1" 2>&1
  } >"$WORK/log-unit"
  failed units "$1" "$2" "$WORK/log-unit"
}
