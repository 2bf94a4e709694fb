//! The one numbered series of migrations.

use ennakoi_store::migrate::Migration;

macro_rules! migrations {
    ($($version:literal $name:literal $sqlite:literal $postgres:literal),+ $(,)?) => {
        /// All steps in order.
        pub const ALL: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/", $sqlite)),
            postgres: include_str!(concat!("../../../migrations/", $postgres)),
        }),+];
    };
}

migrations! {
    1 "store" "0001_store.sql" "0001_store.sql",
    2 "search" "0002_search.sqlite.sql" "0002_search.postgres.sql",
    3 "people" "0003_people.sql" "0003_people.sql",
    4 "inbox" "0004_inbox.sql" "0004_inbox.sql",
    5 "chat" "0005_chat.sql" "0005_chat.sql",
    6 "help" "0006_help.sql" "0006_help.sql",
    7 "commerce" "0007_commerce.sql" "0007_commerce.sql",
    8 "bot" "0008_bot.sql" "0008_bot.sql",
    9 "webhooks" "0009_webhooks.sql" "0009_webhooks.sql",
    10 "bot_flows" "0010_bot_flows.sql" "0010_bot_flows.sql",
    11 "email" "0011_email.sql" "0011_email.sql",
    12 "desk" "0012_desk.sql" "0012_desk.sql",
    13 "rules" "0013_rules.sql" "0013_rules.sql",
    14 "seam" "0014_seam.sql" "0014_seam.sql",
    15 "meaning" "0015_meaning.sql" "0015_meaning.sql",
    16 "bot_gaps" "0016_bot_gaps.sql" "0016_bot_gaps.sql",
    17 "history" "0017_history.sql" "0017_history.sql",
    18 "language_model" "0018_language_model.sql" "0018_language_model.sql",
    19 "care_and_guides" "0019_care_and_guides.sql" "0019_care_and_guides.sql",
    20 "sending" "0020_sending.sql" "0020_sending.sql",
    21 "deliveries_and_levels" "0021_deliveries_and_levels.sql" "0021_deliveries_and_levels.sql",
    22 "authority" "0022_authority.sql" "0022_authority.sql",
    23 "arrival" "0023_arrival.sql" "0023_arrival.sql",
    24 "search_follower" "0024_search_follower.sql" "0024_search_follower.sql",
    25 "quality" "0025_quality.sql" "0025_quality.sql",
    26 "training" "0026_training.sql" "0026_training.sql",
    27 "notices" "0027_notices.sql" "0027_notices.sql",
    28 "plans" "0028_plans.sql" "0028_plans.sql",
}
