//! Seeded randomness: ids, tags, branches, ports. A run is a function of (seed, inputs).
//!
//! **Invariants.** The seed comes from the operating system in production (never logged or journaled) and from
//! `SEED` in tests; nothing else in the pure half makes randomness.

use std::hash::BuildHasher;
use std::hash::DefaultHasher;
use std::hash::Hasher;

use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

/// A ChaCha20 generator.
#[derive(Clone, Debug)]
pub struct Random(ChaCha20Rng);

impl Random {
    /// Starts a generator from 32 bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// Starts a generator from a small number, for tests and the simulator.
    pub fn from_number(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Fills `bytes` with random bits.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias is below 2⁻³² for bounds under 2³².
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// An independent generator drawn from this one.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// `length` lower-case hexadecimal digits, for tags, branches and nonces.
    pub fn hex(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            use std::fmt::Write as _;
            let _ = write!(text, "{:016x}", self.next_u64());
        }
        text.truncate(length);
        text
    }
}

/// A keyed hasher for [`crate::base::Map`]: strangers cannot choose colliding keys, and a seed repeats a run.
#[derive(Clone, Debug)]
pub struct SeededHasher([u64; 2]);

impl SeededHasher {
    /// Draws the two keys.
    pub fn new(random: &mut Random) -> Self {
        Self([random.next_u64(), random.next_u64()])
    }
}

impl BuildHasher for SeededHasher {
    type Hasher = DefaultHasher;
    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0[0]);
        hasher.write_u64(self.0[1]);
        hasher
    }
}
