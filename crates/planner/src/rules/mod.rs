//! The rules, one file each: documentation, two examples that are tests, and how the finding is worded.

pub mod array_name_too_long;
pub mod beegfs_twice;
pub mod catalogue_entry;
pub mod catalogue_no_change;
pub mod compatibility_row_unknown;
pub mod consent_twice;
pub mod consent_without_node;
pub mod depends_on_refused;
pub mod device_model;
pub mod devices_claimed_twice;
pub mod disks_of_node;
pub mod duplicate_guid;
pub mod duplicate_node;
pub mod empty_pool;
pub mod fabric_too_large;
pub mod fabric_without_switch;
pub mod gpu_operator_owns;
pub mod gpu_power_limit;
pub mod gpudirect_host;
pub mod gpudirect_transport;
pub mod guid_moved;
pub mod host_number_conflict;
pub mod hostlist_invalid;
pub mod huge_page_size;
pub mod huge_pages_twice;
pub mod ignore_malformed;
pub mod ignore_no_warning;
pub mod ignore_unused;
pub mod imex_channels;
pub mod imex_modes;
pub mod imex_without_domain;
pub mod in_use;
pub mod invalid_node_name;
pub mod kernel_argument_quoted;
pub mod kernel_argument_twice;
pub mod kernel_command_line_length;
pub mod kernel_modules_flavour;
pub mod label_key;
pub mod label_owned_twice;
pub mod lids_exhausted;
pub mod lnet_network_twice;
pub mod local_volume_directory;
pub mod location_cycle;
pub mod location_power;
pub mod management_interface;
pub mod manager_not_plugged;
pub mod mig_layout;
pub mod mig_with_imex;
pub mod missing_reference;
pub mod module_option_name;
pub mod module_option_owned_twice;
pub mod mount_option_foreign;
pub mod mount_option_of_fstab;
pub mod mount_options_contradict;
pub mod mount_point_of_fstab;
pub mod mount_point_of_system;
pub mod mount_point_too_long;
pub mod mount_points_collide;
pub mod nfs_connections;
pub mod node_claimed_twice;
pub mod node_names_count;
pub mod node_not_placed;
pub mod node_of_another_cluster;
pub mod number_outside_range;
pub mod partition_pool_not_plugged;
pub mod persistence_off;
pub mod phase_power;
pub mod phase_splits_unit;
pub mod pkey_table_full;
pub mod pkey_twice;
pub mod placed_twice;
pub mod prefix_too_small;
pub mod prefixes_overlap;
pub mod provisioner_of_tier;
pub mod quarantine_full;
pub mod rack_in_two_clusters;
pub mod rack_power;
pub mod raid_devices;
pub mod range_missing;
pub mod range_outside_prefix;
pub mod range_too_small;
pub mod range_unknown_cluster;
pub mod ranges_overlap;
pub mod rdma_without_fabric;
pub mod reclaim_policy;
pub mod reservation_unknown_node;
pub mod routing_engine;
pub mod routing_engine_weak;
pub mod server_place;
pub mod server_with_colon;
pub mod site_power;
pub mod storage_class_differs;
pub mod subnet_prefixes;
pub mod switch_of_ethernet;
pub mod switch_racks;
pub mod sysctl_key;
pub mod sysctl_owned_twice;
pub mod tier_fabric;
pub mod tier_plane;
pub mod too_many_managers;
pub mod too_many_nodes;
pub mod too_many_rails;
pub mod tuned_kernel_arguments;
pub mod unit_beyond;
pub mod unit_overfull;
pub mod unknown_node;
pub mod unknown_power;
pub mod unknown_rack;
pub mod unknown_system;
pub mod version_incompatible;
pub mod volume_group_devices;
pub mod volume_without_capacity;
pub mod weka_resources;
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
    &range_missing::RULE,
    &range_unknown_cluster::RULE,
    &ranges_overlap::RULE,
    &range_outside_prefix::RULE,
    &range_too_small::RULE,
    &reservation_unknown_node::RULE,
    &host_number_conflict::RULE,
    &number_outside_range::RULE,
    &guid_moved::RULE,
    &node_of_another_cluster::RULE,
    &placed_twice::RULE,
    &unit_overfull::RULE,
    &unit_beyond::RULE,
    &node_not_placed::RULE,
    &fabric_too_large::RULE,
    &pkey_twice::RULE,
    &partition_pool_not_plugged::RULE,
    &pkey_table_full::RULE,
    &lids_exhausted::RULE,
    &routing_engine::RULE,
    &routing_engine_weak::RULE,
    &manager_not_plugged::RULE,
    &too_many_managers::RULE,
    &subnet_prefixes::RULE,
    &switch_racks::RULE,
    &quarantine_full::RULE,
    &ignore_unused::RULE,
    &ignore_malformed::RULE,
    &ignore_no_warning::RULE,
    &fabric_without_switch::RULE,
    &switch_of_ethernet::RULE,
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
    &kernel_argument_quoted::RULE,
    &huge_page_size::RULE,
    &rack_power::RULE,
    &location_power::RULE,
    &site_power::RULE,
    &phase_power::RULE,
    &location_cycle::RULE,
    &catalogue_entry::RULE,
    &catalogue_no_change::RULE,
    &unknown_power::RULE,
    &phase_splits_unit::RULE,
    &server_place::RULE,
    &tier_fabric::RULE,
    &tier_plane::RULE,
    &mount_points_collide::RULE,
    &mount_point_of_fstab::RULE,
    &mount_point_of_system::RULE,
    &devices_claimed_twice::RULE,
    &raid_devices::RULE,
    &device_model::RULE,
    &consent_without_node::RULE,
    &consent_twice::RULE,
    &mount_options_contradict::RULE,
    &mount_option_foreign::RULE,
    &nfs_connections::RULE,
    &rdma_without_fabric::RULE,
    &weka_resources::RULE,
    &gpudirect_transport::RULE,
    &gpudirect_host::RULE,
    &provisioner_of_tier::RULE,
    &volume_group_devices::RULE,
    &storage_class_differs::RULE,
    &reclaim_policy::RULE,
    &disks_of_node::RULE,
    &local_volume_directory::RULE,
    &volume_without_capacity::RULE,
    &mount_option_of_fstab::RULE,
    &server_with_colon::RULE,
    &mount_point_too_long::RULE,
    &array_name_too_long::RULE,
    &beegfs_twice::RULE,
    &lnet_network_twice::RULE,
];
