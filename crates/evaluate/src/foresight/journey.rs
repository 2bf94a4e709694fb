//! `ennakoi eval journey`.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use ennakoi_foresight::calendar;
use ennakoi_foresight::journey::compare::{compare, split_at};
use ennakoi_foresight::journey::layout::{Layout, layout};
use ennakoi_foresight::journey::reader::ColumnNames;
use ennakoi_foresight::journey::simplify::{Simplified, simplify};
use ennakoi_foresight::journey::stages::Stages;
use ennakoi_foresight::journey::{EventLog, LogReader, Map, Variant, variants};
use serde_json::json;

use super::process::{cpu_ms, elapsed_ms, peak_rss_mb};
use super::report::Report;
use super::{drawing, input};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Events: case, activity, timestamp
    #[arg(long)]
    log: PathBuf,
    /// Writes the whole map, its layout and the variants as JSON
    #[arg(long)]
    out: Option<PathBuf>,
    /// Draws the map as SVG
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Compares cases that began before this moment with those that began later
    #[arg(long)]
    compare_at: Option<String>,
    /// Share of the events and steps that is shown; the rest is counted as other
    #[arg(long, default_value_t = 0.9)]
    show: f64,
    /// Intended path, as "A>B?>C+>D": a step with ? may be left out, with + may repeat, with * both
    #[arg(long)]
    intended: Option<String>,
    /// Names of columns, as case=CaseID,activity=Event,timestamp=Time
    #[arg(long)]
    columns: Option<String>,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
}

/// Names of the columns of an event log from `--columns`.
pub(super) fn column_names(columns: Option<&str>) -> Result<ColumnNames> {
    let mut map = input::mapping(columns)?;
    let names = ColumnNames { case: map.remove("case"), activity: map.remove("activity"), timestamp: map.remove("timestamp") };
    match map.keys().next() {
        Some(unknown) => Err(anyhow!("--columns: `{unknown}` is not one of case, activity, timestamp")),
        None => Ok(names),
    }
}

/// Streams an event log from a file.
pub(super) fn load(path: &Path, columns: Option<&str>) -> Result<EventLog> {
    let mut source = input::open(path)?;
    let mut reader = LogReader::new(column_names(columns)?);
    let mut told = 5_000_000;
    loop {
        let piece = source.fill_buf().with_context(|| format!("{}: cannot be read", path.display()))?;
        if piece.is_empty() {
            break;
        }
        reader.feed(piece).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        let length = piece.len();
        source.consume(length);
        if reader.events() >= told {
            eprintln!("{} million events read", told / 1_000_000);
            told += 5_000_000;
        }
    }
    reader.finish().map_err(|e| anyhow!("{}: {e}", path.display()))
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let cpu_before = cpu_ms();
    let started = Instant::now();
    let log = load(&arguments.log, arguments.columns.as_deref())?;
    let load_ms = elapsed_ms(started);
    let started = Instant::now();
    let map = Map::of(&log);
    let ways = variants(&log);
    let map_ms = elapsed_ms(started);
    let total_cpu = cpu_ms().zip(cpu_before).map(|(after, before)| after - before);
    let peak = peak_rss_mb();
    map.reconcile().map_err(|e| anyhow!("the counts do not add up: {e}"))?;

    let mut report = Report::new("Journey map");
    report.count("events", map.events, "");
    report.count("cases", map.cases, "");
    report.count("activities", map.nodes.len() as u64, "");
    report.count("edges", map.edges.len() as u64, "different steps from one activity to the next");
    report.count("variants", ways.len() as u64, "different ways through");
    report.figure("load_ms", Some(load_ms), "reading and ordering the file");
    report.figure("map_ms", Some(map_ms), "counting map and variants");
    report.figure("total_cpu_ms", total_cpu.or(Some(load_ms + map_ms)), "CPU time of load, map and variants");
    report.figure("peak_rss_mb", peak, "largest memory held");
    let shown = simplify(&map, arguments.show.clamp(0.0, 1.0));
    describe(&mut report, &log, &map, &ways, &shown);
    if let Some(moment) = &arguments.compare_at {
        report_comparison(&mut report, &log, moment)?;
    }
    if let Some(path) = &arguments.intended {
        super::intended::report(&mut report, &log, path)?;
    }
    let picture = (arguments.out.is_some() || arguments.svg.is_some()).then(|| layout(&map, &shown));
    if let (Some(path), Some(picture)) = (&arguments.out, &picture) {
        let text = whole(&log, &map, &ways, &shown, picture).to_string();
        std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    if let (Some(path), Some(picture)) = (&arguments.svg, &picture) {
        let text = drawing::map(&map, &shown, picture);
        std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    report.print(arguments.json);
    Ok(())
}

/// Variants that the report tells one by one.
const MAIN_WAYS: usize = 10;

/// Milliseconds as people say them.
pub(super) fn duration(milliseconds: f64) -> String {
    let seconds = milliseconds / 1e3;
    match seconds.abs() {
        s if s > 0.0 && s < 9.95 => format!("{seconds:.1} s"),
        s if s < 90.0 => format!("{seconds:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", seconds / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

pub(super) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

fn describe(report: &mut Report, log: &EventLog, map: &Map, ways: &[Variant], shown: &Simplified) {
    let whole = &map.case_durations;
    let [median, p90, longest] = [whole.median, whole.p90, whole.longest as f64].map(duration);
    report.line(&format!("a case takes {median} (median), one in ten more than {p90}, the longest {longest}"));
    report.heading("Activities");
    let mut nodes: Vec<_> = map.nodes.iter().filter(|n| shown.nodes.contains(&n.activity)).collect();
    nodes.sort_by_key(|n| std::cmp::Reverse(n.events));
    let mut rows: Vec<Vec<String>> = (nodes.iter())
        .map(|n| {
            let counts = [n.events, n.cases, n.starts, n.ends, n.repeats].map(|c| c.to_string());
            std::iter::once(n.name.clone()).chain(counts).chain([percent(n.ends, n.cases)]).collect()
        })
        .collect();
    let others = map.nodes.len() - shown.nodes.len();
    rows.push(vec![format!("other ({others} activities)"), shown.other_events.to_string()]);
    report.table(&["activity", "events", "cases", "starts", "ends", "repeats", "end here"], &rows);
    report.heading("Where time goes (bottlenecks, by total time)");
    let name = |a: u16| map.nodes[usize::from(a)].name.clone();
    let rows: Vec<Vec<String>> = (map.bottlenecks().iter().take(12))
        .map(|e| {
            let d = &e.durations;
            let times = [d.median, d.p90, d.mean * d.count as f64].map(duration);
            let head = [format!("{} → {}", name(e.from), name(e.to)), e.count.to_string(), e.cases.to_string()];
            head.into_iter().chain(times).collect()
        })
        .collect();
    report.table(&["step", "count", "cases", "median", "p90", "total"], &rows);
    ways_through(report, log, map, ways);
    let stages = Stages::learned(log, 4);
    report.heading("Stages, learned from the order of events");
    let rows: Vec<Vec<String>> = (stages.names.iter().zip(stages.reached(log)))
        .map(|(name, (reached, ended))| vec![name.clone(), reached.to_string(), percent(ended, reached)])
        .collect();
    report.table(&["stage (main activity)", "cases", "go no further"], &rows);
}

/// The most frequent variants, each on lines of its own: their names are too long for a table.
fn ways_through(report: &mut Report, log: &EventLog, map: &Map, ways: &[Variant]) {
    report.heading("Main ways through");
    for (place, way) in ways.iter().take(MAIN_WAYS).enumerate() {
        let trace = log.trace(way.example);
        // An activity that comes again at once is said once, with its number.
        let mut steps: Vec<String> = (trace.chunk_by(|a, b| a == b))
            .map(|same| {
                let times = if same.len() > 1 { format!(" ×{}", same.len()) } else { String::new() };
                map.nodes[usize::from(same[0])].name.clone() + &times
            })
            .collect();
        let more = steps.len().saturating_sub(12);
        steps.truncate(12);
        if more > 0 {
            steps.push(format!("… {more} more"));
        }
        let [median, p90] = [way.durations.median, way.durations.p90].map(duration);
        let share = percent(way.cases, map.cases);
        report.line(&format!("{:>2}  {} cases ({share}), median {median}, one in ten more than {p90}", place + 1, way.cases));
        for line in drawing::wrapped(&steps.join(" → "), 110, usize::MAX) {
            report.line(&format!("      {line}"));
        }
    }
    let rest = &ways[ways.len().min(MAIN_WAYS)..];
    let other: u64 = rest.iter().map(|v| v.cases).sum();
    report.line(&format!("other: {other} cases ({}) in {} variants", percent(other, map.cases), rest.len()));
}

fn report_comparison(report: &mut Report, log: &EventLog, moment: &str) -> Result<()> {
    let at = calendar::parse_moment(moment.as_bytes());
    let at = at.ok_or_else(|| anyhow!("--compare-at: `{moment}` is not a date such as 2026-11-21"))?;
    let (early, late) = split_at(log, at);
    if early.cases() == 0 || late.cases() == 0 {
        return Err(anyhow!("--compare-at: all cases began on one side of {moment}"));
    }
    let changes = compare(&Map::of(&early), &Map::of(&late), 0.95);
    report.heading(&format!("Before and from {moment}: {} and {} cases", early.cases(), late.cases()));
    let rows: Vec<Vec<String>> = (changes.iter().filter(|c| c.is_change()).take(15))
        .map(|c| {
            let what = c.to.as_ref().map_or_else(|| c.from.clone(), |to| format!("{} → {to}", c.from));
            let [first, second] = [(0, early.cases()), (1, late.cases())].map(|(g, n)| percent(c.cases[g], n as u64));
            let interval = format!("{:+.1} … {:+.1}", 100.0 * c.change.low, 100.0 * c.change.high);
            vec![what, first, second, interval]
        })
        .collect();
    report.set("changes", rows.len());
    report.table(&["cases with", "before", "after", "change, points"], &rows);
    Ok(())
}

fn whole(log: &EventLog, map: &Map, ways: &[Variant], shown: &Simplified, picture: &Layout) -> serde_json::Value {
    let name = |a: u16| map.nodes[usize::from(a)].name.as_str();
    let place = |a: u16| picture.nodes.iter().find(|n| n.activity == a).map(|n| json!([n.x, n.y]));
    let nodes: Vec<_> = (map.nodes.iter())
        .map(|n| {
            json!({"activity": n.name, "events": n.events, "cases": n.cases, "starts": n.starts, "ends": n.ends,
                "repeats": n.repeats, "place": place(n.activity)})
        })
        .collect();
    let edges: Vec<_> = (map.edges.iter().enumerate())
        .map(|(i, e)| {
            let d = &e.durations;
            let points = picture.edges.iter().find(|r| r.edge == i).map(|r| &r.points);
            json!({"from": name(e.from), "to": name(e.to), "count": e.count, "cases": e.cases,
                "median_ms": d.median, "mean_ms": d.mean, "p90_ms": d.p90, "p95_ms": d.p95, "points": points})
        })
        .collect();
    let variants: Vec<_> = (ways.iter())
        .map(|v| {
            let trace: Vec<&str> = log.trace(v.example).iter().map(|&a| name(a)).collect();
            json!({"trace": trace, "cases": v.cases, "median_ms": v.durations.median})
        })
        .collect();
    let other: Vec<_> = shown.other_steps.iter().map(|(a, n)| json!({"from": name(*a), "count": n})).collect();
    json!({"events": map.events, "cases": map.cases, "nodes": nodes, "edges": edges, "variants": variants,
        "other": {"events": shown.other_events, "steps": other, "hidden_steps": shown.hidden_steps}})
}
