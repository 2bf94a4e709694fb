//! Remembers which statements were executed, so that CI can name those that no test ran. Off unless `ENNAKOI_SQL_TRACE`
//! names a file; each distinct statement is appended to it once per process.

use std::{
    collections::HashSet,
    io::Write,
    sync::{LazyLock, Mutex},
};

struct Trace {
    file: std::fs::File,
    seen: HashSet<u64>,
}

static TRACE: LazyLock<Option<Mutex<Trace>>> = LazyLock::new(|| {
    let path = std::env::var_os("ENNAKOI_SQL_TRACE")?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).ok()?;
    Some(Mutex::new(Trace { file, seen: HashSet::new() }))
});

pub(crate) fn executed(sql: &str) {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let Some(trace) = TRACE.as_ref() else { return };
    let mut hasher = DefaultHasher::new();
    sql.hash(&mut hasher);
    let mut trace = trace.lock().expect("tracing does not panic");
    if trace.seen.insert(hasher.finish()) {
        let line = sql.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
        // A lost line makes the check stricter, never laxer.
        let _ = trace.file.write_all(line.as_bytes());
    }
}
