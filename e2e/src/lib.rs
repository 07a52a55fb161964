//! What the demo and the end-to-end suite share.
