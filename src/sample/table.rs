//! How the tables of oddities and of flaws are written.
//!
//! Owns one macro, which takes rows and gives an enum; does not know what the rows mean.

/// Declares an enum from a table: each variant with its change, its outcome and its one line.
macro_rules! table {
    (
        $(#[$meta:meta])* $table:ident: $change:ty => $wanted:ty;
        $($name:ident = $made:expr => $outcome:expr, $doc:literal;)+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $table { $(#[doc = concat!($doc, ".")] $name,)+ }

        impl $table {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            const TABLE: &'static [($change, $wanted)] = &[$(($made, $outcome),)+];

            /// What a reader should make of it.
            pub fn wanted(self) -> $wanted {
                Self::TABLE[self as usize].1
            }

            /// How it is made.
            pub(super) fn change(self) -> &'static $change {
                &Self::TABLE[self as usize].0
            }
        }
    };
}

pub(super) use table;
