//! The installation's secret: 32 random bytes in a file that only its owner may read, made at the first start.

use std::{
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use ennakoi_http::Secret;
use ennakoi_kernel::Environment;
use ennakoi_store::files;

/// Reads the secret, or makes it.
///
/// # Errors
/// The file cannot be read or written, or does not hold 64 hexadecimal digits.
pub fn load_or_create(path: &Path, environment: &Environment) -> Result<Secret> {
    if !path.exists() {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::make_folders(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let created = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match created {
            Ok(mut file) => {
                file.write_all(environment.token(32).as_bytes())?;
                file.sync_all()?;
                files::sync_folder(path.parent().unwrap_or(Path::new("")))?;
            }
            // Two processes started at once; the other one's secret counts.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("cannot write the secret to {}", path.display())),
        }
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the secret from {}", path.display()))?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the secret can be read by others; it should have mode 600");
    }
    let text = text.trim();
    let mut bytes = [0u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!("{} does not hold a secret of 64 hexadecimal digits", path.display());
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).with_context(|| format!("{} does not hold hexadecimal digits", path.display()))?;
    }
    Ok(Secret::new(bytes))
}
