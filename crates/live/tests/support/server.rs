//! A server that answers as a test says, over HTTP, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What a request gets.
pub enum Answer {
    /// A status and a body.
    Body(u16, String),
    /// A good status, and half of the body that was promised.
    Cut(String),
    /// Nothing, for longer than anybody waits.
    Silence,
}

impl Answer {
    /// A page of a list; without a token it is the last one.
    pub fn page(items: &[Value], version: &str, token: &str) -> Self {
        let metadata = json!({"continue": token, "resourceVersion": version});
        // Keys in the order of the API server.
        Self::Body(
            200,
            json!({"apiVersion": "rackwright.dev/v1alpha1", "items": items, "kind": "List", "metadata": metadata}).to_string(),
        )
    }

    /// What the API server says of an error.
    pub fn refusal(code: u16, message: &str) -> Self {
        let status = json!({"apiVersion": "v1", "code": code, "kind": "Status", "message": message, "metadata": {},
            "reason": "Because", "status": "Failure"});
        Self::Body(code, status.to_string())
    }
}

/// The server; it goes on until the test ends.
pub struct Server {
    /// Where it is.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it. `answer` gets the path with its query, and how often it was asked before.
    pub fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        Self { address, asked }
    }

    /// Methods and paths, in the order in which they came.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A kubeconfig that leads here, with a context of this name.
    #[allow(dead_code, reason = "not each test file needs one")]
    pub fn kubeconfig(&self, folder: &Path, context: &str) -> PathBuf {
        kubeconfig(&self.address, folder, context)
    }
}

/// A kubeconfig that leads somewhere.
#[allow(dead_code, reason = "not each test file needs one")]
pub fn kubeconfig(address: &str, folder: &Path, context: &str) -> PathBuf {
    let path = folder.join(format!("{context}.kubeconfig"));
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": address}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "users": [{"name": context, "user": {"token": "secret"}}],
    });
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<String>>,
    answer: &(impl Fn(&str, usize) -> Answer + ?Sized),
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.len();
        log.push(format!("{method} {path}"));
        before
    };
    let (code, body, promised) = match answer(path, before) {
        Answer::Body(code, body) => (code, body.clone(), body.len()),
        Answer::Cut(body) => (200, body[..body.len() / 2].to_owned(), body.len()),
        Answer::Silence => {
            std::thread::sleep(Duration::from_secs(600));
            return;
        }
    };
    let head = format!("HTTP/1.1 {code} X\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n");
    // Who asked may be gone.
    stream.write_all((head + &body).as_bytes()).unwrap_or(());
}
