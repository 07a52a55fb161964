//! Schemas beyond the recorded answers of a server: what changes and what does not, defaults, findings, refusals.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use rackwright_manifest::render::{Colour, json, text};
use rackwright_manifest::schema::{Schema, SchemaError, Schemas, Violation, ViolationKind, to_diagnostic};
use rackwright_manifest::{Limits, Path, Sources, read};
use serde_json::{Value, json as value};
use std::sync::LazyLock;

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    let mut sources = Sources::new();
    let crd = include_bytes!("server/crd.yaml").to_vec();
    let read = read(&mut sources, "crd.yaml", crd, &Limits::default());
    Schemas::from_crds(read.documents.into_iter().map(|document| document.value))
        .expect("the schema compiles")
});

fn schema() -> &'static Schema {
    SCHEMAS.get("probe.dev/v1", "Probe").expect("the kind")
}

fn probe(spec: &Value) -> Value {
    value!({"apiVersion": "probe.dev/v1", "kind": "Probe", "metadata": {"name": "a"}, "spec": spec})
}

fn shown(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(Violation::display).collect()
}

/// An object that was stored under a laxer schema: kube-apiserver 1.36.3 gave these answers to changes of it.
#[test]
fn what_did_not_change_is_not_objected_to() {
    let old = value!({
        "name": "NO", "counts": [3], "flag": 1, "set": ["a", "a"], "list": ["", ""], "mode": "bad",
        "one": [{"name": "x", "size": 1, "tags": {"k": "toolong"}}, {"name": "y", "size": 5}],
        "networks": ["10.0.0.0/28"], "labels": {"b": "1"}, "half": 2, "nested": {"deep": {}}
    });
    let cases: &[(Value, &[&str])] = &[
        (value!({}), &[]),
        (value!({"label": "x"}), &[]),
        (
            value!({"counts": [3, 5]}),
            &[
                "spec.counts[0]: Invalid value: 3: failed rule: self in [1, 2, 4, 8]",
                "spec.counts[1]: Invalid value: 5: failed rule: self in [1, 2, 4, 8]",
            ],
        ),
        (value!({"set": ["a", "a", "b"]}), &[]),
        (
            value!({"one": [{"name": "y", "size": 5}, {"name": "x", "size": 1, "tags": {"k": "toolong"}}]}),
            &[],
        ),
        (
            value!({"one": [{"name": "x", "size": 2, "tags": {"k": "toolong"}}]}),
            &["spec.one[0]: Forbidden: size is immutable"],
        ),
        (
            value!({"list": ["", "", "x"]}),
            &[
                "spec.list[0]: Invalid value: \"\": spec.list[0] in body should be at least 1 chars long",
                "spec.list[1]: Invalid value: \"\": spec.list[1] in body should be at least 1 chars long",
            ],
        ),
        (
            value!({"labels": {"b": "1", "c": "2"}}),
            &["spec.labels: Invalid value: keys begin with a"],
        ),
        (value!({"nested": {"deep": {}, "railPrefixes": 1}}), &[]),
        (
            value!({"mode": "worse"}),
            &["spec.mode: Unsupported value: \"worse\": supported values: \"Open\", \"Proprietary\""],
        ),
        (
            value!({"networks": ["10.0.0.0/28", "10.0.0.0/8"]}),
            &["spec.networks: Invalid value: prefixes are /24 or wider"],
        ),
        (
            value!({"low": 50, "high": 10}),
            &["spec.low: Invalid value: low is at most high"],
        ),
    ];
    for (change, wanted) in cases {
        let mut new = old.clone();
        for (key, value) in change.as_object().expect("a map") {
            new[key] = value.clone();
        }
        let violations = schema().validate_update(&probe(&new), &probe(&old));
        assert_eq!(shown(&violations), *wanted, "{change}");
    }
    // Created today, the same object is refused for all of it.
    assert!(schema().validate(&probe(&old)).len() >= 7);
}

#[test]
fn names_do_not_change() {
    let old = probe(&value!({"name": "ok"}));
    let mut new = old.clone();
    new["metadata"]["name"] = value!("b");
    assert_eq!(
        shown(&schema().validate_update(&new, &old)),
        ["metadata.name: Invalid value: \"b\": field is immutable"]
    );
}

#[test]
fn kind_and_version_must_be_those_of_the_schema() {
    let mut object = probe(&value!({}));
    object["apiVersion"] = value!("probe.dev/v2");
    assert_eq!(
        shown(&schema().validate(&object)),
        ["apiVersion: Invalid value: \"probe.dev/v2\": must be probe.dev/v1"]
    );
}

#[test]
fn annotations_have_a_limit() {
    let mut object = probe(&value!({"name": "ok"}));
    object["metadata"]["annotations"] = value!({"a": "x".repeat((256 << 10) - 1)});
    assert_eq!(shown(&schema().validate(&object)), [""; 0]);
    object["metadata"]["annotations"]["a"] = value!("x".repeat(256 << 10));
    assert_eq!(
        shown(&schema().validate(&object)),
        ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    );
}

#[test]
fn defaults_fill_and_nulls_go() {
    let mut object = probe(&value!({
        "name": null, "filled": null, "maybe": null, "one": [{"name": "a"}, {"name": "b", "size": null}],
        "labels": {"a": null, "b": "x"}, "list": [null]
    }));
    schema().apply_defaults(&mut object);
    assert_eq!(
        object["spec"],
        value!({
            "filled": "full", "maybe": null, "one": [{"name": "a", "size": 1}, {"name": "b", "size": 1}],
            "labels": {"b": "x"}, "list": [null]
        })
    );
}

#[test]
fn pruning_removes_what_the_schema_does_not_have() {
    let mut object = probe(&value!({
        "name": "ok", "x": 1, "one": [{"name": "a", "y": 2}], "free": {"z": {"deep": 1}}, "any": [{"w": 1}],
        "labels": {"anything": "x"}, "nested": {"deep": {"x": 1, "v": 2}}
    }));
    object["extra"] = value!(true);
    object["metadata"]["labels"] = value!({"kept": "yes"});
    let removed: Vec<String> = schema().prune(&mut object).iter().map(Path::to_string).collect();
    assert_eq!(
        removed,
        ["extra", "spec.nested.deep.v", "spec.one[0].y", "spec.x"]
    );
    assert_eq!(schema().prune(&mut object), []);
    assert_eq!(object["spec"]["free"], value!({"z": {"deep": 1}}));
    assert_eq!(object["metadata"]["labels"], value!({"kept": "yes"}));
}

#[test]
fn a_missing_status_subresource_is_judged_with_the_object() {
    let crd = definition(&value!({
        "type": "object",
        "properties": {"status": {"type": "object", "properties": {"phase": {"type": "string", "enum": ["A"]}}}}
    }));
    let schemas = Schemas::from_crds([crd]).expect("compiles");
    let schema = schemas.get("test.dev/v1", "Thing").expect("the kind");
    let object = value!({
        "apiVersion": "test.dev/v1", "kind": "Thing", "metadata": {"name": "a"}, "status": {"phase": "B"}
    });
    assert!(!schema.has_status_subresource());
    assert_eq!(
        shown(&schema.validate(&object)),
        ["status.phase: Unsupported value: \"B\": supported values: \"A\""]
    );
}

const MANIFEST: &str = "\
apiVersion: probe.dev/v1
kind: Probe
metadata:
  name: a
spec:
  name: ok
  mode: open # with a small letter
  nested:
    railPrefix: 24
    deep: {}
  counts:
  - 1
  - 3
  labels:
    example.com/x: toolong
";

#[test]
fn findings_point_at_the_text_and_offer_what_was_meant() {
    let mut sources = Sources::new();
    let read = read(
        &mut sources,
        "probe.yaml",
        MANIFEST.as_bytes().to_vec(),
        &Limits::default(),
    );
    let document = &read.documents[0];
    let violations = schema().validate(&document.value);
    let findings: Vec<_> = violations
        .iter()
        .map(|violation| to_diagnostic(violation, document, &sources))
        .collect();
    let rendered: Vec<String> = findings
        .iter()
        .map(|finding| text(finding, &sources, Colour::Never))
        .collect();
    insta::assert_snapshot!("findings_as_text", rendered.join("\n"));
    let coloured = text(&findings[0], &sources, Colour::Always);
    assert!(coloured.contains("\u{1b}["));
    insta::assert_snapshot!(
        "finding_as_json",
        serde_json::to_string_pretty(&json(&findings[..1], &sources)).expect("serialises")
    );
}

fn definition(schema: &Value) -> Value {
    value!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.test.dev"},
        "spec": {
            "group": "test.dev", "scope": "Cluster", "names": {"kind": "Thing", "plural": "things"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]
        }
    })
}

/// The error over a schema of one field.
fn refusal(field: &Value) -> String {
    let crd = definition(&value!({"type": "object", "properties": {"f": field}}));
    match Schemas::from_crds([crd]) {
        Err(error @ SchemaError::Schema { .. }) => error.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_judged_is_refused_when_the_schema_is_compiled() {
    let rule = |rule: &str| value!({"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": [{"rule": rule}]});
    let cases = [
        (value!({"type": "strnig"}), "`strnig` is not a type"),
        (value!({"type": "string", "pattern": "("}), "pattern `(`"),
        (
            value!({"type": "string", "format": "email"}),
            "cannot be checked offline",
        ),
        (
            value!({"type": "object", "additionalProperties": false}),
            "is forbidden",
        ),
        (
            value!({"type": "object", "x-kubernetes-embedded-resource": true}),
            "is not supported",
        ),
        (value!({"$ref": "#/definitions/x"}), "is not supported"),
        (
            value!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}),
            "list-map-keys",
        ),
        (
            value!({"type": "string", "maxLength": -1}),
            "must be a whole number",
        ),
        (value!({"type": "integer", "multipleOf": 0}), "must be positive"),
        (rule("self.size() >"), "is not CEL"),
        (rule("self.sizee() > 1"), "calls `sizee`"),
        (rule("self.all(i, c, c != '')"), "cannot be evaluated offline"),
        (
            rule("self.transformList(i, c, c).size() > 0"),
            "cannot be evaluated offline",
        ),
        (
            rule("cel.bind(x, self, x.size() > 0)"),
            "cannot be evaluated offline",
        ),
        (
            value!({"type": "string", "x-kubernetes-validations": [{"rule": "true", "optionalOldSelf": true}]}),
            "optionalOldSelf",
        ),
        (
            value!({"type": "string", "x-kubernetes-validations": [{"rule": "true", "messageExpression": "'"}]}),
            "is not CEL",
        ),
        (
            value!({"type": "string", "x-kubernetes-validations": [{"rule": "true", "reason": "Whim"}]}),
            "is not a reason",
        ),
    ];
    for (field, part) in cases {
        let error = refusal(&field);
        assert!(
            error.contains(part) && error.contains("properties.f"),
            "{field}: {error}"
        );
    }
    let mut deep = value!({"type": "string"});
    for _ in 0..70 {
        deep = value!({"type": "object", "properties": {"f": deep}});
    }
    assert!(refusal(&deep).contains("nested"), "{}", refusal(&deep));
    assert!(matches!(
        Schemas::from_crds([value!({"kind": "ConfigMap"})]),
        Err(SchemaError::NotACrd(_))
    ));
}

#[test]
fn a_rule_that_fails_to_run_is_an_objection() {
    let crd = definition(&value!({
        "type": "object",
        "properties": {"f": {"type": "string", "x-kubernetes-validations": [{"rule": "int(self) > 0"}, {"rule": "self"}]}}
    }));
    let schemas = Schemas::from_crds([crd]).expect("compiles");
    let object = value!({"apiVersion": "test.dev/v1", "kind": "Thing", "metadata": {"name": "a"}, "f": "x"});
    let violations = schemas
        .get("test.dev/v1", "Thing")
        .expect("the kind")
        .validate(&object);
    assert_eq!(violations.len(), 2);
    assert!(
        violations
            .iter()
            .all(|violation| violation.kind == ViolationKind::Cel),
        "{violations:?}"
    );
}

/// What is compiled late refuses where it cannot be compiled, and says nothing where it is not met.
#[test]
fn a_wrong_part_of_a_known_definition_refuses_what_meets_it() {
    let crd = definition(&value!({
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "pattern": "("},
            "rule": {"type": "string", "x-kubernetes-validations": [{"rule": "self.sizee() > 1"}]},
            "message": {"type": "string", "x-kubernetes-validations": [{"rule": "true", "messageExpression": "'"}]},
            "fine": {"type": "string", "pattern": "^a", "x-kubernetes-validations": [{"rule": "self == 'a'"}]},
        }
    }));
    let schemas = Schemas::from_known_crd(&crd).expect("nothing is compiled yet");
    let judge = |field: &str, text: &str| -> Vec<String> {
        let mut object = value!({"apiVersion": "test.dev/v1", "kind": "Thing", "metadata": {"name": "a"}});
        object[field] = text.into();
        let violations = schemas
            .get("test.dev/v1", "Thing")
            .expect("the kind")
            .validate(&object);
        violations.iter().map(Violation::display).collect()
    };
    for field in ["pattern", "rule", "message"] {
        let found = judge(field, "a");
        assert!(
            matches!(&found[..], [one] if one.contains(field)),
            "{field}: {found:?}"
        );
    }
    assert_eq!(judge("fine", "a"), Vec::<String>::new());
    assert_eq!(judge("fine", "b").len(), 2);
}

#[test]
fn the_projects_own_definitions_compile() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds");
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(folder).expect("crds/") {
        let path = entry.expect("an entry").path();
        let mut sources = Sources::new();
        let bytes = std::fs::read(&path).expect("readable");
        let read = read(
            &mut sources,
            &path.display().to_string(),
            bytes,
            &Limits::default(),
        );
        assert_eq!(read.diagnostics, [], "{}", path.display());
        let schemas = Schemas::from_crds(read.documents.into_iter().map(|document| document.value));
        let schemas = schemas.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        kinds.extend(schemas.kinds().map(|(_, kind)| kind.to_owned()));
    }
    assert!(
        kinds.contains(&"GPUPool".to_owned()) && kinds.contains(&"NodeConfig".to_owned()),
        "{kinds:?}"
    );
}

#[test]
fn schemas_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&*SCHEMAS);
    let object = probe(&value!({"name": "ok", "counts": [3]}));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(schema().validate(&object).len(), 1));
        }
    });
}

/// JSON with the field names of the schema, so that it is looked into.
fn any_spec() -> impl Strategy<Value = Value> {
    let key = proptest::sample::select(vec![
        "name", "one", "two", "labels", "tags", "nested", "deep", "exactly", "window", "from", "to", "free",
        "any", "x", "counts", "networks", "at", "port", "maybe", "half", "metadata",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9T:.Zhm/-]{0,25}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_makes_it_panic(new in any_spec(), old in any_spec(), bare in any_spec()) {
        let (new, old) = (probe(&new), probe(&old));
        let _ = schema().validate(&new);
        let _ = schema().validate_update(&new, &old);
        let _ = schema().validate_status(&new, &old);
        let _ = schema().validate(&bare);
        let mut status = old.clone();
        status["status"] = new["spec"].clone();
        let _ = schema().validate_status(&status, &old);
    }

    #[test]
    fn nothing_unknown_is_left_and_defaults_settle(spec in any_spec()) {
        let mut object = probe(&spec);
        let removed = schema().prune(&mut object).len();
        let unknown = |object: &Value| {
            let violations = schema().validate(object);
            violations.iter().filter(|violation| violation.kind == ViolationKind::UnknownField).count()
        };
        prop_assert_eq!(unknown(&probe(&spec)), removed);
        prop_assert_eq!(unknown(&object), 0);
        schema().apply_defaults(&mut object);
        let once = object.clone();
        schema().apply_defaults(&mut object);
        prop_assert_eq!(once, object);
    }
}
