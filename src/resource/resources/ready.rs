//! Documents that are at hand, and those that are made before somebody asks for them: when very much changes at once, whoever
//! comes first would wait for each.

use std::sync::Arc;

use super::super::coding::Coding;
use super::super::shelf::{Ingredients, Ready};
use super::{Address, Found, ResourceError, Resources};
use crate::catalog::Published;

/// A document that was asked for in one of so many states of the site is asked for again soon.
const RECENT_STATES: u64 = 16;

impl Resources {
    /// What stands at `path`, when that can be told without making a document.
    #[must_use]
    pub fn at_hand(&self, path: &str) -> Option<Found> {
        self.shelf.find_of(path, self.state).map(Found::Document)
    }

    /// The releases whose texts the document at `path` is made of.
    #[must_use]
    pub fn made_of(&self, path: &str) -> Vec<Arc<Published>> {
        match Address::parse(path).map(|address| self.ingredients(&address)) {
            Some(Ingredients::Releases(releases, _)) => releases,
            Some(Ingredients::State(_)) | None => Vec::new(),
        }
    }

    /// The addresses of documents that readers asked for in one of the last few states of the site, the latest first, and
    /// in which codings they had them; at most `most`.
    #[must_use]
    pub fn asked_for(&self, most: usize) -> Vec<(String, Vec<Coding>)> {
        let found = self.shelf.found_since(self.state.saturating_sub(RECENT_STATES), most);
        found.into_iter().map(|(path, document)| (path, document.codings().collect())).collect()
    }

    /// Makes the document at `path` in these codings, to be put on the shelf when this state is shown; `None` when the one
    /// that is there is the same, or there is none to be made.
    ///
    /// # Errors
    /// As with [`Resources::find`].
    pub fn make_ready(&self, path: &str, codings: &[Coding]) -> Result<Option<Ready>, ResourceError> {
        let Some(address) = Address::parse(path).filter(|address| self.stands(address)) else { return Ok(None) };
        let ingredients = self.ingredients(&address);
        if self.shelf.is_made_of(path, &ingredients) {
            return Ok(None);
        }
        let Some(document) = self.make(&address)?.map(Arc::new) else { return Ok(None) };
        for coding in codings {
            let _ = document.encoded(*coding);
        }
        Ok(Some(Ready { path: path.to_owned(), document, ingredients }))
    }

    /// Puts on the shelf what was made for this state.
    pub fn put_out(&self, ready: Vec<Ready>) {
        for Ready { path, document, ingredients } in ready {
            self.shelf.keep(path, &document, ingredients, self.state);
        }
    }
}
