
# inspect: one round trip that tells whether the host is what its generation says.
inspect() {
  setup
  observe
}

observe() {
  manifest=$GENERATIONS/$(generation)/manifest
  hash=$(manifest_hash "$manifest")
  say manifest "${hash:-none}"
  say generation "$(generation)"
  say origin "$(sed -n 3p "$GENERATIONS/$(generation)/meta" 2>/dev/null)"
  interrupted
  [ -n "$hash" ] || return 0
  verify_files "$manifest"
  verify_units "$manifest"
  verify_kernel "$manifest"
  missing_packages "$manifest" | while read -r name; do say drift "package $name is not installed"; done
  unheld_packages "$manifest" | while read -r name; do say drift "package $name is not held"; done
  verify_secrets "$manifest"
  verify_actions "$manifest"
}

# A journal that somebody is still writing is no drift.
interrupted() {
  [ -e "$JOURNAL" ] || return 0
  if flock --nonblock "$LOCK" true; then say drift "an apply was interrupted"; else say busy "$(holder)"; fi
}

verify_files() {
  differing "$1" | while IFS="$TAB" read -r what path; do
    if [ "$what" = content ]; then say drift "$path"; else say drift "$path (mode or owner)"; fi
  done
  { records secret "$1" | cut -f1,2,4; records dir "$1"; } >"$WORK/plain"
  cut -f3 "$WORK/plain" | stats | awk -F "$TAB" -v wanted="$WORK/plain" '
    { is[$6] = $1 FS $2 }
    END { while ((getline <wanted) > 0) if (is[$3] != $1 FS $2) print $3 }' |
    while read -r path; do say drift "$path (mode or owner)"; done
  records archive "$1" | while IFS="$TAB" read -r sha _ path; do is_archive "$sha" "$path" || say drift "$path"; done
}

# stats: for paths on stdin, a line each that is there: mode, owner, size, time of change, type, path.
stats() { tr '\n' '\0' | xargs -0 -r stat --printf '%04a\t%U:%G\t%s\t%Z\t%F\t%n\n' 2>/dev/null || true; }

# differing MANIFEST: its files that the host has otherwise, all judged at once: content or mode, tab, path.
# A large file that has not been touched since it was applied is not read again.
differing() {
  records file "$1" >"$WORK/wanted"
  cut -f6 "$WORK/wanted" | stats >"$WORK/stats"
  held=$GENERATIONS/$(generation)
  {
    records file "$held/manifest" | awk -F "$TAB" '$5 == "blob" { print "held" FS $3 FS $6 }'
    ! [ -e "$held/facts" ] || records blob "$held/facts" | sed "s/^/fact$TAB/"
    sed "s/^/is$TAB/" "$WORK/stats"
  } >"$WORK/known"
  awk -F "$TAB" -v known="$WORK/known" -v same="$WORK/same" '
    BEGIN { printf "" >same
      while ((getline <known) > 0) {
        if ($1 == "held") held[$3] = $2
        if ($1 == "fact") fact[$3] = $2
        if ($1 == "is") { there[$7] = 1; time[$7] = $5; size[$7] = $4 } } }
    !there[$6] { next }
    $5 == "blob" && held[$6] == $3 && fact[$6] == time[$6] && size[$6] == $4 { print $3 "  " $6 >same; next }
    { print $6 }' "$WORK/wanted" | tr '\n' '\0' | xargs -0 -r sha256sum 2>/dev/null >"$WORK/read" || true
  cat "$WORK/same" >>"$WORK/read"
  awk -F "$TAB" -v stats="$WORK/stats" -v sums="$WORK/read" '
    BEGIN { while ((getline <stats) > 0) { is[$6] = $1 FS $2; type[$6] = $5 }
      while ((getline <sums) > 0) sum[substr($0, 67)] = substr($0, 1, 64) }
    type[$6] !~ /^regular/ || sum[$6] != $3 { print "content" FS $6; next }
    is[$6] != $1 FS $2 { print "mode" FS $6 }' "$WORK/wanted"
}

verify_kernel() {
  records sysctl "$1" | awk -F "$TAB" '{
    file = "/proc/sys/" $1
    gsub(/\./, "/", file)
    is = "absent"
    if ((getline line <file) > 0) { is = line; gsub(/[ \t]+/, " ", is) }
    close(file)
    if (is != $2) print $1 FS is FS $2 }' | while IFS="$TAB" read -r key is wanted; do
    say drift "kernel key $key is $is, not $wanted"
  done
}

verify_units() {
  records unit "$1" >"$WORK/units"
  [ -s "$WORK/units" ] || return 0
  # systemctl answers a line for each, in the order in which it is asked.
  cut -f1 "$WORK/units" | xargs systemctl is-active 2>/dev/null >"$WORK/active" || true
  paste "$WORK/units" "$WORK/active" | while IFS="$TAB" read -r name state active; do
    case "$state:$active" in
      started:active | stopped:inactive | stopped:failed | masked:inactive | masked:failed) ;;
      *) say drift "unit $name is ${active:-unknown}, not $state" ;;
    esac
  done
}

# What was prepared may have run out since: a certificate that is due for renewal is no drift of a file.
verify_actions() {
  records action "$1" >"$WORK/verify"
  while IFS="$TAB" read -r id when _ check _; do
    [ "$when" = prepare ] || continue
    script "$check" >/dev/null 2>&1 </dev/null || say drift "$id is due"
  done <"$WORK/verify"
}

# Only the operator's side knows the values: it compares salted digests.
verify_secrets() {
  records secret "$1" >"$WORK/secrets"
  [ -s "$WORK/secrets" ] || return 0
  salt=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  while IFS="$TAB" read -r _ _ versions path; do
    [ -e "$path" ] || { say drift "$path"; continue; }
    sum=$({ printf '%s' "$salt"; cat "$path"; } | sha256sum)
    printf 'secret\t%s\t%s\t%s\t%s\n' "$versions" "$salt" "${sum%% *}" "$path"
  done <"$WORK/secrets"
}

# sysctl_read KEY: sets `value`, its fields separated by single blanks as they are declared; absent where there is none.
# The shell's own `read` takes a byte at a time, and such a file gives its value to the first read alone.
sysctl_read() { value=$(tr -s '\t' ' ' <"$(sysctl_file "$1")" 2>/dev/null) || value=absent; }
sysctl_file() { printf '/proc/sys/%s' "$1" | tr . /; }
sysctl_is() { sysctl_read "$1"; [ "$value" = "$2" ]; }

# installed MANIFEST: those of its packages that are installed: what dpkg is asked to do with them, name, version.
installed() {
  names=$(records package "$1" | cut -f1)
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2086
  dpkg-query -W -f '${db:Status-Status}\t${db:Status-Want}\t${Package}\t${Version}\n' $names 2>/dev/null |
    sed -n "s/^installed$TAB//p"
}

# missing_packages MANIFEST: what is not installed, or not in the version that the manifest pins, as apt-get names it.
missing_packages() {
  installed "$1" >"$WORK/installed"
  records package "$1" | awk -F "$TAB" -v file="$WORK/installed" '
    BEGIN { while ((getline line < file) > 0) { split(line, f, FS); is[f[2]] = f[3] } }
    !($1 in is) || (NF > 1 && is[$1] != $2) { print (NF > 1 ? $1 "=" $2 : $1) }'
}

# pinned_packages MANIFEST: name and version of those that stay as they are until the manifest says another version.
pinned_packages() { records package "$1" | grep "$TAB" || true; }

# unheld_packages MANIFEST: those of them that apt may change as it likes.
unheld_packages() {
  pinned_packages "$1" | cut -f1 | sort >"$WORK/pinned"
  [ -s "$WORK/pinned" ] || return 0
  installed "$1" | sed -n "/^hold$TAB/!s/^[a-z]*$TAB\([^$TAB]*\)$TAB.*/\1/p" | sort | comm -12 - "$WORK/pinned"
}
