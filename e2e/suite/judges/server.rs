//! The server's answer to an object: its strict dry run, read as the fields that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use http::Request;
use kube::Client;
use rackwright_api::crds;
use rackwright_e2e::cluster::resource;

use super::corpus::{Form, Object};

/// What kind of mistake the server sees. Where it sees several, the first of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Syntax,
    Kind,
    DuplicateKey,
    UnknownField,
    Metadata,
    Type,
    Required,
    Enum,
    Bound,
    Pattern,
    DuplicateItem,
    Cel,
}

/// An answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// None where it accepts.
    pub class: Option<Class>,
    /// The fields that it names; empty also where it names none.
    pub fields: BTreeSet<String>,
    /// Its words.
    pub message: String,
}

/// Asks twice where strict decoding stops the server before it judges the rest.
pub async fn ask(client: &Client, object: &Object) -> Answer {
    let mut answer = once(client, object, "Strict").await;
    let strict = matches!(answer.class, Some(Class::UnknownField | Class::DuplicateKey));
    // Of a key that stands twice in YAML it names the line and no field: then the verdict is all there is to compare.
    if strict && !answer.fields.is_empty() {
        let rest = once(client, object, "Ignore").await;
        answer.fields.extend(rest.fields);
        answer.message = format!("{}; then {}", answer.message, rest.message);
    }
    answer
}

async fn once(client: &Client, object: &Object, validation: &str) -> Answer {
    let content = match object.form {
        Form::Json => "application/json",
        Form::Yaml => "application/yaml",
    };
    let url = format!("{}?dryRun=All&fieldValidation={validation}", url(&object.address));
    let request = Request::post(url).header("content-type", content);
    let Ok(request) = request.body(object.text.clone().into_bytes()) else {
        // A kind that is too long for an address.
        return Answer {
            class: Some(Class::Kind),
            ..Answer::default()
        };
    };
    match client.request_text(request).await {
        Ok(_) => Answer::default(),
        Err(kube::Error::Api(status)) => {
            let causes = status.details.iter().flat_map(|details| &details.causes);
            let causes: Vec<(&str, &str, &str)> = causes
                .map(|cause| {
                    (
                        cause.reason.as_str(),
                        cause.message.as_str(),
                        cause.field.as_str(),
                    )
                })
                .collect();
            read(&status.message, &causes)
        }
        Err(error) => panic!("{}: {error}", object.name),
    }
}

/// Where objects of a kind are created. A kind that is not ours has none, and is asked for all the same.
fn url((api_version, kind): &(String, String)) -> String {
    static PLURALS: LazyLock<BTreeMap<&str, String>> =
        LazyLock::new(|| crds::kinds().map(|kind| (kind, resource(kind).plural)).collect());
    let plural = PLURALS
        .get(kind.as_str())
        .cloned()
        .unwrap_or_else(|| kind.to_lowercase() + "s");
    let encode = |text: &str| -> String {
        form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let (root, version) = match api_version.split_once('/') {
        Some((group, version)) => ("apis", format!("{}/{}", encode(group), encode(version))),
        None => ("api", encode(api_version)),
    };
    format!("/{root}/{version}/{}", encode(&plural))
}

/// Reads a refusal. Causes are (reason, message, field).
fn read(message: &str, causes: &[(&str, &str, &str)]) -> Answer {
    let mut classes = BTreeSet::new();
    let mut fields = BTreeSet::new();
    // What is said of rules that did not run is no objection.
    let causes = causes
        .iter()
        .filter(|(_, message, _)| !message.contains("some validation rules were not checked"));
    for (reason, message, path) in causes {
        classes.insert(class_of(reason, message, path));
        fields.insert(field(path));
    }
    // The server names no field of a number that its format cannot hold; it names it beside.
    fields.remove("");
    if let Some((_, strict)) = message.split_once("strict decoding error: ") {
        for (words, class) in [
            ("unknown field \"", Class::UnknownField),
            ("duplicate field \"", Class::DuplicateKey),
        ] {
            for rest in strict.split(words).skip(1) {
                classes.insert(class);
                fields.insert(field(
                    rest.split("\", ").next().unwrap_or(rest).trim_end_matches('"'),
                ));
            }
        }
        if strict.contains("already set in map") {
            classes.insert(Class::DuplicateKey);
        }
    } else if let Some((_, rest)) = message.split_once("Go struct field ") {
        let name = rest.split(' ').next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        let of_type = ["apiVersion", "kind"].contains(&name);
        classes.insert(if of_type { Class::Kind } else { Class::Metadata });
        fields.insert(if of_type {
            name.to_owned()
        } else {
            field(&format!("metadata.{name}"))
        });
    }
    let class = classes
        .into_iter()
        .next()
        .unwrap_or(if message.contains("yaml: ") {
            Class::Syntax
        } else {
            Class::Kind
        });
    Answer {
        class: Some(class),
        fields,
        message: message.to_owned(),
    }
}

fn class_of(reason: &str, message: &str, path: &str) -> Class {
    if path.starts_with("metadata") {
        return Class::Metadata;
    }
    match reason {
        _ if ["apiVersion", "kind"].contains(&path) => Class::Kind,
        "FieldValueRequired" => Class::Required,
        "FieldValueTypeInvalid" => Class::Type,
        "FieldValueNotSupported" => Class::Enum,
        "FieldValueDuplicate" => Class::DuplicateItem,
        "FieldValueTooLong" | "FieldValueTooMany" => Class::Bound,
        _ if message.contains("in body must be of type") => Class::Type,
        _ if message.contains("in body should match") => Class::Pattern,
        _ if message.contains("in body should") => Class::Bound,
        _ => Class::Cel,
    }
}

/// One spelling of a field: `spec.racks[0].names` as `spec.racks.0.names`. The server spells keys of maps in two ways; and of
/// labels and annotations it names the map, not the entry.
pub fn field(path: &str) -> String {
    let spelt = path.replace(['[', ']', '"'], ".");
    let steps: Vec<&str> = spelt
        .split('.')
        .filter(|step| !step.is_empty() && *step != "<nil>")
        .collect();
    let kept = if steps.first() == Some(&"metadata") {
        steps.len().min(2)
    } else {
        steps.len()
    };
    steps[..kept].join(".")
}

#[test]
fn answers_are_read() {
    let strict = read(
        "GPUPool in version \"v1alpha1\" cannot be handled as a GPUPool: strict decoding error: unknown field \"spec.a\", duplicate field \"spec.b[0].c\"",
        &[],
    );
    assert_eq!(strict.class, Some(Class::DuplicateKey));
    assert_eq!(strict.fields, ["spec.a", "spec.b.0.c"].map(str::to_owned).into());
    let type_ = read(
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        &[],
    );
    assert_eq!(
        (type_.class, type_.fields),
        (Some(Class::Metadata), ["metadata.name".to_owned()].into())
    );
    let skipped =
        "Invalid value: null: some validation rules were not checked because the object was invalid";
    let causes = [
        ("FieldValueRequired", "Required value", "spec.a"),
        ("FieldValueInvalid", skipped, "<nil>"),
    ];
    let required = read("invalid", &causes);
    assert_eq!(
        (required.class, required.fields),
        (Some(Class::Required), ["spec.a".to_owned()].into())
    );
    assert_eq!(field("metadata.labels[a/b]"), "metadata.labels");
}
