//! Evaluations of the `language` crate: how well it would understand a company's own customers.

mod faq;
mod feeling;
mod gaps;
mod input;
mod intents;
mod languages;
mod meaning;
mod pairs;
mod quotes;
mod report;
mod routing;

use std::path::PathBuf;
use std::process::ExitCode;

use input::Columns;

/// Options that every evaluation of language takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Print one JSON object instead of a report.
    #[arg(long)]
    json: bool,
    /// Names of columns in your files: `text=Message,label=Category`.
    #[arg(long, value_name = "NAME=COLUMN,…", default_value = "")]
    columns: Columns,
}

/// Options of evaluations that can read meaning.
#[derive(Debug, clap::Args)]
pub(crate) struct Reading {
    #[arg(long, value_enum, default_value = "words")]
    tier: Tier,
    /// Tier meaning: keep the texts' vectors in this folder, so that the next run over the same texts is quick.
    #[arg(long, value_name = "FOLDER")]
    keep_vectors: Option<PathBuf>,
}

/// How much machinery reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tier {
    /// Words and characters: always there, microseconds.
    Words,
    /// A sentence-embedding model beside them: needs `ennakoi model install`.
    Meaning,
}

#[derive(Debug, clap::Subcommand)]
pub enum LanguageCommand {
    /// Intents: train on labelled messages, measure on others.
    Intents(IntentsArguments),
    /// Questions and answers: find the article for each question.
    Faq(FaqArguments),
    /// Paraphrases: find the partner of each text among all.
    Pairs(PairsArguments),
    /// What must go to a person, and what need not.
    Routing(RoutingArguments),
    /// Negative, neutral or positive.
    Feeling(FeelingArguments),
    /// Which language a message is written in.
    Language(TestArguments),
    /// Needs that nobody wrote an article about, found among rejected questions.
    Gaps(GapsArguments),
    /// Quoted text stripped from mails.
    Quotes(QuotesArguments),
}

#[derive(Debug, clap::Args)]
pub struct IntentsArguments {
    /// Labelled messages to learn from (JSON lines, TSV or CSV: text, label; `oos` = none of the intents).
    #[arg(long)]
    train: PathBuf,
    /// Labelled messages to measure on.
    #[arg(long)]
    test: PathBuf,
    /// Labelled messages to fit probabilities and the threshold on (default: a part of the training messages).
    #[arg(long)]
    validation: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct FaqArguments {
    /// Articles (id, title, body; optional language, questions).
    #[arg(long)]
    articles: PathBuf,
    /// Questions (text, id of the right article; `oos` = none).
    #[arg(long)]
    questions: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct PairsArguments {
    /// Pairs (txt1, txt2; optional lexsim).
    #[arg(long)]
    pairs: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct RoutingArguments {
    /// Messages to measure on.
    #[arg(long)]
    test: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct TestArguments {
    /// Messages to measure on.
    #[arg(long)]
    test: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct FeelingArguments {
    /// Messages to measure on (text, label; optional language).
    #[arg(long)]
    test: PathBuf,
    /// Messages to learn from (default: the built-in lexicon alone).
    #[arg(long)]
    train: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct GapsArguments {
    /// Labelled messages of the needs that are known.
    #[arg(long)]
    known: PathBuf,
    /// Labelled messages that were asked.
    #[arg(long)]
    asked: PathBuf,
    /// Labels to hide from the known ones, and to find again.
    #[arg(long, value_delimiter = ',', required = true)]
    hidden_labels: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct QuotesArguments {
    /// Folder of `NN.txt` mails with `NN.expected.txt` beside them.
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(command: LanguageCommand, models: Option<PathBuf>) -> ExitCode {
    let models = models.unwrap_or_else(meaning::default_folder);
    let (result, json) = match &command {
        LanguageCommand::Intents(arguments) => (intents::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Faq(arguments) => (faq::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Pairs(arguments) => (pairs::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Routing(arguments) => (routing::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Feeling(arguments) => (feeling::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Language(arguments) => (languages::evaluate(arguments), arguments.common.json),
        LanguageCommand::Gaps(arguments) => (gaps::evaluate(arguments, &models), arguments.common.json),
        LanguageCommand::Quotes(arguments) => (quotes::evaluate(arguments), arguments.common.json),
    };
    match result {
        Ok(report) => {
            print!("{}", if json { report.json() } else { report.readable() });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<meaning::Missing>() { 2 } else { 1 })
        }
    }
}
