"""Programs that read what `rackwright render node` writes, and how they are asked."""

import shlex
import subprocess


class Wrong(Exception):
    """A consumer reads something else than the plan says, or refuses to read."""


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def read(*command, **options):
    """The standard output of a program that must succeed."""
    result = run(*command, **options)
    if result.returncode != 0:
        raise Wrong(f"{shlex.join(map(str, command))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def same(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what}:\n  found  {found!r}\n  wanted {wanted!r}")


def setting(text, key):
    lines = [line.removeprefix(f"{key}=") for line in text.splitlines() if line.startswith(f"{key}=")]
    same(f"settings {key}", len(lines), 1)
    return lines[0].replace("%%", "%")
