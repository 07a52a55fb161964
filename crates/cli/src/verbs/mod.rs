//! The verbs, one file each.

pub mod completions;
pub mod crds;
pub mod diff;
pub mod explain;
pub mod fabric;
pub mod fmt;
pub mod init;
pub mod lsp;
pub mod man;
pub mod plan;
pub mod render;
pub mod validate;
pub mod version;

/// What stops a verb: not findings, which it reports itself.
#[derive(Debug, thiserror::Error)]
pub enum VerbError {
    /// An input that cannot be read.
    #[error(transparent)]
    Input(#[from] crate::walk::InputError),
    /// A name that does not exist.
    #[error("{0}")]
    Unknown(String),
    /// Output that cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    /// Flags that contradict one another.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be written.
    #[error("{path}: cannot be written: {error}")]
    File {
        /// The path as shown.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The conversation with an editor.
    #[error(transparent)]
    Editor(#[from] crate::lsp::LspError),
    /// A report that cannot be serialised.
    #[error("the findings cannot be written as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// A folder that must not be written to.
    #[error(transparent)]
    Folder(#[from] crate::folder::FolderError),
    /// The program's own mistake.
    #[error(transparent)]
    Tool(#[from] crate::pipeline::ToolError),
    /// An object that cannot be serialised.
    #[error("an object cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A table that cannot be serialised.
    #[error("a table cannot be written as CSV: {0}")]
    Csv(String),
    /// An object that cannot be serialised.
    #[error("an object cannot be written as YAML: {0}")]
    Yaml(#[from] serde_yaml::ser::Error),
}
