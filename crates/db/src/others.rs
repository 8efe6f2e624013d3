//! Types of other crates, where the notebook depends on them.

use std::borrow::Cow;

use crate::parameter::Value;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A type of another crate that stands for one of ours, by way of its text.
macro_rules! stands_for {
    ($other:ty, $ours:ty, $cast:literal, |$text:ident| $read:expr, |$value:ident| $write:expr) => {
        impl FromSql for $other {
            fn accepts(ty: &Type<'_>) -> bool {
                <$ours>::accepts(ty)
            }

            fn from_sql(_: &Type<'_>, $text: &str) -> Result<Self, Unreadable> {
                $read
            }
        }

        impl Value for $other {
            fn cast() -> Option<Cow<'static, str>> {
                Some($cast.into())
            }

            fn text(&self) -> Option<String> {
                let $value = self;
                Some($write)
            }
        }
    };
}

#[cfg(feature = "uuid")]
stands_for!(
    uuid::Uuid,
    crate::Uuid,
    "uuid",
    |text| Ok(uuid::Uuid::from_u128(text.parse::<crate::Uuid>()?.0)),
    |value| crate::Uuid(value.as_u128()).to_string()
);

#[cfg(feature = "serde_json")]
stands_for!(
    serde_json::Value,
    crate::Json,
    "jsonb",
    |text| serde_json::from_str(text).map_err(|why| Unreadable(format!("no JSON: {why}"))),
    |value| value.to_string()
);

#[cfg(feature = "rust_decimal")]
stands_for!(
    rust_decimal::Decimal,
    crate::Numeric,
    "numeric",
    |text| text
        .parse()
        .map_err(|_| Unreadable::new(text, "Decimal: read it as db::Numeric")),
    |value| value.to_string()
);

/// Chrono's times, which know neither infinities nor all of PostgreSQL's years.
#[cfg(feature = "chrono")]
mod chrono_times {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

    use super::*;
    use crate::{Date, Time, Timestamp, Timestamptz};

    fn out_of_range(text: &str) -> Unreadable {
        Unreadable::new(text, "time that chrono has: read it as db's own type")
    }

    fn y2000() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2000, 1, 1)
            .unwrap_or_default()
            .and_time(NaiveTime::MIN)
    }

    fn moment(microseconds: i64) -> Option<NaiveDateTime> {
        y2000().checked_add_signed(TimeDelta::microseconds(microseconds))
    }

    fn since_2000(moment: NaiveDateTime) -> i64 {
        (moment - y2000()).num_microseconds().unwrap_or(i64::MAX)
    }

    stands_for!(
        NaiveDate,
        Date,
        "date",
        |text| {
            let date: Date = text.parse()?;
            let moment = moment(date.at(Time::default()).microseconds).filter(|_| date.is_finite());
            moment
                .map(|moment| moment.date())
                .ok_or_else(|| out_of_range(text))
        },
        |value| Timestamp {
            microseconds: since_2000(value.and_time(NaiveTime::MIN))
        }
        .date()
        .to_string()
    );
    stands_for!(
        NaiveTime,
        Time,
        "time",
        |text| {
            let time: Time = text.parse()?;
            let (hour, minute, second, microsecond) = time.hms();
            NaiveTime::from_hms_micro_opt(hour, minute, second, microsecond)
                .ok_or_else(|| out_of_range(text))
        },
        |value| value.format("%H:%M:%S%.6f").to_string()
    );
    stands_for!(
        NaiveDateTime,
        Timestamp,
        "timestamp",
        |text| {
            let at: Timestamp = text.parse()?;
            let moment = moment(at.microseconds).filter(|_| at.is_finite());
            moment.ok_or_else(|| out_of_range(text))
        },
        |value| Timestamp {
            microseconds: since_2000(*value)
        }
        .to_string()
    );
    stands_for!(
        DateTime<Utc>,
        Timestamptz,
        "timestamptz",
        |text| {
            let at: Timestamptz = text.parse()?;
            let moment = moment(at.microseconds).filter(|_| at.is_finite());
            moment
                .map(|moment| moment.and_utc())
                .ok_or_else(|| out_of_range(text))
        },
        |value| Timestamptz {
            microseconds: since_2000(value.naive_utc())
        }
        .to_string()
    );
}
