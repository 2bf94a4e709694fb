//! The few real differences between SQLite and PostgreSQL.

/// Which database is underneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Ends a `SELECT … FROM work …` that claims rows, so that two nodes never claim the same. SQLite has one writer.
    #[must_use]
    pub const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// The names of our tables.
    #[must_use]
    pub const fn table_names(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Self::Postgres => "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()",
        }
    }

    /// Ends a `SELECT` of one row whose change must not interleave with another.
    #[must_use]
    pub const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The text of a top-level key of a JSON document stored as text. `key` is a literal of the program, never input.
    #[must_use]
    pub fn json_text(self, column: &str, key: &str) -> String {
        debug_assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        match self {
            Self::Sqlite => format!("json_extract({column}, '$.{key}')"),
            Self::Postgres => format!("({column}::jsonb ->> '{key}')"),
        }
    }

    /// The text of a top-level key named by parameter `$n` of a JSON document stored as text.
    #[must_use]
    pub fn json_text_parameter(self, column: &str, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value FROM json_each({column}) WHERE key = ${parameter})"),
            Self::Postgres => format!("({column}::jsonb ->> ${parameter}::text)"),
        }
    }
}
