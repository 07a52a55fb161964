//! How systemd spells things: unit names of paths, and text in units.

/// Where units of an administrator lie; they win over those of packages.
pub const UNITS: &str = "/etc/systemd/system";

/// Longest name of a unit, in bytes (systemd's `UNIT_NAME_MAX` is 256 with the final zero).
const NAME_MAX: usize = 255;

/// The name of the mount unit of an absolute path, as `systemd-escape --path --suffix=mount` prints it. None where there
/// is none: the path is not absolute, climbs (`..`), or its name is longer than a unit's may be. systemd refuses a mount
/// unit whose name and `Where=` differ (node-config 3.2).
pub fn mount_unit(path: &str) -> Option<String> {
    let name = format!("{}.mount", escape_path(path)?);
    (name.len() <= NAME_MAX).then_some(name)
}

/// The escaped form of an absolute path: slashes become dashes; what is not a letter, a digit, `:`, `_` or `.` becomes
/// `\x` and two digits, a byte at a time; so does a leading dot. Empty and `.` components vanish; `..` has no form.
pub fn escape_path(path: &str) -> Option<String> {
    let components: Vec<&str> = path
        .strip_prefix('/')?
        .split('/')
        .filter(|component| !component.is_empty() && *component != ".")
        .collect();
    if components.contains(&"..") {
        return None;
    }
    if components.is_empty() {
        return Some("-".to_owned());
    }
    let mut out = String::new();
    for (at, byte) in components.join("/").bytes().enumerate() {
        match byte {
            b'/' => out.push('-'),
            b'.' if at == 0 => push_escaped(&mut out, byte),
            b':' | b'_' | b'.' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => push_escaped(&mut out, byte),
        }
    }
    Some(out)
}

fn push_escaped(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Text as a unit's setting takes it: `%` begins a specifier.
pub(crate) fn setting(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// node-config 3.2, as printed by systemd 252.
    #[test]
    fn paths_as_systemd_escapes_them() {
        for (path, unit) in [
            ("/", "-.mount"),
            ("/mnt/nvme-scratch", r"mnt-nvme\x2dscratch.mount"),
            ("/mnt/k8s-disks/0", r"mnt-k8s\x2ddisks-0.mount"),
            ("/scratch//x/", "scratch-x.mount"),
            ("/mnt/./x", "mnt-x.mount"),
            ("/.hidden", r"\x2ehidden.mount"),
            ("/a/.b", "a-.b.mount"),
            ("/var/lib/my_app.d", "var-lib-my_app.d.mount"),
            ("/mnt/with space", r"mnt-with\x20space.mount"),
            ("/mnt/a@b", r"mnt-a\x40b.mount"),
            ("/mnt/a,b", r"mnt-a\x2cb.mount"),
            (r"/mnt/a\b", r"mnt-a\x5cb.mount"),
            ("/mnt/a:b", "mnt-a:b.mount"),
            ("/mnt/_x", "mnt-_x.mount"),
            ("/mnt/ünïcode", r"mnt-\xc3\xbcn\xc3\xafcode.mount"),
        ] {
            assert_eq!(mount_unit(path).as_deref(), Some(unit), "{path}");
        }
    }

    #[test]
    fn paths_without_a_mount_unit() {
        assert_eq!(mount_unit("/mnt/../etc"), None);
        assert_eq!(mount_unit("relative"), None);
        // 62 dashes take 248 bytes, the slash none, `.mount` six: 254 are a name, 256 are not.
        assert!(mount_unit(&format!("/{}", "-".repeat(62))).is_some());
        assert_eq!(mount_unit(&format!("/{}aa", "-".repeat(62))), None);
    }
}
