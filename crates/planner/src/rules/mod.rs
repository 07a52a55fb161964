//! The rules, one file each: documentation, two examples that are tests, and how the finding is worded.

pub mod compatibility_row_unknown;
pub mod depends_on_refused;
pub mod duplicate_guid;
pub mod duplicate_node;
pub mod empty_pool;
pub mod gpu_operator_owns;
pub mod gpu_power_limit;
pub mod hostlist_invalid;
pub mod huge_pages_twice;
pub mod imex_channels;
pub mod imex_modes;
pub mod imex_without_domain;
pub mod in_use;
pub mod invalid_node_name;
pub mod kernel_argument_twice;
pub mod kernel_command_line_length;
pub mod kernel_modules_flavour;
pub mod label_key;
pub mod label_owned_twice;
pub mod location_cycle;
pub mod location_power;
pub mod management_interface;
pub mod mig_layout;
pub mod mig_with_imex;
pub mod missing_reference;
pub mod module_option_name;
pub mod module_option_owned_twice;
pub mod node_claimed_twice;
pub mod node_names_count;
pub mod persistence_off;
pub mod phase_power;
pub mod prefix_too_small;
pub mod prefixes_overlap;
pub mod rack_in_two_clusters;
pub mod rack_power;
pub mod site_power;
pub mod sysctl_key;
pub mod sysctl_owned_twice;
pub mod too_many_nodes;
pub mod too_many_rails;
pub mod tuned_kernel_arguments;
pub mod unknown_node;
pub mod unknown_rack;
pub mod unknown_system;
pub mod version_incompatible;
pub mod wrong_supercluster;

use rackwright_manifest::Rule;

/// All rules of this crate, by code.
pub static RULES: &[&Rule] = &[
    &missing_reference::RULE,
    &node_claimed_twice::RULE,
    &hostlist_invalid::RULE,
    &unknown_rack::RULE,
    &unknown_node::RULE,
    &duplicate_node::RULE,
    &depends_on_refused::RULE,
    &wrong_supercluster::RULE,
    &node_names_count::RULE,
    &empty_pool::RULE,
    &invalid_node_name::RULE,
    &sysctl_key::RULE,
    &rack_in_two_clusters::RULE,
    &too_many_nodes::RULE,
    &in_use::RULE,
    &duplicate_guid::RULE,
    &too_many_rails::RULE,
    &unknown_system::RULE,
    &mig_layout::RULE,
    &gpu_power_limit::RULE,
    &prefix_too_small::RULE,
    &prefixes_overlap::RULE,
    &kernel_argument_twice::RULE,
    &kernel_command_line_length::RULE,
    &huge_pages_twice::RULE,
    &sysctl_owned_twice::RULE,
    &tuned_kernel_arguments::RULE,
    &module_option_owned_twice::RULE,
    &module_option_name::RULE,
    &label_key::RULE,
    &label_owned_twice::RULE,
    &gpu_operator_owns::RULE,
    &kernel_modules_flavour::RULE,
    &imex_channels::RULE,
    &imex_without_domain::RULE,
    &imex_modes::RULE,
    &mig_with_imex::RULE,
    &persistence_off::RULE,
    &management_interface::RULE,
    &version_incompatible::RULE,
    &compatibility_row_unknown::RULE,
    &rack_power::RULE,
    &location_power::RULE,
    &site_power::RULE,
    &phase_power::RULE,
    &location_cycle::RULE,
];
