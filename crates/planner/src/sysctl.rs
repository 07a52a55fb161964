//! Sysctl keys: their spellings, and the file below `/proc/sys` that each means.

use rackwright_api::is_sysctl_part;

/// The file below `/proc/sys` that a key means. Both separators are legal, and the first that comes says how the key is
/// spelled: with a dot first, dots separate and slashes stand for the dots of an interface's name; with a slash first it is
/// the path itself (sysctl.d(5)).
pub(crate) fn path(key: &str) -> String {
    match key.find(['.', '/']) {
        Some(at) if key[at..].starts_with('.') => key
            .chars()
            .map(|c| match c {
                '.' => '/',
                '/' => '.',
                other => other,
            })
            .collect(),
        _ => key.to_owned(),
    }
}

/// Parts with dots between them, as `sysctl -a` prints keys; a slash stands for a dot inside an interface name
/// (sysctl.d(5)), so the first separator is always a dot.
pub(crate) fn is_canonical(key: &str) -> bool {
    key.len() <= 128
        && key.split_once('.').is_some_and(|(first, rest)| {
            !first.is_empty()
                && first
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                && rest.split('.').all(is_sysctl_part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_mean_one_file() {
        assert_eq!(path("net.core.rmem_max"), "net/core/rmem_max");
        assert_eq!(path("net/core/rmem_max"), "net/core/rmem_max");
        assert_eq!(
            path("net.ipv4.conf.enp3s0/200.forwarding"),
            "net/ipv4/conf/enp3s0.200/forwarding"
        );
        assert_eq!(
            path("net/ipv4/conf/enp3s0.200/forwarding"),
            "net/ipv4/conf/enp3s0.200/forwarding"
        );
        assert_eq!(path("plain"), "plain");
    }

    #[test]
    fn a_key_never_leads_out() {
        for key in [
            "kernel.//.etc.passwd",
            "net.core.//.core.rmem_max",
            "net.ipv4.conf./eth0",
            "net.ipv4.conf.eth0/",
        ] {
            assert!(!is_canonical(key), "{key}");
        }
        assert!(is_canonical("net.ipv4.conf.enp3s0/200.forwarding"));
    }
}
