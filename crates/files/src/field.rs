//! A column of rows: its name, and its PostgreSQL type.

/// A column, as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// OID of its type in `pg_type`.
    pub oid: u32,
    /// Type modifier (length, precision), -1 where there is none.
    pub modifier: i32,
}

/// The types whose values a file may keep as more than text, by their OIDs in `pg_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Bytes,
    Int16,
    Int32,
    Int64,
    Oid,
    Float32,
    Float64,
    /// Digits in all and behind the point, where both are bounded.
    Numeric(Option<(u16, i16)>),
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Jsonb,
    /// Text in the server's binary format, too.
    Text,
    /// Anything else: as the server prints it.
    Other,
}

/// A type and its array type.
const TYPES: &[(u32, u32, Type)] = &[
    (16, 1000, Type::Bool),
    (17, 1001, Type::Bytes),
    (18, 1002, Type::Text), // "char"
    (19, 1003, Type::Text), // name
    (20, 1016, Type::Int64),
    (21, 1005, Type::Int16),
    (23, 1007, Type::Int32),
    (25, 1009, Type::Text),
    (26, 1028, Type::Oid),
    (114, 199, Type::Json),
    (700, 1021, Type::Float32),
    (701, 1022, Type::Float64),
    (1042, 1014, Type::Text), // character
    (1043, 1015, Type::Text), // character varying
    (1082, 1182, Type::Date),
    (1083, 1183, Type::Time),
    (1114, 1115, Type::Timestamp),
    (1184, 1185, Type::TimestampTz),
    (1186, 1187, Type::Interval),
    (1700, 1231, Type::Numeric(None)),
    (2950, 2951, Type::Uuid),
    (3802, 3807, Type::Jsonb),
];

/// What arrays are told by where their elements are only text.
const OTHER_ARRAYS: &[u32] = &[
    143, 271, 629, 651, 719, 775, 791, 1008, 1010, 1011, 1012, 1017, 1018, 1019, 1020, 1027, 1034,
    1040, 1041, 1263, 1270, 1561, 1563, 2201, 2207, 2208, 2209, 2210, 2211, 2287, 2949, 3221, 3643,
    3644, 3645, 3735, 3770, 3905, 3907, 3909, 3911, 3913, 3927, 4073, 4090, 4097, 5039, 6150, 6151,
    6152, 6153, 6155, 6157,
];

impl Field {
    /// Whether its values are numbers, NaN among them.
    pub(crate) fn is_number(&self) -> bool {
        use Type::{Float32, Float64, Int16, Int32, Int64, Numeric, Oid};
        let (kind, is_array) = self.kind();
        let whole = matches!(kind, Int16 | Int32 | Int64 | Oid);
        (whole || matches!(kind, Float32 | Float64 | Numeric(_))) && !is_array
    }

    /// Its type; of an array, its elements'. The second tells whether it is an array.
    pub(crate) fn kind(&self) -> (Type, bool) {
        let found = TYPES
            .iter()
            .find(|(oid, array, _)| self.oid == *oid || self.oid == *array);
        match found {
            Some((oid, _, Type::Numeric(_))) => (self.numeric(), self.oid != *oid),
            Some((oid, _, kind)) => (*kind, self.oid != *oid),
            None => (Type::Other, OTHER_ARRAYS.contains(&self.oid)),
        }
    }

    fn numeric(&self) -> Type {
        // Precision above, scale below in eleven bits with its sign; four is added to both.
        Type::Numeric(self.modifier.checked_sub(4).filter(|m| *m >= 0).map(|m| {
            let scale = ((m & 0x7ff) ^ 1024) - 1024;
            // Eleven and sixteen bits.
            (((m >> 16) & 0xffff) as u16, scale as i16)
        }))
    }
}
