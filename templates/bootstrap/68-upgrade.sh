
refuse_interrupted() {
  echo "an apply was interrupted here: soundstage apply finishes it, soundstage unlock puts it back" >&2
}

# steady: an upgrade takes the host as its generation has it: nothing is under way, and its scripts are at hand.
steady() {
  setup
  if [ -e "$JOURNAL" ]; then refuse_interrupted; return 10; fi
  manifest=$GENERATIONS/$(generation)/manifest
  [ -s "$manifest" ] || { echo "nothing was applied here yet: soundstage apply" >&2; return 10; }
  cp "$manifest" "$STAGED/manifest"
}

# upgrade SCOPE: brings the packages, in a transient unit that outlives the connection; nothing restarts. Tells what
# changed, and what that calls for.
upgrade() {
  steady || return $?
  # Until it is affirmed.
  date -u +%Y-%m-%dT%H:%M:%SZ >"$STATE/unproven"
  upgraded=0
  outlasting soundstage-upgrade '' upgrade-staged "$1" || upgraded=$?
  sed -n "s/^upgraded$TAB//p" "$WORK/log-apply" | awk -F "$TAB" '{ printf "%s%s %s → %s", (NR > 1 ? ", " : ""), $1, $2, $3 }' >"$WORK/changes"
  [ ! -s "$WORK/changes" ] || audit upgrade "$(cat "$WORK/changes")"
  [ "$upgraded" = 0 ] || return "$upgraded"
  records order "$STAGED/manifest" | cut -f1 | while read -r group; do say group "$group"; done
  outdated
  reboot_due
}

upgrade_staged() {
  : >"$SOUNDSTAGE_APPLY/started"
  staged=0
  quietly upgrade_packages "$1" || staged=10
  printf '%s\n' "$staged" >"$SOUNDSTAGE_APPLY/code"
  return "$staged"
}

upgrade_packages() {
  # What a power cut left half done: apt does nothing before.
  [ -z "$(dpkg --audit)" ] || attempt packages configure dpkg --configure --pending --force-confdef --force-confold || return 10
  simulate "$1" due || return 10
  [ -s "$WORK/due" ] || return 0
  package_versions >"$WORK/before"
  # apt takes whatever is named for wanted by itself.
  apt-mark showauto >"$WORK/auto"
  result=0
  # shellcheck disable=SC2046
  attempt packages upgrade apt_install --only-upgrade --no-remove -o Dir::Etc::PreferencesParts="$WORK/preferences/" \
    $(cut -f1,3 "$WORK/due" | tr '\t' =) || result=10
  cut -f1 "$WORK/due" | grep -xF -f "$WORK/auto" | xargs -r apt-mark auto >/dev/null || true
  package_versions >"$WORK/after"
  awk -F "$TAB" -v before="$WORK/before" '
    BEGIN { while ((getline line <before) > 0) { split(line, f, FS); was[f[1]] = f[2] } }
    was[$1] != $2 { print "upgraded" FS $1 FS ($1 in was ? was[$1] : "-") FS $2 }' "$WORK/after"
  return "$result"
}

package_versions() {
  dpkg-query -W -f '${db:Status-Status}\t${binary:Package}\t${Version}\n' |
    sed -n "s/^installed$TAB//; t own; d; :own; s/:$(dpkg --print-architecture)$TAB/$TAB/; p" | sort
}

# renew: restarts what runs replaced files, the bundle's units in its order.
renew() {
  outdated >"$WORK/due"
  while IFS="$TAB" read -r _ name whose; do
    [ "$whose" != reboot ] || continue
    # Its own check comes when it has stopped already, and there would be no way in any more.
    [ "$name" != ssh.service ] || attempt units "$name" /usr/sbin/sshd -t || return 10
    systemctl reset-failed "$name" 2>/dev/null || true
    code=0
    systemctl try-restart "$name" >"$WORK/log-unit" 2>&1 </dev/null || code=$?
    [ "$code" = 0 ] || { unit_failed "$name" "$code"; return 10; }
    say units "$name restarted"
  done <"$WORK/due"
}

# drain: stops what serves, the last first, and waits for one before another only where systemd knows an order (Patroni
# before etcd): nginx takes no more while the relay behind it tells its listeners to go elsewhere. Each ends in its own time.
drain() {
  # What lets us in, and what keeps others out, stays.
  records unit "$STAGED/manifest" | sed -n "s/\.service${TAB}started$/.service/p" |
    grep -vxE '(ssh|nftables|networking|systemd-.*)\.service' | tac >"$WORK/services" || true
  xargs -r systemctl is-active <"$WORK/services" >"$WORK/active" || true
  paste "$WORK/services" "$WORK/active" | sed -n "s/${TAB}active$//p" >"$WORK/serving"
  [ -s "$WORK/serving" ] || return 0
  # shellcheck disable=SC2046
  attempt units "$(paste -sd ' ' "$WORK/serving")" systemctl stop $(cat "$WORK/serving") || return 10
  say drained "$(paste -sd ' ' "$WORK/serving")"
}

# restart_host: drained, and then by a timer, so that this answer arrives.
restart_host() {
  if ! { drain && attempt reboot timer systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot; }; then
    xargs -r systemctl start <"$WORK/serving" || true
    return 10
  fi
  audit reboot "boot $(cat /proc/sys/kernel/random/boot_id) ends"
  boot
}

boot() { say boot "$(cat /proc/sys/kernel/random/boot_id)"; }

# Seconds that units have to be up again, after a boot or a restart.
UP=120

# affirm: units run, probes hold; then the versions are recorded, and what differs from the generation is told.
affirm() {
  records unit "$STAGED/manifest" | sed -n "s/${TAB}started$//p" >"$WORK/wanted"
  end=$(($(seconds_up) + UP))
  # What stopped for a reboot that did not come.
  xargs -r systemctl start --no-block <"$WORK/wanted" >/dev/null 2>&1 || true
  while read -r name; do
    until systemctl is-active --quiet "$name"; do
      sleep 1
      if [ "$(seconds_up)" -ge "$end" ] || systemctl is-failed --quiet "$name"; then
        unit_failed "$name" 1
        return 10
      fi
    done
  done <"$WORK/wanted"
  probe || return 10
  held=$GENERATIONS/$(generation)
  record_packages "$held/manifest" >"$held/packages.part" && mv "$held/packages.part" "$held/packages"
  rm -f "$STATE/unproven"
  observe >"$WORK/seen"
  grep "^drift$TAB" "$WORK/seen" || true
}
