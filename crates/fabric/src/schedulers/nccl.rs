//! `nccl.conf`: which HCAs NCCL uses, and whether rails meet.
//!
//! Read from NVIDIA/nccl 5067397: `src/misc/param.cc` (a line is KEY=VALUE with no quotes and nothing trimmed, a value has
//! 1,023 bytes at most, `#` begins a comment only in the first column), `src/misc/utils.cc` (`parseStringList`),
//! `src/transport/net_ib/common.h` (`MAX_IB_DEVS`), `docs/userguide/source/env.rst`. It is read from `/etc/nccl.conf` of the
//! container, and what is set in the environment goes before.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::design::Design;
use crate::graph::Graph;
use crate::tree::Spread;

/// The longest value.
const MAX_VALUE: usize = 1023;
/// The most HCAs.
const MAX_HCAS: usize = 32;
/// The longest name of a device: the kernel's `IB_DEVICE_NAME_MAX` with its end.
const MAX_DEVICE: usize = 63;

/// A port of an HCA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hca {
    /// The RDMA device, such as `mlx5_0`.
    pub device: String,
    /// Its port.
    pub port: u8,
    /// Its rail, for NCCL that reads it (the form `hca:port:rail`).
    pub rail: Option<u32>,
}

/// `NCCL_CROSS_NIC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossNic {
    /// Rails meet nowhere: the same HCA on both sides.
    Never,
    /// All HCAs of a node end at one switch, so that it does not matter.
    Always,
    /// NCCL's default, which prefers the rail: nothing is written.
    Prefer,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The HCAs of this fabric.
    pub hcas: Vec<Hca>,
    /// Whether traffic may change rails.
    pub cross_nic: CrossNic,
    /// The place of the partition's key in the adapter's table, where it is not the first. It is no key.
    pub pkey_index: Option<u16>,
    /// Other variables.
    pub more: BTreeMap<String, String>,
}

/// What NCCL would not read, or read as something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NcclError {
    /// No HCA: NCCL would take every one, of storage too.
    #[error("no HCA is named, so that NCCL would use those of every fabric")]
    NoHca,
    /// Too many.
    #[error("NCCL uses {MAX_HCAS} HCAs at most, not {0}")]
    TooManyHcas(usize),
    /// A device that is there twice.
    #[error("{0} is named twice")]
    Twice(String),
    /// A device's name.
    #[error("{0:?} cannot be a device: letters, digits, \"_\", \"-\" and \".\", {MAX_DEVICE} at most")]
    Device(String),
    /// Ports begin with 1.
    #[error("{0} has no port 0")]
    Port(String),
    /// A variable's name.
    #[error("{0:?} cannot be a variable of NCCL: NCCL_, then capital letters, digits and \"_\"")]
    Variable(String),
    /// A variable that follows from the rest.
    #[error("{0} follows from the fabric")]
    Own(String),
    /// A value.
    #[error("the value of {0} cannot be written: one line of {MAX_VALUE} bytes at most, and {1} are there")]
    Value(String, usize),
}

impl CrossNic {
    /// What follows from a design.
    pub fn of(design: &Design) -> Self {
        let graph = Graph::new(design);
        let one_leaf = graph.units.values().all(|unit| unit.leaves.len() == 1);
        match design.topology().shape().spread {
            Spread::DisjointRails => Self::Never,
            Spread::Packed if one_leaf => Self::Always,
            Spread::Packed | Spread::Rails => Self::Prefer,
        }
    }
}

impl Settings {
    /// The file.
    ///
    /// # Errors
    /// Where NCCL would not read it as meant.
    pub fn text(&self) -> Result<String, NcclError> {
        let Self {
            hcas,
            cross_nic,
            pkey_index,
            more,
        } = self;
        let mut lines: BTreeMap<&str, String> = BTreeMap::new();
        lines.insert("NCCL_IB_HCA", list(hcas)?);
        match cross_nic {
            CrossNic::Never => lines.insert("NCCL_CROSS_NIC", "0".to_owned()),
            CrossNic::Always => lines.insert("NCCL_CROSS_NIC", "1".to_owned()),
            CrossNic::Prefer => None,
        };
        if let Some(index) = pkey_index {
            lines.insert("NCCL_IB_PKEY", index.to_string());
        }
        for (name, value) in more {
            let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            if !name.starts_with("NCCL_") || name.len() > MAX_VALUE || !name.bytes().all(plain) {
                return Err(NcclError::Variable(name.clone()));
            }
            if ["NCCL_IB_HCA", "NCCL_CROSS_NIC", "NCCL_IB_PKEY"].contains(&name.as_str()) {
                return Err(NcclError::Own(name.clone()));
            }
            lines.insert(name, value.clone());
        }
        let mut out = String::new();
        for (name, value) in lines {
            if value.len() > MAX_VALUE || value.contains(|c: char| c.is_control()) {
                return Err(NcclError::Value(name.to_owned(), value.len()));
            }
            let _ = writeln!(out, "{name}={value}");
        }
        Ok(out)
    }
}

/// Exact names: without the sign `mlx5_1` would also be `mlx5_10`.
fn list(hcas: &[Hca]) -> Result<String, NcclError> {
    match hcas.len() {
        0 => return Err(NcclError::NoHca),
        1..=MAX_HCAS => {}
        many => return Err(NcclError::TooManyHcas(many)),
    }
    let mut parts: Vec<String> = Vec::new();
    for (number, Hca { device, port, rail }) in hcas.iter().enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if device.is_empty() || device.len() > MAX_DEVICE || !device.bytes().all(plain) {
            return Err(NcclError::Device(device.clone()));
        }
        if *port == 0 {
            return Err(NcclError::Port(device.clone()));
        }
        if hcas[..number]
            .iter()
            .any(|other| other.device == *device && other.port == *port)
        {
            return Err(NcclError::Twice(format!("{device}:{port}")));
        }
        parts.push(match rail {
            Some(rail) => format!("{device}:{port}:{rail}"),
            None => format!("{device}:{port}"),
        });
    }
    Ok(format!("={}", parts.join(",")))
}
