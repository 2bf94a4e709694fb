//! The stacked purchase model in worlds whose rules are known.

use ennakoi_foresight::numeric::random::Random;
use ennakoi_foresight::purchases::Ledger;
use ennakoi_foresight::purchases::stacked::stacked;

/// Customers who arrive in the first `arrivals` days, buy at their own rates, more in the last quarter of every year, and leave.
fn shop(customers: usize, days: i32, arrivals: i32, season: f64) -> Ledger {
    let mut random = Random::new(1);
    let mut rows = Vec::new();
    for customer in 0..customers {
        let mut day = random.below(arrivals as usize) as f64;
        let rate = random.gamma(1.2, 40.0);
        let life = random.exponential(1.0 / 400.0);
        let end = day + life;
        rows.push((customer, day as i32, 20.0 + 10.0 * random.uniform()));
        loop {
            day += random.exponential(rate * season);
            if day > end.min(f64::from(days)) {
                break;
            }
            let high = day as i32 % 365 >= 275;
            if high || random.uniform() < 1.0 / season {
                rows.push((customer, day as i32, 20.0 + 10.0 * random.uniform()));
            }
        }
    }
    Ledger::new(customers, rows)
}

fn total_error(ledger: &Ledger, until: i32, days: i32) -> (f64, f64) {
    let found = stacked(ledger, until, days, 1).expect("enough past");
    let forecast: f64 = found.forecasts.iter().map(|f| f.purchases).sum();
    let came: f64 = found.customers.iter().map(|&c| ledger.activity(c, until, until + days).purchases).sum();
    for f in &found.forecasts {
        assert!((0.0..=1.0).contains(&f.probability) && f.purchases >= f.probability - 1e-9);
        assert!(f.value.is_finite() && f.typical_value >= 0.0);
    }
    (forecast / came - 1.0, found.lesson.season)
}

#[test]
fn the_total_is_within_a_tenth_without_and_with_a_season() {
    // Arrivals, days, season, and what the factor of the season may be. In the last two shops nobody new has come for a year:
    // last year's growth must not be taken for season, nor the fading of those who stay for the lack of one.
    for (customers, days, arrivals, season, season_within) in
        [(4_000, 720, 720, 1.0, 0.9..1.1), (4_000, 730, 730, 1.8, 1.4..2.02), (3_000, 720, 360, 1.0, 0.85..1.1), (3_000, 730, 365, 1.8, 1.3..2.02)]
    {
        let until = if season > 1.0 { 635 } else { 630 };
        let (error, factor) = total_error(&shop(customers, days, arrivals, season), until, 90);
        assert!(error.abs() < 0.1 && season_within.contains(&factor), "arrivals for {arrivals} days, season {season}: {error} {factor}");
    }
}

#[test]
fn a_past_too_short_or_too_thin_is_declined() {
    assert!(stacked(&shop(3_000, 100, 50, 1.0), 60, 60, 1).is_none());
    assert!(stacked(&shop(20, 720, 360, 1.0), 630, 90, 1).is_none());
    assert!(stacked(&Ledger::default(), 10, 5, 1).is_none());
}
