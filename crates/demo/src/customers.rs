//! Who buys: invented people with names from lists made by hand.

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_people::{
    Locale,
    contacts::{self, AttributeValue, Attributes, IdentityKind, NewContact, Verified},
};
use ennakoi_store::{Result, Tx, timeline::Actor};

use crate::{Past, random::Random};

/// A customer to be.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) shop_id: String,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) email: String,
    pub(crate) phone: Option<String>,
    pub(crate) locale: Locale,
    pub(crate) town: &'static str,
    pub(crate) joined: Timestamp,
    /// How much they buy, 1 (once) to 9.
    pub(crate) appetite: u32,
}

const FINNISH_FIRST: &[&str] = &[
    "Aada", "Aaro", "Anni", "Antti", "Elina", "Emilia", "Esa", "Eveliina", "Hanna", "Heikki", "Helmi", "Henna", "Hilla", "Iida", "Ilkka", "Inka", "Irma",
    "Jaakko", "Janne", "Jari", "Jenni", "Johanna", "Jukka", "Kaisa", "Kalle", "Kari", "Katja", "Kirsi", "Krista", "Lasse", "Laura", "Leena", "Liisa", "Lotta",
    "Maija", "Marja", "Marko", "Meri", "Mika", "Minna", "Mira", "Niina", "Noora", "Olli", "Outi", "Pasi", "Pekka", "Pia", "Pirjo", "Raija", "Riikka", "Ritva",
    "Saara", "Sakari", "Salla", "Sami", "Sari", "Satu", "Seppo", "Sirpa", "Suvi", "Taina", "Tapio", "Tarja", "Teemu", "Terhi", "Tiina", "Timo", "Tuija",
    "Tuomas", "Ulla", "Veera", "Venla", "Ville",
];
const FINNISH_LAST: &[&str] = &[
    "Aalto",
    "Ahola",
    "Alanko",
    "Eskola",
    "Haapala",
    "Halonen",
    "Harju",
    "Heino",
    "Hirvelä",
    "Huhta",
    "Immonen",
    "Jokela",
    "Jokinen",
    "Juntunen",
    "Kallio",
    "Karhu",
    "Karppinen",
    "Kauppila",
    "Keränen",
    "Kettunen",
    "Kivelä",
    "Koivisto",
    "Kokko",
    "Kulmala",
    "Kurki",
    "Laakso",
    "Laine",
    "Lampinen",
    "Lappalainen",
    "Lehto",
    "Leinonen",
    "Lepistö",
    "Linna",
    "Luoma",
    "Manninen",
    "Mäkelä",
    "Mäntylä",
    "Niemi",
    "Nurmi",
    "Ojala",
    "Oksanen",
    "Paavola",
    "Pajunen",
    "Pelkonen",
    "Peltola",
    "Pitkänen",
    "Puranen",
    "Rajala",
    "Rantala",
    "Rinne",
    "Ruusunen",
    "Saarela",
    "Sallinen",
    "Salmi",
    "Seppälä",
    "Sipilä",
    "Suvanto",
    "Takala",
    "Tanskanen",
    "Toivola",
    "Tuomela",
    "Tuulos",
    "Uusitalo",
    "Vainio",
    "Valkama",
    "Vehviläinen",
    "Vesala",
    "Viitala",
    "Virtanen",
    "Ylönen",
];
const SWEDISH_FIRST: &[&str] = &[
    "Agneta", "Anders", "Annika", "Astrid", "Benita", "Bjarne", "Camilla", "Carola", "Christer", "Ebba", "Elin", "Emma", "Erik", "Fredrik", "Gun", "Gustav",
    "Hanna", "Ida", "Ingrid", "Johan", "Karin", "Kerstin", "Lars", "Lovisa", "Maria", "Mikael", "Monica", "Nina", "Patrik", "Petra", "Sofia", "Stefan",
    "Susanne", "Tove", "Ulrika", "Viktor",
];
const SWEDISH_LAST: &[&str] = &[
    "Ahlbäck",
    "Backlund",
    "Berglund",
    "Björklund",
    "Blomqvist",
    "Dahlström",
    "Ekholm",
    "Engblom",
    "Forsman",
    "Grönqvist",
    "Hägglund",
    "Holmström",
    "Häggström",
    "Karlsson",
    "Lillkvist",
    "Lindholm",
    "Lundberg",
    "Löfgren",
    "Nordlund",
    "Nyberg",
    "Nygård",
    "Rosenlund",
    "Sandström",
    "Sjöblom",
    "Skogström",
    "Strandberg",
    "Söderholm",
    "Wikström",
    "Åkerlund",
    "Österman",
];
const ENGLISH_FIRST: &[&str] = &[
    "Alice", "Amir", "Anna", "Ben", "Chloe", "Daniel", "Divya", "Elena", "Emily", "Farah", "George", "Grace", "Hassan", "Helen", "Ivan", "James", "Jasmine",
    "Julia", "Kenji", "Laura", "Lucas", "Marta", "Nadia", "Oliver", "Priya", "Rachel", "Rosa", "Samuel", "Sophie", "Thomas", "Yuki", "Zoe",
];
const ENGLISH_LAST: &[&str] = &[
    "Adams",
    "Baker",
    "Bianchi",
    "Brown",
    "Chen",
    "Clarke",
    "Costa",
    "Evans",
    "Fernandez",
    "Fischer",
    "Gupta",
    "Haddad",
    "Hughes",
    "Ito",
    "Jones",
    "Kowalska",
    "Mensah",
    "Miller",
    "Novak",
    "O'Neill",
    "Patel",
    "Petrov",
    "Reed",
    "Rossi",
    "Schmidt",
    "Silva",
    "Singh",
    "Turner",
    "Walker",
    "Young",
];
const TOWNS: &[&str] = &[
    "Helsinki",
    "Espoo",
    "Tampere",
    "Vantaa",
    "Oulu",
    "Turku",
    "Jyväskylä",
    "Kuopio",
    "Lahti",
    "Pori",
    "Kouvola",
    "Joensuu",
    "Lappeenranta",
    "Hämeenlinna",
    "Seinäjoki",
    "Rovaniemi",
    "Mikkeli",
    "Kotka",
    "Salo",
    "Porvoo",
    "Kokkola",
    "Rauma",
    "Savonlinna",
    "Kajaani",
];
const SWEDISH_TOWNS: &[&str] = &["Vasa", "Jakobstad", "Borgå", "Ekenäs", "Mariehamn", "Pargas", "Kristinestad", "Helsingfors", "Grankulla", "Lovisa"];

/// All customers in the order in which they join.
pub(crate) fn invent(past: &Past, count: usize, random: &mut Random) -> Vec<Customer> {
    let span = (past.now - past.begin).0;
    let mut customers: Vec<Customer> = (0..count)
        .map(|number| {
            let locale = [Locale::Fi, Locale::Sv, Locale::En][random.weighted(&[70, 15, 15])];
            let (first, last, towns) = match locale {
                Locale::Fi => (FINNISH_FIRST, FINNISH_LAST, TOWNS),
                Locale::Sv => (SWEDISH_FIRST, SWEDISH_LAST, SWEDISH_TOWNS),
                Locale::En => (ENGLISH_FIRST, ENGLISH_LAST, TOWNS),
            };
            let (first_name, last_name) = (*random.pick(first), *random.pick(last));
            // A third were customers when the history begins; the rest join evenly over three quarters of it and faster at the end.
            let joined =
                if random.percent(34) { past.begin + random.minutes(1, 3 * 24 * 60) } else { past.begin + Duration(random.between(0, span * 98 / 100)) };
            let domain = ["example.fi", "example.com", "example.net", "posti.example.fi"][random.weighted(&[70, 15, 8, 7])];
            Customer {
                shop_id: String::new(),
                first_name,
                last_name,
                email: format!("{}.{}{number}@{domain}", ascii(first_name), ascii(last_name)),
                phone: random.percent(72).then(|| format!("+35840{:07}", random.below(10_000_000))),
                locale,
                town: random.pick::<&str>(towns),
                joined,
                appetite: [1, 2, 3, 5, 9][random.weighted(&[34, 28, 20, 13, 5])],
            }
        })
        .collect();
    customers.sort_by_key(|customer| customer.joined);
    for (number, customer) in customers.iter_mut().enumerate() {
        customer.shop_id = format!("{}", 20_001 + number);
    }
    customers
}

fn ascii(name: &str) -> String {
    let plain = |letter: char| match letter {
        'ä' | 'å' => 'a',
        'ö' => 'o',
        other => other,
    };
    name.to_lowercase().chars().map(plain).filter(char::is_ascii_alphabetic).collect()
}

/// The customer joins.
pub(crate) async fn join(tx: &mut Tx, past: &Past, workspace: WorkspaceId, customer: &Customer) -> Result<ContactId> {
    let environment = &past.environment;
    let attributes = Attributes::from([("town".to_owned(), AttributeValue::Text(customer.town.to_owned()))]);
    let new = NewContact {
        name: format!("{} {}", customer.first_name, customer.last_name),
        locale: Some(customer.locale),
        timezone: Some("Europe/Helsinki".to_owned()),
        attributes,
        source: "shop".to_owned(),
        actor: Actor::System,
        ..NewContact::default()
    };
    let contact = contacts::create(tx, environment, workspace, new).await?;
    let identities =
        [(IdentityKind::UserId, Some(&customer.shop_id)), (IdentityKind::Email, Some(&customer.email)), (IdentityKind::Phone, customer.phone.as_ref())];
    for (kind, value) in identities {
        let Some(value) = value else { continue };
        // Two of the invented telephone numbers may be the same: then it stays with the first.
        match contacts::add_identity(tx, environment, workspace, Actor::System, contact, kind, value, Verified::Yes, "shop").await {
            Ok(_) => {}
            Err(ennakoi_store::Error::Problem(problem)) if problem.code == "identity_taken" => {}
            Err(other) => return Err(other),
        }
    }
    Ok(contact)
}
