//! Response bodies.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use http_body::{Body, Frame};
use tower::BoxError;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// The body of a response: a document, or the open end of a watch.
pub struct ResponseBody(Kind);

enum Kind {
    Whole(Option<Bytes>),
    /// Half a document, then a reset.
    Cut(Option<Bytes>),
    Chunks(Chunks),
}

impl ResponseBody {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        Self(Kind::Whole(Some(Bytes::from(bytes))))
    }

    pub(crate) fn cut(mut bytes: Vec<u8>) -> Self {
        bytes.truncate(bytes.len() / 2);
        Self(Kind::Cut(Some(Bytes::from(bytes))))
    }

    pub(crate) fn chunks(stream: impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static) -> Self {
        Self(Kind::Chunks(Box::pin(stream)))
    }
}

/// What a client sees of a connection that went away.
pub(crate) fn connection_reset() -> BoxError {
    io::Error::from(io::ErrorKind::ConnectionReset).into()
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Cut(bytes) => Poll::Ready(Some(bytes.take().map(Frame::data).ok_or_else(connection_reset))),
            Kind::Chunks(stream) => stream
                .as_mut()
                .poll_next(cx)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }
}

impl std::fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Kind::Whole(_) => "ResponseBody(whole)",
            Kind::Cut(_) => "ResponseBody(cut)",
            Kind::Chunks(_) => "ResponseBody(chunks)",
        })
    }
}
