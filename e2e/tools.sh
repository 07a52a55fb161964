#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are absent; says what it installs, and nothing when there is
# nothing to do. Rust and Go are not among them: Debian's are too old (README, CONTRIBUTING).
set -euo pipefail

packages=()

# Each by what the tests do with it, not by package name: a pyenv or a distribution other than Debian may have it already.
need() { # PACKAGE COMMAND…, which succeeds when it is not needed
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || packages+=("$package")
}

find_missing() {
  packages=()
  # Linker for Rust, and compiler for the C parts of its `ring` crate.
  need gcc command -v cc
  need libc6-dev test -e /usr/include/stdio.h
  # The control plane's certificates, its lock and its daemons.
  need openssl command -v openssl
  need util-linux command -v flock
  # The oracles (ClusterShell for hostlists) live in a virtual environment; the checks of the charts and of kind read YAML.
  need python3 command -v python3
  need python3-venv python3 -c 'import ensurepip, venv'
  need python3-yaml python3 -c 'import yaml'
  # The readers of what `render` writes (e2e/host): units, sysctls, modules, file systems, addresses, user data.
  need systemd test -x /usr/lib/systemd/systemd-networkd
  need udev command -v udevadm
  need procps command -v sysctl
  need kmod command -v modprobe
  need xfsprogs command -v mkfs.xfs
  need e2fsprogs command -v mkfs.ext4
  need mdadm command -v mdadm
  need mount command -v losetup
  need iproute2 command -v ip
  need cloud-init command -v cloud-init
  # An editor for the language server (e2e/editor).
  need neovim command -v nvim
  # Fabrics before a real subnet manager (e2e/fabric): the manager, a simulated fabric, and who looks at both.
  need opensm command -v opensm
  need ibsim-utils command -v ibsim
  need libumad2sim0 test -e /usr/lib/x86_64-linux-gnu/umad2sim/libumad2sim.so
  need infiniband-diags command -v ibnetdiscover
  need ibutils command -v ibdmchk
  # Schedulers' topologies and pictures before their readers (e2e/schedulers). Without /etc/slurm/slurm.conf Debian
  # starts no controller as a service; it brings munge, whose daemon it starts, and which the tests do not use.
  need slurmctld test -x /usr/sbin/slurmctld
  need slurm-client command -v scontrol
  need graphviz command -v dot
  # The emulated machine in which mdadm makes arrays (e2e/host/guest), and what it starts from.
  need qemu-system-x86 command -v qemu-system-x86_64
  need cpio command -v cpio
  # The page of `diff --output html` in a browser (e2e/report).
  need chromium command -v chromium
  need chromium-driver command -v chromedriver
  # Shells that complete, and who shows manual pages (e2e/terminal).
  need zsh command -v zsh
  need fish command -v fish
  need man-db command -v man
  # Downloads of crates, Go modules and Python packages.
  need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
}

find_missing
if [[ ${#packages[@]} -eq 0 ]]; then
  exit 0
fi

echo "tools: missing: ${packages[*]}" >&2
if ! command -v apt-get >/dev/null; then
  echo "tools: error: this is not Debian or Ubuntu: please install the equivalents of these packages" >&2
  exit 3
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "tools: error: neither root nor sudo; please run as root: apt-get install ${packages[*]}" >&2
    exit 3
  fi
  as_root=(sudo)
fi

echo "tools: installing them with apt-get …" >&2
# The list of packages may be older than the mirror; a failed update alone need not matter.
"${as_root[@]}" apt-get update -q >&2 || echo "tools: apt-get update failed; trying with the list that is there" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" >&2

wanted="${packages[*]}"
# It is here to judge user data, not to set this machine up at its next start.
if [[ " $wanted " == *" cloud-init "* ]]; then
  "${as_root[@]}" touch /etc/cloud/cloud-init.disabled
fi
find_missing
if [[ ${#packages[@]} -gt 0 ]]; then
  echo "tools: error: still not usable after the installation: ${packages[*]}" >&2
  echo "tools: PATH may put another python3 ($(command -v python3)) before Debian's /usr/bin/python3" >&2
  exit 3
fi
echo "tools: installed $wanted" >&2
