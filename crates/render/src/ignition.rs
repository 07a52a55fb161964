//! Ignition, specification 3.4.

use serde::Serialize;

use crate::{Rendered, UnitContent};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration<'a> {
    ignition: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel_arguments: Option<KernelArguments>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<Storage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    systemd: Option<Systemd<'a>>,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KernelArguments {
    should_exist: Vec<String>,
}

#[derive(Serialize)]
struct Storage<'a> {
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    overwrite: bool,
    contents: Contents,
    mode: u32,
}

#[derive(Serialize)]
struct Contents {
    source: String,
}

#[derive(Serialize)]
struct Systemd<'a> {
    units: Vec<Unit<'a>>,
}

#[derive(Default, Serialize)]
struct Unit<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropins: Vec<DropIn<'a>>,
}

#[derive(Serialize)]
struct DropIn<'a> {
    name: &'a str,
    contents: &'a str,
}

/// The node as an Ignition configuration: one JSON value with a line break at its end. Local devices are not in it:
/// which they are, only the host knows.
pub fn ignition(rendered: &Rendered) -> Result<String, serde_json::Error> {
    let files: Vec<File<'_>> = rendered
        .files
        .iter()
        // Systems with Ignition take kernel arguments from its own list.
        .filter(|file| !file.path.starts_with("/etc/default/grub.d/"))
        .map(|file| File {
            path: &file.path,
            overwrite: true,
            contents: Contents {
                source: data_url(&file.content),
            },
            mode: file.mode,
        })
        .collect();
    let should_exist = kernel_arguments(&rendered.kernel_arguments);
    let units = units(rendered);
    let configuration = Configuration {
        ignition: Version { version: "3.4.0" },
        kernel_arguments: (!should_exist.is_empty()).then_some(KernelArguments { should_exist }),
        storage: (!files.is_empty()).then_some(Storage { files }),
        systemd: (!units.is_empty()).then_some(Systemd { units }),
    };
    Ok(serde_json::to_string_pretty(&configuration)? + "\n")
}

/// Each once, as Ignition demands; a pair of huge pages is one entry, because its halves mean nothing alone.
fn kernel_arguments(arguments: &[String]) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for argument in arguments {
        match entries.last_mut() {
            Some(last) if argument.starts_with("hugepages=") && last.starts_with("hugepagesz=") => {
                last.push(' ');
                last.push_str(argument);
            }
            _ => entries.push(argument.clone()),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    entries.retain(|entry| seen.insert(entry.clone()));
    entries
}

/// One entry a unit, with its drop-ins.
fn units(rendered: &Rendered) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    for unit in &rendered.units {
        if units.last().is_none_or(|last| last.name != unit.name) {
            units.push(Unit {
                name: &unit.name,
                ..Unit::default()
            });
        }
        let Some(entry) = units.last_mut() else {
            continue;
        };
        match &unit.content {
            UnitContent::Enabled => entry.enabled = Some(true),
            UnitContent::Masked => entry.mask = Some(true),
            UnitContent::Own { text } => {
                entry.enabled = Some(true);
                entry.contents = Some(text);
            }
            UnitContent::DropIn { file, text } => entry.dropins.push(DropIn {
                name: file,
                contents: text,
            }),
        }
    }
    units
}

/// RFC 2397 with what RFC 3986 calls unreserved left as it is.
fn data_url(content: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut url = String::from("data:,");
    for byte in content.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.push(char::from(DIGITS[usize::from(byte >> 4)]));
            url.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stay_pairs_and_repeats_vanish() {
        let arguments = [
            "a=1",
            "hugepagesz=2M",
            "hugepages=4",
            "hugepagesz=1G",
            "hugepages=4",
            "a=1",
        ]
        .map(str::to_owned);
        assert_eq!(
            kernel_arguments(&arguments),
            ["a=1", "hugepagesz=2M hugepages=4", "hugepagesz=1G hugepages=4"]
        );
    }

    #[test]
    fn bytes_of_a_data_url() {
        assert_eq!(data_url("a-b %é\n"), "data:,a-b%20%25%C3%A9%0A");
    }
}
