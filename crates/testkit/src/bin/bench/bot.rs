//! How long the bot takes to find its answer among many articles.

use std::time::{Duration, Instant};

use ennakoi_testkit::Client;
use serde_json::json;

/// What an article is about, and what it says.
const TOPICS: [(&str, &str); 20] = [
    ("toimitusaika", "Toimitus kestää kahdesta viiteen arkipäivää. Saat seurantakoodin, kun lähetys on noudettu varastolta."),
    ("palauttaminen", "Palauta tuote kolmenkymmenen päivän kuluessa. Liitä mukaan palautuslomake ja vie paketti lähimpään postiin."),
    ("takuu", "Takuu kattaa materiaali- ja valmistusviat kahden vuoden ajan ostopäivästä. Säilytä kuitti."),
    ("pesuohje", "Pese hellävaraisesti kolmessakymmenessä asteessa ja kuivaa tasossa. Älä käytä valkaisuainetta."),
    ("kokoaminen", "Ota osat esiin ja kiinnitä jalat ensin. Pakkauksessa on kuusiokoloavain ja ohje."),
    ("varaosat", "Varaosia saa verkkokaupasta mallinumerolla. Ilmoita myös valmistusvuosi."),
    ("mitat", "Leveys, syvyys ja korkeus on ilmoitettu tuotesivulla senttimetreinä. Paino ei sisällä pakkausta."),
    ("maksutavat", "Voit maksaa kortilla, verkkopankissa, laskulla tai osamaksulla. Lasku erääntyy neljässätoista päivässä."),
    ("vaihtaminen", "Vaihda koko tai väri palauttamalla tuote ja tilaamalla uusi. Vaihto on maksuton."),
    ("rikkoutuminen", "Ota kuva vauriosta ja pakkauksesta ja lähetä se meille kahden päivän kuluessa."),
    ("akku", "Akku latautuu täyteen kolmessa tunnissa. Lataa huoneenlämmössä ja irrota laturi, kun valo on vihreä."),
    ("ohjelmiston päivitys", "Avaa sovellus, valitse asetukset ja päivitä. Pidä laite virrassa päivityksen ajan."),
    ("yhdistäminen puhelimeen", "Kytke lyhyen kantaman yhteys päälle ja pidä nappia pohjassa viisi sekuntia."),
    ("hoito", "Pyyhi kostealla liinalla. Öljyä puupinnat kahdesti vuodessa."),
    ("alennuskoodi", "Syötä koodi kassalla ennen maksamista. Koodeja ei voi yhdistää."),
    ("saatavuus", "Saatavuus näkyy tuotesivulla. Voit pyytää ilmoituksen, kun tuotetta tulee lisää."),
    ("nouto myymälästä", "Nouda tilaus kahden tunnin kuluttua. Ota henkilötodistus mukaan."),
    ("allergiat", "Tuotteessa voi olla jäämiä pähkinästä ja villasta. Tarkista ainesosat pakkauksesta."),
    ("turvallisuus", "Tuote ei sovellu alle kolmevuotiaille pienten osien vuoksi."),
    ("kierrätys", "Vie käytöstä poistettu tuote sähkölaitteiden keräykseen. Pakkaus lajitellaan kartonkiin."),
];
const PRODUCTS: [&str; 10] = ["sohva", "pöytä", "lamppu", "matto", "tyyny", "pyörä", "keitin", "imuri", "takki", "kello"];
const NAMES: [&str; 10] = ["Aava", "Halla", "Kaarna", "Lumi", "Meri", "Pihka", "Routa", "Sarka", "Tuuli", "Usva"];
const ASKED: usize = 300;

/// The longest waits for an answer over 2,000 articles: median and 99th percentile.
pub(crate) async fn measure(staff: &Client) -> (usize, Duration, Duration) {
    let mut made = 0;
    for name in NAMES {
        let mut text = String::new();
        for product in PRODUCTS {
            for (topic, says) in TOPICS {
                text.push_str(&format!("# {name}-{product}: {topic}\n\n{name} on tuote valikoimastamme. {says}\n\n"));
                made += 1;
            }
        }
        staff.post("imports/articles?publish=true&locale=fi", json!({ "text": text })).await.expect(200);
    }
    let mut times = Vec::with_capacity(ASKED);
    for at in 0..ASKED + 5 {
        let (topic, _) = TOPICS[at % TOPICS.len()];
        let question = format!("Miten {} {} onnistuu, {topic}?", NAMES[at % NAMES.len()], PRODUCTS[at % PRODUCTS.len()]);
        let started = Instant::now();
        staff.post("bot/questions", json!({ "text": question, "locale": "fi" })).await.expect(200);
        // The first ones wait for the index.
        if at >= 5 {
            times.push(started.elapsed());
        }
    }
    times.sort_unstable();
    (made, times[ASKED / 2], times[ASKED * 99 / 100])
}
