//! Configuration: one documented default, overlaid by a file and by the environment.
//!
//! The defaults are `default.toml` beside this file, with a comment on each key. A variable overlays a key by its path:
//! `ENNAKOI_SERVER_LISTEN=0.0.0.0:8080` sets `server.listen`. `DATABASE_URL` is accepted for `database.url`.

use serde::{Deserialize, de::DeserializeOwned};

/// The documented defaults, printed by `ennakoi config`.
pub const DEFAULT: &str = include_str!("default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub server: Server,
    pub database: Database,
    pub files: Files,
    pub security: Security,
    pub log: Log,
    pub telemetry: Telemetry,
    pub mail: Mail,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: String,
    pub public_url: String,
    pub drain_seconds: u64,
    pub behind_proxy: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub readers: u32,
    pub connections: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub url: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_access_key: String,
    pub s3_secret_key: String,
    pub s3_bucket_in_host: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    pub secret_file: String,
    pub session_days: u32,
    pub sign_in_attempts_per_minute: u32,
    pub visitor_requests_per_second: u32,
    pub member_requests_per_second: u32,
    pub private_egress: bool,
    /// Lets addresses that members of staff give for themselves lie on a private network. Only tests set it: it is no key of the
    /// document, because whoever may sign in must never reach an operator's own network.
    #[serde(skip)]
    pub private_staff_egress: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub otlp_endpoint: String,
    pub otlp_percent: u32,
    pub metrics_token: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: String,
    pub from: String,
    pub dkim_domain: String,
    pub dkim_selector: String,
    pub dkim_key_file: String,
    pub trusted_certificates: String,
    pub lmtp_listen: String,
}

/// A configuration that cannot be used, with the key named.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigurationError(String);

impl Configuration {
    /// Overlays the defaults with `file` (TOML text) and then with `variables` (name, value).
    ///
    /// # Errors
    /// Names the key or variable that is unknown or has the wrong type.
    pub fn load(file: Option<&str>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigurationError> {
        let mut root: toml::Table = parse("the built-in defaults", DEFAULT)?;
        if let Some(text) = file {
            overlay(&mut root, parse("the configuration file", text)?);
        }
        for (name, value) in variables {
            if name == "DATABASE_URL" {
                set(&mut root, "ENNAKOI_DATABASE_URL", &value)?;
            } else if name.starts_with("ENNAKOI_") && !NOT_CONFIGURATION.contains(&name.as_str()) && !is_service_address(&name, &value) {
                set(&mut root, &name, &value)?;
            }
        }
        toml::Value::Table(root).try_into().map_err(|error: toml::de::Error| ConfigurationError(error.message().to_owned()))
    }
}

/// Variables with our prefix that are not keys of this document.
const NOT_CONFIGURATION: &[&str] = &["ENNAKOI_CONFIG", "ENNAKOI_MODEL_DIR", "ENNAKOI_SQL_TRACE", "ENNAKOI_SHAKE", "ENNAKOI_FAULTS"];

/// What Kubernetes and linked containers put into the environment for a service named `ennakoi` or `ennakoi-something`.
fn is_service_address(name: &str, value: &str) -> bool {
    let port = || name.split("_PORT_").nth(1).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || port() || (name.ends_with("_PORT") && value.contains("://"))
}

fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, ConfigurationError> {
    toml::from_str(text).map_err(|error| ConfigurationError(format!("{what}: {error}")))
}

fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) => overlay(inner, changes),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn set(root: &mut toml::Table, name: &str, text: &str) -> Result<(), ConfigurationError> {
    let path = name.trim_start_matches("ENNAKOI_").to_ascii_lowercase();
    let unknown = || ConfigurationError(format!("{name} names no known setting (see `ennakoi config`)"));
    let (section, key) = path.split_once('_').ok_or_else(unknown)?;
    let slot = root.get_mut(section).and_then(toml::Value::as_table_mut).and_then(|table| table.get_mut(key)).ok_or_else(unknown)?;
    let wrong = |kind: &str| ConfigurationError(format!("{name} must be {kind}, not {text:?}"));
    *slot = match slot {
        toml::Value::Integer(_) => toml::Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
        toml::Value::Boolean(_) => toml::Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        _ => toml::Value::String(text.to_owned()),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_are_complete_and_overlaid_in_order() {
        let loaded = Configuration::load(Some("[server]\nlisten = \"0.0.0.0:1\"\n"), variables(&[("ENNAKOI_SERVER_DRAIN_SECONDS", "7")])).unwrap();
        assert_eq!((loaded.server.listen.as_str(), loaded.server.drain_seconds), ("0.0.0.0:1", 7));
        assert_eq!(loaded.security.session_days, 30);
    }

    #[test]
    fn a_wrong_key_or_type_is_named() {
        let unknown = Configuration::load(None, variables(&[("ENNAKOI_SERVER_LISTNE", "x")])).unwrap_err().to_string();
        assert!(unknown.contains("ENNAKOI_SERVER_LISTNE"), "{unknown}");
        let wrong = Configuration::load(None, variables(&[("ENNAKOI_DATABASE_READERS", "many")])).unwrap_err().to_string();
        assert!(wrong.contains("whole number"), "{wrong}");
        assert!(Configuration::load(Some("[server]\nlisten = 5\n"), []).is_err());
        assert!(Configuration::load(Some("[sevrer]\n"), []).is_err());
    }

    #[test]
    fn addresses_of_services_are_not_settings() {
        let put_there = [
            ("ENNAKOI_SERVICE_HOST", "10.0.0.1"),
            ("ENNAKOI_SERVICE_PORT_HTTP", "80"),
            ("ENNAKOI_PORT", "tcp://10.0.0.1:80"),
            ("ENNAKOI_WEB_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ];
        Configuration::load(None, variables(&put_there)).unwrap();
        assert!(Configuration::load(None, variables(&[("ENNAKOI_SERVER_PORT", "8080")])).is_err());
    }
}
