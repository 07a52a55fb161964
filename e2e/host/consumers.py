#!/usr/bin/env python3
"""Feeds what `rackwright render node` writes to the programs that read it, for one node of each pool of each site:

  consumers.py RACKWRIGHT IGNITION_READER SITE...

Nothing here knows how a file is spelled: each program's own reading is compared with what the plan says. Then each check
is given something broken and must notice. It needs root for loop devices and namespaces, and changes nothing outside them.
Exit status 1 says what is wrong."""

import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import yaml

from local_tiers import arrays, local_tiers
from programs import Wrong, read, run, same

# Modules are looked for in an empty folder: none is loaded, and each name that was read is printed.
LOAD_MODULES = """
if [ -d /lib/modules ]; then mount -t tmpfs none /lib/modules; fi
SYSTEMD_LOG_LEVEL=debug exec /usr/lib/systemd/systemd-modules-load "$1"
"""

# Keys of a network namespace of our own are set; the others would be the machine's.
SET_SYSCTLS = """
/usr/lib/systemd/systemd-sysctl --prefix=/net/ipv4/conf "$1"
shift
if [ $# -gt 0 ]; then sysctl "$@"; fi
"""

# networkd waits for udev where /sys is writable. The interfaces are pairs of virtual Ethernet with the rails' names.
SET_UP_RAILS = """
set -e
mount --make-rprivate /
mount -t sysfs -o ro none /sys
mount -t tmpfs none /run
mkdir -p /run/systemd/network /run/systemd/netif
chown systemd-network:systemd-network /run/systemd/netif
cp "$1"/*.network /run/systemd/network/
shift
for rail in "$@"; do
  ip link add "$rail" type veth peer name "p$rail"
  ip link set "p$rail" up
done
/lib/systemd/systemd-networkd 2>/run/log &
networkd=$!
for _ in $(seq 100); do
  if [ "$(ip -br -4 address show scope global | grep -c ' UP ')" = $# ]; then break; fi
  sleep 0.1
done
kill $networkd
ip -json address
"""

# udev looks at a virtual interface for each rail, with the end of the rail's GUID as the end of its address, and at one
# whose kernel name has a dot, as those of other partitions have.
NAME_RAILS = """
set -e
mount --make-rprivate /
mount -t sysfs none /sys
mount -t tmpfs none /run
mkdir -p /run/udev/rules.d
cat >/run/udev/rules.d/70-rails.rules
for interface in x0 x0.8001; do
  ip link add "$interface" address "$1" type veth
  echo "$interface" $(udevadm test --action=add "/sys/class/net/$interface" 2>&1 | grep -E "70-rails.rules:[0-9]+ (NAME|.*(nvalid|gnor))")
done
"""

# Of a pair of virtual interfaces one is up.
TRIGGER = """
set -e
mount --make-rprivate /
mount -t sysfs none /sys
ip link add down0 type veth peer name up0
ip link set up0 up
"$@"
"""


def files_below(folder):
    """Every file by its absolute path on the host; a link to /dev/null is None."""
    return {
        "/" + str(path.relative_to(folder)): None if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


class Node:
    """A rendered node: its folder, what the plan says of it, and the two other forms."""

    def __init__(self, rackwright, site, name, profile, facts, work):
        self.name, self.profile, self.facts = name, profile, facts
        self.folder = work / name
        read(rackwright, "render", "node", name, site, "--out", self.folder)
        self.manifest = json.loads((self.folder / "manifest.json").read_text())
        (self.folder / "manifest.json").unlink()
        self.ignition, self.cloud_init = work / f"{name}.ign", work / f"{name}.yaml"
        for path, form in [(self.ignition, "ignition"), (self.cloud_init, "cloud-init")]:
            path.write_text(read(rackwright, "render", "node", name, site, "--format", form))

    def host(self, section, absent):
        return self.profile.get("host", {}).get(section, absent)

    def handed_over(self):
        return self.profile.get("gpu", {}).get("managedBy") == "GPUOperator"

    def mounts(self):
        return self.profile.get("mounts", [])


def nodes(rackwright, site, work):
    """The first node of each pool; of pools whose hosts get the same files, as the halls of a large site, the first."""

    def alike(profile):
        sections = {key: value for key, value in profile.items() if key != "rails"}
        return json.dumps([sections, len(profile.get("rails", []))], sort_keys=True)

    profiles, found = {}, {}
    for line in read(rackwright, "plan", site, "--output", "jsonl").splitlines():
        item = json.loads(line)
        name, spec = item["metadata"]["name"], item["spec"]
        if item["kind"] == "NodeProfile":
            profiles[name] = (spec, alike(spec))
            continue
        profile, key = profiles[spec["profile"]]
        if key not in found:
            found[key] = Node(rackwright, site, name, profile, spec["facts"], work)
    return list(found.values())


def units(node):
    """systemd reads every unit and drop-in under its final name, and has nothing to say."""
    own = [unit["name"] for unit in node.manifest["units"] if unit["state"] == "own"]
    dropped = {unit["name"] for unit in node.manifest["units"] if unit["state"] == "drop-in"}
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        shutil.copytree(node.folder, root, symlinks=True, dirs_exist_ok=True)
        # Programs and services of others, which a host has.
        (root / "usr/bin").mkdir(parents=True)
        for program in ["nvidia-smi", "true"]:
            (root / "usr/bin" / program).write_text("#!/bin/sh\n")
            (root / "usr/bin" / program).chmod(0o755)
        (root / "usr/lib/systemd/system").mkdir(parents=True)
        for target in ["basic.target", "shutdown.target", "sysinit.target"]:
            (root / "usr/lib/systemd/system" / target).write_text("[Unit]\n")
        for unit in dropped:
            (root / "etc/systemd/system" / unit).write_text("[Service]\nExecStart=/usr/bin/true\n")
        for unit in [*own, *sorted(dropped)]:
            result = run("systemd-analyze", "verify", "--man=no", f"--root={root}", unit)
            said = result.stdout + result.stderr
            if result.returncode != 0 or said:
                raise Wrong(f"{unit}: exit {result.returncode}: {said}")
    for mount in node.mounts():
        unit = read("systemd-escape", "--path", "--suffix=mount", mount["mountPoint"]).strip()
        if unit not in own:
            raise Wrong(f"{mount['mountPoint']}: no unit {unit}")


def sysctls(node):
    """procps reads the keys and values of the plan; systemd sets those that a namespace has."""
    fragment = node.folder / "etc/sysctl.d/90-rackwright.conf"
    wanted = dict(node.host("sysctls", {}))
    same(f"{fragment} is there", fragment.exists(), bool(wanted))
    if not wanted:
        return
    lines = read("sysctl", "--dry-run", "--load", fragment).splitlines()
    same("procps", dict(line.split(" = ", 1) for line in lines), wanted)
    keys = sorted(key for key in wanted if key.startswith("net.ipv4.conf."))
    lines = read("unshare", "--net", "sh", "-ec", SET_SYSCTLS, "sh", fragment, *keys).splitlines()
    same("systemd-sysctl", dict(line.split(" = ", 1) for line in lines), {key: wanted[key] for key in keys})


def huge_pages(node):
    """systemd-tmpfiles writes the number of pages to the file of their size, and to no other."""
    fragment = node.folder / "etc/tmpfiles.d/90-rackwright.conf"
    wanted = [pages["count"] for pages in node.host("hugePages", []) if pages["size"] == "2Mi"]
    same(f"{fragment} is there", fragment.exists(), bool(wanted))
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as temporary:
        sizes = {size: pathlib.Path(f"{temporary}/sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages") for size in [2048, 524288]}
        for pages in sizes.values():
            pages.parent.mkdir(parents=True)
            pages.write_text("0")
        read("systemd-tmpfiles", "--create", f"--root={temporary}", fragment)
        found = {size: pages.read_text() for size, pages in sizes.items()}
        same("systemd-tmpfiles", found, {2048: str(wanted[0]), 524288: "0"})


def is_driver(module):
    return module == "nvidia" or module.startswith("nvidia_")


def modules(node):
    """kmod reads the options, systemd the names to load."""
    options = {
        item["module"]: dict(item["options"])
        for item in node.host("moduleOptions", [])
        if not (node.handed_over() and is_driver(item["module"]))
    }
    channels = node.profile.get("gpu", {}).get("imex", {}).get("channels")
    if channels and not node.handed_over():
        options.setdefault("nvidia", {})["NVreg_ImexChannelCount"] = str(channels)
    named = {rail["rail"] for rail in node.facts.get("rails", []) if "guid" in rail and "ipv4" in rail}
    networks = {}
    for mount in node.mounts():
        if "lustre" in mount and named.issuperset(mount.get("rails", [])):
            network = mount["lustre"]["managementServers"][0].split("@")[1].replace("tcp0", "tcp")
            names = ",".join(f"rail{rail}" for rail in mount.get("rails", []))
            networks[network] = f"{network}({names})" if names else network
    if any("(" in network for network in networks.values()):
        options.setdefault("lnet", {})["networks"] = ",".join(networks[network] for network in sorted(networks))
    fragment = node.folder / "etc/modprobe.d/rackwright.conf"
    same(f"{fragment} is there", fragment.exists(), bool(options))
    if options:
        # Options of the machine's own command line come behind those of the file.
        lines = [line.split() for line in read("modprobe", "--config", fragment, "--showconfig").splitlines()]
        found = {words[1]: dict(word.split("=", 1) for word in words[2:]) for words in reversed(lines) if words[:1] == ["options"]}
        same("kmod", {module: found.get(module) for module in options}, options)
    wanted = [name for name in node.host("modules", []) if not (node.handed_over() and is_driver(name))]
    fragment = node.folder / "etc/modules-load.d/90-rackwright.conf"
    same(f"{fragment} is there", fragment.exists(), bool(wanted))
    if wanted:
        said = run("unshare", "--mount", "sh", "-ec", LOAD_MODULES, "sh", fragment).stderr
        found = [line.split(": ")[1] for line in said.splitlines() if line.startswith("Loading module: ")]
        same("systemd-modules-load", found, wanted)


def kernel_arguments(node):
    """The shell sources the file as grub-mkconfig does; GRUB's language, where it quotes, reads words as a shell does."""
    fragment = node.folder / "etc/default/grub.d/90-rackwright.cfg"
    wanted = node.manifest["kernelArguments"]
    same("kernel arguments", [word for word in wanted if "hugepages" not in word], node.host("kernelArguments", []))
    same(f"{fragment} is there", fragment.exists(), bool(wanted))
    if wanted:
        line = read("sh", "-euc", 'GRUB_CMDLINE_LINUX="root=x"; . "$1"; printf %s "$GRUB_CMDLINE_LINUX"', "sh", fragment)
        same("sh", shlex.split(line), ["root=x", *(word.replace('"', "") for word in wanted)])


def mig(node):
    """The layout of the plan in the shape that nvidia-mig-parted demands: exactly these fields (its api/spec/v1/spec.go
    refuses others, and `mig-enabled: true` without `mig-devices`), and selected where its service looks."""
    layout = node.profile.get("gpu", {}).get("mig", {}).get("layout")
    configuration = node.folder / "etc/nvidia-mig-manager/rackwright.yaml"
    same(f"{configuration} is there", configuration.exists(), bool(layout) and not node.handed_over())
    if not configuration.exists():
        return
    devices = {item["profile"]: item["count"] for item in layout}
    entry = {"devices": "all", "mig-enabled": True, "mig-devices": devices}
    wanted = {"version": "v1", "mig-configs": {"rackwright": [entry]}}
    same("nvidia-mig-parted", yaml.safe_load(configuration.read_text()), wanted)
    selection = node.folder / "etc/systemd/system/nvidia-mig-manager.service.d/override.conf"
    variables = dict(
        line.removeprefix("Environment=").strip('"').split("=", 1)
        for line in selection.read_text().splitlines()
        if line.startswith("Environment=")
    )
    path = "/" + str(configuration.relative_to(node.folder))
    same("nvidia-mig-manager", variables, {"MIG_PARTED_CONFIG_FILE": path, "MIG_PARTED_SELECTED_CONFIG": "rackwright"})


def cufile(node):
    """cuFile reads JSON; a tier that GPUs read is in its sight, and only then there is a file."""
    path = node.folder / "etc/cufile.json"
    direct = [mount.get("gpuDirectStorage", False) for mount in node.mounts()]
    same(f"{path} is there", path.exists(), any(direct))
    if path.exists():
        properties = json.loads(path.read_text())["properties"]
        same("allow_compat_mode", properties["allow_compat_mode"], not all(direct))


def rails(node):
    """networkd gives each rail that has a name its address and MTU."""
    wanted = {
        f"rail{rail['rail']}": (rail["ipv4"], rail["rail"])
        for rail in node.facts.get("rails", [])
        if "guid" in rail and "ipv4" in rail
    }
    folder = node.folder / "etc/systemd/network"
    same(f"{folder} is there", folder.exists(), bool(wanted))
    if not wanted:
        return
    output = read("unshare", "--net", "--mount", "sh", "-c", SET_UP_RAILS, "sh", folder, *wanted)
    links = {link["ifname"]: link for link in json.loads(output)}
    profile = {rail["rail"]: rail for rail in node.profile["rails"]}
    for name, (address, number) in wanted.items():
        found = [f"{one['local']}/{one['prefixlen']}" for one in links[name]["addr_info"] if one["family"] == "inet"]
        same(name, found, [address])
        if "mtu" in profile[number]:
            # IPoIB puts four bytes before a packet.
            same(f"{name}: MTU", links[name]["mtu"], profile[number]["mtu"] - 4)


def rail_names(node):
    """udev gives the interface with the rail's GUID the rail's name, and no other. A virtual interface is Ethernet and has
    six bytes of address, so the rules are read with that type and the last four bytes of each GUID."""
    rules = node.folder / "etc/udev/rules.d/70-rackwright-rails.rules"
    named = [rail for rail in node.facts.get("rails", []) if "guid" in rail and "ipv4" in rail]
    same(f"{rules} is there", rules.exists(), bool(named))
    if not named:
        return
    text = rules.read_text().replace('ATTR{type}=="32"', 'ATTR{type}=="1"')
    ends = {}
    for rail in named:
        octets = [rail["guid"][at : at + 2] for at in range(2, 18, 2)]
        ends[f"rail{rail['rail']}"] = ":".join(octets[4:])
        text = text.replace(":".join(octets), ":".join(octets[4:]))
    for name, end in ends.items():
        output = read("unshare", "--net", "--mount", "sh", "-c", NAME_RAILS, "sh", f"02:11:{end}", input=text)
        plain, partition = output.splitlines()
        same("udev", (plain.split()[-2:], partition), (["NAME", f"'{name}'"], "x0.8001"))


def read_cloud_init(node):
    """cloud-init takes the user data; PyYAML, which it uses, reads from it every file as it lies in the folder."""
    read("cloud-init", "schema", "--config-file", node.cloud_init)
    data = yaml.safe_load(node.cloud_init.read_text()) or {}
    found = {item["path"]: item["content"] for item in data.get("write_files", [])}
    same("cloud-init", found, {path: text for path, text in files_below(node.folder).items() if text is not None})


def idle_interfaces(node):
    """The trigger of the user data reaches an interface that is down, and none that is up. A virtual interface is Ethernet,
    so the trigger is read with that type."""
    commands = (yaml.safe_load(node.cloud_init.read_text()) or {}).get("runcmd", [])
    triggers = [command for command in commands if command[:2] == ["udevadm", "trigger"]]
    named = any("guid" in rail and "ipv4" in rail for rail in node.facts.get("rails", []))
    same("triggers", len(triggers), int(named))
    for trigger in triggers:
        words = [word.replace("type=32", "type=1") for word in trigger if word != "--settle"]
        output = read("unshare", "--net", "--mount", "sh", "-c", TRIGGER, "sh", *words, "--dry-run", "--verbose")
        same("udevadm trigger", [line.rsplit("/", 1)[1] for line in output.splitlines()], ["down0"])


def read_ignition(node, reader):
    """Ignition takes the configuration, and reads from it every file and unit as it lies in the folder."""
    found = json.loads(read(reader, node.ignition))[str(node.ignition)]
    folder, units_at = files_below(node.folder), "/etc/systemd/system/"
    wanted = {
        path: text
        for path, text in folder.items()
        if not path.startswith((units_at, "/etc/default/grub.d/"))
    }
    same("Ignition's files", found["files"], wanted)
    units_found = {}
    for unit in found["units"] or []:
        if "contents" in unit or unit.get("mask"):
            units_found[units_at + unit["name"]] = unit.get("contents")
        for dropin in unit.get("dropins", []):
            units_found[f"{units_at}{unit['name']}.d/{dropin['name']}"] = dropin["contents"]
    same("Ignition's units", units_found, {path: text for path, text in folder.items() if path.startswith(units_at)})
    words = " ".join(found["kernelArguments"] or [])
    same("Ignition's kernel arguments", words, " ".join(node.manifest["kernelArguments"]))


def check(node, reader):
    units(node)
    sysctls(node)
    huge_pages(node)
    modules(node)
    kernel_arguments(node)
    mig(node)
    cufile(node)
    rails(node)
    rail_names(node)
    read_cloud_init(node)
    idle_interfaces(node)
    read_ignition(node, reader)
    arrays(node)
    local_tiers(node)


# What is broken, in which file, and which check must notice: text that is replaced by other text.
BREAKS = [
    (units, "etc/systemd/system/var-cache-gpu\\x2d1.d.mount", "Where=/var", "Where=/usr"),
    (units, "etc/systemd/system/mnt-cold\\x2darchive.mount", "50%%", "50%z"),
    (units, "etc/systemd/system/containerd.service.d/90-rackwright.conf", "infinity", "infinite"),
    (units, "etc/systemd/system/rackwright-gpu.service", "/usr/bin/nvidia-smi", "/usr/bin/nvidia_smi"),
    (sysctls, "etc/sysctl.d/90-rackwright.conf", "tcp_rmem = 4096", "tcp_rmem\n4096"),
    (huge_pages, "etc/tmpfiles.d/90-rackwright.conf", "2048kB", "524288kB"),
    (huge_pages, "etc/tmpfiles.d/90-rackwright.conf", "w /sys", "w! /sys"),
    (modules, "etc/modprobe.d/rackwright.conf", "rail1),tcp", "rail1)"),
    (modules, "etc/modprobe.d/rackwright.conf", "a=1;b=$2'3%", "a=1 b=$2"),
    (modules, "etc/modules-load.d/90-rackwright.conf", "tcp_bbr", "tcp bbr"),
    (kernel_arguments, "etc/default/grub.d/90-rackwright.cfg", "'\\''a=$HOME", "'\\''\"a=$HOME"),
    (kernel_arguments, "etc/default/grub.d/90-rackwright.cfg", " hugepages=4", ""),
    (mig, "etc/nvidia-mig-manager/rackwright.yaml", '"3g.90gb": 1', '"3g.90gb": 2'),
    (cufile, "etc/cufile.json", "true", "false"),
    (rails, "etc/systemd/network/70-rackwright-rail0.network", "4092", "1280"),
    (rail_names, "etc/udev/rules.d/70-rackwright-rails.rules", 'KERNEL!="*.*", ', ""),
    (rail_names, "etc/udev/rules.d/70-rackwright-rails.rules", "?*:a0", "a0"),
    (rail_names, "etc/udev/rules.d/70-rackwright-rails.rules", 'NAME="rail1"', 'NAMED="rail1"'),
    (local_tiers, "etc/systemd/system/scratch.mount", "logbsize=256k", "logbsize= 256k"),
    (local_tiers, "etc/systemd/system/var-cache-gpu\\x2d1.d.mount", "by-uuid/", "by-uuid/0"),
]


def notices(node, reader):
    """Each check must go red for what is broken."""
    for function, file, old, new in BREAKS:
        path = node.folder / file
        text = path.read_text()
        if old not in text:
            raise Wrong(f"{file}: holds no {old!r} to break")
        path.write_text(text.replace(old, new))
        expect_wrong(f"{function.__name__}: {file} with {new!r}", lambda function=function: function(node))
        path.write_text(text)
    # A unit under a name that is not its path's.
    unit = node.folder / "etc/systemd/system/var-cache-gpu\\x2d1.d.mount"
    wrong = unit.with_name("var-cache-gpu-1.d.mount")
    unit.rename(wrong)
    entry = next(item for item in node.manifest["units"] if item["name"] == unit.name)
    entry["name"] = wrong.name
    expect_wrong("units: a wrong name", lambda: units(node))
    entry["name"] = unit.name
    wrong.rename(unit)
    # An array whose maker answers what mdadm asks.
    vector = next(tier["createArray"] for tier in node.manifest["localTiers"] if "createArray" in tier)
    vector.append("--run")
    expect_wrong("arrays: --run", lambda: arrays(node))
    vector.remove("--run")
    for path, old, new, function in [
        (node.ignition, '"mode": 420', '"mode": 4200', lambda: read_ignition(node, reader)),
        (node.ignition, '"path": "/etc', '"path": "etc', lambda: read_ignition(node, reader)),
        (node.cloud_init, "0x*[02468ace]", "0x*", lambda: idle_interfaces(node)),
        (node.cloud_init, 'permissions: "0644"', "permissions: 0644", lambda: read_cloud_init(node)),
        (node.cloud_init, "  content: |\n", "  content: >\n", lambda: read_cloud_init(node)),
    ]:
        text = path.read_text()
        if old not in text:
            raise Wrong(f"{path.name}: holds no {old!r} to break")
        path.write_text(text.replace(old, new, 1))
        expect_wrong(f"{path.name} with {new!r}", function)
        path.write_text(text)


def expect_wrong(what, function):
    try:
        function()
    except Wrong:
        return
    raise Wrong(f"nobody noticed: {what}")


def main():
    rackwright, reader, *sites = sys.argv[1:]
    failed = checked = 0
    for site in sites:
        with tempfile.TemporaryDirectory() as work:
            try:
                found = nodes(rackwright, site, pathlib.Path(work))
            except Wrong as wrong:
                failed += 1
                print(f"{site}: {wrong}", file=sys.stderr)
                continue
            for node in found:
                try:
                    check(node, reader)
                    if "everything" in node.manifest["profile"]:
                        notices(node, reader)
                        print(f"{len(BREAKS) + 7} broken files were noticed")
                    checked += 1
                except Wrong as wrong:
                    failed += 1
                    print(f"{site}: {node.name}: {wrong}", file=sys.stderr)
    if failed or not checked:
        sys.exit(1)
    print(f"{checked} nodes of {len(sites)} sites: every file was read as the plan says")


main()
