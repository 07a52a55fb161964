"use strict";
// The grid of racks and rails, its slider and its search. All that it shows comes from the element `data`; nothing is fetched.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const CLASSES = ["None", "Reload", "Restart", "Drain", "Reboot", "Destructive"];
  const LETTERS = ["n", "L", "S", "D", "R", "X!"];
  const BECOMES = ["added", "changed", "let go"];
  // Fields of a node, in the order in which the page was written.
  const NAME = 0, RACK = 1, BECOME = 2, CLASS = 3, WAVE = 4, POOL = 5, PATTERN = 6, CAUSES = 7;
  const GONE = 2;
  const HEIGHT = 28;
  const LISTED = 200;
  const PRINTED = 2000;
  const byId = (id) => document.getElementById(id);
  const [grid, rows, slider, search, told, list] = ["grid", "rows", "wave", "search", "told", "nodes"].map(byId);
  grid.style.setProperty("--columns", 1 + data.rails.length);

  const ofRack = data.racks.map(() => []);
  data.nodes.forEach((node) => ofRack[node[RACK]].push(node));
  const haystack = data.nodes.map((node) =>
    `${node[NAME]} ${data.racks[node[RACK]]} ${data.pools[node[POOL]]} ${CLASSES[node[CLASS]]} ${BECOMES[node[BECOME]]}`.toLowerCase());
  let shown = data.racks.map((_, at) => at);
  let wave = 0;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const isDone = (node) => wave > 0 && node[WAVE] > 0 && node[WAVE] < wave;
  const isNow = (node) => wave > 0 && node[WAVE] === wave;

  // The gravest class of a column over the nodes of a rack that are not done.
  const cell = (rack, column) => {
    let gravest = -1, touched = false, now = false, gone = false;
    for (const node of ofRack[rack]) {
      const level = data.patterns[node[PATTERN]].charCodeAt(column) - 48;
      gone ||= column === 0 && node[BECOME] === GONE;
      if (level < 0 || level > 5 || node[BECOME] === GONE) continue;
      touched = true;
      if (isDone(node)) continue;
      now ||= isNow(node);
      gravest = Math.max(gravest, level);
    }
    if (!touched) return gone ? element("span", "mark Gone", "–") : element("span", "", "");
    if (gravest < 0) return element("span", "mark Done", "✓");
    return element("span", `mark ${CLASSES[gravest]}${now ? " now" : ""}`, LETTERS[gravest]);
  };

  const row = (at) => {
    const rack = shown[at];
    const made = element("button", "row", "");
    made.type = "button";
    made.style.top = `${at * HEIGHT}px`;
    made.append(element("span", "name", data.racks[rack] || "(no rack)"), element("span", "number", ofRack[rack].length));
    for (let column = 0; column <= data.rails.length; column++) made.append(cell(rack, column));
    made.addEventListener("click", () => open(ofRack[rack], data.racks[rack] || "(no rack)"));
    return made;
  };

  // Only the rows in sight are elements: a site has tens of thousands of racks.
  const draw = (from, to) => {
    const some = document.createDocumentFragment();
    for (let at = Math.max(from, 0); at < Math.min(to, shown.length); at++) some.append(row(at));
    rows.style.height = `${shown.length * HEIGHT}px`;
    rows.replaceChildren(some);
  };
  const drawSight = () => {
    const first = Math.floor(grid.scrollTop / HEIGHT);
    draw(first - 5, first + Math.ceil(grid.clientHeight / HEIGHT) + 5);
  };

  const describe = (node) => {
    const item = element("li", "", "");
    const gone = node[BECOME] === GONE;
    item.append(element("span", `mark ${gone ? "Gone" : CLASSES[node[CLASS]]}`, gone ? "–" : LETTERS[node[CLASS]]));
    const when = node[WAVE] > 0 ? `, wave ${node[WAVE]}` : gone ? "" : node[WAVE] < 0 ? `, waits ${data.waits[-node[WAVE] - 1]}` : "";
    const place = data.racks[node[RACK]] ? ` in ${data.racks[node[RACK]]}` : "";
    item.append(` ${node[NAME]}${place}, pool ${data.pools[node[POOL]]}: ${BECOMES[node[BECOME]]}, ${CLASSES[node[CLASS]]}${when}`);
    for (const cause of data.sets[node[CAUSES]]) item.append(document.createElement("br"), `  ${data.causes[cause]}`);
    return item;
  };
  const open = (nodes, title) => {
    list.replaceChildren(...nodes.slice(0, LISTED).map(describe));
    if (nodes.length > LISTED) list.append(element("li", "", `… and ${nodes.length - LISTED} more`));
    byId("listed").textContent = `${title}: ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`;
  };

  const tell = () => {
    let done = 0, now = 0, down = 0;
    for (const node of data.nodes) {
      if (isDone(node)) done++;
      if (isNow(node)) { now++; if (node[CLASS] >= 2) down++; }
    }
    const last = data.waves.length;
    told.textContent = wave === 0
      ? `before the first of ${last} waves`
      : wave > last
      ? `after the last of ${last} waves: ${done} done`
      : `wave ${wave} of ${last} (${data.steps[data.waves[wave - 1]]}): ${now} at work, ${down} of them down; ${done} done`;
  };
  slider.max = data.waves.length + 1;
  slider.addEventListener("input", () => {
    wave = Number(slider.value);
    tell();
    drawSight();
  });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    const found = data.nodes.filter((_, at) => haystack[at].includes(wanted));
    const racks = new Set(found.map((node) => node[RACK]));
    shown = data.racks.map((_, at) => at).filter((at) => !wanted || racks.has(at));
    grid.scrollTop = 0;
    if (wanted) open(found, `“${search.value.trim()}”`);
    else { list.replaceChildren(); byId("listed").textContent = ""; }
    drawSight();
  });
  grid.addEventListener("scroll", () => requestAnimationFrame(drawSight), { passive: true });
  addEventListener("resize", drawSight);

  // Paper has no scroll bar.
  const folded = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded();
    opened.forEach((details) => { details.open = true; });
    draw(0, PRINTED);
    const cut = shown.length - PRINTED;
    if (cut > 0) rows.append(element("p", "", `… and ${cut} more racks`));
  });
  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    drawSight();
  });

  const head = element("div", "head", "");
  head.append(element("span", "name", "rack"), element("span", "number", "nodes"), element("span", "", "host"));
  data.rails.forEach((rail) => head.append(element("span", "", rail)));
  grid.prepend(head);
  tell();
  drawSight();
  document.documentElement.dataset.ready = "yes";
})();
