"""Renders the NodeConfigs of a fleet: render.py FLEET.json > nodeconfigs.yaml."""

import json
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

with open(sys.argv[1], encoding="utf-8") as file:
    fleet = json.load(file)
environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
pool_of = {rack: name for name, pool in fleet["pools"].items() for rack in pool["racks"]}
template = environment.get_template("nodeconfigs.yaml.j2")
sys.stdout.write(template.render(pool_of=pool_of, **fleet))
