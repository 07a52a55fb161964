"""Runs a tutorial as its reader would, and compares what the commands print with what the text shows.

A fenced block of the language `console` holds commands and what they print:

    $ rackwright validate site/          a command; `> ` goes on with it on the next line, as a shell shows it
    error[RW2002]: 16 nodes claimed …    its output, standard error included; `…` stands for any text in a line,
    …                                    and alone in a line for any lines
    [exit code 1]                        how it ended, where that is not 0

All commands run in order in one bash, which starts in the root of the repository with an empty home. With --update the
outputs are written into the text instead of compared, with `…` where it was: read the difference before you commit it.
"""

import argparse
import difflib
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds for one command
ANY = "…"


class Broken(Exception):
    """The text cannot be run to its end."""


@dataclass
class Step:
    """A command of the text, and what the text says of it."""

    line: int  # of its `$`, counted from 1
    command: str
    first: int  # index of the first line of output, counted from 0
    shown: list  # lines of output, the exit code's included


def steps(text):
    """The commands of a text, in order."""
    found, inside, begun = [], False, 0
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if not inside:
            if line == "```console":
                inside, begun = True, len(found)
        elif line == "```":
            inside = False
        elif line.startswith("$ "):
            found.append(Step(index + 1, line[2:], index + 1, []))
        elif len(found) == begun:
            raise Broken(f"line {index + 1}: a block of the language console begins with a command, `$ …`")
        elif (line.startswith("> ") or line == ">") and not found[-1].shown:
            found[-1].command += "\n" + line[2:]
            found[-1].first = index + 1
        else:
            found[-1].shown.append(line)
    if inside:
        raise Broken("the last block has no end")
    return found


def pattern(line):
    """What a line of the text stands for, as a regular expression."""
    if line == ANY:
        return "(?:.*\n)*?"
    return ".*".join(map(re.escape, line.split(ANY))) + "\n"


def agrees(shown, seen):
    """Whether a command printed what the text shows."""
    return re.fullmatch("".join(map(pattern, shown)), "".join(line + "\n" for line in seen)) is not None


def renewed(shown, seen):
    """What a command printed, with what the text leaves out left out where that still can be."""
    if agrees(shown, seen):
        return shown
    varying = [line for line in shown if ANY in line and line != ANY]

    def kept(line):
        return next((old for old in varying if re.fullmatch(pattern(old), line + "\n")), line)

    lines = [kept(line) for line in seen]
    if ANY not in shown:
        return lines
    # The pieces that the text shows, each where most of its lines are; the first and the last at the ends.
    pieces = [[]]
    for line in shown:
        if line == ANY:
            pieces.append([])
        else:
            pieces[-1].append(line)
    at = len(pieces[0])
    new = lines[:at]
    for piece in pieces[1:]:
        places = range(at, len(lines) - len(piece) + 1)
        if piece is pieces[-1]:
            places = places[-1:]
        if not places:
            return lines
        at = max(places, key=lambda place: sum(map(str.__eq__, piece, lines[place:])))
        new += [ANY] + lines[at : at + len(piece)]
        at += len(piece)
    return new


class Shell:
    """One bash for all commands, so that folders, variables and jobs last as they do for a reader."""

    def __init__(self, scratch, home):
        own = ("GIT_", "KUBECONFIG", "RACKWRIGHT", "PAGER")
        env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        # A proxy of the machine has no part in a talk with a server on it.
        env |= {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
        # What stands below the home of who runs the test, and is installed for the reader too.
        env.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))
        env.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
        env |= {"HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb", "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{who}_NAME": "reader", f"GIT_{who}_EMAIL": "reader@example.com"}
        self.script = scratch / "command.sh"
        self.mark = secrets.token_hex(16)
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=ROOT, env=env, start_new_session=True,
        )  # fmt: skip

    def run(self, command):
        """The lines that a command prints, with its exit code at their end if that is not 0."""
        self.script.write_text(command + "\n")
        # Read from a file, so that a command that reads standard input does not take the next command.
        self.process.stdin.write(f". '{self.script}' </dev/null; printf '\\n{self.mark} %s\\n' $?\n".encode())
        self.process.stdin.flush()
        end = re.compile(rf"\n{self.mark} (\d+)\n\Z".encode())
        seen, deadline = b"", time.monotonic() + LIMIT
        while not (match := end.search(seen)):
            ready = select.select([self.process.stdout], [], [], 1)[0]
            some = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            seen += some
            # A job in the background may keep the pipe open when the shell is gone.
            ended = not some and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                why = "the shell ended" if ended else f"does not end in {LIMIT} s"
                raise Broken(f"{why}; so far it printed:\n{seen[-2000:].decode(errors='replace')}")
        lines = seen[: match.start()].decode(errors="replace").splitlines()
        code = int(match[1])
        return lines + ([f"[exit code {code}]"] if code else [])

    def end(self):
        """Ends the shell and what it started."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, kind)
                self.process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description="Runs the commands of a tutorial and compares their output with its text.")
    parser.add_argument("document", type=Path)
    parser.add_argument("--home", type=Path, help="an empty folder that is the reader's home; one that goes afterwards without it")
    parser.add_argument("--update", action="store_true", help="write the outputs into the text instead of comparing them")
    asked = parser.parse_args()
    text = asked.document.read_text()
    lines = text.splitlines()
    scratch = Path(tempfile.mkdtemp(prefix="rackwright-tutorial-"))
    home = asked.home or scratch / "home"
    home.mkdir(exist_ok=True)
    shell = Shell(scratch, home)
    differences, begun, done, moved = 0, time.monotonic(), 0, 0
    try:
        all_steps = steps(text)
        for step in all_steps:
            where = f"{asked.document}:{step.line}: $ {step.command}"
            try:
                seen = shell.run(step.command)
            except Broken as broken:
                raise Broken(f"{where}\n{broken}") from None
            done += 1
            new = renewed(step.shown, seen)
            if new == step.shown:
                continue
            differences += 1
            print(f"{where}\nprints something else (- the text, + the command):", flush=True)
            about = difflib.unified_diff(step.shown, new, n=2, lineterm="")
            print("\n".join(list(about)[2:]), flush=True)
            if asked.update:
                at = step.first + moved
                lines[at : at + len(step.shown)] = new
                moved += len(new) - len(step.shown)
    except Broken as broken:
        sys.exit(f"FAILED: {broken}")
    finally:
        shell.end()
        shutil.rmtree(scratch, ignore_errors=True)
    if not done:
        sys.exit(f"FAILED: {asked.document} has no command")
    if asked.update:
        asked.document.write_text("\n".join(lines) + "\n")
        print(f"{asked.document}: {differences} of {done} outputs are new")
    elif differences:
        sys.exit(f"FAILED: {asked.document}: {differences} of {done} commands print something else; e2e/tutorial/test --update writes what they print")
    else:
        print(f"{asked.document}: {done} commands print what it shows ({time.monotonic() - begun:.0f} s)")


if __name__ == "__main__":
    main()
