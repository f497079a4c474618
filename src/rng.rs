//! Chance without state: a draw is a function of (seed, who, about what, purpose).
//!
//! Nothing here remembers how many draws came before, so two worlds that differ in one choice still
//! share every other draw: common random numbers stay in step. The block is Philox4x32-10 (Salmon,
//! Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11), pinned by the
//! authors' published vectors. Samplers stand on `libm` and on basic arithmetic alone, so that a
//! digest is the same on every machine; `rand_distr` is their oracle in the tests.

mod elementary;
mod normal;
mod philox;
mod samplers;
#[cfg(test)]
mod tests;

pub use elementary::{exp, ln};
pub use normal::unit_normal;
pub use philox::philox4x32_10;
pub use samplers::{
    Alias, beta, binomial, exponential, gamma, lognormal, negative_binomial, normal, poisson,
};

/// What a draw decides. The number is part of the key: two purposes never share a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Purpose {
    // Who exists (the root `market.seed`).
    /// Models and the products they come in: popularity, price.
    Product = 1,
    /// Kind, country, catalogue size, pricing and scale of a seller.
    SellerProfile = 3,
    /// True quality of a seller.
    SellerQuality = 4,
    /// Reviews that a seller had when the run began.
    SellerHistory = 5,
    /// Which products a seller lists, and at what target price.
    SellerCatalogue = 6,
    /// Where a seller ships to, and which payments it takes.
    SellerShipping = 7,
    /// How many leads of a week there are, and how many of them sign.
    Cohort = 8,
    /// When a lead is met, and when it signs or is lost.
    Lead = 9,
    /// Country and payment method of a customer.
    Customer = 10,
    // What happens to them (the root `seed`).
    /// How many visits a cell gets in a tick.
    ArrivalCount = 32,
    /// Time, product and customer of a visit.
    Arrival = 33,
    /// Whether a shopper chooses or takes the box, and whether it leaves.
    Shopper = 34,
    /// What a shopper finds in a seller beyond price and stars.
    Taste = 35,
    /// Draws of a ranking policy.
    Policy = 36,
    /// Whether an order is cancelled, late, defective or misgraded.
    Outcome = 37,
    /// Handling and delivery times.
    Delay = 38,
    /// Whether, when and with how many stars an order is reviewed.
    Review = 39,
    /// Whether, when and why a unit goes back.
    Return = 40,
    /// What comes into a seller's stock.
    Supply = 41,
    /// Chance in a pricing strategy.
    Pricing = 42,
    /// Drift of true quality.
    Drift = 43,
    /// How long a stage of joining takes, and who gives up in it.
    Stage = 44,
    /// What an audit for the Quality Charter finds.
    Audit = 45,
    /// Who gets mystery orders, and who passes them.
    Mystery = 46,
    /// How many requests customers make, and how slow the answers are.
    Support = 48,
    /// What account managers propose, and whether sellers take it up.
    Proposal = 60,
    /// Whom competitive intelligence aims at.
    Aim = 61,
    /// Whether an experience makes a customer loyal or loses it.
    Mood = 51,
    /// Whom an event strikes that draws its target.
    Strike = 54,
    /// Which places of a slate a shopper looks at.
    Examination = 52,
    /// Whether a visit brings a new seller.
    Newcomer = 53,
    /// In which order a driver asks what a week asked.
    Traffic = 55,
    // Experiments.
    /// Where the points of a design lie.
    Design = 70,
    /// Which values a bootstrap draws again.
    Resample = 71,
    /// Which side of a test within one world somebody is on.
    Split = 72,
    // Load, on the wall clock.
    /// When the requests of a driver are due.
    Due = 90,
    /// How long a server of known answers works on a request.
    Served = 91,
}

/// A root of chance: the key under which draws are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    key: [u32; 2],
}

impl Dice {
    /// The root of chance of `seed` and the number of a world (0 for the first).
    pub fn new(seed: u64, world: u32) -> Self {
        // World 0 keeps the plain seed mixed once; others are far apart in key space.
        let mixed = mix64(seed ^ mix64(u64::from(world).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        Dice { key: [mixed as u32, (mixed >> 32) as u32] }
    }

    /// 128 bits about `who` and `about`, for `purpose`.
    #[inline]
    pub fn block(self, who: u64, about: u32, purpose: Purpose) -> Block {
        Block(philox4x32_10([who as u32, (who >> 32) as u32, about, purpose as u32], self.key))
    }

    /// An unending run of draws about `who` and `about`, for samplers that need an unknown number.
    pub fn stream(self, who: u64, about: u32, purpose: Purpose) -> Stream {
        Stream {
            key: self.key,
            counter: [who as u32, (who >> 32) as u32, about, purpose as u32],
            block: [0; 4],
            used: 4,
        }
    }

    /// A cheap seeded order between candidates that tie: the larger wins.
    ///
    /// Ties are frequent (every newcomer has the same prior), so this is one multiplication round
    /// rather than a Philox block; it decides nothing but an order between equals.
    pub fn tie(self, who: u64, about: u32) -> u64 {
        let key = u64::from(self.key[0]) | u64::from(self.key[1]) << 32;
        mix64(who ^ key ^ u64::from(about).wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }
}

/// One block of draws: four independent 32-bit numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block(pub [u32; 4]);

impl Block {
    /// The `i`-th number as a uniform in the open interval (0, 1), with 32 bits.
    pub fn unit(self, i: usize) -> f64 {
        unit32(self.0[i])
    }

    /// Numbers `2i` and `2i + 1` as a uniform in (0, 1) with 52 bits, for tails.
    pub fn fine_unit(self, i: usize) -> f64 {
        unit64(u64::from(self.0[2 * i]) | u64::from(self.0[2 * i + 1]) << 32)
    }

    /// The `i`-th number scaled to 0..n.
    pub fn below(self, i: usize, n: u32) -> u32 {
        ((u64::from(self.0[i]) * u64::from(n)) >> 32) as u32
    }
}

/// A uniform in (0, 1), never either end, from 32 bits.
pub fn unit32(bits: u32) -> f64 {
    (f64::from(bits) + 0.5) * (1.0 / 4_294_967_296.0)
}

/// A uniform in (0, 1), never either end, from the top 52 of 64 bits.
pub fn unit64(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// The finaliser of MurmurHash3 with Stafford's "Mix13" constants: a bijection of 64 bits.
pub fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Draws in sequence under one key; the block number is kept apart from the purpose.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox4x32_10(self.counter, self.key);
            // The purpose sits in the low half of the last word; blocks are counted in the high half.
            self.counter[3] = self.counter[3].wrapping_add(1 << 16);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// A uniform in (0, 1) with 52 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        let low = self.next_u32();
        unit64(u64::from(low) | u64::from(self.next_u32()) << 32)
    }

    /// A number in 0..n, by scaling; the bias of less than n / 2^32 is below what any test here sees.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u32
    }
}
