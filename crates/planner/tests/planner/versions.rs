//! Versions that do not go together: the table, what a site corrects in it, and the words.

use crate::pools::{pool, site};
use crate::support::{compile, told};
use rackwright_planner::Finding;

/// A pool with a tier, on a site with corrections; the tier is BeeGFS unless it says otherwise.
fn versions(corrections: &str, pool_sections: &str, tier: &str) -> Vec<Finding> {
    let site = site("gb200-nvl72").replace(
        "spec:\n",
        &format!("spec:\n  compatibility: {{ {corrections} }}\n"),
    );
    let tier = format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: data }}\nspec:\n  \
         supercluster: lab\n  mountPoint: /data\n  {tier}\n"
    );
    let pool = pool(
        "train",
        "a1-n1",
        &format!("storage: [ {{ tier: data }} ]\n  {pool_sections}"),
    );
    let compilation = compile(&(site + &pool + &tier));
    // What else is wrong with the tiers is not the table's matter.
    let of_table = |finding: &Finding| ["RW3020", "RW3021"].contains(&finding.rule.code);
    compilation.findings.into_iter().filter(of_table).collect()
}

#[test]
fn versions_are_judged_by_the_table() {
    let beegfs =
        |client: &str| format!("beegfs: {{ managementServer: m, transport: RDMA, client: \"{client}\" }}");
    let kernel = |kernel: &str| format!("host: {{ kernel: \"{kernel}\" }}");
    let lustre = "lustre: { fileSystem: f, managementServers: [ \"10.0.0.1@o2ib\" ] }".to_owned();
    let gds = |tier: &str| format!("gpuDirectStorage: true\n  {tier}");
    let nfs = "nfs: { server: s, export: /e, transport: RDMA }";
    let imex =
        |driver: &str| format!("gpu: {{ driver: {{ version: {driver} }}, imex: {{ mode: DriverManaged }} }}");
    let table: Vec<(String, String, Option<&str>)> = vec![
        (kernel("6.8.0-1024-nvidia"), beegfs("7.4.5"), None),
        (kernel("6.9.1"), beegfs("7.4.5"), Some("beegfs-7-4-5-kernel")),
        (kernel("6.11.0-9-generic"), beegfs("7.4.6"), None),
        (kernel("6.12"), beegfs("7.4.6"), Some("beegfs-7-4-6-kernel")),
        (kernel("6.12"), beegfs("8.0"), None),
        (kernel("6.1.0-18-amd64"), beegfs("7.3.4"), None),
        (kernel("6.2.1"), beegfs("7.3.4"), Some("beegfs-7-3-kernel")),
        (
            "host: { ofed: 24.10-1.1.4.0 }".to_owned(),
            gds(&beegfs("7.2.4")),
            Some("beegfs-gds-client"),
        ),
        (
            "host: { ofed: \"5.3\" }".to_owned(),
            gds(&beegfs("7.4.5")),
            Some("beegfs-gds-ofed"),
        ),
        ("host: { ofed: \"5.3\" }".to_owned(), beegfs("7.4.5"), None),
        (
            kernel("4.18.0-425.3.1.el8.x86_64"),
            lustre.clone(),
            Some("lustre-rhel-8-7-kernel"),
        ),
        (kernel("4.18.0-425.10.1.el8_7.x86_64"), lustre.clone(), None),
        (
            kernel("4.18.0-425.13.1.el8_7.x86_64"),
            lustre.clone(),
            Some("lustre-rhel-8-7-kernel"),
        ),
        (kernel("4.18.0-425.13.1.el8_7.x86_64"), nfs.to_owned(), None),
        (kernel("4.14.1"), gds(&lustre), Some("gds-kernel")),
        (
            "host: { ofed: \"5.0\" }".to_owned(),
            gds(nfs),
            Some("nfs-rdma-gds-ofed"),
        ),
        (
            "host: { ofed: \"5.0\" }".to_owned(),
            gds(&nfs.replace("RDMA", "TCP")),
            None,
        ),
        (
            imex("570.158.00"),
            beegfs("7.4.5"),
            Some("compute-domains-driver"),
        ),
        (imex("570.158.01"), beegfs("7.4.5"), None),
        (
            imex("570.86.15").replace("DriverManaged", "HostManaged"),
            beegfs("7.4.5"),
            None,
        ),
    ];
    let mut rows: Vec<&str> = Vec::new();
    for (sections, tier, row) in table {
        let findings = versions("", &sections, &tier);
        assert_eq!(
            findings.len(),
            usize::from(row.is_some()),
            "{sections} {tier}: {findings:?}"
        );
        if let (Some(row), [finding]) = (row, &findings[..]) {
            assert!(finding.message.contains(&format!("(row {row}:")), "{row}");
            let refused = finding.parties.iter().filter(|party| party.refused);
            assert!(
                refused.into_iter().all(|party| party.object.name == "train"),
                "{row}"
            );
            assert!(finding.parties[0].refused, "{row}");
            rows.push(row);
        }
    }
    rows.sort_unstable();
    rows.dedup();
    assert!(
        rackwright_planner::catalogue::compatibility().keys().eq(&rows),
        "each row of the table stands here: {rows:?}"
    );
}

/// Who is refused is the pool, at its own version or where it names the tier; the tier is told.
#[test]
fn a_version_that_does_not_go_is_shown_with_what_it_meets() {
    let beegfs =
        |client: &str| format!("beegfs: {{ managementServer: m, transport: RDMA, client: \"{client}\" }}");
    let told_of = |sections: &str, tier: &str| told(&versions("", sections, tier)[0]);
    assert_eq!(
        told_of("host: { kernel: \"6.9\" }", &beegfs("7.4.5")),
        "RW3020 kernel 6.9 of GPUPool/train (spec.host.kernel) does not go with BeeGFS client 7.4.5 (spec.beegfs.client of \
         StorageTier/data): it must be before 6.9, since the client up to 7.4.5 builds on kernels up to 6.8; 7.4.6 adds those up to 6.11 \
         (row beegfs-7-4-5-kernel: BeeGFS 7.4.5 and 7.4.6 release notes, General Changes/Improvements)\n  refuses GPUPool/train at \
         spec.host.kernel: must be before 6.9\n  tells StorageTier/data at spec.beegfs.client: BeeGFS client 7.4.5\n  help: \
         `rackwright explain compatibility beegfs-7-4-5-kernel` shows the row\n"
    );
    assert_eq!(
        told_of(
            "host: { ofed: 24.10-1.1.4.0 }",
            &format!("gpuDirectStorage: true\n  {}", beegfs("7.2.4"))
        ),
        "RW3020 BeeGFS client 7.2.4 of GPUPool/train (spec.beegfs.client of StorageTier/data) does not go with GPUDirect Storage \
         (spec.gpuDirectStorage of StorageTier/data) and BeeGFS (spec.beegfs of StorageTier/data): it must be from 7.3, since older clients \
         know nothing of GPUDirect Storage (row beegfs-gds-client: BeeGFS 7.3.0 release notes, General Changes/Improvements)\n  refuses \
         GPUPool/train at spec.storage[0].tier: this tier's client\n  tells StorageTier/data at spec.beegfs.client: must be from 7.3\n  \
         tells StorageTier/data at spec.gpuDirectStorage: GPUDirect Storage\n  tells StorageTier/data at spec.beegfs: BeeGFS\n  help: \
         `rackwright explain compatibility beegfs-gds-client` shows the row\n"
    );
    assert_eq!(
        told_of(
            "gpu: { driver: { version: 570.158.00 }, imex: { mode: DriverManaged } }",
            &beegfs("7.4.5")
        ),
        "RW3020 GPU driver 570.158.00 of GPUPool/train (spec.gpu.driver.version) does not go with ComputeDomains (spec.gpu.imex.mode): it must \
         be from 570.158.01, since ComputeDomains need it (row compute-domains-driver: dra-driver-nvidia-gpu 95932046, \
         site/content/docs/prerequisites.md)\n  refuses GPUPool/train at spec.gpu.driver.version: must be from 570.158.01\n  refuses \
         GPUPool/train at spec.gpu.imex.mode: ComputeDomains\n  help: `rackwright explain compatibility compute-domains-driver` shows the row\n"
    );
}

#[test]
fn a_site_corrects_the_table() {
    let beegfs = "beegfs: { managementServer: m, transport: RDMA, client: \"7.4.5\" }";
    let judge = |corrections: &str, kernel: &str| {
        versions(corrections, &format!("host: {{ kernel: \"{kernel}\" }}"), beegfs)
    };
    assert_eq!(judge("", "6.9").len(), 1);
    let off = "disabled: [ { name: beegfs-7-4-5-kernel, reason: patched } ]";
    assert!(judge(off, "6.9").is_empty());
    let row = |name: &str| {
        format!(
            "rows: [ {{ name: {name}, component: Kernel, before: \"6.10\", when: [ {{ component: BeeGFS }} ], reason: ours }} ]"
        )
    };
    // A row of the same name stands instead, one of another name beside.
    assert!(judge(&row("beegfs-7-4-5-kernel"), "6.9").is_empty());
    assert_eq!(judge(&row("beegfs-7-4-5-kernel"), "6.10").len(), 1);
    let both = judge(&row("ours"), "6.10");
    assert_eq!(both.len(), 2);
    let own = both
        .iter()
        .find(|finding| finding.message.contains("row ours"))
        .unwrap();
    assert!(
        own.message
            .contains("spec.compatibility.rows[0] of Supercluster/lab"),
        "{}",
        own.message
    );
    assert!(
        own.parties
            .iter()
            .all(|party| !party.refused || party.object.name == "train")
    );
    // A row about one version alone goes with nothing.
    let alone = "rows: [ { name: ours, component: Kernel, from: \"6.10\", reason: we say so } ]";
    let found = judge(alone, "6.8");
    assert_eq!(
        found[0].message,
        "kernel 6.8 of GPUPool/train (spec.host.kernel) does not go: it must be from 6.10, since we say so (row ours: \
         spec.compatibility.rows[0] of Supercluster/lab)"
    );
    let unknown = judge("disabled: [ { name: beegfs, reason: none } ]", "6.1");
    assert_eq!(unknown[0].rule.code, "RW3021");
    assert_eq!(unknown.len(), 1);
}
