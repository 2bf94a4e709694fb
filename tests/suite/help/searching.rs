use ennakoi_store::params;

use super::{Bank, titles};
use crate::people::{count, text};

async fn suggested(bank: &Bank, locale: &str, query: &str) -> Vec<String> {
    titles(&bank.read(&format!("{locale}/search.json?q={query}")).await.expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn inflected_finnish_finds_and_titles_come_first() {
    let bank = Bank::open().await;
    bank.published("Miten palautan tuotteen?", "Vie paketti postiin neljäntoista päivän kuluessa.").await;
    bank.published("Toimitusajat", "Jos palautus on kesken, toimitus viivästyy. Paketti kulkee postissa.").await;
    let wordings = serde_json::json!({ "questions": ["missä mun lähetys luuraa"], "summary": "Seurantakoodi on viestissä." });
    let id = bank.published("Paketin seuranta", "Avaa seurantalinkki.").await;
    bank.rewrite(&id, wordings).await;

    assert_eq!(suggested(&bank, "fi", "palauttaminen").await, ["Miten palautan tuotteen?", "Toimitusajat"], "the title weighs more than the body");
    assert_eq!(suggested(&bank, "fi", "tuotteiden%20palautukset").await[0], "Miten palautan tuotteen?");
    assert_eq!(suggested(&bank, "fi", "paketeissa").await[0], "Paketin seuranta");
    assert_eq!(suggested(&bank, "fi", "l%C3%A4hetykseni").await, ["Paketin seuranta"], "the wordings of customers count");
    assert_eq!(suggested(&bank, "fi", "toimitusa").await, ["Toimitusajat"], "while the word is still being typed");
    assert_eq!(suggested(&bank, "fi", "seurnata").await, ["Paketin seuranta"], "a slip of the keys");
    assert!(suggested(&bank, "fi", "avaruusraketti").await.is_empty() && suggested(&bank, "fi", "").await.is_empty());
    assert!(suggested(&bank, "sv", "palautus").await.is_empty());

    let page = bank.page("fi/?q=palauttaminen").await;
    assert!(page.contains("Miten <mark>palautan</mark> tuotteen?") && page.contains("Jos <mark>palautus</mark> on kesken"), "{page}");
    assert!(page.contains("2 tulosta haulle ”palauttaminen”") && page.contains("noindex"));
    assert!(bank.page("fi/?q=seurnata").await.contains("samannäköiset"));
    assert!(bank.page("fi/?q=+").await.contains("Miten voimme auttaa?"), "an empty search is the start page");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpublished_text_is_not_found_by_its_draft() {
    let bank = Bank::open().await;
    let id = bank.published("Maksutavat", "Kortti ja lasku.").await;
    let draft = serde_json::json!({ "title": "Maksutavat", "body": "Kryptovaluutta.", "version": 1 });
    bank.owner().put(&format!("articles/{id}/texts/fi"), draft).await.expect(200);
    assert!(suggested(&bank, "fi", "kryptovaluutta").await.is_empty());
    assert_eq!(suggested(&bank, "fi", "lasku").await, ["Maksutavat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_finds_nothing_is_kept_without_the_person() {
    let bank = Bank::open().await;
    bank.published("Maksutavat", "Kortti.").await;
    let page = bank.page("fi/?q=hyv%C3%A4ksyttek%C3%B6+norsuja+liisa.virtanen%40example.fi+010190-123A").await;
    assert!(page.contains("ei löytynyt"));
    bank.page("fi/?q=maksutavat").await;
    bank.read("fi/search.json?q=norsuj").await.expect(200);
    let mut tx = bank.company.app.app.db.read().await.unwrap();
    let kept: Vec<(String, String, i64)> = tx.all("SELECT locale, query, results FROM help_searches", params![]).await.unwrap();
    let [(locale, query, 0)] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(locale, "fi");
    assert!(query.contains("hyväksyttekö norsuja") && !query.contains("liisa") && !query.contains("010190"), "{query}");
    let events: Vec<(String,)> = tx.all("SELECT payload FROM events WHERE kind = 'help.search_failed'", params![]).await.unwrap();
    assert!(events.len() == 1 && events[0].0.contains("norsuja") && !events[0].0.contains("liisa"));
    drop(tx);
    bank.company.app.clock.stop();
    for _ in 0..100 {
        bank.page("fi/?q=norsu").await;
    }
    assert!(count(&bank.company.app, "SELECT COUNT(*) FROM help_searches").await < 60, "one reader cannot fill the table");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_written_in_another_language_is_offered() {
    let bank = Bank::open().await;
    bank.published("Lahjakortti", "Lahjakortti on voimassa vuoden.").await;
    let page = bank.page("sv/?q=lahjakortti").await;
    assert!(page.contains("På andra språk") && page.contains("<li lang=\"fi\">") && page.contains("<mark>Lahjakortti</mark>"), "{page}");
    assert_eq!(count(&bank.company.app, "SELECT COUNT(*) FROM help_searches WHERE locale = 'sv'").await, 1, "the translation is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_queries_are_harmless() {
    let bank = Bank::open().await;
    bank.published("Maksutavat", "Kortti.").await;
    let long = "x".repeat(5_000);
    for query in
        ["%", "%25", "%00", "%F0%9F%92%A9", "%E2%80%AE", "'%20OR%201=1--", "a%0D%0ASet-Cookie:x=1", "q=1&q=2&q=3", "%FF%FE", long.as_str(), "*%22)(", "\u{301}"]
    {
        let answer = bank.read(&format!("fi/?q={query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert!(answer.headers.get("set-cookie").is_none());
        assert_eq!(bank.read(&format!("fi/search.json?q={query}")).await.status, 200, "{query}");
    }
    let page = bank.page(&format!("fi/?q={long}")).await;
    assert!(page.contains(&"x".repeat(200)) && !page.contains(&"x".repeat(201)));
    assert_eq!(text(&bank.read("fi/?utm_source=mail&page=nonsense").await.expect(200)), bank.page("fi/").await, "unknown parameters are ignored");
}
