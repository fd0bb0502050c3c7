//! Numbers and texts as bytes, for the log and its snapshots.

#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn number(&mut self, number: i64) {
        self.bytes.extend(number.to_le_bytes());
    }

    pub fn float(&mut self, number: f64) {
        self.bytes.extend(number.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.bytes.extend(text.as_bytes());
    }
}

/// Reads what a `Writer` wrote. What it reads was whole, so it does not expect an early end.
pub struct Reader<'a> {
    pub rest: &'a [u8],
}

impl Reader<'_> {
    fn eight(&mut self) -> [u8; 8] {
        let (eight, rest) = self.rest.split_first_chunk().expect("eight bytes");
        self.rest = rest;
        *eight
    }

    pub fn number(&mut self) -> i64 {
        i64::from_le_bytes(self.eight())
    }

    pub fn float(&mut self) -> f64 {
        f64::from_le_bytes(self.eight())
    }

    pub fn text(&mut self) -> String {
        let length = self.number() as usize;
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

/// FNV-1a, eight bytes at a time: enough to tell a record that a kill cut off, and fast.
pub fn checksum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks_exact(8);
    let rest = words.remainder().iter().map(|byte| u64::from(*byte));
    let words = words.map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    let hash = words.chain(rest).fold(0xcbf2_9ce4_8422_2325, |hash: u64, word| {
        (hash ^ word).wrapping_mul(0x100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as u32
}
