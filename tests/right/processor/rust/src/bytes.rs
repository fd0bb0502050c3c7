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

/// CRC-32 as in Ethernet and gzip.
pub fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8)
    })
}

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}
