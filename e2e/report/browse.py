"""Opens the page of `rackwright diff --output html` in headless Chromium, uses it, and says what does not work.

Speaks WebDriver (https://www.w3.org/TR/webdriver2/) to chromedriver itself: a dozen requests need no library.
"""

import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1440, 900)}

# What is aimed at for 100,000 nodes. Bytes are counted; seconds depend on the machine, so they are told and not asserted.
BYTES = 10_000_000
SECONDS = 2.0

NODES_OF_RACK = 18


def site(racks, driver, swappiness, more=""):
    """A site of NVL72 racks in one pool, with an edit or two."""
    objects = [
        ("Supercluster", "lab", {"racks": [{"names": f"a[00001-{racks:05}]", "nodes": "n[01-18]", "system": "gb200-nvl72"}]}),
        ("InfiniBandFabric", "compute", {
            "supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 4},
            "addressing": {"ipv4": "10.0.0.0/8", **({"mtu": 4096} if more else {})}}),
        ("GPUPool", "train", {
            "supercluster": "lab", "nodes": {"racks": f"a[00001-{racks:05}]"}, "fabrics": [{"name": "compute"}],
            "gpu": {"driver": {"version": driver, "kernelModules": "Open"}}, "host": {"sysctls": {"vm.swappiness": swappiness}},
            "rollout": {"maxUnavailable": {"domains": 16, "domain": "Rack"}, "canary": {"nodes": 1, "soak": "30m"}}}),
    ]
    documents = [
        {"apiVersion": "rackwright.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        for kind, name, spec in objects
    ]
    return "\n---\n".join(json.dumps(document) for document in documents)


class Browser:
    """One session of chromedriver."""

    def __init__(self):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0", "--log-level=SEVERE"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if "successfully on port" in line:
                self.at = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip().rstrip(".")
                break
        # The sandbox needs rights that containers lack; only pages written here are opened.
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        found = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.at += "/session/" + found["sessionId"]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def script(self, text, *arguments):
        return self.ask("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def log(self, kind):
        return self.ask("POST", "/se/log", {"type": kind})

    def requests(self):
        """The addresses that the page asked for since the last call."""
        events = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


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


def marks(browser):
    """The visible rows: name, count and the letters of the columns."""
    return browser.script(
        "return [...document.querySelectorAll('.row')].map((row) => [...row.children].map((cell) => cell.textContent));")


def set_input(browser, name, value):
    browser.script(
        "const input = document.getElementById(arguments[0]); input.value = arguments[1]; input.dispatchEvent(new Event('input'));",
        name, str(value))


def look(browser, checks, page, nodes, waves, kept):
    name = page.stem
    browser.size(*SIZES["desk"])
    browser.open("about:blank")
    browser.requests()
    browser.log("browser")
    started = time.monotonic()
    browser.open(page.as_uri())
    ready = browser.script("return document.documentElement.dataset.ready;")
    interactive = time.monotonic() - started
    checks.that(ready == "yes", f"{name}: the script ran")
    rows = marks(browser)
    checks.that(rows and rows[0][0] == "a00001" and rows[0][1] == str(NODES_OF_RACK), f"{name}: the first rack, not {rows[:1]}")
    checks.that(rows and rows[0][2:] == ["D", "D", "D", "D", "D"], f"{name}: drained on host and rails, not {rows[:1]}")
    checks.that(len(rows) < 200, f"{name}: {len(rows)} rows are elements at once")
    height = browser.script("return document.getElementById('rows').offsetHeight;")
    checks.that(height == nodes // NODES_OF_RACK * 28, f"{name}: all racks have their place, not {height} px")

    browser.script("document.getElementById('grid').scrollTop = 1e9;")
    time.sleep(0.3)
    last = f"a{nodes // NODES_OF_RACK:05}"
    checks.that(marks(browser)[-1][0] == last, f"{name}: the last rack is there after scrolling, not {marks(browser)[-1:]}")
    browser.script("document.getElementById('grid').scrollTop = 0;")
    time.sleep(0.3)

    told = lambda: browser.script("return document.getElementById('told').textContent;")
    checks.that(told() == f"before the first of {waves} waves", f"{name}: {told()}")
    set_input(browser, "wave", 1)
    checks.that("canary): 1 at work, 1 of them down; 0 done" in told(), f"{name}: {told()}")
    framed = browser.script("return document.querySelectorAll('.now').length;")
    checks.that(framed == 5, f"{name}: the rack of the canary is framed, not {framed} cells")
    set_input(browser, "wave", waves + 1)
    checks.that(marks(browser)[0][2:] == ["✓"] * 5, f"{name}: the first rack is done after the last wave, not {marks(browser)[:1]}")
    checks.that(told() == f"after the last of {waves} waves: {nodes} done", f"{name}: {told()}")
    set_input(browser, "wave", 0)

    started = time.monotonic()
    set_input(browser, "search", "A00002-n07")
    seconds = time.monotonic() - started
    listed = browser.script("return [document.getElementById('listed').textContent, document.getElementById('nodes').textContent];")
    checks.that(listed[0] == "“A00002-n07”: 1 node", f"{name}: {listed[0]}")
    checks.that("changed, Drain, wave" in listed[1] and "spec.gpu.driver.version" in listed[1], f"{name}: {listed[1]}")
    checks.that([row[0] for row in marks(browser)] == ["a00002"], f"{name}: only its rack is left, not {marks(browser)}")
    set_input(browser, "search", "train")
    listed = browser.script("return document.querySelectorAll('#nodes li').length;")
    checks.that(listed == (nodes if nodes <= 200 else 201), f"{name}: all nodes or 200 and how many more, not {listed} lines")
    set_input(browser, "search", "")
    browser.script("document.querySelector('.row').click();")
    listed = browser.script("return [document.getElementById('listed').textContent, document.querySelectorAll('#nodes li').length];")
    checks.that(listed == ["a00001: 18 nodes", 18], f"{name}: a click on a rack lists its nodes, not {listed}")

    for size, (width, height) in SIZES.items():
        browser.size(width, height)
        wide = browser.script("return document.documentElement.scrollWidth;")
        checks.that(wide <= width, f"{name}: {wide} px wide on a {size} of {width}")
        right = browser.script("return document.querySelector('.row .mark').getBoundingClientRect().right;")
        checks.that(right <= width, f"{name}: the first column ends at {right} px on a {size} of {width}")
        browser.script("scrollTo(0, 0);")
        if kept:
            browser.screenshot(kept / f"{name}-{size}.png")
            browser.script("document.getElementById('grid').scrollIntoView();")
            browser.screenshot(kept / f"{name}-{size}-grid.png")
    browser.script("scrollTo(0, 0);")
    browser.size(*SIZES["desk"])
    paper = base64.b64decode(browser.ask("POST", "/print", {"background": True}))
    if kept:
        (kept / f"{name}.pdf").write_bytes(paper)
    pages = paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") + paper.count(b"/Type /Page/")
    least = min(nodes // NODES_OF_RACK, 2000) // 100
    checks.that(paper.startswith(b"%PDF") and pages >= max(least, 1), f"{name}: {pages} pages of paper")
    checks.that(len(marks(browser)) < 200, f"{name}: after printing the rows are those in sight again")

    fetched = [address for address in browser.requests() if not address.startswith(("file:", "data:", "about:"))]
    checks.that(not fetched, f"{name}: asks for {fetched}")
    logged = browser.log("browser")
    checks.that(not logged, f"{name}: logs {logged}")
    return interactive, seconds


CLASSES = ["None", "Reload", "Restart", "Drain", "Reboot", "Destructive"]
LETTERS = ["n", "L", "S", "D", "R", "X!"]


def host_cell(nodes, wave):
    """Letter of a rack's host column and whether it is framed, by what the JSON says of its nodes."""
    stay = [node for node in nodes if node["what"] != "Removed"]
    to_come = [node for node in stay if not 0 < node.get("wave", 0) < wave]
    if not stay:
        return "–", False
    if not to_come:
        return "✓", False
    gravest = max(CLASSES.index(node["class"]) for node in to_come)
    return LETTERS[gravest], wave > 0 and any(node.get("wave") == wave for node in to_come)


def mixed(browser, checks, program, folder):
    """Nodes of many classes in one rack, with one that is let go and one that waits, and racks that are let go: each wave is as
    the JSON says."""
    old, new = (ROOT / "crates/cli/tests/changes" / name for name in ("old.yaml", "new.yaml"))
    fewer = folder / "fewer.yaml"
    documents = old.read_text().split("---\n")
    fewer.write_text("---\n".join(document for document in documents if "\nkind: GPUPool\n" not in document))
    kinds = {node["what"] + node["class"] for node in as_told(browser, checks, (program, old, new), folder)}
    checks.that(len(kinds) > 3, f"mixed: {kinds} are many")
    kinds = {node["what"] for node in as_told(browser, checks, (program, old, fewer), folder)}
    checks.that(kinds == {"Removed"}, f"mixed: all are let go, not {kinds}")


def as_told(browser, checks, command, folder):
    """Looks at the page of a diff, and returns the nodes of its JSON."""
    page, told = folder / "mixed.html", folder / "mixed.json"
    program, *sides = command
    subprocess.run([program, "diff", *sides, "--exit-zero", "-o", f"html={page}", "-o", f"json={told}"], check=True, stderr=subprocess.DEVNULL)
    diff = json.loads(told.read_text())
    racks = {}
    for node in diff["nodes"]:
        racks.setdefault(node["rack"], []).append(node)
    checks.that(not diff["reach"]["rails"], f"mixed: all is told in the host column, not on {diff['reach']['rails']}")
    browser.size(*SIZES["desk"])
    browser.open(page.as_uri())
    # The colour of each class, and what the cells show.
    colours = browser.script("""
        return arguments[0].map((name) => {
            const made = document.body.appendChild(document.createElement("span"));
            made.className = `mark ${name}`;
            const colour = getComputedStyle(made).backgroundColor;
            made.remove();
            return colour;
        });""", CLASSES)
    told_apart = len(set(colours)) == len(CLASSES) and "rgba(0, 0, 0, 0)" not in colours
    checks.that(told_apart, f"mixed: each class has a colour of its own, not {colours}")
    for wave in range(diff["reach"]["waves"] + 2):
        set_input(browser, "wave", wave)
        shown = browser.script("""
            return [...document.querySelectorAll(".row")].map((row) => [row.children[0].textContent, row.children[2].textContent,
                row.children[2].classList.contains("now"), getComputedStyle(row.children[2]).backgroundColor]);""")
        expected = [[rack, *host_cell(racks[rack], wave)] for rack in sorted(racks)]
        checks.that([row[:3] for row in shown] == expected, f"mixed: wave {wave} is {expected}, not {shown}")
        for _, letter, _, colour in shown:
            checks.that(letter not in LETTERS or colour == colours[LETTERS.index(letter)], f"mixed: {letter} is {colour}")
    set_input(browser, "wave", 0)
    words = {"Added": "added", "Changed": "changed", "Removed": "let go"}
    for node in diff["nodes"]:
        set_input(browser, "search", node["name"])
        line = browser.script("return document.getElementById('nodes').textContent;")
        mark = "–" if node["what"] == "Removed" else LETTERS[CLASSES.index(node["class"])]
        when = f", wave {node['wave']}" if "wave" in node else f", waits {node['waits']}" if "waits" in node else ""
        begins = f"{mark} {node['name']} in {node['rack']}, pool {node['pool']}: {words[node['what']]}, {node['class']}{when}"
        checks.that(line.startswith(begins), f"mixed: {begins!r} begins {line!r}")
    # Nobody can unfold paper.
    folded = "return document.querySelectorAll('details:not([open])').length;"
    before = browser.script(folded)
    on_paper = browser.script(f"dispatchEvent(new Event('beforeprint')); {folded}")
    after = browser.script(f"dispatchEvent(new Event('afterprint')); {folded}")
    checks.that(before > 0 and (on_paper, after) == (0, before), f"mixed: {before} lists are folded, {on_paper} on paper, {after} afterwards")
    checks.that(not browser.log("browser"), "mixed: logs")
    return diff["nodes"]


def hostile(browser, checks, program, folder):
    """A name of a folder and a value that would be script, if anything of the input were read as HTML."""
    place = folder / "<img src=x onerror=alert(1)>&<script>alert(1)<"
    place.mkdir()
    (place / "site.yaml").write_text(site(2, "580.95.05", "</script><script>alert(1)"))
    (folder / "plain.yaml").write_text(site(2, "580.95.05", "1"))
    page = folder / "hostile.html"
    subprocess.run([program, "diff", folder / "plain.yaml", place, "--exit-zero", "-o", f"html={page}"], check=True, stderr=subprocess.DEVNULL)
    browser.log("browser")
    browser.open(page.as_uri())
    browser.script("document.querySelector('.row').click();")
    found = browser.script("return [document.querySelectorAll('img').length, document.scripts.length, document.documentElement.dataset.ready];")
    checks.that(found == [0, 2, "yes"], f"hostile: {found}")
    listed = browser.script("return document.getElementById('nodes').textContent;")
    checks.that("</script><script>alert(1)" in listed, f"hostile: the value is told as it is, not {listed[:200]!r}")
    checks.that(not browser.log("browser"), "hostile: logs")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    kept = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
    checks = Checks()
    browser = Browser()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for racks in (4, 5556):
            (folder / "a.yaml").write_text(site(racks, "580.95.05", "1"))
            (folder / "b.yaml").write_text(site(racks, "580.105.08", "10", more="mtu"))
            page = folder / f"nodes-{racks * NODES_OF_RACK}.html"
            told = folder / "diff.json"
            comment = folder / "comment.md"
            forms = [f"html={page}", f"json={told}", f"markdown={comment}"]
            command = [program, "diff", "a.yaml", "b.yaml", "--exit-zero", *(part for form in forms for part in ("-o", form))]
            subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
            size = page.stat().st_size
            checks.that(size < BYTES, f"{page.stem}: {size} bytes")
            written = comment.read_text()
            checks.that(len(written) < 65_536, f"{page.stem}: a comment of {len(written)} characters")
            listed, cut = written.count(": Changed, Drain, rack"), re.findall(r"and (\d+) more; `--output json` has them all", written)
            checks.that(listed + sum(map(int, cut[-1:])) == racks * NODES_OF_RACK, f"{page.stem}: {listed} nodes and {cut} more in the comment")
            waves = json.loads(told.read_text())["reach"]["waves"]
            interactive, search = look(browser, checks, page, racks * NODES_OF_RACK, waves, kept)
            print(f"{page.stem}: {size / 1e6:.1f} MB (aim {BYTES / 1e6:.0f}), {waves} waves, interactive after {interactive:.2f} s "
                  f"(aim {SECONDS:.0f}), a search takes {search:.2f} s, a comment of {len(written)} characters")
        mixed(browser, checks, program, folder)
        hostile(browser, checks, program, folder)
    browser.close()
    print(f"{checks.made} checks, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


main()
