//! One page of a list, as the API server prints it.

use serde::Deserialize;

use crate::object::Object;

/// What a page says of the list that it is of.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Head {
    /// Where the next page begins; empty on the last one.
    #[serde(rename = "continue")]
    pub token: String,
    /// The state that all pages show.
    pub resource_version: String,
}

#[derive(Deserialize)]
struct Whole {
    metadata: Head,
}

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow, deserialize_with = "none_is_empty")]
    items: Vec<Object<'a>>,
}

/// Go prints a list that was never made as `null`.
fn none_is_empty<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Object<'a>>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// What a page says of its list. The server writes that behind the items of our kinds, so that these need not be read before
/// the next page is asked for.
pub(crate) fn head(page: &str) -> Result<Head, serde_json::Error> {
    match behind(page) {
        Some(head) => Ok(head),
        None => serde_json::from_str(page).map(|Whole { metadata }| metadata),
    }
}

/// The last `metadata` of the text, if it is the last member of the outermost object. In a text of JSON these characters,
/// quotes and all, are a key.
fn behind(page: &str) -> Option<Head> {
    const KEY: &str = "\"metadata\":";
    let rest = page.get(page.rfind(KEY)? + KEY.len()..)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Head>();
    let head = values.next()?.ok()?;
    let end = rest.get(values.byte_offset()..)?;
    (end.trim_ascii() == "}").then_some(head)
}

/// The objects of a page.
pub(crate) fn items(page: &str) -> Result<Vec<Object<'_>>, serde_json::Error> {
    serde_json::from_str(page).map(|Items { items }| items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(token: &str, version: &str) -> Head {
        Head {
            token: token.to_owned(),
            resource_version: version.to_owned(),
        }
    }

    #[test]
    fn the_head_is_found_before_and_behind_the_items() {
        let item =
            r#"{"metadata":{"name":"a","resourceVersion":"1","continue":"no"},"spec":{"metadata":{}}}"#;
        let behind = format!(r#"{{"items":[{item}],"metadata":{{"continue":"t","resourceVersion":"7"}}}}"#);
        assert_eq!(super::behind(&behind), Some(of("t", "7")));
        assert_eq!(head(&behind).unwrap(), of("t", "7"));
        // Kubernetes' own lists; the last `metadata` here is that of an item.
        let before = format!(r#"{{"metadata":{{"resourceVersion":"8"}},"items":[{item}]}}"#);
        assert_eq!(super::behind(&before), None);
        assert_eq!(head(&before).unwrap(), of("", "8"));
        let text = r#"{"metadata":{"resourceVersion":"9"},"x":"\"metadata\":{\"resourceVersion\":\"1\"}}"}"#;
        assert_eq!(head(text).unwrap(), of("", "9"));
        assert_eq!(items(&behind).unwrap().len(), 1);
        assert!(items(r#"{"items":null,"metadata":{}}"#).unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_off_or_no_list_is_refused() {
        let page = r#"{"items":[{"metadata":{"name":"a"}}],"metadata":{"resourceVersion":"7"}}"#;
        for end in 0..page.len() {
            let cut = &page[..end];
            assert!(head(cut).is_err() || items(cut).is_err(), "{cut}");
        }
        assert!(head("<html>").is_err());
        assert!(items(r#"{"kind":"Status","metadata":{}}"#).is_err());
    }
}
