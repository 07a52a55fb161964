//! The host section of a pool: kernel, modules, sysctls, limits, and what others own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::{
    AbsolutePath, InterfaceName, KernelArgument, Limit, ModuleName, ModuleOption, Name, PciAddress,
    ServiceName, SysctlValue, Version,
};

/// Host settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Mount points that the hosts' `/etc/fstab` holds: they belong to it, and no tier may be mounted there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::FSTAB_MOUNTS), extend("x-kubernetes-list-type" = "set"))]
    pub fstab_mounts: Vec<AbsolutePath>,
    /// Huge pages that are set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["size"]))]
    pub huge_pages: Vec<HugePages>,
    /// The kernel that the hosts run, as `uname -r` prints it. It is checked against drivers and clients; installing it
    /// is the image's matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Version>,
    /// Kernel arguments in their order; repeats are legal (`console=`, `pci=`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::KERNEL_ARGUMENTS), extend("x-kubernetes-list-type" = "atomic"))]
    pub kernel_arguments: Vec<KernelArgument>,
    /// The interface that reaches the API server: a change of another device must never cut it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_interface: Option<ManagementInterface>,
    /// Options of kernel modules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::MODULES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["module"]))]
    pub module_options: Vec<ModuleOptions>,
    /// Kernel modules to load.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::MODULES), extend("x-kubernetes-list-type" = "set"))]
    pub modules: Vec<ModuleName>,
    /// The InfiniBand driver stack (DOCA-OFED) of the hosts, as `ofed_info -s` prints its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ofed: Option<Version>,
    /// Limits of services, as drop-ins of their units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::SERVICES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["service"]))]
    pub service_limits: Vec<ServiceLimits>,
    /// Sysctls by key, in the spelling with dots.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = bounds::SYSCTLS))]
    pub sysctls: BTreeMap<String, SysctlValue>,
    /// TuneD, where it runs on the hosts: what it owns belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Tuned>,
}

/// Huge pages of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HugePages {
    /// How many pages of a node.
    #[schemars(range(min = 1, max = 4_194_304))]
    pub count: u32,
    /// How large each is.
    pub size: HugePageSize,
}

/// Sizes of huge pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum HugePageSize {
    /// 2 MiB: set while the host runs.
    #[serde(rename = "2Mi")]
    Mi2,
    /// 1 GiB: set by kernel arguments, with a reboot.
    #[serde(rename = "1Gi")]
    Gi1,
}

/// The interface that reaches the API server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagementInterface {
    /// Its name: `eno1`.
    pub name: InterfaceName,
    /// Where its device sits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci_address: Option<PciAddress>,
}

/// Options of one kernel module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModuleOptions {
    /// The module.
    pub module: ModuleName,
    /// Each option with its value.
    #[schemars(extend("minProperties" = 1, "maxProperties" = bounds::MODULE_OPTIONS))]
    pub options: BTreeMap<String, ModuleOption>,
}

/// Limits of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = crate::cel::rules(&[
    ("has(self.memlock) || has(self.nofile) || has(self.stack)", "at least one of memlock, nofile and stack is needed"),
])))]
pub struct ServiceLimits {
    /// Bytes that it may lock (`LimitMEMLOCK`); RDMA registers locked memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memlock: Option<Limit>,
    /// Files that it may open (`LimitNOFILE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nofile: Option<Limit>,
    /// The service, without `.service`: `containerd`.
    pub service: ServiceName,
    /// Bytes of its stack (`LimitSTACK`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Limit>,
}

/// What TuneD owns on the hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tuned {
    /// Whether its profile sets kernel arguments (`[bootloader]`): then the pool sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_arguments: Option<bool>,
    /// The profile.
    pub profile: Name,
    /// The sysctls that it sets, in the spelling with dots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::SYSCTLS), extend("x-kubernetes-list-type" = "set", "items" = serde_json::json!({"type": "string", "minLength": 1, "maxLength": 256})))]
    pub sysctls: Vec<String>,
}

impl HugePageSize {
    /// In bytes.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Mi2 => 2 << 20,
            Self::Gi1 => 1 << 30,
        }
    }
}

impl Host {
    /// Whether the kernel has base pages of 64 KiB, as Ubuntu's (`-64k`) and Red Hat's (`+64k`) say in their names. Its
    /// huge pages have 2 MiB, 512 MiB or 16 GiB (Documentation/arch/arm64/hugetlbpage.rst).
    pub fn has_large_base_pages(&self) -> bool {
        let kernel = self.kernel.as_ref().map_or("", Version::as_str);
        kernel.ends_with("-64k") || kernel.ends_with("+64k")
    }

    /// Bytes of the huge pages that the sysctl `vm.nr_hugepages` counts: of the size that the last `default_hugepagesz=`
    /// says, else of the kernel's own (Documentation/admin-guide/mm/hugetlbpage.rst).
    pub fn default_huge_page(&self) -> u64 {
        let own = if self.has_large_base_pages() {
            512 << 20
        } else {
            2 << 20
        };
        let mut said = self.kernel_arguments.iter().rev();
        said.find_map(|argument| memory_size(argument.as_str().strip_prefix("default_hugepagesz=")?))
            .unwrap_or(own)
    }
}

impl KernelArgument {
    /// Whether GRUB hands it to the kernel as it is: before `'` and `\` it puts a backslash, which the kernel reads as
    /// part of the value.
    pub fn passes_grub(&self) -> bool {
        !self.as_str().contains(['\'', '\\'])
    }
}

/// A size as the kernel reads it: `2M`, `1G`, `2048k`, or bytes.
pub fn memory_size(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    let shift = match &text[number.len()..] {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Whether a text can stand between two dots of a sysctl's key. A slash in it becomes a dot of the path below `/proc/sys`
/// (sysctl.d(5)): one at an edge, or two, would lead out of there.
pub fn is_sysctl_part(part: &str) -> bool {
    part.split('/').all(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-*@:".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_huge_page_is_the_last_that_is_said_else_the_kernels() {
        let host = |kernel: Option<&str>, arguments: &[&str]| Host {
            kernel: kernel.map(|kernel| Version::new(kernel).unwrap()),
            kernel_arguments: arguments
                .iter()
                .map(|argument| KernelArgument::new(*argument).unwrap())
                .collect(),
            ..Host::default()
        };
        for (kernel, arguments, size) in [
            (None, vec![], 2 << 20),
            (Some("6.8.0-1024-nvidia"), vec![], 2 << 20),
            (Some("6.8.0-1024-nvidia-64k"), vec![], 512 << 20),
            (
                Some("5.14.0-503.11.1.el9_5.aarch64+64k"),
                vec!["quiet"],
                512 << 20,
            ),
            (
                Some("6.8.0-1024-nvidia-64k"),
                vec!["default_hugepagesz=2M"],
                2 << 20,
            ),
            (
                None,
                vec!["default_hugepagesz=2M", "default_hugepagesz=1048576k"],
                1 << 30,
            ),
        ] {
            assert_eq!(
                host(kernel, &arguments).default_huge_page(),
                size,
                "{kernel:?} {arguments:?}"
            );
        }
    }

    #[test]
    fn sizes_as_the_kernel_reads_them() {
        for (text, size) in [
            ("2M", Some(2 << 20)),
            ("2048K", Some(2 << 20)),
            ("1073741824", Some(1 << 30)),
            ("1Gk", None),
            ("x", None),
            ("99999999999999999G", None),
        ] {
            assert_eq!(memory_size(text), size, "{text}");
        }
    }
}
