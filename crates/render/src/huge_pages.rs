//! Huge pages: who else sets them, and those of 2 MiB. Those of 1 GiB are kernel arguments.

use rackwright_api::{Host, HugePageSize, memory_size};

use crate::builder::Builder;

/// Read by `systemd-tmpfiles` at boot, before kubelet: a line `w` writes to a file that is there.
const FRAGMENT: &str = "/etc/tmpfiles.d/90-rackwright.conf";

/// How many pages of exactly this size there are. The sysctl `vm.nr_hugepages` counts pages of the kernel's default size,
/// which is 512 MiB where base pages have 64 KiB, and elsewhere what `default_hugepagesz=` says
/// (Documentation/admin-guide/mm/hugetlbpage.rst).
const SMALL: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

const BY_DEFAULT_SIZE: &str = "vm.nr_hugepages";

/// How many pages of a size are wanted; none where it is not said.
pub(crate) fn count(host: &Host, size: HugePageSize) -> Option<u32> {
    let pages = host.huge_pages.iter().find(|pages| pages.size == size)?;
    Some(pages.count)
}

pub(crate) fn render(host: &Host, out: &mut Builder) {
    for pages in &host.huge_pages {
        let size = pages.size.bytes();
        if host.sysctls.contains_key(BY_DEFAULT_SIZE) && host.default_huge_page() == size {
            out.two_owners("host.hugePages".into(), "host.sysctls", BY_DEFAULT_SIZE);
        }
        for argument in &host.kernel_arguments {
            let said = argument
                .as_str()
                .strip_prefix("hugepagesz=")
                .and_then(memory_size);
            if said == Some(size) {
                out.two_owners("host.hugePages".into(), "host.kernelArguments", argument.as_str());
            }
        }
    }
    if let Some(count) = count(host, HugePageSize::Mi2) {
        // No mode, owner or age: `w` takes none.
        out.file(
            FRAGMENT,
            &format!("w {SMALL} - - - - {count}\n"),
            &["host.hugePages"],
        );
    }
}

#[cfg(test)]
mod tests {
    use rackwright_api::{HugePages, KernelArgument, SysctlValue};

    use super::*;
    use crate::{RenderErrors, Rendered};

    fn host(size: HugePageSize, sysctls: &[&str], arguments: &[&str]) -> Result<Rendered, RenderErrors> {
        let host = Host {
            huge_pages: vec![HugePages { count: 512, size }],
            kernel_arguments: arguments
                .iter()
                .map(|argument| KernelArgument::new(*argument).unwrap())
                .collect(),
            sysctls: sysctls
                .iter()
                .map(|key| ((*key).to_owned(), SysctlValue::new("4").unwrap()))
                .collect(),
            ..Host::default()
        };
        let mut out = Builder::default();
        render(&host, &mut out);
        out.finish()
    }

    #[test]
    fn small_pages_are_counted_by_their_size() {
        let rendered = host(HugePageSize::Mi2, &[], &["default_hugepagesz=1G"]).unwrap();
        let body: Vec<&str> = rendered.files[0].content.lines().skip(1).collect();
        assert_eq!(
            body,
            ["w /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages - - - - 512"]
        );
        assert_eq!(rendered.files[0].path, "/etc/tmpfiles.d/90-rackwright.conf");
        assert_eq!(host(HugePageSize::Gi1, &[], &[]).unwrap().files, []);
    }

    #[test]
    fn another_owner_of_the_pages_is_refused() {
        let by_default = ["vm.nr_hugepages"];
        assert!(host(HugePageSize::Mi2, &by_default, &[]).is_err());
        assert!(host(HugePageSize::Gi1, &by_default, &[]).is_ok());
        assert!(host(HugePageSize::Gi1, &by_default, &["default_hugepagesz=1G"]).is_err());
        assert!(host(HugePageSize::Mi2, &by_default, &["default_hugepagesz=1G"]).is_ok());
        assert!(host(HugePageSize::Mi2, &[], &["hugepagesz=2048K"]).is_err());
        assert!(host(HugePageSize::Mi2, &[], &["hugepagesz=1G"]).is_ok());
        for own in ["hugepagesz=1G", "hugepagesz=1024M", "hugepagesz=1073741824"] {
            assert!(
                host(HugePageSize::Gi1, &[], &[own, "hugepages=4"]).is_err(),
                "{own}"
            );
        }
    }
}
