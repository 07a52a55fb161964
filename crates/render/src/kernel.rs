//! Kernel arguments: the ordered list, and the file that Debian's `update-grub` reads.

use rackwright_api::{Host, HugePageSize, KernelArgument};

use crate::builder::Builder;

/// Sourced by the shell in order of name by Debian's and Ubuntu's `grub-mkconfig`; other systems have no such folder, and
/// take the list instead (`rpm-ostree kargs`, `grubby`, `/etc/kernel/cmdline`: node-config 2.1).
const GRUB: &str = "/etc/default/grub.d/90-rackwright.cfg";

/// Behind this token the kernel reads nothing: the rest is for init.
const END: &str = "--";

pub(crate) fn render(host: &Host, out: &mut Builder) {
    let mut arguments: Vec<String> = host.kernel_arguments.iter().map(ToString::to_string).collect();
    let mut fields = vec!["host.kernelArguments"];
    if let Some(pages) = host
        .huge_pages
        .iter()
        .find(|pages| pages.size == HugePageSize::Gi1)
    {
        if sizes(host, "hugepagesz").any(|size| size == 1 << 30) {
            out.two_owners("host.hugePages".into(), "host.kernelArguments", "hugepagesz=1G");
        }
        // A pair, and last of what the kernel reads: each `hugepages=` belongs to the `hugepagesz=` before it.
        let end = arguments
            .iter()
            .position(|argument| argument == END)
            .unwrap_or(arguments.len());
        let pair = ["hugepagesz=1G".to_owned(), format!("hugepages={}", pages.count)];
        arguments.splice(end..end, pair);
        fields.push("host.hugePages");
    }
    if host.kernel_arguments.is_empty() {
        fields.remove(0);
    }
    if !arguments.is_empty() {
        let words: Vec<String> = arguments
            .iter()
            .filter_map(|argument| grub_word(argument, out))
            .collect();
        // The shell takes everything between single quotes as it is.
        let quoted = words.join(" ").replace('\'', r"'\''");
        let line = format!("GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX \"'{quoted}'\n");
        out.file(GRUB, &line, &fields);
    }
    out.kernel_arguments = arguments;
}

/// The sizes in bytes that the user's own arguments name with this key.
pub(crate) fn sizes<'a>(host: &'a Host, key: &'a str) -> impl Iterator<Item = u64> + 'a {
    host.kernel_arguments
        .iter()
        .filter_map(|argument| argument.as_str().split_once('='))
        .filter(move |(name, _)| *name == key)
        .filter_map(|(_, size)| bytes(size))
}

/// A size as the kernel reads it: `2M`, `1G`, `2048k`, or bytes.
fn bytes(size: &str) -> Option<u64> {
    let number = size.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    let shift = match &size[number.len()..] {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_shl(shift)
}

/// The argument as a word of GRUB's own language, which reads the line after the shell: single quotes keep everything.
/// GRUB gives an argument with a space to the kernel in double quotes, around the whole of it, and puts a backslash before
/// quotes and backslashes, which the kernel does not take away again.
fn grub_word(argument: &str, out: &mut Builder) -> Option<String> {
    if argument.contains(['\'', '\\']) {
        out.refuse(
            "host.kernelArguments",
            argument,
            GRUB,
            "GRUB puts a backslash before ' and \\, and the kernel reads it as part of the value; use a value without them",
        );
        return None;
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.,=:/@%+".contains(&b);
    if argument.bytes().all(plain) {
        return Some(argument.to_owned());
    }
    debug_assert!(KernelArgument::is_valid(argument), "{argument:?}");
    // Double quotes stand around a whole value or nowhere.
    Some(format!("'{}'", argument.replace('"', "")))
}

#[cfg(test)]
mod tests {
    use rackwright_api::HugePages;

    use super::*;
    use crate::{RenderError, RenderErrors, Rendered};

    fn host(arguments: &[&str], gigabytes: Option<u32>) -> Result<Rendered, RenderErrors> {
        let host = Host {
            kernel_arguments: arguments
                .iter()
                .map(|a| KernelArgument::new(*a).unwrap())
                .collect(),
            huge_pages: gigabytes
                .map(|count| HugePages {
                    count,
                    size: HugePageSize::Gi1,
                })
                .into_iter()
                .collect(),
            ..Host::default()
        };
        let mut out = Builder::default();
        render(&host, &mut out);
        out.finish()
    }

    #[test]
    fn order_and_repeats_are_kept_and_huge_pages_are_a_pair_at_the_end() {
        let rendered = host(
            &[
                "console=tty0",
                "hugepagesz=2M",
                "hugepages=64",
                "console=ttyS0",
                "--",
                "x",
            ],
            Some(2),
        );
        let rendered = rendered.unwrap();
        assert_eq!(
            rendered.kernel_arguments,
            [
                "console=tty0",
                "hugepagesz=2M",
                "hugepages=64",
                "console=ttyS0",
                "hugepagesz=1G",
                "hugepages=2",
                "--",
                "x"
            ]
        );
    }

    #[test]
    fn what_shell_and_grub_would_read_is_quoted_for_both() {
        let rendered = host(&["a=$HOME`id`", r#"dyndbg="file x +p""#, "b=1;2"], None).unwrap();
        let line = rendered.files[0].content.lines().last().unwrap();
        assert_eq!(
            line,
            r#"GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX "''\''a=$HOME`id`'\'' '\''dyndbg=file x +p'\'' '\''b=1;2'\'''"#
        );
    }

    #[test]
    fn what_grub_cannot_pass_is_refused_and_so_are_two_owners_of_the_large_pages() {
        for bad in [r"a=b\c", "a=b'c"] {
            let errors = host(&[bad], None).unwrap_err();
            assert!(
                matches!(&errors.0[..], [RenderError::Inexpressible { field, value, .. }]
                    if field == "host.kernelArguments" && value == bad),
                "{errors}"
            );
        }
        for own in ["hugepagesz=1G", "hugepagesz=1024M", "hugepagesz=1073741824"] {
            let errors = host(&[own, "hugepages=4"], Some(2)).unwrap_err();
            assert!(
                matches!(&errors.0[..], [RenderError::TwoOwners { .. }]),
                "{own}: {errors}"
            );
        }
    }
}
