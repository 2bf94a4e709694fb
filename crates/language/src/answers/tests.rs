use super::*;

fn article(id: &str, title: &str, body: &str) -> ArticleText {
    ArticleText { id: id.into(), language: Language::Fi, title: title.into(), questions: Vec::new(), body: body.into() }
}

fn index() -> Index {
    Index::build(
        &[
            article("a", "Tilauksen seuranta", "Seurantakoodi tulee sähköpostiisi, kun paketti lähtee."),
            article("b", "Palautus", "Palauta tuote 30 päivän kuluessa asiakaspalautustarralla."),
            article("c", "Laskun maksaminen", "Laskun eräpäivä on 14 päivää. Voit siirtää eräpäivää."),
        ],
        Options::default(),
    )
}

#[test]
fn finds_the_article_that_shares_words() {
    let answer = index().ask("miten maksan laskun", Language::Fi);
    assert_eq!(answer.candidates[0].article, "c");
    assert!(answer.candidates[0].why.terms.iter().any(|term| term.starts_with("lasku")));
    assert!(answer.candidates.iter().all(|candidate| (0.0..=1.0).contains(&candidate.confidence)));
}

#[test]
fn nothing_is_answered_from_nothing() {
    assert_eq!(index().ask("?!", Language::Fi).verdict, Verdict::Reject);
    assert_eq!(Index::build(&[], Options::default()).ask("missä paketti", Language::Fi).verdict, Verdict::Reject);
}
