//! Reports as servers write them, and as strangers might.
