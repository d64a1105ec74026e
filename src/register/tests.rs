//! Looks at a folder in a row, and what the register makes of them.

mod absence;
mod adopting;
mod announcing;
mod copies;
mod lineage;
mod names;
mod newsroom;
mod pins;
mod plain;
