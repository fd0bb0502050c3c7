//! SHA-256 (FIPS 180-4), piece by piece. Its constants are the fractions of roots of primes, so they are computed here.

pub struct Sha256 {
    state: [u32; 8],
    rounds: [u32; 64],
    block: [u8; 64],
    filled: usize,
    length: u64,
}

/// The first 32 bits behind the point of the `degree`-th root of a number: floor(2^32 * root) by halving the interval.
fn fraction_of_root(number: u128, degree: u32) -> u32 {
    let wanted = number << (32 * degree);
    let (mut low, mut high) = (0u128, 1u128 << 37);
    while high - low > 1 {
        let middle = (low + high) / 2;
        match middle.checked_pow(degree) {
            Some(power) if power <= wanted => low = middle,
            _ => high = middle,
        }
    }
    low as u32
}

fn primes(count: usize) -> Vec<u128> {
    (2u128..).filter(|n| (2..*n).all(|d| n % d != 0)).take(count).collect()
}

impl Sha256 {
    pub fn new() -> Sha256 {
        let primes = primes(64);
        let mut hash = Sha256 {
            state: [0; 8],
            rounds: [0; 64],
            block: [0; 64],
            filled: 0,
            length: 0,
        };
        for (place, prime) in hash.rounds.iter_mut().zip(&primes) {
            *place = fraction_of_root(*prime, 3);
        }
        for (place, prime) in hash.state.iter_mut().zip(&primes) {
            *place = fraction_of_root(*prime, 2);
        }
        hash
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.add(bytes);
    }

    pub fn hex(mut self) -> String {
        let bits = self.length * 8;
        let zeros = (119 - self.filled) % 64; // up to 8 bytes before the end of a block
        self.add(&[0x80]);
        self.add(&vec![0; zeros]);
        self.add(&bits.to_be_bytes());
        self.state.iter().map(|word| format!("{word:08x}")).collect()
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = bytes.len().min(64 - self.filled);
            self.block[self.filled..self.filled + count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
            if self.filled == 64 {
                self.compress();
                self.filled = 0;
            }
        }
    }

    fn compress(&mut self) {
        let mut w = [0u32; 64];
        for (word, bytes) in w.iter_mut().zip(self.block.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for t in 16..64 {
            let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ (w[t - 15] >> 3);
            let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ (w[t - 2] >> 10);
            w[t] = w[t - 16].wrapping_add(s0).wrapping_add(w[t - 7]).wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = self.state;
        for (constant, word) in self.rounds.iter().zip(w) {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let t1 = h
                .wrapping_add(s1)
                .wrapping_add(choice)
                .wrapping_add(*constant)
                .wrapping_add(word);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        }
        for (word, add) in self.state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = word.wrapping_add(add);
        }
    }
}
