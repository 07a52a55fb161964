//! Which pools want a node, refused ones too.

use rackwright_api::Name;

use crate::input::Input;
use crate::model::Model;

/// The pools that select a node, by name. It reads the whole input anew: it is for questions about single nodes.
pub fn pools_of(input: &Input, node: &str) -> Vec<Name> {
    let model = Model::new(input, &mut Vec::new());
    let pools = model.pools_of(std::iter::once(node)).into_iter();
    pools
        .map(|pool| model.pools[pool as usize].name.clone())
        .collect()
}
