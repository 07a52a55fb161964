//! Planted bugs in the peers of IMEX daemons.

use crate::invariants::{Plant, Seal::Yes, list};
use crate::world::World;
use rackwright_api::{Gpu, Imex, ImexMode};

pub const PLANTS: &[Plant] = &[
    ("RW9044", "peers of a host without a daemon", Yes, |w| {
        w.node("r1-n1").facts.imex_peers = Some(list("r1-n[1-2]"));
    }),
    ("RW9044", "peers without the node", Yes, |w| {
        host_managed(w);
        w.node("r1-n1").facts.imex_peers = Some(list("r1-n2"));
    }),
    ("RW9044", "two nodes of a rack with other peers", Yes, |w| {
        host_managed(w);
        w.node("r1-n1").facts.imex_peers = Some(list("r1-n[1-2]"));
        w.node("r1-n2").facts.imex_peers = Some(list("r1-n[1-3]"));
    }),
];

/// The hosts of a pool run the daemon.
fn host_managed(world: &mut World) {
    let gpu: Gpu = serde_json::from_str("{}").unwrap();
    let imex = Imex {
        channels: None,
        mode: ImexMode::HostManaged,
    };
    world.pool("train").gpu.get_or_insert(gpu.clone()).imex = Some(imex.clone());
    world.profile("train").gpu.get_or_insert(gpu).imex = Some(imex);
}
