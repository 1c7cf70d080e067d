//! Pack: values to bytes and back, for the store. What does not read back whole is `None`, never a guess.
//!
//! Each type lists its members once, and a member that is missing here does not compile. That is why there
//! is no second set of structs: the bytes are a cache that any other build throws away.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::acquire::Stamp;
use crate::assemble::Told;
use crate::model::{
    Agency, AgencyKind, Article, ArticleId, Basis, Case, CaseStage, Date, Encoding, Extracted,
    Figure, Format, Found, Label, Lead, LeadKind, Mapped, Measure, Number, Offence, Price,
    Published, Qualifier, Reject, RejectReason, RejectStage, Repair, Script, Statistic,
};

/// A value that can be kept as bytes.
pub(super) trait Pack: Sized {
    /// Adds its bytes.
    fn pack(&self, into: &mut Vec<u8>);
    /// Takes its bytes from the front; `None` if they are not such a value.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

/// The bytes of a value.
pub(super) fn packed(value: &impl Pack) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.pack(&mut bytes);
    bytes
}

/// The value that exactly these bytes hold.
pub(super) fn unpacked<T: Pack>(mut bytes: &[u8]) -> Option<T> {
    let value = T::unpack(&mut bytes)?;
    bytes.is_empty().then_some(value)
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

/// Seven bits a byte, the lowest first: most numbers here are small.
impl Pack for u64 {
    fn pack(&self, into: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            into.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        into.push((rest & 0x7f) as u8);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = *take(from, 1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// Packs an unsigned type as `u64`.
macro_rules! pack_as_u64 {
    ($($type:ty),+) => { $(
        impl Pack for $type {
            fn pack(&self, into: &mut Vec<u8>) {
                u64::from(*self).pack(into);
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                <$type>::try_from(u64::unpack(from)?).ok()
            }
        }
    )+ };
}
pack_as_u64!(u8, u16, u32);

impl Pack for usize {
    fn pack(&self, into: &mut Vec<u8>) {
        u64::try_from(*self).unwrap_or(u64::MAX).pack(into);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        usize::try_from(u64::unpack(from)?).ok()
    }
}

/// Packs a type as its little-endian bytes.
macro_rules! pack_bytes {
    ($($type:ty),+) => { $(
        impl Pack for $type {
            fn pack(&self, into: &mut Vec<u8>) {
                into.extend(self.to_le_bytes());
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                let bytes = take(from, size_of::<$type>())?;
                Some(<$type>::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )+ };
}
pack_bytes!(i8, i16, i64, f64);

impl<const N: usize> Pack for [u8; N] {
    fn pack(&self, into: &mut Vec<u8>) {
        into.extend(self);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        take(from, N)?.try_into().ok()
    }
}

impl Pack for bool {
    fn pack(&self, into: &mut Vec<u8>) {
        into.push(u8::from(*self));
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match take(from, 1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Pack for String {
    fn pack(&self, into: &mut Vec<u8>) {
        self.len().pack(into);
        into.extend(self.as_bytes());
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let length = usize::unpack(from)?;
        std::str::from_utf8(take(from, length)?).ok().map(str::to_owned)
    }
}

impl Pack for Arc<str> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.len().pack(into);
        into.extend(self.as_bytes());
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        String::unpack(from).map(Arc::from)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.is_some().pack(into);
        if let Some(value) = self {
            value.pack(into);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.len().pack(into);
        self.iter().for_each(|value| value.pack(into));
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        // Nothing is reserved for a length that may be damaged.
        (0..usize::unpack(from)?).map(|_| T::unpack(from)).collect()
    }
}

impl<T: Pack + Ord> Pack for BTreeSet<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.len().pack(into);
        self.iter().for_each(|value| value.pack(into));
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        (0..usize::unpack(from)?).map(|_| T::unpack(from)).collect()
    }
}

impl<K: Pack + Ord, V: Pack> Pack for BTreeMap<K, V> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.len().pack(into);
        for (key, value) in self {
            key.pack(into);
            value.pack(into);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        (0..usize::unpack(from)?).map(|_| Some((K::unpack(from)?, V::unpack(from)?))).collect()
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, into: &mut Vec<u8>) {
        self.0.pack(into);
        self.1.pack(into);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl Pack for Range<usize> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.start.pack(into);
        self.end.pack(into);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(usize::unpack(from)?..usize::unpack(from)?)
    }
}

/// Packs enums with `ALL` by their place in it.
macro_rules! pack_enum {
    ($($type:ty),+ $(,)?) => { $(
        impl Pack for $type {
            fn pack(&self, into: &mut Vec<u8>) {
                <$type>::ALL.iter().position(|member| member == self).unwrap_or(usize::MAX).pack(into);
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                <$type>::ALL.get(usize::unpack(from)?).copied()
            }
        }
    )+ };
}
pack_enum!(
    AgencyKind,
    Basis,
    CaseStage,
    Encoding,
    Format,
    LeadKind,
    Measure,
    Qualifier,
    RejectReason,
    RejectStage,
    Repair,
    Script,
);

/// Packs a struct member by member.
macro_rules! pack_struct {
    ($($type:ident $(<$generic:ident>)? { $($member:ident),+ $(,)? })+) => { $(
        impl $(<$generic: Pack>)? Pack for $type $(<$generic>)? {
            fn pack(&self, into: &mut Vec<u8>) {
                let $type { $($member),+ } = self;
                $($member.pack(into);)+
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                Some($type { $($member: Pack::unpack(from)?),+ })
            }
        }
    )+ };
}
pub(super) use pack_struct;

pack_struct! {
    ArticleId { file, record }
    Published { date, basis }
    Article { id, format, encoding, script, repairs, title, publisher, url, published, body,
        content_hash, self_repeats, bytes }
    Reject { id, stage, reason, detail, bytes }
    Found<T> { value, span, rule }
    Number { value, low, high, qualifier }
    Lead { name, kind }
    Agency { name, kind }
    Price { low, high }
    Offence { name, code }
    Case { ordinal, span, headline, lead, agency, division, offence, stage, action_date, numbers,
        price, campaign, confidence }
    Figure { case, role, number, unit, subject }
    Statistic { metric, subject, number, unit, period_start, period_end, division, campaign }
    Extracted { cases, statistics, figures }
    Label { facet, code, span, rule }
    Told { extracted, labels }
    Stamp { size, modified, changed, inode }
}

/// A body is kept apart from what is known of it, and its map is not kept: what is asked of the map is
/// answered before.
impl Pack for Mapped {
    fn pack(&self, _: &mut Vec<u8>) {}

    fn unpack(_: &mut &[u8]) -> Option<Self> {
        Some(Mapped::default())
    }
}

impl Pack for Date {
    fn pack(&self, into: &mut Vec<u8>) {
        self.year().pack(into);
        self.month().pack(into);
        self.day().pack(into);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Date::new(Pack::unpack(from)?, Pack::unpack(from)?, Pack::unpack(from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(unpacked::<u64>(&packed(&number)), Some(number));
        }
        let found = Found::new(Number { low: None, ..Number::exact(1.5) }, 3..9, "规则");
        assert_eq!(unpacked::<Found<Number>>(&packed(&found)), Some(found));
        let names: BTreeMap<u32, Vec<Option<String>>> = [(7, vec![None, Some("案".into())])].into();
        assert_eq!(unpacked(&packed(&names)), Some(names));
        let date = Date::new(2024, Some(2), None);
        assert_eq!(unpacked::<Option<Date>>(&packed(&date)), Some(date));
    }

    #[test]
    fn what_is_cut_or_damaged_is_no_value() {
        let label = Label {
            facet: "method".into(),
            code: "insider".into(),
            span: (3, 9),
            rule: Arc::from("r"),
        };
        let bytes = packed(&label);
        for length in 0..bytes.len() {
            assert_eq!(unpacked::<Label>(&bytes[..length]), None);
        }
        assert_eq!(unpacked::<Label>(&[bytes.as_slice(), &[0]].concat()), None);
        // A length larger than what follows reserves nothing and gives nothing.
        assert_eq!(unpacked::<Vec<u64>>(&packed(&u64::MAX)), None);
        assert_eq!(unpacked::<Date>(&packed(&(2023_i16, (Some(2_i8), Some(30_i8))))), None);
        assert_eq!(unpacked::<Script>(&packed(&9_u8)), None);
    }
}
