"""Uses `rackwright` on pseudo-terminals (pty(7)), as a person does, and says what does not work."""

import fcntl
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = str(ROOT / "examples/tiny")
WRONG = str(ROOT / "crates/cli/tests/corpus/schema/enum-lower-case.yaml")

# Longest wait for something that comes at once on an idle machine.
PATIENCE = 60

ERASE = "\r\x1b[K"


class Terminal:
    """A program on a pseudo-terminal. What is not given (`stdin`, `stdout`) is the terminal as well."""

    def __init__(self, arguments, folder=ROOT, columns=80, environment=None, stdin=None, stdout=None):
        self.side, other = os.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "CLICOLOR_FORCE", "PAGER", "LESS")}
        env.update({"TERM": "xterm", **(environment or {})})

        def lead():
            # The terminal becomes that of the new session, so that ctrl-C reaches who runs in it.
            os.setsid()
            fcntl.ioctl(other, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            arguments, cwd=folder, env=env, preexec_fn=lead, pass_fds=(other,),
            stdin=other if stdin is None else stdin, stdout=other if stdout is None else stdout, stderr=other)
        os.close(other)
        self.seen = ""
        self.at = 0

    def read(self, seconds):
        ready, _, _ = select.select([self.side], [], [], seconds)
        if not ready:
            return None
        try:
            data = os.read(self.side, 65536)
        except OSError:  # EIO: nobody has the other side any more
            data = b""
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return data

    def wait_for(self, text):
        """Waits until a text comes behind the last one that was waited for."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen[self.at:] and time.monotonic() < end:
            if self.read(0.1) == b"":
                break
        found = text in self.seen[self.at:]
        if found:
            self.at = self.seen.index(text, self.at) + len(text)
        return found

    def type(self, text):
        os.write(self.side, text.encode())

    def end(self):
        """Everything that was shown, and the exit code; negative for a signal."""
        while self.read(PATIENCE):
            pass
        os.close(self.side)
        return self.seen, self.process.wait()


class Checks:
    """What was looked at; a check that fails is told, and the others go on."""

    def __init__(self):
        self.failed = 0
        self.made = 0

    def that(self, holds, what):
        self.made += 1
        if not holds:
            self.failed += 1
            print(f"FAILED: {what}", file=sys.stderr)


def questions(checks, program, folder):
    for columns in (80, 20):
        terminal = Terminal([program, "init"], folder, columns)
        dialogue = [
            ("Name of the site [site]: ", "Lab"), ("lower-case letters", None),
            ("Name of the site [site]: ", f"lab{columns}"), ("[dgx-b200]: ", "dgx-b20"), ("did you mean `dgx-b200`?", None),
            ("[dgx-b200]: ", "3"), ("[32]: ", "A1"), ("no name that Kubernetes can have", None), ("[32]: ", "8"),
            ("[4]: ", "0"), ("no number from 1 to 256", None), ("[4]: ", ""), ("[r[1-2]]: ", "a1"), ("8 nodes fill 2", None),
            ("[r[1-2]]: ", "a[1-2]"), ("[yes]: ", "no"), ("[0]: ", "2"), ("MZWLO*: ", ""), ("a model is needed", None),
            ("MZWLO*: ", "SAMSUNG*"), ("[none]: ", "nas"), ("SERVER:/EXPORT", None), ("[none]: ", "nas:/home"),
            (f"[lab{columns}.yaml]: ", str(folder)), ("is there already", None), (f"[lab{columns}.yaml]: ", ""),
        ]
        for text, answer in dialogue:
            checks.that(terminal.wait_for(text), f"init, {columns} columns: {text!r} comes, not {terminal.seen[terminal.at:]!r}")
            if answer is not None:
                terminal.type(answer + "\n")
        seen, code = terminal.end()
        checks.that(code == 0, f"init, {columns} columns: ends with {code}: {seen}")
        checks.that("\x1b" not in seen, f"init, {columns} columns: draws on the terminal")
        written = (folder / f"lab{columns}.yaml").read_text()
        line = seen.split("without questions:\n  rackwright ")[1].splitlines()[0]
        checks.that(line.endswith(f"--out lab{columns}.yaml"), f"init, {columns} columns: names the file: {line}")
        again = line.replace(f" --out lab{columns}.yaml", "")
        flags = subprocess.run(f"{program} {again}", shell=True, cwd=folder, capture_output=True, text=True, check=False)
        checks.that(flags.stdout == written, f"init, {columns} columns: {again} writes the same")

    for keys, code, said in (("\x03", -signal.SIGINT, "\nerror: interrupted\n"), ("\x04", 2, "\nerror: the answers end")):
        terminal = Terminal([program, "init"], folder)
        terminal.wait_for("[site]: ")
        terminal.type("other\n")
        terminal.wait_for("[dgx-b200]: ")
        terminal.type(keys)
        seen, ended = terminal.end()
        checks.that(ended == code and said in seen, f"init, {keys!r}: ends with {ended}: {seen!r}")
    checks.that(not (folder / "other.yaml").exists(), "init: what is interrupted is written")

    # Where standard output goes elsewhere, the documents go there, and no file is asked for.
    with open(folder / "piped.yaml", "w", encoding="utf-8") as out:
        terminal = Terminal([program, "init"], folder, stdout=out)
        for _ in range(10):
            terminal.wait_for("]: ")
            terminal.type("\n")
        seen, code = terminal.end()
    checks.that(code == 0 and "File to write" not in seen, f"init > file: {seen}")
    checks.that((folder / "piped.yaml").read_text().startswith("# A starting point"), "init > file: writes nothing")
    piped = subprocess.run([program, "init"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    checks.that(piped.returncode == 2 and "[site]" not in piped.stderr, f"init without a terminal: {piped.stderr}")


def slow(program, seconds, file=TINY + "/lab.yaml", **more):
    """`validate -` whose standard input comes late, and the text."""
    source, end = os.pipe()
    terminal = Terminal([program, "validate", "-"], stdin=source, **more)
    os.close(source)
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        terminal.read(0.05)
    os.write(end, pathlib.Path(file).read_bytes())
    os.close(end)
    return terminal.end()


def progress(checks, program):
    seen, code = slow(program, 2.5)
    checks.that(code == 0, f"progress: ends with {code}: {seen}")
    checks.that(re.search(r"reading standard input \.\.\. [12] s", seen), f"progress: is shown: {seen!r}")
    shown = seen.rindex("reading standard input")
    said = seen.index("read ", seen.index(" s", shown))
    checks.that(ERASE in seen[shown:said], f"progress: is erased before the result: {seen!r}")
    # What goes to standard output begins on a clean line too.
    seen, _ = slow(program, 2.5, file=WRONG)
    shown = seen.rindex(" ... ")
    checks.that(ERASE in seen[shown:seen.index("RW1", shown)], f"progress: is erased before a finding: {seen[shown:shown + 100]!r}")
    seen, _ = slow(program, 2.5, columns=12)
    longest = max(len(part) for part in re.split(r"[\r\n]", re.sub(r"\x1b\[K", "", seen)) if part.startswith("readi"))
    checks.that(longest == 11, f"progress: {longest} characters in 12 columns")
    for name, environment in (("in CI", {"CI": "true"}), ("on a dumb terminal", {"TERM": "dumb"})):
        seen, _ = slow(program, 1.5, environment=environment)
        checks.that("reading" not in seen, f"progress: is shown {name}: {seen!r}")
    seen, _ = Terminal([program, "validate", TINY]).end()
    checks.that("reading" not in seen and "\x1b[K" not in seen, f"progress: is shown of a quick run: {seen!r}")
    late = subprocess.Popen([program, "validate", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    out, err = late.communicate(b"")
    checks.that(b"reading" not in out + err, f"progress: is shown in a pipe: {err!r}")
    # An interrupt takes it away as well.
    source, end = os.pipe()
    terminal = Terminal([program, "validate", "-"], stdin=source)
    os.close(source)
    terminal.wait_for("reading standard input")
    terminal.type("\x03")
    seen, code = terminal.end()
    os.close(end)
    checks.that(code == -signal.SIGINT and f"{ERASE}error: interrupted\n" in seen, f"progress: {code}, {seen!r}")


LONG = """---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: {{ name: trains-models-in-rack-{0} }}
spec: {{ supercluster: lab, nodes: {{ racks: {0} }} }}
"""


def pager(checks, program, folder):
    own = folder / "pager"
    own.write_text("#!/bin/sh\ntrap '' INT\necho PAGER BEGINS\ncat\necho PAGER ENDS\nread -r line < /dev/tty\necho \"PAGER READ $line\"\n")
    own.chmod(0o755)
    verbs = {
        "plan": ["plan", TINY], "plan --node": ["plan", TINY, "--node", "r1-n1"], "explain": ["explain", "RW2002"],
        "diff": ["diff", TINY, str(ROOT / "examples/gb200-unit")],
    }
    codes = {"diff": 1}
    for name, arguments in verbs.items():
        terminal = Terminal([program, *arguments], environment={"PAGER": str(own)})
        checks.that(terminal.wait_for("PAGER ENDS\n"), f"{name}: goes through the pager: {terminal.seen!r}")
        terminal.type("\x03")
        time.sleep(0.3)
        terminal.type("on\n")
        seen, code = terminal.end()
        checks.that("PAGER READ on" in seen, f"{name}: ctrl-C in the pager ends it: {seen[-200:]!r}")
        checks.that(code == codes.get(name, 0), f"{name}: ends with {code} behind the pager")
        seen, code = Terminal([program, *arguments, "--no-pager"], environment={"PAGER": str(own)}).end()
        checks.that("PAGER" not in seen and code == codes.get(name, 0), f"{name} --no-pager: {code}")
        piped = subprocess.run([program, *arguments], env={**os.environ, "PAGER": str(own)}, capture_output=True, text=True, check=False)
        checks.that("PAGER" not in piped.stdout, f"{name}: a pipe goes through the pager")
    seen, _ = Terminal([program, "plan", TINY, "--output", "jsonl"], environment={"PAGER": str(own)}).end()
    checks.that("PAGER" not in seen, "plan --output jsonl: what programs read goes through the pager")
    seen, _ = Terminal([program, *verbs["diff"], "--output", "json"], environment={"PAGER": str(own)}).end()
    checks.that("PAGER" not in seen, "diff --output json: what programs read goes through the pager")
    # An interrupt is the pager's, and whoever ends the program otherwise ends it.
    terminal = Terminal([program, "plan", TINY], environment={"PAGER": str(own)})
    terminal.wait_for("PAGER ENDS\n")
    terminal.process.terminate()
    time.sleep(0.3)
    terminal.type("on\n")
    _, code = terminal.end()
    checks.that(code == -signal.SIGTERM, f"plan behind a pager: ended, it ends with {code}")
    # Less gets its flags, unless the user has some.
    usual = folder / "usual"
    usual.mkdir()
    (usual / "less").write_text("#!/bin/sh\necho \"LESS IS $LESS\"\ncat\n")
    (usual / "less").chmod(0o755)
    path = f"{usual}:{os.environ['PATH']}"
    for environment, flags in (({}, "FRX"), ({"LESS": "S"}, "S")):
        seen, _ = Terminal([program, "explain", "RW2002"], environment={"PATH": path, **environment}).end()
        checks.that(seen.startswith(f"LESS IS {flags}\n# RW2002"), f"less with {environment}: {seen[:200]!r}")
    # A pager that is not there shows nothing, so the text comes as it is; one that is left early has shown enough.
    seen, code = Terminal([program, "explain", "RW2002"], environment={"PAGER": "/nowhere/pager"}).end()
    checks.that(code == 0 and "# RW2002" in seen, f"no such pager: {code}, {seen[:200]!r}")
    long = folder / "long.yaml"
    pools = "".join(LONG.format(f"a{number:03}") for number in range(1, 801))
    long.write_text("apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: { racks: "
                    "[ { names: \"a[001-800]\", nodes: n1, system: dgx-b200 } ] }\n" + pools)
    whole = subprocess.run([program, "plan", long], capture_output=True, text=True, check=False).stdout
    checks.that(len(whole) > 80_000, f"a plan of {len(whole)} characters is more than a pipe holds")
    seen, code = Terminal([program, "plan", str(long)], environment={"PAGER": "head -1"}).end()
    checks.that(code == 0 and whole.splitlines()[0] in seen and whole.splitlines()[-1] not in seen, f"left early: {code}, {seen[-200:]!r}")
    # Without less the text comes as it is, and nothing is said of it.
    seen, code = Terminal([program, "explain", "RW2002"], environment={"PATH": "/nowhere"}).end()
    checks.that(code == 0 and seen.startswith("# RW2002"), f"no less: {code}, {seen[:200]!r}")


def colours(checks, program):
    ways = [
        ([], {}, True), ([], {"NO_COLOR": "1"}, False), ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False), (["--color", "always"], {"NO_COLOR": "1"}, True),
    ]
    for flags, environment, coloured in ways:
        seen, code = Terminal([program, "validate", WRONG, *flags], environment=environment).end()
        checks.that(code == 1 and ("\x1b[" in seen) == coloured, f"validate {flags} {environment}: {seen[:200]!r}")


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='READY> '; source <(COMPLETE=bash rackwright)\n"),
    "zsh": (["zsh", "-f", "-i"], "PS1='READY> '; autoload -Uz compinit; compinit -u -D; source <(COMPLETE=zsh rackwright)\n"),
    "fish": (["fish", "--no-config", "-i"], "function fish_prompt; echo 'READY> '; end; COMPLETE=fish rackwright | source\n"),
}


def completions(checks, folder):
    """What Tab makes of a line: of one candidate the whole word, of several what they share."""
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    lines = {
        "rackwright vali\t": "rackwright validate ",
        "rackwright plan . --node r2-\t": "rackwright plan . --node r2-n",
        "rackwright fabric render . --fabric lab\t": "rackwright fabric render . --fabric lab-compute ",
        "rackwright explain gpupool.spec.gpu.mi\t": "rackwright explain gpupool.spec.gpu.mig ",
        "rackwright init --system gb2\t": "rackwright init --system gb200-nvl72 ",
    }
    for shell, (arguments, setup) in SHELLS.items():
        if not shutil.which(arguments[0]):
            checks.that(False, f"{shell} is not installed")
            continue
        for line, expected in lines.items():
            # Fish tells what it would complete; its line editor draws too freely to be read here.
            if shell == "fish":
                script = f"COMPLETE=fish rackwright | source; complete -C '{line.rstrip()}'"
                told = subprocess.run(["fish", "--no-config", "-c", script], cwd=TINY, env={**os.environ, **home}, capture_output=True, text=True, check=False)
                words = [row.split("\t")[0] for row in told.stdout.splitlines() if row]
                wanted = expected.split(" ")[-2] if expected.endswith(" ") else expected.split(" ")[-1]
                checks.that(any(word.startswith(wanted) for word in words), f"fish: {line!r} gives {words} {told.stderr}")
                continue
            terminal = Terminal(arguments, TINY, columns=200, environment=home)
            terminal.type(setup)
            terminal.wait_for("READY> ")
            terminal.wait_for("READY> ")
            terminal.type(line)
            plain = lambda: re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x07", "", terminal.seen)
            end = time.monotonic() + PATIENCE
            while expected not in plain() and time.monotonic() < end:
                terminal.read(0.1)
            checks.that(expected in plain(), f"{shell}: {line!r} becomes {expected!r}, not {plain()[-300:]!r}")
            terminal.process.kill()
            terminal.end()
    for shell in SHELLS:
        script = folder / f"completion.{shell}"
        with open(script, "w", encoding="utf-8") as out:
            subprocess.run([folder / "bin/rackwright", "completions", shell], stdout=out, check=True)
        read = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
        checks.that(read.returncode == 0, f"{shell}: cannot read its script: {read.stderr}")


def pages(checks, program, folder):
    subprocess.run([program, "man", "--out", folder / "man/man1"], check=True)
    for page in sorted((folder / "man/man1").iterdir()):
        told = subprocess.run(["man", "--warnings=all", "-l", page], env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}, capture_output=True, text=True, check=False)
        checks.that(told.returncode == 0 and not told.stderr, f"{page.name}: {told.stderr}")
        checks.that("Examples:" in told.stdout or "EXTRA" in told.stdout, f"{page.name}: has no example")
    named = subprocess.run(["man", "-M", folder / "man", "rackwright-fabric-check"], capture_output=True, text=True, check=False)
    checks.that("ibnetdiscover" in named.stdout, f"man finds no page: {named.stderr}")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "bin").mkdir()
        (folder / "bin/rackwright").symlink_to(program)
        questions(checks, program, folder)
        progress(checks, program)
        pager(checks, program, folder)
        colours(checks, program)
        completions(checks, folder)
        pages(checks, program, folder)
    print(f"{checks.made} checks, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


main()
