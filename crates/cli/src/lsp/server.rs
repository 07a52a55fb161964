//! The conversation with the editor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::thread;

use crossbeam_channel::{Sender, select, unbounded};
use lsp_server::{
    Connection, ExtractError, IoThreads, Message, Notification, ProtocolError, Request, Response,
};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability,
    CompletionOptions, CompletionParams, CompletionResponse, DocumentFormattingParams, Hover, HoverContents,
    HoverParams, HoverProviderCapability, InitializeParams, MarkupContent, MarkupKind, MessageType, OneOf,
    Position, PublishDiagnosticsParams, Range, ServerCapabilities, ShowMessageParams,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextEdit, Uri, WorkspaceEdit,
};
use rackwright_planner::ObjectRef;
use serde::Serialize;
use serde_json::Value;

use super::cursor::{self, At, Cursor};
use super::findings::{self, Checked, Shown, Work};
use super::{formatting, offer, uri};
use crate::formatter::Formatter;

/// What ends the conversation early.
#[derive(Debug, thiserror::Error)]
pub enum LspError {
    /// The editor says something else than the protocol demands.
    #[error("the editor: {0}")]
    Protocol(#[from] ProtocolError),
    /// Standard input or output.
    #[error("standard input or output: {0}")]
    Io(#[from] std::io::Error),
    /// A message of ours that cannot be written.
    #[error("a message cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The editor has gone without a word.
    #[error("the editor has closed the connection")]
    Gone,
}

/// Serves the editor on standard input and output until it says goodbye. Without paths the editor's folders are checked.
pub fn serve(paths: &[PathBuf]) -> Result<(), LspError> {
    let (connection, threads) = Connection::stdio();
    let result = converse(&connection, paths);
    end(connection, threads, result)
}

fn end(connection: Connection, threads: IoThreads, result: Result<(), LspError>) -> Result<(), LspError> {
    // The threads end when nobody can ask them any more.
    drop(connection);
    result?;
    threads.join()?;
    Ok(())
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", ":", "-", "{", ","].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

fn converse(connection: &Connection, paths: &[PathBuf]) -> Result<(), LspError> {
    let hello = connection.initialize(serde_json::to_value(capabilities())?)?;
    let hello: InitializeParams = serde_json::from_value(hello)?;
    let paths = match paths {
        [] => folders(&hello),
        given => given.to_vec(),
    };
    let (ask, work) = unbounded();
    let (done, checked) = unbounded();
    thread::scope(|scope| {
        scope.spawn(move || findings::worker(&work, &done));
        let mut server = Server {
            sender: &connection.sender,
            ask,
            paths,
            open: BTreeMap::new(),
            shown: BTreeMap::new(),
            objects: BTreeSet::new(),
            formatter: Formatter::default(),
        };
        server.check();
        loop {
            select! {
                recv(connection.receiver) -> message => match message.map_err(|_| LspError::Gone)? {
                    Message::Request(request) if connection.handle_shutdown(&request)? => return Ok(()),
                    Message::Request(request) => server.answer(request)?,
                    Message::Notification(notification) => server.hear(notification)?,
                    Message::Response(_) => {}
                },
                recv(checked) -> checked => server.publish(checked.map_err(|_| LspError::Gone)?)?,
            }
        }
    })
}

/// The folders that the editor has open.
#[expect(
    deprecated,
    reason = "editors of 2022, Debian's among them, know no other field than root_uri"
)]
fn folders(hello: &InitializeParams) -> Vec<PathBuf> {
    let folders = hello.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    let mut paths: Vec<PathBuf> = folders.filter_map(uri::file).collect();
    if paths.is_empty() {
        paths.extend(hello.root_uri.as_ref().and_then(uri::file));
    }
    paths
}

struct Server<'c> {
    sender: &'c Sender<Message>,
    ask: Sender<Work>,
    paths: Vec<PathBuf>,
    /// Texts that the editor holds.
    open: BTreeMap<PathBuf, String>,
    /// What the editor was told last, by file.
    shown: BTreeMap<PathBuf, Vec<Shown>>,
    objects: BTreeSet<ObjectRef>,
    formatter: Formatter,
}

impl Server<'_> {
    fn send(&self, message: Message) -> Result<(), LspError> {
        self.sender.send(message).map_err(|_| LspError::Gone)
    }

    fn tell<N: notification::Notification>(&self, params: N::Params) -> Result<(), LspError>
    where
        N::Params: Serialize,
    {
        self.send(Notification::new(N::METHOD.to_owned(), params).into())
    }

    fn check(&self) {
        let work = Work {
            paths: self.paths.clone(),
            open: self.open.clone(),
        };
        // The other end is gone only when the program ends.
        let _ = self.ask.send(work);
    }

    fn publish(&mut self, checked: Checked) -> Result<(), LspError> {
        if let Some(why) = checked.failed {
            return self.tell::<notification::ShowMessage>(ShowMessageParams {
                typ: MessageType::ERROR,
                message: format!("rackwright: nothing was checked: {why}"),
            });
        }
        self.objects = checked.objects;
        let before = std::mem::replace(&mut self.shown, checked.files);
        let cleared = before.into_keys().filter(|path| !self.shown.contains_key(path));
        for path in cleared.collect::<Vec<_>>() {
            self.publish_file(&path, Vec::new())?;
        }
        for (path, shown) in &self.shown {
            self.publish_file(path, shown.iter().map(|one| one.diagnostic.clone()).collect())?;
        }
        // An editor waits for a word about what it has opened, also where nothing is wrong with it.
        // It is told by the first check that has seen the text: an older one knows nothing of it.
        for path in checked.open.iter().filter(|path| !self.shown.contains_key(*path)) {
            self.publish_file(path, Vec::new())?;
        }
        Ok(())
    }

    fn publish_file(
        &self,
        path: &std::path::Path,
        diagnostics: Vec<lsp_types::Diagnostic>,
    ) -> Result<(), LspError> {
        let Some(uri) = uri::of_file(path) else {
            return Ok(());
        };
        self.tell::<notification::PublishDiagnostics>(PublishDiagnosticsParams {
            uri,
            diagnostics,
            version: None,
        })
    }

    fn hear(&mut self, notification: Notification) -> Result<(), LspError> {
        let Notification { method, params } = notification;
        match method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                let params: <notification::DidOpenTextDocument as notification::Notification>::Params =
                    serde_json::from_value(params)?;
                self.hold(&params.text_document.uri, Some(params.text_document.text));
            }
            notification::DidChangeTextDocument::METHOD => {
                let params: <notification::DidChangeTextDocument as notification::Notification>::Params =
                    serde_json::from_value(params)?;
                // The whole text each time, as our capabilities ask.
                if let Some(change) = params.content_changes.into_iter().next_back() {
                    self.hold(&params.text_document.uri, Some(change.text));
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                let params: <notification::DidCloseTextDocument as notification::Notification>::Params =
                    serde_json::from_value(params)?;
                self.hold(&params.text_document.uri, None);
            }
            notification::DidSaveTextDocument::METHOD | notification::DidChangeWatchedFiles::METHOD => {
                self.check();
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the text that the editor holds of a file, or that it holds none any more.
    fn hold(&mut self, uri: &Uri, text: Option<String>) {
        let Some(path) = uri::file(uri) else { return };
        match text {
            Some(text) => self.open.insert(path, text),
            None => self.open.remove(&path),
        };
        self.check();
    }

    fn answer(&self, request: Request) -> Result<(), LspError> {
        let id = request.id.clone();
        let answer = match request.method.as_str() {
            request::Completion::METHOD => {
                extract::<request::Completion>(request).map(|params| result(&self.complete(&params)))
            }
            request::HoverRequest::METHOD => {
                extract::<request::HoverRequest>(request).map(|params| result(&self.hover(&params)))
            }
            request::CodeActionRequest::METHOD => {
                extract::<request::CodeActionRequest>(request).map(|params| result(&self.fixes(&params)))
            }
            request::Formatting::METHOD => {
                extract::<request::Formatting>(request).map(|params| result(&self.format(&params)))
            }
            other => Err((
                lsp_server::ErrorCode::MethodNotFound as i32,
                format!("no such method: {other}"),
            )),
        };
        let response = match answer {
            Ok(value) => Response::new_ok(id, value?),
            Err((code, message)) => Response::new_err(id, code, message),
        };
        self.send(response.into())
    }

    /// The place that an editor asks about, and the text.
    fn cursor(&self, at: &TextDocumentPositionParams, whole: bool) -> Option<(&str, Cursor)> {
        let text = self.open.get(&uri::file(&at.text_document.uri)?)?;
        let line = at.position.line as usize;
        let column = bytes(text.lines().nth(line).unwrap_or(""), at.position.character);
        Some((text, cursor::at(text, line, column, whole)?))
    }

    fn complete(&self, params: &CompletionParams) -> Option<CompletionResponse> {
        let at = &params.text_document_position;
        let (_, cursor) = self.cursor(at, false)?;
        let (At::Key(typed) | At::Value(typed)) = &cursor.at;
        let typed = typed.encode_utf16().count() as u32;
        let start = Position {
            character: at.position.character.saturating_sub(typed),
            ..at.position
        };
        let range = Range {
            start,
            end: at.position,
        };
        let words = offer::words(&self.objects, &cursor, range);
        Some(CompletionResponse::Array(words))
    }

    fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let (_, cursor) = self.cursor(&params.text_document_position_params, true)?;
        let path = match &cursor.at {
            At::Key(key) => cursor.path.child(key),
            At::Value(_) => cursor.path.clone(),
        };
        let field = offer::field(&cursor, &path)?;
        Some(Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::PlainText,
                value: field.page().ok()?,
            }),
            range: None,
        })
    }

    /// The whole text in canonical form.
    fn format(&self, params: &DocumentFormattingParams) -> Vec<TextEdit> {
        let text = uri::file(&params.text_document.uri).and_then(|path| self.open.get(&path));
        let edit = text.and_then(|text| Some(formatting::edit(text, &self.formatter.format(text).text?)));
        edit.into_iter().collect()
    }

    /// The replacements for the findings of a range.
    fn fixes(&self, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
        let uri = &params.text_document.uri;
        let Some(shown) = uri::file(uri).and_then(|path| self.shown.get(&path)) else {
            return Vec::new();
        };
        let touches = |range: Range| range.start <= params.range.end && params.range.start <= range.end;
        let fixes = shown
            .iter()
            .filter(|one| touches(one.diagnostic.range))
            .filter_map(|one| {
                let fix = one.fix.clone()?;
                let title = match fix.new_text.trim() {
                    "" => "Remove it".to_owned(),
                    text => format!("Replace by `{text}`"),
                };
                Some(CodeActionOrCommand::CodeAction(CodeAction {
                    title,
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![one.diagnostic.clone()]),
                    edit: Some(WorkspaceEdit {
                        changes: Some([(uri.clone(), vec![fix])].into_iter().collect()),
                        ..WorkspaceEdit::default()
                    }),
                    is_preferred: Some(true),
                    ..CodeAction::default()
                }))
            });
        fixes.collect()
    }
}

fn result(answer: &impl Serialize) -> Result<Value, serde_json::Error> {
    serde_json::to_value(answer)
}

/// The parameters of a request; an error of the protocol where they are none.
fn extract<R: request::Request>(request: Request) -> Result<R::Params, (i32, String)> {
    let invalid = lsp_server::ErrorCode::InvalidParams as i32;
    match request.extract::<R::Params>(R::METHOD) {
        Ok((_, params)) => Ok(params),
        Err(ExtractError::JsonError { error, .. }) => Err((invalid, error.to_string())),
        Err(ExtractError::MethodMismatch(request)) => Err((invalid, request.method)),
    }
}

/// How many bytes of a line stand before that many UTF-16 units, in which the protocol counts.
fn bytes(line: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, c) in line.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    line.len()
}
