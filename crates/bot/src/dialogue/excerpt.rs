//! The part of an article that answers a question.

use std::collections::HashSet;

use ennakoi_language::{Language, text};

/// Characters of an answer, at most; the rest is behind the source's link.
const CHARACTERS: usize = 700;

/// The summary when there is one; else the block of the Markdown body that shares most stems with the question (the first block
/// when none does), with its list if it introduces one.
pub(crate) fn excerpt(summary: &str, body: &str, question: &str, language: Language) -> String {
    if !summary.trim().is_empty() {
        return summary.trim().to_owned();
    }
    let blocks: Vec<&str> = body.split("\n\n").map(str::trim).filter(|block| !block.is_empty() && !is_heading(block)).collect();
    let wanted: HashSet<String> = text::search_terms(language, question).into_iter().collect();
    let shared = |block: &str| text::search_terms(language, block).into_iter().collect::<HashSet<_>>().intersection(&wanted).count();
    // The earliest block wins a tie: articles put the answer first.
    let mut best = (0, 0);
    for (at, block) in blocks.iter().enumerate() {
        let score = shared(block);
        if score > best.1 {
            best = (at, score);
        }
    }
    let Some(first) = blocks.get(best.0) else { return String::new() };
    let mut answer = (*first).to_owned();
    for next in &blocks[best.0 + 1..] {
        let introduces = answer.ends_with(':') || is_list(next);
        if !introduces || answer.chars().count() + next.chars().count() > CHARACTERS {
            break;
        }
        answer.push_str("\n\n");
        answer.push_str(next);
    }
    shortened(answer)
}

fn is_heading(block: &str) -> bool {
    block.starts_with('#') && !block.contains('\n')
}

fn is_list(block: &str) -> bool {
    block.starts_with("- ") || block.starts_with("* ") || block.starts_with("1. ")
}

fn shortened(answer: String) -> String {
    if answer.chars().count() <= CHARACTERS {
        return answer;
    }
    let cut: String = answer.chars().take(CHARACTERS).collect();
    let end = cut.rfind(['.', '!', '?', '\n']).map_or(cut.len(), |at| at + 1);
    format!("{} …", cut[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "# Palautus\n\nVoit palauttaa tuotteen 30 päivän kuluessa.\n\n## Rahat takaisin\n\nHyvitys maksetaan tilille, kun palautus on käsitelty:\n\n- pankkikortille 3–5 päivässä\n- laskulle heti";

    #[test]
    fn the_block_that_shares_the_questions_words_answers_with_its_list() {
        let answer = excerpt("", BODY, "koska hyvitys tulee tilille", Language::Fi);
        assert!(answer.starts_with("Hyvitys maksetaan") && answer.ends_with("laskulle heti"), "{answer}");
        assert_eq!(excerpt("", BODY, "xyz", Language::Fi), "Voit palauttaa tuotteen 30 päivän kuluessa.");
        assert_eq!(excerpt(" Lyhyesti. ", BODY, "hyvitys", Language::Fi), "Lyhyesti.");
        assert_eq!(excerpt("", "", "hyvitys", Language::Fi), "");
        assert!(excerpt("", &"Lause tässä. ".repeat(500), "lause", Language::Fi).chars().count() <= CHARACTERS + 2);
    }
}
