//! Grouping questions into gaps, and drafting the article that would close one.

use std::collections::BTreeMap;

use ennakoi_kernel::Timestamp;
use ennakoi_language::{
    clusters::{Cluster, cluster},
    needs::Corpus,
};
use ennakoi_people::Locale;
use ennakoi_store::{FromRow, Result, Row};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::knowledge::language;

/// Gaps shown, at most.
const GAPS: usize = 30;
/// Typical wordings of each.
const WORDINGS: usize = 6;
/// Questions of one language without a clear need are put into at most this many groups.
const LOOSE: usize = 20;

/// A question as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub id: Uuid,
    pub at: Timestamp,
    pub source: String,
    pub locale: Locale,
    pub question: String,
    pub need: String,
    pub answer: String,
}

impl FromRow for Question {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, at: row.take()?, source: row.take()?, locale: row.take()?, question: row.take()?, need: row.take()?, answer: row.take()? })
    }
}

/// A gap of the knowledge.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Gap {
    /// The need, or the most typical wording.
    pub title: String,
    pub need: Option<String>,
    pub locale: Locale,
    pub contacts: usize,
    /// Minutes of people's work that these contacts cost, estimated by how each ended; see [`minutes`].
    pub cost_minutes: u32,
    pub by_source: BTreeMap<String, usize>,
    pub last_at: Timestamp,
    pub wordings: Vec<String>,
    /// The questions that are closed with it.
    pub questions: Vec<Uuid>,
    pub draft: Draft,
}

/// An article as it could be begun.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Draft {
    pub title: String,
    /// The agents' most typical answer; empty when nobody has answered yet.
    pub body: String,
    pub questions: Vec<String>,
    /// Agents' answers that it was chosen from.
    pub answers: usize,
}

/// What a contact costs in minutes of work: a conversation that people took over, a question that comes back, a search that ends in
/// nothing. An estimate to rank by, not a measurement.
pub(super) fn minutes(source: &str) -> u32 {
    match source {
        "handed_over" => 10,
        "not_helped" => 6,
        "rejected" => 4,
        _ => 1,
    }
}

/// Groups by need where one is clear, by likeness of words elsewhere; the dearest first.
pub(super) fn gaps(questions: &[Question]) -> Vec<Gap> {
    let mut groups: BTreeMap<(Locale, String), Vec<&Question>> = BTreeMap::new();
    let mut loose: BTreeMap<Locale, Vec<&Question>> = BTreeMap::new();
    for question in questions {
        if question.need.is_empty() {
            loose.entry(question.locale).or_default().push(question);
        } else {
            groups.entry((question.locale, question.need.clone())).or_default().push(question);
        }
    }
    let mut gaps: Vec<Gap> = groups.into_values().map(|members| gap(&members)).collect();
    for (locale, members) in loose {
        let texts: Vec<&str> = members.iter().map(|question| question.question.as_str()).collect();
        let clusters: Vec<Cluster> = cluster(&texts, Some(language(locale)), LOOSE);
        gaps.extend(clusters.iter().map(|cluster| gap(&cluster.members.iter().map(|member| members[*member]).collect::<Vec<_>>())));
    }
    gaps.sort_by(|left, right| right.cost_minutes.cmp(&left.cost_minutes).then(right.last_at.cmp(&left.last_at)));
    gaps.truncate(GAPS);
    gaps
}

fn gap(members: &[&Question]) -> Gap {
    let locale = members[0].locale;
    let order = typical(members.iter().map(|question| question.question.as_str()).collect(), locale);
    let mut wordings: Vec<String> = Vec::new();
    for member in &order {
        if wordings.len() < WORDINGS && !wordings.contains(&members[*member].question) {
            wordings.push(members[*member].question.clone());
        }
    }
    let need = Some(members[0].need.clone()).filter(|need| !need.is_empty());
    let corpus = Corpus::built_in();
    let named = need.as_deref().and_then(|need| corpus.find(need)).map(|place| corpus.needs()[place].title(language(locale)).to_owned());
    let title = named.filter(|title| !title.is_empty()).unwrap_or_else(|| wordings.first().cloned().unwrap_or_default());
    let answers: Vec<&str> = members.iter().map(|question| question.answer.as_str()).filter(|answer| !answer.is_empty()).collect();
    let best = typical(answers.clone(), locale).first().map(|place| answers[*place].to_owned()).unwrap_or_default();
    let mut by_source: BTreeMap<String, usize> = BTreeMap::new();
    for member in members {
        *by_source.entry(member.source.clone()).or_default() += 1;
    }
    Gap {
        need,
        locale,
        contacts: members.len(),
        cost_minutes: members.iter().map(|question| minutes(&question.source)).sum(),
        by_source,
        last_at: members.iter().map(|question| question.at).max().unwrap_or_default(),
        questions: members.iter().map(|question| question.id).collect(),
        draft: Draft { title: title.clone(), body: best, questions: wordings.clone(), answers: answers.len() },
        title,
        wordings,
    }
}

/// Places of the texts, the most typical first.
fn typical(texts: Vec<&str>, locale: Locale) -> Vec<usize> {
    if texts.len() < 3 {
        // Of two, the longer one says more.
        let mut places: Vec<usize> = (0..texts.len()).collect();
        places.sort_by_key(|place| usize::MAX - texts[*place].chars().count());
        return places;
    }
    let mut order = cluster(&texts, Some(language(locale)), 1).into_iter().next().map(|cluster| cluster.members).unwrap_or_default();
    let missing: Vec<usize> = (0..texts.len()).filter(|place| !order.contains(place)).collect();
    order.extend(missing);
    order
}

/// How the rate of contacts changed: after by before, with a 95 % interval (Wilson's interval of the share of contacts that came
/// after, given the two spans; two Poisson rates compared through their binomial share).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Change {
    pub ratio: f64,
    pub low: f64,
    pub high: f64,
}

pub(super) fn change(before: (usize, f64), after: (usize, f64)) -> Option<Change> {
    let n = (before.0 + after.0) as f64;
    if n < 1.0 || before.1 <= 0.0 || after.1 <= 0.0 {
        return None;
    }
    let share = after.0 as f64 / n;
    let z = 1.959_964_f64;
    let (middle, spread) = {
        let under = 1.0 + z * z / n;
        let middle = (share + z * z / (2.0 * n)) / under;
        let spread = z / under * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        (middle, spread)
    };
    let odds = |share: f64| share.clamp(0.0, 0.999_999) / (1.0 - share.clamp(0.0, 0.999_999)) * before.1 / after.1;
    Some(Change { ratio: odds(share), low: odds((middle - spread).max(0.0)), high: odds((middle + spread).min(1.0)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(number: u128, source: &str, need: &str, text: &str, answer: &str) -> Question {
        Question {
            id: Uuid::from_u128(number),
            at: Timestamp(i64::try_from(number).unwrap_or(0)),
            source: source.to_owned(),
            locale: Locale::Fi,
            question: text.to_owned(),
            need: need.to_owned(),
            answer: answer.to_owned(),
        }
    }

    #[test]
    fn the_dearest_gap_comes_first_with_its_wordings_and_the_agents_answer() {
        let questions = [
            question(1, "search", "", "kengännauhat", ""),
            question(2, "handed_over", "store_opening_hours", "milloin olette auki", "Olemme auki arkisin kello 9–17 ja lauantaisin 10–15."),
            question(3, "rejected", "store_opening_hours", "oletteko auki lauantaina", ""),
        ];
        let gaps = gaps(&questions);
        assert_eq!(gaps.len(), 2);
        assert_eq!((gaps[0].contacts, gaps[0].cost_minutes, gaps[0].draft.answers), (2, 14, 1));
        assert!(gaps[0].draft.body.contains("9–17") && gaps[0].wordings.len() == 2, "{:?}", gaps[0]);
    }

    #[test]
    fn a_change_has_an_interval_that_holds_the_ratio() {
        let changed = change((40, 28.0), (10, 28.0)).unwrap();
        assert!((changed.ratio - 0.25).abs() < 1e-9 && changed.low > 0.1 && changed.high < 0.52, "{changed:?}");
        assert!(change((0, 28.0), (0, 28.0)).is_none());
        assert!(change((5, 28.0), (0, 28.0)).unwrap().high > 0.0);
    }
}
