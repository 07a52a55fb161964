//! Re-derives the invariants of a plan without the planner's code
