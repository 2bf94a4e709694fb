//! Passwords: Argon2id, written as PHC strings. Hashing is slow on purpose, so it runs beside the async threads and only a
//! few at a time: a flood of sign-ins cannot take the whole machine.

use std::{sync::OnceLock, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use ennakoi_kernel::{Environment, FieldErrors, Problem, ProblemKind};
use tokio::sync::Semaphore;

/// Hashes computed at the same time. Each takes 19 MiB.
static WORKERS: Semaphore = Semaphore::const_new(2);
/// How long a sign-in waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

const SHORTEST: usize = 10;
/// Longer ones would only make the server work.
const LONGEST: usize = 256;

/// 19 MiB, two passes, one lane: what OWASP's password storage guidance names as the least for Argon2id.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are within the algorithm's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &[u8], salt: &[u8; 16]) -> String {
    let hash: PasswordHash = argon2().hash_password_with_salt(password, salt).expect("a salt of 16 bytes and a password of bounded length can be hashed");
    hash.to_string()
}

/// Somebody to compare with when there is no account, so that both take the same time. Nobody knows its password.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_now(b"nobody signs in with this", b"ennakoi's nobody"))
}

async fn work<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let busy = || Problem::new(ProblemKind::Unavailable, "try_again", "too many people sign in at this moment");
    let _turn = tokio::time::timeout(PATIENCE, WORKERS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    tokio::task::spawn_blocking(task).await.map_err(|error| {
        tracing::error!(%error, "hashing a password failed");
        Problem::internal()
    })
}

/// The PHC string of a password.
///
/// # Errors
/// Too many hashes wait already.
pub(crate) async fn hash(environment: &Environment, password: &str) -> Result<String, Problem> {
    let mut salt = [0u8; 16];
    environment.fill(&mut salt);
    let password = password.to_owned();
    work(move || hash_now(password.as_bytes(), &salt)).await
}

/// Whether the password fits. With no stored hash it never does, and takes as long.
///
/// # Errors
/// Too many hashes wait already.
pub(crate) async fn verify(password: &str, stored: Option<&str>) -> Result<bool, Problem> {
    let (password, stored) = (password.chars().take(LONGEST).collect::<String>(), stored.map(ToOwned::to_owned));
    work(move || {
        let known = stored.is_some();
        let phc = stored.as_deref().unwrap_or_else(|| nobody());
        let fits = argon2().verify_password(password.as_bytes(), phc).is_ok();
        fits && known
    })
    .await
}

/// Checks that a new password is worth having: long, not one letter repeated, not the person's own address.
///
/// # Errors
/// Names the field and what is wrong.
pub(crate) fn check(field: &str, password: &str, email: &str) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let local = email.split('@').next().unwrap_or_default();
    if length < SHORTEST {
        errors.add(field, "password_short", format!("at least {SHORTEST} characters"));
    } else if length > LONGEST {
        errors.add(field, "too_long", format!("at most {LONGEST} characters"));
    } else if letters.len() < 5
        || lower == email
        || lower.trim_matches(|c: char| !c.is_alphabetic()) == local
        || COMMON.iter().any(|word| lower.contains(word) && length <= word.len() + 5)
    {
        errors.add(field, "password_common", "too easy to guess");
    }
    errors.finish()
}

/// What guessers try first, among passwords that are long enough.
const COMMON: &[&str] =
    &["password", "salasana", "lösenord", "losenord", "qwerty", "123456789", "1234567890", "iloveyou", "administrator", "welcome", "tervetuloa", "ennakoi"];

#[cfg(test)]
mod tests {
    use ennakoi_kernel::{SeededEntropy, SystemClock};

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits_and_nobody_never_signs_in() {
        let environment = Environment::new(std::sync::Arc::new(SystemClock), std::sync::Arc::new(SeededEntropy::new(7)));
        let stored = hash(&environment, "kolme punaista kissaa").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("kolme punaista kissaa", Some(&stored)).await.unwrap());
        assert!(!verify("kolme punaista kissa", Some(&stored)).await.unwrap());
        assert!(!verify("nobody signs in with this", None).await.unwrap());
        assert!(!verify("x", Some("not a hash")).await.unwrap());
    }

    #[test]
    fn weak_passwords_are_named_as_such() {
        for weak in ["short", "aaaaaaaaaaaa", "password123", "Salasana2026", "liisa@example.fi", "qwerty12345"] {
            assert!(check("password", weak, "liisa@example.fi").is_err(), "{weak}");
        }
        for good in ["kolme punaista kissaa", "x9!kQ2#mVz", "correct horse password staple"] {
            check("password", good, "liisa@example.fi").unwrap();
        }
    }
}
