
# check: each set of files is judged by its own tool as the tree that it will be.
check() {
  manifest=$STAGED/manifest
  attempt check files unobstructed "$manifest" || return 10
  grep -q "^check$TAB" "$manifest" || return 0
  changed_paths >"$WORK/changed"
  records check "$manifest" | while IFS="$TAB" read -r id sha; do
    records checkpath "$manifest" | sed -n "s/^$id$TAB//p" | grep -qxFf "$WORK/changed" && printf '%s\t%s\n' "$id" "$sha"
  done >"$WORK/due" || true
  [ -s "$WORK/due" ] || return 0
  unshare --mount --propagation private sh "$SELF" check-staged "$WORK/due"
}

# unobstructed MANIFEST: no folder of somebody's stands where a file shall be: to put that back would throw it away.
unobstructed() {
  { records file "$1" | cut -f6; records secret "$1" | cut -f4; } | stats | awk -F "$TAB" '
    $5 == "directory" { print $6 " is a folder, and a file is to be there: move it away"; found = 1 }
    END { exit found }'
}

# Files and secrets that differ from what the host has.
changed_paths() {
  differing "$STAGED/manifest" | cut -f2
  for secret in "$STAGED"/secrets/*; do [ ! -e "$secret" ] || { records secret "$STAGED/manifest" | cut -f4; break; }; done
  gone_paths "$GENERATIONS/$(generation)/manifest" "$STAGED/manifest"
}

# gone_paths FROM TO: files of the one manifest, and what was produced for it, that the other does not name.
gone_paths() {
  awk -F "$TAB" '$1 != "file" && $1 != "archive" && $1 != "secret" && $1 != "produces" { next }
    FILENAME == ARGV[1] { kept[$NF] = 1; next }
    !kept[$NF] { print $NF }' "$2" "$1" | sort
}

# check_staged DUE: runs in a mount namespace of its own, so that absolute includes see the staged tree and the host sees nothing of it.
check_staged() {
  manifest=$STAGED/manifest
  tree=$STATE/tree
  mkdir -p "$tree"
  mount -t tmpfs -o mode=0755 soundstage "$tree"
  gone_paths "$GENERATIONS/$(generation)/manifest" "$manifest" >"$WORK/gone"
  : >"$WORK/tops"
  { records file "$manifest" | cut -f6; records secret "$manifest" | cut -f4; cat "$WORK/gone"; } |
    cut -d/ -f2 | sort -u | while read -r top; do
    # Our own state lies in /var: the overlay must not hide what is read from there.
    [ "$top" != var ] || continue
    mkdir -p "/$top" "$tree/$top/up" "$tree/$top/work"
    mount -t overlay soundstage -o "lowerdir=/$top,upperdir=$tree/$top/up,workdir=$tree/$top/work" "/$top"
    echo "$top" >>"$WORK/tops"
  done
  # Only where an overlay lies above the real files.
  awk -F / -v tops="$WORK/tops" 'BEGIN { while ((getline <tops) > 0) laid[$0] = 1 } laid[$2]' "$WORK/gone" | xargs -d '\n' -r rm -rf --
  records file "$manifest" | while IFS="$TAB" read -r mode owner sha _ source path; do
    case "$path" in /var/*) continue ;; esac
    object=$OBJECTS/$sha
    # Of a large file checkers want to know that it is there and may be run.
    [ "$source" != blob ] || object=/dev/null
    put "$object" "$mode" "$owner" "$path"
  done
  records secret "$manifest" | while IFS="$TAB" read -r mode owner _ path; do
    secret=$STAGED/secrets/$(digest "$path")
    [ ! -e "$secret" ] || put "$secret" "$mode" "$owner" "$path"
  done
  while IFS="$TAB" read -r id sha; do
    attempt check "$id" script "$sha" || return 10
    say check "$id"
  done <"$1"
}
