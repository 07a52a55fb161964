//! A request to objects, understood, and the answer to it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::error::{ApiError, Cause, ErrorBody, Result};
use crate::kind::Kind;
use crate::object::{Form, Stored};
use crate::request::{Query, Verb};
use crate::store::Key;

/// A request to objects.
pub(crate) struct Call {
    pub(crate) verb: Verb,
    pub(crate) kind: Arc<Kind>,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
    pub(crate) query: Query,
    pub(crate) form: Form,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    pub(crate) fn is_status(&self) -> bool {
        self.subresource == "status"
    }

    /// The field manager: as asked, or the first part of the user agent.
    pub(crate) fn manager(&self) -> String {
        let asked = self.query.text("fieldManager");
        if !asked.is_empty() {
            return asked.to_owned();
        }
        let agent = self.user_agent.split('/').next().unwrap_or_default();
        if agent.is_empty() {
            "unknown".to_owned()
        } else {
            agent.chars().take(128).collect()
        }
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        self.query.text("dryRun") == "All"
    }

    /// Refuses values that `CreateOptions`, `UpdateOptions` and `PatchOptions` do not know.
    pub(crate) fn check_write_options(&self) -> Result<()> {
        let options = match self.verb {
            Verb::Create => "CreateOptions",
            Verb::Update => "UpdateOptions",
            Verb::Patch | Verb::Apply => "PatchOptions",
            _ => "DeleteOptions",
        };
        let mut causes = Vec::new();
        let dry_run = self.query.text("dryRun");
        if !matches!(dry_run, "" | "All") {
            let message = format!("Unsupported value: [{dry_run:?}]: supported values: \"All\"");
            causes.push(Cause::field("dryRun", message));
        }
        let validation = self.query.text("fieldValidation");
        if !matches!(validation, "" | "Ignore" | "Strict" | "Warn") {
            let message = format!(
                "Unsupported value: {validation:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
            );
            causes.push(Cause::field("fieldValidation", message));
        }
        if self.verb == Verb::Apply && self.query.text("fieldManager").is_empty() {
            causes.push(Cause::field(
                "fieldManager",
                "Required value: is required for apply patch",
            ));
        }
        if self.verb == Verb::Patch && !self.query.text("force").is_empty() {
            causes.push(Cause::field(
                "force",
                "Forbidden: may not be specified for non-apply patch",
            ));
        }
        if causes.is_empty() {
            Ok(())
        } else {
            Err(ApiError::invalid_options(options, &causes))
        }
    }
}

/// An answer that is complete.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) warnings: Vec<String>,
    pub(crate) retry_after: Option<u32>,
}

impl Reply {
    pub(crate) fn json(code: u16, json: &Value) -> Self {
        Self::bytes(code, serde_json::to_vec(json).unwrap_or_default())
    }

    pub(crate) fn bytes(code: u16, body: Vec<u8>) -> Self {
        Self {
            code,
            content_type: "application/json",
            body,
            warnings: Vec::new(),
            retry_after: None,
        }
    }

    /// A stored object in the form that the call asked for.
    pub(crate) fn stored(call: &Call, code: u16, stored: &Stored) -> Self {
        let mut body = Vec::new();
        stored.render(&call.kind, call.form, stored.rv, &mut body);
        Self::bytes(code, body)
    }

    /// An object that is not stored: the outcome of a dry run.
    pub(crate) fn object(call: &Call, code: u16, object: &Value) -> Self {
        match call.form {
            Form::Full => Self::json(code, object),
            Form::Metadata => Self::json(
                code,
                &serde_json::json!({
                    "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object.get("metadata"),
                }),
            ),
        }
    }

    pub(crate) fn error(error: &ApiError) -> Self {
        let reply = match error.body {
            ErrorBody::Page => Self {
                content_type: "text/plain; charset=utf-8",
                ..Self::bytes(error.code, b"404 page not found\n".to_vec())
            },
            ErrorBody::Status { .. } => Self::json(error.code, &error.to_json()),
        };
        Self {
            retry_after: error.retry_after,
            ..reply
        }
    }
}
