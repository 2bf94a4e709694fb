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
}
