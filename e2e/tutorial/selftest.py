"""What proves that the test of the tutorial can fail: texts with a mistake each, and what is said of them."""

import subprocess
import sys
import tempfile
from pathlib import Path

RUNNER = Path(__file__).with_name("tutorial.py")
SOUND = """A text.

```console
$ mkdir ~/here && cd ~/here && n=3
$ cat > file <<'END'
> one
>
> three
> END
$ wc -l < file; pwd
3
…/here
$ seq 9
1
…
5
6
…
9
$ ls absent
ls: …
[exit code 2]
$ sleep 100 & echo $n
3
```

Another.

```console
$ cat file
one

three
```
"""
# What is changed in the sound text, and what is said then; nothing where the text stays sound.
CASES = {
    "the sound text": ("", "", None),
    "a line of output": ("\nthree\n```", "\ntree\n```", "-tree\n+three"),
    "a line too many": ("3\n…/here", "3\n4\n…/here", "-4"),
    "a line too few": ("pwd\n3\n", "pwd\n", "+3"),
    "what an elided block shows": ("5\n6\n", "6\n5\n", "-6\n"),
    "a command": ("n=3", "n=4", "-3\n+4"),
    "an exit code that is another": ("[exit code 2]", "[exit code 1]", "-[exit code 1]\n+[exit code 2]"),
    "an exit code that is none": ("\n[exit code 2]", "", "+[exit code 2]"),
    "an exit code where there is none": ("echo $n\n3", "echo $n\n3\n[exit code 1]", "-[exit code 1]"),
    "a command that ends the shell": ("$ cat file\n", "$ exit 7\n", "the shell ended"),
    "output before any command": ("$ cat file\none", "one", "begins with a command"),
    "a block without an end": ("three\n```\n", "three\n", "has no end"),
    "no command at all": (SOUND, "text\n", "has no command"),
}


def run(document, *flags):
    done = subprocess.run([sys.executable, RUNNER, document, *flags], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check(what, good, seen):
    if not good:
        sys.exit(f"FAILED: the tutorial's own test, {what}:\n{seen}")


with tempfile.TemporaryDirectory() as folder:
    document = Path(folder) / "text.md"
    for what, (old, new, said) in CASES.items():
        text = SOUND.replace(old, new, 1) if old else SOUND
        check(f"{what}: changes nothing", not old or text != SOUND, text)
        document.write_text(text)
        code, seen = run(document)
        check(what, code == (1 if said else 0) and (said or "7 commands") in seen, seen)
    # What went wrong is named by its line, and an update mends the outputs and nothing else.
    broken = SOUND.replace("three\n```", "tree\n```").replace("\n9\n", "\n8\n").replace("…/here\n", "…/there\n")
    document.write_text(broken)
    code, seen = run(document)
    check("places", all(f"text.md:{line}: $ " in seen for line in (10, 13, 30)), seen)
    code, seen = run(document, "--update")
    updated = document.read_text().splitlines()
    check("an update ends well", code == 0, seen)
    place = SOUND.splitlines().index("…/here")
    check("an update shows the place", updated[place].endswith("/here") and updated[place] != "…/here", seen)
    updated[place] = "…/here"
    check("an update mends the rest", "\n".join(updated) + "\n" == SOUND, "\n".join(updated))
print("the tutorial's test can fail")
