//! Keys: one value, or a tuple of them.

use crate::parameter::{Parameter, ToSql, Value};

/// What a row is found by.
pub trait Key {
    /// Its values, in the order of the key's columns.
    fn parameters(&self) -> Vec<Parameter>;
}

impl<T: Value> Key for T {
    fn parameters(&self) -> Vec<Parameter> {
        vec![self.parameter()]
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)+) => {$(
        impl<$($name: Value),+> Key for ($($name,)+) {
            fn parameters(&self) -> Vec<Parameter> {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                vec![$($name.parameter()),+]
            }
        }
    )+};
}

tuples! {
    A B;
    A B C;
    A B C D;
}
