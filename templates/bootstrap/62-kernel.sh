
transition_kernel() {
  records module "$1" | while read -r name; do attempt kernel "$name" modprobe "$name" || exit 1; done || return 1
  records sysctl "$1" >"$WORK/sysctls"
  while IFS="$TAB" read -r key wanted; do
    # The value before us comes back when we leave.
    grep -q "^$key$TAB" "$STATE/sysctls" 2>/dev/null || { sysctl_read "$key" && printf '%s\t%s\n' "$key" "$value" >>"$STATE/sysctls"; }
    sysctl_set "$key" "$wanted" || return 1
  done <"$WORK/sysctls"
  [ -e "$STATE/sysctls" ] || return 0
  while IFS="$TAB" read -r key before; do
    known_before "$key" "$before" || continue
    grep -q "^$key$TAB" "$WORK/sysctls" || sysctl_set "$key" "$before" || return 1
  done <"$STATE/sysctls"
}

# known_before KEY BEFORE: what was not there before us can not be taken away again, and what is not there any more, as
# with a network card, not be put back.
known_before() { [ "$2" != absent ] && [ -e "$(sysctl_file "$1")" ]; }

# forget_kernel MANIFEST: keys that it does not set have their old values again, and are the operator's own.
forget_kernel() {
  [ -e "$STATE/sysctls" ] || return 0
  awk -F "$TAB" 'FILENAME == ARGV[1] { if ($1 == "sysctl") kept[$2] = 1; next }
    kept[$1]' "$1" "$STATE/sysctls" >"$STATE/sysctls.part" && mv "$STATE/sysctls.part" "$STATE/sysctls"
}

# A write may be accepted and change nothing, as on a key that belongs to another namespace: so it is read back.
sysctl_set() {
  if sysctl_is "$1" "$2"; then return 0; fi
  { printf '%s\n' "$2" >"$(sysctl_file "$1")"; } 2>/dev/null || true
  if sysctl_is "$1" "$2"; then
    say kernel "$1 = $2"
  else
    printf '%s reads %s after %s was written\n' "$1" "$value" "$2" >"$WORK/log-kernel"
    failed kernel "$1" 1 "$WORK/log-kernel"
    return 1
  fi
}
