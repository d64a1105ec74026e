//! The frame around each administration page: the site's title, address and language.

use crate::task::Newsroom;
use crate::template::AdminLayout;

/// The frame of an administration page.
pub(super) fn layout(newsroom: &Newsroom, title: &str) -> AdminLayout {
    AdminLayout {
        language: newsroom.language(),
        site_title: newsroom.config.site.title.clone(),
        site_url: newsroom.config.site.url.join("/"),
        title: title.to_owned(),
    }
}
