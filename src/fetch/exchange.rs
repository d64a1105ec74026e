//! Any request to a server that the configuration names, and its whole answer.
//!
//! Unlike what editors and readers name, such a server may stand in a private network.

use std::time::Duration;

use ureq::Agent;
use ureq::http::{Request, Response};

use super::FetchError;
use super::client::configured;

/// How long a connection may take, its TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one exchange may take: a large document on a slow line.
const OVERALL: Duration = Duration::from_mins(2);
/// The largest answer that is read.
const LARGEST_ANSWER: u64 = 256 << 20;

/// Speaks HTTP with one server, whose connections it keeps for a while. Clones share them.
#[derive(Debug, Clone)]
pub struct Exchange {
    agent: Agent,
}

impl Exchange {
    /// With at most so many connections kept.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        let config = configured()
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(OVERALL))
            .build();
        Self { agent: config.new_agent() }
    }

    /// Sends `request` as it is, and reads the answer, whatever its status. Blocks.
    ///
    /// # Errors
    /// When there is no answer, or a larger one than any such server gives.
    pub fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let address = request.uri().to_string();
        let failed = |error| FetchError::from_library(error, &address);
        let (head, mut body) = self.agent.run(request).map_err(failed)?.into_parts();
        let bytes = body.with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(failed)?;
        Ok(Response::from_parts(head, bytes))
    }
}
