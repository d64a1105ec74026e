//! Wiring: what a command needs is opened here, and the daemon is started, reloaded and stopped here.

mod secrets;
mod opening;
mod own_folders;
mod logging;
mod instance;
mod schedule;
mod descriptors;
mod greeting;
mod sockets;
mod daemon;
mod reloading;
mod service_manager;
mod doctor;

pub use daemon::{Daemon, RunningDaemon};
pub use doctor::{Finding, Level, examine, unreadable};
pub use greeting::greeting;
pub use logging::start_logging;
pub use opening::{open_newsroom, read_config, read_templates};
pub use own_folders::refuse_own_folders;
pub use reloading::{Reloaded, reload};
pub use secrets::{check_keys, keys_to_back_up, put_keys_back, read_key, read_or_make_key};
pub use service_manager::ServiceManager;
pub use sockets::{Listeners, Sockets};
