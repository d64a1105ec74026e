//! Looks that found nothing but plain edits: what they come to costs those edits alone.
//!
//! Most looks find nothing, or one file that was saved again. Who is who, what is listed where and what stands at which
//! address is as it was then; only words differ. Whenever anything else may differ, the whole folder is gone through.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use foldhash::HashMap;

use super::super::last_good::LastGood;
use super::super::newsroom::Current;
use super::texts::LookTexts;
use super::{Found, Ingest, Ingested, publish};
use crate::domain::{Release, ReleaseId, SourcePath};
use crate::register::{Edit, KeptRegister, PlainEdits};

/// What the last look came to, saved and shown.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) current: Current,
    /// Which release each file was shown as.
    pub(super) shown: Arc<HashMap<SourcePath, ReleaseId>>,
    /// Whether the last whole look left nothing open.
    pub(super) settled: bool,
}

impl Ingest {
    /// What a look comes to that found nothing but plain edits; `None` when it may have found anything else.
    pub(super) fn take_in_edits(
        &self,
        last: &Last,
        found: &Found,
        kept: &KeptRegister,
        last_good: &LastGood,
        now: DateTime<Utc>,
    ) -> Option<Ingested> {
        if !last.settled || !found.is_files_alone {
            return None;
        }
        let mut before: Vec<(&SourcePath, &ReleaseId, &Arc<Release>)> = Vec::with_capacity(found.changed.len());
        for (path, release) in &found.changed {
            before.push((path, last.shown.get(path)?, release.as_ref()?));
        }
        let mut edits = Vec::with_capacity(before.len());
        for (path, id, release) in before {
            let seen = self.files.get(path)?.seen(path)?;
            edits.push(Edit { id, before: release, seen });
        }
        let next_change = last.current.catalog.next_change(last.current.looked);
        let texts = LookTexts { reader: &self.reader, last_good, threads: &self.threads };
        let PlainEdits { register, changes } = kept.plain_edits(&edits, &texts, now, next_change)?;
        let (mut catalog, mut live) = (last.current.catalog.clone(), last.current.resources.live().clone());
        for edit in &edits {
            let release = self.files.get(edit.seen.path)?.release.clone()?;
            let published = Arc::new(publish(&register, edit.id, release)?);
            catalog = catalog.with(&published)?;
            live = live.with(&published);
        }
        let resources =
            if edits.is_empty() { last.current.resources.clone() } else { last.current.resources.with(live) };
        let (diagnostics, doubts) = (Arc::clone(&last.current.diagnostics), last.current.doubts);
        Some(Ingested {
            changes,
            current: Current { catalog, resources, register, diagnostics, doubts, looked: now },
            broken: Vec::new(),
            anything_new: !edits.is_empty(),
            unsettled: found.unsettled,
            shown: Arc::clone(&last.shown),
            settled: true,
        })
    }
}
