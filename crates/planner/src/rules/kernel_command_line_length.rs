//! The kernel arguments of a pool are longer than a kernel command line.

use rackwright_api::{HugePageSize, HugePages};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// Characters that a kernel command line holds: `COMMAND_LINE_SIZE` is 2,048 with the byte that ends it, in
/// `arch/x86/include/asm/setup.h` and `arch/arm64/include/uapi/asm/setup.h`.
const HOLDS: usize = 2047;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3004",
    name: "kernel-command-line-length",
    severity: Severity::Error,
    summary: "The kernel arguments of a pool are longer than a kernel command line",
    doc: r#"## What it does
The kernel arguments of a pool, with a space between them, and those that its huge pages of 1 GiB need, have at most 2,047 characters. What the image's own boot loader adds (`root=`, `ro`) is not known here and comes on top.

## Why
The kernel holds 2,048 bytes (`COMMAND_LINE_SIZE`, on x86 and arm64) and drops what is behind them without a word.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  host:
    kernelArguments:
    - "isolcpus=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "nohz_full=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "rcu_nocbs=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "irqaffinity=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "systemd.setenv=CPUS0=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "systemd.setenv=CPUS1=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "systemd.setenv=CPUS2=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "systemd.setenv=CPUS3=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
    - "systemd.setenv=CPUS4=100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154"
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  host: { kernelArguments: [ "iommu=pt", "numa_balancing=disable" ] }
```

## Fix
Write lists as ranges (`isolcpus=8-63`), and move module parameters to `host.moduleOptions`.
"#,
};

/// The command line of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let written: Vec<usize> = host
            .kernel_arguments
            .iter()
            .map(|argument| argument.as_str().len())
            .collect();
        let derived: usize = host.huge_pages.iter().map(of_huge_pages).sum();
        let written_length = written.iter().sum::<usize>() + written.len().saturating_sub(1);
        let length = written_length + derived;
        if length <= HOLDS || written.is_empty() {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let huge = match derived {
            0 => String::new(),
            derived => format!(" + {derived} for its huge pages of 1 GiB = {length}"),
        };
        let longest = (0..written.len()).max_by_key(|&at| written[at]).unwrap_or(0);
        let path = at!("spec", "host", "kernelArguments");
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "the {} kernel arguments of {object} have {written_length} characters{huge}, and a kernel \
                     command line holds {HOLDS}: {} too many; the longest is {path}[{longest}] with {}",
                    written.len(),
                    length - HOLDS,
                    written[longest],
                ),
            )
            .party(object, path, format!("{length} characters"))
            .help("write lists as ranges, and module parameters as host.moduleOptions"),
        );
    }
}

/// Characters of the arguments that huge pages need, with the space before them. Those of 2 MiB are set while the host
/// runs.
fn of_huge_pages(pages: &HugePages) -> usize {
    match pages.size {
        HugePageSize::Mi2 => 0,
        HugePageSize::Gi1 => format!(" hugepagesz=1G hugepages={}", pages.count).len(),
    }
}
