//! A cluster as an input: `live:`, or `live:CONTEXT`.
//!
//! Its intents become texts of their own, named so that a person finds them (`live:gpupool/train`), without what the server
//! adds. Its inventories are JSON lines, as sites keep them in files. What is written (NodeConfigs and NodeProfiles) is an
//! earlier state, with the statuses of the agents. Each of these is read once, and only where a verb needs it.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use rackwright_live::{Access, Cluster, LiveError, Object, Patience, Resource};
use rackwright_planner::Inventory;
use serde_json::{Value, json};

use crate::git::Blob;
use crate::load::Loaded;
use crate::previous::Previous;
use crate::schemas::OwnSchemas;
use crate::verbs::VerbError;
use crate::walk::{InputError, Source};

/// How such an input begins.
const LIVE: &str = "live:";

/// What people write, in the order in which it refers to one another.
const INTENTS: [&[Resource]; 4] = [
    &[Resource::Supercluster],
    &[Resource::InfiniBandFabric],
    &[Resource::StorageTier],
    &[Resource::GPUPool],
];

/// What is written. Profiles are read last: what a NodeConfig names was there before it.
const WRITTEN: [&[Resource]; 2] = [&[Resource::NodeConfig], &[Resource::NodeProfile]];

/// What is written beside what agents found: the two long lists at the same time.
const OF_NODES: [&[Resource]; 2] = [
    &[Resource::NodeConfig, Resource::NodeInventory],
    &[Resource::NodeProfile],
];

/// The way to clusters.
#[derive(Debug, Clone, Default, Args)]
pub struct Clusters {
    /// Kubeconfig for `live:` inputs; without it the files of $KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Those that were met, by their names.
    #[arg(skip)]
    met: RefCell<BTreeMap<String, Rc<Live>>>,
}

/// One cluster and what was read of it.
#[derive(Debug)]
struct Live {
    cluster: Cluster,
    /// As the user named it.
    name: String,
    intents: OnceCell<Intents>,
    inventories: OnceCell<Blob>,
    written: OnceCell<String>,
}

/// The intents of a cluster.
#[derive(Debug)]
struct Intents {
    /// As people write them.
    documents: Vec<Blob>,
    /// One a line, with what the operator says of each.
    lines: String,
}

/// Whether a path leads to a cluster: a file of that name comes first.
pub fn is_live(path: &Path) -> bool {
    path.to_str().is_some_and(|name| name.starts_with(LIVE)) && !path.exists()
}

impl Clusters {
    /// The documents of a cluster: its intents, and its inventories where there are any.
    pub fn documents(&self, path: &Path) -> Result<Vec<Blob>, InputError> {
        let live = self.met(path)?;
        let mut documents = live.intents()?.documents.clone();
        documents.extend(Some(live.inventories()?.clone()).filter(|blob| !blob.bytes.is_empty()));
        Ok(documents)
    }

    /// The inventories of a cluster, as a compile takes them. Those that it could not take are findings of the documents.
    pub fn inventories(&self, path: &Path, schemas: &OwnSchemas) -> Result<Vec<Inventory>, InputError> {
        let blob = self.met(path)?.inventories()?.clone();
        let name = PathBuf::from(&blob.name);
        let mut loaded =
            Loaded::alone(Source::Blob(blob), schemas).map_err(|error| InputError::io(&name, error))?;
        let lines = loaded.line_files.iter_mut().flat_map(|file| &mut file.lines);
        Ok(lines.filter_map(|line| line.inventory.take()).collect())
    }

    /// Reads what is written and what agents found in one go, for those who will ask for both.
    pub fn of_nodes(&self, path: &Path) -> Result<(), InputError> {
        self.met(path)?.of_nodes()
    }

    /// What is written in a cluster.
    pub fn written(&self, path: &Path) -> Result<Previous, InputError> {
        let live = self.met(path)?;
        let text = live.written()?.clone();
        Ok(Previous::of_lines(live.name.clone(), text))
    }

    /// The intents of a cluster with their generations and statuses, one a line.
    pub fn intents(&self, path: &Path) -> Result<String, InputError> {
        Ok(self.met(path)?.intents()?.lines.clone())
    }

    /// The Nodes of a cluster, with their labels, as `kubectl get nodes -o json` prints them.
    pub fn nodes(&self, path: &Path) -> Result<String, VerbError> {
        let nodes = self
            .met(path)?
            .read(&[&[Resource::Node]], |_, list: &mut Vec<Value>, node| {
                list.push(json!({
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {"labels": node.labels(), "name": node.name()},
                    "status": {"capacity": node.status("capacity")},
                }));
            })?;
        let list = json!({"apiVersion": "v1", "items": nodes.concat(), "kind": "List"});
        Ok(list.to_string())
    }

    fn met(&self, path: &Path) -> Result<Rc<Live>, InputError> {
        let name = path.to_string_lossy().into_owned();
        if let Some(live) = self.met.borrow().get(&name) {
            return Ok(Rc::clone(live));
        }
        let context = name.strip_prefix(LIVE).filter(|context| !context.is_empty());
        let access = Access {
            kubeconfig: self.kubeconfig.clone(),
            context: context.map(str::to_owned),
            patience: Patience::default(),
        };
        let cluster = Cluster::connect(&access).map_err(|error| failed(&name, error))?;
        let live = Rc::new(Live {
            cluster,
            name: name.clone(),
            intents: OnceCell::new(),
            inventories: OnceCell::new(),
            written: OnceCell::new(),
        });
        self.met.borrow_mut().insert(name, Rc::clone(&live));
        Ok(live)
    }
}

impl Live {
    fn intents(&self) -> Result<&Intents, InputError> {
        once(&self.intents, || {
            type Read = (Vec<Result<Blob, serde_yaml::ser::Error>>, Vec<u8>);
            let read = self.read(&INTENTS, |resource, (blobs, lines): &mut Read, object| {
                blobs.push(self.document(resource, &object));
                object.line(resource, lines);
            })?;
            let (blobs, lines): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            let documents: Result<Vec<Blob>, _> = blobs.into_iter().flatten().collect();
            // YAML holds whatever JSON does.
            let documents = documents
                .map_err(|error| InputError::io(Path::new(&self.name), std::io::Error::other(error)))?;
            Ok(Intents {
                documents,
                lines: String::from_utf8_lossy(&lines.concat()).into_owned(),
            })
        })
    }

    fn inventories(&self) -> Result<&Blob, InputError> {
        once(&self.inventories, || {
            let [found] = self.lines(&[&[Resource::NodeInventory]])?;
            Ok(self.found(found))
        })
    }

    fn written(&self) -> Result<&String, InputError> {
        once(&self.written, || {
            let [configs, profiles] = self.lines(&WRITTEN)?;
            Ok(plan(profiles, &configs))
        })
    }

    /// Both of the two above, in one go.
    fn of_nodes(&self) -> Result<(), InputError> {
        if self.inventories.get().is_none() && self.written.get().is_none() {
            let [configs, found, profiles] = self.lines(&OF_NODES)?;
            self.written.get_or_init(|| plan(profiles, &configs));
            self.inventories.get_or_init(|| self.found(found));
        }
        Ok(())
    }

    fn found(&self, lines: Vec<u8>) -> Blob {
        Blob {
            name: self.named("nodeinventories.jsonl"),
            bytes: lines,
        }
    }

    /// Lists as lines, `N` in all.
    fn lines<const N: usize>(&self, rounds: &[&[Resource]]) -> Result<[Vec<u8>; N], InputError> {
        let lists = self.read(rounds, |resource, lines: &mut Vec<u8>, object| {
            object.line(resource, lines);
        })?;
        let mut lists = lists.into_iter();
        Ok(std::array::from_fn(|_| lists.next().unwrap_or_default()))
    }

    fn read<T: Default>(
        &self,
        rounds: &[&[Resource]],
        take: impl FnMut(Resource, &mut T, Object<'_>),
    ) -> Result<Vec<T>, InputError> {
        let read = self.cluster.read(rounds, take);
        read.map_err(|error| failed(&self.name, error))
    }

    fn document(&self, resource: Resource, object: &Object<'_>) -> Result<Blob, serde_yaml::ser::Error> {
        let name = format!("{}/{}", resource.kind().to_lowercase(), object.name());
        Ok(Blob {
            name: self.named(&name),
            bytes: serde_yaml::to_string(&object.written(resource))?.into_bytes(),
        })
    }

    /// A name that says which cluster, too, where it is not the current one.
    fn named(&self, what: &str) -> String {
        let separator = if self.name == LIVE { "" } else { "/" };
        format!("{}{separator}{what}", self.name)
    }
}

/// Profiles and then NodeConfigs, as plans have them.
fn plan(mut profiles: Vec<u8>, configs: &[u8]) -> String {
    profiles.extend_from_slice(configs);
    String::from_utf8(profiles).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The value, made the first time that it is asked for.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, InputError>) -> Result<&T, InputError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

fn failed(name: &str, error: LiveError) -> InputError {
    InputError::Live {
        name: name.to_owned(),
        error,
    }
}
