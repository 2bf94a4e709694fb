//! Where a company has connected a language model: an answer of the bot in its words, if it stands the checks; else the decision stays
//! as it is, with a record of what was asked.

use ennakoi_kernel::ids::ArticleId;
use ennakoi_store::Result;

use super::{
    carry::{Items, Reach},
    decide::{Act, Decision, Heard, Talk},
};
use crate::{
    llm::{
        Llm,
        answer::{self, For, Wanted},
    },
    turns::Verdict,
};

/// Characters of a question that are asked.
const QUESTION_CHARACTERS: usize = 1_000;

/// Asks the model for what was asked in words and decided by the index. What is sensitive, every flow, every tap and small talk are
/// decided before and never reach it.
///
/// # Errors
/// The database refuses.
pub(super) async fn word(llm: &Llm, reach: &Reach<'_>, talk: &Talk, heard: &Heard, mut decision: Decision) -> Result<Decision> {
    if heard.option.is_some() || !matches!(decision.turn.rule.as_str(), "confident" | "several_fit" | "not_sure_enough" | "unknown_again") {
        return Ok(decision);
    }
    let question: String = heard.text.chars().take(QUESTION_CHARACTERS).collect();
    let candidates: Vec<ArticleId> = decision.turn.candidates.iter().map(|considered| considered.article_id).filter(|id| !talk.refused.contains(id)).collect();
    let items = Items::load(reach, talk).await?.all;
    let before = Some(talk.question.as_str()).filter(|before| !before.is_empty() && *before != question);
    let wanted = Wanted { question: &question, before, locale: decision.locale, candidates, items };
    let Some((composed, told)) = answer::compose(llm, reach, &wanted, For::Customer).await? else { return Ok(decision) };
    decision.turn.model_use = Some(told);
    if let Some(composed) = composed {
        decision.act = Act::Composed(Box::new(composed));
        decision.also.clear();
        decision.turn.verdict = Verdict::Answered;
        decision.turn.rule = "worded".to_owned();
        decision.turn.reason = None;
    }
    Ok(decision)
}
