//! Results that can be checked: a chain of hashes over what was decided and what came of it.
//!
//! ```text
//! what the core reports → Entry → Link (number, position, time, entry, hash over all of it and the hash before)
//! the links of a day of UTC + the figures that follow from them + a signature = a bundle
//! ```
//!
//! The links are written in the commit that has what they are about, so they are as durable as it is, and a crash makes
//! no second version of them. A chain belongs to a ledger: it goes on over cold starts and new logs, each of which is a
//! link of its own. Whoever has a bundle has everything that its figures are computed from, and nothing in it can be
//! changed without a hash that does not fit: [`verify`] names the first.

mod bundle;
mod entry;
mod figures;
mod files;
mod key;
mod link;
mod verify;

pub use bundle::{Bundle, BundleError, day_name, day_of};
pub use entry::{Balance, Began, Entry, Open};
pub use figures::{Published, published};
pub(crate) use files::write as write_file;
pub use files::write_bundles;
pub use key::{Key, KeyError, Signing};
pub use link::{Head, Link};
pub use verify::{Arguments, Changed, Verified, run, verify};

#[cfg(test)]
mod tests;
