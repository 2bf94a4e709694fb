//! Orders with their parcels and invoices, and subscriptions: planned as a whole, then reported step by step as a shop would.

use ennakoi_commerce::{self as commerce, Customer as Buyer, Invoice, Line, Name, Order, Product, Shipment, Subscription, Telling};
use ennakoi_kernel::{Duration, Timestamp, ids::WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, timeline::Actor};
use jiff::tz::TimeZone;

use crate::{Past, catalogue::ITEMS, customers::Customer, random::Random};

/// The system that the shop's ids are of.
const SOURCE: &str = "shop";

/// How an order went, with all its moments. Those after now have not happened yet.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    pub(crate) customer: usize,
    /// `PV104123`.
    pub(crate) number: String,
    source_id: String,
    /// Places in the catalogue and quantities.
    pub(crate) items: Vec<(usize, i64)>,
    pub(crate) total_minor: i64,
    pub(crate) placed: Timestamp,
    pub(crate) promised: Timestamp,
    pub(crate) shipped: Timestamp,
    pub(crate) delivered: Timestamp,
    pub(crate) carrier: &'static str,
    pub(crate) parcel: String,
    end: End,
    pub(crate) bill: Option<Bill>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Kept,
    Cancelled,
    Returned,
}

/// An invoice of an order.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    pub(crate) number: String,
    pub(crate) reference: String,
    pub(crate) due: Timestamp,
    paid: Option<Timestamp>,
}

impl Purchase {
    /// The order runs its course and arrives.
    pub(crate) fn arrives(&self) -> bool {
        self.end != End::Cancelled
    }
    pub(crate) fn is_late(&self) -> bool {
        self.arrives() && self.delivered > self.promised
    }
}

/// A subscription to fresh towels or the like.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) customer: usize,
    number: usize,
    kind: usize,
    started: Timestamp,
    ended: Option<Timestamp>,
}

/// Name and price of what can be subscribed to.
const SUBSCRIPTIONS: &[([&str; 3], i64, &str)] = &[
    (["Pyyhekierto, 4 pyyhettä", "Handdukscirkel, 4 handdukar", "Towel refresh, 4 towels"], 1_990, "month"),
    (["Pyyhekierto, 8 pyyhettä", "Handdukscirkel, 8 handdukar", "Towel refresh, 8 towels"], 3_490, "month"),
    (["Pesuainetilaus", "Tvättmedelsprenumeration", "Detergent subscription"], 990, "month"),
    (["Kausikangas neljä kertaa vuodessa", "Säsongstyg fyra gånger om året", "Seasonal fabric, four a year"], 14_900, "year"),
];

/// Orders of a month compared with an average one, January first: gifts before Christmas, linen before summer.
const SEASON: [u32; 12] = [90, 70, 75, 85, 120, 105, 65, 80, 85, 95, 150, 180];
/// Orders of an hour of the day.
const HOURS: [u32; 24] = [3, 1, 1, 1, 1, 2, 5, 9, 12, 14, 15, 16, 15, 13, 13, 14, 15, 18, 22, 28, 32, 28, 18, 8];

fn civil(at: Timestamp, zone: &TimeZone) -> jiff::Zoned {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// Moves a moment to an hour at which people shop.
pub(crate) fn at_a_likely_hour(at: Timestamp, zone: &TimeZone, random: &mut Random) -> Timestamp {
    let local = civil(at, zone);
    let since_midnight = Duration::seconds(i64::from(local.hour()) * 3_600 + i64::from(local.minute()) * 60 + i64::from(local.second()));
    let hour = i64::try_from(random.weighted(&HOURS)).unwrap_or(12);
    at - since_midnight + Duration::hours(hour) + random.minutes(0, 59)
}

/// All orders of all customers, in the order in which they are placed.
pub(crate) fn plan(past: &Past, customers: &[Customer], random: &mut Random) -> Vec<Purchase> {
    let zone = TimeZone::get("Europe/Helsinki").unwrap_or(TimeZone::UTC);
    let mut purchases = Vec::new();
    for (place, customer) in customers.iter().enumerate() {
        let span = (past.now - customer.joined).0;
        // Appetite is orders in a year and a half.
        let share = span as f64 / Duration::days(548).0 as f64;
        let wanted = 1 + (f64::from(customer.appetite) * share) as usize;
        for number in 0..wanted {
            // Whoever was a customer before the history begins orders some time, not on its first day.
            let first = if customer.joined < past.begin + Duration::days(4) {
                Duration(random.between(0, span.min(Duration::days(150).0)))
            } else {
                random.minutes(1, 90)
            };
            let mut placed = customer.joined + if number == 0 { first } else { Duration(random.between(0, span)) };
            if number > 0 {
                // The year's course: a draw in a weak month is mostly thrown again.
                for _ in 0..4 {
                    let month = usize::from(civil(placed, &zone).month().unsigned_abs()) - 1;
                    if random.below(180) < SEASON[month] as usize {
                        break;
                    }
                    placed = customer.joined + Duration(random.between(0, span));
                }
                placed = at_a_likely_hour(placed, &zone, random).max(customer.joined + Duration::minutes(5));
            }
            if placed < past.now {
                purchases.push(purchase(place, placed, random));
            }
        }
    }
    purchases.sort_by_key(|purchase| (purchase.placed, purchase.customer));
    for (number, purchase) in purchases.iter_mut().enumerate() {
        purchase.source_id = format!("{}", 104_001 + number);
        purchase.number = format!("PV{}", 104_001 + number);
        purchase.parcel = format!("JJFI{:014}", 64_000_000_000_u64 + number as u64 * 7_919);
        if let Some(bill) = &mut purchase.bill {
            bill.number = format!("L{}", 50_001 + number);
            bill.reference = reference(50_001 + number as u64);
        }
    }
    purchases
}

/// A Finnish payment reference: the number with its check digit, weights 7, 3, 1 from the right.
fn reference(number: u64) -> String {
    let digits: Vec<u64> = number.to_string().bytes().map(|byte| u64::from(byte - b'0')).collect();
    let sum: u64 = digits.iter().rev().zip([7, 3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}

fn purchase(customer: usize, placed: Timestamp, random: &mut Random) -> Purchase {
    let weights: Vec<u32> = ITEMS.iter().map(|item| item.weight).collect();
    let mut items: Vec<(usize, i64)> = Vec::new();
    for _ in 0..[1, 2, 3, 4][random.weighted(&[46, 30, 16, 8])] {
        let item = random.weighted(&weights);
        if !items.iter().any(|(known, _)| *known == item) {
            items.push((item, if ITEMS[item].price_minor < 4_000 { random.between(1, 4) } else { 1 }));
        }
    }
    let goods: i64 = items.iter().map(|(item, quantity)| ITEMS[*item].price_minor * quantity).sum();
    let total_minor = goods + if goods < 6_900 { 490 } else { 0 };
    let shipped = placed + random.minutes(16 * 60, 50 * 60);
    let promised = placed + Duration::days(5);
    let late = random.percent(9);
    let delivered =
        if late { promised + random.minutes(8 * 60, 8 * 24 * 60) } else { (shipped + random.minutes(20 * 60, 52 * 60)).min(promised - Duration::hours(2)) };
    let invoiced = random.percent(24);
    let due = placed + Duration::days(15);
    let paid = match random.below(100) {
        0..=78 => Some(placed + random.minutes(24 * 60, 14 * 24 * 60)),
        79..=93 => Some(due + random.minutes(24 * 60, 20 * 24 * 60)),
        _ => None,
    };
    Purchase {
        customer,
        number: String::new(),
        source_id: String::new(),
        items,
        total_minor,
        placed,
        promised,
        shipped,
        delivered,
        carrier: ["Posti", "Matkahuolto", "PostNord"][random.weighted(&[60, 25, 15])],
        parcel: String::new(),
        end: [End::Kept, End::Cancelled, End::Returned][random.weighted(&[93, 3, 4])],
        bill: invoiced.then(|| Bill { number: String::new(), reference: String::new(), due, paid }),
    }
}

/// Subscriptions of those who buy often.
pub(crate) fn plan_subscriptions(past: &Past, customers: &[Customer], random: &mut Random) -> Vec<Refresh> {
    let mut refreshes = Vec::new();
    for (customer, it) in customers.iter().enumerate().filter(|(_, it)| it.appetite >= 3) {
        if !random.percent(22) {
            continue;
        }
        let started = it.joined + Duration(random.between(0, (past.now - it.joined).0));
        let ended = random.percent(25).then(|| started + random.minutes(60 * 24 * 60, 300 * 24 * 60)).filter(|ended| *ended < past.now);
        refreshes.push(Refresh { customer, number: refreshes.len(), kind: random.weighted(&[5, 3, 3, 2]), started, ended });
    }
    refreshes
}

/// A step in the course of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Placed,
    Shipped,
    Delivered,
    Cancelled,
    Returned,
    Billed,
    Overdue,
    Paid,
}

/// When each step of the order happens, up to now.
pub(crate) fn steps(purchase: &Purchase, now: Timestamp) -> Vec<(Timestamp, Step)> {
    let mut steps = vec![(purchase.placed, Step::Placed)];
    match purchase.end {
        End::Cancelled => steps.push((purchase.placed + Duration::hours(5), Step::Cancelled)),
        End::Kept | End::Returned => {
            steps.extend([(purchase.shipped, Step::Shipped), (purchase.delivered, Step::Delivered)]);
            if purchase.end == End::Returned {
                steps.push((purchase.delivered + Duration::days(12), Step::Returned));
            }
            if let Some(bill) = &purchase.bill {
                steps.push((purchase.placed + Duration::minutes(2), Step::Billed));
                if bill.paid.is_none_or(|paid| paid > bill.due) {
                    steps.push((bill.due + Duration::hours(30), Step::Overdue));
                }
                steps.extend(bill.paid.map(|paid| (paid, Step::Paid)));
            }
        }
    }
    steps.retain(|(at, _)| *at <= now);
    steps
}

fn buyer(customer: &Customer) -> Buyer {
    Buyer { id: Some(customer.shop_id.clone()), ..Buyer::default() }
}

/// Reports a step of an order.
pub(crate) async fn report(
    tx: &mut Tx,
    past: &Past,
    workspace: WorkspaceId,
    customer: &Customer,
    purchase: &Purchase,
    step: Step,
    at: Timestamp,
) -> Result<()> {
    let environment = &past.environment;
    let name = Name { source: SOURCE, id: &purchase.source_id };
    if matches!(step, Step::Billed | Step::Overdue | Step::Paid) {
        let Some(invoice) = invoice(customer, purchase, step, at) else { return Ok(()) };
        commerce::put_invoice(tx, environment, workspace, Actor::System, name, &invoice, Telling::News).await?;
        return Ok(());
    }
    let order = order(customer, purchase, step, at);
    commerce::put_order(tx, environment, workspace, Actor::System, name, &order, Telling::News).await?;
    if matches!(step, Step::Shipped | Step::Delivered) {
        let delivered = step == Step::Delivered;
        let shipment = Shipment {
            order: purchase.source_id.clone(),
            carrier: purchase.carrier.to_owned(),
            number: purchase.parcel.clone(),
            url: Some(format!("https://seuranta.example.fi/{}", purchase.parcel)),
            status: if delivered { "delivered" } else { "in_transit" }.to_owned(),
            shipped_at: Some(purchase.shipped),
            delivered_at: delivered.then_some(purchase.delivered),
            updated_at: at,
        };
        commerce::put_shipment(tx, environment, workspace, Actor::System, name, &shipment, Telling::News).await?;
    }
    Ok(())
}

fn order(customer: &Customer, purchase: &Purchase, step: Step, at: Timestamp) -> Order {
    let (status, fulfilment) = match step {
        Step::Shipped => ("shipped", "fulfilled"),
        Step::Delivered => ("completed", "fulfilled"),
        Step::Cancelled => ("cancelled", "unfulfilled"),
        Step::Returned => ("refunded", "returned"),
        _ => ("processing", "unfulfilled"),
    };
    let financial = match step {
        Step::Cancelled | Step::Returned => "refunded",
        _ if purchase.bill.is_some() => "invoiced",
        _ => "paid",
    };
    let line = |(item, quantity): &(usize, i64)| {
        let item = &ITEMS[*item];
        Line {
            sku: item.sku.to_owned(),
            name: item.name(customer.locale).to_owned(),
            quantity: *quantity,
            unit_minor: item.price_minor,
            total_minor: item.price_minor * quantity,
        }
    };
    Order {
        number: purchase.number.clone(),
        status: status.to_owned(),
        financial_status: financial.to_owned(),
        fulfilment_status: fulfilment.to_owned(),
        currency: "EUR".to_owned(),
        total_minor: purchase.total_minor,
        lines: purchase.items.iter().map(line).collect(),
        placed_at: purchase.placed,
        promised_at: Some(purchase.promised),
        delivered_at: matches!(step, Step::Delivered | Step::Returned).then_some(purchase.delivered),
        customer: buyer(customer),
        updated_at: at,
    }
}

fn invoice(customer: &Customer, purchase: &Purchase, step: Step, at: Timestamp) -> Option<Invoice> {
    let bill = purchase.bill.as_ref()?;
    let status = match step {
        Step::Paid => "paid",
        Step::Overdue => "overdue",
        _ => "open",
    };
    Some(Invoice {
        number: bill.number.clone(),
        reference: Some(bill.reference.clone()),
        status: status.to_owned(),
        currency: "EUR".to_owned(),
        total_minor: purchase.total_minor,
        due_minor: if step == Step::Paid { 0 } else { purchase.total_minor },
        issued_at: purchase.placed,
        due_at: bill.due,
        paid_at: bill.paid.filter(|_| step == Step::Paid),
        url: None,
        order: Some(purchase.source_id.clone()),
        customer: buyer(customer),
        updated_at: at,
    })
}

/// When the subscription begins and ends, up to now.
pub(crate) fn refresh_steps(refresh: &Refresh) -> Vec<Timestamp> {
    std::iter::once(refresh.started).chain(refresh.ended).collect()
}

/// Reports a subscription as it is at `at`.
pub(crate) async fn report_subscription(tx: &mut Tx, past: &Past, workspace: WorkspaceId, customer: &Customer, refresh: &Refresh, at: Timestamp) -> Result<()> {
    let (names, price_minor, interval) = SUBSCRIPTIONS[refresh.kind];
    let period = if interval == "year" { Duration::days(365) } else { Duration::days(30) };
    let periods = (past.now - refresh.started).0 / period.0 + 1;
    let ended = refresh.ended.filter(|ended| *ended <= at);
    let subscription = Subscription {
        name: names[customer.locale as usize].to_owned(),
        status: if ended.is_some() { "ended" } else { "active" }.to_owned(),
        currency: "EUR".to_owned(),
        price_minor,
        interval: interval.to_owned(),
        started_at: refresh.started,
        renews_at: ended.is_none().then_some(refresh.started + Duration(period.0 * periods)),
        cancels_at: ended,
        ended_at: ended,
        customer: buyer(customer),
        updated_at: at,
    };
    let id = format!("T{}", 7_001 + refresh.number);
    commerce::put_subscription(tx, &past.environment, workspace, Actor::System, Name { source: SOURCE, id: &id }, &subscription, Telling::News).await?;
    Ok(())
}

/// Puts the catalogue on the shelves.
pub(crate) async fn stock(tx: &mut Tx, past: &Past, workspace: WorkspaceId, random: &mut Random) -> Result<()> {
    for item in ITEMS {
        let product = Product {
            sku: item.sku.to_owned(),
            name: item.name(Locale::Fi).to_owned(),
            category: Some(item.category().to_owned()),
            price_minor: Some(item.price_minor),
            currency: Some("EUR".to_owned()),
            in_stock: Some(if random.percent(6) { 0 } else { random.between(3, 240) }),
            url: Some(item.url()),
            image_url: None,
            status: "active".to_owned(),
            updated_at: past.environment.now(),
        };
        commerce::put_product(tx, &past.environment, workspace, Name { source: SOURCE, id: item.sku }, &product).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn references_end_in_their_check_digit() {
        // 1234561 and 12344 are textbook examples of the national standard.
        assert_eq!(super::reference(123_456), "1234561");
        assert_eq!(super::reference(1_234), "12344");
    }
}
