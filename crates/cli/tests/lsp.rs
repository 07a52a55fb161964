//! `rackwright lsp` with a client that does not behave; one that does is Neovim, in e2e/editor.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};

struct Client {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Client {
    /// A conversation that has begun, about a folder.
    fn new(folder: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rackwright"))
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self { child, to, from };
        let root = format!("file://{}", folder.display());
        client.ask(0, "initialize", json!({ "capabilities": {}, "rootUri": root }));
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, message: &Message) {
        message.write(self.to.as_mut().unwrap()).unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&Notification::new(method.to_owned(), params).into());
    }

    /// The next message that is an answer, or a notification of that method.
    fn next(&mut self, method: &str) -> Value {
        loop {
            match Message::read(&mut self.from).unwrap().unwrap() {
                Message::Response(response) => return serde_json::to_value(response).unwrap(),
                Message::Notification(told) if told.method == method => return told.params,
                _ => {}
            }
        }
    }

    fn ask(&mut self, id: i32, method: &str, params: Value) -> Value {
        self.send(&Request::new(id.into(), method.to_owned(), params).into());
        self.next("")
    }

    /// Its exit code, and what it said to standard error.
    fn end(mut self) -> (i32, String) {
        drop(self.to.take());
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap().code().unwrap(), said)
    }
}

#[test]
fn a_client_that_says_goodbye_ends_it_and_one_that_goes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut polite = Client::new(folder.path());
    polite.ask(1, "shutdown", Value::Null);
    polite.tell("exit", Value::Null);
    assert_eq!(polite.end(), (0, String::new()));

    let (code, said) = Client::new(folder.path()).end();
    assert_eq!(
        (code, said.as_str()),
        (3, "error: the editor has closed the connection\n")
    );
}

#[test]
fn what_it_does_not_know_is_answered_and_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::new(folder.path());
    let unknown = client.ask(1, "textDocument/teleport", json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    let invalid = client.ask(2, "textDocument/hover", json!({ "position": "here" }));
    assert_eq!(invalid["error"]["code"], -32602, "{invalid}");
    client.tell("textDocument/reincarnate", json!({}));
    let elsewhere =
        json!({ "textDocument": { "uri": "untitled:1" }, "position": { "line": 9, "character": 9 } });
    assert_eq!(
        client.ask(3, "textDocument/hover", elsewhere)["result"],
        Value::Null
    );
    client.ask(4, "shutdown", Value::Null);
    client.tell("exit", Value::Null);
    assert_eq!(client.end().0, 0);
}

/// A template of another program is no YAML and not our matter, unless somebody looks at it.
#[test]
fn files_of_others_are_marked_only_where_they_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    std::fs::write(folder.join("template.yaml"), "a: {{ .Values.b }\n").unwrap();
    let mut ours = std::fs::File::create(folder.join("ours.yaml")).unwrap();
    ours.write_all(b"apiVersion: rackwright.dev/v1alpha1\nkind: GPUPol\nmetadata: {name: a}\n")
        .unwrap();
    let uri = |name: &str| format!("file://{}", folder.join(name).display());

    let mut client = Client::new(&folder);
    let open = |name: &str, text: &str| json!({ "textDocument": { "uri": uri(name), "languageId": "yaml", "version": 1, "text": text } });
    client.tell(
        "textDocument/didOpen",
        open("ours.yaml", "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPol\n"),
    );
    let told = client.next("textDocument/publishDiagnostics");
    assert_eq!(told["uri"], uri("ours.yaml"));
    assert_eq!(told["diagnostics"][0]["severity"], 1, "{told}");
    client.tell(
        "textDocument/didOpen",
        open("template.yaml", "a: {{ .Values.b }\n"),
    );
    loop {
        let told = client.next("textDocument/publishDiagnostics");
        if told["uri"] == uri("template.yaml") {
            assert_eq!(told["diagnostics"][0]["source"], "rackwright", "{told}");
            break;
        }
        assert_eq!(told["uri"], uri("ours.yaml"));
    }
    client.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri("template.yaml") } }),
    );
    loop {
        let told = client.next("textDocument/publishDiagnostics");
        if told["uri"] == uri("template.yaml") {
            assert_eq!(told["diagnostics"], json!([]));
            break;
        }
    }
    client.ask(2, "shutdown", Value::Null);
    client.tell("exit", Value::Null);
    assert_eq!(client.end().0, 0);
}

/// What `rackwright fmt` would write, for the text that the editor holds.
#[test]
fn a_text_is_formatted_where_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let mut client = Client::new(&folder);
    let uri = |name: &str| format!("file://{}", folder.join(name).display());
    let mut format = |id, name: &str, text: &str| {
        let document = json!({ "uri": uri(name), "languageId": "yaml", "version": 1, "text": text });
        client.tell("textDocument/didOpen", json!({ "textDocument": document }));
        let options = json!({ "tabSize": 2, "insertSpaces": true });
        let params = json!({ "textDocument": { "uri": uri(name) }, "options": options });
        client.ask(id, "textDocument/formatting", params)["result"].clone()
    };
    let text = "# a pool\nkind: GPUPool # one\napiVersion: rackwright.dev/v1alpha1\nspec: {}\n";
    let range = json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 3, "character": 0 } });
    let edit =
        json!({ "range": range, "newText": "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool # one\n" });
    assert_eq!(format(1, "a.yaml", text), json!([edit]));
    for (id, other) in [(2, "kind: Secret\napiVersion: v1\n"), (3, "rackwright.dev: [\n")] {
        assert_eq!(format(id, "b.yaml", other), json!([]));
    }
    client.ask(4, "shutdown", Value::Null);
    client.tell("exit", Value::Null);
    assert_eq!(client.end().0, 0);
}
