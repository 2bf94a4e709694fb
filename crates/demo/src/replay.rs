//! The company's history, moment by moment.

use std::{collections::BTreeMap, sync::Arc};

use ennakoi_http::App;
use ennakoi_kernel::{
    Duration, Environment, FixedClock, SeededEntropy, Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_people::{
    staff::{Availability, set_availability},
    visits::{self, NewPageView},
};
use ennakoi_store::{Result, Tx, follower, timeline::Actor};

use crate::{
    DemoOptions, Past,
    catalogue::ITEMS,
    customers::{self, Customer},
    desk::Desk,
    knowledge,
    play::{Progress, Stage},
    random::Random,
    scripts,
    shop::{self, Purchase, Refresh},
    staff::Crew,
    talks::{Act, Live, Talk, World},
};

/// Happenings in one transaction.
const BATCH: usize = 400;

/// Something that happens at a moment. Numbers are places in the lists of [`Plan`].
#[derive(Clone, Copy, Debug)]
enum Happening {
    Stock,
    Online(usize),
    Join(usize),
    Page { customer: usize, item: usize },
    Order(usize, shop::Step),
    Refresh(usize),
    Talk(usize, Act),
}

/// Everything that is going to happen.
struct Plan {
    customers: Vec<Customer>,
    purchases: Vec<Purchase>,
    refreshes: Vec<Refresh>,
    talks: Vec<Talk>,
    /// Talks that the bot itself answers at the end.
    asked_now: Vec<Talk>,
    happenings: Vec<(Timestamp, Happening)>,
}

/// Fills the workspace with the company's history and this moment.
pub(crate) async fn company(
    app: &App,
    past: &Past,
    workspace: WorkspaceId,
    crew: &Crew,
    desk: &Desk,
    options: &DemoOptions,
    counts: &mut BTreeMap<&'static str, usize>,
) -> Result<()> {
    let knowledge = knowledge::publish(app, past, workspace, crew).await?;
    let scripts = scripts::read();
    let stage = Stage { past, workspace, desk, crew, knowledge: &knowledge, scripts: &scripts };
    let plan = plan(&stage, options);
    let mut contacts: Vec<Option<ContactId>> = vec![None; plan.customers.len()];
    let mut progress: Vec<Progress> = vec![Progress::default(); plan.talks.len()];
    for batch in plan.happenings.chunks(BATCH) {
        let mut tx = app.db.begin().await?;
        for (at, happening) in batch {
            past.clock.set(*at);
            happen(&mut tx, &stage, &plan, (&mut contacts, &mut progress), *at, *happening, options.seed).await?;
        }
        tx.commit().await?;
    }
    bot_answers(app, &stage, &plan, &contacts).await?;
    counts.insert("articles", knowledge.len() / 3);
    counts.insert("customers", plan.customers.len());
    counts.insert("products", ITEMS.len());
    counts.insert("orders", plan.purchases.len());
    counts.insert("subscriptions", plan.refreshes.len());
    counts.insert("page views", plan.happenings.iter().filter(|(_, happening)| matches!(happening, Happening::Page { .. })).count());
    counts.insert("conversations", plan.talks.len() + plan.asked_now.len());
    Ok(())
}

fn plan(stage: &Stage<'_>, options: &DemoOptions) -> Plan {
    let past = stage.past;
    let mut random = Random::new(options.seed);
    let customers = customers::invent(past, options.customers, &mut random);
    let purchases = shop::plan(past, &customers, &mut random);
    let refreshes = shop::plan_subscriptions(past, &customers, &mut random);
    let world = World::new(past, &customers, &purchases, stage.scripts, stage.crew, &stage.desk.hours);
    let mut talks: Vec<Talk> = (0..options.conversations).filter_map(|_| world.past_talk(&mut random)).collect();
    talks.extend(today(&world, stage.crew, &mut random));
    let ask = |minute: i64, random: &mut Random| world.live_talk(Live::WithBot, past.now - Duration::seconds(70 * minute), None, random);
    let asked_now: Vec<Talk> = (1..=8).rev().filter_map(|minute| ask(minute, &mut random)).collect();
    let mut happenings = vec![(past.begin, Happening::Stock)];
    let online = |place: usize| (past.now - Duration::hours(4), Happening::Online(place));
    happenings.extend((0..stage.crew.people.len()).filter(|place| stage.crew.people[*place].online).map(online));
    happenings.extend(customers.iter().enumerate().map(|(place, customer)| (customer.joined, Happening::Join(place))));
    for (place, purchase) in purchases.iter().enumerate() {
        happenings.extend(shop::steps(purchase, past.now).into_iter().map(|(at, step)| (at, Happening::Order(place, step))));
        happenings.extend(looks(purchase, &customers[purchase.customer], &mut random));
    }
    for (place, refresh) in refreshes.iter().enumerate() {
        happenings.extend(shop::refresh_steps(refresh).into_iter().map(|at| (at, Happening::Refresh(place))));
    }
    for (place, talk) in talks.iter().enumerate() {
        happenings.extend(talk.acts.iter().map(|(at, act)| (*at, Happening::Talk(place, *act))));
    }
    for talk in talks.iter().rev().take(60).chain(&asked_now) {
        let at = talk.acts.first().map_or(past.now, |(at, _)| *at);
        let seen = (1..=random.between(2, 6)).map(|minute| at - Duration::seconds(50 * minute)).rev().collect::<Vec<_>>();
        happenings.extend(seen.into_iter().map(|at| (at, Happening::Page { customer: talk.customer, item: random.below(ITEMS.len()) })));
    }
    happenings.retain(|(at, _)| *at <= past.now);
    // Stable: what is planned first at one moment happens first.
    happenings.sort_by_key(|(at, _)| *at);
    Plan { customers, purchases, refreshes, talks, asked_now, happenings }
}

/// Pages looked at before an order.
fn looks(purchase: &Purchase, customer: &Customer, random: &mut Random) -> Vec<(Timestamp, Happening)> {
    let bought: Vec<usize> = purchase.items.iter().map(|(item, _)| *item).collect();
    let mut views = Vec::new();
    for number in 1..=random.between(1, 3) {
        let item = if number == 1 { bought[0] } else { random.below(ITEMS.len()) };
        let at = purchase.placed - Duration::seconds(number * random.between(20, 120));
        if at > customer.joined {
            views.push((at, Happening::Page { customer: purchase.customer, item }));
        }
    }
    views
}

/// The conversations of today: enough with each state that every list of the desk has something in it.
fn today(world: &World<'_>, crew: &Crew, random: &mut Random) -> Vec<Talk> {
    let now = world.past.now;
    let online: Vec<usize> = (0..crew.people.len()).filter(|place| crew.people[*place].online).collect();
    let mut talks = Vec::new();
    for number in 0..14 {
        talks.extend(world.live_talk(Live::WaitingInQueue, now - Duration::seconds(95 + number * 311), None, random));
    }
    // Everybody at the desk has as much as they can take, so what waits keeps waiting until somebody has room.
    for number in 0..16_usize {
        let ago = i64::try_from(number).unwrap_or(0) * 163 + 50;
        talks.extend(world.live_talk(Live::OurTurn, now - Duration::seconds(ago), Some(online[number % online.len()]), random));
    }
    for number in 0..10 {
        talks.extend(world.live_talk(Live::TheirTurn, now - Duration::seconds(1_900 + number * 517), None, random));
    }
    for number in 0..5 {
        talks.extend(world.live_talk(Live::Snoozed, now - Duration::minutes(70 + number * 290), None, random));
    }
    for number in 0..9 {
        talks.extend(world.live_talk(Live::ClosedNow, now - Duration::minutes(4 + number * 19), None, random));
    }
    talks
}

type Made<'a> = (&'a mut [Option<ContactId>], &'a mut [Progress]);

async fn happen(tx: &mut Tx, stage: &Stage<'_>, plan: &Plan, (contacts, progress): Made<'_>, at: Timestamp, happening: Happening, seed: u64) -> Result<()> {
    let (past, workspace) = (stage.past, stage.workspace);
    match happening {
        Happening::Stock => shop::stock(tx, past, workspace, &mut Random::new(seed)).await,
        Happening::Online(place) => set_availability(tx, &past.environment, workspace, stage.crew.people[place].id, Availability::Online).await,
        Happening::Join(place) => {
            contacts[place] = Some(customers::join(tx, past, workspace, &plan.customers[place]).await?);
            Ok(())
        }
        Happening::Page { customer, item } => match contacts[customer] {
            Some(contact) => look(tx, stage, &plan.customers[customer], contact, item, at).await,
            None => Ok(()),
        },
        Happening::Order(place, step) => {
            let purchase = &plan.purchases[place];
            shop::report(tx, past, workspace, &plan.customers[purchase.customer], purchase, step, at).await
        }
        Happening::Refresh(place) => {
            let refresh = &plan.refreshes[place];
            shop::report_subscription(tx, past, workspace, &plan.customers[refresh.customer], refresh, at).await
        }
        Happening::Talk(place, act) => match contacts[plan.talks[place].customer] {
            Some(contact) => stage.play(tx, &plan.talks[place], contact, &mut progress[place], act).await,
            None => Ok(()),
        },
    }
}

async fn look(tx: &mut Tx, stage: &Stage<'_>, customer: &Customer, contact: ContactId, item: usize, at: Timestamp) -> Result<()> {
    let view = NewPageView {
        contact,
        actor: Actor::Contact(contact),
        at,
        url: ITEMS[item].url(),
        title: format!("{} – Pellavala", ITEMS[item].name(customer.locale)),
        referrer: None,
    };
    visits::record_page(tx, &stage.past.environment, stage.workspace, view).await?;
    Ok(())
}

/// What was asked in the last minutes is answered by the bot itself, so that its reasons are real.
async fn bot_answers(app: &App, stage: &Stage<'_>, plan: &Plan, contacts: &[Option<ContactId>]) -> Result<()> {
    let past = stage.past;
    let module = ennakoi_bot::module(app, Arc::new(ennakoi_bot::flows::shop::NoShop));
    let Some(bot) = module.followers.iter().find(|follower| follower.name == "bot.dialogue") else { return Ok(()) };
    for learner in module.followers.iter().filter(|follower| follower.name == "bot.knowledge") {
        follower::catch_up(&app.db, &past.environment, learner, stage.workspace).await?;
    }
    // The history is old news to the bot: hours later it leaves what it finds to people.
    let later = Environment::new(Arc::new(FixedClock::new(past.now + Duration::hours(3))), Arc::new(SeededEntropy::new(past.now.0.unsigned_abs())));
    follower::catch_up(&app.db, &later, bot, stage.workspace).await?;
    for talk in &plan.asked_now {
        let Some(contact) = contacts[talk.customer] else { continue };
        let mut progress = Progress::default();
        for (at, act) in &talk.acts {
            past.clock.set(*at);
            let mut tx = app.db.begin().await?;
            stage.play(&mut tx, talk, contact, &mut progress, *act).await?;
            tx.commit().await?;
        }
        past.clock.advance(Duration::seconds(2));
        follower::catch_up(&app.db, &past.environment, bot, stage.workspace).await?;
    }
    past.clock.set(past.now);
    Ok(())
}
