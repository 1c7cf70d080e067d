//! Bits: ascending numbers in few bytes, by the differences between them.

/// Ascending numbers below 2^56, written as Rice codes: about two bits for each above what they need.
pub(super) fn write(numbers: &[u64], bytes: &mut Vec<u8>) {
    let low = low_bits(numbers.len(), numbers.last().copied().unwrap_or(0));
    bytes.push(low);
    let mut writer = Writer { bytes, held: 0, count: 0 };
    let mut last = 0;
    for &number in numbers {
        let difference = number - last;
        last = number;
        for _ in 0..difference >> low {
            writer.push(0, 1);
        }
        writer.push(1, 1);
        writer.push(difference & ((1 << low) - 1), low);
    }
    writer.end();
}

/// The numbers that [`write`] wrote; `None` if the bytes are not from there.
pub(super) fn read(count: usize, bytes: &[u8]) -> Option<Vec<u64>> {
    let (&low, bytes) = bytes.split_first()?;
    if low > 56 {
        return None;
    }
    let mut reader = Reader { bytes, held: 0, count: 0 };
    let mut numbers = Vec::with_capacity(count);
    let mut last = 0_u64;
    for _ in 0..count {
        let difference = reader.unary()?.checked_shl(u32::from(low))? | reader.take(low)?;
        last = last.checked_add(difference)?;
        numbers.push(last);
    }
    Some(numbers)
}

/// How many bits of a difference are written as they are.
fn low_bits(count: usize, last: u64) -> u8 {
    let mean = last / (count.max(1) as u64);
    u8::try_from(mean.checked_ilog2().unwrap_or(0)).unwrap_or(56).min(56)
}

struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    /// Bits not written yet, the first one lowest.
    held: u64,
    count: u8,
}

impl Writer<'_> {
    /// Up to 56 bits.
    fn push(&mut self, bits: u64, count: u8) {
        self.held |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push((self.held & 0xff).to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn end(mut self) {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    held: u64,
    count: u8,
}

impl Reader<'_> {
    /// Holds at least 57 bits, or all that are left.
    fn fill(&mut self) {
        while self.count <= 56 {
            let Some((&byte, rest)) = self.bytes.split_first() else { return };
            self.bytes = rest;
            self.held |= u64::from(byte) << self.count;
            self.count += 8;
        }
    }

    /// The zeros before the next one.
    fn unary(&mut self) -> Option<u64> {
        let mut zeros = 0;
        loop {
            self.fill();
            if self.held != 0 {
                let here = self.held.trailing_zeros();
                self.take(u8::try_from(here + 1).ok()?)?;
                return Some(zeros + u64::from(here));
            }
            if self.count == 0 {
                return None;
            }
            zeros += u64::from(self.count);
            self.count = 0;
        }
    }

    fn take(&mut self, count: u8) -> Option<u64> {
        self.fill();
        if self.count < count {
            return None;
        }
        let taken = self.held & ((1_u64 << count.min(63)) - 1);
        self.held = self.held.checked_shr(u32::from(count)).unwrap_or(0);
        self.count -= count;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[u64], at_most: usize) {
        let mut bytes = Vec::new();
        write(numbers, &mut bytes);
        assert!(bytes.len() <= at_most, "{} bytes", bytes.len());
        assert_eq!(read(numbers.len(), &bytes).as_deref(), Some(numbers));
        bytes.pop();
        assert!(numbers.is_empty() || read(numbers.len(), &bytes).is_none());
    }

    #[test]
    fn numbers_come_back() {
        check(&[], 1);
        check(&[0], 2);
        check(&[0, 0, 0, 1], 2);
        check(&[5, 6, 1 << 39], 20);
        let spread: Vec<u64> = (1..61).map(|i| i * 286_331_153 + i % 7).collect();
        check(&spread, 228);
        assert_eq!(read(3, &[]), None);
        assert_eq!(read(3, &[200, 1]), None);
        assert_eq!(read(1, &[0, 0, 0, 0]), None);
    }
}
