//! Compiles intents and inventory into a plan; pure
