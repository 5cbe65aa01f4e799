
# stage: the plain manifest on stdin; answers with the objects that are missing.
stage() {
  setup
  recover
  cat >"$STAGED/manifest.part"
  [ -n "$(manifest_hash "$STAGED/manifest.part")" ] || { echo "no manifest arrived" >&2; return 10; }
  mv "$STAGED/manifest.part" "$STAGED/manifest"
  rm -rf "$STAGED/secrets"
  mkdir -p "$STAGED/secrets"
  wanted_objects "$STAGED/manifest" | while read -r sha; do
    [ -e "$OBJECTS/$sha" ] || say missing "$sha"
  done
}

# Everything that a manifest names by hash.
wanted_objects() {
  {
    records file "$1" | cut -f3
    records archive "$1" | cut -f1
    records check "$1" | cut -f2
    records probe "$1" | cut -f3
    records action "$1" | cut -f4- | tr '\t' '\n'
    records order "$1" | cut -f2-5 | tr '\t' '\n'
  } | grep -E '^[0-9a-f]{64}$' | sort -u
}

# receive: a gzipped tar of objects on stdin, each named by its hash; none is taken that is not what its name says.
receive() {
  rm -rf "$STATE/incoming"
  mkdir -p "$STATE/incoming"
  tar -xzf - --no-same-owner -C "$STATE/incoming"
  (
    cd "$STATE/incoming"
    for sha in *; do [ ! -e "$sha" ] || printf '%s  %s\n' "$sha" "$sha"; done | sha256sum --check --quiet --strict
    sync
    for sha in *; do [ ! -e "$sha" ] || mv "$sha" "$OBJECTS/$sha"; done
  )
  rm -rf "$STATE/incoming"
}

# secrets: lines of path, tab, base64 on stdin.
secrets() {
  mkdir -p "$STAGED/secrets"
  while IFS="$TAB" read -r path content; do
    printf '%s' "$content" | base64 -d >"$STAGED/secrets/$(digest "$path")"
  done
}
