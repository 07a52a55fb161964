//! Random valid profiles: what is rendered can be read back, whatever the values hold.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "helpers of tests are not tests to clippy"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::string::string_regex;
use rackwright_api::*;
use rackwright_render::{Rendered, UnitContent, cloud_init, ignition, render, systemd};
use serde_json::{Value, json};

/// Texts of a type, from the pattern that its schema shows; a repeat without end has at most a few characters.
macro_rules! text {
    ($type:ident) => {
        string_regex(
            &$type::PATTERN.trim_start_matches('^').trim_end_matches('$').replace('*', "{0,9}"),
        )
        .unwrap()
        .prop_filter("valid", |text| $type::is_valid(text))
    };
}

fn sysctls() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(
        "[a-z0-9_]{1,8}(\\.[A-Za-z0-9_@:/-]{1,8}){1,3}",
        text!(SysctlValue),
        0..6,
    )
}

fn modules() -> impl Strategy<Value = BTreeMap<String, BTreeMap<String, String>>> {
    btree_map(
        text!(ModuleName),
        btree_map("[A-Za-z0-9_]{1,12}", text!(ModuleOption), 1..4),
        0..4,
    )
}

fn tier() -> impl Strategy<Value = Value> {
    prop_oneof![
        (text!(HostAddress), text!(AbsolutePath)).prop_map(|(server, export)| {
            json!({"nfs": {"export": export, "server": server, "transport": "RDMA"}})
        }),
        vec(text!(Nid), 1..3).prop_map(|nids| json!({"lustre": {"fileSystem": "data", "managementServers": nids}})),
        vec(text!(HostAddress), 1..3).prop_map(|servers| json!({"weka": {"backends": servers, "fileSystem": "fs"}})),
        (1_u8..4, any::<bool>()).prop_map(|(count, xfs)| {
            let filesystem = if xfs { "xfs" } else { "ext4" };
            json!({"localNVMe": {"devices": {"count": count, "model": "X"}, "filesystem": filesystem, "raid": 0, "wipe": "Never"}})
        }),
    ]
}

fn mounts() -> impl Strategy<Value = Vec<Value>> {
    let mount = (
        tier(),
        text!(AbsolutePath),
        vec(text!(MountOption), 0..4),
        "[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
    );
    vec(mount, 0..4).prop_map(|mounts| {
        let unique: BTreeMap<String, Value> = mounts
            .into_iter()
            .enumerate()
            .map(|(at, (mut mount, point, options, tier))| {
                mount["mountPoint"] = json!(point);
                mount["options"] = json!(options);
                mount["tier"] = json!(format!("t{at}{tier}"));
                (point, mount)
            })
            .collect();
        unique.into_values().collect()
    })
}

prop_compose! {
    fn profile()(
        arguments in vec(text!(KernelArgument), 0..6),
        sysctls in sysctls(),
        modules in modules(),
        mounts in mounts(),
        service in text!(ServiceName),
        limit in text!(Limit),
    ) -> Value {
        let options: Vec<Value> =
            modules.into_iter().map(|(module, options)| json!({"module": module, "options": options})).collect();
        json!({
            "host": {
                "kernelArguments": arguments, "moduleOptions": options, "sysctls": sysctls,
                "serviceLimits": [{"service": service, "memlock": limit}],
            },
            "mounts": mounts, "schema": 1,
        })
    }
}

fn content<'a>(rendered: &'a Rendered, path: &str) -> &'a str {
    rendered
        .files
        .iter()
        .find(|file| file.path == path)
        .map_or("", |file| &file.content)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// The value of a setting of a unit, as systemd reads it.
fn setting(text: &str, key: &str) -> String {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .unwrap();
    assert!(!value.replace("%%", "").contains('%'), "a specifier in {value}");
    assert!(!value.ends_with('\\'), "{value} goes on in the next line");
    value.replace("%%", "%")
}

fn check(profile: &NodeProfileSpec, rendered: &Rendered) {
    let host = profile.host.clone().unwrap_or_default();
    let sysctls: BTreeMap<String, String> = lines(content(rendered, "/etc/sysctl.d/90-rackwright.conf"))
        .map(|line| line.split_once(" = ").unwrap())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let wanted = host
        .sysctls
        .iter()
        .map(|(key, value)| (key.clone(), value.to_string()))
        .collect();
    assert_eq!(sysctls, wanted);

    // As modprobe reads it: words between blanks.
    for (line, module) in
        lines(content(rendered, "/etc/modprobe.d/rackwright.conf")).zip(&host.module_options)
    {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        assert_eq!(&words[..2], ["options", module.module.as_str()]);
        let options: Vec<String> = module
            .options
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(&words[2..], options);
    }

    let names: BTreeSet<String> = profile
        .mounts
        .iter()
        .map(|mount| systemd::mount_unit(mount.mount_point.as_str()).unwrap())
        .collect();
    let mut found = BTreeSet::new();
    for unit in rendered.units.iter().filter(|unit| unit.name.ends_with(".mount")) {
        let UnitContent::Own { text } = &unit.content else {
            panic!("{unit:?}")
        };
        found.insert(unit.name.clone());
        let mount = profile
            .mounts
            .iter()
            .find(|mount| mount.mount_point.as_str() == setting(text, "Where"))
            .unwrap();
        assert_eq!(
            systemd::mount_unit(mount.mount_point.as_str()),
            Some(unit.name.clone())
        );
        let options = setting(text, "Options");
        let options: Vec<&str> = options.split(',').collect();
        let wanted: Vec<&str> = mount.options.iter().map(MountOption::as_str).collect();
        assert!(options.ends_with(&wanted), "{options:?}");
        assert!(!setting(text, "What").contains(' '));
    }
    assert_eq!(found, names);
    assert_eq!(
        rendered.kernel_arguments,
        host.kernel_arguments
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );
}

/// Every file and unit comes back from both formats as it was.
fn formats(rendered: &Rendered) {
    let written: BTreeMap<String, String> = rendered
        .files
        .iter()
        .map(|file| (file.path.clone(), file.content.clone()))
        .chain(rendered.units.iter().filter_map(|unit| match &unit.content {
            UnitContent::Own { text } | UnitContent::DropIn { text, .. } => {
                Some((unit.path()?, text.clone()))
            }
            UnitContent::Enabled | UnitContent::Masked => None,
        }))
        .collect();
    let user_data: Value = serde_yaml::from_str(&cloud_init(rendered).unwrap()).unwrap();
    let back: BTreeMap<String, String> = user_data["write_files"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| {
            (
                file["path"].as_str().unwrap().to_owned(),
                file["content"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(back, written);
    let ignition: Value = serde_json::from_str(&ignition(rendered).unwrap()).unwrap();
    let units = ignition["systemd"]["units"].as_array().map_or(0, Vec::len);
    let names: BTreeSet<&str> = rendered.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(units, names.len());
}

proptest! {
    #[test]
    fn what_is_rendered_reads_back(profile in profile()) {
        let profile: NodeProfileSpec = serde_json::from_value(profile).unwrap();
        match render(&profile, &Facts::default()) {
            Ok(rendered) => {
                prop_assert_eq!(&rendered, &render(&profile, &Facts::default()).unwrap());
                for file in &rendered.files {
                    prop_assert!(file.content.ends_with('\n') && file.content.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)));
                }
                check(&profile, &rendered);
                formats(&rendered);
            }
            Err(errors) => {
                for error in errors.iter() {
                    let text = error.to_string();
                    prop_assert!(text.starts_with("host.") || text.starts_with("mounts["), "{}", text);
                }
            }
        }
    }
}
