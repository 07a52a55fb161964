//! What a node must become, as the host reads it: files, systemd units, kernel arguments, and the plan of its local
//! storage.
//!
//! What it does: [`render`] turns a profile and a node's facts into one [`Rendered`], sorted, the same for the same input;
//! [`ignition`] and [`cloud_init`] spell that for hosts without our agent. The agent and the command line use the same
//! functions.
//!
//! What it never does: touch a host, run or quote for a shell, or guess. A value that an artifact cannot hold is a
//! [`RenderError`] that names the field; what the profile says and the host does not get from here is a [`Note`].
//!
//! Where to start: [`render`], then one file for each section of a profile; the shapes are in [`rendered`].

#![expect(
    clippy::format_push_string,
    reason = "writing to a String cannot fail, and these texts are short"
)]

mod builder;
mod cloud_init;
mod error;
mod gds;
mod gpu;
mod huge_pages;
mod ignition;
mod kernel;
mod limits;
mod lnet;
mod modules;
mod mounts;
mod rails;
pub mod rendered;
mod sysctl;
pub mod systemd;

pub use cloud_init::cloud_init;
pub use error::{RenderError, RenderErrors};
pub use ignition::ignition;
pub use rendered::{Argument, File, LocalTier, Members, Note, Rendered, Unit, UnitContent};

use rackwright_api::{Facts, Host, NodeProfileSpec};

use builder::Builder;
use rails::Interfaces;

/// Renders one node, by its name, its profile and its facts. All that cannot be expressed is reported, not only the first.
pub fn render(node: &str, profile: &NodeProfileSpec, facts: &Facts) -> Result<Rendered, RenderErrors> {
    let NodeProfileSpec {
        gpu,
        host,
        // Labels and taints live in the API server.
        kubernetes: _,
        mounts,
        rails,
        // It changes hashes, not hosts.
        schema: _,
    } = profile;
    let nothing = Host::default();
    let host = host.as_ref().unwrap_or(&nothing);
    // What each field becomes: who adds one decides it here.
    let Host {
        fstab_mounts: _,     // not mounted: mounts
        huge_pages: _,       // huge_pages, kernel
        kernel: _,           // the image's matter
        kernel_arguments: _, // kernel
        // Protected by whoever changes interfaces.
        management_interface: _,
        module_options: _, // modules
        modules: _,        // modules
        ofed: _,           // the image's matter
        service_limits: _, // limits
        sysctls: _,        // sysctl
        tuned: _,          // TuneD's own
    } = host;
    let mut out = Builder::default();
    let interfaces = Interfaces::new(rails, facts);
    rails::render(rails, facts, &mut out);
    kernel::render(host, &mut out);
    sysctl::render(host, &mut out);
    huge_pages::render(host, &mut out);
    modules::render(host, gpu.as_ref(), mounts, &interfaces, &mut out);
    limits::render(host, &mut out);
    if let Some(gpu) = gpu {
        gpu::render(gpu, facts, &mut out);
    }
    gds::render(mounts, facts, &interfaces, &mut out);
    mounts::render(mounts, host, &interfaces, node, &mut out);
    out.finish()
}
