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

fn gpu() -> impl Strategy<Value = Option<Value>> {
    let toggle = || prop_oneof![Just("Enabled"), Just("Disabled")];
    let gpu = (
        text!(Power),
        text!(MigProfile),
        1_u32..1 << 20,
        toggle(),
        toggle(),
        any::<bool>(),
    );
    proptest::option::of(gpu.prop_map(|(power, mig, channels, ecc, persistence, operator)| {
        json!({
            "ecc": ecc, "persistence": persistence, "powerLimit": power,
            "imex": {"channels": channels, "mode": if operator { "DriverManaged" } else { "HostManaged" }},
            "managedBy": if operator { "GPUOperator" } else { "Host" },
            "mig": {"layout": [{"profile": mig, "count": 1}]},
        })
    }))
}

/// Rails of a profile and of a node: some without address or GUID.
fn rails() -> impl Strategy<Value = (Vec<ProfileRail>, Facts)> {
    let rail = (
        any::<u64>(),
        any::<[u8; 4]>(),
        0_u8..=32,
        any::<(bool, bool)>(),
        any::<Option<u16>>(),
    );
    vec(rail, 0..4).prop_map(|rails| {
        let profile = |number: usize, mtu| {
            json!({"rail": number, "fabric": "f", "fabricRail": number, "plane": "Storage", "mtu": mtu})
        };
        let both = rails.into_iter().enumerate().map(|(number, (guid, address, length, (has_guid, has_address), mtu))| {
            let fact = Rail {
                guid: has_guid.then(|| Guid::from_value(guid)),
                ipv4: has_address.then(|| InterfaceAddress::from_parts(address.into(), length)),
                rail: number as u8,
            };
            (serde_json::from_value(profile(number, mtu)).unwrap(), fact)
        });
        let (rails, facts) = both.unzip();
        (rails, Facts { rails: facts, ..Facts::default() })
    })
}

prop_compose! {
    fn profile()(
        gpu in gpu(),
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
            "gpu": gpu,
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
    let operator = profile.gpu.as_ref().and_then(|gpu| gpu.managed_by) == Some(GpuManager::GPUOperator);
    let modprobe = content(rendered, "/etc/modprobe.d/rackwright.conf");
    let found: BTreeMap<&str, Vec<&str>> = lines(modprobe)
        .map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            assert_eq!(words[0], "options", "{line}");
            (words[1], words[2..].to_vec())
        })
        .collect();
    for module in &host.module_options {
        let name = module.module.as_str();
        if operator && (name == "nvidia" || name.starts_with("nvidia_")) {
            assert!(!found.contains_key(name));
            continue;
        }
        let options: Vec<String> = module
            .options
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(found[name], options);
    }
    let channels = profile
        .gpu
        .as_ref()
        .filter(|_| !operator)
        .and_then(|gpu| gpu.imex.as_ref()?.channels);
    let wanted = channels.map(|channels| vec![format!("NVreg_ImexChannelCount={channels}")]);
    assert_eq!(
        found
            .get("nvidia")
            .map(|words| words.iter().map(ToString::to_string).collect()),
        wanted
    );

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

/// A rail is set up, with its name and its address, exactly where the node knows both GUID and address.
fn check_rails(facts: &Facts, rendered: &Rendered) {
    let rules = content(rendered, "/etc/udev/rules.d/70-rackwright-rails.rules");
    for rail in &facts.rails {
        let path = format!("/etc/systemd/network/70-rackwright-rail{}.network", rail.rail);
        let network = content(rendered, &path);
        let named = rules.contains(&format!("NAME=\"rail{}\"", rail.rail));
        match (&rail.guid, &rail.ipv4) {
            (Some(_), Some(address)) => {
                assert_eq!((named, setting(network, "Address")), (true, address.to_string()));
            }
            _ => assert_eq!((named, network), (false, "")),
        }
    }
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
    fn what_is_rendered_reads_back(profile in profile(), (rails, facts) in rails()) {
        let profile: NodeProfileSpec = serde_json::from_value(profile).unwrap();
        let profile = NodeProfileSpec { rails, ..profile };
        match render("n1", &profile, &facts) {
            Ok(rendered) => {
                prop_assert_eq!(&rendered, &render("n1", &profile, &facts).unwrap());
                for file in &rendered.files {
                    prop_assert!(file.content.ends_with('\n') && file.content.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)));
                }
                check(&profile, &rendered);
                check_rails(&facts, &rendered);
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
