//! Refusals, in the shape of the server's `Status`.

use serde_json::{Map, Value, json};

use crate::kind::Kind;

/// One entry of `details.causes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl Cause {
    /// A field error; its reason follows from how its message begins, as in apimachinery's `field.Error`.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let reason = match message.split(':').next().unwrap_or_default() {
            "Required value" => "FieldValueRequired",
            "Unsupported value" => "FieldValueNotSupported",
            "Duplicate value" => "FieldValueDuplicate",
            "Forbidden" => "FieldValueForbidden",
            "Not found" => "FieldValueNotFound",
            "Too long" => "FieldValueTooLong",
            "Too many" => "FieldValueTooMany",
            "Internal error" => "InternalError",
            _ if message.contains(" in body must be of type ") => "FieldValueTypeInvalid",
            _ => "FieldValueInvalid",
        };
        Self {
            reason: reason.to_owned(),
            message,
            field: field.into(),
        }
    }
}

/// A request that the server refuses.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) body: ErrorBody,
    pub(crate) retry_after: Option<u32>,
}

/// What the response carries.
#[derive(Clone, Debug)]
pub(crate) enum ErrorBody {
    /// `404 page not found`, the answer of the HTTP mux to a path that it does not know.
    Page,
    /// A `Status`.
    Status {
        reason: &'static str,
        message: String,
        details: Option<Value>,
        /// For an expired continue token: one that goes on without the snapshot.
        continue_token: Option<String>,
    },
}

pub(crate) type Result<T> = std::result::Result<T, ApiError>;

fn status(code: u16, reason: &'static str, message: impl Into<String>, details: Option<Value>) -> ApiError {
    let body = ErrorBody::Status {
        reason,
        message: message.into(),
        details,
        continue_token: None,
    };
    ApiError {
        code,
        body,
        retry_after: None,
    }
}

fn resource_details(kind: &Kind, name: &str) -> Value {
    named_details(&kind.group, &kind.plural, name)
}

fn named_details(group: &str, kind: &str, name: &str) -> Value {
    let mut details = Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), value.into());
        }
    }
    Value::Object(details)
}

impl ApiError {
    pub(crate) fn page_not_found() -> Self {
        Self {
            code: 404,
            body: ErrorBody::Page,
            retry_after: None,
        }
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.table);
        status(404, "NotFound", message, Some(resource_details(kind, name)))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str, deleting: bool) -> Self {
        let head = if deleting { "object is being deleted: " } else { "" };
        let message = format!("{head}{} \"{name}\" already exists", kind.table);
        status(409, "AlreadyExists", message, Some(resource_details(kind, name)))
    }

    /// The optimistic lock failed.
    pub(crate) fn modified(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            kind.table
        );
        status(409, "Conflict", message, Some(resource_details(kind, name)))
    }

    /// A precondition of a delete failed. Custom resources are named by kind here, by plural everywhere else.
    pub(crate) fn precondition(kind: &Kind, name: &str, why: &str) -> Self {
        let (shown, detail) = if kind.custom {
            (kind.qualified_kind(), kind.kind.as_str())
        } else {
            (kind.table.to_string(), kind.plural.as_str())
        };
        let message = format!("Operation cannot be fulfilled on {shown} \"{name}\": {why}");
        status(
            409,
            "Conflict",
            message,
            Some(named_details(&kind.group, detail, name)),
        )
    }

    pub(crate) fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        status(
            409,
            "Conflict",
            message,
            Some(json!({ "causes": causes_json(causes) })),
        )
    }

    pub(crate) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_named(&kind.group, &kind.kind, &kind.qualified_kind(), name, causes)
    }

    /// An update without a resource version: the server names the plural here.
    pub(crate) fn invalid_update(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_named(&kind.group, &kind.plural, &kind.table, name, causes)
    }

    /// Options of the request, such as `ListOptions`.
    pub(crate) fn invalid_options(options: &str, causes: &[Cause]) -> Self {
        Self::invalid_named(
            "meta.k8s.io",
            options,
            &format!("{options}.meta.k8s.io"),
            "",
            causes,
        )
    }

    fn invalid_named(group: &str, kind: &str, shown: &str, name: &str, causes: &[Cause]) -> Self {
        // As apimachinery's aggregate: brackets around more than one, equal messages once.
        let mut lines: Vec<String> = Vec::new();
        for cause in causes {
            let line = format!("{}: {}", cause.field, cause.message);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let text = if lines.len() == 1 {
            lines.concat()
        } else {
            format!("[{}]", lines.join(", "))
        };
        let mut details = named_details(group, kind, name);
        details["causes"] = causes_json(causes);
        status(
            422,
            "Invalid",
            format!("{shown} \"{name}\" is invalid: {text}"),
            Some(details),
        )
    }

    /// A JSON patch that does not apply; the server says no more than this.
    pub(crate) fn patch_rejected() -> Self {
        status(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
            Some(json!({})),
        )
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        status(400, "BadRequest", message, None)
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.table);
        status(403, "Forbidden", message, Some(resource_details(kind, name)))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        status(405, "MethodNotAllowed", message, Some(json!({})))
    }

    /// A built-in resource that is not served under this path.
    pub(crate) fn no_such_resource() -> Self {
        status(
            404,
            "NotFound",
            "the server could not find the requested resource",
            Some(json!({})),
        )
    }

    /// A patch whose outcome has unknown fields; the server names neither kind nor object here.
    pub(crate) fn invalid_patch(outcome: &str, why: &str) -> Self {
        let cause = Cause::field("patch", format!("Invalid value: {outcome:?}: {why}"));
        Self::invalid_named("", "", "", "", &[cause])
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        status(406, "NotAcceptable", message, None)
    }

    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        status(415, "UnsupportedMediaType", message, None)
    }

    /// An error without a reason: what the server makes of an error that has no `Status` of its own.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        status(500, "", message, None)
    }

    pub(crate) fn too_large_resource_version(asked: u64, current: u64) -> Self {
        let details = json!({
            "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
            "retryAfterSeconds": 1
        });
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut error = status(504, "Timeout", message, Some(details));
        error.retry_after = Some(1);
        error
    }

    /// History older than the asked resource version is gone.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        status(410, "Expired", message, None)
    }

    pub(crate) fn expired_continue(token: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can \
                       start a new list without the continue parameter, or use the continue token in this response \
                       to retrieve the remainder of the results. Continuing with the provided token results in an \
                       inconsistent list - objects that were created, modified, or deleted between the time the \
                       first chunk was returned and now may show up in the list.";
        let mut error = Self::expired(message);
        if let ErrorBody::Status { continue_token, .. } = &mut error.body {
            *continue_token = Some(token);
        }
        error
    }

    /// A status that a test injects.
    pub(crate) fn injected(code: u16, retry_after: Option<u32>) -> Self {
        let (reason, message) = match code {
            403 => ("Forbidden", "injected: forbidden"),
            409 => ("Conflict", "injected: conflict"),
            410 => ("Expired", "injected: expired"),
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            500 => ("InternalError", "injected: internal error"),
            503 => (
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
            504 => (
                "Timeout",
                "the server was unable to return a response in the time allotted",
            ),
            _ => ("", "injected"),
        };
        let details = retry_after.map(|seconds| json!({ "retryAfterSeconds": seconds }));
        let mut error = status(code, reason, message, details);
        error.retry_after = retry_after;
        error
    }

    /// The `Status` object.
    pub(crate) fn to_json(&self) -> Value {
        let ErrorBody::Status {
            reason,
            message,
            details,
            continue_token,
        } = &self.body
        else {
            return Value::Null;
        };
        let metadata = match continue_token {
            Some(token) => json!({ "continue": token }),
            None => json!({}),
        };
        let mut json = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": message, "code": self.code,
        });
        if !reason.is_empty() {
            json["reason"] = (*reason).into();
        }
        if let Some(details) = details {
            json["details"] = details.clone();
        }
        json
    }
}

fn causes_json(causes: &[Cause]) -> Value {
    causes
        .iter()
        .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }))
        .collect()
}
