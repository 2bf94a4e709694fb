//! The flows that the program brings. A company can change or switch off each; its own version then takes the place of this one.

use std::sync::LazyLock;

use super::definition::{Flow, read};

/// Their definitions, as text.
pub const TEXTS: &[&str] = &[
    include_str!("ready/track_order.toml"),
    include_str!("ready/return_order.toml"),
    include_str!("ready/exchange.toml"),
    include_str!("ready/change_address.toml"),
    include_str!("ready/invoice_copy.toml"),
    include_str!("ready/pay_later.toml"),
    include_str!("ready/subscription_pause.toml"),
    include_str!("ready/subscription_cancel.toml"),
    include_str!("ready/reset_access.toml"),
    include_str!("ready/book_call.toml"),
];

static FLOWS: LazyLock<Vec<(Flow, &'static str)>> =
    LazyLock::new(|| TEXTS.iter().map(|text| (read(text).expect("the ready flows can be read, as a test shows"), *text)).collect());

/// The ready flows with their texts.
#[must_use]
pub fn all() -> &'static [(Flow, &'static str)] {
    &FLOWS
}

/// The ready flow of a name.
#[must_use]
pub fn find(id: &str) -> Option<&'static (Flow, &'static str)> {
    all().iter().find(|(flow, _)| flow.id == id)
}

#[cfg(test)]
mod tests {
    use super::super::{check::flaws, trial};

    #[test]
    fn every_ready_flow_is_sound_and_passes_its_own_tests_in_three_languages() {
        let mut wrong = Vec::new();
        for text in super::TEXTS {
            let flow = super::read(text).unwrap_or_else(|flaws| panic!("{flaws:?}\n{text}"));
            wrong.extend(flaws(&flow).into_iter().map(|flaw| format!("{}: {flaw:?}", flow.id)));
            let results = flow.tests.iter().map(|test| trial::run_test(&flow, test));
            wrong.extend(results.filter(|result| !result.passed).map(|result| format!("{}: {result:?}", flow.id)));
            for locale in ennakoi_people::Locale::ALL {
                assert!(flow.tests.iter().any(|test| test.locale == *locale), "{} has no test in {}", flow.id, locale.as_str());
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
