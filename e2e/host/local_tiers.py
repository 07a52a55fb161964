"""File systems on devices of the node itself: mkfs, mount and mdadm on loop devices."""

import contextlib
import pathlib
import shlex
import subprocess
import tempfile

from programs import Wrong, read, run, same, setting

# Device nodes and mdadm's notes of arrays are made in folders of our own; an array that is really made is stopped again.
MAKE_ARRAY = """
mount --make-rprivate /
mkdir "$1/dev"
mount -t tmpfs none "$1/dev"
cp -a /dev/null /dev/loop* "$1/dev"
mount --bind "$1/dev" /dev
mount -t tmpfs none /run
array=$2
shift 2
"$@" </dev/null
status=$?
if [ $status = 0 ]; then mdadm --stop "$array"; fi
exit $status
"""


@contextlib.contextmanager
def loop_devices(folder, count, size):
    """Blank loop devices."""
    devices = []
    try:
        for number in range(count):
            with open(folder / f"disk{number}", "wb") as image:
                image.truncate(size)
            devices.append(read("losetup", "--find", "--show", folder / f"disk{number}").strip())
        yield devices
    finally:
        for device in devices:
            read("losetup", "--detach", device)


def local_tiers(node):
    """The file system is made and mounted on a loop device as plan and unit say. The array below it is not: arrays need
    md, which the kernels that these tests run on often lack."""
    for tier in node.manifest["localTiers"]:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            with loop_devices(folder, 1, 512 << 20) as [device]:
                make_and_mount(node, tier, device, folder)


def arrays(node):
    """mdadm takes blank devices without a question, and none with a file system that it knows. It stops where it asks the
    kernel for the array, or the array is stopped again."""
    for tier in node.manifest["localTiers"]:
        if "createArray" not in tier:
            continue
        count = tier["members"]["count"]
        with tempfile.TemporaryDirectory() as temporary, loop_devices(pathlib.Path(temporary), count, 64 << 20) as devices:
            vector = [devices[word["member"]] if isinstance(word, dict) else word for word in tier["createArray"]]
            status, said = make_array(vector)
            if "Continue" in said or not (status == 0 or "opening /dev/md" in said):
                raise Wrong(f"{shlex.join(vector)}: not taken as it is: {said}")
            for device in devices:
                read("wipefs", "--all", device)
            read("mkfs.ext4", "-q", devices[-1])
            content = pathlib.Path(devices[-1]).read_bytes()
            status, said = make_array(vector)
            same("mdadm over a file system", (status, "create aborted" in said), (1, True))
            same("the file system is as it was", pathlib.Path(devices[-1]).read_bytes() == content, True)


def make_array(vector):
    """The exit status and everything that was said."""
    with tempfile.TemporaryDirectory() as temporary:
        result = run("unshare", "--mount", "sh", "-c", MAKE_ARRAY, "sh", temporary, vector[2], *vector)
    return result.returncode, result.stdout + result.stderr


def make_and_mount(node, tier, device, folder):
    array = tier.get("createArray", [None] * 3)[2]
    stands_for_device = [{"member": 0}, array]
    vector = [device if word in stands_for_device else word for word in tier["makeFileSystem"]]
    same("devices in the vector", vector.count(device), 1)
    read(*vector, stdin=subprocess.DEVNULL)
    if vector[0] == "mkfs.xfs" and run(*vector, stdin=subprocess.DEVNULL).returncode == 0:
        raise Wrong(f"{shlex.join(vector)}: made a file system over another")
    text = (node.folder / "etc/systemd/system" / tier["unit"]).read_text()
    what = setting(text, "What")
    same("What= is the tier's device", what, tier["device"])
    uuid = what.removeprefix("/dev/disk/by-uuid/")
    same("the UUID's device", read("blkid", "--probe", "--output", "value", "--match-tag", "UUID", device).strip(), uuid)
    kind, where, options = (setting(text, key) for key in ["Type", "Where", "Options"])
    same("Where=", where, tier["mountPoint"])
    target = pathlib.Path(f"{folder}{where}")
    target.mkdir(parents=True)
    # systemd hands the three to mount(8) in this way.
    read("mount", "-o", options, "-t", kind, device, target)
    try:
        (target / "written").write_text("x")
        volume = pathlib.Path(f"{folder}{tier['volume']}")
        volume.mkdir()
        shown = read("findmnt", "--noheadings", "--output", "FSTYPE,OPTIONS", "--mountpoint", target).split()
        same("type", shown[0], kind)
        missing = {"noatime", "logbsize=256k", "commit=60"} & set(options.split(",")) - set(shown[1].split(","))
        same("options without effect", missing, set())
    finally:
        read("umount", target)
    same("without the mount, the volume is there", volume.exists(), False)
