//! Kernel arguments: the ordered list, and the file that Debian's `update-grub` reads.

use rackwright_api::{Host, HugePageSize, KernelArgument};

use crate::builder::Builder;
use crate::huge_pages;

/// Sourced by the shell in order of name by Debian's and Ubuntu's `grub-mkconfig`; other systems have no such folder, and
/// take the list instead (`rpm-ostree kargs`, `grubby`, `/etc/kernel/cmdline`: node-config 2.1).
const GRUB: &str = "/etc/default/grub.d/90-rackwright.cfg";

/// Behind this token the kernel reads nothing: the rest is for init.
const END: &str = "--";

pub(crate) fn render(host: &Host, out: &mut Builder) {
    let mut arguments: Vec<String> = host.kernel_arguments.iter().map(ToString::to_string).collect();
    let mut fields = vec!["host.kernelArguments"];
    if let Some(count) = huge_pages::count(host, HugePageSize::Gi1) {
        // A pair, and last of what the kernel reads: each `hugepages=` belongs to the `hugepagesz=` before it.
        let end = arguments
            .iter()
            .position(|argument| argument == END)
            .unwrap_or(arguments.len());
        let pair = ["hugepagesz=1G".to_owned(), format!("hugepages={count}")];
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

/// The argument as a word of GRUB's own language, which reads the line after the shell: single quotes keep everything.
/// GRUB gives an argument with a space to the kernel in double quotes, around the whole of it, and puts a backslash before
/// quotes and backslashes, which the kernel does not take away again.
fn grub_word(argument: &str, out: &mut Builder) -> Option<String> {
    if KernelArgument::new(argument).is_ok_and(|argument| !argument.passes_grub()) {
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
    fn what_grub_cannot_pass_is_refused() {
        for bad in [r"a=b\c", "a=b'c"] {
            let errors = host(&[bad], None).unwrap_err();
            assert!(
                matches!(&errors.0[..], [RenderError::Inexpressible { field, value, .. }]
                    if field == "host.kernelArguments" && value == bad),
                "{errors}"
            );
        }
    }
}
