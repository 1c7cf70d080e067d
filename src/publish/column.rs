//! Describe: how a row struct becomes columns (name, type, doc) and cells.

use std::cmp::Ordering;

use crate::model::{
    AgencyKind, Basis, CaseStage, DuplicateRole, Encoding, Format, LeadKind, Precision, Qualifier,
    RejectReason, RejectStage, Script,
};

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// Text out of a closed set.
    Enum(Vec<&'static str>),
    /// A whole number whose size stays under 2^53.
    I64,
    /// A finite number.
    F64,
    /// Yes or no.
    Bool,
    /// A day, as days since 1970-01-01.
    Date,
}

impl Kind {
    /// The word for it in the documentation.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Str => "str",
            Kind::Enum(_) => "enum",
            Kind::I64 => "i64",
            Kind::F64 => "f64",
            Kind::Bool => "bool",
            Kind::Date => "date",
        }
    }
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, stable over versions.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a row may leave it unknown.
    pub nullable: bool,
    /// What it means.
    pub doc: &'static str,
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not known.
    Null,
    /// Text, or the name of an enum's member.
    Str(&'a str),
    /// A whole number.
    I64(i64),
    /// A number.
    F64(f64),
    /// Yes or no.
    Bool(bool),
    /// Days since 1970-01-01.
    Date(i32),
}

impl<'a> Cell<'a> {
    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        if let Cell::Str(text) = self { Some(text) } else { None }
    }

    /// The whole number, if it is one.
    pub fn as_i64(self) -> Option<i64> {
        if let Cell::I64(number) = self { Some(number) } else { None }
    }

    /// The number, if it is one.
    pub fn as_f64(self) -> Option<f64> {
        if let Cell::F64(number) = self { Some(number) } else { None }
    }

    /// Yes or no, if it is that.
    pub fn as_bool(self) -> Option<bool> {
        if let Cell::Bool(value) = self { Some(value) } else { None }
    }

    /// The day, if it is one.
    pub fn as_date(self) -> Option<i32> {
        if let Cell::Date(days) = self { Some(days) } else { None }
    }
}

/// A Rust type that fills one column and is always known.
pub trait Scalar {
    /// The type of that column.
    fn kind() -> Kind;
    /// The value.
    fn cell(&self) -> Cell<'_>;
}

/// Implements [`Scalar`] for a type.
macro_rules! scalar {
    ($type:ty, $kind:expr, $self:ident => $cell:expr) => {
        impl Scalar for $type {
            fn kind() -> Kind {
                $kind
            }

            fn cell(&$self) -> Cell<'_> {
                $cell
            }
        }
    };
}

scalar!(String, Kind::Str, self => Cell::Str(self));
scalar!(i64, Kind::I64, self => Cell::I64(*self));
scalar!(f64, Kind::F64, self => Cell::F64(*self));
scalar!(bool, Kind::Bool, self => Cell::Bool(*self));
scalar!(i32, Kind::Date, self => Cell::Date(*self));

/// Implements [`Scalar`] for enums with `ALL` and `name`.
macro_rules! scalar_enum {
    ($($type:ty),+ $(,)?) => { $(
        scalar!(
            $type,
            Kind::Enum(<$type>::ALL.iter().map(|member| member.name()).collect()),
            self => Cell::Str(self.name())
        );
    )+ };
}
pub(super) use {scalar, scalar_enum};

scalar_enum!(
    AgencyKind,
    Basis,
    CaseStage,
    DuplicateRole,
    Encoding,
    Format,
    LeadKind,
    Precision,
    Qualifier,
    RejectReason,
    RejectStage,
    Script,
);

/// A field of a row: one column, an optional one, or a group of columns.
pub trait Field {
    /// Adds its columns; a group has names and docs of its own.
    fn columns(name: &'static str, doc: &'static str, into: &mut Vec<Column>);
    /// Adds its values, one for each column, in the same order.
    fn cells<'a>(&'a self, into: &mut Vec<Cell<'a>>);
}

impl<T: Scalar> Field for T {
    fn columns(name: &'static str, doc: &'static str, into: &mut Vec<Column>) {
        into.push(Column { name, kind: T::kind(), nullable: false, doc: doc.trim_ascii() });
    }

    fn cells<'a>(&'a self, into: &mut Vec<Cell<'a>>) {
        into.push(self.cell());
    }
}

impl<T: Scalar> Field for Option<T> {
    fn columns(name: &'static str, doc: &'static str, into: &mut Vec<Column>) {
        into.push(Column { name, kind: T::kind(), nullable: true, doc: doc.trim_ascii() });
    }

    fn cells<'a>(&'a self, into: &mut Vec<Cell<'a>>) {
        into.push(self.as_ref().map_or(Cell::Null, Scalar::cell));
    }
}

/// Columns that name a row of another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refer {
    /// The columns here; a null refers to nothing.
    pub columns: &'static [&'static str],
    /// The other table.
    pub table: &'static str,
    /// Its columns.
    pub to: &'static [&'static str],
}

/// A row of a table.
pub trait Row: Field {
    /// The table's name.
    const NAME: &'static str;
    /// What one row is.
    const DOC: &'static str;
    /// The columns that name a row; rows are sorted by them.
    const KEY: &'static [&'static str];
    /// What it refers to.
    const REFERS: &'static [Refer];
    /// For a summary: which rows it was made from. `None` for a table of its own.
    const MADE_FROM: Option<&'static str>;

    /// Order by key.
    fn order(&self, other: &Self) -> Ordering;
}

/// The columns of a table, in order.
pub fn columns<R: Row>() -> Vec<Column> {
    let mut columns = Vec::new();
    <R as Field>::columns("", "", &mut columns);
    columns
}

/// The values of a row, one for each column.
pub fn cells<R: Row>(row: &R) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    row.cells(&mut cells);
    cells
}

/// Declares a struct whose fields are columns; the docs of the fields are the docs of the columns.
macro_rules! column_group {
    ($(#[doc = $about:literal])+ $(#[derive($($trait:ident),+)])? pub struct $row:ident {
        $($(#[doc = $doc:literal])+ pub $field:ident: $type:ty,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq $($(, $trait)+)?)]
        pub struct $row { $($(#[doc = $doc])+ pub $field: $type,)+ }

        impl Field for $row {
            fn columns(_: &'static str, _: &'static str, into: &mut Vec<Column>) {
                $(<$type as Field>::columns(stringify!($field), concat!($($doc),+), into);)+
            }

            fn cells<'a>(&'a self, into: &mut Vec<Cell<'a>>) {
                $(Field::cells(&self.$field, into);)+
            }
        }
    };
}

/// Declares the row of a table: `"name", key(columns), refers((columns) -> table(columns), …)`, then
/// `made_from "…"` for a summary, then the struct.
macro_rules! table {
    ($name:literal, key($($key:ident),+),
     refers($(($($column:ident),+) -> $table:ident($($to:ident),+)),* $(,)?),
     $(made_from $from:literal,)?
     $(#[doc = $about:literal])+ pub struct $row:ident { $($fields:tt)+ }) => {
        column_group! { $(#[doc = $about])+ pub struct $row { $($fields)+ } }

        impl Row for $row {
            const NAME: &'static str = $name;
            const DOC: &'static str = concat!($($about),+).trim_ascii();
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const REFERS: &'static [Refer] = &[$(Refer {
                columns: &[$(stringify!($column)),+],
                table: stringify!($table),
                to: &[$(stringify!($to)),+],
            }),*];
            const MADE_FROM: Option<&'static str> = table!(@from $($from)?);

            fn order(&self, other: &Self) -> Ordering {
                Ordering::Equal$(.then_with(|| self.$key.cmp(&other.$key)))+
            }
        }
    };
    (@from) => { None };
    (@from $from:literal) => { Some($from) };
}
pub(super) use {column_group, table};
