//! Storage in the summary of a plan: what each tier holds and carries, and how each figure came about.

use rackwright_planner::storage::{Amount, PoolTier, rate, shown};
use schemars::JsonSchema;
use serde::Serialize;

/// One tier of a pool.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TierSummary {
    /// Its name.
    pub tier: String,
    /// Bytes that it holds.
    pub capacity: AmountSummary,
    /// Bytes per second that all nodes of the pool together read at most.
    pub read: AmountSummary,
    /// Bytes per second that they write at most.
    pub write: AmountSummary,
}

/// A figure for the pool, a node and a GPU; what is absent is not known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AmountSummary {
    /// Of all nodes of the pool; of a shared tier's capacity, the whole tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The share of one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<u64>,
    /// The share of one GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<u64>,
    /// The terms, or what is missing.
    pub how: String,
}

impl TierSummary {
    /// Takes over what the compiler computed.
    pub fn new(tier: &PoolTier) -> Self {
        Self {
            tier: tier.tier.to_string(),
            capacity: AmountSummary::new(&tier.capacity),
            read: AmountSummary::new(&tier.read),
            write: AmountSummary::new(&tier.write),
        }
    }
}

impl AmountSummary {
    fn new(amount: &Amount) -> Self {
        let Amount {
            total,
            node,
            gpu,
            how,
        } = amount;
        Self {
            total: *total,
            node: *node,
            gpu: *gpu,
            how: how.clone(),
        }
    }

    fn text(&self, show: fn(u64) -> String) -> String {
        let Some(total) = self.total else {
            return format!("not known: {}", self.how);
        };
        let shares = [(self.node, "node"), (self.gpu, "GPU")];
        let shares: Vec<String> = shares
            .into_iter()
            .filter_map(|(share, of)| Some(format!("{} a {of}", show(share?))))
            .collect();
        let shares = match shares.as_slice() {
            [] => String::new(),
            shares => format!(" ({})", shares.join(", ")),
        };
        format!("{}{shares}: {}", show(total), self.how)
    }
}

/// Three lines a tier.
pub fn text(tiers: &[TierSummary]) -> String {
    let mut out = String::new();
    for tier in tiers {
        out.push_str(&format!(
            "  tier {}\n    capacity  {}\n    read      {}\n    write     {}\n",
            tier.tier,
            tier.capacity.text(shown),
            tier.read.text(rate),
            tier.write.text(rate)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_shows_its_shares_and_terms() {
        let known = AmountSummary {
            total: Some(61_440_000_000_000),
            node: Some(30_720_000_000_000),
            gpu: None,
            how: "8 x 3840GB".to_owned(),
        };
        assert_eq!(known.text(shown), "61.44 TB (30.72 TB a node): 8 x 3840GB");
        let unknown = AmountSummary {
            total: None,
            node: None,
            gpu: None,
            how: "capacity is not stated".to_owned(),
        };
        assert_eq!(unknown.text(rate), "not known: capacity is not stated");
    }
}
