"""Readers of others for what `rackwright` reports: jsonschema for SARIF and other JSON, junitparser for JUnit XML, sarif-tools
for what a log says.

Reads `{"schema": PATH, "documents": [PATH…], "junit": [PATH…], "sarif": [PATH…]}` and answers
`{"documents": [[MISTAKE…]…], "junit": [CASES…], "sarif": [LOG…]}`. The cases of a report are lists of suite, name, result, its type
and its message; a log is how many results it has of each level, and for each of them what `said` says.
"""

import json
import sys
from urllib.parse import unquote, urlsplit

import jsonschema
from junitparser import JUnitXml
from sarif.loader import load_sarif_file
from sarif.sarif_file_utils import read_result_rule, read_result_severity

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


def said(run, result, record):
    """Level, rule, file and line; and what the rule says that the result points to by its number, and its level."""
    rule, _ = read_result_rule({"ruleIndex": result.get("ruleIndex")}, run.run_data)
    of_rule = read_result_severity({**result, "level": None}, run.run_data)
    file = unquote(urlsplit(record["Location"]).path)
    return [record["Severity"], record["Code"], file, record["Line"], rule["id"] if rule else None, of_rule]


def log(path):
    loaded = load_sarif_file(path)
    report = loaded.get_report()
    levels = {level: report.get_issue_count_for_severity(level) for level in report.get_severities()}
    results = [said(run, *pair) for run in loaded.runs for pair in zip(run.get_results(), run.get_records(), strict=True)]
    return {"tools": loaded.get_distinct_tool_names(), "levels": levels, "results": results}


json.dump(
    {
        "documents": [mistakes(path) for path in request["documents"]],
        "junit": [cases(path) for path in request["junit"]],
        "sarif": [log(path) for path in request["sarif"]],
    },
    sys.stdout,
)
