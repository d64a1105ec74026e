# Short names for plain commands; each line works without `just`.

# What CI does.
check:
    .ci/run

# Formats, then looks for mistakes.
lint:
    cargo fmt
    cargo clippy --all-targets --locked -- -D warnings

# Every test, documentation examples included.
test:
    cargo test --locked

# Licences, second versions, other registries.
deny:
    cargo deny --locked check licenses bans sources

# The demonstration: sample releases, feeds, a mailbox.
serve:
    cargo run --locked -- serve

# The Debian packages, in target/debian; needs cargo-deb.
package:
    packaging/deb

# Installs, upgrades and removes two packages on a bare Debian; needs root and debootstrap.
try-package earlier later:
    packaging/try-in-debootstrap {{earlier}} {{later}}

# Looks for texts that break the reader, for ten minutes: `just fuzz body`; needs nightly and cargo-fuzz.
fuzz target:
    cargo +nightly fuzz run {{target}} -- -max_total_time=600
