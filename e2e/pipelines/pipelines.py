"""Runs the pipelines of examples/ci as far as their runner's shell would: see the script `test` beside this file."""

import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples/ci"

# The change that is proposed, and the reason why a pipeline refuses it.
CHANGES = {
    "a sysctl": (lambda text: text.replace('vm.swappiness: "1"', 'vm.swappiness: "10"'), None),
    "a mistake": (lambda text: text.replace("supercluster: lab", "superclster: lab", 1), "validate"),
    "a file system": (lambda text: text.replace("filesystem: xfs", "filesystem: ext4"), "diff"),
}

failures = []


def check(what, good, seen=""):
    print(("ok: " if good else "FAILED: ") + what, flush=True)
    if not good:
        print(seen, flush=True)
        failures.append(what)


def git(repository, *arguments):
    run = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", *arguments]
    return subprocess.run(run, cwd=repository, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder, change):
    """A repository with a base commit and a proposed one on top; returns the base."""
    clusters = folder / "clusters"
    clusters.mkdir(parents=True)
    text = (ROOT / "examples/tiny/lab.yaml").read_text()
    (clusters / "lab.yaml").write_text(text)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "base")
    base = git(folder, "rev-parse", "HEAD")
    changed = change(text)
    assert changed != text, "the example has changed: this change does nothing to it any more"
    (clusters / "lab.yaml").write_text(changed)
    git(folder, "commit", "--quiet", "--all", "--message", "change")
    return base


def shell(script, folder, env):
    run = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(run, cwd=folder, env=env, capture_output=True, text=True)


def github(folder, base, refused):
    sent = folder / "sent.md"
    tools = folder / "tools"
    tools.mkdir()
    stand_in = tools / "gh"
    stand_in.write_text('#!/bin/sh\n[ "$1 $2 $3" = "pr comment 7" ] || exit 9\nwhile [ "$1" != --body-file ]; do shift; done\ncp -- "$2" "$SENT"\n')
    stand_in.chmod(0o755)
    known = {"github.event.pull_request.base.sha": base, "github.token": "t", "github.event.pull_request.number": "7"}

    def evaluated(text):
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda match: known[match[1]], str(text))

    job = yaml.safe_load((CI / "github-actions.yml").read_text())["jobs"]["rackwright"]
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "SENT": str(sent), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    env |= {name: evaluated(value) for name, value in job["env"].items()}
    failed = None
    for step in job["steps"]:
        if "run" not in step or step["name"] == "install":
            continue
        condition = step.get("if", "success()")
        wanted = re.search(r"hashFiles\('(.*?)'\)", condition)
        if failed and "always()" not in condition or wanted and not (folder / wanted[1]).exists():
            continue
        done = shell(evaluated(step["run"]), folder, env | {name: evaluated(value) for name, value in step.get("env", {}).items()})
        if done.returncode and not failed:
            failed = step["name"]
            said = done.stdout + done.stderr
            check(f"GitHub: {failed} fails with exit code 1", done.returncode == 1, said)
            if failed == "validate":
                check("GitHub: the mistake is an annotation at its line", re.search(r"^::error .*file=clusters/lab\.yaml,line=\d+", said, re.M) is not None, said)
    check(f"GitHub: refused by {refused}", failed == refused, failed)
    check("GitHub: findings are kept as SARIF", (folder / "rackwright.sarif").exists())
    if refused != "validate":
        comment = sent.read_text()
        check("GitHub: the comment tells how many nodes", "4 nodes" in comment, comment)
        check("GitHub: comment and summary are the same", comment == (folder / "summary.md").read_text())
        check("GitHub: the page is there", "<html" in (folder / "diff.html").read_text()[:2000])


class Notes(http.server.BaseHTTPRequestHandler):
    kept = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.kept.append((self.path, self.headers["PRIVATE-TOKEN"], urllib.parse.parse_qs(body)["body"][0]))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_):
        pass


def gitlab(folder, base, refused):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Notes.kept.clear()
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["rackwright"]
    env = {
        **os.environ,
        **job["variables"],
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4",
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "RACKWRIGHT_TOKEN": "secret",
        "no_proxy": "127.0.0.1",
    }
    done = shell("\n".join(job["script"]), folder, env)
    after = shell("\n".join(job["after_script"]), folder, env)
    server.shutdown()
    check("GitLab: the job's result", done.returncode == (1 if refused else 0), done.stdout + done.stderr)
    check("GitLab: what follows it works", after.returncode == 0, after.stderr)
    check("GitLab: the test report is there", "<testsuites" in (folder / "junit.xml").read_text())
    if refused == "validate":
        check("GitLab: no note without a difference", Notes.kept == [], Notes.kept)
    else:
        path, token, note = Notes.kept[0]
        check("GitLab: the note goes to the merge request", (path, token) == ("/api/v4/projects/3/merge_requests/7/notes", "secret"), Notes.kept)
        check("GitLab: the note tells how many nodes", "4 nodes" in note, note)


def pre_commit(folder, refused):
    shutil.copy(CI / "pre-commit-config.yaml", folder / ".pre-commit-config.yaml")
    env = {**os.environ, "PRE_COMMIT_HOME": str(folder.parent / "pre-commit")}
    git(folder, "add", ".pre-commit-config.yaml")

    def run():
        return subprocess.run(["pre-commit", "run", "--all-files"], cwd=folder, env=env, capture_output=True, text=True)

    done = run()
    refuses = refused == "validate"
    results = re.findall(r"^rackwright (\w+)\.*(Passed|Failed)$", done.stdout, re.MULTILINE)
    expected = [("fmt", "Passed"), ("validate", "Failed" if refuses else "Passed")]
    check("pre-commit: what the hooks say", results == expected and (done.returncode == 1) == refuses, done.stdout + done.stderr)
    site = folder / "clusters/lab.yaml"
    before = site.read_text()
    site.write_text(before.replace("  supercluster: lab\n  plane: Compute\n", "  plane: Compute\n  supercluster: lab\n"))
    check("pre-commit: the example has what is put into another order", site.read_text() != before)
    done = run()
    check("pre-commit: what is not formatted stops the commit", done.returncode == 1 and "files were modified by this hook" in done.stdout, done.stdout + done.stderr)
    check("pre-commit: and is formatted", site.read_text() == before)


for name, (change, refused) in CHANGES.items():
    print(f"{name}:", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for pipeline in ("github", "gitlab"):
            folder = Path(scratch) / pipeline
            base = repository(folder, change)
            (github if pipeline == "github" else gitlab)(folder, base, refused)
        pre_commit(folder, refused)
if failures:
    sys.exit(f"{len(failures)} checks failed")
