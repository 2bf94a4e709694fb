//! What has grown old: days long past, links that lead nowhere, readers who are helped less, languages that are missing.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ennakoi_foresight::measures::proportion::wilson;
use ennakoi_kernel::{
    Timestamp,
    ids::{ArticleId, WorkspaceId},
};
use ennakoi_language::{
    entities::{self, EntityKind},
    text,
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, params};
use regex::Regex;

use super::{CareKind, DAY, Finding, Helpfulness, Looked};

/// Days after which a day that has passed is worth a look.
const PAST_DAYS: i64 = 30;
/// Days without a new text after which an article that is read should be looked at.
const OLD_DAYS: i64 = 400;
/// Readers' answers from which a share says something.
const VOTES_LEAST: i64 = 8;
/// Days of the present, and of the time before it that they are held against.
pub(super) const NOW_DAYS: i64 = 28;
pub(super) const BEFORE_DAYS: i64 = 112;
/// Rows of those days, of an article, a language and a day each.
const DAY_ROWS: i64 = 200_000;
const CONFIDENCE: f64 = 0.95;
/// A link is looked at in so many places of one text.
const LINKS_READ: usize = 200;

static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\]\(\s*(?:https?://[^/\s)]+)?/help/([^/\s)]+)/(fi|sv|en)/a/([^/\s)?#]+)").expect("the pattern is constant"));

/// Votes of each text: helpful and unhelpful in the present days, and in those before.
pub(super) type Votes = HashMap<(ArticleId, Locale), [(i64, i64); 2]>;

pub(super) async fn votes(tx: &mut Tx, workspace: WorkspaceId, today: i64) -> Result<Votes> {
    let rows: Vec<(ArticleId, Locale, i64, i64, i64, i64)> = tx
        .all(
            "SELECT article_id, locale, CAST(SUM(CASE WHEN day > $2 THEN helpful ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN day > $2 THEN unhelpful ELSE 0 END) AS BIGINT), CAST(SUM(helpful) AS BIGINT), CAST(SUM(unhelpful) AS BIGINT) \
             FROM (SELECT article_id, locale, day, helpful, unhelpful FROM article_days WHERE workspace_id = $1 AND day > $3 ORDER BY day DESC LIMIT $4) AS recent \
             GROUP BY article_id, locale",
            params![workspace, today - NOW_DAYS, today - BEFORE_DAYS, DAY_ROWS],
        )
        .await?;
    let split = |(article, locale, helpful, unhelpful, all_helpful, all_unhelpful): (ArticleId, Locale, i64, i64, i64, i64)| {
        ((article, locale), [(helpful, unhelpful), (all_helpful - helpful, all_unhelpful - unhelpful)])
    };
    Ok(rows.into_iter().map(split).collect())
}

fn helpfulness((helpful, unhelpful): (i64, i64)) -> Option<Helpfulness> {
    let interval = wilson(helpful.unsigned_abs(), (helpful + unhelpful).unsigned_abs(), CONFIDENCE)?;
    Some(Helpfulness { helpful, unhelpful, share: interval.estimate, low: interval.low, high: interval.high })
}

/// Everything that one text alone shows.
pub(super) fn of_text(looked: &Looked, votes: &Votes, now: Timestamp, workspace: &str, addresses: &HashSet<(Locale, &str)>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(past_date(looked, now));
    found.extend(dead_link(looked, workspace, addresses));
    let cast = votes.get(&(looked.id, looked.locale)).copied().unwrap_or_default();
    found.extend(helped(looked, cast));
    if looked.views > 0 && (now - looked.published_at).0 > OLD_DAYS * DAY {
        found.push(looked.finding(CareKind::Old, ""));
    }
    found
}

/// A reader's thumb falls: the two intervals do not touch, or less than half are helped for sure.
fn helped(looked: &Looked, [present, before]: [(i64, i64); 2]) -> Option<Finding> {
    let enough = |votes: (i64, i64)| votes.0 + votes.1 >= VOTES_LEAST;
    let now = helpfulness(present).filter(|_| enough(present))?;
    let earlier = helpfulness(before).filter(|_| enough(before));
    let kind = match earlier {
        Some(earlier) if now.high < earlier.low => CareKind::Falling,
        _ if now.high < 0.5 => CareKind::Unhelpful,
        _ => return None,
    };
    let empty = Helpfulness { helpful: 0, unhelpful: 0, share: 0.0, low: 0.0, high: 1.0 };
    let mut finding = looked.finding(kind, "");
    finding.helpfulness = Some((now, earlier.unwrap_or(empty)));
    Some(finding)
}

/// The first sentence with a day that was still to come when the text was published, and that passed a month ago or longer.
fn past_date(looked: &Looked, now: Timestamp) -> Option<Finding> {
    let plain = looked.plain();
    for sentence in text::sentences(&plain) {
        let day =
            entities::find(sentence).into_iter().filter(|entity| entity.kind == EntityKind::Date && entity.valid).find_map(|entity| day_of(&entity.value));
        // Without a year a day comes again.
        let Some(day) = day else { continue };
        let (today, published) = (now.0.div_euclid(DAY), looked.published_at.0.div_euclid(DAY));
        if day < today - PAST_DAYS && day >= published {
            let mut finding = looked.finding(CareKind::PastDate, &day.to_string());
            finding.passages.push(sentence.to_owned());
            return Some(finding);
        }
    }
    None
}

/// Days since 1970 of `2026-11-21`.
fn day_of(value: &str) -> Option<i64> {
    let date: jiff::civil::Date = value.parse().ok()?;
    Some(i64::from(date.since(jiff::civil::date(1970, 1, 1)).ok()?.get_days()))
}

/// The first link to an article of this help centre that is not published.
fn dead_link(looked: &Looked, workspace: &str, addresses: &HashSet<(Locale, &str)>) -> Option<Finding> {
    let dead = LINK.captures_iter(&looked.body).take(LINKS_READ).find(|link| {
        let locale = Locale::ALL.iter().copied().find(|locale| locale.as_str() == &link[2]);
        &link[1] == workspace && locale.is_some_and(|locale| !addresses.contains(&(locale, &link[3])))
    })?;
    let address = dead[0].trim_start_matches("](").trim().to_owned();
    let mut finding = looked.finding(CareKind::DeadLink, &address);
    finding.passages.push(address);
    Some(finding)
}

/// Articles that are not in every language of the company, and translations that are behind.
pub(super) fn translations(texts: &[Looked], languages: &[Locale]) -> Vec<Finding> {
    let mut articles: HashMap<ArticleId, Vec<&Looked>> = HashMap::new();
    for text in texts {
        articles.entry(text.id).or_default().push(text);
    }
    let mut found = Vec::new();
    for versions in articles.into_values() {
        // The most read one is the original to go by.
        let Some(original) = versions.iter().max_by_key(|text| (text.views, text.published_at)) else { continue };
        let missing: Vec<Locale> = languages.iter().copied().filter(|language| versions.iter().all(|text| text.locale != *language)).collect();
        if !missing.is_empty() {
            let mut finding = original.finding(CareKind::MissingTranslation, &missing.iter().map(|locale| locale.as_str()).collect::<String>());
            finding.missing = missing;
            found.push(finding);
        }
        let Some(newest) = versions.iter().max_by_key(|text| text.published_at) else { continue };
        for behind in versions.iter().filter(|text| (newest.published_at - text.published_at).0 > DAY && languages.contains(&text.locale)) {
            let mut finding = behind.finding(CareKind::OutdatedTranslation, &newest.revision.to_string());
            finding.other = Some(newest.article());
            found.push(finding);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(body: &str, published_days_ago: i64, now: Timestamp) -> Looked {
        Looked {
            id: ArticleId(uuid::Uuid::nil()),
            locale: Locale::Fi,
            slug: "a".to_owned(),
            title: "A".to_owned(),
            summary: String::new(),
            body: body.to_owned(),
            revision: 1,
            published_at: Timestamp(now.0 - published_days_ago * DAY),
            views: 3,
        }
    }

    #[test]
    fn a_day_that_was_to_come_and_has_passed_is_found_and_history_is_not() {
        // 2026-11-20.
        let now = Timestamp::from_seconds(1_795_181_400);
        assert!(past_date(&looked("Kampanja päättyy 1.9.2026. Tervetuloa!", 120, now), now).is_some());
        for (body, ago) in
            [("Kampanja päättyy 1.12.2026.", 120), ("Yritys perustettiin 1.9.1998.", 120), ("Olemme kiinni 24.12.", 300), ("Muutimme 1.9.2026.", 10)]
        {
            assert!(past_date(&looked(body, ago, now), now).is_none(), "{body}");
        }
    }

    #[test]
    fn falling_is_a_fall_that_chance_does_not_explain() {
        let now = Timestamp::from_seconds(1_795_181_400);
        let text = looked("x", 10, now);
        assert_eq!(helped(&text, [(4, 16), (70, 10)]).map(|finding| finding.kind), Some(CareKind::Falling));
        assert_eq!(helped(&text, [(1, 15), (0, 0)]).map(|finding| finding.kind), Some(CareKind::Unhelpful));
        assert_eq!(helped(&text, [(7, 3), (80, 20)]), None);
        assert_eq!(helped(&text, [(0, 3), (80, 2)]), None);
    }

    #[test]
    fn links_of_the_own_help_centre_are_followed() {
        let now = Timestamp::from_seconds(1_795_181_400);
        let known = HashSet::from([(Locale::Fi, "palautus")]);
        let found = |body: &str| dead_link(&looked(body, 1, now), "kauppa", &known).map(|finding| finding.passages[0].clone());
        assert_eq!(found("Katso [ohje](/help/kauppa/fi/a/palautus) ja [toinen](/help/kauppa/fi/a/vanha#osa)."), Some("/help/kauppa/fi/a/vanha".to_owned()));
        assert_eq!(found("[muu](/help/toinen/fi/a/vanha) [sivu](https://example.fi/help)"), None);
    }
}
