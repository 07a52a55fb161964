//! Sysctls, and huge pages of 2 MiB, which are one.

use rackwright_api::{Host, HugePageSize, is_sysctl_part};

use crate::builder::Builder;
use crate::kernel::sizes;

/// Read by `systemd-sysctl` at boot in order of name over all folders; of two files with one key the later wins
/// (node-config 2.2).
const FRAGMENT: &str = "/etc/sysctl.d/90-rackwright.conf";

/// How many huge pages of the default size there are.
const HUGE_PAGES: &str = "vm.nr_hugepages";

const SMALL_PAGES: u64 = 2 << 20;

pub(crate) fn render(host: &Host, out: &mut Builder) {
    let mut body = String::new();
    let mut fields = Vec::new();
    if let Some(pages) = host
        .huge_pages
        .iter()
        .find(|pages| pages.size == HugePageSize::Mi2)
    {
        if host.sysctls.contains_key(HUGE_PAGES) {
            out.two_owners("host.hugePages".into(), "host.sysctls", HUGE_PAGES);
        }
        if sizes(host, "hugepagesz").any(|size| size == SMALL_PAGES) {
            out.two_owners("host.hugePages".into(), "host.kernelArguments", "hugepagesz=2M");
        }
        if sizes(host, "default_hugepagesz").any(|size| size != SMALL_PAGES) {
            out.refuse(
                "host.hugePages",
                "2Mi",
                FRAGMENT,
                "vm.nr_hugepages counts pages of the size that default_hugepagesz= of host.kernelArguments sets; remove that argument",
            );
        }
        body.push_str(&format!("{HUGE_PAGES} = {}\n", pages.count));
        fields.push("host.hugePages");
    }
    for (key, value) in &host.sysctls {
        if !is_key(key) {
            out.refuse(
                "host.sysctls",
                key,
                FRAGMENT,
                "a key is spelled with dots, `net.core.rmem_max`; a dot inside a name is a slash",
            );
        }
        body.push_str(&format!("{key} = {value}\n"));
    }
    if !host.sysctls.is_empty() {
        fields.push("host.sysctls");
    }
    if !body.is_empty() {
        out.file(FRAGMENT, &body, &fields);
    }
}

/// Whether a key is one line's key to `sysctl.d`: names joined by dots, no space, no `=`, no leading `-` (which would mean
/// "ignore errors") or `#` (a comment).
fn is_key(key: &str) -> bool {
    key.contains('.')
        && key.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && key.split('.').all(is_sysctl_part)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rackwright_api::{HugePages, KernelArgument, SysctlValue};

    use super::*;
    use crate::{RenderErrors, Rendered};

    fn host(
        sysctls: &[(&str, &str)],
        pages: Option<u32>,
        arguments: &[&str],
    ) -> Result<Rendered, RenderErrors> {
        let host = Host {
            sysctls: sysctls
                .iter()
                .map(|(key, value)| ((*key).to_owned(), SysctlValue::new(*value).unwrap()))
                .collect::<BTreeMap<_, _>>(),
            huge_pages: pages
                .map(|count| HugePages {
                    count,
                    size: HugePageSize::Mi2,
                })
                .into_iter()
                .collect(),
            kernel_arguments: arguments
                .iter()
                .map(|a| KernelArgument::new(*a).unwrap())
                .collect(),
            ..Host::default()
        };
        let mut out = Builder::default();
        render(&host, &mut out);
        out.finish()
    }

    #[test]
    fn small_huge_pages_are_a_sysctl() {
        let rendered = host(&[("net.ipv4.tcp_rmem", "4096 87380 268435456")], Some(512), &[]).unwrap();
        let body: Vec<&str> = rendered.files[0].content.lines().skip(1).collect();
        assert_eq!(
            body,
            [
                "vm.nr_hugepages = 512",
                "net.ipv4.tcp_rmem = 4096 87380 268435456"
            ]
        );
        assert_eq!(rendered.files[0].fields, ["host.hugePages", "host.sysctls"]);
        assert_eq!(rendered.kernel_arguments, Vec::<String>::new());
    }

    #[test]
    fn keys_that_would_read_as_something_else_are_refused() {
        for bad in [
            "-net.core.rmem_max",
            "# x.y",
            "a.b=c",
            "a b.c",
            "net..x",
            "net",
            "a.b\nc.d",
            "net.core.rmem_max ",
        ] {
            let errors = host(&[(bad, "1")], None, &[]).unwrap_err();
            assert_eq!(errors.iter().count(), 1, "{bad:?}");
        }
        assert!(host(&[("net.ipv4.conf.eth0/100.arp_ignore", "1")], None, &[]).is_ok());
    }

    #[test]
    fn another_owner_of_the_pages_is_refused() {
        assert!(host(&[("vm.nr_hugepages", "4")], Some(4), &[]).is_err());
        assert!(host(&[], Some(4), &["hugepagesz=2048K"]).is_err());
        assert!(host(&[], Some(4), &["default_hugepagesz=1G"]).is_err());
        assert!(host(&[], Some(4), &["default_hugepagesz=2M"]).is_ok());
    }
}
