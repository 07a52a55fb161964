//! Which field of which object a value of a node comes from: the profile and the facts on one side, what people and agents
//! write on the other.

/// Where a part of a node's configuration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The part, as the table of action classes spells it without its brackets: below `spec` of a NodeProfile, or from
    /// `facts` on below `spec` of a NodeConfig.
    pub part: &'static str,
    /// The kind of the object that says it.
    pub kind: &'static str,
    /// The field of that object. What lies below the one lies below the other.
    pub field: &'static str,
}

const fn origin(part: &'static str, kind: &'static str, field: &'static str) -> Origin {
    Origin { part, kind, field }
}

/// Every part. Of several that fit, the longest counts.
pub const ORIGINS: &[Origin] = &[
    origin("gpu", "GPUPool", "spec.gpu"),
    origin("host", "GPUPool", "spec.host"),
    origin("kubernetes", "GPUPool", "spec.kubernetes"),
    origin("mounts", "StorageTier", "spec.mountPoint"),
    origin("mounts.beegfs", "StorageTier", "spec.beegfs"),
    origin("mounts.gpuDirectStorage", "StorageTier", "spec.gpuDirectStorage"),
    origin("mounts.localNVMe", "StorageTier", "spec.localNVMe"),
    origin("mounts.lustre", "StorageTier", "spec.lustre"),
    origin("mounts.nfs", "StorageTier", "spec.nfs"),
    origin("mounts.options", "StorageTier", "spec.mountOptions"),
    origin("mounts.rails", "StorageTier", "spec.fabric"),
    origin("mounts.tier", "StorageTier", "metadata.name"),
    origin("mounts.weka", "StorageTier", "spec.weka"),
    origin("rails", "InfiniBandFabric", "spec.topology.rails"),
    origin("rails.fabric", "InfiniBandFabric", "metadata.name"),
    origin("rails.ipv4", "InfiniBandFabric", "spec.addressing.ipv4"),
    origin("rails.mtu", "InfiniBandFabric", "spec.addressing.mtu"),
    origin("rails.plane", "InfiniBandFabric", "spec.plane"),
    origin("facts.imexPeers", "Supercluster", "spec.racks"),
    origin("facts.rack", "Supercluster", "spec.racks"),
    origin("facts.rails.guid", "NodeInventory", "spec.hcas"),
    origin("facts.rails.ipv4", "InfiniBandFabric", "spec.addressing.ipv4"),
    origin("facts.wipeConsents", "StorageTier", "spec.localNVMe.wipeConsents"),
];

/// A path without what stands in brackets: `mounts["*"].tier` is `mounts.tier`.
pub fn bare(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
    }
    out + rest
}

/// What `path` has below `above`: nothing where it is the same, and none where it lies elsewhere.
pub fn below<'a>(path: &'a str, above: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(above)?;
    if rest.is_empty() || above.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('.')
}

/// The parts of a node's configuration that a field of an object becomes: bare paths.
pub fn parts(kind: &str, field: &str) -> Vec<String> {
    // What a profile or a node says is its own part.
    let own = match kind {
        "NodeProfile" => below(field, "spec").map(str::to_owned),
        "NodeConfig" => below(field, "spec")
            .filter(|path| below(path, "facts").is_some())
            .map(str::to_owned),
        _ => None,
    };
    if let Some(own) = own {
        return vec![own].into_iter().filter(|part| !part.is_empty()).collect();
    }
    let of_kind = ORIGINS.iter().filter(|origin| origin.kind == kind);
    let fits = of_kind.filter_map(|origin| match below(field, origin.field)? {
        "" => Some(origin.part.to_owned()),
        rest => Some(format!("{}.{rest}", origin.part)),
    });
    fits.collect()
}

/// Where a part comes from. The part is a bare path.
pub fn longest(part: &str) -> Option<&'static Origin> {
    let fits = ORIGINS.iter().filter(|origin| below(part, origin.part).is_some());
    fits.max_by_key(|origin| origin.part.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Field, find};

    #[test]
    fn every_part_is_a_field_of_the_results_and_comes_from_a_field_of_the_inputs() {
        for origin in ORIGINS {
            let kind = if below(origin.part, "facts").is_some() {
                "nodeconfig"
            } else {
                "nodeprofile"
            };
            for path in [
                format!("{kind}.spec.{}", origin.part),
                format!("{}.{}", origin.kind, origin.field),
            ] {
                let named = origin.field == "metadata.name";
                assert!(named || matches!(find(&path), Ok(Some(Field { .. }))), "{path}");
            }
        }
    }

    #[test]
    fn each_row_of_the_action_classes_that_a_person_can_cause_has_an_origin() {
        // Rows about what no single field says.
        let beside = [
            "applied",
            "devices",
            "facts",
            "hash",
            "management",
            "profile",
            "schema",
        ];
        let unexplained: Vec<String> = rackwright_planner::change::FIELDS
            .iter()
            .map(|row| bare(row.path))
            .filter(|part| !beside.contains(&part.split('.').next().unwrap()) || part.starts_with("facts."))
            .filter(|part| longest(part).is_none())
            .collect();
        // A list, each of whose items has its own fields.
        assert_eq!(unexplained, ["facts.rails"], "where do these come from?");
    }

    #[test]
    fn what_lies_below_one_lies_below_the_other() {
        assert_eq!(
            longest("mounts.options").map(|origin| origin.field),
            Some("spec.mountOptions")
        );
        assert_eq!(parts("GPUPool", "spec.gpu.mig"), ["gpu.mig"]);
        assert_eq!(
            parts("InfiniBandFabric", "spec.addressing.ipv4"),
            ["rails.ipv4", "facts.rails.ipv4"]
        );
        assert_eq!(parts("GPUPool", "spec.rollout"), Vec::<String>::new());
    }
}
