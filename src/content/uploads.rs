//! Files below uploads, by the addresses that lead there.

use crate::domain::{UploadFacts, UploadPath, Uploads};

/// The file below uploads that a root-relative address means, and what is known of it. A file whose name itself holds
/// `%20` or `#` is found too; `None` when the address leads elsewhere.
pub(super) fn find_upload(address: &str, uploads: &dyn Uploads) -> Option<(UploadPath, Option<UploadFacts>)> {
    let decoded = UploadPath::from_address(address);
    // Nearly always both are one.
    let may_differ = decoded.is_none() || address.contains(['%', '?', '#']);
    let literal = address.strip_prefix("/uploads/").filter(|_| may_differ).and_then(UploadPath::from_decoded);
    for path in [&decoded, &literal].into_iter().flatten() {
        if let Some(facts) = uploads.facts(path) {
            return Some((path.clone(), Some(facts)));
        }
    }
    decoded.or(literal).map(|path| (path, None))
}
