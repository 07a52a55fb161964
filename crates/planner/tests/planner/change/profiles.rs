//! Random profiles, as JSON: each field is absent or one of a few values.

use proptest::prelude::*;
use proptest::sample::select;
use rackwright_api::NodeProfileSpec;
use serde_json::{Map, Value, json};

type Part = BoxedStrategy<Value>;

/// One of some values.
fn one(values: Value) -> Part {
    let Value::Array(values) = values else {
        panic!("{values} is no list")
    };
    select(values).boxed()
}

/// One of some values, or nothing.
fn maybe(mut values: Value) -> Part {
    values.as_array_mut().unwrap().push(Value::Null);
    one(values)
}

/// Fields by name; what is nothing is left out, and an object without any is nothing.
fn object(fields: Vec<(&'static str, Part)>) -> Part {
    let (names, parts): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    parts
        .prop_map(move |values| {
            let fields = names.iter().map(|name| (*name).to_owned()).zip(values);
            let map: Map<String, Value> = fields.filter(|(_, value)| !value.is_null()).collect();
            if map.is_empty() {
                Value::Null
            } else {
                Value::Object(map)
            }
        })
        .boxed()
}

/// Items; what is nothing is left out, and a list without any is nothing.
fn list(items: Vec<Part>) -> Part {
    items
        .prop_map(|items| {
            let items: Vec<Value> = items.into_iter().filter(|item| !item.is_null()).collect();
            if items.is_empty() {
                Value::Null
            } else {
                Value::Array(items)
            }
        })
        .boxed()
}

/// The part, or nothing.
fn sometimes(part: Part) -> Part {
    prop_oneof![Just(Value::Null), part].boxed()
}

fn gpu() -> Part {
    let driver = object(vec![
        ("kernelModules", maybe(json!(["Open", "Proprietary"]))),
        ("version", one(json!(["580.95.05", "580.105.08"]))),
    ]);
    let imex = object(vec![
        ("channels", maybe(json!([1, 2048]))),
        ("mode", one(json!(["DriverManaged", "HostManaged"]))),
    ]);
    let instances = |profile: &str| {
        sometimes(object(vec![
            ("count", one(json!([1, 2]))),
            ("profile", one(json!([profile]))),
        ]))
    };
    let layout = list(vec![instances("1g.23gb"), instances("2g.45gb")]);
    object(vec![
        ("driver", sometimes(driver)),
        ("ecc", maybe(json!(["Enabled", "Disabled"]))),
        ("imex", sometimes(imex)),
        ("managedBy", maybe(json!(["Host", "GPUOperator"]))),
        ("mig", object(vec![("layout", layout)])),
        ("persistence", maybe(json!(["Enabled", "Disabled"]))),
        ("powerLimit", maybe(json!(["900W", "1000W"]))),
    ])
}

fn host() -> Part {
    let pages = |size: &str| {
        sometimes(object(vec![
            ("count", one(json!([16, 32]))),
            ("size", one(json!([size]))),
        ]))
    };
    let options = |module: &str| {
        let options = object(vec![
            ("a", maybe(json!(["0", "1"]))),
            ("b", one(json!(["x", "y"]))),
        ]);
        sometimes(object(vec![
            ("module", one(json!([module]))),
            ("options", options),
        ]))
    };
    let limits = |service: &str| {
        sometimes(object(vec![
            ("memlock", one(json!(["infinity", "1048576"]))),
            ("nofile", maybe(json!(["1048576"]))),
            ("service", one(json!([service]))),
            ("stack", maybe(json!(["67108864"]))),
        ]))
    };
    let interface = object(vec![
        ("name", one(json!(["eno1", "eno2"]))),
        ("pciAddress", maybe(json!(["0000:01:00.0"]))),
    ]);
    let tuned = object(vec![
        ("kernelArguments", maybe(json!([true, false]))),
        ("profile", one(json!(["throughput", "latency"]))),
        ("sysctls", maybe(json!([["vm.dirty_ratio"]]))),
    ]);
    object(vec![
        ("fstabMounts", maybe(json!([["/data"], ["/data", "/home"]]))),
        ("hugePages", list(vec![pages("2Mi"), pages("1Gi")])),
        ("kernel", maybe(json!(["6.8.0-45-generic", "6.8.0-47-generic"]))),
        (
            "kernelArguments",
            maybe(json!([
                ["iommu=pt"],
                ["iommu=pt", "nokaslr"],
                ["nokaslr", "iommu=pt"]
            ])),
        ),
        ("managementInterface", sometimes(interface)),
        ("moduleOptions", list(vec![options("lnet"), options("nvidia")])),
        (
            "modules",
            list(vec![maybe(json!(["gdrdrv"])), maybe(json!(["nvidia_peermem"]))]),
        ),
        ("ofed", maybe(json!(["24.10", "25.01"]))),
        (
            "serviceLimits",
            list(vec![limits("containerd"), limits("kubelet")]),
        ),
        (
            "sysctls",
            object(vec![
                ("vm.swappiness", maybe(json!(["1", "10"]))),
                ("net.core.rmem_max", maybe(json!(["5"]))),
            ]),
        ),
        ("tuned", sometimes(tuned)),
    ])
}

fn kubernetes() -> Part {
    let taint = |key: &str, effect: &str| {
        sometimes(object(vec![
            ("effect", one(json!([effect]))),
            ("key", one(json!([key]))),
            ("value", maybe(json!(["yes", "no"]))),
        ]))
    };
    object(vec![
        (
            "labels",
            object(vec![
                ("a/b", maybe(json!(["1", "2"]))),
                ("c", maybe(json!(["1"]))),
            ]),
        ),
        (
            "taints",
            list(vec![taint("gpu", "NoExecute"), taint("gpu", "NoSchedule")]),
        ),
    ])
}

fn mount(point: &str, kind: Part) -> Part {
    let shared = object(vec![
        ("gpuDirectStorage", maybe(json!([true, false]))),
        ("mountPoint", one(json!([point]))),
        ("options", maybe(json!([["noatime"], ["noatime", "nofail"]]))),
        ("rails", maybe(json!([[0], [0, 1]]))),
        ("tier", one(json!(["one", "two"]))),
    ]);
    let both = (shared, kind).prop_map(|(mut shared, kind)| {
        shared
            .as_object_mut()
            .unwrap()
            .extend(kind.as_object().unwrap().clone());
        shared
    });
    sometimes(both.boxed())
}

fn local() -> Part {
    let devices = object(vec![
        ("count", one(json!([1, 4]))),
        ("model", one(json!(["SAMSUNG*", "KIOXIA*"]))),
        ("pciAddresses", maybe(json!([["0000:01:00.0"]]))),
    ]);
    object(vec![
        ("devices", devices),
        ("filesystem", one(json!(["xfs", "ext4"]))),
        ("raid", maybe(json!([0, 10]))),
        ("wipe", one(json!(["Never", "WithConsent"]))),
    ])
}

fn mounts() -> Part {
    let nfs = object(vec![
        ("connections", maybe(json!([4, 8]))),
        ("export", one(json!(["/a", "/b"]))),
        ("server", one(json!(["10.0.0.1", "10.0.0.2"]))),
        ("transport", one(json!(["TCP", "RDMA"]))),
        ("version", maybe(json!(["4.2"]))),
    ]);
    let lustre = object(vec![
        ("client", maybe(json!(["2.15.5"]))),
        ("fileSystem", one(json!(["lus1", "lus2"]))),
        (
            "managementServers",
            one(json!([["10.0.0.1@o2ib"], ["10.0.0.2@o2ib"]])),
        ),
    ]);
    let weka = object(vec![
        ("backends", one(json!([["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]]))),
        ("client", maybe(json!(["4.4.1"]))),
        ("cores", maybe(json!([2, 4]))),
        ("fileSystem", one(json!(["a", "b"]))),
    ]);
    let beegfs = object(vec![
        ("client", maybe(json!(["7.4.5"]))),
        ("managementServer", one(json!(["10.0.0.1", "10.0.0.2"]))),
        ("transport", one(json!(["TCP", "RDMA"]))),
    ]);
    let scratch = prop_oneof![
        object(vec![("localNVMe", local())]),
        object(vec![("nfs", nfs)]),
        object(vec![("weka", weka)]),
    ];
    let data = prop_oneof![object(vec![("lustre", lustre)]), object(vec![("beegfs", beegfs)])];
    list(vec![
        mount("/data", data.boxed()),
        mount("/scratch", scratch.boxed()),
    ])
}

fn rails() -> Part {
    let rail = |number: u8| {
        sometimes(object(vec![
            ("fabric", one(json!(["compute", "storage"]))),
            ("fabricRail", one(json!([0, 1]))),
            ("ipv4", maybe(json!(["10.64.0.0/20", "10.64.16.0/20"]))),
            ("mtu", maybe(json!([2048, 4096]))),
            ("plane", one(json!(["Compute", "Storage"]))),
            ("rail", one(json!([number]))),
        ]))
    };
    list(vec![rail(0), rail(1)])
}

/// A profile.
pub fn profile() -> impl Strategy<Value = NodeProfileSpec> {
    object(vec![
        ("gpu", gpu()),
        ("host", host()),
        ("kubernetes", kubernetes()),
        ("mounts", mounts()),
        ("rails", rails()),
        ("schema", one(json!([1, 2]))),
    ])
    .prop_map(|value| serde_json::from_value(value).unwrap())
}
