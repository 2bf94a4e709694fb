//! Waiting in line and the people needed: Erlang C, where everyone waits, and Erlang A, where some give up.

/// A line: work comes at random, a service takes `handle` seconds on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Arrivals an hour.
    pub per_hour: f64,
    /// Mean service in seconds, after-work included.
    pub handle: f64,
}

/// What a number of agents achieves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// Probability that an arrival has to wait.
    pub waiting: f64,
    /// Mean wait in seconds over all arrivals; infinite when the line grows without end.
    pub mean_wait: f64,
    /// Share answered within the asked time.
    pub within: f64,
    /// Share that gives up; zero in Erlang C.
    pub abandoned: f64,
    /// Share of the agents' time spent in service.
    pub occupancy: f64,
}

impl Load {
    /// Work offered, in agents kept busy without pause (erlangs).
    #[must_use]
    pub fn erlangs(&self) -> f64 {
        self.per_hour / 3_600.0 * self.handle
    }

    /// Erlang C (1917): everyone waits. `None` for impossible numbers.
    #[must_use]
    pub fn erlang_c(&self, agents: u32, seconds: f64) -> Option<Service> {
        let (a, n) = (self.erlangs(), f64::from(agents));
        if !(a.is_finite() && a >= 0.0 && self.handle > 0.0 && seconds >= 0.0) {
            return None;
        }
        if a >= n {
            return Some(Service { waiting: 1.0, mean_wait: f64::INFINITY, within: 0.0, abandoned: 0.0, occupancy: 1.0 });
        }
        let blocked = erlang_b(a, agents);
        let waiting = blocked / (1.0 - a / n * (1.0 - blocked));
        Some(Service {
            waiting,
            mean_wait: waiting * self.handle / (n - a),
            within: 1.0 - waiting * (-(n - a) * seconds / self.handle).exp(),
            abandoned: 0.0,
            occupancy: a / n,
        })
    }

    /// Erlang A (Palm 1943): who waits gives up after `patience` seconds on average. Stable under any load.
    ///
    /// The stationary line is a birth-and-death chain; being answered in time is followed through the line by its
    /// backward equations.
    #[must_use]
    pub fn erlang_a(&self, agents: u32, patience: f64, seconds: f64) -> Option<Service> {
        let (a, n) = (self.erlangs(), f64::from(agents));
        let sound = a.is_finite() && a > 0.0 && self.handle > 0.0 && patience > 0.0 && seconds >= 0.0 && agents > 0;
        if !sound || !patience.is_finite() {
            return None;
        }
        let (arrive, serve, leave) = (a / self.handle, 1.0 / self.handle, 1.0 / patience);
        // Probabilities of n, n+1, … in the system relative to that of exactly n.
        let mut line = vec![1.0];
        let mut last = 1.0;
        while last > 1e-14 * line.iter().fold(0.0_f64, |m, p| m.max(*p)) && line.len() < 200_000 {
            last *= arrive / (n * serve + line.len() as f64 * leave);
            line.push(last);
        }
        // Below n the chain is Erlang's loss system: P(n) / P(0…n) is the blocking probability.
        let busy: f64 = line.iter().sum();
        let total = 1.0 / erlang_b(a, agents) - 1.0 + busy;
        line.iter_mut().for_each(|p| *p /= total);
        let waiting = busy / total;
        let in_line: f64 = line.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
        let abandoned = in_line * leave / arrive;
        let chances = answered_within(n * serve, leave, line.len(), seconds);
        let in_time: f64 = line.iter().zip(&chances).map(|(p, f)| p * f).sum();
        Some(Service { waiting, mean_wait: in_line / arrive, within: 1.0 - waiting + in_time, abandoned, occupancy: a * (1.0 - abandoned) / n })
    }

    /// Fewest agents with which `share` of the arrivals is answered within `seconds`; with `patience` by Erlang A.
    #[must_use]
    pub fn agents_for(&self, share: f64, seconds: f64, patience: Option<f64>) -> Option<u32> {
        let reached = |agents: u32| {
            let service = match patience {
                Some(patience) => self.erlang_a(agents, patience, seconds),
                None => self.erlang_c(agents, seconds),
            };
            service.map(|s| s.within >= share)
        };
        if !(0.0..1.0).contains(&share) || self.erlangs() > 1e6 {
            return None;
        }
        let (mut low, mut high) = (0_u32, 1_u32);
        while !reached(high)? {
            (low, high) = (high, high.checked_mul(2).filter(|h| *h < 1 << 24)?);
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if reached(middle)? { high = middle } else { low = middle }
        }
        Some(high)
    }
}

/// Erlang's loss formula by its stable recursion.
#[must_use]
pub fn erlang_b(erlangs: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, n| erlangs * blocked / (f64::from(n) + erlangs * blocked))
}

/// Chance of being served within a time, by the number of people ahead: f_k' = (nμ + kθ)(f_(k−1) − f_k) − θ f_k with
/// f_(−1) = 1, solved by implicit steps in k and Richardson's extrapolation in the step.
fn answered_within(serve: f64, leave: f64, places: usize, seconds: f64) -> Vec<f64> {
    let solve = |steps: usize| {
        let step = seconds / steps as f64;
        let mut f = vec![0.0; places];
        for _ in 0..steps {
            // Trapezoidal rule: the value before and after enter alike; people ahead are known first.
            let (mut ahead_before, mut ahead_after) = (1.0, 1.0);
            for (k, value) in f.iter_mut().enumerate() {
                let rate = serve + k as f64 * leave;
                let before = *value;
                let gain = 0.5 * step * rate * (ahead_before + ahead_after);
                let after = (before * (1.0 - 0.5 * step * (rate + leave)) + gain) / (1.0 + 0.5 * step * (rate + leave));
                (ahead_before, ahead_after) = (before, after);
                *value = after;
            }
        }
        f
    };
    if seconds == 0.0 {
        return vec![0.0; places];
    }
    let fastest = serve + places as f64 * leave;
    let steps = ((fastest * seconds * 2.0).ceil() as usize).clamp(32, 4_000);
    let (coarse, fine) = (solve(steps), solve(2 * steps));
    coarse.iter().zip(&fine).map(|(c, f)| (f + (f - c) / 3.0).clamp(0.0, 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn loss_and_waiting_agree_with_published_tables() {
        // Erlang B tables: 1 erlang on 1, 2 and 5 lines; 10 erlangs on 10 and 15.
        for (a, n, wanted) in [(1.0, 1, 0.5), (1.0, 2, 0.2), (1.0, 5, 0.003_07), (10.0, 10, 0.2146), (10.0, 15, 0.0365)] {
            assert!((erlang_b(a, n) - wanted).abs() < 5e-5, "{a} {n}");
        }
        // The traffic that the classic tables give for a blocking of 0.1, 1 and 5 %.
        for (blocking, lines, traffic) in [
            (0.001, 10, 3.092),
            (0.001, 100, 75.24),
            (0.01, 5, 1.361),
            (0.01, 10, 4.461),
            (0.01, 20, 12.03),
            (0.01, 50, 37.90),
            (0.01, 100, 84.06),
            (0.05, 5, 2.218),
            (0.05, 30, 24.80),
        ] {
            let found = erlang_b(traffic, lines);
            assert!((found / blocking - 1.0).abs() < 0.005, "{lines} lines, {traffic} erlangs: {found}");
        }
        let load = |a: f64| Load { per_hour: a * 20.0, handle: 180.0 };
        // Erlang C in closed form: one agent waits with ρ, two with a²/(2 + a).
        assert!((load(0.6).erlang_c(1, 0.0).expect("sound").waiting - 0.6).abs() < 1e-12);
        assert!((load(1.0).erlang_c(2, 0.0).expect("sound").waiting - 1.0 / 3.0).abs() < 1e-12);
        // Tables of Erlang C: 10 erlangs with 12 agents .4494.
        assert!((load(10.0).erlang_c(12, 0.0).expect("sound").waiting - 0.4494).abs() < 5e-5);
        // 100 calls in half an hour of 180 s are 10 erlangs: 14 agents answer 88.8 % within 20 s, 13 are too few.
        let centre = Load { per_hour: 200.0, handle: 180.0 };
        assert_eq!(centre.agents_for(0.8, 20.0, None), Some(14));
        assert!((centre.erlang_c(14, 20.0).expect("sound").within - 0.888).abs() < 1e-3);
        assert!(load(5.0).erlang_c(5, 20.0).expect("sound").mean_wait.is_infinite());
    }

    #[test]
    fn impatience_as_long_as_a_service_makes_a_poisson_line() {
        // With θ = μ the system is M/M/∞: the number present is Poisson.
        let load = Load { per_hour: 120.0, handle: 120.0 };
        let a = load.erlangs();
        for agents in [2, 4, 7] {
            let below: f64 = (0..agents).map(|k| (f64::from(k) * a.ln() - a - crate::numeric::special::ln_gamma(f64::from(k) + 1.0)).exp()).sum();
            let found = load.erlang_a(agents, 120.0, 30.0).expect("sound");
            assert!((found.waiting - (1.0 - below)).abs() < 1e-9);
        }
    }

    #[test]
    fn endless_patience_is_erlang_c() {
        let load = Load { per_hour: 200.0, handle: 180.0 };
        let (c, a) = (load.erlang_c(13, 20.0).expect("sound"), load.erlang_a(13, 1e9, 20.0).expect("sound"));
        assert!((c.waiting - a.waiting).abs() < 1e-4 && (c.within - a.within).abs() < 1e-4, "{c:?} {a:?}");
        assert!((c.mean_wait - a.mean_wait).abs() < 0.05);
    }

    #[test]
    fn a_simulated_line_agrees_with_erlang_a() {
        let load = Load { per_hour: 240.0, handle: 150.0 };
        let (agents, patience, limit) = (9, 60.0, 20.0);
        let found = load.erlang_a(agents, patience, limit).expect("sound");
        let mut random = Random::new(50);
        // First come, first served: each arrival takes the agent who is free first, unless patience ends before.
        let mut free = vec![0.0_f64; agents as usize];
        let (mut now, mut gone, mut in_time, mut waited) = (0.0, 0.0, 0.0, 0.0);
        let count = 400_000;
        for _ in 0..count {
            now += random.exponential(load.per_hour / 3_600.0);
            let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("agents");
            let wait = (*next - now).max(0.0);
            let patience = random.exponential(1.0 / patience);
            if wait > patience {
                gone += 1.0;
                waited += patience;
                continue;
            }
            waited += wait;
            in_time += f64::from(u8::from(wait <= limit));
            *next = now.max(*next) + random.exponential(1.0 / load.handle);
        }
        let count = f64::from(count);
        assert!((found.abandoned - gone / count).abs() < 0.005, "{found:?} {}", gone / count);
        assert!((found.within - in_time / count).abs() < 0.01, "{found:?} {}", in_time / count);
        assert!((found.mean_wait - waited / count).abs() < 0.5, "{found:?} {}", waited / count);
    }
}
