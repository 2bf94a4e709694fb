//! Who works at Pellavala.

use ennakoi_http::App;
use ennakoi_kernel::{
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_people::{Colleague, Locale, hire};
use ennakoi_store::Result;

use crate::{Past, SignIn};

/// A generated colleague.
pub(crate) struct Person {
    pub(crate) id: StaffId,
    /// As customers are told.
    pub(crate) first_name: &'static str,
    pub(crate) languages: &'static [Locale],
    /// Answers customers.
    pub(crate) answers: bool,
    /// At the desk at this moment.
    pub(crate) online: bool,
}

/// Everybody who works here.
pub(crate) struct Crew {
    pub(crate) people: Vec<Person>,
    pub(crate) sign_ins: Vec<SignIn>,
}

impl Crew {
    pub(crate) fn owner(&self) -> StaffId {
        self.people[0].id
    }

    /// Those who answer in the language.
    pub(crate) fn speakers(&self, locale: Locale) -> Vec<&Person> {
        self.people.iter().filter(|person| person.answers && person.languages.contains(&locale)).collect()
    }
}

use Locale::{En, Fi, Sv};

type Row = (&'static str, &'static str, Role, i64, &'static [&'static str], &'static [Locale], bool);

/// Name, address, role, capacity, skills, languages, at the desk now.
const PEOPLE: &[Row] = &[
    ("Helena Rautio", "helena.rautio", Role::Owner, 3, &["yritykset"], &[Fi, Sv, En], false),
    ("Markus Lindqvist", "markus.lindqvist", Role::Admin, 3, &["maksut"], &[Fi, Sv, En], false),
    ("Tuuli Kemppainen", "tuuli.kemppainen", Role::Supervisor, 4, &["reklamaatiot", "maksut"], &[Fi, En], true),
    ("Aino Savela", "aino.savela", Role::Agent, 4, &["toimitus", "palautukset"], &[Fi, En], true),
    ("Eero Mattila", "eero.mattila", Role::Agent, 4, &["reklamaatiot", "palautukset"], &[Fi], true),
    ("Sanni Pohjola", "sanni.pohjola", Role::Agent, 4, &["tuoteneuvonta"], &[Fi, En], false),
    ("Oskar Nyström", "oskar.nystrom", Role::Agent, 4, &["toimitus", "tuoteneuvonta"], &[Sv, Fi, En], true),
    ("Linnea Backman", "linnea.backman", Role::Agent, 4, &["palautukset", "maksut"], &[Sv, Fi], false),
    ("Joonas Virtala", "joonas.virtala", Role::Agent, 4, &["maksut", "toimitus"], &[Fi, En], false),
    ("Päivi Kangas", "paivi.kangas", Role::Viewer, 1, &[], &[Fi], false),
];

/// Hires everybody.
pub(crate) async fn hire_all(app: &App, past: &Past, workspace: WorkspaceId) -> Result<Crew> {
    let large = app_slug_is_large(app, workspace).await?;
    let mut crew = Crew { people: Vec::new(), sign_ins: Vec::new() };
    for (name, local, role, capacity, skills, languages, online) in PEOPLE {
        // An installation knows an address once: the large workspace has people of its own.
        let email = if large { format!("{local}@large.pellavala.example") } else { format!("{local}@pellavala.example") };
        let colleague = Colleague { email: &email, name, role: *role, capacity: *capacity, skills, languages };
        let (id, password) = hire(app, &past.environment, workspace, &colleague).await?;
        let first_name = name.split(' ').next().unwrap_or(name);
        let answers = matches!(role, Role::Agent | Role::Supervisor);
        crew.people.push(Person { id, first_name, languages, answers, online: *online });
        crew.sign_ins.push(SignIn { name: (*name).to_owned(), role: role.as_str(), email, password });
    }
    Ok(crew)
}

async fn app_slug_is_large(app: &App, workspace: WorkspaceId) -> Result<bool> {
    let known = ennakoi_people::workspaces::load(&mut app.db.read().await?, workspace).await?;
    Ok(known.slug == crate::LARGE_SLUG)
}
