//! Kinds and versions that no API server with these definitions knows: of our group, and of groups that `--crd` defines.

use rackwright_api::labels::API_VERSION;
use rackwright_manifest::{Code, Diagnostic, Document, Path};

use crate::object::ObjectKind;
use crate::rules::UNKNOWN_KIND;
use crate::suggest::nearest;

/// A kind or a version that our group does not have.
pub fn unknown_kind(document: &Document, api_version: &str, kind: &str) -> Diagnostic {
    let key = |key: &str| Path::root().child(key);
    let code: Code = UNKNOWN_KIND.code();
    let ours = API_VERSION;
    if api_version != ours {
        let path = key("apiVersion");
        let span = document.value_span(&path);
        return Diagnostic::error(code, format!("there is no version `{api_version}`"))
            .label(span, "not a version of this program")
            .path(&path)
            .help(format!("write `{ours}`"))
            .guess(span, ours);
    }
    let path = key("kind");
    let span = document.value_span(&path);
    let finding = Diagnostic::error(code, format!("there is no kind `{kind}` in `{ours}`"))
        .label(span, "unknown kind")
        .path(&path);
    match nearest(kind, ObjectKind::names()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")).guess(span, near),
        None => finding.help(format!(
            "the kinds are {}",
            ObjectKind::names().collect::<Vec<_>>().join(", ")
        )),
    }
}

/// A version of a kind of another group that its definition does not serve.
pub fn unserved(document: &Document, api_version: &str, kind: &str, served: &[&str]) -> Diagnostic {
    let path = Path::root().child("apiVersion");
    let help = match served {
        [] => "its definition serves none".to_owned(),
        some => format!("its definition serves {}", some.join(", ")),
    };
    let message = format!("kind `{kind}` is not served in version `{api_version}`");
    Diagnostic::error(UNKNOWN_KIND.code(), message)
        .label(document.value_span(&path), "not served")
        .path(&path)
        .help(help)
}
