# shellcheck shell=bash
# What bin/up and bin/test need on a machine; sourced from the repository's root.

SOPS_VERSION=3.11.0
MOTO_VERSION=5.2.1
AWSCLI_VERSION=1.45.11
TERRAFORM_VERSION=1.11.4
terraform_sha256() { # machine as uname -m names it
  case "$1" in
    x86_64) echo 1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc ;;
    aarch64) echo a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633 ;;
  esac
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

need_node() {
  local major
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || fail "Node.js is not installed; install version 20.19 or later"
  [ "$major" -ge 20 ] || fail "Node.js $(node --version) is too old; install version 20.19 or later"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "Installing the repository's npm packages: this takes about a minute"
    npm ci --no-audit --loglevel=error
    touch node_modules/.package-lock.json
  fi
}

# Uses what PATH has; else fetches the pinned release and checks it before it is run. Returns 1 where it can not.
need_terraform() {
  if command -v terraform >/dev/null; then return; fi
  if command -v tofu >/dev/null; then
    export TERRAFORM_BINARY_NAME=tofu
    return
  fi
  local machine arch sum folder
  machine=$(uname -m)
  sum=$(terraform_sha256 "$machine")
  [ -n "$sum" ] || fail "no Terraform release is pinned for $machine; install terraform or tofu yourself"
  arch=amd64
  [ "$machine" = aarch64 ] && arch=arm64
  folder="$PWD/.soundstage/terraform-$TERRAFORM_VERSION"
  if [ ! -x "$folder/terraform" ]; then
    need_packages curl unzip ca-certificates
    mkdir -p "$folder"
    curl --fail --location --silent --show-error --output "$folder/terraform.zip" \
      "https://releases.hashicorp.com/terraform/$TERRAFORM_VERSION/terraform_${TERRAFORM_VERSION}_linux_$arch.zip" || {
      echo "Terraform $TERRAFORM_VERSION could not be fetched: install terraform or tofu yourself" >&2
      return 1
    }
    echo "$sum  $folder/terraform.zip" | sha256sum --check --quiet || fail "the downloaded Terraform is not the pinned one"
    unzip -q -o "$folder/terraform.zip" terraform -d "$folder"
    rm "$folder/terraform.zip"
  fi
  export PATH="$folder:$PATH"
}

# Debian 12 has no sops: the pinned one is built once a machine, outside every checkout, where Go is there to build it.
need_sops() {
  if command -v sops >/dev/null; then return; fi
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/soundstage/sops-$SOPS_VERSION"
  if [ ! -x "$folder/sops" ]; then
    command -v go >/dev/null || {
      echo "sops and Go are not installed (what needs sops is skipped)" >&2
      return 1
    }
    mkdir -p "$(dirname "$folder")"
    echo "Building sops $SOPS_VERSION: this takes minutes, once"
    GOBIN="$folder" go install "github.com/getsops/sops/v3/cmd/sops@v$SOPS_VERSION" >"$folder.log" 2>&1 || {
      echo "sops $SOPS_VERSION could not be built (what needs it is skipped): $(tail -n 1 "$folder.log")" >&2
      return 1
    }
  fi
  export PATH="$folder:$PATH"
}

# What stands in for S3 in tests: moto's server, and the AWS CLI, in a folder of their own.
need_moto() {
  if command -v moto_server >/dev/null && command -v aws >/dev/null; then return; fi
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/soundstage/moto-$MOTO_VERSION"
  if [ ! -x "$folder/bin/aws" ]; then
    mkdir -p "$(dirname "$folder")"
    echo "Installing moto $MOTO_VERSION and the AWS CLI"
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "moto[server,s3]==$MOTO_VERSION" "awscli==$AWSCLI_VERSION"; } >"$folder.log" 2>&1; then
      rm -rf "$folder"
      echo "moto $MOTO_VERSION could not be installed (what needs it is skipped): $(tail -n 1 "$folder.log")" >&2
      return 1
    fi
  fi
  export PATH="$folder/bin:$PATH"
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# Installs Debian packages as root; otherwise names them. Their services are not started: tests start their own.
need_packages() {
  local missing policy=/usr/sbin/policy-rc.d
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "Debian packages that are missing (what needs them is skipped): ${missing[*]}" >&2
    return 0
  fi
  echo "Installing Debian packages: ${missing[*]}"
  # One of ours that a killed run left behind is no rule of this machine.
  if grep -qs '^# soundstage' "$policy"; then rm -f "$policy"; fi
  (
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      trap 'exit 130' INT TERM HUP
      printf '#!/bin/sh\n# soundstage: packages start nothing while they are installed\nexit 101\n' >"$policy"
      chmod 755 "$policy"
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  ) || fail "apt-get could not install: ${missing[*]}"
}
