//! Conversations written by hand, with slots for the customer's own order: `data/scripts.*.txt`.
//!
//! `== key label needs [email]` begins one; then lines: `S:` subject, `>` customer, `*` the bot answers with an article, `+` the bot says
//! something else, `!` it is handed over for a reason, `<` an agent, `#` a private note, `=` the customer's rating (score, yes or no,
//! comment). `\n` is a line break. Slots: see [`Slots`].

use ennakoi_people::Locale;

/// What a script needs of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// An order on its way.
    Order,
    /// One that is past its promised day.
    Late,
    /// One that has arrived.
    Delivered,
    /// One with an invoice.
    Invoice,
}

/// A step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Customer(String),
    BotArticle(String),
    Bot(String),
    HandOver(String),
    Agent(String),
    Note(String),
    Rate { score: i64, solved: bool, comment: String },
}

/// A script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) key: String,
    pub(crate) locale: Locale,
    pub(crate) label: String,
    pub(crate) needs: Needs,
    pub(crate) subject: Option<String>,
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// People are needed.
    pub(crate) fn has_people(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Agent(_) | Step::HandOver(_)))
    }
}

impl Script {
    /// Whether the step of this place is the customer's rating.
    pub(crate) fn rates_at(&self, place: usize) -> bool {
        matches!(self.steps.get(place), Some(Step::Rate { .. }))
    }

    /// The customer says in words how it was.
    pub(crate) fn has_comment(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Rate { comment, .. } if !comment.is_empty()))
    }
}

/// What is put into the gaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    pub(crate) values: Vec<(&'static str, String)>,
}

impl Slots {
    pub(crate) fn fill(&self, text: &str) -> String {
        self.values.iter().fold(text.replace("\\n", "\n"), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }
}

const FILES: [(Locale, &str); 3] = [
    (Locale::Fi, include_str!("../data/scripts.fi.txt")),
    (Locale::Sv, include_str!("../data/scripts.sv.txt")),
    (Locale::En, include_str!("../data/scripts.en.txt")),
];

/// Every script.
pub(crate) fn read() -> Vec<Script> {
    FILES.iter().flat_map(|(locale, text)| read_file(*locale, text)).collect()
}

fn read_file(locale: Locale, text: &str) -> Vec<Script> {
    let mut scripts: Vec<Script> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("== ") {
            let mut words = head.split_whitespace();
            let (key, label) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
            let needs = match words.next() {
                Some("order") => Needs::Order,
                Some("late") => Needs::Late,
                Some("delivered") => Needs::Delivered,
                Some("invoice") => Needs::Invoice,
                _ => Needs::Nothing,
            };
            scripts.push(Script { key, locale, label, needs, subject: None, steps: Vec::new() });
            continue;
        }
        let Some(script) = scripts.last_mut() else { continue };
        if let Some(subject) = line.strip_prefix("S: ") {
            script.subject = Some(subject.to_owned());
        } else if let Some((mark, rest)) = line.split_once(' ') {
            script.steps.extend(step(mark, rest.trim()));
        }
    }
    scripts
}

fn step(mark: &str, rest: &str) -> Option<Step> {
    let text = rest.to_owned();
    match mark {
        ">" => Some(Step::Customer(text)),
        "*" => Some(Step::BotArticle(text)),
        "+" => Some(Step::Bot(text)),
        "!" => Some(Step::HandOver(text)),
        "<" => Some(Step::Agent(text)),
        "#" => Some(Step::Note(text)),
        "=" => {
            let mut words = rest.splitn(3, ' ');
            let score = words.next()?.parse().ok()?;
            Some(Step::Rate { score, solved: words.next() == Some("yes"), comment: words.next().unwrap_or_default().to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::knowledge;

    #[test]
    fn every_script_can_be_played() {
        let scripts = read();
        assert!(scripts.len() >= 120, "{}", scripts.len());
        let articles: HashSet<String> = knowledge::read().into_iter().map(|entry| entry.key).collect();
        let labels = ["toimitus", "tilaus", "palautus", "maksu", "reklamaatio", "tuote", "kampanja", "tili", "yritys", "kiitos"];
        let mut keys = HashSet::new();
        let gaps = ["name", "product", "order", "tracking", "carrier", "promised", "total", "invoice", "reference", "due", "agent"];
        for script in &scripts {
            let named = format!("{} {:?}", script.key, script.locale);
            assert!(keys.insert((script.locale, script.key.clone())), "{named} stands twice");
            assert!(labels.contains(&script.label.as_str()), "{named}: label {}", script.label);
            assert!(matches!(script.steps.first(), Some(Step::Customer(_))) && script.steps.len() >= 2, "{named}");
            for step in &script.steps {
                let text = match step {
                    Step::BotArticle(key) => {
                        assert!(articles.contains(key), "{named}: article {key}");
                        continue;
                    }
                    Step::Customer(text) | Step::Bot(text) | Step::Agent(text) | Step::Note(text) | Step::HandOver(text) => text,
                    Step::Rate { comment, .. } => comment,
                };
                for gap in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    assert!(gaps.contains(&gap), "{named}: gap {gap}");
                    let needs_order = matches!(gap, "order" | "tracking" | "carrier" | "promised" | "total");
                    assert!(!needs_order || script.needs != Needs::Nothing, "{named}: {gap} without an order");
                    assert!(!matches!(gap, "invoice" | "reference" | "due") || script.needs == Needs::Invoice, "{named}: {gap} without an invoice");
                }
            }
        }
    }
}
