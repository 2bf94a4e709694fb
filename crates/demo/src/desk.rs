//! The desk: opening hours, queues, channels, labels, canned answers and views.

use std::collections::{BTreeMap, HashMap};

use ennakoi_http::App;
use ennakoi_inbox::{
    calendars::{self, CalendarChange, Exception, Holidays, Hours, Weekly},
    canned_answers::{self, CannedAnswer},
    channels::{self, ChannelKind, Mode, NewChannel, PreChat, Settings},
    labels,
    queues::{self, QueueChange},
    views,
};
use ennakoi_kernel::ids::{CalendarId, ChannelId, LabelId, QueueId, WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, timeline::Actor};
use serde_json::json;
use uuid::Uuid;

use crate::{Past, staff::Crew};

/// What conversations need of the desk.
pub(crate) struct Desk {
    pub(crate) chat: ChannelId,
    pub(crate) email: ChannelId,
    pub(crate) widget_key: Uuid,
    pub(crate) queue: QueueId,
    pub(crate) complaints: QueueId,
    pub(crate) labels: HashMap<&'static str, LabelId>,
    pub(crate) hours: Hours,
}

const LABELS: &[(&str, &str)] = &[
    ("toimitus", "#2457d6"),
    ("tilaus", "#0f766e"),
    ("palautus", "#b45309"),
    ("maksu", "#7c3aed"),
    ("reklamaatio", "#b91c1c"),
    ("tuote", "#15803d"),
    ("kampanja", "#be185d"),
    ("tili", "#475569"),
    ("yritys", "#1e3a8a"),
    ("kiitos", "#ca8a04"),
];

/// Shortcut, title and the text in Finnish, Swedish and English.
const CANNED: &[(&str, &str, [&str; 3])] = &[
    (
        "hei",
        "Tervehdys",
        [
            "Hei! Kiitos yhteydenotosta. Katson asian heti.",
            "Hej! Tack för att du hörde av dig. Jag tittar på saken genast.",
            "Hello! Thank you for getting in touch. I am looking into it right away.",
        ],
    ),
    (
        "tilausnumero",
        "Pyydä tilausnumeroa",
        [
            "Voisitko vielä kertoa tilausnumerosi? Se löytyy tilausvahvistuksesta ja alkaa kirjaimilla PV.",
            "Kan du ännu berätta ditt ordernummer? Det finns i orderbekräftelsen och börjar med PV.",
            "Could you tell me your order number? You will find it in the order confirmation; it begins with PV.",
        ],
    ),
    (
        "palautus",
        "Palautusohje",
        [
            "Palautus on maksuton 30 päivän ajan. Liitä pakettiin palautuslomake ja vie se lähimpään noutopisteeseen. Rahat palaavat 5 arkipäivässä siitä, kun paketti on meillä.",
            "Returen är gratis i 30 dagar. Lägg returblanketten i paketet och lämna in det på närmaste utlämningsställe. Pengarna återbetalas inom 5 vardagar efter att vi fått paketet.",
            "Returns are free for 30 days. Put the return form into the parcel and take it to the nearest pick-up point. You will have your money within 5 working days after we receive it.",
        ],
    ),
    (
        "viivastys",
        "Pahoittelu viivästyksestä",
        [
            "Olen pahoillani, että paketti on myöhässä. Selvitän kuljetusyhtiöltä, missä se on, ja palaan asiaan viimeistään huomenna.",
            "Jag är ledsen att paketet är försenat. Jag reder ut med transportbolaget var det är och återkommer senast i morgon.",
            "I am sorry that your parcel is late. I will find out from the carrier where it is and come back to you by tomorrow.",
        ],
    ),
    (
        "kuva",
        "Pyydä kuvaa",
        [
            "Voisitko lähettää kuvan virheestä tähän? Yksi kuva läheltä ja yksi koko tuotteesta riittää.",
            "Kan du skicka en bild på felet hit? En bild på nära håll och en på hela produkten räcker.",
            "Could you send a picture of the fault here? One close up and one of the whole product is enough.",
        ],
    ),
    (
        "lasku",
        "Laskun eräpäivän siirto",
        [
            "Siirsin eräpäivää 14 päivällä. Uusi lasku on matkalla sähköpostiisi, eikä siirto maksa mitään.",
            "Jag flyttade förfallodagen med 14 dagar. En ny faktura är på väg till din e-post, och det kostar ingenting.",
            "I moved the due date by 14 days. A new invoice is on its way to your e-mail, free of charge.",
        ],
    ),
    (
        "pesu",
        "Pellavan pesu",
        [
            "Pese pellava 40 asteessa samanväristen kanssa ja täytä kone vain puolilleen. Ei valkaisuainetta eikä rumpukuivausta kuivaksi asti.",
            "Tvätta linne i 40 grader med liknande färger och fyll maskinen bara till hälften. Inget blekmedel och ingen torktumling till helt torrt.",
            "Wash linen at 40 degrees with similar colours and fill the machine only halfway. No bleach, and do not tumble dry until completely dry.",
        ],
    ),
    (
        "kiitos",
        "Lopetus",
        [
            "Kiitos, mukavaa päivänjatkoa! Kirjoita tähän, jos tulee vielä jotain mieleen.",
            "Tack och ha en fin dag! Skriv här om det är något mer.",
            "Thank you and have a nice day! Write here if anything else comes to mind.",
        ],
    ),
];

/// Sets the desk up.
pub(crate) async fn arrange(app: &App, past: &Past, workspace: WorkspaceId, crew: &Crew) -> Result<Desk> {
    let environment = &past.environment;
    let actor = Actor::Staff(crew.owner());
    let mut tx = app.db.begin().await?;
    let calendar = opening_hours(&mut tx, past, workspace, actor).await?;
    let queue = queue(&mut tx, past, workspace, actor, ("Asiakaspalvelu", &[]), calendar).await?;
    let complaints = self::queue(&mut tx, past, workspace, actor, ("Reklamaatiot", &["reklamaatiot"]), calendar).await?;
    self::queue(&mut tx, past, workspace, actor, ("Yritysasiakkaat", &["yritykset"]), calendar).await?;
    let settings = Settings { mode: Mode::BotFirst, queue_id: Some(queue), pre_chat: PreChat::default(), ..Settings::default() };
    let chat = NewChannel { kind: ChannelKind::Chat, name: "Verkkokaupan chat".to_owned(), enabled: true, settings };
    let chat = channels::create(&mut tx, environment, workspace, actor, chat).await?;
    let settings = Settings { mode: Mode::PersonFirst, queue_id: Some(queue), ..Settings::default() };
    let email = NewChannel { kind: ChannelKind::Email, name: "asiakaspalvelu@pellavala.example".to_owned(), enabled: true, settings };
    let email = channels::create(&mut tx, environment, workspace, actor, email).await?;
    let mut known = HashMap::new();
    for (name, color) in LABELS {
        known.insert(*name, labels::create(&mut tx, environment, workspace, name, color).await?.id);
    }
    for (shortcut, title, [fi, sv, en]) in CANNED {
        let body: BTreeMap<Locale, String> = [(Locale::Fi, *fi), (Locale::Sv, *sv), (Locale::En, *en)].map(|(locale, text)| (locale, text.to_owned())).into();
        let answer = CannedAnswer { id: environment.new_id(), shortcut: (*shortcut).to_owned(), title: (*title).to_owned(), body, shared: true };
        canned_answers::save(&mut tx, environment, workspace, actor, None, answer).await?;
    }
    let hours = calendars::load(&mut tx, workspace, calendar).await?.hours()?;
    shared_views(&mut tx, past, workspace, crew, &known).await?;
    tx.commit().await?;
    Ok(Desk { chat: chat.id, email: email.id, widget_key: chat.public_key, queue, complaints, labels: known, hours })
}

async fn opening_hours(tx: &mut Tx, past: &Past, workspace: WorkspaceId, actor: Actor) -> Result<CalendarId> {
    let shifts = |times: &[(&str, &str)]| times.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect::<Vec<_>>();
    let weekday = shifts(&[("09:00", "12:00"), ("12:30", "18:00")]);
    let weekly = Weekly {
        mon: weekday.clone(),
        tue: weekday.clone(),
        wed: weekday.clone(),
        thu: weekday.clone(),
        fri: weekday,
        sat: shifts(&[("10:00", "15:00")]),
        sun: Vec::new(),
    };
    let year = jiff::Timestamp::from_microsecond(past.now.0).map_or(2026, |now| now.to_zoned(jiff::tz::TimeZone::UTC).year());
    let closed = |month: u8, day: u8, name: &str| Exception { date: format!("{year}-{month:02}-{day:02}"), hours: Vec::new(), name: name.to_owned() };
    let change = CalendarChange {
        name: Some("Asiakaspalvelu".to_owned()),
        timezone: Some("Europe/Helsinki".to_owned()),
        weekly: Some(weekly),
        holidays: Some(Holidays::Fi),
        exceptions: Some(vec![closed(12, 27, "Inventaario")]),
    };
    Ok(calendars::create(tx, &past.environment, workspace, actor, change).await?.id)
}

async fn queue(tx: &mut Tx, past: &Past, workspace: WorkspaceId, actor: Actor, (name, skills): (&str, &[&str]), calendar: CalendarId) -> Result<QueueId> {
    let change = QueueChange {
        name: Some(name.to_owned()),
        calendar_id: Some(Some(calendar)),
        skills: Some(skills.iter().map(|skill| (*skill).to_owned()).collect()),
        ..QueueChange::default()
    };
    Ok(queues::create(tx, &past.environment, workspace, actor, change).await?.id)
}

async fn shared_views(tx: &mut Tx, past: &Past, workspace: WorkspaceId, crew: &Crew, labels: &HashMap<&'static str, LabelId>) -> Result<()> {
    let filters = [
        (
            "Reklamaatiot auki",
            json!({ "all": [{ "field": "label", "operator": "is", "value": labels["reklamaatio"] }, { "field": "state", "operator": "is", "value": "open" }] }),
        ),
        (
            "Ruotsiksi",
            json!({ "all": [{ "field": "language", "operator": "is", "value": "sv" }, { "field": "state", "operator": "is_not", "value": "closed" }] }),
        ),
        (
            "Tyytymättömät tällä viikolla",
            json!({ "all": [{ "field": "rating", "operator": "at_most", "value": 2 }, { "field": "closed_at", "operator": "newer_than", "value": 604_800 }] }),
        ),
        (
            "Odottanut yli tunnin",
            json!({ "all": [{ "field": "waiting_since", "operator": "older_than", "value": 3_600 }, { "field": "state", "operator": "is", "value": "open" }] }),
        ),
    ];
    for (name, filter) in filters {
        views::create(tx, &past.environment, workspace, crew.owner(), name, serde_json::from_value(filter)?, true).await?;
    }
    Ok(())
}
