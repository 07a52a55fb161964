//! A tier names devices by what does not identify them.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5008",
    name: "device-model",
    severity: Severity::Error,
    summary: "A tier names devices by what does not identify them",
    doc: r#"## What it does
The `model` of a local tier is the text that the device reports, with `*` for any run of characters. A kernel name (`nvme0n1`, `sda`, `/dev/…`) is none, and a pattern without a letter or digit is that of every device.

## Why
Kernel names are given in the order in which devices are found: after a reboot or a failed disk, `nvme0n1` is another one. A pattern that fits every device fits the boot disk too.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "nvme[0-7]n1", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
```

## Fix
Write what `nvme list` or `lsblk -o MODEL` shows, or the slots as `pciAddresses`.
"#,
};

/// The model of every local tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let devices = tier.spec.local_nvme.as_ref().map(|local| &local.devices);
        let Some(pattern) = devices.and_then(|devices| devices.model.as_ref()) else {
            continue;
        };
        let Some(why) = no_model(pattern.as_str()) else {
            continue;
        };
        let object = tiers::object(tier);
        findings.push(
            Finding::new(&RULE, format!("the model {pattern:?} of {object} is {why}"))
                .party(object, at!("spec", "localNVMe", "devices", "model"), why)
                .help("write what `lsblk -o MODEL` shows for the device, or its slot as pciAddresses"),
        );
    }
}

fn no_model(pattern: &str) -> Option<&'static str> {
    let lower = pattern.to_ascii_lowercase();
    let numbered = |prefix: &str| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || "*[?".contains(c)))
    };
    // sda, sd*, vdb: three or four characters at most, which no model is.
    let scsi = ["sd", "vd", "xvd"].iter().any(|prefix| {
        lower.strip_prefix(prefix).is_some_and(|rest| {
            matches!(rest.len(), 1 | 2) && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'*')
        })
    });
    if !pattern.bytes().any(|b| b.is_ascii_alphanumeric()) {
        Some("that of every device, the boot disk among them")
    } else if lower.starts_with("/dev/") || numbered("nvme") || numbered("md") || scsi {
        Some("a kernel name, which changes from boot to boot")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::no_model;

    #[test]
    fn kernel_names_and_stars_are_no_models() {
        for text in [
            "nvme0n1",
            "nvme*",
            "nvme?n1",
            "NVMe0n1",
            "sda",
            "sd*",
            "vdb",
            "/dev/disk/by-id/x",
            "*",
            "**",
            "md127",
        ] {
            assert!(no_model(text).is_some(), "{text}");
        }
        for text in [
            "SAMSUNG MZ*",
            "*3T8*",
            "Micron_7450",
            "KIOXIA CM7",
            "SD7SB7S960G",
            "nvmedisk",
        ] {
            assert!(no_model(text).is_none(), "{text}");
        }
    }
}
