
# What an upgrade leaves behind: services that run what was replaced, and a kernel that is not the newest.

# outdated [PACKAGES]: services that run what is no more on the disk, or that were started before their package came;
# beside them those that will, when PACKAGES have come. Each with whose it is: the bundle's, in its order; another's;
# or one that nothing but a reboot renews.
outdated() {
  running_services
  replaced_files "${1:-/dev/null}" >"$WORK/replaced"
  awk -v replaced="$WORK/replaced" -v services="$WORK/services" '
    BEGIN {
      # Such a service leaves others behind when it restarts, as sshd its sessions: they are not its own.
      while ((getline line <services) > 0) { split(line, f, "\t"); if (f[5] == "process") main[f[1]] = "/proc/" f[6] }
      while ((getline path <replaced) > 0) comes[path] = 1
      for (i = 1; i < ARGC; i++) {
        unit = ""
        while ((getline line <(ARGV[i] "/cgroup")) > 0) {
          n = split(line, part, "/")
          for (j = 2; j <= n && unit == ""; j++) if (part[j] ~ /\.service$/) unit = part[j]
        }
        close(ARGV[i] "/cgroup")
        if (unit == "" || unit in told || (unit in main && main[unit] != ARGV[i])) continue
        while ((getline line <(ARGV[i] "/maps")) > 0) {
          split(line, f, " ")
          if (f[2] !~ /x/ || !(at = index(line, "/"))) continue
          path = substr(line, at)
          gone = sub(/ \(deleted\)$/, "", path)
          # Files without a name, and what programs make for themselves.
          if (path ~ /^\/(memfd:|SYSV|dev\/|run\/|tmp\/|var\/tmp\/|proc\/)/) continue
          if (gone || path in comes) { told[unit] = 1; print unit; break }
        }
        close(ARGV[i] "/maps")
      }
    }' /proc/[0-9]* >"$WORK/outdated"
  older_than_package "${1:-/dev/null}" >>"$WORK/outdated"
  records unit "$GENERATIONS/$(generation)/manifest" | sed -n "s/${TAB}started$//p" >"$WORK/ours"
  awk -v found="$WORK/outdated" '
    BEGIN { while ((getline unit <found) > 0) due[unit] = 1 }
    { if ($0 in due) print "restart\t" $0 "\tbundle"; delete due[$0] }
    END { for (unit in due) {
      # They carry who is logged in, the network, other machines; or us.
      if (unit ~ /^(soundstage-|user@|user-runtime-dir@)/) continue
      lasting = unit ~ /^(dbus|systemd-(logind|networkd|nspawn)|[a-z-]*getty@|network|ifup@|NetworkManager|wpa_supplicant|docker|containerd|libvirt|openvpn|wg-quick)/
      print "restart\t" unit "\t" (lasting ? "reboot" : "other")
    } }' "$WORK/ours"
}

# running_services: into $WORK/services: name, when it started, what it runs, where its unit stands, what its stop ends,
# its main process.
running_services() {
  systemctl list-units --type=service --state=running --plain --no-legend | cut -d' ' -f1 |
    xargs -r systemctl show --timestamp=unix --property=Id,FragmentPath,ExecStart,ActiveEnterTimestamp,KillMode,MainPID |
    awk -v RS='' '{
      id = unit = start = program = mode = pid = ""
      n = split($0, line, "\n")
      for (i = 1; i <= n; i++) {
        value = substr(line[i], index(line[i], "=") + 1)
        if (line[i] ~ /^Id=/) id = value
        if (line[i] ~ /^FragmentPath=/) unit = value
        if (line[i] ~ /^KillMode=/) mode = value
        if (line[i] ~ /^MainPID=/) pid = value
        if (line[i] ~ /^ActiveEnterTimestamp=/) start = substr(value, 2)
        if (line[i] ~ /^ExecStart=/) { program = value; sub(/^\{ path=/, "", program); sub(/ ;.*/, "", program) }
      }
      print id "\t" start "\t" program "\t" unit "\t" mode "\t" pid }' >"$WORK/services"
}

# replaced_files PACKAGES: files of theirs, as processes map them: /lib is a link into /usr.
replaced_files() {
  cut -f1 "$1" | xargs -r dpkg-query -L 2>/dev/null | sed 's|^/\(lib\|lib64\|bin\|sbin\)/|/usr&|' || true
}

# older_than_package PACKAGES: services that started before the package of their program or unit was unpacked, or whose
# package is among PACKAGES: what an interpreter has read is not mapped.
older_than_package() {
  cut -f3,4 "$WORK/services" | tr '\t' '\n' | sed -n 's|^/.*|&|p' | sort -u | xargs -r dpkg-query -S 2>/dev/null |
    sed -n '/^diversion /!s/^\([^ ,]*\)[^/]*: \(\/.*\)/\1\t\2/p' >"$WORK/owners" || true
  cut -f1 "$WORK/owners" | sort -u | sed 's|.*|/var/lib/dpkg/info/&.list|' | xargs -r stat --printf '%Y\t%n\n' 2>/dev/null >"$WORK/unpacked" || true
  awk -F "$TAB" -v owners="$WORK/owners" -v unpacked="$WORK/unpacked" -v coming="$1" '
    BEGIN {
      while ((getline line <unpacked) > 0) { split(line, f, FS); name = f[2]; gsub(/^.*\/|\.list$/, "", name); at[name] = f[1] }
      while ((getline line <coming) > 0) { split(line, f, FS); comes[f[1]] = 1 }
      while ((getline line <owners) > 0) { split(line, f, FS); owner[f[2]] = f[1] }
    }
    function is_old(path) {
      if (!(path in owner)) return 0
      name = owner[path]
      if (at[name] > $2) return 1
      sub(/:.*/, "", name)
      return name in comes
    }
    is_old($3) || is_old($4) { print $1 }' "$WORK/services"
}

# reboot_due: why the host awaits a reboot; nothing where it does not.
reboot_due() {
  if [ -e /run/reboot-required ]; then
    say reboot "$(sort -u /run/reboot-required.pkgs 2>/dev/null | paste -sd ' ' | sed 's/^./asked for by &/; s/^$/asked for by \/run\/reboot-required/')"
  fi
  # A container runs its machine's kernel.
  ! systemd-detect-virt --quiet --container || return 0
  running=$(uname -r)
  flavour=$(printf '%s\n' "$running" | sed 's/^\([0-9][^-]*-\)*//')
  newest=$(find /boot -maxdepth 1 -name "vmlinuz-*-$flavour" -printf '%f\n' | sed -n "s/^vmlinuz-\(\([0-9][^-]*-\)*$flavour\)$/\1/p" | sort -V | tail -n 1)
  if [ -n "$newest" ] && [ "$(printf '%s\n' "$running" "$newest" | sort -V | tail -n 1)" != "$running" ]; then
    say reboot "the kernel is $running, and $newest is installed"
    return 0
  fi
  version=$(dpkg-query -W -f '${Version}' "linux-image-$running" 2>/dev/null) || return 0
  case $(uname -v) in *"Debian $version "*) ;; *Debian*) say reboot "the kernel is older than $version, which is installed" ;; esac
}
