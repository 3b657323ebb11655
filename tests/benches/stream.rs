//! Rates and latencies of the stream.

fn main() {}
