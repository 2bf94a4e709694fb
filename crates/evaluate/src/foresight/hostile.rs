//! Every command against files as people really have them, and against files nobody should have.

use clap::Parser;
use ennakoi_foresight::numeric::random::Random;

use super::{ForesightCommand, execute};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: ForesightCommand,
}

/// A folder of files that goes away with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ennakoi-eval-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("temporary folders can be made");
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("temporary files can be written");
        path.to_str().expect("the path is text").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind is no reason to fail.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let line = Line::try_parse_from(["eval"].iter().chain(arguments)).map_err(|e| e.to_string())?;
    execute(line.command).map_err(|e| format!("{e:#}"))
}

fn complaint(arguments: &[&str]) -> String {
    run(arguments).expect_err("this must be refused")
}

const DATES: [&str; 4] = ["--until", "2026-03-01", "--holdout-until", "2026-04-01"];

#[test]
fn purchases_accept_the_odd_and_refuse_the_impossible() {
    let folder = Folder::new("purchases");
    let eval = |file: &str, more: &[&str]| {
        let head = ["purchases", "--transactions", file, "--json"];
        run(&[&head[..], &DATES[..], more].concat())
    };
    let one = folder.file("one.csv", "customer_id,date,amount\nA,2026-01-05,10\n");
    assert_eq!(eval(&one, &["--model", "bg-nbd"]), Ok(()));
    assert_eq!(eval(&one, &[]), Ok(()));
    let same_day = folder.file("same.csv", "customer_id;date;amount\nA;05.01.2026;10,5\nA;05.01.2026;1\nB;05.01.2026;-4\n");
    assert_eq!(eval(&same_day, &[]), Ok(()));
    let future = folder.file("future.csv", "customer_id,date,amount\nA,2199-01-05,10\n");
    let never = eval(&future, &[]).expect_err("refused");
    assert!(never.ends_with("future.csv: nobody had bought by --until 2026-03-01: the first purchase is of 2199-01-05"), "{never}");
    let nan = folder.file("nan.csv", "customer_id,date,amount\nA,2026-01-05,10\nA,2026-01-06,NaN\n");
    assert!(eval(&nan, &[]).expect_err("refused").ends_with("nan.csv: line 3, column `amount`: `NaN` is not a number"));
    let empty = folder.file("empty.csv", "");
    assert!(eval(&empty, &[]).expect_err("refused").contains("empty.csv: line 1"));
    let header = folder.file("header.csv", "customer_id,date,amount\n");
    assert!(eval(&header, &[]).expect_err("refused").contains("line 2: there are no transactions"));
    assert!(eval(&one, &["--model", "oracle"]).expect_err("refused").contains("is not one of bg-nbd"));
    assert!(complaint(&["purchases", "--transactions", &one, "--until", "2026-03-01", "--holdout-until", "2026-02-01"]).contains("is not after"));
    assert!(complaint(&["purchases", "--transactions", "/nowhere.csv", "--until", "2026-03-01", "--holdout-until", "2026-04-01"]).contains("/nowhere.csv"));
}

#[test]
fn outcomes_accept_the_odd_and_refuse_the_impossible() {
    let folder = Folder::new("outcome");
    let mut random = Random::new(1);
    let mut table = "id,age,kind,when,left,secret\n".to_owned();
    for i in 0..300 {
        let (age, kind) = (random.below(60), ["a", "b", "", "n/a"][random.below(4)]);
        let left = random.below(60) > age;
        let secret = if left { "gone" } else { "" };
        table += &format!("{i},{age},{kind},2026-01-{:02} 10:00,{},{secret}\n", 1 + i % 28, if left { "Yes" } else { "no" });
    }
    let good = folder.file("good.csv", &table);
    let head = ["outcome", "--table", &good, "--label", "left", "--positive"];
    assert_eq!(run(&[&head[..], &["yes"]].concat()), Ok(()));
    assert_eq!(run(&[&head[..], &["yes", "--time-split", "when:0.7", "--json"]].concat()), Ok(()));
    assert_eq!(run(&[&head[..], &["yes", "--test", &good, "--json"]].concat()), Ok(()));
    assert_eq!(run(&[&head[..], &["yes", "--group", "kind", "--known-at", "when", "--json"]].concat()), Ok(()));
    for calibration in ["isotonic", "auto"] {
        assert_eq!(run(&[&head[..], &["yes", "--calibration", calibration, "--json"]].concat()), Ok(()));
    }
    assert!(complaint(&[&head[..], &["yes", "--calibration", "guess"]].concat()).contains("platt"));
    let renamed = ["outcome", "--table", &good, "--label", "churned", "--positive", "yes", "--columns"];
    assert_eq!(run(&[&renamed[..], &["churned=left", "--json"]].concat()), Ok(()));
    assert!(complaint(&[&renamed[..], &["churned=gone"]].concat()).contains("no column `gone`, named for `churned` by --columns"));
    assert!(complaint(&[&head[..], &["perhaps"]].concat()).contains("0 rows with the outcome"));
    assert!(complaint(&[&head[..], &["yes", "--folds", "1"]].concat()).contains("--folds"));
    assert!(complaint(&[&head[..], &["yes", "--ignore", "colour"]].concat()).contains("no column `colour`"));
    assert!(complaint(&[&head[..], &["yes", "--time-split", "when:7"]].concat()).contains("column:0.7"));
    let ragged = folder.file("ragged.csv", "a,left\n1,yes\n2\n");
    assert!(complaint(&["outcome", "--table", &ragged, "--label", "left", "--positive", "yes"]).contains("line 3, column 2"));
    // A spreadsheet of a country that writes decimal commas: the numbers are numbers, and the files say the same.
    let commas =
        folder.file("commas.csv", table.replace(',', ";").lines().map(|l| l.replacen(';', ";1,", 1) + "\n").collect::<String>().replacen(";1,age", ";age", 1));
    assert_eq!(run(&["outcome", "--table", &commas, "--label", "left", "--positive", "yes", "--json"]), Ok(()));
    let latin = folder.file("latin.csv", b"a,left\nk\xe4vi,yes\n");
    assert!(complaint(&["outcome", "--table", &latin, "--label", "left", "--positive", "yes"]).contains("not UTF-8"));
}

#[test]
fn logs_accept_the_odd_and_refuse_the_impossible() {
    let folder = Folder::new("logs");
    let log = "CaseID\tActivityID\tCompleteTimestamp\n1\ta\t2026-01-01\n1\tb\t2026-01-02\n2\ta\t2026-01-01\n3\ta\t2026-01-01\n";
    let tabbed = folder.file("tabbed.tsv", log);
    let (out, svg) = (folder.file("map.json", ""), folder.file("map.svg", ""));
    assert_eq!(run(&["journey", "--log", &tabbed, "--out", &out, "--svg", &svg]), Ok(()));
    let map: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).expect("written")).expect("JSON");
    assert_eq!((map["events"].as_u64(), map["edges"][0]["count"].as_u64()), (Some(4), Some(1)));
    assert!(std::fs::read_to_string(&svg).expect("written").starts_with("<svg"));
    assert_eq!(run(&["journey", "--log", &tabbed, "--intended", "a > b?", "--json"]), Ok(()));
    assert!(complaint(&["journey", "--log", &tabbed, "--intended", "a>c"]).contains("`c` is no activity of the log; it has: a, b"));
    assert_eq!(run(&["next", "--train", &tabbed, "--json"]), Ok(()));
    assert_eq!(run(&["next", "--train", &tabbed, "--frozen", "--json"]), Ok(()));
    let unseen = folder.file("unseen.csv", "case,activity,timestamp\n9,never,2026-01-01\n9,seen,2026-01-02\n");
    assert_eq!(run(&["next", "--train", &tabbed, "--test", &unseen, "--json"]), Ok(()));
    let single = folder.file("single.csv", "case,activity,timestamp\n9,a,2026-01-01\n");
    assert!(complaint(&["next", "--train", &single]).contains("too few cases"));
    let bad = folder.file("bad.csv", "case,activity,timestamp\n1,a,yesterday\n");
    for command in [["journey", "--log"], ["next", "--train"]] {
        assert!(complaint(&[command[0], command[1], &bad]).contains("bad.csv: line 2, column `timestamp`: `yesterday`"));
    }
    assert!(complaint(&["journey", "--log", &tabbed, "--columns", "case=Order"]).contains("no column `Order`"));
    let noise: Vec<u8> = (0..5_000).map(|i| (i * 7 % 251) as u8).collect();
    assert!(run(&["journey", "--log", &folder.file("noise.bin", noise)]).is_err());
}

#[test]
fn recommendations_accept_the_odd_and_refuse_the_impossible() {
    let folder = Folder::new("recommend");
    let train = folder.file("train.csv", "customer_id,product_id,timestamp\nA,x,2026-01-01\nA,y,2026-01-02\nB,x,2026-01-03\nB,z,2026-01-03\n");
    let test = folder.file("test.csv", "customer_id,product_id,timestamp\nA,z,2026-02-01\nC,x,2026-02-01\nA,new,2026-02-01\n");
    assert_eq!(run(&["recommend", "--train", &train, "--test", &test]), Ok(()));
    let strangers = folder.file("strangers.csv", "customer_id,product_id,timestamp\nC,x,2026-02-01\n");
    assert!(complaint(&["recommend", "--train", &train, "--test", &strangers]).contains("nobody from the training file"));
    let blank = folder.file("blank.csv", "customer_id,product_id,timestamp\nA,,2026-02-01\n");
    assert!(complaint(&["recommend", "--train", &train, "--test", &blank]).contains("line 2, column `product_id`"));
}

/// Random damage to valid files: any answer but a panic is fine, and a refusal names the file.
#[test]
fn damaged_files_are_answered_without_panic() {
    let folder = Folder::new("fuzz");
    let log = b"case,activity,timestamp\n1,a,2026-01-01 10:00:00\n1,\"b, c\",2026-01-02\n2,a,2026-01-01\n2,d,2026-01-05\n3,a,2026-01-01\n";
    let sales = b"customer_id,date,amount\nA,2026-01-01,5\nA,2026-02-01,7\nB,2026-01-09,-3\nB,2026-01-10,4\n";
    let mut random = Random::new(7);
    let bytes = b"\"\n\r,;\t0-9\xff\0\xc3aZ.";
    for round in 0..400 {
        let valid: &[u8] = if round % 2 == 0 { log } else { sales };
        let mut damaged = valid.to_vec();
        for _ in 0..1 + random.below(6) {
            let place = random.below(damaged.len());
            match random.below(3) {
                0 => damaged[place] = bytes[random.below(bytes.len())],
                1 => damaged.insert(place, bytes[random.below(bytes.len())]),
                _ => drop(damaged.remove(place)),
            }
        }
        let file = folder.file("damaged.csv", &damaged);
        let result = if round % 2 == 0 {
            run(&["journey", "--log", &file, "--json"])
        } else {
            run(&[&["purchases", "--transactions", &file, "--model", "bg-nbd", "--json"][..], &DATES[..]].concat())
        };
        if let Err(reason) = result {
            let named = reason.contains("damaged.csv") || reason.contains("no customers");
            assert!(named, "{reason}");
        }
    }
}
