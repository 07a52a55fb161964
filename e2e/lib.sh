# Sourced by the scripts of this folder: where things are, how they speak, and what they need.
# shellcheck shell=bash

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
e2e=$root/e2e
cd -- "$root"
# The scripts name what they built by its place.
unset CARGO_TARGET_DIR

# A heading on standard error, with the seconds since the script began.
step() {
  if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
    printf '\n\033[1m[%4ss] %s\033[0m\n' "$SECONDS" "$*" >&2
  else
    printf '\n[%4ss] %s\n' "$SECONDS" "$*" >&2
  fi
}

# The pinned Rust where rustup is there, else any from 1.89 on: the least that kube 5 builds with.
need_rust() {
  # Rust links with cc, and the crate ring compiles C.
  command -v cc >/dev/null || "$e2e/tools.sh"
  local pinned version
  pinned=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$root/rust-toolchain.toml")
  if ! command -v cargo >/dev/null; then
    if command -v apt-get >/dev/null && apt-cache show rustup >/dev/null 2>&1; then
      step "Rust is missing: installing rustup from Debian and Rust $pinned"
      apt-get install -y -q --no-install-recommends rustup >&2
      rustup default "$pinned" >&2
    else
      echo "error: Rust (cargo 1.89 or newer) is needed: https://rustup.rs" >&2
      exit 3
    fi
  elif command -v rustup >/dev/null && ! cargo --version >/dev/null 2>&1; then
    # rustup gets what rust-toolchain.toml names by itself, unless it is told not to.
    step "Rust $pinned is missing: installing it"
    if ! rustup toolchain install "$pinned" --profile minimal --component clippy --component rustfmt >&2; then
      RUSTUP_TOOLCHAIN=$(rustup default | cut -d ' ' -f 1)
      export RUSTUP_TOOLCHAIN
      echo "note: Rust $pinned cannot be had; going on with $RUSTUP_TOOLCHAIN" >&2
    fi
  fi
  version=$(cargo --version | awk '{ print $2 }')
  if [[ $(printf '%s\n' 1.89.0 "$version" | sort -V | head -n 1) != 1.89.0 ]]; then
    echo "error: cargo $version is too old; 1.89 is the least: rustup update stable" >&2
    exit 3
  fi
}

# The real Kubernetes programs, found or built once and cached: puts them first on PATH.
need_kubernetes() {
  local programs
  programs=$("$e2e/controlplane/find-or-build")
  export PATH=$programs:$PATH RACKWRIGHT_KUBECTL=$programs/kubectl RACKWRIGHT_HELM=$programs/helm
}
