//! Prices while Jupiter errs: the exchanges stand in, nothing wrong is recorded, and what happened is told.

mod faults;
mod restart;
mod scene;
