-- The whole database in its first form, for SQLite and PostgreSQL alike: columns are TEXT, BIGINT and BYTEA only,
-- times are microseconds since 1970 in UTC, and ids come from `counters` or from chance. Digests are the 32 hexadecimal
-- digits of XXH3, hashes of addresses those of an HMAC with the key.

-- What is remembered of the database itself, the register and the key.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- The last id given in each table that counts its rows.
CREATE TABLE counters (
    name TEXT PRIMARY KEY NOT NULL,
    last BIGINT NOT NULL
);

-- The register. `rev` is the revision that last changed the row: `register` in `counters` counts them, `register-ids` those
-- after which the whole register is to be read again.
CREATE TABLE releases (
    id TEXT PRIMARY KEY NOT NULL,
    path TEXT NOT NULL,
    permalink TEXT NOT NULL,
    missing_since BIGINT,
    file_digest TEXT NOT NULL,
    significant TEXT NOT NULL,
    documents TEXT NOT NULL,
    source BYTEA NOT NULL,
    title TEXT NOT NULL,
    date BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    publishable_since BIGINT,
    live_since BIGINT,
    first_live BIGINT,
    updated BIGINT NOT NULL,
    announcement TEXT NOT NULL,
    hold_reason TEXT,
    hold_detail TEXT,
    rev BIGINT NOT NULL
);
CREATE INDEX releases_by_revision ON releases (rev);

CREATE TABLE aliases (
    permalink TEXT PRIMARY KEY NOT NULL,
    release TEXT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX aliases_by_revision ON aliases (rev);

CREATE TABLE topic_slugs (
    taxonomy TEXT NOT NULL,
    folded TEXT NOT NULL,
    slug TEXT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (taxonomy, folded),
    UNIQUE (taxonomy, slug)
);
CREATE INDEX topic_slugs_by_revision ON topic_slugs (rev);

-- About a release, an edition, or an edition of a release; `who` is empty for what Depeche decided by its rules.
CREATE TABLE decisions (
    id BIGINT PRIMARY KEY NOT NULL,
    release TEXT,
    edition BIGINT,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL
);
CREATE INDEX decisions_by_release ON decisions (release, id);
CREATE INDEX decisions_by_edition ON decisions (edition, id);

-- `subject` says more of what it is about than its release: `daily 2026-11-24` for a digest, the revision for a
-- correction or withdrawal, the edition that is repeated for a repeat.
-- `turn` counts the announcements in the order in which they open, whatever the clock does; a digest keeps the last one
-- that it deals with.
-- `written` is 1 once the last chunk of deliveries is there; `deliveries` counts the rows written so far.
CREATE TABLE editions (
    id BIGINT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    release TEXT,
    subject TEXT NOT NULL,
    dedup_key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    due BIGINT,
    hold_reason TEXT,
    hold_detail TEXT,
    cursor BIGINT,
    written BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    lifted TEXT NOT NULL,
    created BIGINT NOT NULL,
    opened BIGINT,
    ended BIGINT,
    turn BIGINT
);
CREATE INDEX editions_by_turn ON editions (kind, turn);
CREATE INDEX editions_by_state ON editions (state, due);
CREATE INDEX editions_by_release ON editions (release);

CREATE TABLE edition_topics (
    edition BIGINT NOT NULL REFERENCES editions (id),
    topic TEXT NOT NULL,
    PRIMARY KEY (edition, topic)
);

CREATE TABLE letters (
    id BIGINT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    edition BIGINT REFERENCES editions (id),
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    date BIGINT NOT NULL,
    boundary TEXT NOT NULL,
    reply_to_name TEXT,
    reply_to_address TEXT,
    archive TEXT,
    topic_words TEXT NOT NULL,
    carries TEXT NOT NULL,
    serial BIGINT NOT NULL
);
-- One rendered edition a language, and one more each time its text is corrected on its way: `carries` is the revision of
-- the correction in it, `serial` counts them. The office may be told several things of one edition.
CREATE UNIQUE INDEX letters_of_edition ON letters (edition, language, serial) WHERE kind = 'edition';
-- What was said to one reader is forgotten before the rest.
CREATE INDEX letters_by_kind ON letters (kind, date) WHERE text <> '';

-- What a digest says of a release, a row a language. `number` stands for the release in `deliveries.contents`; a text
-- that was corrected on its way has a number of its own and the same place.
CREATE TABLE fragments (
    edition BIGINT NOT NULL REFERENCES editions (id),
    number BIGINT NOT NULL,
    language TEXT NOT NULL,
    release TEXT NOT NULL,
    carries TEXT NOT NULL,
    place BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    topics TEXT NOT NULL,
    heading_text TEXT NOT NULL,
    heading_html TEXT NOT NULL,
    full_text TEXT NOT NULL,
    full_html TEXT NOT NULL,
    short_text TEXT NOT NULL,
    short_html TEXT NOT NULL,
    PRIMARY KEY (edition, number, language)
);
CREATE INDEX fragments_by_release ON fragments (release, edition);

-- The last pause lasts from `paused_since` until `paused_until`. `letters` counts the letters that somebody with the link to
-- the preferences had written since `letters_since`, `changes` what they changed since `changes_since`. `returned` is when
-- they came back by a link after leaving.
-- For digests: what was announced up to the turn `covered` is dealt with. Who left the digest `owed` for another frequency
-- still gets what was announced before, up to the turn `owed_until`, with the next one.
CREATE TABLE subscribers (
    id BIGINT PRIMARY KEY NOT NULL,
    address TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    address_hash TEXT NOT NULL,
    name TEXT,
    organisation TEXT,
    language TEXT NOT NULL,
    frequency TEXT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    end_reason TEXT,
    source TEXT NOT NULL,
    created BIGINT NOT NULL,
    asked BIGINT,
    covered BIGINT NOT NULL,
    owed TEXT,
    owed_until BIGINT,
    paused_since BIGINT,
    paused_until BIGINT,
    letters_since BIGINT,
    letters BIGINT,
    changes_since BIGINT,
    changes BIGINT,
    returned BIGINT
);
-- Those who never confirm are removed.
CREATE INDEX subscribers_pending ON subscribers (since) WHERE state = 'pending';
CREATE INDEX subscribers_by_hash ON subscribers (address_hash);
-- Those who get digests: it is asked every second whether there are any.
CREATE INDEX subscribers_by_digest ON subscribers (frequency) WHERE frequency <> 'immediate';
CREATE INDEX subscribers_owed ON subscribers (owed) WHERE owed IS NOT NULL;

CREATE TABLE subscriptions (
    subscriber BIGINT NOT NULL REFERENCES subscribers (id),
    topic TEXT NOT NULL,
    PRIMARY KEY (subscriber, topic)
);
CREATE INDEX subscriptions_by_topic ON subscriptions (topic, subscriber);

-- Another address that was asked for, until both sides have agreed; `done` once they have. The number is random.
CREATE TABLE address_changes (
    id BIGINT PRIMARY KEY NOT NULL,
    subscriber BIGINT NOT NULL UNIQUE REFERENCES subscribers (id),
    address TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    asked BIGINT NOT NULL,
    old_agreed BIGINT,
    new_agreed BIGINT,
    done BIGINT
);
CREATE INDEX address_changes_by_address ON address_changes (address_hash);

-- Addresses that a subscriber had until `gone`, or that had a subscription of their own which is one with theirs since then:
-- whoever is forgotten is forgotten there, too.
CREATE TABLE former_addresses (
    subscriber BIGINT NOT NULL REFERENCES subscribers (id),
    address_hash TEXT NOT NULL,
    gone BIGINT NOT NULL,
    PRIMARY KEY (subscriber, address_hash)
);
CREATE INDEX former_addresses_by_hash ON former_addresses (address_hash);

CREATE TABLE consents (
    id BIGINT PRIMARY KEY NOT NULL,
    subscriber BIGINT NOT NULL REFERENCES subscribers (id),
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    words TEXT NOT NULL,
    source TEXT NOT NULL
);
CREATE INDEX consents_by_subscriber ON consents (subscriber, id);

-- Only a keyed hash of the address, so that nobody can be found in it without the key. `erased` is when its owner was
-- forgotten and has not come back since: it stays beside another reason, and outlasts it.
CREATE TABLE suppressions (
    address_hash TEXT PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    erased BIGINT
);

-- `since` is when the present state began; `lost` counts the replies lost after the final dot. `claim` counts the claims, so
-- that each has a number of its own; `attempt` only those that count as tries. `contents` are the numbers
-- of a digest's fragments, a comma before and after each; `follows` is the delivery that this one follows up.
CREATE TABLE deliveries (
    id BIGINT PRIMARY KEY NOT NULL,
    letter BIGINT NOT NULL REFERENCES letters (id),
    edition BIGINT REFERENCES editions (id),
    subscriber BIGINT,
    recipient_name TEXT,
    recipient_address TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    contents TEXT NOT NULL,
    follows BIGINT,
    state TEXT NOT NULL,
    skip_reason TEXT,
    due BIGINT NOT NULL,
    since BIGINT NOT NULL,
    owner TEXT,
    lease_until BIGINT,
    attempt BIGINT NOT NULL,
    claim BIGINT NOT NULL DEFAULT 0,
    lost BIGINT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (edition, subscriber)
);
-- Those that wait, each edition's by itself, and those of none.
CREATE INDEX deliveries_by_turn ON deliveries (edition, due, id) WHERE state = 'queued';
-- Those that somebody holds: few at any time. A beginning leaves its columns alone.
CREATE INDEX deliveries_held ON deliveries (edition, owner) WHERE owner IS NOT NULL;
CREATE INDEX deliveries_in_doubt ON deliveries (edition, since) WHERE state = 'unknown';
-- Those that are over, or in doubt: what waits and what is held has its own.
CREATE INDEX deliveries_over ON deliveries (edition, state) WHERE state NOT IN ('queued', 'leased', 'in_flight');
CREATE INDEX deliveries_by_subscriber ON deliveries (subscriber);
CREATE INDEX deliveries_by_letter ON deliveries (letter);
-- Single letters whose recipients are not forgotten yet.
CREATE INDEX deliveries_single ON deliveries (address_hash)
    WHERE edition IS NULL AND recipient_address <> 'erased@erased.invalid';

-- What is left of an edition's deliveries once they are old: how many there were in each state.
CREATE TABLE folded_deliveries (
    edition BIGINT NOT NULL REFERENCES editions (id),
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (edition, state)
);

-- At most one for each claim of a delivery.
CREATE TABLE attempts (
    delivery BIGINT NOT NULL REFERENCES deliveries (id),
    claim BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    relay TEXT NOT NULL,
    at BIGINT NOT NULL,
    phase TEXT NOT NULL,
    code BIGINT,
    enhanced TEXT,
    reply TEXT NOT NULL,
    message_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (delivery, claim)
) /* WITHOUT ROWID */;

-- What came back of a delivery: `digest` tells one report from another, `diagnostic` is what the other server said.
CREATE TABLE bounces (
    id BIGINT PRIMARY KEY NOT NULL,
    delivery BIGINT NOT NULL REFERENCES deliveries (id),
    subscriber BIGINT,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    action TEXT,
    status TEXT,
    diagnostic TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (delivery, digest)
);
CREATE INDEX bounces_by_subscriber ON bounces (subscriber, at);

-- Who is left alone for a while, by all instances: a relay that takes no letters, a domain of recipients that asks for
-- patience. `failures` counts how often in a row, `owner` found it last.
CREATE TABLE rests (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    until BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- The instant from which the next letter may go to a relay that takes so many a second.
CREATE TABLE paces (
    relay TEXT PRIMARY KEY NOT NULL,
    next BIGINT NOT NULL
);

CREATE TABLE leads (
    name TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE ticks (
    name TEXT PRIMARY KEY NOT NULL,
    last_run BIGINT NOT NULL
);

CREATE TABLE notices_told (
    cause TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (cause, address_hash)
);

-- What a WebSub hub was last told of a feed: the entity tag of its plain bytes.
CREATE TABLE pings (
    hub TEXT NOT NULL,
    feed TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (hub, feed)
);

-- What readers were last given of a feed: the entity tag of its plain bytes, and since when it is that.
CREATE TABLE served_feeds (
    feed TEXT NOT NULL PRIMARY KEY,
    tag TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
