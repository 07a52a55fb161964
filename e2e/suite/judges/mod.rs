//! Who judges as the API server does: `rackwright validate`, and the validators that people use without it. The tables
//! are in docs/judges.md.

mod corpus;
mod document;
mod ours;
mod peers;
mod said;
mod server;
mod tables;
mod wanted;

use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use kube::Client;
use rackwright_cli::schemas::OwnSchemas;
use rackwright_e2e::cluster::Cluster;
use rackwright_e2e::{root, variable};

use super::header;
use super::mutations as changed;
use corpus::{File, Form, Object, Source, files, objects};
use peers::Peer;
use tables::{Judged, JudgedFile, agreement, who_finds_what};
use wanted::{WANTED, wanted};

/// Mutations that the routine suite judges; `make judges` takes all of them.
const SAMPLE: usize = 8_000;

/// Requests at once.
const PARALLEL: usize = 16;

/// Objects as files in a folder, each named by its number.
fn write(folder: &Path, objects: &[Object]) {
    for (at, object) in objects.iter().enumerate() {
        std::fs::write(path(folder, at, object.form), &object.text).unwrap();
    }
}

fn path(folder: &Path, at: usize, form: Form) -> std::path::PathBuf {
    folder.join(at.to_string()).with_extension(match form {
        Form::Json => "json",
        Form::Yaml => "yaml",
    })
}

/// Asks the server and ours for each object, whose file lies in the folder.
async fn judge(client: &Client, folder: &Path, objects: Vec<Object>) -> Vec<Judged> {
    let schemas = Arc::new(OwnSchemas::default());
    let judged = objects.into_iter().enumerate().map(|(at, object)| {
        let (schemas, file) = (schemas.clone(), path(folder, at, object.form));
        async move {
            let server = server::ask(client, &object).await;
            let ours = tokio::task::spawn_blocking(move || ours::judge(&schemas, &file));
            Judged {
                object,
                server,
                ours: ours.await.unwrap(),
            }
        }
    });
    futures::stream::iter(judged).buffered(PARALLEL).collect().await
}

/// A part of the mutations that is always the same, spread over all of them by the hashes of their names.
fn sample(objects: &mut Vec<Object>) {
    let first = objects
        .iter()
        .position(|object| object.source == Source::Mutation)
        .unwrap();
    objects[first..].sort_by_cached_key(|object| *blake3::hash(object.name.as_bytes()).as_bytes());
    objects.truncate(first + SAMPLE);
}

/// Differences without a reason, in full.
fn mistakes(judged: &[Judged]) -> Vec<String> {
    let differ = judged.iter().filter(|one| one.differs() && wanted(one).is_none());
    differ
        .map(|Judged { object, server, ours }| {
            let said: String = server.message.chars().take(600).collect();
            format!(
                "{} ({:?})\n  server {:?}: {said}\n  ours {:?} {:?}",
                object.name, object.form, server.fields, ours.errors, ours.unusable
            )
        })
        .collect()
}

#[tokio::test]
async fn validate_judges_as_the_server_does() {
    let cluster = Cluster::fresh().await.unwrap();
    let mut objects = objects();
    let of_all = objects.len();
    let whole = variable("RACKWRIGHT_JUDGES").is_ok_and(|value| value == "whole");
    if !whole {
        sample(&mut objects);
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &objects);
    let judged = judge(&cluster.client, folder.path(), objects).await;
    let refused = judged.iter().filter(|one| one.server.class.is_some()).count();
    println!(
        "{} of {of_all} objects judged, {refused} refused by the server",
        judged.len()
    );
    assert!(judged.len() >= 5_000 && refused >= 3_000 && judged.len() - refused >= 1_000);
    let mistakes = mistakes(&judged);
    assert!(
        mistakes.is_empty(),
        "{} differ without a reason:\n{}",
        mistakes.len(),
        mistakes.join("\n")
    );
    if whole {
        document::write("agreement", &agreement(&judged));
        document::write("who finds what", &compared(folder.path(), &judged));
        let times = std::fs::read_to_string(root().join("target/judges/times.md")).unwrap();
        document::write("times", &times);
    }
}

/// The peers on the same objects, and everybody on whole files.
fn compared(folder: &Path, judged: &[Judged]) -> String {
    let whole = tempfile::tempdir().unwrap();
    let schemas = OwnSchemas::default();
    let mut files = files();
    // In no order of theirs may the document depend on when it was made.
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let file = |(at, file): (usize, File)| {
        let path = path(whole.path(), at, Form::Yaml);
        std::fs::write(&path, &file.bytes).unwrap();
        let part = format!("{}, object ", file.name);
        let server = judged
            .iter()
            .any(|one| one.object.name.starts_with(&part) && one.server.class.is_some());
        JudgedFile {
            ours: ours::judge(&schemas, &path),
            server,
            file,
        }
    };
    let files: Vec<JudgedFile> = files.into_iter().enumerate().map(file).collect();
    let refusals = |folder: &Path| Peer::ALL.map(|peer| peer.judge(folder));
    who_finds_what(judged, &files, &refusals(folder), &refusals(whole.path()))
}

/// The tables are of this corpus, or of one that has grown by a tenth at most since; and no reason is missing there.
#[test]
fn the_document_is_of_this_corpus() {
    let table = document::read("agreement");
    let row = table
        .lines()
        .find(|line| line.starts_with("| **all** |"))
        .expect("the row of all objects");
    let then: usize = row
        .split('|')
        .nth(2)
        .and_then(|count| count.trim().parse().ok())
        .expect("how many were judged");
    let now = objects().len();
    assert!(
        then.abs_diff(now) * 10 <= now,
        "{then} objects in docs/judges.md, {now} now: run `make judges`"
    );
    for reason in WANTED {
        assert!(
            table.contains(reason.title),
            "{}: run `make judges`",
            reason.title
        );
    }
}
