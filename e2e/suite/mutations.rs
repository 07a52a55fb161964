//! The real API server judges the mutations of the examples: its strict dry run and ours refuse the same objects.

#[path = "../../crates/cli/tests/support/mutations/mod.rs"]
#[allow(dead_code, reason = "the tests of the command line use what is left")]
mod changed;

use changed::example::load;
use changed::generate::{Change, all};
use changed::tree::Tree;
use http::Request;
use rackwright_api::crds;
use rackwright_e2e::cluster::Cluster;
use rackwright_e2e::root;
use rackwright_manifest::schema::Schemas;
use rackwright_manifest::{Limits, Sources, read};

/// Objects that the server judges; the examples have many times more mutations.
const SAMPLE: usize = 300;

/// Differences that are wanted, by the end of the case's name, with the reason.
const WANTED: [(&str, &str); 0] = [];

/// Whether our reader and schemas refuse a text.
fn refused(text: &str, schemas: &Schemas) -> bool {
    let mut sources = Sources::new();
    let read = read(
        &mut sources,
        "case.json",
        text.as_bytes().to_vec(),
        &Limits::default(),
    );
    let clean = |document: &rackwright_manifest::Document| {
        let kind = document.api_version().zip(document.kind());
        let schema = kind.and_then(|(version, kind)| schemas.get(version, kind));
        schema.is_some_and(|schema| schema.validate(&document.value).is_empty())
    };
    !read.diagnostics.is_empty() || read.documents.len() != 1 || !read.documents.iter().all(clean)
}

#[tokio::test]
async fn the_server_and_we_refuse_the_same_mutations() {
    let cluster = Cluster::fresh().await.unwrap();
    let schemas = Schemas::from_crds(crds::all()).unwrap();
    let mut cases = Vec::new();
    for folder in ["tiny", "superpod-b200", "gitops/base"] {
        let example = load(&root(), folder);
        for mutation in all(&example, &crds::all()) {
            // The address of the request says the kind; and what has no quotes is a matter of YAML alone.
            let of_type = ["apiVersion", "kind"].contains(&mutation.path.to_string().as_str());
            if of_type || matches!(mutation.change, Change::Set(Tree::Plain(_))) {
                continue;
            }
            let kind = example.objects[mutation.object]["kind"]
                .as_str()
                .unwrap()
                .to_owned();
            cases.push((mutation.name(&example), kind, mutation.apply(&example).json()));
        }
    }
    let step = cases.len() / SAMPLE;
    assert!(step > 1, "{} cases", cases.len());
    let (mut judged, mut refusals, mut differences) = (0, 0, Vec::new());
    for (name, kind, text) in cases.into_iter().step_by(step) {
        let api = cluster.api(&kind);
        let url = format!("{}?dryRun=All&fieldValidation=Strict", api.resource_url());
        let request = Request::post(url).header("content-type", "application/json");
        let answer = cluster
            .client
            .request_text(request.body(text.clone().into_bytes()).unwrap())
            .await;
        let server = match answer {
            Ok(_) => None,
            Err(kube::Error::Api(status)) => Some(status.message.clone()),
            Err(error) => panic!("{name}: {error}"),
        };
        judged += 1;
        refusals += usize::from(server.is_some());
        let wanted = WANTED.iter().any(|(end, _)| name.ends_with(end));
        if server.is_some() != refused(&text, &schemas) && !wanted {
            differences.push(format!("{name}: the server says {server:?}"));
        }
    }
    println!("{judged} mutations judged by the server, {refusals} refused");
    assert!(
        judged >= SAMPLE && refusals >= 100 && judged - refusals >= 10,
        "{judged}, {refusals}"
    );
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
