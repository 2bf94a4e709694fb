//! An article in the company's other languages, as drafts: by the model where there is one, else the text as it is, to be translated.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Json, Member, Route, post};
use ennakoi_kernel::{
    FieldErrors,
    access::{Access, Permission},
    ids::WorkspaceId,
};
use ennakoi_language::claims;
use ennakoi_people::{Locale, audit};
use ennakoi_store::Result;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Llm, Outcome, prompts, session::Purpose, wire};
use crate::knowledge;

/// Characters of a body that is translated in one go.
const BODY_CHARACTERS: usize = 12_000;
const LINE_CHARACTERS: usize = 1_000;
const QUESTIONS: usize = 30;
/// Tokens of a translated article, at most.
const ANSWER_TOKENS: u32 = 6_000;

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)(?:https?://|www\.|mailto:|tel:)[^\s)>\]"]+|\]\(([^)\s]*)"#).expect("the pattern is constant"));

/// The parts of an article's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Translated {
    title: String,
    #[serde(default)]
    summary: String,
    body: String,
    #[serde(default)]
    questions: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewTranslations {
    text: Translated,
    from: Locale,
    to: BTreeSet<Locale>,
}

/// A language to begin from.
#[derive(Debug, Serialize, JsonSchema)]
struct Translation {
    text: Translated,
    /// Whether it is in the language already; else it is the original, to be translated by hand.
    translated: bool,
    /// Numbers that stand in only one of the two: to be looked at.
    changed: Vec<String>,
    /// Why the model's own text is not shown, when it was asked and is not.
    fell_back: Option<Outcome>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Translations {
    model: Option<String>,
    texts: BTreeMap<Locale, Translation>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/bot/translations", "create_translations", Access::Needs(Permission::KnowledgeWrite), create_translations)
            .summary("An article's text in other languages, as drafts; nothing is stored")
            .takes::<NewTranslations>()
            .returns::<Translations>(200),
    ]
}

async fn create_translations(
    State(app): State<App>,
    Extension(llm): Extension<Llm>,
    member: Member,
    Json(new): Json<NewTranslations>,
) -> ApiResult<Json<Translations>> {
    let mut wrong = FieldErrors::default();
    if new.text.body.chars().count() > BODY_CHARACTERS {
        wrong.add("text.body", "too_long", format!("at most {BODY_CHARACTERS} characters"));
    }
    let lines = [&new.text.title, &new.text.summary].into_iter().chain(&new.text.questions);
    if new.text.questions.len() > QUESTIONS || lines.into_iter().any(|line| line.chars().count() > LINE_CHARACTERS) {
        wrong.add("text", "too_long", format!("lines of {LINE_CHARACTERS} characters, {QUESTIONS} questions"));
    }
    if new.to.is_empty() || new.to.contains(&new.from) {
        wrong.add("to", "invalid", "one or two other languages");
    }
    wrong.finish()?;
    let mut answer = Translations { model: None, texts: BTreeMap::new() };
    for to in &new.to {
        let (model, translation) = translate(&llm, member.workspace, &new.text, new.from, *to).await?;
        answer.model = answer.model.or(model);
        answer.texts.insert(*to, translation);
    }
    if let Some(model) = &answer.model {
        let mut tx = app.db.begin().await?;
        let what = json!({ "task": "translate_article", "model": model, "to": new.to, "characters": new.text.body.chars().count() });
        audit::record(&mut tx, &app.environment, member.workspace, member.actor, "bot.llm_wrote", "workspace", member.workspace, what).await?;
        tx.commit().await?;
    }
    Ok(Json(answer))
}

async fn translate(llm: &Llm, workspace: WorkspaceId, text: &Translated, from: Locale, to: Locale) -> Result<(Option<String>, Translation)> {
    let original = |fell_back| Translation { text: text.clone(), translated: false, changed: Vec::new(), fell_back };
    let mut session = match llm.begin(workspace, Purpose::Writing).await? {
        None => return Ok((None, original(None))),
        Some(Err((model, outcome))) => return Ok((Some(model), original(Some(outcome)))),
        Some(Ok(session)) => session,
    };
    session.answer_tokens = ANSWER_TOKENS;
    let model = session.model.clone();
    let written = match session.ask(&prompts::translate_article(from, to, &json!(text)), &serde_json::Value::Null).await {
        Err(outcome) => Err(outcome),
        Ok(reply) => match wire::object::<Translated>(&reply.content) {
            Some(written) if faithful(text, &written) => Ok(written),
            Some(_) => Err(Outcome::Unsupported),
            None => Err(Outcome::Unreadable),
        },
    };
    session.end(written.as_ref().err().copied().unwrap_or(Outcome::Used)).await?;
    Ok((
        Some(model),
        match written {
            Ok(written) => Translation { changed: differing(text, from, &written, to), text: written, translated: true, fell_back: None },
            Err(outcome) => original(Some(outcome)),
        },
    ))
}

/// A translation has all parts, a like length, and leads nowhere that the original does not lead.
fn faithful(original: &Translated, written: &Translated) -> bool {
    let length = |text: &Translated| text.body.chars().count() + text.summary.chars().count();
    let (before, after) = (length(original), length(written));
    if written.title.trim().is_empty() || written.title.chars().count() > LINE_CHARACTERS || after * 3 + 60 < before || after > before * 3 + 400 {
        return false;
    }
    if written.questions.len() > QUESTIONS || written.questions.iter().any(|question| question.chars().count() > LINE_CHARACTERS) {
        return false;
    }
    let all = |text: &Translated| [&text.title, &text.summary, &text.body].into_iter().chain(&text.questions).cloned().collect::<Vec<_>>().join("\n");
    let (before, after) = (all(original), all(written));
    let known: BTreeSet<&str> = ADDRESS.find_iter(&before).map(|found| found.as_str()).collect();
    let invisible = |character: char| matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0');
    ADDRESS.find_iter(&after).all(|found| known.contains(found.as_str()))
        && (before.contains('<') || !after.contains('<'))
        && !after.chars().any(|character| invisible(character) && !before.contains(character))
}

fn differing(original: &Translated, from: Locale, written: &Translated, to: Locale) -> Vec<String> {
    let values = |text: &Translated, locale: Locale| -> BTreeSet<String> {
        let whole = format!("{}\n{}", text.summary, text.body);
        claims::quantities(&whole, knowledge::language(locale)).into_iter().map(|quantity| quantity.value).collect()
    };
    values(original, from).symmetric_difference(&values(written, to)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: &str, body: &str) -> Translated {
        Translated { title: title.to_owned(), summary: String::new(), body: body.to_owned(), questions: Vec::new() }
    }

    #[test]
    fn a_translation_leads_nowhere_else_and_leaves_nothing_out() {
        let original = text("Palautus", "Palauta 30 päivän kuluessa. Katso [ohje](/help/a/fi/a/b) ja https://kauppa.example.");
        let fine = text("Return", "Return within 30 days. See [the guide](/help/a/fi/a/b) and https://kauppa.example.");
        assert!(faithful(&original, &fine));
        assert!(differing(&original, Locale::Fi, &fine, Locale::En).is_empty());
        for bad in [
            "Return within 30 days. See [the guide](javascript:alert(1)) and https://kauppa.example.",
            "Return within 30 days. See https://evil.example and be quick about it, please do.",
            "Return within 30 days. <script>alert(1)</script> See the guide there.",
            "No.",
        ] {
            assert!(!faithful(&original, &text("Return", bad)), "{bad}");
        }
        assert!(!faithful(&original, &text("", &fine.body)));
        assert_eq!(differing(&original, Locale::Fi, &text("R", "Return within 14 days."), Locale::En), ["14", "30"]);
    }
}
