"""Readers of others for what `rackwright` reports: jsonschema for SARIF and other JSON, junitparser for JUnit XML.

Reads `{"schema": PATH, "documents": [PATH…], "junit": [PATH…]}` and answers `{"documents": [[MISTAKE…]…], "junit": [CASES…]}`,
where the cases of a report are lists of suite, name, result, its type and its message.
"""

import json
import sys

import jsonschema
from junitparser import JUnitXml

request = json.load(sys.stdin)
with open(request["schema"]) as file:
    schema = json.load(file)
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
judge = kind(schema, format_checker=kind.FORMAT_CHECKER)


def mistakes(path):
    with open(path) as file:
        log = json.load(file)
    return [f"{error.json_path}: {error.message}" for error in judge.iter_errors(log)]


def cases(path):
    found = []
    for suite in JUnitXml.fromfile(path):
        for case in suite:
            if case.result:
                found += [[suite.name, case.name, type(result).__name__, result.type, result.message] for result in case.result]
            else:
                found.append([suite.name, case.name, "Success", None, None])
    return found


json.dump(
    {
        "documents": [mistakes(path) for path in request["documents"]],
        "junit": [cases(path) for path in request["junit"]],
    },
    sys.stdout,
)
