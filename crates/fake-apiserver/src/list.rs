//! Get and list.

use std::fmt::Write as _;

use crate::call::{Call, Reply};
use crate::core::Core;
use crate::error::{ApiError, Cause, Result};
use crate::kind::Kind;
use crate::object::Form;
use crate::selector::Selector;
use crate::store::Key;

/// Where a paginated list goes on. The resource version is that of its first page; 0 is "now", for a client that goes
/// on after its snapshot expired.
struct Continue {
    rv: u64,
    after: Key,
}

impl Continue {
    fn token(rv: u64, after: &Key) -> String {
        format!("v1.{rv}.{}/{}", after.namespace, after.name)
    }

    fn parse(token: &str) -> Option<Self> {
        let mut parts = token.splitn(3, '.');
        if parts.next() != Some("v1") {
            return None;
        }
        let rv = parts.next()?.parse().ok()?;
        let (namespace, name) = parts.next()?.split_once('/')?;
        Some(Self {
            rv,
            after: Key::new(namespace, name),
        })
    }
}

impl Core {
    pub(crate) fn get(&mut self, call: &Call) -> Result<Reply> {
        let stored = self.store.get(&call.kind.table, &call.key());
        let stored = stored.ok_or_else(|| ApiError::not_found(&call.kind, &call.name))?;
        Ok(Reply::stored(call, 200, &stored))
    }

    pub(crate) fn list(&mut self, call: &Call) -> Result<Reply> {
        let query = &call.query;
        let selector = Selector::parse(query.text("labelSelector"), query.text("fieldSelector"))?;
        let (rv, after) = self.snapshot(call)?;
        let limit = query
            .number("limit")
            .filter(|limit| *limit > 0)
            .unwrap_or(u64::MAX);
        let table = self.store.table(&call.kind.table);
        let old;
        let objects = if table.changed_since(rv) || rv < table.compacted {
            old = table.at(rv);
            match (&old, &after) {
                (Some(objects), _) => objects,
                (None, Some(after)) => return Err(ApiError::expired_continue(Continue::token(0, after))),
                (None, None) => {
                    return Err(ApiError::expired(format!(
                        "The resourceVersion for the provided list is too old: {rv} ({})",
                        table.compacted
                    )));
                }
            }
        } else {
            &table.objects
        };
        let mut matching = objects
            .range(after.clone().unwrap_or_else(|| Key::new("", ""))..)
            .filter(|(key, _)| after.as_ref() != Some(*key))
            .filter(|(key, _)| call.namespace.is_empty() || *key.namespace == *call.namespace)
            .filter(|(key, stored)| selector.matches(key, stored));
        let mut items = Vec::new();
        let mut last = None;
        let mut count = 0;
        while count < limit {
            let Some((key, stored)) = matching.next() else {
                break;
            };
            if count > 0 {
                items.push(b',');
            }
            stored.render(&call.kind, call.form, stored.rv, &mut items);
            last = Some(key);
            count += 1;
        }
        let rest = if count == limit { matching.count() } else { 0 };
        let mut metadata = format!(r#"{{"resourceVersion":"{rv}""#);
        if let (true, Some(last)) = (rest > 0, last) {
            let _ = write!(metadata, r#","continue":"{}""#, Continue::token(rv, last));
            if selector.is_everything() {
                let _ = write!(metadata, r#","remainingItemCount":{rest}"#);
            }
        }
        metadata.push('}');
        Ok(Reply::bytes(
            200,
            list_body(&call.kind, call.form, &metadata, &items),
        ))
    }

    /// The resource version that a list shows, and where it starts.
    fn snapshot(&self, call: &Call) -> Result<(u64, Option<Key>)> {
        let current = self.store.rv;
        let rv = call.query.text("resourceVersion");
        let how = call.query.text("resourceVersionMatch");
        let token = call.query.text("continue");
        if !token.is_empty() {
            let invalid = || ApiError::bad_request("invalid continue token: continue key is not valid");
            let position = Continue::parse(token).ok_or_else(invalid)?;
            let rv = if position.rv == 0 { current } else { position.rv };
            return Ok((rv, Some(position.after)));
        }
        let options = |message: &str| {
            Err(ApiError::invalid_options(
                "ListOptions",
                &[Cause::field("resourceVersionMatch", message)],
            ))
        };
        match (how, rv) {
            ("" | "Exact" | "NotOlderThan", _) if how.is_empty() || !rv.is_empty() => {}
            ("Exact" | "NotOlderThan", _) => {
                return options(
                    "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
                );
            }
            _ => return options("Unsupported value"),
        }
        if how == "Exact" && rv == "0" {
            return options(
                "Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"",
            );
        }
        if rv.is_empty() {
            return Ok((current, None));
        }
        let asked = parse_rv(rv)?;
        if asked > current {
            return Err(ApiError::too_large_resource_version(asked, current));
        }
        Ok((if how == "Exact" { asked } else { current }, None))
    }
}

/// A resource version of a query.
pub(crate) fn parse_rv(text: &str) -> Result<u64> {
    text.parse().map_err(|_| {
        let message = format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        );
        ApiError::internal(message)
    })
}

fn list_body(kind: &Kind, form: Form, metadata: &str, items: &[u8]) -> Vec<u8> {
    let (api_version, list_kind) = match form {
        Form::Full => (kind.api_version(), kind.list_kind.as_str()),
        Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList"),
    };
    let head =
        format!(r#"{{"apiVersion":"{api_version}","kind":"{list_kind}","metadata":{metadata},"items":["#);
    let mut body = Vec::with_capacity(head.len() + items.len() + 2);
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(items);
    body.extend_from_slice(b"]}");
    body
}
