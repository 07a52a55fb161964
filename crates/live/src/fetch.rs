//! The conversation: pages of lists, one after the other, and lists beside each other.

use std::error::Error;
use std::io;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use http::Request;
use kube::Client;

use crate::error::{LiveError, chain};
use crate::page;
use crate::resource::Resource;

/// What is handed over, with the place of its list among those that were asked for.
#[derive(Debug)]
pub(crate) enum Event {
    /// A page of a list, as the server printed it.
    Page(usize, String),
    /// Nothing that came of this list counts: it begins anew.
    Anew(usize),
}

/// Whom to ask, and how.
#[derive(Clone, Copy)]
pub(crate) struct Fetch<'a> {
    pub client: &'a Client,
    pub server: &'a str,
    pub patience: Duration,
    pub limit: u32,
}

/// Why a page is not there.
enum Failed {
    /// The server has forgotten the state that the pages before it show (410).
    Expired,
    /// Any other reason.
    Error(LiveError),
}

impl Fetch<'_> {
    /// Fetches all pages of all lists, until nobody takes them any more: the lists of a round at the same time, one round after
    /// the other. Of errors in one round that of its first list is told, whichever came first.
    pub async fn all(self, rounds: &[&[Resource]], send: &SyncSender<Event>) -> Result<(), LiveError> {
        let mut places = 0..;
        for round in rounds {
            let lists = round.iter().zip(&mut places);
            let mut lists: FuturesOrdered<_> = lists
                .map(|(&resource, at)| self.whole(at, resource, send))
                .collect();
            while let Some(list) = lists.next().await {
                list?;
            }
        }
        Ok(())
    }

    /// Fetches a list: in pages, or in one where these do not show one state.
    async fn whole(self, at: usize, resource: Resource, send: &SyncSender<Event>) -> Result<(), LiveError> {
        let paged = self.list(at, resource, Some(self.limit), send).await;
        let whole = match paged {
            // What is written meanwhile grows faster than pages come. Without a limit there is one answer, of one state.
            Err(Failed::Expired) if send.send(Event::Anew(at)).is_ok() => {
                self.list(at, resource, None, send).await
            }
            other => other,
        };
        whole.map_err(|failed| match failed {
            Failed::Error(error) => error,
            Failed::Expired => {
                let why = "its pages show different states (410)";
                self.garbage(resource, why.to_owned())
            }
        })
    }

    /// Fetches a list in pages that all show the same state.
    async fn list(
        self,
        at: usize,
        resource: Resource,
        limit: Option<u32>,
        send: &SyncSender<Event>,
    ) -> Result<(), Failed> {
        let mut token: Option<String> = None;
        let mut version: Option<String> = None;
        loop {
            let text = self.page(resource, limit, token.as_deref()).await?;
            let head = page::head(&text)
                .map_err(|error| Failed::Error(self.garbage(resource, error.to_string())))?;
            if version.get_or_insert_with(|| head.resource_version.clone()) != &head.resource_version {
                return Err(Failed::Expired);
            }
            let last = head.token.is_empty();
            if !last && token.as_ref() == Some(&head.token) {
                let why = "a page leads to itself".to_owned();
                return Err(Failed::Error(self.garbage(resource, why)));
            }
            // Who took the pages before and takes no more knows why.
            if send.send(Event::Page(at, text)).is_err() || last {
                return Ok(());
            }
            token = Some(head.token);
        }
    }

    async fn page(
        self,
        resource: Resource,
        limit: Option<u32>,
        token: Option<&str>,
    ) -> Result<String, Failed> {
        let request = Request::get(resource.page(limit, token)).body(Vec::new());
        let request = request.map_err(|error| Failed::Error(self.garbage(resource, error.to_string())))?;
        let answer = self.client.request_text(request).await;
        answer.map_err(|error| self.failed(resource, token.is_some(), error))
    }

    fn failed(self, resource: Resource, goes_on: bool, error: kube::Error) -> Failed {
        let server = self.server.to_owned();
        let failed = match error {
            kube::Error::Api(status) => match status.code {
                401 => LiveError::Unauthorized { server },
                403 => LiveError::Forbidden {
                    server,
                    resource,
                    message: status.message.clone(),
                },
                404 => LiveError::Absent { server, resource },
                410 if goes_on => return Failed::Expired,
                code => LiveError::Refused {
                    server,
                    resource,
                    code,
                    message: status.message.clone(),
                },
            },
            kube::Error::FromUtf8(error) => self.garbage(resource, error.to_string()),
            kube::Error::Auth(error) => LiveError::Credentials {
                server,
                why: chain(&error),
            },
            other if is_silence(&other) => LiveError::Silent {
                server,
                resource,
                after: self.patience,
            },
            other => LiveError::Unreachable {
                server,
                why: chain(&other),
            },
        };
        Failed::Error(failed)
    }

    fn garbage(self, resource: Resource, why: String) -> LiveError {
        LiveError::Garbage {
            server: self.server.to_owned(),
            resource,
            why,
        }
    }
}

/// Whether a connection was there, and then nothing came.
fn is_silence(error: &(dyn Error + 'static)) -> bool {
    let mut at = Some(error);
    let (mut timed_out, mut connecting) = (false, false);
    while let Some(error) = at {
        let io = error.downcast_ref::<io::Error>();
        timed_out |= io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut);
        let sent = error.downcast_ref::<hyper_util::client::legacy::Error>();
        connecting |= sent.is_some_and(hyper_util::client::legacy::Error::is_connect);
        at = error.source();
    }
    timed_out && !connecting
}
