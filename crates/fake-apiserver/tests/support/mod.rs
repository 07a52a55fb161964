//! A kind for the tests of this crate.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and this helps them"
)]

use kube::api::{Api, PostParams};
use kube::{CustomResource, CustomResourceExt as _};
use rackwright_fake_apiserver::FakeApiServer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(CustomResource, Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[kube(
    group = "test.rackwright.dev",
    version = "v1",
    kind = "Thing",
    status = "ThingStatus"
)]
pub struct ThingSpec {
    pub size: i64,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
pub struct ThingStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
}

/// A server that knows the kind.
pub async fn server() -> FakeApiServer {
    let server = FakeApiServer::default();
    let definitions = Api::all(server.client());
    definitions
        .create(&PostParams::default(), &Thing::crd())
        .await
        .unwrap();
    server.clear_requests();
    server
}

pub fn thing(name: &str, size: i64) -> Thing {
    Thing::new(name, ThingSpec { size })
}
