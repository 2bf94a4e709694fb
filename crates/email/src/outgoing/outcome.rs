//! What a server's answer means for a mail.

use ennakoi_channels::carry::Outcome;

use crate::wire::smtp::{Failure, Reply};

/// For the only recipient of a mail.
pub(super) fn of_one(refusal: Option<&Reply>) -> Outcome {
    refusal.map_or(Outcome::Sent, of_reply)
}

/// For a mail that went to nobody.
pub(super) fn of_failure(failure: &Failure) -> Outcome {
    match failure {
        Failure::Before(trouble) => Outcome::Again { reason: trouble.to_string(), after: None },
        // Somebody has to look at the password; meanwhile nothing is lost.
        Failure::SignIn(reply) => Outcome::Again { reason: format!("sign-in refused: {} {}", reply.code, reply.text), after: None },
        Failure::Refused(reply) => of_reply(reply),
        Failure::Unclear(reason) => Outcome::Unclear { reason: reason.clone() },
        Failure::TooLarge(bytes) => Outcome::Refused { code: "too_large", reason: format!("{bytes} bytes are more than the server takes") },
    }
}

pub(super) fn of_reply(reply: &Reply) -> Outcome {
    let reason = format!("{} {}", reply.code, reply.text);
    if reply.is_temporary() || reply.code == 0 {
        return Outcome::Again { reason, after: None };
    }
    Outcome::Refused { code: code_of(&reply.text), reason }
}

/// The code of an enhanced status (RFC 3463) in a text, for screens.
pub(crate) fn code_of(text: &str) -> &'static str {
    let status = text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find(|word| word.starts_with("5.") && word.matches('.').count() == 2);
    match status.unwrap_or_default() {
        "5.1.0" | "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" => "address_unknown",
        "5.2.1" => "mailbox_closed",
        "5.2.2" => "mailbox_full",
        "5.2.3" | "5.3.4" => "too_large",
        status if status.starts_with("5.7.") => "refused_by_policy",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let reply = |code, text: &str| of_reply(&Reply { code, text: text.to_owned() });
        assert!(matches!(reply(451, "4.7.1 greylisted"), Outcome::Again { .. }));
        assert!(matches!(reply(550, "5.1.1 no such user"), Outcome::Refused { code: "address_unknown", .. }));
        assert!(matches!(reply(552, "5.2.2 over quota"), Outcome::Refused { code: "mailbox_full", .. }));
        assert!(matches!(reply(550, "5.7.30 Basic authentication is not supported for Client Submission"), Outcome::Refused { code: "refused_by_policy", .. }));
        assert!(matches!(reply(554, "no"), Outcome::Refused { code: "refused", .. }));
    }
}
