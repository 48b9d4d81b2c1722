//! Typed rows: one struct per table of a read model, and what moves it in and out of PostgreSQL.

mod private;
mod word;

pub use private::{Closed, Opener, Private, open};
pub use word::Word;

use bytes::{BufMut, BytesMut};
use domain::Instant;
use serde::Serialize;
use std::{error::Error as StdError, fmt::Debug};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

/// Why a value cannot be sent.
pub type BoxError = Box<dyn StdError + Sync + Send>;

/// A column as the table has it.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub sql_type: Type,
    /// Whether a row may have nothing there.
    pub is_nullable: bool,
    /// Whether it may be personal. What is forgotten shows as nothing there.
    pub is_personal: bool,
    /// All that it may hold, if that is a closed set of words.
    pub words: fn() -> Vec<&'static str>,
}

impl Column {
    /// The column of a field of type `F`.
    pub const fn of<F: Field>(name: &'static str) -> Self {
        Self {
            name,
            sql_type: F::SQL_TYPE,
            is_nullable: F::IS_NULLABLE,
            is_personal: F::IS_PERSONAL,
            words: F::words,
        }
    }
}

/// One row of a read model. [`row!`](crate::row!) writes the implementation.
pub trait Row: Clone + Debug + PartialEq + Serialize + Send + Sync + 'static {
    /// The first is the key: text.
    const COLUMNS: &'static [Column];

    fn key(&self) -> &str;

    /// What a text column holds; nothing for other columns.
    fn text(&self, column: &str) -> Option<&str>;

    /// What of it is personal.
    fn personal(&mut self) -> Vec<&mut Private>;

    /// From a result that has exactly [`Row::COLUMNS`], in their order.
    fn read(row: &tokio_postgres::Row) -> Result<Self, tokio_postgres::Error>;

    /// `rows` turned round: one array parameter per column.
    fn arrays<'a>(rows: &'a [&'a Self]) -> Vec<Box<dyn ToSql + Sync + Send + 'a>>;

    /// Adds this row to a binary COPY.
    fn copy(&self, out: &mut BytesMut) -> Result<(), BoxError>;
}

/// A type that a row's field may have.
pub trait Field: Sized {
    const SQL_TYPE: Type;
    const IS_NULLABLE: bool = false;
    const IS_PERSONAL: bool = false;
    /// How it is sent.
    type Sent<'a>: ToSql + Sync + Send
    where
        Self: 'a;
    /// How it comes back.
    type Read: for<'a> FromSql<'a>;

    fn sent(&self) -> Self::Sent<'_>;
    fn from_read(read: Self::Read) -> Self;

    /// What it holds, if that is text.
    fn text(&self) -> Option<&str> {
        None
    }

    /// Itself, if it is personal.
    fn personal(&mut self) -> Option<&mut Private> {
        None
    }

    /// All that it may hold, if that is a closed set of words.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }
}

impl Field for String {
    const SQL_TYPE: Type = Type::TEXT;
    type Sent<'a> = &'a str;
    type Read = Self;

    fn sent(&self) -> &str {
        self
    }

    fn from_read(read: Self) -> Self {
        read
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

macro_rules! plain_field {
    ($($type:ty => $sql:ident),+) => {$(
        impl Field for $type {
            const SQL_TYPE: Type = Type::$sql;
            type Sent<'a> = Self;
            type Read = Self;

            fn sent(&self) -> Self {
                *self
            }

            fn from_read(read: Self) -> Self {
                read
            }
        }
    )+};
}

plain_field!(i64 => INT8, bool => BOOL, Instant => TIMESTAMPTZ);

impl<F: Field> Field for Option<F> {
    const SQL_TYPE: Type = F::SQL_TYPE;
    const IS_NULLABLE: bool = true;
    const IS_PERSONAL: bool = F::IS_PERSONAL;
    type Sent<'a>
        = Option<F::Sent<'a>>
    where
        F: 'a;
    type Read = Option<F::Read>;

    fn sent(&self) -> Option<F::Sent<'_>> {
        self.as_ref().map(Field::sent)
    }

    fn from_read(read: Option<F::Read>) -> Self {
        read.map(F::from_read)
    }

    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(Field::text)
    }

    fn personal(&mut self) -> Option<&mut Private> {
        self.as_mut().and_then(Field::personal)
    }

    fn words() -> Vec<&'static str> {
        F::words()
    }
}

/// A closed set of words, such as the statuses of an order.
pub trait Literal: Copy + Debug + PartialEq + Send + Sync + 'static {
    const ALL: &'static [Self];
    fn word(self) -> &'static str;
}

/// Adds one value to a binary COPY.
pub fn copy_field(field: &impl Field, out: &mut BytesMut) -> Result<(), BoxError> {
    copy_value(&field.sent(), &sql_type_of(field), out)
}

fn sql_type_of<F: Field>(_: &F) -> Type {
    F::SQL_TYPE
}

fn copy_value(value: &dyn ToSql, sql_type: &Type, out: &mut BytesMut) -> Result<(), BoxError> {
    const NULL: i32 = -1;
    let start = out.len();
    out.put_i32(NULL);
    if let IsNull::No = value.to_sql_checked(sql_type, out)? {
        let size = i32::try_from(out.len() - start - 4)?;
        out[start..start + 4].copy_from_slice(&size.to_be_bytes());
    }
    Ok(())
}

/// Declares the struct of a row; its first field is the key, a `String`. As JSON it is camelCase.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* pub struct $name:ident { $(#[$key_meta:meta])* pub $key:ident: String, $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(#[$key_meta])* pub $key: String,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::row::Row for $name {
            const COLUMNS: &'static [$crate::row::Column] = &[
                $crate::row::Column::of::<String>(stringify!($key)),
                $($crate::row::Column::of::<$type>(stringify!($field)),)*
            ];

            fn key(&self) -> &str {
                &self.$key
            }

            fn text(&self, column: &str) -> Option<&str> {
                use $crate::row::Field as _;
                match column {
                    stringify!($key) => Some(&self.$key),
                    $(stringify!($field) => self.$field.text(),)*
                    _ => None,
                }
            }

            fn personal(&mut self) -> Vec<&mut $crate::row::Private> {
                use $crate::row::Field as _;
                let mut found = Vec::new();
                $(found.extend(self.$field.personal());)*
                found
            }

            fn read(row: &::tokio_postgres::Row) -> ::std::result::Result<Self, ::tokio_postgres::Error> {
                let mut columns = 0..;
                let mut next = || columns.next().unwrap_or_default();
                Ok(Self {
                    $key: row.try_get(next())?,
                    $($field: <$type as $crate::row::Field>::from_read(row.try_get(next())?),)*
                })
            }

            fn arrays<'a>(rows: &'a [&'a Self]) -> Vec<Box<dyn ::tokio_postgres::types::ToSql + Sync + Send + 'a>> {
                use $crate::row::Field as _;
                vec![
                    Box::new(rows.iter().map(|row| row.$key.sent()).collect::<Vec<_>>()),
                    $(Box::new(rows.iter().map(|row| row.$field.sent()).collect::<Vec<_>>()),)*
                ]
            }

            fn copy(
                &self,
                out: &mut ::bytes::BytesMut,
            ) -> ::std::result::Result<(), Box<dyn ::std::error::Error + Sync + Send>> {
                ::bytes::BufMut::put_i16(out, <Self as $crate::row::Row>::COLUMNS.len() as i16);
                $crate::row::copy_field(&self.$key, out)?;
                $($crate::row::copy_field(&self.$field, out)?;)*
                Ok(())
            }
        }
    };
}

/// Lets a row hold one of the domain's status enums, which have `as_str`. The variants are listed
/// so that they can be found again; the match makes the compiler ask for a new one.
macro_rules! literal {
    ($type:ty: $($variant:ident),+) => {
        impl $crate::row::Literal for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => self.as_str(),)+
                }
            }
        }
    };
}
pub(crate) use literal;
