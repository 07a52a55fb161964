//! A cluster that is read.

use std::fmt;
use std::io;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use kube::Client;
use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use tokio::runtime::{Builder, Runtime};
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;

use crate::access::Access;
use crate::error::{LiveError, chain};
use crate::fetch::{Event, Fetch};
use crate::object::Object;
use crate::page;
use crate::resource::Resource;

/// Objects in one page: of NodeConfigs some 4 MB. Each page costs a round trip, which few pages make small beside what is sent; the
/// last one is taken apart while nothing is fetched, and no server has to hold 100,000 objects for one client.
const PAGE: u32 = 2_000;

/// Pages that may wait to be taken apart.
const AHEAD: usize = 2;

/// Requests that may wait to be sent.
const WAITING: usize = 1;

/// How often and with which pauses a server that is overloaded is asked again, unless it says itself how long to wait.
const AGAIN: u32 = 3;
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));

/// A cluster, which can be read and not written: the client is private, and nothing here sends anything but `GET`.
pub struct Cluster {
    runtime: Runtime,
    client: Client,
    server: String,
    patience: Duration,
    page: u32,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.server).finish()
    }
}

impl Cluster {
    /// Finds the cluster and who asks. Nothing is sent yet, unless a program of the kubeconfig does so to get credentials.
    pub fn connect(access: &Access) -> Result<Self, LiveError> {
        let runtime = runtime().map_err(LiveError::Start)?;
        let config = runtime.block_on(access.config())?;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let credentials = |why: &(dyn std::error::Error + 'static)| LiveError::Credentials {
            server: server.clone(),
            why: chain(why),
        };
        let (least, most) = PAUSES;
        let again = RetryPolicy::new(least, most, AGAIN, true).map_err(|error| credentials(&error))?;
        let within = runtime.enter();
        let builder = ClientBuilder::try_from(config).map_err(|error| credentials(&error))?;
        let client = builder
            .with_layer(&BufferLayer::new(WAITING))
            .with_layer(&RetryLayer::new(again))
            .build();
        drop(within);
        Ok(Self {
            runtime,
            client,
            server,
            patience: access.patience.silence,
            page: PAGE,
        })
    }

    /// A cluster that a client of the caller's talks to, for tests. The client is made within the runtime that it runs in.
    pub fn over(server: &str, page: u32, client: impl FnOnce() -> Client) -> io::Result<Self> {
        let runtime = runtime()?;
        let within = runtime.enter();
        let client = client();
        drop(within);
        Ok(Self {
            runtime,
            client,
            server: server.to_owned(),
            patience: Duration::ZERO,
            page,
        })
    }

    /// Its address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Objects in one page, where it is to be another number.
    #[must_use]
    pub fn by_pages_of(mut self, page: u32) -> Self {
        self.page = page.max(1);
        self
    }

    /// Lists all objects of each resource into one value each, in this order: all of them, or an error. The lists of a round are
    /// fetched at the same time, and rounds one after the other. `take` runs here while the next pages are fetched by another
    /// thread; of a list that has to begin anew, the value does too.
    pub fn read<T: Default>(
        &self,
        rounds: &[&[Resource]],
        mut take: impl FnMut(Resource, &mut T, Object<'_>),
    ) -> Result<Vec<T>, LiveError> {
        let resources = rounds.concat();
        let mut lists: Vec<T> = resources.iter().map(|_| T::default()).collect();
        let (send, receive) = sync_channel(AHEAD);
        thread::scope(|scope| {
            let fetching = thread::Builder::new().name("fetch".to_owned());
            let fetch = Fetch {
                client: &self.client,
                server: &self.server,
                patience: self.patience,
                limit: self.page,
            };
            let fetched =
                fetching.spawn_scoped(scope, move || self.runtime.block_on(fetch.all(rounds, &send)));
            let fetched = fetched.map_err(LiveError::Start)?;
            // Ends when the other thread has nothing more to say: it drops its end.
            for event in receive {
                match event {
                    Event::Anew(at) => lists[at] = T::default(),
                    Event::Page(at, text) => {
                        let resource = resources[at];
                        let items = page::items(&text).map_err(|error| LiveError::Garbage {
                            server: self.server.clone(),
                            resource,
                            why: error.to_string(),
                        })?;
                        for object in items {
                            take(resource, &mut lists[at], object);
                        }
                    }
                }
            }
            match fetched.join() {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        Ok(lists)
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
