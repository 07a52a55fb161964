//! Sysctls.

use rackwright_api::{Host, is_sysctl_part};

use crate::builder::Builder;

/// Read by `systemd-sysctl` at boot in order of name over all folders; of two files with one key the later wins
/// (node-config 2.2).
const FRAGMENT: &str = "/etc/sysctl.d/90-rackwright.conf";

pub(crate) fn render(host: &Host, out: &mut Builder) {
    let mut body = String::new();
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
    if !body.is_empty() {
        out.file(FRAGMENT, &body, &["host.sysctls"]);
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

    use rackwright_api::SysctlValue;

    use super::*;
    use crate::{RenderErrors, Rendered};

    fn host(sysctls: &[(&str, &str)]) -> Result<Rendered, RenderErrors> {
        let host = Host {
            sysctls: sysctls
                .iter()
                .map(|(key, value)| ((*key).to_owned(), SysctlValue::new(*value).unwrap()))
                .collect::<BTreeMap<_, _>>(),
            ..Host::default()
        };
        let mut out = Builder::default();
        render(&host, &mut out);
        out.finish()
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
            let errors = host(&[(bad, "1")]).unwrap_err();
            assert_eq!(errors.iter().count(), 1, "{bad:?}");
        }
        let rendered = host(&[("net.ipv4.conf.eth0/100.arp_ignore", "1")]).unwrap();
        assert!(
            rendered.files[0]
                .content
                .ends_with("\nnet.ipv4.conf.eth0/100.arp_ignore = 1\n")
        );
        assert_eq!(rendered.files[0].fields, ["host.sysctls"]);
    }
}
