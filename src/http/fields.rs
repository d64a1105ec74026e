//! Fields of a posted form or a query (`application/x-www-form-urlencoded`).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};

use crate::domain::Topic;

/// The fields in order; a name may occur more than once.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first field of this name, trimmed; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// The topics ticked; what names none is left out.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        self.0.iter().filter(|(field, _)| field == "topic").filter_map(|(_, value)| value.parse().ok())
    }
}

/// A posted form. What is no form has no fields.
impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = BytesRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, BytesRejection> {
        Ok(Self::parse(&Bytes::from_request(request, state).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_topics_read() {
        let fields = Fields::parse("name=Ad%C3%A8le+Roy&topic=all&topic=tag%3Aopen-data&topic=x".as_bytes());
        assert_eq!(fields.get("name"), "Adèle Roy");
        assert_eq!(fields.get("email"), "");
        assert_eq!(fields.topics().map(|topic| topic.to_string()).collect::<Vec<_>>(), ["all", "tag:open-data"]);
    }
}
