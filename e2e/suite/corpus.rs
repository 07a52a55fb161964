//! The real API server as the judge of schema and CEL: over the corpus of mistakes and the examples, its strict dry run
//! and `rackwright validate` refuse the same objects.

use std::path::{Path, PathBuf};

use rackwright_e2e::cluster::{Cluster, path, run};
use rackwright_e2e::{root, variable};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// `# server: refuse` or `accept` in the header of a corpus file.
fn expected(text: &str) -> Option<bool> {
    let mut header = text.lines().take_while(|line| line.starts_with('#'));
    let word = header
        .find_map(|line| line.split("server:").nth(1))?
        .split_whitespace()
        .next()?
        .to_owned();
    match word.as_str() {
        "refuse" => Some(true),
        "accept" => Some(false),
        _ => None,
    }
}

#[tokio::test]
async fn the_server_refuses_exactly_what_schema_and_cel_should() {
    Cluster::fresh().await.unwrap();
    let kubectl = variable("RACKWRIGHT_KUBECTL").unwrap();
    let mut corpus = Vec::new();
    files(&root().join("crates/cli/tests/corpus"), &mut corpus);
    corpus.sort();
    let (mut judged, mut differences) = (0, Vec::new());
    for file in corpus {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let Some(refuse) = expected(&text) else { continue };
        let arguments = [
            "create",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            &path(&file),
        ];
        let output = run(&kubectl, &arguments, "").await.unwrap();
        judged += 1;
        if output.status.success() == refuse {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            differences.push(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    println!("{judged} files judged by the server");
    assert!(judged >= 30, "{judged}");
    assert_eq!(differences, Vec::<String>::new());
}

/// The examples, as the server judges them, Kustomize overlays included.
#[tokio::test]
async fn the_server_accepts_every_example() {
    Cluster::fresh().await.unwrap();
    let kubectl = variable("RACKWRIGHT_KUBECTL").unwrap();
    let examples = root().join("examples");
    for (flag, folder) in [
        ("-f", "tiny"),
        ("-f", "superpod-b200"),
        ("-f", "superpod-b300-xdr"),
        ("-f", "gb200-unit"),
        ("-f", "prometheus"),
        ("-f", "hyperion"),
        ("-k", "gitops/overlays/staging"),
        ("-k", "gitops/overlays/production"),
    ] {
        let folder = path(&examples.join(folder));
        let arguments = ["create", "--dry-run=server", "--validate=strict", flag, &folder];
        let output = run(&kubectl, &arguments, "").await.unwrap();
        assert!(
            output.status.success(),
            "{folder}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
