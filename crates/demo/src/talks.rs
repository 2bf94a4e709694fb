//! Which conversations take place, when, with whom.

use ennakoi_inbox::calendars::Hours;
use ennakoi_kernel::{Duration, Timestamp};
use ennakoi_people::Locale;
use jiff::tz::TimeZone;

use crate::{
    Past,
    catalogue::ITEMS,
    customers::Customer,
    random::Random,
    scripts::{Needs, Script, Slots, Step},
    shop::{self, Purchase},
    staff::Crew,
};

/// What happens in a conversation at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The step of this place in the script.
    Step(usize),
    Claim,
    Close,
    Snooze(Option<Timestamp>),
}

/// A conversation to be played.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) script: usize,
    pub(crate) customer: usize,
    pub(crate) slots: Slots,
    /// Place in the crew of who answers.
    pub(crate) agent: usize,
    pub(crate) email: bool,
    /// How much less than the script says a customer without a comment is pleased.
    pub(crate) displeasure: i64,
    pub(crate) acts: Vec<(Timestamp, Act)>,
}

/// Everything that a conversation may be about.
pub(crate) struct World<'a> {
    pub(crate) past: &'a Past,
    pub(crate) customers: &'a [Customer],
    pub(crate) purchases: &'a [Purchase],
    pub(crate) scripts: &'a [Script],
    pub(crate) crew: &'a Crew,
    pub(crate) hours: &'a Hours,
    /// Customers and purchases by language.
    speakers: [Vec<usize>; 3],
    bought: [Vec<usize>; 3],
}

impl<'a> World<'a> {
    pub(crate) fn new(past: &'a Past, customers: &'a [Customer], purchases: &'a [Purchase], scripts: &'a [Script], crew: &'a Crew, hours: &'a Hours) -> Self {
        let mut world = Self { past, customers, purchases, scripts, crew, hours, speakers: Default::default(), bought: Default::default() };
        for (place, customer) in customers.iter().enumerate() {
            world.speakers[customer.locale as usize].push(place);
        }
        for (place, purchase) in purchases.iter().enumerate() {
            world.bought[customers[purchase.customer].locale as usize].push(place);
        }
        world
    }

    fn fits(&self, purchase: &Purchase, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Order | Needs::Delivered => purchase.arrives(),
            Needs::Late => purchase.is_late(),
            Needs::Invoice => purchase.arrives() && purchase.bill.is_some(),
        }
    }

    /// The span of moments at which a customer writes about the purchase.
    fn span(purchase: &Purchase, needs: Needs) -> (Timestamp, Timestamp) {
        match needs {
            Needs::Nothing | Needs::Order => (purchase.placed + Duration::hours(2), purchase.delivered.min(purchase.placed + Duration::days(4))),
            Needs::Late => (purchase.promised + Duration::hours(4), purchase.delivered),
            Needs::Delivered => (purchase.delivered + Duration::hours(2), purchase.delivered + Duration::days(12)),
            Needs::Invoice => (purchase.placed + Duration::days(2), purchase.placed + Duration::days(22)),
        }
    }

    /// A customer of the language, with a fitting purchase written about before `until` and, when `since` is given, after it.
    fn matter(
        &self,
        locale: Locale,
        needs: Needs,
        (since, until): (Option<Timestamp>, Timestamp),
        random: &mut Random,
    ) -> Option<(usize, Option<usize>, Timestamp)> {
        if needs == Needs::Nothing {
            let customer = *random.pick(self.speakers.get(locale as usize).filter(|speakers| !speakers.is_empty())?);
            let joined = self.customers[customer].joined;
            let at = joined + Duration(random.between(0, (until - joined).0.max(1)));
            return (at < until).then_some((customer, None, at));
        }
        let bought = self.bought.get(locale as usize).filter(|bought| !bought.is_empty())?;
        for _ in 0..400 {
            let place = *random.pick(bought);
            let purchase = &self.purchases[place];
            let (from, to) = Self::span(purchase, needs);
            let to = to.min(until);
            if self.fits(purchase, needs) && from < to && since.is_none_or(|since| to > since) {
                let from = since.map_or(from, |since| from.max(since));
                return Some((purchase.customer, Some(place), from + Duration(random.between(0, (to - from).0))));
            }
        }
        None
    }

    fn slots(&self, locale: Locale, customer: usize, purchase: Option<usize>, agent: usize, random: &mut Random) -> Slots {
        let item = |place: usize| ITEMS[place].name(locale).to_owned();
        let mut values = vec![("name", self.customers[customer].first_name.to_owned()), ("agent", self.crew.people[agent].first_name.to_owned())];
        match purchase.map(|place| &self.purchases[place]) {
            None => values.push(("product", item(random.below(ITEMS.len())))),
            Some(purchase) => {
                values.extend([
                    ("product", item(purchase.items[random.below(purchase.items.len())].0)),
                    ("order", purchase.number.clone()),
                    ("tracking", purchase.parcel.clone()),
                    ("carrier", purchase.carrier.to_owned()),
                    ("promised", day(purchase.promised, locale)),
                    ("total", money(purchase.total_minor, locale)),
                ]);
                if let Some(bill) = &purchase.bill {
                    values.extend([("invoice", bill.number.clone()), ("reference", bill.reference.clone()), ("due", day(bill.due, locale))]);
                }
            }
        }
        Slots { values }
    }

    /// A talk from the past, or none when the world has no customer for the script.
    pub(crate) fn past_talk(&self, random: &mut Random) -> Option<Talk> {
        let locale = Locale::ALL[random.weighted(&[70, 15, 15])];
        let of_language: Vec<usize> = (0..self.scripts.len()).filter(|place| self.scripts[*place].locale == locale).collect();
        let script = *random.pick(&of_language);
        let needs = self.scripts[script].needs;
        let until = self.past.now - Duration::days(6);
        let (customer, purchase, at) = self.matter(locale, needs, (None, until), random)?;
        let zone = TimeZone::get("Europe/Helsinki").unwrap_or(TimeZone::UTC);
        let begin = shop::at_a_likely_hour(at, &zone, random).max(self.customers[customer].joined + Duration::minutes(10));
        let email = self.scripts[script].subject.is_some();
        let agent = self.agent(locale, random);
        let slots = self.slots(locale, customer, purchase, agent, random);
        let mut acts = self.course(&self.scripts[script], begin, email, true, random);
        // Most people leave without a word; those who have one to say rate.
        let silent = random.percent(55) && !self.scripts[script].has_comment();
        acts.retain(|(at, act)| *at < self.past.now && !(silent && matches!(act, Act::Step(place) if self.scripts[script].rates_at(*place))));
        let displeasure = [0, 1, 2, 3, 4][random.weighted(&[58, 24, 10, 5, 3])];
        Some(Talk { script, customer, slots, agent, email, displeasure, acts })
    }

    fn agent(&self, locale: Locale, random: &mut Random) -> usize {
        let speakers = self.crew.speakers(locale);
        let chosen = random.pick(&speakers).id;
        self.crew.people.iter().position(|person| person.id == chosen).unwrap_or(0)
    }

    /// The moments of a whole script. `keeps_hours`: people answer when they are there.
    fn course(&self, script: &Script, begin: Timestamp, email: bool, keeps_hours: bool, random: &mut Random) -> Vec<(Timestamp, Act)> {
        let mut at = begin;
        let mut acts = Vec::new();
        let mut claimed = false;
        let there = |at: Timestamp, random: &mut Random| {
            let state = self.hours.open_state(at);
            match state.opens_at.filter(|_| keeps_hours && !state.open) {
                Some(opens) => opens + random.minutes(2, 50),
                None => at,
            }
        };
        let mut closed = false;
        for (place, step) in script.steps.iter().enumerate() {
            at = match step {
                Step::Customer(_) if place == 0 => at,
                Step::Customer(_) if email && claimed => at + random.minutes(20, 900),
                Step::Customer(_) => at + Duration::seconds(random.between(15, 210)),
                Step::Bot(_) | Step::BotArticle(_) => at + Duration::seconds(random.between(1, 3)),
                Step::HandOver(_) => at + Duration::seconds(1),
                Step::Note(_) => at + Duration::seconds(random.between(20, 90)),
                Step::Agent(_) if !claimed && email => there(at + random.minutes(15, 300), random),
                Step::Agent(_) if !claimed => there(at + random.minutes(1, 16), random),
                Step::Agent(_) if email => there(at + random.minutes(10, 240), random),
                Step::Agent(_) => there(at + Duration::seconds(random.between(30, 260)), random),
                Step::Rate { .. } => at + random.minutes(2, 25),
            };
            if matches!(step, Step::Agent(_) | Step::Note(_)) && !claimed {
                claimed = true;
                acts.push((at - Duration::seconds(12), Act::Claim));
            }
            if matches!(step, Step::Rate { .. }) && !closed {
                closed = true;
                acts.push((at - Duration::seconds(40), Act::Close));
            }
            acts.push((at, Act::Step(place)));
        }
        if !closed {
            acts.push((at + if claimed { random.minutes(4, 90) } else { random.minutes(20, 40) }, Act::Close));
        }
        acts
    }

    /// A talk of today in the given state, its last act at `end`.
    pub(crate) fn live_talk(&self, state: Live, end: Timestamp, agent: Option<usize>, random: &mut Random) -> Option<Talk> {
        for _ in 0..300 {
            let locale = Locale::ALL[random.weighted(&[62, 19, 19])];
            let speaks = agent.is_none_or(|agent| self.crew.people[agent].languages.contains(&locale));
            let script = random.below(self.scripts.len());
            if self.scripts[script].locale != locale || !speaks {
                continue;
            }
            let Some(cut) = state.cut(&self.scripts[script]) else { continue };
            let needs = self.scripts[script].needs;
            let recent = (Some(self.past.now - Duration::days(8)), self.past.now);
            let Some((customer, purchase, _)) = self.matter(locale, needs, recent, random) else { continue };
            let agent = agent.unwrap_or_else(|| self.agent(locale, random));
            let slots = self.slots(locale, customer, purchase, agent, random);
            let mut acts = self.course(&self.scripts[script], Timestamp(0), false, false, random);
            let last = acts.iter().position(|(_, act)| *act == Act::Step(cut)).map_or(acts.len(), |place| place + 1);
            if state != Live::ClosedNow {
                acts.truncate(last);
            }
            let until = acts.last().map_or(Timestamp(0), |(at, _)| *at);
            acts.iter_mut().for_each(|(at, _)| *at = end - (until - *at));
            if state == Live::Snoozed {
                acts.push((end + Duration::seconds(20), Act::Snooze(random.percent(60).then(|| self.past.now + random.minutes(600, 4_000)))));
            }
            return Some(Talk { script, customer, slots, agent, email: self.scripts[script].subject.is_some(), displeasure: 0, acts });
        }
        None
    }
}

/// In which state a talk of today is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// Just asked; the bot itself will answer.
    WithBot,
    WaitingInQueue,
    /// An agent has it, and it is our turn.
    OurTurn,
    /// An agent has it, and it is the customer's turn.
    TheirTurn,
    Snoozed,
    ClosedNow,
}

impl Live {
    /// The last step that has happened, if the script can be in this state.
    fn cut(self, script: &Script) -> Option<usize> {
        let first_agent = script.steps.iter().position(|step| matches!(step, Step::Agent(_)));
        match self {
            Self::WithBot => (matches!(script.steps.get(1), Some(Step::BotArticle(_))) && script.subject.is_none()).then_some(0),
            Self::WaitingInQueue => {
                let end = first_agent?;
                (0..end).rev().find(|place| matches!(script.steps[*place], Step::HandOver(_) | Step::Customer(_)))
            }
            Self::OurTurn => {
                let answered = first_agent?;
                (answered..script.steps.len()).find(|place| matches!(script.steps[*place], Step::Customer(_)))
            }
            Self::TheirTurn | Self::Snoozed => first_agent,
            Self::ClosedNow => script.has_people().then(|| script.steps.len() - 1),
        }
    }
}

fn civil(at: Timestamp) -> jiff::civil::Date {
    let zone = TimeZone::get("Europe/Helsinki").unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone).date()
}

const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A day as it is told in the language.
fn day(at: Timestamp, locale: Locale) -> String {
    let date = civil(at);
    match locale {
        Locale::Fi | Locale::Sv => format!("{}.{}.", date.day(), date.month()),
        Locale::En => format!("{} {}", date.day(), MONTHS[usize::from(date.month().unsigned_abs()) - 1]),
    }
}

fn money(minor: i64, locale: Locale) -> String {
    match locale {
        Locale::Fi | Locale::Sv => format!("{},{:02} €", minor / 100, minor % 100),
        Locale::En => format!("€{}.{:02}", minor / 100, minor % 100),
    }
}
