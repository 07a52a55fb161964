//! What the quick reader takes, the full reading takes too and gives the same. Lines are valid ones and what becomes of
//! them when single values and single bytes are changed.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use rackwright_planner::Disks;
use serde_json::{Map, Value, json};

use super::*;
use crate::jsonl::{Judged, judge_by_schema};
use crate::previous::{self, Object};
use crate::schemas::OwnSchemas;

static SCHEMAS: LazyLock<OwnSchemas> = LazyLock::new(OwnSchemas::default);

/// A text of printable ASCII, at the edges of its bound now and then.
fn line() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => "[!-~]([ -~]{0,20}[!-~])?".prop_map(|text| text.replace(['"', '\\'], "'")),
        1 => Just("x".repeat(Line::MAX as usize)),
        1 => Just("x".repeat(Line::MAX as usize + 1)),
    ]
    .prop_map(Value::from)
}

fn name() -> impl Strategy<Value = Value> {
    "[a-z]([-a-z0-9]{0,8}[a-z0-9])?".prop_map(Value::from)
}

fn pci_address(at: usize) -> Value {
    format!("0000:{at:02x}:00.0").into()
}

/// A map of these fields, each optional one there or not.
fn fields(
    required: Vec<(&'static str, BoxedStrategy<Value>)>,
    optional: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let optional = optional
        .into_iter()
        .map(|(key, value)| (key, prop::option::of(value).boxed()));
    let required = required
        .into_iter()
        .map(|(key, value)| (key, value.prop_map(Some).boxed()));
    let (keys, values): (Vec<_>, Vec<_>) = required.chain(optional).unzip();
    values
        .prop_map(move |values| {
            let entries = keys.iter().zip(values);
            let present = entries.filter_map(|(key, value)| Some(((*key).to_owned(), value?)));
            Value::Object(present.collect::<Map<_, _>>())
        })
        .boxed()
}

/// A list whose items are told apart by `key`, sometimes as long as it may be, sometimes longer.
fn list(
    item: BoxedStrategy<Value>,
    max: usize,
    key: &'static str,
    nth: fn(usize) -> Value,
) -> BoxedStrategy<Value> {
    let length = prop_oneof![10 => 0..6usize, 1 => Just(max), 1 => Just(max + 1)];
    (item, length)
        .prop_map(move |(item, length)| {
            let numbered = |at| {
                let mut item = item.clone();
                item[key] = nth(at);
                item
            };
            (0..length).map(numbered).collect()
        })
        .boxed()
}

fn inventory_spec() -> BoxedStrategy<Value> {
    let sizes = prop_oneof![
        any::<u32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from)
    ];
    let memory = prop_oneof![any::<u32>().prop_map(Value::from), Just(json!(1_u64 << 32))];
    let guid = any::<u64>().prop_map(|guid| Value::from(format!("{guid:#018x}")));
    let disk = fields(
        vec![("id", line().boxed()), ("sizeBytes", sizes.boxed())],
        vec![
            ("model", line().boxed()),
            ("pciAddress", Just(pci_address(1)).boxed()),
            ("serial", line().boxed()),
        ],
    );
    let gpu = fields(
        vec![
            ("memoryMiB", memory.boxed()),
            ("pciAddress", Just(pci_address(1)).boxed()),
            ("product", line().boxed()),
        ],
        vec![("uuid", line().boxed())],
    );
    let hca = fields(
        vec![("guid", guid.boxed()), ("rail", Just(json!(0)).boxed())],
        vec![
            ("device", line().boxed()),
            ("pciAddress", Just(pci_address(1)).boxed()),
        ],
    );
    let disk_id = |at| Value::from(format!("nvme-{at}"));
    let optional = vec![
        ("disks", list(disk, bounds::DISKS, "id", disk_id)),
        ("gpus", list(gpu, bounds::GPUS, "pciAddress", pci_address)),
        ("hcas", list(hca, bounds::NODE_RAILS, "rail", Value::from)),
        ("kernel", line().boxed()),
        ("system", name().boxed()),
    ];
    fields(Vec::new(), optional)
}

fn config_spec() -> BoxedStrategy<Value> {
    let address = any::<(u32, u8)>()
        .prop_map(|(address, length)| Value::from(format!("{}/{}", Ipv4Addr::from(address), length % 40)));
    let guid = any::<u64>().prop_map(|guid| Value::from(format!("{guid:#018x}")));
    let rail = fields(
        vec![("rail", Just(json!(0)).boxed())],
        vec![("guid", guid.boxed()), ("ipv4", address.boxed())],
    );
    let rails = list(rail, bounds::NODE_RAILS, "rail", Value::from);
    let facts = fields(
        Vec::new(),
        vec![
            ("imexPeers", name().boxed()),
            ("rack", name().boxed()),
            ("rails", rails),
        ],
    );
    let management = prop_oneof![Just(json!("Managed")), Just(json!("Detached"))];
    let hash = any::<u128>().prop_map(|hash| Value::from(format!("{hash:032x}")));
    let required = vec![
        ("facts", facts),
        ("hash", hash.boxed()),
        ("management", management.boxed()),
        ("profile", name().boxed()),
    ];
    fields(required, Vec::new())
}

fn metadata() -> BoxedStrategy<Value> {
    let labels = prop::collection::btree_map(
        "([a-z]{1,5}\\.dev/)?[a-z][-a-z0-9_.]{0,8}[a-z0-9]",
        "([a-z0-9]([-a-z0-9_.]{0,8}[a-z0-9])?)?",
        0..4,
    );
    let optional = vec![
        ("labels", labels.prop_map(|labels| json!(labels)).boxed()),
        ("creationTimestamp", Just(json!("2026-01-01T00:00:00Z")).boxed()),
        ("generation", any::<u8>().prop_map(Value::from).boxed()),
        ("resourceVersion", Just(json!("12")).boxed()),
        ("uid", Just(json!("0d2a")).boxed()),
    ];
    fields(vec![("name", name().boxed())], optional)
}

fn object(kind: &'static str, spec: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let required = vec![
        ("apiVersion", Just(json!("rackwright.dev/v1alpha1")).boxed()),
        ("kind", Just(json!(kind)).boxed()),
        ("metadata", metadata()),
        ("spec", spec),
    ];
    fields(required, Vec::new())
}

/// A value that stands where another is expected.
fn odd() -> BoxedStrategy<Value> {
    let fixed = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(31),
        json!(32),
        json!(-1),
        json!(255),
        json!(256),
        json!(65_536),
        json!(1.5),
        json!(1e3),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(999_999_999_999_999_999_i64),
        json!(1_000_000_000_000_000_000_i64),
        json!(""),
        json!("0"),
        json!(" "),
        json!("A"),
        json!("a b"),
        json!("-a"),
        json!("ä"),
        json!("a\"b"),
        json!("a\\b"),
        json!("a\tb"),
        json!("\u{7f}"),
        json!("\u{1f600}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!([{}]),
        json!([null]),
        json!({"a": "b"}),
        json!({"a": 1}),
        json!({"ä": "b"}),
        json!({"a/b/c": ""}),
        json!("0xABCDEFABCDEFABCD"),
        json!("0x0"),
        json!("x".repeat(63)),
        json!("x".repeat(64)),
        json!("x".repeat(253)),
        json!("x".repeat(254)),
        json!("10.0.0.1/33"),
        json!("10.0.0.256/8"),
        json!("1.2.3.4/08"),
        json!("Managed"),
        json!("v1"),
        json!("rackwright.dev/v1"),
        json!("NodeConfig"),
        json!("NodeInventory"),
    ];
    prop_oneof![
        10 => prop::sample::select(fixed.to_vec()),
        1 => "[ -~]{0,12}".prop_map(Value::from),
        1 => "\\PC{0,6}".prop_map(Value::from),
    ]
    .boxed()
}

/// A change of one value inside of another.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, Value),
    Remove(Index),
    Add(Index, String, Value),
    Repeat(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let keys = [
        "status",
        "annotations",
        "namespace",
        "generateName",
        "finalizers",
        "labels",
        "grant",
        "uid",
        "disks",
        "x",
    ];
    prop_oneof![
        (any::<Index>(), odd()).prop_map(|(at, value)| Change::Replace(at, value)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), prop::sample::select(keys.to_vec()), odd())
            .prop_map(|(at, key, value)| Change::Add(at, key.to_owned(), value)),
        any::<Index>().prop_map(Change::Repeat),
    ]
}

/// The paths of all values inside of a value.
fn paths(value: &Value, at: &str, paths: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        self::paths(value, &path, paths);
        paths.push(path);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| child(key, value)),
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                child(&at.to_string(), value);
            }
        }
        _ => {}
    }
}

fn apply(change: &Change, object: &mut Value) {
    let mut all = Vec::new();
    paths(object, "", &mut all);
    let (Change::Replace(at, _) | Change::Remove(at) | Change::Add(at, ..) | Change::Repeat(at)) = change;
    if all.is_empty() {
        return;
    }
    let path = at.get(&all);
    let (parent, key) = path.rsplit_once('/').unwrap();
    match change {
        Change::Replace(_, value) => *object.pointer_mut(path).unwrap() = value.clone(),
        Change::Remove(_) => match object.pointer_mut(parent).unwrap() {
            Value::Array(items) => drop(items.remove(key.parse().unwrap())),
            Value::Object(map) => drop(map.remove(&key.replace("~1", "/").replace("~0", "~"))),
            _ => unreachable!("a value that holds another"),
        },
        Change::Add(_, key, value) => {
            if let Value::Object(map) = object.pointer_mut(parent).unwrap() {
                map.insert(key.clone(), value.clone());
            }
        }
        Change::Repeat(_) => {
            if let Value::Array(items) = object.pointer_mut(parent).unwrap() {
                items.push(items[0].clone());
            }
        }
    }
}

/// A change of the text.
#[derive(Debug, Clone)]
enum Edit {
    /// Bytes put in or written over.
    Bytes {
        at: Index,
        over: usize,
        text: &'static str,
    },
    /// A key that comes twice.
    Twice(Index),
    /// A character as an escape.
    Escape(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let texts = [
        "", "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\t", "\r", "\u{7f}", "\u{0}", "ä", "0", "00",
        "-", "+", ".", "e1", "9", "a", "A", "null", "true", "\\n", "\\u0041", "\\ud800", "\"a\":1,", "{}",
        "\u{feff}",
    ];
    prop_oneof![
        4 => (any::<Index>(), 0..3usize, prop::sample::select(texts.to_vec()))
            .prop_map(|(at, over, text)| Edit::Bytes { at, over, text }),
        1 => any::<Index>().prop_map(Edit::Twice),
        1 => any::<Index>().prop_map(Edit::Escape),
    ]
}

fn edited(text: &str, edit: &Edit) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    match edit {
        Edit::Bytes { at, over, text } => {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + over);
            bytes.splice(at..end, text.bytes());
        }
        Edit::Twice(at) => {
            let ends: Vec<usize> = text.match_indices("\":").map(|(at, _)| at).collect();
            let end = *at.get(&ends);
            let start = text[..end].rfind('"').unwrap();
            let again = format!("{}\":1,", &text[start..end]);
            bytes.splice(start..start, again.bytes());
        }
        Edit::Escape(at) => {
            let at = at.index(bytes.len());
            let escape = format!("\\u{:04x}", bytes[at]);
            bytes.splice(at..=at, escape.bytes());
        }
    }
    bytes
}

/// Lines with up to two changes, and up to one edit of the text.
fn lines(kind: &'static str, spec: BoxedStrategy<Value>) -> BoxedStrategy<Vec<u8>> {
    (
        object(kind, spec),
        prop::collection::vec(change(), 0..3),
        prop::option::of(edit()),
    )
        .prop_map(|(mut object, changes, edit)| {
            for change in &changes {
                apply(change, &mut object);
            }
            let text = object.to_string();
            match edit {
                Some(edit) if text.contains("\":") => edited(&text, &edit),
                _ => text.into_bytes(),
            }
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_inventory_taken_at_sight_is_what_the_schema_takes(line in lines("NodeInventory", inventory_spec())) {
        if let Some(inventory) = super::inventory(&line) {
            let judged = judge_by_schema(&line, &SCHEMAS);
            let name = inventory.name.as_str().into();
            let kind = crate::object::ObjectKind::Input(rackwright_planner::Kind::NodeInventory);
            prop_assert_eq!(judged, Judged::Fine { kind, name, inventory: Some(inventory) });
        }
    }

    #[test]
    fn a_configuration_taken_at_sight_is_what_types_and_schema_take(line in lines("NodeConfig", config_spec())) {
        if let Some((node, profile)) = super::previous(&line) {
            prop_assert_eq!(previous::object(&line), Ok(Object::Node(node, profile.into(), true)));
        }
        if let Some(name) = super::config(&line) {
            let (kind, name) = (crate::object::ObjectKind::NodeConfig, name.as_str().into());
            prop_assert_eq!(judge_by_schema(&line, &SCHEMAS), Judged::Fine { kind, name, inventory: None });
        }
    }
}

/// The other direction, where it matters: a reader that takes nothing would pass the properties above.
#[test]
fn the_plain_forms_are_taken() {
    let inventory = br#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeInventory","metadata":{"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"labels":{"rackwright.dev/a":"","b":"c"},"name":"a1-n1","resourceVersion":"7","uid":"x"},"spec":{"disks":[{"id":"nvme-a","model":"M","pciAddress":"0000:01:00.0","serial":"S","sizeBytes":1}],"gpus":[{"memoryMiB":1,"pciAddress":"0000:02:00.0","product":"B200","uuid":"u"}],"hcas":[{"device":"mlx5_1","guid":"0x00000000000000ff","pciAddress":"0000:03:00.0","rail":31},{"guid":"0x00000000000000fe","rail":0}],"kernel":"6.8.0","system":"dgx-b200"}}"#;
    let taken = super::inventory(inventory).unwrap();
    assert_eq!(*taken.guids, [(0, 0xfe), (31, 0xff)]);
    assert_eq!(taken.labels.len(), 2);
    assert_eq!(
        *taken.disks,
        [Disks {
            model: "M".into(),
            addresses: [0x0100].into(),
        }]
    );
    let config = br#" { "apiVersion": "rackwright.dev/v1alpha1", "kind": "NodeConfig", "metadata": {"labels": {"rackwright.dev/pool": "p"}, "name": "a1-n1"}, "spec": {"facts": {"rack": "a1", "rails": [{"guid": "0x00000000000000ff", "ipv4": "10.0.0.1/16", "rail": 0}]}, "hash": "00000000000000000000000000000000", "management": "Managed", "profile": "p-0"}}
"#;
    let (taken, profile) = super::previous(config).unwrap();
    assert_eq!(profile, "p-0");
    assert_eq!(*taken.addresses, [Ipv4Addr::new(10, 0, 0, 1)]);
    assert_eq!(*taken.guids, [(0, 0xff)]);
    assert_eq!(super::config(config).as_ref(), Some(&taken.name));
}
