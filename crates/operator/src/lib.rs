//! Keeps a cluster's NodeConfigs equal to the compiled plan
