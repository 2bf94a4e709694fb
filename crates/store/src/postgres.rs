//! PostgreSQL through a connection pool.

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result, Row, Value, postgres_tls, trace};

#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: MakeRustlsConnect,
}

impl Postgres {
    pub(crate) async fn open(url: &str, connections: u32) -> Result<Self> {
        let (mut config, tls) = postgres_tls::configure(url)?;
        config.application_name("ennakoi");
        let wait = Some(std::time::Duration::from_secs(20));
        let manager = Manager::from_config(config.clone(), tls.clone(), ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(connections.max(2) as usize)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let postgres = Self { pool, config, tls };
        drop(postgres.client().await?);
        Ok(postgres)
    }

    pub(crate) async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match &error {
            // The text of the outer error leaves out what the server or the encryption said.
            PoolError::Backend(inner) => Error::Unavailable(with_causes(inner)),
            _ => Error::Unavailable(error.to_string()),
        })
    }

    pub(crate) async fn begin(&self, read_only: bool) -> Result<Transaction> {
        let client = self.client().await?;
        client.batch_execute(if read_only { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" }).await?;
        Ok(Transaction { client: Some(client) })
    }
}

/// An open transaction; rolled back when dropped.
pub(crate) struct Transaction {
    client: Option<Object>,
}

impl Transaction {
    fn client(&self) -> &Object {
        self.client.as_ref().expect("held until commit or drop")
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        let client = self.client.take().expect("held until commit or drop");
        // COMMIT of a failed transaction is a rollback that reports success: ask for the command tag.
        match client.simple_query("COMMIT").await {
            Ok(_) => Ok(()),
            Err(error) => {
                // The connection may be anywhere; it must not return to the pool.
                drop(Object::take(client));
                Err(error.into())
            }
        }
    }

    pub(crate) async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        trace::executed(sql);
        let statement = self.prepare(sql).await?;
        let values = parameters.iter().map(|value| value as &(dyn tokio_postgres::types::ToSql + Sync)).collect::<Vec<_>>();
        self.client().execute(&statement, &values).await.map_err(|error| named(error, sql))
    }

    pub(crate) async fn query(&self, sql: &str, parameters: &[Value], mut each: impl FnMut(Row) -> Result<bool> + Send) -> Result<()> {
        trace::executed(sql);
        let statement = self.prepare(sql).await?;
        let rows = self.client().query_raw(&statement, parameters).await.map_err(|error| named(error, sql))?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
            let row = decode(&row.map_err(|error| named(error, sql))?)?;
            if !each(row)? {
                break;
            }
        }
        Ok(())
    }

    async fn prepare(&self, sql: &str) -> Result<tokio_postgres::Statement> {
        self.client().prepare_cached(sql).await.map_err(|error| named(error, sql))
    }

    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client().batch_execute(sql).await?)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if client.batch_execute("ROLLBACK").await.is_err() {
                        drop(Object::take(client));
                    }
                });
            }
            Err(_) => drop(Object::take(client)),
        }
    }
}

/// An error with what caused it: the driver names what it does not understand only there.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn named(error: tokio_postgres::Error, sql: &str) -> Error {
    // What the database itself says beyond its message (its DETAIL) may quote a person's data, and errors are logged.
    let cause = match error.as_db_error() {
        Some(_) => String::new(),
        None => std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default(),
    };
    match Error::from(error) {
        Error::Statement(text) => Error::Statement(format!("{text} {cause} in: {sql}")),
        Error::Unavailable(text) if !cause.is_empty() => Error::Unavailable(format!("{text}: {cause} in: {sql}")),
        other => other,
    }
}

fn decode(row: &tokio_postgres::Row) -> Result<Row> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        values.push(match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(index)?.map_or(Value::Null, Value::Boolean),
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Integer),
            Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map_or(Value::Null, |it| Value::Integer(it.into())),
            Type::INT2 => row.try_get::<_, Option<i16>>(index)?.map_or(Value::Null, |it| Value::Integer(it.into())),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map_or(Value::Null, Value::Real),
            Type::FLOAT4 => row.try_get::<_, Option<f32>>(index)?.map_or(Value::Null, |it| Value::Real(it.into())),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => row.try_get::<_, Option<String>>(index)?.map_or(Value::Null, Value::Text),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map_or(Value::Null, Value::Blob),
            Type::UUID => row.try_get::<_, Option<RawUuid>>(index)?.map_or(Value::Null, |it| Value::Uuid(it.0)),
            ref other => {
                return Err(Error::Decode(format!("column {:?} has type {other}; CAST it to BIGINT, TEXT or DOUBLE PRECISION", column.name())));
            }
        });
    }
    Ok(Row::new(values))
}

struct RawUuid(uuid::Uuid);

impl<'a> tokio_postgres::types::FromSql<'a> for RawUuid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(uuid::Uuid::from_slice(raw)?))
    }
    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}
