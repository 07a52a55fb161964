//! The rackwright command line
