//! What the running services promise, one module a topic.

mod golden;
