//! The least that a change does to a node, and what it must consent to: a short reading of its own, not the planner's table.

use std::collections::BTreeMap;

use rackwright_api::{
    ActionClass, DeviceConsent, HugePageSize, KernelArgument, KernelModules, ModuleOption, Name,
    NodeProfileSpec, Toggle,
};

use super::devices::{self, Tier};
use super::power::Draw;
use super::{Before, Changing, Follows};

/// What follows from two profiles, for all nodes that go between them.
pub(super) struct Floor<'a> {
    least: ActionClass,
    tiers: Vec<Tier<'a>>,
    /// Whether GPUs may draw more or less than before.
    pub draw: Draw,
}

impl<'a> Floor<'a> {
    pub fn new(follows: &Follows<'a>) -> Self {
        let classes = follows.before.iter().map(|before| match before {
            Before::Nothing => fields(None, follows.after),
            Before::Profile(before) => fields(Some(before), follows.after),
            Before::Unknown => ActionClass::Reboot,
        });
        let tiers = follows
            .before
            .iter()
            .flat_map(|before| devices::made(before, follows));
        let tiers: Vec<Tier<'_>> = tiers.collect();
        let lost = tiers.iter().any(|tier| tier.wiped);
        Self {
            least: classes
                .chain(lost.then_some(ActionClass::Destructive))
                .max()
                .unwrap_or(ActionClass::None),
            tiers,
            draw: Draw::new(follows),
        }
    }

    /// Whether a node consents to as many devices of each tier as are wiped.
    pub fn consents(&self, consents: &[DeviceConsent]) -> bool {
        let mut given: BTreeMap<&Name, usize> = BTreeMap::new();
        for consent in consents {
            *given.entry(&consent.tier).or_default() += 1;
        }
        let mut wiped = self.tiers.iter().filter(|tier| tier.wiped);
        wiped.all(|tier| given.get(tier.name).is_some_and(|given| *given >= tier.devices))
    }
}

/// The least that the change of one node is.
pub(super) fn of_node(floor: Option<&Floor<'_>>, node: &Changing<'_>) -> ActionClass {
    let fresh = node
        .consents
        .iter()
        .any(|consent| !node.consents_before.contains(consent));
    // A tier that is not there yet takes the devices that the node consents to.
    let used = floor.is_some_and(|floor| {
        let mut tiers = floor.tiers.iter();
        tiers.any(|tier| node.consents.iter().any(|consent| consent.tier == *tier.name))
    });
    if fresh || used {
        return ActionClass::Destructive;
    }
    floor.map_or(ActionClass::None, |floor| floor.least)
}

/// Fields that the kernel or a module reads when it starts, and the driver that jobs use.
fn fields(before: Option<&NodeProfileSpec>, after: &NodeProfileSpec) -> ActionClass {
    let (was, is) = (Read::new(before), Read::new(Some(after)));
    let (flavour, version) = (is.flavour.is_some(), is.version.is_some());
    let boots = was.arguments != is.arguments
        || was.options != is.options
        || was.large_pages != is.large_pages
        || was.channels != is.channels
        || was.has_mig != is.has_mig
        // Taken away, the host keeps what it has.
        || flavour && was.flavour != is.flavour
        || is.ecc.is_some() && was.ecc != is.ecc;
    if boots {
        ActionClass::Reboot
    } else if version && was.version != is.version {
        ActionClass::Drain
    } else {
        ActionClass::None
    }
}

/// What is read of a profile; of none, nothing.
struct Read<'a> {
    arguments: Vec<&'a str>,
    /// By module; a module without any is as one that is not named.
    options: BTreeMap<&'a str, &'a BTreeMap<String, ModuleOption>>,
    /// Pages of 1 GiB: kernel arguments set them aside.
    large_pages: Option<u32>,
    channels: Option<u32>,
    has_mig: bool,
    flavour: Option<KernelModules>,
    version: Option<&'a str>,
    ecc: Option<Toggle>,
}

impl<'a> Read<'a> {
    fn new(profile: Option<&'a NodeProfileSpec>) -> Self {
        let host = profile.and_then(|profile| profile.host.as_ref());
        let gpu = profile.and_then(|profile| profile.gpu.as_ref());
        let driver = gpu.and_then(|gpu| gpu.driver.as_ref());
        let imex = gpu.and_then(|gpu| gpu.imex.as_ref());
        let modules = host.into_iter().flat_map(|host| &host.module_options);
        let pages = host.into_iter().flat_map(|host| &host.huge_pages);
        let arguments = host.into_iter().flat_map(|host| &host.kernel_arguments);
        Self {
            arguments: arguments.map(KernelArgument::as_str).collect(),
            options: modules
                .filter(|module| !module.options.is_empty())
                .map(|module| (module.module.as_str(), &module.options))
                .collect(),
            large_pages: pages
                .filter(|pages| pages.size == HugePageSize::Gi1)
                .map(|pages| pages.count)
                .next(),
            channels: imex.and_then(|imex| imex.channels),
            has_mig: gpu.is_some_and(|gpu| gpu.mig.is_some()),
            flavour: driver.and_then(|driver| driver.kernel_modules),
            version: driver.map(|driver| driver.version.as_str()),
            ecc: gpu.and_then(|gpu| gpu.ecc),
        }
    }
}
