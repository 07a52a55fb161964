//! The differences of two profiles. Every structure is taken apart by name: a new field does not compile until it has a
//! row in the action-class table.

use rackwright_api::{
    Driver, Gpu, Host, HugePageSize, HugePages, Imex, ManagementInterface, Mig, MigInstances, ModuleName,
    ModuleOptions, NodeMetadata, NodeProfileSpec, NodeTaint, ProfileRail, ServiceLimits, TaintEffect, Tuned,
};

use super::difference::{Differences, Pair, by_key, joined, present, take_apart};
use super::table;

/// What differs between two profiles; an absent one is compared as one without any field.
pub(super) fn profiles(out: &mut Differences, pair: Pair<'_, NodeProfileSpec>) {
    take_apart!(pair => NodeProfileSpec { gpu, host, kubernetes, mounts, rails, schema });
    self::gpu(out, present(gpu));
    self::host(out, present(host));
    self::kubernetes(out, present(kubernetes));
    super::mounts::mounts(out, mounts);
    self::rails(out, rails);
    // The number says how the hash is to be read. A node without profile has no old one.
    if pair.0.is_some() && pair.1.is_some() {
        out.field(&table::SCHEMA, &[], schema);
    }
}

fn gpu(out: &mut Differences, pair: Pair<'_, Gpu>) {
    take_apart!(pair => Gpu { driver, ecc, imex, managed_by, mig, persistence, power_limit });
    take_apart!(present(driver) => Driver { kernel_modules, version });
    out.field(&table::DRIVER_KERNEL_MODULES, &[], present(kernel_modules));
    out.field(&table::DRIVER_VERSION, &[], version);
    out.field(&table::ECC, &[], present(ecc));
    take_apart!(present(imex) => Imex { channels, mode });
    out.field(&table::IMEX_CHANNELS, &[], present(channels));
    out.field(&table::IMEX_MODE, &[], mode);
    out.field(&table::MANAGED_BY, &[], present(managed_by));
    self::mig(out, present(mig));
    out.field(&table::PERSISTENCE, &[], present(persistence));
    out.field(&table::POWER_LIMIT, &[], present(power_limit));
}

fn mig(out: &mut Differences, pair: Pair<'_, Mig>) {
    if !out.both(&table::MIG, &[], pair) {
        return;
    }
    take_apart!(pair => Mig { layout });
    for (key, pair) in by_key(layout, |instances| instances.profile.as_str()) {
        if out.both(&table::MIG_LAYOUT, &[key], pair) {
            take_apart!(pair => MigInstances { count; profile });
            out.field(&table::MIG_COUNT, &[key], count);
        }
    }
}

fn host(out: &mut Differences, pair: Pair<'_, Host>) {
    take_apart!(pair => Host {
        fstab_mounts, huge_pages, kernel, kernel_arguments, management_interface, module_options, modules, ofed,
        service_limits, sysctls, tuned
    });
    out.list(&table::FSTAB_MOUNTS, &[], fstab_mounts);
    for (key, pair) in by_key(huge_pages, |pages| pages.size) {
        take_apart!(pair => HugePages { count; size });
        let field = match key {
            HugePageSize::Mi2 => &table::HUGE_PAGES_2MI,
            HugePageSize::Gi1 => &table::HUGE_PAGES_1GI,
        };
        out.field(field, &[], count);
    }
    out.field(&table::KERNEL, &[], present(kernel));
    out.list(&table::KERNEL_ARGUMENTS, &[], kernel_arguments);
    take_apart!(present(management_interface) => ManagementInterface { name, pci_address });
    out.field(&table::MANAGEMENT_INTERFACE_NAME, &[], name);
    out.field(&table::MANAGEMENT_INTERFACE_PCI, &[], present(pci_address));
    for (key, pair) in by_key(module_options, |options| options.module.as_str()) {
        take_apart!(pair => ModuleOptions { options; module });
        for (option, pair) in joined(options) {
            out.field(&table::MODULE_OPTIONS, &[key, option], pair);
        }
    }
    for (key, pair) in by_key(modules, ModuleName::as_str) {
        out.field(&table::MODULES, &[key], pair);
    }
    out.field(&table::OFED, &[], present(ofed));
    for (key, pair) in by_key(service_limits, |limits| limits.service.as_str()) {
        take_apart!(pair => ServiceLimits { memlock, nofile, stack; service });
        out.field(&table::LIMIT_MEMLOCK, &[key], present(memlock));
        out.field(&table::LIMIT_NOFILE, &[key], present(nofile));
        out.field(&table::LIMIT_STACK, &[key], present(stack));
    }
    for (key, pair) in joined(sysctls) {
        out.field(&table::SYSCTLS, &[key], pair);
    }
    take_apart!(present(tuned) => Tuned { kernel_arguments, profile, sysctls });
    out.field(&table::TUNED_KERNEL_ARGUMENTS, &[], present(kernel_arguments));
    out.field(&table::TUNED_PROFILE, &[], profile);
    out.list(&table::TUNED_SYSCTLS, &[], sysctls);
}

fn kubernetes(out: &mut Differences, pair: Pair<'_, NodeMetadata>) {
    take_apart!(pair => NodeMetadata { labels, taints });
    for (key, pair) in joined(labels) {
        out.field(&table::LABELS, &[key], pair);
    }
    for ((key, effect), pair) in by_key(taints, |taint| (taint.key.as_str(), taint.effect)) {
        let (whole, part, key) = match effect {
            TaintEffect::NoExecute => (
                &table::TAINTS_NO_EXECUTE,
                &table::TAINTS_NO_EXECUTE_VALUE,
                key.to_owned(),
            ),
            TaintEffect::NoSchedule => (&table::TAINTS, &table::TAINTS_VALUE, format!("{key}:NoSchedule")),
            TaintEffect::PreferNoSchedule => (
                &table::TAINTS,
                &table::TAINTS_VALUE,
                format!("{key}:PreferNoSchedule"),
            ),
        };
        if out.both(whole, &[&key], pair) {
            take_apart!(pair => NodeTaint { value; effect, key });
            out.field(part, &[&key], present(value));
        }
    }
}

fn rails(out: &mut Differences, pair: Pair<'_, Vec<ProfileRail>>) {
    for (key, pair) in by_key(pair, |rail| rail.rail) {
        let key = key.to_string();
        let keys = [key.as_str()];
        if !out.both(&table::RAIL, &keys, pair) {
            continue;
        }
        take_apart!(pair => ProfileRail { fabric, fabric_rail, ipv4, mtu, plane; rail });
        out.field(&table::RAIL_FABRIC, &keys, fabric);
        out.field(&table::RAIL_FABRIC_RAIL, &keys, fabric_rail);
        out.field(&table::RAIL_IPV4, &keys, present(ipv4));
        out.field(&table::RAIL_MTU, &keys, present(mtu));
        out.field(&table::RAIL_PLANE, &keys, plane);
    }
}
