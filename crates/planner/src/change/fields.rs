//! A row of the action-class table.

use rackwright_api::ActionClass;

/// What happens to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was absent and is there.
    Set,
    /// It has another value.
    Change,
    /// It was there and is absent.
    Unset,
}

/// A field and what changing it does to a node.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The field, with `*` where a key or a number stands: `host.sysctls["*"]`, `rails[*].mtu`.
    pub path: &'static str,
    /// What it does to set the field where it was absent.
    pub set: ActionClass,
    /// What it does to change it.
    pub change: ActionClass,
    /// What it does to take it away.
    pub unset: ActionClass,
    /// Why.
    pub reason: &'static str,
    /// Where the facts stand: sections of `node-config.md`, or this project's own documents.
    pub source: &'static str,
}

impl Field {
    /// The class of one turn of the field.
    pub const fn class(&self, turn: Turn) -> ActionClass {
        match turn {
            Turn::Set => self.set,
            Turn::Change => self.change,
            Turn::Unset => self.unset,
        }
    }

    /// The path with its keys in place of the stars, in order.
    pub(super) fn at(&self, keys: &[&str]) -> String {
        let mut parts = self.path.split('*');
        let mut path = parts.next().unwrap_or_default().to_owned();
        for (part, key) in parts.zip(keys) {
            path.push_str(key);
            path.push_str(part);
        }
        path
    }
}

/// Declares rows: a static for each, and the table of all. One class stands for all three turns; otherwise they are in
/// the order set, change, unset.
macro_rules! fields {
    ($($ident:ident = $path:literal: $set:ident $($change:ident $unset:ident)?, $reason:literal, $source:literal;)*) => {
        $(
            pub(super) static $ident: Field = Field {
                path: $path,
                set: ActionClass::$set,
                change: fields!(@second $set $($change $unset)?),
                unset: fields!(@third $set $($change $unset)?),
                reason: $reason,
                source: $source,
            };
        )*

        /// Every field with its action class, in the order of the objects.
        pub static FIELDS: &[&Field] = &[$(&$ident),*];
    };
    (@second $one:ident) => { ActionClass::$one };
    (@second $one:ident $two:ident $three:ident) => { ActionClass::$two };
    (@third $one:ident) => { ActionClass::$one };
    (@third $one:ident $two:ident $three:ident) => { ActionClass::$three };
}

pub(super) use fields;
