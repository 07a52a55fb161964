//! What the kernel makes of its command line: an ordered list of words, some of which may come more than once.

/// Arguments that may come more than once, each time with another value. `rd.` and `systemd.` stand for all of dracut's
/// and systemd's. Source: kernel-parameters.rst, dracut.cmdline(7), kernel-command-line(7).
const REPEATED: &[&str] = &[
    "acpi_osi",
    "amd_iommu",
    "bond",
    "bridge",
    "cgroup_disable",
    "cgroup_enable",
    "cgroup_no_v1",
    "console",
    "crashkernel",
    "dyndbg",
    "earlycon",
    "hugepages",
    "hugepagesz",
    "ifname",
    "ignition.config.url",
    "initrd",
    "intel_iommu",
    "iommu",
    "ip",
    "memmap",
    "modprobe.blacklist",
    "nameserver",
    "pci",
    "rd.",
    "systemd.",
    "team",
    "trace_event",
    "video",
    "vlan",
];

/// One setting of an argument: its key, and one word of its value.
type Setting = (&'static str, &'static str);

/// Settings that undo one another: the kernel takes the last and says nothing.
/// Source: kernel-parameters.rst; iommu= and pci=realloc= also in the profiles of skyhook-packages' nvidia-tuned.
const CONTRADICTIONS: &[(Setting, Setting)] = &[
    (("amd_iommu", "on"), ("amd_iommu", "off")),
    (("amd_iommu", "on"), ("iommu", "off")),
    (("intel_iommu", "on"), ("intel_iommu", "off")),
    (("intel_iommu", "on"), ("iommu", "off")),
    (("iommu", "force"), ("iommu", "off")),
    (("iommu", "pt"), ("iommu", "nopt")),
    (("iommu", "pt"), ("iommu", "off")),
    (("iommu", "pt"), ("iommu.passthrough", "0")),
    (("iommu", "nopt"), ("iommu.passthrough", "1")),
    (("pci", "realloc"), ("pci", "realloc=off")),
    (("pci", "realloc=on"), ("pci", "realloc=off")),
];

/// One argument, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelArgument<'a> {
    /// What stands before the first `=`.
    pub key: &'a str,
    /// What stands behind it, without quotes.
    pub value: Option<&'a str>,
}

impl<'a> KernelArgument<'a> {
    /// Takes an argument apart.
    pub fn new(text: &'a str) -> Self {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (text, None),
        };
        let unquoted = |value: &'a str| {
            value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .unwrap_or(value)
        };
        Self {
            key,
            value: value.map(unquoted),
        }
    }

    /// The module and its parameter, of an argument like `nvidia.NVreg_ImexChannelCount=2048`.
    pub fn module_parameter(&self) -> Option<(&'a str, &'a str)> {
        self.key
            .split_once('.')
            .filter(|(module, parameter)| !module.is_empty() && !parameter.is_empty())
    }

    /// The key as the kernel compares it: `-` and `_` are the same (kernel-parameters.rst; `parameq` in kernel/params.c).
    pub fn canonical_key(&self) -> String {
        self.key.replace('-', "_")
    }

    /// Whether it may come again with another value.
    pub fn may_repeat(&self) -> bool {
        let key = self.canonical_key();
        REPEATED.iter().any(|known| match known.strip_suffix('.') {
            Some(_) => key.starts_with(known),
            None => key == *known,
        }) || key.ends_with(".dyndbg")
    }

    /// Whether it sets this: one of the words of its value.
    fn sets(&self, (key, word): Setting) -> bool {
        self.canonical_key() == key
            && self
                .value
                .is_some_and(|value| value.split(',').any(|part| part == word))
    }

    /// The settings of two arguments that undo one another, in this order.
    pub fn contradiction(&self, other: &Self) -> Option<(Setting, Setting)> {
        CONTRADICTIONS.iter().find_map(|&(one, two)| {
            if self.sets(one) && other.sets(two) {
                Some((one, two))
            } else if self.sets(two) && other.sets(one) {
                Some((two, one))
            } else {
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_taken_apart() {
        let argument = KernelArgument::new("dyndbg=\"file x +p\"");
        assert_eq!((argument.key, argument.value), ("dyndbg", Some("file x +p")));
        let argument = KernelArgument::new("pci=realloc=off");
        assert_eq!((argument.key, argument.value), ("pci", Some("realloc=off")));
        assert_eq!(KernelArgument::new("nokaslr").value, None);
        let argument = KernelArgument::new("nvidia-uvm.uvm_debug=1");
        assert_eq!(argument.module_parameter(), Some(("nvidia-uvm", "uvm_debug")));
        assert_eq!(argument.canonical_key(), "nvidia_uvm.uvm_debug");
        assert_eq!(
            KernelArgument::new("init-on-alloc=0").canonical_key(),
            "init_on_alloc"
        );
    }

    #[test]
    fn only_what_is_in_the_table_may_repeat() {
        for text in [
            "console=tty0",
            "pci=realloc",
            "rd.md.uuid=x",
            "systemd.mask=y",
            "foo.dyndbg=+p",
        ] {
            assert!(KernelArgument::new(text).may_repeat(), "{text}");
        }
        for text in [
            "numa_balancing=disable",
            "nvidia.NVreg_X=1",
            "rd",
            "consoleblank=0",
        ] {
            assert!(!KernelArgument::new(text).may_repeat(), "{text}");
        }
    }

    #[test]
    fn settings_that_undo_one_another_are_found_in_lists_and_in_both_orders() {
        let found = |a, b| {
            KernelArgument::new(a)
                .contradiction(&KernelArgument::new(b))
                .is_some()
        };
        assert!(found("iommu=pt", "iommu=off"));
        assert!(found("iommu=off", "iommu=nopanic,pt"));
        assert!(found("pci=noaer,realloc=on", "pci=realloc=off"));
        assert!(found("iommu.passthrough=0", "iommu=pt"));
        assert!(!found("iommu=pt", "intel_iommu=on"));
        assert!(!found("pci=noaer", "pci=realloc=off"));
        assert!(!found("iommu=pt", "iommu.passthrough=1"));
    }

    /// Contradictions are looked for between arguments that may stand side by side; others are refused for their key.
    #[test]
    fn contradictions_are_about_arguments_that_may_repeat_or_differ() {
        for ((one, _), (two, _)) in CONTRADICTIONS {
            assert!(one != two || REPEATED.contains(one), "{one}");
        }
        let mut sorted = REPEATED.to_vec();
        sorted.sort_unstable();
        assert_eq!(REPEATED, sorted);
    }
}
