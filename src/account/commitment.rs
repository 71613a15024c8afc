//! The secrecy commitment (保密承诺): who has signed the text that is in force sees appellants, nobody else does.
//!
//! **Invariants.** A change of the text is a new [`VERSION`], and everybody signs anew.
//! **Not here.** The words (`texts/zh-CN.toml`, table `commitment`), rows (`io::store::commitments`).
//! **Source.** DB1302/T 604—2025 4.3.1, 8.4.1.3.

/// The version of the text that is in force.
pub const VERSION: i64 = 1;
/// The clause that asks for it.
pub const CLAUSE: &str = "DB1302/T 604—2025 4.3.1";

/// Whether a person has signed the text that is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commitment {
    /// Not yet, or an older one.
    #[default]
    Missing,
    /// He has.
    Signed,
}

impl Commitment {
    /// From the newest version that somebody signed.
    pub fn of(signed: Option<i64>) -> Self {
        if signed.is_some_and(|signed| VERSION <= signed) {
            Self::Signed
        } else {
            Self::Missing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_signature_does_not_count_for_a_newer_text() {
        assert_eq!(Commitment::of(None), Commitment::Missing);
        assert_eq!(Commitment::of(Some(VERSION - 1)), Commitment::Missing);
        assert_eq!(Commitment::of(Some(VERSION)), Commitment::Signed);
    }
}
