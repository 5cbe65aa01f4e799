
# Bytes of files in one answer; of what is beyond them it says no more than that it differs.
SHOWN=262144

# compare: one round trip that tells what the host has otherwise than its generation, and otherwise than the plain
# manifest on stdin, if one is there. It looks and asks, and writes nothing but in its own folder in memory.
compare() {
  asked=$WORK/asked ours=$GENERATIONS/$(generation)/manifest
  cat >"$asked"
  if [ ! -e "$ours" ]; then
    # A host before us gets no state from a question.
    GENERATIONS=$WORK/generations
    ours=$GENERATIONS/$(generation)/manifest
    mkdir -p "${ours%/*}"
    : >"$ours"
  fi
  observe
  if [ ! -s "$asked" ]; then
    compare_drift
    return 0
  fi
  [ -n "$(manifest_hash "$asked")" ] || { echo "no manifest arrived" >&2; return 10; }
  compare_files
  compare_packages
  compare_kernel
  compare_units
  compare_actions
}

# What was put there, and what is there now.
compare_drift() {
  differing "$ours" >"$WORK/differs"
  compared_texts "$ours" >"$WORK/texts"
  contents <"$WORK/texts"
  records file "$ours" | awk -F "$TAB" -v texts="$WORK/texts" '
    BEGIN { while ((getline <texts) > 0) text[$0] = 1 }
    $6 in text { print $3 FS $6 }' | while IFS="$TAB" read -r sha path; do
    [ ! -e "$OBJECTS/$sha" ] || printf 'held\t%s\t%s\n' "$(head -c "$SHOWN" "$OBJECTS/$sha" | base64 -w0)" "$path"
  done
}

compare_files() {
  differing "$asked" >"$WORK/differs"
  gone_paths "$ours" "$asked" >"$WORK/gone"
  records dir "$asked" >"$WORK/dirs"
  { cut -f2 "$WORK/differs"; cut -f3 "$WORK/dirs"; } | stats >"$WORK/there"
  awk -F "$TAB" -v there="$WORK/there" '
    BEGIN { while ((getline <there) > 0) { is[$6] = $1 FS $2; type[$6] = $5 } }
    { what = $2 in is ? $1 : "new" }
    { print "file" FS what FS (what == "new" ? "-" FS "-" FS "-" : is[$2] FS type[$2]) FS $2 }' "$WORK/differs"
  awk -F "$TAB" -v there="$WORK/there" '
    BEGIN { while ((getline <there) > 0) is[$6] = $1 FS $2 }
    is[$3] != $1 FS $2 { print "dir" FS ($3 in is ? is[$3] : "-" FS "-") FS $3 }' "$WORK/dirs"
  compared_texts "$asked" | contents
  while read -r path; do
    if [ -e "$STATE/originals/$(digest "$path")" ]; then say gone "back$TAB$path"; else say gone "removed$TAB$path"; fi
  done <"$WORK/gone"
  records archive "$asked" | while IFS="$TAB" read -r sha _ path; do is_archive "$sha" "$path" || printf '%s\n' "$path"; done >"$WORK/trees"
  sed "s/^/archive$TAB/" "$WORK/trees"
  if { cut -f2 "$WORK/differs"; cat "$WORK/gone"; } | grep -Eq "$GUARDED"; then say guard "$GUARD"; fi
}

# compared_texts MANIFEST: its text files among those that differ.
compared_texts() {
  records file "$1" | awk -F "$TAB" -v differs="$WORK/differs" '
    BEGIN { while ((getline <differs) > 0) if ($1 == "content") due[$2] = 1 }
    $5 == "text" && $6 in due { print $6 }'
}

# contents: what is there, for paths on stdin.
contents() {
  left=$SHOWN
  while read -r path; do
    may_show "$path" || continue
    size=$(stat -c %s "$path")
    [ "$size" -le "$left" ] || continue
    left=$((left - size))
    printf 'content\t%s\t%s\n' "$(head -c "$size" "$path" | base64 -w0)" "$path"
  done
}

# may_show PATH: a text that we put there, or that everybody on the host may read; never what is our secret.
may_show() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(tr -d '\000' <"$1" | wc -c)" = "$(stat -c %s "$1")" ] || return 1
  ! records secret "$ours" | cut -f4 | grep -qxF "$1" || return 1
  case $(stat -c %a "$1") in *[4567]) return 0 ;; esac
  records file "$ours" | cut -f3,6 | grep -qxF "$(sha256sum <"$1" | cut -c1-64)$TAB$1"
}

compare_packages() {
  missing_packages "$asked" >"$WORK/missing"
  while read -r spec; do
    has=$(awk -F "$TAB" -v name="${spec%%=*}" '$2 == name { print $3 }' "$WORK/installed")
    say package "$spec$TAB${has:--}"
  done <"$WORK/missing"
  unheld_packages "$asked" | while read -r name; do say hold "$name"; done
  for manifest in "$ours" "$asked"; do records package "$manifest" | cut -f1 | sort >"$WORK/names.${manifest##*/}"; done
  comm -23 "$WORK/names.manifest" "$WORK/names.asked" | while read -r name; do say kept "$name"; done
  records user "$asked" | while IFS="$TAB" read -r name _ _ groups; do
    id "$name" >/dev/null 2>&1 || { say user "$name$TAB-"; continue; }
    [ "$groups" != - ] || continue
    printf '%s\n' "$groups" | tr , '\n' | while read -r group; do
      id -nG "$name" | tr ' ' '\n' | grep -qxF "$group" || say user "$name$TAB$group"
    done
  done
}

compare_kernel() {
  records module "$asked" | while read -r name; do
    [ -d "/sys/module/$(printf '%s' "$name" | tr - _)" ] || say module "$name"
  done
  records sysctl "$asked" >"$WORK/sysctls"
  while IFS="$TAB" read -r key wanted; do
    sysctl_is "$key" "$wanted" || say kernel "$key$TAB$value$TAB$wanted"
  done <"$WORK/sysctls"
  [ -e "$STATE/sysctls" ] || return 0
  while IFS="$TAB" read -r key before; do
    known_before "$key" "$before" || continue
    grep -q "^$key$TAB" "$WORK/sysctls" || sysctl_is "$key" "$before" || say kernel "$key$TAB$value$TAB$before"
  done <"$STATE/sysctls"
}

compare_units() {
  records unit "$asked" >"$WORK/units"
  records unit "$ours" | cut -f1 | while read -r name; do
    ! cut -f1 "$WORK/units" | grep -qxF "$name" || continue
    # What ran before us runs on, with its files as they were.
    if [ "$(cat "$STATE/units/$name" 2>/dev/null)" = active ]; then say unit "$name${TAB}reload"; else say unit "$name${TAB}stop"; fi
  done
  { cut -f2 "$WORK/differs"; cat "$WORK/trees"; records secret "$ours" | cut -f4; } >"$WORK/due"
  distrusted=" $(overruled "${ours%/manifest}" "$asked" | tr "$TAB\n" ': ')"
  while IFS="$TAB" read -r name state; do
    verb=$(unit_verb_to_be "$name" "$state")
    [ -z "$verb" ] || say unit "$name$TAB$verb"
  done <"$WORK/units"
  # Also of those that only a secret restarts, which the operator's side knows.
  [ ! -s "${ours%manifest}outages" ] || sed 's/^/outage\t/' "${ours%manifest}outages"
}

unit_verb_to_be() {
  enabled=$(systemctl is-enabled "$1" 2>/dev/null || true)
  case $2:$enabled in
    masked:masked) return 0 ;;
    masked:*) echo mask; return 0 ;;
    stopped:*)
      if systemctl is-active --quiet "$1"; then echo stop; elif [ "$enabled" = enabled ]; then echo disable; fi
      return 0
      ;;
  esac
  verb=$(unit_verb "$1" "$(trigger_digest "$asked" "$1" restart digest_to_be)" "$(trigger_digest "$asked" "$1" reload digest_to_be)")
  case $verb:$enabled in
    :enabled | :static | :alias | :indirect | :generated) ;;
    :*) echo enable ;;
    *) echo "$verb" ;;
  esac
}

# digest_to_be PATH: what it will be when all is in place. Of secrets only the operator's side knows.
digest_to_be() {
  sum=$(records file "$asked" | awk -F "$TAB" -v path="$1" '$6 == path { print $3 }')
  archive=$(records archive "$asked" | awk -F "$TAB" -v path="$1" '$3 == path { print $1 }')
  if [ -n "$sum" ]; then
    echo "$sum"
  elif [ -n "$archive" ] && ! is_archive "$archive" "$1"; then
    echo "$archive"
  elif grep -qxF "$1" "$WORK/gone"; then
    echo gone
  else
    path_digest "$1"
  fi
}

# Scripts that the host does not have yet can not be asked.
compare_actions() {
  records action "$asked" >"$WORK/actions"
  while IFS="$TAB" read -r id _ _ check _; do
    answer=$(answer_of "$check")
    case $answer in
      0) ;;
      1) say action "$id${TAB}due" ;;
      unknown) say action "$id${TAB}unknown" ;;
      *) say action "$id${TAB}failed$TAB$answer$TAB$(reason)" ;;
    esac
  done <"$WORK/actions"
  members "$asked"
}

# members MANIFEST: where the host stands in its groups.
members() {
  records order "$1" >"$WORK/orders"
  while IFS="$TAB" read -r group fresh leads _; do
    member "$group" fresh "$fresh"
    member "$group" leads "$leads"
  done <"$WORK/orders"
}

member() {
  answer=$(answer_of "$3")
  case $answer in
    0) say member "$1$TAB$2" ;;
    1 | unknown) ;;
    *) say unasked "$1$TAB$2$TAB$answer$TAB$(reason)" ;;
  esac
}

# answer_of HASH: exit code of a script that only looks.
answer_of() {
  [ -e "$OBJECTS/$1" ] || { echo unknown; return 0; }
  code=0
  script "$1" >"$WORK/log-asked" 2>&1 </dev/null || code=$?
  echo "$code"
}

# reason: the last line of what such a script said.
reason() { tail -n 1 "$WORK/log-asked" | tr '\t' ' '; }
