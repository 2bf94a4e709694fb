//! Structured logs to standard error.

use ennakoi_kernel::configuration::Log;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging; a second call in one process is ignored.
pub fn start(configuration: &Log) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("{},tower_http=warn,hyper=warn", configuration.level)));
    let registry = tracing_subscriber::registry().with(filter);
    let started = if configuration.format == "json" {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
